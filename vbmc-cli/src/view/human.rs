//! Sizes and durations as people read them.

use jiff::SignedDuration;

/// `1.2 GiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let (divisor, unit) = unit(bytes);
    format!("{} {unit}", scaled(bytes, divisor))
}

/// `0.3 of 1.2 GiB`: both in the unit of the larger.
pub(crate) fn part(done: u64, of: u64) -> String {
    let (divisor, unit) = unit(of);
    format!(
        "{} of {} {unit}",
        scaled(done, divisor),
        scaled(of, divisor)
    )
}

/// `67 %`, never more than a hundred; none of nothing.
pub(crate) fn percent(done: u64, of: u64) -> Option<u64> {
    let percent = u128::from(done) * 100 / u128::from((of > 0).then_some(of)?);
    u64::try_from(percent.min(100)).ok()
}

/// `8 s`, `4 min 12 s`, `2 h 5 min`.
pub(crate) fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

fn unit(bytes: u64) -> (u64, &'static str) {
    match bytes {
        0..1024 => (1, "B"),
        1024..1_048_576 => (1024, "KiB"),
        1_048_576..1_073_741_824 => (1_048_576, "MiB"),
        _ => (1_073_741_824, "GiB"),
    }
}

/// With one digit behind the point, where that is not a number of bytes.
fn scaled(bytes: u64, divisor: u64) -> String {
    if divisor == 1 {
        return bytes.to_string();
    }
    let tenths = u128::from(bytes) * 10 / u128::from(divisor);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(u64::MAX), "17179869183.9 GiB");
        assert_eq!(part(104_857_600, 1_288_490_189), "0.0 of 1.2 GiB");
        assert_eq!(part(10, 20), "10 of 20 B");
    }

    #[test]
    fn percents() {
        assert_eq!(percent(1, 3), Some(33));
        assert_eq!(percent(5, 3), Some(100), "a file may grow");
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(u64::MAX, u64::MAX), Some(100));
    }

    #[test]
    fn durations() {
        let text = |seconds| duration(SignedDuration::from_secs(seconds));
        assert_eq!(text(-5), "0 s", "clocks differ");
        assert_eq!(text(59), "59 s");
        assert_eq!(text(252), "4 min 12 s");
        assert_eq!(text(7500), "2 h 5 min");
    }
}

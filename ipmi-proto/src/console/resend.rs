//! When a message is sent, and when it is sent again.

use core::time::Duration;

use crate::Time;

/// One message on its way: how often it was sent, and when it is due again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resend {
    sent: u32,
    /// None: at the next opportunity.
    due: Option<Time>,
}

/// What has become of a message whose time may have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It is on its way, or will be sent again.
    Left,
    /// It was sent as often as it may be.
    Exhausted,
}

impl Resend {
    /// A message that has not been sent yet.
    pub(super) const fn new() -> Self {
        Self { sent: 0, due: None }
    }

    /// Whether it is to be sent now.
    pub(super) const fn is_due(&self) -> bool {
        self.due.is_none()
    }

    /// Whether it has never been sent.
    pub(super) const fn is_first(&self) -> bool {
        self.sent == 0
    }

    /// It has been sent.
    pub(super) fn sent(&mut self, now: Time, interval: Duration) {
        self.sent = self.sent.saturating_add(1);
        self.due = Some(now + interval);
    }

    /// When to look at it again; none while it waits for being sent.
    pub(super) const fn timeout(&self) -> Option<Time> {
        self.due
    }

    /// Makes it due again when its time has come, unless it has been sent `attempts` times.
    pub(super) fn handle_timeout(&mut self, now: Time, attempts: u32) -> Patience {
        if self.due.is_some_and(|due| due <= now) {
            if self.sent >= attempts {
                return Patience::Exhausted;
            }
            self.due = None;
        }
        Patience::Left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_sent_as_often_as_allowed() {
        let second = Duration::from_secs(1);
        let mut now = Time::ORIGIN;
        let mut resend = Resend::new();
        for _ in 0..3 {
            assert!(resend.is_due());
            resend.sent(now, second);
            assert!(!resend.is_due());
            assert_eq!(resend.handle_timeout(now, 3), Patience::Left);
            assert!(!resend.is_due(), "before its time");
            now = resend.timeout().unwrap();
            if resend.sent < 3 {
                assert_eq!(resend.handle_timeout(now, 3), Patience::Left);
            }
        }
        assert_eq!(resend.handle_timeout(now, 3), Patience::Exhausted);
    }
}

//! Who a domain is.

use super::XmlError;
use super::tree::Element;
use crate::host::Identity;

/// Reads the identity from a description.
pub(in crate::host::libvirt) fn parse(xml: &str) -> Result<Identity, XmlError> {
    let domain = Element::parse(xml)?;
    let text = |name: &str| {
        domain
            .child(name)
            .map(|element| element.text.trim())
            .unwrap_or_default()
    };
    let vcpu = domain.child("vcpu");
    // `current` is there when some of the CPUs are unplugged.
    let vcpus = vcpu.and_then(|vcpu| {
        vcpu.attribute("current")
            .unwrap_or(vcpu.text.trim())
            .parse()
            .ok()
    });
    let interfaces = domain
        .child("devices")
        .into_iter()
        .flat_map(|devices| &devices.children);
    let macs = interfaces
        .filter(|device| device.is("interface"))
        .filter_map(|interface| hex::<6>(interface.child("mac")?.attribute("address")?))
        .collect();
    Ok(Identity {
        uuid: hex(text("uuid")).unwrap_or_default(),
        name: text("name").to_owned(),
        macs,
        vcpus: vcpus.unwrap_or(1),
        memory: domain.child("memory").map(memory).unwrap_or_default(),
        title: Some(text("title").to_owned()).filter(|title| !title.is_empty()),
        smbios: Box::default(),
    })
}

/// The bytes of a MAC or UUID, whatever stands between the digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|char| !matches!(char, ':' | '-'))
        .map(|char| char.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    if digits.len() == 2 * N {
        bytes.try_into().ok()
    } else {
        None
    }
}

fn memory(memory: &Element) -> u64 {
    let unit: u64 = match memory.attribute("unit").unwrap_or("KiB") {
        "b" | "bytes" => 1,
        "KB" => 1_000,
        "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "G" | "GiB" => 1 << 30,
        "GB" => 1_000_000_000,
        "T" | "TiB" => 1 << 40,
        "TB" => 1_000_000_000_000,
        _ => 1 << 10,
    };
    memory
        .text
        .trim()
        .parse::<u64>()
        .unwrap_or_default()
        .saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_read() {
        let identity = parse(
            "<domain type='test'><name>a&amp;b</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
             <memory unit='KiB'>8388608</memory><vcpu placement='static' current='2'>4</vcpu><devices>
             <interface type='network'><mac address='aa:bb:cc:dd:ee:ff'/></interface>
             <interface type='user'><source/></interface>
             <interface type='user'><mac address='52:54:00:00:00:01'/></interface></devices></domain>",
        )
        .unwrap();
        assert_eq!(identity.uuid[..4], [0x66, 0x95, 0xeb, 0x01]);
        assert_eq!(identity.name, "a&b");
        assert_eq!(
            identity.macs,
            [
                [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff],
                [0x52, 0x54, 0, 0, 0, 1]
            ]
        );
        assert_eq!((identity.vcpus, identity.memory), (2, 8 << 30));
    }

    #[test]
    fn what_is_missing_or_odd_is_left_out() {
        let identity =
            parse("<domain><uuid>6695</uuid><memory unit='MiB'>x</memory></domain>").unwrap();
        assert_eq!(
            identity,
            Identity {
                vcpus: 1,
                ..Identity::default()
            }
        );
    }
}

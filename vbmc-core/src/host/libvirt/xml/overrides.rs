//! A boot override put into a description and taken out again.

use super::XmlError;
use super::edit::Edits;
use super::order::Order;
use super::record::Record;
use super::tree::Element;
use crate::host::{BootDevice, BootOverride};

/// What shows the firmware's boot menu long enough to be used (milliseconds).
const MENU: (&str, &str) = ("yes", "10000");

/// `xml` with `boot` in force and a record of what was there before. An override that is in force already gives way,
/// and the owner's order stays on record.
pub(in crate::host::libvirt) fn put_in(
    xml: &str,
    boot: BootOverride,
    token: String,
) -> Result<String, XmlError> {
    let owners = take_out(xml)?;
    let xml = owners.as_deref().unwrap_or(xml);
    let domain = Element::parse(xml)?;
    let owner = Order::read(&domain);
    let written = owner.with_first(&domain, boot.device)?;

    let mut edits = Edits::of(xml);
    written.write(&domain, &mut edits);
    let menu = (boot.device == BootDevice::BiosSetup).then(|| show_menu(xml, &domain, &mut edits));
    let record = Record {
        boot,
        token,
        owner,
        written,
        menu,
    };
    insert_record(&domain, &record, &mut edits);
    Ok(edits.apply())
}

/// `xml` as its owner has it, or `None` if that is what it is.
///
/// Where somebody changed the order (or the menu) after us, theirs is the owner's by now and stays.
pub(in crate::host::libvirt) fn take_out(xml: &str) -> Result<Option<String>, XmlError> {
    let domain = Element::parse(xml)?;
    let Some(element) = Record::find(&domain) else {
        return Ok(None);
    };
    let mut edits = Edits::of(xml);
    remove_record(xml, &domain, element, &mut edits);
    // A record that cannot be understood is of no use to anybody.
    if let Ok(record) = Record::read(element) {
        // A device that is gone took its number with it: no reason to think that somebody chose the rest.
        if Order::read(&domain) == record.written.present_in(&domain) {
            record.owner.present_in(&domain).write(&domain, &mut edits);
        }
        if let Some(owners) = &record.menu {
            hide_menu(&domain, owners, &mut edits);
        }
    }
    Ok(Some(edits.apply()))
}

fn menu(domain: &Element) -> Option<&Element> {
    domain.child("os")?.child("bootmenu")
}

/// Returns the owner's element.
fn show_menu(xml: &str, domain: &Element, edits: &mut Edits<'_>) -> String {
    let (enable, timeout) = MENU;
    let shown = format!("<bootmenu enable='{enable}' timeout='{timeout}'/>");
    match (menu(domain), domain.child("os")) {
        (Some(owners), _) => {
            edits.replace(owners.span(), shown);
            return xml[owners.span()].to_owned();
        }
        (None, Some(os)) => match os.child("type") {
            Some(before) => edits.insert_after(before, &shown),
            None => edits.insert_first(os, &shown),
        },
        (None, None) => {}
    }
    String::new()
}

fn hide_menu(domain: &Element, owners: &str, edits: &mut Edits<'_>) {
    let Some(shown) = menu(domain) else { return };
    let ours = (shown.attribute("enable"), shown.attribute("timeout"));
    if ours != (Some(MENU.0), Some(MENU.1)) {
        return;
    }
    if owners.is_empty() {
        edits.remove(shown);
    } else {
        edits.replace(shown.span(), owners);
    }
}

fn insert_record(domain: &Element, record: &Record, edits: &mut Edits<'_>) {
    let record = record.to_xml();
    match domain.child("metadata") {
        Some(metadata) => edits.insert_first(metadata, &record),
        None => {
            let metadata = format!("<metadata>{record}</metadata>");
            match domain.child("uuid").or_else(|| domain.child("name")) {
                Some(before) => edits.insert_after(before, &metadata),
                None => edits.insert_first(domain, &metadata),
            }
        }
    }
}

/// Takes `<metadata>` away as well when nothing else is in it.
fn remove_record(xml: &str, domain: &Element, record: &Element, edits: &mut Edits<'_>) {
    let alone = domain.child("metadata").filter(|metadata| {
        let before = &xml[metadata.open.end..record.open.start];
        let after = &xml[record.close.end..metadata.close.start];
        before.trim().is_empty() && after.trim().is_empty()
    });
    edits.remove(alone.unwrap_or(record));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PXE_ONCE: BootOverride = BootOverride {
        device: BootDevice::Pxe,
        persistent: false,
        efi: true,
    };
    const CDROM: BootOverride = BootOverride {
        device: BootDevice::Cdrom,
        persistent: true,
        efi: false,
    };
    const SETUP: BootOverride = BootOverride {
        device: BootDevice::BiosSetup,
        persistent: false,
        efi: false,
    };

    /// What an owner may have: comments, CDATA, other namespaces, both kinds of quotes.
    const OWNERS: &str = r#"<?xml version="1.0"?>
<!-- keep me -->
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>a &amp; b</name>
  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <metadata>
    <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
      <nova:name>x</nova:name><boot dev='decoy'/>
    </nova:instance>
  </metadata>
  <description><![CDATA[<boot dev='hd'/> & more]]></description>
  <os firmware="efi">
    <type arch='x86_64' machine="q35">hvm</type>
    <boot dev='hd'/>
    <bootmenu enable="no"/>
  </os>
  <devices>
    <disk type='file' device='cdrom'><target dev='sda'/></disk>
    <interface type='user'><mac address='52:54:00:00:00:01'/></interface>
    <graphics type='vnc' passwd='s3cret'/>
  </devices>
  <qemu:commandline><qemu:arg value='-boot'/></qemu:commandline>
</domain>
"#;

    fn read(xml: &str) -> Result<Option<Record>, XmlError> {
        Record::find(&Element::parse(xml)?)
            .map(Record::read)
            .transpose()
    }

    fn put(xml: &str, boot: BootOverride) -> String {
        put_in(xml, boot, "t".into()).unwrap()
    }

    fn out(xml: &str) -> String {
        take_out(xml).unwrap().expect("an override is there")
    }

    fn variants() -> Vec<String> {
        let start = OWNERS.find("  <metadata>").unwrap();
        let end = OWNERS.find("  <description>").unwrap();
        let without = format!("{}{}", &OWNERS[..start], &OWNERS[end..]);
        let numbered = OWNERS
            .replace("    <boot dev='hd'/>\n", "")
            .replace(
                "<target dev='sda'/>",
                "<target dev='sda'/><boot order='5'/>",
            )
            .replace("<mac ", "<boot order='2'/><mac ");
        let nothing = OWNERS
            .replace("    <boot dev='hd'/>\n", "")
            .replace("    <bootmenu enable=\"no\"/>\n", "");
        let commented = without.replace(
            "  <description>",
            "  <metadata><!-- mine --></metadata>\n  <description>",
        );
        vec![OWNERS.to_owned(), without, numbered, nothing, commented]
    }

    #[test]
    fn an_override_taken_out_leaves_every_byte_as_it_was() {
        for xml in variants() {
            for boot in [PXE_ONCE, CDROM, SETUP] {
                let set = put(&xml, boot);
                assert_eq!(read(&set).unwrap().unwrap().boot, boot);
                assert_eq!(out(&set), xml);
            }
        }
        assert_eq!(take_out(OWNERS), Ok(None));
    }

    #[test]
    fn only_the_order_and_the_record_change() {
        let set = put(OWNERS, PXE_ONCE);
        let record = "<vbmc:boot xmlns:vbmc='urn:vbmc:boot:1' device='pxe' once='yes' efi='yes' token='t' \
                      owner='os hd' written='os network hd'/>";
        let expected = OWNERS
            .replace("<metadata>\n", &format!("<metadata>\n    {record}\n"))
            .replace(
                "    <boot dev='hd'/>\n",
                "    <boot dev='network'/>\n    <boot dev='hd'/>\n",
            );
        assert_eq!(set, expected);
    }

    #[test]
    fn a_second_override_replaces_the_first_and_the_owners_order_stays_on_record() {
        for xml in variants() {
            let twice = put(&put(&xml, PXE_ONCE), CDROM);
            assert_eq!(twice, put(&xml, CDROM));
            assert_eq!(out(&put(&twice, SETUP)), xml);
        }
    }

    #[test]
    fn an_order_that_the_owner_changed_since_stays() {
        let set = put(OWNERS, PXE_ONCE);
        let theirs = set.replace("<boot dev='network'/>", "<boot dev='fd'/>");
        assert_eq!(
            out(&theirs),
            OWNERS.replace(
                "    <boot dev='hd'/>\n",
                "    <boot dev='fd'/>\n    <boot dev='hd'/>\n"
            )
        );
        let menu = put(OWNERS, SETUP).replace("timeout='10000'", "timeout='1'");
        assert!(out(&menu).contains("timeout='1'"));
    }

    #[test]
    fn a_device_unplugged_meanwhile_does_not_keep_the_rest_from_going_back() {
        let numbered = &variants()[2];
        let disk =
            "    <disk type='file' device='cdrom'><target dev='sda'/><boot order='5'/></disk>\n";
        let vda = "    <disk><target dev='vda'/><boot order='1'/></disk>\n";
        let xml = numbered.replace(disk, &format!("{vda}{disk}"));
        let set = put(&xml, PXE_ONCE);
        let unplugged = set.replace(
            "<target dev='sda'/><boot order='3'/>",
            "<target dev='gone'/>",
        );
        assert_ne!(unplugged, set);
        let back = out(&unplugged);
        assert!(back.contains("<boot order='2'/><mac"), "{back}");
        assert!(
            back.contains("<target dev='vda'/><boot order='1'/>"),
            "{back}"
        );
    }

    #[test]
    fn the_setup_menu_is_shown() {
        let set = put(OWNERS, SETUP);
        assert!(set.contains("<bootmenu enable='yes' timeout='10000'/>"));
        assert!(!set.contains(r#"<bootmenu enable="no"/>"#));
        assert!(set.contains("<boot dev='hd'/>"));
    }

    #[test]
    fn a_self_closing_metadata_is_opened() {
        let xml = "<domain><name>a</name><metadata/><os><type>hvm</type></os></domain>";
        let set = put(xml, PXE_ONCE);
        assert!(read(&set).unwrap().is_some());
        assert_eq!(out(&set), xml.replace("<metadata/>", ""));
    }

    #[test]
    fn a_broken_record_is_dropped_and_nothing_else() {
        let set = put(OWNERS, PXE_ONCE).replace("token='t'", "");
        assert!(read(&set).is_err());
        assert!(out(&set).contains("<boot dev='network'/>"));
        assert_eq!(read(&out(&set)), Ok(None));
    }

    #[test]
    fn a_machine_without_the_device_is_left_alone() {
        let floppy = BootOverride {
            device: BootDevice::Floppy,
            ..CDROM
        };
        assert_eq!(
            put_in(OWNERS, floppy, "t".into()),
            Err(XmlError::NoDevice("floppy drive"))
        );
    }
}

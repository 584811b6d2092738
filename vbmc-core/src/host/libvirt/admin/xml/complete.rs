//! What a lab's domain must have, added to a description that lacks it. The rest of the text stays as it is.

use quick_xml::escape::escape;

use super::super::super::xml::edit::Edits;
use super::super::super::xml::tree::Element;
use super::super::DescriptionError;
use super::{Mark, domain::is_uefi, name_of, root};

/// What a domain of a lab must have, whatever its description says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs<'a> {
    /// Its name.
    pub name: &'a str,
    /// The lab it belongs to.
    pub mark: &'a Mark,
    /// UEFI, also where the description says nothing of firmware.
    pub uefi: bool,
    /// Where libvirt shall keep what comes out of the serial port, unless the description says where.
    pub console_log: Option<&'a str>,
}

impl Needs<'_> {
    /// Adds what is missing to a domain's description: name, mark, a serial port with its log, the network among what
    /// it boots from, and UEFI.
    ///
    /// # Errors
    ///
    /// When it cannot be read, has another name, or asks for another firmware.
    pub fn complete(&self, xml: &str) -> Result<String, DescriptionError> {
        // What follows builds on the name, so it comes first.
        let named = self.named(xml)?;
        let domain = root(&named, "domain")?;
        let mut edits = Edits::of(&named);
        self.mark.put_in(&domain, &mut edits);
        let os = domain.child("os").ok_or(DescriptionError::Missing("os"))?;
        if self.uefi && !is_uefi(&domain) {
            add_uefi(&domain, os, &mut edits)?;
        }
        add_network_boot(&domain, os, &mut edits);
        self.add_console(&domain, &mut edits);
        Ok(edits.apply())
    }

    fn named(&self, xml: &str) -> Result<String, DescriptionError> {
        let domain = root(xml, "domain")?;
        if let Ok(found) = name_of(&domain) {
            if found == self.name {
                return Ok(xml.to_owned());
            }
            return Err(DescriptionError::Name {
                expected: self.name.to_owned(),
                found,
            });
        }
        let mut edits = Edits::of(xml);
        if let Some(empty) = domain.child("name") {
            edits.remove(empty);
        }
        edits.insert_first(&domain, &format!("<name>{}</name>", escape(self.name)));
        Ok(edits.apply())
    }

    fn add_console(&self, domain: &Element, edits: &mut Edits<'_>) {
        let log = self
            .console_log
            .map(|file| format!("<log file='{}' append='on'/>", escape(file)))
            .unwrap_or_default();
        let Some(devices) = domain.child("devices") else {
            let port = format!("<devices>{}</devices>", serial_port(&log));
            match domain.children.last() {
                Some(last) => edits.insert_after(last, &port),
                None => edits.insert_first(domain, &port),
            }
            return;
        };
        let mut ports = devices.children.iter().filter(|device| device.is("serial"));
        match ports.next() {
            // libvirt makes the console that may be there the same as this one.
            None => {
                let port = serial_port(&log);
                match devices.children.last() {
                    Some(last) => edits.insert_after(last, &port),
                    None => edits.insert_first(devices, &port),
                }
            }
            // One that goes elsewhere, to a file or a socket, is the operator's own choice.
            Some(port) if port.attribute("type") == Some("pty") && port.child("log").is_none() => {
                if !log.is_empty() {
                    edits.insert_first(port, &log);
                }
            }
            Some(_) => {}
        }
    }
}

fn serial_port(log: &str) -> String {
    format!("<serial type='pty'>{log}<target port='0'/></serial>")
}

/// The firmware without secure boot, since ramdisks are not signed by anyone it knows; and ACPI, which it needs.
fn add_uefi(domain: &Element, os: &Element, edits: &mut Edits<'_>) -> Result<(), DescriptionError> {
    if os.child("loader").is_some() || os.attribute("firmware").is_some() {
        return Err(DescriptionError::Firmware);
    }
    // After the name of the tag: `<os`.
    let at = os.open.start + "<os".len();
    edits.replace(at..at, " firmware='efi'");
    if os.child("firmware").is_none()
        && let Some(kind) = os.child("type")
    {
        let insecure = "<firmware><feature enabled='no' name='secure-boot'/></firmware>";
        edits.insert_after(kind, insecure);
    }
    match domain.child("features") {
        Some(features) if features.child("acpi").is_some() => {}
        Some(features) => edits.insert_first(features, "<acpi/>"),
        None => edits.insert_after(os, "<features><acpi/></features>"),
    }
    Ok(())
}

/// A node that finds nothing on its disk asks the network, also without a word from its BMC. Where each device has a
/// place in the order of its own, that order is the operator's.
fn add_network_boot(domain: &Element, os: &Element, edits: &mut Edits<'_>) {
    let mut devices = domain
        .child("devices")
        .into_iter()
        .flat_map(|devices| &devices.children);
    if devices.any(|device| device.child("boot").is_some()) {
        return;
    }
    let boots: Vec<&Element> = os
        .children
        .iter()
        .filter(|child| child.is("boot"))
        .collect();
    if boots
        .iter()
        .any(|boot| boot.attribute("dev") == Some("network"))
    {
        return;
    }
    match boots.last() {
        Some(last) => edits.insert_after(last, "<boot dev='network'/>"),
        None => {
            if let Some(kind) = os.child("type") {
                edits.insert_after(kind, "<boot dev='network'/><boot dev='hd'/>");
            }
        }
    }
}

/// The last of several XML documents in a row: virt-install prints how a domain is installed, then how it stays.
///
/// # Errors
///
/// When one of them is not well-formed.
pub fn document(text: &str) -> Result<&str, DescriptionError> {
    let mut rest = text.trim();
    loop {
        let end = Element::parse(rest)?.span().end;
        let (document, next) = rest.split_at(end);
        if next.trim_start().is_empty() {
            return Ok(document);
        }
        rest = next.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::super::DomainOutline;
    use super::*;

    const PLAIN: &str = "<domain type='qemu'>
  <name>node-0</name>
  <os>
    <type>hvm</type>
    <boot dev='hd'/>
  </os>
  <devices>
    <interface type='user'/>
  </devices>
</domain>";

    fn complete(xml: &str, uefi: bool) -> Result<String, DescriptionError> {
        Needs {
            name: "node-0",
            mark: &Mark::new("lab"),
            uefi,
            console_log: Some("/log/node-0.log"),
        }
        .complete(xml)
    }

    #[test]
    fn what_is_missing_is_added_and_the_rest_kept() {
        assert_eq!(
            complete(PLAIN, true).unwrap(),
            "<domain type='qemu'>
  <name>node-0</name>
  <metadata><vbmc:lab xmlns:vbmc='urn:vbmc:lab:1' name='lab'/></metadata>
  <os firmware='efi'>
    <type>hvm</type>
    <firmware><feature enabled='no' name='secure-boot'/></firmware>
    <boot dev='hd'/>
    <boot dev='network'/>
  </os>
  <features><acpi/></features>
  <devices>
    <interface type='user'/>
    <serial type='pty'><log file='/log/node-0.log' append='on'/><target port='0'/></serial>
  </devices>
</domain>"
        );
    }

    #[test]
    fn what_is_complete_stays_as_it_is() {
        let once = complete(PLAIN, true).unwrap();
        assert_eq!(complete(&once, true).unwrap(), once);
        let mine = once.replace("<serial type='pty'>", "<serial type='tcp'>");
        assert_eq!(complete(&mine, false).unwrap(), mine);
    }

    #[test]
    fn uefi_brings_acpi_unless_it_is_there() {
        let with = |features: &str| PLAIN.replace("<devices>", &format!("{features}<devices>"));
        let done = complete(&with("<features><apic/></features>"), true).unwrap();
        assert!(
            done.contains("<features><acpi/><apic/></features>"),
            "{done}"
        );
        let done = complete(&with("<features><acpi/></features>"), true).unwrap();
        assert_eq!(done.matches("<acpi/>").count(), 1);
        assert!(!complete(PLAIN, false).unwrap().contains("<acpi/>"));
    }

    #[test]
    fn the_least_description_is_enough() {
        let xml = complete("<domain><os><type>hvm</type></os></domain>", false).unwrap();
        let outline = DomainOutline::read(&xml).unwrap();
        assert_eq!(outline.name, "node-0");
        assert!(outline.serial);
        assert_eq!(outline.console_log.as_deref(), Some("/log/node-0.log"));
        assert_eq!(outline.mark, Some(Mark::new("lab")));
        assert!(
            xml.contains("<boot dev='network'/><boot dev='hd'/>"),
            "{xml}"
        );
    }

    #[test]
    fn an_order_by_device_is_the_operators() {
        let by_device = PLAIN.replace("<boot dev='hd'/>", "").replace(
            "<interface type='user'/>",
            "<interface type='user'><boot order='1'/></interface>",
        );
        assert!(!complete(&by_device, false).unwrap().contains("<boot dev="));
    }

    #[test]
    fn other_names_and_firmware_are_refused() {
        let renamed = PLAIN.replace("node-0", "node-1");
        let error = complete(&renamed, false).unwrap_err().to_string();
        assert!(
            error.contains("\"node-1\"") && error.contains("$NAME"),
            "{error}"
        );
        let bios = PLAIN.replace("<boot ", "<loader type='rom'>/x</loader><boot ");
        assert_eq!(complete(&bios, true), Err(DescriptionError::Firmware));
        assert!(matches!(
            complete("<network/>", true),
            Err(DescriptionError::Other { .. })
        ));
        assert!(matches!(
            complete("<domain>", true),
            Err(DescriptionError::Malformed(_))
        ));
    }

    #[test]
    fn the_last_of_several_documents_counts() {
        assert_eq!(document("<a/>\n<b>\n</b>\n\n").unwrap(), "<b>\n</b>");
        assert_eq!(document("<a/>").unwrap(), "<a/>");
        assert!(document("").is_err());
        assert!(document("<a/>ERROR").is_err());
    }
}

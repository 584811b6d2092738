//! Breaks on a domain's serial line. libvirt's streams know none; QEMU's monitor does.

use virt::connect::Connect;
use virt::domain::Domain;
use virt::error::Error;

use super::xml::tree::Element;

/// How a domain's first serial device can be sent a break.
#[derive(Debug)]
pub(super) struct LineBreak {
    domain: Domain,
    /// The monitor command.
    command: String,
}

impl LineBreak {
    /// None where the hypervisor or the domain has no way to send one.
    pub(super) fn of(connect: &Connect, domain: &Domain) -> Option<Self> {
        let hypervisor = connect.get_type().ok()?;
        let xml = domain.get_xml_desc(0).ok()?;
        let command = (hypervisor == "QEMU").then(|| command(&xml))??;
        Some(Self {
            domain: domain.clone(),
            command,
        })
    }

    /// Sends one. Blocks.
    ///
    /// # Errors
    ///
    /// What libvirt or QEMU said.
    pub(super) fn send(&self) -> Result<(), String> {
        let answer = self.domain.qemu_monitor_command(&self.command, 0);
        let answer = answer.map_err(|error: Error| error.message().to_owned())?;
        refusal(&answer).map_or(Ok(()), Err)
    }
}

/// The command for QEMU's monitor.
fn command(xml: &str) -> Option<String> {
    let domain = Element::parse(xml).ok()?;
    let devices = &domain.child("devices")?.children;
    let serial = devices.iter().find(|device| device.is("serial"))?;
    let alias = serial.child("alias")?.attribute("name")?;
    // libvirt names the device's back end so.
    let arguments = serde_json::json!({ "id": format!("char{alias}") });
    let command = serde_json::json!({ "execute": "chardev-send-break", "arguments": arguments });
    Some(command.to_string())
}

/// QEMU's errors come as answers.
fn refusal(answer: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    let error = answer.get("error")?;
    let text = error.get("desc").and_then(serde_json::Value::as_str);
    Some(text.unwrap_or("QEMU refused it").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_serial_device_gets_it() {
        let xml = "<domain><devices><disk/><serial type='pty'><alias name='serial0'/></serial>\
                   <serial type='pty'><alias name='serial1'/></serial></devices></domain>";
        let command: serde_json::Value = serde_json::from_str(&command(xml).unwrap()).unwrap();
        assert_eq!(command["execute"], "chardev-send-break");
        assert_eq!(command["arguments"]["id"], "charserial0");
        // A virtio console has no line that could break.
        let virtio = "<domain><devices><console type='pty'><alias name='console0'/></console></devices></domain>";
        assert_eq!(super::command(virtio), None);
    }

    #[test]
    fn an_answer_may_be_a_refusal() {
        assert_eq!(refusal(r#"{"return":{},"id":"libvirt-9"}"#), None);
        let refused =
            r#"{"id":"libvirt-9","error":{"class":"GenericError","desc":"Chardev 'x' not found"}}"#;
        assert_eq!(refusal(refused).unwrap(), "Chardev 'x' not found");
    }
}

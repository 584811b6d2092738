//! What a `pm_type` becomes: Ironic's driver, and the names of its settings.

use serde_json::{Map, Value};

/// A driver that nodes.yaml may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Driver {
    /// Ironic's name for it.
    pub(super) name: &'static str,
    /// What its settings in driver_info begin with.
    pub(super) prefix: &'static str,
    /// The settings that a `pm_*` key stands for, as (key, setting).
    pub(super) settings: &'static [(&'static str, &'static str)],
    /// Whether there is a BMC that must be told.
    pub(super) needs_address: bool,
}

const IPMI: Driver = Driver {
    name: "ipmi",
    prefix: "ipmi_",
    settings: &[
        ("pm_addr", "ipmi_address"),
        ("pm_port", "ipmi_port"),
        ("pm_user", "ipmi_username"),
        ("pm_password", "ipmi_password"),
    ],
    needs_address: true,
};

const REDFISH: Driver = Driver {
    name: "redfish",
    prefix: "redfish_",
    settings: &[
        ("pm_addr", "redfish_address"),
        ("pm_user", "redfish_username"),
        ("pm_password", "redfish_password"),
        ("pm_system_id", "redfish_system_id"),
    ],
    needs_address: true,
};

const ILO: Driver = Driver {
    name: "ilo",
    prefix: "ilo_",
    settings: &[
        ("pm_addr", "ilo_address"),
        ("pm_user", "ilo_username"),
        ("pm_password", "ilo_password"),
    ],
    needs_address: true,
};

const IRMC: Driver = Driver {
    name: "irmc",
    prefix: "irmc_",
    settings: &[
        ("pm_addr", "irmc_address"),
        ("pm_port", "irmc_port"),
        ("pm_user", "irmc_username"),
        ("pm_password", "irmc_password"),
    ],
    needs_address: true,
};

/// Today it speaks Redfish.
const IDRAC: Driver = Driver {
    name: "idrac",
    ..REDFISH
};

const MANUAL: Driver = Driver {
    name: "manual-management",
    prefix: "manual_",
    settings: &[],
    needs_address: false,
};

const FAKE: Driver = Driver {
    name: "fake-hardware",
    prefix: "fake_",
    settings: &[],
    needs_address: false,
};

/// What messages say of a `pm_type` that is none.
pub(super) const KNOWN: &str =
    "ipmi, redfish, idrac, ilo, irmc, manual-management and fake-hardware";

/// Ironic's own name of the IPMI port.
pub(super) const IPMI_PORT: &str = "ipmi_port";

/// Where IPMI is without a port.
pub(super) const DEFAULT_IPMI_PORT: u64 = 623;

impl Driver {
    /// That of a `pm_type`, under today's name or one of old.
    pub(super) fn find(pm_type: &str) -> Option<Self> {
        Some(match pm_type {
            "ipmi" => IPMI,
            "redfish" => REDFISH,
            "idrac" => IDRAC,
            "ilo" => ILO,
            "irmc" => IRMC,
            "manual-management" | "fake_pxe" | "fake_agent" => MANUAL,
            "fake-hardware" | "fake" => FAKE,
            old => match old.rsplit_once('_')?.1 {
                "ipmitool" => IPMI,
                "drac" => IDRAC,
                "ilo" => ILO,
                "irmc" => IRMC,
                _ => return None,
            },
        })
    }
}

/// What tells one BMC from another: where it is, as in `192.0.2.10:6230`.
pub(super) fn bmc(driver_info: &Map<String, Value>) -> Option<String> {
    let setting = |name: &str| driver_info.get(name).and_then(Value::as_str);
    if let Some(address) = setting("ipmi_address") {
        let port = match driver_info.get(IPMI_PORT) {
            Some(Value::String(port)) => port.clone(),
            Some(port) => port.to_string(),
            None => DEFAULT_IPMI_PORT.to_string(),
        };
        return Some(if address.contains(':') {
            format!("[{address}]:{port}")
        } else {
            format!("{address}:{port}")
        });
    }
    if let Some(address) = setting("redfish_address") {
        let address = address
            .split_once("://")
            .map_or(address, |(_, rest)| rest)
            .trim_end_matches('/');
        let system = setting("redfish_system_id").unwrap_or_default();
        return Some(format!("{address}{system}"));
    }
    ["ilo", "irmc"]
        .iter()
        .find_map(|prefix| setting(&format!("{prefix}_address")))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn old_names_are_known() {
        for (pm_type, name) in [
            ("ipmi", "ipmi"),
            ("pxe_ipmitool", "ipmi"),
            ("agent_ipmitool", "ipmi"),
            ("redfish", "redfish"),
            ("pxe_drac", "idrac"),
            ("manual-management", "manual-management"),
            ("fake_pxe", "manual-management"),
            ("fake", "fake-hardware"),
        ] {
            assert_eq!(Driver::find(pm_type).unwrap().name, name);
        }
        assert_eq!(Driver::find("pxe_ssh"), None);
        assert_eq!(Driver::find("ipmitool"), None);
    }

    #[test]
    fn bmcs_are_told_apart_by_address_and_port() {
        for (info, expected) in [
            (json!({"ipmi_address": "a"}), Some("a:623")),
            (
                json!({"ipmi_address": "a", "ipmi_port": "6230"}),
                Some("a:6230"),
            ),
            (
                json!({"ipmi_address": "::1", "ipmi_port": 1}),
                Some("[::1]:1"),
            ),
            (
                json!({"redfish_address": "https://a/", "redfish_system_id": "/redfish/v1/Systems/1"}),
                Some("a/redfish/v1/Systems/1"),
            ),
            (json!({}), None),
        ] {
            assert_eq!(bmc(info.as_object().unwrap()).as_deref(), expected);
        }
    }
}

//! The machine that the ramdisk says it runs on.

use serde_json::{Value, json};

/// What the ramdisk hands to Ironic: the inventory, and beside it what ends up as plugin data.
pub(crate) fn inspection_data(macs: &[String], error: Option<&str>) -> Value {
    let disk = json!({
        "name": "/dev/vda",
        "model": null,
        "size": 20_u64 << 30,
        "rotational": true,
        "wwn": null,
        "serial": "disk0",
        "vendor": "0x1af4",
        "wwn_with_extension": null,
        "wwn_vendor_extension": null,
        "hctl": null,
        "by_path": "/dev/disk/by-path/pci-0000:00:04.0",
        "logical_sectors": 512,
        "physical_sectors": 512,
        "tran": null,
    });
    let interfaces: Vec<_> = macs.iter().enumerate().map(interface).collect();
    json!({
        "inventory": {
            "interfaces": interfaces,
            "cpu": {
                "model_name": "Example CPU",
                "frequency": "2400.0000",
                "count": 4,
                "architecture": "x86_64",
                "flags": ["fpu", "vmx", "aes"],
                "socket_count": 1,
            },
            "disks": [disk],
            "memory": {"total": 4_u64 << 30, "physical_mb": 4096},
            "bmc_address": null,
            "bmc_v6address": null,
            "system_vendor": {
                "product_name": "Example machine",
                "serial_number": "",
                "manufacturer": "Example",
                "firmware": {"vendor": "Example", "version": "1", "build_date": "04/01/2014"},
            },
            "boot": {"current_boot_mode": "bios", "pxe_interface": macs.first()},
            "hostname": "example",
        },
        "root_disk": disk,
        "boot_interface": macs.first(),
        "error": error,
    })
}

fn interface((index, mac): (usize, &String)) -> Value {
    json!({
        "name": format!("eth{index}"),
        "mac_address": mac,
        "ipv4_address": format!("192.0.2.{}", 10 + index),
        "ipv6_address": null,
        "has_carrier": true,
        "lldp": null,
        "vendor": "0x1af4",
        "product": "0x0001",
        "client_id": null,
        "biosdevname": null,
        "speed_mbps": 10000,
        "pci_address": format!("0000:00:0{}.0", 3 + index),
        "driver": "virtio_net",
    })
}

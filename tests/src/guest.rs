//! Virtual machines for QEMU under software emulation. Each writes what it does to its serial port, and that to a file.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::build::{repository, target_dir};
use crate::disk::SmallDisk;
use crate::libvirtd::Libvirtd;
use crate::run::Run;
use crate::turn::locked;
use crate::wait_for;

/// What the Linux guest says when it is up.
pub const READY: &str = "GUEST-READY";
/// What root logs in with on a guest of [`Guest::login`].
pub const PASSWORD: &str = "calvin";
/// What the Linux guest says when its power button is pressed, before it switches itself off.
pub const POWER_BUTTON: &str = "POWER-BUTTON";
/// What the kernel of the Linux guest says of an NMI that it can't explain.
pub const NMI: &str = "NMI received";
/// What a guest of [`Guest::bootable`] says when it was booted from its disk.
pub const FROM_DISK: &str = "BOOTED-FROM-DISK";
/// What a guest of [`Guest::bootable`] says when it was booted from the network.
pub const FROM_NETWORK: &str = "BOOTED-FROM-NETWORK";

/// Emulation on a loaded machine: far above what any guest needs.
const BOOT: Duration = Duration::from_secs(90);

/// A defined virtual machine, not started.
#[derive(Debug)]
pub struct Guest {
    name: String,
    console: PathBuf,
}

impl Guest {
    /// A small Linux, made of Debian packages by `scripts/guest`, that knows its power button.
    ///
    /// # Panics
    ///
    /// When it cannot be made or defined.
    #[must_use]
    pub fn linux(libvirtd: &Libvirtd, name: &str) -> Self {
        Self::define(libvirtd, name, &Self::small(""), "")
    }

    /// What the small Linux boots, with `options` on its kernel's command line.
    fn small(options: &str) -> String {
        let files = target_dir().join("guest");
        {
            let _turn = locked("guest");
            let script = repository().join("scripts/guest");
            let limit = Duration::from_secs(300);
            let _ = Run::new(script).args([&files]).limit(limit).outcome().ok();
        }
        let files = files.display();
        format!(
            "<os>
               <type arch='x86_64' machine='q35'>hvm</type>
               <kernel>{files}/vmlinuz</kernel>
               <initrd>{files}/initrd.gz</initrd>
               <cmdline>console=ttyS0 panic=-1 quiet {options}</cmdline>
               <boot dev='hd'/>
             </os>"
        )
    }

    /// The small Linux, on whose serial port root can log in with the password [`PASSWORD`].
    ///
    /// # Panics
    ///
    /// When it cannot be made or defined.
    #[must_use]
    pub fn login(libvirtd: &Libvirtd, name: &str) -> Self {
        let serial = Self::terminal(libvirtd, name);
        Self::define_with(libvirtd, name, &Self::small("login"), &serial)
    }

    /// A serial port that can be talked to.
    fn terminal(libvirtd: &Libvirtd, name: &str) -> String {
        let console = libvirtd.dir().join(format!("{name}.console"));
        format!(
            "<serial type='pty'><log file='{}' append='on'/></serial>",
            console.display()
        )
    }

    /// As [`Self::login`], with all that something can happen to: a panic device, upon which it is restarted; a watchdog,
    /// which resets it and which its command `forget-watchdog` sets going; and a disk, `/dev/vda`, which is larger than the
    /// `disk` that it lies on.
    ///
    /// # Panics
    ///
    /// When it cannot be made or defined.
    #[must_use]
    pub fn frail(libvirtd: &Libvirtd, name: &str, disk: &SmallDisk) -> Self {
        let image = disk.path().join("frail.img");
        let sparse = fs::File::create(&image).and_then(|file| file.set_len(1024 * 1024));
        sparse.expect("the disk");
        let devices = format!(
            "<panic model='isa'/>
             <watchdog model='i6300esb' action='reset'/>
             <disk type='file' device='disk'>
               <driver name='qemu' type='raw'/><source file='{}'/><target dev='vda' bus='virtio'/>
             </disk>
             {}",
            image.display(),
            Self::terminal(libvirtd, name),
        );
        let os = Self::small("login") + "<on_crash>restart</on_crash>";
        Self::define_with(libvirtd, name, &os, &devices)
    }

    /// The small Linux, without a serial port.
    ///
    /// # Panics
    ///
    /// When it cannot be made or defined.
    #[must_use]
    pub fn mute(libvirtd: &Libvirtd, name: &str) -> Self {
        Self::define_with(libvirtd, name, &Self::small(""), "")
    }

    /// A guest with SeaBIOS, a disk that boots and a network card: it boots from the disk first. Give the network
    /// something to boot with [`boot_server`].
    ///
    /// # Panics
    ///
    /// When it cannot be defined.
    #[must_use]
    pub fn bootable(libvirtd: &Libvirtd, name: &str) -> Self {
        let os = "<os>
                    <type arch='x86_64' machine='pc'>hvm</type>
                    <boot dev='hd'/>
                    <boot dev='network'/>
                    <bios useserial='yes'/>
                  </os>";
        let disk = disk(libvirtd, name, "");
        let network =
            "<interface type='network'><source network='boot'/><model type='virtio'/></interface>";
        Self::define(libvirtd, name, os, &(disk + network))
    }

    /// As [`Self::bootable`], but each device carries its own place in the order, as virt-manager writes it.
    ///
    /// # Panics
    ///
    /// When it cannot be defined.
    #[must_use]
    pub fn ordered_by_device(libvirtd: &Libvirtd, name: &str) -> Self {
        let os = "<os><type arch='x86_64' machine='pc'>hvm</type><bios useserial='yes'/></os>";
        let disk = disk(libvirtd, name, "<boot order='1'/>");
        let network = "<interface type='user'><model type='virtio'/><boot order='2'/></interface>";
        Self::define(libvirtd, name, os, &(disk + network))
    }

    /// A guest with UEFI firmware and a network card, without a disk.
    ///
    /// # Panics
    ///
    /// When it cannot be defined.
    #[must_use]
    pub fn uefi(libvirtd: &Libvirtd, name: &str) -> Self {
        let os = "<os firmware='efi'>
                    <type arch='x86_64' machine='q35'>hvm</type>
                    <firmware><feature enabled='no' name='secure-boot'/></firmware>
                    <boot dev='hd'/>
                  </os>";
        let disk = disk(libvirtd, name, "");
        let network = "<interface type='user'><model type='virtio'/></interface>";
        Self::define(libvirtd, name, os, &(disk + network))
    }

    fn define(libvirtd: &Libvirtd, name: &str, os: &str, devices: &str) -> Self {
        let console = libvirtd.dir().join(format!("{name}.console"));
        let serial = format!(
            "<serial type='file'><source path='{}' append='on'/></serial>",
            console.display()
        );
        Self::define_with(libvirtd, name, os, &format!("{devices}{serial}"))
    }

    fn define_with(libvirtd: &Libvirtd, name: &str, os: &str, devices: &str) -> Self {
        let console = libvirtd.dir().join(format!("{name}.console"));
        let xml = format!(
            "<domain type='qemu'>
               <name>{name}</name>
               <memory unit='MiB'>192</memory>
               <vcpu>1</vcpu>
               {os}
               <features><acpi/></features>
               <devices>
                 {devices}
                 <memballoon model='none'/>
               </devices>
             </domain>"
        );
        libvirtd.wait_for_qemu();
        libvirtd.define(&libvirtd.qemu_uri(), name, &xml);
        Self {
            name: name.into(),
            console,
        }
    }

    /// The domain's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All that it has written to its serial port, over all its boots.
    #[must_use]
    pub fn console(&self) -> String {
        let bytes = fs::read(&self.console).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until it has written `text` for the `times`th time.
    #[track_caller]
    pub fn wait_until_it_says(&self, text: &str, times: usize) {
        let what = format!("{} to say {text:?} {times} times", self.name);
        wait_for(&what, BOOT, || {
            (self.console().matches(text).count() >= times).then_some(())
        });
    }
}

/// Gives the libvirt network `boot` a DHCP and TFTP server with a program that says [`FROM_NETWORK`].
///
/// # Panics
///
/// When libvirt refuses it.
pub fn boot_server(libvirtd: &Libvirtd) {
    let dir = libvirtd.dir();
    fs::write(dir.join("boot.0"), program(FROM_NETWORK)).expect("the boot program");
    // forward mode 'open': no firewall rules, for which a machine may lack the tools.
    let xml = format!(
        "<network>
           <name>boot</name>
           <forward mode='open'/>
           <bridge name='boot0' stp='off' delay='0'/>
           <ip address='192.0.2.1' netmask='255.255.255.0'>
             <tftp root='{}'/>
             <dhcp><range start='192.0.2.10' end='192.0.2.99'/><bootp file='boot.0'/></dhcp>
           </ip>
         </network>",
        dir.display()
    );
    let file = dir.join("network.xml");
    fs::write(&file, xml).expect("the network's XML");
    let file = file.to_string_lossy();
    let _ = libvirtd
        .virsh(&libvirtd.qemu_uri(), ["net-create", &file])
        .ok();
}

fn disk(libvirtd: &Libvirtd, name: &str, order: &str) -> String {
    const SIZE: usize = 1024 * 1024;
    let mut image = program(FROM_DISK);
    image.resize(510, 0);
    image.extend([0x55, 0xAA]);
    image.resize(SIZE, 0);
    let path = libvirtd.dir().join(format!("{name}.img"));
    fs::write(&path, image).expect("the disk");
    format!(
        "<disk type='file' device='disk'>
           <driver name='qemu' type='raw'/><source file='{}'/><target dev='vda' bus='virtio'/>{order}
         </disk>",
        path.display()
    )
}

/// A real-mode program for address 0x7C00, where a BIOS puts a boot sector as well as what PXE has fetched: writes
/// `text` to the first serial port and halts.
fn program(text: &str) -> Vec<u8> {
    const LOAD_ADDRESS: u16 = 0x7C00;
    let code = |text_at: u16| {
        let [low, high] = text_at.to_le_bytes();
        [
            [0x31, 0xC0].as_slice(), // xor ax, ax
            &[0x8E, 0xD8],           // mov ds, ax
            &[0xFC],                 // cld
            &[0xBE, low, high],      // mov si, text
            &[0xAC],                 // next: lodsb
            &[0x84, 0xC0],           // test al, al
            &[0x74, 0x12],           // jz halt
            &[0x88, 0xC3],           // mov bl, al
            &[0xBA, 0xFD, 0x03],     // mov dx, 0x3FD
            &[0xEC],                 // wait: in al, dx
            &[0xA8, 0x20],           // test al, 0x20 (room for a byte)
            &[0x74, 0xFB],           // jz wait
            &[0x88, 0xD8],           // mov al, bl
            &[0xBA, 0xF8, 0x03],     // mov dx, 0x3F8
            &[0xEE],                 // out dx, al
            &[0xEB, 0xE9],           // jmp next
            &[0xF4],                 // halt: hlt
            &[0xEB, 0xFD],           // jmp halt
        ]
        .concat()
    };
    let length = u16::try_from(code(0).len()).expect("a short program");
    let mut program = code(LOAD_ADDRESS + length);
    program.extend(text.bytes());
    program.extend(b"\r\n\0");
    program
}

//! Machines to be inspected that cost nothing: domains of libvirt's test driver with their BMCs, an Ironic that drives
//! those, and somebody who plays each machine's ramdisk.

use std::fs;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::build::binary;
use crate::client::Bmc;
use crate::daemon::Vbmcd;
use crate::home::Home;
use crate::lab::{Ironic, LabDirectory, Player};
use crate::libvirtd::{Connection, Libvirtd};
use crate::node::domain;
use crate::run::Run;

/// No run of `vbmc` takes longer here: Ironic's way with a node takes half a minute, on a loaded machine some.
const RUN: Duration = Duration::from_secs(600);

/// A site: all of it in namespaces of its own.
#[derive(Debug)]
pub struct Site {
    // Dropped in this order: those first who talk to the ones below them.
    players: Vec<Player>,
    /// The daemon with a BMC for each machine.
    pub daemon: Vbmcd,
    /// Ironic, which knows none of the machines yet.
    pub ironic: Ironic,
    lab: LabDirectory,
    names: Vec<String>,
    // The test driver forgets what its domains do when its last connection closes.
    _connection: Connection,
    libvirtd: Libvirtd,
}

impl Site {
    /// With these machines, and an Ironic without authentication. No ramdisk answers yet.
    #[must_use]
    pub fn start(names: &[&str]) -> Self {
        Self::start_with(names, &[], "")
    }

    /// As [`Self::start`], with options and settings for Ironic: see [`Ironic::start_with`].
    ///
    /// # Panics
    ///
    /// When something of it doesn't come up.
    #[must_use]
    pub fn start_with(names: &[&str], options: &[&str], settings: &str) -> Self {
        let libvirtd = Libvirtd::start();
        let place = libvirtd.place();
        let uri = libvirtd.test_uri();
        let connection = libvirtd.connection(&uri);
        let daemon = Vbmcd::start_in(Home::new_in(place));
        for (index, name) in names.iter().enumerate() {
            libvirtd.define(&uri, name, &domain(name));
            daemon.add(name, &uri, &Bmc::new(port(index)));
            let _ = daemon.vbmc(["start", name]).ok();
        }
        // Nobody boots these: the conductor only has to find them.
        let images = libvirtd.dir().join("images");
        fs::create_dir(&images).expect("a directory for images");
        for image in ["kernel", "ramdisk"] {
            fs::write(images.join(image), image).expect("an image");
        }
        let images = images.display();
        let settings = format!(
            "[conductor]\ndeploy_kernel = file://{images}/kernel\n\
             deploy_ramdisk = file://{images}/ramdisk\n{settings}"
        );
        let images = images.to_string();
        let options = [&["--allow", &images], options].concat();
        let address = Ipv4Addr::LOCALHOST.into();
        let ironic = Ironic::start_with(place, libvirtd.dir(), address, &options, &settings);
        let site = Self {
            players: Vec::new(),
            daemon,
            ironic,
            lab: LabDirectory::new(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            _connection: connection,
            libvirtd,
        };
        site.write_lab();
        site
    }

    /// Where all of it runs.
    #[must_use]
    pub fn libvirtd(&self) -> &Libvirtd {
        &self.libvirtd
    }

    /// The lab: its `lab.toml` names this Ironic, and its `nodes.yaml` the machines.
    #[must_use]
    pub fn lab(&self) -> &LabDirectory {
        &self.lab
    }

    /// A machine's BMC.
    #[must_use]
    pub fn bmc(&self, name: &str) -> Bmc {
        Bmc::new(port(self.index(name)))
    }

    /// The MAC address of a machine's network card.
    #[must_use]
    pub fn mac(&self, name: &str) -> String {
        format!("52:54:00:0b:00:{:02x}", self.index(name))
    }

    /// Has a machine's ramdisk answer from now on, until [`Self::silence`].
    ///
    /// # Panics
    ///
    /// When there is no such machine.
    pub fn answer(&mut self, name: &str) {
        self.play(name, None);
    }

    /// Has a machine's ramdisk answer that inspection failed, from now on, until [`Self::silence`].
    ///
    /// # Panics
    ///
    /// When there is no such machine.
    pub fn fail(&mut self, name: &str, failure: &str) {
        self.play(name, Some(failure));
    }

    /// Has no ramdisk answer any more.
    pub fn silence(&mut self) {
        self.players.clear();
    }

    /// `vbmc` on this lab.
    #[must_use]
    pub fn vbmc<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Run {
        self.daemon
            .home()
            .run(binary("vbmc"))
            .env("VBMC_LAB", self.lab.path())
            .args(args)
            .limit(RUN)
    }

    /// What introspection has saved of a machine.
    ///
    /// # Panics
    ///
    /// When it has saved nothing.
    #[track_caller]
    #[must_use]
    pub fn result(&self, name: &str) -> String {
        self.lab
            .read(&format!("workspace/results/introspection/{name}.json"))
    }

    fn play(&mut self, name: &str, failure: Option<&str>) {
        let mac = self.mac(name);
        let place = self.libvirtd.place();
        let address = Ipv4Addr::LOCALHOST.into();
        let player = Player::start(place, &self.ironic.url(), address, &mac, failure);
        self.players.push(player);
    }

    fn write_lab(&self) {
        let toml = format!(
            r#"name = "site"

[ironic]
endpoint = "{}"

[images]
publish = "none"
deploy_images = "conductor"

[introspection]
inventory = "nodes.yaml"
timeout = 300
"#,
            self.ironic.url()
        );
        self.lab.write("lab.toml", toml);
        let nodes: String = self.names.iter().map(|name| self.node(name)).collect();
        self.lab.write("nodes.yaml", format!("nodes:\n{nodes}"));
    }

    fn node(&self, name: &str) -> String {
        let (bmc, mac) = (self.bmc(name), self.mac(name));
        format!(
            "  - name: {name}
    pm_type: ipmi
    pm_addr: 127.0.0.1
    pm_port: {}
    pm_user: {}
    pm_password: {}
    mac: [\"{mac}\"]
",
            bmc.port, bmc.user, bmc.password
        )
    }

    fn index(&self, name: &str) -> usize {
        let index = self.names.iter().position(|it| it == name);
        index.expect("a machine of this site")
    }
}

fn port(index: usize) -> u16 {
    6230 + u16::try_from(index).expect("a handful of machines")
}

//! One vbmcd with a thousand BMCs.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::time::Duration;

use vbmc_tests::net::{free_ports, loopback};
use vbmc_tests::{Bmc, Home, Node, Vbmcd, turn, wait_for};

const BMCS: usize = 1000;
const BOUND: Duration = Duration::from_secs(60);

/// An ASF presence ping (ASF 2.0 §3.2.4.2): the smallest question that a BMC answers.
const PING: [u8; 12] = [
    0x06, 0x00, 0xFF, 0x06, 0x00, 0x00, 0x11, 0xBE, 0x80, 0x00, 0x00, 0x00,
];
/// Where the answer says that it is one.
const PONG: (usize, u8) = (8, 0x40);

#[test]
fn a_thousand_bmcs_on_one_node_all_answer() {
    let _turn = turn::heavy();
    let names: Vec<_> = (0..BMCS).map(|n| format!("node-{n:04}")).collect();
    let node = Node::new(&names);
    let ports = free_ports(BMCS);
    let home = Home::new();
    for (name, port) in names.iter().zip(&ports) {
        let uri = node.uri();
        home.write_bmc(
            name,
            &format!(
                "[VirtualBMC]\nusername = admin\npassword = password\naddress = 127.0.0.1\nport = {port}\n\
                 domain_name = {name}\nlibvirt_uri = {uri}\nactive = True\n"
            ),
        );
    }
    let daemon = Vbmcd::start_in(home);

    wait_for("all to run", BOUND, || {
        let statuses = daemon.vbmc(["list", "-f", "value", "-c", "Status"]).ok();
        let running = statuses.lines().filter(|line| *line == "running").count();
        (running == BMCS).then_some(())
    });
    assert_all_answer(&ports);

    let bmc = |index: usize| {
        let bmc = Bmc::new(ports[index]);
        bmc.with_user("admin").with_password("password")
    };
    // Until vbmcd has heard of a thousand domains, the BMCs answer that they are busy.
    wait_for("the hypervisor to be known", BOUND, || {
        let said = bmc(0).ipmitool(["power", "status"]).said();
        said.contains("Chassis Power is").then_some(())
    });
    for index in [0, 1, BMCS / 2, BMCS - 1] {
        let bmc = bmc(index);
        bmc.ipmitool(["power", "status"])
            .says("Chassis Power is on");
        let _ = bmc.ipmitool(["power", "off"]).ok();
        bmc.ipmitool(["power", "status"])
            .says("Chassis Power is off");
    }
    bmc(2)
        .ipmitool(["power", "status"])
        .says("Chassis Power is on");

    // Far above what they need, and far below the 5 MB that each takes in VirtualBMC.
    let each = daemon.resident_kib() / BMCS as u64;
    assert!(each < 200, "{each} KiB each");
}

/// Pings every port until it has answered.
fn assert_all_answer(ports: &[u16]) {
    let socket = UdpSocket::bind(loopback(0)).expect("a socket");
    socket.set_nonblocking(true).expect("a socket");
    let mut silent: BTreeSet<u16> = ports.iter().copied().collect();
    wait_for("all to answer a ping", BOUND, || {
        // In small portions, so that no socket's buffer overflows.
        for &port in silent.iter().take(64) {
            socket.send_to(&PING, loopback(port)).expect("a ping");
        }
        let mut answer = [0; 64];
        while let Ok((len, from)) = socket.recv_from(&mut answer) {
            if answer[..len].get(PONG.0) == Some(&PONG.1) {
                silent.remove(&from.port());
            }
        }
        silent.is_empty().then_some(())
    });
}

//! `nodes` and `profiles`. Outputs of `nodes` are those of `openstack baremetal node list` (python-ironicclient 6.3) for
//! the same answer of Ironic.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use tempfile::TempDir;

use crate::run::{Outcome, command, finish};

const NODES: &str = r#"{"nodes": [
    {"uuid": "d729e298-80a5-4095-9709-fc619be1ced0", "name": "node-00", "instance_uuid": null, "power_state": null,
     "provision_state": "enroll", "maintenance": false, "properties": {"capabilities": "profile:compute"}},
    {"uuid": "b74f583e-1a0f-4681-83a2-f92fa4ab502e", "name": null, "instance_uuid": null, "power_state": "power off",
     "provision_state": "available", "maintenance": true,
     "properties": {"capabilities": "control_profile:1,compute_profile:true"}}
]}"#;

/// An Ironic that has one answer; its URL.
fn ironic(nodes: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let _ = connection.and_then(|connection| answer(connection, nodes));
        }
    });
    url
}

fn answer(mut connection: TcpStream, nodes: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    assert!(request.starts_with("GET /v1/nodes?fields="), "{request}");
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\
         X-OpenStack-Ironic-API-Minimum-Version: 1.1\r\nX-OpenStack-Ironic-API-Maximum-Version: 1.115\r\n\
         X-OpenStack-Ironic-API-Version: 1.84\r\n\r\n{nodes}",
        nodes.len()
    )
}

fn vbmc(url: &str, args: &[&str]) -> Outcome {
    let home = TempDir::new().unwrap();
    let mut command = command(home.path(), args);
    command
        .current_dir(home.path())
        .env("OS_AUTH_TYPE", "none")
        .env("OS_ENDPOINT", url);
    finish(&mut command)
}

#[test]
fn nodes_in_every_format() {
    let url = ironic(NODES);
    let nodes = |args: &[&str]| vbmc(&url, &[&["nodes"], args].concat()).ok();
    assert_eq!(
        nodes(&[]),
        "+--------------------------------------+---------+---------------+-------------+-----------------+-------------+\n\
         | uuid                                 | name    | instance_uuid | power_state | provision_state | maintenance |\n\
         +--------------------------------------+---------+---------------+-------------+-----------------+-------------+\n\
         | d729e298-80a5-4095-9709-fc619be1ced0 | node-00 | None          | None        | enroll          | False       |\n\
         | b74f583e-1a0f-4681-83a2-f92fa4ab502e | None    | None          | power off   | available       | True        |\n\
         +--------------------------------------+---------+---------------+-------------+-----------------+-------------+\n"
    );
    assert_eq!(
        nodes(&["-f", "json", "--provision-state", "enroll"]),
        r#"[
  {
    "uuid": "d729e298-80a5-4095-9709-fc619be1ced0",
    "name": "node-00",
    "instance_uuid": null,
    "power_state": null,
    "provision_state": "enroll",
    "maintenance": false
  }
]
"#
    );
    assert_eq!(
        nodes(&["-f", "csv"]),
        "\"uuid\",\"name\",\"instance_uuid\",\"power_state\",\"provision_state\",\"maintenance\"\n\
         \"d729e298-80a5-4095-9709-fc619be1ced0\",\"node-00\",\"\",\"\",\"enroll\",False\n\
         \"b74f583e-1a0f-4681-83a2-f92fa4ab502e\",\"\",\"\",\"power off\",\"available\",True\n"
    );
    assert_eq!(
        nodes(&["-f", "yaml", "--provision-state", "enroll"]),
        "- instance_uuid: null\n  maintenance: false\n  name: node-00\n  power_state: null\n  \
         provision_state: enroll\n  uuid: d729e298-80a5-4095-9709-fc619be1ced0\n"
    );
    assert_eq!(
        nodes(&[
            "-f",
            "value",
            "-c",
            "Provisioning State",
            "-c",
            "Maintenance"
        ]),
        "enroll False\navailable True\n"
    );
}

#[test]
fn profiles_as_tripleo_lists_them() {
    let url = ironic(NODES);
    let columns = [
        "-f",
        "csv",
        "-c",
        "node_name",
        "-c",
        "current_profile",
        "-c",
        "possible_profiles",
    ];
    let profiles = |args: &[&str]| vbmc(&url, &[args, &columns].concat());
    let header = "\"Node Name\",\"Current Profile\",\"Possible Profiles\"";
    let none = profiles(&["profiles", "list"]);
    assert_eq!((none.code, none.stdout), (Some(0), format!("{header}\n")));
    assert!(none.stderr.contains("--all lists them"), "{}", none.stderr);
    assert_eq!(
        profiles(&["profiles", "--all", "-c", "error"]).ok(),
        format!(
            "{header},\"Error\"\n\
             \"node-00\",\"compute\",\"\",\"neither available nor active\"\n\
             \"\",\"\",\"compute, control\",\"in maintenance\"\n"
        )
    );
}

#[test]
fn what_cannot_be_listed_is_explained() {
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    assert_eq!(
        vbmc(&nobody, &["nodes"]).failed(),
        format!(
            "Ironic at {nobody} does not answer: connection refused. Is it running, and are the addresses in the OS_* \
             variables right?"
        )
    );
    let url = ironic(r#"{"nodes": []}"#);
    assert_eq!(vbmc(&url, &["nodes"]).ok(), "\n");
    assert_eq!(
        vbmc(&url, &["nodes", "--mine"]).failed(),
        "--mine needs a lab: name it with --lab DIR or VBMC_LAB"
    );
    assert_eq!(
        vbmc(&url, &["nodes", "-c", "name", "-c", "stat"]).failed(),
        "there is no column stat; the columns are uuid, name, instance_uuid, power_state, provision_state, maintenance"
    );
    let typo = vbmc(&url, &["nodes", "--provision-state", "avialable"]);
    assert_eq!(typo.code, Some(2));
    assert!(
        typo.stderr.contains("available, inspecting"),
        "{}",
        typo.stderr
    );
    assert_eq!(
        vbmc(&url, &["nodes", "--watch", "-c", "name"]).code,
        Some(2)
    );
    assert_eq!(vbmc(&url, &["nodes", "--watch", "-f", "csv"]).code, Some(1));
    assert_eq!(vbmc(&url, &["nodes", "--watch", "0"]).code, Some(2));
}

#[test]
fn where_the_cloud_is_can_be_said_in_many_places_and_the_error_names_them() {
    let home = TempDir::new().unwrap();
    for args in [&["nodes"][..], &["profiles"], &["image", "list"]] {
        let mut command = command(home.path(), args);
        let told = finish(command.current_dir(home.path())).failed();
        for way in [
            "lab.toml",
            "--lab DIR",
            "OS_CLOUD",
            "OS_ENDPOINT",
            "OS_AUTH_URL",
        ] {
            assert!(told.contains(way), "{args:?}: {told}");
        }
    }
}

#[test]
fn a_lab_that_is_not_whole_still_says_where_its_nodes_are() {
    let url = ironic(NODES);
    let lab = TempDir::new().unwrap();
    let text = format!(
        "[ironic]\nendpoint = \"{url}\"\n[bmcs]\npassword_file = \"bmc-password\"\n[domains.gone]\nport = 1\n"
    );
    std::fs::write(lab.path().join("lab.toml"), text).unwrap();
    let dir = lab.path().to_str().unwrap();
    let value = ["-f", "value", "-c", "name"];
    let mut nodes = command(lab.path(), &[&["nodes", "--lab", dir][..], &value].concat());
    assert_eq!(finish(&mut nodes).ok(), "node-00\nNone\n");
}

//! `list` and `show`. Every output here is one of VirtualBMC 3.3's own.

use vbmc_core::control::Status;

use crate::daemon::Daemon;
use crate::run::{command, finish, vbmc};

fn daemon() -> Daemon {
    let daemon = Daemon::start();
    daemon.insert("test", Status::Down, 6230);
    daemon.insert("controller", Status::Running, 6231);
    daemon
}

#[test]
fn list_in_every_format() {
    let daemon = daemon();
    let list = |format| vbmc(daemon.home(), &["list", "-f", format]).ok();
    assert_eq!(
        list("table"),
        "+-------------+---------+---------+------+\n\
         | Domain name | Status  | Address | Port |\n\
         +-------------+---------+---------+------+\n\
         | controller  | running | ::      | 6231 |\n\
         | test        | down    | ::      | 6230 |\n\
         +-------------+---------+---------+------+\n"
    );
    assert_eq!(
        list("json"),
        r#"[
  {
    "Domain name": "controller",
    "Status": "running",
    "Address": "::",
    "Port": 6231
  },
  {
    "Domain name": "test",
    "Status": "down",
    "Address": "::",
    "Port": 6230
  }
]
"#
    );
    assert_eq!(
        list("csv"),
        "\"Domain name\",\"Status\",\"Address\",\"Port\"\n\
         \"controller\",\"running\",\"::\",6231\n\"test\",\"down\",\"::\",6230\n"
    );
    assert_eq!(
        list("yaml"),
        "- Address: '::'\n  Domain name: controller\n  Port: 6231\n  Status: running\n\
         - Address: '::'\n  Domain name: test\n  Port: 6230\n  Status: down\n"
    );
    assert_eq!(
        list("value"),
        "controller running :: 6231\ntest down :: 6230\n"
    );
}

#[test]
fn list_of_nothing_in_every_format() {
    let daemon = Daemon::start();
    for (args, expected) in [
        (&["list"][..], "\n"),
        (&["list", "-f", "json"], "[]\n"),
        (&["list", "-f", "json", "--noindent"], "[]\n"),
        (
            &["list", "-f", "csv"],
            "\"Domain name\",\"Status\",\"Address\",\"Port\"\n",
        ),
        (&["list", "-f", "yaml"], "[]\n"),
        (&["list", "-f", "value"], ""),
        (
            &["list", "-c", "Status", "--print-empty"],
            "+--------+\n| Status |\n+--------+\n+--------+\n",
        ),
    ] {
        assert_eq!(vbmc(daemon.home(), args).ok(), expected, "{args:?}");
    }
}

#[test]
fn show_prints_ten_properties() {
    let daemon = daemon();
    assert_eq!(
        vbmc(daemon.home(), &["show", "test"]).ok(),
        "+-----------------------+-----------------+\n\
         | Property              | Value           |\n\
         +-----------------------+-----------------+\n\
         | active                | False           |\n\
         | address               | ::              |\n\
         | domain_name           | test            |\n\
         | libvirt_sasl_password | ***             |\n\
         | libvirt_sasl_username | None            |\n\
         | libvirt_uri           | test:///default |\n\
         | password              | ***             |\n\
         | port                  | 6230            |\n\
         | status                | down            |\n\
         | username              | admin           |\n\
         +-----------------------+-----------------+\n"
    );
    let json = vbmc(
        daemon.home(),
        &["show", "controller", "-f", "json", "--noindent"],
    )
    .ok();
    assert!(
        json.starts_with(r#"[{"Property": "active", "Value": "True"}, {"#),
        "{json}"
    );
    assert!(
        json.contains(r#"{"Property": "libvirt_sasl_username", "Value": null}, "#),
        "{json}"
    );
    assert!(
        json.contains(r#"{"Property": "port", "Value": 6231}, "#),
        "{json}"
    );
}

#[test]
fn show_says_beside_the_records_why_a_bmc_cannot_run() {
    let daemon = Daemon::start();
    daemon.insert("test", Status::Error, 623);
    let outcome = vbmc(
        daemon.home(),
        &["show", "test", "-f", "value", "-c", "Value"],
    );
    assert_eq!(outcome.stderr, "test cannot run: port 623 is in use\n");
    assert_eq!(
        (outcome.code, outcome.stdout.lines().count()),
        (Some(0), 10)
    );
}

#[test]
fn columns_and_order_are_the_users() {
    let daemon = daemon();
    let args = [
        "list",
        "-f",
        "value",
        "-c",
        "port",
        "-c",
        "DOMAIN_NAME",
        "--sort-column",
        "port",
    ];
    assert_eq!(
        vbmc(daemon.home(), &args).ok(),
        "test 6230\ncontroller 6231\n"
    );
    assert_eq!(
        vbmc(daemon.home(), &["list", "-c", "foo"]).failed(),
        "No recognized column names in ['foo']. \
         Recognized columns are ['Domain name', 'Status', 'Address', 'Port']."
    );
    let outcome = vbmc(
        daemon.home(),
        &["show", "test", "-f", "value", "--sort-column", "value"],
    );
    assert_eq!(
        outcome.stderr,
        "Could not sort on field 'Value'; unsortable types\n"
    );
    assert!(
        outcome.stdout.starts_with("active False\naddress ::\n"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn a_table_is_wrapped_when_asked() {
    let daemon = daemon();
    let show = |option: &[&str]| {
        let args = [&["show", "test"], option].concat();
        finish(command(daemon.home(), &args).env("CLIFF_MAX_TERM_WIDTH", "30")).ok()
    };
    let wrapped = "| libvirt_uri | test:///defa |\n|             | ult          |\n";
    assert!(show(&[]).contains(wrapped), "{}", show(&[]));
    assert!(
        show(&["--max-width", "0"]).contains("| test:///default |\n"),
        "{}",
        show(&["--max-width", "0"])
    );
}

#[test]
fn a_closed_pipe_is_no_error() {
    let daemon = daemon();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command(daemon.home(), &["list"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), output.stderr),
        (Some(141), Vec::new())
    );
}

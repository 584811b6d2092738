//! What foreign clients and foreign BMCs said to each other, read with this library's types: every handshake code,
//! every MAC, every padding, every message and every command, both ways. `golden/README.md` says where the files come
//! from.
//!
//! **If a test in this file fails, do not change the golden bytes.** They are what others send; the library is wrong, or
//! an exception below is missing, which then needs a reason.

mod support;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use ipmi_proto::command::{self, recode_response};
use ipmi_proto::crypto::{BmcKey, CipherSuite, Password};
use ipmi_proto::message::{
    Header, RequestMessage, ResponseMessage, encode_request, encode_response,
};
use ipmi_proto::session::rmcp::{Ping, Pong};
use ipmi_proto::session::v20::PayloadType;
use ipmi_proto::sol::{self, Port, Role};
use ipmi_proto::wire::{Decode, Encode};
use ipmi_proto::{CompletionCode, Time};

use support::observer::{Direction, Fault, Observer, Seen};

/// Where foreign programs deviate from the specification, and we from them.
struct Exception {
    /// The files concerned: those whose names contain this.
    files: &'static str,
    /// The findings that are expected there: those that contain this.
    finding: &'static str,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        files: "lan15-md5-wrong-password",
        finding: "Rejected(BadMac",
        reason: "the client has another password",
    },
    Exception {
        files: "ipmi_sim-suite17-refused",
        finding: "the bytes end before the value does",
        reason: "ipmi_sim refuses Open Session in 2 bytes; the console end takes that, the type does not",
    },
    Exception {
        files: "pyghmi-ipmi_sim",
        finding: "the bytes end before the value does",
        reason: "the same: pyghmi proposes suite 17 first",
    },
    Exception {
        files: "ipmi_sim-suite3-identify-force",
        finding: "answer to Chassis Identify: there are bytes behind the end",
        reason: "ipmi_sim sends 35 bytes of its stack along",
    },
    Exception {
        files: "intelplus-bad-rakp3",
        finding: "wrong code in PayloadType(14h)",
        reason: "the client hashes another role byte than it sent, on purpose",
    },
    Exception {
        files: "virtualbmc-suite17-answered-with-suite3",
        finding: "Some(3) was agreed on",
        reason: "VirtualBMC knows no other suite, and ipmitool gives up",
    },
    Exception {
        files: "virtualbmc",
        finding: "answer to Get Device ID: the bytes end before the value does",
        reason: "VirtualBMC's manufacturer and product ids take 4 bytes each",
    },
];

/// One capture.
struct Capture {
    name: String,
    password: Password,
    kg: Option<BmcKey>,
    /// The suite that was agreed on.
    suite: Option<u8>,
    datagrams: Vec<(Direction, Vec<u8>)>,
}

impl Capture {
    fn parse(name: &str, text: &str) -> Self {
        let facts = text.lines().nth(2).expect("a third line");
        // "# user: admin  password: password  kg: (none)  suite: 3"
        let fact = |key: &str| {
            let (_, rest) = facts.split_once(key).expect("all four facts");
            rest.split("  ").next().expect("a value").trim()
        };
        let kg = Some(fact("kg:")).filter(|kg| *kg != "(none)");
        let datagrams = text.lines().filter_map(|line| {
            let direction = match line.split_at_checked(2)? {
                ("> ", _) => Direction::ToBmc,
                ("< ", _) => Direction::ToConsole,
                _ => return None,
            };
            Some((direction, unhex(&line[2..])))
        });
        Self {
            name: name.to_owned(),
            password: Password::new(fact("password:").as_bytes()).expect("a short password"),
            kg: kg.map(|kg| BmcKey::new(kg.as_bytes()).expect("a short key")),
            suite: fact("suite:").parse().ok(),
            datagrams: datagrams.collect(),
        }
    }

    fn all() -> Vec<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let mut captures: Vec<Self> = fs::read_dir(directory)
            .expect("the directory of the captures")
            .map(|entry| entry.expect("a directory entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .map(|path| {
                let name = path.file_stem().expect("a file").to_string_lossy();
                Self::parse(&name, &fs::read_to_string(&path).expect("a text file"))
            })
            .collect();
        captures.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(captures.len() > 90, "{} captures", captures.len());
        captures
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.trim().as_bytes().chunks(2);
    digits
        .map(|pair| {
            let pair = str::from_utf8(pair).expect("hex digits");
            u8::from_str_radix(pair, 16).expect("hex digits")
        })
        .collect()
}

/// What was seen in a capture, and what was not as we would have it.
#[derive(Default)]
struct Report {
    findings: Vec<String>,
    /// How many of each kind were read without a finding.
    good: HashMap<&'static str, usize>,
}

impl Report {
    fn check(&mut self, kind: &'static str, result: Result<(), String>) {
        match result {
            Ok(()) => *self.good.entry(kind).or_default() += 1,
            Err(finding) => self.findings.push(finding),
        }
    }
}

fn read(capture: &Capture) -> Report {
    let mut report = Report::default();
    let mut observer = Observer::new(capture.password.clone(), capture.kg.clone());
    let mut asked = None;
    // No time passes here: acknowledgements wait for nothing.
    let config = sol::Config {
        ack_delay: Duration::ZERO,
        ..sol::Config::bmc()
    };
    let mut ports = [Role::Bmc, Role::Console].map(|role| Port::new(role, config));
    for (number, (direction, datagram)) in capture.datagrams.iter().enumerate() {
        let mut check = |kind, result: Result<(), String>| {
            let line = number + 4;
            report.check(
                kind,
                result.map_err(|finding| format!("line {line}: {finding}")),
            );
        };
        match observer.observe(*direction, datagram) {
            Ok(Seen::Asf(message)) => check("ASF message", asf(*direction, &message)),
            Ok(Seen::Handshake(_)) => check("handshake message", Ok(())),
            Ok(Seen::Refused(_, _)) => check("refusal", Ok(())),
            Ok(Seen::Repeated) => check("repeated packet", Ok(())),
            Ok(Seen::Sessionless(PayloadType::IPMI, payload)) => {
                check("message", message(*direction, &payload, &mut asked));
            }
            Ok(Seen::InSession(PayloadType::IPMI, payload)) => {
                check("session packet", message(*direction, &payload, &mut asked));
            }
            Ok(Seen::InSession(PayloadType::SOL, payload)) => {
                check("SOL packet", sol(*direction, &payload, &mut ports));
            }
            Ok(Seen::Sessionless(kind, _) | Seen::InSession(kind, _)) => {
                check("", Err(format!("{kind:?}")));
            }
            Err(Fault::WrongCode(kind)) => check("", Err(format!("wrong code in {kind:?}"))),
            Err(fault) => check("", Err(format!("{fault:?}"))),
        }
    }
    let suite = observer.suite().map(CipherSuite::id);
    if suite != capture.suite {
        let finding = format!("{suite:?} was agreed on, not {:?}", capture.suite);
        report.findings.push(finding);
    }
    if observer.session.is_some() {
        report.check("session", Ok(()));
    }
    report
}

fn asf(direction: Direction, message: &[u8]) -> Result<(), String> {
    match direction {
        Direction::ToBmc => same("ping", Ping::decode(message), message),
        Direction::ToConsole => same("pong", Pong::decode(message), message),
    }
}

/// A packet of a serial line is written as it was read, and the end that gets it acknowledges it and takes its bytes.
fn sol(direction: Direction, payload: &[u8], ports: &mut [Port; 2]) -> Result<(), String> {
    let [bmc, console] = ports;
    let (from, port) = match direction {
        Direction::ToBmc => (Role::Console, bmc),
        Direction::ToConsole => (Role::Bmc, console),
    };
    let packet = sol::Packet::decode(payload, from).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    packet.encode(&mut out);
    assert_eq!(out, payload, "a SOL packet");
    port.handle(Time::ORIGIN, &packet);
    let acked = port
        .poll_transmit(Time::ORIGIN)
        .and_then(|answer| answer.ack);
    let expected = packet.sequence.map(|sequence| (sequence, packet.data));
    let got = acked.map(|ack| (ack.sequence, port.read(ack.accepted.into())));
    if expected.map(|(sequence, data)| (sequence, data.to_vec())) == got {
        Ok(())
    } else {
        Err(format!(
            "SOL packet {packet:02x?} was answered with {got:02x?}"
        ))
    }
}

/// A value was read, and is written as it was read.
fn same<T: Encode, E: core::fmt::Display>(
    what: &str,
    value: Result<T, E>,
    expected: &[u8],
) -> Result<(), String> {
    let value = value.map_err(|error| format!("{what}: {error}: {expected:02x?}"))?;
    let mut out = Vec::new();
    value.encode(&mut out);
    if out == expected {
        Ok(())
    } else {
        Err(format!("{what}: {expected:02x?} is written as {out:02x?}"))
    }
}

/// A LAN message, and the command in it.
fn message(direction: Direction, payload: &[u8], asked: &mut Option<Header>) -> Result<(), String> {
    match direction {
        Direction::ToBmc => {
            let message = RequestMessage::decode(payload).map_err(|error| error.to_string())?;
            let mut out = Vec::new();
            encode_request(&message.header, &Bytes(message.data), &mut out);
            assert_eq!(out, payload, "a request message");
            *asked = Some(message.header);
            let header = message.header;
            match command::lookup(header.netfn, header.command) {
                None => Ok(()),
                Some(row) => same(row.name, (row.decode)(message.data), message.data),
            }
        }
        Direction::ToConsole => {
            let message = ResponseMessage::decode(payload).map_err(|error| error.to_string())?;
            let mut out = Vec::new();
            let header = message.header;
            encode_response(&header, message.completion, message.data, &mut out);
            assert_eq!(out, payload, "a response message");
            if *asked != Some(header) {
                return Err(format!("answer to {header:?} where {asked:?} was asked"));
            }
            if message.completion != CompletionCode::Ok {
                return Ok(());
            }
            match recode_response(header.netfn, header.command, message.data) {
                None => Ok(()),
                Some(recoded) => {
                    let name = command::lookup(header.netfn, header.command)
                        .map_or_else(String::new, |row| format!("answer to {}", row.name));
                    same(&name, recoded.as_deref().map(Bytes), message.data)
                }
            }
        }
    }
}

struct Bytes<'a>(&'a [u8]);

impl Encode for Bytes<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }
}

#[test]
fn every_datagram_is_read_as_it_was_meant() {
    let mut used = vec![0; EXCEPTIONS.len()];
    let mut unexpected = Vec::new();
    let mut good: HashMap<&str, usize> = HashMap::new();
    for capture in Capture::all() {
        let report = read(&capture);
        for (kind, count) in report.good {
            *good.entry(kind).or_default() += count;
        }
        for finding in report.findings {
            let exception = EXCEPTIONS.iter().position(|exception| {
                capture.name.contains(exception.files) && finding.contains(exception.finding)
            });
            match exception {
                Some(index) => used[index] += 1,
                None => unexpected.push(format!("{}: {finding}", capture.name)),
            }
        }
    }
    assert!(unexpected.is_empty(), "\n{}\n", unexpected.join("\n"));
    for (exception, used) in EXCEPTIONS.iter().zip(used) {
        let Exception {
            files,
            finding,
            reason,
        } = exception;
        assert_ne!(used, 0, "no longer true of {files}: {finding} ({reason})");
    }
    for (kind, least) in [
        ("session", 80),
        ("ASF message", 14),
        ("handshake message", 533),
        ("session packet", 1286),
        ("message", 221),
        ("refusal", 3),
        ("SOL packet", 24),
    ] {
        let count = good.get(kind).copied().unwrap_or(0);
        assert!(count >= least, "only {count} times: {kind}");
    }
}

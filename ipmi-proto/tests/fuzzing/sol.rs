//! Packets into both ends of a serial line. As long as packets are only lost, late or repeated, bytes arrive as they
//! were sent; whatever comes, the buffers stay within their bounds.

use core::time::Duration;

use arbitrary::Arbitrary;
use ipmi_proto::Time;
use ipmi_proto::sol::{Config, Packet, Port, Role};

use super::each;

#[derive(Debug, Arbitrary)]
enum Step<'a> {
    /// Bytes as they are.
    Raw {
        to_bmc: bool,
        bytes: &'a [u8],
    },
    /// An end sends what it wants to send; the last packet of it arrives, or none.
    Exchange {
        to_bmc: bool,
        lost: bool,
    },
    /// An earlier packet arrives once more. Packets that are older do not: a session lets none in.
    Again {
        to_bmc: bool,
        back: u8,
    },
    Write {
        to_bmc: bool,
        bytes: &'a [u8],
    },
    Read {
        bmc: bool,
        max: u8,
    },
    Signal {
        which: u8,
    },
    Wait {
        millis: u16,
    },
}

struct End {
    port: Port,
    sent: Vec<Vec<u8>>,
    written: Vec<u8>,
    read: Vec<u8>,
}

impl End {
    fn new(role: Role, config: Config) -> Self {
        Self {
            port: Port::new(role, config),
            sent: Vec::new(),
            written: Vec::new(),
            read: Vec::new(),
        }
    }
}

/// The fuzz target's body.
pub(crate) fn run(data: &[u8]) {
    let small = |config| Config {
        receive_buffer: 64,
        send_buffer: 64,
        ..config
    };
    let mut bmc = End::new(Role::Bmc, small(Config::bmc()));
    let mut console = End::new(Role::Console, small(Config::console()));
    let mut now = Time::ORIGIN;
    let mut genuine = true;
    for step in each(data) {
        match step {
            Step::Raw { to_bmc, bytes } => {
                genuine = false;
                let (role, end) = towards(to_bmc, &mut bmc, &mut console);
                take(end, role, bytes, now);
            }
            Step::Exchange { to_bmc, lost } => {
                let (_, sender) = towards(!to_bmc, &mut bmc, &mut console);
                for _ in 0..8 {
                    let Some(packet) = sender.port.poll_transmit(now) else {
                        break;
                    };
                    let mut bytes = Vec::new();
                    packet.encode(&mut bytes);
                    sender.sent.push(bytes);
                }
                let Some(bytes) = sender.sent.last().cloned().filter(|_| !lost) else {
                    continue;
                };
                let (role, end) = towards(to_bmc, &mut bmc, &mut console);
                take(end, role, &bytes, now);
            }
            Step::Again { to_bmc, back } => {
                let (_, sender) = towards(!to_bmc, &mut bmc, &mut console);
                let Some(place) = sender.sent.len().checked_sub(1 + usize::from(back % 4)) else {
                    continue;
                };
                let bytes = sender.sent[place].clone();
                let (role, end) = towards(to_bmc, &mut bmc, &mut console);
                take(end, role, &bytes, now);
            }
            Step::Write { to_bmc, bytes } => {
                let (_, sender) = towards(!to_bmc, &mut bmc, &mut console);
                let taken = sender.port.write(bytes);
                sender.written.extend(&bytes[..taken]);
            }
            Step::Read { bmc: at_bmc, max } => {
                let (_, end) = towards(at_bmc, &mut bmc, &mut console);
                end.read.extend(end.port.read(max.into()));
            }
            Step::Signal { which } => {
                genuine &= !matches!(which % 8, 2 | 3 | 7);
                signal(which, &mut bmc.port, &mut console.port);
            }
            Step::Wait { millis } => now = now + Duration::from_millis(millis.into()),
        }
        for end in [&mut bmc, &mut console] {
            let config = *end.port.config();
            assert!(end.port.readable() <= config.receive_buffer);
            assert!(end.port.room() <= config.send_buffer);
        }
    }
    for end in [&mut bmc, &mut console] {
        end.read.extend(end.port.read(usize::MAX));
    }
    for (end, other) in [(&bmc, &console), (&console, &bmc)] {
        let arrived = other.written.starts_with(&end.read);
        assert!(arrived || !genuine, "other bytes than were sent");
    }
}

fn towards<'a>(to_bmc: bool, bmc: &'a mut End, console: &'a mut End) -> (Role, &'a mut End) {
    if to_bmc {
        (Role::Console, bmc)
    } else {
        (Role::Bmc, console)
    }
}

fn take(end: &mut End, from: Role, bytes: &[u8], now: Time) {
    let Ok(packet) = Packet::decode(bytes, from) else {
        return;
    };
    let mut again = Vec::new();
    packet.encode(&mut again);
    assert_eq!(Packet::decode(&again, from), Ok(packet));
    end.port.handle(now, &packet);
    while end.port.poll_event().is_some() {}
}

fn signal(which: u8, bmc: &mut Port, console: &mut Port) {
    match which % 8 {
        0 => console.send_break(),
        1 => bmc.send_break(),
        2 => console.flush_inbound(),
        3 => console.flush_outbound(),
        4 => console.set_paused(!console.is_paused()),
        5 => bmc.set_available(!bmc.is_available()),
        6 => bmc.report_overrun(),
        _ => bmc.deactivate(),
    }
}

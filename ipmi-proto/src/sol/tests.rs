//! Both ends of a line against each other, over networks that a seed makes bad.

use core::time::Duration;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;
use crate::Time;

/// What the network does to a packet; chances in per mille.
#[derive(Debug, Clone, Copy, Default)]
struct Network {
    loss: u32,
    duplication: u32,
    /// Every packet takes a random time up to this.
    delay: Duration,
}

/// Two ports and what lies between them.
struct Line {
    now: Time,
    rng: StdRng,
    network: Network,
    bmc: Port,
    console: Port,
    on_the_way: BTreeMap<(Time, u64), (Role, Vec<u8>)>,
    posted: u64,
    /// The packets that were sent, by their senders.
    sent: Vec<(Role, Vec<u8>)>,
}

impl Line {
    fn new(bmc: Config, console: Config) -> Self {
        Self {
            now: Time::ORIGIN,
            rng: StdRng::seed_from_u64(0),
            network: Network::default(),
            bmc: Port::new(Role::Bmc, bmc),
            console: Port::new(Role::Console, console),
            on_the_way: BTreeMap::new(),
            posted: 0,
            sent: Vec::new(),
        }
    }

    fn bad(seed: u64, network: Network, bmc: Config, console: Config) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            network,
            ..Self::new(bmc, console)
        }
    }

    fn transmit(&mut self) {
        for from in [Role::Bmc, Role::Console] {
            loop {
                let port = match from {
                    Role::Bmc => &mut self.bmc,
                    Role::Console => &mut self.console,
                };
                let Some(packet) = port.poll_transmit(self.now) else {
                    break;
                };
                let mut bytes = Vec::new();
                packet.encode(&mut bytes);
                self.post(from, bytes);
            }
        }
    }

    fn post(&mut self, from: Role, bytes: Vec<u8>) {
        self.sent.push((from, bytes.clone()));
        let copies = if self.rng.random_ratio(self.network.loss, 1000) {
            0
        } else if self.rng.random_ratio(self.network.duplication, 1000) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            self.posted += 1;
            let arrives = self.now + self.network.delay.mul_f64(self.rng.random());
            self.on_the_way
                .insert((arrives, self.posted), (from, bytes.clone()));
        }
    }

    /// Goes on to the next thing that happens, if it happens before `end`.
    fn step(&mut self, end: Time) -> bool {
        self.transmit();
        let parcel = self.on_the_way.keys().next().map(|(arrives, _)| *arrives);
        let others = [self.bmc.poll_timeout(), self.console.poll_timeout()];
        let next = others.into_iter().flatten().chain(parcel).min();
        let Some(next) = next.filter(|next| *next <= end) else {
            self.now = end;
            return false;
        };
        self.now = next.max(self.now);
        if let Some(entry) = self.on_the_way.first_entry()
            && entry.key().0 <= self.now
        {
            let (from, bytes) = entry.remove();
            let packet = Packet::decode(&bytes, from).expect("a packet");
            match from {
                Role::Bmc => self.console.handle(self.now, &packet),
                Role::Console => self.bmc.handle(self.now, &packet),
            }
        }
        true
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        let mut steps = 0;
        while self.step(end) {
            steps += 1;
            assert!(steps < 10_000, "no end in sight");
        }
    }

    /// The packets that one end sent since this was asked last, decoded into (number, acknowledged, accepted, flags).
    fn headers(&mut self, of: Role) -> Vec<[u8; 4]> {
        let sent = core::mem::take(&mut self.sent);
        sent.iter()
            .filter(|(from, _)| *from == of)
            .map(|(_, bytes)| *bytes.first_chunk().expect("a header"))
            .collect()
    }
}

fn quick() -> Config {
    Config {
        accumulate: Duration::ZERO,
        ack_delay: Duration::ZERO,
        ..Config::bmc()
    }
}

fn small(config: Config, buffer: usize) -> Config {
    Config {
        receive_buffer: buffer,
        ..config
    }
}

fn noise(rng: &mut StdRng, len: usize) -> Vec<u8> {
    (0..len).map(|_| rng.random()).collect()
}

/// Sends 4,000 bytes each way while both ends read slowly, and expects them to arrive as they were sent.
fn exchange(seed: u64, network: Network) {
    let sizes = [1, 7, 300, 4096];
    let size = |shift: u64| sizes[(seed >> shift) as usize % sizes.len()];
    let mut line = Line::bad(
        seed,
        network,
        Config {
            refuse_when_full: seed.is_multiple_of(3),
            ..small(Config::bmc(), size(0))
        },
        small(Config::console(), size(2)),
    );
    let output = noise(&mut line.rng, 4000);
    let input = noise(&mut line.rng, 4000);
    let (mut written, mut read) = ([0; 2], [Vec::new(), Vec::new()]);
    for _ in 0..1_000_000 {
        if line.rng.random_ratio(1, 3) {
            let len = line.rng.random_range(0..600);
            let ends = [(&mut line.bmc, &output), (&mut line.console, &input)];
            for ((port, data), written) in ends.into_iter().zip(&mut written) {
                let end = (*written + len).min(data.len());
                *written += port.write(&data[*written..end]);
            }
        }
        if line.rng.random_ratio(1, 3) {
            let len = line.rng.random_range(0..600);
            read[0].extend(line.console.read(len));
            read[1].extend(line.bmc.read(len));
        }
        if read[0].len() >= output.len() && read[1].len() >= input.len() {
            break;
        }
        let end = line.now + Duration::from_millis(50);
        line.step(end);
    }
    line.run(Duration::from_secs(100));
    read[0].extend(line.console.read(usize::MAX));
    read[1].extend(line.bmc.read(usize::MAX));
    assert!(read[0] == output, "seed {seed}: the machine's bytes");
    assert!(read[1] == input, "seed {seed}: the console's bytes");
    assert!(line.bmc.is_flushed() && line.console.is_flushed());
}

#[test]
fn nothing_is_lost_or_doubled_on_a_good_network() {
    for seed in 0..16 {
        exchange(seed, Network::default());
    }
}

#[test]
fn nothing_is_lost_or_doubled_on_bad_networks() {
    for seed in 0..48 {
        let network = Network {
            loss: 50 + (seed as u32 % 6) * 50,
            duplication: 100,
            delay: Duration::from_millis([0, 5, 300, 900][seed as usize / 6 % 4]),
        };
        exchange(seed, network);
    }
}

#[test]
fn bytes_go_together_until_there_are_enough_or_time_is_up() {
    let config = Config {
        threshold: 10,
        ..Config::bmc()
    };
    let mut line = Line::new(config, Config::console());
    line.bmc.write(b"abc");
    line.run(Duration::from_millis(19));
    assert!(line.sent.is_empty());
    line.run(Duration::from_millis(1));
    assert_eq!(line.console.read(100), b"abc");
    line.bmc.write(b"0123456789");
    line.run(Duration::ZERO);
    assert_eq!(line.console.read(100), b"0123456789");
    assert_eq!(line.headers(Role::Bmc), [[1, 0, 0, 0], [2, 0, 0, 0]]);
}

#[test]
fn a_packet_is_repeated_under_its_number_until_it_is_acknowledged() {
    let mut line = Line::new(quick(), Config::console());
    line.network.loss = 1000;
    line.bmc.write(b"x");
    line.run(Duration::from_secs(4));
    // At 0, 0.5, 1, 2 and 4 s.
    assert_eq!(line.headers(Role::Bmc), [[1, 0, 0, 0]; 5]);
    line.run(Duration::from_secs(1000));
    let repeated = line.headers(Role::Bmc).len();
    assert!((120..130).contains(&repeated), "every 8 s, not {repeated}");
    line.network.loss = 0;
    line.run(Duration::from_secs(10));
    assert_eq!(line.console.read(10), b"x");
    assert_eq!(line.headers(Role::Console), [[0, 1, 1, 0]]);
    assert_eq!(line.bmc.poll_timeout(), None);
}

#[test]
fn a_packet_is_given_up_where_that_is_configured() {
    let config = Config {
        retries: Some(2),
        ..quick()
    };
    let mut line = Line::new(config, Config::console());
    line.network.loss = 1000;
    line.bmc.write(b"x");
    line.run(Duration::from_secs(100));
    assert_eq!(line.headers(Role::Bmc), [[1, 0, 0, 0]; 3]);
    assert_eq!(line.bmc.poll_event(), Some(Event::GaveUp));
    line.network.loss = 0;
    line.bmc.write(b"y");
    line.run(Duration::from_secs(1));
    assert_eq!(line.console.read(10), b"y");
}

#[test]
fn what_does_not_fit_goes_into_the_next_packet() {
    let bmc = Config {
        ack_repeats: 0,
        ..small(quick(), 4)
    };
    let mut line = Line::new(bmc, Config::console());
    line.console.write(b"abcdef");
    line.run(Duration::ZERO);
    assert_eq!(line.headers(Role::Bmc), [[0, 1, 4, 0]]);
    // Nothing of "ef" fits: the answer waits, and then does not refuse.
    line.run(Duration::from_millis(399));
    assert!(line.headers(Role::Bmc).is_empty());
    line.run(Duration::from_millis(1));
    assert_eq!(line.headers(Role::Bmc), [[0, 2, 0, 0]]);
    assert_eq!(line.bmc.read(4), b"abcd");
    line.run(Duration::from_millis(400));
    assert_eq!(line.bmc.read(4), b"ef");
    assert_eq!(line.headers(Role::Bmc), [[0, 3, 0, 0], [0, 4, 2, 0]]);
}

#[test]
fn a_refusal_pauses_the_sender_until_there_is_room() {
    let mut line = Line::new(quick(), small(Config::console(), 4));
    line.bmc.write(b"abcdef");
    line.run(Duration::from_millis(400));
    assert_eq!(line.headers(Role::Console), [[0, 1, 4, 0], [0, 2, 0, 0x40]]);
    line.run(Duration::from_millis(900));
    assert!(line.sent.is_empty(), "the BMC waits");
    assert_eq!(line.console.read(10), b"abcd");
    line.run(Duration::ZERO);
    assert_eq!(line.headers(Role::Console), [[0, 2, 0, 0], [0, 3, 2, 0]]);
    assert_eq!(line.console.read(10), b"ef");

    // The message that there is room may be lost.
    line.bmc.write(b"ghijkl");
    line.run(Duration::from_millis(500));
    line.network.loss = 1000;
    line.console.read(10);
    line.run(Duration::from_millis(1));
    line.network.loss = 0;
    line.run(Duration::from_secs(1));
    assert_eq!(line.console.read(10), b"kl");
}

#[test]
fn signals_stand_between_the_right_bytes() {
    let mut line = Line::new(quick(), Config::console());
    line.console.write(b"ab");
    line.console.send_break();
    line.console.write(b"cd");
    let mut heard = Vec::new();
    while line.step(Time::ORIGIN) {
        heard.extend(line.bmc.read(10));
        if line.bmc.poll_event() == Some(Event::Break) {
            heard.push(b'!');
        }
    }
    assert_eq!(heard, b"ab!cd");
    line.bmc.write(b"x");
    line.bmc.report_overrun();
    line.bmc.send_break();
    line.run(Duration::ZERO);
    let events = [line.console.poll_event(), line.console.poll_event()];
    assert_eq!(events, [Some(Event::Break), Some(Event::Overrun)]);
}

#[test]
fn a_break_comes_once_however_often_its_packet_does() {
    let mut line = Line::new(quick(), Config::console());
    line.console.send_break();
    let packet = line.console.poll_transmit(Time::ORIGIN).unwrap();
    assert_eq!(packet.data, b"");
    for expected in [Some(Event::Break), None, None] {
        line.bmc.handle(Time::ORIGIN, &packet);
        assert_eq!(line.bmc.poll_event(), expected);
        let ack = line.bmc.poll_transmit(Time::ORIGIN).unwrap().ack;
        let sequence = Sequence::FIRST;
        assert_eq!(
            ack,
            Some(Ack {
                sequence,
                accepted: 0
            })
        );
    }
}

#[test]
fn the_console_pauses_the_machine_and_hangs_up() {
    let mut line = Line::new(quick(), Config::console());
    line.console.set_paused(true);
    line.run(Duration::ZERO);
    assert!(line.bmc.is_paused());
    assert_eq!(line.bmc.write(b"x"), 0);
    line.console.set_paused(false);
    line.console.set_hung_up(true);
    line.run(Duration::ZERO);
    assert_eq!(line.bmc.write(b"x"), 1);
    assert!(line.bmc.is_hung_up());
    assert_eq!(line.bmc.poll_event(), Some(Event::HangUp));
}

#[test]
fn flushing_forgets_bytes_and_no_others() {
    let mut line = Line::new(quick(), Config::console());
    line.console.write(b"old");
    line.run(Duration::ZERO);
    line.console.flush_inbound();
    line.console.write(b"new");
    line.run(Duration::ZERO);
    assert_eq!(line.bmc.poll_event(), Some(Event::FlushInbound));
    assert_eq!(line.bmc.read(10), b"new");
    line.bmc.write(b"old");
    line.run(Duration::ZERO);
    line.console.flush_outbound();
    line.run(Duration::ZERO);
    assert_eq!(line.bmc.poll_event(), Some(Event::FlushOutbound));
    line.bmc.write(b"new");
    line.run(Duration::ZERO);
    assert_eq!(line.console.read(10), b"new");
}

#[test]
fn nothing_is_taken_for_a_machine_that_is_off() {
    let mut line = Line::new(quick(), Config::console());
    line.bmc.set_available(false);
    line.run(Duration::ZERO);
    assert_eq!(line.console.poll_event(), Some(Event::Availability));
    assert!(!line.console.is_available());
    line.headers(Role::Bmc);
    line.console.write(b"x");
    line.run(Duration::from_millis(400));
    assert_eq!(line.headers(Role::Bmc), [[0, 1, 0, 0x60]]);
    line.bmc.set_available(true);
    line.run(Duration::from_secs(1));
    assert_eq!(line.bmc.read(10), b"x");
    assert!(line.console.is_available());
}

#[test]
fn deactivation_is_told_a_few_times_and_then_it_is_over() {
    let mut line = Line::new(quick(), Config::console());
    line.bmc.write(b"never seen");
    line.bmc.deactivate();
    line.run(Duration::ZERO);
    assert_eq!(line.console.poll_event(), Some(Event::Deactivated));
    assert!(line.console.is_closed() && line.bmc.is_deactivated());
    // The console does not answer, as ipmiconsole.
    line.run(Duration::from_secs(10));
    assert_eq!(line.headers(Role::Bmc), [[1, 0, 0, 0x10]; 3]);
    assert!(line.bmc.is_closed());

    // What comes after it has no effect.
    let key = Packet {
        sequence: Some(Sequence::FIRST),
        ack: None,
        nack: false,
        control: Control::Operation(Operation::default()),
        data: b"x",
    };
    line.bmc.handle(line.now, &key);
    assert_eq!(line.bmc.poll_transmit(line.now), None);
    assert_eq!((line.bmc.readable(), line.bmc.write(b"x")), (0, 0));
}

#[test]
fn the_echo_takes_the_acknowledgement_along() {
    let bmc = Config {
        ack_repeats: 0,
        ..Config::bmc()
    };
    let mut line = Line::new(bmc, Config::console());
    line.console.write(b"a");
    line.run(Duration::from_millis(10));
    line.bmc.write(b"a");
    line.run(Duration::from_secs(1));
    assert_eq!(line.headers(Role::Bmc), [[1, 1, 1, 0]]);
    // What is not echoed is acknowledged all the same.
    line.console.write(b"b");
    line.run(bmc.ack_delay - Duration::from_millis(1));
    assert!(line.headers(Role::Bmc).is_empty());
    line.run(Duration::from_secs(1));
    assert_eq!(line.headers(Role::Bmc), [[0, 2, 1, 0]]);
    // And once more with what comes later.
    line.bmc.write(b"b");
    line.run(Duration::from_secs(1));
    assert_eq!(line.headers(Role::Bmc), [[2, 2, 1, 0]]);
}

#[test]
fn where_acknowledgements_come_fast_the_first_repetition_does() {
    let mut line = Line::new(quick(), Config::console());
    line.bmc.write(b"a");
    line.run(Duration::from_secs(1));
    line.network.loss = 1000;
    line.bmc.write(b"b");
    line.run(Duration::from_millis(99));
    assert_eq!(line.headers(Role::Bmc).len(), 2);
    line.run(Duration::from_millis(1));
    assert_eq!(line.headers(Role::Bmc).len(), 1);
    line.run(Duration::from_millis(499));
    assert!(line.headers(Role::Bmc).is_empty());
    line.run(Duration::from_millis(1));
    assert_eq!(line.headers(Role::Bmc).len(), 1);
}

#[test]
fn what_is_not_acknowledged_goes_again_before_the_next_key_is_answered() {
    let bmc = Config {
        ack_repeats: 0,
        ..Config::bmc()
    };
    let mut line = Line::new(bmc, Config::console());
    line.bmc.write(b"login: ");
    line.run(Duration::from_secs(1));
    line.headers(Role::Bmc);
    // The echo of a key is lost on the way, and the console types on.
    line.network.loss = 1000;
    line.bmc.write(b"a");
    line.run(Duration::from_millis(60));
    assert_eq!(line.headers(Role::Bmc), [[2, 0, 0, 0]]);
    line.network.loss = 0;
    line.console.write(b"b");
    line.run(Duration::ZERO);
    assert_eq!(line.headers(Role::Bmc), [[2, 0, 0, 0]]);
    // What comes next takes the answer to the key along.
    line.bmc.write(b"b");
    line.run(Duration::from_millis(99));
    assert_eq!(line.headers(Role::Bmc), [[3, 1, 1, 0]]);
    assert_eq!(line.console.read(100), b"login: ab");
}

#[test]
fn a_bmc_acknowledges_a_few_times_and_then_waits() {
    let mut line = Line::new(quick(), Config::console());
    line.console.write(b"a");
    line.run(Duration::ZERO);
    assert_eq!(line.headers(Role::Bmc), [[0, 1, 1, 0]]);
    line.run(ACK_INTERVAL - Duration::from_millis(1));
    assert!(line.headers(Role::Bmc).is_empty());
    line.run(Duration::from_secs(60));
    assert_eq!(line.headers(Role::Bmc), [[0, 1, 1, 0]; 2]);
    assert_eq!(line.bmc.poll_timeout(), None);

    // Whoever sends the next packet has had the answer to the one before.
    line.console.write(b"b");
    line.run(Duration::ZERO);
    line.console.write(b"c");
    line.run(Duration::from_secs(60));
    let answers = line.headers(Role::Bmc);
    assert_eq!(
        answers,
        [[0, 2, 1, 0], [0, 3, 1, 0], [0, 3, 1, 0], [0, 3, 1, 0]]
    );
}

#[test]
fn ipmitool_s_keep_alive_is_acknowledged() {
    let mut line = Line::new(quick(), Config::console());
    let empty = Packet {
        sequence: Some(Sequence::FIRST),
        ack: None,
        nack: false,
        control: Control::Operation(Operation::default()),
        data: &[],
    };
    line.bmc.handle(line.now, &empty);
    let mut out = Vec::new();
    line.bmc.poll_transmit(line.now).unwrap().encode(&mut out);
    assert_eq!(out, [0, 1, 0, 0]);
}

#[test]
fn a_repetition_may_bring_more_and_a_late_packet_brings_nothing() {
    let mut console = Port::new(Role::Console, Config::console());
    let mut hear = |number, data: &[u8]| {
        let packet = Packet {
            sequence: Sequence::new(number),
            ack: None,
            nack: false,
            control: Control::Status(Status::default()),
            data,
        };
        console.handle(Time::ORIGIN, &packet);
        let ack = console
            .poll_transmit(Time::ORIGIN)
            .and_then(|answer| answer.ack)
            .map(|ack| ack.accepted);
        (console.read(100), ack)
    };
    assert_eq!(hear(1, b"ab"), (vec![b'a', b'b'], Some(2)));
    assert_eq!(hear(1, b"abc"), (vec![b'c'], Some(3)));
    assert_eq!(hear(1, b"ab"), (vec![], Some(3)));
    assert_eq!(hear(2, b"d"), (vec![b'd'], Some(1)));
    assert_eq!(hear(1, b"abc"), (vec![], None), "the network is slow");
    assert_eq!(hear(5, b"e"), (vec![b'e'], Some(1)), "others were given up");
}

#[test]
fn buffers_are_bounded() {
    let mut port = Port::new(
        Role::Bmc,
        Config {
            send_buffer: 100,
            ..small(Config::bmc(), 100)
        },
    );
    assert_eq!(port.write(&[0; 1000]), 100);
    for number in 1..=15 {
        let packet = Packet {
            sequence: Sequence::new(number),
            ack: None,
            nack: false,
            control: Control::Operation(Operation {
                generate_break: true,
                ring: true,
                ..Operation::default()
            }),
            data: &[0; 50],
        };
        port.handle(Time::ORIGIN, &packet);
        port.send_break();
    }
    assert_eq!((port.readable(), port.room()), (100, 0));
    assert_eq!(core::iter::from_fn(|| port.poll_event()).count(), 2);
}

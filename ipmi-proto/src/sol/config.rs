//! How a port behaves.

use core::time::Duration;

use super::MAX_DATA;

/// The settings of a [`Port`](super::Port). [`Config::bmc`] and [`Config::console`] have good defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long bytes wait for others to go in the same packet (SOL parameter 3).
    pub accumulate: Duration,
    /// With how many bytes a packet goes off at once (SOL parameter 3).
    pub threshold: usize,
    /// After how long a packet is sent again that was not acknowledged (SOL parameter 4); the first time sooner where
    /// acknowledgements come fast: after four times as long as they take, but not within 100 ms,
    /// or 20 ms where the other end is heard meanwhile. The wait doubles after the second
    /// repetition, up to 16 times as long: what the other end lets in is only 15 packets ahead of the last it
    /// has seen, so an end that repeats too often would end the session that it wants to keep.
    pub retry_interval: Duration,
    /// How often a packet is sent again; its bytes are lost when that was in vain (SOL parameter 4). None: as
    /// long as the session lives.
    pub retries: Option<u32>,
    /// The most bytes in a packet, 1 to [`MAX_DATA`]; values outside count as the nearest.
    pub max_data: usize,
    /// How many bytes may wait for being sent.
    pub send_buffer: usize,
    /// How many bytes may wait for being read.
    pub receive_buffer: usize,
    /// How long a packet of which nothing fits is left without an answer. Must be shorter than the other end's
    /// patience; ipmitool has 1 s.
    pub hold: Duration,
    /// Whether such a packet is refused (NACK), so that the other end waits until there is room, or accepted with 0
    /// bytes, so that it tries again. See the [module](super) for why a BMC should not refuse.
    pub refuse_when_full: bool,
    /// How long to wait after a refusal before trying again. The other end should say when it has room; that message
    /// may be lost.
    pub probe: Duration,
    /// How long an acknowledgement waits for bytes that it can go along with, such as the echo of a key. ipmitool takes bytes
    /// that come without the acknowledgement that it waits for as one, and forgets a key that was lost on the way.
    pub ack_delay: Duration,
    /// How often an acknowledgement is sent once more, [`ACK_INTERVAL`] after the one before, unless the other end has
    /// sent a new packet by then. For an end that takes a new number when it sends the same bytes again, as ipmitool does:
    /// they can't be told from bytes that were typed twice, so what must not be lost is the acknowledgement.
    pub ack_repeats: u8,
}

/// How long after an acknowledgement it is sent once more ([`Config::ack_repeats`]). ipmitool waits for 1 s.
pub const ACK_INTERVAL: Duration = Duration::from_millis(250);

impl Config {
    /// The defaults for the BMC's end: what the machine prints within 20 ms goes into one packet.
    #[must_use]
    pub const fn bmc() -> Self {
        Self {
            accumulate: Duration::from_millis(20),
            threshold: MAX_DATA,
            retry_interval: Duration::from_millis(500),
            retries: None,
            max_data: MAX_DATA,
            send_buffer: 16 * 1024,
            receive_buffer: 4 * 1024,
            hold: Duration::from_millis(400),
            refuse_when_full: false,
            probe: Duration::from_secs(1),
            ack_delay: Duration::from_millis(100),
            ack_repeats: 2,
        }
    }

    /// The defaults for the console's end: every key goes off at once.
    #[must_use]
    pub const fn console() -> Self {
        Self {
            accumulate: Duration::ZERO,
            threshold: 1,
            send_buffer: 4 * 1024,
            receive_buffer: 16 * 1024,
            refuse_when_full: true,
            ack_delay: Duration::ZERO,
            ack_repeats: 0,
            ..Self::bmc()
        }
    }
}

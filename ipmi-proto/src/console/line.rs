//! The serial line inside an open session: the console's end of Serial over LAN.

use core::time::Duration;

use super::outbound::{Outbound, lower};
use super::{Config, Dropped, SolError};
use crate::Time;
use crate::command::Command as _;
use crate::command::app::{
    ActivatePayload, ActivatedPayload, DeactivatePayload, PayloadInstance, PayloadNumber,
    PayloadRequest, SerialAlerts, SolActivation,
};
use crate::sol::{self, HEADER_LEN, Packet, Port, Role, Sequence};
use crate::wire::DecodeError;

/// Asks for the first serial line, as ipmitool does.
pub(super) const ACTIVATE: ActivatePayload = ActivatePayload {
    instance: PayloadInstance::FIRST,
    payload: PayloadRequest::Sol(SolActivation {
        encrypted: true,
        authenticated: true,
        test_mode: false,
        alerts: SerialAlerts::Deferred,
        deferred_handshake: false,
    }),
};

/// Gives it back.
pub(super) const DEACTIVATE: DeactivatePayload = DeactivatePayload {
    payload: PayloadNumber::SOL,
    instance: PayloadInstance::FIRST,
};

/// A line that was activated. It stays, to be read to its end, when the BMC deactivates it.
pub(super) struct Line {
    pub(super) port: Port,
    /// The packet that waits for its acknowledgement, and the lowest session number that it was sent with.
    pending: Option<(Sequence, u32)>,
    /// The BMC's packet that was acknowledged last, and the lowest session number that the acknowledgement had.
    acknowledged: Option<(Sequence, u32)>,
}

impl Line {
    /// How long an open line may be silent where [`Config::keep_alive`] does not say: what ipmitool lets pass.
    pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

    /// The line that the BMC has agreed to.
    pub(super) fn new(config: sol::Config, agreed: &ActivatedPayload) -> Result<Self, SolError> {
        let inbound = usize::from(agreed.inbound_size).saturating_sub(HEADER_LEN);
        if inbound == 0 {
            return Err(SolError::Malformed {
                name: ActivatePayload::NAME,
                error: DecodeError::Invalid("inbound payload size"),
            });
        }
        let max_data = config.max_data.min(inbound);
        Ok(Self {
            port: Port::new(Role::Console, sol::Config { max_data, ..config }),
            pending: None,
            acknowledged: None,
        })
    }

    /// Takes a packet of the BMC's in, and tells the session numbers what the BMC has seen.
    pub(super) fn handle(
        &mut self,
        now: Time,
        payload: &[u8],
        outbound: &mut Outbound,
    ) -> Result<(), Dropped> {
        let packet = Packet::decode(payload, Role::Bmc)?;
        let acked = packet.ack.map(|ack| ack.sequence);
        if let Some((_, number)) = self
            .pending
            .take_if(|(sequence, _)| acked == Some(*sequence))
        {
            outbound.acknowledge(number);
        }
        // It sends the next packet because it has got the acknowledgement of the one before.
        if let Some((_, number)) = self
            .acknowledged
            .take_if(|(sequence, _)| packet.sequence == Some(sequence.next()))
        {
            outbound.acknowledge(number);
        }
        self.port.handle(now, &packet);
        Ok(())
    }

    /// The next packet, and the session number that it goes with.
    pub(super) fn poll_transmit(
        &mut self,
        now: Time,
        outbound: &mut Outbound,
    ) -> Option<(Packet<'_>, u32)> {
        let packet = self.port.poll_transmit(now)?;
        let number = outbound.next();
        let lowest = |known: &Option<(Sequence, u32)>, sequence| match known {
            Some((same, lowest)) if *same == sequence => lower(*lowest, number),
            _ => number,
        };
        match (packet.sequence, packet.ack) {
            (Some(sequence), _) => {
                self.pending = Some((sequence, lowest(&self.pending, sequence)));
            }
            (None, Some(ack)) => {
                let sequence = ack.sequence;
                self.acknowledged = Some((sequence, lowest(&self.acknowledged, sequence)));
            }
            (None, None) => {}
        }
        Some((packet, number))
    }

    /// When the line wants to be kept alive.
    pub(super) fn keep_alive(&self, config: &Config) -> Option<Duration> {
        let open = !self.port.is_closed();
        open.then(|| config.keep_alive.unwrap_or(Self::KEEP_ALIVE))
    }
}

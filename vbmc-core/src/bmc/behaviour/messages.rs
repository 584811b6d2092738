//! Messages and events from outside, §22 and §29. There is no other channel than LAN and no system interface, so nothing
//! is bridged and nothing ever waits to be fetched.

use ipmi_proto::CompletionCode;
use ipmi_proto::command::app::{GetMessage, MessageFlags, ReadEventMessageBuffer};
use ipmi_proto::command::sensor::{EventReceiver, SetEventReceiver};
use ipmi_proto::sdr::SensorOwner;

use super::{Outcome, ok, refuse};

/// Events go to this BMC's own log, and nowhere else.
const RECEIVER: EventReceiver = EventReceiver::Controller {
    address: SensorOwner::BMC.id,
    lun: SensorOwner::BMC.lun,
};

/// Get Message Flags, §22.4.
pub(super) fn flags() -> Outcome {
    ok(MessageFlags::default())
}

/// Clear Message Flags, §22.3. What it would empty is empty.
pub(super) fn clear_flags() -> Outcome {
    ok(())
}

/// Get Message, §22.6.
pub(super) fn get() -> Outcome {
    refuse(GetMessage::EMPTY.into())
}

/// Send Message, §22.7.
pub(super) fn send() -> Outcome {
    refuse(CompletionCode::DestinationUnavailable)
}

/// Read Event Message Buffer, §22.8.
pub(super) fn read_event_buffer() -> Outcome {
    refuse(ReadEventMessageBuffer::EMPTY.into())
}

/// Get Event Receiver, §29.2.
pub(super) fn event_receiver() -> Outcome {
    ok(RECEIVER)
}

/// Set Event Receiver, §29.1.
pub(super) fn set_event_receiver(request: SetEventReceiver) -> Outcome {
    if request.0 == RECEIVER {
        ok(())
    } else {
        refuse(CompletionCode::InvalidDataField)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::behaviour::testing::Bench;
    use ipmi_proto::command::Channel;
    use ipmi_proto::command::app::{ClearMessageFlags, GetMessageFlags, SendMessage, Tracking};
    use ipmi_proto::command::sensor::{GetEventReceiver, PlatformEvent};
    use ipmi_proto::command::storage::{GetSelEntry, ReservationId};
    use ipmi_proto::sdr::{EventReadingType, SensorNumber, SensorType};
    use ipmi_proto::sel::{
        Direction, Entry, Event, EventData, EventSource, EvmRevision, Record, RecordId,
    };
    use ipmi_proto::wire::Decode as _;

    #[tokio::test]
    async fn nothing_waits_and_nothing_is_passed_on() {
        let mut bench = Bench::new();
        let flags = bench.ask(GetMessageFlags).unwrap();
        assert_eq!(flags, MessageFlags::default());
        assert_eq!(bench.ask(ClearMessageFlags(flags)), Ok(()));
        let empty = bench.ask(GetMessage).unwrap_err();
        assert_eq!(empty, GetMessage::EMPTY.into());
        let empty = bench.ask(ReadEventMessageBuffer).unwrap_err();
        assert_eq!(empty, ReadEventMessageBuffer::EMPTY.into());
        let send = SendMessage {
            channel: Channel::IPMB,
            tracking: Tracking::Request,
            encrypted: false,
            authenticated: false,
            data: vec![0x20, 0x18, 0xC8],
        };
        let refused = Err(CompletionCode::DestinationUnavailable);
        assert_eq!(bench.ask(send), refused);
    }

    #[tokio::test]
    async fn events_go_to_this_bmc_alone() {
        let mut bench = Bench::new();
        let receiver = bench.ask(GetEventReceiver).unwrap();
        assert_eq!(bench.ask(SetEventReceiver(receiver)), Ok(()));
        let refused = Err(CompletionCode::InvalidDataField);
        let nowhere = SetEventReceiver(EventReceiver::Disabled);
        assert_eq!(bench.ask(nowhere), refused);
    }

    #[tokio::test]
    async fn a_platform_event_is_logged_with_who_sent_it() {
        let mut bench = Bench::new();
        let event = Event {
            revision: EvmRevision::CURRENT,
            sensor_type: SensorType::TEMPERATURE,
            sensor: SensorNumber(0x30),
            direction: Direction::Assertion,
            kind: EventReadingType::THRESHOLD,
            data: EventData([0x59, 0, 0]),
        };
        for (generator, source) in [
            (None, EventSource::Software(0x40)),
            (Some(0x41), EventSource::Software(0x20)),
        ] {
            bench
                .change(PlatformEvent { generator, event })
                .await
                .unwrap();
            let last = GetSelEntry {
                reservation: ReservationId::NONE,
                record: RecordId::LAST,
                offset: 0,
                count: GetSelEntry::ALL,
            };
            let part = bench.ask(last).unwrap();
            let Entry::System {
                generator,
                event: logged,
                ..
            } = Record::decode(&part.data).unwrap().entry
            else {
                panic!("a system event")
            };
            assert_eq!((generator.source(), logged), (source, event));
        }
    }
}

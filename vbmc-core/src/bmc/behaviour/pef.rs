//! Platform event filtering (PEF), §30: tables that consoles write and read back.
//!
//! No filter leads to anything, and the capabilities say so: there are no actions. Alert Immediate and PET Acknowledge do
//! not exist, since no alerts are sent.

use std::collections::BTreeMap;
use std::time::Duration;

use ipmi_proto::CompletionCode;
use ipmi_proto::command::sensor::{
    AlertStringKeys, ArmPefPostponeTimer, EventProcessor, GetPefConfigurationParameters,
    PefActions, PefCapabilities, PefConfiguration, PefParameter, PefPostponement, PefSelector,
    ProcessedEvents, SetLastProcessedEventId, SetPefConfigurationParameters,
};
use ipmi_proto::sel::RecordId;
use ipmi_proto::wire::Encode as _;
use tokio::time::Instant;

use super::channel::LAN;
use super::{Asker, Behaviour, Outcome, answer, ok, refuse};

/// How many event filters there are.
const FILTERS: u8 = 16;
/// How many alert policy entries there are.
const POLICIES: u8 = 4;

/// An event filter that nobody has set.
const FILTER: [u8; 20] = [0; 20];
/// An alert policy entry that nobody has set: not in use. Clients ask for the destinations of its channel, so it is one
/// that exists.
const POLICY: [u8; 3] = [0, LAN.number() << 4, 0];
/// The length of a block of an alert string.
const STRING_BLOCK: usize = 16;
/// The length of the GUID parameter.
const GUID_LEN: usize = 17;

/// Until when filtering is held off. It would do nothing, but consoles are told what they have asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Postponed {
    Until(Instant),
    Endlessly,
}

/// Get PEF Capabilities, §30.1.
pub(super) fn capabilities() -> Outcome {
    ok(PefCapabilities {
        actions: PefActions::default(),
        oem_records: false,
        filters: FILTERS,
    })
}

impl Behaviour {
    /// Arm PEF Postpone Timer, §30.2.
    pub(super) fn postpone_pef(&mut self, request: ArmPefPostponeTimer) -> Outcome {
        let now = Instant::now();
        match request {
            ArmPefPostponeTimer::Disable => self.pef_postponed = None,
            ArmPefPostponeTimer::Seconds(seconds) => {
                let end = now + Duration::from_secs(seconds.into());
                self.pef_postponed = Some(Postponed::Until(end));
            }
            ArmPefPostponeTimer::DisablePef => self.pef_postponed = Some(Postponed::Endlessly),
            ArmPefPostponeTimer::GetRemaining => {}
        }
        ok(match self.pef_postponed {
            None => PefPostponement::NONE,
            Some(Postponed::Endlessly) => PefPostponement::ENDLESS,
            Some(Postponed::Until(end)) => {
                let left = end
                    .saturating_duration_since(now)
                    .as_millis()
                    .div_ceil(1000);
                PefPostponement::seconds(left.try_into().unwrap_or(u8::MAX))
            }
        })
    }

    /// Get PEF Configuration Parameters, §30.4.
    pub(super) fn pef_parameter(&self, request: &GetPefConfigurationParameters) -> Outcome {
        match self.pef_value(request) {
            // Whether there is such an entry does not matter to the revision.
            Ok(_) | Err(CompletionCode::ParameterOutOfRange) if request.revision_only => {
                ok(PefConfiguration::REVISION)
            }
            Ok(data) => ok(PefConfiguration { data }),
            Err(code) => refuse(code),
        }
    }

    fn pef_value(
        &self,
        request: &GetPefConfigurationParameters,
    ) -> Result<Vec<u8>, CompletionCode> {
        let GetPefConfigurationParameters {
            selector,
            set,
            block,
            ..
        } = *request;
        let pef = &self.kept.now().pef;
        let single = |len| {
            let kept = pef.parameters.get(&selector.number()).cloned();
            kept.unwrap_or_else(|| vec![0; len])
        };
        Ok(match selector {
            PefSelector::SET_IN_PROGRESS => vec![self.pef_turn.state() as u8],
            PefSelector::CONTROL
            | PefSelector::ACTION_CONTROL
            | PefSelector::STARTUP_DELAY
            | PefSelector::ALERT_STARTUP_DELAY => single(1),
            PefSelector::SYSTEM_GUID => single(GUID_LEN),
            PefSelector::EVENT_FILTER_COUNT => vec![FILTERS],
            PefSelector::EVENT_FILTER => entry(&pef.filters, set, FILTERS, &FILTER)?,
            PefSelector::EVENT_FILTER_CONFIGURATION => {
                let mut entry = entry(&pef.filters, set, FILTERS, &FILTER)?;
                // The number, and the first byte of the filter.
                entry.truncate(2);
                entry
            }
            PefSelector::ALERT_POLICY_COUNT => vec![POLICIES],
            PefSelector::ALERT_POLICY => entry(&pef.policies, set, POLICIES, &POLICY)?,
            PefSelector::ALERT_STRING_COUNT | PefSelector::GROUP_CONTROL_COUNT => vec![0],
            // The volatile string is always there, as none.
            PefSelector::ALERT_STRING_KEYS if set == 0 => vec![0; 3],
            PefSelector::ALERT_STRING if set == 0 && block == 1 => {
                let mut string = vec![set, block];
                string.resize(2 + STRING_BLOCK, 0);
                string
            }
            PefSelector::ALERT_STRING_KEYS | PefSelector::ALERT_STRING => {
                return Err(CompletionCode::ParameterOutOfRange);
            }
            _ => return Err(GetPefConfigurationParameters::NOT_SUPPORTED.into()),
        })
    }

    /// Set PEF Configuration Parameters, §30.3.
    pub(super) fn set_pef_parameter(
        &mut self,
        request: &SetPefConfigurationParameters,
        asker: &Asker,
    ) -> Outcome {
        if !self.pef_turn.admits(asker) {
            return refuse(SetPefConfigurationParameters::SET_IN_PROGRESS.into());
        }
        let parameter = &request.0;
        let mut value = Vec::new();
        parameter.encode(&mut value);
        let selector = parameter.selector().number();
        let missing = |number: u8, count| !(1..=count).contains(&number);
        match parameter {
            PefParameter::SetInProgress(state) => {
                self.pef_turn.set(*state, asker);
                ok(())
            }
            PefParameter::Control(_)
            | PefParameter::ActionControl(_)
            | PefParameter::StartupDelay(_)
            | PefParameter::AlertStartupDelay(_)
            | PefParameter::SystemGuid(_) => self.change_state(
                asker,
                |state| {
                    state.pef.parameters.insert(selector, value);
                },
                |_| answer(Ok(())),
            ),
            PefParameter::EventFilter(number, _)
            | PefParameter::EventFilterConfiguration(number, _)
                if missing(*number, FILTERS) =>
            {
                refuse(CompletionCode::ParameterOutOfRange)
            }
            PefParameter::AlertPolicy(number, _) if missing(*number, POLICIES) => {
                refuse(CompletionCode::ParameterOutOfRange)
            }
            PefParameter::EventFilter(number, _)
            | PefParameter::EventFilterConfiguration(number, _) => {
                let number = *number;
                self.change_state(
                    asker,
                    |state| {
                        let filters = &mut state.pef.filters;
                        let filter = filters.entry(number).or_insert_with(|| FILTER.to_vec());
                        for (to, from) in filter.iter_mut().zip(value.iter().skip(1)) {
                            *to = *from;
                        }
                    },
                    |_| answer(Ok(())),
                )
            }
            PefParameter::AlertPolicy(number, _) => {
                let number = *number;
                self.change_state(
                    asker,
                    |state| {
                        let policy = value.split_off(1);
                        state.pef.policies.insert(number, policy);
                    },
                    |_| answer(Ok(())),
                )
            }
            // Clients write back what they have read: that there is no string.
            PefParameter::AlertStringKeys(0, AlertStringKeys { filter: 0, set: 0 }) => ok(()),
            PefParameter::AlertString {
                number: 0, data, ..
            } if data.iter().all(|byte| *byte == 0) => ok(()),
            PefParameter::EventFilterCount(_)
            | PefParameter::AlertPolicyCount(_)
            | PefParameter::AlertStringCount(_)
            | PefParameter::GroupControlCount(_)
            | PefParameter::AlertStringKeys(..)
            | PefParameter::AlertString { .. } => {
                refuse(SetPefConfigurationParameters::READ_ONLY.into())
            }
            PefParameter::Other { .. } => {
                refuse(SetPefConfigurationParameters::NOT_SUPPORTED.into())
            }
        }
    }

    /// Get Last Processed Event ID, §30.6.
    pub(super) fn processed_events(&self) -> Outcome {
        let pef = &self.kept.now().pef;
        let (newest, added) = self.newest_event();
        ok(ProcessedEvents {
            added,
            newest,
            by_software: RecordId(pef.by_software),
            by_bmc: RecordId(pef.by_bmc),
        })
    }

    /// Set Last Processed Event ID, §30.5.
    pub(super) fn set_processed_event(
        &mut self,
        request: &SetLastProcessedEventId,
        asker: &Asker,
    ) -> Outcome {
        let SetLastProcessedEventId { processor, record } = *request;
        self.change_state(
            asker,
            |state| {
                let last = match processor {
                    EventProcessor::Software => &mut state.pef.by_software,
                    EventProcessor::Bmc => &mut state.pef.by_bmc,
                };
                *last = record.0;
            },
            |_| answer(Ok(())),
        )
    }
}

/// An entry of a table behind its number.
fn entry(
    table: &BTreeMap<u8, Vec<u8>>,
    number: u8,
    count: u8,
    unset: &[u8],
) -> Result<Vec<u8>, CompletionCode> {
    if !(1..=count).contains(&number) {
        return Err(CompletionCode::ParameterOutOfRange);
    }
    let mut entry = vec![number];
    entry.extend(table.get(&number).map_or(unset, Vec::as_slice));
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::behaviour::testing::Bench;
    use crate::bmc::behaviour::turn::HOLD;
    use ipmi_proto::command::SetInProgress;
    use ipmi_proto::command::sensor::{
        AlertImmediate, AlertOperation, AlertPolicy, AlertPolicyKind, AlertStringChoice,
        EventFilter, FilterConfiguration, GetLastProcessedEventId, GetPefCapabilities, PefControl,
    };
    use ipmi_proto::command::{Channel, chassis::ChassisControl};
    use ipmi_proto::wire::Decode as _;

    fn read(
        bench: &mut Bench,
        selector: PefSelector,
        set: u8,
    ) -> Result<PefParameter, CompletionCode> {
        let request = GetPefConfigurationParameters {
            revision_only: false,
            selector,
            set,
            block: 1,
        };
        let answer = bench.ask(request)?;
        Ok(answer.parameter(selector).unwrap())
    }

    async fn write(bench: &mut Bench, parameter: PefParameter) -> Result<(), CompletionCode> {
        bench.change(SetPefConfigurationParameters(parameter)).await
    }

    #[tokio::test]
    async fn every_parameter_that_there_is_can_be_read_from_the_start() {
        let mut bench = Bench::new();
        let capabilities = bench.ask(GetPefCapabilities).unwrap();
        assert_eq!(capabilities.actions, PefActions::default());
        for selector in (0..=14).map(PefSelector::new) {
            let string = [PefSelector::ALERT_STRING, PefSelector::ALERT_STRING_KEYS];
            let set = u8::from(!string.contains(&selector));
            let read = read(&mut bench, selector, set).unwrap();
            assert_eq!(read.selector(), selector);
        }
        let filters = read(&mut bench, PefSelector::EVENT_FILTER_COUNT, 0);
        assert_eq!(
            filters,
            Ok(PefParameter::EventFilterCount(capabilities.filters))
        );
    }

    #[tokio::test]
    async fn tables_are_read_back_as_they_were_written_also_after_a_restart() {
        let mut bench = Bench::new();
        let mut filter = EventFilter::decode(&FILTER).unwrap();
        filter.configuration.enabled = true;
        filter.policy = 3;
        filter.generator = [0xFF; 2];
        let filter = PefParameter::EventFilter(16, filter);
        let policy = AlertPolicy {
            policy: 3,
            enabled: true,
            kind: AlertPolicyKind::Always,
            channel: Channel::new(1),
            destination: 1,
            event_specific_string: false,
            string: 0,
        };
        let policy = PefParameter::AlertPolicy(2, policy);
        let control = PefParameter::Control(PefControl {
            enabled: true,
            ..PefControl::default()
        });
        for parameter in [&filter, &policy, &control] {
            write(&mut bench, parameter.clone()).await.unwrap();
        }
        bench.settle_all().await;
        let mut bench = bench.restart();
        for (parameter, set) in [(&filter, 16), (&policy, 2), (&control, 0)] {
            let kept = read(&mut bench, parameter.selector(), set);
            assert_eq!(kept.as_ref(), Ok(parameter));
        }
        let off = FilterConfiguration {
            enabled: false,
            preconfigured: false,
        };
        let off = PefParameter::EventFilterConfiguration(16, off);
        write(&mut bench, off).await.unwrap();
        let PefParameter::EventFilter(_, filter) =
            read(&mut bench, PefSelector::EVENT_FILTER, 16).unwrap()
        else {
            panic!("an event filter")
        };
        assert_eq!((filter.configuration.enabled, filter.policy), (false, 3));
        bench.settle_all().await;
    }

    #[tokio::test]
    async fn what_is_not_there_is_refused() {
        let mut bench = Bench::new();
        let out_of_range = CompletionCode::ParameterOutOfRange;
        for set in [0, 17] {
            let filter = read(&mut bench, PefSelector::EVENT_FILTER, set);
            assert_eq!(filter, Err(out_of_range));
            let configuration = FilterConfiguration {
                enabled: true,
                preconfigured: false,
            };
            let parameter = PefParameter::EventFilterConfiguration(set, configuration);
            assert_eq!(write(&mut bench, parameter).await, Err(out_of_range));
        }
        let string = read(&mut bench, PefSelector::ALERT_STRING, 1);
        assert_eq!(string, Err(out_of_range));
        let group = read(&mut bench, PefSelector::GROUP_CONTROL, 1);
        let refused = GetPefConfigurationParameters::NOT_SUPPORTED;
        assert_eq!(group, Err(refused.into()));
        let read_only = SetPefConfigurationParameters::READ_ONLY.into();
        let string = |data: &[u8]| PefParameter::AlertString {
            number: 0,
            block: 1,
            data: data.to_vec(),
        };
        let count = PefParameter::EventFilterCount(3);
        assert_eq!(write(&mut bench, count).await, Err(read_only));
        assert_eq!(write(&mut bench, string(b"help!")).await, Err(read_only));
        assert_eq!(write(&mut bench, string(&[0; 16])).await, Ok(()));
        let alert = AlertImmediate {
            channel: Channel::new(1),
            destination: 1,
            operation: AlertOperation::Send,
            string: AlertStringChoice {
                send: false,
                number: 0,
            },
            event: None,
        };
        assert_eq!(bench.ask(alert), Err(CompletionCode::InvalidCommand));
    }

    #[tokio::test(start_paused = true)]
    async fn one_session_writes_at_a_time() {
        let mut bench = Bench::new();
        let begin = PefParameter::SetInProgress(SetInProgress::InProgress);
        write(&mut bench, begin.clone()).await.unwrap();
        bench.session = 2;
        let held = SetPefConfigurationParameters::SET_IN_PROGRESS.into();
        assert_eq!(write(&mut bench, begin.clone()).await, Err(held));
        tokio::time::advance(HOLD).await;
        assert_eq!(write(&mut bench, begin).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_postpone_timer_counts_down() {
        let mut bench = Bench::new();
        let left = |bench: &mut Bench| {
            let remaining = bench.ask(ArmPefPostponeTimer::GetRemaining);
            remaining.unwrap().remaining()
        };
        assert_eq!(left(&mut bench), Some(0));
        bench.ask(ArmPefPostponeTimer::Seconds(100)).unwrap();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(left(&mut bench), Some(40));
        bench.ask(ArmPefPostponeTimer::DisablePef).unwrap();
        assert_eq!(left(&mut bench), None);
        bench.ask(ArmPefPostponeTimer::Disable).unwrap();
        assert_eq!(left(&mut bench), Some(0));
    }

    #[tokio::test]
    async fn who_has_handled_which_event_is_kept() {
        let mut bench = Bench::new();
        let none = bench.ask(GetLastProcessedEventId).unwrap();
        assert_eq!(none.newest, RecordId::LAST, "the log is empty");
        bench.ask(ChassisControl::PowerUp).unwrap();
        let record = bench.ask(GetLastProcessedEventId).unwrap().newest;
        assert_ne!(record, RecordId::LAST);
        let processor = EventProcessor::Software;
        let set = SetLastProcessedEventId { processor, record };
        bench.change(set).await.unwrap();
        bench.settle_all().await;
        let kept = bench.restart().ask(GetLastProcessedEventId).unwrap();
        assert_eq!((kept.by_software, kept.newest), (record, record));
    }
}

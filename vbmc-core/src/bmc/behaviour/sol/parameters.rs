//! SOL configuration parameters, §26.2 and §26.3.

use std::time::Duration;

use ipmi_proto::command::transport::{
    BitRate, GetSolConfigurationParameters, SetSolConfigurationParameters, SolAccumulation,
    SolAuthentication, SolParameter, SolRetry, SolSelector,
};
use ipmi_proto::command::{ParameterData, SetInProgress};
use ipmi_proto::sol::{self, MAX_DATA};
use ipmi_proto::{CompletionCode, Privilege};

use crate::bmc::behaviour::{Asker, Behaviour, Outcome, Sessions, answer, channel, ok, refuse};
use crate::bmc::{SolState, State};

/// What is set until the BMC restarts.
#[derive(Debug, Default)]
pub(super) struct Volatile {
    /// The session that writes parameters which belong together.
    writer: Option<u32>,
    /// The bit rate in use; none: the one that is kept.
    bit_rate: Option<BitRate>,
}

/// The serial port of a session, as the parameters have it.
pub(super) fn port_config(state: &SolState) -> sol::Config {
    sol::Config {
        accumulate: Duration::from_millis(5) * u32::from(state.accumulate_interval),
        threshold: usize::from(state.accumulate_threshold).clamp(1, MAX_DATA),
        retry_interval: Duration::from_millis(10) * u32::from(state.retry_interval.max(1)),
        retries: Some(u32::from(state.retry_count)),
        ..sol::Config::bmc()
    }
}

impl Behaviour {
    /// Get SOL Configuration Parameters, §26.3.
    pub(in crate::bmc::behaviour) fn sol_parameter(
        &self,
        request: &GetSolConfigurationParameters,
        sessions: &dyn Sessions,
    ) -> Outcome {
        if let Err(code) = channel::check(request.channel) {
            return refuse(code);
        }
        if request.revision_only {
            return ok(ParameterData::REVISION);
        }
        match self.sol_value(request.selector, sessions) {
            Some(parameter) => ok(ParameterData::from(&parameter)),
            None => refuse(GetSolConfigurationParameters::NOT_SUPPORTED.into()),
        }
    }

    fn sol_value(&self, selector: SolSelector, sessions: &dyn Sessions) -> Option<SolParameter> {
        let state = &self.kept.now().sol;
        Some(match selector {
            SolSelector::SET_IN_PROGRESS => {
                SolParameter::SetInProgress(match self.sol_writer(sessions) {
                    Some(_) => SetInProgress::InProgress,
                    None => SetInProgress::Complete,
                })
            }
            SolSelector::ENABLE => SolParameter::Enable(state.enabled),
            SolSelector::AUTHENTICATION => SolParameter::Authentication(SolAuthentication {
                force_encryption: state.force_encryption,
                force_authentication: state.force_authentication,
                privilege: Privilege::from_bits(state.privilege).unwrap_or(Privilege::Operator),
            }),
            SolSelector::ACCUMULATION => SolParameter::Accumulation(SolAccumulation {
                interval: state.accumulate_interval,
                threshold: state.accumulate_threshold,
            }),
            SolSelector::RETRY => SolParameter::Retry(SolRetry {
                count: state.retry_count,
                interval: state.retry_interval,
            }),
            SolSelector::NON_VOLATILE_BIT_RATE => SolParameter::NonVolatileBitRate(kept(state)),
            SolSelector::VOLATILE_BIT_RATE => {
                let rate = self.sol.parameters.bit_rate;
                SolParameter::VolatileBitRate(rate.unwrap_or_else(|| kept(state)))
            }
            SolSelector::PAYLOAD_CHANNEL => SolParameter::PayloadChannel(channel::LAN),
            SolSelector::PAYLOAD_PORT => SolParameter::PayloadPort(self.settings.listen.port()),
            _ => return None,
        })
    }

    /// The session that holds "set in progress". One that has ended holds nothing.
    fn sol_writer(&self, sessions: &dyn Sessions) -> Option<u32> {
        let writer = self.sol.parameters.writer;
        writer.filter(|session| sessions.is_active(*session))
    }

    /// Set SOL Configuration Parameters, §26.2. What is written holds at once for the next activation.
    pub(in crate::bmc::behaviour) fn set_sol_parameter(
        &mut self,
        request: &SetSolConfigurationParameters,
        asker: &Asker,
        sessions: &dyn Sessions,
    ) -> Outcome {
        if let Err(code) = channel::check(request.channel) {
            return refuse(code);
        }
        match self.write_sol_parameter(&request.parameter, asker, sessions) {
            Ok(Some(change)) => self.change_state(asker, change, |_| answer(Ok(()))),
            Ok(None) => ok(()),
            Err(code) => refuse(code),
        }
    }

    /// Takes a parameter; gives back what is to be kept of it.
    fn write_sol_parameter(
        &mut self,
        parameter: &SolParameter,
        asker: &Asker,
        sessions: &dyn Sessions,
    ) -> Result<Option<impl FnOnce(&mut State) + use<>>, CompletionCode> {
        type Set = SetSolConfigurationParameters;
        let writer = self.sol_writer(sessions);
        let mut new = self.kept.now().sol.clone();
        match *parameter {
            SolParameter::SetInProgress(wanted) => {
                if writer.is_some_and(|writer| Some(writer) != asker.session()) {
                    return Err(Set::SET_IN_PROGRESS.into());
                }
                // What was written has taken effect already: there is nothing to commit, and nothing to roll back.
                self.sol.parameters.writer = match wanted {
                    SetInProgress::InProgress => asker.session(),
                    SetInProgress::Complete | SetInProgress::Commit => None,
                };
                return Ok(None);
            }
            SolParameter::VolatileBitRate(rate) => {
                self.sol.parameters.bit_rate = Some(rate);
                return Ok(None);
            }
            SolParameter::Enable(enabled) => new.enabled = enabled,
            SolParameter::Authentication(authentication) => {
                new.force_encryption = authentication.force_encryption;
                new.force_authentication = authentication.force_authentication;
                new.privilege = authentication.privilege.bits();
            }
            SolParameter::Accumulation(SolAccumulation { interval: 0, .. }) => {
                return Err(CompletionCode::InvalidDataField);
            }
            SolParameter::Accumulation(accumulation) => {
                new.accumulate_interval = accumulation.interval;
                new.accumulate_threshold = accumulation.threshold;
            }
            SolParameter::Retry(retry) => {
                new.retry_count = retry.count;
                new.retry_interval = retry.interval;
            }
            // The line has no speed; consoles that set one are content to read it back.
            SolParameter::NonVolatileBitRate(rate) => new.bit_rate = rate as u8,
            SolParameter::PayloadChannel(_) | SolParameter::PayloadPort(_) => {
                return Err(Set::READ_ONLY.into());
            }
            SolParameter::Other { .. } => return Err(Set::NOT_SUPPORTED.into()),
        }
        Ok(Some(move |state: &mut State| state.sol = new))
    }
}

/// The bit rate that is kept.
fn kept(state: &SolState) -> BitRate {
    let rate = SolParameter::decode_value(SolSelector::NON_VOLATILE_BIT_RATE, &[state.bit_rate]);
    match rate {
        Ok(SolParameter::NonVolatileBitRate(rate)) => rate,
        _ => BitRate::Bps115200,
    }
}

//! Which function serves which request. A new command gets its line here, and its function in the file of its group.

use ipmi_proto::CompletionCode;
use ipmi_proto::command::Request;
use ipmi_proto::command::app::SelfTest;
use ipmi_proto::command::sensor::GetDeviceSdr;

use super::sensors::{self, repository};
use super::sol::access;
use super::{
    Asker, Behaviour, Outcome, Sessions, app, channel, chassis, fru, messages, ok, pef, refuse,
};

impl Behaviour {
    /// Carries a request out, or starts to.
    pub(in crate::bmc) fn handle(
        &mut self,
        request: &Request,
        asker: &Asker,
        sessions: &dyn Sessions,
    ) -> Outcome {
        for turn in [&mut self.info_turn, &mut self.pef_turn, &mut self.lan_turn] {
            turn.release_abandoned(sessions);
        }
        let outcome = match request {
            Request::GetDeviceId(_) => ok(app::device_id()),
            Request::ColdReset(_) => self.cold_reset(),
            Request::WarmReset(_) => self.warm_reset(asker),
            Request::GetSelfTestResults(_) => ok(SelfTest::Passed),
            Request::GetAcpiPowerState(_) => self.acpi_power_state(asker),
            Request::GetDeviceGuid(_) | Request::GetSystemGuid(_) => self.guid(asker),
            Request::SetBmcGlobalEnables(request) => self.set_global_enables(request),
            Request::GetBmcGlobalEnables(_) => ok(self.app.enables),

            Request::ClearMessageFlags(_) => messages::clear_flags(),
            Request::GetMessageFlags(_) => messages::flags(),
            Request::GetMessage(_) => messages::get(),
            Request::SendMessage(_) => messages::send(),
            Request::ReadEventMessageBuffer(_) => messages::read_event_buffer(),

            Request::SetWatchdogTimer(request) => self.set_watchdog(request),
            Request::ResetWatchdogTimer(_) => self.reset_watchdog(),
            Request::GetWatchdogTimer(_) => self.watchdog_timer(),

            Request::SetChannelSecurityKeys(request) => self.channel_key(request, asker),
            Request::SetChannelAccess(request) => self.set_channel_access(request, asker),
            Request::GetChannelAccess(request) => self.channel_access(request),
            Request::GetChannelInfo(request) => channel::info(request, sessions),

            Request::SetUserAccess(request) => self.set_user_access(request, asker),
            Request::GetUserAccess(request) => self.user_access(request),
            Request::SetUserName(request) => self.set_user_name(request, asker),
            Request::GetUserName(request) => self.user_name(request),
            Request::SetUserPassword(request) => self.set_user_password(request, asker),

            Request::ActivatePayload(request) => self.activate_payload(request, asker, sessions),
            Request::DeactivatePayload(request) => {
                self.deactivate_payload(request, asker, sessions)
            }
            Request::GetPayloadActivationStatus(request) => self.payload_status(request, sessions),
            Request::GetPayloadInstanceInfo(request) => self.payload_instance(request, sessions),
            Request::SetUserPayloadAccess(request) => self.set_payload_access(request, asker),
            Request::GetUserPayloadAccess(request) => self.payload_access(request),
            Request::GetChannelPayloadSupport(request) => access::support(request),
            Request::GetChannelPayloadVersion(request) => access::version(request),
            Request::GetChannelOemPayloadInfo(request) => access::oem_payload(request),
            Request::SuspendResumePayloadEncryption(request) => {
                self.payload_encryption(request, asker, sessions)
            }

            Request::GetSystemInfoParameters(request) => self.info_parameter(request, asker),
            Request::SetSystemInfoParameters(request) => self.set_info_parameter(request, asker),

            Request::GetChassisCapabilities(_) => ok(self.chassis.capabilities()),
            Request::SetChassisCapabilities(request) => self.set_chassis_capabilities(request),
            Request::GetChassisStatus(_) => self.chassis_status(asker),
            Request::ChassisControl(control) => self.chassis_control(*control, asker),
            Request::ChassisIdentify(request) => self.identify(*request),
            Request::SetPowerCycleInterval(request) => chassis::power_cycle_interval(*request),
            Request::GetSystemRestartCause(_) => self.restart_cause(asker),
            Request::GetPohCounter(_) => self.poh_counter(asker),
            Request::SetPowerRestorePolicy(request) => self.power_restore_policy(request, asker),
            Request::SetSystemBootOptions(request) => {
                self.set_boot_options(request, asker, sessions)
            }
            Request::GetSystemBootOptions(request) => self.boot_options(request, asker, sessions),

            Request::GetLanConfigurationParameters(request) => self.lan_parameter(request, asker),
            Request::SetLanConfigurationParameters(request) => {
                self.set_lan_parameter(request, asker)
            }
            Request::SetSolConfigurationParameters(request) => {
                self.set_sol_parameter(request, asker, sessions)
            }
            Request::GetSolConfigurationParameters(request) => {
                self.sol_parameter(request, sessions)
            }

            Request::GetSelInfo(_) => self.sel_info(),
            Request::GetSelAllocationInfo(_) => self.sel_allocation(),
            Request::ReserveSel(_) => self.reserve_sel(),
            Request::GetSelEntry(request) => self.sel_entry(request),
            Request::AddSelEntry(request) => self.add_sel_entry(request, asker),
            Request::DeleteSelEntry(request) => self.delete_sel_entry(request, asker),
            Request::ClearSel(request) => self.clear_sel(request, asker),
            Request::GetSelTime(_) => self.sel_time(),
            Request::SetSelTime(request) => self.set_sel_time(request.0),
            Request::GetSelTimeUtcOffset(_) => self.sel_utc_offset(),
            Request::SetSelTimeUtcOffset(request) => self.set_sel_utc_offset(request, asker),

            Request::GetSdrRepositoryInfo(_) => repository::info(),
            Request::GetSdrRepositoryAllocationInfo(_) => repository::allocation(),
            Request::ReserveSdrRepository(_) | Request::ReserveDeviceSdrRepository(_) => {
                repository::reserve()
            }
            Request::GetSdr(request) | Request::GetDeviceSdr(GetDeviceSdr(request)) => {
                repository::part(request)
            }
            Request::GetSdrRepositoryTime(_) => self.sel_time(),
            Request::SetSdrRepositoryTime(request) => self.set_sel_time(request.0),
            Request::GetDeviceSdrInfo(request) => repository::device_info(*request),

            Request::GetFruInventoryAreaInfo(request) => self.fru_info(request.device, asker),
            Request::ReadFruData(request) => self.read_fru(*request, asker),
            Request::WriteFruData(request) => fru::write(request),

            Request::SetEventReceiver(request) => messages::set_event_receiver(*request),
            Request::GetEventReceiver(_) => messages::event_receiver(),
            Request::PlatformEvent(request) => self.platform_event(request, asker),

            Request::GetPefCapabilities(_) => pef::capabilities(),
            Request::ArmPefPostponeTimer(request) => self.postpone_pef(*request),
            Request::GetPefConfigurationParameters(request) => self.pef_parameter(request),
            Request::SetPefConfigurationParameters(request) => {
                self.set_pef_parameter(request, asker)
            }
            Request::GetLastProcessedEventId(_) => self.processed_events(),
            Request::SetLastProcessedEventId(request) => self.set_processed_event(request, asker),

            Request::GetSensorReading(request) => self.sensor_reading(request, asker),
            Request::GetSensorReadingFactors(request) => sensors::factors(request),
            Request::GetSensorThresholds(request) => self.sensor_thresholds(request.sensor),
            Request::SetSensorThresholds(request) => self.set_sensor_thresholds(request, asker),
            Request::GetSensorHysteresis(request) => self.sensor_hysteresis(request.sensor),
            Request::SetSensorHysteresis(request) => self.set_sensor_hysteresis(request, asker),
            Request::GetSensorEventEnable(request) => self.sensor_event_enable(request.sensor),
            Request::SetSensorEventEnable(request) => self.set_sensor_event_enable(request, asker),
            Request::GetSensorEventStatus(request) => self.sensor_event_status(request.sensor),
            Request::RearmSensorEvents(request) => self.rearm_sensor(request),
            Request::GetSensorType(request) => sensors::kind(request.sensor),

            _ => refuse(CompletionCode::InvalidCommand),
        };
        if let Outcome::Answered(answer) = &outcome {
            self.log(asker, answer);
        }
        outcome
    }
}

/// Whether a command changes the machine or the BMC: those are logged with who sent them.
pub(super) fn changes(request: &Request) -> bool {
    matches!(
        request,
        Request::ColdReset(_)
            | Request::WarmReset(_)
            | Request::SetBmcGlobalEnables(_)
            | Request::SetChannelAccess(_)
            | Request::SetUserAccess(_)
            | Request::SetUserName(_)
            | Request::SetUserPassword(_)
            | Request::ActivatePayload(_)
            | Request::DeactivatePayload(_)
            | Request::SetUserPayloadAccess(_)
            | Request::SetSolConfigurationParameters(_)
            | Request::ChassisControl(_)
            | Request::ChassisIdentify(_)
            | Request::SetChassisCapabilities(_)
            | Request::SetPowerCycleInterval(_)
            | Request::SetPowerRestorePolicy(_)
            | Request::SetSystemBootOptions(_)
            | Request::SetWatchdogTimer(_)
            | Request::SetChannelSecurityKeys(_)
            | Request::SetLanConfigurationParameters(_)
            | Request::AddSelEntry(_)
            | Request::DeleteSelEntry(_)
            | Request::ClearSel(_)
            | Request::SetSelTimeUtcOffset(_)
            | Request::SetSystemInfoParameters(_)
            | Request::WriteFruData(_)
            | Request::PlatformEvent(_)
            | Request::SetPefConfigurationParameters(_)
            | Request::SetLastProcessedEventId(_)
            | Request::SetSensorThresholds(_)
            | Request::SetSensorHysteresis(_)
            | Request::SetSensorEventEnable(_)
            | Request::RearmSensorEvents(_)
    )
}

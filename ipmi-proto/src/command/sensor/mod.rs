//! Sensor and event commands, NetFn 04h: events (§29), platform event filtering (§30) and sensors (§35).
//!
//! What sensors are, and what events say, has its form in [`sdr`](crate::sdr) and [`sel`](crate::sel).

mod alert_immediate;
mod alert_policy;
mod arm_pef_postpone_timer;
mod event_filter;
mod event_masks;
mod event_receiver;
mod get_device_sdr;
mod get_device_sdr_info;
mod get_event_receiver;
mod get_last_processed_event_id;
mod get_pef_capabilities;
mod get_pef_configuration_parameters;
mod get_sensor_event_enable;
mod get_sensor_event_status;
mod get_sensor_hysteresis;
mod get_sensor_reading;
mod get_sensor_reading_factors;
mod get_sensor_thresholds;
mod get_sensor_type;
mod pef_actions;
mod pef_parameter;
mod pet_acknowledge;
mod platform_event;
mod rearm_sensor_events;
mod reserve_device_sdr_repository;
mod set_event_receiver;
mod set_last_processed_event_id;
mod set_pef_configuration_parameters;
mod set_sensor_event_enable;
mod set_sensor_hysteresis;
mod set_sensor_thresholds;

pub use alert_immediate::{
    AlertEvent, AlertImmediate, AlertOperation, AlertProgress, AlertState, AlertStringChoice,
};
pub use alert_policy::{AlertPolicy, AlertPolicyKind};
pub use arm_pef_postpone_timer::{ArmPefPostponeTimer, PefPostponement};
pub use event_filter::{DataMatch, EventFilter, EventSeverity, FilterConfiguration};
pub use event_masks::EventMasks;
pub use event_receiver::EventReceiver;
pub use get_device_sdr::GetDeviceSdr;
pub use get_device_sdr_info::{DeviceSdrInfo, GetDeviceSdrInfo, SensorPopulation};
pub use get_event_receiver::GetEventReceiver;
pub use get_last_processed_event_id::{GetLastProcessedEventId, ProcessedEvents};
pub use get_pef_capabilities::{GetPefCapabilities, PefCapabilities};
pub use get_pef_configuration_parameters::{GetPefConfigurationParameters, PefConfiguration};
pub use get_sensor_event_enable::{GetSensorEventEnable, SensorEventEnables};
pub use get_sensor_event_status::{GetSensorEventStatus, SensorEventStatus};
pub use get_sensor_hysteresis::GetSensorHysteresis;
pub use get_sensor_reading::{GetSensorReading, SensorReading, SensorState};
pub use get_sensor_reading_factors::{GetSensorReadingFactors, SensorReadingFactors};
pub use get_sensor_thresholds::GetSensorThresholds;
pub use get_sensor_type::{GetSensorType, TypeOfSensor};
pub use pef_actions::PefActions;
pub use pef_parameter::{AlertStringKeys, PefControl, PefParameter, PefSelector, PefSystemGuid};
pub use pet_acknowledge::PetAcknowledge;
pub use platform_event::PlatformEvent;
pub use rearm_sensor_events::{Rearm, RearmSensorEvents};
pub use reserve_device_sdr_repository::ReserveDeviceSdrRepository;
pub use set_event_receiver::SetEventReceiver;
pub use set_last_processed_event_id::{EventProcessor, SetLastProcessedEventId};
pub use set_pef_configuration_parameters::SetPefConfigurationParameters;
pub use set_sensor_event_enable::{EnableChange, SetSensorEventEnable};
pub use set_sensor_hysteresis::SetSensorHysteresis;
pub use set_sensor_thresholds::SetSensorThresholds;

use crate::sdr::SensorNumber;
use crate::wire::{DecodeError, Reader};

/// Reads a request that holds the number of a sensor only.
fn sensor_alone(input: &[u8]) -> Result<SensorNumber, DecodeError> {
    let mut r = Reader::new(input);
    let sensor = SensorNumber(r.u8()?);
    r.finish()?;
    Ok(sensor)
}

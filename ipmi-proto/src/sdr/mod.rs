//! Sensor data records (SDR), §43: what a BMC says of its sensors and devices, and the vocabulary in it.
//!
//! A BMC builds a [`Record`] for each sensor, a console reads it. The commands that carry records and readings are in
//! [`command::storage`](crate::command::storage) and [`command::sensor`](crate::command::sensor).

/// A newtype of a byte whose values have names in a table of the specification's.
macro_rules! named_codes {
    ($(#[$doc:meta])+ $type:ident { $( $name:ident = $value:literal, $text:literal; )+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub u8);

        impl $type {
            $(
                #[doc = concat!($text, ".")]
                pub const $name: Self = Self($value);
            )+

            /// Its name; none if the specification has no such code.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $value => Some($text), )+
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:02X}h", self.0),
                }
            }
        }
    };
}

mod analog;
mod compact_sensor;
mod entity;
mod event_type;
mod factors;
mod fru_device_locator;
mod full_sensor;
mod id_string;
mod management_controller_locator;
mod masks;
mod record;
mod sensor;
mod sensor_type;
mod states;
mod threshold;
mod units;

pub use analog::AnalogFormat;
pub use compact_sensor::{CompactSensor, IdSuffix, SensorSharing};
pub use entity::{Entity, EntityId};
pub use event_type::{EventClass, EventReadingType};
pub use factors::{Linearization, ReadingFactors};
pub use fru_device_locator::{FruAccess, FruDeviceLocator};
pub use full_sensor::{FullSensor, Hysteresis, ReadingRange};
pub use id_string::IdString;
pub use management_controller_locator::{
    ControllerCapabilities, ControllerInitialization, EventGeneration, ManagementControllerLocator,
};
pub use masks::{DiscreteMasks, EventMask, SensorMasks, ThresholdMasks};
pub use record::{Body, Record, RecordId};
pub use sensor::{
    EventControl, HysteresisSupport, Sensor, SensorCapabilities, SensorDirection,
    SensorInitialization, SensorNumber, SensorOwner, ThresholdSupport,
};
pub use sensor_type::SensorType;
pub use states::state_name;
pub use threshold::{Threshold, ThresholdEvent, ThresholdMask, Thresholds};
pub use units::{Modifier, Rate, Unit, Units};

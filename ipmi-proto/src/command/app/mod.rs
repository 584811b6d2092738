//! Application commands, NetFn 06h: the BMC itself, messaging, sessions, channels and users (§20, §22).

mod cold_reset;
mod get_device_id;

pub use cold_reset::ColdReset;
pub use get_device_id::{DeviceId, DeviceSupport, GetDeviceId};

//! Chassis commands, NetFn 00h: power, boot options and what the front panel shows (§28).

mod chassis_control;

pub use chassis_control::ChassisControl;

//! The lab workflow against a real Ironic, where only the machines are played: many at once, faults, logins, the forms that
//! labs are written in. With a real machine that boots a real ramdisk: `lab_real.rs`.

mod auth;
mod faults;
mod forms;
mod ironic;
mod machines;
mod many;
mod power;
mod prepare;

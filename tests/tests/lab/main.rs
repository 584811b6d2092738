//! The lab workflow against a real Ironic, where only the machines are played. With a real machine that boots a real
//! ramdisk: `lab_real.rs`.

mod ironic;
mod machines;
mod power;

//! Runs the real `vbmc` against a small vbmcd and a small Ironic of the tests' own: what is asked, what is printed, how
//! it ends.

mod daemon;
mod run;

mod changes;
mod listing;
mod nodes;
mod trouble;

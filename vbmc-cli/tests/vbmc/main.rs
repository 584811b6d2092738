//! Runs the real `vbmc` against a small vbmcd of the tests' own: what is asked, what is printed, how it ends.

mod daemon;
mod run;

mod changes;
mod listing;
mod trouble;

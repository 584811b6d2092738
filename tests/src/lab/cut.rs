//! A network that is cut.

use std::thread;
use std::time::Duration;

use crate::place::Place;
use crate::run::Run;

/// Cuts the network of a place: nobody in it reaches anybody, itself included, until this is dropped.
#[derive(Debug)]
pub struct Cut {
    place: Place,
}

impl Cut {
    /// Cuts it. Connections stay as they are, as after a cable was pulled: what is sent is lost.
    ///
    /// # Panics
    ///
    /// When it can't.
    #[must_use = "the network is whole again when this is dropped"]
    pub fn new(place: Place) -> Self {
        let cut = Self { place };
        cut.loopback("down");
        cut
    }

    /// Leaves it cut for as long as that.
    pub fn hold(self, length: Duration) {
        // Not a wait for something: the length is what the test is about.
        thread::sleep(length);
    }

    /// All servers of a test are in one network namespace: whatever they say to each other goes over its loopback.
    fn loopback(&self, state: &str) {
        let _ = Run::new_in(self.place, "ip")
            .args(["link", "set", "lo", state])
            .outcome()
            .ok();
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.loopback("up");
    }
}

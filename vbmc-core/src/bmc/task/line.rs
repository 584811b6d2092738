//! The serial line of a session: between the endpoint's port and the machine's console.

use ipmi_proto::Time;
use ipmi_proto::bmc::Deactivation;

use super::Task;
use crate::bmc::net::Route;

impl Task {
    /// Gives a session its serial port, before it hears that it has one: it may speak as soon as it does.
    pub(super) fn open_line(&mut self) {
        if let Some(activation) = self.behaviour.take_activation() {
            let session = activation.session;
            // A session that has ended meanwhile gets none; `exchange_line` notices.
            self.endpoint.activate_sol(session, activation.config);
            if let Some(port) = self.endpoint.sol_mut(session) {
                port.begin_available(activation.available);
            }
        }
    }

    /// Moves bytes between machine and session, as far as both have room.
    pub(super) fn exchange_line(&mut self) {
        let Some((session, console)) = self.behaviour.line() else {
            return;
        };
        match self.endpoint.sol_mut(session) {
            Some(port) => console.exchange(port),
            None => self.behaviour.line_ended(),
        }
    }

    /// Tells the console at the other end that the line ends. Once, since nobody will be here for its answer.
    pub(super) fn end_line(&mut self) {
        if let Some((session, _)) = self.behaviour.line() {
            self.endpoint.deactivate_sol(session, Deactivation::Taken);
            self.serve_line(self.now());
        }
    }

    /// Moves bytes, and sends what the port has to say.
    pub(super) fn serve_line(&mut self, now: Time) {
        self.exchange_line();
        let local = self.behaviour.line_local();
        let mut out = Vec::new();
        while let Some(peer) = self.endpoint.poll_sol(now, &mut rand::rng(), &mut out) {
            self.send(&out, Route { peer, local });
        }
    }
}

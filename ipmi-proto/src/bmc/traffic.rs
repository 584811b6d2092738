//! What came and went, for Get IP/UDP/RMCP Statistics (§23.4).

use crate::command::transport::LanStatistics;

/// The counters of one BMC. They stop at FFFFh.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Traffic {
    received: u16,
    rmcp: u16,
    sent: u16,
}

impl Traffic {
    /// A datagram came.
    pub(super) fn received(&mut self) {
        self.received = self.received.saturating_add(1);
    }

    /// It is one of RMCP.
    pub(super) fn rmcp(&mut self) {
        self.rmcp = self.rmcp.saturating_add(1);
    }

    /// A datagram goes out.
    pub(super) fn sent(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    /// Begins anew.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Each datagram counts as one IP packet: the operating system puts fragments together, and keeps what is broken or
    /// meant for others to itself. There is no UDP proxy.
    pub(super) fn statistics(self) -> LanStatistics {
        LanStatistics {
            ip_received: self.received,
            ip_sent: self.sent,
            udp_received: self.received,
            rmcp_received: self.rmcp,
            ..LanStatistics::default()
        }
    }
}

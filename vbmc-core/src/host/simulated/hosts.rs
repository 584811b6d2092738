//! [`SimulatedHosts`]: where simulated machines come from.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Machine;
use crate::host::{BoxFuture, CheckError, Host, HostError, Hosts, Identity, Target};

/// A hypervisor in memory, whatever its URI. Clones are the same hypervisor.
#[derive(Debug, Clone, Default)]
pub struct SimulatedHosts(Arc<Mutex<Inventory>>);

#[derive(Debug, Default)]
struct Inventory {
    machines: HashMap<String, Machine>,
    /// Whether only the machines that were put in exist.
    closed: bool,
    unreachable: Option<String>,
}

impl SimulatedHosts {
    /// A hypervisor that has every machine it is asked for.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// A hypervisor that has these machines and no others.
    #[must_use]
    pub fn of<M: Into<String>>(machines: impl IntoIterator<Item = M>) -> Self {
        let machines = machines.into_iter().map(|name| {
            let name = name.into();
            (name.clone(), Machine::new(name))
        });
        Self(Arc::new(Mutex::new(Inventory {
            machines: machines.collect(),
            closed: true,
            unreachable: None,
        })))
    }

    /// The machine called `name`, if this hypervisor has it.
    #[must_use]
    pub fn machine(&self, name: &str) -> Option<Machine> {
        let mut inventory = self.0.lock();
        if let Some(machine) = inventory.machines.get(name) {
            return Some(machine.clone());
        }
        if inventory.closed {
            return None;
        }
        let machine = Machine::new(name);
        inventory.machines.insert(name.to_owned(), machine.clone());
        Some(machine)
    }

    /// Makes [`check`](Hosts::check) fail with [`CheckError::Connection`] for this reason, or with `None` work again.
    pub fn set_unreachable(&self, reason: Option<&str>) {
        self.0.lock().unreachable = reason.map(str::to_owned);
    }
}

impl Hosts for SimulatedHosts {
    fn host(&self, target: &Target) -> Arc<dyn Host> {
        Arc::new(self.machine(&target.domain).unwrap_or_else(|| {
            let missing = Machine::new(target.domain.as_str());
            missing.break_with(HostError::NotFound(target.domain.clone()));
            missing
        }))
    }

    fn check(&self, target: &Target) -> BoxFuture<Result<Identity, CheckError>> {
        let unreachable = self.0.lock().unreachable.clone();
        let result = match (unreachable, self.machine(&target.domain)) {
            (Some(reason), _) => Err(CheckError::Connection {
                uri: target.uri.clone(),
                reason,
            }),
            (None, None) => Err(CheckError::NoDomain {
                domain: target.domain.clone(),
                uri: target.uri.clone(),
            }),
            (None, Some(machine)) => Ok(machine.described()),
        };
        Box::pin(async { result })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::PowerAction;

    #[tokio::test]
    async fn a_closed_hypervisor_has_only_its_machines() {
        let target = |domain: &str| Target {
            uri: "sim:".into(),
            sasl: None,
            domain: domain.into(),
        };
        let hosts = SimulatedHosts::of(["a"]);
        hosts
            .host(&target("a"))
            .control(PowerAction::On)
            .wait()
            .await
            .unwrap();
        let a = hosts.machine("a").unwrap();
        assert!(a.power().wait().await.unwrap().on);
        assert_eq!(
            hosts.check(&target("b")).await,
            Err(CheckError::NoDomain {
                domain: "b".into(),
                uri: "sim:".into()
            })
        );
        assert!(matches!(
            hosts.host(&target("b")).power().wait().await,
            Err(HostError::NotFound(_))
        ));
        hosts.set_unreachable(Some("down"));
        assert!(matches!(
            hosts.check(&target("a")).await,
            Err(CheckError::Connection { .. })
        ));
        assert_eq!(
            SimulatedHosts::any()
                .check(&target("b"))
                .await
                .unwrap()
                .name,
            "b"
        );
    }
}

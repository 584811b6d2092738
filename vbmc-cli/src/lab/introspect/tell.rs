//! How nodes ended, in words: what was done, or what went wrong, what Ironic says to it, and what to look at.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::machine::{Doing, Done, Ending, Failure, Waiting};
use crate::lab::inventory::NodeSpec;
use crate::lab::report::Outcome;
use crate::lab::vbmcd_log::Said;
use crate::openstack::baremetal::PowerState;

/// More of an error than this hides what to do about it.
const MAX_QUOTED: usize = 400;

/// What sentences about any node refer to.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) ironic: String,
    pub(super) libvirt_uri: String,
    /// Where logs are gathered at the end of the run.
    pub(super) results: PathBuf,
    /// Nodes inspected at the same time.
    pub(super) concurrency: usize,
    /// For one inspection.
    pub(super) timeout: Duration,
}

/// What a node waits for. `power`: what its power is being switched to.
pub(super) fn waiting(waiting: Waiting, power: Option<&PowerState>, place: &Place) -> String {
    match (waiting, power) {
        (Waiting::Slot, _) => format!("a place: {} are inspected at once", place.concurrency),
        (Waiting::Power, Some(power)) => format!("its BMC: {power}"),
        (other, _) => other.to_string(),
    }
}

/// What became of a node. `vbmcd`: what its log has about the machine.
pub(super) fn ending(
    ending: &Ending,
    vbmcd: Option<&Said>,
    spec: &NodeSpec,
    place: &Place,
) -> (Outcome, String) {
    match ending {
        Ending::Available(done) => finished(*done, "available"),
        Ending::Manageable(done) => finished(*done, "manageable"),
        Ending::LeftAlone(why) => (Outcome::Skipped, format!("left as it is: {why}")),
        Ending::Failed(failure) => (Outcome::Failed, failed(failure, vbmcd, spec, place)),
    }
}

fn finished(done: Done, state: &str) -> (Outcome, String) {
    let did: Vec<_> = [
        (done.inspected, "inspected"),
        (done.cleaned, "cleaned"),
        (done.provided, "provided"),
    ]
    .into_iter()
    .filter_map(|(did, word)| did.then_some(word))
    .collect();
    if did.is_empty() {
        (
            Outcome::Unchanged,
            format!("inspected before, and already {state}"),
        )
    } else {
        (Outcome::Changed, format!("{}; {state} now", did.join(", ")))
    }
}

fn failed(failure: &Failure, vbmcd: Option<&Said>, spec: &NodeSpec, place: &Place) -> String {
    let look = look(failure, vbmcd, spec, place);
    let said = match &failure.said {
        Some(said) => format!(": {}", quoted(said)),
        None => String::new(),
    };
    let times = match failure.inspections {
        0 | 1 => String::new(),
        many => format!(", in {many} attempts"),
    };
    match failure.doing {
        Doing::Verify if failure.timed_out => format!(
            "Ironic has been waiting for its BMC for {} s. {}",
            place.timeout.as_secs(),
            look
        ),
        Doing::Verify => format!("Ironic cannot manage it{said}. {look}"),
        Doing::Inspect if failure.timed_out => format!(
            "its ramdisk did not call back within {} s{times}{said}. {look}",
            place.timeout.as_secs(),
        ),
        Doing::Inspect => format!("its inspection failed{times}{said}. {look}"),
        Doing::Clean if failure.timed_out => format!(
            "its ramdisk did not clean it within {} s. {look}",
            place.timeout.as_secs(),
        ),
        Doing::Clean | Doing::Provide => {
            format!("its cleaning failed{said}. It is left in clean failed. {look}")
        }
        Doing::Save => format!(
            "what inspection found cannot be kept: {}",
            failure.said.as_deref().unwrap_or("no reason given")
        ),
        Doing::Request(request) => format!(
            "Ironic refuses to {}{said}. See the log of ironic-conductor",
            request.verb()
        ),
    }
}

/// What to look at. Where the machine was not switched, its console has nothing to tell.
fn look(failure: &Failure, vbmcd: Option<&Said>, spec: &NodeSpec, place: &Place) -> String {
    let reason = vbmcd.and_then(|said| said.failure.as_deref());
    if let (Some(reason), Some(domain)) = (reason, &spec.domain) {
        let told = format!(
            "vbmcd could not do what Ironic asked of the machine: {}. More is in {}",
            quoted(reason),
            of_domain(domain, "vbmcd.log", place).display()
        );
        // It may have been switched nevertheless, later.
        return match failure.timed_out {
            true => format!("{told}. {}", look_at_boot(spec, place)),
            false => told,
        };
    }
    let verifies = matches!(failure.doing, Doing::Verify);
    match (&spec.domain, &failure.said) {
        (Some(domain), Some(said)) if !verifies && is_about_power(said) => format!(
            "See in {} why the machine was not switched; `virsh -c {} start {domain}` shows whether libvirt can start it",
            match vbmcd {
                Some(_) => of_domain(domain, "vbmcd.log", place).display().to_string(),
                None => "vbmcd's own log".to_owned(),
            },
            place.libvirt_uri
        ),
        (None, Some(said)) if is_about_power(said) => try_bmc(spec),
        _ if verifies => try_bmc(spec),
        _ => look_at_boot(spec, place),
    }
}

/// Whether Ironic speaks of a machine that could not be switched.
fn is_about_power(said: &str) -> bool {
    let said = said.to_lowercase();
    ["power on", "power off", "power state", "reboot"]
        .iter()
        .any(|words| said.contains(words))
}

/// A file among the results of a domain.
fn of_domain(domain: &str, file: &str, place: &Place) -> PathBuf {
    place.results.join("domains").join(domain).join(file)
}

/// How the operator talks to a BMC as Ironic does.
fn try_bmc(spec: &NodeSpec) -> String {
    let text = |key: &str| match spec.driver_info.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let Some(address) = text("ipmi_address") else {
        return "See the log of ironic-conductor".to_owned();
    };
    let port = text("ipmi_port").unwrap_or_else(|| "623".to_owned());
    let user = text("ipmi_username").map_or_else(String::new, |user| format!(" -U {user} -a"));
    let ours = match &spec.domain {
        Some(domain) => format!("Is its BMC running (`vbmc show {domain}`)? "),
        None => String::new(),
    };
    format!(
        "{ours}From where Ironic runs, try `ipmitool -I lanplus -H {address} -p {port}{user} power status`"
    )
}

/// Where to see how far a ramdisk came.
fn look_at_boot(spec: &NodeSpec, place: &Place) -> String {
    let console = match &spec.domain {
        Some(domain) => format!(
            "in {} (or live: `virsh -c {} console {domain}`)",
            of_domain(domain, "console.log", place).display(),
            place.libvirt_uri
        ),
        None => "on its console".to_owned(),
    };
    format!(
        "See {console} whether it boots from the network, gets its kernel and ramdisk, and reaches {}",
        place.ironic
    )
}

/// One line, and not too much of it.
pub(super) fn quoted(said: &str) -> String {
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    if line.chars().count() <= MAX_QUOTED {
        return line.to_owned();
    }
    let short: String = line.chars().take(MAX_QUOTED).collect();
    format!("{short} ...")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::register::tests::spec;
    use super::*;

    fn place() -> Place {
        Place {
            ironic: "http://192.0.2.1:6385/".to_owned(),
            libvirt_uri: "qemu:///system".to_owned(),
            results: "results".into(),
            concurrency: 10,
            timeout: Duration::from_secs(1200),
        }
    }

    fn failure(doing: Doing) -> Failure {
        Failure {
            doing,
            said: Some("Failed to get power state.\n Error".to_owned()),
            timed_out: false,
            inspections: 0,
        }
    }

    #[test]
    fn a_silent_bmc_is_told_with_a_line_to_try_and_without_its_password() {
        let mut spec = spec(
            json!({"driver_info": {"ipmi_address": "192.0.2.7", "ipmi_port": 6230,
            "ipmi_username": "ops", "ipmi_password": "s3cret"}}),
        );
        spec.domain = Some("node-0".to_owned());
        let text = failed(&failure(Doing::Verify), None, &spec, &place());
        assert_eq!(
            text,
            "Ironic cannot manage it: Failed to get power state. Error. Is its BMC running (`vbmc show node-0`)? \
             From where Ironic runs, try `ipmitool -I lanplus -H 192.0.2.7 -p 6230 -U ops -a power status`"
        );
    }

    #[test]
    fn a_silent_ramdisk_is_told_with_how_often_and_where_to_look() {
        let failure = Failure {
            said: None,
            timed_out: true,
            inspections: 3,
            ..failure(Doing::Inspect)
        };
        let mut spec = spec(json!({}));
        spec.domain = Some("node-0".to_owned());
        assert_eq!(
            failed(&failure, None, &spec, &place()),
            "its ramdisk did not call back within 1200 s, in 3 attempts. See in \
             results/domains/node-0/console.log (or live: `virsh -c qemu:///system console node-0`) whether it boots from the network, gets its kernel and ramdisk, and reaches http://192.0.2.1:6385/"
        );
    }

    #[test]
    fn a_machine_that_was_not_switched_is_told_with_libvirts_reason_or_where_to_find_it() {
        let failure = Failure {
            said: Some("Failed to set node power state to power on.".to_owned()),
            ..failure(Doing::Inspect)
        };
        let mut spec = spec(json!({"driver_info": {"ipmi_address": "192.0.2.7"}}));
        let text = failed(&failure, None, &spec, &place());
        assert!(
            text.contains("power on. From where Ironic runs, try `ipmitool"),
            "{text}"
        );
        spec.domain = Some("node-0".to_owned());
        assert_eq!(
            failed(
                &failure,
                Some(&Said {
                    failure: Some("no such file".to_owned())
                }),
                &spec,
                &place()
            ),
            "its inspection failed: Failed to set node power state to power on. vbmcd could not do what Ironic asked of \
             the machine: no such file. More is in results/domains/node-0/vbmcd.log"
        );
        let text = failed(&failure, None, &spec, &place());
        assert!(
            text.contains("`virsh -c qemu:///system start node-0`"),
            "{text}"
        );
        assert!(text.contains("See in vbmcd's own log why"), "{text}");
        assert!(
            !text.contains("console") && !text.contains("results"),
            "{text}"
        );
        let nothing_failed = Said { failure: None };
        let text = failed(&failure, Some(&nothing_failed), &spec, &place());
        assert!(
            text.contains("See in results/domains/node-0/vbmcd.log why"),
            "{text}"
        );
    }

    #[test]
    fn what_was_done_is_said_and_nothing_else() {
        let nothing = finished(Done::default(), "available");
        assert_eq!(
            nothing,
            (
                Outcome::Unchanged,
                "inspected before, and already available".to_owned()
            )
        );
        let done = Done {
            inspected: true,
            cleaned: false,
            provided: true,
        };
        assert_eq!(
            finished(done, "available").1,
            "inspected, provided; available now"
        );
    }
}

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use ipmi_proto::command::app::GetDeviceId;
use vbmc_core::bmc::{Bmc, Settings, Store};
use vbmc_core::host::simulated::Machine;
use vbmc_core::registry::UserRecord;

use super::*;

const LIMIT: Duration = Duration::from_secs(20);

struct Forgetful;

impl Store for Forgetful {
    fn save_user(&self, _user: &UserRecord) -> io::Result<()> {
        Ok(())
    }
}

/// A BMC of a simulated machine, with the user `ops` and the password `s3cret`.
fn start(change: impl FnOnce(&mut Settings)) -> (Bmc, Address, Machine) {
    let machine = Machine::new("toaster");
    let mut settings = Settings::new("toaster", (Ipv4Addr::LOCALHOST, 0).into());
    settings.users = vec![UserRecord::administrator(2, "ops", Secret::new("s3cret"))];
    change(&mut settings);
    let bmc = Bmc::start(settings, Arc::new(machine.clone()), Arc::new(Forgetful)).unwrap();
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: bmc.local_addr().port(),
    };
    (bmc, address, machine)
}

fn ops() -> Login {
    Login::new("ops", Secret::new("s3cret"))
}

async fn refusal(address: &Address, login: &Login) -> String {
    let error = Console::connect(address, login, LIMIT).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&address.to_string()), "{text}");
    assert!(!text.contains(login.password.reveal()), "{text}");
    text
}

#[tokio::test]
async fn one_session_takes_any_number_of_requests() {
    let (_bmc, address, machine) = start(|_| {});
    let mut console = Console::connect(&address, &ops(), LIMIT).await.unwrap();
    assert_eq!(console.power_state().await.unwrap(), Power::Off);
    machine.switch(true);
    assert_eq!(console.power_state().await.unwrap(), Power::On);
    console.request(&GetDeviceId).await.unwrap();
    console.close().await;
}

#[tokio::test]
async fn what_the_bmc_refuses_is_said_in_its_words() {
    let (_bmc, address, machine) = start(|_| {});
    let mut console = Console::connect(&address, &ops(), LIMIT).await.unwrap();
    machine.make_unavailable();
    let error = console.power_state().await.unwrap_err();
    assert!(error.is_passing(), "{error}");
    assert!(error.to_string().contains("Get Chassis Status"), "{error}");
    machine.repair();
    assert_eq!(console.power_state().await.unwrap(), Power::Off);
}

#[tokio::test]
async fn a_login_that_is_wrong_is_told_from_a_bmc_that_is_not_there() {
    let (_bmc, address, _) = start(|_| {});
    for (user, password) in [("ops", "gu3ss"), ("nobody", "s3cret")] {
        let error = refusal(&address, &Login::new(user, Secret::new(password))).await;
        assert!(error.contains("wrong user name or password"), "{error}");
    }
    let long = Login::new("ops", Secret::new("p".repeat(21)));
    let error = refusal(&address, &long).await;
    assert!(error.contains("the password cannot be sent"), "{error}");

    let (_bmc, address, _) = start(|settings| settings.kg = Some(Secret::new("key")));
    let error = refusal(&address, &ops()).await;
    assert!(error.contains("K_g"), "{error}");
    let kg = Some(Secret::new("key"));
    let console = Console::connect(&address, &Login { kg, ..ops() }, LIMIT).await;
    console.unwrap().close().await;

    let (_bmc, address, _) = start(|settings| settings.cipher_suites = vec![8]);
    let error = refusal(&address, &ops()).await;
    assert!(error.contains("neither cipher suite 17 nor 3"), "{error}");
}

/// The clock is tokio's: it jumps ahead while nothing else is to be done.
#[tokio::test(start_paused = true)]
async fn silence_is_told_from_a_closed_port() {
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let localhost = Address {
        host: "127.0.0.1".to_owned(),
        port: silent.local_addr().unwrap().port(),
    };
    let error = refusal(&localhost, &ops()).await;
    assert!(error.contains("firewall"), "{error}");
    // Also for somebody with less patience than the protocol has.
    let short = Duration::from_secs(1);
    let error = Console::connect(&localhost, &ops(), short)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("no answer within 1 s"),
        "{error}"
    );
    drop(silent);
    let error = refusal(&localhost, &ops()).await;
    assert!(error.contains("nobody listens"), "{error}");
}

#[tokio::test]
async fn an_ipv6_address_may_have_brackets() {
    let nobody = Address {
        host: "[::1]".to_owned(),
        port: 1,
    };
    let error = refusal(&nobody, &ops()).await;
    assert!(!error.contains("cannot be found"), "{error}");
}

#[tokio::test]
async fn a_host_that_has_no_address_is_named() {
    let address = Address {
        host: "no such host".to_owned(),
        port: 623,
    };
    let error = refusal(&address, &ops()).await;
    assert!(
        error.contains("no such host port 623: its address cannot be found"),
        "{error}"
    );
}

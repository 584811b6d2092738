//! System info parameters, §22.14a and §22.14b: what the machine and its operating system are called.
//!
//! What somebody has set is answered before what is known otherwise: the machine's name from the settings, its firmware
//! from its description, and its operating system from the guest agent.

use ipmi_proto::CompletionCode;
use ipmi_proto::bmc::Answer;
use ipmi_proto::command::ParameterData;
use ipmi_proto::command::app::{
    GetSystemInfoParameters, InfoText, SetSystemInfoParameters, SystemInfoParameter,
    SystemInfoSelector, TextBlock, TextEncoding,
};

use super::{Asker, Behaviour, Done, Outcome, answer, ok, refuse};
use crate::bmc::InfoState;
use crate::host::{Guest, Host, HostError, Identity, Reply};

impl Behaviour {
    /// Get System Info Parameters, §22.14b.
    pub(super) fn info_parameter(
        &mut self,
        request: &GetSystemInfoParameters,
        asker: &Asker,
    ) -> Outcome {
        let GetSystemInfoParameters { selector, set, .. } = *request;
        if selector == SystemInfoSelector::SET_IN_PROGRESS {
            let parameter = SystemInfoParameter::SetInProgress(self.info_turn.state());
            return ok(data(request, &parameter));
        }
        let Some(parameter) = text_parameter(selector) else {
            return refuse(GetSystemInfoParameters::NOT_SUPPORTED.into());
        };
        if request.revision_only {
            return ok(ParameterData::REVISION);
        }
        let then = move |text: &InfoText| block(text, set, parameter);
        if let Some(kept) = self.kept.now().info.get(&selector.0) {
            return Outcome::Answered(then(&text_of(kept)));
        }
        match selector {
            SystemInfoSelector::FIRMWARE_VERSION => {
                self.with_identity(asker, move |_, identity| then(&text(&firmware(&identity))))
            }
            SystemInfoSelector::SYSTEM_NAME => self.with_guest(asker, move |this, guest| {
                let name = guest
                    .hostname
                    .unwrap_or_else(|| this.settings.domain.clone());
                then(&text(&name))
            }),
            SystemInfoSelector::PRIMARY_OS_NAME | SystemInfoSelector::OS_NAME => self
                .with_guest(asker, move |_, guest| {
                    then(&text(&guest.os.unwrap_or_default()))
                }),
            SystemInfoSelector::OS_VERSION => self.with_guest(asker, move |_, guest| {
                then(&text(&guest.os_version.unwrap_or_default()))
            }),
            _ => Outcome::Answered(then(&InfoText::default())),
        }
    }

    /// Set System Info Parameters, §22.14a.
    pub(super) fn set_info_parameter(
        &mut self,
        request: &SetSystemInfoParameters,
        asker: &Asker,
    ) -> Outcome {
        if !self.info_turn.admits(asker) {
            return refuse(SetSystemInfoParameters::SET_IN_PROGRESS.into());
        }
        let block = match &request.0 {
            SystemInfoParameter::SetInProgress(state) => {
                self.info_turn.set(*state, asker);
                return ok(());
            }
            SystemInfoParameter::FirmwareVersion(block)
            | SystemInfoParameter::SystemName(block)
            | SystemInfoParameter::PrimaryOsName(block)
            | SystemInfoParameter::OsName(block)
            | SystemInfoParameter::OsVersion(block)
            | SystemInfoParameter::BmcUrl(block)
            | SystemInfoParameter::ManagementUrl(block) => block,
            SystemInfoParameter::Other { .. } => {
                return refuse(SetSystemInfoParameters::NOT_SUPPORTED.into());
            }
        };
        let selector = request.0.selector().0;
        let kept = self.kept.now().info.get(&selector);
        let mut text = kept.map(text_of).unwrap_or_default();
        text.write(block);
        let kept = InfoState {
            encoding: text.encoding() as u8,
            text: text.as_bytes().to_vec(),
        };
        self.change_state(
            asker,
            |state| {
                // Set to nothing, it is again what is known otherwise.
                if kept.text.is_empty() {
                    state.info.remove(&selector);
                } else {
                    state.info.insert(selector, kept);
                }
            },
            |_| answer(Ok(())),
        )
    }

    /// The machine has started: what runs on it now has yet to say so.
    pub(super) fn forget_running_os(&mut self) {
        let volatile = [SystemInfoSelector::OS_NAME, SystemInfoSelector::OS_VERSION];
        let info = &self.kept.now().info;
        if volatile
            .iter()
            .any(|selector| info.contains_key(&selector.0))
        {
            self.note_state(|state| {
                for selector in volatile {
                    state.info.remove(&selector.0);
                }
            });
        }
    }

    /// Answers with who the guest says that it is: nothing, where it does not.
    fn with_guest(
        &mut self,
        asker: &Asker,
        then: impl FnOnce(&Self, Guest) -> Answer + Send + 'static,
    ) -> Outcome {
        let ask = |host: &dyn Host| match host.guest() {
            Reply::Now(result) => Reply::Now(if_it_says(result)),
            Reply::Later(call) => Reply::later(async { if_it_says(call.await) }),
        };
        self.read(asker, |c| &mut c.guest, ask, Done::Guest, then)
    }
}

/// A guest that is off or has no agent says nothing. A hypervisor that is away is another matter.
fn if_it_says(result: Result<Guest, HostError>) -> Result<Guest, HostError> {
    match result {
        Err(error @ HostError::Unavailable(_)) => Err(error),
        result => Ok(result.unwrap_or_default()),
    }
}

/// What the owner has told the machine's firmware to call itself; there is no other way to know.
fn firmware(identity: &Identity) -> String {
    let smbios = &identity.smbios;
    let parts = [&smbios.bios_vendor, &smbios.bios_version];
    let parts: Vec<_> = parts.into_iter().flatten().map(String::as_str).collect();
    parts.join(" ")
}

/// The parameters that are texts.
fn text_parameter(selector: SystemInfoSelector) -> Option<fn(TextBlock) -> SystemInfoParameter> {
    Some(match selector {
        SystemInfoSelector::FIRMWARE_VERSION => SystemInfoParameter::FirmwareVersion,
        SystemInfoSelector::SYSTEM_NAME => SystemInfoParameter::SystemName,
        SystemInfoSelector::PRIMARY_OS_NAME => SystemInfoParameter::PrimaryOsName,
        SystemInfoSelector::OS_NAME => SystemInfoParameter::OsName,
        SystemInfoSelector::OS_VERSION => SystemInfoParameter::OsVersion,
        SystemInfoSelector::BMC_URL => SystemInfoParameter::BmcUrl,
        SystemInfoSelector::MANAGEMENT_URL => SystemInfoParameter::ManagementUrl,
        _ => return None,
    })
}

fn text_of(kept: &InfoState) -> InfoText {
    let encoding = match kept.encoding {
        1 => TextEncoding::Utf8,
        2 => TextEncoding::Unicode,
        _ => TextEncoding::Latin1,
    };
    InfoText::new(encoding, &kept.text)
}

/// A text in the simplest encoding that it can have: ipmitool reads too much of any other.
fn text(text: &str) -> InfoText {
    if text.is_ascii() {
        InfoText::new(TextEncoding::Latin1, text.as_bytes())
    } else {
        InfoText::utf8(text)
    }
}

fn block(text: &InfoText, set: u8, parameter: fn(TextBlock) -> SystemInfoParameter) -> Answer {
    match text.block(set) {
        Some(block) => answer(Ok(ParameterData::from(&parameter(block)))),
        None => answer(Err::<(), _>(CompletionCode::ParameterOutOfRange)),
    }
}

fn data(request: &GetSystemInfoParameters, parameter: &SystemInfoParameter) -> ParameterData {
    if request.revision_only {
        ParameterData::REVISION
    } else {
        parameter.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bmc::behaviour::testing::Bench;
    use crate::bmc::behaviour::turn::HOLD;
    use crate::host::{Change, Happening};
    use ipmi_proto::command::SetInProgress;

    fn get(selector: SystemInfoSelector, set: u8) -> GetSystemInfoParameters {
        GetSystemInfoParameters {
            revision_only: false,
            selector,
            set,
            block: 0,
        }
    }

    /// A text, read as clients read it.
    fn read(bench: &mut Bench, selector: SystemInfoSelector) -> String {
        let mut text = InfoText::default();
        let mut set = 0;
        while let Ok(ParameterData { data }) = bench.ask(get(selector, set)) {
            let parameter = SystemInfoParameter::decode_value(selector, &data).unwrap();
            let (SystemInfoParameter::SystemName(block)
            | SystemInfoParameter::FirmwareVersion(block)
            | SystemInfoParameter::OsName(block)
            | SystemInfoParameter::OsVersion(block)
            | SystemInfoParameter::BmcUrl(block)) = parameter
            else {
                panic!("a text, not {parameter:?}")
            };
            text.write(&block);
            set += 1;
        }
        String::from_utf8(text.as_bytes().to_vec()).unwrap()
    }

    async fn write(bench: &mut Bench, selector: SystemInfoSelector, text: &str) {
        let text = InfoText::utf8(text);
        let parameter = text_parameter(selector).unwrap();
        for block in (0..).map_while(|number| text.block(number)) {
            bench
                .change(SetSystemInfoParameters(parameter(block)))
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn the_guest_says_who_it_is_and_otherwise_the_domain_s_name_does() {
        let mut bench = Bench::with(|settings| settings.domain = "node-1".into());
        assert_eq!(read(&mut bench, SystemInfoSelector::SYSTEM_NAME), "node-1");
        assert_eq!(read(&mut bench, SystemInfoSelector::OS_NAME), "");
        bench.machine.set_guest(Guest {
            hostname: Some("web.example.org".into()),
            os: Some("Debian GNU/Linux 13 (trixie)".into()),
            os_version: Some("13".into()),
        });
        let name = read(&mut bench, SystemInfoSelector::SYSTEM_NAME);
        assert_eq!(name, "web.example.org");
        let os = read(&mut bench, SystemInfoSelector::OS_NAME);
        assert_eq!(os, "Debian GNU/Linux 13 (trixie)");
        assert_eq!(read(&mut bench, SystemInfoSelector::OS_VERSION), "13");
        assert_eq!(read(&mut bench, SystemInfoSelector::FIRMWARE_VERSION), "");
        bench.machine.make_unavailable();
        let away = bench.ask(get(SystemInfoSelector::SYSTEM_NAME, 0));
        assert_eq!(away, Err(CompletionCode::NodeBusy));
    }

    #[tokio::test]
    async fn what_is_set_outlives_a_restart_but_for_what_runs() {
        let mut bench = Bench::new();
        let url = "https://bmc.example.org/a/rather/long/way";
        write(&mut bench, SystemInfoSelector::BMC_URL, url).await;
        write(&mut bench, SystemInfoSelector::OS_NAME, "Plan 9").await;
        bench.settle_all().await;
        let mut bench = bench.restart();
        assert_eq!(read(&mut bench, SystemInfoSelector::BMC_URL), url);
        assert_eq!(read(&mut bench, SystemInfoSelector::OS_NAME), "Plan 9");
        let at = std::time::SystemTime::now();
        let what = Happening::Started;
        bench.behaviour.happened(Change { at, what });
        assert_eq!(read(&mut bench, SystemInfoSelector::OS_NAME), "");
        write(&mut bench, SystemInfoSelector::BMC_URL, "").await;
        assert_eq!(read(&mut bench, SystemInfoSelector::BMC_URL), "");
        bench.settle_all().await;
    }

    #[tokio::test(start_paused = true)]
    async fn one_session_writes_at_a_time() {
        let mut bench = Bench::new();
        let begin = SystemInfoParameter::SetInProgress(SetInProgress::InProgress);
        let begin = SetSystemInfoParameters(begin);
        bench.ask(begin.clone()).unwrap();
        let state = bench
            .ask(get(SystemInfoSelector::SET_IN_PROGRESS, 0))
            .unwrap();
        assert_eq!(state.data, [1]);
        bench.session = 2;
        let held = Err(SetSystemInfoParameters::SET_IN_PROGRESS.into());
        assert_eq!(bench.ask(begin.clone()), held);
        tokio::time::advance(HOLD).await;
        assert_eq!(bench.ask(begin), Ok(()));
    }

    #[tokio::test]
    async fn parameters_that_there_are_not_are_refused() {
        let mut bench = Bench::new();
        let refused = GetSystemInfoParameters::NOT_SUPPORTED.into();
        let missing = bench.ask(get(SystemInfoSelector(200), 0));
        assert_eq!(missing, Err(refused));
        let behind = bench.ask(get(SystemInfoSelector::BMC_URL, 1));
        assert_eq!(behind, Err(CompletionCode::ParameterOutOfRange));
    }
}

//! Which cloud, and how to log in to it.
//!
//! | Module | What lives there |
//! |---|---|
//! | [`settings`] | keys and values, wherever they come from, and what they mean |
//! | [`clouds_yaml`] | `clouds.yaml` and `secure.yaml`: where they are, and one cloud of them |
//!
//! What was chosen explicitly wins over `OS_CLOUD`, and that over the other `OS_*` variables, as with OpenStack's own
//! clients.

mod clouds_yaml;
mod settings;

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;
use vbmc_core::Secret;

pub(super) use self::settings::Origin;
use self::settings::Settings;
use super::service::Service;

/// What the user chose. All unset: what the environment and `clouds.yaml` say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    /// A cloud of `clouds.yaml`.
    pub(crate) cloud: Option<String>,
    /// A standalone Ironic.
    pub(crate) endpoint: Option<Url>,
    /// For http_basic at `endpoint`; none: no authentication.
    pub(crate) login: Option<Credentials>,
    /// Certificates to trust beside the system's.
    pub(crate) cacert: Option<PathBuf>,
    /// How long to go on without an answer before giving up.
    pub(crate) patience: Duration,
}

/// A cloud, as meant.
#[derive(Debug, Clone)]
pub(super) struct Cloud {
    pub(super) login: Login,
    /// Endpoints given by hand: these are not looked for in the catalog.
    pub(super) endpoints: BTreeMap<Service, Url>,
    pub(super) region: Option<String>,
    pub(super) interface: Interface,
    pub(super) trust: Trust,
    /// Where all this was said, for messages.
    pub(super) origin: Origin,
}

impl Cloud {
    /// What to look at when nobody answers.
    pub(super) fn where_to_look(&self) -> String {
        format!(
            "Is it running, and are the addresses in {} right?",
            self.origin
        )
    }

    /// What to look at when a server doesn't let us in.
    pub(super) fn hint(&self) -> String {
        let origin = &self.origin;
        match self.login {
            Login::Nobody => {
                format!("It wants to know who asks: put a user name and a password into {origin}")
            }
            Login::Basic { .. } => format!("Check the user name and the password in {origin}"),
            Login::Keystone(_) => {
                format!("Check the user, the password or secret, and the project in {origin}")
            }
        }
    }
}

/// A user name and a password.
pub(crate) type Credentials = (String, Secret);

/// How requests say who asks.
#[derive(Debug, Clone)]
pub(super) enum Login {
    Nobody,
    Basic { username: String, password: Secret },
    Keystone(Box<KeystoneLogin>),
}

/// What a token is asked for with.
#[derive(Debug, Clone)]
pub(super) struct KeystoneLogin {
    /// Ends with `/v3`.
    pub(super) url: Url,
    pub(super) proof: Proof,
    pub(super) scope: Scope,
}

/// Who asks for a token, and the proof of it.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    Password {
        user: Principal,
        password: Secret,
    },
    ApplicationCredential {
        /// Known by its id, or by its name together with the user it belongs to.
        id: Result<String, (String, Principal)>,
        secret: Secret,
    },
    Token(Secret),
}

/// A user or a project: by id, or by name in a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principal {
    Id(String),
    Named { name: String, domain: Domain },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Domain {
    Id(String),
    Name(String),
}

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// What the credential brings along, as an application credential does.
    Implied,
    Project(Principal),
    Domain(Domain),
    System,
}

/// Which of a service's endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interface {
    Public,
    Internal,
    Admin,
}

impl Interface {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }
}

/// Whom to believe to be the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trust {
    /// Certificates to trust beside the system's.
    pub(crate) cacert: Option<PathBuf>,
    /// Believe anybody.
    pub(crate) anybody: bool,
}

/// Why it isn't clear which cloud is meant, or how to log in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CloudError {
    #[error(
        "it isn't said where Ironic is: write it into [ironic] of a lab's lab.toml, and name the lab with --lab DIR or \
         work in its directory; or set OS_CLOUD (a cloud of clouds.yaml), OS_ENDPOINT (an Ironic without Keystone), or \
         OS_AUTH_URL and what belongs to it"
    )]
    NothingChosen,

    #[error(
        "cloud {cloud} is chosen, and there is no clouds.yaml; looked for {}",
        list(searched)
    )]
    NoFile {
        cloud: String,
        searched: Vec<PathBuf>,
    },

    #[error("cannot read {}: {cause}", file.display())]
    Unreadable {
        file: PathBuf,
        cause: std::io::Error,
    },

    #[error("{} is not as it should be: {reason}", file.display())]
    Malformed { file: PathBuf, reason: String },

    #[error("{} has no cloud {cloud}; it has {}", file.display(), there.join(", "))]
    NoSuchCloud {
        file: PathBuf,
        cloud: String,
        there: Vec<String>,
    },

    #[error("{key} is missing: {why}")]
    Missing { key: String, why: &'static str },

    #[error("{key} is not usable: {reason}")]
    Invalid { key: String, reason: String },
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

/// What a process finds around it. Apart, so that tests bring their own.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    pub(super) variables: BTreeMap<String, String>,
    /// Where `clouds.yaml` is looked for, best first.
    pub(super) directories: Vec<PathBuf>,
}

impl Surroundings {
    pub(super) fn of_this_process() -> Self {
        // What isn't UTF-8 is none of ours.
        let variables: BTreeMap<_, _> = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| {
                name.starts_with("OS_") || name == "HOME" || name == "XDG_CONFIG_HOME"
            })
            .collect();
        let config = match (variables.get("XDG_CONFIG_HOME"), variables.get("HOME")) {
            (Some(config), _) if !config.is_empty() => Some(PathBuf::from(config)),
            (_, Some(home)) => Some(Path::new(home).join(".config")),
            _ => None,
        };
        let mut directories = vec![PathBuf::from(".")];
        directories.extend(config.map(|config| config.join("openstack")));
        directories.push(PathBuf::from("/etc/openstack"));
        Self {
            variables,
            directories,
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.as_str();
        (!value.is_empty()).then_some(value)
    }
}

/// Finds out what is meant.
pub(super) fn resolve(choice: &Choice, around: &Surroundings) -> Result<Cloud, CloudError> {
    let mut cloud = if let Some(cloud) = &choice.cloud {
        clouds_yaml::cloud(cloud, around)?.into_cloud()?
    } else if let Some(endpoint) = &choice.endpoint {
        standalone(endpoint, choice.login.clone())
    } else if let Some(cloud) = around.variable("OS_CLOUD") {
        clouds_yaml::cloud(cloud, around)?.into_cloud()?
    } else if let Some(settings) = Settings::of_variables(around) {
        settings.into_cloud()?
    } else {
        let settings = clouds_yaml::only_cloud(around)?.ok_or(CloudError::NothingChosen)?;
        settings.into_cloud()?
    };
    if let Some(cacert) = &choice.cacert {
        cloud.trust.cacert = Some(cacert.clone());
    }
    Ok(cloud)
}

fn standalone(endpoint: &Url, login: Option<Credentials>) -> Cloud {
    let (endpoint, in_url) = settings::without_login(endpoint.clone());
    Cloud {
        login: match login.or(in_url) {
            Some((username, password)) => Login::Basic { username, password },
            None => Login::Nobody,
        },
        endpoints: BTreeMap::from([(Service::Baremetal, endpoint)]),
        region: None,
        interface: Interface::Public,
        trust: Trust::default(),
        origin: Origin::Choice,
    }
}

#[cfg(test)]
mod tests;

//! Keys and values, from `clouds.yaml` or from `OS_*` variables, and what they mean together.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use url::Url;
use vbmc_core::Secret;

use super::{
    Cloud, CloudError, Credentials, Domain, Interface, KeystoneLogin, Login, Principal, Proof,
    Scope, Surroundings, Trust,
};
use crate::openstack::service::Service;

/// Where settings come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::openstack) enum Origin {
    /// Given explicitly.
    Choice,
    /// `OS_*` variables.
    Variables,
    /// A cloud of a file.
    File { file: PathBuf, cloud: String },
}

impl Origin {
    /// What the user calls the setting `key`, as it is written in `clouds.yaml`.
    pub(in crate::openstack) fn key(&self, key: &str) -> String {
        match self {
            Self::Variables => format!("OS_{}", key.to_uppercase()),
            Self::Choice => key.to_owned(),
            Self::File { .. } if is_auth_key(key) => format!("auth.{key} of {self}"),
            Self::File { .. } => format!("{key} of {self}"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Choice => f.write_str("[ironic] of lab.toml"),
            Self::Variables => f.write_str("the OS_* variables"),
            Self::File { file, cloud } => write!(f, "cloud {cloud} in {}", file.display()),
        }
    }
}

/// Whether `clouds.yaml` has it below `auth:`.
fn is_auth_key(key: &str) -> bool {
    !matches!(
        key,
        "auth_type" | "region_name" | "interface" | "cacert" | "verify"
    ) && !key.ends_with("_endpoint_override")
}

/// Settings of one cloud, flat.
#[derive(Debug)]
pub(super) struct Settings {
    origin: Origin,
    /// Any may be a credential.
    values: BTreeMap<String, Secret>,
}

impl Settings {
    pub(super) fn new(origin: Origin, values: BTreeMap<String, Secret>) -> Self {
        Self { origin, values }
    }

    /// What the variables say; none where they name neither Keystone nor an endpoint.
    pub(super) fn of_variables(around: &Surroundings) -> Option<Self> {
        let values: BTreeMap<_, _> = around
            .variables
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| {
                let key = name.strip_prefix("OS_")?.to_lowercase();
                Some((key, Secret::new(value)))
            })
            .collect();
        let settings = Self::new(Origin::Variables, values);
        let speaks = ["auth_url", "endpoint", Service::Baremetal.override_key()]
            .iter()
            .any(|key| settings.value(key).is_some());
        speaks.then_some(settings)
    }

    pub(super) fn into_cloud(self) -> Result<Cloud, CloudError> {
        let (in_url, endpoints) = self.endpoints()?;
        Ok(Cloud {
            login: self.login(in_url)?,
            endpoints,
            region: self.value("region_name").map(str::to_owned),
            interface: self.interface()?,
            trust: Trust {
                cacert: self.value("cacert").map(PathBuf::from),
                anybody: self.flag("verify")? == Some(false)
                    || self.flag("insecure")? == Some(true),
            },
            origin: self.origin,
        })
    }

    /// Endpoints given by hand, and the login that stood in one.
    fn endpoints(&self) -> Result<(Option<Credentials>, BTreeMap<Service, Url>), CloudError> {
        let mut login = None;
        let mut endpoints = BTreeMap::new();
        for service in Service::WITH_ENDPOINT {
            let mut keys = vec![service.override_key()];
            if service == Service::Baremetal {
                keys.push("endpoint");
            }
            let given = keys.into_iter().find(|key| self.value(key).is_some());
            if let Some(key) = given {
                let (url, in_url) = without_login(self.url(key)?);
                login = login.or(in_url);
                endpoints.insert(service, url);
            }
        }
        Ok((login, endpoints))
    }

    fn login(&self, in_url: Option<Credentials>) -> Result<Login, CloudError> {
        let has = |key| self.value(key).is_some();
        let kind = match self.value("auth_type") {
            Some(kind) => kind,
            None if has("application_credential_secret") => "v3applicationcredential",
            None if has("auth_url") => "password",
            None if has("username") || in_url.is_some() => "http_basic",
            None if has("endpoint") || has(Service::Baremetal.override_key()) => "none",
            None => "password",
        };
        match kind {
            "none" => {
                self.standalone_endpoint()?;
                Ok(Login::Nobody)
            }
            "http_basic" => {
                self.standalone_endpoint()?;
                let (username, password) = match in_url {
                    Some(login) if !has("username") => login,
                    _ => (
                        self.required("username", "http_basic needs it")?.to_owned(),
                        self.secret("password", "http_basic needs it")?,
                    ),
                };
                Ok(Login::Basic { username, password })
            }
            "password" | "v3password" => {
                let proof = Proof::Password {
                    user: self.user()?,
                    password: self.secret("password", "it proves who you are")?,
                };
                self.keystone(proof, self.scope()?)
            }
            "v3applicationcredential" => {
                let id = match self.value("application_credential_id") {
                    Some(id) => Ok(id.to_owned()),
                    None => {
                        let name = self.required(
                            "application_credential_name",
                            "an application credential has an id, or a name and a user",
                        )?;
                        Err((name.to_owned(), self.user()?))
                    }
                };
                let secret =
                    self.secret("application_credential_secret", "it proves who you are")?;
                let proof = Proof::ApplicationCredential { id, secret };
                self.keystone(proof, Scope::Implied)
            }
            "token" | "v3token" => {
                let token = self.secret("token", "it proves who you are")?;
                self.keystone(Proof::Token(token), self.scope()?)
            }
            other => Err(self.invalid(
                "auth_type",
                format!(
                    "{other:?} is not known here; use none, http_basic, password, v3applicationcredential or v3token"
                ),
            )),
        }
    }

    fn standalone_endpoint(&self) -> Result<(), CloudError> {
        let given = self
            .value("endpoint")
            .or(self.value(Service::Baremetal.override_key()));
        match given {
            Some(_) => Ok(()),
            None => Err(self.missing(
                "endpoint",
                "without Keystone, nothing else says where Ironic is",
            )),
        }
    }

    fn keystone(&self, proof: Proof, scope: Scope) -> Result<Login, CloudError> {
        self.required("auth_url", "it says where Keystone is")?;
        let (mut url, _) = without_login(self.url("auth_url")?);
        let path = url.path().trim_end_matches('/');
        // Some have an older version's address there, which clients have long corrected on their own.
        let path = path.strip_suffix("/v2.0").unwrap_or(path);
        let path = path.strip_suffix("/v3").unwrap_or(path);
        url.set_path(&format!("{path}/v3"));
        let login = KeystoneLogin { url, proof, scope };
        Ok(Login::Keystone(Box::new(login)))
    }

    fn user(&self) -> Result<Principal, CloudError> {
        if let Some(id) = self.value("user_id") {
            return Ok(Principal::Id(id.to_owned()));
        }
        let name = self.required("username", "it says who you are")?.to_owned();
        let domain = self.domain("user").unwrap_or_else(default_domain);
        Ok(Principal::Named { name, domain })
    }

    fn scope(&self) -> Result<Scope, CloudError> {
        match self.value("system_scope") {
            Some("all") => return Ok(Scope::System),
            Some(other) => {
                return Err(self.invalid(
                    "system_scope",
                    format!("{other:?}; \"all\" is the only one"),
                ));
            }
            None => {}
        }
        let project = |kind: &str| {
            let id = self.value(&format!("{kind}_id"));
            let name = self.value(&format!("{kind}_name"));
            id.map(|id| Principal::Id(id.to_owned())).or_else(|| {
                Some(Principal::Named {
                    name: name?.to_owned(),
                    domain: self.domain("project").unwrap_or_else(default_domain),
                })
            })
        };
        if let Some(project) = project("project").or_else(|| project("tenant")) {
            return Ok(Scope::Project(project));
        }
        let id = self.value("domain_id").map(|id| Domain::Id(id.to_owned()));
        let name = || {
            let name = self.value("domain_name")?;
            Some(Domain::Name(name.to_owned()))
        };
        Ok(id.or_else(name).map_or(Scope::Implied, Scope::Domain))
    }

    /// The domain of the user or the project.
    fn domain(&self, of: &str) -> Option<Domain> {
        let id = self
            .value(&format!("{of}_domain_id"))
            .or(self.value("default_domain_id"));
        let name = self
            .value(&format!("{of}_domain_name"))
            .or(self.value("default_domain_name"))
            .or(self.value("default_domain"));
        id.map(|id| Domain::Id(id.to_owned()))
            .or(name.map(|name| Domain::Name(name.to_owned())))
    }

    fn interface(&self) -> Result<Interface, CloudError> {
        let (key, value) = match (self.value("interface"), self.value("endpoint_type")) {
            (Some(value), _) => ("interface", value),
            (None, Some(value)) => ("endpoint_type", value),
            (None, None) => return Ok(Interface::Public),
        };
        match value.trim_end_matches("URL") {
            "public" => Ok(Interface::Public),
            "internal" => Ok(Interface::Internal),
            "admin" => Ok(Interface::Admin),
            _ => Err(self.invalid(key, format!("{value:?}; use public, internal or admin"))),
        }
    }

    fn flag(&self, key: &str) -> Result<Option<bool>, CloudError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        match value.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(Some(true)),
            "false" | "no" | "off" | "0" => Ok(Some(false)),
            _ => Err(self.invalid(key, format!("{value:?}; use true or false"))),
        }
    }

    fn url(&self, key: &str) -> Result<Url, CloudError> {
        let value = self.value(key).unwrap_or_default();
        // Not quoted: a URL can hold a password.
        let url = Url::parse(value).map_err(|error| self.invalid(key, error.to_string()))?;
        match url.scheme() {
            "http" | "https" => Ok(url),
            other => Err(self.invalid(key, format!("{other}: is neither http: nor https:"))),
        }
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.values
            .get(key)
            .map(Secret::reveal)
            .filter(|value| !value.is_empty())
    }

    fn required(&self, key: &str, why: &'static str) -> Result<&str, CloudError> {
        self.value(key).ok_or_else(|| self.missing(key, why))
    }

    fn secret(&self, key: &str, why: &'static str) -> Result<Secret, CloudError> {
        self.required(key, why).map(Secret::new)
    }

    fn missing(&self, key: &str, why: &'static str) -> CloudError {
        CloudError::Missing {
            key: self.origin.key(key),
            why,
        }
    }

    fn invalid(&self, key: &str, reason: String) -> CloudError {
        CloudError::Invalid {
            key: self.origin.key(key),
            reason,
        }
    }
}

/// What Keystone calls the domain that everybody is in.
fn default_domain() -> Domain {
    Domain::Id("default".to_owned())
}

/// Takes `user:password@` out of a URL, so that no message can show it.
pub(super) fn without_login(mut url: Url) -> (Url, Option<Credentials>) {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    if url.username().is_empty() {
        return (url, None);
    }
    let login = (
        decode(url.username()),
        Secret::new(decode(url.password().unwrap_or_default())),
    );
    // These fail for URLs without a host alone, and such have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    (url, Some(login))
}

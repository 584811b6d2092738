//! The types of vbmcd's control API: HTTP and JSON over a unix socket. Types only; the server lives in vbmcd, the client
//! in vbmc.
//!
//! | Request | Body | Answer |
//! |---|---|---|
//! | `GET /v1/version` | | 200 [`Version`] |
//! | `GET /v1/openapi.json` | | 200 this table as an OpenAPI document |
//! | `GET /v1/bmcs` | | 200 array of [`BmcSummary`], sorted by name |
//! | `POST /v1/bmcs` | [`NewBmc`] | 201 [`BmcDetails`] |
//! | `GET /v1/bmcs/{name}` | | 200 [`BmcDetails`] |
//! | `PATCH /v1/bmcs/{name}` | [`BmcChange`] | 200 [`BmcDetails`] |
//! | `DELETE /v1/bmcs/{name}` | | 204 |
//! | `GET /v1/bmcs/{name}/credentials` | | 200 [`BmcCredentials`] |
//! | `GET /v1/bmcs/{name}/users` | | 200 array of [`BmcUser`], sorted by id |
//! | `GET /v1/bmcs/{name}/users/{id}` | | 200 [`BmcUser`] |
//! | `PATCH /v1/bmcs/{name}/users/{id}` | [`UserChange`] | 200 [`BmcUser`] |
//! | `DELETE /v1/bmcs/{name}/users/{id}` | | 204 |
//! | `POST /v1/bmcs/{name}/start` | | 200 [`BmcDetails`] |
//! | `POST /v1/bmcs/{name}/stop` | | 200 [`BmcDetails`] |
//!
//! Any other status comes with a [`Problem`]. A name in a path is percent-encoded.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Secret;
use crate::registry::V15Auth;

mod users;

pub use users::{BmcUser, PrivilegeLimit, UserChange};

/// What a BMC is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its socket is bound and it answers.
    Running,
    /// It is stopped.
    Down,
    /// It should run and cannot; `problem` says why.
    Error,
}

/// A line of the listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BmcSummary {
    /// The domain that it controls; also the BMC's name.
    pub domain_name: String,
    /// What it is doing.
    pub status: Status,
    /// The address that it listens on, as configured.
    pub address: String,
    /// The UDP port.
    pub port: u16,
}

/// One BMC, whole. Passwords are `***` unless the daemon is configured to show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BmcDetails {
    /// The domain that it controls; also the BMC's name.
    pub domain_name: String,
    /// What it is doing.
    pub status: Status,
    /// Why it cannot run, when `status` is `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The address that it listens on, as configured.
    pub address: String,
    /// The UDP port.
    pub port: u16,
    /// Whether it is to run whenever the daemon does.
    pub active: bool,
    /// The first user's name.
    pub username: String,
    /// The first user's password, or `***`.
    pub password: String,
    /// The hypervisor.
    pub libvirt_uri: String,
    /// SASL user for the hypervisor.
    pub libvirt_sasl_username: Option<String>,
    /// SASL password for the hypervisor, or `***`: masked as VirtualBMC masks it, whether or not one is set.
    pub libvirt_sasl_password: Option<String>,
    /// The cipher suites that it accepts; none: the daemon's default.
    #[serde(default)]
    pub cipher_suites: Option<Vec<u8>>,
    /// How IPMI 1.5 sessions may be authenticated; empty: there are none.
    #[serde(default)]
    pub ipmi_1_5: Vec<V15Auth>,
    /// How many bytes of the machine's console it remembers; none: the daemon's default.
    #[serde(default)]
    pub console_history: Option<u32>,
    /// The BMC key K_g, or `***`; none: it has none.
    #[serde(default)]
    pub kg: Option<String>,
}

/// A BMC to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewBmc {
    /// The domain that it is to control; also the BMC's name.
    pub domain_name: String,
    /// The first user's name, 16 bytes at most.
    pub username: String,
    /// The first user's password, 20 bytes at most.
    #[schema(value_type = String)]
    pub password: Secret,
    /// The address to listen on.
    pub address: String,
    /// The UDP port.
    pub port: u16,
    /// The hypervisor.
    pub libvirt_uri: String,
    /// SASL user for the hypervisor.
    #[serde(default)]
    pub libvirt_sasl_username: Option<String>,
    /// SASL password for the hypervisor.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub libvirt_sasl_password: Option<Secret>,
}

/// What is to become different of a BMC. What is left out stays as it is; nothing else may be in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BmcChange {
    /// The first user's name, 16 bytes at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The first user's password, 20 bytes at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
    /// The address to listen on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The UDP port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The hypervisor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub libvirt_uri: Option<String>,
    /// SASL user for the hypervisor; empty: none any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub libvirt_sasl_username: Option<String>,
    /// SASL password for the hypervisor; empty: none any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub libvirt_sasl_password: Option<Secret>,
    /// The cipher suites that it accepts; empty: the daemon's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher_suites: Option<Vec<u8>>,
    /// How IPMI 1.5 sessions may be authenticated; empty: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipmi_1_5: Option<Vec<V15Auth>>,
    /// How many bytes of the machine's console it remembers, or `default`: as the daemon has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console_history: Option<ConsoleHistory>,
    /// The BMC key K_g, 20 bytes at most; empty: none any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub kg: Option<Secret>,
}

/// How many bytes of a machine's console are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConsoleHistory {
    /// As many as the daemon's configuration says.
    Default,
    /// This many, up to 1048576; 0: none.
    #[serde(untagged)]
    Bytes(u32),
}

/// What it takes to log in to a BMC. Whoever may ask for it may set it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BmcCredentials {
    /// The address that it listens on, as configured; `::` is every address of the machine.
    pub address: String,
    /// The UDP port.
    pub port: u16,
    /// The first user's name.
    pub username: String,
    /// The first user's password.
    #[schema(value_type = String)]
    pub password: Secret,
    /// The BMC key K_g, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub kg: Option<Secret>,
}

/// The daemon's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// As `vbmcd --version` prints it.
    pub version: String,
}

/// Why a request failed: one sentence, fit to be shown to the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The sentence.
    pub message: String,
}

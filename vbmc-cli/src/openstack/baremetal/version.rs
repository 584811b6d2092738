//! Ironic's microversions: which one is spoken, and what came with which.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::openstack::error::Error;
use crate::openstack::session::Response;

/// The header that asks for a version.
pub(super) const HEADER: &str = "x-openstack-ironic-api-version";
const MINIMUM_HEADER: &str = "x-openstack-ironic-api-minimum-version";
const MAXIMUM_HEADER: &str = "x-openstack-ironic-api-maximum-version";

/// A version of Ironic's API, all of which are 1.something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Microversion(u16);

impl Microversion {
    /// Names, `fields=` and the state `enroll`: before these, nothing here works.
    const OLDEST: Self = Self(11);
    /// Of Ironic 39, which this client was tried with.
    pub(super) const OURS: Self = Self(115);
    pub(crate) const HISTORY: Self = Self(78);
    pub(crate) const INVENTORY: Self = Self(81);

    pub(super) const fn new(minor: u16) -> Self {
        Self(minor)
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl FromStr for Microversion {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let minor = text.trim().strip_prefix("1.").ok_or(())?;
        minor.parse().map(Self).map_err(drop)
    }
}

/// The version that both sides know. At first ours is taken for granted: most servers know it, and that saves a
/// request. Those that don't answer 406 and say what they do know.
#[derive(Debug, Clone, Default)]
pub(super) struct Negotiated(Arc<AtomicU16>);

impl Negotiated {
    /// What to ask for.
    pub(super) fn version(&self) -> Microversion {
        self.server_maximum().map_or(Microversion::OURS, |maximum| {
            maximum.min(Microversion::OURS)
        })
    }

    /// What the server knows, once it has said so.
    pub(super) fn server_maximum(&self) -> Option<Microversion> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            minor => Some(Microversion(minor)),
        }
    }

    /// Takes what an answer says about the server. It may be another one than before, after an upgrade.
    pub(super) fn learn(&self, response: &Response) -> Result<(), Error> {
        let version = |name| response.header(name)?.parse::<Microversion>().ok();
        let Some(maximum) = version(MAXIMUM_HEADER) else {
            return Ok(());
        };
        let minimum = version(MINIMUM_HEADER).unwrap_or(Microversion(1));
        if maximum < Microversion::OLDEST || minimum > Microversion::OURS {
            return Err(Error::Unsupported(format!(
                "this Ironic speaks versions {minimum} to {maximum} of its API, and vbmc speaks {} to {}",
                Microversion::OLDEST,
                Microversion::OURS
            )));
        }
        self.0.store(maximum.0, Ordering::Relaxed);
        Ok(())
    }
}

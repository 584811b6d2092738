//! Who wants in, and with which rights.

use core::fmt;

use alloc::string::String;

use crate::Privilege;

/// A user's name: up to 16 bytes, which need not be text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Username {
    bytes: [u8; Username::MAX_LEN],
    len: u8,
}

/// The name is longer than 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {0} bytes long; IPMI takes at most {max}", max = Username::MAX_LEN)]
pub struct NameTooLong(pub usize);

impl Username {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 16;

    /// Takes a name. Zero bytes at its end are padding, as on the wire, and do not count.
    ///
    /// # Errors
    ///
    /// [`NameTooLong`].
    pub fn new(name: &[u8]) -> Result<Self, NameTooLong> {
        let len = name
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        if len > Self::MAX_LEN {
            return Err(NameTooLong(len));
        }
        let mut bytes = [0; Self::MAX_LEN];
        for (to, from) in bytes.iter_mut().zip(name) {
            *to = *from;
        }
        Ok(Self {
            bytes,
            len: len as u8,
        })
    }

    /// The name without padding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The name padded with zeros to 16 bytes.
    #[must_use]
    pub const fn padded(&self) -> &[u8; Self::MAX_LEN] {
        &self.bytes
    }

    /// Its length in bytes.
    #[must_use]
    #[allow(
        clippy::len_without_is_empty,
        reason = "the field of the wire; `is_null` is the question"
    )]
    pub const fn len(&self) -> u8 {
        self.len
    }

    /// Whether it is the null user name.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        self.len == 0
    }
}

impl From<[u8; Username::MAX_LEN]> for Username {
    /// Takes a name with its padding, as the wire has it.
    fn from(bytes: [u8; Self::MAX_LEN]) -> Self {
        let len = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        Self {
            bytes,
            len: len as u8,
        }
    }
}

impl fmt::Display for Username {
    /// What is no printable text is escaped: names come from the wire and end in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(self.as_bytes())
            .escape_debug()
            .fmt(f)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// The role byte of RAKP 1, §13.20: requested privilege level and how the user is looked up.
///
/// The byte goes into the hashes as it came, reserved bits included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoleByte(pub u8);

impl RoleByte {
    const NAME_ONLY: u8 = 1 << 4;

    /// The byte that asks for this level, looked up by name alone or by name and level.
    #[must_use]
    pub const fn new(privilege: RequestedPrivilege, name_only: bool) -> Self {
        let lookup = if name_only { Self::NAME_ONLY } else { 0 };
        Self(privilege.bits() | lookup)
    }

    /// Whether the user is looked up by name alone.
    #[must_use]
    pub const fn name_only(self) -> bool {
        self.0 & Self::NAME_ONLY != 0
    }

    /// The level that is asked for; none for a reserved value.
    #[must_use]
    pub const fn privilege(self) -> Option<RequestedPrivilege> {
        RequestedPrivilege::from_bits(self.0 & 0x0F)
    }
}

/// The privilege level that a console asks for when it opens a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestedPrivilege {
    /// Value 0: as much as the user may have.
    Highest,
    /// At most this level.
    UpTo(Privilege),
}

impl RequestedPrivilege {
    /// The level with this number; none for a reserved one.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::Highest),
            bits => match Privilege::from_bits(bits) {
                Ok(level) => Some(Self::UpTo(level)),
                Err(_) => None,
            },
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Highest => 0,
            Self::UpTo(level) => level.bits(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn names_are_bytes() {
        let name = Username::new(b"a\xFF\nb\0\0").unwrap();
        assert_eq!((name.as_bytes(), name.len()), (&b"a\xFF\nb"[..], 4));
        assert_eq!(format!("{name}"), "a\u{FFFD}\\nb");
        assert_eq!(Username::new(&[b'x'; 17]), Err(NameTooLong(17)));
    }

    #[test]
    fn reserved_levels_are_none() {
        assert_eq!(
            RoleByte(0x14).privilege(),
            Some(RequestedPrivilege::UpTo(Privilege::Administrator))
        );
        assert!(RoleByte(0x14).name_only());
        assert_eq!(
            RoleByte(0x10).privilege(),
            Some(RequestedPrivilege::Highest)
        );
        assert_eq!(RoleByte(0x07).privilege(), None);
    }
}

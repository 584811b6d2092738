//! Encoding and decoding: two traits, one error, and a cursor that cannot read past its end.
//!
//! Nothing here knows a message. IPMI sends numbers least significant byte first unless a message says otherwise.

use alloc::vec::Vec;

use crate::CompletionCode;

/// A value with one form on the wire.
pub trait Encode {
    /// Appends the wire form to `out`.
    fn encode(&self, out: &mut Vec<u8>);
}

/// A value that can be read from the wire.
///
/// Decoding never panics, whatever the bytes are.
pub trait Decode: Sized {
    /// Reads a value that takes up the whole of `input`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] says what is wrong with the bytes; nothing has been consumed then.
    fn decode(input: &[u8]) -> Result<Self, DecodeError>;
}

/// Why bytes are no value of the type that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the value does.
    #[error("the bytes end before the value does")]
    Truncated,
    /// There are bytes behind the end of the value.
    #[error("there are bytes behind the end of the value")]
    Trailing,
    /// A field holds a value that the specification reserves or forbids. Names the field.
    #[error("invalid {0}")]
    Invalid(&'static str),
    /// A field selects something that does not exist (an id, an index, a parameter). Names the field.
    #[error("{0} out of range")]
    OutOfRange(&'static str),
    /// A checksum does not match.
    #[error("checksum mismatch")]
    Checksum,
}

impl From<DecodeError> for CompletionCode {
    /// What a request with this fault is answered with (§5.2).
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Truncated | DecodeError::Trailing => Self::RequestLengthInvalid,
            DecodeError::OutOfRange(_) => Self::ParameterOutOfRange,
            DecodeError::Invalid(_) | DecodeError::Checksum => Self::InvalidDataField,
        }
    }
}

/// Unit: for requests and responses without data.
impl Encode for () {
    fn encode(&self, _out: &mut Vec<u8>) {}
}

impl Decode for () {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        Reader::new(input).finish()
    }
}

/// A cursor over received bytes.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `input`.
    #[must_use]
    pub const fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    /// The next byte.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when none is left.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    /// The next two bytes, least significant first.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next four bytes, least significant first.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Ends the reading.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Trailing`] when bytes are left.
    pub const fn finish(&self) -> Result<(), DecodeError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::Trailing)
        }
    }
}

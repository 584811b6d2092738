//! What the commands that read a parameter answer with (§22.14b, §23.2, §26.3).

use alloc::vec::Vec;

use crate::wire::{Decode, DecodeError, Encode, Reader};

/// A parameter's value behind the revision of its form. It does not say which parameter it is: who has asked knows,
/// and decodes it with the parameter's own type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterData {
    /// The value; empty where only the revision was asked for.
    pub data: Vec<u8>,
}

impl ParameterData {
    /// Only the revision.
    pub const REVISION: Self = Self { data: Vec::new() };

    pub(super) fn of(parameter: &impl Encode) -> Self {
        let mut data = Vec::new();
        parameter.encode(&mut data);
        Self { data }
    }
}

/// Revision 1, compatible back to 1: the only one there is.
const REVISION: u8 = 0x11;

impl Encode for ParameterData {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(REVISION);
        out.extend(&self.data);
    }
}

impl Decode for ParameterData {
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(input);
        // The low nibble says down to which revision the form is compatible.
        if r.u8()? & 0x0F != REVISION & 0x0F {
            return Err(DecodeError::Invalid("parameter revision"));
        }
        Ok(Self {
            data: r.rest().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incompatible_revision_is_refused() {
        let error = DecodeError::Invalid("parameter revision");
        assert_eq!(ParameterData::decode(&[0x12, 0]), Err(error));
        assert_eq!(ParameterData::decode(&[]), Err(DecodeError::Truncated));
        assert_eq!(ParameterData::decode(&[0x11]), Ok(ParameterData::REVISION));
    }
}

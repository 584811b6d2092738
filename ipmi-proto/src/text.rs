//! The packed text codings of FRU fields and SDR names, §43.15 and §43.16.

use alloc::string::String;

/// Reads 8-bit ASCII with Latin 1.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Writes 8-bit ASCII with Latin 1; what that has no character for becomes a question mark.
pub(crate) fn to_latin1(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.chars().map(|c| u8::try_from(c).unwrap_or(b'?'))
}

/// Reads BCD plus: two characters to a byte, the first one in the high nibble.
pub(crate) fn bcd_plus(bytes: &[u8]) -> String {
    let digit = |nibble: u8| match nibble {
        10 => ' ',
        11 => '-',
        12 => '.',
        13 => ':',
        14 => ',',
        15 => '_',
        digit => char::from(b'0' + digit),
    };
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0F)])
        .collect()
}

/// Reads 6-bit ASCII: four characters to three bytes, the first one in the low bits.
pub(crate) fn six_bit(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut held) = (0_u16, 0);
    for byte in bytes {
        bits |= u16::from(*byte) << held;
        held += 8;
        while held >= 6 {
            let [low, _] = bits.to_le_bytes();
            text.push(char::from(b' ' + (low & 0x3F)));
            bits >>= 6;
            held -= 6;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_specification_s_example_of_6_bit_ascii() {
        assert_eq!(six_bit(&[0x29, 0xDC, 0xA6]), "IPMI");
        assert_eq!(six_bit(&[0x29, 0xDC]), "IP");
        assert_eq!(six_bit(&[]), "");
    }

    #[test]
    fn bcd_plus_has_six_signs_beside_the_digits() {
        assert_eq!(bcd_plus(&[0x12, 0xAB, 0xCD, 0xEF]), "12 -.:,_");
    }

    #[test]
    fn latin_1_both_ways() {
        assert_eq!(latin1(&[0x4D, 0xFC]), "Mü");
        let bytes: Vec<u8> = to_latin1("Mü\u{20AC}").collect();
        assert_eq!(bytes, [0x4D, 0xFC, b'?']);
    }
}

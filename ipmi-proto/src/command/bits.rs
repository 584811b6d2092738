//! Single bits of a byte, by their number as the specification's tables give it.

/// The byte in which only bit `number` (0 to 7) may be set, and is if `on`.
pub(crate) const fn bit(number: u8, on: bool) -> u8 {
    (on as u8) << (number & 7)
}

/// Whether bit `number` (0 to 7) is set.
pub(crate) const fn is_set(byte: u8, number: u8) -> bool {
    byte & bit(number, true) != 0
}

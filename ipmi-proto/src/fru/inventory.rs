//! A whole image: header and areas.

use alloc::vec::Vec;

use super::{BoardInfo, ChassisInfo, CommonHeader, ProductInfo};
use crate::wire::{Decode, DecodeError, Encode, Reader};

/// The inventory data of one unit. Encoded it is at most 3056 bytes long, a multiple of 8.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Inventory {
    /// The chassis.
    pub chassis: Option<ChassisInfo>,
    /// The board.
    pub board: Option<BoardInfo>,
    /// The product as a whole.
    pub product: Option<ProductInfo>,
}

impl Encode for Inventory {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut areas = Vec::new();
        // The areas are so short that the offset of the last one fits.
        let mut place = |area: Option<&dyn Encode>| {
            let offset = CommonHeader::LEN + areas.len();
            area.inspect(|area| area.encode(&mut areas))
                .map(|_| offset as u16)
        };
        let header = CommonHeader {
            chassis: place(self.chassis.as_ref().map(|area| area as _)),
            board: place(self.board.as_ref().map(|area| area as _)),
            product: place(self.product.as_ref().map(|area| area as _)),
            ..CommonHeader::default()
        };
        header.encode(out);
        out.extend(areas);
    }
}

impl Decode for Inventory {
    /// Internal use and multi-record areas are not looked at, nor what follows the last area.
    fn decode(input: &[u8]) -> Result<Self, DecodeError> {
        let header = CommonHeader::decode(Reader::new(input).bytes(CommonHeader::LEN)?)?;
        Ok(Self {
            chassis: area(input, header.chassis)?,
            board: area(input, header.board)?,
            product: area(input, header.product)?,
        })
    }
}

fn area<T: Decode>(image: &[u8], offset: Option<u16>) -> Result<Option<T>, DecodeError> {
    offset
        .map(|offset| {
            let area = image.get(usize::from(offset)..);
            T::decode(area.ok_or(DecodeError::Truncated)?)
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fru::{ChassisType, Encoding, Field, ManufacturingDate};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    fn encoded(inventory: &Inventory) -> Vec<u8> {
        let mut out = Vec::new();
        inventory.encode(&mut out);
        out
    }

    fn field() -> impl Strategy<Value = Field> {
        let encoding = prop_oneof![
            Just(Encoding::Binary),
            Just(Encoding::BcdPlus),
            Just(Encoding::SixBit),
            Just(Encoding::Latin1),
        ];
        let bytes = vec(any::<u8>(), 0..=70);
        (encoding, bytes).prop_map(|(encoding, bytes)| Field::from_bytes(encoding, &bytes))
    }

    fn chassis() -> impl Strategy<Value = ChassisInfo> {
        (any::<u8>(), field(), field(), vec(field(), 0..4)).prop_map(
            |(kind, part_number, serial, custom)| ChassisInfo {
                kind: ChassisType(kind),
                part_number,
                serial,
                custom,
            },
        )
    }

    fn board() -> impl Strategy<Value = BoardInfo> {
        let made = (0..3_000_000_000_u64).prop_map(ManufacturingDate::from_unix);
        let fields = [field(), field(), field(), field(), field()];
        (any::<u8>(), made, fields, vec(field(), 0..4)).prop_map(
            |(language, made, [manufacturer, name, serial, part_number, fru_file], custom)| {
                BoardInfo {
                    language,
                    made,
                    manufacturer,
                    name,
                    serial,
                    part_number,
                    fru_file,
                    custom,
                }
            },
        )
    }

    #[test]
    fn areas_lie_one_behind_the_other() {
        let inventory = Inventory {
            chassis: Some(ChassisInfo::default()),
            board: None,
            product: Some(ProductInfo::default()),
        };
        let image = encoded(&inventory);
        assert_eq!(image[..8], [1, 0, 1, 0, 2, 0, 0, 0xFC]);
        assert_eq!(image.len(), 32);
        assert_eq!(Inventory::decode(&image), Ok(inventory));
        assert_eq!(encoded(&Inventory::default()), [1, 0, 0, 0, 0, 0, 0, 0xFF]);
    }

    #[test]
    fn the_last_of_the_longest_areas_can_still_be_found() {
        let custom = || std::vec![Field::new(&"x".repeat(63)); 40];
        let inventory = Inventory {
            chassis: Some(ChassisInfo {
                custom: custom(),
                ..ChassisInfo::default()
            }),
            board: Some(BoardInfo {
                custom: custom(),
                ..BoardInfo::default()
            }),
            product: Some(ProductInfo {
                name: Field::new("found"),
                custom: custom(),
                ..ProductInfo::default()
            }),
        };
        let image = encoded(&inventory);
        assert!(image.len() <= 3056, "{}", image.len());
        let product = Inventory::decode(&image).unwrap().product.unwrap();
        assert_eq!(product.name.text(), "found");
    }

    #[test]
    fn an_area_outside_of_the_image_is_refused() {
        let image = [1, 0, 0, 0, 2, 0, 0, 0xFD];
        assert_eq!(Inventory::decode(&image), Err(DecodeError::Truncated));
        assert_eq!(Inventory::decode(&image[..7]), Err(DecodeError::Truncated));
    }

    proptest! {
        #[test]
        fn inventories_survive_a_round_trip(
            chassis in option::of(chassis()),
            board in option::of(board()),
            padding in 0..20_usize,
        ) {
            let inventory = Inventory { chassis, board, product: None };
            let mut image = encoded(&inventory);
            image.resize(image.len() + padding, 0xFF);
            prop_assert_eq!(Inventory::decode(&image), Ok(inventory));
        }

        /// With correct checksums, so that the fields are reached.
        #[test]
        fn no_area_makes_it_panic(mut area in vec(any::<u8>(), 8..200)) {
            area.truncate(area.len() / 8 * 8);
            area[0] = 1;
            area[1] = (area.len() / 8) as u8;
            let sum = crate::message::checksum(&area);
            let last = area.last_mut().unwrap();
            *last = last.wrapping_add(sum);
            let image = [&[1, 0, 1, 1, 1, 0, 0, 0xFC][..], &area].concat();
            if let Ok(inventory) = Inventory::decode(&image) {
                prop_assert_eq!(Inventory::decode(&encoded(&inventory)), Ok(inventory));
            }
        }
    }
}

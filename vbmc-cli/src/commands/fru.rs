//! `vbmc fru`: a machine's inventory.

use ipmi_proto::fru::{
    BoardInfo, ChassisInfo, CommonHeader, DeviceId, Field, ManufacturingDate, ProductInfo,
};
use ipmi_proto::wire::Decode;

use super::target::Target;
use crate::output::{Cell, OutputArgs, Records};

const EXAMPLES: &str = "\
Examples:
  vbmc fru node-0
  vbmc fru node-0 -f json                 for programs
  vbmc fru --host 192.0.2.7 --user admin --device 1";

/// Show the machine's inventory: chassis, board and product
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which of the BMC's inventories; 0 is the machine's own
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    device: u8,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let output = args.output.resolve()?;
    let mut console = args.target.connect().await?;
    let image = console.inventory(DeviceId(args.device)).await;
    console.close().await;
    let (rows, damaged) = read(&image?);
    for part in damaged {
        tracing::warn!("the inventory's {part} cannot be read");
    }
    output.print(Records::new(["Property", "Value"], rows))
}

/// What can be read of an image, and what cannot.
fn read(image: &[u8]) -> (Vec<Vec<Cell>>, Vec<&'static str>) {
    let (mut rows, mut damaged) = (Vec::new(), Vec::new());
    let header = image.get(..CommonHeader::LEN).map(CommonHeader::decode);
    let Some(Ok(header)) = header else {
        return (rows, vec!["header"]);
    };
    let mut add = |property: &str, value: String| {
        if !value.is_empty() {
            rows.push(vec![Cell::text(property), Cell::Text(value)]);
        }
    };
    let text = Field::text;
    match area::<ChassisInfo>(image, header.chassis) {
        Ok(None) => {}
        Ok(Some(chassis)) => {
            add("chassis_type", chassis.kind.to_string());
            add("chassis_part_number", text(&chassis.part_number));
            add("chassis_serial", text(&chassis.serial));
            extra("chassis", &chassis.custom, &mut add);
        }
        Err(()) => damaged.push("chassis"),
    }
    match area::<BoardInfo>(image, header.board) {
        Ok(None) => {}
        Ok(Some(board)) => {
            add("board_made", board.made.map(date).unwrap_or_default());
            add("board_manufacturer", text(&board.manufacturer));
            add("board_name", text(&board.name));
            add("board_serial", text(&board.serial));
            add("board_part_number", text(&board.part_number));
            extra("board", &board.custom, &mut add);
        }
        Err(()) => damaged.push("board"),
    }
    match area::<ProductInfo>(image, header.product) {
        Ok(None) => {}
        Ok(Some(product)) => {
            add("product_manufacturer", text(&product.manufacturer));
            add("product_name", text(&product.name));
            add("product_part_number", text(&product.part_number));
            add("product_version", text(&product.version));
            add("product_serial", text(&product.serial));
            add("product_asset_tag", text(&product.asset_tag));
            extra("product", &product.custom, &mut add);
        }
        Err(()) => damaged.push("product"),
    }
    (rows, damaged)
}

fn area<T: Decode>(image: &[u8], offset: Option<u16>) -> Result<Option<T>, ()> {
    let Some(offset) = offset else {
        return Ok(None);
    };
    let bytes = image.get(usize::from(offset)..).unwrap_or_default();
    T::decode(bytes).map(Some).map_err(drop)
}

fn extra(part: &str, fields: &[Field], add: &mut impl FnMut(&str, String)) {
    for (number, field) in (1..).zip(fields) {
        add(&format!("{part}_extra_{number}"), field.text());
    }
}

fn date(made: ManufacturingDate) -> String {
    let seconds = i64::try_from(made.unix_seconds()).unwrap_or_default();
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use ipmi_proto::fru::Inventory;
    use ipmi_proto::wire::Encode as _;

    use super::*;

    fn image() -> Vec<u8> {
        let inventory = Inventory {
            chassis: Some(ChassisInfo::default()),
            board: None,
            product: Some(ProductInfo {
                name: Field::new("Standard PC"),
                custom: vec![Field::new("MAC 52:54:00:00:00:01")],
                ..ProductInfo::default()
            }),
        };
        let mut image = Vec::new();
        inventory.encode(&mut image);
        image
    }

    #[test]
    fn what_is_there_is_shown_and_what_is_empty_is_not() {
        let (rows, damaged) = read(&image());
        let expected = [
            ("chassis_type", "unknown"),
            ("product_name", "Standard PC"),
            ("product_extra_1", "MAC 52:54:00:00:00:01"),
        ];
        let expected = expected.map(|(name, value)| vec![Cell::text(name), Cell::text(value)]);
        assert_eq!(rows, expected);
        assert!(damaged.is_empty());
    }

    #[test]
    fn damage_costs_no_more_than_its_part() {
        let mut image = image();
        image[9] ^= 1;
        let (rows, damaged) = read(&image);
        assert_eq!((rows.len(), damaged), (2, vec!["chassis"]));
        assert_eq!(read(&[]), (Vec::new(), vec!["header"]));
    }
}

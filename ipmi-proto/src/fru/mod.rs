//! Inventory data of field replaceable units, as *IPMI Platform Management FRU Information Storage Definition* v1.0
//! rev 1.3 lays it out.
//!
//! A BMC builds an [`Inventory`] and serves its bytes with Read FRU Data; a console reads it back. A console that wants
//! what it can get of a damaged image reads the [`CommonHeader`] and decodes the areas one by one.
//!
//! ```
//! use ipmi_proto::fru::{Field, Inventory, ProductInfo};
//! use ipmi_proto::wire::{Decode, Encode};
//!
//! let inventory = Inventory {
//!     product: Some(ProductInfo {
//!         manufacturer: Field::new("QEMU"),
//!         name: Field::new("Standard PC"),
//!         ..ProductInfo::default()
//!     }),
//!     ..Inventory::default()
//! };
//! let mut image = Vec::new();
//! inventory.encode(&mut image);
//! assert_eq!(image.len() % 8, 0);
//! assert_eq!(Inventory::decode(&image), Ok(inventory));
//! ```

mod area;
mod board;
mod chassis;
mod field;
mod header;
mod inventory;
mod product;

pub use board::{BoardInfo, ManufacturingDate};
pub use chassis::{ChassisInfo, ChassisType};
pub use field::{Encoding, Field};
pub use header::CommonHeader;
pub use inventory::Inventory;
pub use product::ProductInfo;

/// Which inventory of a controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub u8);

impl DeviceId {
    /// The one that the BMC itself belongs to.
    pub const BMC: Self = Self(0);
}

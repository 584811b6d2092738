//! Storage commands, NetFn 0Ah: inventory data (§34), the SDR repository (§33) and the event log (§31).
//!
//! What they read and write has its form in [`fru`](crate::fru), [`sdr`](crate::sdr) and [`sel`](crate::sel).

mod add_sel_entry;
mod allocation_info;
mod clear_sdr_repository;
mod clear_sel;
mod delete_sel_entry;
mod erasure;
mod get_fru_inventory_area_info;
mod get_sdr;
mod get_sdr_repository_allocation_info;
mod get_sdr_repository_info;
mod get_sdr_repository_time;
mod get_sel_allocation_info;
mod get_sel_entry;
mod get_sel_info;
mod get_sel_time;
mod get_sel_time_utc_offset;
mod read_fru_data;
mod reservation_id;
mod reserve_sdr_repository;
mod reserve_sel;
mod set_sdr_repository_time;
mod set_sel_time;
mod set_sel_time_utc_offset;
mod utc_offset;
mod write_fru_data;

pub use add_sel_entry::AddSelEntry;
pub use allocation_info::AllocationInfo;
pub use clear_sdr_repository::ClearSdrRepository;
pub use clear_sel::ClearSel;
pub use delete_sel_entry::DeleteSelEntry;
pub use erasure::{Erasure, ErasureState};
pub use get_fru_inventory_area_info::{FruArea, FruUnit, GetFruInventoryAreaInfo};
pub use get_sdr::{GetSdr, SdrPart};
pub use get_sdr_repository_allocation_info::GetSdrRepositoryAllocationInfo;
pub use get_sdr_repository_info::{
    GetSdrRepositoryInfo, SdrRepositoryInfo, SdrRepositorySupport, SdrUpdateModes,
};
pub use get_sdr_repository_time::GetSdrRepositoryTime;
pub use get_sel_allocation_info::GetSelAllocationInfo;
pub use get_sel_entry::{GetSelEntry, SelEntryPart};
pub use get_sel_info::{GetSelInfo, SelInfo, SelSupport};
pub use get_sel_time::GetSelTime;
pub use get_sel_time_utc_offset::GetSelTimeUtcOffset;
pub use read_fru_data::{FruData, ReadFruData};
pub use reservation_id::ReservationId;
pub use reserve_sdr_repository::ReserveSdrRepository;
pub use reserve_sel::ReserveSel;
pub use set_sdr_repository_time::SetSdrRepositoryTime;
pub use set_sel_time::SetSelTime;
pub use set_sel_time_utc_offset::SetSelTimeUtcOffset;
pub use utc_offset::UtcOffset;
pub use write_fru_data::{FruWritten, WriteFruData};

//! Orders as window and scripts see them. Nothing here names a patient, except [`PatientView`], which is asked for by itself.

mod list;
mod page;
mod timeline;

pub use list::*;
pub use page::*;
pub use timeline::*;

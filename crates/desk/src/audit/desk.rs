//! What the desk answers about the administrators' record.

use super::{AuditEntryView, list};
use crate::{
    desk::Desk,
    page::{Page, PageInput},
    problem::Problem,
};

impl Desk {
    /// One page of what administrators did, newest first.
    pub async fn audit_list(&self, page: &PageInput) -> Result<Page<AuditEntryView>, Problem> {
        self.read(async |db| list(db, page).await).await
    }
}

//! What the desk answers about orders.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use url::Url;

use super::{
    confirm, export, link, list, table,
    view::{
        ConfirmableView, FacetView, HandoverView, LaneInput, LinkInput, OrderExportInput, OrderListInput, OrderRowView,
        OrderView, PatientView, PinView, StuckView, TimelineView, TodayView,
    },
};
use crate::{
    desk::Desk,
    event::{self, view::ExportedView},
    id::OrderUid,
    page::Page,
    problem::Problem,
    refusal::Refusal,
};

impl Desk {
    /// One page of orders, newest order first.
    pub async fn order_list(&self, input: &OrderListInput) -> Result<Page<OrderRowView>, Problem> {
        let now = self.ground().now().as_millisecond();
        self.read(async |db| list::list(db, input, now).await).await
    }

    /// What orders can be filtered by, with how many orders each.
    pub async fn order_facets(&self) -> Result<Vec<FacetView>, Problem> {
        self.read(async |db| list::facets(db).await).await
    }

    /// What happened since the administrator's day began.
    pub async fn order_today(&self, day_begins: Timestamp) -> Result<TodayView, Problem> {
        self.read(async |db| list::today(db, day_begins.as_millisecond()).await).await
    }

    /// Open orders that have had their status for so many hours, the longest first.
    pub async fn order_stuck(&self, hours: u32, limit: u32) -> Result<StuckView, Problem> {
        let before = self.ground().now().as_millisecond().saturating_sub(i64::from(hours).saturating_mul(3_600_000));
        self.read(async |db| list::stuck(db, before, i64::from(limit.clamp(1, 500))).await).await
    }

    /// One order without its patient. The uid of one of its lanes will do.
    pub async fn order_show(&self, uid: &OrderUid) -> Result<OrderView, Problem> {
        self.read(async |db| table::find(db, uid).await?.view().ok_or(Refusal::OrderUnknown.into())).await
    }

    /// Everything that happened to one order, oldest first.
    pub async fn order_timeline(&self, uid: &OrderUid) -> Result<TimelineView, Problem> {
        self.read(async |db| list::timeline(db, uid).await).await
    }

    /// The patient of one order, for somebody who asked.
    pub async fn order_patient(&self, uid: &OrderUid) -> Result<PatientView, Problem> {
        self.read(async |db| table::find(db, uid).await?.patient().ok_or(Refusal::OrderUnknown.into())).await
    }

    /// Lays the prescription file of an order out in a private folder, for another program to show, and says where.
    /// [`Desk::clear_away`] removes it. Codes: `prescription_missing`, `home_unusable`, `disk_full`.
    pub async fn order_prescription(&self, uid: &OrderUid) -> Result<PathBuf, Problem> {
        let (extension, bytes) = self
            .read(async |db| {
                let order = table::find(db, uid).await?;
                let event = order.prescription().ok_or(Refusal::PrescriptionMissing)?;
                let raw = event::list::raw(db, event).await?;
                let source = event::list::source(db, event).await?;
                let bytes = source.prescription(&raw).ok_or(Refusal::PrescriptionMissing)?;
                Ok((if bytes.starts_with(b"%PDF-") { "pdf" } else { "bin" }, bytes))
            })
            .await?;
        Ok(self.home().lay_out(extension, bytes).await?)
    }

    /// Writes orders into a file. Codes: `file_unusable`, `disk_full`, `input_invalid`.
    pub async fn order_export(
        &self,
        path: &Path,
        input: &OrderExportInput,
        progress: impl Fn(&ExportedView),
    ) -> Result<ExportedView, Problem> {
        Ok(export::export(self.ground(), path, input, progress).await?)
    }

    /// How each lane of an order is handed over, newest lane first, without the handover code.
    pub async fn order_handover(&self, uid: &OrderUid) -> Result<Vec<HandoverView>, Problem> {
        self.read(async |db| Ok(table::find(db, uid).await?.handover())).await
    }

    /// The handover code of one lane, for somebody who asked.
    pub async fn order_pin(&self, input: &LaneInput) -> Result<PinView, Problem> {
        self.read(async |db| {
            let order = table::find(db, &input.uid).await?;
            order.pin(input.lane_uid.as_ref()).ok_or(Refusal::OrderUnknown.into())
        })
        .await
    }

    /// A link of one lane, for a shell to open in the system's browser: `https` to a public name, or `link_refused`.
    pub async fn order_link(&self, input: &LinkInput) -> Result<Url, Problem> {
        self.read(async |db| {
            let order = table::find(db, &input.uid).await?;
            let text = order.link(input.lane_uid.as_ref(), input.kind).ok_or(Refusal::OrderUnknown)?;
            link::openable(text).ok_or(Refusal::LinkNotPublic.into())
        })
        .await
    }

    /// Whether an order can be confirmed with its provider, and what came of it last.
    pub async fn order_confirmable(&self, uid: &OrderUid) -> Result<ConfirmableView, Problem> {
        Ok(confirm::confirmable(self.ground(), uid).await?)
    }

    /// Asks the provider's API of an order and compares. It costs credits: ask once, and when somebody wants to know. It rewrites
    /// nothing. Codes: `confirmation_off`, the provider's.
    pub async fn order_confirm(&self, uid: &OrderUid) -> Result<ConfirmableView, Problem> {
        Ok(confirm::confirm(self.ground(), uid).await?)
    }
}

//! What the desk answers about stock.

use jiff::Timestamp;

use super::{
    list, threshold,
    view::{
        StockChangeView, StockChartInput, StockChartView, StockListInput, StockLowView, StockRowView, StockThreshold,
        StockThresholdInput,
    },
};
use crate::{
    desk::Desk,
    id::PharmacySkuUid,
    page::{Page, PageInput},
    problem::Problem,
};

impl Desk {
    /// One page of stock levels: empty ones first, then low ones, then by level. As of a moment by level alone.
    pub async fn stock_list(&self, input: &StockListInput) -> Result<Page<StockRowView>, Problem> {
        self.read(async |db| list::list(db, input, self.ground().now()).await).await
    }

    /// One page of a product's known levels, newest first.
    pub async fn stock_history(
        &self,
        uid: &PharmacySkuUid,
        as_of: Option<Timestamp>,
        page: &PageInput,
    ) -> Result<Page<StockChangeView>, Problem> {
        self.read(async |db| list::history(db, uid, as_of, page).await).await
    }

    /// One product over time. Codes: `stock_unknown`, also where nothing was known yet as of the moment asked for.
    pub async fn stock_chart(&self, input: &StockChartInput) -> Result<StockChartView, Problem> {
        self.read(async |db| list::chart(db, input, self.ground().now()).await).await
    }

    /// What is low now, and the first `rows` of it.
    pub async fn stock_low(&self, rows: u32) -> Result<StockLowView, Problem> {
        self.read(async |db| list::low(db, rows, self.ground().now()).await).await
    }

    /// From when on a product is low, where it has no threshold of its own.
    pub async fn stock_rule(&self) -> Result<StockThreshold, Problem> {
        self.read(async |db| Ok(threshold::Thresholds::load(db).await?.rule().clone())).await
    }

    /// Changes the rule. Codes: `input_invalid`.
    pub async fn stock_rule_set(&self, rule: &StockThreshold) -> Result<StockThreshold, Problem> {
        self.write(async |tx| threshold::set_rule(tx, rule).await).await?;
        self.stock_rule().await
    }

    /// Gives a product a threshold of its own, or lets the rule count for it again. Codes: `input_invalid`, `stock_unknown`.
    pub async fn stock_threshold_set(&self, input: &StockThresholdInput) -> Result<(), Problem> {
        self.write(async |tx| threshold::set(tx, &input.uid, input.threshold.as_ref()).await).await
    }
}

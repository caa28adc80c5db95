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
    error::Error,
    id::PharmacySkuUid,
    page::{Page, PageInput},
    problem::Problem,
};

impl Desk {
    /// One page of stock levels: empty ones first, then low ones, then by level. As of a moment by level alone.
    pub async fn stock_list(&self, input: &StockListInput) -> Result<Page<StockRowView>, Problem> {
        let list = async { list::list(&mut *self.db().reader().acquire().await?, input, self.now()).await };
        Ok(list.await?)
    }

    /// One page of a product's known levels, newest first.
    pub async fn stock_history(
        &self,
        uid: &PharmacySkuUid,
        as_of: Option<Timestamp>,
        page: &PageInput,
    ) -> Result<Page<StockChangeView>, Problem> {
        let history = async { list::history(&mut *self.db().reader().acquire().await?, uid, as_of, page).await };
        Ok(history.await?)
    }

    /// One product over time. Codes: `stock_unknown`, also where nothing was known yet as of the moment asked for.
    pub async fn stock_chart(&self, input: &StockChartInput) -> Result<StockChartView, Problem> {
        let chart = async { list::chart(&mut *self.db().reader().acquire().await?, input, self.now()).await };
        Ok(chart.await?)
    }

    /// What is low now, and the first `rows` of it.
    pub async fn stock_low(&self, rows: u32) -> Result<StockLowView, Problem> {
        let low = async { list::low(&mut *self.db().reader().acquire().await?, rows, self.now()).await };
        Ok(low.await?)
    }

    /// From when on a product is low, where it has no threshold of its own.
    pub async fn stock_rule(&self) -> Result<StockThreshold, Problem> {
        let rule = async {
            let thresholds = threshold::Thresholds::load(&mut *self.db().reader().acquire().await?).await?;
            Ok::<_, Error>(thresholds.rule().clone())
        };
        Ok(rule.await?)
    }

    /// Changes the rule. Codes: `input_invalid`.
    pub async fn stock_rule_set(&self, rule: &StockThreshold) -> Result<StockThreshold, Problem> {
        let set = async {
            let mut tx = self.db().write().await?;
            threshold::set_rule(&mut tx, rule).await?;
            tx.commit().await
        };
        set.await?;
        self.stock_rule().await
    }

    /// Gives a product a threshold of its own, or lets the rule count for it again. Codes: `input_invalid`, `stock_unknown`.
    pub async fn stock_threshold_set(&self, input: &StockThresholdInput) -> Result<(), Problem> {
        let set = async {
            let mut tx = self.db().write().await?;
            threshold::set(&mut tx, &input.uid, input.threshold.as_ref()).await?;
            tx.commit().await
        };
        Ok(set.await?)
    }
}

//! Stock: levels, their history, and from when on a product is called low.

use clap::{Args, Subcommand};
use offizin_desk::{
    Problem,
    stock::view::{StockChangeView, StockListInput, StockRowView, StockThreshold, StockThresholdInput},
};

use crate::{
    print::{line, local, maybe, table, word},
    shell::{PageArgs, Shell},
};

#[derive(Subcommand)]
pub(crate) enum Stock {
    /// Stock levels: empty ones first, then low ones, then by level.
    List {
        #[arg(long)]
        search: Option<String>,
        /// Only what is low by its threshold.
        #[arg(long, conflicts_with = "as_of")]
        low: bool,
        /// As it was known to be at this moment, for example 2026-05-01T12:00:00Z; by level alone.
        #[arg(long, value_name = "TIME")]
        as_of: Option<jiff::Timestamp>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Known levels of one product, newest first.
    History {
        pharmacy_sku_uid: String,
        /// Up to this moment.
        #[arg(long, value_name = "TIME")]
        as_of: Option<jiff::Timestamp>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// From when on a product is low, where it has no threshold of its own. Without options: as it is.
    Rule {
        #[command(flatten)]
        threshold: ThresholdArgs,
    },
    /// Give one product a threshold of its own; without options the rule counts for it again.
    Threshold {
        pharmacy_sku_uid: String,
        #[command(flatten)]
        threshold: ThresholdArgs,
    },
}

#[derive(Args)]
pub(crate) struct ThresholdArgs {
    /// Low at so many pieces or fewer.
    #[arg(long, value_name = "N")]
    pieces: Option<i64>,
    /// Low when it lasts for so many days or fewer.
    #[arg(long, value_name = "N")]
    days: Option<i64>,
}

impl ThresholdArgs {
    /// A threshold, where one was named.
    fn named(self) -> Option<StockThreshold> {
        let Self { pieces, days } = self;
        (pieces.is_some() || days.is_some()).then_some(StockThreshold { pieces, days })
    }
}

impl Stock {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let desk = &shell.desk;
        match self {
            Self::List { search, low, as_of, page } => {
                let low = low.then_some(true);
                let input = StockListInput { search, low, as_of, page: page.into(), ..StockListInput::default() };
                shell.page(&desk.stock_list(&input).await?, print_levels);
            }
            Self::History { pharmacy_sku_uid, as_of, page } => {
                let uid = pharmacy_sku_uid.as_str().into();
                shell.page(&desk.stock_history(&uid, as_of, &page.into()).await?, print_changes);
            }
            Self::Rule { threshold } => {
                let rule = match threshold.named() {
                    Some(rule) => desk.stock_rule_set(&rule).await?,
                    None => desk.stock_rule().await?,
                };
                shell.answer(&rule, |rule| {
                    line(&format!("low at {} pieces or {} days", maybe(rule.pieces), maybe(rule.days)));
                });
            }
            Self::Threshold { pharmacy_sku_uid, threshold } => {
                let input = StockThresholdInput { uid: pharmacy_sku_uid.as_str().into(), threshold: threshold.named() };
                desk.stock_threshold_set(&input).await?;
                shell.done("noted");
            }
        }
        Ok(())
    }
}

fn print_levels(rows: &[StockRowView]) {
    let cells = rows.iter().map(|s| {
        vec![
            maybe(s.name.as_deref()),
            maybe(s.pzn.as_deref()),
            maybe(s.stock),
            maybe(s.delta),
            maybe(s.days_of_cover),
            if s.low { "low".to_owned() } else { String::new() },
            local(s.updated_at),
            s.uid.to_string(),
        ]
    });
    table(&["PRODUCT", "PZN", "STOCK", "CHANGE", "DAYS", "", "UPDATED", "UID"], &cells.collect::<Vec<_>>());
}

fn print_changes(rows: &[StockChangeView]) {
    let cells = rows.iter().map(|s| {
        vec![local(s.at), maybe(s.stock), maybe(s.delta), maybe(s.price_cents), word(&s.trust), s.event_id.to_string()]
    });
    table(&["AT", "STOCK", "CHANGE", "CENTS", "TRUST", "EVENT"], &cells.collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_named_by_either_of_its_options() {
        let named = |pieces, days| ThresholdArgs { pieces, days }.named();
        assert_eq!(named(Some(5), None), Some(StockThreshold { pieces: Some(5), days: None }));
        assert_eq!(named(None, Some(7)), Some(StockThreshold { pieces: None, days: Some(7) }));
        assert_eq!(named(Some(0), None), Some(StockThreshold { pieces: Some(0), days: None }), "0 is a threshold");
    }

    #[test]
    fn a_threshold_without_options_is_not_one_of_nothing() {
        assert_eq!(ThresholdArgs { pieces: None, days: None }.named(), None, "the rule counts again");
    }
}

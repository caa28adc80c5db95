//! The query plans of the views, as SQLite makes them on the real schema: whatever the views ask while all of them are used
//! is written down and explained. None may read a table from end to end.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use sqlx::Row;
use tracing::field::{Field, Visit};

use crate::{
    event::{self, Verdict, view::EventListInput},
    ledger::tests::Ledger,
    orders::{self, view::OrderListInput},
    page::PageInput,
    status, stock,
};

/// Tables that stay small whatever arrives: one row per thing an administrator made, or per value there is to filter by.
const SMALL: &[&str] = &[
    "connection",
    "inlet",
    "subscription",
    "foreign_subscription",
    "signing_key",
    "stock_threshold",
    "relay",
    "setting",
    "counter",
    "facet",
    "unopened_segment",
];

/// Every statement that is run, as sqlx tells it to the log.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<BTreeSet<String>>>);

impl Visit for Statements {
    fn record_str(&mut self, field: &Field, value: &str) {
        if matches!(field.name(), "db.statement" | "summary") && !value.is_empty() && !value.ends_with('…') {
            self.0.lock().unwrap().insert(value.trim().to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl tracing::Subscriber for Statements {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
}

fn order_inputs() -> Vec<OrderListInput> {
    let all = OrderListInput::default;
    let mut inputs = vec![
        all(),
        OrderListInput { status: Some("init".into()), ..all() },
        OrderListInput { pharmacy: Some("ph-1".into()), status: Some("init".into()), ..all() },
        OrderListInput { age_hours: Some(1), ..all() },
        OrderListInput { age_hours: Some(1), pharmacy: Some("ph-1".into()), ..all() },
    ];
    for search in ["#1", "10", "test po"] {
        inputs.extend(
            inputs.clone().into_iter().take(3).map(|input| OrderListInput { search: Some(search.into()), ..input }),
        );
    }
    let after = crate::page::key(1 << 60, "x");
    inputs.extend(inputs.clone().into_iter().map(|mut input| {
        input.page = PageInput { limit: Some(5), after: Some(after.clone()) };
        input
    }));
    inputs
}

fn event_inputs() -> Vec<EventListInput> {
    let all = EventListInput::default;
    let mut inputs = vec![
        all(),
        EventListInput { verdict: Some(Verdict::Unrecognised), ..all() },
        EventListInput { verdict: Some(Verdict::Rejected), ..all() },
        EventListInput { event_type: Some("pharmacy_order_updated".into()), ..all() },
        EventListInput { source: Some("rxscale".into()), ..all() },
        EventListInput { search: Some("psku-1".into()), ..all() },
    ];
    let after = crate::page::key(1 << 60, "x");
    inputs.extend(inputs.clone().into_iter().map(|mut input| {
        input.page = PageInput { limit: Some(5), after: Some(after.clone()) };
        input
    }));
    inputs
}

/// Uses every view once.
async fn look_at_everything(connection: &mut sqlx::SqliteConnection) {
    for input in order_inputs() {
        orders::list::list(connection, &input, 1 << 50).await.unwrap();
    }
    orders::list::facets(connection).await.unwrap();
    orders::list::stuck(connection, 1 << 50, 5).await.unwrap();
    orders::list::today(connection, 0).await.unwrap();
    orders::table::find(connection, &"ord-1".into()).await.unwrap();
    orders::table::timeline(connection, &"ord-1".into()).await.unwrap();
    status::desk::status(connection, String::new(), jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    let mut ids = Vec::new();
    for input in event_inputs() {
        ids.extend(event::list::list(connection, &input).await.unwrap().rows.into_iter().map(|row| row.id));
    }
    let id = ids.first().unwrap();
    event::list::proof(connection, id).await.unwrap();
    event::list::raw(connection, id).await.unwrap();
    for search in [None, Some("te".to_owned())] {
        let input = stock::view::StockListInput { search, ..stock::view::StockListInput::default() };
        stock::list::list(connection, &input, jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    }
    stock::list::history(connection, &"psku-1".into(), None, &PageInput::default()).await.unwrap();
}

fn reads_a_whole_table(step: &str) -> bool {
    let Some(table) = step.strip_prefix("SCAN ") else { return false };
    let name = table.split(' ').next().unwrap_or_default();
    let is_walk =
        table.contains("USING INDEX") || table.contains("USING COVERING INDEX") || table.contains("VIRTUAL TABLE");
    let is_made_on_the_way = ["found", "s", "p", "k", "CONSTANT"].contains(&name) || name.starts_with('(');
    // In the order of its key, and only as far as the page goes.
    let is_key_walk = name == "o";
    !(is_walk || is_made_on_the_way || is_key_walk || SMALL.contains(&name))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_view_reads_a_table_from_end_to_end() {
    let statements = Statements::default();
    // For the whole process: what a connection is asked is told by a thread of its own.
    tracing::subscriber::set_global_default(statements.clone()).unwrap();
    let mut ledger = Ledger::new().await;
    ledger.take_a_little_of_everything().await;
    let mut connection = ledger.telling().await;
    look_at_everything(&mut connection).await;
    let asked = statements.0.lock().unwrap().clone();
    assert!(asked.len() > 40, "only {} statements were heard", asked.len());
    let mut wrong = Vec::new();
    for statement in asked {
        let explained = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
        let plan = explained.fetch_all(&mut *ledger.connection().await).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get(3)).collect();
        if steps.iter().any(|step| reads_a_whole_table(step))
            || steps.iter().any(|s| s.starts_with("USE TEMP B-TREE FOR ORDER BY") && !is_small_sort(&statement))
        {
            wrong.push(format!("{statement}\n    {}", steps.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Sorted after a bounded number was found: events of a search, rows of one order, values of a filter.
fn is_small_sort(statement: &str) -> bool {
    ["WITH found", "FROM facet", "FROM receipt", "UNION ALL", "json_each"].iter().any(|part| statement.contains(part))
}

#[test]
fn a_walk_along_an_index_is_told_from_a_walk_through_a_table() {
    assert!(reads_a_whole_table("SCAN order_row"));
    assert!(reads_a_whole_table("SCAN e"));
    assert!(!reads_a_whole_table("SCAN e USING INDEX event_received"));
    assert!(!reads_a_whole_table("SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"));
    assert!(!reads_a_whole_table("SCAN facet"));
}

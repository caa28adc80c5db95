//! What the desk answers about itself at a glance.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::{CountsView, StatusView};
use crate::{attention, connections, desk::Desk, error::Error, pairing, problem::Problem, stock, subscriptions, time};

impl Desk {
    /// The desk at a glance.
    pub async fn status(&self) -> Result<StatusView, Problem> {
        let now = self.ground().now();
        let home = self.home().dir().display().to_string();
        self.read(async |db| status(db, home, now).await).await
    }
}

pub(crate) async fn status(
    connection: &mut SqliteConnection,
    home: String,
    now: Timestamp,
) -> Result<StatusView, Error> {
    let last: Option<i64> =
        sqlx::query_scalar("SELECT max(received_at) FROM event").fetch_one(&mut *connection).await?;
    let counts = counts(connection, now).await?;
    let relay = pairing::view(connection).await?;
    let attention = attention::view(connection, &counts, relay.as_ref(), now).await?;
    Ok(StatusView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        home,
        relay,
        connections: connections::list(connection).await?,
        counts,
        attention,
        last_event_at: last.map(time::from_ms).transpose()?,
    })
}

/// Numbers of [`counts`], in the order of its query.
type Counted = (i64, i64, i64, i64, i64, i64, i64, i64);

/// Counts what is shown on every glance, from numbers that are kept.
pub(crate) async fn counts(connection: &mut SqliteConnection, now: Timestamp) -> Result<CountsView, Error> {
    let (events, unrecognised, quarantine, orders, attention, stock, unopened, subscriptions): Counted = sqlx::query_as(
        "SELECT (SELECT value FROM counter WHERE name = 'event'), (SELECT value FROM counter WHERE name = 'unrecognised'), \
         (SELECT value FROM counter WHERE name = 'quarantine'), coalesce((SELECT sum(orders) FROM facet WHERE kind = 'group'), 0), \
         coalesce((SELECT orders FROM facet WHERE kind = 'attention' AND value = ''), 0), \
         (SELECT count(*) FROM stock_row), (SELECT count(*) FROM unopened_segment), \
         (SELECT count(*) FROM subscription WHERE state = 'active')",
    )
    .fetch_one(&mut *connection)
    .await?;
    let watched = subscriptions::rows::counts(&mut *connection, now).await?;
    let low = stock::list::low_count(&mut *connection, now).await?;
    // What came through a subscription that was given up because nobody has its secret stays in the list of deliveries, and
    // is nothing that anybody could do something about.
    let given_up: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(i.rejected), 0) FROM subscription s JOIN inlet i ON i.id = s.inlet_id \
         WHERE s.state = 'removed' AND s.secret <> 'stored'",
    )
    .fetch_one(connection)
    .await?;
    let quarantine = (quarantine - given_up).max(0);
    Ok(CountsView { orders, attention, stock, low, events, unrecognised, quarantine, unopened, subscriptions, watched })
}

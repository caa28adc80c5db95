//! The ledger: what arrived is written into the journal, and what it touches is folded again (steps 6, 7 and 9 of the
//! journey). There are two ways in, [`take_in`] and [`release`]; both do all of it in the caller's transaction.

mod desk;
mod facts;
mod journal;
pub(crate) mod rebuild;
#[cfg(test)]
pub(crate) mod tests;
mod touched;

use offizin_wire::InletId;
use sqlx::SqliteConnection;

use crate::{
    error::Error,
    intake::{Judged, inlets::Inlets},
    tag::Tag,
};
use journal::Tally;
pub(crate) use journal::{HOUR_MS, Origin};
pub use rebuild::LedgerReport;
pub(crate) use rebuild::bring_up_to_date;

/// What was taken in, already written and folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub(crate) struct Taken {
    /// Deliveries that were written, as events, receipts or into quarantine.
    pub(crate) deliveries: u64,
    /// Events not seen before.
    pub(crate) events: u64,
    /// Deliveries of events seen before.
    pub(crate) duplicates: u64,
    /// Deliveries now in quarantine.
    pub(crate) rejected: u64,
    /// The views of orders, stock and assignments that changed.
    pub(crate) changed: Vec<Tag>,
}

/// Writes judged deliveries into the journal or the quarantine, folds again what they touch, and counts them for their
/// inlets.
pub(crate) async fn take_in(connection: &mut SqliteConnection, arrived: Vec<(Origin, Judged)>) -> Result<Taken, Error> {
    let mut tally = Tally::default();
    journal::write(connection, arrived, &mut tally).await?;
    fold(connection, tally).await
}

/// Judges again what sits in quarantine for an inlet. What verifies now is taken in, the rest stays.
pub(crate) async fn release(
    connection: &mut SqliteConnection,
    inlets: &Inlets,
    inlet: &InletId,
) -> Result<Taken, Error> {
    let mut tally = Tally::default();
    journal::release(connection, inlets, inlet, &mut tally).await?;
    fold(connection, tally).await
}

async fn fold(connection: &mut SqliteConnection, tally: Tally) -> Result<Taken, Error> {
    tally.touched.refold(connection).await?;
    journal::count(connection, &tally).await?;
    Ok(Taken {
        deliveries: tally.deliveries,
        events: tally.events,
        duplicates: tally.duplicates,
        rejected: tally.rejected,
        changed: tally.touched.tags().collect(),
    })
}

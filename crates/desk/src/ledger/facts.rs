//! What the folds read: one row per fact, in the table of what it speaks of.

use sqlx::SqliteConnection;

use crate::{assignments, error::Error, event::Subject, id::Realm, orders, stock};

/// Writes what events say where the folds find it.
pub(super) async fn insert(connection: &mut SqliteConnection, facts: &[(i64, &Realm, &Subject)]) -> Result<(), Error> {
    let (mut of_orders, mut of_stock) = (Vec::with_capacity(facts.len()), Vec::new());
    for (event, realm, subject) in facts {
        match subject {
            Subject::Order(fact) => of_orders.push((*event, *realm, fact.as_ref())),
            Subject::Stock(fact) => of_stock.push((*event, *realm, fact.as_ref())),
            Subject::Assignment(fact) => assignments::table::insert_fact(connection, *event, realm, fact).await?,
            Subject::Test | Subject::Notice => {}
        }
    }
    stock::table::insert_facts(connection, &of_stock).await?;
    orders::table::insert_facts(connection, &of_orders).await
}

//! What new facts touch, and folding exactly that again (step 9 of the journey).

use std::collections::BTreeSet;

use sqlx::SqliteConnection;

use crate::{
    assignments,
    error::Error,
    event::Subject,
    id::{PharmacySkuUid, Realm},
    orders, rows, stock,
    tag::Tag,
};

/// What has to be folded again.
#[derive(Debug, Default)]
pub(super) struct Touched {
    orders: orders::touched::Touched,
    products: BTreeSet<(Realm, PharmacySkuUid)>,
    assignments: assignments::table::Touched,
}

impl Touched {
    pub(super) fn add(&mut self, realm: &Realm, subject: &Subject) {
        match subject {
            Subject::Order(fact) => {
                self.orders.add(realm, fact);
                self.assignments.add_order(realm, fact);
            }
            Subject::Stock(fact) => _ = self.products.insert((realm.to_owned(), fact.uid.clone())),
            Subject::Assignment(fact) => self.assignments.add(realm, fact),
            Subject::Test | Subject::Notice => {}
        }
    }

    /// The views that change with it.
    pub(super) fn tags(&self) -> impl Iterator<Item = Tag> {
        let orders = (!self.orders.is_empty()).then_some(Tag::Orders);
        let stock = (!self.products.is_empty()).then_some(Tag::Stock);
        let doctors = (!self.assignments.is_empty()).then_some(Tag::Doctors);
        orders.into_iter().chain(stock).chain(doctors)
    }

    /// The same in parts of so many orders; the assignments come with the last one.
    pub(super) fn split(self, most: usize) -> impl Iterator<Item = Self> {
        let orders = self.orders.split(most).map(|orders| Self { orders, ..Self::default() });
        let products = rows::parts(self.products, most).map(|products| Self { products, ..Self::default() });
        orders.chain(products).chain([Self { assignments: self.assignments, ..Self::default() }])
    }

    /// Folds everything touched, in the caller's transaction.
    pub(super) async fn refold(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        orders::table::refold(connection, &self.orders).await?;
        stock::table::refold(connection, &self.products).await?;
        assignments::table::refold(connection, &self.assignments).await
    }
}

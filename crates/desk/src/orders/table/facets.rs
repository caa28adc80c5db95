//! The values orders can be filtered by, in SQL: which order has which, and how many orders have each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::SqliteConnection;

use crate::{
    error::Error,
    orders::{fold::row::Folded, touched::json},
    rows,
};

/// How well a label names a value: a name better than a short code, anything better than the value itself. Whichever is heard
/// first, the same one stays.
fn naming<'a>(label: &'a str, value: &str) -> (bool, usize, &'a str) {
    (label != value, label.chars().count(), label)
}

/// The values orders can be filtered by, and how many orders have each.
pub(super) struct Facets {
    /// The id of each value, and its name as far as one was heard.
    ids: HashMap<(String, String), (i64, String)>,
    counts: BTreeMap<i64, i64>,
}

impl Facets {
    pub(super) async fn read(connection: &mut SqliteConnection) -> Result<Self, Error> {
        let rows: Vec<(i64, String, String, String)> =
            sqlx::query_as("SELECT id, kind, value, label FROM facet ORDER BY id").fetch_all(connection).await?;
        let ids = rows.into_iter().map(|(id, kind, value, label)| ((kind, value), (id, label))).collect();
        Ok(Self { ids, counts: BTreeMap::new() })
    }

    pub(super) async fn of(
        &mut self,
        connection: &mut SqliteConnection,
        folded: &Folded,
    ) -> Result<BTreeSet<i64>, Error> {
        let mut has = BTreeSet::new();
        for facet in &folded.facets {
            let key = (facet.kind.to_owned(), facet.value.clone());
            let id = match self.ids.get_mut(&key) {
                Some((id, label)) => {
                    if naming(&facet.label, &facet.value) > naming(label, &facet.value) {
                        sqlx::query("UPDATE facet SET label = ? WHERE id = ?")
                            .bind(&facet.label)
                            .bind(*id)
                            .execute(&mut *connection)
                            .await?;
                        label.clone_from(&facet.label);
                    }
                    *id
                }
                None => {
                    let id = sqlx::query_scalar("INSERT INTO facet (kind, value, label) VALUES (?, ?, ?) RETURNING id")
                        .bind(facet.kind)
                        .bind(&facet.value)
                        .bind(&facet.label)
                        .fetch_one(&mut *connection)
                        .await?;
                    self.ids.insert(key, (id, facet.label.clone()));
                    id
                }
            };
            has.insert(id);
        }
        Ok(has)
    }

    pub(super) async fn move_orders(
        &mut self,
        connection: &mut SqliteConnection,
        lost: &[(i64, i64)],
        gained: &[(i64, i64)],
    ) -> Result<(), Error> {
        for (facet, _) in lost {
            *self.counts.entry(*facet).or_default() -= 1;
        }
        for (facet, _) in gained {
            *self.counts.entry(*facet).or_default() += 1;
        }
        sqlx::query(
            "DELETE FROM order_facet WHERE (facet, id) IN (SELECT k.value ->> 0, k.value ->> 1 FROM json_each(?) k)",
        )
        .bind(json(&lost)?)
        .execute(&mut *connection)
        .await?;
        rows::insert(connection, "INSERT INTO order_facet (facet, id) ", gained, "", |row, (facet, id)| {
            row.push_bind(*facet).push_bind(*id);
        })
        .await?;
        Ok(())
    }

    pub(super) async fn count(self, connection: &mut SqliteConnection) -> Result<(), Error> {
        for (facet, more) in self.counts.into_iter().filter(|(_, more)| *more != 0) {
            sqlx::query("UPDATE facet SET orders = orders + ? WHERE id = ?")
                .bind(more)
                .bind(facet)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

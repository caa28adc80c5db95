//! From when on a level is low: a rule for all products and thresholds of single ones. A choice of the administrator, kept
//! apart from the folds; what it makes of a level is stored with the product, so that counting needs no looking.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use super::{fold, stored::StoredLevel, table, words::StockThreshold};
use crate::{
    error::Error,
    id::{PharmacySkuUid, Realm},
    refusal::Refusal,
    store::Stored,
};

const RULE: &str = "stock_rule";
/// Larger numbers are a slip of the hand.
const MOST: i64 = 1_000_000;

/// The rule and what differs from it.
pub(crate) struct Thresholds {
    rule: StockThreshold,
    own: BTreeMap<(Realm, String), StockThreshold>,
}

impl Thresholds {
    pub(crate) async fn load(connection: &mut SqliteConnection) -> Result<Self, Error> {
        let rule: Option<String> = sqlx::query_scalar("SELECT value FROM setting WHERE name = ?")
            .bind(RULE)
            .fetch_optional(&mut *connection)
            .await?;
        let own: Vec<(Realm, String, Option<i64>, Option<i64>)> =
            sqlx::query_as("SELECT realm, uid, pieces, days FROM stock_threshold").fetch_all(connection).await?;
        Ok(Self {
            rule: rule.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            own: own
                .into_iter()
                .map(|(realm, uid, pieces, days)| ((realm, uid), StockThreshold { pieces, days }))
                .collect(),
        })
    }

    /// The rule for all.
    pub(crate) fn rule(&self) -> &StockThreshold {
        &self.rule
    }

    /// What counts for one product, and whether it is its own.
    pub(crate) fn of(&self, realm: &Realm, uid: &PharmacySkuUid) -> (&StockThreshold, bool) {
        match self.own.get(&(realm.to_owned(), uid.to_string())) {
            Some(own) => (own, true),
            None => (&self.rule, false),
        }
    }
}

/// Notes whether a product is low, and until when if nothing moves.
pub(crate) async fn judge(
    connection: &mut SqliteConnection,
    realm: &Realm,
    uid: &PharmacySkuUid,
    shown: &StoredLevel,
    thresholds: &Thresholds,
) -> Result<(), Error> {
    let (threshold, _) = thresholds.of(realm, uid);
    let (level, last) = (shown.stock.unwrap_or(0), fold::day(shown.updated_at.as_millisecond()));
    let first = fold::day(shown.first_at.as_millisecond());
    let days =
        if threshold.days.is_some() { table::days(connection, realm, uid, last).await? } else { BTreeMap::new() };
    let low_until = fold::low_until(level, &days, first, last, threshold);
    sqlx::query("UPDATE stock_row SET low_until = ?, sort = ? WHERE realm = ? AND uid = ?")
        .bind(low_until)
        .bind(fold::sort(level, low_until.is_some()))
        .bind(realm)
        .bind(uid)
        .execute(connection)
        .await?;
    Ok(())
}

/// Changes the rule for all.
pub(crate) async fn set_rule(connection: &mut SqliteConnection, rule: &StockThreshold) -> Result<(), Error> {
    check(rule)?;
    sqlx::query("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)")
        .bind(RULE)
        .bind(serde_json::to_string(rule).stored("stock rule")?)
        .execute(&mut *connection)
        .await?;
    let thresholds = Thresholds::load(connection).await?;
    let mut after: Option<(Realm, PharmacySkuUid)> = None;
    loop {
        let rows: Vec<(Realm, PharmacySkuUid, String)> = sqlx::query_as(
            "SELECT realm, uid, view FROM stock_row WHERE (realm, uid) > (?, ?) ORDER BY realm, uid LIMIT 500",
        )
        .bind(after.as_ref().map_or("", |(realm, _)| realm.as_str()))
        .bind(after.as_ref().map_or("", |(_, uid)| uid.as_str()))
        .fetch_all(&mut *connection)
        .await?;
        let Some((realm, uid, _)) = rows.last() else { return Ok(()) };
        after = Some((realm.clone(), uid.clone()));
        for (realm, uid, view) in rows {
            let view = serde_json::from_str(&view).stored("stock row")?;
            judge(connection, &realm, &uid, &view, &thresholds).await?;
        }
    }
}

/// Gives one product a threshold of its own, or lets the rule count for it again.
pub(crate) async fn set(
    connection: &mut SqliteConnection,
    uid: &PharmacySkuUid,
    threshold: Option<&StockThreshold>,
) -> Result<(), Error> {
    let rows: Vec<(Realm, String)> =
        sqlx::query_as("SELECT realm, view FROM stock_row WHERE uid = ?").bind(uid).fetch_all(&mut *connection).await?;
    if rows.is_empty() {
        return Err(Refusal::StockUnknown.into());
    }
    for (realm, _) in &rows {
        match threshold {
            Some(own) => {
                check(own)?;
                sqlx::query("INSERT OR REPLACE INTO stock_threshold (realm, uid, pieces, days) VALUES (?, ?, ?, ?)")
                    .bind(realm)
                    .bind(uid)
                    .bind(own.pieces)
                    .bind(own.days)
                    .execute(&mut *connection)
                    .await?
            }
            None => {
                sqlx::query("DELETE FROM stock_threshold WHERE realm = ? AND uid = ?")
                    .bind(realm)
                    .bind(uid)
                    .execute(&mut *connection)
                    .await?
            }
        };
    }
    let thresholds = Thresholds::load(connection).await?;
    for (realm, view) in rows {
        let view = serde_json::from_str(&view).stored("stock row")?;
        judge(connection, &realm, uid, &view, &thresholds).await?;
    }
    Ok(())
}

fn check(threshold: &StockThreshold) -> Result<(), Error> {
    let fits = |number: Option<i64>| number.is_none_or(|number| (0..=MOST).contains(&number));
    match (fits(threshold.pieces), fits(threshold.days)) {
        (false, _) => Err(Error::input("pieces")),
        (_, false) => Err(Error::input("days")),
        (true, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(pieces: Option<i64>, days: Option<i64>) -> Result<(), &'static str> {
        check(&StockThreshold { pieces, days }).map_err(|error| match error {
            Error::Refused(Refusal::Input(field)) => field,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_threshold_may_be_zero_and_either_half_may_be_absent() {
        for (pieces, days) in [(Some(0), Some(0)), (None, Some(7)), (Some(MOST), None), (None, None)] {
            assert_eq!(checked(pieces, days), Ok(()));
        }
    }

    #[test]
    fn a_threshold_that_is_a_slip_of_the_hand_names_its_field() {
        assert_eq!(checked(Some(-1), None), Err("pieces"));
        assert_eq!(checked(Some(MOST + 1), Some(-1)), Err("pieces"));
        assert_eq!(checked(Some(5), Some(-1)), Err("days"));
        assert_eq!(checked(None, Some(i64::MAX)), Err("days"));
    }
}

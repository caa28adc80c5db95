//! Health: how busy a subscription is, how late its deliveries come, and whether it is quieter than its own rhythm explains.
//!
//! Silence is a comparison with the same hours of the week, up to four weeks back: a pharmacy that is closed on Sunday is
//! not silent on Sunday. It is only measured up to the moment until which this desk knows everything; a relay that cannot be
//! reached makes nobody silent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::view::{HealthView, Rhythm};
use crate::{error::Error, ledger::HOUR_MS, store::Stored, time};

const WEEK_HOURS: i64 = 7 * 24;
const WEEKS: i64 = 4;
const SHOWN_HOURS: i64 = 24;
/// So many are missed before it is called silence. If arrivals were independent, this would be wrong once in three thousand
/// times; they come in bursts, so it is wrong a little more often.
const MISSED: f64 = 8.0;
/// Shorter pauses are never called silence.
const SHORTEST_MS: i64 = HOUR_MS;

/// How a subscription does. Silence is taken from where [`listen`] wrote it.
pub(super) async fn of(
    connection: &mut SqliteConnection,
    inlet: &str,
    silent_since: Option<i64>,
    expected: Option<f64>,
    now: Timestamp,
) -> Result<HealthView, Error> {
    let first = hour_of(now.as_millisecond()) - SHOWN_HOURS + 1;
    let rows: Vec<(i64, i64, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT hour, verified, events, rejected, delayed, delay_ms FROM inlet_hour WHERE inlet_id = ? AND hour >= ?",
    )
    .bind(inlet)
    .bind(first * HOUR_MS)
    .fetch_all(connection)
    .await?;
    let mut view = HealthView { hours: vec![0; usize::try_from(SHOWN_HOURS).unwrap_or(0)], ..HealthView::default() };
    let (mut duplicates, mut rejected, mut delayed, mut delay) = (0, 0, 0, 0);
    for (hour, verified, events, turned_away, timed, delay_ms) in rows {
        let place = usize::try_from(hour / HOUR_MS - first).ok().and_then(|place| view.hours.get_mut(place));
        // A relay whose clock is ahead may speak of an hour that has not come.
        if let Some(place) = place {
            *place = small(verified);
        }
        duplicates += verified - events;
        rejected += turned_away;
        delayed += timed;
        delay += delay_ms;
    }
    view.arrivals = view.hours.iter().sum();
    view.duplicates = small(duplicates);
    view.rejected = small(rejected);
    view.delay_ms = (delayed > 0).then(|| delay / delayed);
    view.expected = expected;
    view.silent_since = silent_since.map(time::from_ms).transpose()?;
    view.rhythm = match (silent_since, expected) {
        (Some(_), _) => Rhythm::Silent,
        (None, Some(_)) => Rhythm::Usual,
        (None, None) => Rhythm::Learning,
    };
    Ok(view)
}

fn small(count: i64) -> u32 {
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}

fn hour_of(ms: i64) -> i64 {
    ms.div_euclid(HOUR_MS)
}

/// Compares every active subscription with its own rhythm and writes down which are silent. `until`: everything before it is
/// known. Answers whether anything changed.
pub(crate) async fn listen(connection: &mut SqliteConnection, until: Timestamp) -> Result<bool, Error> {
    // The rhythm belongs to the event type at the connection: a generation inherits it from the one it replaced.
    let from = (hour_of(until.as_millisecond()) - (WEEKS + 1) * WEEK_HOURS) * HOUR_MS;
    let active: Vec<(String, Option<i64>, Option<i64>, String)> = sqlx::query_as(
        "SELECT a.id, a.silent_since, \
         (SELECT max(i.last_verified_at) FROM subscription s JOIN inlet i ON i.id = s.inlet_id \
          WHERE s.connection_id = a.connection_id AND s.notification_type = a.notification_type), \
         (SELECT json_group_array(json_array(h.hour, h.events)) FROM subscription s JOIN inlet_hour h ON h.inlet_id = s.inlet_id \
          WHERE s.connection_id = a.connection_id AND s.notification_type = a.notification_type AND h.hour >= ?) \
         FROM subscription a WHERE a.state = 'active'",
    )
    .bind(from)
    .fetch_all(&mut *connection)
    .await?;
    let mut changed = false;
    for (id, silent_before, last, hours) in active {
        let hours: Vec<(i64, i64)> = serde_json::from_str(&hours).stored("hours")?;
        let mut history = BTreeMap::new();
        for (hour, events) in hours {
            *history.entry(hour / HOUR_MS).or_default() += events;
        }
        let expected = last.and_then(|last| expected(&history, last, until.as_millisecond()));
        let is_silent = last.is_some_and(|last| until.as_millisecond() - last >= SHORTEST_MS)
            && expected.is_some_and(|expected| expected >= MISSED);
        let silent_since = last.filter(|_| is_silent);
        changed |= silent_since.is_some() != silent_before.is_some();
        sqlx::query("UPDATE subscription SET silent_since = ?, expected = ? WHERE id = ?")
            .bind(silent_since)
            .bind(expected)
            .bind(&id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(changed)
}

/// How many would usually have come between two moments: for each hour of the span the mean of the same hour of the week in
/// the weeks that are known. `None` where some hour is not known in any of them.
fn expected(history: &BTreeMap<i64, i64>, from: i64, until: i64) -> Option<f64> {
    let first_known = *history.keys().next()?;
    let mut sum = 0.0;
    for hour in hour_of(from)..=hour_of(until) {
        let before = (1..=WEEKS).map(|week| hour - week * WEEK_HOURS).filter(|then| *then >= first_known);
        let known: Vec<i64> = before.map(|then| history.get(&then).copied().unwrap_or(0)).collect();
        if known.is_empty() {
            return None;
        }
        let mean = known.iter().sum::<i64>() as f64 / known.len() as f64;
        let begins = from.max(hour * HOUR_MS);
        let ends = until.min((hour + 1) * HOUR_MS);
        sum += mean * (ends - begins).max(0) as f64 / HOUR_MS as f64;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Three a working hour, nothing at night and on the last day of each week, from hour 0 on.
    fn shop(hours: i64) -> BTreeMap<i64, i64> {
        let open = |hour: i64| hour % WEEK_HOURS < 6 * 24 && (8..18).contains(&(hour % 24));
        (0..hours).filter(|hour| open(*hour)).map(|hour| (hour, 3)).collect()
    }

    fn at(week: i64, day: i64, hour: i64) -> i64 {
        (week * WEEK_HOURS + day * 24 + hour) * HOUR_MS
    }

    #[test]
    fn a_shop_that_is_closed_is_not_silent() {
        let history = shop(3 * WEEK_HOURS);
        let over_night = expected(&history, at(3, 1, 18), at(3, 2, 8)).unwrap();
        let over_the_holiday = expected(&history, at(3, 5, 18), at(4, 0, 8)).unwrap();
        assert!(over_night < 0.01 && over_the_holiday < 0.01, "{over_night} {over_the_holiday}");
        let a_morning = expected(&history, at(3, 1, 8), at(3, 1, 12)).unwrap();
        assert!((a_morning - 12.0).abs() < 0.01, "{a_morning}");
        let half_an_hour = expected(&history, at(3, 1, 9), at(3, 1, 9) + HOUR_MS / 2).unwrap();
        assert!((half_an_hour - 1.5).abs() < 0.01, "{half_an_hour}");
    }

    #[test]
    fn within_the_first_week_nothing_is_claimed() {
        assert_eq!(expected(&shop(3 * 24), at(0, 3, 8), at(0, 3, 12)), None);
        assert_eq!(expected(&BTreeMap::new(), 0, at(1, 0, 0)), None);
    }

    proptest! {
        #[test]
        fn waiting_longer_never_lowers_what_is_missed(
            hours in proptest::collection::btree_map(0i64..WEEK_HOURS * 3, 0i64..50, 1..60),
            from in 0i64..WEEK_HOURS, span in 0i64..200, more in 0i64..200,
        ) {
            let from = at(3, 0, 0) + from * HOUR_MS;
            let short = expected(&hours, from, from + span * HOUR_MS);
            let long = expected(&hours, from, from + (span + more) * HOUR_MS);
            if let (Some(short), Some(long)) = (short, long) {
                prop_assert!(long >= short - 1e-9);
            }
        }
    }
}

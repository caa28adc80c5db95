//! Rows in bulk: many in one statement, and work on many spread over the cores. Owns no table.

use std::collections::BTreeSet;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, query_builder::Separated, sqlite::SqliteRow};

use crate::error::Error;

/// The widest statement, in rows. Statements are as wide as a power of two, so that few distinct ones are prepared.
const WIDEST: usize = 64;

/// Inserts `rows`; `head` ends before `VALUES`, `tail` follows it. Returns what `tail` asks to be returned.
pub(crate) async fn insert<R>(
    connection: &mut SqliteConnection,
    head: &'static str,
    rows: &[R],
    tail: &'static str,
    bind: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &R),
) -> Result<Vec<SqliteRow>, Error> {
    let mut returned = Vec::new();
    let mut rest = rows;
    while !rest.is_empty() {
        let wide = WIDEST.min(1 << rest.len().ilog2());
        let (some, others) = rest.split_at_checked(wide).unwrap_or((rest, &[]));
        let mut query = QueryBuilder::<Sqlite>::new(head);
        query.push_values(some, |mut row, value| bind(&mut row, value));
        query.push(tail);
        returned.extend(query.build().fetch_all(&mut *connection).await?);
        rest = others;
    }
    Ok(returned)
}

/// Does `work` with each of `items`, on all cores, and keeps their order. It has begun before anybody waits for it.
pub(crate) fn spread<T, U, W>(items: Vec<T>, work: W) -> impl Future<Output = Result<Vec<U>, Error>> + use<T, U, W>
where
    W: Fn(T) -> U + Clone + Send + 'static,
    T: Send + 'static,
    U: Send + 'static,
{
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(1);
    let mut items = items.into_iter();
    let mut parts = Vec::with_capacity(cores);
    loop {
        let part: Vec<T> = items.by_ref().take(share).collect();
        if part.is_empty() {
            break;
        }
        let work = work.clone();
        parts.push(tokio::task::spawn_blocking(move || part.into_iter().map(work).collect::<Vec<U>>()));
    }
    async move {
        let mut done = Vec::new();
        for part in parts {
            done.extend(part.await.map_err(|_| Error::Stopped)?);
        }
        Ok(done)
    }
}

/// A set in parts of at most so many.
pub(crate) fn parts<T: Ord>(set: BTreeSet<T>, most: usize) -> impl Iterator<Item = BTreeSet<T>> {
    let mut rest = set.into_iter();
    std::iter::from_fn(move || Some(rest.by_ref().take(most).collect::<BTreeSet<T>>()).filter(|part| !part.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_spread_comes_back_in_order() {
        let doubled = spread((0..1001).collect(), |n: i32| n * 2).await.unwrap();
        assert_eq!(doubled, (0..1001).map(|n| n * 2).collect::<Vec<_>>());
        assert!(spread(Vec::<i32>::new(), |n| n).await.unwrap().is_empty());
    }

    #[test]
    fn a_set_in_parts_is_the_same_set() {
        let set: BTreeSet<i32> = (0..7).collect();
        let parts: Vec<BTreeSet<i32>> = parts(set.clone(), 3).collect();
        assert_eq!(parts.iter().map(BTreeSet::len).collect::<Vec<_>>(), [3, 3, 1]);
        assert_eq!(parts.into_iter().flatten().collect::<BTreeSet<_>>(), set);
    }
}

//! The fold of a stock level (step 9 of the journey): levels are absolute, a difference is "since last seen". Pure.
//!
//! What is kept are sums over pairs of neighbours. A new fact replaces one pair by two, wherever its place is; so a product
//! with a hundred thousand changes costs no more than one with two, and a rebuild comes to the same sums.

use std::collections::BTreeMap;

use super::words::{StockThreshold, StockWindow};

/// Days over which consumption is measured.
pub(crate) const WINDOW_DAYS: i64 = 28;
/// A single change beyond this is an error of somebody's, and must not spoil a sum.
const MOST: i64 = 1_000_000_000_000;
const DAY_MS: i64 = 86_400_000;

/// The day of a moment (UTC), counted from 1970.
pub(crate) fn day(ms: i64) -> i64 {
    ms.div_euclid(DAY_MS)
}

/// The first moment of the next day.
pub(crate) fn end_of(day: i64) -> i64 {
    day.saturating_add(1).saturating_mul(DAY_MS)
}

/// The place of a level in time: provider's time, provider's "changed at", first receipt, event.
pub(crate) type Key = (i64, i64, i64, String);

/// A level in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) key: Key,
    pub(crate) stock: i64,
}

impl Level {
    pub(crate) fn at(&self) -> i64 {
        self.key.0
    }
}

/// What moved on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) changes: i64,
    pub(crate) down: i64,
    pub(crate) up: i64,
    /// At the end of the day, where this sum knows it.
    pub(crate) level: Option<i64>,
}

/// By how much the sums of a product move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) days: BTreeMap<i64, Moved>,
    pub(crate) out_ms: i64,
}

impl Sums {
    /// Puts a level behind the newest one.
    pub(crate) fn append(&mut self, newest: Option<&Level>, level: &Level) {
        self.pair(newest, Some(level), 1);
        let moved = self.days.entry(day(level.at())).or_default();
        moved.changes += 1;
        moved.level = Some(level.stock);
    }

    /// Puts a level between two others.
    pub(crate) fn insert(&mut self, before: Option<&Level>, level: &Level, after: Option<&Level>) {
        self.between(before, level, after, 1);
    }

    /// Takes a level out from between two others.
    pub(crate) fn remove(&mut self, before: Option<&Level>, level: &Level, after: Option<&Level>) {
        self.between(before, level, after, -1);
    }

    fn between(&mut self, before: Option<&Level>, level: &Level, after: Option<&Level>, sign: i64) {
        self.pair(before, after, -sign);
        self.pair(before, Some(level), sign);
        self.pair(Some(level), after, sign);
        let moved = self.days.entry(day(level.at())).or_default();
        moved.changes += sign;
        moved.level = None;
    }

    fn pair(&mut self, before: Option<&Level>, after: Option<&Level>, sign: i64) {
        let (Some(before), Some(after)) = (before, after) else { return };
        let moved = self.days.entry(day(after.at())).or_default();
        let delta = after.stock.saturating_sub(before.stock).clamp(-MOST, MOST);
        if delta < 0 {
            moved.down -= sign * delta;
        } else {
            moved.up += sign * delta;
        }
        if before.stock <= 0 {
            self.out_ms += sign * after.at().saturating_sub(before.at()).clamp(0, MOST);
        }
    }
}

/// What moved in the window that ends with `last`, of days in any order.
pub(crate) fn window(days: &BTreeMap<i64, Moved>, first: i64, last: i64) -> StockWindow {
    let observed = last.saturating_sub(first).saturating_add(1).clamp(1, WINDOW_DAYS);
    let within = days.range(last.saturating_sub(observed)..=last).filter(|(day, _)| **day > last - observed);
    let (consumed, received) = within.fold((0, 0), |(down, up), (_, moved)| (down + moved.down, up + moved.up));
    StockWindow { days: observed, consumed, received }
}

/// How many days a level lasts at the pace of the window; `None` where nothing moves.
pub(crate) fn cover(level: i64, window: &StockWindow) -> Option<i64> {
    (window.consumed > 0).then(|| {
        let days = i128::from(level.max(0)) * i128::from(window.days) / i128::from(window.consumed);
        i64::try_from(days).unwrap_or(i64::MAX)
    })
}

/// Until when a level is low if nothing moves any more: for ever by pieces, and by days until the window has moved past what
/// was consumed. `None` where it is not low. `last` is the day of the newest level.
pub(crate) fn low_until(
    level: i64,
    days: &BTreeMap<i64, Moved>,
    first: i64,
    last: i64,
    threshold: &StockThreshold,
) -> Option<i64> {
    if threshold.pieces.is_some_and(|pieces| level <= pieces) {
        return Some(i64::MAX);
    }
    let least = threshold.days?;
    let is_low = |day: i64| cover(level, &window(days, first, day)).is_some_and(|cover| cover <= least);
    // With time the window can only get emptier, so the first day on which it is not low ends it.
    (last..=last.saturating_add(WINDOW_DAYS)).take_while(|day| is_low(*day)).last().map(end_of)
}

/// Where it stands in a list: empty ones first, then low ones, then the rest, each by level.
pub(crate) fn sort(level: i64, is_low: bool) -> i64 {
    let level = level.clamp(-MOST, MOST);
    match (level <= 0, is_low) {
        (true, _) => level,
        (false, true) => MOST + level,
        (false, false) => 3 * MOST + level,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn level(at: i64, stock: i64) -> Level {
        Level { key: (at, at, at, format!("{at}-{stock}")), stock }
    }

    fn straight(levels: &[Level]) -> Sums {
        let mut sums = Sums::default();
        let mut newest = None;
        for level in levels {
            sums.append(newest, level);
            newest = Some(level);
        }
        sums
    }

    fn without_levels(mut sums: Sums) -> Sums {
        sums.days.retain(|_, moved| {
            moved.level = None;
            moved.changes != 0
        });
        sums
    }

    #[test]
    fn ups_are_not_consumption() {
        let day = |day: i64, stock| level(day * DAY_MS, stock);
        let sums = straight(&[day(0, 10), day(1, 4), day(2, 50), day(3, 48)]);
        let window = window(&sums.days, 0, 3);
        assert_eq!(window, StockWindow { days: 4, consumed: 8, received: 46 });
        assert_eq!(cover(48, &window), Some(24));
        assert_eq!(cover(48, &StockWindow { days: 28, consumed: 0, received: 9 }), None, "nothing moves");
        assert_eq!(cover(-3, &window), Some(0));
    }

    #[test]
    fn time_out_of_stock_is_what_lies_between() {
        let sums = straight(&[level(0, 1), level(10, 0), level(40, -2), level(100, 5), level(200, 0)]);
        assert_eq!(sums.out_ms, 90);
    }

    #[test]
    fn low_by_days_ends_by_itself_and_low_by_pieces_does_not() {
        let days: BTreeMap<_, _> = [(10, Moved { changes: 1, down: 28, up: 0, level: Some(20) })].into();
        let rule = |pieces, days| StockThreshold { pieces, days };
        assert_eq!(low_until(20, &days, 0, 10, &rule(Some(20), None)), Some(i64::MAX));
        assert_eq!(low_until(20, &days, 0, 10, &rule(Some(19), None)), None);
        // 28 pieces in 11 observed days: 20 last for 7. The window grows: on day 12 they last for 9.
        assert_eq!(low_until(20, &days, 0, 10, &rule(None, Some(8))), Some(end_of(11)));
        assert_eq!(low_until(20, &days, 0, 10, &rule(None, Some(6))), None);
        // Once the day of the sale has left the window, nothing moves.
        assert_eq!(low_until(20, &days, 0, 10, &rule(None, Some(400))), Some(end_of(10 + WINDOW_DAYS - 1)));
    }

    #[test]
    fn empty_ones_come_first_then_low_ones() {
        let mut shelves = [(40, true), (-2, false), (7, false), (0, true), (i64::MAX, true), (3, true)];
        shelves.sort_by_key(|(level, low)| sort(*level, *low));
        assert_eq!(shelves, [(-2, false), (0, true), (3, true), (40, true), (i64::MAX, true), (7, false)]);
    }

    proptest! {
        /// Whatever is put in late, or moved, the sums are those of the whole story told straight.
        #[test]
        fn late_levels_come_to_the_same_sums(
            levels in proptest::collection::btree_map(0..40i64, prop_oneof![Just(i64::MAX), Just(i64::MIN), -3..60i64], 1..20),
            order in any::<prop::sample::Index>(),
        ) {
            let levels: Vec<_> = levels.into_iter().map(|(hour, stock)| level(hour * DAY_MS / 4, stock)).collect();
            let mut shuffled = levels.clone();
            let pivot = order.index(shuffled.len());
            shuffled.rotate_left(pivot);
            shuffled.reverse();
            let (mut sums, mut placed): (Sums, Vec<Level>) = Default::default();
            for level in &shuffled {
                let at = placed.partition_point(|other| other.key < level.key);
                sums.insert(at.checked_sub(1).and_then(|at| placed.get(at)), level, placed.get(at));
                placed.insert(at, level.clone());
            }
            prop_assert_eq!(without_levels(sums.clone()), without_levels(straight(&levels)));
            let gone = placed.remove(pivot);
            sums.remove(pivot.checked_sub(1).and_then(|at| placed.get(at)), &gone, placed.get(pivot));
            prop_assert_eq!(without_levels(sums), without_levels(straight(&placed)));
        }

        /// What is low by days never becomes low again by mere waiting.
        #[test]
        fn waiting_only_ends_being_low(
            days in proptest::collection::btree_map(0..40i64, 0..30i64, 1..10), level in 0..200i64, least in 0..60i64,
        ) {
            let days: BTreeMap<_, _> =
                days.into_iter().map(|(day, down)| (day, Moved { changes: 1, down, up: 0, level: None })).collect();
            let (first, last) = (*days.keys().next().unwrap(), *days.keys().last().unwrap());
            let until = low_until(level, &days, first, last, &StockThreshold { pieces: None, days: Some(least) });
            for day in last..last + 60 {
                let low = cover(level, &window(&days, first, day)).is_some_and(|cover| cover <= least);
                prop_assert_eq!(low, until.is_some_and(|until| end_of(day) <= until));
            }
        }
    }
}

//! Keys of orders: when an order began, and behind it as many bits of its uid as fit, so that newer orders have greater keys.

use std::collections::HashSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;

use crate::{
    error::Error,
    orders::touched::{OrderKey, json},
};

/// The keys that are taken, among those wanted, and those given meanwhile.
pub(super) struct Ids {
    /// Of those wanted.
    taken: HashSet<i64>,
    given: HashSet<i64>,
}

impl Ids {
    const UID_BITS: u32 = 20;

    pub(super) fn begin(at: Timestamp) -> i64 {
        at.as_millisecond().clamp(0, (1 << (63 - Self::UID_BITS)) - 1)
    }

    /// When the order of this key began.
    pub(super) fn begins(id: i64) -> i64 {
        id >> Self::UID_BITS
    }

    /// The key an order should have.
    pub(super) fn wanted((realm, uid): &OrderKey, begun: Timestamp) -> i64 {
        let digest = Sha256::new().chain_update(realm.as_str()).chain_update([0]).chain_update(uid.as_str()).finalize();
        let bits = digest.iter().take(3).fold(0i64, |bits, byte| bits << 8 | i64::from(*byte)) >> 4;
        Self::begin(begun) << Self::UID_BITS | bits
    }

    pub(super) async fn among(connection: &mut SqliteConnection, wanted: &[i64]) -> Result<Self, Error> {
        Ok(Self { taken: Self::taken(connection, wanted).await?, given: HashSet::new() })
    }

    async fn taken(connection: &mut SqliteConnection, ids: &[i64]) -> Result<HashSet<i64>, Error> {
        let taken: Vec<i64> =
            sqlx::query_scalar("SELECT o.id FROM json_each(?) k CROSS JOIN order_row o ON o.id = k.value")
                .bind(json(&ids)?)
                .fetch_all(connection)
                .await?;
        Ok(taken.into_iter().collect())
    }

    /// The key of an order, or the next one that nobody has.
    pub(super) async fn free(
        &mut self,
        connection: &mut SqliteConnection,
        key: &OrderKey,
        begun: Timestamp,
    ) -> Result<i64, Error> {
        let mut id = Self::wanted(key, begun);
        let mut is_taken = self.taken.contains(&id);
        while is_taken || !self.given.insert(id) {
            id = id.wrapping_add(1) & i64::MAX;
            is_taken = !Self::taken(connection, &[id]).await?.is_empty();
        }
        Ok(id)
    }
}

/// The least key of an order that began at this moment or later.
pub(in crate::orders) fn first_key(begun_ms: i64) -> i64 {
    Timestamp::from_millisecond(begun_ms).map_or(0, |at| Ids::begin(at) << Ids::UID_BITS)
}

//! Facts in SQL: the columns every fold needs of an event beside what its body says.

use super::fact::{Fact, Place, Trust};
use crate::{error::Error, store::Stored, time};

/// A row of `event` joined with a fact's `updated_at` and `data`.
#[derive(sqlx::FromRow)]
pub(crate) struct FactRow {
    public_id: String,
    connection_id: String,
    event_type: Option<String>,
    at: Option<i64>,
    updated_at: Option<i64>,
    received_at: i64,
    last_receipt_at: i64,
    receipts: i64,
    trust: i64,
    header_mismatch: bool,
    data: String,
}

impl FactRow {
    pub(crate) fn fact<T: serde::de::DeserializeOwned>(self) -> Result<Fact<T>, Error> {
        let received_at = time::from_ms(self.received_at)?;
        let at = self.at.map(time::from_ms).transpose()?;
        Ok(Fact {
            place: Place {
                at: at.unwrap_or(received_at),
                updated_at: self.updated_at.map(time::from_ms).transpose()?,
                received_at,
                event: self.public_id.into(),
            },
            connection: self.connection_id.into(),
            event_type: self.event_type.unwrap_or_default(),
            time_of_receipt: at.is_none(),
            last_receipt_at: time::from_ms(self.last_receipt_at)?,
            receipts: u32::try_from(self.receipts).unwrap_or(u32::MAX),
            trust: Trust::from_stored(self.trust),
            header_mismatch: self.header_mismatch,
            data: serde_json::from_str(&self.data).stored("fact")?,
        })
    }
}

//! Settings: small JSON documents by name. What is not there, or was written by another build and no longer reads, is the
//! default.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::SqliteConnection;
use ts_rs::TS;

use crate::store::{StoreError, Stored};

mod desk;

/// What the desk reminds of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct RulesView {
    /// A signing secret older than so many days is called due; `None` for never. Nothing is rotated by itself.
    pub rotate_after_days: Option<u32>,
}

impl Default for RulesView {
    fn default() -> Self {
        Self { rotate_after_days: Some(90) }
    }
}

/// The document of [`RulesView`].
pub(crate) const RULES: &str = "rules";

/// One document.
pub(crate) async fn read<T: DeserializeOwned + Default>(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<T, StoreError> {
    let text: Option<String> =
        sqlx::query_scalar("SELECT value FROM setting WHERE name = ?").bind(name).fetch_optional(connection).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Replaces one document.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    name: &str,
    value: &impl Serialize,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(value).stored("settings")?;
    sqlx::query("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)")
        .bind(name)
        .bind(text)
        .execute(connection)
        .await?;
    Ok(())
}

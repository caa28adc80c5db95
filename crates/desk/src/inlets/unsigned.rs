//! What protects an inlet whose source signs nothing: its address, which can be replaced, and a fixed header, where the sender
//! can be made to send one. And what its silence on finality means. Nothing here makes an event verified.

use jiff::{SignedDuration, Timestamp};
use offizin_wire::{InletId, InletToken};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    InletView,
    by_hand::{find, list},
};
use crate::{
    audit::{AuditAction, recorded},
    connections,
    error::Error,
    evitalrx,
    ground::Ground,
    id::ConnectionId,
    intake::inlets,
    ledger,
    orders::{self, Rejections},
    pairing,
    refusal::Refusal,
    source::Source,
    store::Stored,
    subscriptions,
};

/// How long a replaced address goes on answering where nobody says otherwise.
const GRACE: SignedDuration = SignedDuration::from_hours(72);
/// Nobody waits longer than this for a sender to be told.
const LONGEST_GRACE: SignedDuration = SignedDuration::from_hours(24 * 90);

/// What can be set at an inlet of a source that does not sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InletSetInput {
    /// Its id or name.
    pub id: String,
    /// What a rejection without a word on finality means. It holds for every inlet of the same connection.
    pub rejections: Rejections,
    /// Name of a header that every delivery must carry; `None`: none is asked for. Its value is the inlet's secret.
    pub required_header: Option<String>,
}

/// Replace the address of an inlet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InletRotateInput {
    /// Its id or name.
    pub id: String,
    /// How long the old address goes on answering, milliseconds; three days when absent, ninety at the most.
    #[ts(type = "number | null")]
    pub grace_ms: Option<i64>,
}

/// Store or forget the key with which orders are confirmed. It holds for every inlet of the same connection.
#[derive(Deserialize, TS)]
pub struct InletKeyInput {
    /// Its id or name.
    pub id: String,
    /// Goes to the keyring and nowhere else; `None` forgets the one that is there.
    #[ts(type = "string | null")]
    pub api_key: Option<SecretString>,
    /// The API's host; production when absent.
    #[serde(default)]
    pub base_url: Option<String>,
}

/// Stores or forgets the key with which orders are confirmed.
pub(crate) async fn key(ground: &Ground, input: InletKeyInput) -> Result<InletView, Error> {
    let (view, id) = find(ground, &input.id).await?;
    if view.source != Source::Evitalrx {
        return Err(Error::input("id"));
    }
    let base = input.base_url.as_deref().map(str::trim).filter(|base| !base.is_empty());
    let base = evitalrx::api::usable_base(base.unwrap_or(evitalrx::PRODUCTION))?;
    let owner = owner(ground, &id).await?;
    let detail = if input.api_key.is_some() { base.host_str().unwrap_or_default() } else { "–" };
    let keep = async {
        match &input.api_key {
            Some(key) => connections::keep_orders_key(ground, &owner, &base, key).await,
            None => connections::forget_orders_key(ground, &owner).await,
        }
    };
    recorded(ground, AuditAction::InletKey, &view.name, Some(detail.to_owned()), keep).await?;
    view_of(ground, &id).await
}

/// A key whose last inlet is retired asks of nothing any more.
pub(crate) async fn forget_unused_key(ground: &Ground, id: &InletId) -> Result<(), Error> {
    let unused: Option<String> = sqlx::query_scalar(
        "SELECT s.id FROM inlet i JOIN sender s ON s.id = i.sender_id WHERE i.id = ? AND s.orders_base IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM inlet o WHERE o.sender_id = s.id AND o.retired_at IS NULL)",
    )
    .bind(id.as_str())
    .fetch_optional(ground.db().reader())
    .await?;
    match unused {
        Some(connection) => connections::forget_orders_key(ground, &connection.into()).await,
        None => Ok(()),
    }
}

async fn owner(ground: &Ground, id: &InletId) -> Result<ConnectionId, Error> {
    let owner: String = sqlx::query_scalar("SELECT sender_id FROM inlet WHERE id = ?")
        .bind(id.as_str())
        .fetch_one(ground.db().reader())
        .await?;
    Ok(owner.into())
}

/// Changes the settings, and folds anew what they change.
pub(crate) async fn set(ground: &Ground, input: InletSetInput) -> Result<InletView, Error> {
    let (view, id) = find(ground, &input.id).await?;
    if view.source.scheme().is_some() {
        return Err(Error::input("id"));
    }
    let header = input.required_header.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let header = header.map(header_name).transpose()?;
    recorded(ground, AuditAction::InletSet, &view.name, None, set_now(ground, &id, input.rejections, header)).await?;
    view_of(ground, &id).await
}

async fn set_now(ground: &Ground, id: &InletId, rejections: Rejections, header: Option<String>) -> Result<(), Error> {
    let secrets = ground.secrets().of_all_inlets(&mut *ground.reader().await?, ground.keychain()).await?;
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE inlet SET required_header = ? WHERE id = ?")
        .bind(header)
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    let changed: Option<String> = sqlx::query_scalar(
        "UPDATE sender SET rejections = ?1 \
         WHERE id = (SELECT sender_id FROM inlet WHERE id = ?2) AND rejections <> ?1 RETURNING id",
    )
    .bind(rejections)
    .bind(id.as_str())
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(connection) = changed {
        let touched = orders::table::touched_by(&mut tx, &connection.into()).await?;
        orders::table::refold(&mut tx, &touched).await?;
    }
    // What was kept out for want of a header that nobody asks for any more comes in.
    let all = inlets::load(&mut tx, &secrets).await?;
    let _ = ledger::release(&mut tx, &all, id).await?;
    tx.commit().await
}

/// A header's name as the relay keeps it. Those that every request has prove nothing.
fn header_name(name: &str) -> Result<String, Error> {
    let is_token = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let name = name.to_ascii_lowercase();
    let ordinary = ["content-type", "content-length", "host", "user-agent", "accept", "connection", "date"];
    if name.len() > 64 || !name.bytes().all(is_token) || ordinary.contains(&name.as_str()) {
        return Err(Error::input("required_header"));
    }
    Ok(name)
}

/// Makes a second address with the same settings. The first answers until the grace period is over, so that nothing is lost
/// while the sender is told. What comes through both is one event: they share their connection.
pub(crate) async fn rotate(ground: &Ground, input: InletRotateInput) -> Result<InletView, Error> {
    let (view, old) = find(ground, &input.id).await?;
    if view.source.scheme().is_some() || view.retires_at.is_some() {
        return Err(Error::input("id"));
    }
    let grace = input.grace_ms.map_or(GRACE, SignedDuration::from_millis);
    if grace < SignedDuration::ZERO || grace > LONGEST_GRACE {
        return Err(Error::input("grace_ms"));
    }
    let retires_at = ground.now().checked_add(grace).map_err(|_| Error::input("grace_ms"))?;
    let id =
        recorded(ground, AuditAction::InletRotate, &view.name, None, replace(ground, &view, &old, retires_at)).await?;
    view_of(ground, &id).await
}

async fn replace(ground: &Ground, view: &InletView, old: &InletId, retires_at: Timestamp) -> Result<InletId, Error> {
    let (relay, _) = pairing::client(ground).await?;
    let id = InletId::random().map_err(|_| Error::Entropy)?;
    let token = InletToken::random().map_err(|_| Error::Entropy)?;
    relay.create_inlet(&id, token.hash()).await?;
    let owner = owner(ground, old).await?;
    let mut tx = ground.db().write().await?;
    inlets::insert(&mut tx, &id, &token, view.source, &owner, &view.name, ground.now()).await?;
    for copy in [
        "UPDATE inlet SET required_header = (SELECT required_header FROM inlet WHERE id = ?2) WHERE id = ?1",
        "INSERT INTO signing_key (inlet_id, fingerprint, created_at, expires_at) \
         SELECT ?1, fingerprint, created_at, expires_at FROM signing_key WHERE inlet_id = ?2",
    ] {
        sqlx::query(copy).bind(id.as_str()).bind(old.as_str()).execute(&mut *tx).await?;
    }
    sqlx::query("UPDATE inlet SET retires_at = ? WHERE id = ?")
        .bind(retires_at.as_millisecond())
        .bind(old.as_str())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(id)
}

/// Retires every address whose grace period is over.
pub(crate) async fn retire_due(ground: &Ground) -> Result<(), Error> {
    let due: Vec<String> =
        sqlx::query_scalar("SELECT id FROM inlet WHERE retires_at <= ? AND retired_at IS NULL ORDER BY retires_at")
            .bind(ground.now().as_millisecond())
            .fetch_all(ground.db().reader())
            .await?;
    for id in due {
        let id = InletId::try_from(id).stored("inlet id")?;
        subscriptions::retire::retire(ground, &id).await?;
    }
    Ok(())
}

async fn view_of(ground: &Ground, id: &InletId) -> Result<InletView, Error> {
    let all = list(ground).await?;
    Ok(all.into_iter().find(|view| view.id == id.as_str()).ok_or(Refusal::InletUnknown)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_every_request_has_proves_nothing() {
        assert_eq!(header_name("X-Offizin-Key").unwrap(), "x-offizin-key");
        for bad in ["Content-Type", "user-agent", "a b", "x:y", &"x".repeat(65)] {
            assert!(header_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_header_is_kept_in_the_letters_the_relay_compares() {
        assert_eq!(header_name("X_Shared-KEY-2").unwrap(), "x_shared-key-2");
        assert_eq!(header_name(&"x".repeat(64)).unwrap().len(), 64);
    }
}

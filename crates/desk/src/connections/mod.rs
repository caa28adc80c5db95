//! Connections: which provider, which host, which key. The key lies in the keychain; everything else in the database.

pub mod view;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sqlx::SqliteConnection;
use url::Url;

use crate::{
    audit::{AuditAction, recorded},
    desk::Desk,
    error::Error,
    evitalrx::{self, api::OrdersApi},
    id::ConnectionId,
    network::is_loopback,
    problem::Code,
    rxscale::{self, api::ProviderApi},
    time,
};
use view::{
    CheckView, ConnectionEditInput, ConnectionInput, ConnectionSettings, ConnectionView, Environment, Provider,
};

fn key_name(id: &ConnectionId) -> String {
    format!("api-key/{id}")
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    api: String,
    base_url: String,
    pharmacy_uid: Option<String>,
    settings: String,
    created_at: i64,
    checked_at: Option<i64>,
    last_verified_at: Option<i64>,
    subscriptions: i64,
}

impl Row {
    fn view(self) -> Result<ConnectionView, Error> {
        let base: Url = self.base_url.parse().map_err(|_| Error::Stored("base URL"))?;
        Ok(ConnectionView {
            id: self.id.into(),
            name: self.name,
            provider: Provider::Rxscale,
            api: serde_json::from_value(self.api.into()).map_err(|_| Error::Stored("API"))?,
            environment: environment(&base),
            base_url: self.base_url,
            pharmacy_uid: self.pharmacy_uid,
            settings: serde_json::from_str(&self.settings).map_err(|_| Error::Stored("settings"))?,
            created_at: time::from_ms(self.created_at)?,
            checked_at: self.checked_at.map(time::from_ms).transpose()?,
            last_verified_at: self.last_verified_at.map(time::from_ms).transpose()?,
            subscriptions: u32::try_from(self.subscriptions).unwrap_or(u32::MAX),
        })
    }
}

/// All connections by name.
pub(crate) async fn list(connection: &mut SqliteConnection) -> Result<Vec<ConnectionView>, Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT c.id, c.name, c.api, c.base_url, c.pharmacy_uid, c.settings, c.created_at, c.checked_at, \
         (SELECT max(i.last_verified_at) FROM inlet i WHERE i.connection_id = c.id) AS last_verified_at, \
         (SELECT count(*) FROM subscription s WHERE s.connection_id = c.id AND s.state <> 'removed') AS subscriptions \
         FROM connection c WHERE c.removed_at IS NULL AND c.api <> 'inlet' ORDER BY c.name COLLATE NOCASE",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::view).collect()
}

/// A connection by id or by name.
pub(crate) async fn find(connection: &mut SqliteConnection, id_or_name: &str) -> Result<ConnectionView, Error> {
    let all = list(connection).await?;
    let named = |c: &ConnectionView| c.id.as_str() == id_or_name || c.name.eq_ignore_ascii_case(id_or_name.trim());
    all.into_iter().find(named).ok_or(Error::Plain(Code::ConnectionUnknown))
}

/// Adds a connection. The key is in the keychain before the connection exists.
pub(crate) async fn add(desk: &Desk, input: ConnectionInput) -> Result<ConnectionView, Error> {
    let subject = input.name.trim().to_owned();
    recorded(desk, AuditAction::ConnectionAdd, &subject, input.base_url.clone(), add_now(desk, input)).await
}

async fn add_now(desk: &Desk, input: ConnectionInput) -> Result<ConnectionView, Error> {
    let ConnectionInput { name, provider: Provider::Rxscale, api, base_url, pharmacy_uid, api_key, settings } = input;
    let name = usable_name(&name)?;
    usable_settings(&settings)?;
    let base = base_url.as_deref().map(str::trim).filter(|url| !url.is_empty()).unwrap_or(rxscale::PRODUCTION);
    let base = usable_base(base)?;
    let key = usable_key(&api_key)?;
    let id = ConnectionId::random()?;
    desk.keychain().store(&key_name(&id), &key).await?;

    let mut tx = desk.db().write().await?;
    let inserted = sqlx::query(
        "INSERT INTO connection (id, name, provider, api, base_url, realm, pharmacy_uid, settings, created_at) \
         VALUES (?, ?, 'rxscale', ?, ?, ?, ?, ?, ?)",
    )
    .bind(&id)
    .bind(&name)
    .bind(crate::keyword::of(&api))
    .bind(base.as_str())
    .bind(realm(rxscale::SOURCE, &base))
    .bind(given(pharmacy_uid))
    .bind(serde_json::to_string(&settings).map_err(|_| Error::Stored("settings"))?)
    .bind(desk.now().as_millisecond())
    .execute(&mut *tx)
    .await;
    match inserted {
        Ok(_) => tx.commit().await?,
        Err(error) => {
            drop(tx);
            desk.keychain().remove(&key_name(&id)).await?;
            return Err(name_taken(error));
        }
    }
    find(&mut *desk.db().reader().acquire().await?, id.as_str()).await
}

/// Changes a connection. A key that is replaced is in the keychain before anything else changes.
pub(crate) async fn edit(desk: &Desk, input: ConnectionEditInput) -> Result<ConnectionView, Error> {
    let view = find(&mut *desk.db().reader().acquire().await?, input.id.as_str()).await?;
    let detail = input.api_key.is_some().then(|| "api_key".to_owned());
    recorded(desk, AuditAction::ConnectionEdit, &view.name, detail, edit_now(desk, &view, input)).await
}

async fn edit_now(desk: &Desk, view: &ConnectionView, input: ConnectionEditInput) -> Result<ConnectionView, Error> {
    let name = usable_name(&input.name)?;
    usable_settings(&input.settings)?;
    let _turn = desk.subscriptions_turn().await?;
    let mut tx = desk.db().write().await?;
    sqlx::query(
        "UPDATE connection SET name = ?, pharmacy_uid = ?, settings = ?, \
         wrote_at = CASE WHEN ? THEN NULL ELSE wrote_at END WHERE id = ?",
    )
    .bind(name)
    .bind(given(input.pharmacy_uid))
    .bind(serde_json::to_string(&input.settings).map_err(|_| Error::Stored("settings"))?)
    .bind(input.api_key.is_some())
    .bind(&view.id)
    .execute(&mut *tx)
    .await
    .map_err(name_taken)?;
    if let Some(key) = &input.api_key {
        desk.keychain().store(&key_name(&view.id), &usable_key(key)?).await?;
    }
    tx.commit().await?;
    find(&mut *desk.db().reader().acquire().await?, view.id.as_str()).await
}

fn usable_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 { Err(Error::input("name")) } else { Ok(name.to_owned()) }
}

fn usable_key(key: &SecretString) -> Result<SecretString, Error> {
    let key = key.expose_secret().trim();
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::input("api_key"));
    }
    Ok(key.to_owned().into())
}

fn usable_settings(settings: &ConnectionSettings) -> Result<(), Error> {
    let is_object = || matches!(serde_json::from_str(&settings.meta_data), Ok(serde_json::Value::Object(_)));
    let meta_data = settings.meta_data.trim().is_empty() || is_object();
    if meta_data { Ok(()) } else { Err(Error::input("meta_data")) }
}

fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn name_taken(error: sqlx::Error) -> Error {
    let taken = error.as_database_error().is_some_and(|error| error.is_unique_violation());
    if taken { Error::Plain(Code::ConnectionNameTaken) } else { error.into() }
}

/// What cannot be undone is confirmed on a production connection by typing its name.
pub(crate) fn confirmed(view: &ConnectionView, typed: Option<&str>) -> Result<(), Error> {
    let is_typed = typed.is_some_and(|typed| typed.trim() == view.name);
    if is_typed || view.environment != Environment::Production {
        Ok(())
    } else {
        Err(Error::Plain(Code::ConfirmationNeeded))
    }
}

/// Removes a connection and its key. Its events stay.
pub(crate) async fn remove(desk: &Desk, id: &ConnectionId, confirm: Option<&str>) -> Result<(), Error> {
    let view = find(&mut *desk.db().reader().acquire().await?, id.as_str()).await?;
    confirmed(&view, confirm)?;
    recorded(desk, AuditAction::ConnectionRemove, &view.name, None, remove_now(desk, id)).await
}

async fn remove_now(desk: &Desk, id: &ConnectionId) -> Result<(), Error> {
    let mut tx = desk.db().write().await?;
    let view = find(&mut tx, id.as_str()).await?;
    if view.subscriptions > 0 {
        return Err(Error::Plain(Code::ConnectionInUse));
    }
    sqlx::query("UPDATE connection SET removed_at = ? WHERE id = ?")
        .bind(desk.now().as_millisecond())
        .bind(&view.id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM foreign_subscription WHERE connection_id = ?").bind(&view.id).execute(&mut *tx).await?;
    tx.commit().await?;
    desk.keychain().remove(&key_name(&view.id)).await
}

/// The provider's API as this connection reaches it.
pub(crate) async fn api(desk: &Desk, view: &ConnectionView) -> Result<ProviderApi, Error> {
    let key = desk.keychain().read(&key_name(&view.id)).await?;
    let key = key.ok_or_else(|| Error::Told(Code::ProviderKeyRefused, "the key is not in the keyring".into()))?;
    let base = usable_base(&view.base_url)?;
    let pace = desk.pace(&view.id).await;
    let (pharmacy_uid, settings) = (view.pharmacy_uid.clone(), view.settings.clone());
    Ok(ProviderApi::new(desk.network().client(&base), base, view.api, key, pharmacy_uid, settings, pace))
}

/// Whether orders of a connection can be confirmed with their provider.
pub(crate) async fn confirms(connection: &mut SqliteConnection, id: &ConnectionId) -> Result<bool, Error> {
    let confirms: Option<bool> =
        sqlx::query_scalar("SELECT confirms FROM connection WHERE id = ? AND removed_at IS NULL")
            .bind(id)
            .fetch_optional(connection)
            .await?;
    Ok(confirms.unwrap_or(false))
}

/// The API that tells of a connection's orders. Codes: `confirmation_off`, `provider_key_refused`, those of the keyring.
pub(crate) async fn orders_api(desk: &Desk, id: &ConnectionId) -> Result<OrdersApi, Error> {
    let base: Option<String> =
        sqlx::query_scalar("SELECT base_url FROM connection WHERE id = ? AND confirms AND removed_at IS NULL")
            .bind(id)
            .fetch_optional(desk.db().reader())
            .await?;
    let base = base.ok_or(Error::Plain(Code::ConfirmationOff))?;
    let key = desk.keychain().read(&key_name(id)).await?;
    let key = key.ok_or_else(|| Error::Told(Code::ProviderKeyRefused, "the key is not in the keyring".into()))?;
    let base = evitalrx::api::usable_base(&base)?;
    Ok(OrdersApi::new(desk.network().client(&base), base, key))
}

/// Stores the key that asks of orders, and where it may travel to. It is in the keychain before the connection says so.
pub(crate) async fn keep_orders_key(
    desk: &Desk,
    id: &ConnectionId,
    base: &Url,
    key: &SecretString,
) -> Result<(), Error> {
    desk.keychain().store(&key_name(id), &usable_key(key)?).await?;
    note_orders_key(desk, id, Some(base)).await
}

/// Forgets it. The connection says so before the key is gone.
pub(crate) async fn forget_orders_key(desk: &Desk, id: &ConnectionId) -> Result<(), Error> {
    note_orders_key(desk, id, None).await?;
    desk.keychain().remove(&key_name(id)).await
}

async fn note_orders_key(desk: &Desk, id: &ConnectionId, base: Option<&Url>) -> Result<(), Error> {
    let mut tx = desk.db().write().await?;
    sqlx::query("UPDATE connection SET confirms = ?, base_url = coalesce(?, base_url) WHERE id = ?")
        .bind(base.is_some())
        .bind(base.map(Url::as_str))
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// What the key can do.
pub(crate) async fn check(desk: &Desk, id: &ConnectionId) -> Result<CheckView, Error> {
    let view = find(&mut *desk.db().reader().acquire().await?, id.as_str()).await?;
    let wrote: Option<i64> = sqlx::query_scalar("SELECT wrote_at FROM connection WHERE id = ?")
        .bind(&view.id)
        .fetch_one(desk.db().reader())
        .await?;
    let check = api(desk, &view).await?.check(wrote.is_some()).await;
    let mut tx = desk.db().write().await?;
    note_checked(&mut tx, &view.id, desk.now()).await?;
    tx.commit().await?;
    Ok(check)
}

/// The hosts a key may travel to: the provider's two, over TLS, and this computer for the sandbox.
fn usable_base(text: &str) -> Result<Url, Error> {
    let url: Url = text.parse().map_err(|_| Error::input("base_url"))?;
    let known = [rxscale::PRODUCTION, rxscale::DEVELOPMENT]
        .iter()
        .any(|known| known.parse::<Url>().is_ok_and(|known| known.origin() == url.origin()));
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let local = matches!(url.scheme(), "http" | "https") && is_loopback(&url);
    if plain && (known || local) { Ok(url) } else { Err(Error::input("base_url")) }
}

fn environment(base: &Url) -> Environment {
    if is_loopback(base) {
        Environment::Sandbox
    } else if rxscale::PRODUCTION.parse::<Url>().is_ok_and(|known| known.origin() == base.origin()) {
        Environment::Production
    } else {
        Environment::Development
    }
}

/// One world of uids: the provider and the host.
pub(crate) fn realm(provider: &str, base: &Url) -> String {
    format!("{provider}:{}", base.origin().ascii_serialization())
}

/// Notes that a connection's provider was asked.
pub(crate) async fn note_checked(
    connection: &mut SqliteConnection,
    id: &ConnectionId,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query("UPDATE connection SET checked_at = ? WHERE id = ?")
        .bind(at.as_millisecond())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that a connection's key created or deleted something: it may write.
pub(crate) async fn note_wrote(
    connection: &mut SqliteConnection,
    id: &ConnectionId,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query("UPDATE connection SET wrote_at = ? WHERE id = ?")
        .bind(at.as_millisecond())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_travels_to_the_provider_or_to_this_computer() {
        for good in [
            "https://api.rxscale.com",
            "https://api.rxscale-dev.com/",
            "http://127.0.0.1:8788",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(usable_base(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.rxscale.com",
            "https://api.rxscale.com.evil.test",
            "https://evil.test",
            "http://127.0.0.1@evil.test",
            "https://user@api.rxscale.com",
            "ftp://localhost",
            "api.rxscale.com",
            "",
        ] {
            assert_eq!(usable_base(bad).unwrap_err().code(), Code::InputInvalid, "{bad}");
        }
    }
}

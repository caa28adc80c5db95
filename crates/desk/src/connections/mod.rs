//! Connections: which provider, which host, which key. The key lies in the keychain; everything else in the database.

pub mod view;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use sqlx::SqliteConnection;
use url::Url;

use crate::{
    desk::Desk,
    error::Error,
    id::ConnectionId,
    problem::Code,
    rxscale::{self, api::ProviderApi},
    time,
};
use view::{CheckView, ConnectionInput, ConnectionView, Environment, Provider};

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
    let ConnectionInput { name, provider: Provider::Rxscale, api, base_url, pharmacy_uid, api_key, settings } = input;
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Error::input("name"));
    }
    let base = base_url.as_deref().map(str::trim).filter(|url| !url.is_empty()).unwrap_or(rxscale::PRODUCTION);
    let base = usable_base(base)?;
    let key = api_key.expose_secret().trim().to_owned();
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::input("api_key"));
    }
    let pharmacy_uid = pharmacy_uid.map(|uid| uid.trim().to_owned()).filter(|uid| !uid.is_empty());
    let id = ConnectionId::random()?;
    desk.keychain().store(&key_name(&id), &key.into()).await?;

    let mut tx = desk.db().write().await?;
    let inserted = sqlx::query(
        "INSERT INTO connection (id, name, provider, api, base_url, realm, pharmacy_uid, settings, created_at) \
         VALUES (?, ?, 'rxscale', ?, ?, ?, ?, ?, ?)",
    )
    .bind(&id)
    .bind(&name)
    .bind(crate::intake::journal::word(&api))
    .bind(base.as_str())
    .bind(realm(&base))
    .bind(pharmacy_uid)
    .bind(serde_json::to_string(&settings).map_err(|_| Error::Stored("settings"))?)
    .bind(desk.now().as_millisecond())
    .execute(&mut *tx)
    .await;
    match inserted {
        Ok(_) => tx.commit().await?,
        Err(error) => {
            drop(tx);
            desk.keychain().remove(&key_name(&id)).await?;
            let taken = error.as_database_error().is_some_and(|error| error.is_unique_violation());
            return Err(if taken { Error::Plain(Code::ConnectionNameTaken) } else { error.into() });
        }
    }
    find(&mut *desk.db().reader().acquire().await?, id.as_str()).await
}

/// Removes a connection and its key. Its events stay.
pub(crate) async fn remove(desk: &Desk, id: &ConnectionId) -> Result<(), Error> {
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
    Ok(ProviderApi::new(desk.http().clone(), base, view.api, key, pharmacy_uid, settings, pace))
}

/// What the key can do.
pub(crate) async fn check(desk: &Desk, id: &ConnectionId) -> Result<CheckView, Error> {
    let view = find(&mut *desk.db().reader().acquire().await?, id.as_str()).await?;
    let check = api(desk, &view).await?.check().await;
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
    if plain && (known || is_loopback(&url)) { Ok(url) } else { Err(Error::input("base_url")) }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        }
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
pub(crate) fn realm(base: &Url) -> String {
    format!("rxscale:{}", base.origin().ascii_serialization())
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

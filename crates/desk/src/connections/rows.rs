//! The rows of connections, and how each is shown. Nothing here asks a provider or the keyring.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use url::Url;

use super::view::{ConnectionView, Environment, Provider};
use crate::{error::Error, id::ConnectionId, network::is_loopback, refusal::Refusal, rxscale, store::Stored, time};

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
        let base = self.base_url.parse::<Url>().stored("base URL")?;
        Ok(ConnectionView {
            id: self.id.into(),
            name: self.name,
            provider: Provider::Rxscale,
            api: serde_json::from_value(self.api.into()).stored("API")?,
            environment: environment(&base),
            base_url: self.base_url,
            pharmacy_uid: self.pharmacy_uid,
            settings: serde_json::from_str(&self.settings).stored("settings")?,
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
         (SELECT max(i.last_verified_at) FROM inlet i WHERE i.sender_id = c.id) AS last_verified_at, \
         (SELECT count(*) FROM subscription s WHERE s.connection_id = c.id AND s.state <> 'removed') AS subscriptions \
         FROM connection c WHERE c.removed_at IS NULL ORDER BY c.name COLLATE NOCASE",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::view).collect()
}

/// A connection by id or by name.
pub(crate) async fn find(connection: &mut SqliteConnection, id_or_name: &str) -> Result<ConnectionView, Error> {
    let all = list(connection).await?;
    let named = |c: &ConnectionView| c.id.as_str() == id_or_name || c.name.eq_ignore_ascii_case(id_or_name.trim());
    all.into_iter().find(named).ok_or(Refusal::ConnectionUnknown.into())
}

/// What cannot be undone is confirmed on a production connection by typing its name.
pub(crate) fn confirmed(view: &ConnectionView, typed: Option<&str>) -> Result<(), Error> {
    let is_typed = typed.is_some_and(|typed| typed.trim() == view.name);
    if is_typed || view.environment != Environment::Production {
        Ok(())
    } else {
        Err(Refusal::ConfirmationNeeded.into())
    }
}

/// Whether orders of a connection can be confirmed with their provider.
pub(crate) async fn confirms(connection: &mut SqliteConnection, id: &ConnectionId) -> Result<bool, Error> {
    Ok(orders_base(connection, id).await?.is_some())
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

/// Where orders of a sender can be asked for; `None` where no key is stored for that, or its connection was removed.
pub(super) async fn orders_base(connection: &mut SqliteConnection, id: &ConnectionId) -> Result<Option<String>, Error> {
    let base: Option<Option<String>> = sqlx::query_scalar(
        "SELECT s.orders_base FROM sender s LEFT JOIN connection c ON c.id = s.id \
         WHERE s.id = ? AND c.removed_at IS NULL",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    Ok(base.flatten())
}

/// Writes a sender down: who an inlet belongs to, and whose events are told apart from everybody else's.
pub(crate) async fn insert_sender(
    connection: &mut SqliteConnection,
    id: &ConnectionId,
    realm: &str,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO sender (id, realm) VALUES (?, ?)").bind(id).bind(realm).execute(connection).await?;
    Ok(())
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
    use jiff::Timestamp;

    use super::*;
    use crate::connections::view::{Api, ConnectionSettings};

    fn at(base: &str) -> Environment {
        environment(&base.parse().unwrap())
    }

    fn view(environment: Environment) -> ConnectionView {
        ConnectionView {
            id: "c-1".into(),
            name: "Zur Linde".into(),
            provider: Provider::Rxscale,
            api: Api::Management,
            base_url: rxscale::PRODUCTION.into(),
            environment,
            pharmacy_uid: None,
            settings: ConnectionSettings::default(),
            created_at: Timestamp::UNIX_EPOCH,
            checked_at: None,
            last_verified_at: None,
            subscriptions: 0,
        }
    }

    #[test]
    fn the_host_says_whether_orders_are_of_real_people() {
        assert_eq!(at("https://api.rxscale.com/v1/"), Environment::Production);
        assert_eq!(at("https://api.rxscale-dev.com"), Environment::Development);
        assert_eq!(at("http://127.0.0.1:8788"), Environment::Sandbox);
    }

    #[test]
    fn only_the_exact_host_is_production() {
        for other in ["https://api.rxscale.com.evil.test", "https://api.rxscale.com:8443", "http://api.rxscale.com"] {
            assert_ne!(at(other), Environment::Production, "{other}");
        }
    }

    #[test]
    fn what_cannot_be_undone_in_production_wants_the_exact_name() {
        let production = view(Environment::Production);
        assert!(confirmed(&production, Some(" Zur Linde ")).is_ok());
        for typed in [None, Some(""), Some("zur linde"), Some("Zur Linde 2"), Some("c-1")] {
            let refused = confirmed(&production, typed).unwrap_err();
            assert!(matches!(refused, Error::Refused(Refusal::ConfirmationNeeded)), "{typed:?}");
        }
    }

    #[test]
    fn nothing_has_to_be_typed_where_no_real_orders_are() {
        for environment in [Environment::Development, Environment::Sandbox] {
            assert!(confirmed(&view(environment), None).is_ok());
        }
    }

    #[test]
    fn ids_of_two_hosts_of_one_provider_are_never_the_same() {
        let realm = |base: &str| realm("rxscale", &base.parse().unwrap());
        assert_eq!(realm("https://api.rxscale.com"), "rxscale:https://api.rxscale.com");
        assert_ne!(realm("https://api.rxscale.com"), realm("https://api.rxscale-dev.com"));
        assert_ne!(realm("http://127.0.0.1:1"), realm("http://127.0.0.1:2"));
    }

    #[test]
    fn ids_of_one_host_are_the_same_below_every_path() {
        let realm = |base: &str| realm("rxscale", &base.parse().unwrap());
        assert_eq!(realm("https://api.rxscale.com/v1/management/"), realm("https://API.rxscale.com:443"));
    }
}

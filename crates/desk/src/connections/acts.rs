//! What an administrator does with connections: add, change, check, remove. Each act but the check is recorded.

use offizin_wire::name;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    reach::{api, key_name, usable_base},
    rows::{confirmed, find, insert_sender, note_checked, realm},
    view::{CheckView, ConnectionEditInput, ConnectionInput, ConnectionSettings, ConnectionView, Provider},
};
use crate::{
    audit::{AuditAction, recorded},
    error::Error,
    ground::Ground,
    id::ConnectionId,
    refusal::Refusal,
    rxscale,
    store::Stored,
};

/// Adds a connection. The key is in the keychain before the connection exists.
pub(crate) async fn add(ground: &Ground, input: ConnectionInput) -> Result<ConnectionView, Error> {
    let subject = input.name.trim().to_owned();
    recorded(ground, AuditAction::ConnectionAdd, &subject, input.base_url.clone(), add_now(ground, input)).await
}

async fn add_now(ground: &Ground, input: ConnectionInput) -> Result<ConnectionView, Error> {
    let ConnectionInput { name, provider: Provider::Rxscale, api, base_url, pharmacy_uid, api_key, settings } = input;
    let name = usable_name(&name)?;
    usable_settings(&settings)?;
    let base = base_url.as_deref().map(str::trim).filter(|url| !url.is_empty()).unwrap_or(rxscale::PRODUCTION);
    let base = usable_base(base)?;
    let key = usable_key(&api_key)?;
    let id = ConnectionId::random()?;
    ground.keychain().store(&key_name(&id), &key).await?;

    let mut tx = ground.db().write().await?;
    insert_sender(&mut tx, &id, &realm(rxscale::SOURCE, &base)).await?;
    let inserted = sqlx::query(
        "INSERT INTO connection (id, name, provider, api, base_url, pharmacy_uid, settings, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&id)
    .bind(&name)
    .bind(rxscale::SOURCE)
    .bind(crate::keyword::of(&api))
    .bind(base.as_str())
    .bind(given(pharmacy_uid))
    .bind(serde_json::to_string(&settings).stored("settings")?)
    .bind(ground.now().as_millisecond())
    .execute(&mut *tx)
    .await;
    match inserted {
        Ok(_) => tx.commit().await?,
        Err(error) => {
            drop(tx);
            ground.keychain().remove(&key_name(&id)).await?;
            return Err(name_taken(error));
        }
    }
    find(&mut *ground.reader().await?, id.as_str()).await
}

/// Changes a connection. A key that is replaced is in the keychain before anything else changes.
pub(crate) async fn edit(ground: &Ground, input: ConnectionEditInput) -> Result<ConnectionView, Error> {
    let view = find(&mut *ground.reader().await?, input.id.as_str()).await?;
    let detail = input.api_key.is_some().then(|| "api_key".to_owned());
    recorded(ground, AuditAction::ConnectionEdit, &view.name, detail, edit_now(ground, &view, input)).await
}

async fn edit_now(ground: &Ground, view: &ConnectionView, input: ConnectionEditInput) -> Result<ConnectionView, Error> {
    let name = usable_name(&input.name)?;
    usable_settings(&input.settings)?;
    let _turn = ground.turn().await?;
    // A key that is replaced is in the keyring before the database says anything of it. What the database then refuses (a
    // name that is taken) must not leave the connection with another key: the one before is put back.
    let replaced = match &input.api_key {
        Some(key) => Some(replace_key(ground, &view.id, &usable_key(key)?).await?),
        None => None,
    };
    let changed = async {
        let mut tx = ground.db().write().await?;
        sqlx::query(
            "UPDATE connection SET name = ?, pharmacy_uid = ?, settings = ?, \
             wrote_at = CASE WHEN ? THEN NULL ELSE wrote_at END WHERE id = ?",
        )
        .bind(name)
        .bind(given(input.pharmacy_uid))
        .bind(serde_json::to_string(&input.settings).stored("settings")?)
        .bind(replaced.is_some())
        .bind(&view.id)
        .execute(&mut *tx)
        .await
        .map_err(name_taken)?;
        tx.commit().await
    };
    if let Err(error) = changed.await {
        if let Some(Some(before)) = replaced {
            ground.keychain().store(&key_name(&view.id), &before).await?;
        }
        return Err(error);
    }
    find(&mut *ground.reader().await?, view.id.as_str()).await
}

/// Stores another key and answers the one before.
async fn replace_key(ground: &Ground, id: &ConnectionId, key: &SecretString) -> Result<Option<SecretString>, Error> {
    let before = ground.keychain().read(&key_name(id)).await?;
    ground.keychain().store(&key_name(id), key).await?;
    Ok(before)
}

fn usable_name(name: &str) -> Result<String, Error> {
    name::printable(name).map(str::to_owned).ok_or(Error::input("name"))
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
    if taken { Refusal::ConnectionNameTaken.into() } else { error.into() }
}

/// Removes a connection and its key. Its events stay.
pub(crate) async fn remove(ground: &Ground, id: &ConnectionId, confirm: Option<&str>) -> Result<(), Error> {
    let view = find(&mut *ground.reader().await?, id.as_str()).await?;
    confirmed(&view, confirm)?;
    recorded(ground, AuditAction::ConnectionRemove, &view.name, None, remove_now(ground, id)).await
}

async fn remove_now(ground: &Ground, id: &ConnectionId) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    let view = find(&mut tx, id.as_str()).await?;
    if view.subscriptions > 0 {
        return Err(Refusal::ConnectionInUse.into());
    }
    sqlx::query("UPDATE connection SET removed_at = ? WHERE id = ?")
        .bind(ground.now().as_millisecond())
        .bind(&view.id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM foreign_subscription WHERE connection_id = ?").bind(&view.id).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(ground.keychain().remove(&key_name(&view.id)).await?)
}

/// Stores the key that asks of orders, and where it may travel to. It is in the keychain before the connection says so.
pub(crate) async fn keep_orders_key(
    ground: &Ground,
    id: &ConnectionId,
    base: &Url,
    key: &SecretString,
) -> Result<(), Error> {
    ground.keychain().store(&key_name(id), &usable_key(key)?).await?;
    note_orders_key(ground, id, Some(base)).await
}

/// Forgets it. The connection says so before the key is gone.
pub(crate) async fn forget_orders_key(ground: &Ground, id: &ConnectionId) -> Result<(), Error> {
    note_orders_key(ground, id, None).await?;
    Ok(ground.keychain().remove(&key_name(id)).await?)
}

async fn note_orders_key(ground: &Ground, id: &ConnectionId, base: Option<&Url>) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE sender SET orders_base = ? WHERE id = ?")
        .bind(base.map(Url::as_str))
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// What the key can do.
pub(crate) async fn check(ground: &Ground, id: &ConnectionId) -> Result<CheckView, Error> {
    let view = find(&mut *ground.reader().await?, id.as_str()).await?;
    let wrote: Option<i64> = sqlx::query_scalar("SELECT wrote_at FROM connection WHERE id = ?")
        .bind(&view.id)
        .fetch_one(ground.db().reader())
        .await?;
    let check = api(ground, &view).await?.check(wrote.is_some()).await;
    let mut tx = ground.db().write().await?;
    note_checked(&mut tx, &view.id, ground.now()).await?;
    tx.commit().await?;
    Ok(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<T: std::fmt::Debug>(refused: Result<T, Error>) -> &'static str {
        match refused.unwrap_err() {
            Error::Refused(Refusal::Input(field)) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_connections_name_is_1_to_80_letters_whatever_their_bytes() {
        assert_eq!(usable_name("  Zur Linde ").unwrap(), "Zur Linde");
        assert_eq!(usable_name(&"ü".repeat(80)).unwrap(), "ü".repeat(80));
        for name in [" \t", &"ü".repeat(81)] {
            assert_eq!(field(usable_name(name)), "name");
        }
    }

    #[test]
    fn a_key_loses_what_an_editor_or_echo_put_around_it() {
        assert_eq!(usable_key(&" key-1\r\n".to_owned().into()).unwrap().expose_secret(), "key-1");
    }

    #[test]
    fn a_key_that_could_not_be_a_header_is_refused_before_it_is_stored() {
        for key in ["", " ", "two words", "a\nX-Other: b", "schlüssel", "nul\0"] {
            assert_eq!(field(usable_key(&key.to_owned().into())), "api_key", "{key:?}");
        }
    }

    #[test]
    fn what_is_sent_with_every_create_is_an_object_or_nothing() {
        let with = |meta_data: &str| {
            usable_settings(&ConnectionSettings { meta_data: meta_data.to_owned(), ..ConnectionSettings::default() })
        };
        for good in ["", " \n", "{}", "{\"shop\": \"Linde\"}"] {
            assert!(with(good).is_ok(), "{good}");
        }
        for bad in ["{", "[]", "\"text\"", "null", "7"] {
            assert_eq!(field(with(bad)), "meta_data", "{bad}");
        }
    }

    #[test]
    fn a_field_that_was_left_empty_was_not_given() {
        assert_eq!(given(Some(" ph-1 ".to_owned())).as_deref(), Some("ph-1"));
        assert_eq!((given(Some("  ".to_owned())), given(None)), (None, None));
    }
}

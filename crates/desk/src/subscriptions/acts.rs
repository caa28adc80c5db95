//! What an administrator does with subscriptions: register, adopt, give a secret, test, remove. Each act is recorded.

use offizin_wire::{InletId, SigningSecret};
use secrecy::{ExposeSecret, SecretString};

use super::{
    create,
    list::{by_hand, view},
    rows::{Row, row},
    secret, settle,
    view::{
        AdoptInput, RegisterInput, RegisterView, RemoveForeignInput, RemoveInput, SecretState, SubscriptionState,
        SubscriptionView,
    },
};
use crate::{
    audit::{AuditAction, recorded},
    connections::{self, view::ConnectionView},
    error::Error,
    ground::Ground,
    id::SubscriptionId,
    refusal::Refusal,
    store::Stored,
};

/// Registers one subscription per type. Each stands alone: one that fails leaves the others and nothing half-made.
pub(crate) async fn register(ground: &Ground, input: RegisterInput) -> Result<Vec<RegisterView>, Error> {
    let connection = connections::find(&mut *ground.reader().await?, input.connection.as_str()).await?;
    if input.types.is_empty() || input.types.iter().any(|name| name.trim().is_empty()) {
        return Err(Error::input("types"));
    }
    let _turn = ground.turn().await?;
    let mut views = Vec::with_capacity(input.types.len());
    for notification_type in input.types {
        let id = SubscriptionId::random()?;
        let subject = format!("{} · {}", connection.name, notification_type.trim());
        let act = register_one(ground, &connection, notification_type.trim(), &id);
        let registered = recorded(ground, AuditAction::SubscriptionRegister, &subject, None, act).await;
        let row = row(&mut *ground.reader().await?, &id).await.ok();
        let subscription = match row {
            Some(row) => Some(view(ground, row).await?),
            None => None,
        };
        views.push(RegisterView { notification_type, subscription, problem: registered.err().map(Into::into) });
    }
    Ok(views)
}

async fn register_one(
    ground: &Ground,
    connection: &ConnectionView,
    notification_type: &str,
    id: &SubscriptionId,
) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    create::plan(ground, &mut tx, connection, notification_type, id).await?;
    tx.commit().await?;
    create::create(ground, connection, id).await
}

/// Stores a secret somebody pasted.
pub(crate) async fn paste_secret(
    ground: &Ground,
    id: &SubscriptionId,
    text: SecretString,
) -> Result<SubscriptionView, Error> {
    let secret = pasted(&text)?;
    let found = row(&mut *ground.reader().await?, id).await?;
    let inlet = InletId::try_from(found.inlet_id.clone()).stored("inlet id")?;
    let keep = secret::keep_for(ground, &inlet, &secret);
    let fingerprint = secret.fingerprint().to_string();
    recorded(ground, AuditAction::SubscriptionSecret, &found.subject(), Some(fingerprint), keep).await?;
    let row = row(&mut *ground.reader().await?, id).await?;
    view(ground, row).await
}

fn pasted(text: &SecretString) -> Result<SigningSecret, Error> {
    SigningSecret::new(text.expose_secret().trim().to_owned()).ok_or_else(|| Error::input("secret"))
}

/// Takes over a subscription that was made in the provider's portal with the address of an inlet of ours: from then on it is
/// one of ours. What waited in quarantine for its secret is verified.
pub(crate) async fn adopt(ground: &Ground, input: AdoptInput) -> Result<SubscriptionView, Error> {
    let secret = pasted(&input.secret)?;
    let _turn = ground.turn().await?;
    let connection = connections::find(&mut *ground.reader().await?, input.connection.as_str()).await?;
    settle::settle(ground, &connection, None).await?;
    let mut reader = ground.reader().await?;
    let listed: Option<(String, String)> = sqlx::query_as(
        "SELECT notification_type, target FROM foreign_subscription WHERE connection_id = ? AND provider_uid = ?",
    )
    .bind(&connection.id)
    .bind(&input.provider_uid)
    .fetch_optional(&mut *reader)
    .await?;
    let (notification_type, target) = listed.ok_or(Refusal::SubscriptionUnknown)?;
    let by_hand = by_hand(&mut reader).await?;
    drop(reader);
    let inlet = by_hand.into_iter().find(|inlet| inlet.address == target);
    let inlet = inlet.ok_or(Refusal::SubscriptionElsewhere)?;
    let id = SubscriptionId::random()?;
    let keep = async {
        let kept = secret::keep(ground, &secret).await?;
        let mut tx = ground.db().write().await?;
        sqlx::query(
            "INSERT INTO subscription (id, connection_id, inlet_id, provider_uid, notification_type, target, state, secret, \
             created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&id)
        .bind(&connection.id)
        .bind(inlet.id.as_str())
        .bind(&input.provider_uid)
        .bind(&notification_type)
        .bind(&target)
        .bind(SubscriptionState::Active)
        .bind(SecretState::Missing)
        .bind(ground.now().as_millisecond())
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM foreign_subscription WHERE connection_id = ? AND provider_uid = ?")
            .bind(&connection.id)
            .bind(&input.provider_uid)
            .execute(&mut *tx)
            .await?;
        kept.write(&mut tx, &inlet.id, ground.now()).await?;
        tx.commit().await
    };
    let subject = format!("{} · {notification_type}", connection.name);
    let fingerprint = secret.fingerprint().to_string();
    recorded(ground, AuditAction::SubscriptionAdopt, &subject, Some(fingerprint), keep).await?;
    let row = row(&mut *ground.reader().await?, &id).await?;
    view(ground, row).await
}

/// Asks the provider for a test event.
pub(crate) async fn test(ground: &Ground, id: &SubscriptionId) -> Result<(), Error> {
    let (row, connection) = with_connection(ground, id).await?;
    let ask = async {
        let uid = row.provider_uid.as_ref().ok_or(Refusal::SubscriptionUnknown)?;
        connections::api(ground, &connection).await?.test(uid).await
    };
    recorded(ground, AuditAction::SubscriptionTest, &row.subject(), None, ask).await
}

/// Deletes one subscription of ours at the provider and retires its inlet. Its secret stays: the proof of what it
/// delivered is checked with it.
pub(crate) async fn remove(ground: &Ground, input: &RemoveInput) -> Result<(), Error> {
    let _turn = ground.turn().await?;
    let (row, connection) = with_connection(ground, &input.id).await?;
    if row.rotation_id.is_some() {
        return Err(Refusal::RotationUnderWay.into());
    }
    connections::confirmed(&connection, input.confirm.as_deref())?;
    let delete = settle::delete(ground, &connection, &input.id);
    recorded(ground, AuditAction::SubscriptionRemove, &row.subject(), row.fingerprint.clone(), delete).await
}

/// Deletes one subscription that was made elsewhere, after the connection's name was typed.
pub(crate) async fn remove_foreign(ground: &Ground, input: &RemoveForeignInput) -> Result<(), Error> {
    let _turn = ground.turn().await?;
    let mut reader = ground.reader().await?;
    let connection = connections::find(&mut reader, input.connection.as_str()).await?;
    let listed: Option<String> = sqlx::query_scalar(
        "SELECT notification_type FROM foreign_subscription WHERE connection_id = ? AND provider_uid = ?",
    )
    .bind(&connection.id)
    .bind(&input.provider_uid)
    .fetch_optional(&mut *reader)
    .await?;
    drop(reader);
    let notification_type = listed.ok_or(Refusal::SubscriptionUnknown)?;
    if input.confirm.trim() != connection.name {
        return Err(Refusal::ConfirmationNeeded.into());
    }
    let subject = format!("{} · {notification_type}", connection.name);
    let delete = settle::delete_foreign(ground, &connection, &input.provider_uid);
    recorded(ground, AuditAction::ForeignRemove, &subject, Some(input.provider_uid.clone()), delete).await
}

async fn with_connection(ground: &Ground, id: &SubscriptionId) -> Result<(Row, ConnectionView), Error> {
    let mut reader = ground.reader().await?;
    let row = row(&mut reader, id).await?;
    let connection = connections::find(&mut reader, &row.connection_id).await?;
    Ok((row, connection))
}

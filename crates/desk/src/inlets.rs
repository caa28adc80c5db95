//! Inlets made by hand: an address to paste into a provider's portal, where no API of ours registers the subscription.

pub mod unsigned;

use jiff::Timestamp;
use offizin_wire::{InletId, InletToken, SigningSecret};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::Url;

use crate::{
    audit::{AuditAction, recorded},
    connections,
    desk::Desk,
    error::Error,
    id::ConnectionId,
    intake::inlets::{self, Source},
    orders::Rejections,
    pairing,
    problem::Code,
    subscriptions, time,
};

/// A new inlet.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct InletInput {
    /// What the administrator calls it.
    pub name: String,
    /// Who will post to it.
    pub source: Source,
    /// The connection whose orders it speaks of, by id or name; the provider's production host when absent.
    #[serde(default)]
    pub connection: Option<String>,
}

/// An inlet made by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InletView {
    /// Ours.
    pub id: String,
    /// What the administrator calls it.
    pub name: String,
    /// Who posts to it.
    pub source: Source,
    /// The address to hand to the provider. Whoever knows it can post.
    pub url: String,
    /// Ours.
    #[ts(type = "string")]
    pub created_at: Timestamp,
    /// Newest delivery that was accepted.
    #[ts(type = "string | null")]
    pub last_verified_at: Option<Timestamp>,
    /// Deliveries accepted.
    #[ts(type = "number")]
    pub verified: i64,
    /// Deliveries in quarantine.
    #[ts(type = "number")]
    pub rejected: i64,
    /// By which its orders are told apart and filtered: the connection it was made for, else one of its own.
    pub owner: ConnectionId,
    /// The connection it was made for.
    pub connection: Option<ConnectionId>,
    /// Its name.
    pub connection_name: Option<String>,
    /// Names its current secret.
    pub fingerprint: Option<String>,
    /// Its source signs what it sends.
    pub signed: bool,
    /// What a rejection without a word on finality means; `None` where the source signs.
    pub rejections: Option<Rejections>,
    /// A header every delivery must carry, with the inlet's secret as its value.
    pub required_header: Option<String>,
    /// The API's host, where a key is stored with which orders are confirmed.
    pub confirms_at: Option<String>,
    /// The address was replaced and answers until then.
    #[ts(type = "string | null")]
    pub retires_at: Option<Timestamp>,
}

/// Retire an inlet made by hand.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct InletRemoveInput {
    /// Its id or name.
    pub id: String,
    /// The connection's name, typed: wanted for production.
    pub confirm: Option<String>,
}

/// Store the secret of an inlet made by hand.
#[derive(Deserialize, TS)]
pub struct InletSecretInput {
    /// Its id or name.
    pub id: String,
    /// Goes to the keyring and nowhere else.
    #[ts(type = "string")]
    pub secret: SecretString,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    token: String,
    label: String,
    source: Source,
    owner: ConnectionId,
    connection: Option<ConnectionId>,
    connection_name: Option<String>,
    fingerprint: Option<String>,
    created_at: i64,
    last_verified_at: Option<i64>,
    verified: i64,
    rejected: i64,
    rejections: Rejections,
    required_header: Option<String>,
    confirms_at: Option<String>,
    retires_at: Option<i64>,
}

/// Makes an inlet and its address.
pub(crate) async fn add(desk: &Desk, input: InletInput) -> Result<InletView, Error> {
    let subject = input.name.trim().to_owned();
    recorded(desk, AuditAction::InletAdd, &subject, Some(input.source.name().to_owned()), add_now(desk, input)).await
}

async fn add_now(desk: &Desk, input: InletInput) -> Result<InletView, Error> {
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Error::input("name"));
    }
    let (relay, _) = pairing::client(desk).await?;
    let id = InletId::random().map_err(|_| Error::Entropy)?;
    let token = InletToken::random().map_err(|_| Error::Entropy)?;
    // The relay first: an address that nobody here remembers does no harm, one that answers 404 would.
    relay.create_inlet(&id, token.hash()).await?;
    let mut tx = desk.db().write().await?;
    let owner = match &input.connection {
        Some(connection) => connections::find(&mut tx, connection).await?.id,
        None => {
            // An inlet without a connection is its own: events are told apart by it.
            let (provider, host) = input.source.world();
            let base: Url = host.parse().map_err(|_| Error::Stored("host"))?;
            let owner = ConnectionId::random()?;
            sqlx::query(
                "INSERT INTO connection (id, name, provider, api, base_url, realm, settings, created_at) \
                 VALUES (?1, 'inlet ' || ?1, ?2, 'inlet', ?3, ?4, '{}', ?5)",
            )
            .bind(&owner)
            .bind(provider)
            .bind(base.as_str())
            .bind(connections::realm(provider, &base))
            .bind(desk.now().as_millisecond())
            .execute(&mut *tx)
            .await?;
            owner
        }
    };
    inlets::insert(&mut tx, &id, &token, input.source, &owner, name, desk.now()).await?;
    tx.commit().await?;
    let all = list(desk).await?;
    all.into_iter().find(|view| view.id == id.as_str()).ok_or(Error::Plain(Code::InletUnknown))
}

/// Every inlet made by hand that is not retired.
pub(crate) async fn list(desk: &Desk) -> Result<Vec<InletView>, Error> {
    let mut reader = desk.db().reader().acquire().await?;
    let relay = pairing::row(&mut reader).await?;
    let public: Option<Url> = relay.and_then(|row| row.url.parse().ok());
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT i.id, i.token, i.label, i.source, i.created_at, i.last_verified_at, i.verified, i.rejected, \
         i.required_header, i.retires_at, o.rejections, o.id AS owner, iif(o.confirms, o.base_url, NULL) AS confirms_at, c.id AS connection, c.name AS connection_name, \
         (SELECT k.fingerprint FROM signing_key k WHERE k.inlet_id = i.id \
         AND k.expires_at IS NULL ORDER BY k.created_at DESC LIMIT 1) AS fingerprint \
         FROM inlet i JOIN connection o ON o.id = i.connection_id \
         LEFT JOIN connection c ON c.id = i.connection_id AND c.api <> 'inlet' AND c.removed_at IS NULL \
         WHERE i.retired_at IS NULL AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.inlet_id = i.id) \
         ORDER BY i.created_at, i.id",
    )
    .fetch_all(&mut *reader)
    .await?;
    rows.into_iter()
        .map(|row| {
            let url = public.as_ref().and_then(|public| InletToken::parse(&row.token)?.address(public));
            Ok(InletView {
                id: row.id,
                name: row.label,
                source: row.source,
                url: url.map(String::from).unwrap_or_default(),
                created_at: time::from_ms(row.created_at)?,
                last_verified_at: row.last_verified_at.map(time::from_ms).transpose()?,
                verified: row.verified,
                rejected: row.rejected,
                owner: row.owner,
                connection: row.connection,
                connection_name: row.connection_name,
                fingerprint: row.fingerprint,
                signed: row.source.scheme().is_some(),
                rejections: row.source.scheme().is_none().then_some(row.rejections),
                required_header: row.required_header,
                confirms_at: row.confirms_at.and_then(|base| Some(base.parse::<Url>().ok()?.host_str()?.to_owned())),
                retires_at: row.retires_at.map(time::from_ms).transpose()?,
            })
        })
        .collect()
}

/// By id, else by name: of an address and its replacement the one that stays.
pub(crate) async fn find(desk: &Desk, id: &str) -> Result<(InletView, InletId), Error> {
    let mut all = list(desk).await?;
    all.sort_by_key(|view| (view.id != id, view.retires_at.is_some()));
    let view = all.into_iter().find(|view| view.id == id || view.name == id).ok_or(Error::Plain(Code::InletUnknown))?;
    let id = InletId::try_from(view.id.clone()).map_err(|_| Error::Stored("inlet id"))?;
    Ok((view, id))
}

/// Any inlet by its id or its subscription's, or one made by hand by its name.
pub(crate) async fn find_id(desk: &Desk, id_or_name: &str) -> Result<InletId, Error> {
    let mut reader = desk.db().reader().acquire().await?;
    let known: Option<String> = sqlx::query_scalar(
        "SELECT id FROM inlet WHERE id = ?1 UNION ALL SELECT inlet_id FROM subscription WHERE id = ?1",
    )
    .bind(id_or_name)
    .fetch_optional(&mut *reader)
    .await?;
    drop(reader);
    match known {
        Some(id) => InletId::try_from(id).map_err(|_| Error::Stored("inlet id")),
        None => Ok(find(desk, id_or_name).await?.1),
    }
}

/// Retires an inlet: its address answers 410 from then on. What came through it stays.
pub(crate) async fn remove(desk: &Desk, input: &InletRemoveInput) -> Result<(), Error> {
    let (view, id) = find(desk, &input.id).await?;
    if let Some(connection) = &view.connection {
        let connection = connections::find(&mut *desk.db().reader().acquire().await?, connection.as_str()).await?;
        connections::confirmed(&connection, input.confirm.as_deref())?;
    }
    let retire = async {
        subscriptions::retire(desk, &id).await?;
        unsigned::forget_unused_key(desk, &id).await
    };
    recorded(desk, AuditAction::InletRemove, &view.name, None, retire).await
}

/// Stores the secret the portal showed; what waited in quarantine for it is verified.
pub(crate) async fn secret(desk: &Desk, input: InletSecretInput) -> Result<(), Error> {
    let text = input.secret.expose_secret().trim().to_owned();
    let secret = SigningSecret::new(text).ok_or_else(|| Error::input("secret"))?;
    let (view, id) = find(desk, &input.id).await?;
    let keep = async { subscriptions::keep_secret(desk, desk.db().write().await?, &id, &secret).await };
    let fingerprint = secret.fingerprint().to_string();
    recorded(desk, AuditAction::InletSecret, &view.name, Some(fingerprint), keep).await
}

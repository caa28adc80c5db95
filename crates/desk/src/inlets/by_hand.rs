//! Making, finding, securing and retiring inlets by hand.

use offizin_wire::{InletId, InletToken, SigningSecret};
use secrecy::ExposeSecret;
use url::Url;

use super::{InletInput, InletRemoveInput, InletSecretInput, InletView, unsigned};
use crate::{
    audit::{AuditAction, recorded},
    connections,
    error::Error,
    ground::Ground,
    id::ConnectionId,
    intake::inlets,
    orders::Rejections,
    pairing,
    refusal::Refusal,
    source::Source,
    store::Stored,
    subscriptions, time,
};

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
pub(crate) async fn add(ground: &Ground, input: InletInput) -> Result<InletView, Error> {
    let subject = input.name.trim().to_owned();
    recorded(ground, AuditAction::InletAdd, &subject, Some(input.source.name().to_owned()), add_now(ground, input))
        .await
}

async fn add_now(ground: &Ground, input: InletInput) -> Result<InletView, Error> {
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Error::input("name"));
    }
    let (relay, _) = pairing::client(ground).await?;
    let id = InletId::random().map_err(|_| Error::Entropy)?;
    let token = InletToken::random().map_err(|_| Error::Entropy)?;
    // The relay first: an address that nobody here remembers does no harm, one that answers 404 would.
    relay.create_inlet(&id, token.hash()).await?;
    let mut tx = ground.db().write().await?;
    let owner = match &input.connection {
        Some(connection) => connections::find(&mut tx, connection).await?.id,
        None => {
            // An inlet without a connection is its own: events are told apart by it.
            let (provider, host) = input.source.world();
            let base = host.parse::<Url>().stored("host")?;
            let owner = ConnectionId::random()?;
            connections::insert_sender(&mut tx, &owner, &connections::realm(provider, &base)).await?;
            owner
        }
    };
    inlets::insert(&mut tx, &id, &token, input.source, &owner, name, ground.now()).await?;
    tx.commit().await?;
    let all = list(ground).await?;
    Ok(all.into_iter().find(|view| view.id == id.as_str()).ok_or(Refusal::InletUnknown)?)
}

/// Every inlet made by hand that is not retired.
pub(crate) async fn list(ground: &Ground) -> Result<Vec<InletView>, Error> {
    let mut reader = ground.reader().await?;
    let relay = pairing::row(&mut reader).await?;
    let public: Option<Url> = relay.and_then(|row| row.url.parse().ok());
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT i.id, i.token, i.label, i.source, i.created_at, i.last_verified_at, i.verified, i.rejected, \
         i.required_header, i.retires_at, o.rejections, o.id AS owner, o.orders_base AS confirms_at, \
         c.id AS connection, c.name AS connection_name, \
         (SELECT k.fingerprint FROM signing_key k WHERE k.inlet_id = i.id \
         AND k.expires_at IS NULL ORDER BY k.created_at DESC LIMIT 1) AS fingerprint \
         FROM inlet i JOIN sender o ON o.id = i.sender_id \
         LEFT JOIN connection c ON c.id = i.sender_id AND c.removed_at IS NULL \
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
pub(crate) async fn find(ground: &Ground, id: &str) -> Result<(InletView, InletId), Error> {
    let mut all = list(ground).await?;
    all.sort_by_key(|view| (view.id != id, view.retires_at.is_some()));
    let view = all.into_iter().find(|view| view.id == id || view.name == id).ok_or(Refusal::InletUnknown)?;
    let id = InletId::try_from(view.id.clone()).stored("inlet id")?;
    Ok((view, id))
}

/// Any inlet by its id or its subscription's, or one made by hand by its name.
pub(crate) async fn find_id(ground: &Ground, id_or_name: &str) -> Result<InletId, Error> {
    let mut reader = ground.reader().await?;
    let known: Option<String> = sqlx::query_scalar(
        "SELECT id FROM inlet WHERE id = ?1 UNION ALL SELECT inlet_id FROM subscription WHERE id = ?1",
    )
    .bind(id_or_name)
    .fetch_optional(&mut *reader)
    .await?;
    drop(reader);
    match known {
        Some(id) => Ok(InletId::try_from(id).stored("inlet id")?),
        None => Ok(find(ground, id_or_name).await?.1),
    }
}

/// Retires an inlet: its address answers 410 from then on. What came through it stays.
pub(crate) async fn remove(ground: &Ground, input: &InletRemoveInput) -> Result<(), Error> {
    let (view, id) = find(ground, &input.id).await?;
    if let Some(connection) = &view.connection {
        let connection = connections::find(&mut *ground.reader().await?, connection.as_str()).await?;
        connections::confirmed(&connection, input.confirm.as_deref())?;
    }
    let retire = async {
        subscriptions::retire::retire(ground, &id).await?;
        unsigned::forget_unused_key(ground, &id).await
    };
    recorded(ground, AuditAction::InletRemove, &view.name, None, retire).await
}

/// Stores the secret the portal showed; what waited in quarantine for it is verified.
pub(crate) async fn secret(ground: &Ground, input: InletSecretInput) -> Result<(), Error> {
    let text = input.secret.expose_secret().trim().to_owned();
    let secret = SigningSecret::new(text).ok_or_else(|| Error::input("secret"))?;
    let (view, id) = find(ground, &input.id).await?;
    let keep = subscriptions::secret::keep_for(ground, &id, &secret);
    let fingerprint = secret.fingerprint().to_string();
    recorded(ground, AuditAction::InletSecret, &view.name, Some(fingerprint), keep).await
}

//! The inlets of this desk and the secrets that verify what comes through them.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use offizin_wire::{InletId, InletToken, SigningSecret};
use sqlx::SqliteConnection;

use crate::{
    error::Error,
    id::{ConnectionId, Realm},
    secrets::Secrets,
    source::Source,
    store::Stored,
    time,
};

/// An inlet as intake needs it.
#[derive(Debug)]
pub(crate) struct Inlet {
    pub(crate) id: InletId,
    pub(crate) source: Source,
    pub(crate) connection: ConnectionId,
    pub(crate) realm: Realm,
    /// Current first, then those in grace, then those whose grace is over.
    pub(crate) keys: Vec<Key>,
    /// `sha256=` before the signature is accepted, too.
    pub(crate) prefix_allowed: bool,
    /// Where the source does not sign: a header that must carry one of the secrets.
    pub(crate) required_header: Option<String>,
}

/// A secret and how long it holds.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) secret: SigningSecret,
    /// `None`: current. Else it verifies what the relay received before.
    pub(crate) expires_at: Option<Timestamp>,
}

impl Inlet {
    /// Every secret this inlet ever had.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SigningSecret> {
        self.keys.iter().map(|key| &key.secret)
    }

    /// The secrets that held at the time of a receipt: a desk that was closed meanwhile judges as if it had been there.
    pub(crate) fn secrets_at(&self, received_at: Timestamp) -> impl Iterator<Item = &SigningSecret> {
        self.keys
            .iter()
            .filter(move |key| key.expires_at.is_none_or(|until| until > received_at))
            .map(|key| &key.secret)
    }

    /// Whether another judges every delivery as this one does.
    fn judges_as(&self, other: &Self) -> bool {
        let keys = |inlet: &Self| -> Vec<_> {
            inlet.keys.iter().map(|key| (key.secret.fingerprint(), key.expires_at)).collect()
        };
        let settings = |inlet: &Self| {
            (inlet.source, inlet.connection.clone(), inlet.prefix_allowed, inlet.required_header.clone())
        };
        settings(self) == settings(other) && self.realm == other.realm && keys(self) == keys(other)
    }
}

/// Every inlet by its id.
pub(crate) type Inlets = HashMap<InletId, Arc<Inlet>>;

/// All inlets, retired ones too: what was on its way when one was retired still verifies.
/// Secrets that are not among `secrets` are left out: the keyring is not asked here, so this may run under the write lock.
pub(crate) async fn load(connection: &mut SqliteConnection, secrets: &Secrets) -> Result<Inlets, Error> {
    let rows: Vec<(String, Source, ConnectionId, Realm, bool, Option<String>)> = sqlx::query_as(
        "SELECT i.id, i.source, i.sender_id, s.realm, coalesce(json_extract(c.settings, '$.signature_prefix'), 0), \
         i.required_header FROM inlet i JOIN sender s ON s.id = i.sender_id LEFT JOIN connection c ON c.id = i.sender_id",
    )
    .fetch_all(&mut *connection)
    .await?;
    let stored: Vec<(String, String, Option<i64>)> = sqlx::query_as(
        "SELECT inlet_id, fingerprint, expires_at FROM signing_key \
         ORDER BY inlet_id, expires_at IS NOT NULL, expires_at DESC, created_at DESC",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut keys: HashMap<String, Vec<Key>> = HashMap::new();
    for (inlet, fingerprint, expires_at) in stored {
        if let Some(secret) = secrets.get(&fingerprint) {
            let expires_at = expires_at.map(time::from_ms).transpose()?;
            keys.entry(inlet).or_default().push(Key { secret: secret.clone(), expires_at });
        }
    }
    let mut inlets = Inlets::with_capacity(rows.len());
    for (id, source, connection, realm, prefix_allowed, required_header) in rows {
        let keys = keys.remove(&id).unwrap_or_default();
        let id = InletId::try_from(id).stored("inlet id")?;
        inlets.insert(
            id.clone(),
            Arc::new(Inlet { id, source, connection, realm, keys, prefix_allowed, required_header }),
        );
    }
    Ok(inlets)
}

/// Whether inlets that were loaded before are still what the database says, with the same secrets.
pub(crate) async fn is_current(
    connection: &mut SqliteConnection,
    loaded: &Inlets,
    secrets: &Secrets,
) -> Result<bool, Error> {
    let unknown: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT fingerprint FROM signing_key").fetch_all(&mut *connection).await?;
    if unknown.iter().any(|fingerprint| !secrets.knows(fingerprint)) {
        return Ok(false);
    }
    let now = load(connection, secrets).await?;
    let is_same = |(id, inlet): (&InletId, &Arc<Inlet>)| loaded.get(id).is_some_and(|before| before.judges_as(inlet));
    Ok(now.len() == loaded.len() && now.iter().all(is_same))
}

/// Writes a new inlet down.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    id: &InletId,
    token: &InletToken,
    source: Source,
    owner: &ConnectionId,
    label: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO inlet (id, token, source, sender_id, label, created_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(id.as_str())
        .bind(token.expose())
        .bind(source)
        .bind(owner)
        .bind(label)
        .bind(now.as_millisecond())
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes a secret the current one of an inlet. The secret is in the keyring already.
pub(crate) async fn insert_key(
    connection: &mut SqliteConnection,
    inlet: &str,
    secret: &SigningSecret,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO signing_key (inlet_id, fingerprint, created_at) VALUES (?, ?, ?) \
         ON CONFLICT (inlet_id, fingerprint) DO UPDATE SET expires_at = NULL",
    )
    .bind(inlet)
    .bind(secret.fingerprint().as_str())
    .bind(now.as_millisecond())
    .execute(connection)
    .await?;
    Ok(())
}

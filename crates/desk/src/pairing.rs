//! Pairing with a relay, and what the desk remembers of it. Key and token are in the keyring before the relay hears of
//! them, so a lost answer costs nothing: pasting the same code again asks the same question.

use jiff::Timestamp;
use offizin_wire::{DeviceToken, Identity, PairingCode};
use secrecy::ExposeSecret;
use sqlx::SqliteConnection;
use url::Url;

use crate::{
    audit::{AuditAction, recorded},
    desk::Desk,
    error::Error,
    ground::Ground,
    keychain::Keychain,
    problem::Problem,
    refusal::Refusal,
    relay::{self, Relay, RelayError},
    status::{PairInput, PullState, RelayView},
    store::Stored,
    time,
};

const IDENTITY: &str = "relay/identity";
const TOKEN: &str = "relay/device-token";

impl Desk {
    /// Pairs with a relay. Codes: `pairing_code_*`, `already_paired`, `relay_*`, `keyring_*`.
    pub async fn pair(&self, input: PairInput) -> Result<RelayView, Problem> {
        Ok(pair(self.ground(), input).await?)
    }

    /// Leaves the relay; what was pulled stays.
    pub async fn unpair(&self) -> Result<(), Problem> {
        Ok(unpair(self.ground()).await?)
    }
}

/// The row of the paired relay.
#[derive(sqlx::FromRow)]
pub(crate) struct RelayRow {
    pub(crate) url: String,
    pub(crate) inbox: String,
    inbox_name: String,
    pub(crate) device: String,
    device_name: String,
    paired_at: i64,
    pub(crate) cursor: i64,
    pub(crate) acked: i64,
    head: i64,
    last_attempt_at: Option<i64>,
    last_success_at: Option<i64>,
    complete_until: Option<i64>,
    problem: Option<String>,
}

impl RelayRow {
    fn view(self) -> Result<RelayView, Error> {
        let problem: Option<Problem> = self.problem.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Ok(RelayView {
            state: match (&problem, self.last_attempt_at) {
                (_, None) => PullState::Never,
                (None, _) => PullState::Reachable,
                (Some(_), _) => PullState::Failing,
            },
            url: self.url,
            inbox_name: self.inbox_name,
            device_name: self.device_name,
            paired_at: time::from_ms(self.paired_at)?,
            last_attempt_at: self.last_attempt_at.map(time::from_ms).transpose()?,
            last_success_at: self.last_success_at.map(time::from_ms).transpose()?,
            complete_until: self.complete_until.map(time::from_ms).transpose()?,
            behind: self.head.saturating_sub(self.cursor).max(0),
            problem,
        })
    }
}

/// The paired relay's row, or `None`.
pub(crate) async fn row(connection: &mut SqliteConnection) -> Result<Option<RelayRow>, Error> {
    Ok(sqlx::query_as("SELECT * FROM relay").fetch_optional(connection).await?)
}

/// The paired relay as the window sees it.
pub(crate) async fn view(connection: &mut SqliteConnection) -> Result<Option<RelayView>, Error> {
    row(connection).await?.map(RelayRow::view).transpose()
}

/// Whether the last attempt to pull failed because the relay does not know this device.
pub(crate) async fn is_refused(connection: &mut SqliteConnection) -> Result<bool, Error> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM relay WHERE refused)").fetch_one(connection).await?)
}

/// The private key that opens segments.
pub(crate) async fn identity(keychain: &Keychain) -> Result<Option<Identity>, Error> {
    Ok(keychain.read(IDENTITY).await?.as_ref().and_then(Identity::parse))
}

/// A client for the paired relay.
pub(crate) async fn client(ground: &Ground) -> Result<(Relay, RelayRow), Error> {
    let row = row(&mut *ground.reader().await?).await?.ok_or(Refusal::NotPaired)?;
    let token = ground.keychain().read(TOKEN).await?.and_then(|text| DeviceToken::parse(text.expose_secret()));
    let token = token.ok_or(RelayError::CredentialLost("token"))?;
    let url = row.url.parse::<Url>().stored("relay address")?;
    Ok((Relay::new(ground.network().client(&url), url, token), row))
}

/// Pairs this desk, and records with which relay.
pub(crate) async fn pair(ground: &Ground, input: PairInput) -> Result<RelayView, Error> {
    let code = PairingCode::parse(&input.code).map_err(Refusal::PairingCode)?;
    recorded(ground, AuditAction::Pair, code.relay.as_str(), None, pair_by(ground, &code, &input.device_name)).await
}

async fn pair_by(ground: &Ground, code: &PairingCode, device_name: &str) -> Result<RelayView, Error> {
    if row(&mut *ground.reader().await?).await?.is_some() {
        return Err(Refusal::AlreadyPaired.into());
    }
    let device_name = Some(device_name.trim()).filter(|name| !name.is_empty()).unwrap_or("Offizin");
    let device_name: String = device_name.chars().take(80).collect();
    let keychain = ground.keychain();
    // A key made by an earlier, interrupted attempt is used again; so is its token.
    let identity = match identity(keychain).await? {
        Some(identity) => identity,
        None => {
            let identity = Identity::random();
            keychain.store(IDENTITY, &identity.to_secret()).await?;
            identity
        }
    };
    let known = keychain.read(TOKEN).await?.and_then(|text| DeviceToken::parse(text.expose_secret()));
    let was_known = known.is_some();
    let token = match known {
        Some(token) => token,
        None => new_token(keychain).await?,
    };
    let ask = async |token: &DeviceToken| {
        relay::pair(&ground.network().client(&code.relay), code, &device_name, identity.recipient(), token.hash()).await
    };
    let answer = match ask(&token).await {
        // The relay may know the token already, from a database that was lost: then this desk is a new device.
        Err(RelayError::CodeRefused) if was_known => ask(&new_token(keychain).await?).await?,
        answer => answer?,
    };
    let cursor = i64::try_from(answer.cursor).unwrap_or(i64::MAX);
    let mut tx = ground.db().write().await?;
    sqlx::query(
        "INSERT INTO relay (one, url, inbox, inbox_name, device, device_name, paired_at, cursor, acked, head) \
         VALUES (1, ?, ?, ?, ?, ?, ?, ?7, ?7, ?7)",
    )
    .bind(code.relay.as_str())
    .bind(answer.inbox)
    .bind(answer.inbox_name)
    .bind(answer.device)
    .bind(device_name)
    .bind(ground.now().as_millisecond())
    .bind(cursor)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    ground.db().barrier().await?;
    Ok(view(&mut *ground.reader().await?).await?.ok_or(Refusal::NotPaired)?)
}

async fn new_token(keychain: &Keychain) -> Result<DeviceToken, Error> {
    let token = DeviceToken::random().map_err(|_| Error::Entropy)?;
    keychain.store(TOKEN, &token.expose().to_owned().into()).await?;
    Ok(token)
}

/// Leaves the relay. What was pulled stays; what the relay still holds for this device is given up.
pub(crate) async fn unpair(ground: &Ground) -> Result<(), Error> {
    let (relay, row) = client(ground).await?;
    let leave = async {
        match relay.leave(&row.device).await {
            // Already forgotten there: only the desk's half is left to do.
            Ok(()) | Err(RelayError::DeviceRefused) => {}
            Err(error) => return Err(error.into()),
        }
        let mut tx = ground.db().write().await?;
        sqlx::query("DELETE FROM relay").execute(&mut *tx).await?;
        tx.commit().await?;
        Ok::<_, Error>(ground.keychain().remove(TOKEN).await?)
    };
    recorded(ground, AuditAction::Unpair, &row.url, None, leave).await
}

/// How an attempt to pull failed.
pub(crate) struct Failure<'a> {
    /// What was told of it.
    pub(crate) problem: &'a Problem,
    /// The relay does not know this device any more, or the keyring not what it is known by: only pairing anew mends it.
    pub(crate) refused: bool,
}

/// Notes how an attempt to pull went; `None` where it went well.
pub(crate) async fn note(
    connection: &mut SqliteConnection,
    at: Timestamp,
    failure: Option<Failure<'_>>,
) -> Result<(), Error> {
    let problem =
        failure.as_ref().map(|failure| serde_json::to_string(failure.problem)).transpose().stored("problem")?;
    sqlx::query(
        "UPDATE relay SET last_attempt_at = ?1, problem = ?2, refused = ?3, \
         last_success_at = CASE WHEN ?2 IS NULL THEN ?1 ELSE last_success_at END",
    )
    .bind(at.as_millisecond())
    .bind(problem)
    .bind(failure.is_some_and(|failure| failure.refused))
    .execute(connection)
    .await?;
    Ok(())
}

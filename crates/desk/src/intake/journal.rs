//! The journal: append-only truth (step 7 of the journey), and the quarantine beside it (step 6).

use std::collections::BTreeMap;

use jiff::Timestamp;
use offizin_wire::{Delivery, Header, InletId};
use sqlx::SqliteConnection;

use super::{Body, Entry, Judged, Rejected, event_id, inlets::Inlets, judge};
use crate::{assignments, error::Error, event::Subject, orders, projection::Touched, stock, time};

/// Where a delivery came from: a place in a relay's log.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) inbox: String,
    pub(crate) sequence: i64,
    pub(crate) position: i64,
}

/// A delay beyond this says more about a clock than about a delivery.
const LONGEST_DELAY_MS: i64 = 7 * 24 * HOUR_MS;

/// What a batch brought. The folds of `touched` are due in the same transaction.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) deliveries: u64,
    pub(crate) events: u64,
    pub(crate) duplicates: u64,
    pub(crate) rejected: u64,
    pub(crate) touched: Touched,
    inlets: BTreeMap<(InletId, i64), InletTally>,
}

impl Tally {
    /// What an inlet brought in the hour of `received_at`.
    fn inlet(&mut self, id: &InletId, received_at: Timestamp) -> &mut InletTally {
        let hour = received_at.as_millisecond().div_euclid(HOUR_MS) * HOUR_MS;
        self.inlets.entry((id.clone(), hour)).or_default()
    }
}

/// What one inlet brought in one hour of receipt.
#[derive(Debug, Default)]
struct InletTally {
    verified: i64,
    events: i64,
    rejected: i64,
    delayed: i64,
    delay_ms: i64,
    last_verified_at: Option<Timestamp>,
}

/// Inlets are counted by the hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// Writes one judged delivery down.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    origin: &Origin,
    judged: Judged,
    tally: &mut Tally,
) -> Result<(), Error> {
    tally.deliveries += 1;
    match judged {
        Judged::Trusted(entry) => append(connection, origin, *entry, tally).await,
        Judged::Rejected(rejected) => {
            tally.rejected += 1;
            tally.inlet(&rejected.delivery.inlet, rejected.delivery.received_at).rejected += 1;
            quarantine(connection, origin, *rejected).await
        }
    }
}

async fn append(
    connection: &mut SqliteConnection,
    origin: &Origin,
    entry: Entry,
    tally: &mut Tally,
) -> Result<(), Error> {
    let Entry { inlet, proof, received_at, headers, body, event, header_mismatch } = entry;
    let received_ms = received_at.as_millisecond();
    let public_id = event_id(&inlet.connection, &body.hash);
    // Everything that moves on a repeated receipt is commutative: the order of arrival leaves no trace.
    let (id, receipts): (i64, i64) = sqlx::query_as(
        "INSERT INTO event (public_id, connection_id, realm, source, body_hash, body, body_bytes, event_type, \
         payload_version, at, received_at, last_receipt_at, receipts, trust, unrecognised, header_mismatch) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, 1, ?12, ?13, ?14) \
         ON CONFLICT (connection_id, body_hash) DO UPDATE SET receipts = receipts + 1, \
         received_at = min(received_at, excluded.received_at), \
         last_receipt_at = max(last_receipt_at, excluded.last_receipt_at), \
         trust = max(trust, excluded.trust), header_mismatch = max(header_mismatch, excluded.header_mismatch) \
         RETURNING id, receipts",
    )
    .bind(&public_id)
    .bind(&inlet.connection)
    .bind(&inlet.realm)
    .bind(inlet.source.name())
    .bind(body.hash.as_slice())
    .bind(&body.packed)
    .bind(i64::try_from(body.bytes).unwrap_or(i64::MAX))
    .bind(&event.event_type)
    .bind(&event.payload_version)
    .bind(event.at.map(Timestamp::as_millisecond))
    .bind(received_ms)
    .bind(proof.trust().stored())
    .bind(event.unrecognised.as_ref().map(word))
    .bind(header_mismatch)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO receipt (event_id, inlet_id, inbox, sequence, position, received_at, fingerprint, headers) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(inlet.id.as_str())
    .bind(&origin.inbox)
    .bind(origin.sequence)
    .bind(origin.position)
    .bind(received_ms)
    .bind(proof.fingerprint())
    .bind(headers_text(&headers)?)
    .execute(&mut *connection)
    .await?;

    let is_new = receipts == 1;
    if is_new {
        tally.events += 1
    } else {
        tally.duplicates += 1
    }
    let of_inlet = tally.inlet(&inlet.id, received_at);
    of_inlet.verified += 1;
    of_inlet.events += i64::from(is_new);
    of_inlet.last_verified_at = of_inlet.last_verified_at.max(Some(received_at));
    if let Some(at) = event.at {
        of_inlet.delayed += 1;
        of_inlet.delay_ms += received_ms.saturating_sub(at.as_millisecond()).clamp(0, LONGEST_DELAY_MS);
    }
    if let Some(subject) = event.subject {
        if is_new {
            insert_fact(connection, id, &inlet.realm, &subject).await?;
        }
        tally.touched.add(&inlet.realm, &subject);
    }
    Ok(())
}

/// Writes what an event says where the folds find it.
pub(crate) async fn insert_fact(
    connection: &mut SqliteConnection,
    event: i64,
    realm: &str,
    subject: &Subject,
) -> Result<(), Error> {
    match subject {
        Subject::Order(fact) => orders::table::insert_fact(connection, event, realm, fact).await,
        Subject::Stock(fact) => stock::table::insert_fact(connection, event, realm, fact).await,
        Subject::Assignment(fact) => assignments::table::insert_fact(connection, event, realm, fact).await,
        Subject::Notice => Ok(()),
    }
}

async fn quarantine(connection: &mut SqliteConnection, origin: &Origin, rejected: Rejected) -> Result<(), Error> {
    let Rejected { delivery, reason, body } = rejected;
    sqlx::query(
        "INSERT INTO quarantine (public_id, inlet_id, inbox, sequence, position, received_at, reason, headers, body_hash, \
         body, body_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(quarantine_id(origin))
    .bind(delivery.inlet.as_str())
    .bind(&origin.inbox)
    .bind(origin.sequence)
    .bind(origin.position)
    .bind(delivery.received_at.as_millisecond())
    .bind(word(&reason))
    .bind(headers_text(&delivery.headers)?)
    .bind(body.hash.as_slice())
    .bind(&body.packed)
    .bind(i64::try_from(body.bytes).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

fn quarantine_id(origin: &Origin) -> String {
    use sha2::{Digest, Sha256};
    let text = format!("{}/{}/{}", origin.inbox, origin.sequence, origin.position);
    let digest = Sha256::digest(text);
    format!("q{}", data_encoding::HEXLOWER.encode(digest.get(..15).unwrap_or_default()))
}

/// Judges again what sits in quarantine for an inlet. What verifies now moves to the journal, the rest stays.
pub(crate) async fn release(
    connection: &mut SqliteConnection,
    inlets: &Inlets,
    inlet: &InletId,
    tally: &mut Tally,
) -> Result<(), Error> {
    let mut after = 0i64;
    loop {
        let row: Option<QuarantineRow> = sqlx::query_as(
            "SELECT id, inbox, sequence, position, received_at, headers, body, body_bytes FROM quarantine \
             WHERE inlet_id = ? AND id > ? ORDER BY id LIMIT 1",
        )
        .bind(inlet.as_str())
        .bind(after)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else { return Ok(()) };
        after = row.id;
        let body =
            Body::unpack(&row.body, usize::try_from(row.body_bytes).unwrap_or(0)).ok_or(Error::Stored("body"))?;
        let headers = headers_of(&row.headers)?;
        let delivery = Delivery::new(inlet.clone(), time::from_ms(row.received_at)?, headers, body);
        if let Judged::Trusted(entry) = judge(delivery, inlets) {
            let origin = Origin { inbox: row.inbox, sequence: row.sequence, position: row.position };
            tally.deliveries += 1;
            append(connection, &origin, *entry, tally).await?;
            tally.inlet(inlet, time::from_ms(row.received_at)?).rejected -= 1;
            sqlx::query("DELETE FROM quarantine WHERE id = ?").bind(row.id).execute(&mut *connection).await?;
        }
    }
}

#[derive(sqlx::FromRow)]
struct QuarantineRow {
    id: i64,
    inbox: String,
    sequence: i64,
    position: i64,
    received_at: i64,
    headers: String,
    body: Vec<u8>,
    body_bytes: i64,
}

/// Brings the counters of the inlets up to date with a batch.
pub(crate) async fn count(connection: &mut SqliteConnection, tally: &Tally) -> Result<(), Error> {
    for ((inlet, hour), of_inlet) in &tally.inlets {
        sqlx::query(
            "UPDATE inlet SET verified = verified + ?, rejected = max(0, rejected + ?), \
             last_verified_at = max(coalesce(last_verified_at, ?3), coalesce(?3, last_verified_at)) WHERE id = ?4",
        )
        .bind(of_inlet.verified)
        .bind(of_inlet.rejected)
        .bind(of_inlet.last_verified_at.map(Timestamp::as_millisecond))
        .bind(inlet.as_str())
        .execute(&mut *connection)
        .await?;
        // What came to an address this desk does not know is counted nowhere: it belongs to no subscription.
        sqlx::query(
            "INSERT INTO inlet_hour (inlet_id, hour, verified, events, rejected, delayed, delay_ms) \
             SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM inlet WHERE id = ?1 \
             ON CONFLICT (inlet_id, hour) DO UPDATE SET verified = verified + excluded.verified, \
             events = events + excluded.events, rejected = max(0, rejected + excluded.rejected), \
             delayed = delayed + excluded.delayed, delay_ms = delay_ms + excluded.delay_ms",
        )
        .bind(inlet.as_str())
        .bind(hour)
        .bind(of_inlet.verified)
        .bind(of_inlet.events)
        .bind(of_inlet.rejected)
        .bind(of_inlet.delayed)
        .bind(of_inlet.delay_ms)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(crate) fn headers_text(headers: &[Header]) -> Result<String, Error> {
    serde_json::to_string(headers).map_err(|_| Error::Stored("headers"))
}

pub(crate) fn headers_of(text: &str) -> Result<Vec<Header>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Stored("headers"))
}

pub(crate) fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

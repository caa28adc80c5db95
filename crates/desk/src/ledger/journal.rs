//! The journal: append-only truth (step 7 of the journey), and the quarantine beside it (step 6).

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use offizin_wire::{Delivery, InletId};
use sqlx::{Row, SqliteConnection};

use super::{facts, touched::Touched};
use crate::{
    bodies,
    error::Error,
    headers,
    intake::{Entry, Judged, Rejected, event_id, inlets::Inlets, judge},
    keyword, pack, rows,
    store::Stored,
    time,
};

/// Where a delivery came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// A place in the log of a relay.
    Relay {
        /// Whose log.
        inbox: String,
        /// The segment.
        sequence: i64,
        /// The place in it.
        position: i64,
    },
    /// A file. The text identifies the delivery by what it holds, so that importing it again finds it.
    Import(String),
}

impl Origin {
    /// Of a row's four columns. Errors: where they are neither of the two.
    fn stored(
        inbox: Option<String>,
        sequence: Option<i64>,
        position: Option<i64>,
        import: Option<String>,
    ) -> Result<Self, Error> {
        match (inbox, sequence, position, import) {
            (Some(inbox), Some(sequence), Some(position), None) => Ok(Self::Relay { inbox, sequence, position }),
            (None, None, None, Some(digest)) => Ok(Self::Import(digest)),
            _ => Ok(None.stored("origin")?),
        }
    }

    fn inbox(&self) -> Option<&str> {
        match self {
            Self::Relay { inbox, .. } => Some(inbox),
            Self::Import(_) => None,
        }
    }

    fn sequence(&self) -> Option<i64> {
        match self {
            Self::Relay { sequence, .. } => Some(*sequence),
            Self::Import(_) => None,
        }
    }

    fn position(&self) -> Option<i64> {
        match self {
            Self::Relay { position, .. } => Some(*position),
            Self::Import(_) => None,
        }
    }

    fn import(&self) -> Option<&str> {
        match self {
            Self::Relay { .. } => None,
            Self::Import(digest) => Some(digest),
        }
    }
}

/// A delay beyond this says more about a clock than about a delivery.
const LONGEST_DELAY_MS: i64 = 7 * 24 * HOUR_MS;

/// What a batch brought. The folds of `touched` are due in the same transaction.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) deliveries: u64,
    pub(super) events: u64,
    pub(super) duplicates: u64,
    pub(super) rejected: u64,
    pub(super) touched: Touched,
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

/// Writes judged deliveries down.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    judged: Vec<(Origin, Judged)>,
    tally: &mut Tally,
) -> Result<(), Error> {
    tally.deliveries += judged.len() as u64;
    let (mut trusted, mut rejected) = (Vec::with_capacity(judged.len()), Vec::new());
    for (origin, judged) in judged {
        match judged {
            Judged::Trusted(entry) => trusted.push((origin, *entry)),
            Judged::Rejected(one) => {
                tally.rejected += 1;
                tally.inlet(&one.delivery.inlet, one.delivery.received_at).rejected += 1;
                rejected.push((origin, *one));
            }
        }
    }
    append(connection, &trusted, tally).await?;
    quarantine(connection, &rejected).await
}

async fn append(
    connection: &mut SqliteConnection,
    entries: &[(Origin, Entry)],
    tally: &mut Tally,
) -> Result<(), Error> {
    let fresh = append_events(connection, entries).await?;
    let mut receipts = Vec::with_capacity(entries.len());
    let (mut bodies, mut facts) = (Vec::new(), Vec::new());
    let mut written = HashSet::new();
    for (origin, entry) in entries {
        let id = event_id(&entry.inlet.connection, &entry.body.hash);
        let (id, is_new) = fresh.get(id.as_str()).copied().stored("event id")?;
        receipts.push((id, origin, entry, headers::text(&entry.headers)?));
        let is_first = is_new && written.insert(id);
        if is_first {
            tally.events += 1;
            bodies.push((id, &entry.body));
        } else {
            tally.duplicates += 1;
        }
        let of_inlet = tally.inlet(&entry.inlet.id, entry.received_at);
        of_inlet.verified += 1;
        of_inlet.events += i64::from(is_first);
        of_inlet.last_verified_at = of_inlet.last_verified_at.max(Some(entry.received_at));
        if let Some(at) = entry.event.at {
            let delay_ms = entry.received_at.as_millisecond().saturating_sub(at.as_millisecond());
            of_inlet.delayed += 1;
            of_inlet.delay_ms += delay_ms.clamp(0, LONGEST_DELAY_MS);
        }
        if let Some(subject) = &entry.event.subject {
            if is_first {
                facts.push((id, &entry.inlet.realm, subject));
            }
            tally.touched.add(&entry.inlet.realm, subject);
        }
    }
    bodies::insert(connection, &bodies).await?;
    rows::insert(
        connection,
        "INSERT INTO receipt (event_id, inlet_id, inbox, sequence, position, import, received_at, fingerprint, headers) ",
        &receipts,
        "",
        |row, (id, origin, entry, headers)| {
            row.push_bind(*id)
                .push_bind(entry.inlet.id.as_str())
                .push_bind(origin.inbox())
                .push_bind(origin.sequence())
                .push_bind(origin.position())
                .push_bind(origin.import())
                .push_bind(entry.received_at.as_millisecond())
                .push_bind(entry.proof.fingerprint())
                .push_bind(headers);
        },
    )
    .await?;
    facts::insert(connection, &facts).await
}

/// One row per distinct body and connection. Answers the row of each public id, and whether it was not there before.
async fn append_events(
    connection: &mut SqliteConnection,
    entries: &[(Origin, Entry)],
) -> Result<HashMap<String, (i64, bool)>, Error> {
    // Everything that moves on a repeated receipt is commutative: the order of arrival leaves no trace.
    let returned = rows::insert(
        connection,
        "INSERT INTO event (public_id, sender_id, realm, source, body_hash, body_bytes, event_type, payload_version, \
         at, received_at, last_receipt_at, receipts, trust, unrecognised, header_mismatch) ",
        entries,
        " ON CONFLICT (sender_id, body_hash) DO UPDATE SET receipts = receipts + 1, \
         received_at = min(received_at, excluded.received_at), \
         last_receipt_at = max(last_receipt_at, excluded.last_receipt_at), \
         trust = max(trust, excluded.trust), header_mismatch = max(header_mismatch, excluded.header_mismatch) \
         RETURNING public_id, id, receipts",
        |row, (_, entry)| {
            let received_ms = entry.received_at.as_millisecond();
            row.push_bind(event_id(&entry.inlet.connection, &entry.body.hash))
                .push_bind(&entry.inlet.connection)
                .push_bind(&entry.inlet.realm)
                .push_bind(entry.inlet.source.name())
                .push_bind(entry.body.hash.as_slice())
                .push_bind(i64::try_from(entry.body.bytes).unwrap_or(i64::MAX))
                .push_bind(&entry.event.event_type)
                .push_bind(&entry.event.payload_version)
                .push_bind(entry.event.at.map(Timestamp::as_millisecond))
                .push_bind(received_ms)
                .push_bind(received_ms)
                .push_bind(1i64)
                .push_bind(entry.proof.trust().stored())
                .push_bind(entry.event.unrecognised.as_ref().map(keyword::of))
                .push_bind(entry.header_mismatch);
        },
    )
    .await?;
    let mut fresh: HashMap<String, (i64, bool)> = HashMap::with_capacity(returned.len());
    for row in returned {
        let is_new = row.try_get::<i64, _>(2)? == 1;
        let (id, known) = (row.try_get(1)?, fresh.entry(row.try_get(0)?));
        known.and_modify(|(_, was_new)| *was_new |= is_new).or_insert((id, is_new));
    }
    Ok(fresh)
}

async fn quarantine(connection: &mut SqliteConnection, rejected: &[(Origin, Rejected)]) -> Result<(), Error> {
    for (origin, Rejected { delivery, reason, body_hash, packed }) in rejected {
        sqlx::query(
            "INSERT INTO quarantine (public_id, inlet_id, inbox, sequence, position, import, received_at, reason, headers, \
             body_hash, body, body_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(quarantine_id(origin))
        .bind(delivery.inlet.as_str())
        .bind(origin.inbox())
        .bind(origin.sequence())
        .bind(origin.position())
        .bind(origin.import())
        .bind(delivery.received_at.as_millisecond())
        .bind(keyword::of(reason))
        .bind(headers::text(&delivery.headers)?)
        .bind(body_hash.as_slice())
        .bind(packed)
        .bind(i64::try_from(delivery.body.len()).unwrap_or(i64::MAX))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn quarantine_id(origin: &Origin) -> String {
    use sha2::{Digest, Sha256};
    let text = match origin {
        Origin::Relay { inbox, sequence, position } => format!("{inbox}/{sequence}/{position}"),
        Origin::Import(digest) => format!("import/{digest}/0/0"),
    };
    let digest = Sha256::digest(text);
    format!("q{}", data_encoding::HEXLOWER.encode(digest.get(..15).unwrap_or_default()))
}

/// How many are judged again at a time.
const RELEASED_AT_ONCE: i64 = 200;

/// Judges again what sits in quarantine for an inlet. What verifies now moves to the journal, the rest stays.
pub(super) async fn release(
    connection: &mut SqliteConnection,
    inlets: &Inlets,
    inlet: &InletId,
    tally: &mut Tally,
) -> Result<(), Error> {
    let mut after = 0i64;
    loop {
        let rows: Vec<QuarantineRow> = sqlx::query_as(
            "SELECT id, inbox, sequence, position, import, received_at, headers, body, body_bytes FROM quarantine \
             WHERE inlet_id = ? AND id > ? ORDER BY id LIMIT ?",
        )
        .bind(inlet.as_str())
        .bind(after)
        .bind(RELEASED_AT_ONCE)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        let mut released = Vec::new();
        for row in rows {
            let body = pack::unpack(&row.body, row.body_bytes).stored("body")?;
            let headers = headers::parse(&row.headers)?;
            let delivery = Delivery::new(inlet.clone(), time::from_ms(row.received_at)?, headers, body);
            if let Judged::Trusted(entry) = judge(delivery, inlets) {
                released.push((Origin::stored(row.inbox, row.sequence, row.position, row.import)?, *entry));
                tally.deliveries += 1;
                tally.inlet(inlet, time::from_ms(row.received_at)?).rejected -= 1;
                sqlx::query("DELETE FROM quarantine WHERE id = ?").bind(row.id).execute(&mut *connection).await?;
            }
        }
        append(connection, &released, tally).await?;
    }
}

#[derive(sqlx::FromRow)]
struct QuarantineRow {
    id: i64,
    inbox: Option<String>,
    sequence: Option<i64>,
    position: Option<i64>,
    import: Option<String>,
    received_at: i64,
    headers: String,
    body: Vec<u8>,
    body_bytes: i64,
}

/// Brings the counters of the inlets up to date with a batch.
pub(super) async fn count(connection: &mut SqliteConnection, tally: &Tally) -> Result<(), Error> {
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

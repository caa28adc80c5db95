//! Events and quarantine in SQL: the list of arrivals and the proof of each.

use jiff::Timestamp;
use offizin_wire::{Delivery, InletId};
use sha2::{Digest, Sha256};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{
    fact::Trust,
    view::{BodyView, EventListInput, EventRowView, ProofView, ReceiptView, VerifyView},
    words::{QuarantineReason, Verdict},
};
use crate::{
    bodies,
    error::Error,
    headers,
    id::EventId,
    intake::{self, inlets::Inlets},
    keyword, pack,
    page::{self, Page},
    refusal::Refusal,
    search::Query,
    source::Source,
    store::Stored,
    time,
};

/// A body longer than this is cut in the window; `offizinctl event show --raw` gives all of it.
const MAX_SHOWN: usize = 1024 * 1024;

#[derive(sqlx::FromRow)]
struct Row {
    public_id: String,
    source: String,
    connection_id: Option<String>,
    event_type: Option<String>,
    at: Option<i64>,
    received_at: i64,
    trust: Option<i64>,
    unrecognised: Option<String>,
    reason: Option<String>,
    receipts: i64,
    body_bytes: i64,
    order_uid: Option<String>,
    order_name: Option<String>,
    stock_uid: Option<String>,
    imported: bool,
}

impl Row {
    fn view(self) -> Result<EventRowView, Error> {
        let unrecognised =
            self.unrecognised.as_deref().map(|text| keyword::read(text).stored("keyword")).transpose()?;
        let quarantine = self.reason.as_deref().map(|text| keyword::read(text).stored("keyword")).transpose()?;
        Ok(EventRowView {
            id: self.public_id.into(),
            source: self.source,
            connection: self.connection_id.map(Into::into),
            event_type: self.event_type,
            at: self.at.map(time::from_ms).transpose()?,
            received_at: time::from_ms(self.received_at)?,
            verdict: match (&quarantine, &unrecognised) {
                (Some(_), _) => Verdict::Rejected,
                (None, Some(_)) => Verdict::Unrecognised,
                (None, None) => Verdict::Accepted,
            },
            trust: self.trust.map(Trust::from_stored),
            unrecognised,
            quarantine,
            receipts: u32::try_from(self.receipts).unwrap_or(u32::MAX),
            bytes: self.body_bytes,
            order: self.order_uid.map(Into::into),
            order_name: self.order_name,
            stock: self.stock_uid.map(Into::into),
            imported: self.imported,
        })
    }
}

const EVENT_COLUMNS: &str = "SELECT e.public_id, e.source, e.sender_id AS connection_id, e.event_type, e.at, e.received_at, e.trust, \
     e.unrecognised, NULL AS reason, e.receipts, e.body_bytes, coalesce(l.order_uid, f.parent_uid) AS order_uid, \
     f.name AS order_name, s.uid AS stock_uid, \
     NOT EXISTS (SELECT 1 FROM receipt r WHERE r.event_id = e.id AND r.import IS NULL) AS imported";

const EVENT_JOINS: &str = " LEFT JOIN order_fact f ON f.event_id = e.id \
     LEFT JOIN lane l ON l.realm = f.realm AND l.uid = f.lane_uid LEFT JOIN stock_fact s ON s.event_id = e.id WHERE 1 = 1";

/// The quarantine in the columns of the journal. Of a body that was not believed an unsigned header is all there is to tell,
/// whichever source has it.
fn quarantined() -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::new(
        "SELECT q.public_id, coalesce(i.source, 'unknown') AS source, i.sender_id AS connection_id, \
         (SELECT h.value ->> 1 FROM json_each(q.headers) h WHERE h.value ->> 0 IN (",
    );
    let mut names = sql.separated(", ");
    for name in Source::event_headers() {
        names.push_bind(name);
    }
    sql.push(
        ") LIMIT 1) AS event_type, NULL AS at, q.received_at, NULL AS trust, NULL AS unrecognised, q.reason, \
         1 AS receipts, q.body_bytes, NULL AS order_uid, NULL AS order_name, NULL AS stock_uid, \
         q.import IS NOT NULL AS imported FROM quarantine q LEFT JOIN inlet i ON i.id = q.inlet_id WHERE 1 = 1",
    );
    sql
}

/// A search looks at so many orders, products and event ids at the most, the newest of each.
const FOUND: i64 = 50;
/// ... and at so many of a product's events.
const FOUND_EVENTS: i64 = 500;

/// One page of arrivals, newest first: the journal and the quarantine merged by receipt time.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    input: &EventListInput,
) -> Result<Page<EventRowView>, Error> {
    let limit = input.page.rows();
    let after = input.page.after_key()?;
    let after = after.as_ref().map(|(received_at, id)| (*received_at, id.as_str()));
    let mut rows: Vec<Row> = Vec::new();
    if input.verdict != Some(Verdict::Rejected) {
        let query = Query::new(input.search.as_deref());
        let is_empty_search = query.is_none() && input.search.as_deref().is_some_and(|typed| !typed.trim().is_empty());
        if !is_empty_search {
            rows.extend(
                events_query(input, query.as_ref(), after, limit + 1)
                    .build_query_as()
                    .fetch_all(&mut *connection)
                    .await?,
            );
        }
    }
    if matches!(input.verdict, None | Some(Verdict::Rejected)) && input.event_type.is_none() {
        rows.extend(quarantine_query(input, after, limit + 1).build_query_as().fetch_all(&mut *connection).await?);
    }
    rows.sort_by(|a, b| (b.received_at, &b.public_id).cmp(&(a.received_at, &a.public_id)));
    page::page(rows, limit, |row| (row.received_at, row.public_id.clone()), Row::view)
}

fn events_query(
    input: &EventListInput,
    query: Option<&Query>,
    after: Option<(i64, &str)>,
    limit: i64,
) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::<Sqlite>::new("");
    if let Some(query) = query {
        let typed = input.search.as_deref().unwrap_or_default().trim().to_lowercase();
        let beyond = format!("{typed}\u{10ffff}");
        sql.push(
            "WITH found (id) AS (SELECT f.event_id FROM (SELECT rowid FROM order_search WHERE order_search MATCH ",
        );
        sql.push_bind(query.expression()).push(" ORDER BY rowid DESC LIMIT ").push_bind(FOUND);
        sql.push(
            ") s CROSS JOIN order_row o ON o.id = s.rowid CROSS JOIN lane l ON l.realm = o.realm AND l.order_uid = o.uid \
             CROSS JOIN order_fact f ON f.realm = l.realm AND f.lane_uid = l.uid \
             UNION SELECT id FROM (SELECT id FROM event WHERE public_id >= ",
        );
        sql.push_bind(typed.clone()).push(" AND public_id < ").push_bind(beyond.clone());
        sql.push(" LIMIT ").push_bind(FOUND);
        sql.push(
            ") UNION SELECT event_id FROM (SELECT f.event_id FROM (SELECT realm, uid FROM stock_row WHERE uid >= ",
        );
        sql.push_bind(typed).push(" AND uid < ").push_bind(beyond).push(" LIMIT ").push_bind(FOUND);
        sql.push(") p CROSS JOIN stock_fact f ON f.realm = p.realm AND f.uid = p.uid LIMIT ").push_bind(FOUND_EVENTS);
        sql.push(")) ");
    }
    sql.push(EVENT_COLUMNS).push(match query {
        Some(_) => " FROM found CROSS JOIN event e ON e.id = found.id",
        None => " FROM event e",
    });
    sql.push(EVENT_JOINS);
    match input.verdict {
        Some(Verdict::Accepted) => _ = sql.push(" AND e.unrecognised IS NULL"),
        Some(Verdict::Unrecognised) => _ = sql.push(" AND e.unrecognised IS NOT NULL"),
        _ => {}
    }
    if let Some(event_type) = &input.event_type {
        sql.push(" AND e.event_type = ").push_bind(event_type);
    }
    if let Some(source) = &input.source {
        sql.push(" AND e.source = ").push_bind(source);
    }
    if let Some((received_at, id)) = after {
        sql.push(" AND (e.received_at, e.public_id) < (").push_bind(received_at).push(", ").push_bind(id).push(")");
    }
    sql.push(" ORDER BY e.received_at DESC, e.public_id DESC LIMIT ").push_bind(limit);
    sql
}

fn quarantine_query(input: &EventListInput, after: Option<(i64, &str)>, limit: i64) -> QueryBuilder<Sqlite> {
    let mut sql = quarantined();
    if let Some(typed) = input.search.as_deref().map(str::trim).filter(|typed| !typed.is_empty()) {
        // Of what was not believed nothing is known but its id.
        let typed = typed.to_lowercase();
        sql.push(" AND q.public_id >= ").push_bind(typed.clone());
        sql.push(" AND q.public_id < ").push_bind(format!("{typed}\u{10ffff}"));
    }
    if let Some(source) = &input.source {
        sql.push(" AND i.source = ").push_bind(source);
    }
    if let Some(reason) = &input.quarantine {
        sql.push(" AND q.reason = ").push_bind(keyword::of(reason));
    }
    if let Some((received_at, id)) = after {
        sql.push(" AND (q.received_at, q.public_id) < (").push_bind(received_at).push(", ").push_bind(id).push(")");
    }
    sql.push(" ORDER BY q.received_at DESC, q.public_id DESC LIMIT ").push_bind(limit);
    sql
}

async fn row(connection: &mut SqliteConnection, id: &EventId) -> Result<EventRowView, Error> {
    let mut query = QueryBuilder::<Sqlite>::new(EVENT_COLUMNS);
    query.push(" FROM event e").push(EVENT_JOINS).push(" AND e.public_id = ").push_bind(id);
    if let Some(row) = query.build_query_as::<Row>().fetch_optional(&mut *connection).await? {
        return row.view();
    }
    let mut query = quarantined();
    query.push(" AND q.public_id = ").push_bind(id);
    let row = query.build_query_as::<Row>().fetch_optional(connection).await?;
    row.ok_or(Refusal::EventUnknown)?.view()
}

#[derive(sqlx::FromRow)]
struct ReceiptRow {
    received_at: i64,
    inlet_id: String,
    sequence: Option<i64>,
    fingerprint: Option<String>,
    headers: String,
}

async fn receipts(connection: &mut SqliteConnection, id: &EventId) -> Result<Vec<ReceiptRow>, Error> {
    Ok(sqlx::query_as(
        "SELECT r.received_at, r.inlet_id, r.sequence, r.fingerprint, r.headers \
         FROM receipt r JOIN event e ON e.id = r.event_id WHERE e.public_id = ?1 \
         UNION ALL SELECT received_at, inlet_id, sequence, NULL, headers FROM quarantine WHERE public_id = ?1 \
         ORDER BY 1, 3",
    )
    .bind(id)
    .fetch_all(connection)
    .await?)
}

/// Everything that proves one event, without its content.
pub(crate) async fn proof(connection: &mut SqliteConnection, id: &EventId) -> Result<ProofView, Error> {
    let row = row(connection, id).await?;
    let (hash, payload_version): (Vec<u8>, Option<String>) = sqlx::query_as(
        "SELECT body_hash, payload_version FROM event WHERE public_id = ?1 \
         UNION ALL SELECT body_hash, NULL FROM quarantine WHERE public_id = ?1",
    )
    .bind(id)
    .fetch_one(&mut *connection)
    .await?;
    let receipt_list = receipts(connection, id)
        .await?
        .into_iter()
        .map(|row| {
            let headers = headers::parse(&row.headers)?;
            Ok(ReceiptView {
                received_at: time::from_ms(row.received_at)?,
                inlet: row.inlet_id,
                sequence: row.sequence,
                fingerprint: row.fingerprint,
                headers: headers
                    .into_iter()
                    .map(|h| {
                        (
                            h.name,
                            String::from_utf8(h.value).unwrap_or_else(|e| data_encoding::HEXLOWER.encode(e.as_bytes())),
                        )
                    })
                    .collect(),
            })
        })
        .collect::<Result<_, Error>>()?;
    Ok(ProofView { row, sha256: data_encoding::HEXLOWER.encode(&hash), payload_version, receipt_list })
}

/// The raw body as it arrived.
pub(crate) async fn raw(connection: &mut SqliteConnection, id: &EventId) -> Result<Vec<u8>, Error> {
    let event: Option<i64> = sqlx::query_scalar("SELECT id FROM event WHERE public_id = ?")
        .bind(id)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(event) = event {
        return Ok(bodies::read(connection, event).await?.stored("body")?);
    }
    let row: Option<(Vec<u8>, i64)> = sqlx::query_as("SELECT body, body_bytes FROM quarantine WHERE public_id = ?")
        .bind(id)
        .fetch_optional(connection)
        .await?;
    let (packed, bytes) = row.ok_or(Refusal::EventUnknown)?;
    Ok(pack::unpack(&packed, bytes).stored("body")?)
}

/// Who an event came from.
pub(crate) async fn source(connection: &mut SqliteConnection, id: &EventId) -> Result<Source, Error> {
    let name: Option<String> =
        sqlx::query_scalar("SELECT source FROM event WHERE public_id = ?").bind(id).fetch_optional(connection).await?;
    name.as_deref().and_then(Source::named).ok_or(Refusal::EventUnknown.into())
}

/// The raw body for the window.
pub(crate) fn body_view(raw: Vec<u8>) -> BodyView {
    let truncated = raw.len() > MAX_SHOWN;
    match String::from_utf8(raw) {
        Ok(mut text) => {
            if truncated {
                text.truncate(text.floor_char_boundary(MAX_SHOWN));
            }
            BodyView { text: Some(text), base64: None, truncated }
        }
        Err(error) => {
            let bytes = error.as_bytes();
            let shown = bytes.get(..MAX_SHOWN).unwrap_or(bytes);
            BodyView { text: None, base64: Some(data_encoding::BASE64.encode(shown)), truncated }
        }
    }
}

/// Checks hash and signature again, from what is stored now. `secrets` are all that were ever an inlet's, expired ones too.
pub(crate) async fn verify_again(
    connection: &mut SqliteConnection,
    id: &EventId,
    inlets: &Inlets,
) -> Result<VerifyView, Error> {
    let raw = raw(connection, id).await?;
    let proof = proof(connection, id).await?;
    let digest: [u8; 32] = Sha256::digest(&raw).into();
    let mut view = VerifyView {
        body_intact: data_encoding::HEXLOWER.encode(&digest) == proof.sha256,
        signature_matches: false,
        fingerprint: None,
        reason: None,
    };
    for receipt in receipts(connection, id).await? {
        let id = InletId::try_from(receipt.inlet_id).stored("inlet id")?;
        let Some(inlet) = inlets.get(&id) else {
            view.reason = Some(QuarantineReason::InletUnknown);
            continue;
        };
        // A source that does not sign leaves nothing to check but the hash.
        let Some(scheme) = inlet.source.scheme() else { continue };
        let headers = headers::parse(&receipt.headers)?;
        let delivery = Delivery::new(id, Timestamp::UNIX_EPOCH, headers, raw.clone());
        // An old proof is checked with the secret of its day, so what expired since counts.
        match intake::verify(delivery, scheme, inlet, || inlet.secrets()) {
            Ok(verified) => {
                view.signature_matches = true;
                view.fingerprint = Some(verified.verified_by().to_string());
                view.reason = None;
                return Ok(view);
            }
            Err((_, rejection)) => view.reason = Some(intake::reason(rejection)),
        }
    }
    Ok(view)
}

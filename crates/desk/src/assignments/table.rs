//! Assignments in SQL: facts in, rows out. The rows are what the fold said; nothing is decided here.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;

use super::{
    fact::AssignmentFact,
    fold::{self, Prescription, Telling},
    stored::{StoredAssignment, StoredDoctor, StoredPrescription},
    words::PrescriptionState,
};
use crate::{
    error::Error,
    event::{fact::Fact, table::FactRow},
    id::{PrescriptionUid, Realm},
    keyword,
    orders::fact::OrderFact,
    store::Stored,
    time,
};

/// What has to be folded again, and what orders said about how the shop calls them.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    prescriptions: BTreeSet<(Realm, PrescriptionUid)>,
    externals: BTreeSet<External>,
}

/// `(realm, kind, value, lane, shop)`
type External = (Realm, &'static str, String, String, String);

impl Touched {
    pub(crate) fn add(&mut self, realm: &Realm, fact: &AssignmentFact) {
        self.prescriptions.insert((realm.to_owned(), fact.prescription.clone()));
    }

    /// Remembers how the shop calls an order.
    pub(crate) fn add_order(&mut self, realm: &Realm, fact: &OrderFact) {
        let Some(fulfilment) = &fact.fulfilment else { return };
        let lane = fact.lane.as_ref().map(|uid| uid.as_str()).or(fact.parent.as_ref().map(|uid| uid.as_str()));
        let Some(lane) = lane else { return };
        let shop = fact.shop.clone().unwrap_or_default();
        for (kind, value) in [("order", &fulfilment.shop_order_external_id), ("fulfillment", &fulfilment.external_id)] {
            if let Some(value) = value {
                self.externals.insert((realm.to_owned(), kind, value.clone(), lane.to_owned(), shop.clone()));
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.prescriptions.is_empty()
    }
}

/// The tables a rebuild makes anew.
pub(crate) const TABLES: &[&str] = &[
    "assignment_fact",
    "assignment_row",
    "prescription_row",
    "prescription_facet",
    "doctor_count",
    "doctor_row",
    "order_external",
];

/// What a digest over the projections reads.
pub(crate) const DIGEST: &[&str] = &[
    "SELECT realm || char(0) || prescription_uid || char(0) || position || char(0) || id || char(0) || sort_at || char(0) \
     || counts || char(0) || view FROM assignment_row ORDER BY realm, prescription_uid, position",
    "SELECT realm || char(0) || uid || char(0) || changed_at || char(0) || search || char(0) || view \
     FROM prescription_row ORDER BY realm, uid",
    "SELECT kind || char(0) || value || char(0) || changed_at || char(0) || uid || char(0) || realm FROM prescription_facet \
     ORDER BY kind, value, realm, uid, changed_at",
    "SELECT realm || char(0) || doctor_uid || char(0) || what || char(0) || reason || char(0) || number FROM doctor_count \
     ORDER BY realm, doctor_uid, what, reason",
    "SELECT realm || char(0) || uid || char(0) || open || char(0) || search || char(0) || view FROM doctor_row \
     ORDER BY realm, uid",
    "SELECT realm || char(0) || kind || char(0) || value || char(0) || lane || char(0) || shop FROM order_external \
     ORDER BY realm, kind, value, lane, shop",
];

/// Writes what one event says about its prescription.
pub(crate) async fn insert_fact(
    connection: &mut SqliteConnection,
    event: i64,
    realm: &Realm,
    fact: &AssignmentFact,
) -> Result<(), Error> {
    let data = serde_json::to_string(fact).stored("assignment fact")?;
    sqlx::query("INSERT INTO assignment_fact (event_id, realm, prescription_uid, data) VALUES (?, ?, ?, ?)")
        .bind(event)
        .bind(realm)
        .bind(&fact.prescription)
        .bind(data)
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct TellingRow {
    event_id: i64,
    #[sqlx(flatten)]
    fact: FactRow,
}

/// A prescription with all its events.
pub(crate) async fn prescription(
    connection: &mut SqliteConnection,
    realm: &Realm,
    uid: &PrescriptionUid,
) -> Result<Option<Prescription>, Error> {
    let rows: Vec<TellingRow> = sqlx::query_as(
        "SELECT f.event_id, e.public_id, e.sender_id AS connection_id, e.event_type, e.at, NULL AS updated_at, e.received_at, \
         e.last_receipt_at, e.receipts, e.trust, e.header_mismatch, f.data \
         FROM assignment_fact f JOIN event e ON e.id = f.event_id WHERE f.realm = ? AND f.prescription_uid = ?",
    )
    .bind(realm)
    .bind(uid)
    .fetch_all(&mut *connection)
    .await?;
    let mut tellings = Vec::with_capacity(rows.len());
    for TellingRow { event_id, fact } in rows {
        let fact: Fact<AssignmentFact> = fact.fact()?;
        let receipts = if fact.time_of_receipt && fact.receipts > 1 {
            let all: Vec<i64> = sqlx::query_scalar("SELECT received_at FROM receipt WHERE event_id = ?")
                .bind(event_id)
                .fetch_all(&mut *connection)
                .await?;
            all.into_iter().map(time::from_ms).collect::<Result<_, _>>()?
        } else {
            vec![fact.place.received_at]
        };
        tellings.push(Telling { fact, receipts });
    }
    Ok(Prescription::new(uid.clone(), tellings))
}

/// Folds what was touched again.
pub(crate) async fn refold(connection: &mut SqliteConnection, touched: &Touched) -> Result<(), Error> {
    for (realm, kind, value, lane, shop) in &touched.externals {
        sqlx::query("INSERT OR IGNORE INTO order_external (realm, kind, value, lane, shop) VALUES (?, ?, ?, ?, ?)")
            .bind(realm)
            .bind(kind)
            .bind(value)
            .bind(lane)
            .bind(shop)
            .execute(&mut *connection)
            .await?;
    }
    let mut figures = Figures::default();
    for (realm, uid) in &touched.prescriptions {
        let Some(prescription) = prescription(connection, realm, uid).await? else { continue };
        let history = prescription.history();
        let Some(row) = prescription.row(&history) else { continue };
        forget(connection, realm, uid, &mut figures).await?;
        write_row(connection, realm, &row, &history).await?;
        for (position, one) in (0i64..).zip(&history) {
            write_assignment(connection, realm, position, one, &mut figures).await?;
        }
    }
    figures.write(connection).await
}

/// Takes away what is shown of a prescription.
async fn forget(
    connection: &mut SqliteConnection,
    realm: &Realm,
    uid: &PrescriptionUid,
    figures: &mut Figures,
) -> Result<(), Error> {
    let before: Vec<(Option<String>, String)> =
        sqlx::query_as("SELECT doctor_uid, counts FROM assignment_row WHERE realm = ? AND prescription_uid = ?")
            .bind(realm)
            .bind(uid)
            .fetch_all(&mut *connection)
            .await?;
    for (doctor, counts) in before {
        let counts: Vec<(String, String)> = serde_json::from_str(&counts).stored("assignment counts")?;
        figures.add(realm, doctor.as_deref(), counts.iter().map(|(what, reason)| (what.as_str(), reason.as_str())), -1);
    }
    for table in [
        "DELETE FROM assignment_row WHERE realm = ? AND prescription_uid = ?",
        "DELETE FROM prescription_facet WHERE realm = ? AND uid = ?",
    ] {
        sqlx::query(table).bind(realm).bind(uid).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_row(
    connection: &mut SqliteConnection,
    realm: &Realm,
    row: &StoredPrescription,
    history: &[StoredAssignment],
) -> Result<(), Error> {
    let doctors: BTreeSet<&str> = history.iter().filter_map(|one| Some(one.doctor_uid.as_ref()?.as_str())).collect();
    let names: BTreeSet<&str> = history.iter().filter_map(|one| one.doctor_name.as_deref()).collect();
    let externals = [row.external_order_id.as_deref(), row.external_fulfillment_id.as_deref(), Some(row.uid.as_str())];
    let words = externals.into_iter().flatten().chain(doctors.iter().copied()).chain(names);
    sqlx::query(
        "INSERT OR REPLACE INTO prescription_row (realm, uid, changed_at, external_order_id, external_fulfillment_id, \
         search, view) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(realm)
    .bind(&row.uid)
    .bind(row.changed_at.as_millisecond())
    .bind(&row.external_order_id)
    .bind(&row.external_fulfillment_id)
    .bind(words.map(str::to_lowercase).collect::<Vec<_>>().join("\n"))
    .bind(serde_json::to_string(row).stored("prescription row")?)
    .execute(&mut *connection)
    .await?;
    let changes = history.iter().flat_map(|one| [&one.began, &one.ended]).flatten();
    let reasons: BTreeSet<&str> = changes.filter_map(|change| change.reason.as_deref()).collect();
    let mut facets: Vec<(&str, &str)> = doctors.into_iter().map(|uid| ("doctor", uid)).collect();
    facets.extend(reasons.into_iter().map(|reason| ("reason", reason)));
    facets.extend(row.shop.as_deref().map(|shop| ("shop", shop)));
    let has_doctor = row.doctor_uid.is_some();
    let state = keyword::of(if has_doctor { &PrescriptionState::Assigned } else { &PrescriptionState::Unassigned });
    facets.push(("state", &state));
    let broken = keyword::of(&PrescriptionState::Broken);
    if row.gaps > 0 {
        facets.push(("state", &broken));
    }
    for (kind, value) in facets {
        sqlx::query("INSERT INTO prescription_facet (kind, value, changed_at, uid, realm) VALUES (?, ?, ?, ?, ?)")
            .bind(kind)
            .bind(value)
            .bind(row.changed_at.as_millisecond())
            .bind(&row.uid)
            .bind(realm)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn write_assignment(
    connection: &mut SqliteConnection,
    realm: &Realm,
    position: i64,
    one: &StoredAssignment,
    figures: &mut Figures,
) -> Result<(), Error> {
    let counts = fold::counts(one);
    let doctor = one.doctor_uid.as_ref().map(|uid| uid.as_str());
    figures.add(realm, doctor, counts.iter().map(|(what, reason)| (*what, reason.as_str())), 1);
    let key = format!("{realm}\n{}\n{position}", one.prescription_uid);
    let sort_at = one.from.or(one.until).unwrap_or(one.not_before);
    sqlx::query(
        "INSERT INTO assignment_row (realm, prescription_uid, position, id, doctor_uid, reason, shop, sort_at, open, \
         counts, view) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(realm)
    .bind(&one.prescription_uid)
    .bind(position)
    .bind(HEXLOWER.encode(Sha256::digest(key).get(..10).unwrap_or_default()))
    .bind(doctor)
    .bind(&one.reason)
    .bind(&one.shop)
    .bind(sort_at.as_millisecond())
    .bind(one.open)
    .bind(serde_json::to_string(&counts).stored("assignment counts")?)
    .bind(serde_json::to_string(one).stored("assignment row")?)
    .execute(connection)
    .await?;
    Ok(())
}

/// By how much the figures of doctors move. Doctors that are only touched move by nothing, and are shown anew.
#[derive(Default)]
struct Figures(BTreeMap<(Realm, String), BTreeMap<(String, String), i64>>);

impl Figures {
    fn add<'a>(
        &mut self,
        realm: &Realm,
        doctor: Option<&str>,
        counts: impl Iterator<Item = (&'a str, &'a str)>,
        by: i64,
    ) {
        let Some(doctor) = doctor else { return };
        let figures = self.0.entry((realm.to_owned(), doctor.to_owned())).or_default();
        for (what, reason) in counts {
            *figures.entry((what.to_owned(), reason.to_owned())).or_default() += by;
        }
    }

    async fn write(self, connection: &mut SqliteConnection) -> Result<(), Error> {
        for ((realm, doctor), figures) in self.0 {
            for ((what, reason), by) in figures.into_iter().filter(|(_, by)| *by != 0) {
                sqlx::query(
                    "INSERT INTO doctor_count (realm, doctor_uid, what, reason, number) VALUES (?, ?, ?, ?, ?) \
                     ON CONFLICT (realm, doctor_uid, what, reason) DO UPDATE SET number = number + excluded.number",
                )
                .bind(&realm)
                .bind(&doctor)
                .bind(what)
                .bind(reason)
                .bind(by)
                .execute(&mut *connection)
                .await?;
            }
            sqlx::query("DELETE FROM doctor_count WHERE realm = ? AND doctor_uid = ? AND number = 0")
                .bind(&realm)
                .bind(&doctor)
                .execute(&mut *connection)
                .await?;
            write_doctor(connection, &realm, &doctor).await?;
        }
        Ok(())
    }
}

async fn write_doctor(connection: &mut SqliteConnection, realm: &Realm, doctor: &str) -> Result<(), Error> {
    let counted: Vec<(String, i64)> =
        sqlx::query_as("SELECT what, sum(number) FROM doctor_count WHERE realm = ? AND doctor_uid = ? GROUP BY what")
            .bind(realm)
            .bind(doctor)
            .fetch_all(&mut *connection)
            .await?;
    let number = |what: &str| counted.iter().find(|(one, _)| one == what).map_or(0, |(_, number)| *number);
    let newest: Option<(i64, Option<String>)> = sqlx::query_as(
        "SELECT sort_at, view ->> '$.doctor_name' FROM assignment_row WHERE doctor_uid = ? AND realm = ? \
         ORDER BY sort_at DESC, id DESC LIMIT 1",
    )
    .bind(doctor)
    .bind(realm)
    .fetch_optional(&mut *connection)
    .await?;
    let Some((last_at, name)) = newest else {
        sqlx::query("DELETE FROM doctor_row WHERE realm = ? AND uid = ?")
            .bind(realm)
            .bind(doctor)
            .execute(connection)
            .await?;
        return Ok(());
    };
    // The newest assignment may come from an event that only says who had it before.
    let name = match name {
        Some(name) => Some(name),
        None => {
            sqlx::query_scalar(
                "SELECT view ->> '$.doctor_name' FROM assignment_row WHERE doctor_uid = ? AND realm = ? \
                 AND view ->> '$.doctor_name' IS NOT NULL ORDER BY sort_at DESC, id DESC LIMIT 1",
            )
            .bind(doctor)
            .bind(realm)
            .fetch_optional(&mut *connection)
            .await?
        }
    };
    let last_at: Timestamp = time::from_ms(last_at)?;
    let stored = StoredDoctor {
        uid: doctor.to_owned(),
        open: number("open"),
        taken: number("taken"),
        lost: number("lost"),
        requeued: number("requeued"),
        last_at: Some(last_at),
        name,
    };
    let search = [Some(doctor), stored.name.as_deref()];
    sqlx::query("INSERT OR REPLACE INTO doctor_row (realm, uid, open, search, view) VALUES (?, ?, ?, ?, ?)")
        .bind(realm)
        .bind(doctor)
        .bind(stored.open)
        .bind(search.into_iter().flatten().map(str::to_lowercase).collect::<Vec<_>>().join("\n"))
        .bind(serde_json::to_string(&stored).stored("doctor row")?)
        .execute(connection)
        .await?;
    Ok(())
}

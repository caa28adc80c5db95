//! Assignments, prescriptions and doctors as lists: windows over keys, each filter with an index to walk along.
//!
//! An order is joined only where the shop's identifiers agree exactly and nothing says that the shops differ: an order that
//! names no shop is joined only if one shop alone uses the identifier.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{
    stored::{StoredAssignment, StoredDoctor, StoredPrescription},
    view::{
        AssignmentFiltersView, AssignmentListInput, AssignmentView, DoctorListInput, DoctorRowView, DoctorView,
        PrescriptionListInput, PrescriptionRowView, PrescriptionView, ReasonCountView, ReasonView,
    },
    words::ReasonKind,
};
use crate::{
    error::Error,
    id::{DoctorUid, OrderUid, PrescriptionUid, Realm},
    keyword,
    page::{self, Page},
    refusal::Refusal,
    store::Stored,
};

/// Values of a filter beyond this are not offered.
const MOST_VALUES: i64 = 200;

/// One page of assignments, newest first.
pub(crate) async fn assignments(
    connection: &mut SqliteConnection,
    input: &AssignmentListInput,
) -> Result<Page<AssignmentView>, Error> {
    let limit = input.page.rows();
    let mut query = assignments_query(input)?;
    query.push(" ORDER BY a.sort_at DESC, a.id DESC LIMIT ").push_bind(limit + 1);
    let rows: Vec<(i64, String, String, Option<String>)> = query.build_query_as().fetch_all(&mut *connection).await?;
    page::page(rows, limit, |(at, id, ..)| (*at, id.clone()), |(_, _, view, name)| assignment(&view, name))
}

fn assignments_query(input: &AssignmentListInput) -> Result<QueryBuilder<Sqlite>, Error> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT a.sort_at, a.id, a.view, (SELECT d.view ->> '$.name' FROM doctor_row d WHERE d.realm = a.realm \
         AND d.uid = a.doctor_uid) FROM assignment_row a WHERE 1 = 1",
    );
    if let Some(uid) = &input.prescription {
        query.push(" AND a.prescription_uid = ").push_bind(uid.as_str().to_owned());
    }
    if let Some(uid) = &input.doctor {
        query.push(" AND a.doctor_uid = ").push_bind(uid.as_str().to_owned());
    }
    if let Some(reason) = &input.reason {
        query.push(" AND a.reason = ").push_bind(reason.clone());
    }
    if let Some(shop) = &input.shop {
        query.push(" AND a.shop = ").push_bind(shop.clone());
    }
    if input.open == Some(true) {
        query.push(" AND a.open = 1");
    }
    if let Some(since) = input.since {
        query.push(" AND a.sort_at >= ").push_bind(since.as_millisecond());
    }
    if let Some(until) = input.until {
        query.push(" AND a.sort_at < ").push_bind(until.as_millisecond());
    }
    if let Some((at, id)) = input.page.after_key()? {
        query.push(" AND (a.sort_at, a.id) < (").push_bind(at).push(", ").push_bind(id).push(")");
    }
    Ok(query)
}

/// One page of prescriptions, newest change first.
pub(crate) async fn prescriptions(
    connection: &mut SqliteConnection,
    input: &PrescriptionListInput,
) -> Result<Page<PrescriptionRowView>, Error> {
    let limit = input.page.rows();
    let mut query = prescriptions_query(input)?;
    query.push(" LIMIT ").push_bind(limit + 1);
    let rows: Vec<(i64, String, Realm, String)> = query.build_query_as().fetch_all(&mut *connection).await?;
    let page = page::page(rows, limit, |(at, uid, ..)| (*at, uid.clone()), Ok)?;
    let mut joined = Vec::with_capacity(page.rows.len());
    for (_, _, realm, view) in page.rows {
        joined.push(join(connection, &realm, row(&view)?).await?);
    }
    Ok(Page { rows: joined, next: page.next })
}

/// The narrowest filter is walked along, the others are looked up beside it.
fn prescriptions_query(input: &PrescriptionListInput) -> Result<QueryBuilder<Sqlite>, Error> {
    let mut filters: Vec<(&'static str, String)> = Vec::new();
    filters.extend(input.doctor.as_ref().map(|uid| ("doctor", uid.to_string())));
    filters.extend(input.reason.clone().map(|reason| ("reason", reason)));
    filters.extend(input.state.map(|wanted| ("state", keyword::of(&wanted))));
    filters.extend(input.shop.clone().map(|shop| ("shop", shop)));
    let mut filters = filters.into_iter();
    let mut query = match filters.next() {
        Some((kind, value)) => {
            let mut query = QueryBuilder::<Sqlite>::new(
                "SELECT f.changed_at, f.uid, f.realm, p.view FROM prescription_facet f CROSS JOIN prescription_row p \
                 ON p.realm = f.realm AND p.uid = f.uid WHERE f.kind = ",
            );
            query.push_bind(kind).push(" AND f.value = ").push_bind(value);
            query
        }
        None => QueryBuilder::new("SELECT f.changed_at, f.uid, f.realm, f.view FROM prescription_row f WHERE 1 = 1"),
    };
    let walks = input.doctor.is_some() || input.reason.is_some() || input.state.is_some() || input.shop.is_some();
    for (kind, value) in filters {
        query
            .push(" AND EXISTS (SELECT 1 FROM prescription_facet o WHERE o.kind = ")
            .push_bind(kind)
            .push(" AND o.value = ")
            .push_bind(value)
            .push(" AND o.changed_at = f.changed_at AND o.uid = f.uid AND o.realm = f.realm)");
    }
    for term in page::terms(input.search.as_deref()) {
        query.push(if walks { " AND instr(p.search, " } else { " AND instr(f.search, " }).push_bind(term).push(") > 0");
    }
    if let Some(since) = input.since {
        query.push(" AND f.changed_at >= ").push_bind(since.as_millisecond());
    }
    if let Some((at, uid)) = input.page.after_key()? {
        query.push(" AND (f.changed_at, f.uid) < (").push_bind(at).push(", ").push_bind(uid).push(")");
    }
    query.push(" ORDER BY f.changed_at DESC, f.uid DESC");
    Ok(query)
}

fn row(json: &str) -> Result<PrescriptionRowView, Error> {
    let stored: StoredPrescription = serde_json::from_str(json).stored("prescription row")?;
    Ok(stored.into())
}

/// An assignment, and the doctor's name as another event tells it where none of its own does.
fn assignment(json: &str, name: Option<String>) -> Result<AssignmentView, Error> {
    let stored: StoredAssignment = serde_json::from_str(json).stored("assignment row")?;
    let mut view = AssignmentView::from(stored);
    view.doctor_name = view.doctor_name.or(name);
    Ok(view)
}

/// One prescription with its history.
pub(crate) async fn show(connection: &mut SqliteConnection, uid: &PrescriptionUid) -> Result<PrescriptionView, Error> {
    let found: Option<(Realm, String)> =
        sqlx::query_as("SELECT realm, view FROM prescription_row WHERE uid = ? ORDER BY changed_at DESC LIMIT 1")
            .bind(uid)
            .fetch_optional(&mut *connection)
            .await?;
    let (realm, view) = found.ok_or(Refusal::PrescriptionUnknown)?;
    whole(connection, &realm, row(&view)?).await
}

async fn whole(
    connection: &mut SqliteConnection,
    realm: &Realm,
    row: PrescriptionRowView,
) -> Result<PrescriptionView, Error> {
    let history: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT a.view, (SELECT d.view ->> '$.name' FROM doctor_row d WHERE d.realm = a.realm AND d.uid = a.doctor_uid) \
         FROM assignment_row a WHERE a.realm = ? AND a.prescription_uid = ? ORDER BY a.position",
    )
    .bind(realm)
    .bind(&row.uid)
    .fetch_all(&mut *connection)
    .await?;
    let history = history.into_iter().map(|(view, name)| assignment(&view, name));
    Ok(PrescriptionView { history: history.collect::<Result<_, _>>()?, row: join(connection, realm, row).await? })
}

/// Names the order of a prescription, where there is exactly one it can be.
async fn join(
    connection: &mut SqliteConnection,
    realm: &Realm,
    mut row: PrescriptionRowView,
) -> Result<PrescriptionRowView, Error> {
    for (kind, value) in [("fulfillment", &row.external_fulfillment_id), ("order", &row.external_order_id)] {
        let Some(value) = value else { continue };
        let orders: Vec<(String, Option<String>, String)> = sqlx::query_as(
            "SELECT DISTINCT o.uid, o.view ->> '$.name', x.shop FROM order_external x \
             LEFT JOIN lane l ON l.realm = x.realm AND l.uid = x.lane \
             JOIN order_row o ON o.realm = x.realm AND o.uid = coalesce(l.order_uid, x.lane) \
             WHERE x.realm = ? AND x.kind = ? AND x.value = ? LIMIT 3",
        )
        .bind(realm)
        .bind(kind)
        .bind(value)
        .fetch_all(&mut *connection)
        .await?;
        let mut fitting = Vec::new();
        for (uid, name, shop) in orders {
            let fits = match (shop.as_str(), row.shop.as_deref()) {
                ("", _) => is_used_by_one_shop(connection, realm, kind, value).await?,
                (shop, Some(ours)) => shop == ours,
                (_, None) => false,
            };
            if fits {
                fitting.push((uid, name));
            }
        }
        if let [(uid, name)] = fitting.as_slice() {
            row.order = Some(OrderUid::from(uid.as_str()));
            row.order_name.clone_from(name);
            break;
        }
    }
    Ok(row)
}

async fn is_used_by_one_shop(
    connection: &mut SqliteConnection,
    realm: &Realm,
    kind: &str,
    value: &str,
) -> Result<bool, Error> {
    let shops = if kind == "order" {
        "SELECT count(DISTINCT view ->> '$.shop') FROM prescription_row WHERE realm = ? AND external_order_id = ?"
    } else {
        "SELECT count(DISTINCT view ->> '$.shop') FROM prescription_row WHERE realm = ? AND external_fulfillment_id = ?"
    };
    let shops: i64 = sqlx::query_scalar(shops).bind(realm).bind(value).fetch_one(connection).await?;
    Ok(shops <= 1)
}

/// The prescriptions of one order, where identifiers and shop agree exactly. The uid of a lane will do.
pub(crate) async fn of_order(
    connection: &mut SqliteConnection,
    uid: &OrderUid,
) -> Result<Vec<PrescriptionView>, Error> {
    let found: Vec<(Realm, String)> = sqlx::query_as(
        "WITH named (realm, uid) AS (\
             SELECT realm, uid FROM order_row WHERE uid = ?1 \
             UNION SELECT realm, order_uid FROM lane WHERE uid = ?1), \
         lanes (realm, uid) AS (\
             SELECT realm, uid FROM named \
             UNION SELECT l.realm, l.uid FROM named n JOIN lane l ON l.realm = n.realm AND l.order_uid = n.uid), \
         externals AS (SELECT x.* FROM lanes l JOIN order_external x ON x.realm = l.realm AND x.lane = l.uid) \
         SELECT p.realm, p.view FROM externals x JOIN prescription_row p \
             ON p.realm = x.realm AND p.external_order_id = x.value WHERE x.kind = 'order' \
         UNION SELECT p.realm, p.view FROM externals x JOIN prescription_row p \
             ON p.realm = x.realm AND p.external_fulfillment_id = x.value WHERE x.kind = 'fulfillment'",
    )
    .bind(uid)
    .fetch_all(&mut *connection)
    .await?;
    let order: Option<OrderUid> = sqlx::query_scalar(
        "SELECT coalesce((SELECT uid FROM order_row WHERE uid = ?1 LIMIT 1), (SELECT order_uid FROM lane WHERE uid = ?1 LIMIT 1))",
    )
    .bind(uid)
    .fetch_one(&mut *connection)
    .await?;
    let mut prescriptions = Vec::new();
    for (realm, view) in found {
        let whole = whole(connection, &realm, row(&view)?).await?;
        if whole.row.order.is_some() && whole.row.order == order {
            prescriptions.push(whole);
        }
    }
    prescriptions.sort_by(|a, b| a.row.uid.cmp(&b.row.uid));
    Ok(prescriptions)
}

/// One page of doctors, those with the most open prescriptions first.
pub(crate) async fn doctors(
    connection: &mut SqliteConnection,
    input: &DoctorListInput,
) -> Result<Page<DoctorRowView>, Error> {
    let limit = input.page.rows();
    let mut query = QueryBuilder::<Sqlite>::new("SELECT open, uid, view FROM doctor_row WHERE 1 = 1");
    for term in page::terms(input.search.as_deref()) {
        query.push(" AND instr(search, ").push_bind(term).push(") > 0");
    }
    if let Some((open, uid)) = input.page.after_key()? {
        query.push(" AND (open, uid) < (").push_bind(open).push(", ").push_bind(uid).push(")");
    }
    query.push(" ORDER BY open DESC, uid DESC LIMIT ").push_bind(limit + 1);
    let rows: Vec<(i64, String, String)> = query.build_query_as().fetch_all(connection).await?;
    page::page(rows, limit, |(open, uid, _)| (*open, uid.clone()), |(_, _, view)| doctor_row(&view))
}

fn doctor_row(json: &str) -> Result<DoctorRowView, Error> {
    let stored: StoredDoctor = serde_json::from_str(json).stored("doctor row")?;
    Ok(stored.into())
}

/// One doctor, by reason.
pub(crate) async fn doctor(connection: &mut SqliteConnection, uid: &DoctorUid) -> Result<DoctorView, Error> {
    let found: Option<(Realm, String)> =
        sqlx::query_as("SELECT realm, view FROM doctor_row WHERE uid = ? ORDER BY open DESC LIMIT 1")
            .bind(uid)
            .fetch_optional(&mut *connection)
            .await?;
    let (realm, view) = found.ok_or(Refusal::DoctorUnknown)?;
    let counted: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT reason, sum(iif(what = 'taken', number, 0)), sum(iif(what = 'lost', number, 0)) FROM doctor_count \
         WHERE realm = ? AND doctor_uid = ? AND what IN ('taken', 'lost') GROUP BY reason ORDER BY sum(number) DESC, reason",
    )
    .bind(&realm)
    .bind(uid)
    .fetch_all(&mut *connection)
    .await?;
    let mut reasons = Vec::with_capacity(counted.len());
    for (reason, taken, lost) in counted {
        let reason = Some(reason).filter(|reason| !reason.is_empty());
        let reason_kind = match &reason {
            Some(reason) => Some(kind(connection, reason).await?),
            None => None,
        };
        reasons.push(ReasonCountView { reason, reason_kind, taken, lost });
    }
    Ok(DoctorView { row: doctor_row(&view)?, reasons })
}

/// What lists can be filtered by.
pub(crate) async fn filters(connection: &mut SqliteConnection) -> Result<AssignmentFiltersView, Error> {
    let mut filters = AssignmentFiltersView { reasons: Vec::new(), shops: values(connection, "shop").await? };
    for reason in values(connection, "reason").await? {
        let reason_kind = kind(connection, &reason).await?;
        filters.reasons.push(ReasonView { reason, reason_kind });
    }
    Ok(filters)
}

/// The values of a facet, from one to the next along its key.
async fn values(connection: &mut SqliteConnection, kind: &str) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar(
        "WITH RECURSIVE each (value) AS (\
             SELECT (SELECT min(value) FROM prescription_facet WHERE kind = ?1) \
             UNION ALL SELECT (SELECT min(f.value) FROM prescription_facet f WHERE f.kind = ?1 AND f.value > each.value) \
             FROM each WHERE each.value IS NOT NULL) \
         SELECT value FROM each WHERE value IS NOT NULL LIMIT ?2",
    )
    .bind(kind)
    .bind(MOST_VALUES)
    .fetch_all(connection)
    .await?)
}

/// What a reason means: as the newest assignment that began or ended by it was told.
async fn kind(connection: &mut SqliteConnection, reason: &str) -> Result<ReasonKind, Error> {
    let told: Option<String> = sqlx::query_scalar(
        "SELECT view ->> '$.began.reason_kind' FROM assignment_row WHERE reason = ? ORDER BY sort_at DESC LIMIT 1",
    )
    .bind(reason)
    .fetch_optional(connection)
    .await?
    .flatten();
    let told = told.and_then(|text| keyword::read(&text));
    Ok(told.unwrap_or(ReasonKind::Other))
}

/// The plans of these lists, for the test that no list scans.
#[cfg(test)]
pub(crate) async fn plans(connection: &mut SqliteConnection) -> Vec<String> {
    let one = |set: fn(&mut AssignmentListInput)| {
        let mut input = AssignmentListInput::default();
        set(&mut input);
        assignments_query(&input).unwrap()
    };
    let mut queries = vec![
        one(|_| {}),
        one(|input| input.doctor = Some("d".into())),
        one(|input| input.reason = Some("r".into())),
        one(|input| input.shop = Some("s".into())),
        one(|input| input.prescription = Some("p".into())),
        one(|input| input.since = Some(jiff::Timestamp::UNIX_EPOCH)),
    ];
    for query in &mut queries {
        query.push(" ORDER BY a.sort_at DESC, a.id DESC LIMIT 51");
    }
    for set in [
        |_: &mut PrescriptionListInput| {},
        |input: &mut PrescriptionListInput| input.doctor = Some("d".into()),
        |input: &mut PrescriptionListInput| (input.reason, input.shop) = (Some("r".into()), Some("s".into())),
        |input: &mut PrescriptionListInput| input.state = Some(super::words::PrescriptionState::Broken),
    ] {
        let mut input = PrescriptionListInput::default();
        set(&mut input);
        let mut query = prescriptions_query(&input).unwrap();
        query.push(" LIMIT 51");
        queries.push(query);
    }
    let mut plans = Vec::new();
    for query in queries {
        let mut explained = QueryBuilder::<Sqlite>::new("EXPLAIN QUERY PLAN ");
        explained.push(query.sql().as_str().replace('?', "'x'"));
        let rows: Vec<(i64, i64, i64, String)> = explained.build_query_as().fetch_all(&mut *connection).await.unwrap();
        plans.push(rows.into_iter().map(|row| row.3).collect::<Vec<_>>().join(" / "));
    }
    plans
}

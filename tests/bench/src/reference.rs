//! The references that relay and desk are compared with: the least that could be done instead. It uses no code of
//! theirs.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
// Linked so that sqlx's SQLite is the one with the cipher.
use libsqlite3_sys as _;
use sqlx::{
    Column, ConnectOptions, Connection, Row, TypeInfo, ValueRef,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use crate::house::{self, Outcome};

/// Rows in one transaction, about as many as a page of the relay brings.
const PER_COMMIT: usize = 2_048;
/// Rows read at a time, outside what is measured.
const AT_ONCE: i64 = 50_000;

/// Serves as long as this value lives.
pub(crate) struct Stop(JoinHandle<()>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A handler that reads the body, throws it away and says 200.
pub(crate) async fn empty_handler() -> Outcome<(Url, Stop)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/in/x", listener.local_addr()?).parse()?;
    let router = Router::new().route(
        "/in/{token}",
        post(|body: Bytes| async move {
            drop(body);
            StatusCode::OK
        }),
    );
    let serving = tokio::spawn(async move { _ = axum::serve(listener, router).await });
    Ok((url, Stop(serving)))
}

/// The tables an arrival fills, in an order that keeps references right.
const TABLES: &[&str] = &[
    "sender",
    "connection",
    "inlet",
    "event",
    "body",
    "attachment",
    "body_cut",
    "receipt",
    "order_fact",
    "lane",
    "facet",
    "order_row",
    "order_timeline",
    "order_facet",
    "stock_fact",
    "stock_row",
];

/// Inserts every row of a desk's database into a fresh one with the same tables and indexes, one after the other with
/// prepared statements and nothing else; answers events per second. What is inserted was read before.
pub(crate) async fn same_rows(home: &Path, file: &Path) -> Outcome<f64> {
    let key = house::key_of(home)?;
    let mut from = connect(&home.join("offizin.db"), &key).await?;
    let mut to = connect(file, &"5a".repeat(32)).await?;
    let cipher: Option<String> = sqlx::query_scalar("PRAGMA cipher_version").fetch_optional(&mut to).await?;
    cipher.ok_or("this is not SQLCipher: the comparison would be unfair")?;
    sqlx::migrate!("../../crates/desk/migrations").run(&mut to).await?;
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut to).await?;
    let (mut took, mut events) = (Duration::ZERO, 0);
    for table in TABLES {
        let statement = sqlx::AssertSqlSafe(format!("SELECT rowid, * FROM {table} LIMIT 1"));
        // A table without a rowid has its key instead.
        let with_rowid = sqlx::query(statement).fetch_optional(&mut from).await.is_ok();
        let (mut offset, mut last) = (0i64, i64::MIN);
        loop {
            let page = if with_rowid {
                format!(
                    "SELECT rowid AS bench_rowid, * FROM {table} WHERE rowid > {last} ORDER BY rowid LIMIT {AT_ONCE}"
                )
            } else {
                format!("SELECT 0 AS bench_rowid, * FROM {table} ORDER BY 2 LIMIT {AT_ONCE} OFFSET {offset}")
            };
            let rows = sqlx::query(sqlx::AssertSqlSafe(page)).fetch_all(&mut from).await?;
            let (Some(first), Some(end)) = (rows.first(), rows.last()) else { break };
            last = end.try_get("bench_rowid")?;
            let columns: Vec<_> = first.columns().iter().skip(1).map(|column| column.name().to_owned()).collect();
            let marks = vec!["?"; columns.len()].join(", ");
            let insert = format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", "));
            let mut words = Vec::new();
            let values: Vec<Vec<Value>> = rows.iter().map(values).collect::<Outcome<_>>()?;
            if *table == "order_row" {
                for row in &rows {
                    words.push((row.try_get::<i64, _>("id")?, row.try_get::<String, _>("search")?));
                }
            }
            offset += AT_ONCE;
            let began = Instant::now();
            for group in values.chunks(PER_COMMIT) {
                let mut tx = to.begin().await?;
                for row in group {
                    let mut query = sqlx::query(sqlx::AssertSqlSafe(insert.clone()));
                    for value in row {
                        query = match value {
                            Value::Null => query.bind(None::<i64>),
                            Value::Integer(number) => query.bind(number),
                            Value::Text(text) => query.bind(text),
                            Value::Blob(bytes) => query.bind(bytes),
                        };
                    }
                    query.execute(&mut *tx).await?;
                }
                tx.commit().await?;
            }
            for group in words.chunks(PER_COMMIT) {
                let mut tx = to.begin().await?;
                for (id, words) in group {
                    sqlx::query("INSERT INTO order_search (rowid, words) VALUES (?, ?)")
                        .bind(id)
                        .bind(words)
                        .execute(&mut *tx)
                        .await?;
                }
                tx.commit().await?;
            }
            took += began.elapsed();
            if *table == "event" {
                events += rows.len();
            }
        }
    }
    from.close().await?;
    to.close().await?;
    Ok(events as f64 / took.as_secs_f64())
}

async fn connect(file: &Path, key: &str) -> Outcome<sqlx::SqliteConnection> {
    Ok(SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .pragma("key", format!("\"x'{key}'\""))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("cache_size", "-16384")
        .disable_statement_logging()
        .connect()
        .await?)
}

enum Value {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

fn values(row: &SqliteRow) -> Outcome<Vec<Value>> {
    let value = |index: usize| -> Outcome<Value> {
        let raw = row.try_get_raw(index)?;
        Ok(match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" => Value::Integer(row.try_get_unchecked(index)?),
            "BLOB" => Value::Blob(row.try_get_unchecked(index)?),
            _ => Value::Text(row.try_get_unchecked(index)?),
        })
    };
    // The first one is the place, which is not the table's.
    (1..row.len()).map(value).collect()
}

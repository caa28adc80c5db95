//! What the house is compared with: the least that could be done instead. Owns nothing of the house.

use std::{path::Path, time::Instant};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
// Linked so that sqlx's SQLite is the one with the cipher.
use libsqlite3_sys as _;
use sha2::{Digest, Sha256};
use sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use crate::{Outcome, rate};

/// Rows in one transaction, about as many as a page of the relay brings.
const PER_COMMIT: usize = 2_048;

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

/// Inserts each body, hashed and compressed, and one receipt into a fresh SQLCipher file; answers bodies per second.
pub(crate) async fn bare_inserts(file: &Path, bodies: &[String]) -> Outcome<f64> {
    let mut connection = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .pragma("key", format!("\"x'{}'\"", "5a".repeat(32)))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .disable_statement_logging()
        .connect()
        .await?;
    let cipher: Option<String> = sqlx::query_scalar("PRAGMA cipher_version").fetch_optional(&mut connection).await?;
    cipher.ok_or("this is not SQLCipher: the comparison would be unfair")?;
    for table in [
        "CREATE TABLE event (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, body BLOB NOT NULL, received_at INTEGER NOT NULL)",
        "CREATE TABLE receipt (id INTEGER PRIMARY KEY, event INTEGER NOT NULL, received_at INTEGER NOT NULL, headers TEXT NOT NULL)",
    ] {
        sqlx::query(table).execute(&mut connection).await?;
    }
    let from = Instant::now();
    for group in bodies.chunks(PER_COMMIT) {
        let mut tx = connection.begin().await?;
        for body in group {
            let event = sqlx::query("INSERT INTO event (hash, body, received_at) VALUES (?, ?, ?)")
                .bind(Sha256::digest(body).to_vec())
                .bind(zstd::bulk::compress(body.as_bytes(), 1)?)
                .bind(0i64)
                .execute(&mut *tx)
                .await?
                .last_insert_rowid();
            sqlx::query("INSERT INTO receipt (event, received_at, headers) VALUES (?, ?, ?)")
                .bind(event)
                .bind(0i64)
                .bind(r#"[["x-webhook-signature","…"]]"#)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
    }
    let done = rate(bodies.len(), from);
    connection.close().await?;
    Ok(done)
}

//! Deliveries in a file: what was captured elsewhere comes in, what was received here goes out. The format is described in
//! `docs/deliveries.md`. What comes out of a file is judged like everything else and says where it came from.

use std::{collections::HashSet, path::Path};

use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use offizin_wire::{Delivery, Header, InletId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter};

use super::view::{EventListInput, ExportedView, ImportedView};
use crate::{
    error::Error,
    ground::Ground,
    headers,
    id::EventId,
    intake::{
        self, Judged,
        inlets::{self, Inlets},
    },
    ledger::{self, Origin},
    page::PageInput,
    refusal::Refusal,
    rows,
    store::Stored,
    tag::Tag,
    time,
};

const FORMAT: &str = "offizin-deliveries";
const VERSION: u32 = 1;
/// How many lines are judged and written at a time, each time in one transaction.
const AT_ONCE: usize = 2_000;
/// A longer line is no delivery: four thirds of the largest body, and its headers.
const MAX_LINE: usize = 48 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// Which inlet it came to; a desk that does not know it needs to be told another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inlet: Option<String>,
    received_at: Timestamp,
    headers: Vec<Header>,
    /// Base64 of the raw bytes.
    body: String,
}

impl Line {
    /// `None` where it is no delivery.
    fn delivery(text: &str, inlet: Option<&InletId>) -> Option<Delivery> {
        let line: Line = serde_json::from_str(text).ok()?;
        let named = line.inlet.and_then(|inlet| InletId::try_from(inlet).ok());
        let inlet = inlet.cloned().or(named)?;
        let headers = line.headers.into_iter().map(|header| Header::new(&header.name, header.value)).collect();
        Some(Delivery::new(inlet, line.received_at, headers, BASE64.decode(line.body.as_bytes()).ok()?))
    }
}

/// Takes in every delivery of a file. What is known already is left alone. Dropping the future between two steps loses
/// nothing: what was taken in stays, and importing again goes on behind it.
pub(crate) async fn import(
    ground: &Ground,
    path: &Path,
    inlet: Option<InletId>,
    progress: impl Fn(&ImportedView),
) -> Result<ImportedView, Error> {
    let file = tokio::fs::File::open(path).await.map_err(Error::File)?;
    let mut imported =
        ImportedView { bytes: file.metadata().await.map_err(Error::File)?.len(), ..ImportedView::default() };
    let mut reader = BufReader::new(file);
    let mut number = 0u64;
    let head = next_line(&mut reader, &mut imported).await?.unwrap_or_default();
    let is_ours =
        serde_json::from_str::<Head>(&head).is_ok_and(|head| head.format == FORMAT && head.version == VERSION);
    if !is_ours {
        return Err(Refusal::FileForeign(FORMAT).into());
    }
    loop {
        let mut lines = Vec::new();
        let mut bytes = 0;
        while lines.len() < AT_ONCE && bytes < MAX_LINE {
            let Some(line) = next_line(&mut reader, &mut imported).await? else { break };
            number += 1;
            bytes += line.len();
            lines.push((number, line));
        }
        if lines.is_empty() {
            break;
        }
        take(ground, lines, inlet.clone(), &mut imported).await?;
        progress(&imported);
    }
    imported.changed.sort_unstable();
    imported.changed.dedup();
    Ok(imported)
}

/// The next line that is not empty.
async fn next_line(
    reader: &mut (impl AsyncBufReadExt + Unpin),
    imported: &mut ImportedView,
) -> Result<Option<String>, Error> {
    loop {
        let mut line = Vec::new();
        let mut limited = tokio::io::AsyncReadExt::take(&mut *reader, MAX_LINE as u64);
        let read = limited.read_until(b'\n', &mut line).await.map_err(Error::File)?;
        imported.bytes_read += read as u64;
        if read == 0 {
            return Ok(None);
        }
        if read == MAX_LINE {
            return Err(Refusal::FileForeign(FORMAT).into());
        }
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if !line.is_empty() {
            return Ok(Some(line));
        }
    }
}

async fn take(
    ground: &Ground,
    lines: Vec<(u64, String)>,
    inlet: Option<InletId>,
    imported: &mut ImportedView,
) -> Result<(), Error> {
    let inlets = {
        let mut reader = ground.reader().await?;
        let secrets = ground.secrets().of_all_inlets(&mut reader, ground.keychain()).await?;
        std::sync::Arc::new(inlets::load(&mut reader, &secrets).await?)
    };
    let judged = rows::spread(lines, move |(number, line)| {
        Line::delivery(&line, inlet.as_ref()).map(|delivery| judge(delivery, &inlets)).ok_or(number)
    });
    let mut arrived = Vec::new();
    for judged in judged.await? {
        imported.deliveries += 1;
        match judged {
            Ok(judged) => arrived.push(judged),
            Err(number) => {
                imported.unreadable += 1;
                imported.first_unreadable.get_or_insert(number);
            }
        }
    }
    let mut tx = ground.db().write().await?;
    let known = Known::among(&mut tx, &arrived).await?;
    let all = arrived.len();
    let mut seen = HashSet::new();
    arrived.retain(|(origin, judged)| !known.has(judged) && seen.insert(origin.clone()));
    imported.known += (all - arrived.len()) as u64;
    let taken = ledger::take_in(&mut tx, arrived).await?;
    tx.commit().await?;
    imported.events += taken.events;
    imported.duplicates += taken.duplicates;
    imported.rejected += taken.rejected;
    imported.changed.extend(taken.changed);
    if taken.deliveries > 0 {
        imported.changed.extend([Tag::Events, Tag::Subscriptions, Tag::Status]);
    }
    Ok(())
}

/// What it came out of, by content: the same delivery twice is one.
fn judge(delivery: Delivery, inlets: &Inlets) -> (Origin, Judged) {
    let digest = Sha256::new()
        .chain_update(delivery.inlet.as_str())
        .chain_update(delivery.received_at.as_millisecond().to_le_bytes())
        .chain_update(Sha256::digest(&delivery.body))
        .finalize();
    let digest = HEXLOWER.encode(digest.get(..16).unwrap_or_default());
    let origin = Origin::Import(digest);
    (origin, intake::judge(delivery, inlets))
}

/// Which of these deliveries this desk has already, from the relay or from a file.
struct Known {
    receipts: HashSet<(String, String, i64)>,
    rejected: HashSet<(i64, Vec<u8>)>,
}

impl Known {
    async fn among(connection: &mut SqliteConnection, arrived: &[(Origin, Judged)]) -> Result<Self, Error> {
        let (mut ids, mut times) = (Vec::new(), Vec::new());
        for (_, judged) in arrived {
            match judged {
                Judged::Trusted(entry) => ids.push(intake::event_id(&entry.inlet.connection, &entry.body.hash)),
                Judged::Rejected(rejected) => times.push(rejected.delivery.received_at.as_millisecond()),
            }
        }
        let receipts: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT e.public_id, r.inlet_id, r.received_at FROM json_each(?) k \
             CROSS JOIN event e ON e.public_id = k.value CROSS JOIN receipt r ON r.event_id = e.id",
        )
        .bind(serde_json::to_string(&ids).stored("ids")?)
        .fetch_all(&mut *connection)
        .await?;
        let rejected: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT q.received_at, q.body_hash FROM json_each(?) k CROSS JOIN quarantine q ON q.received_at = k.value",
        )
        .bind(serde_json::to_string(&times).stored("times")?)
        .fetch_all(connection)
        .await?;
        Ok(Self { receipts: receipts.into_iter().collect(), rejected: rejected.into_iter().collect() })
    }

    fn has(&self, judged: &Judged) -> bool {
        match judged {
            Judged::Trusted(entry) => self.receipts.contains(&(
                intake::event_id(&entry.inlet.connection, &entry.body.hash).as_str().to_owned(),
                entry.inlet.id.as_str().to_owned(),
                entry.received_at.as_millisecond(),
            )),
            Judged::Rejected(rejected) => {
                self.rejected.contains(&(rejected.delivery.received_at.as_millisecond(), rejected.body_hash.to_vec()))
            }
        }
    }
}

#[derive(sqlx::FromRow)]
struct CapturedRow {
    inlet_id: String,
    received_at: i64,
    headers: String,
}

impl CapturedRow {
    fn line(self, body: &[u8]) -> Result<String, Error> {
        let line = Line {
            inlet: Some(self.inlet_id),
            received_at: time::from_ms(self.received_at)?,
            headers: headers::parse(&self.headers)?,
            body: BASE64.encode(body),
        };
        Ok(serde_json::to_string(&line).map(|line| line + "\n").stored("line")?)
    }
}

/// Every delivery of one arrival, raw, as the lines of a file.
async fn captured(connection: &mut SqliteConnection, id: &EventId) -> Result<Vec<String>, Error> {
    let body = super::list::raw(connection, id).await?;
    let rows: Vec<CapturedRow> = sqlx::query_as(
        "SELECT r.inlet_id, r.received_at, r.headers FROM event e CROSS JOIN receipt r ON r.event_id = e.id \
         WHERE e.public_id = ?1 \
         UNION ALL SELECT inlet_id, received_at, headers FROM quarantine WHERE public_id = ?1",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| row.line(&body)).collect()
}

/// Writes every delivery of the arrivals that `input` names into a file, raw, with everything that proves it. Raw bodies are
/// health data: the file is readable by its owner only.
pub(crate) async fn export(
    ground: &Ground,
    path: &Path,
    input: &EventListInput,
    progress: impl Fn(&ExportedView),
) -> Result<ExportedView, Error> {
    let mut file = BufWriter::new(crate::home::private_new_file(path).await?);
    let head = serde_json::to_string(&Head { format: FORMAT.to_owned(), version: VERSION });
    file.write_all((head.stored("head")? + "\n").as_bytes()).await.map_err(Error::File)?;
    let mut exported = ExportedView::default();
    let mut input = EventListInput { page: PageInput { limit: Some(500), after: None }, ..input.clone() };
    loop {
        let mut reader = ground.reader().await?;
        let page = super::list::list(&mut reader, &input).await?;
        for row in &page.rows {
            for line in captured(&mut reader, &row.id).await? {
                file.write_all(line.as_bytes()).await.map_err(Error::File)?;
            }
            exported.rows += 1;
        }
        progress(&exported);
        match page.next {
            Some(next) => input.page.after = Some(next),
            None => break,
        }
    }
    file.flush().await.map_err(Error::File)?;
    file.get_ref().sync_all().await.map_err(Error::File)?;
    Ok(exported)
}

//! Long work the window asked for: files written and read, one at a time, with its progress told and a way out. Which file is
//! chosen in the system's own dialog, so that the web part never holds a path.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use offizin_desk::{
    Code, Desk, LAID_OUT, Problem,
    event::view::{EventListInput, ExportedView, ImportedView},
    id::OrderUid,
    orders::view::{OrderExportInput, OrderFormat},
};
use serde::Serialize;
use tauri::{AppHandle, Emitter, Manager};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::shell::Shell;

/// What takes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Work {
    /// What the relay holds is fetched.
    Pull,
    /// Orders are written into a file.
    OrderExport,
    /// Deliveries are written into a file.
    EventExport,
    /// Deliveries are read from a file.
    EventImport,
}

/// How far long work is.
#[derive(Clone, Debug, Serialize, TS)]
pub(crate) struct ProgressView {
    work: Work,
    /// Segments, rows or bytes.
    #[ts(type = "number")]
    done: u64,
    /// Of so many, where that is known.
    #[ts(type = "number | null")]
    total: Option<u64>,
    /// It is over, one way or another.
    ended: bool,
}

/// Tells the window how far something is.
pub(crate) fn tell(app: &AppHandle, work: Work, done: u64, total: Option<u64>, ended: bool) {
    if let Err(error) = app.emit("progress", ProgressView { work, done, total, ended }) {
        tracing::warn!(%error, "the window could not be told");
    }
}

/// The one thing under way, and how to end it.
#[derive(Default)]
pub(crate) struct UnderWay(Mutex<Option<CancellationToken>>);

impl UnderWay {
    fn begin(&self) -> Result<CancellationToken, Problem> {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|token| !token.is_cancelled()) {
            return Err(Problem::found(Code::WorkUnderWay, None));
        }
        Ok(current.insert(CancellationToken::new()).clone())
    }

    /// Ends what is under way; what was done so far stays done.
    pub(crate) fn cancel(&self) {
        if let Some(token) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            token.cancel();
        }
    }
}

/// Writes orders into a file somebody chooses. `None`: none was chosen, or it was cancelled, and then no file is left.
pub(crate) async fn order_export(shell: &Shell, input: OrderExportInput) -> Result<Option<ExportedView>, Problem> {
    let (extension, kind) = match input.format {
        OrderFormat::Csv => ("csv", "CSV"),
        OrderFormat::Json => ("jsonl", "JSON Lines"),
    };
    let Some(path) = choose(shell, Choice::Save, "offizin-orders", extension, kind).await else { return Ok(None) };
    let desk = shell.desk().await?;
    let app = shell.app().clone();
    let told = |view: &ExportedView| tell(&app, Work::OrderExport, view.rows, None, false);
    written(shell, Work::OrderExport, &path, desk.order_export(&path, &input, told)).await
}

/// Writes raw deliveries into a file somebody chooses.
pub(crate) async fn event_export(shell: &Shell, input: EventListInput) -> Result<Option<ExportedView>, Problem> {
    let chosen = choose(shell, Choice::Save, "offizin-deliveries", "jsonl", "JSON Lines").await;
    let Some(path) = chosen else { return Ok(None) };
    let desk = shell.desk().await?;
    let app = shell.app().clone();
    let told = |view: &ExportedView| tell(&app, Work::EventExport, view.rows, None, false);
    written(shell, Work::EventExport, &path, desk.event_export(&path, &input, told)).await
}

/// Takes in deliveries from a file somebody chooses. Cancelled, what was taken in stays.
pub(crate) async fn event_import(shell: &Shell, inlet: Option<String>) -> Result<Option<ImportedView>, Problem> {
    let chosen = choose(shell, Choice::Open, "", "jsonl", "JSON Lines").await;
    let Some(path) = chosen else { return Ok(None) };
    let desk = shell.desk().await?;
    let token = under_way(shell).begin()?;
    let app = shell.app().clone();
    let told = |view: &ImportedView| {
        shell.changed(view.changed.iter().copied());
        tell(&app, Work::EventImport, view.bytes_read, Some(view.bytes), false);
    };
    let imported = token.run_until_cancelled(desk.event_import(&path, inlet.as_deref(), told)).await;
    token.cancel();
    tell(shell.app(), Work::EventImport, 0, None, true);
    let imported = imported.transpose()?;
    shell.changed(imported.iter().flat_map(|view| view.changed.iter().copied()));
    Ok(imported)
}

async fn written(
    shell: &Shell,
    work: Work,
    path: &std::path::Path,
    writing: impl Future<Output = Result<ExportedView, Problem>>,
) -> Result<Option<ExportedView>, Problem> {
    let token = under_way(shell).begin()?;
    let written = token.run_until_cancelled(writing).await;
    token.cancel();
    tell(shell.app(), work, 0, None, true);
    if !matches!(written, Some(Ok(_))) {
        // Half a file would look like a whole one.
        if let Err(error) = tokio::fs::remove_file(path).await {
            tracing::info!(%error, "no file is left of it");
        }
    }
    written.transpose()
}

fn under_way(shell: &Shell) -> tauri::State<'_, UnderWay> {
    shell.app().state::<UnderWay>()
}

/// Opens the prescription of an order with the system's own program, out of a private file that is gone soon.
pub(crate) async fn prescription(shell: &Shell, uid: &OrderUid) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    let path = desk.order_prescription(uid).await?;
    let opened = tokio::task::spawn_blocking(move || open::that_detached(path)).await;
    if !matches!(opened, Ok(Ok(()))) {
        desk.clear_away(std::time::Duration::ZERO).await?;
        return Err(Problem::found(Code::FileUnusable, None));
    }
    let clear_away = async move {
        tokio::time::sleep(LAID_OUT).await;
        forget(&desk, LAID_OUT).await;
    };
    shell.run(clear_away);
    Ok(())
}

/// Removes what was laid out for other programs at least so long ago.
pub(crate) async fn forget(desk: &Desk, older_than: std::time::Duration) {
    if let Err(problem) = desk.clear_away(older_than).await {
        tracing::error!(code = %problem.code, "a file for another program could not be removed");
    }
}

enum Choice {
    Open,
    Save,
}

async fn choose(shell: &Shell, choice: Choice, name: &str, extension: &str, kind: &str) -> Option<PathBuf> {
    let mut dialog = rfd::AsyncFileDialog::new().add_filter(kind, &[extension]);
    if let Some(window) = shell.window() {
        dialog = dialog.set_parent(&window);
    }
    let name = format!("{name}.{extension}");
    let (chosen, choosing) = tokio::sync::oneshot::channel();
    // Dialogs of the system are opened where its windows live.
    let opened = shell.app().run_on_main_thread(move || {
        let file = match choice {
            Choice::Open => futures(dialog.pick_file()),
            Choice::Save => futures(dialog.set_file_name(name).save_file()),
        };
        tauri::async_runtime::spawn(async move {
            _ = chosen.send(file.await.map(|file| file.path().to_owned()));
        });
    });
    if let Err(error) = opened {
        tracing::warn!(%error, "no file could be asked for");
    }
    choosing.await.ok().flatten()
}

type Choosing = std::pin::Pin<Box<dyn Future<Output = Option<rfd::FileHandle>> + Send>>;

fn futures(choosing: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static) -> Choosing {
    Box::pin(choosing)
}

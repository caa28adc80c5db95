//! How the desk comes to be open: in the background, while the window already stands. A problem is a state with a way out,
//! not an exit. It also owns the shell's orderly end.

use std::{sync::Arc, task::Poll, time::Duration};

use offizin_desk::{Code, Desk, Problem};
use tauri::AppHandle;

use crate::{
    background, look,
    shell::{Shell, StartupView, can_start_over},
    work,
};

/// How long the end waits for the background, and then for the database, before it goes without them.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the desk for the first time.
pub(crate) async fn open(shell: &Shell) -> StartupView {
    let opened = Desk::open(shell.home().clone(), Arc::clone(shell.clock())).await;
    begin(shell, opened).await
}

/// Tries again what failed. A keyring that was missing is looked for once per process, so that takes a new one.
pub(crate) async fn retry(shell: &Shell) -> StartupView {
    match shell.problem() {
        Some(Code::KeyringMissing) => {
            shell.app().request_restart();
            StartupView::Opening
        }
        Some(_) if shell.claim() => open(shell).await,
        _ => shell.startup(),
    }
}

/// Sets an unreadable database aside and begins a new one; does nothing where that would not help.
pub(crate) async fn start_over(shell: &Shell) -> StartupView {
    if shell.problem().is_some_and(can_start_over) && shell.claim() {
        let opened = Desk::start_over(shell.home().clone(), Arc::clone(shell.clock())).await;
        return begin(shell, opened).await;
    }
    shell.startup()
}

async fn begin(shell: &Shell, opened: Result<Desk, Problem>) -> StartupView {
    match &opened {
        Ok(desk) => {
            // Before anybody asks: the first paint shall already be in the right colours.
            if let Ok(settings) = desk.settings().await {
                look::apply(shell, &settings).await;
            }
            background::start(shell, desk).await;
            tracing::info!("the desk is open");
        }
        Err(problem) => {
            tracing::warn!(incident = %problem.incident, code = %problem.code, "the desk stays shut");
        }
    }
    shell.settle(opened);
    shell.startup()
}

/// Stops the background and folds the database's log back into its file. An attempt to pull that is cut off here has lost
/// nothing: the cursor moves only with what was stored.
pub(crate) async fn close(shell: &Shell) {
    let stopped = shell.stop(PATIENCE).await;
    let closed = match shell.desk_now() {
        Some(desk) => {
            work::forget(&desk, Duration::ZERO).await;
            tokio::time::timeout(PATIENCE, desk.close()).await.is_ok()
        }
        None => true,
    };
    tracing::info!(stopped, closed, "the desk is closed");
}

/// Ends the program in order when the system asks it to. It listens from the moment this returns.
pub(crate) fn obey_signals(app: AppHandle) {
    #[cfg(unix)]
    let asked = {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        // Registering wants the runtime around it.
        let signals = tauri::async_runtime::block_on(async { kinds.map(signal) });
        async move {
            let mut signals: Vec<_> = signals.into_iter().flatten().collect();
            std::future::poll_fn(|context| {
                let asked = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
                if asked { Poll::Ready(true) } else { Poll::Pending }
            })
            .await
        }
    };
    #[cfg(not(unix))]
    let asked = async { tokio::signal::ctrl_c().await.is_ok() };
    tauri::async_runtime::spawn(async move {
        if asked.await {
            app.exit(0);
        }
    });
}

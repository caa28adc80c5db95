//! How the desk comes to be open: in the background, while the window already stands. A problem is a state with a way out,
//! not an exit. It also owns what the shell holds between start and end, and its orderly end.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use offizin_desk::{
    Clock, Code, Desk, Home, Problem,
    status::{Language, Tag},
};
use serde::Serialize;
use tauri::{AppHandle, tray::TrayIcon};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use ts_rs::TS;

use crate::{background, look, work};

/// How long the end waits for the background, and then for the database, before it goes without them.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far the opening of the desk is.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum StartupView {
    /// Under way.
    Opening,
    /// The desk answers.
    Ready,
    /// The desk stays shut until this is out of the way.
    Problem {
        /// Why.
        problem: Problem,
        /// Whether setting the database aside and beginning anew would help.
        can_start_over: bool,
    },
}

#[derive(Clone)]
enum Stage {
    Opening,
    Ready(Desk),
    Problem(Problem),
}

impl Stage {
    fn view(&self) -> StartupView {
        match self {
            Stage::Opening => StartupView::Opening,
            Stage::Ready(_) => StartupView::Ready,
            Stage::Problem(problem) => {
                StartupView::Problem { problem: problem.clone(), can_start_over: can_start_over(problem.code) }
            }
        }
    }
}

/// Whether a new database would help: only where this one will never open again.
fn can_start_over(code: Code) -> bool {
    matches!(code, Code::DatabaseKeyLost | Code::DatabaseUnreadable | Code::DatabaseOld)
}

/// What the shell holds. All clones are the same.
#[derive(Clone)]
pub(crate) struct Shell(Arc<Inner>);

struct Inner {
    app: AppHandle,
    home: Home,
    clock: Clock,
    opening: watch::Sender<Stage>,
    changed: mpsc::UnboundedSender<Tag>,
    /// Where the background takes the tags from; handed over once.
    changes: Mutex<Option<mpsc::UnboundedReceiver<Tag>>>,
    hurry: Notify,
    tend: Notify,
    told: Notify,
    stop: CancellationToken,
    tasks: TaskTracker,
    tray: Mutex<Option<TrayIcon>>,
    language: watch::Sender<Language>,
    paused: watch::Sender<bool>,
}

impl Shell {
    pub(crate) fn new(app: AppHandle, home: Home, clock: Clock) -> Self {
        let (changed, changes) = mpsc::unbounded_channel();
        Self(Arc::new(Inner {
            app,
            home,
            clock,
            opening: watch::Sender::new(Stage::Opening),
            changed,
            changes: Mutex::new(Some(changes)),
            hurry: Notify::new(),
            tend: Notify::new(),
            told: Notify::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            tray: Mutex::new(None),
            language: watch::Sender::new(Language::System),
            paused: watch::Sender::new(false),
        }))
    }

    /// How far the opening is.
    pub(crate) fn startup(&self) -> StartupView {
        self.0.opening.borrow().view()
    }

    /// Opens the desk for the first time.
    pub(crate) async fn open(&self) -> StartupView {
        let opened = Desk::open(self.0.home.clone(), Arc::clone(&self.0.clock)).await;
        self.opened(opened).await
    }

    /// Tries again what failed. A keyring that was missing is looked for once per process, so that takes a new one.
    pub(crate) async fn retry(&self) -> StartupView {
        match self.problem() {
            Some(Code::KeyringMissing) => {
                self.0.app.request_restart();
                StartupView::Opening
            }
            Some(_) if self.claim() => self.open().await,
            _ => self.startup(),
        }
    }

    /// Sets an unreadable database aside and begins a new one; does nothing where that would not help.
    pub(crate) async fn start_over(&self) -> StartupView {
        if self.problem().is_some_and(can_start_over) && self.claim() {
            let opened = Desk::start_over(self.0.home.clone(), Arc::clone(&self.0.clock)).await;
            return self.opened(opened).await;
        }
        self.startup()
    }

    fn problem(&self) -> Option<Code> {
        match &*self.0.opening.borrow() {
            Stage::Problem(problem) => Some(problem.code),
            Stage::Opening | Stage::Ready(_) => None,
        }
    }

    /// From problem to opening; `false` where somebody else was quicker.
    fn claim(&self) -> bool {
        self.0.opening.send_if_modified(|opening| {
            let claimed = matches!(opening, Stage::Problem(_));
            if claimed {
                *opening = Stage::Opening;
            }
            claimed
        })
    }

    async fn opened(&self, opened: Result<Desk, Problem>) -> StartupView {
        let opening = match opened {
            Ok(desk) => {
                // Before anybody asks: the first paint shall already be in the right colours.
                if let Ok(settings) = desk.settings().await {
                    look::apply(self, &settings);
                }
                background::start(self, &desk);
                tracing::info!("the desk is open");
                Stage::Ready(desk)
            }
            Err(problem) => {
                tracing::warn!(incident = %problem.incident, code = %problem.code, "the desk stays shut");
                Stage::Problem(problem)
            }
        };
        self.0.opening.send_replace(opening);
        self.startup()
    }

    /// The open desk. Waits while it opens; errors with what keeps it shut.
    pub(crate) async fn desk(&self) -> Result<Desk, Problem> {
        let mut opening = self.0.opening.subscribe();
        let opened = opening.wait_for(|opening| !matches!(opening, Stage::Opening)).await;
        match opened.as_deref() {
            Ok(Stage::Ready(desk)) => Ok(desk.clone()),
            Ok(Stage::Problem(problem)) => Err(problem.clone()),
            Ok(Stage::Opening) | Err(_) => Err(Problem::found(Code::Internal, None)),
        }
    }

    /// The open desk, if it is open already.
    pub(crate) fn desk_now(&self) -> Option<Desk> {
        match &*self.0.opening.borrow() {
            Stage::Ready(desk) => Some(desk.clone()),
            Stage::Opening | Stage::Problem(_) => None,
        }
    }

    /// Says that the views with these tags have changed; the window hears of it soon, gathered.
    pub(crate) fn changed(&self, tags: impl IntoIterator<Item = Tag>) {
        for tag in tags {
            // Fails only once nobody listens any more: at the end.
            let _ = self.0.changed.send(tag);
        }
    }

    pub(crate) fn take_changes(&self) -> Option<mpsc::UnboundedReceiver<Tag>> {
        self.0.changes.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Wakes the pull from whatever it waits for between two attempts.
    pub(crate) fn hurry(&self) -> &Notify {
        &self.0.hurry
    }

    /// Lets the desk be tended now: something happened that a rotation may have waited for.
    pub(crate) fn tend(&self) -> &Notify {
        &self.0.tend
    }

    /// Whether somebody wants nothing fetched for now.
    pub(crate) fn paused(&self) -> &watch::Sender<bool> {
        &self.0.paused
    }

    /// Notified after the window was told of a change.
    pub(crate) fn told(&self) -> &Notify {
        &self.0.told
    }

    /// Runs a task until the end of the shell.
    pub(crate) fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.0.stop.clone();
        let task = self.0.tasks.track_future(async move {
            stop.run_until_cancelled(task).await;
        });
        tauri::async_runtime::spawn(task);
    }

    pub(crate) fn app(&self) -> &AppHandle {
        &self.0.app
    }

    pub(crate) fn home(&self) -> &Home {
        &self.0.home
    }

    pub(crate) fn tray(&self) -> Option<TrayIcon> {
        self.0.tray.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_tray(&self, tray: TrayIcon) {
        *self.0.tray.lock().unwrap_or_else(PoisonError::into_inner) = Some(tray);
    }

    /// The language of what the shell itself says: the tray and the notifications.
    pub(crate) fn language(&self) -> &watch::Sender<Language> {
        &self.0.language
    }

    /// Stops the background and folds the database's log back into its file. An attempt to pull that is cut off here has lost
    /// nothing: the cursor moves only with what was stored.
    pub(crate) async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        let stopped = tokio::time::timeout(PATIENCE, self.0.tasks.wait()).await.is_ok();
        let closed = match self.desk_now() {
            Some(desk) => {
                work::forget(&desk, Duration::ZERO);
                tokio::time::timeout(PATIENCE, desk.close()).await.is_ok()
            }
            None => true,
        };
        tracing::info!(stopped, closed, "the desk is closed");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_database_is_offered_only_where_the_old_one_is_lost() {
        let offered: Vec<Code> = Code::ALL.iter().copied().filter(|code| can_start_over(*code)).collect();
        assert_eq!(offered, [Code::DatabaseKeyLost, Code::DatabaseUnreadable, Code::DatabaseOld]);
    }

    #[test]
    fn a_problem_says_its_code_and_way_out() {
        let problem = Problem { code: Code::DatabaseKeyLost, detail: None, incident: "abc".into() };
        assert_eq!(
            serde_json::to_value(Stage::Problem(problem).view()).unwrap(),
            serde_json::json!({
                "state": "problem",
                "problem": { "code": "database_key_lost", "detail": null, "incident": "abc" },
                "can_start_over": true,
            })
        );
        assert_eq!(serde_json::to_value(StartupView::Opening).unwrap(), serde_json::json!({ "state": "opening" }));
    }
}

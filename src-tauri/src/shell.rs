//! What the shell holds between its start and its end: the open desk or what keeps it shut, which views changed, what wakes
//! the background, the tray. Every other part of the shell is handed it. It opens and closes nothing by itself (`startup`).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use offizin_desk::{
    Clock, Code, Desk, Home, Problem,
    status::{Language, Tag},
};
use serde::Serialize;
use tauri::{AppHandle, Manager, WebviewWindow, tray::TrayIcon};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use ts_rs::TS;

/// The label of the one window, as configuration and capability name it.
pub(crate) const MAIN: &str = "main";

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
pub(crate) fn can_start_over(code: Code) -> bool {
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

    /// What keeps the desk shut, if something does.
    pub(crate) fn problem(&self) -> Option<Code> {
        match &*self.0.opening.borrow() {
            Stage::Problem(problem) => Some(problem.code),
            Stage::Opening | Stage::Ready(_) => None,
        }
    }

    /// From problem to opening; `false` where somebody else was quicker.
    pub(crate) fn claim(&self) -> bool {
        self.0.opening.send_if_modified(|opening| {
            let claimed = matches!(opening, Stage::Problem(_));
            if claimed {
                *opening = Stage::Opening;
            }
            claimed
        })
    }

    /// Keeps what came of opening the desk, and says so to whoever waits for it.
    pub(crate) fn settle(&self, opened: Result<Desk, Problem>) {
        self.0.opening.send_replace(match opened {
            Ok(desk) => Stage::Ready(desk),
            Err(problem) => Stage::Problem(problem),
        });
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

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The window, while there is one.
    pub(crate) fn window(&self) -> Option<WebviewWindow> {
        self.0.app.get_webview_window(MAIN)
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

    /// Ends every task that was begun with [`Shell::run`]; `false` when one of them took longer than that.
    pub(crate) async fn stop(&self, patience: Duration) -> bool {
        self.0.stop.cancel();
        self.0.tasks.close();
        tokio::time::timeout(patience, self.0.tasks.wait()).await.is_ok()
    }
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

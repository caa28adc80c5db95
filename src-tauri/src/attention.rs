//! What the shell points at when nobody looks: the tray's dot and its words, and a notification when something new is
//! wrong. It names no order, no patient and no place; it only counts what the desk counts.

use std::time::Duration;

use offizin_desk::{
    Code, Desk,
    status::{PullState, StatusView},
};
use tauri_plugin_notification::NotificationExt;
use tokio::time::sleep;

use crate::{shell::Shell, tray, window, words::Words};

/// The desk is asked at most this often.
const PACE: Duration = Duration::from_secs(2);

/// What needs a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attention {
    /// Orders.
    pub(crate) orders: i64,
    /// Deliveries.
    pub(crate) quarantine: i64,
    /// Subscriptions the provider no longer lists.
    pub(crate) vanished: i64,
    /// Subscriptions that are quieter than their rhythm explains.
    pub(crate) silent: i64,
    /// Rotations that wait for a person.
    pub(crate) stuck: i64,
    /// Products that are low by their threshold.
    pub(crate) low: i64,
    /// Pulling does not get through.
    pub(crate) failing: bool,
    /// The relay does not know this device any more.
    pub(crate) refused: bool,
}

impl Attention {
    fn of(status: &StatusView) -> Self {
        let relay = status.relay.as_ref();
        Self {
            orders: status.counts.attention,
            quarantine: status.counts.quarantine,
            vanished: status.counts.watched.subscriptions_vanished,
            silent: status.counts.watched.subscriptions_silent,
            stuck: status.counts.watched.rotations_stuck,
            low: status.counts.low,
            failing: relay.is_some_and(|relay| relay.state == PullState::Failing),
            refused: relay.is_some_and(|relay| relay.problem.as_ref().is_some_and(|p| p.code == Code::RelayRefused)),
        }
    }

    /// Whether there is anything at all.
    pub(crate) fn any(self) -> bool {
        self.orders > 0 || self.quarantine > 0 || self.low > 0 || self.subscriptions() > 0 || self.failing
    }

    /// Subscriptions and rotations together.
    pub(crate) fn subscriptions(self) -> i64 {
        self.vanished + self.silent + self.stuck
    }

    /// What is worth a notification, seen from what was before.
    fn news(self, before: Self, words: Words) -> Option<&'static str> {
        if self.refused && !before.refused {
            Some(words.relay_refused)
        } else if self.vanished > before.vanished {
            Some(words.vanished)
        } else if self.silent > before.silent {
            Some(words.silent)
        } else if self.stuck > before.stuck {
            Some(words.stuck)
        } else if self.quarantine > before.quarantine {
            Some(words.quarantine_grew)
        } else if self.low > before.low {
            Some(words.low_grew)
        } else {
            None
        }
    }
}

/// Keeps tray and notifications in step with the desk.
pub(crate) async fn keep(shell: Shell, desk: Desk) {
    let mut language = shell.language().subscribe();
    let mut before: Option<Attention> = None;
    loop {
        if let Ok(status) = desk.status().await {
            let now = Attention::of(&status);
            let words = Words::of(*language.borrow_and_update());
            tray::show(&shell, now, words);
            // What was there when the program started is no news.
            let news = before.and_then(|before| now.news(before, words));
            if let Some(sentence) = news.filter(|_| !window::in_front(shell.app())) {
                let shown = shell.app().notification().builder().title("Offizin").body(sentence).show();
                if let Err(error) = shown {
                    tracing::debug!(%error, "no notification could be shown");
                }
            }
            before = Some(now);
        }
        sleep(PACE).await;
        tokio::select! {
            () = shell.told().notified() => {}
            _ = language.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use offizin_desk::status::Language;

    use super::*;

    #[test]
    fn only_what_got_worse_is_news() {
        let words = Words::of(Language::En);
        let quiet = Attention::default();
        let held = Attention { quarantine: 2, ..quiet };
        let refused = Attention { failing: true, refused: true, ..held };
        assert_eq!(held.news(quiet, words), Some(words.quarantine_grew));
        assert_eq!(held.news(held, words), None);
        assert_eq!(quiet.news(held, words), None);
        assert_eq!(refused.news(held, words), Some(words.relay_refused));
        assert_eq!(refused.news(refused, words), None);
        let vanished = Attention { vanished: 1, ..held };
        assert_eq!(vanished.news(held, words), Some(words.vanished));
        assert_eq!(Attention { silent: 1, ..vanished }.news(vanished, words), Some(words.silent));
        assert_eq!(Attention { stuck: 1, ..vanished }.news(vanished, words), Some(words.stuck));
        assert_eq!(held.news(vanished, words), None);
        let low = Attention { low: 1, ..quiet };
        assert_eq!(low.news(quiet, words), Some(words.low_grew));
        assert_eq!(quiet.news(low, words), None);
        // Being offline for a while is normal.
        assert_eq!(Attention { failing: true, ..quiet }.news(quiet, words), None);
    }

    #[test]
    fn the_dot_is_there_when_anything_is() {
        assert!(!Attention::default().any());
        assert!(Attention { orders: 1, ..Attention::default() }.any());
        assert!(Attention { quarantine: 1, ..Attention::default() }.any());
        assert!(Attention { low: 1, ..Attention::default() }.any());
        assert!(Attention { failing: true, ..Attention::default() }.any());
        assert!(Attention { silent: 1, ..Attention::default() }.any());
    }
}

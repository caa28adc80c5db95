//! Points at what needs a person when nobody looks: the tray's dot and its words, and a notification when something new is
//! wrong. What needs a person is the desk's answer; only which of it is worth a notification is decided here.

use std::time::Duration;

use offizin_desk::{
    Desk,
    attention::{AttentionView, NeedKind},
};
use tauri_plugin_notification::NotificationExt;
use tokio::time::sleep;

use crate::{shell::Shell, tray, window, words::Words};

/// The desk is asked at most this often.
const PACE: Duration = Duration::from_secs(2);

/// What is worth a notification, seen from what was before: the first kind of which there is more.
fn news(now: &AttentionView, before: &AttentionView) -> Option<NeedKind> {
    // Being offline for a while is normal, and what an order needs is seen where one works.
    let told = [
        NeedKind::RelayRefused,
        NeedKind::SubscriptionsVanished,
        NeedKind::SubscriptionsSilent,
        NeedKind::RotationsStuck,
        NeedKind::Quarantine,
        NeedKind::StockLow,
    ];
    told.into_iter().find(|kind| now.count(*kind) > before.count(*kind))
}

/// Keeps tray and notifications in step with the desk.
pub(crate) async fn keep(shell: Shell, desk: Desk) {
    let mut language = shell.language().subscribe();
    let mut before: Option<AttentionView> = None;
    loop {
        if let Ok(status) = desk.status().await {
            let now = status.attention;
            let words = Words::of(*language.borrow_and_update());
            tray::show(&shell, &now, words);
            // What was there when the program started is no news.
            let news = before.and_then(|before| news(&now, &before)).and_then(|kind| words.news(kind));
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
    use super::*;
    use crate::words::tests::attention;

    #[test]
    fn only_what_got_worse_is_news() {
        let quiet = attention(&[]);
        let held = attention(&[(NeedKind::Quarantine, 2)]);
        let refused = attention(&[(NeedKind::Quarantine, 2), (NeedKind::RelayRefused, 1)]);
        assert_eq!(news(&held, &quiet), Some(NeedKind::Quarantine));
        assert_eq!(news(&held, &held), None);
        assert_eq!(news(&quiet, &held), None);
        assert_eq!(news(&refused, &held), Some(NeedKind::RelayRefused));
        assert_eq!(news(&refused, &refused), None);
        let vanished = attention(&[(NeedKind::Quarantine, 3), (NeedKind::SubscriptionsVanished, 1)]);
        assert_eq!(news(&vanished, &held), Some(NeedKind::SubscriptionsVanished));
        assert_eq!(news(&held, &vanished), None);
        for kind in [NeedKind::SubscriptionsSilent, NeedKind::RotationsStuck, NeedKind::StockLow] {
            assert_eq!(news(&attention(&[(kind, 1)]), &quiet), Some(kind));
            assert_eq!(news(&quiet, &attention(&[(kind, 1)])), None);
        }
        // Being offline for a while is normal.
        assert_eq!(news(&attention(&[(NeedKind::RelayUnreachable, 1)]), &quiet), None);
    }

    #[test]
    fn whatever_is_news_has_its_sentence() {
        let words = Words::of(offizin_desk::status::Language::De);
        for kind in NeedKind::ALL {
            let is_news = news(&attention(&[(kind, 1)]), &attention(&[])).is_some();
            assert_eq!(words.news(kind).is_some(), is_news, "{kind:?}");
        }
    }
}

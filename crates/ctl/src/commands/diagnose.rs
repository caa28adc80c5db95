//! `diagnose`: a report on what this desk stands on, safe to send to somebody. It is made even when the desk does not open,
//! because that is when it is wanted; so this command opens the desk itself.

use offizin_desk::{Code, Desk, Home, Problem, system_clock};
use serde_json::json;

use crate::print::{answer, line};

pub(crate) async fn diagnose(home: Home, as_json: bool) -> Result<(), Problem> {
    let dir = home.dir().display().to_string();
    let opened = Desk::open(home, system_clock()).await;
    let status = match &opened {
        Ok(desk) => Some(desk.status().await?),
        Err(_) => None,
    };
    let problem = opened.as_ref().err().cloned();
    let report = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "home": dir,
        "session_bus": std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some(),
        "keyring": keyring(problem.as_ref()),
        "database": if problem.is_none() { "open" } else { "closed" },
        "relay": status.as_ref().and_then(|s| s.relay.as_ref()).map(|r| json!({ "url": r.url, "state": r.state, "behind": r.behind })),
        "connections": status.as_ref().map(|s| s.connections.iter().map(|c| json!({ "name": c.name, "host": c.base_url,
            "subscriptions": c.subscriptions })).collect::<Vec<_>>()),
        "counts": status.as_ref().map(|s| s.counts.clone()),
    });
    answer(as_json, &report, |report| {
        if let Ok(text) = serde_json::to_string_pretty(report) {
            text.lines().for_each(line);
        }
    });
    if let Ok(desk) = opened {
        desk.close().await;
    }
    problem.map_or(Ok(()), Err)
}

/// Whether the keyring answered; nothing where it was not asked.
fn keyring(problem: Option<&Problem>) -> Option<String> {
    match problem.map(|problem| problem.code) {
        Some(code @ (Code::KeyringMissing | Code::KeyringLocked | Code::KeyringFailed)) => Some(code.as_str()),
        Some(Code::HomeUnusable) => None,
        _ => Some("reachable".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: Code) -> Problem {
        Problem { code, detail: None, incident: String::new() }
    }

    #[test]
    fn a_report_names_what_is_wrong_with_the_keyring() {
        for (code, said) in [
            (Code::KeyringMissing, "keyring_missing"),
            (Code::KeyringLocked, "keyring_locked"),
            (Code::KeyringFailed, "keyring_failed"),
        ] {
            assert_eq!(keyring(Some(&problem(code))).as_deref(), Some(said));
        }
    }

    #[test]
    fn a_keyring_that_answered_is_reachable_whatever_else_is_wrong() {
        assert_eq!(keyring(None).as_deref(), Some("reachable"));
        assert_eq!(keyring(Some(&problem(Code::DatabaseNewer))).as_deref(), Some("reachable"));
    }

    #[test]
    fn a_keyring_that_was_not_asked_is_not_called_reachable() {
        assert_eq!(keyring(Some(&problem(Code::HomeUnusable))), None, "the folder comes first");
    }
}

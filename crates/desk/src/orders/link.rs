//! Which links of an order may be opened, in the system's browser and on a click. Nothing here fetches anything.

use url::{Host, Url};

/// Longer than any link a person would open.
const LONGEST: usize = 2_000;

/// A link that may be opened: `https`, a public name, no user and no password in it. `None` for everything else: that is
/// shown as text.
pub(crate) fn openable(text: &str) -> Option<Url> {
    if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let url: Url = text.parse().ok()?;
    let Some(Host::Domain(name)) = url.host() else { return None };
    let name = name.trim_end_matches('.');
    let local = [".localhost", ".local", ".internal", ".lan", ".home.arpa"].iter().any(|end| name.ends_with(end));
    let plain = url.username().is_empty() && url.password().is_none();
    (url.scheme() == "https" && plain && name.contains('.') && !local).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_to_a_public_name_may_be_opened() {
        for good in
            ["https://track.example.com/a/b?c=d", "HTTPS://Track.Example.com", "https://track.example.com:8443/"]
        {
            assert!(openable(good).is_some(), "{good}");
        }
        for bad in [
            "http://track.example.com/a",
            "track.example.com/a",
            "//track.example.com/a",
            "localhost/evital/to/x/",
            "https://localhost/a",
            "https://a.localhost/",
            "https://printer.local/",
            "https://127.0.0.1/a",
            "https://[::1]/a",
            "https://192.168.0.1/a",
            "https://track.example.com@evil.test/",
            "https://user:pass@track.example.com/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
            "https://track.example.com/a b",
            " https://track.example.com/a",
            "https://track.example.com/\u{202e}\n",
            "",
        ] {
            assert!(openable(bad).is_none(), "{bad}");
        }
        assert!(openable(&format!("https://example.com/{}", "a".repeat(2_000))).is_none());
    }
}

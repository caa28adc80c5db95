//! What goes wrong when a provider is asked, whichever provider it is: how its answers are judged is in the provider's own
//! folder, what follows from them is decided by the use-cases.
//!
//! No variant holds the address that was asked, which may name an order, or an answer's body. What a provider says of a
//! refusal is kept as a short text in which its key was replaced.

use reqwest::Response;

/// How much of an answer is read, in bytes. What is longer is no answer of a documented API.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// The body of an answer; `None` where it is longer than any of a documented API.
pub(crate) async fn body(answer: &mut Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > MAX_ANSWER {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// A question to a provider that did not end with the answer that was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// No connection, or it broke off.
    #[error("the provider cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// Its certificate is not trusted here, or what answers does not speak TLS.
    #[error("no trusted connection to the provider")]
    Tls(#[source] reqwest::Error),
    /// It took the question and did not answer in time.
    #[error("the provider did not answer in time")]
    Timeout(#[source] reqwest::Error),
    /// There is no key to ask with.
    #[error("the key is not in the keyring")]
    KeyMissing,
    /// It does not take the key; its own words.
    #[error("the provider refused the key: {0}")]
    KeyRefused(String),
    /// The key lacks this permission.
    #[error("the key lacks the permission {0}")]
    PermissionMissing(String),
    /// Not there, or not permitted; its own words.
    #[error("the provider does not have this: {0}")]
    NotFound(String),
    /// What answers is none of the documented APIs.
    #[error("no API answers at this path")]
    WrongBasePath,
    /// The provider already has this; its own words.
    #[error("the provider already has this: {0}")]
    Conflict(String),
    /// It does not accept the request; its own words.
    #[error("the provider rejected the request: {0}")]
    Rejected(String),
    /// Too many requests; how long it asks us to wait, if it says so.
    #[error("too many requests for this key: {0}")]
    RateLimited(String),
    /// It failed with this HTTP status.
    #[error("the provider failed with HTTP {0}")]
    Failed(u16),
    /// The answer is not what the documents describe.
    #[error("{0}")]
    Unexpected(&'static str),
    /// It wants the key to go elsewhere.
    #[error("the provider tried to redirect")]
    Redirected,
    /// The listing after a delete lacks more than what was deleted: the event types that are gone as well.
    #[error("the listing lacks others too: {0}")]
    LostOthers(String),
    /// A create or delete whose end is not known: it may have happened, and only a listing can tell.
    #[error("nobody knows whether it happened")]
    Ambiguous(#[source] Ambiguity),
}

/// Why nobody knows whether a create or delete happened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ambiguity {
    /// The connection ended after the request was on its way.
    #[error("the answer was lost")]
    Lost(#[source] reqwest::Error),
    /// It failed with this HTTP status, perhaps afterwards.
    #[error("the provider failed with HTTP {0}")]
    Failed(u16),
    /// A success that cannot be read.
    #[error("the answer cannot be read")]
    Unreadable,
    /// It said yes, and the listing after it still holds what was deleted.
    #[error("the listing does not show it")]
    NotListed,
}

impl ProviderError {
    /// There was no answer at all.
    pub(crate) fn unanswered(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(cause) = source {
            let inside = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            if cause.is::<rustls::Error>() || inside.is_some_and(|inside| inside.is::<rustls::Error>()) {
                return ProviderError::Tls(error);
            }
            source = cause.source();
        }
        if error.is_timeout() { ProviderError::Timeout(error) } else { ProviderError::Unreachable(error) }
    }

    /// The request was on its way when the connection ended.
    pub(crate) fn lost(error: reqwest::Error) -> Self {
        ProviderError::Ambiguous(Ambiguity::Lost(error.without_url()))
    }
}

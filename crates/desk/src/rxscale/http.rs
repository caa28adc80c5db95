//! How RxScale's APIs are asked: one key, one host, at most five requests a second. Sources: "Authentication", "Rate limits",
//! "Error handling".
//!
//! The key travels in `X-API-Key` to the connection's own host; redirects are not followed. Reads are retried with backoff,
//! writes never: a create or delete whose answer was lost is settled by listing. A DELETE takes a [`Named`] address, and
//! there is no other way to send one.

use std::{sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::{Client, Method, StatusCode, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::time::sleep;
use url::Url;

use super::named::Named;
use crate::{
    interrupt,
    provider::{self, Ambiguity, ProviderError},
    rate::RateLimit,
};

/// Half of the documented ten requests per second.
const APART: Duration = Duration::from_millis(200);
const READ_TRIES: usize = 3;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);
const MAX_DETAIL: usize = 200;

/// One key on its way to its host.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client,
    key: SecretString,
    rate: Arc<RateLimit>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    /// The body, where it is JSON.
    pub(super) json: Option<Value>,
    is_empty: bool,
    retry_after: Option<Duration>,
}

impl Http {
    pub(super) fn new(client: Client, key: SecretString, rate: Arc<RateLimit>) -> Self {
        Self { client, key, rate }
    }

    /// Reads, and tries again what passes. `permission` is what the documents ask for; it is named where it is missing.
    pub(super) async fn get(&self, url: Url, permission: &str) -> Result<Answer, ProviderError> {
        let backoff = ExponentialBuilder::default().with_min_delay(Duration::from_millis(300)).with_jitter();
        let mut delays = backoff.with_max_times(READ_TRIES - 1).build();
        loop {
            let result = match self.send(Method::GET, url.clone(), None).await {
                Ok(answer) => {
                    let retry_after = answer.retry_after;
                    self.judge(answer, permission).map_err(|error| (error, retry_after))
                }
                Err(error) => Err((ProviderError::unanswered(error), None)),
            };
            let (error, retry_after) = match result {
                Ok(answer) if answer.json.is_some() => return Ok(answer),
                Ok(_) => return Err(ProviderError::WrongBasePath),
                Err(failed) => failed,
            };
            let passing = matches!(
                error,
                ProviderError::Unreachable(_) | ProviderError::Failed(_) | ProviderError::RateLimited(_)
            );
            match delays.next() {
                Some(delay) if passing => sleep(retry_after.unwrap_or(delay).min(MAX_RETRY_AFTER)).await,
                _ => return Err(error),
            }
        }
    }

    /// Sends once.
    pub(super) async fn post(&self, url: Url, body: Value, permission: &str) -> Result<Answer, ProviderError> {
        self.write(Method::POST, url, Some(body), permission).await
    }

    /// Sends once, to an address that names what is to be deleted.
    pub(super) async fn delete(&self, named: Named, permission: &str) -> Result<Answer, ProviderError> {
        let body = named.uid_in_body.then(|| json!({ "uid": named.uid }));
        self.write(Method::DELETE, named.url, body, permission).await
    }

    async fn write(
        &self,
        method: Method,
        url: Url,
        body: Option<Value>,
        permission: &str,
    ) -> Result<Answer, ProviderError> {
        match self.send(method, url, body).await {
            // Not even a connection: nothing can have happened.
            Err(error) if error.is_connect() => Err(ProviderError::unanswered(error)),
            Err(error) => Err(ProviderError::lost(error)),
            Ok(answer) if answer.status.is_server_error() => {
                Err(ProviderError::Ambiguous(Ambiguity::Failed(answer.status.as_u16())))
            }
            // A success that cannot be read may be one, or a page of somebody in between: only a listing can tell.
            Ok(answer) if answer.status.is_success() && answer.json.is_none() && !answer.is_empty => {
                Err(ProviderError::Ambiguous(Ambiguity::Unreadable))
            }
            Ok(answer) => self.judge(answer, permission),
        }
    }

    async fn send(&self, method: Method, url: Url, body: Option<Value>) -> Result<Answer, reqwest::Error> {
        self.rate.wait(APART).await;
        // A key that cannot be a header was refused when the connection was made.
        let mut key = HeaderValue::from_str(self.key.expose_secret()).unwrap_or(HeaderValue::from_static("unusable"));
        key.set_sensitive(true);
        let mut request = self.client.request(method, url).header("X-API-Key", key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        interrupt::point("provider, asked").await;
        let answered = request.send().await;
        interrupt::point("provider, answered").await;
        let mut answer = answered?;
        let status = answer.status();
        let retry_after =
            answer.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        let bytes = provider::body(&mut answer).await?;
        let is_empty = bytes.as_ref().is_some_and(Vec::is_empty);
        let json = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(Answer { status, json, is_empty, retry_after })
    }

    /// A 2xx, or what it refuses.
    fn judge(&self, answer: Answer, permission: &str) -> Result<Answer, ProviderError> {
        let status = answer.status;
        if status.is_success() {
            let readable = answer.json.is_some() || answer.is_empty;
            return if readable { Ok(answer) } else { Err(ProviderError::WrongBasePath) };
        }
        let detail = self.detail(&answer);
        Err(match status.as_u16() {
            300..=399 => ProviderError::Redirected,
            429 => ProviderError::RateLimited(waiting(answer.retry_after)),
            status @ 500.. => ProviderError::Failed(status),
            // The documented APIs refuse in JSON; anything else is not one of them.
            _ if answer.json.is_none() => ProviderError::WrongBasePath,
            401 => ProviderError::KeyRefused(detail),
            403 => ProviderError::PermissionMissing(permission.to_owned()),
            404 => ProviderError::NotFound(detail),
            409 => ProviderError::Conflict(detail),
            _ => ProviderError::Rejected(detail),
        })
    }

    /// The provider's own words, short, on one line, and without the key should it be repeated in them. Documented shapes:
    /// `{error}`, `{code, description}`, field details of a validation in a shape that is not; seen live: `{code, message}`.
    fn detail(&self, answer: &Answer) -> String {
        let json = answer.json.as_ref();
        let field = |name: &str| json.and_then(|json| json.get(name)).and_then(Value::as_str);
        let text = field("error").or_else(|| field("description")).or_else(|| field("message"));
        let mut text = match (text, field("code"), json) {
            (Some(text), Some(code), _) => format!("{code}: {text}"),
            (Some(text), None, _) => text.to_owned(),
            (None, _, Some(json)) => json.to_string(),
            (None, _, None) => format!("HTTP {}", answer.status.as_u16()),
        };
        for fields in ["errors", "details", "fields"] {
            if let Some(complaints) = json.and_then(|json| json.get(fields)).and_then(Value::as_object) {
                for (name, complaint) in complaints {
                    text.push_str(&format!("; {name} {}", words(complaint)));
                }
            }
        }
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.replace(self.key.expose_secret(), "•••").chars().take(MAX_DETAIL).collect()
    }
}

/// A complaint about one field: a text, or texts in a list.
fn words(complaint: &Value) -> String {
    match complaint {
        Value::String(text) => text.clone(),
        Value::Array(texts) => texts.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// How long the provider asks us to wait, as a detail.
fn waiting(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!("{} s", wait.as_secs())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http() -> Http {
        Http::new(Client::new(), "rxk_Kanarienvogel".to_owned().into(), Arc::default())
    }

    fn answer(status: u16, json: Option<Value>) -> Answer {
        Answer { status: StatusCode::from_u16(status).unwrap(), json, is_empty: false, retry_after: None }
    }

    fn judged(status: u16, json: Option<Value>) -> ProviderError {
        http().judge(answer(status, json), "notifications:write").unwrap_err()
    }

    fn detail(json: Value) -> String {
        http().detail(&answer(400, Some(json)))
    }

    #[test]
    fn each_documented_shape_of_a_refusal_is_told_in_its_own_words() {
        assert_eq!(detail(json!({ "error": "no such type" })), "no such type");
        assert_eq!(detail(json!({ "code": "E7", "description": "taken" })), "E7: taken");
        assert_eq!(detail(json!({ "code": "E8", "message": "seen live" })), "E8: seen live");
    }

    #[test]
    fn complaints_about_fields_are_told_with_their_names() {
        let complaints = json!({ "error": "invalid", "errors": { "target": ["not https", "too long"], "type": 7 } });
        assert_eq!(detail(complaints), "invalid; target not https, too long; type 7");
    }

    #[test]
    fn a_refusal_of_no_known_shape_is_told_as_it_is() {
        assert_eq!(detail(json!({ "why": 1 })), "{\"why\":1}");
        assert_eq!(http().detail(&answer(418, None)), "HTTP 418");
    }

    #[test]
    fn a_key_that_is_repeated_in_a_refusal_is_not_told() {
        let told = detail(json!({ "error": "the key rxk_Kanarienvogel is unknown" }));
        assert_eq!(told, "the key ••• is unknown");
    }

    #[test]
    fn a_refusal_stays_on_one_line_and_short() {
        assert_eq!(detail(json!({ "error": "a\r\nb\u{1b}[31m" })), "a  b [31m");
        assert_eq!(detail(json!({ "error": "ü".repeat(900) })).chars().count(), MAX_DETAIL);
    }

    #[test]
    fn a_refusal_is_what_its_status_says() {
        let json = || Some(json!({ "error": "no" }));
        assert!(matches!(judged(401, json()), ProviderError::KeyRefused(words) if words == "no"));
        assert!(matches!(judged(404, json()), ProviderError::NotFound(words) if words == "no"));
        assert!(matches!(judged(409, json()), ProviderError::Conflict(words) if words == "no"));
        assert!(matches!(judged(422, json()), ProviderError::Rejected(words) if words == "no"));
        assert!(matches!(judged(503, json()), ProviderError::Failed(503)));
    }

    #[test]
    fn a_missing_permission_is_named_as_the_documents_name_it() {
        let missing = judged(403, Some(json!({ "error": "forbidden" })));
        assert!(matches!(missing, ProviderError::PermissionMissing(name) if name == "notifications:write"));
    }

    #[test]
    fn a_page_that_is_not_json_comes_from_another_path() {
        for status in [200, 401, 404] {
            assert!(matches!(judged(status, None), ProviderError::WrongBasePath), "{status}");
        }
    }

    #[test]
    fn a_redirect_is_told_and_not_followed_whatever_it_says() {
        assert!(matches!(judged(302, None), ProviderError::Redirected));
    }

    #[test]
    fn too_many_requests_say_how_long_to_wait_where_they_do() {
        let waiting = |retry_after| http().judge(Answer { retry_after, ..answer(429, None) }, "").unwrap_err();
        assert!(matches!(waiting(Some(Duration::from_secs(7))), ProviderError::RateLimited(wait) if wait == "7 s"));
        assert!(matches!(waiting(None), ProviderError::RateLimited(wait) if wait.is_empty()));
    }

    #[test]
    fn a_success_without_a_body_is_one() {
        assert!(http().judge(Answer { is_empty: true, ..answer(204, None) }, "").is_ok());
    }
}

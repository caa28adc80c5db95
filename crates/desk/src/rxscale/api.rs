//! RxScale's two APIs for subscriptions: Management (organisation-wide) and External Pharmacy. Five things only: health, list,
//! create, delete, test. Sources: "API reference / Management / Webhooks" and ".../External Pharmacy / Webhooks",
//! "Error handling", "Rate limits".
//!
//! The key travels in `X-API-Key` to the connection's own host; redirects are not followed. Reads are retried with backoff,
//! writes never: a create or delete whose answer was lost is settled by listing.

use std::{sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use offizin_wire::SigningSecret;
use reqwest::{Client, Method, StatusCode, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, sleep_until},
};
use url::Url;

use crate::{
    connections::view::{Api, CheckLineView, CheckState, CheckStep, CheckView, ConnectionSettings, DeleteStrategy},
    error::Error,
    problem::Code,
};

/// Half of the documented ten requests per second.
const PACE: Duration = Duration::from_millis(200);
const READ_TRIES: usize = 3;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);
const MAX_ANSWER: usize = 4 * 1024 * 1024;
const MAX_DETAIL: usize = 200;

/// The base paths of the two APIs; where the documents disagree, the newest first.
fn base_paths(api: Api) -> &'static [&'static str] {
    match api {
        Api::Management => &["/v1/management"],
        Api::Pharmacy => &["/v1/external_pharmacy_api", "/v1/external-pharmacy-api-v1"],
    }
}

/// Keeps requests of one key apart. Shared by everything that uses the key.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<Option<Instant>>);

impl Pace {
    async fn wait(&self) {
        let mut next = self.0.lock().await;
        let now = Instant::now();
        let slot = next.map_or(now, |next| next.max(now));
        *next = Some(slot + PACE);
        drop(next);
        sleep_until(slot).await;
    }
}

/// A subscription as the provider lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Listed {
    pub(crate) uid: String,
    #[serde(default)]
    pub(crate) notification_type: String,
    #[serde(default)]
    pub(crate) target: String,
}

/// A subscription as the provider created it. The secret is missing where the provider does not issue one.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) uid: String,
    pub(crate) secret: Option<SigningSecret>,
}

/// One connection's API.
#[derive(Clone, Debug)]
pub(crate) struct ProviderApi {
    http: Client,
    base: Url,
    api: Api,
    key: SecretString,
    pharmacy_uid: Option<String>,
    settings: ConnectionSettings,
    pace: Arc<Pace>,
}

struct Answer {
    status: StatusCode,
    json: Option<Value>,
    is_empty: bool,
    retry_after: Option<Duration>,
}

impl ProviderApi {
    pub(crate) fn new(
        http: Client,
        base: Url,
        api: Api,
        key: SecretString,
        pharmacy_uid: Option<String>,
        settings: ConnectionSettings,
        pace: Arc<Pace>,
    ) -> Self {
        Self { http, base, api, key, pharmacy_uid, settings, pace }
    }

    /// Everything the key's owner has subscribed to.
    pub(crate) async fn list(&self) -> Result<Vec<Listed>, Error> {
        let answer = self.read(self.collection()?).await?;
        let rows = match answer.json {
            Some(Value::Array(rows)) => rows,
            // The general rule of the documents wraps lists in `data`.
            Some(Value::Object(mut page)) => match page.remove("data") {
                Some(Value::Array(rows)) => rows,
                _ => return Err(unexpected("the list is not an array")),
            },
            _ => return Err(unexpected("the list is not an array")),
        };
        rows.into_iter()
            .map(|row| serde_json::from_value(row).map_err(|_| unexpected("a listed subscription has no uid")))
            .collect()
    }

    /// Creates one subscription. Sent once: an ambiguous end is [`Code::ProviderAmbiguous`], to be settled by listing.
    pub(crate) async fn create(&self, notification_type: &str, target: &Url) -> Result<Created, Error> {
        let mut body = json!({ "notification_type": notification_type, "target": target.as_str() });
        if let (Api::Management, Some(fields)) = (self.api, body.as_object_mut()) {
            fields.insert("payload_version".into(), "1".into());
        }
        let answer = self.write(Method::POST, self.collection()?, Some(body)).await?;
        // Something was created if the answer says so, readable or not: only a listing can tell.
        let json = answer.json.ok_or(Error::Plain(Code::ProviderAmbiguous))?;
        let field =
            |name: &str| json.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let uid = field("uid").ok_or(Error::Plain(Code::ProviderAmbiguous))?;
        Ok(Created { uid, secret: field("signing_secret").and_then(SigningSecret::new) })
    }

    /// Deletes one subscription by the connection's strategy. Every form names the uid in the URL: a request on the bare
    /// collection cannot be built here.
    pub(crate) async fn delete(&self, uid: &str) -> Result<(), Error> {
        let strategy = self.settings.delete.unwrap_or(match self.api {
            Api::Pharmacy => DeleteStrategy::Path,
            Api::Management => DeleteStrategy::Off,
        });
        let (url, body) = self.delete_request(uid, strategy)?;
        match self.write(Method::DELETE, url, body).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn delete_request(&self, uid: &str, strategy: DeleteStrategy) -> Result<(Url, Option<Value>), Error> {
        if uid.trim().is_empty() || uid == "." || uid == ".." {
            return Err(unexpected("a subscription without a uid"));
        }
        let mut url = self.collection()?;
        match strategy {
            DeleteStrategy::Off => Err(Error::Plain(Code::DeleteNotConfigured)),
            DeleteStrategy::Path => {
                url.path_segments_mut().map_err(|()| Error::input("base_url"))?.pop_if_empty().push(uid);
                Ok((url, None))
            }
            DeleteStrategy::Query => {
                url.query_pairs_mut().append_pair("uid", uid);
                Ok((url, None))
            }
            DeleteStrategy::Body => {
                // The query names the uid too, so that a proxy that drops the body leaves no bare collection behind.
                url.query_pairs_mut().append_pair("uid", uid);
                Ok((url, Some(json!({ "uid": uid }))))
            }
        }
    }

    /// Asks the provider to send a test event.
    pub(crate) async fn test(&self, uid: &str) -> Result<(), Error> {
        if self.api != Api::Management || !self.settings.test_call {
            return Err(Error::Plain(Code::TestNotConfigured));
        }
        let mut url = self.collection()?;
        url.path_segments_mut().map_err(|()| Error::input("base_url"))?.pop_if_empty().push("test");
        self.write(Method::POST, url, Some(json!({ "uid": uid }))).await.map(drop)
    }

    /// What the key can do, found out by reading only.
    pub(crate) async fn check(&self) -> CheckView {
        let mut lines = Vec::new();
        let mut suggested = None;
        let health = self.health(&self.base_path()).await;
        let (reachable, base_path) = match &health {
            Err(error) if matches!(error.code(), Code::ProviderUnreachable) => (Err(told(error)), None),
            Err(error) if matches!(error.code(), Code::ProviderWrongBasePath | Code::ProviderRedirected) => {
                suggested = self.other_base_path().await;
                (Ok(()), Some(Err(told(error))))
            }
            // Any JSON answer shows that the API lives here, even one that refuses the key.
            _ => (Ok(()), Some(Ok(()))),
        };
        let go_on = reachable.is_ok() && matches!(base_path, Some(Ok(())));
        lines.push(line(CheckStep::Reachable, Some(reachable)));
        lines.push(line(CheckStep::BasePath, base_path));
        let list = if go_on { Some(self.list().await) } else { None };
        let (key, read) = match list {
            None => (None, None),
            Some(Ok(_)) => (Some(Ok(())), Some(Ok(()))),
            Some(Err(error)) if error.code() == Code::ProviderKeyRefused => (Some(Err(error)), None),
            Some(Err(error)) if error.code() == Code::ProviderPermissionMissing => (Some(Ok(())), Some(Err(error))),
            Some(Err(error)) => (None, Some(Err(error))),
        };
        lines.push(line(CheckStep::Key, key));
        lines.push(line(CheckStep::ReadSubscriptions, read));
        lines.push(line(CheckStep::WriteSubscriptions, None));
        CheckView {
            ok: lines.iter().all(|line| line.state != CheckState::Failed),
            lines,
            suggested_base_path: suggested,
        }
    }

    async fn health(&self, base_path: &str) -> Result<Answer, Error> {
        self.read(self.url(base_path, &["health", ""])?).await
    }

    async fn other_base_path(&self) -> Option<String> {
        for path in base_paths(self.api).iter().filter(|path| **path != self.base_path()) {
            match self.health(path).await {
                Ok(_) => return Some((*path).to_owned()),
                Err(error) if matches!(error.code(), Code::ProviderKeyRefused | Code::ProviderPermissionMissing) => {
                    return Some((*path).to_owned());
                }
                Err(_) => {}
            }
        }
        None
    }

    fn base_path(&self) -> String {
        match self.settings.base_path.trim() {
            "" => base_paths(self.api).first().copied().unwrap_or_default().to_owned(),
            path => path.to_owned(),
        }
    }

    fn collection(&self) -> Result<Url, Error> {
        let name = match self.api {
            Api::Management => "notification-subscriptions",
            Api::Pharmacy => "webhooks",
        };
        self.url(&self.base_path(), &[name, ""])
    }

    fn url(&self, base_path: &str, rest: &[&str]) -> Result<Url, Error> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::input("base_url"))?
            .pop_if_empty()
            .extend(base_path.split('/').filter(|segment| !segment.is_empty()))
            .extend(rest);
        if let Some(pharmacy_uid) = &self.pharmacy_uid {
            url.query_pairs_mut().append_pair("pharmacy_uid", pharmacy_uid);
        }
        Ok(url)
    }

    async fn read(&self, url: Url) -> Result<Answer, Error> {
        let backoff = ExponentialBuilder::default().with_min_delay(Duration::from_millis(300)).with_jitter();
        let mut delays = backoff.with_max_times(READ_TRIES - 1).build();
        loop {
            let result = match self.send(Method::GET, url.clone(), None).await {
                Ok(answer) => {
                    let retry_after = answer.retry_after;
                    self.judge(answer).map_err(|error| (error, retry_after))
                }
                Err(error) => Err((Error::http(Code::ProviderUnreachable, error), None)),
            };
            let (error, retry_after) = match result {
                Ok(answer) => return self.readable(answer),
                Err(failed) => failed,
            };
            let passing =
                matches!(error.code(), Code::ProviderUnreachable | Code::ProviderFailed | Code::ProviderRateLimited);
            match delays.next() {
                Some(delay) if passing => sleep(retry_after.unwrap_or(delay).min(MAX_RETRY_AFTER)).await,
                _ => return Err(error),
            }
        }
    }

    fn readable(&self, answer: Answer) -> Result<Answer, Error> {
        if answer.json.is_some() { Ok(answer) } else { Err(Error::Plain(Code::ProviderWrongBasePath)) }
    }

    async fn write(&self, method: Method, url: Url, body: Option<Value>) -> Result<Answer, Error> {
        match self.send(method, url, body).await {
            // Not even a connection: nothing can have happened.
            Err(error) if error.is_connect() => Err(Error::http(Code::ProviderUnreachable, error)),
            Err(error) => Err(Error::http(Code::ProviderAmbiguous, error)),
            Ok(answer) if answer.status.is_server_error() => Err(Error::Plain(Code::ProviderAmbiguous)),
            Ok(answer) => self.judge(answer),
        }
    }

    async fn send(&self, method: Method, url: Url, body: Option<Value>) -> Result<Answer, reqwest::Error> {
        self.pace.wait().await;
        // A key that cannot be a header was refused when the connection was made.
        let mut key = HeaderValue::from_str(self.key.expose_secret()).unwrap_or(HeaderValue::from_static("unusable"));
        key.set_sensitive(true);
        let mut request = self.http.request(method, url).header("X-API-Key", key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let mut answer = request.send().await?;
        let status = answer.status();
        let retry_after =
            answer.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                break;
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Answer { status, json: serde_json::from_slice(&bytes).ok(), is_empty: bytes.is_empty(), retry_after })
    }

    /// A 2xx, or the code that says what to do about it.
    fn judge(&self, answer: Answer) -> Result<Answer, Error> {
        let status = answer.status;
        if status.is_success() {
            let readable = answer.json.is_some() || answer.is_empty;
            return if readable { Ok(answer) } else { Err(Error::Plain(Code::ProviderWrongBasePath)) };
        }
        let detail = self.detail(&answer);
        Err(match status.as_u16() {
            300..=399 => Error::Plain(Code::ProviderRedirected),
            429 => Error::Plain(Code::ProviderRateLimited),
            500.. => Error::Told(Code::ProviderFailed, format!("HTTP {}", status.as_u16())),
            // The documented APIs refuse in JSON; anything else is not one of them.
            _ if answer.json.is_none() => Error::Plain(Code::ProviderWrongBasePath),
            401 => Error::Told(Code::ProviderKeyRefused, detail),
            403 => Error::Told(Code::ProviderPermissionMissing, detail),
            404 => Error::Told(Code::ProviderNotFound, detail),
            409 => Error::Told(Code::ProviderConflict, detail),
            _ => Error::Told(Code::ProviderRejected, detail),
        })
    }

    /// The provider's own words, short, on one line, and without the key should it be repeated in them. Documented shapes:
    /// `{error}`, `{code, description}`; seen live: `{code, message}`.
    fn detail(&self, answer: &Answer) -> String {
        let json = answer.json.as_ref();
        let field = |name: &str| json.and_then(|json| json.get(name)).and_then(Value::as_str);
        let text = field("error").or_else(|| field("description")).or_else(|| field("message"));
        let text = match (text, field("code"), json) {
            (Some(text), Some(code), _) => format!("{code}: {text}"),
            (Some(text), None, _) => text.to_owned(),
            (None, _, Some(json)) => json.to_string(),
            (None, _, None) => format!("HTTP {}", answer.status.as_u16()),
        };
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.replace(self.key.expose_secret(), "•••").chars().take(MAX_DETAIL).collect()
    }
}

fn unexpected(what: &str) -> Error {
    Error::Told(Code::ProviderUnexpected, what.to_owned())
}

/// An error again, to report it a second time.
fn told(error: &Error) -> Error {
    match error {
        Error::Told(code, detail) => Error::Told(*code, detail.clone()),
        error => Error::Plain(error.code()),
    }
}

fn line(step: CheckStep, result: Option<Result<(), Error>>) -> CheckLineView {
    let (state, problem) = match result {
        None => (CheckState::Unknown, None),
        Some(Ok(())) => (CheckState::Ok, None),
        Some(Err(error)) => (CheckState::Failed, Some(error.into())),
    };
    CheckLineView { step, state, problem }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn api(api: Api, settings: ConnectionSettings) -> ProviderApi {
        let base = "https://api.rxscale-dev.com".parse().unwrap();
        let http = crate::relay::http_client().unwrap();
        ProviderApi::new(http, base, api, "key".to_owned().into(), None, settings, Arc::default())
    }

    proptest! {
        /// The bare collection may mean "all of them" at the provider.
        #[test]
        fn no_delete_is_ever_on_the_bare_collection(
            uid in ".*",
            of in prop::sample::select(vec![Api::Management, Api::Pharmacy]),
            strategy in prop::sample::select(vec![DeleteStrategy::Path, DeleteStrategy::Query, DeleteStrategy::Body]),
        ) {
            let api = api(of, ConnectionSettings::default());
            let collection = api.collection().unwrap();
            if let Ok((url, _)) = api.delete_request(&uid, strategy) {
                let path = url.path().trim_end_matches('/');
                let bare = path == collection.path().trim_end_matches('/');
                let named = url.query_pairs().any(|(name, value)| name == "uid" && !value.trim().is_empty());
                prop_assert!(!bare || named, "{url}");
                prop_assert!(path.starts_with(collection.path().trim_end_matches('/')), "{url}");
            }
        }
    }

    #[test]
    fn deleting_is_off_until_it_is_known_how() {
        let management = api(Api::Management, ConnectionSettings::default());
        let off = management.delete_request("ns-1", DeleteStrategy::Off).unwrap_err();
        assert_eq!(off.code(), Code::DeleteNotConfigured);
        assert!(management.delete_request("  ", DeleteStrategy::Path).is_err());
        assert!(management.delete_request("..", DeleteStrategy::Path).is_err());
    }

    #[test]
    fn a_group_key_names_its_pharmacy_on_every_call() {
        let mut api = api(Api::Pharmacy, ConnectionSettings::default());
        api.pharmacy_uid = Some("ph 1".into());
        let (url, _) = api.delete_request("sub-1", DeleteStrategy::Path).unwrap();
        assert_eq!(
            url.as_str(),
            "https://api.rxscale-dev.com/v1/external_pharmacy_api/webhooks/sub-1?pharmacy_uid=ph+1"
        );
    }
}

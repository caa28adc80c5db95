//! RxScale's two APIs for subscriptions: Management (organisation-wide) and External Pharmacy. Five things only: health, list,
//! create, delete, test. Sources: "API reference / Management / Webhooks" and ".../External Pharmacy / Webhooks",
//! "Permissions".

use std::sync::Arc;

use offizin_wire::SigningSecret;
use reqwest::Client;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    http::{Answer, Http},
    named::Named,
};
use crate::{
    connections::view::{Api, CheckLineView, CheckState, CheckStep, CheckView, ConnectionSettings, DeleteStrategy},
    error::Error,
    provider::{Ambiguity, ProviderError},
    rate::RateLimit,
    refusal::Refusal,
};

/// The base paths of the two APIs; where the documents disagree, the newest first.
fn base_paths(api: Api) -> &'static [&'static str] {
    match api {
        Api::Management => &["/v1/management"],
        Api::Pharmacy => &["/v1/external_pharmacy_api", "/v1/external-pharmacy-api-v1"],
    }
}

/// The permission to list subscriptions.
fn read_permission(api: Api) -> &'static str {
    match api {
        Api::Management => "notification_subscription:read",
        Api::Pharmacy => "webhooks_read",
    }
}

/// The permission to create, delete and test them.
fn write_permission(api: Api) -> &'static str {
    match api {
        Api::Management => "notification_subscription:write",
        Api::Pharmacy => "webhooks_write",
    }
}

/// How a connection's subscriptions are deleted.
pub(crate) fn delete_strategy(api: Api, settings: &ConnectionSettings) -> DeleteStrategy {
    settings.delete.unwrap_or(match api {
        Api::Pharmacy => DeleteStrategy::Path,
        Api::Management => DeleteStrategy::Off,
    })
}

/// Whether a connection can ask for test events.
pub(crate) fn can_test(api: Api, settings: &ConnectionSettings) -> bool {
    api == Api::Management && settings.test_call
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
    http: Http,
    base: Url,
    api: Api,
    pharmacy_uid: Option<String>,
    settings: ConnectionSettings,
}

impl ProviderApi {
    pub(crate) fn new(
        client: Client,
        base: Url,
        api: Api,
        key: SecretString,
        pharmacy_uid: Option<String>,
        settings: ConnectionSettings,
        rate: Arc<RateLimit>,
    ) -> Self {
        Self { http: Http::new(client, key, rate), base, api, pharmacy_uid, settings }
    }

    /// Everything the key's owner has subscribed to.
    pub(crate) async fn list(&self) -> Result<Vec<Listed>, Error> {
        let answer = self.http.get(self.collection()?, read_permission(self.api)).await?;
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

    /// Creates one subscription. Sent once: an ambiguous end is [`ProviderError::Ambiguous`], to be settled by listing.
    pub(crate) async fn create(&self, notification_type: &str, target: &Url) -> Result<Created, Error> {
        let mut body = json!({ "notification_type": notification_type, "target": target.as_str() });
        if let (Api::Management, Some(fields)) = (self.api, body.as_object_mut()) {
            fields.insert("payload_version".into(), "1".into());
            if let Ok(meta_data @ Value::Object(_)) = serde_json::from_str(&self.settings.meta_data) {
                fields.insert("meta_data".into(), meta_data);
            }
        }
        let answer = self.http.post(self.collection()?, body, write_permission(self.api)).await?;
        // Something was created if the answer says so, readable or not: only a listing can tell.
        let json = answer.json.ok_or(ProviderError::Ambiguous(Ambiguity::Unreadable))?;
        let field =
            |name: &str| json.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let uid = field("uid").ok_or(ProviderError::Ambiguous(Ambiguity::Unreadable))?;
        Ok(Created { uid, secret: field("signing_secret").and_then(SigningSecret::new) })
    }

    /// Deletes one subscription by the connection's strategy.
    pub(crate) async fn delete(&self, uid: &str) -> Result<(), Error> {
        let named = Named::new(self.collection()?, uid, delete_strategy(self.api, &self.settings))?;
        self.http.delete(named, write_permission(self.api)).await?;
        Ok(())
    }

    /// Asks the provider to send a test event.
    pub(crate) async fn test(&self, uid: &str) -> Result<(), Error> {
        if !can_test(self.api, &self.settings) {
            return Err(Refusal::TestNotConfigured.into());
        }
        let mut url = self.collection()?;
        url.path_segments_mut().map_err(|()| Error::input("base_url"))?.pop_if_empty().push("test");
        self.http.post(url, json!({ "uid": uid }), write_permission(self.api)).await?;
        Ok(())
    }

    /// What the key can do, found out by reading only. `wrote`: this key has created or deleted something before.
    pub(crate) async fn check(&self, wrote: bool) -> CheckView {
        let mut lines = Vec::new();
        let mut suggested = None;
        let (reachable, base_path) = match self.health(&self.base_path()).await {
            Err(
                error @ Error::Provider(
                    ProviderError::Unreachable(_)
                    | ProviderError::Tls(_)
                    | ProviderError::Timeout(_)
                    | ProviderError::Failed(_),
                ),
            ) => (Err(error), None),
            Err(error @ Error::Provider(ProviderError::WrongBasePath | ProviderError::Redirected)) => {
                suggested = self.other_base_path().await;
                (Ok(()), Some(Err(error)))
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
            Some(Err(error @ Error::Provider(ProviderError::KeyRefused(_)))) => (Some(Err(error)), None),
            Some(Err(error @ Error::Provider(ProviderError::PermissionMissing(_)))) => (Some(Ok(())), Some(Err(error))),
            Some(Err(error)) => (None, Some(Err(error))),
        };
        lines.push(line(CheckStep::Key, key));
        lines.push(line(CheckStep::ReadSubscriptions, read));
        lines.push(line(CheckStep::WriteSubscriptions, wrote.then_some(Ok(()))));
        CheckView {
            ok: lines.iter().all(|line| line.state != CheckState::Failed),
            lines,
            suggested_base_path: suggested,
        }
    }

    async fn health(&self, base_path: &str) -> Result<Answer, Error> {
        Ok(self.http.get(self.url(base_path, &["health", ""])?, read_permission(self.api)).await?)
    }

    async fn other_base_path(&self) -> Option<String> {
        for path in base_paths(self.api).iter().filter(|path| **path != self.base_path()) {
            match self.health(path).await {
                Ok(_) => return Some((*path).to_owned()),
                Err(Error::Provider(ProviderError::KeyRefused(_) | ProviderError::PermissionMissing(_))) => {
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
}

fn unexpected(what: &'static str) -> Error {
    ProviderError::Unexpected(what).into()
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
    use super::*;

    #[test]
    fn a_group_key_names_its_pharmacy_on_every_call() {
        let base = "https://api.rxscale-dev.com".parse().unwrap();
        let key = "key".to_owned().into();
        let settings = ConnectionSettings::default();
        let api =
            ProviderApi::new(Client::new(), base, Api::Pharmacy, key, Some("ph 1".into()), settings, Arc::default());
        let named = Named::new(api.collection().unwrap(), "sub-1", DeleteStrategy::Path).unwrap();
        assert_eq!(
            named.url.as_str(),
            "https://api.rxscale-dev.com/v1/external_pharmacy_api/webhooks/sub-1?pharmacy_uid=ph+1"
        );
    }
}

//! eVitalRx's Fulfillment API, asked one thing: what it knows of an order. Source: "Order Details V2".
//!
//! The key travels in the body, as the documents have it, to the host that was set and nowhere else; redirects are not
//! followed. Every call costs prepaid credits: it is made once and never repeated by itself. A refusal comes as HTTP 200.

use reqwest::{Client, multipart::Form};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{DEVELOPMENT, PRODUCTION, fields::Fields};
use crate::{
    error::Error,
    event::fold_word,
    network::is_loopback,
    orders::{compare::ToldLane, words::Stage},
    provider::{self, ProviderError},
    store::Stored,
};

const MAX_DETAIL: usize = 200;
/// "No record found", in whatever case.
const NOT_FOUND: &str = "norecordfound";

/// The hosts a key may travel to: the provider's two, over TLS, and this computer for the sandbox.
pub(crate) fn usable_base(text: &str) -> Result<Url, Error> {
    let url: Url = text.trim().parse().map_err(|_| Error::input("base_url"))?;
    let known = |known: &&str| known.parse::<Url>().is_ok_and(|known| known == url);
    let local = matches!(url.scheme(), "http" | "https") && is_loopback(&url) && url.path() == "/";
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let usable = [PRODUCTION, DEVELOPMENT].iter().any(known) || (local && plain);
    if usable { Ok(url) } else { Err(Error::input("base_url")) }
}

/// One key and its host.
pub(crate) struct OrdersApi {
    client: Client,
    base: Url,
    key: SecretString,
}

impl OrdersApi {
    pub(crate) fn new(client: Client, base: Url, key: SecretString) -> Self {
        Self { client, base, key }
    }

    /// What is known of the lanes of an order, by the order's own id: "parent", inferred from the answer's shape.
    pub(crate) async fn told(&self, order: &str) -> Result<Vec<ToldLane>, Error> {
        let url = self.base.join("v1/fulfillment/orders/view_v2").stored("base URL")?;
        let form = Form::new().text("apikey", self.key.expose_secret().to_owned()).text("order_id", order.to_owned());
        let mut answer = self.client.post(url).multipart(form).send().await.map_err(ProviderError::unanswered)?;
        let status = answer.status();
        let bytes = provider::body(&mut answer).await.map_err(ProviderError::unanswered)?;
        let bytes = bytes.ok_or_else(|| unexpected("the answer is too long"))?;
        match status.as_u16() {
            200..=299 => self.read(&bytes, order),
            300..=399 => Err(ProviderError::Redirected.into()),
            401 | 403 => Err(ProviderError::KeyRefused(String::new()).into()),
            429 => Err(ProviderError::RateLimited(String::new()).into()),
            status @ 500.. => Err(ProviderError::Failed(status).into()),
            status => Err(ProviderError::Rejected(format!("HTTP {status}")).into()),
        }
    }

    fn read(&self, bytes: &[u8], order: &str) -> Result<Vec<ToldLane>, Error> {
        let text = std::str::from_utf8(bytes).map_err(|_| unexpected("the answer is no text"))?;
        let mut answer = Fields::read(text).ok_or_else(|| unexpected("the answer is no JSON object"))?;
        if answer.text("status_code").as_deref() != Some("1") {
            let message = answer.text("status_message").unwrap_or_default();
            let words = self.harmless(&message);
            let is_missing = fold_word(&message) == NOT_FOUND;
            let refused = if is_missing { ProviderError::NotFound(words) } else { ProviderError::Rejected(words) };
            return Err(refused.into());
        }
        let mut data = answer.object("data").ok_or_else(|| unexpected("the answer has no data"))?;
        if data.id("order_id").is_some_and(|id| id != order) {
            return Err(unexpected("the answer is about another order"));
        }
        Ok(data.objects("split_orders").into_iter().map(lane).collect())
    }

    /// The provider's own words, short, on one line, and without the key should it be repeated in them.
    fn harmless(&self, text: &str) -> String {
        let text = text.replace(self.key.expose_secret(), "•••");
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_DETAIL).collect()
    }
}

fn unexpected(what: &'static str) -> Error {
    ProviderError::Unexpected(what).into()
}

fn lane(mut fields: Fields<'_>) -> ToldLane {
    let ids = [fields.id("order_id"), fields.id("chemist_order_id")];
    let word = fields.text("order_status");
    let stages = word.as_deref().map(stages).unwrap_or_default().to_vec();
    ToldLane { ids: ids.into_iter().flatten().map(Into::into).collect(), word, stages }
}

/// What a status agrees with. There is no published list: these were seen. A filled `reject_reason` says nothing, it was seen
/// beside "assigned".
fn stages(word: &str) -> &'static [Stage] {
    match fold_word(word).as_str() {
        "assigned" => &[Stage::Assigned],
        "accepted" => &[Stage::Accepted],
        "rejected" | "cancelled" => &[Stage::RejectedOrCancelled, Stage::PrescriptionRejected, Stage::Reassigned],
        "shipped" => &[Stage::Packed, Stage::ReadyForCollection, Stage::WithRider],
        "completed" => &[Stage::Delivered, Stage::Collected],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Code, Problem};

    fn api() -> OrdersApi {
        OrdersApi::new(Client::new(), PRODUCTION.parse().unwrap(), "key-1".to_owned().into())
    }

    #[test]
    fn a_key_travels_to_the_providers_hosts_and_to_this_computer_alone() {
        for good in [PRODUCTION, DEVELOPMENT, "http://127.0.0.1:8000", "http://localhost"] {
            assert!(usable_base(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.evitalrx.in",
            "https://api.evitalrx.in.example",
            "https://user@api.evitalrx.in",
            "https://api.evitalrx.in/other",
            "https://api.evitalrx.in:444",
            "http://127.0.0.1/x",
            "file:///tmp",
            "",
        ] {
            assert!(usable_base(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_is_told_by_its_code_and_not_by_http() {
        let refused = |body: &str| api().read(body.as_bytes(), "P==").unwrap_err();
        let not_found = refused(r#"{"status_code":"0","status_message":"No record found","data":null}"#);
        assert_eq!(not_found.code(), Code::ProviderNotFound);
        let other = Problem::from(refused(r#"{"status_code":"0","status_message":"bad\nkey-1","data":null}"#));
        assert_eq!((other.code, other.detail.as_deref()), (Code::ProviderRejected, Some("bad •••")));
        for odd in ["", "[]", "{}", r#"{"status_code":"1"}"#, r#"{"status_code":"1","data":{"order_id":"Q=="}}"#] {
            assert!(matches!(refused(odd).code(), Code::ProviderUnexpected | Code::ProviderRejected), "{odd}");
        }
    }

    #[test]
    fn lanes_are_read_whatever_the_types_are() {
        let body = r#"{"status_code":1,"data":{"order_id":"P==","split_orders":[
            {"order_id":"C==","order_status":"Shipped","chemist_id":7},{"order_id":12,"order_status":"new word"},{}]}}"#;
        let told = api().read(body.as_bytes(), "P==").unwrap();
        assert_eq!(told.len(), 3);
        assert_eq!(told[0].ids, ["C==".into()]);
        assert!(told[0].stages.contains(&Stage::WithRider));
        assert_eq!(
            (told[1].ids[0].as_str(), told[1].word.as_deref(), told[1].stages.len()),
            ("12", Some("new word"), 0)
        );
        assert!(told[2].ids.is_empty());
    }
}

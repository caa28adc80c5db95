//! The relay as the desk sees it: a client of `offizin_wire` over HTTP. No rules of its own; what it
//! refuses becomes a [`RelayError`].
//!
//! Redirects are never followed: a device token travels to its relay and nowhere else.

use std::time::Duration;

use jiff::Timestamp;
use offizin_wire::{
    DeviceToken, InletId, PairingCode, Recipient, Refusal, RefusalCode, TokenHash, VERSION, VERSION_HEADER,
    inlet::InletRequest,
    pairing::{DeviceAnswer, DeviceRequest, PairAnswer, PairRequest},
    pull::{self, Ack, PageError, Segment},
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{interrupt, store::NotJson};

/// How long the answer of a long poll may take beyond the poll itself.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The relay did not answer as it was asked to. No variant holds an address: a pairing code is redeemed at one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    /// No connection, or it broke off.
    #[error("the relay cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It is up but cannot serve right now, or a proxy says so in its place.
    #[error("the relay cannot serve now")]
    Unavailable,
    /// It does not know this device any more.
    #[error("the relay does not know this device")]
    DeviceRefused,
    /// The keyring no longer has what this device is known by.
    #[error("the {0} of this device is not in the keyring")]
    CredentialLost(&'static str),
    /// The pairing code was used, or it expired.
    #[error("the relay does not take the pairing code")]
    CodeRefused,
    /// It speaks an older or newer wire.
    #[error("the relay speaks another version")]
    Version,
    /// What was named is not there. Only an inlet or a device can be, and who asks knows which it was.
    #[error("the relay does not have what was named")]
    NotFound,
    /// Something else refuses, with this HTTP status.
    #[error("an answer with HTTP {0}")]
    Status(u16),
    /// The answer broke off.
    #[error("the relay's answer was cut off")]
    CutOff(#[source] reqwest::Error),
    /// The answer is not the JSON of a relay.
    #[error("an answer that is not a relay's")]
    NotAnswer(#[source] NotJson),
    /// The answer to a pull is something else.
    #[error("not a page of segments")]
    NotAPage,
    /// More than a page can be.
    #[error("the page is too large")]
    PageTooLarge,
    /// A page that is damaged.
    #[error(transparent)]
    Page(#[from] PageError),
    /// Nothing can be asked below this address.
    #[error("the relay's address cannot be used")]
    Address,
}

impl RelayError {
    pub(crate) fn unreachable(error: reqwest::Error) -> Self {
        RelayError::Unreachable(error.without_url())
    }
}

/// One page of the inbox.
#[derive(Debug)]
pub(crate) struct PageAnswer {
    pub(crate) segments: Vec<Segment>,
    /// The highest sequence the relay holds.
    pub(crate) head: u64,
    /// The relay's clock when it read the log.
    pub(crate) clock: Option<Timestamp>,
}

/// A paired relay.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
    http: Client,
    url: Url,
    token: DeviceToken,
}

/// Redeems a pairing code. Repeating it with the same key and token is harmless.
pub(crate) async fn pair(
    http: &Client,
    code: &PairingCode,
    device_name: &str,
    recipient: Recipient,
    token_hash: TokenHash,
) -> Result<PairAnswer, RelayError> {
    let request = PairRequest {
        code: code.expose_secret().to_owned(),
        device_name: device_name.to_owned(),
        recipient,
        token_hash,
    };
    let request = http.post(endpoint(&code.relay, &["v1", "pair"])?).json(&request);
    let answer = send(request.header(VERSION_HEADER, VERSION)).await?;
    json(answer).await
}

impl Relay {
    pub(crate) fn new(http: Client, url: Url, token: DeviceToken) -> Self {
        Self { http, url, token }
    }

    /// Creates an inlet, or says again that it exists.
    pub(crate) async fn create_inlet(&self, id: &InletId, token_hash: TokenHash) -> Result<(), RelayError> {
        let request = self.request(Method::PUT, &["v1", "inlets", id.as_str()])?.json(&InletRequest { token_hash });
        send(request).await.map(drop)
    }

    /// Retires an inlet; retiring twice, or what the relay never knew, is fine.
    pub(crate) async fn retire_inlet(&self, id: &InletId) -> Result<(), RelayError> {
        match send(self.request(Method::DELETE, &["v1", "inlets", id.as_str()])?).await {
            Err(RelayError::NotFound) => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// The segments after a cursor; waits up to `wait` for something to arrive.
    pub(crate) async fn page(&self, after: u64, wait: Duration) -> Result<PageAnswer, RelayError> {
        let wait = wait.as_secs().min(pull::MAX_WAIT_SECONDS);
        let request = self
            .request(Method::GET, &["v1", "segments"])?
            .query(&[("after", after), ("wait", wait)])
            .timeout(TIMEOUT + Duration::from_secs(wait));
        let mut answer = send(request).await?;
        let number = |name: &str| answer.headers().get(name)?.to_str().ok()?.parse::<i64>().ok();
        let is_page =
            answer.headers().get("content-type").is_some_and(|v| v.as_bytes() == pull::PAGE_CONTENT_TYPE.as_bytes());
        let head = number(pull::HEAD_HEADER).and_then(|head| u64::try_from(head).ok());
        let clock = number(pull::CLOCK_HEADER).and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let (true, Some(head)) = (is_page, head) else {
            return Err(RelayError::NotAPage);
        };
        let mut page = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(RelayError::unreachable)? {
            if page.len() + chunk.len() > pull::MAX_PAGE_BYTES {
                return Err(RelayError::PageTooLarge);
            }
            page.extend_from_slice(&chunk);
        }
        let segments = pull::read_page(&page, after).map_err(RelayError::from)?;
        Ok(PageAnswer { segments, head, clock })
    }

    /// Tells the relay what is on this disk.
    pub(crate) async fn ack(&self, cursor: u64) -> Result<(), RelayError> {
        send(self.request(Method::POST, &["v1", "ack"])?.json(&Ack { cursor })).await.map(drop)
    }

    /// The devices of our inbox.
    pub(crate) async fn devices(&self) -> Result<Vec<DeviceAnswer>, RelayError> {
        let answer = send(self.request(Method::GET, &["v1", "devices"])?).await?;
        json(answer).await
    }

    /// Gives a device another name.
    pub(crate) async fn rename(&self, device: &str, name: &str) -> Result<(), RelayError> {
        let request = DeviceRequest { name: name.to_owned() };
        send(self.request(Method::PATCH, &["v1", "devices", device])?.json(&request)).await.map(drop)
    }

    /// Makes the relay forget a device.
    pub(crate) async fn leave(&self, device: &str) -> Result<(), RelayError> {
        send(self.request(Method::DELETE, &["v1", "devices", device])?).await.map(drop)
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, RelayError> {
        Ok(self
            .http
            .request(method, endpoint(&self.url, path)?)
            .bearer_auth(self.token.expose())
            .header(VERSION_HEADER, VERSION))
    }
}

fn endpoint(base: &Url, path: &[&str]) -> Result<Url, RelayError> {
    let mut url = base.clone();
    url.path_segments_mut().map_err(|()| RelayError::Address)?.pop_if_empty().extend(path);
    Ok(url)
}

async fn json<T: DeserializeOwned>(answer: Response) -> Result<T, RelayError> {
    let bytes = answer.bytes().await.map_err(|error| RelayError::CutOff(error.without_url()))?;
    serde_json::from_slice(&bytes).map_err(|error| RelayError::NotAnswer(error.into()))
}

async fn send(request: RequestBuilder) -> Result<Response, RelayError> {
    interrupt::point("relay, asked").await;
    let answered = request.send().await;
    interrupt::point("relay, answered").await;
    let answer = answered.map_err(RelayError::unreachable)?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    let refusal: Option<Refusal> = answer.json().await.ok();
    Err(match (refusal.map(|refusal| refusal.code), status) {
        (Some(RefusalCode::DeviceUnknown), _) => RelayError::DeviceRefused,
        (Some(RefusalCode::PairingCodeUnknown), _) => RelayError::CodeRefused,
        (Some(RefusalCode::VersionUnsupported), _) => RelayError::Version,
        (Some(RefusalCode::Unavailable | RefusalCode::TooFast), _) => RelayError::Unavailable,
        // Of all that is asked for by name, only an inlet can be missing, or a device; who asks for that says so.
        (Some(RefusalCode::NotFound), _) => RelayError::NotFound,
        // A proxy in front of a relay that is down speaks for itself.
        (None, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) => {
            RelayError::Unavailable
        }
        _ => RelayError::Status(status.as_u16()),
    })
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// What becomes of one answer of a relay, or of what stands in its place.
    async fn answered(status: &str, body: &str) -> Result<Response, RelayError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let serve = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = socket.read(&mut [0; 4096]).await.unwrap();
            socket.write_all(answer.as_bytes()).await.unwrap();
            socket
        };
        let client = Client::builder().no_proxy().build().unwrap();
        let (_socket, answer) = tokio::join!(serve, send(client.get(url)));
        answer
    }

    fn refusal(code: &str) -> String {
        serde_json::json!({ "code": code, "detail": "no" }).to_string()
    }

    fn path(base: &str, path: &[&str]) -> String {
        endpoint(&base.parse().unwrap(), path).unwrap().to_string()
    }

    #[test]
    fn a_relay_below_a_path_is_asked_below_that_path() {
        for base in ["https://relay.example.test/offizin", "https://relay.example.test/offizin/"] {
            assert_eq!(path(base, &["v1", "pair"]), "https://relay.example.test/offizin/v1/pair");
        }
        assert_eq!(path("https://relay.example.test", &["v1", "ack"]), "https://relay.example.test/v1/ack");
    }

    #[test]
    fn what_is_named_cannot_lead_to_another_address() {
        assert_eq!(
            path("http://r.test", &["v1", "devices", "a/../../x?y#z"]),
            "http://r.test/v1/devices/a%2F..%2F..%2Fx%3Fy%23z"
        );
    }

    #[test]
    fn an_address_below_which_nothing_can_be_asked_is_said_to_be_one() {
        assert!(matches!(endpoint(&"mailto:relay@example.test".parse().unwrap(), &["v1"]), Err(RelayError::Address)));
    }

    #[tokio::test]
    async fn a_success_is_answered_as_it_is() {
        assert_eq!(answered("204 No Content", "").await.unwrap().status(), StatusCode::NO_CONTENT);
    }

    #[tokio::test]
    async fn a_refusal_is_known_by_its_code_and_not_by_its_status() {
        let status = "418 I'm a teapot";
        assert!(matches!(answered(status, &refusal("device_unknown")).await, Err(RelayError::DeviceRefused)));
        assert!(matches!(answered(status, &refusal("pairing_code_unknown")).await, Err(RelayError::CodeRefused)));
        assert!(matches!(answered(status, &refusal("version_unsupported")).await, Err(RelayError::Version)));
        assert!(matches!(answered(status, &refusal("unavailable")).await, Err(RelayError::Unavailable)));
        assert!(matches!(answered(status, &refusal("too_fast")).await, Err(RelayError::Unavailable)));
        assert!(matches!(answered(status, &refusal("not_found")).await, Err(RelayError::NotFound)));
    }

    #[tokio::test]
    async fn a_proxy_that_speaks_for_a_relay_that_is_down_is_waited_for() {
        for status in ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"] {
            assert!(matches!(answered(status, "<html>down</html>").await, Err(RelayError::Unavailable)), "{status}");
        }
    }

    #[tokio::test]
    async fn a_refusal_of_something_else_is_told_by_its_status() {
        for body in ["<html>who are you?</html>", "", &refusal("a_code_of_next_year")] {
            assert!(matches!(answered("403 Forbidden", body).await, Err(RelayError::Status(403))), "{body}");
        }
    }

    #[tokio::test]
    async fn a_missing_page_of_something_else_is_no_missing_inlet() {
        let missing = answered("404 Not Found", "<html>nothing here</html>").await;
        assert!(matches!(missing, Err(RelayError::Status(404))), "a wrong address must not retire an inlet");
    }

    #[tokio::test]
    async fn an_answer_that_is_not_a_relays_is_told_without_quoting_it() {
        let answer = answered("200 OK", "{\"Kanarienvogel\":1}").await.unwrap();
        let error = json::<Vec<DeviceAnswer>>(answer).await.unwrap_err();
        assert!(matches!(error, RelayError::NotAnswer(_)) && !format!("{error:?}").contains("Kanarienvogel"));
    }
}

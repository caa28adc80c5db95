//! The relay as the desk sees it: a client of `offizin_wire` over HTTP. No rules of its own; errors become codes here.
//!
//! Redirects are never followed: a device token travels to its relay and nowhere else.

use std::time::Duration;

use jiff::Timestamp;
use offizin_wire::{
    DeviceToken, InletId, PairingCode, Recipient, Refusal, RefusalCode, TokenHash, VERSION, VERSION_HEADER,
    inlet::InletRequest,
    pairing::{DeviceAnswer, DeviceRequest, PairAnswer, PairRequest},
    pull::{self, Ack, Segment},
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use url::Url;

use crate::{error::Error, interrupt, problem::Code};

/// How long the answer of a long poll may take beyond the poll itself.
const TIMEOUT: Duration = Duration::from_secs(20);

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
) -> Result<PairAnswer, Error> {
    let request = PairRequest {
        code: code.expose_secret().to_owned(),
        device_name: device_name.to_owned(),
        recipient,
        token_hash,
    };
    let request = http.post(endpoint(&code.relay, &["v1", "pair"])?).json(&request);
    let answer = send(request.header(VERSION_HEADER, VERSION)).await?;
    answer.json().await.map_err(|error| Error::http(Code::RelayUnexpected, error))
}

impl Relay {
    pub(crate) fn new(http: Client, url: Url, token: DeviceToken) -> Self {
        Self { http, url, token }
    }

    /// Creates an inlet, or says again that it exists.
    pub(crate) async fn create_inlet(&self, id: &InletId, token_hash: TokenHash) -> Result<(), Error> {
        let request = self.request(Method::PUT, &["v1", "inlets", id.as_str()])?.json(&InletRequest { token_hash });
        send(request).await.map(drop)
    }

    /// Retires an inlet; retiring twice, or what the relay never knew, is fine.
    pub(crate) async fn retire_inlet(&self, id: &InletId) -> Result<(), Error> {
        match send(self.request(Method::DELETE, &["v1", "inlets", id.as_str()])?).await {
            Err(Error::Plain(Code::InletUnknown)) => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// The segments after a cursor; waits up to `wait` for something to arrive.
    pub(crate) async fn page(&self, after: u64, wait: Duration) -> Result<PageAnswer, Error> {
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
            return Err(Error::Told(Code::RelayUnexpected, "not a page of segments".into()));
        };
        let mut page = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| Error::http(Code::RelayUnreachable, error))? {
            if page.len() + chunk.len() > pull::MAX_PAGE_BYTES {
                return Err(Error::Told(Code::RelayUnexpected, "the page is too large".into()));
            }
            page.extend_from_slice(&chunk);
        }
        let segments =
            pull::read_page(&page, after).map_err(|error| Error::Told(Code::RelayUnexpected, error.to_string()))?;
        Ok(PageAnswer { segments, head, clock })
    }

    /// Tells the relay what is on this disk.
    pub(crate) async fn ack(&self, cursor: u64) -> Result<(), Error> {
        send(self.request(Method::POST, &["v1", "ack"])?.json(&Ack { cursor })).await.map(drop)
    }

    /// The devices of our inbox.
    pub(crate) async fn devices(&self) -> Result<Vec<DeviceAnswer>, Error> {
        let answer = send(self.request(Method::GET, &["v1", "devices"])?).await?;
        answer.json().await.map_err(|error| Error::http(Code::RelayUnexpected, error))
    }

    /// Gives a device another name.
    pub(crate) async fn rename(&self, device: &str, name: &str) -> Result<(), Error> {
        let request = DeviceRequest { name: name.to_owned() };
        send(self.request(Method::PATCH, &["v1", "devices", device])?.json(&request)).await.map(drop)
    }

    /// Makes the relay forget a device.
    pub(crate) async fn leave(&self, device: &str) -> Result<(), Error> {
        send(self.request(Method::DELETE, &["v1", "devices", device])?).await.map(drop)
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Error> {
        Ok(self
            .http
            .request(method, endpoint(&self.url, path)?)
            .bearer_auth(self.token.expose())
            .header(VERSION_HEADER, VERSION))
    }
}

fn endpoint(base: &Url, path: &[&str]) -> Result<Url, Error> {
    let mut url = base.clone();
    url.path_segments_mut().map_err(|()| Error::Plain(Code::RelayUnexpected))?.pop_if_empty().extend(path);
    Ok(url)
}

async fn send(request: RequestBuilder) -> Result<Response, Error> {
    interrupt::point("relay, asked").await;
    let answered = request.send().await;
    interrupt::point("relay, answered").await;
    let answer = answered.map_err(|error| Error::http(Code::RelayUnreachable, error))?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    let refusal: Option<Refusal> = answer.json().await.ok();
    Err(match (refusal.map(|refusal| refusal.code), status) {
        (Some(RefusalCode::DeviceUnknown), _) => Error::Plain(Code::RelayRefused),
        (Some(RefusalCode::PairingCodeUnknown), _) => Error::Plain(Code::PairingCodeRefused),
        (Some(RefusalCode::VersionUnsupported), _) => Error::Plain(Code::RelayVersion),
        (Some(RefusalCode::Unavailable | RefusalCode::TooFast), _) => Error::Plain(Code::RelayUnavailable),
        // Of all that is asked for by name, only an inlet can be missing, or a device; who asks for that says so.
        (Some(RefusalCode::NotFound), _) => Error::Plain(Code::InletUnknown),
        // A proxy in front of a relay that is down speaks for itself.
        (None, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) => {
            Error::Plain(Code::RelayUnavailable)
        }
        _ => Error::Told(Code::RelayUnexpected, format!("HTTP {}", status.as_u16())),
    })
}

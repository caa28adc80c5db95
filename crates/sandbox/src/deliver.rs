//! Delivery: signed POSTs with a timeout of five seconds, retried with exponential backoff. Section 6 of the provider's
//! documentation.
//!
//! It has its own code for signing and does not use the code that verifies: a test that used the same code on both
//! sides would not notice a mistake in it. Deliveries of one subscription are sent in order and one at a time, unless
//! configured otherwise. The next delivery does not wait for the retries of a failed one.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::stream;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::StreamBody;
use hyper::body::Frame;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::ledger::{Attempt, Ledger, Outcome};

/// When a delivery is tried again. The documents say "exponential backoff" and no more; these are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How long a receiver may take to answer. Documented: 5 s.
    pub answer_within: Duration,
    /// The pause before the second attempt; it doubles with every further one.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// Attempts in all.
    pub attempts: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(5),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            attempts: 12,
        }
    }
}

impl Retry {
    /// The pause after attempt number `attempt` (from 1).
    fn pause(&self, attempt: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.first_pause.saturating_mul(factor).min(self.longest_pause)
    }
}

/// Lower-case hexadecimal HMAC-SHA256 of `body` under the bytes of the whole `secret`.
pub(crate) fn sign(secret: &SecretString, body: &[u8]) -> String {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return String::new() };
    mac.update(body);
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// One delivery, ready to leave.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// Its id in the ledger.
    pub(crate) id: u64,
    pub(crate) target: Url,
    /// `X-Webhook-Event`; a push has none.
    pub(crate) event_type: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// Leaves only after this time, and lets others pass.
    pub(crate) delay: Duration,
    /// The time its body takes.
    pub(crate) slow: Duration,
}

/// Carries parcels and writes into the ledger what became of them.
#[derive(Debug)]
pub(crate) struct Post {
    client: reqwest::Client,
    retry: Retry,
    parallel: usize,
    ledger: Arc<Ledger>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Post {
    pub(crate) fn new(retry: Retry, parallel: usize, ledger: Arc<Ledger>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("offizin-sandbox")
            .build()?;
        Ok(Self {
            client,
            retry,
            parallel: parallel.max(1),
            ledger,
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        })
    }

    /// Opens the lane of a subscription.
    pub(crate) fn lane(self: &Arc<Self>) -> Lane {
        let (sender, mut parcels) = mpsc::unbounded_channel::<Parcel>();
        let ended = self.closing.child_token();
        let lane = Lane { sender, ended: ended.clone(), held: None };
        let post = Arc::clone(self);
        let permits = Arc::new(Semaphore::new(self.parallel));
        self.tasks.spawn(async move {
            while let Some(Some(parcel)) = ended.run_until_cancelled(parcels.recv()).await {
                let permit =
                    if parcel.delay.is_zero() { Arc::clone(&permits).acquire_owned().await.ok() } else { None };
                let (post, ended) = (Arc::clone(&post), ended.clone());
                post.tasks.clone().spawn(async move { post.carry(parcel, permit, ended).await });
            }
            parcels.close();
            while let Some(parcel) = parcels.recv().await {
                post.ledger.settle(parcel.id, Outcome::Abandoned);
            }
        });
        lane
    }

    /// Abandons everything under way and waits for its end.
    pub(crate) async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn carry(&self, parcel: Parcel, permit: Option<OwnedSemaphorePermit>, ended: CancellationToken) {
        let outcome = ended.run_until_cancelled(self.attempts(&parcel, permit)).await;
        self.ledger.settle(parcel.id, outcome.unwrap_or(Outcome::Abandoned));
    }

    async fn attempts(&self, parcel: &Parcel, permit: Option<OwnedSemaphorePermit>) -> Outcome {
        tokio::time::sleep(parcel.delay).await;
        let mut first_turn = permit;
        for number in 1..=self.retry.attempts {
            let attempt = self.attempt(parcel).await;
            self.ledger.attempted(parcel.id, attempt);
            if matches!(attempt, Attempt::Answered(200..=299)) {
                return Outcome::Delivered;
            }
            tracing::info!(delivery = parcel.id, number, ?attempt, "not accepted");
            // Whoever failed steps aside; the next of the lane does not wait for the retries.
            first_turn.take();
            if number < self.retry.attempts {
                tokio::time::sleep(self.retry.pause(number)).await;
            }
        }
        Outcome::GaveUp
    }

    async fn attempt(&self, parcel: &Parcel) -> Attempt {
        let mut request = self.client.post(parcel.target.clone()).header("Content-Type", parcel.content_type);
        if let Some(event_type) = &parcel.event_type {
            request = request.header("X-Webhook-Event", event_type);
        }
        if let Some(signature) = &parcel.signature {
            request = request.header("X-Webhook-Signature", signature);
        }
        let request = request.body(if parcel.slow.is_zero() {
            reqwest::Body::from(parcel.body.clone())
        } else {
            trickle(parcel.body.clone(), parcel.slow)
        });
        match tokio::time::timeout(self.retry.answer_within, request.send()).await {
            Ok(Ok(response)) => Attempt::Answered(response.status().as_u16()),
            Ok(Err(_)) => Attempt::Unreachable,
            Err(_) => Attempt::Timeout,
        }
    }
}

/// `body` in eight pieces with pauses that make up `whole` together.
fn trickle(body: Bytes, whole: Duration) -> reqwest::Body {
    const PIECES: u32 = 8;
    let size = body.len().div_ceil(PIECES as usize).max(1);
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(whole / PIECES).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, std::convert::Infallible>(Frame::data(piece)), rest))
    });
    reqwest::Body::wrap(StreamBody::new(pieces))
}

/// The way of one subscription's parcels. Dropping it lets what is on its way finish.
#[derive(Debug)]
pub(crate) struct Lane {
    sender: mpsc::UnboundedSender<Parcel>,
    ended: CancellationToken,
    held: Option<Parcel>,
}

impl Lane {
    /// Sends `parcel`, then whatever had been held back for it.
    pub(crate) fn send(&mut self, parcel: Parcel) {
        // The receiving task ends only with the sandbox.
        let _ = self.sender.send(parcel);
        self.release();
    }

    /// Keeps `parcel` until the next one has been sent.
    pub(crate) fn hold(&mut self, parcel: Parcel) {
        self.release();
        self.held = Some(parcel);
    }

    pub(crate) fn release(&mut self) {
        if let Some(parcel) = self.held.take() {
            let _ = self.sender.send(parcel);
        }
    }

    /// Abandons everything that is still under way.
    pub(crate) fn end(&self) {
        self.ended.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha256_over_the_whole_secret() {
        // RFC 4231, test case 2.
        let signature = sign(&SecretString::from("Jefe"), b"what do ya want for nothing?");
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let with_prefix = sign(&SecretString::from("whsec_Jefe"), b"what do ya want for nothing?");
        assert_ne!(signature, with_prefix, "the prefix belongs to the key");
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let retry = Retry::default();
        let pauses: Vec<u64> = (1..=9).map(|attempt| retry.pause(attempt).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(retry.pause(200), Duration::from_secs(60));
    }
}

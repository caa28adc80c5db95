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

/// When a delivery is tried again. The documents say "exponential backoff" and no more, so these numbers are our choice.
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
    // HMAC accepts keys of every length, so the error cannot occur.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return String::new() };
    mac.update(body);
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// One delivery, ready to be sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// Its id in the ledger.
    pub(crate) id: u64,
    pub(crate) target: Url,
    /// `X-Webhook-Event`; a push has none.
    pub(crate) event_type: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// It is sent only after this time; deliveries behind it do not wait.
    pub(crate) delay: Duration,
    /// Over which time the body is spread.
    pub(crate) slow: Duration,
}

/// Sends deliveries and writes their results into the ledger.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    client: reqwest::Client,
    retry: Retry,
    parallel: usize,
    ledger: Arc<Ledger>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Dispatcher {
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

    /// Opens the queue of a subscription. It has a task of its own, so a slow receiver delays its own deliveries only.
    pub(crate) fn queue(self: &Arc<Self>) -> Queue {
        let (sender, mut queued) = mpsc::unbounded_channel::<Outgoing>();
        let ended = self.closing.child_token();
        let queue = Queue { sender, ended: ended.clone(), held: None };
        let dispatcher = Arc::clone(self);
        let permits = Arc::new(Semaphore::new(self.parallel));
        self.tasks.spawn(async move {
            while let Some(Some(outgoing)) = ended.run_until_cancelled(queued.recv()).await {
                let permit =
                    if outgoing.delay.is_zero() { Arc::clone(&permits).acquire_owned().await.ok() } else { None };
                let (dispatcher, ended) = (Arc::clone(&dispatcher), ended.clone());
                dispatcher.tasks.clone().spawn(async move { dispatcher.deliver(outgoing, permit, ended).await });
            }
            queued.close();
            while let Some(outgoing) = queued.recv().await {
                dispatcher.ledger.settle(outgoing.id, Outcome::Abandoned);
            }
        });
        queue
    }

    /// Gives up everything that is in progress and waits for it to end.
    pub(crate) async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn deliver(&self, outgoing: Outgoing, permit: Option<OwnedSemaphorePermit>, ended: CancellationToken) {
        let outcome = ended.run_until_cancelled(self.attempts(&outgoing, permit)).await;
        self.ledger.settle(outgoing.id, outcome.unwrap_or(Outcome::Abandoned));
    }

    async fn attempts(&self, outgoing: &Outgoing, permit: Option<OwnedSemaphorePermit>) -> Outcome {
        tokio::time::sleep(outgoing.delay).await;
        let mut first_turn = permit;
        for number in 1..=self.retry.attempts {
            let attempt = self.attempt(outgoing).await;
            self.ledger.attempted(outgoing.id, attempt);
            if matches!(attempt, Attempt::Answered(200..=299)) {
                return Outcome::Delivered;
            }
            tracing::info!(delivery = outgoing.id, number, ?attempt, "not accepted");
            // Giving the permit back lets the next delivery of the queue start now and not after all retries of this one.
            first_turn.take();
            if number < self.retry.attempts {
                tokio::time::sleep(self.retry.pause(number)).await;
            }
        }
        Outcome::GaveUp
    }

    async fn attempt(&self, outgoing: &Outgoing) -> Attempt {
        let mut request = self.client.post(outgoing.target.clone()).header("Content-Type", outgoing.content_type);
        if let Some(event_type) = &outgoing.event_type {
            request = request.header("X-Webhook-Event", event_type);
        }
        if let Some(signature) = &outgoing.signature {
            request = request.header("X-Webhook-Signature", signature);
        }
        let request = request.body(if outgoing.slow.is_zero() {
            reqwest::Body::from(outgoing.body.clone())
        } else {
            trickle(outgoing.body.clone(), outgoing.slow)
        });
        match tokio::time::timeout(self.retry.answer_within, request.send()).await {
            Ok(Ok(response)) => Attempt::Answered(response.status().as_u16()),
            Ok(Err(_)) => Attempt::Unreachable,
            Err(_) => Attempt::Timeout,
        }
    }
}

/// `body` in eight pieces, with pauses that add up to `whole`.
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

/// The deliveries of one subscription. Dropping it lets those that were already sent finish.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: mpsc::UnboundedSender<Outgoing>,
    ended: CancellationToken,
    held: Option<Outgoing>,
}

impl Queue {
    /// Sends a delivery, then the one that was held back until this one is sent.
    pub(crate) fn send(&mut self, outgoing: Outgoing) {
        // The receiving task ends only together with the sandbox; then nobody waits for this delivery any more.
        let _ = self.sender.send(outgoing);
        self.release();
    }

    /// Holds a delivery back until the next one has been sent.
    pub(crate) fn hold(&mut self, outgoing: Outgoing) {
        self.release();
        self.held = Some(outgoing);
    }

    pub(crate) fn release(&mut self) {
        if let Some(outgoing) = self.held.take() {
            let _ = self.sender.send(outgoing);
        }
    }

    /// Gives up everything that is still in progress.
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

//! How what is told reaches the relay: through the sandbox to whoever subscribed, by a push that signs nothing, or crooked, as
//! nobody should send it. Each delivery is received at its own moment, because relay and desk read the hand of this clock.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;
use offizin_sandbox::Sandbox;
use offizin_wire::SigningSecret;
use secrecy::ExposeSecret;

/// The time of a recording: it stands still until somebody moves it.
#[derive(Clone)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    /// Stands at this moment.
    pub(crate) fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.as_millisecond())))
    }

    /// Moves it to this moment, in milliseconds.
    pub(crate) fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::SeqCst);
    }

    fn read(&self) -> impl Fn() -> Timestamp + Send + Sync + 'static {
        let ms = Arc::clone(&self.0);
        move || Timestamp::from_millisecond(ms.load(Ordering::SeqCst)).unwrap()
    }

    /// As the desk reads it.
    pub(crate) fn desk(&self) -> offizin_desk::Clock {
        Arc::new(self.read())
    }

    /// As the relay reads it.
    pub(crate) fn relay(&self) -> offizin_relay::Clock {
        offizin_relay::Clock::new(self.read())
    }
}

/// How a delivery comes.
#[derive(Clone)]
pub(crate) enum Way {
    /// Signed, to the subscription of this type, under its name.
    Told(&'static str),
    /// Signed, to the subscription of changed orders, under another name.
    Named(&'static str),
    /// Pushed to the address made for it, unsigned.
    Pushed,
    /// To the subscription of changed orders, with somebody else's signature.
    Forged,
    /// To the subscription of changed orders, without a signature and without a name.
    Bare,
    /// Signed, under this name, to an address whose secret nobody entered.
    Keyless(&'static str),
}

/// One delivery.
pub(crate) struct Delivery {
    /// When the relay receives it, in milliseconds.
    pub(crate) received: i64,
    pub(crate) way: Way,
    pub(crate) body: Vec<u8>,
}

/// Delivers.
pub(crate) struct Post<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) hand: &'a Hand,
    /// The address pushes go to.
    pub(crate) pushes: &'a str,
    /// An address without a secret.
    pub(crate) keyless: &'a str,
}

impl Post<'_> {
    /// Delivers everything in the order in which it is received.
    pub(crate) async fn deliver(&self, mut deliveries: Vec<Delivery>) {
        // Stable: what is received at the same moment stays in the order in which it was told.
        deliveries.sort_by_key(|delivery| delivery.received);
        // No two in the same millisecond: the desk would list such two by their ids, which are drawn anew in each recording.
        let mut free = i64::MIN;
        for delivery in &mut deliveries {
            delivery.received = delivery.received.max(free);
            free = delivery.received + 1;
        }
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let orders = self
            .sandbox
            .subscriptions()
            .into_iter()
            .find(|one| one.notification_type == "pharmacy_order_updated")
            .expect("somebody subscribed to changed orders");
        let secret = self.sandbox.secret(&orders.uid).unwrap().expose_secret().to_owned();
        let secret = SigningSecret::new(secret).unwrap();
        for delivery in deliveries {
            self.hand.set(delivery.received);
            let body = delivery.body;
            let (address, signature, name) = match delivery.way {
                Way::Told(name) => {
                    assert_eq!(self.sandbox.send(name, body), 1, "nobody subscribed to {name}");
                    self.sandbox.settled().await;
                    continue;
                }
                Way::Named(name) => (orders.target.as_str(), Some(secret.sign(&body)), Some(name)),
                Way::Pushed => (self.pushes, None, None),
                Way::Forged => {
                    (orders.target.as_str(), Some("0123456789abcdef".repeat(4)), Some("pharmacy_order_updated"))
                }
                Way::Bare => (orders.target.as_str(), None, None),
                Way::Keyless(name) => (self.keyless, Some("fedcba9876543210".repeat(4)), Some(name)),
            };
            let mut request = http.post(address).header("Content-Type", "application/json").body(body);
            for (header, value) in [("X-Webhook-Signature", signature.as_deref()), ("X-Webhook-Event", name)] {
                if let Some(value) = value {
                    request = request.header(header, value);
                }
            }
            assert!(request.send().await.unwrap().status().is_success());
        }
    }
}

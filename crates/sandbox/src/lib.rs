//! An imitation of RxScale as its documents describe it, on loopback, with faults on request.
//!
//! Everything is used through [`Sandbox`]. It serves the two APIs at which subscriptions are made, simulates orders,
//! and delivers their events to the subscriptions. Where the documents leave a point open, one of the [`Switches`]
//! decides; what should go wrong is one of the [`Faults`]. [`evitalrx`] imitates the other provider, which has no API
//! for subscriptions and only sends to one address. Both come before step 1 of the journey and know neither relay nor
//! desk.

mod api;
mod asked;
mod config;
mod control;
mod deliver;
mod event;
pub mod evitalrx;
mod faults;
mod fixtures;
mod keys;
mod ledger;
mod limits;
mod management;
mod pace;
mod pharmacy;
mod prescription;
mod provider;
mod refusal;
mod rng;
mod script;
mod server;
mod simulation;
mod subscriptions;
mod switches;

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use crate::{
    config::{Config, Pace, StartError},
    deliver::Retry,
    event::{Event, EventType, Level},
    faults::{AnswerFault, AnswerRule, Call, Fault, Faults, HUGE, Malformation, NotOdds, Odds},
    keys::{ApiKey, DEMO_KEY, MANAGEMENT_PERMISSIONS, PHARMACY_PERMISSIONS, Reach, presets},
    ledger::{Attempt, LedgerEntry, Outcome},
    limits::RateLimit,
    provider::Seen,
    simulation::Simulation,
    subscriptions::SubscriptionView,
    switches::{DeleteBy, PharmacyBase, RefusedFields, Slash, Success, Switches, TestEvent, UnknownUid, Unrouted},
};
use crate::{provider::Provider, subscriptions::NewSubscription};

/// A running sandbox. Dropping it ends it without waiting; [`Sandbox::shutdown`] waits.
#[derive(Debug)]
pub struct Sandbox {
    provider: Arc<Provider>,
    base_url: Url,
    closing: CancellationToken,
    server: JoinHandle<()>,
    story: JoinHandle<()>,
}

impl Sandbox {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// As [`Sandbox::serve_on`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::serve_on(TcpListener::bind(("127.0.0.1", 0)).await?, config)
    }

    /// Starts on `listener`, which has to be on loopback. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// If the listener is not on loopback, or the pace does not fit the number of orders.
    pub fn serve_on(listener: TcpListener, config: Config) -> Result<Self, StartError> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback(address));
        }
        match config.pace {
            Pace::AtOnce { .. } if config.orders == 0 => return Err(StartError::Endless),
            Pace::Rate(rate) if !(rate.is_finite() && rate > 0.0) => return Err(StartError::Rate(rate)),
            _ => {}
        }
        let base_url = Url::parse(&format!("http://{address}")).map_err(std::io::Error::other)?;
        let quiet = config.quiet;
        let provider = Arc::new(Provider::new(config)?);
        let closing = CancellationToken::new();
        let server = tokio::spawn(server::run(listener, Arc::clone(&provider), closing.clone()));
        let told = closing.child_token().run_until_cancelled_owned(pace::run(Arc::clone(&provider), quiet));
        let story = tokio::spawn(async move {
            let _ = told.await;
        });
        Ok(Self { provider, base_url, closing, server, story })
    }

    /// `http://127.0.0.1:PORT/`: what stands for `https://api.rxscale.com/`.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    pub fn switches(&self) -> Switches {
        self.provider.state().switches.clone()
    }

    /// Sets every switch; they hold from the next call and the next event on.
    pub fn set_switches(&self, switches: Switches) {
        self.provider.state().switches = switches;
    }

    /// The faults as they stand, with their counts run down.
    pub fn faults(&self) -> Faults {
        self.provider.state().faults.clone()
    }

    /// Sets every fault; they hold from the next call and the next event on.
    pub fn set_faults(&self, faults: Faults) {
        self.provider.state().faults = faults;
    }

    /// Makes the next `events` events now, whatever the pace. Returns fewer if there are no more.
    pub fn emit(&self, events: usize) -> Vec<Event> {
        let emitted = (0..events).map_while(|_| self.provider.emit(Timestamp::now()));
        let emitted = emitted.map(|(event, _)| event).collect();
        self.provider.release();
        emitted
    }

    /// Makes all remaining events. If the number of orders has no limit, it makes none.
    pub fn emit_all(&self) -> Vec<Event> {
        if self.provider.config.orders == 0 { Vec::new() } else { self.emit(usize::MAX) }
    }

    /// Delivers `body` as it is, correctly signed, to every subscription of `event_type`; returns to how many.
    pub fn send(&self, event_type: &str, body: impl Into<Bytes>) -> usize {
        self.provider.send(event_type, None, &body.into())
    }

    /// Delivers `body` as it is to the subscription `uid` only; false if there is none.
    pub fn send_to(&self, uid: &str, event_type: &str, body: impl Into<Bytes>) -> bool {
        self.provider.send(event_type, Some(uid), &body.into()) > 0
    }

    /// Everything it tried to deliver, in the order of emission.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.provider.ledger.entries()
    }

    /// Returns when no delivery is waiting any more: each was accepted, dropped or given up.
    pub async fn settled(&self) {
        self.provider.release();
        self.provider.ledger.settled().await;
    }

    /// The subscriptions of both APIs.
    pub fn subscriptions(&self) -> Vec<SubscriptionView> {
        self.provider.state().subscriptions.iter().map(|subscription| subscription.view()).collect()
    }

    /// The secret of the subscription `uid`.
    pub fn secret(&self, uid: &str) -> Option<SecretString> {
        let state = self.provider.state();
        state.subscriptions.iter().find(|subscription| subscription.uid == uid).map(|own| own.secret.clone())
    }

    /// Makes a subscription as a colleague would in the portal. Returns its uid; `None` if the provider would refuse it.
    pub fn subscribe_elsewhere(&self, notification_type: &str, target: &Url) -> Option<String> {
        let body = serde_json::json!({ "notification_type": notification_type, "target": target.as_str() });
        let wanted = NewSubscription::read(&body, Level::Management, &self.switches()).ok()?;
        self.provider.register(wanted, Level::Management, None, Timestamp::now()).ok().map(|(uid, _)| uid)
    }

    /// Lets the subscription `uid` disappear; false if there is none.
    pub fn vanish(&self, uid: &str) -> bool {
        self.provider.delete(|subscription| subscription.uid == uid) > 0
    }

    /// The requests at the two APIs, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.provider.state().requests.iter().cloned().collect()
    }

    /// How many DELETEs named no subscription and were taken to mean all of them. A good client keeps this at 0.
    pub fn swept(&self) -> u64 {
        self.provider.state().swept
    }

    /// Returns when the story has been told to its end. A story told by hand has no such moment and returns at once.
    pub async fn told(&mut self) {
        // An error here means that it was cancelled, which is an end too.
        let _ = (&mut self.story).await;
    }

    /// Stops listening, abandons what is under way, and returns when everything has ended.
    pub async fn shutdown(mut self) {
        self.closing.cancel();
        self.provider.release();
        self.provider.dispatcher.close().await;
        let _ = (&mut self.server).await;
        if !self.story.is_finished() {
            let _ = (&mut self.story).await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.closing.cancel();
        self.server.abort();
    }
}

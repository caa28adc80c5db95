//! The provider: its subscriptions, its sequence of events, and how an event becomes deliveries.
//!
//! Everything whose order matters is behind one lock. Whoever holds the lock decides what is sent; the sending itself
//! is done later, without the lock. It knows nothing of HTTP: [`crate::api`] calls it for requests, [`crate::pace`] for
//! the next event.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use data_encoding::BASE64;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;
use url::Url;

use crate::{
    config::{Config, Pace},
    deliver::{Dispatcher, Outgoing, Queue, sign},
    event::{Event, EventType, Happening, Level, PharmacyOrder, StockLevel},
    faults::{Fault, Faults},
    keys::ApiKey,
    ledger::{Ledger, LedgerEntry, Outcome},
    limits::Meter,
    rng::Rng,
    simulation::Simulation,
    subscriptions::{self, NewSubscription, Subscription},
    switches::{Switches, TestEvent},
};

/// How many pharmacy orders the read endpoints remember.
const ORDERS_SHOWN: usize = 2_000;

/// How many requests are remembered.
const REQUESTS_SHOWN: usize = 10_000;

/// A request as it arrived at the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    /// The name of the key, never the key; none if it was missing or wrong.
    pub key: Option<String>,
    /// What was answered; none if nothing was.
    pub status: Option<u16>,
}

#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) config: Config,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    /// How many registrations there have been.
    pub(crate) registrations: watch::Sender<u64>,
    state: Mutex<ProviderState>,
}

#[derive(Debug)]
pub(crate) struct ProviderState {
    pub(crate) switches: Switches,
    pub(crate) faults: Faults,
    pub(crate) keys: Vec<ApiKey>,
    pub(crate) meter: Meter,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) requests: VecDeque<Seen>,
    /// How many DELETEs named no subscription and deleted all of them.
    pub(crate) swept: u64,
    pub(crate) emitted: u64,
    /// For faults only. The events have a sequence of their own, so that a fault does not change them.
    pub(crate) rng: Rng,
    simulation: Option<Simulation>,
    orders: BTreeMap<String, PharmacyOrder>,
    orders_by_age: VecDeque<String>,
    pubsub: Option<(Url, Queue)>,
}

impl Provider {
    pub(crate) fn new(mut config: Config) -> Result<Self, reqwest::Error> {
        let ledger = Arc::new(Ledger::new(config.remember));
        let dispatcher = Arc::new(Dispatcher::new(config.retry, config.parallel, Arc::clone(&ledger))?);
        let state = ProviderState {
            switches: config.switches.clone(),
            faults: config.faults.clone(),
            keys: std::mem::take(&mut config.keys),
            meter: Meter::default(),
            subscriptions: Vec::new(),
            requests: VecDeque::new(),
            swept: 0,
            emitted: 0,
            rng: Rng::new(config.seed ^ 0x00fa_0175),
            simulation: None,
            orders: BTreeMap::new(),
            orders_by_age: VecDeque::new(),
            pubsub: None,
        };
        Ok(Self { config, ledger, dispatcher, registrations: watch::Sender::new(0), state: Mutex::new(state) })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, ProviderState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the sequence of events at `now`, unless a starting time was configured or it has started already.
    pub(crate) fn begin(&self, now: Timestamp) {
        let mut state = self.state();
        if state.emitted == 0 {
            state.simulation = Some(self.simulation(now));
        }
    }

    fn simulation(&self, now: Timestamp) -> Simulation {
        let Config { seed, orders, .. } = self.config;
        let step = self.config.pace.step();
        let from = |starts_at| Simulation::new(seed, orders, starts_at, step);
        match (self.config.starts_at, self.config.pace) {
            (Some(starts_at), _) => from(starts_at),
            (None, Pace::AtOnce { .. }) if orders > 0 => {
                // All events are sent at once, so the earlier ones must lie in the past for the last one to happen now.
                let events = u32::try_from(from(now).count()).unwrap_or(u32::MAX);
                from(now.checked_sub(step.saturating_mul(events)).unwrap_or(now))
            }
            (None, _) => from(now),
        }
    }

    /// Makes the next event and queues its deliveries; true beside it if the next one falls into the same second. `None` when
    /// there are no more events.
    pub(crate) fn emit(&self, now: Timestamp) -> Option<(Event, bool)> {
        let mut guard = self.state();
        let state = &mut *guard;
        let simulation = state.simulation.get_or_insert_with(|| self.simulation(now));
        let event = simulation.next()?;
        let continues = simulation.continues_at_once();
        state.emitted += 1;
        state.remember(&event);

        let mut receiving: Vec<&mut Subscription> =
            state.subscriptions.iter_mut().filter(|subscription| subscription.receives(&event)).collect();
        let event_type = event.event_type.as_str();
        for subscription in &mut receiving {
            let body = event.body(subscription.level);
            self.deliver(subscription, Some(event.number), event_type, &body, &mut state.faults, &mut state.rng);
        }
        if event.event_type == EventType::DoctorChanged
            && let Some(target) = state.switches.pubsub_push.clone()
        {
            state.open_pubsub(&target, &self.dispatcher);
            if let Some((_, queue)) = &mut state.pubsub {
                let body = pushed(&event);
                let entry = entry(Some(event.number), "", "pubsub", &target, body, None, Vec::new());
                self.hand_over(queue, entry, None, "application/json", &state.faults);
            }
        }
        Some((event, continues))
    }

    /// Delivers `body` as `event_type` to one subscription, with the faults that are drawn for it.
    fn deliver(
        &self,
        subscription: &mut Subscription,
        number: Option<u64>,
        event_type: &str,
        body: &Bytes,
        faults: &mut Faults,
        rng: &mut Rng,
    ) {
        let struck = faults.on_the_way(rng);
        let again = faults.duplicate.strike(rng) && !struck.contains(&Fault::Drop);
        let mut copies = vec![(body.clone(), struck)];
        if again {
            copies.push((body.clone(), vec![Fault::Duplicate]));
        }
        let malformed = faults.malformations(rng);
        copies.extend(malformed.into_iter().map(|kind| (kind.of(body), vec![Fault::Malformed(kind)])));
        for (body, struck) in copies {
            let signature = if struck.contains(&Fault::MissingSignature) {
                None
            } else if struck.contains(&Fault::WrongSignature) {
                Some(sign(&SecretString::from("whsec_of-somebody-else"), &body))
            } else {
                Some(sign(&subscription.secret, &body))
            };
            let entry = entry(number, event_type, &subscription.uid, &subscription.target, body, signature, struck);
            self.hand_over(&mut subscription.queue, entry, Some(event_type), "application/json", faults);
        }
    }

    fn hand_over(
        &self,
        queue: &mut Queue,
        entry: LedgerEntry,
        header: Option<&str>,
        content_type: &'static str,
        faults: &Faults,
    ) {
        let has = |fault| entry.faults.contains(&fault);
        let time = |fault, ms| if has(fault) { Duration::from_millis(ms) } else { Duration::ZERO };
        let (dropped, held) = (has(Fault::Drop), has(Fault::Reorder));
        let mut outgoing = Outgoing {
            id: 0,
            target: entry.target.clone(),
            event_type: header.map(str::to_owned),
            signature: entry.signature.clone(),
            content_type,
            body: entry.body.clone(),
            delay: time(Fault::Delay, faults.delay_ms),
            slow: time(Fault::Slow, faults.slow_ms),
        };
        outgoing.id = self.ledger.enter(entry);
        match (dropped, held) {
            (true, _) => {}
            (false, true) => queue.hold(outgoing),
            (false, false) => queue.send(outgoing),
        }
    }

    /// Sends `body` as it is to every subscription of `event_type`, or only to `uid`, signed, without faults.
    pub(crate) fn send(&self, event_type: &str, uid: Option<&str>, body: &Bytes) -> usize {
        let mut guard = self.state();
        let state = &mut *guard;
        let mut sent = 0;
        for subscription in &mut state.subscriptions {
            if uid.map_or(subscription.notification_type == event_type, |uid| subscription.uid == uid) {
                let signature = Some(sign(&subscription.secret, body));
                let entry = entry(
                    None,
                    event_type,
                    &subscription.uid,
                    &subscription.target,
                    body.clone(),
                    signature,
                    Vec::new(),
                );
                self.hand_over(
                    &mut subscription.queue,
                    entry,
                    Some(event_type),
                    "application/json",
                    &Faults::default(),
                );
                sent += 1;
            }
        }
        sent
    }

    /// Sends everything that was held back so that a later delivery could overtake it.
    pub(crate) fn release(&self) {
        for subscription in &mut self.state().subscriptions {
            subscription.queue.release();
        }
    }

    /// Makes the subscription, and sends the test event if the switches say so.
    ///
    /// # Errors
    /// If the operating system has no randomness for the secret.
    pub(crate) fn register(
        &self,
        wanted: NewSubscription,
        level: Level,
        pharmacies: Option<Vec<String>>,
        now: Timestamp,
    ) -> Result<(String, SecretString), getrandom::Error> {
        let (uid, secret) = subscriptions::fresh(level)?;
        let mut state = self.state();
        let mut subscription = Subscription {
            uid: uid.clone(),
            notification_type: wanted.notification_type,
            target: wanted.target,
            level,
            pharmacies,
            payload_version: wanted.payload_version,
            secret: secret.clone(),
            queue: self.dispatcher.queue(),
        };
        if state.switches.test_after_registration {
            self.send_test(&mut subscription, state.switches.test_event, now);
        }
        state.subscriptions.push(subscription);
        drop(state);
        self.registrations.send_modify(|count| *count += 1);
        Ok((uid, secret))
    }

    /// Sends a test event to `uid`; false if there is no such subscription of the organisation.
    pub(crate) fn test(&self, uid: &str, now: Timestamp) -> bool {
        let mut guard = self.state();
        let state = &mut *guard;
        let shape = state.switches.test_event;
        let mut found = state.subscriptions.iter_mut();
        match found.find(|subscription| subscription.uid == uid && subscription.level == Level::Management) {
            Some(subscription) => {
                self.send_test(subscription, shape, now);
                true
            }
            None => false,
        }
    }

    fn send_test(&self, subscription: &mut Subscription, shape: TestEvent, now: Timestamp) {
        let event_type =
            if shape == TestEvent::OwnType { subscription.notification_type.clone() } else { "test".to_owned() };
        let (body, content_type) = match shape {
            TestEvent::Empty => (Bytes::from_static(b"{}"), "application/json"),
            TestEvent::Text => (Bytes::from_static(b"test"), "text/plain"),
            TestEvent::Typed | TestEvent::OwnType | TestEvent::Unsigned => {
                let body = json!({
                    "event_type": event_type, "timestamp": now.as_second(), "payload_version": "1", "data": {}
                });
                (Bytes::from(body.to_string()), "application/json")
            }
        };
        let signature = (shape != TestEvent::Unsigned).then(|| sign(&subscription.secret, &body));
        let entry = entry(None, &event_type, &subscription.uid, &subscription.target, body, signature, Vec::new());
        self.hand_over(&mut subscription.queue, entry, Some(&event_type), content_type, &Faults::default());
    }

    /// Deletes the subscriptions that `matches` picks and returns how many there were.
    pub(crate) fn delete(&self, matches: impl Fn(&Subscription) -> bool) -> usize {
        let mut guard = self.state();
        let state = &mut *guard;
        let before = state.subscriptions.len();
        let outlive = state.switches.retries_outlive_deletion;
        for subscription in state.subscriptions.iter_mut().filter(|subscription| matches(subscription)) {
            subscription.queue.release();
            if !outlive {
                subscription.queue.end();
            }
        }
        state.subscriptions.retain(|subscription| !matches(subscription));
        before - state.subscriptions.len()
    }
}

impl ProviderState {
    pub(crate) fn saw(&mut self, seen: Seen) {
        if self.requests.len() >= REQUESTS_SHOWN {
            self.requests.pop_front();
        }
        self.requests.push_back(seen);
    }

    /// The pharmacy orders of `pharmacy`, newest first.
    pub(crate) fn orders_of<'a>(&'a self, pharmacy: &'a str) -> impl Iterator<Item = &'a PharmacyOrder> {
        let by_age = self.orders_by_age.iter().rev().filter_map(|uid| self.orders.get(uid));
        by_age.filter(move |order| order.pharmacy.uid == pharmacy)
    }

    /// The stock levels of `pharmacy`; none before the first event.
    pub(crate) fn stock_of<'a>(&'a self, pharmacy: &'a str) -> impl Iterator<Item = &'a StockLevel> {
        let levels = self.simulation.iter().flat_map(Simulation::stock);
        levels.filter(move |level| level.pharmacy_uid == pharmacy)
    }

    fn remember(&mut self, event: &Event) {
        let Happening::Order(order) = &event.happening else { return };
        if self.orders.insert(order.uid.clone(), (**order).clone()).is_none() {
            self.orders_by_age.push_back(order.uid.clone());
        }
        if self.orders_by_age.len() > ORDERS_SHOWN
            && let Some(oldest) = self.orders_by_age.pop_front()
        {
            self.orders.remove(&oldest);
        }
    }

    fn open_pubsub(&mut self, target: &Url, dispatcher: &Arc<Dispatcher>) {
        if self.pubsub.as_ref().is_none_or(|(open, _)| open != target) {
            self.pubsub = Some((target.clone(), dispatcher.queue()));
        }
    }
}

fn entry(
    event: Option<u64>,
    event_type: &str,
    subscription: &str,
    target: &Url,
    body: Bytes,
    signature: Option<String>,
    faults: Vec<Fault>,
) -> LedgerEntry {
    let outcome = if faults.contains(&Fault::Drop) { Outcome::Dropped } else { Outcome::Waiting };
    LedgerEntry {
        id: 0,
        event,
        event_type: event_type.to_owned(),
        subscription: subscription.to_owned(),
        target: target.clone(),
        body,
        signature,
        faults,
        attempts: Vec::new(),
        outcome,
    }
}

/// `event` in the wrapper of a push subscription of Google's Pub/Sub, which the documents suggest and do not name.
fn pushed(event: &Event) -> Bytes {
    let body = json!({
        "message": {
            "data": BASE64.encode(&event.body(Level::Management)),
            "attributes": {},
            "messageId": format!("{}", 9_000_000_000_u64 + event.number),
            "publishTime": event.at.to_string(),
        },
        "subscription": "projects/sandbox/subscriptions/prescription-notifications",
    });
    Bytes::from(body.to_string())
}

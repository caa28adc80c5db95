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
    Config, Pace,
    chance::Chance,
    deliver::{Lane, Parcel, Post, sign},
    event::{Event, EventType, Happening, Level, PharmacyOrder, StockLevel},
    faults::{Fault, Faults},
    keys::ApiKey,
    ledger::{Ledger, LedgerEntry, Outcome},
    limits::Meter,
    lives::Lives,
    subscriptions::{self, Subscription, Wish},
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
    pub(crate) post: Arc<Post>,
    /// How many registrations there have been.
    pub(crate) registrations: watch::Sender<u64>,
    stage: Mutex<Stage>,
}

#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) switches: Switches,
    pub(crate) faults: Faults,
    pub(crate) keys: Vec<ApiKey>,
    pub(crate) meter: Meter,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) requests: VecDeque<Seen>,
    /// How many DELETEs named no subscription and were taken to mean all of them.
    pub(crate) swept: u64,
    pub(crate) emitted: u64,
    /// Draws for faults only.
    pub(crate) chance: Chance,
    lives: Option<Lives>,
    orders: BTreeMap<String, PharmacyOrder>,
    orders_by_age: VecDeque<String>,
    pubsub: Option<(Url, Lane)>,
}

impl Provider {
    pub(crate) fn new(mut config: Config) -> Result<Self, reqwest::Error> {
        let ledger = Arc::new(Ledger::new(config.remember));
        let post = Arc::new(Post::new(config.retry, config.parallel, Arc::clone(&ledger))?);
        let stage = Stage {
            switches: config.switches.clone(),
            faults: config.faults.clone(),
            keys: std::mem::take(&mut config.keys),
            meter: Meter::default(),
            subscriptions: Vec::new(),
            requests: VecDeque::new(),
            swept: 0,
            emitted: 0,
            chance: Chance::new(config.seed ^ 0x00fa_0175),
            lives: None,
            orders: BTreeMap::new(),
            orders_by_age: VecDeque::new(),
            pubsub: None,
        };
        Ok(Self { config, ledger, post, registrations: watch::Sender::new(0), stage: Mutex::new(stage) })
    }

    pub(crate) fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the story at `now` unless a beginning was given or it has begun already.
    pub(crate) fn begin(&self, now: Timestamp) {
        let mut stage = self.stage();
        if stage.emitted == 0 {
            stage.lives = Some(self.story(now));
        }
    }

    fn story(&self, now: Timestamp) -> Lives {
        let Config { seed, orders, .. } = self.config;
        let step = self.config.pace.step();
        let tell = |starts_at| Lives::new(seed, orders, starts_at, step);
        match (self.config.starts_at, self.config.pace) {
            (Some(starts_at), _) => tell(starts_at),
            (None, Pace::AtOnce { .. }) if orders > 0 => {
                // Everything at once is told as the past: the last event is the one that happens now.
                let events = u32::try_from(tell(now).count()).unwrap_or(u32::MAX);
                tell(now.checked_sub(step.saturating_mul(events)).unwrap_or(now))
            }
            (None, _) => tell(now),
        }
    }

    /// Lets the next thing happen and hands its deliveries over. `None` when the story has ended.
    pub(crate) fn emit(&self, now: Timestamp) -> Option<(Event, bool)> {
        let mut guard = self.stage();
        let stage = &mut *guard;
        let lives = stage.lives.get_or_insert_with(|| self.story(now));
        let event = lives.next()?;
        let continues = lives.continues_at_once();
        stage.emitted += 1;
        stage.remember(&event);

        let mut hearing: Vec<&mut Subscription> =
            stage.subscriptions.iter_mut().filter(|subscription| subscription.hears(&event)).collect();
        let event_type = event.event_type.as_str();
        for subscription in &mut hearing {
            let body = event.body(subscription.level);
            self.deliver(subscription, Some(event.number), event_type, &body, &mut stage.faults, &mut stage.chance);
        }
        if event.event_type == EventType::DoctorChanged
            && let Some(target) = stage.switches.pubsub_push.clone()
        {
            stage.open_pubsub(&target, &self.post);
            if let Some((_, lane)) = &mut stage.pubsub {
                let body = pushed(&event);
                let entry = entry(Some(event.number), "", "pubsub", &target, body, None, Vec::new());
                self.hand_over(lane, entry, None, "application/json", &stage.faults);
            }
        }
        Some((event, continues))
    }

    /// Delivers `body` as `event_type` to one subscription, with the faults that strike.
    fn deliver(
        &self,
        subscription: &mut Subscription,
        number: Option<u64>,
        event_type: &str,
        body: &Bytes,
        faults: &mut Faults,
        chance: &mut Chance,
    ) {
        let struck = faults.on_the_way(chance);
        let again = faults.duplicate.strike(chance) && !struck.contains(&Fault::Drop);
        let mut copies = vec![(body.clone(), struck)];
        if again {
            copies.push((body.clone(), vec![Fault::Duplicate]));
        }
        let malformed = faults.malformations(chance);
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
            self.hand_over(&mut subscription.lane, entry, Some(event_type), "application/json", faults);
        }
    }

    fn hand_over(
        &self,
        lane: &mut Lane,
        entry: LedgerEntry,
        header: Option<&str>,
        content_type: &'static str,
        faults: &Faults,
    ) {
        let has = |fault| entry.faults.contains(&fault);
        let time = |fault, ms| if has(fault) { Duration::from_millis(ms) } else { Duration::ZERO };
        let (dropped, held) = (has(Fault::Drop), has(Fault::Reorder));
        let mut parcel = Parcel {
            id: 0,
            target: entry.target.clone(),
            event_type: header.map(str::to_owned),
            signature: entry.signature.clone(),
            content_type,
            body: entry.body.clone(),
            delay: time(Fault::Delay, faults.delay_ms),
            slow: time(Fault::Slow, faults.slow_ms),
        };
        parcel.id = self.ledger.enter(entry);
        match (dropped, held) {
            (true, _) => {}
            (false, true) => lane.hold(parcel),
            (false, false) => lane.send(parcel),
        }
    }

    /// Sends `body` as it is to every subscription of `event_type`, or only to `uid`, signed, without faults.
    pub(crate) fn send(&self, event_type: &str, uid: Option<&str>, body: &Bytes) -> usize {
        let mut guard = self.stage();
        let stage = &mut *guard;
        let mut sent = 0;
        for subscription in &mut stage.subscriptions {
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
                self.hand_over(&mut subscription.lane, entry, Some(event_type), "application/json", &Faults::default());
                sent += 1;
            }
        }
        sent
    }

    /// Sends everything that was held back to be overtaken.
    pub(crate) fn release(&self) {
        for subscription in &mut self.stage().subscriptions {
            subscription.lane.release();
        }
    }

    /// Makes the subscription that `wish` asks for; the test event follows if the switches say so.
    ///
    /// # Errors
    /// If the operating system has no randomness for the secret.
    pub(crate) fn register(
        &self,
        wish: Wish,
        level: Level,
        pharmacies: Option<Vec<String>>,
        now: Timestamp,
    ) -> Result<(String, SecretString), getrandom::Error> {
        let (uid, secret) = subscriptions::fresh(level)?;
        let mut stage = self.stage();
        let mut subscription = Subscription {
            uid: uid.clone(),
            notification_type: wish.notification_type,
            target: wish.target,
            level,
            pharmacies,
            payload_version: wish.payload_version,
            secret: secret.clone(),
            lane: self.post.lane(),
        };
        if stage.switches.test_after_registration {
            self.post_test(&mut subscription, stage.switches.test_event, now);
        }
        stage.subscriptions.push(subscription);
        drop(stage);
        self.registrations.send_modify(|count| *count += 1);
        Ok((uid, secret))
    }

    /// Sends a test event to `uid`; false if there is no such subscription of the organisation.
    pub(crate) fn test(&self, uid: &str, now: Timestamp) -> bool {
        let mut guard = self.stage();
        let stage = &mut *guard;
        let shape = stage.switches.test_event;
        let mut found = stage.subscriptions.iter_mut();
        match found.find(|subscription| subscription.uid == uid && subscription.level == Level::Management) {
            Some(subscription) => {
                self.post_test(subscription, shape, now);
                true
            }
            None => false,
        }
    }

    fn post_test(&self, subscription: &mut Subscription, shape: TestEvent, now: Timestamp) {
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
        self.hand_over(&mut subscription.lane, entry, Some(&event_type), content_type, &Faults::default());
    }

    /// Deletes the subscriptions that `doomed` picks and tells how many there were.
    pub(crate) fn delete(&self, doomed: impl Fn(&Subscription) -> bool) -> usize {
        let mut guard = self.stage();
        let stage = &mut *guard;
        let before = stage.subscriptions.len();
        let outlive = stage.switches.retries_outlive_deletion;
        for subscription in stage.subscriptions.iter_mut().filter(|subscription| doomed(subscription)) {
            subscription.lane.release();
            if !outlive {
                subscription.lane.end();
            }
        }
        stage.subscriptions.retain(|subscription| !doomed(subscription));
        before - stage.subscriptions.len()
    }
}

impl Stage {
    pub(crate) fn saw(&mut self, seen: Seen) {
        if self.requests.len() >= REQUESTS_SHOWN {
            self.requests.pop_front();
        }
        self.requests.push_back(seen);
    }

    /// The pharmacy orders of `pharmacy`, the newest first.
    pub(crate) fn orders_of<'a>(&'a self, pharmacy: &'a str) -> impl Iterator<Item = &'a PharmacyOrder> {
        let by_age = self.orders_by_age.iter().rev().filter_map(|uid| self.orders.get(uid));
        by_age.filter(move |order| order.pharmacy.uid == pharmacy)
    }

    /// The stock levels of `pharmacy`; none before the story has begun.
    pub(crate) fn stock_of<'a>(&'a self, pharmacy: &'a str) -> impl Iterator<Item = &'a StockLevel> {
        let levels = self.lives.iter().flat_map(Lives::stock);
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

    fn open_pubsub(&mut self, target: &Url, post: &Arc<Post>) {
        if self.pubsub.as_ref().is_none_or(|(open, _)| open != target) {
            self.pubsub = Some((target.clone(), post.lane()));
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

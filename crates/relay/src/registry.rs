//! What a serving relay knows without asking the disk: inboxes, paired devices, inlets.
//!
//! Loaded when serving starts and kept in step with the log by every change made through this relay. So an unknown
//! path or token costs no disk access. It owns the order of pairing and sealing: a segment is sealed under a shared
//! hold of its inbox's recipients until it is committed, and pairing takes the same hold alone; therefore the cursor a
//! new device is told is exact. It deliberately knows no HTTP.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use jiff::Timestamp;
use offizin_wire::{
    InletId, Recipient, TokenHash,
    inlet::InletAnswer,
    pairing::{DeviceAnswer, PairAnswer},
};
use tokio::sync::{OwnedRwLockReadGuard, RwLock as Gate, watch};

use crate::{
    config::Limits,
    limits::Bucket,
    log::{Candidate, DeviceId, DeviceRecord, InboxId, InboxRecord, InletPlace, Log, LogError},
};

const NEVER: i64 = i64::MIN;

/// To whom the segments of an inbox are sealed. Held by the sealer until its segments are committed.
pub(crate) type Recipients = OwnedRwLockReadGuard<Vec<(DeviceId, Recipient)>>;

/// An inbox of this relay.
#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) id: InboxId,
    pub(crate) name: String,
    head: watch::Sender<u64>,
    recipients: Arc<Gate<Vec<(DeviceId, Recipient)>>>,
    paired: AtomicUsize,
}

impl Inbox {
    fn new(record: &InboxRecord) -> Self {
        Self {
            id: record.id.clone(),
            name: record.name.clone(),
            head: watch::Sender::new(record.head),
            recipients: Arc::default(),
            paired: AtomicUsize::new(0),
        }
    }

    /// True if somebody could read what is sealed for it.
    pub(crate) fn has_device(&self) -> bool {
        self.devices() > 0
    }

    /// How many devices are paired.
    pub(crate) fn devices(&self) -> usize {
        self.paired.load(Ordering::Acquire)
    }

    /// The hold under which segments are sealed and committed.
    pub(crate) async fn recipients(&self) -> Recipients {
        self.recipients.clone().read_owned().await
    }

    /// The highest sequence that is durable.
    pub(crate) fn head(&self) -> u64 {
        *self.head.borrow()
    }

    /// Tells whoever waits that the log of this inbox has grown.
    pub(crate) fn grown(&self, to: u64) {
        self.head.send_if_modified(|head| {
            let grew = to > *head;
            *head = to.max(*head);
            grew
        });
    }

    /// A view of the head to wait on.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }
}

/// A paired device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) inbox: Arc<Inbox>,
    name: String,
    paired_at: Timestamp,
    acked: AtomicU64,
    last_seen_at: AtomicI64,
    noted: AtomicBool,
}

impl Device {
    fn new(record: &DeviceRecord, inbox: Arc<Inbox>) -> Self {
        Self {
            id: record.id.clone(),
            inbox,
            name: record.name.clone(),
            paired_at: record.paired_at,
            acked: AtomicU64::new(record.acked),
            last_seen_at: AtomicI64::new(record.last_seen_at.map_or(NEVER, |at| at.as_millisecond())),
            noted: AtomicBool::new(true),
        }
    }

    /// The highest sequence it acknowledged.
    pub(crate) fn acked(&self) -> u64 {
        self.acked.load(Ordering::Acquire)
    }

    fn seen(&self, now: Timestamp) {
        self.last_seen_at.fetch_max(now.as_millisecond(), Ordering::AcqRel);
        self.noted.store(false, Ordering::Release);
    }

    fn last_seen_at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.last_seen_at.load(Ordering::Acquire)).ok()
    }
}

/// An inlet: an address that was handed to a provider.
#[derive(Debug)]
pub(crate) struct Inlet {
    pub(crate) id: InletId,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) bucket: Bucket,
    retired: AtomicBool,
}

impl Inlet {
    /// True once the desk retired it.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }
}

#[derive(Debug, Default)]
struct Maps {
    inboxes: HashMap<InboxId, Arc<Inbox>>,
    devices: HashMap<TokenHash, Arc<Device>>,
    inlets: HashMap<TokenHash, Arc<Inlet>>,
}

/// Inboxes, devices and inlets of a serving relay.
pub(crate) struct Registry {
    log: Arc<dyn Log>,
    rate: (u32, u32),
    maps: RwLock<Maps>,
}

impl Registry {
    /// Reads everything from the log.
    pub(crate) async fn load(log: Arc<dyn Log>, limits: &Limits) -> Result<Arc<Self>, LogError> {
        let records = log.records().await?;
        let registry = Self { log, rate: (limits.inlet_rate, limits.inlet_burst), maps: RwLock::new(Maps::default()) };
        for record in &records.inboxes {
            registry.inbox(record);
        }
        for record in &records.devices {
            let Some(inbox) = registry.known_inbox(&record.inbox) else { continue };
            let mut recipients = inbox.recipients.clone().write_owned().await;
            registry.admit(record, &inbox, &mut recipients);
        }
        for record in records.inlets {
            if let Some(inbox) = registry.known_inbox(&record.inbox) {
                registry.add_inlet(record.token_hash, record.id, inbox, record.retired);
            }
        }
        Ok(Arc::new(registry))
    }

    fn read<T>(&self, look: impl FnOnce(&Maps) -> T) -> T {
        look(&self.maps.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Maps) -> T) -> T {
        change(&mut self.maps.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// The inlet with this token.
    pub(crate) fn inlet(&self, token: &TokenHash) -> Option<Arc<Inlet>> {
        self.read(|maps| maps.inlets.get(token).cloned())
    }

    /// The device with this token, which is thereby seen.
    pub(crate) fn device(&self, token: &TokenHash, now: Timestamp) -> Option<Arc<Device>> {
        let device = self.read(|maps| maps.devices.get(token).cloned())?;
        device.seen(now);
        Some(device)
    }

    /// The devices paired with an inbox, oldest first.
    pub(crate) fn devices(&self, inbox: &InboxId, asking: &DeviceId) -> Vec<DeviceAnswer> {
        let mut devices: Vec<_> =
            self.read(|maps| maps.devices.values().filter(|d| d.inbox.id == *inbox).cloned().collect());
        devices.sort_by(|a, b| (a.paired_at, &a.id).cmp(&(b.paired_at, &b.id)));
        devices
            .into_iter()
            .map(|device| DeviceAnswer {
                id: device.id.as_str().into(),
                name: device.name.clone(),
                paired_at: device.paired_at,
                last_seen_at: device.last_seen_at(),
                acked: device.acked(),
                this: device.id == *asking,
            })
            .collect()
    }

    /// How many segments each paired device has not acknowledged.
    pub(crate) fn lags(&self) -> Vec<(String, u64)> {
        let lag =
            |device: &Arc<Device>| (device.id.as_str().to_owned(), device.inbox.head().saturating_sub(device.acked()));
        let mut lags: Vec<_> = self.read(|maps| maps.devices.values().map(lag).collect());
        lags.sort();
        lags
    }

    /// Pairs a device. `None` if the code cannot be used.
    pub(crate) async fn pair(
        self: Arc<Self>,
        candidate: Candidate,
        now: Timestamp,
    ) -> Result<Option<PairAnswer>, LogError> {
        // Asked before anything is held: a guessed code must not make anybody wait.
        let Some(record) = self.log.code(candidate.code, now).await? else { return Ok(None) };
        uncancelled(async move {
            let inbox = self.inbox(&record);
            let mut recipients = inbox.recipients.clone().write_owned().await;
            let Some(device) = self.log.pair(candidate, now).await? else { return Ok(None) };
            let admitted = self.admit(&device, &inbox, &mut recipients);
            // Paired before, yet not admitted: that answer was an error after all, and nothing was sealed to it since.
            let cursor = if admitted { device.cursor.max(inbox.head()) } else { device.cursor };
            Ok(Some(PairAnswer {
                inbox: inbox.id.as_str().into(),
                inbox_name: inbox.name.clone(),
                device: device.id.as_str().into(),
                cursor,
            }))
        })
        .await
    }

    /// Revokes a device; when this returns, nothing is sealed to it any more. `false` if this inbox has no such device.
    pub(crate) async fn revoke(
        self: Arc<Self>,
        inbox: Arc<Inbox>,
        device: String,
        now: Timestamp,
    ) -> Result<bool, LogError> {
        uncancelled(async move {
            let mut recipients = inbox.recipients.clone().write_owned().await;
            let known = self.log.revoke(&inbox.id, &device, now).await?;
            // Only then: a device of another inbox is none of this one's business.
            if known {
                recipients.retain(|(id, _)| id.as_str() != device);
                inbox.paired.store(recipients.len(), Ordering::Release);
                self.change(|maps| maps.devices.retain(|_, d| d.id.as_str() != device));
            }
            Ok(known)
        })
        .await
    }

    /// Notes durably what a device has on its disk.
    pub(crate) async fn ack(&self, device: &Device, cursor: u64, now: Timestamp) -> Result<Option<u64>, LogError> {
        let acked = self.log.ack(&device.id, cursor, now).await?;
        if let Some(acked) = acked {
            device.acked.fetch_max(acked, Ordering::AcqRel);
        }
        Ok(acked)
    }

    /// Creates an inlet, or finds it.
    pub(crate) async fn put_inlet(
        self: Arc<Self>,
        inbox: Arc<Inbox>,
        id: InletId,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<InletPlace, LogError> {
        uncancelled(async move {
            let place = self.log.put_inlet(&inbox.id, &id, token, now).await?;
            if let InletPlace::Stored(answer) = &place {
                self.add_inlet(token, id, inbox, answer.retired_at.is_some());
            }
            Ok(place)
        })
        .await
    }

    /// All inlets of an inbox, oldest first.
    pub(crate) async fn inlets(&self, inbox: &Inbox) -> Result<Vec<InletAnswer>, LogError> {
        self.log.inlets(&inbox.id).await
    }

    /// Retires an inlet. `false` if this inbox has no such inlet.
    pub(crate) async fn retire(
        self: Arc<Self>,
        inbox: Arc<Inbox>,
        id: InletId,
        now: Timestamp,
    ) -> Result<bool, LogError> {
        uncancelled(async move {
            let Some(token) = self.log.retire(&inbox.id, &id, now).await? else { return Ok(false) };
            if let Some(inlet) = self.inlet(&token) {
                inlet.retired.store(true, Ordering::Release);
            }
            Ok(true)
        })
        .await
    }

    /// Tells whoever waits for this inbox that its log has grown.
    pub(crate) fn grown(&self, inbox: &InboxId, to: u64) {
        if let Some(inbox) = self.known_inbox(inbox) {
            inbox.grown(to);
        }
    }

    /// Forgets an inbox that the log no longer has.
    pub(crate) fn forget(&self, inbox: &InboxId) {
        self.change(|maps| {
            maps.inboxes.remove(inbox);
            maps.devices.retain(|_, device| device.inbox.id != *inbox);
            maps.inlets.retain(|_, inlet| inlet.inbox.id != *inbox);
        });
    }

    /// Writes down when devices were last seen.
    pub(crate) async fn note_seen(&self) -> Result<(), LogError> {
        let seen: Vec<_> = self.read(|maps| {
            let unnoted = maps.devices.values().filter(|device| !device.noted.swap(true, Ordering::AcqRel));
            unnoted.filter_map(|device| Some((device.id.clone(), device.last_seen_at()?))).collect()
        });
        self.log.seen(seen).await
    }

    fn known_inbox(&self, id: &InboxId) -> Option<Arc<Inbox>> {
        self.read(|maps| maps.inboxes.get(id).cloned())
    }

    /// The inbox of this record, met for the first time or not.
    fn inbox(&self, record: &InboxRecord) -> Arc<Inbox> {
        self.change(|maps| {
            maps.inboxes.entry(record.id.clone()).or_insert_with(|| Arc::new(Inbox::new(record))).clone()
        })
    }

    /// Seals to this device from now on. `false` if that was so already.
    fn admit(&self, record: &DeviceRecord, inbox: &Arc<Inbox>, recipients: &mut Vec<(DeviceId, Recipient)>) -> bool {
        if recipients.iter().any(|(id, _)| *id == record.id) {
            return false;
        }
        let device = Arc::new(Device::new(record, inbox.clone()));
        self.change(|maps| maps.devices.insert(record.token_hash, device));
        recipients.push((record.id.clone(), record.recipient.clone()));
        inbox.paired.store(recipients.len(), Ordering::Release);
        true
    }

    fn add_inlet(&self, token: TokenHash, id: InletId, inbox: Arc<Inbox>, retired: bool) {
        let (rate, burst) = self.rate;
        self.change(|maps| match maps.inlets.entry(token) {
            // Never back: the answer at hand may be older than a retirement.
            Entry::Occupied(known) => {
                known.get().retired.fetch_or(retired, Ordering::AcqRel);
            }
            Entry::Vacant(place) => {
                let bucket = Bucket::new(rate, burst, Instant::now());
                place.insert(Arc::new(Inlet { id, inbox, bucket, retired: AtomicBool::new(retired) }));
            }
        });
    }
}

/// Runs a change to its end even if the client that asked for it goes away: memory and disk must not part.
async fn uncancelled<T: Send + 'static>(
    change: impl Future<Output = Result<T, LogError>> + Send + 'static,
) -> Result<T, LogError> {
    tokio::spawn(change).await.unwrap_or_else(|_| Err(LogError::Unavailable("a change was broken off".into())))
}

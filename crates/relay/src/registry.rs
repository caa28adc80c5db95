//! What a serving relay knows without asking the disk: inboxes, paired devices, inlets.
//!
//! Loaded when serving starts and kept in step with the log by every change made through this relay, and by what the log
//! tells of others. So an unknown path or token costs no disk access. It deliberately knows no HTTP.
//!
//! A segment is sealed under a shared hold of its inbox's recipients until it is committed, and pairing takes the same
//! hold alone. Where several relays serve a store that is not enough: so every segment names the version of the devices
//! it is sealed to, and the log refuses an older one. Therefore the cursor a new device is told is exact.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use futures_util::StreamExt;
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
    log::{Candidate, Change, DeviceId, DeviceRecord, InboxId, InboxRecord, InletPlace, Log, LogError, Records},
    metrics::Lag,
};

const NEVER: i64 = i64::MIN;

/// To whom the segments of an inbox are sealed.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    /// [`InboxRecord::version`].
    pub(crate) version: u64,
    pub(crate) devices: Vec<(DeviceId, Recipient)>,
}

/// Held by the sealer until its segments are committed.
pub(crate) type Recipients = OwnedRwLockReadGuard<Audience>;

/// An inbox of this relay.
#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) id: InboxId,
    pub(crate) name: String,
    head: watch::Sender<u64>,
    recipients: Arc<Gate<Audience>>,
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
    acked: AtomicU64,
    last_seen_at: AtomicI64,
    noted: AtomicBool,
}

impl Device {
    fn new(record: &DeviceRecord, inbox: Arc<Inbox>) -> Self {
        Self {
            id: record.id.clone(),
            inbox,
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
    log: Arc<Log>,
    rate: (u32, u32),
    maps: RwLock<Maps>,
}

impl Registry {
    /// Reads everything from the log.
    pub(crate) async fn load(log: Arc<Log>, limits: &Limits) -> Result<Arc<Self>, LogError> {
        let records = log.records().await?;
        let registry = Self { log, rate: (limits.inlet_rate, limits.inlet_burst), maps: RwLock::new(Maps::default()) };
        for record in &records.inboxes {
            let inbox = registry.inbox(record);
            let mut recipients = inbox.recipients.clone().write_owned().await;
            registry.apply(record, &records, &inbox, &mut recipients);
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

    /// The devices paired with an inbox, oldest first, whichever relay they come to. One not seen since `seen_since` is
    /// said to lag behind.
    pub(crate) async fn devices(
        &self,
        inbox: &InboxId,
        asking: &DeviceId,
        seen_since: Timestamp,
    ) -> Result<Vec<DeviceAnswer>, LogError> {
        let records = self.log.look(inbox).await?;
        let head = records.inboxes.first().map_or(0, |inbox| inbox.head);
        let mut devices = records.devices;
        devices.sort_by(|a, b| (a.paired_at, &a.id).cmp(&(b.paired_at, &b.id)));
        let answer = |record: DeviceRecord| {
            let here = self.read(|maps| maps.devices.get(&record.token_hash).cloned());
            let last_seen_at = record.last_seen_at.max(here.as_ref().and_then(|device| device.last_seen_at()));
            DeviceAnswer {
                this: record.id == *asking,
                id: record.id.as_str().into(),
                name: record.name,
                paired_at: record.paired_at,
                last_seen_at,
                acked: record.acked,
                behind: head.saturating_sub(record.acked),
                away: last_seen_at.unwrap_or(record.paired_at) < seen_since,
            }
        };
        Ok(devices.into_iter().map(answer).collect())
    }

    /// How far each paired device is.
    pub(crate) fn lags(&self) -> Vec<Lag> {
        let lag = |device: &Arc<Device>| Lag {
            device: device.id.as_str().to_owned(),
            segments: device.inbox.head().saturating_sub(device.acked()),
            last_seen: device.last_seen_at().map(Timestamp::as_second),
        };
        let mut lags: Vec<_> = self.read(|maps| maps.devices.values().map(lag).collect());
        lags.sort_by(|a, b| a.device.cmp(&b.device));
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
            // Should this fail, what is sealed without the device is refused by the log until it has succeeded.
            let records = self.log.look(&inbox.id).await?;
            if let Some(record) = records.inboxes.first() {
                self.apply(record, &records, &inbox, &mut recipients);
            }
            Ok(Some(PairAnswer {
                inbox: inbox.id.as_str().into(),
                inbox_name: inbox.name.clone(),
                device: device.id.as_str().into(),
                cursor: device.cursor,
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
                recipients.devices.retain(|(id, _)| id.as_str() != device);
                inbox.paired.store(recipients.devices.len(), Ordering::Release);
                self.change(|maps| maps.devices.retain(|_, d| d.id.as_str() != device));
                let records = self.log.look(&inbox.id).await?;
                if let Some(record) = records.inboxes.first() {
                    self.apply(record, &records, &inbox, &mut recipients);
                }
            }
            Ok(known)
        })
        .await
    }

    /// Gives a device another name. `false` if this inbox has no such device.
    pub(crate) async fn rename(&self, inbox: &Inbox, device: &str, name: &str) -> Result<bool, LogError> {
        self.log.rename(&inbox.id, device, name).await
    }

    /// The inlet with this token, or with one that another relay has made a moment ago.
    pub(crate) async fn inlet_of_anybody(self: &Arc<Self>, token: &TokenHash) -> Result<Option<Arc<Inlet>>, LogError> {
        Ok(if self.ask_owner(token).await? { self.inlet(token) } else { None })
    }

    /// The same for a device.
    pub(crate) async fn device_of_anybody(
        self: &Arc<Self>,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<Arc<Device>>, LogError> {
        Ok(if self.ask_owner(token).await? { self.device(token, now) } else { None })
    }

    async fn ask_owner(self: &Arc<Self>, token: &TokenHash) -> Result<bool, LogError> {
        let Some(inbox) = self.log.owner(*token).await? else { return Ok(false) };
        self.look(&inbox).await?;
        Ok(true)
    }

    /// Reads an inbox anew.
    pub(crate) async fn look(&self, id: &InboxId) -> Result<(), LogError> {
        let records = self.log.look(id).await?;
        let Some(record) = records.inboxes.first() else {
            self.forget(id);
            return Ok(());
        };
        let inbox = self.inbox(record);
        let mut recipients = inbox.recipients.clone().write_owned().await;
        self.apply(record, &records, &inbox, &mut recipients);
        Ok(())
    }

    /// The same, by and by.
    pub(crate) fn look_again(self: Arc<Self>, id: InboxId) {
        tokio::spawn(async move {
            if let Err(error) = self.look(&id).await {
                tracing::warn!(%error, inbox = id.as_str(), "an inbox cannot be read anew");
            }
        });
    }

    /// Keeps in step with what other relays change, until the task is dropped.
    pub(crate) async fn keep_up(self: Arc<Self>) {
        let mut changes = self.log.changes();
        while let Some(change) = changes.next().await {
            match change {
                Change::Grown(inbox, head) => self.grown(&inbox, head),
                Change::Inbox(inbox) => {
                    if let Err(error) = self.look(&inbox).await {
                        tracing::warn!(%error, inbox = inbox.as_str(), "an inbox cannot be read anew");
                    }
                }
                Change::Seen(id, acked, at) => {
                    let device = self.read(|maps| maps.devices.values().find(|device| device.id == id).cloned());
                    if let Some(device) = device {
                        device.acked.fetch_max(acked, Ordering::AcqRel);
                        device.last_seen_at.fetch_max(at.map_or(NEVER, |at| at.as_millisecond()), Ordering::AcqRel);
                    }
                }
            }
        }
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

    /// Knows of an inbox what the log knew when it was asked. What is older than what is known is ignored.
    fn apply(&self, record: &InboxRecord, records: &Records, inbox: &Arc<Inbox>, recipients: &mut Audience) {
        inbox.grown(record.head);
        for inlet in records.inlets.iter().filter(|inlet| inlet.inbox == record.id) {
            self.add_inlet(inlet.token_hash, inlet.id.clone(), inbox.clone(), inlet.retired);
        }
        if record.version < recipients.version {
            return;
        }
        recipients.version = record.version;
        let paired: Vec<_> = records.devices.iter().filter(|device| device.inbox == record.id).collect();
        recipients.devices = paired.iter().map(|device| (device.id.clone(), device.recipient.clone())).collect();
        inbox.paired.store(paired.len(), Ordering::Release);
        self.change(|maps| {
            maps.devices.retain(|_, known| known.inbox.id != record.id || paired.iter().any(|one| one.id == known.id));
            for device in paired {
                let known = maps.devices.entry(device.token_hash);
                let known = known.or_insert_with(|| Arc::new(Device::new(device, inbox.clone())));
                known.acked.fetch_max(device.acked, Ordering::AcqRel);
            }
        });
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

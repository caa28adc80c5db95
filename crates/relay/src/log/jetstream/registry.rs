//! The keys of the bucket: who may pull and which addresses exist.
//!
//! | key | value |
//! | --- | --- |
//! | `inbox.{id}` | name, version, devices, inlets: one value, so that one read shows one moment |
//! | `name.{sha256}` | the inbox of a name |
//! | `token.{sha256}` | the inbox in which a device or an inlet has this token |
//! | `code.{sha256}` | a pairing code: its inbox, its end, who used it |
//! | `seen.{device}` | what a device acknowledged and when it was last seen |
//!
//! What takes several keys is written in an order that can be broken off anywhere and done again.
//!
//! Longer than 500 lines because each of its calls is a compare-and-swap that has to be read beside the others.

use std::sync::PoisonError;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use offizin_wire::{InletId, Recipient, TokenHash, inlet::InletAnswer};
use serde::{Deserialize, Serialize};

use super::{AT_ONCE, JetStream, LogError, damaged, unavailable};
use crate::log::{
    Candidate, DeviceId, DeviceRecord, InboxId, InboxRecord, InboxSummary, InletPlace, InletRecord, Records, on_hold,
};

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct InboxEntry {
    pub(super) name: String,
    pub(super) created_at: Timestamp,
    pub(super) version: u64,
    #[serde(default)]
    pub(super) held: bool,
    pub(super) devices: Vec<DeviceEntry>,
    pub(super) inlets: Vec<InletEntry>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct DeviceEntry {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) recipient: Recipient,
    pub(super) token_hash: TokenHash,
    pub(super) paired_at: Timestamp,
    /// `None` while it is being paired: segments are sealed to it already, but its first one is not settled.
    pub(super) cursor: Option<u64>,
    pub(super) revoked_at: Option<Timestamp>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct InletEntry {
    pub(super) token_hash: TokenHash,
    #[serde(flatten)]
    pub(super) answer: InletAnswer,
}

#[derive(Serialize, Deserialize)]
pub(super) struct TokenEntry {
    pub(super) inbox: String,
    /// For what it was made: a pairing code's hash, or an inlet. Who tries again finds its own.
    pub(super) by: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CodeEntry {
    pub(super) inbox: String,
    pub(super) expires_at: Timestamp,
    pub(super) used_by: Option<DeviceEntry>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct SeenEntry {
    pub(super) acked: u64,
    pub(super) at: Option<Timestamp>,
}

pub(super) fn inbox_key(inbox: &str) -> String {
    format!("inbox.{inbox}")
}

pub(super) fn name_key(name: &str) -> String {
    format!("name.{}", String::from(TokenHash::of(name)))
}

pub(super) fn token_key(token: TokenHash) -> String {
    format!("token.{}", String::from(token))
}

pub(super) fn code_key(code: TokenHash) -> String {
    format!("code.{}", String::from(code))
}

pub(super) fn seen_key(device: &str) -> String {
    format!("seen.{device}")
}

impl JetStream {
    pub(super) async fn inbox_ids(&self) -> Result<Vec<InboxId>, LogError> {
        let keys = self.keys("inbox").await?;
        Ok(keys.iter().filter_map(|key| Some(InboxId::from(key.strip_prefix("inbox.")?.to_owned()))).collect())
    }

    async fn entry(&self, inbox: &str) -> Result<Option<InboxEntry>, LogError> {
        Ok(self.get(&inbox_key(inbox)).await?.map(|(entry, _)| entry))
    }

    async fn named(&self, name: &str) -> Result<InboxId, LogError> {
        let found = self.get::<String>(&name_key(name)).await?;
        found.map(|(id, _)| InboxId::from(id)).ok_or(LogError::NameUnknown)
    }

    async fn record(&self, inbox: &InboxId, device: &DeviceEntry) -> Result<DeviceRecord, LogError> {
        let seen = self.get::<SeenEntry>(&seen_key(&device.id)).await?.map(|(seen, _)| seen);
        let cursor = device.cursor.unwrap_or(0);
        Ok(DeviceRecord {
            id: device.id.clone().into(),
            inbox: inbox.clone(),
            name: device.name.clone(),
            recipient: device.recipient.clone(),
            token_hash: device.token_hash,
            paired_at: device.paired_at,
            last_seen_at: seen.as_ref().map_or(Some(device.paired_at), |seen| seen.at),
            cursor,
            acked: seen.map_or(cursor, |seen| seen.acked.max(cursor)),
        })
    }

    pub(crate) async fn look(&self, inbox: &InboxId) -> Result<Records, LogError> {
        let mut records = Records::default();
        let Some(entry) = self.entry(inbox.as_str()).await? else { return Ok(records) };
        let Some(stand) = self.stand(inbox).await? else { return Ok(records) };
        for device in entry.devices.iter().filter(|device| device.revoked_at.is_none()) {
            records.devices.push(self.record(inbox, device).await?);
        }
        records.inlets = entry
            .inlets
            .into_iter()
            .map(|inlet| InletRecord {
                inbox: inbox.clone(),
                id: inlet.answer.id,
                token_hash: inlet.token_hash,
                retired: inlet.answer.retired_at.is_some(),
            })
            .collect();
        records.inboxes =
            vec![InboxRecord { id: inbox.clone(), name: entry.name, head: stand.head, version: entry.version }];
        Ok(records)
    }

    pub(crate) async fn records(&self) -> Result<Records, LogError> {
        let inboxes = self.inbox_ids().await?;
        stream::iter(inboxes)
            .map(async |inbox| self.look(&inbox).await)
            .buffer_unordered(AT_ONCE)
            .try_fold(Records::default(), async |mut all, one| {
                all.inboxes.extend(one.inboxes);
                all.devices.extend(one.devices);
                all.inlets.extend(one.inlets);
                Ok(all)
            })
            .await
    }

    pub(crate) async fn owner(&self, token: TokenHash) -> Result<Option<InboxId>, LogError> {
        let found = self.get::<TokenEntry>(&token_key(token)).await?;
        Ok(found.map(|(entry, _)| InboxId::from(entry.inbox)))
    }

    /// For retention: what each device that counts acknowledged, and when it was last seen. `None` if the inbox is gone.
    pub(super) async fn counting_devices(&self, inbox: &InboxId) -> Result<Option<Vec<(u64, Timestamp)>>, LogError> {
        let Some(entry) = self.entry(inbox.as_str()).await? else { return Ok(None) };
        let mut devices = Vec::new();
        for device in entry.devices.iter().filter(|device| device.revoked_at.is_none()) {
            // One that is being paired has not acknowledged anything: it holds everything.
            let record = self.record(inbox, device).await?;
            devices.push((record.acked, record.last_seen_at.unwrap_or(device.paired_at)));
        }
        Ok(Some(devices))
    }

    pub(crate) async fn add_inbox(
        &self,
        name: &str,
        code: TokenHash,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<InboxId, LogError> {
        let id = InboxId::random()?;
        if !self.create(&name_key(name), &id.as_str()).await? {
            return Err(LogError::NameTaken);
        }
        self.make_stream(&id).await?;
        let entry = InboxEntry {
            name: name.to_owned(),
            created_at: now,
            version: 0,
            held: false,
            devices: Vec::new(),
            inlets: Vec::new(),
        };
        self.create(&inbox_key(id.as_str()), &entry).await?;
        self.put_code(&id, code, expires_at).await?;
        Ok(id)
    }

    pub(super) async fn put_code(
        &self,
        inbox: &InboxId,
        code: TokenHash,
        expires_at: Timestamp,
    ) -> Result<(), LogError> {
        let entry = CodeEntry { inbox: inbox.as_str().to_owned(), expires_at, used_by: None };
        if self.create(&code_key(code), &entry).await? {
            Ok(())
        } else {
            Err(LogError::Unavailable("the code is taken".into()))
        }
    }

    pub(crate) async fn add_code(
        &self,
        name: &str,
        code: TokenHash,
        expires_at: Timestamp,
    ) -> Result<InboxId, LogError> {
        let inbox = self.named(name).await?;
        self.put_code(&inbox, code, expires_at).await?;
        Ok(inbox)
    }

    pub(crate) async fn inboxes(&self) -> Result<Vec<InboxSummary>, LogError> {
        let mut summaries = Vec::new();
        for inbox in self.inbox_ids().await? {
            let Some(entry) = self.entry(inbox.as_str()).await? else { continue };
            let Some((stand, segments, bytes)) = self.kept(&inbox).await? else { continue };
            summaries.push(InboxSummary {
                inbox: inbox.as_str().to_owned(),
                name: entry.name,
                created_at: entry.created_at,
                head: stand.head,
                devices: entry.devices.iter().filter(|device| device.revoked_at.is_none()).count() as u64,
                inlets: entry.inlets.iter().filter(|inlet| inlet.answer.retired_at.is_none()).count() as u64,
                segments,
                bytes,
            });
        }
        summaries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(summaries)
    }

    /// The name goes last, so that whoever is interrupted can do it again.
    pub(crate) async fn remove_inbox(&self, name: &str) -> Result<InboxId, LogError> {
        let inbox = self.named(name).await?;
        let entry = self.entry(inbox.as_str()).await?;
        self.delete(&inbox_key(inbox.as_str())).await?;
        match self.context.delete_stream(self.stream_name(&inbox)).await {
            Ok(_) => {}
            Err(_) if self.stand(&inbox).await?.is_none() => {}
            Err(error) => return Err(unavailable(error)),
        }
        if let Some(entry) = entry {
            for device in &entry.devices {
                self.delete(&token_key(device.token_hash)).await?;
                self.delete(&seen_key(&device.id)).await?;
            }
            for inlet in &entry.inlets {
                self.delete(&token_key(inlet.token_hash)).await?;
            }
        }
        for key in self.keys("code").await? {
            if self.get::<CodeEntry>(&key).await?.is_some_and(|(code, _)| code.inbox == inbox.as_str()) {
                self.delete(&key).await?;
            }
        }
        self.delete(&name_key(name)).await?;
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(&inbox);
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&inbox);
        Ok(inbox)
    }

    pub(crate) async fn code(&self, code: TokenHash, now: Timestamp) -> Result<Option<InboxRecord>, LogError> {
        let Some((entry, _)) = self.get::<CodeEntry>(&code_key(code)).await? else { return Ok(None) };
        if entry.expires_at <= now {
            return Ok(None);
        }
        let inbox = InboxId::from(entry.inbox);
        let Some(entry) = self.entry(inbox.as_str()).await? else { return Ok(None) };
        let Some(stand) = self.stand(&inbox).await? else { return Ok(None) };
        Ok(Some(InboxRecord { id: inbox, name: entry.name, head: stand.head, version: entry.version }))
    }

    pub(super) async fn prune_codes(&self, now: Timestamp) -> Result<(), LogError> {
        for key in self.keys("code").await? {
            if self.get::<CodeEntry>(&key).await?.is_some_and(|(code, _)| code.expires_at <= now) {
                self.delete(&key).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn pair(&self, candidate: Candidate, now: Timestamp) -> Result<Option<DeviceRecord>, LogError> {
        let key = code_key(candidate.code);
        loop {
            let Some((mut code, revision)) = self.get::<CodeEntry>(&key).await? else { return Ok(None) };
            if code.expires_at <= now {
                return Ok(None);
            }
            let inbox = InboxId::from(code.inbox.clone());
            let Some(entry) = self.entry(inbox.as_str()).await? else { return Ok(None) };
            if let Some(used_by) = code.used_by {
                let same = used_by.token_hash == candidate.token_hash
                    && used_by.recipient.to_string() == candidate.recipient.to_string();
                return if same { self.admit(&inbox, used_by).await } else { Ok(None) };
            }
            if entry.held {
                return Err(on_hold());
            }
            let token = TokenEntry { inbox: code.inbox.clone(), by: String::from(candidate.code) };
            let token_key = token_key(candidate.token_hash);
            if !self.create(&token_key, &token).await? {
                let known = self.get::<TokenEntry>(&token_key).await?;
                // It belongs to another device; who made it knows, nobody else needs to.
                if known.is_none_or(|(known, _)| known.by != token.by) {
                    return Ok(None);
                }
            }
            code.used_by = Some(DeviceEntry {
                id: DeviceId::random()?.as_str().to_owned(),
                name: candidate.name.clone(),
                recipient: candidate.recipient.clone(),
                token_hash: candidate.token_hash,
                paired_at: now,
                cursor: None,
                revoked_at: None,
            });
            // If somebody was quicker, the next round finds out who.
            self.compare_and_swap(&key, &code, revision).await?;
        }
    }

    /// The rest of pairing, once the code is used up; can be done again.
    async fn admit(&self, inbox: &InboxId, device: DeviceEntry) -> Result<Option<DeviceRecord>, LogError> {
        let key = inbox_key(inbox.as_str());
        let found = self
            .change(&key, |entry: &mut InboxEntry| {
                if entry.held {
                    return Err(on_hold());
                }
                if let Some(known) = entry.devices.iter().find(|known| known.id == device.id) {
                    return Ok(Some((known.clone(), entry.version)));
                }
                entry.version += 1;
                entry.devices.push(device.clone());
                Ok(Some((device.clone(), entry.version)))
            })
            .await?;
        let Some((known, version)) = found else { return Ok(None) };
        if known.revoked_at.is_some() {
            return Ok(None);
        }
        if known.cursor.is_some() {
            return self.record(inbox, &known).await.map(Some);
        }
        // From this mark on, what is not sealed to it is refused.
        let head = self.mark(inbox, |stamp| stamp.version = stamp.version.max(version)).await?.head;
        self.create(&seen_key(&known.id), &SeenEntry { acked: head, at: Some(known.paired_at) }).await?;
        let settled = self
            .change(&key, |entry: &mut InboxEntry| {
                let device = entry.devices.iter_mut().find(|known| known.id == device.id);
                Ok(device.map(|device| {
                    device.cursor.get_or_insert(head);
                    device.clone()
                }))
            })
            .await?;
        match settled {
            Some(device) => self.record(inbox, &device).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn revoke(&self, inbox: &InboxId, device: &str, now: Timestamp) -> Result<bool, LogError> {
        let version = self
            .change(&inbox_key(inbox.as_str()), |entry: &mut InboxEntry| {
                let Some(known) = entry.devices.iter_mut().find(|known| known.id == device) else { return Ok(None) };
                known.revoked_at.get_or_insert(now);
                entry.version += 1;
                Ok(Some(entry.version))
            })
            .await?;
        let Some(version) = version else { return Ok(false) };
        self.mark(inbox, |stamp| stamp.version = stamp.version.max(version)).await?;
        self.delete(&seen_key(device)).await?;
        Ok(true)
    }

    pub(crate) async fn rename(&self, inbox: &InboxId, device: &str, name: &str) -> Result<bool, LogError> {
        let renamed = self
            .change(&inbox_key(inbox.as_str()), |entry: &mut InboxEntry| {
                let known = entry.devices.iter_mut().find(|known| known.id == device && known.revoked_at.is_none());
                Ok(known.map(|known| name.clone_into(&mut known.name)))
            })
            .await?;
        Ok(renamed.is_some())
    }

    pub(crate) async fn ack(&self, device: &DeviceId, cursor: u64, at: Timestamp) -> Result<Option<u64>, LogError> {
        self.change(&seen_key(device.as_str()), |seen: &mut SeenEntry| {
            seen.acked = seen.acked.max(cursor);
            seen.at = seen.at.max(Some(at));
            Ok(Some(seen.acked))
        })
        .await
    }

    pub(crate) async fn seen(&self, devices: Vec<(DeviceId, Timestamp)>) -> Result<(), LogError> {
        self.write_counts().await?;
        for (device, at) in devices {
            self.change(&seen_key(device.as_str()), |seen: &mut SeenEntry| {
                let later = seen.at.is_none_or(|known| known < at);
                seen.at = seen.at.max(Some(at));
                Ok(later.then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    pub(crate) async fn put_inlet(
        &self,
        inbox: &InboxId,
        id: &InletId,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<InletPlace, LogError> {
        let Some(entry) = self.entry(inbox.as_str()).await? else { return Ok(InletPlace::NoInbox) };
        let known = |entry: &InboxEntry| {
            entry.inlets.iter().find(|inlet| inlet.answer.id == *id).map(|inlet| {
                if inlet.token_hash == token { InletPlace::Stored(inlet.answer.clone()) } else { InletPlace::Taken }
            })
        };
        if let Some(place) = known(&entry) {
            return Ok(place);
        }
        if entry.held {
            return Err(on_hold());
        }
        let owner = TokenEntry { inbox: inbox.as_str().to_owned(), by: format!("inlet {}", id.as_str()) };
        if !self.create(&token_key(token), &owner).await? {
            let taken = self.get::<TokenEntry>(&token_key(token)).await?;
            if taken.is_none_or(|(taken, _)| taken.by != owner.by || taken.inbox != owner.inbox) {
                return Ok(InletPlace::Taken);
            }
        }
        let answer = InletAnswer {
            id: id.clone(),
            created_at: Timestamp::from_millisecond(now.as_millisecond()).map_err(|_| damaged())?,
            retired_at: None,
            deliveries: 0,
        };
        let place = self
            .change(&inbox_key(inbox.as_str()), |entry: &mut InboxEntry| {
                if entry.held {
                    return Err(on_hold());
                }
                Ok(Some(known(entry).unwrap_or_else(|| {
                    entry.inlets.push(InletEntry { token_hash: token, answer: answer.clone() });
                    InletPlace::Stored(answer.clone())
                })))
            })
            .await?;
        Ok(place.unwrap_or(InletPlace::NoInbox))
    }

    pub(crate) async fn inlets(&self, inbox: &InboxId) -> Result<Vec<InletAnswer>, LogError> {
        let Some(entry) = self.entry(inbox.as_str()).await? else { return Ok(Vec::new()) };
        let mut answers: Vec<_> = entry.inlets.into_iter().map(|inlet| inlet.answer).collect();
        answers.sort_by(|a, b| (a.created_at, a.id.as_str()).cmp(&(b.created_at, b.id.as_str())));
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = counts.get(inbox) {
            for answer in &mut answers {
                answer.deliveries += counts.get(&answer.id).copied().unwrap_or(0);
            }
        }
        Ok(answers)
    }

    pub(crate) async fn retire(
        &self,
        inbox: &InboxId,
        id: &InletId,
        now: Timestamp,
    ) -> Result<Option<TokenHash>, LogError> {
        self.change(&inbox_key(inbox.as_str()), |entry: &mut InboxEntry| {
            let known = entry.inlets.iter_mut().find(|inlet| inlet.answer.id == *id);
            Ok(known.map(|inlet| {
                inlet.answer.retired_at.get_or_insert(now);
                inlet.token_hash
            }))
        })
        .await
    }

    /// Adds what was counted here since the last time. After a crash, that much is missing from the counts, not from the
    /// log.
    pub(super) async fn write_counts(&self) -> Result<(), LogError> {
        let counts = std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        for (inbox, counts) in counts {
            self.change(&inbox_key(inbox.as_str()), |entry: &mut InboxEntry| {
                let mut counted = false;
                for inlet in &mut entry.inlets {
                    if let Some(count) = counts.get(&inlet.answer.id) {
                        inlet.answer.deliveries += count;
                        counted = true;
                    }
                }
                Ok(counted.then_some(()))
            })
            .await?;
        }
        Ok(())
    }
}

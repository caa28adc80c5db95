//! An inbox on its way from or to another engine, as far as JetStream is one of the two.
//!
//! Deliberately decides nothing about the order of a migration; that is [`crate::migrate`].

use offizin_wire::pull::Segment;

use super::{
    JetStream, LogError,
    registry::{
        CodeEntry, DeviceEntry, InboxEntry, InletEntry, SeenEntry, TokenEntry, inbox_key, name_key, seen_key, token_key,
    },
    segments::Outgoing,
};
use crate::log::{InboxId, InboxRecord, Moving};

impl JetStream {
    pub(crate) async fn hold(&self, name: &str) -> Result<Moving, LogError> {
        self.write_counts().await?;
        let (id, _) = self.get::<String>(&name_key(name)).await?.ok_or(LogError::NameUnknown)?;
        let inbox = InboxId::from(id);
        let entry = self
            .change(&inbox_key(inbox.as_str()), |entry: &mut InboxEntry| {
                entry.held = true;
                entry.version += 1;
                Ok(Some(entry.clone()))
            })
            .await?
            .ok_or(LogError::NameUnknown)?;
        let stand = self
            .mark(&inbox, |stamp| {
                stamp.held = true;
                stamp.version = stamp.version.max(entry.version);
            })
            .await?;
        let records = self.look(&inbox).await?;
        let mut codes = Vec::new();
        for key in self.keys("code").await? {
            let Some((code, _)) = self.get::<CodeEntry>(&key).await? else { continue };
            let hash = key.strip_prefix("code.").and_then(|hash| hash.to_owned().try_into().ok());
            if let Some(hash) = hash
                && code.inbox == inbox.as_str()
                && code.used_by.is_none()
            {
                codes.push((hash, code.expires_at));
            }
        }
        Ok(Moving {
            inbox: InboxRecord { id: inbox, name: entry.name, head: stand.head, version: entry.version },
            created_at: entry.created_at,
            devices: records.devices,
            inlets: entry.inlets.into_iter().map(|inlet| (inlet.token_hash, inlet.answer)).collect(),
            codes,
        })
    }

    pub(crate) async fn import(&self, moving: &Moving) -> Result<(), LogError> {
        let id = &moving.inbox.id;
        if !self.create(&name_key(&moving.inbox.name), &id.as_str()).await? {
            return Err(LogError::NameTaken);
        }
        self.make_stream(id).await?;
        let version = moving.inbox.version;
        self.mark(id, |stamp| {
            stamp.held = true;
            stamp.version = version;
        })
        .await?;
        let token = |by: String| TokenEntry { inbox: id.as_str().to_owned(), by };
        let mut devices = Vec::new();
        for device in &moving.devices {
            self.create(&token_key(device.token_hash), &token(format!("device {}", device.id.as_str()))).await?;
            let seen = SeenEntry { acked: device.acked, at: device.last_seen_at };
            self.create(&seen_key(device.id.as_str()), &seen).await?;
            devices.push(DeviceEntry {
                id: device.id.as_str().to_owned(),
                name: device.name.clone(),
                recipient: device.recipient.clone(),
                token_hash: device.token_hash,
                paired_at: device.paired_at,
                cursor: Some(device.cursor),
                revoked_at: None,
            });
        }
        let mut inlets = Vec::new();
        for (token_hash, answer) in &moving.inlets {
            self.create(&token_key(*token_hash), &token(format!("inlet {}", answer.id.as_str()))).await?;
            inlets.push(InletEntry { token_hash: *token_hash, answer: answer.clone() });
        }
        for (code, expires_at) in &moving.codes {
            self.put_code(id, *code, *expires_at).await?;
        }
        let entry = InboxEntry {
            name: moving.inbox.name.clone(),
            created_at: moving.created_at,
            version,
            held: true,
            devices,
            inlets,
        };
        self.create(&inbox_key(id.as_str()), &entry).await.map(|_| ())
    }

    pub(crate) async fn restore(&self, inbox: &InboxId, segments: Vec<Segment>) -> Result<(), LogError> {
        let outgoing = segments.into_iter().map(|segment| Outgoing {
            sequence: Some(segment.sequence),
            version: 0,
            deliveries: 0,
            committed_at: segment.committed_at,
            bytes: segment.sealed.into(),
        });
        self.append_restored(inbox, outgoing.collect()).await
    }

    pub(crate) async fn release(&self, inbox: &InboxId, head: u64) -> Result<(), LogError> {
        let version = self
            .change(&inbox_key(inbox.as_str()), |entry: &mut InboxEntry| {
                entry.held = false;
                entry.version += 1;
                Ok(Some(entry.version))
            })
            .await?
            .ok_or(LogError::NameUnknown)?;
        self.mark(inbox, |stamp| {
            stamp.held = false;
            stamp.head = stamp.head.max(head);
            stamp.version = stamp.version.max(version);
        })
        .await
        .map(|_| ())
    }
}

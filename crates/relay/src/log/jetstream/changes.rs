//! What other relays changed: inboxes and devices by watching the bucket, growth by a word each relay says after a commit.
//!
//! A hint, so that a desk that waits at one relay hears at once what came in at another. Deliberately nothing depends on
//! it: what matters is decided by conditions at the server.

use async_nats::jetstream::kv::Entry;
use futures_util::{
    StreamExt,
    stream::{BoxStream, select, unfold},
};
use tokio::sync::mpsc;

use super::{JetStream, registry::SeenEntry, unavailable};
use crate::log::{Change, DeviceId, InboxId, LogError};

/// Changes that may wait for the relay to take them.
const WAITING: usize = 1024;
const AGAIN: std::time::Duration = std::time::Duration::from_millis(500);

impl JetStream {
    fn grown_subject(&self, inbox: &str) -> String {
        format!("{}-grown.{inbox}", self.name)
    }

    /// Tells the other relays.
    pub(super) async fn tell_grown(&self, inbox: &InboxId, head: u64) {
        // Lost, it only makes somebody wait a little longer.
        let _ = self.client.publish(self.grown_subject(inbox.as_str()), head.to_string().into()).await;
    }

    pub(crate) fn changes(&self) -> BoxStream<'static, Change> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let log = self.clone();
        tokio::spawn(async move {
            while !sender.is_closed() {
                if let Err(error) = log.forward_changes(&sender).await {
                    tracing::debug!(%error, "changes of other relays cannot be watched");
                }
                tokio::time::sleep(AGAIN).await;
            }
        });
        unfold(receiver, |mut receiver| async { receiver.recv().await.map(|change| (change, receiver)) }).boxed()
    }

    async fn forward_changes(&self, to: &mpsc::Sender<Change>) -> Result<(), LogError> {
        let grown = self.client.subscribe(self.grown_subject("*")).await.map_err(unavailable)?;
        // With what is there already: it may be newer than what the relay loaded.
        let watched = self.bucket.watch_many_with_history(["inbox.*", "seen.*"]).await.map_err(unavailable)?;
        let grown = grown.map(|message| {
            let inbox = message.subject.rsplit('.').next()?.to_owned();
            let head = std::str::from_utf8(&message.payload).ok()?.parse().ok()?;
            Some(Ok(Change::Grown(InboxId::from(inbox), head)))
        });
        let watched = watched.map(|entry| match entry {
            Ok(entry) => change(&entry).map(Ok),
            Err(error) => Some(Err(unavailable(error))),
        });
        let mut both = select(grown, watched);
        while let Some(change) = both.next().await {
            let Some(change) = change.transpose()? else { continue };
            if to.send(change).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

fn change(entry: &Entry) -> Option<Change> {
    match entry.key.split_once('.')? {
        ("inbox", id) => Some(Change::Inbox(InboxId::from(id.to_owned()))),
        ("seen", id) => {
            let seen: SeenEntry = serde_json::from_slice(&entry.value).ok()?;
            Some(Change::Seen(DeviceId::from(id.to_owned()), seen.acked, seen.at))
        }
        _ => None,
    }
}

//! The stream of an inbox: append, page, acknowledge by retention (steps 3 and 4 of the journey, on JetStream).
//!
//! A segment is one message, or several where the server takes no message that large: parts, then the last one under the
//! segment's own subject. Everything is published on the condition that the stream ends where we believe it does, so
//! the sequences of an inbox have no holes, whoever appends.
//!
//! Longer than 500 lines because appending, reading and acknowledging share one order of keys.

use std::collections::HashMap;

use async_nats::{
    HeaderMap,
    jetstream::{
        consumer::{DeliverPolicy, pull::OrderedConfig},
        context::{PublishAckFuture, PublishError, PublishErrorKind},
        message::{PublishMessage, StreamMessage},
        stream::{LastRawMessageErrorKind, Stream},
    },
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use jiff::Timestamp;
use offizin_wire::pull::{PAGE_BYTES, Segment};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;

use super::{AT_ONCE, JetStream, LogError, REQUEST_TIME, Stamp, Tail, damaged, unavailable};
use crate::log::{Filled, Horizon, InboxId, Page, Place, Pruned, Sealed, read_by_all};

/// Header of every message: the [`Stamp`] as JSON.
const STAMP: &str = "Offizin-Stamp";
/// Header of a segment: its [`Label`] as JSON.
const LABEL: &str = "Offizin-Segment";
/// Tries to append while other relays append to the same inbox.
const TRIES: usize = 100;
/// Messages asked for at once.
const BATCH: u64 = 256;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Label {
    committed_at: i64,
    deliveries: u64,
    bytes: u64,
    /// Messages it consists of, the last one included.
    parts: u64,
}

/// A segment on its way into the stream.
pub(super) struct Outgoing {
    /// `None`: the next one.
    pub(super) sequence: Option<u64>,
    pub(super) version: u64,
    pub(super) deliveries: u64,
    pub(super) committed_at: Timestamp,
    pub(super) bytes: Bytes,
}

/// Why an inbox took nothing (more).
enum Stopped {
    Gone,
    Stale,
    Moved,
    Error(LogError),
}

fn header(of: &impl Serialize) -> Result<String, LogError> {
    serde_json::to_string(of).map_err(|_| damaged())
}

fn stamp(headers: &HeaderMap) -> Result<Stamp, LogError> {
    let text = headers.get(STAMP).ok_or_else(damaged)?;
    serde_json::from_str(text.as_str()).map_err(|_| damaged())
}

fn label(headers: &HeaderMap) -> Result<Label, LogError> {
    let text = headers.get(LABEL).ok_or_else(damaged)?;
    serde_json::from_str(text.as_str()).map_err(|_| damaged())
}

/// The sequence in a segment's subject; `None` for parts and marks.
fn sequence(subject: &str) -> Option<u64> {
    let (before, sequence) = subject.rsplit_once('.')?;
    if before.ends_with(".s") { sequence.parse().ok() } else { None }
}

impl JetStream {
    pub(super) async fn stream(&self, inbox: &InboxId) -> Result<Stream<()>, LogError> {
        self.context.get_stream_no_info(self.stream_name(inbox)).await.map_err(unavailable)
    }

    /// The last message of a stream, by its leader. `None` if there is no stream.
    async fn read_tail(&self, inbox: &InboxId) -> Result<Option<Tail>, LogError> {
        let last = self.stream(inbox).await?.get_last_raw_message_by_subject(&self.subject(inbox, ">")).await;
        match last {
            Ok(message) => Ok(Some(Tail { last: message.sequence, stamp: stamp(&message.headers)? })),
            Err(error) => match error.kind() {
                LastRawMessageErrorKind::NoMessageFound => Ok(Some(Tail { last: 0, stamp: Stamp::default() })),
                LastRawMessageErrorKind::JetStream(server) if server.code() == 404 => Ok(None),
                _ => Err(unavailable(error)),
            },
        }
    }

    /// Where an inbox stands. `None` if there is none.
    pub(super) async fn stand(&self, inbox: &InboxId) -> Result<Option<Stamp>, LogError> {
        Ok(self.read_tail(inbox).await?.map(|tail| tail.stamp))
    }

    pub(crate) async fn append(&self, group: Vec<Sealed>, at: Timestamp) -> Result<Vec<Place>, LogError> {
        let mut inboxes: Vec<(InboxId, Vec<usize>, Vec<Outgoing>)> = Vec::new();
        let mut places: Vec<Place> = Vec::with_capacity(group.len());
        for (index, sealed) in group.into_iter().enumerate() {
            places.push(Place::NoInbox);
            let deliveries = sealed.deliveries.iter().map(|(_, count)| count).sum();
            self.count(&sealed.inbox, &sealed.deliveries);
            let outgoing = Outgoing {
                sequence: None,
                version: sealed.version,
                deliveries,
                committed_at: at,
                bytes: sealed.bytes.into(),
            };
            match inboxes.iter_mut().find(|(inbox, ..)| *inbox == sealed.inbox) {
                Some((_, indices, segments)) => {
                    indices.push(index);
                    segments.push(outgoing);
                }
                None => inboxes.push((sealed.inbox, vec![index], vec![outgoing])),
            }
        }
        let appending = inboxes.into_iter().map(|(inbox, indices, segments)| async move {
            let (given, stopped) = self.append_to(&inbox, segments).await;
            if let Some(Stopped::Error(LogError::Unavailable(_))) = &stopped {
                self.look_elsewhere();
            }
            if let Some(head) = given.last() {
                self.tell_grown(&inbox, *head).await;
            }
            let rest = std::iter::repeat_with(move || match &stopped {
                Some(Stopped::Gone) => Place::NoInbox,
                Some(Stopped::Stale) => Place::Stale,
                Some(Stopped::Error(LogError::Full)) => Place::Failed(LogError::Full),
                Some(Stopped::Error(error)) => Place::Failed(LogError::Unavailable(error.to_string())),
                Some(Stopped::Moved) | None => Place::Failed(damaged()),
            });
            indices.into_iter().zip(given.into_iter().map(Place::At).chain(rest)).collect::<Vec<_>>()
        });
        for (index, place) in join_all(appending).await.into_iter().flatten() {
            if let Some(slot) = places.get_mut(index) {
                *slot = place;
            }
        }
        Ok(places)
    }

    /// Appends in order. Answers the sequences given out, and why not more.
    async fn append_to(&self, inbox: &InboxId, segments: Vec<Outgoing>) -> (Vec<u64>, Option<Stopped>) {
        let mut lane = self.lane(inbox).lock_owned().await;
        let mut given = Vec::with_capacity(segments.len());
        for _ in 0..TRIES {
            let tail = match self.tail(inbox, &mut lane).await {
                Ok(Some(tail)) => tail,
                Ok(None) => return (given, Some(Stopped::Gone)),
                Err(error) => return (given, Some(Stopped::Error(error))),
            };
            let rest = segments.get(given.len()..).unwrap_or_default();
            if tail.stamp.held || rest.iter().any(|segment| segment.version < tail.stamp.version) {
                *lane = None;
                return match self.read_tail(inbox).await {
                    Ok(None) => (given, Some(Stopped::Gone)),
                    Ok(Some(_)) => (given, Some(Stopped::Stale)),
                    Err(error) => (given, Some(Stopped::Error(error))),
                };
            }
            match self.publish_all(inbox, &mut lane, tail, rest, &mut given).await {
                Ok(()) => return (given, None),
                Err(Stopped::Moved) => {}
                Err(Stopped::Gone) => {
                    // Nobody took it: the stream is gone, or it has no leader at the moment.
                    *lane = None;
                    return match self.read_tail(inbox).await {
                        Ok(None) => (given, Some(Stopped::Gone)),
                        Ok(Some(_)) => (given, Some(Stopped::Error(LogError::Unavailable("no leader".into())))),
                        Err(error) => (given, Some(Stopped::Error(error))),
                    };
                }
                Err(stopped) => return (given, Some(stopped)),
            }
        }
        (given, Some(Stopped::Error(LogError::Unavailable("too many append to the same inbox".into()))))
    }

    /// The tail as it was left, or as the server says.
    async fn tail(&self, inbox: &InboxId, lane: &mut OwnedMutexGuard<Option<Tail>>) -> Result<Option<Tail>, LogError> {
        if let Some(tail) = **lane {
            return Ok(Some(tail));
        }
        let tail = self.read_tail(inbox).await?;
        **lane = tail;
        Ok(tail)
    }

    /// Publishes without waiting in between, then waits for all. On any failure the tail is forgotten.
    async fn publish_all(
        &self,
        inbox: &InboxId,
        lane: &mut OwnedMutexGuard<Option<Tail>>,
        mut tail: Tail,
        segments: &[Outgoing],
        given: &mut Vec<u64>,
    ) -> Result<(), Stopped> {
        **lane = None;
        let mut under_way = Vec::with_capacity(segments.len());
        for segment in segments {
            let mut acks = Vec::with_capacity(1);
            let parts = segment.bytes.len().div_ceil(self.part_bytes).max(1);
            for part in 1..=parts {
                let from = (part - 1) * self.part_bytes;
                let payload = segment.bytes.slice(from..segment.bytes.len().min(from + self.part_bytes));
                let mut message = PublishMessage::build().payload(payload).expected_last_sequence(tail.last);
                let subject = if part == parts {
                    tail.stamp.head = segment.sequence.unwrap_or(tail.stamp.head + 1);
                    tail.stamp.version = tail.stamp.version.max(segment.version);
                    tail.stamp.count += 1;
                    tail.stamp.total += segment.bytes.len() as u64;
                    let label = Label {
                        committed_at: segment.committed_at.as_millisecond(),
                        deliveries: segment.deliveries,
                        bytes: segment.bytes.len() as u64,
                        parts: parts as u64,
                    };
                    message = message.header(LABEL, header(&label).map_err(Stopped::Error)?.as_str());
                    self.subject(inbox, &format!("s.{}", tail.stamp.head))
                } else {
                    self.subject(inbox, "p")
                };
                message = message.header(STAMP, header(&tail.stamp).map_err(Stopped::Error)?.as_str());
                tail.last += 1;
                acks.push(self.context.send_publish(subject, message).await.map_err(stopped)?);
            }
            under_way.push((tail.stamp.head, acks));
        }
        for (sequence, acks) in under_way {
            for ack in acks {
                wait(ack).await?;
            }
            given.push(sequence);
        }
        **lane = Some(tail);
        Ok(())
    }

    /// Writes down that an inbox stands as `change` says. Answers its stamp then: what was appended before was appended
    /// under the old one, and nothing after is.
    pub(super) async fn mark(&self, inbox: &InboxId, change: impl Fn(&mut Stamp)) -> Result<Stamp, LogError> {
        let mut lane = self.lane(inbox).lock_owned().await;
        for _ in 0..TRIES {
            let tail = self.tail(inbox, &mut lane).await?;
            let mut tail = tail.ok_or_else(|| LogError::Unavailable("the inbox has no stream".into()))?;
            change(&mut tail.stamp);
            *lane = None;
            let message =
                PublishMessage::build().expected_last_sequence(tail.last).header(STAMP, header(&tail.stamp)?.as_str());
            let sent = self.context.send_publish(self.subject(inbox, "m"), message).await.map_err(unavailable)?;
            match wait(sent).await {
                Ok(()) => {
                    tail.last += 1;
                    *lane = Some(tail);
                    return Ok(tail.stamp);
                }
                Err(Stopped::Moved) => {}
                Err(Stopped::Error(error)) => return Err(error),
                Err(Stopped::Gone | Stopped::Stale) => return Err(LogError::Unavailable("no leader".into())),
            }
        }
        Err(LogError::Unavailable("too many append to the same inbox".into()))
    }

    /// Appends under given sequences; only to an inbox on hold.
    pub(super) async fn append_restored(&self, inbox: &InboxId, segments: Vec<Outgoing>) -> Result<(), LogError> {
        let mut lane = self.lane(inbox).lock_owned().await;
        let tail = self.tail(inbox, &mut lane).await?.ok_or(LogError::NameUnknown)?;
        let ascending = segments
            .iter()
            .try_fold(tail.stamp.head, |head, segment| segment.sequence.filter(|sequence| *sequence > head));
        if !tail.stamp.held || ascending.is_none() {
            return Err(LogError::Unavailable("the segment does not follow".into()));
        }
        match self.publish_all(inbox, &mut lane, tail, &segments, &mut Vec::new()).await {
            Ok(()) => Ok(()),
            Err(Stopped::Error(error)) => Err(error),
            Err(_) => Err(LogError::Unavailable("somebody else writes to the inbox".into())),
        }
    }

    /// The first segment at or after a sequence, by the leader.
    async fn first_from(&self, inbox: &InboxId, from: u64) -> Result<Option<StreamMessage>, LogError> {
        let stream = self.stream(inbox).await?;
        if from > 1 {
            match stream.get_last_raw_message_by_subject(&self.subject(inbox, &format!("s.{from}"))).await {
                Ok(message) => return Ok(Some(message)),
                Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        // Gone already, or a hole a migration left.
        let mut at = 1;
        loop {
            let builder = stream.raw_message_builder().sequence(at).next_by_subject(self.subject(inbox, "s.*"));
            match builder.send().await {
                Ok(message) if sequence(&message.subject).ok_or_else(damaged)? >= from => return Ok(Some(message)),
                Ok(message) => at = message.sequence + 1,
                Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => return Ok(None),
                Err(error) => return Err(unavailable(error)),
            }
        }
    }

    pub(crate) async fn page(&self, inbox: &InboxId, after: u64) -> Result<Option<Page>, LogError> {
        let Some(Stamp { head, .. }) = self.stand(inbox).await? else { return Ok(None) };
        let mut page = Page { head, segments: Vec::new() };
        if after >= head {
            return Ok(Some(page));
        }
        let Some(first) = self.first_from(inbox, after + 1).await? else { return Ok(Some(page)) };
        let parts = label(&first.headers)?.parts;
        let mut at = first.sequence.saturating_sub(parts - 1);
        let (mut filled, mut pending) = (Filled::default(), Vec::new());
        // A replica may lag behind the leader that knew of the first one.
        let mut patience = 20;
        loop {
            let batch = self.read_batch(inbox, at).await?;
            if batch.is_empty() {
                if !page.segments.is_empty() {
                    return Ok(Some(page));
                }
                patience -= 1;
                if patience == 0 {
                    return Err(LogError::Unavailable("a replica lags behind".into()));
                }
                tokio::time::sleep(std::time::Duration::from_millis(25)).await;
            }
            for message in batch {
                at = message.sequence + 1;
                let subject = message.subject.as_str();
                if subject.ends_with(".p") {
                    pending.push(message.payload);
                    continue;
                }
                let parts = std::mem::take(&mut pending);
                let Some(sequence) = sequence(subject) else { continue };
                let label = label(&message.headers)?;
                if sequence > head || !filled.takes(label.bytes) {
                    return Ok(Some(page));
                }
                let wanted = usize::try_from(label.parts - 1).map_err(|_| damaged())?;
                let from = parts.len().checked_sub(wanted).ok_or_else(damaged)?;
                let mut sealed = Vec::with_capacity(usize::try_from(label.bytes).map_err(|_| damaged())?);
                for part in parts.get(from..).unwrap_or_default() {
                    sealed.extend_from_slice(part);
                }
                sealed.extend_from_slice(&message.payload);
                if sealed.len() as u64 != label.bytes {
                    return Err(damaged());
                }
                let committed_at = Timestamp::from_millisecond(label.committed_at).map_err(|_| damaged())?;
                page.segments.push(Segment { sequence, committed_at, sealed });
            }
        }
    }

    /// Messages of an inbox from a number of the stream on, by any replica, in one request.
    async fn read_batch(&self, inbox: &InboxId, from: u64) -> Result<Vec<StreamMessage>, LogError> {
        #[derive(Serialize)]
        struct Request {
            seq: u64,
            next_by_subj: String,
            batch: u64,
            max_bytes: usize,
        }
        let request = Request {
            seq: from,
            next_by_subj: self.subject(inbox, ">"),
            batch: BATCH,
            max_bytes: PAGE_BYTES + self.part_bytes,
        };
        let reply = self.client.new_inbox();
        let mut answers = self.client.subscribe(reply.clone()).await.map_err(unavailable)?;
        let subject = format!("$JS.API.DIRECT.GET.{}", self.stream_name(inbox));
        let payload = serde_json::to_vec(&request).map_err(|_| damaged())?;
        self.client.publish_with_reply(subject, reply, payload.into()).await.map_err(unavailable)?;
        let mut messages = Vec::new();
        loop {
            let answer = tokio::time::timeout(REQUEST_TIME, answers.next()).await;
            let Ok(Some(answer)) = answer else {
                return Err(LogError::Unavailable("no replica answers".into()));
            };
            match answer.status.map_or(200, |status| status.as_u16()) {
                200 => messages.push(StreamMessage::try_from(answer).map_err(unavailable)?),
                // The end of the batch, or nothing from there on.
                204 | 404 => return Ok(messages),
                status => return Err(LogError::Unavailable(format!("a replica refuses with {status}"))),
            }
        }
    }

    /// Segments and bytes kept of one inbox, and where it stands.
    pub(super) async fn kept(&self, inbox: &InboxId) -> Result<Option<(Stamp, u64, u64)>, LogError> {
        let Some(stand) = self.stand(inbox).await? else { return Ok(None) };
        Ok(Some(match self.first_from(inbox, 0).await? {
            None => (stand, 0, 0),
            Some(first) => {
                let (then, label) = (stamp(&first.headers)?, label(&first.headers)?);
                let segments = stand.count.saturating_sub(then.count) + 1;
                (stand, segments, stand.total.saturating_sub(then.total) + label.bytes)
            }
        }))
    }

    pub(crate) async fn size(&self) -> Result<(u64, u64), LogError> {
        let inboxes = self.inbox_ids().await?;
        stream::iter(inboxes)
            .map(async |inbox| Ok(self.kept(&inbox).await?.map_or((0, 0), |(_, segments, bytes)| (segments, bytes))))
            .buffer_unordered(AT_ONCE)
            .try_fold((0, 0), async |sum, one| Ok((sum.0 + one.0, sum.1 + one.1)))
            .await
    }

    pub(crate) async fn prune(&self, horizon: Horizon) -> Result<Pruned, LogError> {
        let mut pruned = Pruned::default();
        for inbox in self.inbox_ids().await? {
            let Some(devices) = self.counting_devices(&inbox).await? else { continue };
            let Some(stand) = self.stand(&inbox).await? else { continue };
            let read = read_by_all(stand.head, &devices, horizon.seen_since);
            let one = self.prune_inbox(&inbox, stand.head, read, horizon).await?;
            pruned.segments += one.segments;
            pruned.bytes += one.bytes;
            pruned.unread += one.unread;
        }
        self.prune_codes(horizon.now).await?;
        Ok(pruned)
    }

    async fn prune_inbox(&self, inbox: &InboxId, head: u64, read: u64, horizon: Horizon) -> Result<Pruned, LogError> {
        let mut pruned = Pruned::default();
        let goes = |sequence: u64, label: &Label, old_enough: &mut (bool, bool)| {
            // Up to the first one that is young; should the clock ever have been set back, this keeps more.
            old_enough.0 &= sequence <= read && label.committed_at < horizon.read_before.as_millisecond();
            old_enough.1 &= sequence <= head && label.committed_at < horizon.before.as_millisecond();
            old_enough.0 || old_enough.1
        };
        let mut old_enough = (true, true);
        let Some(first) = self.first_from(inbox, 0).await? else { return Ok(pruned) };
        if !goes(sequence(&first.subject).ok_or_else(damaged)?, &label(&first.headers)?, &mut old_enough) {
            return Ok(pruned);
        }
        let stream = self.stream(inbox).await?;
        let consumer = stream
            .create_consumer(OrderedConfig {
                filter_subject: self.subject(inbox, "s.*"),
                deliver_policy: DeliverPolicy::All,
                headers_only: true,
                ..OrderedConfig::default()
            })
            .await
            .map_err(unavailable)?;
        let mut messages = consumer.messages().await.map_err(unavailable)?;
        let mut last = None;
        let mut old_enough = (true, true);
        loop {
            let next = tokio::time::timeout(REQUEST_TIME, messages.next()).await;
            let Ok(Some(message)) = next else { return Err(LogError::Unavailable("no replica answers".into())) };
            let message = message.map_err(unavailable)?;
            let info = message.info().map_err(|_| damaged())?;
            let label = label(message.headers.as_ref().ok_or_else(damaged)?)?;
            let sequence = sequence(&message.subject).ok_or_else(damaged)?;
            if !goes(sequence, &label, &mut old_enough) {
                break;
            }
            pruned.segments += 1;
            pruned.bytes += label.bytes;
            pruned.unread += u64::from(sequence > read);
            last = Some(info.stream_sequence);
            if info.pending == 0 {
                break;
            }
        }
        let Some(last) = last else { return Ok(pruned) };
        // The last message of a stream says where the inbox stands, so it stays; if that is a segment, a mark follows it.
        if self.read_tail(inbox).await?.is_some_and(|tail| tail.last == last) {
            // In a full store there is no room for the mark before there is.
            stream.purge().sequence(last).await.map_err(unavailable)?;
            self.mark(inbox, |_| {}).await?;
        }
        stream.purge().sequence(last + 1).await.map_err(unavailable)?;
        Ok(pruned)
    }

    fn count(&self, inbox: &InboxId, deliveries: &[(offizin_wire::InletId, u64)]) {
        let mut counts = self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let counts: &mut HashMap<_, u64> = counts.entry(inbox.clone()).or_default();
        for (inlet, count) in deliveries {
            *counts.entry(inlet.clone()).or_default() += count;
        }
    }
}

async fn wait(ack: PublishAckFuture) -> Result<(), Stopped> {
    ack.await.map(|_| ()).map_err(stopped)
}

fn stopped(error: PublishError) -> Stopped {
    match error.kind() {
        PublishErrorKind::WrongLastSequence => Stopped::Moved,
        PublishErrorKind::StreamNotFound => Stopped::Gone,
        _ => Stopped::Error(unavailable(error)),
    }
}

//! What every engine has to do, as tests: written once, run against each. A case gets a [`House`], a store of its own
//! that can be opened any number of times, broken down and put right again.

mod acks;
mod failure;
mod inboxes;
mod moving;
mod pairing;
mod retention;
mod segments;

#[path = "../../../tests/nats/mod.rs"]
mod nats;

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use offizin_wire::{Identity, InletId, TokenHash};

use super::{jetstream::JetStream, sqlite::Sqlite, *};

/// How long SQLite waits for a lock here: long enough for the others' transactions, short enough for a test of "down".
const BUSY: Duration = Duration::from_millis(1500);

/// Which engine a house has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    OnSqlite,
    OnNats,
}

/// A store of one engine.
struct House {
    home: tempfile::TempDir,
    largest: Option<u64>,
    nats: Option<nats::Server>,
    blocker: Option<sqlx::SqliteConnection>,
}

impl House {
    fn of(engine: Engine, largest: Option<u64>) -> Self {
        let nats = (engine == Engine::OnNats).then(|| nats::Server::start(largest));
        Self { home: tempfile::tempdir().unwrap(), largest, nats, blocker: None }
    }

    /// Another store of the same engine.
    fn another(&self) -> Self {
        Self::of(if self.nats.is_some() { Engine::OnNats } else { Engine::OnSqlite }, None)
    }

    fn path(&self) -> std::path::PathBuf {
        self.home.path().join("relay.db")
    }

    /// Opens the store, beside whoever has it open already.
    async fn open(&self) -> Arc<Log> {
        match &self.nats {
            Some(server) => {
                Arc::new(Log::JetStream(Box::new(JetStream::open(&server.store().parse_nats()).await.unwrap())))
            }
            None => Arc::new(Log::Sqlite(Sqlite::open_patiently(&self.path(), self.largest, BUSY).await.unwrap())),
        }
    }

    async fn reopen(&self, log: Arc<Log>) -> Arc<Log> {
        log.close().await;
        self.open().await
    }

    /// From now on nothing can be made durable.
    async fn break_down(&mut self) {
        match &mut self.nats {
            Some(server) => server.kill(),
            None => {
                use sqlx::{ConnectOptions, Executor};
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.path());
                let mut blocker = options.connect().await.unwrap();
                blocker.execute("BEGIN IMMEDIATE").await.unwrap();
                self.blocker = Some(blocker);
            }
        }
    }

    /// Puts it right again.
    async fn heal(&mut self) {
        match &mut self.nats {
            Some(server) => server.restart(),
            None => {
                use sqlx::Executor;
                if let Some(mut blocker) = self.blocker.take() {
                    blocker.execute("ROLLBACK").await.unwrap();
                }
            }
        }
    }

    /// What a power cut leaves: nobody closed anything.
    async fn crash(&mut self, log: Arc<Log>) -> Arc<Log> {
        std::mem::forget(log);
        if let Some(server) = &mut self.nats {
            server.kill();
            server.restart();
        }
        self.open().await
    }
}

trait ParseNats {
    fn parse_nats(&self) -> crate::config::Nats;
}

impl ParseNats for nats::Address {
    fn parse_nats(&self) -> crate::config::Nats {
        let Ok(crate::config::Store::Nats(mut nats)) = self.store.parse() else { panic!("a store") };
        nats.monitors = vec![self.monitor.parse().unwrap()];
        nats
    }
}

/// Runs every case against every engine.
macro_rules! conformance {
    ($($group:ident: $($case:ident)*;)*) => {
        conformance!(@engine sqlite OnSqlite $($group: $($case)*;)*);
        conformance!(@engine nats_jetstream OnNats $($group: $($case)*;)*);
    };
    (@engine $module:ident $engine:ident $($group:ident: $($case:ident)*;)*) => {
        mod $module {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$group::$case(super::House::of(super::Engine::$engine, None)).await;
                }
            )*)*
        }
    };
}

conformance!(
    segments:
        sequences_count_up_in_each_inbox
        a_removed_inbox_does_not_spoil_the_group
        appends_at_once_neither_lose_nor_share_a_sequence
        reopening_forgets_nothing
        a_page_is_bounded_by_segments
        a_page_is_bounded_by_bytes
        a_page_of_nothing
        deliveries_and_sizes_are_counted
        a_probe_leaves_nothing
        segments_of_any_size_come_back_as_they_were
        pages_follow_each_other_without_gap_or_overlap
        a_page_after_what_retention_removed_begins_with_what_is_left
        what_was_committed_when_is_kept
        two_openings_see_the_same
        two_openings_append_to_one_order
        two_openings_append_at_once
        inboxes_do_not_mix;
    acks:
        an_acknowledgement_never_moves_back
        unknown_and_revoked_devices_do_not_acknowledge
        seen_is_noted
        devices_acknowledge_each_for_itself
        an_acknowledgement_survives_a_crash
        of_acknowledgements_at_once_the_highest_stays
        who_acknowledges_was_seen
        an_acknowledgement_at_one_opening_counts_at_the_other;
    retention:
        the_slowest_device_holds_back
        nobody_paired_holds_back_nothing
        a_clock_set_back_keeps_more
        what_is_too_old_goes_unread
        a_sequence_is_never_used_twice
        a_large_round_of_retention_ends
        what_everybody_has_stays_for_a_while
        a_device_that_is_away_holds_back_nothing_that_another_has
        where_all_are_away_all_hold_back
        a_device_that_comes_back_holds_back_again
        a_device_never_seen_counts_from_its_pairing
        a_second_round_removes_nothing_more
        retention_leaves_other_inboxes_alone
        retention_amid_appends_loses_nothing;
    pairing:
        codes_expire
        a_code_is_for_one_candidate
        many_candidates_one_winner
        a_token_belongs_to_one_device
        pairing_knows_the_head
        a_device_is_revoked_only_from_its_inbox
        what_was_sealed_before_a_pairing_is_refused_after_it
        what_was_sealed_before_a_revocation_is_refused_after_it
        a_stale_segment_does_not_spoil_the_group
        what_a_new_device_gets_was_sealed_to_it
        a_device_is_renamed_only_in_its_inbox
        a_revoked_device_is_not_renamed
        a_code_waits_through_a_crash
        pairing_at_one_opening_is_seen_at_the_other;
    inboxes:
        an_inlet_is_put_once
        an_inlet_is_retired_once
        a_name_is_taken_once
        removing_an_inbox_removes_everything
        an_inbox_may_have_any_name
        a_look_shows_one_inbox
        many_inlets_at_once
        one_inlet_put_by_many_is_one
        a_name_wanted_by_many_is_given_once
        an_inbox_removed_elsewhere_is_gone;
    moving:
        on_hold_nothing_changes
        a_hold_can_end
        an_inbox_taken_over_is_as_it_was
        what_does_not_follow_is_not_taken_over
        a_name_that_exists_is_not_taken_over;
    failure:
        an_engine_that_is_down_says_so_and_recovers
        nothing_acknowledged_is_lost_while_an_engine_goes_and_comes
        a_probe_tells_whether_the_engine_is_up
        a_crash_keeps_what_was_acknowledged
        a_full_store_refuses_and_keeps_its_word;
);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

fn hash(text: &str) -> TokenHash {
    TokenHash::of(text)
}

fn inlet_id(text: &str) -> InletId {
    InletId::try_from(format!("inlet-for-conformance-{text}")).unwrap()
}

/// A horizon for which every device was seen.
fn horizon(read_before: Timestamp, before: Timestamp, now: Timestamp) -> Horizon {
    Horizon { read_before, before, seen_since: Timestamp::UNIX_EPOCH, now }
}

async fn inbox(log: &Log, name: &str) -> InboxId {
    log.add_inbox(name, hash(&format!("code {name}")), at(1_000_000), at(0)).await.unwrap()
}

fn candidate(code: &str, token: &str) -> Candidate {
    Candidate {
        code: hash(code),
        name: "Desk".into(),
        recipient: Identity::random().recipient(),
        token_hash: hash(token),
    }
}

/// Another device of an inbox.
async fn device(log: &Log, inbox: &str, token: &str) -> DeviceRecord {
    let code = format!("code for {token}");
    log.add_code(inbox, hash(&code), at(1_000_000)).await.unwrap();
    log.pair(candidate(&code, token), at(1)).await.unwrap().unwrap()
}

fn sealed(inbox: &InboxId, bytes: impl Into<Vec<u8>>) -> Sealed {
    Sealed { inbox: inbox.clone(), deliveries: vec![(inlet_id("a"), 1)], version: 0, bytes: bytes.into() }
}

async fn version(log: &Log, inbox: &InboxId) -> u64 {
    log.look(inbox).await.unwrap().inboxes.first().map_or(0, |inbox| inbox.version)
}

/// Appends, sealed to whoever is paired right now. `None` where the inbox is gone; anything else fails.
async fn group(log: &Log, mut group: Vec<Sealed>, at: Timestamp) -> Vec<Option<u64>> {
    let mut versions = HashMap::new();
    for sealed in &mut group {
        if !versions.contains_key(&sealed.inbox) {
            versions.insert(sealed.inbox.clone(), version(log, &sealed.inbox).await);
        }
        sealed.version = versions[&sealed.inbox];
    }
    let places = log.append(group, at).await.unwrap();
    let sequence = |place| match place {
        Place::At(sequence) => Some(sequence),
        Place::NoInbox => None,
        Place::Stale | Place::Failed(_) => panic!("{place:?}"),
    };
    places.into_iter().map(sequence).collect()
}

async fn append(log: &Log, inbox: &InboxId, bytes: impl Into<Vec<u8>>, ms: i64) -> u64 {
    group(log, vec![sealed(inbox, bytes)], at(ms)).await[0].unwrap()
}

/// Tries to append one, sealed to the devices of this version. `None` if that failed, whichever way.
async fn try_append(log: &Log, inbox: &InboxId, version: u64, bytes: impl Into<Vec<u8>>) -> Option<u64> {
    let one = Sealed { version, ..sealed(inbox, bytes) };
    match log.append(vec![one], at(1)).await.ok()?.pop()? {
        Place::At(sequence) => Some(sequence),
        _ => None,
    }
}

/// Everything after a cursor, page by page.
async fn all(log: &Log, inbox: &InboxId, mut after: u64) -> Vec<Segment> {
    let mut all = Vec::new();
    loop {
        let page = log.page(inbox, after).await.unwrap().unwrap();
        let Some(last) = page.segments.last() else { return all };
        after = last.sequence;
        all.extend(page.segments);
    }
}

async fn sequences(log: &Log, inbox: &InboxId, after: u64) -> Vec<u64> {
    log.page(inbox, after).await.unwrap().unwrap().segments.iter().map(|s| s.sequence).collect()
}

//! SIGKILL: relay and desk are killed at random moments under load. Nothing that was acknowledged is missing, and the
//! desk ends in the same state as one that was never killed.
//!
//! `OFFIZIN_KILL_ROUNDS` sets how often (20 by default).

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use data_encoding::HEXLOWER;
use offizin_desk::Desk;
use offizin_journey::{RelayProgram, Sender, arrivals, copy, desk, pair, program, pull};
use reqwest::StatusCode;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::{
    process::{Child, Command},
    task::JoinHandle,
    time::sleep,
};

/// How often each body was acknowledged, by its hash.
type Acknowledged = Arc<Mutex<BTreeMap<String, u32>>>;

fn rounds() -> u64 {
    std::env::var("OFFIZIN_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// A small generator: the moments differ from run to run anyway.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// The `n`th thing that happens: orders that move on, stock that falls, each several times and some in the same second.
fn body(n: u64) -> Vec<u8> {
    const STATUSES: [&str; 5] = ["waiting-for-pharmacy", "pending-review", "in-progress", "on-hold", "completed"];
    let second = 1_790_000_000 + n / 3;
    let body = if n.is_multiple_of(4) {
        json!({ "event_type": "pharmacy_sku_stock_updated", "timestamp": second, "payload_version": "1",
            "data": { "uid": format!("psku-{}", n % 11), "stock": 1_000_000 - n, "updated_at": second } })
    } else {
        let lane = n % 37;
        json!({ "event_type": "pharmacy_order_updated", "timestamp": second, "payload_version": "1",
            "data": { "uid": format!("po-{lane}"), "status": STATUSES[(n / 37 % 5) as usize], "name": format!("#{lane}"),
                "updated_at": second, "order": { "uid": format!("ord-{}", lane / 2), "priority": n } } })
    };
    body.to_string().into_bytes()
}

struct Load {
    acknowledged: Acknowledged,
    stop: Arc<AtomicBool>,
    posters: Vec<JoinHandle<()>>,
}

/// Several providers that post without a pause; every fifth body comes twice, and what fails is not repeated.
fn load(sender: &Sender) -> Load {
    let acknowledged = Acknowledged::default();
    let stop = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU64::new(0));
    let poster = |_| {
        let (sender, acknowledged) = (sender.clone(), Arc::clone(&acknowledged));
        let (stop, next) = (Arc::clone(&stop), Arc::clone(&next));
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let body = body(n);
                for _ in 0..if n.is_multiple_of(5) { 2 } else { 1 } {
                    if sender.post(&body).await == Some(StatusCode::OK) {
                        let hash = HEXLOWER.encode(&Sha256::digest(&body));
                        *acknowledged.lock().unwrap().entry(hash).or_default() += 1;
                    }
                }
                // Enough to keep both busy, and no more than the machine can look through afterwards.
                sleep(Duration::from_millis(8)).await;
            }
        })
    };
    let posters = (0..4).map(poster).collect();
    Load { acknowledged, stop, posters }
}

impl Load {
    async fn end(self) -> BTreeMap<String, u32> {
        self.stop.store(true, Ordering::Relaxed);
        for poster in self.posters {
            poster.await.unwrap();
        }
        self.acknowledged.lock().unwrap().clone()
    }
}

/// A desk that follows, as a process of its own.
fn follow(home: &Path, log: &Path) -> Child {
    Command::new(program("offizinctl"))
        .arg("--home")
        .arg(home)
        .args(["--json", "sync", "--follow"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::options().create(true).append(true).open(log).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// A relay and a desk that follows it, both of which die again and again under load.
struct Battlefield {
    relay: RelayProgram,
    home: PathBuf,
    log: PathBuf,
    sender: Sender,
    dir: tempfile::TempDir,
}

impl Battlefield {
    async fn prepare(settings: &[(&'static str, &'static str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (home, log) = (dir.path().join("home"), dir.path().join("ctl.log"));
        let relay = RelayProgram::with_settings(&dir.path().join("relay"), settings).await;
        let desk = desk(&home).await;
        pair(&desk, &relay.invite("Adler-Apotheke").await).await.unwrap();
        let sender = Sender::at(&desk, "Portal", None).await;
        Self { relay, home, log, sender, dir }
    }

    /// Kills the one, the other or both, in every round; answers what was acknowledged. The relay is up afterwards.
    async fn rage(&mut self) -> BTreeMap<String, u32> {
        let load = load(&self.sender);
        let mut following = follow(&self.home, &self.log);
        let mut dice = Dice(u64::from(std::process::id()));
        let (mut relay_died, mut desk_died) = (0, 0);
        for _ in 0..rounds() {
            sleep(Duration::from_millis(30 + dice.below(500))).await;
            let whom = dice.below(3);
            if whom != 0 {
                self.relay.kill().await;
                relay_died += 1;
            }
            if whom != 1 {
                let ended = following.try_wait().unwrap();
                assert!(ended.is_none(), "the desk gave up: {}", std::fs::read_to_string(&self.log).unwrap());
                following.kill().await.unwrap();
                desk_died += 1;
            }
            sleep(Duration::from_millis(dice.below(100))).await;
            if whom != 1 {
                following = follow(&self.home, &self.log);
            }
            self.relay.serve().await;
        }
        assert!(relay_died > 0 && desk_died > 0);
        let acknowledged = load.end().await;
        following.kill().await.unwrap();
        assert!(acknowledged.len() > 50, "only {}", acknowledged.len());
        acknowledged
    }
}

/// Pulls the rest, and looks for everything that was acknowledged.
async fn assert_kept(desk: &Desk, acknowledged: &BTreeMap<String, u32>) {
    assert!(desk.status().await.unwrap().counts.events > 0, "the disturbed desk pulled while it was disturbed");
    let rest = pull(desk).await;
    assert_eq!((rest.rejected, rest.unopened), (0, 0));
    let mut kept = BTreeMap::new();
    for row in arrivals(desk, None).await {
        kept.insert(desk.event_show(&row.id).await.unwrap().sha256, row.receipts);
    }
    for (hash, times) in acknowledged {
        assert!(kept.get(hash).is_some_and(|receipts| receipts >= times), "{hash}: {times}, kept {:?}", kept.get(hash));
    }
    let report = desk.ledger_verify().await.unwrap();
    assert_eq!((report.damaged, report.unproven, report.projections_match), (0, 0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_the_end_is_the_same() {
    let mut field = Battlefield::prepare(&[]).await;
    // The same desk, to be opened when all is over. The relay keeps for three days what was fetched.
    let untouched = field.dir.path().join("untouched");
    copy(&field.home, &untouched);
    let acknowledged = field.rage().await;
    let disturbed = desk(&field.home).await;
    assert_kept(&disturbed, &acknowledged).await;

    let quiet = desk(&untouched).await;
    pull(&quiet).await;
    assert_eq!(disturbed.ledger_digest().await.unwrap(), quiet.ledger_digest().await.unwrap());
    assert_eq!(arrivals(&disturbed, None).await, arrivals(&quiet, None).await);
    disturbed.ledger_rebuild().await.unwrap();
    assert_eq!(disturbed.ledger_digest().await.unwrap(), quiet.ledger_digest().await.unwrap());
    assert_eq!(disturbed.status().await.unwrap().counts, quiet.status().await.unwrap().counts);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_relay_was_told_to_forget_is_on_the_disk() {
    // Whatever is acknowledged by the desk is gone at the relay in no time: there is no second chance to fetch it.
    let settings = [("OFFIZIN_RELAY_KEEP", "0s"), ("OFFIZIN_RELAY_PRUNE_EVERY", "0s")];
    let mut field = Battlefield::prepare(&settings).await;
    let acknowledged = field.rage().await;
    assert_kept(&*desk(&field.home).await, &acknowledged).await;
}

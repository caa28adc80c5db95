//! Providers that never tire, and what they were told.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use crate::house::{Desk, noise};

type Bodies = Arc<Mutex<BTreeSet<Vec<u8>>>>;

/// What was sent, and what was acknowledged, from the beginning.
#[derive(Clone)]
pub(crate) struct Ledger {
    client: reqwest::Client,
    sent: Bodies,
    acknowledged: Bodies,
}

/// Writers at work.
pub(crate) struct Writers {
    tasks: Vec<JoinHandle<()>>,
    done: Arc<AtomicBool>,
}

impl Default for Ledger {
    fn default() -> Self {
        // One for all: making one reads the system's certificates, which takes longer than a hundred deliveries.
        let client = reqwest::Client::builder().timeout(Duration::from_secs(8)).pool_max_idle_per_host(256);
        Self { client: client.build().unwrap(), sent: Bodies::default(), acknowledged: Bodies::default() }
    }
}

impl Ledger {
    /// Starts writers; each posts to all of these addresses in turn, whatever the answer.
    pub(crate) fn write(&self, writers: usize, urls: &[String]) -> Writers {
        let done = Arc::new(AtomicBool::new(false));
        let tasks = (0..writers).map(|writer| {
            let (ledger, done) = (self.clone(), done.clone());
            let urls: Vec<_> = (0..urls.len()).map(|i| urls[(i + writer) % urls.len()].clone()).collect();
            tokio::spawn(async move {
                let mut turn = 0;
                while !done.load(Relaxed) {
                    // From a few bytes to more than a page of the database.
                    let body = noise(24 + 97 * writer % 6000);
                    ledger.sent.lock().unwrap().insert(body.clone());
                    match ledger.client.post(&urls[turn % urls.len()]).body(body.clone()).send().await {
                        Ok(answer) if answer.status() == 200 => {
                            ledger.acknowledged.lock().unwrap().insert(body);
                        }
                        Ok(answer) => {
                            let status = answer.status().as_u16();
                            assert!(matches!(status, 429 | 503), "refused with {status}");
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                    }
                    turn += 1;
                }
            })
        });
        Writers { tasks: tasks.collect(), done }
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Panics if something acknowledged is missing, or if something is there that nobody sent.
    pub(crate) async fn settle(&self, desk: &Desk, round: &str) {
        let kept = desk.bodies().await;
        let acknowledged = self.acknowledged.lock().unwrap();
        let missing = acknowledged.difference(&kept).count();
        assert_eq!(missing, 0, "{round}: {missing} of {} acknowledged are missing", acknowledged.len());
        assert!(kept.is_subset(&self.sent.lock().unwrap()), "{round}: something nobody sent");
    }

    /// Panics if something acknowledged is missing; others may have sent more.
    pub(crate) async fn settle_at_least(&self, desk: &Desk) {
        let kept = desk.bodies().await;
        assert_eq!(self.acknowledged.lock().unwrap().difference(&kept).count(), 0, "acknowledged and missing");
    }

    /// What was settled need not be looked at again.
    pub(crate) fn forget(&self) {
        self.acknowledged.lock().unwrap().clear();
    }
}

impl Writers {
    pub(crate) async fn stop(self) {
        self.done.store(true, Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// For whoever runs it to read: what happened, in figures.
#[allow(clippy::print_stdout, reason = "a long run is started for its figures")]
pub(crate) fn tell(figures: &str) {
    println!("{figures}");
}

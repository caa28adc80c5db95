//! SIGKILL at any moment under concurrent writers: nothing acknowledged is missing, nothing is damaged.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::{
    command::{Served, add_inbox},
    house::{Desk, noise},
};

const ROUNDS: usize = 20;
const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_by_sigkill() {
    let home = tempfile::tempdir().unwrap();
    let mut served = Served::start(home.path(), &[]);
    let code = add_inbox(home.path(), "Adler");
    let mut desk = Desk::new(served.address, reqwest::Client::new());
    assert_eq!(desk.pair(&code, "Desk").await.status(), 200);
    let mut inlet = Arc::new(desk.inlet().await);
    let sent = Arc::new(Mutex::new(BTreeSet::new()));
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));

    for round in 0..ROUNDS {
        let killed = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (sent, acknowledged, killed) = (sent.clone(), acknowledged.clone(), killed.clone());
                let url = format!("http://{}/in/{}", served.address, inlet.token.expose());
                tokio::spawn(async move {
                    let client = reqwest::Client::new();
                    for i in 0.. {
                        let mut body = format!("{round} {writer} {i} ").into_bytes();
                        body.extend(noise(64 * writer));
                        sent.lock().unwrap().insert(body.clone());
                        match client.post(&url).body(body.clone()).send().await {
                            Ok(answer) if answer.status() == 200 => {
                                acknowledged.lock().unwrap().insert(body);
                            }
                            Ok(answer) => panic!("refused with {}", answer.status()),
                            Err(_) => {
                                assert!(killed.load(Relaxed), "the relay ends only when it is killed");
                                return;
                            }
                        }
                    }
                })
            })
            .collect();
        // Anywhere between the first bytes of the first requests and thousands of commits.
        let pause = u16::from_le_bytes(noise(2).try_into().unwrap()) % 250;
        tokio::time::sleep(Duration::from_millis(pause.into())).await;
        killed.store(true, Relaxed);
        served.kill();
        for writer in writers {
            writer.await.unwrap();
        }
        served = Served::start(home.path(), &[]);
        desk.base = format!("http://{}", served.address);
        inlet = Arc::new(desk.inlet_at(inlet.id.clone(), inlet.token.clone()));

        let kept = desk.bodies().await;
        let acknowledged = acknowledged.lock().unwrap();
        let missing = acknowledged.difference(&kept).count();
        assert_eq!(missing, 0, "round {round}: {missing} of {} acknowledged are missing", acknowledged.len());
        assert!(kept.is_subset(&sent.lock().unwrap()), "round {round}: something nobody sent");
    }
    assert!(acknowledged.lock().unwrap().len() > ROUNDS * WRITERS, "the relay was at work");
}

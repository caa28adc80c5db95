//! A back-up made while the relay serves, and a store restored from it when the disk is lost.

use crate::{
    house::Desk,
    programs::{Served, add_inbox, program},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_store_gives_out_no_sequence_twice() {
    let home = tempfile::tempdir().unwrap();
    let served = Served::start(home.path(), &[]);
    let code = add_inbox(home.path(), "Adler");
    let desk = Desk::new(served.address, reqwest::Client::new());
    assert_eq!(desk.pair(&code, "Desk").await.status(), 200);
    let inlet = desk.inlet().await;
    for body in ["1", "2", "3"] {
        inlet.deliver(body).await;
    }
    let copy = home.path().join("copy.db");
    let run =
        |words: &[&str], store: &std::path::Path| program(store).args(words).arg(&copy).output().unwrap().status.code();
    assert_eq!(run(&["backup", "--to"], home.path()), Some(0), "while it serves");
    assert_eq!(run(&["backup", "--to"], home.path()), Some(1), "not over a file that is there");
    inlet.deliver("since the back-up").await;
    assert_eq!(desk.ack(4).await.status(), 204);
    served.kill();

    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(run(&["restore", "--from"], home.path()), Some(1), "not over a store that is there");
    let remains = elsewhere.path().join("relay.db-wal");
    std::fs::write(&remains, "of the store that was lost").unwrap();
    assert_eq!(run(&["restore", "--from"], elsewhere.path()), Some(1), "not beside what would be mixed into it");
    std::fs::remove_file(remains).unwrap();
    assert_eq!(run(&["restore", "--from"], elsewhere.path()), Some(0));
    let served = Served::start(elsewhere.path(), &[]);
    // The desk has four, and goes on after them.
    let desk = Desk { base: format!("http://{}", served.address), cursor: 4, ..desk };
    desk.inlet_at(inlet.id, inlet.token).deliver("after the restoration").await;
    let bodies = desk.bodies().await;
    assert_eq!(bodies.into_iter().collect::<Vec<_>>(), [b"after the restoration".to_vec()]);
    let sequences: Vec<_> = desk.segments().await.iter().map(|segment| segment.sequence).collect();
    assert_eq!(sequences, [1_000_003, 1_000_004], "one without deliveries, for the cursor, and the new one");
    assert_eq!(desk.ack(1_000_004).await.status(), 204);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for file in [copy, elsewhere.path().join("relay.db")] {
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

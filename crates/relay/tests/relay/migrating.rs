//! An inbox moves to another engine, and its desks and providers notice nothing but a pause.

use offizin_wire::RefusalCode;

use crate::{
    house::{Desk, assert_refused},
    nats::Server,
    programs::{Served, add_inbox, json, program, program_on},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_moves_to_nats_and_back_without_loss() {
    let home = tempfile::tempdir().unwrap();
    let served = Served::start(home.path(), &[]);
    let code = add_inbox(home.path(), "Adler");
    let desk = Desk::new(served.address, reqwest::Client::new());
    assert_eq!(desk.pair(&code, "Desk").await.status(), 200);
    let inlet = desk.inlet().await;
    for i in 0..30 {
        inlet.deliver(format!("{i}")).await;
    }
    inlet.deliver(crate::house::noise(3_000_000)).await;
    desk.ack(7).await;
    let before = desk.segments().await;

    let server = Server::start(None);
    let address = server.store();
    let here = format!("sqlite:{}", home.path().join("relay.db").display());
    let migrate = |from: &str, to: &str| {
        program(home.path())
            .args(["migrate", "--from", from, "--to", to, "--nats-monitor", &address.monitor, "--json"])
            .output()
            .unwrap()
    };
    let served_still = migrate(&here, &address.store);
    assert_eq!(json(&served_still)["code"], "store_claimed", "not while a relay serves it");
    served.kill();

    let moved = migrate(&here, &address.store);
    assert!(moved.status.success(), "{moved:?}");
    assert_eq!(json(&moved)["rows"][0]["head"], before.len());
    let again = migrate(&here, &address.store);
    assert!(again.status.success() || json(&again)["code"] == "store_unavailable", "{again:?}");

    // The old store keeps everything, but takes nothing any more.
    let old = Served::start(home.path(), &[]);
    let there = Desk { base: format!("http://{}", old.address), ..desk };
    assert_refused(
        there.inlet_at(inlet.id.clone(), inlet.token.clone()).post("x").await,
        503,
        RefusalCode::Unavailable,
    )
    .await;
    assert!(there.segments().await == before);
    old.kill();

    let new = Served::start_with(program_on(&address), &[]);
    let there = Desk { base: format!("http://{}", new.address), ..there };
    assert!(there.segments().await == before, "the same segments under the same sequences");
    assert_eq!(there.devices().await[0].acked, 7);
    let inlet_there = there.inlet_at(inlet.id.clone(), inlet.token.clone());
    inlet_there.deliver("after the move").await;
    assert_eq!(there.segments().await.last().unwrap().sequence, before.len() as u64 + 1);
    new.kill();

    let home_again = tempfile::tempdir().unwrap();
    let back = migrate(&address.store, &format!("sqlite:{}", home_again.path().join("relay.db").display()));
    assert!(back.status.success(), "{back:?}");
    let served = Served::start(home_again.path(), &[]);
    let back = Desk { base: format!("http://{}", served.address), ..there };
    assert_eq!(back.bodies().await.len(), before.len() + 1);
    back.inlet_at(inlet.id, inlet.token).deliver("back").await;
}

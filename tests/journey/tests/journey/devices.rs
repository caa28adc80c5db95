//! Several desks of one inbox: each sees, names and revokes the others.

use offizin_desk::{
    Code,
    audit::{AuditAction, AuditOutcome, Shell},
    devices::DeviceRenameInput,
};
use offizin_journey::{Sender, ServedRelay, ctl, desk, pair, pull};

#[tokio::test(flavor = "multi_thread")]
async fn desks_of_one_inbox_see_name_and_revoke_each_other() {
    let room = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&room.path().join("relay")).await;
    let (one, two) = (desk(&room.path().join("one")).await, desk(&room.path().join("two")).await);
    assert_eq!(one.device_list().await.unwrap_err().code, Code::NotPaired);
    pair(&one, &relay.invite("testapotheke").await).await.unwrap();
    let code = relay.relay.add_code("testapotheke", jiff::Timestamp::now()).await.unwrap();
    pair(&two, &code.expose()).await.unwrap();
    Sender::at(&one, "by hand", None).await.post(b"{}").await.unwrap();
    assert_eq!(pull(&one).await.cursor, 1);

    let devices = one.device_list().await.unwrap();
    let behind: Vec<_> = devices.iter().map(|device| (device.this, device.behind, device.away)).collect();
    assert_eq!(behind, [(true, 0, false), (false, 1, false)]);
    let [mine, other] = [&devices[0].id, &devices[1].id].map(Clone::clone);

    one.device_rename(DeviceRenameInput { id: other.clone(), name: " Büro ".into() }).await.unwrap();
    one.device_rename(DeviceRenameInput { id: mine.clone(), name: "Theke".into() }).await.unwrap();
    assert_eq!(one.status().await.unwrap().relay.unwrap().device_name, "Theke");
    let listed = ctl(&room.path().join("two"), "", ["device", "list"]).await;
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let names: Vec<_> = listed["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Theke", "Büro"]);
    let wrong = DeviceRenameInput { id: mine.clone(), name: "  ".into() };
    assert_eq!(one.device_rename(wrong).await.unwrap_err().code, Code::DeviceNameMalformed);
    let nobody = DeviceRenameInput { id: "nobody".into(), name: "x".into() };
    assert_eq!(one.device_rename(nobody).await.unwrap_err().code, Code::DeviceUnknown);
    assert_eq!(one.device_revoke("nobody").await.unwrap_err().code, Code::DeviceUnknown);

    one.device_revoke(&other).await.unwrap();
    assert_eq!(one.device_list().await.unwrap().len(), 1);
    assert_eq!(two.pull(std::time::Duration::ZERO).await.unwrap_err().code, Code::RelayRefused);
    // One's own is leaving.
    one.device_revoke(&mine).await.unwrap();
    assert!(one.status().await.unwrap().relay.is_none());
    relay.stop().await;
}

/// Who is named or shut out is an administrator's act: in the record of the desk it was done from, whichever shell it was.
#[tokio::test(flavor = "multi_thread")]
async fn naming_and_revoking_a_desk_is_in_the_record() {
    let room = tempfile::tempdir().unwrap();
    let relay = ServedRelay::start(&room.path().join("relay")).await;
    let homes = ["one", "two", "three"].map(|name| room.path().join(name));
    let mut ids = Vec::new();
    let one = desk(&homes[0]).await;
    pair(&one, &relay.invite("testapotheke").await).await.unwrap();
    for home in &homes[1..] {
        let code = relay.relay.add_code("testapotheke", jiff::Timestamp::now()).await.unwrap();
        let other = desk(home).await;
        pair(&other, &code.expose()).await.unwrap();
        ids.push(one.device_list().await.unwrap().pop().unwrap().id);
        other.close().await;
    }
    let name = |id: &str, name: &str| DeviceRenameInput { id: id.into(), name: name.into() };
    one.device_rename(name(&ids[0], " Büro ")).await.unwrap();
    one.device_rename(name(&ids[0], "a\u{7}b")).await.unwrap_err();
    one.device_revoke("nobody").await.unwrap_err();
    one.device_revoke(&ids[0]).await.unwrap();
    one.close().await;
    let by_hand = ctl(&homes[0], "", ["device", "remove", &ids[1], "--yes"]).await;
    assert!(by_hand.status.success());

    let one = desk(&homes[0]).await;
    let url = relay.url.clone();
    relay.stop().await;
    let unreachable = one.device_revoke(&ids[1]).await.unwrap_err().code;
    let record = one.audit_list(&Default::default()).await.unwrap().rows;
    let told: Vec<_> = record
        .iter()
        .map(|row| (row.action, row.shell, row.subject.as_str(), row.detail.as_deref(), row.outcome, row.code))
        .collect();
    use AuditAction::{DeviceRename, DeviceRevoke, Pair};
    use AuditOutcome::{Done, Failed};
    let (first, second) = (ids[0].as_str(), ids[1].as_str());
    let expected = [
        (DeviceRevoke, Shell::Window, second, Some(second), Failed, Some(unreachable)),
        (DeviceRevoke, Shell::CommandLine, "Counter", Some(second), Done, None),
        (DeviceRevoke, Shell::Window, "Büro", Some(first), Done, None),
        (DeviceRevoke, Shell::Window, "nobody", Some("nobody"), Failed, Some(Code::DeviceUnknown)),
        (DeviceRename, Shell::Window, "Büro", Some("a b"), Failed, Some(Code::DeviceNameMalformed)),
        (DeviceRename, Shell::Window, "Counter", Some("Büro"), Done, None),
        (Pair, Shell::Window, url.as_str(), None, Done, None),
    ];
    assert_eq!(told, expected);
    one.close().await;
    let listed = ctl(&homes[0], "", ["audit", "--limit", "2"]).await;
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let rows: Vec<_> = listed["rows"].as_array().unwrap().iter().map(|row| (&row["action"], &row["outcome"])).collect();
    assert_eq!(rows, [(&"device_revoke".into(), &"failed".into()), (&"device_revoke".into(), &"done".into())]);
}

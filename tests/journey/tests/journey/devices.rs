//! Several desks of one inbox: seen, named and revoked from any of them.

use offizin_desk::{Code, devices::DeviceRenameInput};
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

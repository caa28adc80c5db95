//! TLS by certificate files, and that a renewed certificate is used without a restart.

use std::{path::Path, time::Duration};

use crate::{
    house::HANG,
    programs::{Served, add_inbox},
};

/// A fresh certificate for `localhost` in these files. Answers its PEM.
fn certify(home: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(home.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(home.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.pem()
}

async fn healthy(served: &Served, trusting: &str) -> bool {
    let root = reqwest::Certificate::from_pem(trusting.as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).timeout(Duration::from_secs(10)).build().unwrap();
    let url = format!("https://localhost:{}/healthz", served.address.port());
    client.get(url).send().await.is_ok_and(|answer| answer.status() == 200)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_used_at_a_signal_and_a_broken_one_never() {
    let home = tempfile::tempdir().unwrap();
    let first = certify(home.path());
    let files = [home.path().join("cert.pem"), home.path().join("key.pem")].map(|path| path.display().to_string());
    let served = Served::start(home.path(), &["--tls-cert", &files[0], "--tls-key", &files[1]]);
    add_inbox(home.path(), "Adler");
    assert!(healthy(&served, &first).await);
    let plain = format!("http://localhost:{}/healthz", served.address.port());
    assert!(reqwest::get(plain).await.is_err(), "no plain HTTP beside it");

    let hang_up = || {
        let told = std::process::Command::new("kill").args(["-HUP", &served.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    };
    std::fs::write(&files[0], "-----BEGIN CERTIFICATE-----\nhalf a fi").unwrap();
    hang_up();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(healthy(&served, &first).await, "the old one stays");

    let second = certify(home.path());
    hang_up();
    let renewed = async { while !healthy(&served, &second).await {} };
    tokio::time::timeout(HANG, renewed).await.unwrap();
    assert!(!healthy(&served, &first).await);
    // Without a signal as well, a little later.
    let third = certify(home.path());
    let renewed = async { while !healthy(&served, &third).await {} };
    tokio::time::timeout(HANG, renewed).await.unwrap();
    served.terminate();
}

#[test]
fn an_unusable_certificate_is_told_at_the_start() {
    let home = tempfile::tempdir().unwrap();
    certify(home.path());
    std::fs::write(home.path().join("key.pem"), "no key").unwrap();
    let output = crate::programs::program(home.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .arg("--tls-cert")
        .arg(home.path().join("cert.pem"))
        .arg("--tls-key")
        .arg(home.path().join("key.pem"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("key.pem"));
}

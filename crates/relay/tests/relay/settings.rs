//! The settings file, for the program as a whole.

use crate::programs::{json, program};

#[test]
fn settings_come_from_a_file_and_a_slip_in_it_is_told() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("relay.toml");
    std::fs::write(&file, "public-url = 'https://relay.test/'\ncode-life = '1h'\n").unwrap();
    let add = |name: &str| {
        program(home.path()).args(["inbox", "add", name, "--json", "--config"]).arg(&file).output().unwrap()
    };
    let added = add("Adler");
    // `code-life` belongs to `inbox add` alone.
    assert_eq!(added.status.code(), Some(2), "{added:?}");
    std::fs::write(&file, "public-url = 'https://relay.test/'\nkeep = '1h'\n").unwrap();
    let added = add("Adler");
    assert!(added.status.success(), "{added:?}");
    assert!(json(&added)["pairing_code"].is_string());
    std::fs::write(&file, "pubic-url = 'https://relay.test/'\n").unwrap();
    let told = add("Bär");
    assert_eq!(told.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&told.stderr).contains("pubic-url"));
}

//! Builds what Tauri needs to know before the shell compiles: its configuration, its icons, and the commands of the window.
//! These are read from the list in `src/ipc.rs`: what stands there is declared to Tauri and allowed to the window, and
//! nothing else is. A macro cannot do it, because Tauri wants the names before the list is compiled; a test beside the list
//! compares what was read with what was compiled.

use std::{env, error::Error, fs, path::PathBuf};

const LIST: &str = "src/ipc.rs";

fn main() {
    println!("cargo:rerun-if-changed={LIST}");
    if let Err(error) = build() {
        println!("cargo:error={error:#}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let source = fs::read_to_string(LIST)?;
    // A build script ends soon, and Tauri wants what lives as long as the program.
    let names: &'static [&'static str] = names(source.leak()).leak();
    if names.is_empty() {
        return Err("there is no list of commands in src/ipc.rs".into());
    }
    let folder = PathBuf::from(env::var("OUT_DIR")?).join("window");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("main.json"), capability(names))?;
    let pattern = folder.join("*.json").to_str().ok_or("the folder of the build has no readable name")?.to_owned();
    let commands = tauri_build::AppManifest::new().commands(names);
    let attributes = tauri_build::Attributes::new().app_manifest(commands).capabilities_path_pattern(pattern.leak());
    Ok(tauri_build::try_build(attributes)?)
}

/// The names in the list. Each entry begins with four spaces, its name and `(shell, `; what is written differently is missing
/// here, and then the test fails.
fn names(source: &str) -> Vec<&str> {
    let list = source.split_once("\ncommands! {\n").and_then(|(_, rest)| rest.split_once("\n}\n"));
    let lines = list.map_or("", |(list, _)| list).lines();
    let is_name = |text: &&str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    lines.filter_map(|line| Some(line.strip_prefix("    ")?.split_once("(shell, ")?.0)).filter(is_name).collect()
}

/// What the window may do: listen for changed tags, and ask the desk.
fn capability(names: &[&str]) -> String {
    let asks = names.iter().map(|name| format!("allow-{}", name.replace('_', "-")));
    let listens = ["core:event:allow-listen", "core:event:allow-unlisten"].map(str::to_owned);
    let permissions: Vec<String> = listens.into_iter().chain(asks).collect();
    format!(
        r#"{{ "identifier": "main", "description": "What the window may do: listen for changed tags, and ask the desk. Nothing else.", "windows": ["main"], "permissions": {permissions:?} }}"#
    )
}

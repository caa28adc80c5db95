//! Builds what Tauri needs to know before the shell compiles: its configuration, its icons, and the names of its commands.
//! A command that is not named here, or not allowed by `capabilities/main.json`, is refused; a test compares the three lists.

#[path = "src/names.rs"]
mod names;

fn main() {
    println!("cargo:rerun-if-changed=src/names.rs");
    let commands = tauri_build::AppManifest::new().commands(names::NAMES);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands)) {
        println!("cargo:error={error:#}");
        std::process::exit(1);
    }
}

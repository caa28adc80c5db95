//! The window's shell: it opens the desk, shows the window, answers its commands and keeps the tray. Steps 10 and 11 of an
//! event's journey pass through here: [`background`] pulls and says which views changed, [`ipc`] answers when they ask.
//! No rule of the business lives here; everything is one call to [`offizin_desk::Desk`].
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod attention;
mod background;
mod ipc;
mod look;
mod shell;
mod startup;
mod tray;
mod window;
mod words;
mod work;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::IsTerminal,
    path::PathBuf,
    process::ExitCode,
};

use offizin_desk::{Home, system_clock};
use tauri::{Manager, RunEvent, async_runtime};
use tauri_plugin_window_state::StateFlags;
use tracing_subscriber::EnvFilter;

use crate::shell::Shell;

/// Overrides the platform's data folder; shared with `offizinctl`.
const HOME: &str = "OFFIZIN_HOME";

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("OFFIZIN_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let dir = std::env::var_os(HOME).filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let instance = dir.as_ref().map(instance);
    let home = match Home::at(dir) {
        Ok(home) => home,
        Err(problem) => {
            tracing::error!(incident = %problem.incident, code = %problem.code, "there is no data folder");
            return ExitCode::FAILURE;
        }
    };

    let mut single = tauri_plugin_single_instance::Builder::new().callback(|app, _, _| window::show(app));
    if let Some(instance) = instance {
        single = single.dbus_id(instance);
    }
    let frame = tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN)
        // An absolute path, so that everything of one desk lies in its home.
        .with_filename(home.dir().join("window.json").display().to_string())
        .build();

    let app = tauri::Builder::default()
        // First: a second start must find the first before it touches anything.
        .plugin(single.build())
        .plugin(frame)
        .plugin(tauri_plugin_notification::init())
        .invoke_handler(ipc::handler())
        .setup(|app| {
            let shell = Shell::new(app.handle().clone(), home, system_clock());
            app.manage(shell.clone());
            app.manage(work::UnderWay::default());
            window::build(&shell)?;
            tray::build(&shell);
            startup::obey_signals(app.handle().clone());
            async_runtime::spawn(async move { startup::open(&shell).await });
            Ok(())
        })
        .build(tauri::generate_context!());
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            tracing::error!(%error, "the window cannot be opened");
            return ExitCode::FAILURE;
        }
    };
    app.run(|app, event| {
        if let RunEvent::Exit = event {
            async_runtime::block_on(startup::close(&app.state::<Shell>()));
        }
    });
    ExitCode::SUCCESS
}

/// The name under which a second start on the same folder finds the first. Another folder is another desk.
fn instance(dir: &PathBuf) -> String {
    let mut hasher = DefaultHasher::new();
    std::path::absolute(dir).unwrap_or_else(|_| dir.clone()).hash(&mut hasher);
    format!("org.offizin.desk.h{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_is_one_instance() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(instance(&here.join("a")), instance(&PathBuf::from("a")));
        assert_ne!(instance(&here.join("a")), instance(&here.join("b")));
    }
}

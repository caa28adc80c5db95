//! The tray: an icon with a dot when something needs a person, and a menu with three entries. A desktop without a tray is
//! as good as any other: then there is none, and closing the window ends the program.

use std::panic::{AssertUnwindSafe, catch_unwind};

use offizin_desk::attention::AttentionView;
use tauri::{
    AppHandle, Wry,
    image::Image,
    include_image,
    menu::{IsMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem},
    tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent},
};

use crate::{shell::Shell, window, words::Words};

const QUIET: Image<'_> = include_image!("../icons/tray.png");
const DOT: Image<'_> = include_image!("../icons/tray-attention.png");

/// Builds the tray, where there can be one.
pub(crate) fn build(shell: &Shell) {
    let words = Words::of(*shell.language().borrow());
    // The library that draws it on Linux panics when the desktop's own library is not installed.
    let built = catch_unwind(AssertUnwindSafe(|| make(shell, words)));
    match built {
        Ok(Ok(tray)) => shell.set_tray(tray),
        Ok(Err(error)) => tracing::info!(%error, "there is no tray"),
        Err(_) => tracing::info!("there is no tray"),
    }
}

fn make(shell: &Shell, words: Words) -> tauri::Result<TrayIcon> {
    let pressed = shell.clone();
    TrayIconBuilder::with_id("main")
        .icon(QUIET)
        .icon_as_template(true)
        .tooltip("Offizin")
        .menu(&menu(shell.app(), words, &words.line(&AttentionView::default()))?)
        .show_menu_on_left_click(false)
        .on_menu_event(move |app, event| press(&pressed, app, &event))
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. } = event {
                window::show(tray.app_handle());
            }
        })
        .build(shell.app())
}

fn menu(app: &AppHandle, words: Words, line: &str) -> tauri::Result<Menu<Wry>> {
    let item = |id: &str, text: &str, enabled| MenuItem::with_id(app, id, text, enabled, None::<&str>);
    let items: [&dyn IsMenuItem<Wry>; 6] = [
        &item("line", line, false)?,
        &PredefinedMenuItem::separator(app)?,
        &item("open", words.open, true)?,
        &item("sync", words.sync, true)?,
        &PredefinedMenuItem::separator(app)?,
        &item("quit", words.quit, true)?,
    ];
    Menu::with_items(app, &items)
}

fn press(shell: &Shell, app: &AppHandle, event: &MenuEvent) {
    match event.id().as_ref() {
        "open" => window::show(app),
        "sync" => shell.hurry().notify_one(),
        "quit" => app.exit(0),
        _ => {}
    }
}

/// Shows what needs a person.
pub(crate) fn show(shell: &Shell, attention: &AttentionView, words: Words) {
    let Some(tray) = shell.tray() else { return };
    let shown = menu(shell.app(), words, &words.line(attention)).and_then(|menu| {
        tray.set_menu(Some(menu))?;
        tray.set_icon_with_as_template(Some(if attention.calls() { DOT } else { QUIET }), !attention.calls())
    });
    if let Err(error) = shown {
        tracing::debug!(%error, "the tray could not be changed");
    }
}

/// Whether somebody draws tray icons on this desktop; otherwise a hidden window could not be found again.
pub(crate) async fn drawn(shell: &Shell) -> bool {
    shell.tray().is_some() && host().await
}

#[cfg(target_os = "linux")]
async fn host() -> bool {
    let asked = async {
        let bus = zbus::Connection::session().await?;
        let answer = bus
            .call_method(
                Some("org.freedesktop.DBus"),
                "/org/freedesktop/DBus",
                Some("org.freedesktop.DBus"),
                "NameHasOwner",
                &("org.kde.StatusNotifierWatcher"),
            )
            .await?;
        answer.body().deserialize::<bool>()
    };
    asked.await.unwrap_or(false)
}

#[cfg(not(target_os = "linux"))]
async fn host() -> bool {
    true
}

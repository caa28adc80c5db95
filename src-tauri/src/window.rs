//! The one window: built hidden, shown with its first paint, closed into the tray or for good. It goes nowhere but to the
//! pages inside the program: no navigation, no new windows, no downloads.

use std::time::Duration;

use tauri::{
    AppHandle, Manager, Url, WebviewWindow, WebviewWindowBuilder, WindowEvent,
    webview::{NewWindowResponse, PageLoadEvent},
};

use crate::{
    look,
    shell::{MAIN, Shell},
    tray,
};

/// A page that has not painted by then is shown all the same, so that somebody sees that something is wrong.
const SHOW_ANYWAY: Duration = Duration::from_secs(5);

/// Builds the window as the configuration describes it.
pub(crate) fn build(shell: &Shell) -> tauri::Result<()> {
    let app = shell.app();
    let config = app.config().app.windows.iter().find(|window| window.label == MAIN);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    let theme = look::frame(look::noted(shell.home()));
    let window = WebviewWindowBuilder::from_config(app, config)?
        .theme(theme)
        .background_color(look::ground(theme))
        .devtools(cfg!(debug_assertions))
        // Nothing of what the window shows is kept on disk. Only a debug build, and only when a test asks for it, is built
        // in the way that lets it be driven from outside.
        .incognito(!(cfg!(debug_assertions) && driven()))
        .on_navigation(at_home)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(|window, page| {
            if page.event() == PageLoadEvent::Finished {
                reveal(&window);
            }
        })
        .build()?;
    let closing = shell.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
            tauri::async_runtime::spawn(close(closing.clone()));
        }
    });
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(SHOW_ANYWAY).await;
        reveal(&window);
    });
    Ok(())
}

/// Whether a test drives this program by WebDriver.
fn driven() -> bool {
    std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some_and(|value| value == "true")
}

/// Whether an address is one of the program's own pages.
fn at_home(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // How the same pages are called on Windows.
        "http" | "https" if url.host_str() == Some("tauri.localhost") => true,
        // What the development server serves.
        "http" if cfg!(dev) => url.host_str() == Some("127.0.0.1") && url.port() == Some(5173),
        _ => false,
    }
}

/// Shows the window for the first time.
fn reveal(window: &WebviewWindow) {
    // Not again on a reload: by then somebody may have hidden it.
    if window.app_handle().try_state::<Revealed>().is_none() && window.app_handle().manage(Revealed) {
        let _ = window.show().and_then(|()| window.set_focus());
    }
}

struct Revealed;

/// Brings the window to the front, wherever it was.
pub(crate) fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
    if let Err(error) = shown {
        tracing::warn!(%error, "the window could not be brought to the front");
    }
    tracing::info!("the window was called to the front");
}

/// Whether somebody is looking at the window.
pub(crate) fn in_front(app: &AppHandle) -> bool {
    app.get_webview_window(MAIN).is_some_and(|window| window.is_focused().unwrap_or(false))
}

/// Closing hides the window where it can be found again and that is wanted; otherwise it ends the program.
async fn close(shell: Shell) {
    let keep = match shell.desk_now() {
        Some(desk) => desk.settings().await.is_ok_and(|settings| settings.keep_in_tray),
        None => false,
    };
    let window = shell.window();
    match window.filter(|_| keep) {
        Some(window) if tray::drawn(&shell).await => {
            let _ = window.hide();
        }
        _ => shell.app().exit(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_programs_own_pages_are_home() {
        for url in ["tauri://localhost/", "tauri://localhost/index.html#/orders", "http://tauri.localhost/"] {
            assert!(at_home(&url.parse().unwrap()), "{url}");
        }
        for url in [
            "https://example.org/",
            "http://localhost/",
            "http://127.0.0.1:8787/",
            "file:///etc/passwd",
            "data:text/html,hello",
            "about:blank",
            "tauri://elsewhere/",
            "http://tauri.localhost.example.org/",
            "javascript:alert(1)",
        ] {
            assert!(!at_home(&url.parse().unwrap()), "{url}");
        }
    }
}

//! How the shell's own parts follow the settings: the colours of the window's frame and the language of the tray. The
//! settings lie in the encrypted database; so that the window does not flash in the wrong colours before that is open, the
//! last theme is noted beside it. The note is a hint: lost or wrong, it costs a flash.

use offizin_desk::{
    Home,
    status::{Settings, Theme},
};
use tauri::window::Color;

use crate::shell::Shell;

/// Takes over new settings.
pub(crate) async fn apply(shell: &Shell, settings: &Settings) {
    shell.language().send_if_modified(|language| std::mem::replace(language, settings.language) != settings.language);
    if let Some(window) = shell.window()
        && let Err(error) = window.set_theme(frame(settings.theme))
    {
        tracing::debug!(%error, "the frame keeps its colours");
    }
    note(shell.home(), settings.theme).await;
}

/// The theme of the frame; `None` leaves it to the system.
pub(crate) fn frame(theme: Theme) -> Option<tauri::Theme> {
    match theme {
        Theme::System => None,
        Theme::Dark => Some(tauri::Theme::Dark),
        Theme::Light | Theme::Contrast => Some(tauri::Theme::Light),
    }
}

/// What shows before the first paint: the window's own background.
pub(crate) fn ground(theme: Option<tauri::Theme>) -> Color {
    match theme {
        Some(tauri::Theme::Dark) => Color(0x11, 0x17, 0x18, 0xff),
        _ => Color(0xf1, 0xf4, 0xf4, 0xff),
    }
}

/// The noted theme. Read before there is a window, when nobody else waits.
pub(crate) fn noted(home: &Home) -> Theme {
    theme_in(std::fs::read(home.dir().join("theme")))
}

fn theme_in(note: std::io::Result<Vec<u8>>) -> Theme {
    serde_json::from_slice(&note.unwrap_or_default()).unwrap_or_default()
}

async fn note(home: &Home, theme: Theme) {
    let file = home.dir().join("theme");
    if theme_in(tokio::fs::read(&file).await) == theme {
        return;
    }
    if let Ok(text) = serde_json::to_vec(&theme) {
        let _ = tokio::fs::write(file, text).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_noted_theme_comes_back_and_a_damaged_note_is_the_system() {
        let dir = std::env::temp_dir().join(format!("offizin-look-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let home = Home::at(Some(dir.clone())).unwrap();
        assert_eq!(noted(&home), Theme::System);
        note(&home, Theme::Dark).await;
        assert_eq!(noted(&home), Theme::Dark);
        std::fs::write(dir.join("theme"), b"\xff{").unwrap();
        assert_eq!(noted(&home), Theme::System);
        std::fs::remove_dir_all(dir).unwrap();
    }
}

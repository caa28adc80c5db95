//! A window with nothing in it: what Tauri and WebKit need by themselves, for `./bench window` to compare with.

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .setup(|app| {
            let blank = tauri::WebviewUrl::External("about:blank".parse()?);
            tauri::WebviewWindowBuilder::new(app, "empty", blank).inner_size(1280.0, 820.0).build()?;
            Ok(())
        })
        .run(tauri::generate_context!())
}

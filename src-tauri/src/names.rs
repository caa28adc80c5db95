//! The names of the shell's commands: for the build script, which runs before the list in `ipc.rs` can be read, and for the
//! test that compares the two. It owns no command.

/// Every command of the shell. Tauri denies what is not named at build time.
pub(crate) const NAMES: &[&str] = &[
    "startup",
    "startup_retry",
    "startup_start_over",
    "status",
    "sync_now",
    "pair",
    "unpair",
    "connection_add",
    "connection_check",
    "connection_remove",
    "notification_types",
    "subscription_list",
    "subscription_register",
    "subscription_test",
    "subscription_remove",
    "subscription_paste_secret",
    "order_list",
    "order_show",
    "order_timeline",
    "order_patient",
    "stock_list",
    "stock_history",
    "event_list",
    "event_show",
    "event_body",
    "event_verify",
    "settings",
    "settings_set",
];

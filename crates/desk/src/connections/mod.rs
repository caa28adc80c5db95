//! Connections: which provider, which host, which key. The key lies in the keychain; everything else in the database.

mod acts;
mod desk;
mod reach;
mod rows;
pub mod view;

pub(crate) use acts::{forget_orders_key, keep_orders_key};
pub(crate) use reach::{api, orders_api};
pub(crate) use rows::{confirmed, confirms, find, insert_sender, list, note_checked, note_wrote, realm};

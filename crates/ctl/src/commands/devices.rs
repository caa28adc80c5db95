//! Devices: the desks that share an inbox, what waits for each at the relay, and which of them is revoked.

use clap::Subcommand;
use offizin_desk::{
    Problem,
    devices::{DeviceRenameInput, DeviceView},
};

use crate::{
    print::{local, maybe_local, table},
    shell::Shell,
};

#[derive(Subcommand)]
pub(crate) enum Device {
    /// Desks that share this inbox, with when they were last seen and what waits for them.
    List,
    /// Give a desk another name.
    Rename { id: String, name: String },
    /// Revoke a desk: it can fetch nothing from then on. For this one it is `unpair`.
    Remove {
        id: String,
        /// Yes, revoke it.
        #[arg(long, required = true)]
        yes: bool,
    },
}

impl Device {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        match self {
            Self::List => shell.rows(&shell.desk.device_list().await?, print_devices),
            Self::Rename { id, name } => {
                shell.desk.device_rename(DeviceRenameInput { id, name }).await?;
                shell.done("renamed");
            }
            Self::Remove { id, yes: _ } => {
                shell.desk.device_revoke(&id).await?;
                shell.done("revoked");
            }
        }
        Ok(())
    }
}

fn print_devices(rows: &[DeviceView]) {
    let cells = rows.iter().map(|device| {
        let note = match (device.this, device.away) {
            (true, _) => "this one",
            (_, true) => "away: what it misses is no longer kept for it",
            _ => "",
        };
        vec![
            device.id.clone(),
            device.name.clone(),
            local(device.paired_at),
            maybe_local(device.last_seen_at),
            device.behind.to_string(),
            note.to_owned(),
        ]
    });
    table(&["ID", "NAME", "PAIRED", "LAST SEEN", "BEHIND", ""], &cells.collect::<Vec<_>>());
}

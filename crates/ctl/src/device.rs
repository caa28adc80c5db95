//! Desks that share an inbox, on the command line: who they are, what waits for them, and who may no longer.

use offizin_desk::{Problem, devices::DeviceRenameInput};
use serde_json::json;

use crate::{
    Shell,
    args::Device,
    print::{json, local, maybe_local, table},
};

impl Shell {
    pub(crate) async fn device(&self, command: Device) -> Result<(), Problem> {
        match command {
            Device::List => {
                let rows = self.desk.device_list().await?;
                if self.json {
                    json(&json!({ "rows": rows, "next": null }));
                    return Ok(());
                }
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
                Ok(())
            }
            Device::Rename { id, name } => {
                self.desk.device_rename(DeviceRenameInput { id, name }).await?;
                self.done("renamed")
            }
            Device::Remove { id, yes: _ } => {
                self.desk.device_revoke(&id).await?;
                self.done("revoked")
            }
        }
    }
}

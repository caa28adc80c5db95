//! The desks that share our inbox at the relay: seen, named and revoked from any of them.
//!
//! The relay knows them; nothing of it is kept here, except what this computer itself is called, and in the record of
//! administration who named and revoked which. It deliberately holds no rule of its own: who may do what is decided by the
//! relay.

use jiff::Timestamp;
use offizin_wire::name;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    audit::{AuditAction, recorded},
    desk::Desk,
    error::Error,
    ground::Ground,
    pairing,
    problem::Problem,
    refusal::Refusal,
    relay::{Relay, RelayError},
};

/// A desk of our inbox.
#[derive(Clone, Debug, Serialize, TS)]
pub struct DeviceView {
    /// Opaque id, the relay's.
    pub id: String,
    /// What its administrator, or another, called it.
    pub name: String,
    /// By the relay's clock.
    #[ts(type = "string")]
    pub paired_at: Timestamp,
    /// Last time it asked the relay for anything; to the minute.
    #[ts(type = "string | null")]
    pub last_seen_at: Option<Timestamp>,
    /// Segments that wait for it at the relay.
    #[ts(type = "number")]
    pub behind: u64,
    /// Not seen for so long that the relay no longer keeps for it what the other desks have.
    pub away: bool,
    /// True for this computer.
    pub this: bool,
}

/// A new name for a desk.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct DeviceRenameInput {
    /// [`DeviceView::id`].
    pub id: String,
    /// 1 to 80 printable characters.
    pub name: String,
}

impl Desk {
    /// The desks of our inbox, oldest first. Codes: `not_paired`, `relay_*`.
    pub async fn device_list(&self) -> Result<Vec<DeviceView>, Problem> {
        Ok(list(self.ground()).await?)
    }

    /// Gives a desk another name. Codes: `not_paired`, `relay_*`, `device_unknown`, `device_name_malformed`.
    pub async fn device_rename(&self, input: DeviceRenameInput) -> Result<(), Problem> {
        Ok(rename(self.ground(), &input).await?)
    }

    /// Takes a desk's right to fetch anything; nothing is sealed to it from then on. For this computer it is
    /// [`Desk::unpair`]. Codes: `not_paired`, `relay_*`, `device_unknown`.
    pub async fn device_revoke(&self, id: &str) -> Result<(), Problem> {
        let (relay, row) = pairing::client(self.ground()).await?;
        if row.device == id {
            return self.unpair().await;
        }
        let (name, asked) = called(&relay, id).await;
        let revoke = async {
            asked?;
            relay.leave(id).await.map_err(device)
        };
        Ok(recorded(self.ground(), AuditAction::DeviceRevoke, &name, Some(shown(id)), revoke).await?)
    }
}

async fn list(ground: &Ground) -> Result<Vec<DeviceView>, Error> {
    let (relay, _) = pairing::client(ground).await?;
    let devices = relay.devices().await?.into_iter().map(|device| DeviceView {
        id: device.id,
        name: device.name,
        paired_at: device.paired_at,
        last_seen_at: device.last_seen_at,
        behind: device.behind,
        away: device.away,
        this: device.this,
    });
    Ok(devices.collect())
}

async fn rename(ground: &Ground, input: &DeviceRenameInput) -> Result<(), Error> {
    // What cannot be a name stands in the record as it was typed.
    let usable = name::printable(&input.name);
    let name = usable.unwrap_or(input.name.trim());
    let (relay, row) = pairing::client(ground).await?;
    let (before, asked) = called(&relay, &input.id).await;
    let rename = async {
        usable.ok_or(Refusal::DeviceName)?;
        asked?;
        relay.rename(&input.id, name).await.map_err(device)?;
        if row.device == input.id {
            let mut tx = ground.db().write().await?;
            sqlx::query("UPDATE relay SET device_name = ?").bind(name).execute(&mut *tx).await?;
            tx.commit().await?;
        }
        Ok(())
    };
    recorded(ground, AuditAction::DeviceRename, &before, Some(shown(name)), rename).await
}

/// What the record calls a device: its name, or its id where the relay does not tell; then also why not.
async fn called(relay: &Relay, id: &str) -> (String, Result<(), Error>) {
    match relay.devices().await {
        Ok(devices) => {
            let name = devices.into_iter().find(|device| device.id == id).map(|device| device.name);
            (name.unwrap_or_else(|| shown(id)), Ok(()))
        }
        Err(error) => (shown(id), Err(error.into())),
    }
}

/// What was typed may be anything; the record keeps a line of it.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect()
}

/// What is missing at the relay is the device that was named.
fn device(error: RelayError) -> Error {
    match error {
        RelayError::NotFound => Refusal::DeviceUnknown.into(),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_for_a_device_is_a_short_line_in_the_record() {
        assert_eq!(shown("a\r\nb\u{1b}[2J"), "a  b [2J");
        assert_eq!(shown(&"ü".repeat(200)).chars().count(), 80);
    }

    #[test]
    fn what_is_missing_at_the_relay_is_the_device_that_was_named() {
        assert!(matches!(device(RelayError::NotFound), Error::Refused(Refusal::DeviceUnknown)));
        assert!(matches!(device(RelayError::Unavailable), Error::Relay(RelayError::Unavailable)));
    }
}

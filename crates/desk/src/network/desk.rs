//! What the desk answers about the network.

use super::{NetworkInput, NetworkView, change};
use crate::{
    audit::{AuditAction, recorded},
    desk::Desk,
    problem::Problem,
};

impl Desk {
    /// How this desk reaches the network.
    pub async fn network_view(&self) -> Result<NetworkView, Problem> {
        Ok(change::view(self.ground()).await?)
    }

    /// Changes how this desk reaches the network. Codes: `input_invalid`, `certificate_unusable`.
    pub async fn network_set(&self, input: NetworkInput) -> Result<NetworkView, Problem> {
        Ok(recorded(self.ground(), AuditAction::NetworkSet, "", None, change::set(self.ground(), input)).await?)
    }
}

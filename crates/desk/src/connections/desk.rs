//! What the desk answers about connections.

use super::{
    acts, rows,
    view::{CheckView, ConnectionEditInput, ConnectionInput, ConnectionRemoveInput, ConnectionView},
};
use crate::{desk::Desk, id::ConnectionId, problem::Problem};

impl Desk {
    /// Adds a connection; its key goes to the keyring. Codes: `input_invalid`, `connection_name_taken`, `keyring_*`.
    pub async fn connection_add(&self, input: ConnectionInput) -> Result<ConnectionView, Problem> {
        Ok(acts::add(self.ground(), input).await?)
    }

    /// Every connection by name.
    pub async fn connection_list(&self) -> Result<Vec<ConnectionView>, Problem> {
        self.read(async |db| rows::list(db).await).await
    }

    /// A connection by id or name.
    pub async fn connection_find(&self, id_or_name: &str) -> Result<ConnectionView, Problem> {
        self.read(async |db| rows::find(db, id_or_name).await).await
    }

    /// What a connection's key can do, found out by reading only.
    pub async fn connection_check(&self, id: &ConnectionId) -> Result<CheckView, Problem> {
        Ok(acts::check(self.ground(), id).await?)
    }

    /// Changes a connection. Codes: `input_invalid`, `connection_unknown`, `connection_name_taken`, `keyring_*`.
    pub async fn connection_edit(&self, input: ConnectionEditInput) -> Result<ConnectionView, Problem> {
        Ok(acts::edit(self.ground(), input).await?)
    }

    /// Removes a connection without subscriptions, and its key. Codes: `connection_in_use`, `confirmation_needed`.
    pub async fn connection_remove(&self, input: &ConnectionRemoveInput) -> Result<(), Problem> {
        Ok(acts::remove(self.ground(), &input.id, input.confirm.as_deref()).await?)
    }
}

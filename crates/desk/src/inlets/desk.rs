//! What the desk answers about inlets made by hand.

use super::{
    InletInput, InletRemoveInput, InletSecretInput, InletView, by_hand,
    unsigned::{self, InletKeyInput, InletRotateInput, InletSetInput},
};
use crate::{desk::Desk, error::Error, problem::Problem};

impl Desk {
    /// Makes an inlet by hand.
    pub async fn inlet_add(&self, input: InletInput) -> Result<InletView, Problem> {
        Ok(by_hand::add(self.ground(), input).await?)
    }

    /// Inlets made by hand.
    pub async fn inlet_list(&self) -> Result<Vec<InletView>, Problem> {
        Ok(by_hand::list(self.ground()).await?)
    }

    /// An inlet made by hand, by id or name.
    pub async fn inlet_find(&self, id_or_name: &str) -> Result<InletView, Problem> {
        let find = async { Ok::<_, Error>(by_hand::find(self.ground(), id_or_name).await?.0) };
        Ok(find.await?)
    }

    /// Changes what protects an inlet of a source that does not sign, and what its silence on finality means.
    pub async fn inlet_set(&self, input: InletSetInput) -> Result<InletView, Problem> {
        Ok(unsigned::set(self.ground(), input).await?)
    }

    /// Replaces the address of an inlet of a source that does not sign; the old one answers until the grace period is over.
    pub async fn inlet_rotate(&self, input: InletRotateInput) -> Result<InletView, Problem> {
        Ok(unsigned::rotate(self.ground(), input).await?)
    }

    /// Stores or forgets the key with which orders of an inlet's connection are confirmed. Codes: `inlet_unknown`,
    /// `input_invalid`, those of the keyring.
    pub async fn inlet_key(&self, input: InletKeyInput) -> Result<InletView, Problem> {
        Ok(unsigned::key(self.ground(), input).await?)
    }

    /// Retires an inlet made by hand, by id or name. Codes: `inlet_unknown`, `confirmation_needed`.
    pub async fn inlet_remove(&self, input: &InletRemoveInput) -> Result<(), Problem> {
        Ok(by_hand::remove(self.ground(), input).await?)
    }

    /// Stores the secret of an inlet made by hand, by id or name.
    pub async fn inlet_secret(&self, input: InletSecretInput) -> Result<(), Problem> {
        Ok(by_hand::secret(self.ground(), input).await?)
    }
}

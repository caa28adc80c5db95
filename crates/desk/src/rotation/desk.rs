//! What the desk answers about rotations.

use super::{
    acts, rows,
    view::{RotateInput, RotateView, RotationView},
};
use crate::{desk::Desk, id::RotationId, problem::Problem};

impl Desk {
    /// Begins to rotate subscriptions; [`Desk::tend`] does it. Codes of each: `rotation_under_way`,
    /// `delete_not_configured`, `subscription_foreign`, `not_paired`.
    pub async fn subscription_rotate(&self, input: RotateInput) -> Result<Vec<RotateView>, Problem> {
        Ok(acts::start(self.ground(), input).await?)
    }

    /// Gives a rotation up before the switch. Codes: `rotation_too_late`, `rotation_unknown`.
    pub async fn rotation_roll_back(&self, id: &RotationId) -> Result<RotationView, Problem> {
        Ok(acts::roll_back(self.ground(), id).await?)
    }

    /// Lets a rotation that waits for a problem to pass try again when the desk is tended next.
    pub async fn rotation_try_now(&self, id: &RotationId) -> Result<RotationView, Problem> {
        Ok(rows::try_now(self.ground(), id).await?)
    }

    /// Asks for a test event for the new subscription of a rotation. Codes: `test_not_configured`, `rotation_too_late`.
    pub async fn rotation_test(&self, id: &RotationId) -> Result<RotationView, Problem> {
        Ok(acts::test(self.ground(), id).await?)
    }
}

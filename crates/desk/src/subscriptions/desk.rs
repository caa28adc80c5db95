//! What the desk answers about subscriptions.

use secrecy::SecretString;

use super::{
    acts, list,
    view::{
        AdoptInput, NotificationTypeView, RegisterInput, RegisterView, RemoveForeignInput, RemoveInput,
        SubscriptionListView, SubscriptionView,
    },
};
use crate::{
    desk::Desk,
    id::{ConnectionId, SubscriptionId},
    problem::Problem,
};

impl Desk {
    /// Subscriptions, ours and foreign; with `refresh` as the provider lists them now.
    pub async fn subscription_list(
        &self,
        connection: Option<&ConnectionId>,
        refresh: bool,
    ) -> Result<SubscriptionListView, Problem> {
        Ok(list::list(self.ground(), connection, refresh).await?)
    }

    /// Registers one subscription per type; each has its own outcome.
    pub async fn subscription_register(&self, input: RegisterInput) -> Result<Vec<RegisterView>, Problem> {
        Ok(acts::register(self.ground(), input).await?)
    }

    /// Asks the provider for a test event.
    pub async fn subscription_test(&self, id: &SubscriptionId) -> Result<(), Problem> {
        Ok(acts::test(self.ground(), id).await?)
    }

    /// Deletes one subscription of ours at the provider. Codes: `confirmation_needed`, `rotation_under_way`,
    /// `delete_not_configured`, `list_lost_others`, `provider_*`.
    pub async fn subscription_remove(&self, input: &RemoveInput) -> Result<(), Problem> {
        Ok(acts::remove(self.ground(), input).await?)
    }

    /// Deletes one subscription that was made elsewhere, after the connection's name was typed.
    pub async fn subscription_remove_foreign(&self, input: &RemoveForeignInput) -> Result<(), Problem> {
        Ok(acts::remove_foreign(self.ground(), input).await?)
    }

    /// Takes over a subscription that was made elsewhere and sends to an inlet of ours. Codes: `subscription_elsewhere`.
    pub async fn subscription_adopt(&self, input: AdoptInput) -> Result<SubscriptionView, Problem> {
        Ok(acts::adopt(self.ground(), input).await?)
    }

    /// Stores a secret somebody pasted; what waited in quarantine for it is verified.
    pub async fn subscription_paste_secret(
        &self,
        id: &SubscriptionId,
        secret: SecretString,
    ) -> Result<SubscriptionView, Problem> {
        Ok(acts::paste_secret(self.ground(), id, secret).await?)
    }

    /// The event types a connection's provider documents.
    pub async fn notification_types(&self, id: &ConnectionId) -> Result<Vec<NotificationTypeView>, Problem> {
        self.connection_find(id.as_str()).await?;
        Ok(list::types())
    }
}

//! What a provider's list says about our subscriptions, as functions of values: rows, list and time go in, and what is to be
//! written comes out. Asks nobody and writes nothing; `settle` does both.

use super::{
    rows::Row,
    view::{SecretState, SubscriptionState},
};
use crate::{error::Error, provider::ProviderError, rxscale::api::Listed};

/// How long a create may be on its way before a listing that lacks it proves that it never happened.
pub(crate) const ON_ITS_WAY_MS: i64 = 60_000;

/// What settling looks at in a subscription of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ours<'a> {
    pub(crate) id: &'a str,
    pub(crate) provider_uid: Option<&'a str>,
    pub(crate) target: &'a str,
    pub(crate) state: SubscriptionState,
    pub(crate) secret: SecretState,
    pub(crate) created_at: i64,
}

impl<'a> From<&'a Row> for Ours<'a> {
    fn from(row: &'a Row) -> Self {
        Self {
            id: &row.id,
            provider_uid: row.provider_uid.as_deref(),
            target: &row.target,
            state: row.state,
            secret: row.secret,
            created_at: row.created_at,
        }
    }
}

impl Ours<'_> {
    /// The target counts as well as the uid: where the answer to a create was lost, only the target is known.
    fn is(&self, listed: &Listed) -> bool {
        self.provider_uid == Some(listed.uid.as_str()) || self.target == listed.target
    }
}

/// What is to be written about one subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled<'a> {
    pub(crate) state: SubscriptionState,
    pub(crate) provider_uid: Option<&'a str>,
    /// Its secret may lie in the keyring without the database knowing: it has to be looked for.
    pub(crate) take_up: bool,
}

/// What a list says about one subscription; `None` leaves it alone. `has_ended`: its create is known to have ended, so the
/// list is proof however young the subscription is.
pub(crate) fn settled<'a>(ours: Ours<'a>, listed: &'a [Listed], now: i64, has_ended: bool) -> Option<Settled<'a>> {
    let at_provider = listed.iter().find(|listed| ours.is(listed));
    // A clock that was set back makes the age negative: then it waits until the clock has caught up.
    let on_its_way = now.saturating_sub(ours.created_at) < ON_ITS_WAY_MS && !has_ended;
    let is_missing = ours.secret == SecretState::Missing;
    let state = match (ours.state, at_provider.is_some()) {
        (SubscriptionState::Planned | SubscriptionState::Unsettled, false) if on_its_way => return None,
        // It is there, but whoever asked for it may just be storing the secret: calling it orphaned would be too early.
        (SubscriptionState::Unsettled, true) if on_its_way => return None,
        // The create never arrived, or the delete is done. Without its secret nobody misses an orphan.
        (
            SubscriptionState::Planned
            | SubscriptionState::Unsettled
            | SubscriptionState::Removing
            | SubscriptionState::Orphaned
            | SubscriptionState::Removed,
            false,
        ) => SubscriptionState::Removed,
        (_, false) => SubscriptionState::Vanished,
        // A removed one comes back here too: its create was slower than our patience.
        (_, true) if is_missing => SubscriptionState::Orphaned,
        (_, true) => SubscriptionState::Active,
    };
    let provider_uid = at_provider.map(|listed| listed.uid.as_str()).or(ours.provider_uid);
    Some(Settled { state, provider_uid, take_up: at_provider.is_some() && is_missing })
}

/// What a provider lists and no row of ours explains.
pub(crate) fn foreign<'a>(ours: &[Ours<'_>], listed: &'a [Listed]) -> Vec<&'a Listed> {
    listed.iter().filter(|listed| !ours.iter().any(|row| row.is(listed))).collect()
}

/// What was listed before a delete and is not after it, beside the one that was to go.
pub(crate) fn lost_beside<'a>(before: &'a [Listed], after: &[Listed], but: Option<&str>) -> Vec<&'a Listed> {
    let is_gone = |listed: &&Listed| Some(listed.uid.as_str()) != but && !after.iter().any(|a| a.uid == listed.uid);
    before.iter().filter(is_gone).collect()
}

/// What a delete that was not answered with a yes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeleteFailure {
    /// The answer was lost, or it was gone already, or it is not ours to see: the next list tells.
    ListTells,
    /// Refused. A provider was seen to answer so for one that is gone, too: the next list tells, and only if it is
    /// still there the refusal is the reason.
    Rejected,
    /// Nothing was deleted.
    Failed,
}

impl DeleteFailure {
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Provider(ProviderError::Ambiguous(_) | ProviderError::NotFound(_)) => Self::ListTells,
            Error::Provider(ProviderError::Rejected(_)) => Self::Rejected,
            _ => Self::Failed,
        }
    }
}

/// What a delete left behind, by the list after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing.
    Nothing,
    /// A row without anything at the provider: it can be called removed.
    Row,
    /// It is still there.
    Subscription,
}

/// What a delete left behind; `state` is where the subscription stands after the list, `None` when it is removed.
pub(crate) fn left(state: Option<SubscriptionState>) -> Left {
    match state {
        None | Some(SubscriptionState::Removed) => Left::Nothing,
        // Nothing was ever there, or it vanished earlier.
        Some(SubscriptionState::Planned | SubscriptionState::Vanished) => Left::Row,
        Some(_) => Left::Subscription,
    }
}

#[cfg(test)]
mod tests;

//! What is done next with a rotation, as functions of values: where it stands, its two generations, what the last question
//! came to, and the time go in, and an [`Act`] comes out. Asks nobody and writes nothing; `step` performs the acts.

use super::view::RotationStep;
use crate::{
    error::Error,
    provider::ProviderError,
    relay::RelayError,
    subscriptions::{
        create::CreateFailure,
        settling::ON_ITS_WAY_MS,
        view::{SecretState, SubscriptionState},
    },
};

/// The first pause after a problem; doubled with each further one of the same step.
const FIRST_PAUSE_S: i64 = 15;
const LONGEST_PAUSE_S: i64 = 15 * 60;

/// One of the two subscriptions of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation {
    pub(super) state: SubscriptionState,
    pub(super) secret: SecretState,
    /// How many deliveries verified. Each generation has an inlet of its own with only its own secrets, so whatever verified
    /// there verified under the secret of this generation.
    pub(super) verified: i64,
    pub(super) created_at: i64,
}

impl Generation {
    /// It is at the provider, and its deliveries can be verified.
    fn works(self) -> bool {
        self.state == SubscriptionState::Active && self.secret == SecretState::Stored
    }

    /// The provider does not have it any more.
    fn is_gone(self) -> bool {
        matches!(self.state, SubscriptionState::Removed | SubscriptionState::Vanished)
    }
}

/// Everything a decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) step: RotationStep,
    pub(super) grace_until: Option<i64>,
    /// The provider can be asked for a test event and was not yet.
    pub(super) test_is_open: bool,
    pub(super) old: Generation,
    pub(super) new: Generation,
    pub(super) now: i64,
}

/// What was asked within this turn, and what came of it. A failure that no rule names is not here: the step is put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing was asked yet.
    Nothing,
    /// The new one was asked for.
    Created(Created),
    /// The provider's list is in the rows. `refused`: the create had been refused because there is such a one already.
    Listed { refused: bool },
    /// The old one was to be deleted. `new_was_there` is what was known when it was decided.
    OldDeleted { new_was_there: bool, outcome: Deleted },
    /// The plan of the new one was dropped.
    PlanDropped,
    /// The new one was to be deleted.
    NewDeleted(Deleted),
}

/// What asking for the new subscription came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Created {
    /// It was made, or another process had asked for it before.
    Made,
    /// The answer was lost.
    Lost,
    /// Refused: there is such a one already.
    Exists,
    /// A problem that may pass.
    Passes,
    /// A clear no.
    No,
}

impl Created {
    pub(super) fn of(answer: &Result<(), Error>) -> Self {
        let Err(error) = answer else { return Self::Made };
        match CreateFailure::of(error) {
            CreateFailure::Lost => Self::Lost,
            CreateFailure::Exists => Self::Exists,
            CreateFailure::No if passes(error) => Self::Passes,
            CreateFailure::No => Self::No,
        }
    }
}

/// What a delete came to, by the list after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deleted {
    /// It is gone, and nothing else.
    Gone,
    /// It is gone, and more than that.
    LostOthers,
    /// It is still there, or nobody can tell.
    Failed,
}

impl Deleted {
    pub(super) fn of(answer: &Result<(), Error>) -> Self {
        match answer {
            Ok(()) => Self::Gone,
            Err(Error::Provider(ProviderError::LostOthers(_))) => Self::LostOthers,
            Err(_) => Self::Failed,
        }
    }
}

/// Failures that may end by themselves or with a little help from outside: the question is asked again later.
fn passes(error: &Error) -> bool {
    match error {
        Error::Provider(error) => matches!(
            error,
            ProviderError::Unreachable(_)
                | ProviderError::Tls(_)
                | ProviderError::Timeout(_)
                | ProviderError::Failed(_)
                | ProviderError::RateLimited(_)
        ),
        Error::Relay(error) => matches!(error, RelayError::Unreachable(_) | RelayError::Unavailable),
        Error::Keychain(_) => true,
        Error::Store(error) => error.passes(),
        Error::Home(error) => error.passes(),
        _ => false,
    }
}

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Ask for the new one, once.
    Create,
    /// Ask for the list. `ended`: the create of the new one is known to have ended.
    List { ended: bool },
    /// Ask for a test event, and wait.
    Test,
    /// Delete the old one.
    DeleteOld { new_is_there: bool },
    /// Drop the plan of the new one, which nobody was asked for.
    DropPlan,
    /// Delete the new one.
    DeleteNew,
    /// Begin again from what the rows say now.
    LookAgain,
    /// Planned → created.
    KeepNew,
    /// Created → proving.
    AwaitProof,
    /// Proving → switching.
    Switch,
    /// Switching → grace: the old one is gone. The problem, if any, stays with the rotation as an alarm.
    BeginGrace(Option<Why>),
    /// Grace → done: the relay closes the old address.
    Finish,
    /// Rolling back → rolled back.
    RolledBack { others_lost: bool },
    /// → rolling back, for this reason.
    GiveUp(Why),
    /// Nothing to do until something happens outside.
    Wait,
    /// Nothing can be said before this moment.
    NotBefore(i64),
    /// Try again later, because of the failure just heard.
    PutOff,
}

/// Why a rotation is given up, or which alarm it raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The failure just heard.
    Heard,
    /// The new one is no longer at the provider.
    Vanished,
    /// The new one may have been made, but nobody saw its secret.
    AnswerLost,
}

/// Whether a rotation is worked on now.
pub(super) fn is_due(step: RotationStep, next_try_at: Option<i64>, now: i64) -> bool {
    !step.is_over() && next_try_at.is_none_or(|at| at <= now)
}

/// How long to pause after a problem, in seconds, when there were `tries` before it.
pub(super) fn pause_s(tries: i64) -> i64 {
    // Six doublings pass the longest pause, so more of them change nothing and never overflow.
    let doublings = u32::try_from(tries.clamp(0, 6)).unwrap_or(0);
    FIRST_PAUSE_S.saturating_mul(2i64.saturating_pow(doublings)).min(LONGEST_PAUSE_S)
}

/// What is done next with a rotation.
pub(super) fn next(facts: &Facts, heard: Heard) -> Act {
    match facts.step {
        RotationStep::Planned => planned(facts.new, heard),
        RotationStep::Created => Act::AwaitProof,
        RotationStep::Proving => proving(facts),
        RotationStep::Switching => switching(facts, heard),
        RotationStep::Grace if facts.grace_until.is_some_and(|until| until > facts.now) => Act::Wait,
        RotationStep::Grace => Act::Finish,
        RotationStep::RollingBack => rolling_back(facts.new, heard),
        RotationStep::Done | RotationStep::RolledBack => Act::Wait,
    }
}

fn planned(new: Generation, heard: Heard) -> Act {
    match heard {
        Heard::Created(Created::Lost | Created::Exists) => Act::List { ended: true },
        Heard::Created(Created::Passes) => Act::PutOff,
        Heard::Created(Created::No) | Heard::Listed { refused: true } => Act::GiveUp(Why::Heard),
        Heard::Created(Created::Made) | Heard::Listed { refused: false } => by_list(new),
        // A row that is only planned was never asked for, or the answer was a clear no: it is the one that may be asked for.
        _ if new.state == SubscriptionState::Planned => Act::Create,
        // Somebody was here before and did not come back: the list tells how far it went.
        _ => Act::List { ended: false },
    }
}

/// Goes by the rows after a create or a list.
fn by_list(new: Generation) -> Act {
    match (new.state, new.secret) {
        // Another process asked meanwhile and got a clear no.
        (SubscriptionState::Planned, _) => Act::LookAgain,
        (SubscriptionState::Unsettled, _) => not_on_its_way(new),
        (SubscriptionState::Active, SecretState::Stored | SecretState::NotIssued) => Act::KeepNew,
        (SubscriptionState::Vanished, _) => Act::GiveUp(Why::Vanished),
        // Made without anybody here having seen its secret, or never made. Asking again could make a second one.
        _ => Act::GiveUp(Why::AnswerLost),
    }
}

fn not_on_its_way(new: Generation) -> Act {
    Act::NotBefore(new.created_at.saturating_add(ON_ITS_WAY_MS))
}

fn proving(facts: &Facts) -> Act {
    let new = facts.new;
    if new.secret != SecretState::Stored {
        // Asked before everything else: without a secret nothing can verify, and somebody may be about to paste it.
        return Act::Wait;
    }
    match new {
        new if new.is_gone() => Act::GiveUp(Why::Vanished),
        new if new.verified > 0 => Act::Switch,
        _ if facts.test_is_open => Act::Test,
        _ => Act::Wait,
    }
}

fn switching(facts: &Facts, heard: Heard) -> Act {
    match heard {
        Heard::Listed { .. } if !facts.new.works() && !facts.old.is_gone() => Act::GiveUp(Why::Vanished),
        // An old one that is gone is deleted all the same: it may have been us, and the row has to end as removed.
        Heard::Listed { .. } => Act::DeleteOld { new_is_there: facts.new.works() },
        // The way on is clear, and the alarm is raised.
        Heard::OldDeleted { outcome: Deleted::LostOthers, .. } => Act::BeginGrace(Some(Why::Heard)),
        Heard::OldDeleted { outcome: Deleted::Failed, .. } => Act::PutOff,
        // Neither is left. Nothing can be taken back here; the new one stays as vanished, and the alarm is raised.
        Heard::OldDeleted { outcome: Deleted::Gone, new_was_there: false } => Act::BeginGrace(Some(Why::Vanished)),
        Heard::OldDeleted { outcome: Deleted::Gone, new_was_there: true } => Act::BeginGrace(None),
        // What the rows say may be old: the new one must be seen in a fresh list before the old one is touched.
        _ => Act::List { ended: false },
    }
}

fn rolling_back(new: Generation, heard: Heard) -> Act {
    match heard {
        Heard::PlanDropped | Heard::NewDeleted(Deleted::Gone) => Act::RolledBack { others_lost: false },
        Heard::NewDeleted(Deleted::LostOthers) => Act::RolledBack { others_lost: true },
        // Its create may still be on its way, and nothing can be deleted that may appear later.
        Heard::NewDeleted(Deleted::Failed) if new.state == SubscriptionState::Unsettled => not_on_its_way(new),
        Heard::NewDeleted(Deleted::Failed) => Act::PutOff,
        _ => match new.state {
            SubscriptionState::Removed => Act::RolledBack { others_lost: false },
            SubscriptionState::Planned => Act::DropPlan,
            _ => Act::DeleteNew,
        },
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod world_tests;

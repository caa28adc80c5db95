//! The steps of a rotation. Each is taken by whoever tends the desk, in the desk's turn at the provider; it reads where the
//! rotation stands, does one thing, and writes down what came of it. Nothing is decided by memory.
//!
//! What may pass is tried again later; what is a clear no before the switch gives the new subscription up. A create is never
//! repeated: one whose answer was lost is found by listing, and without its secret it is given up. After the switch
//! there is only forward.

use jiff::{SignedDuration, Timestamp};
use offizin_wire::InletId;

use super::{
    rows::{Row, row},
    view::RotationStep,
};
use crate::{
    audit::{self, AuditAction},
    connections::{self, view::ConnectionView},
    error::Error,
    ground::Ground,
    id::RotationId,
    problem::{Code, Problem},
    subscriptions::{
        create, retire, rows, settle, settling,
        view::{SecretState, SubscriptionState},
    },
};

/// The first pause after a problem; doubled with each further one of the same step.
const FIRST_PAUSE_S: i64 = 15;
const LONGEST_PAUSE_S: i64 = 15 * 60;

/// What a step came to.
enum Next {
    /// The next step can be taken at once.
    Go,
    /// Something has to happen first.
    Wait,
    /// Nothing can be said before this moment.
    NotBefore(Timestamp),
}

/// Takes every step of one rotation that can be taken now. Answers whether anything changed; what goes wrong is written
/// down with the rotation and is no error here, unless not even that works.
pub(crate) async fn advance(ground: &Ground, id: &RotationId) -> Result<bool, Error> {
    let _turn = ground.turn().await?;
    let mut changed = false;
    loop {
        let found = row(&mut *ground.reader().await?, id).await?;
        let is_early = found.next_try_at.is_some_and(|at| at > ground.now().as_millisecond());
        if found.step.is_over() || is_early {
            return Ok(changed);
        }
        match take(ground, &found).await {
            Ok(Next::Go) => changed = true,
            Ok(Next::Wait) => {
                if found.next_try_at.is_some() {
                    // The pause is over, and there is nothing to try: it waits for something else.
                    super::rows::try_now(ground, id).await?;
                    changed = true;
                }
                return Ok(changed);
            }
            Ok(Next::NotBefore(at)) => {
                note(ground, &found, at, None).await?;
                return Ok(true);
            }
            Err(error) => {
                put_off(ground, &found, error).await?;
                return Ok(true);
            }
        }
    }
}

async fn take(ground: &Ground, found: &Row) -> Result<Next, Error> {
    match found.step {
        RotationStep::Planned => create(ground, found).await,
        RotationStep::Created => go(ground, found, RotationStep::Proving, None).await.map(|()| Next::Go),
        RotationStep::Proving => prove(ground, found).await,
        RotationStep::Switching => switch(ground, found).await,
        RotationStep::Grace => end_grace(ground, found).await,
        RotationStep::RollingBack => take_back(ground, found).await,
        RotationStep::Done | RotationStep::RolledBack => Ok(Next::Wait),
    }
}

/// Planned → created, or given up.
async fn create(ground: &Ground, found: &Row) -> Result<Next, Error> {
    let connection = connection(ground, found).await?;
    let mut new = generation(ground, &found.new_id).await?;
    if new.state == SubscriptionState::Planned {
        match create::attempt(ground, &connection, &found.new_id).await {
            Ok(()) => {}
            Err(error) if error.code() == Code::ProviderAmbiguous => {
                settle::settle(ground, &connection, Some(&found.new_id)).await?;
            }
            Err(error) if passes(error.code()) => return Err(error),
            Err(error) => {
                if error.code() == Code::ProviderConflict {
                    settle::settle(ground, &connection, Some(&found.new_id)).await?;
                }
                return give_up(ground, found, error).await;
            }
        }
    } else {
        // Somebody was here before and did not come back: the list tells how far it went.
        settle::settle(ground, &connection, None).await?;
    }
    new = generation(ground, &found.new_id).await?;
    match (new.state, new.secret) {
        (SubscriptionState::Planned, _) => Ok(Next::Go),
        (SubscriptionState::Unsettled, _) => {
            let at = Timestamp::from_millisecond(new.created_at + settling::ON_ITS_WAY_MS);
            Ok(Next::NotBefore(at.map_err(|_| Error::Stored("time"))?))
        }
        (SubscriptionState::Active, SecretState::Stored | SecretState::NotIssued) => {
            go(ground, found, RotationStep::Created, None).await?;
            Ok(Next::Go)
        }
        (SubscriptionState::Vanished, _) => give_up(ground, found, Error::Plain(Code::RotationVanished)).await,
        // Made without anybody here having seen its secret, or never made.
        _ => give_up(ground, found, Error::Plain(Code::RotationAnswerLost)).await,
    }
}

/// Proving → switching, once a delivery has verified under the new secret.
async fn prove(ground: &Ground, found: &Row) -> Result<Next, Error> {
    let new = generation(ground, &found.new_id).await?;
    if new.secret != SecretState::Stored {
        return Ok(Next::Wait);
    }
    if matches!(new.state, SubscriptionState::Vanished | SubscriptionState::Removed) {
        return give_up(ground, found, Error::Plain(Code::RotationVanished)).await;
    }
    // The inlet of a generation has the secrets of that generation only: what verified there, verified under them.
    if new.verified > 0 {
        let mut tx = ground.db().write().await?;
        sqlx::query("UPDATE rotation SET proved_at = ? WHERE id = ?")
            .bind(ground.now().as_millisecond())
            .bind(&found.id)
            .execute(&mut *tx)
            .await?;
        move_on(&mut tx, ground, found, RotationStep::Switching, None).await?;
        tx.commit().await?;
        return Ok(Next::Go);
    }
    if found.test_sent_at.is_none() && found.can_test()? {
        // Written down first: a test event too few does no harm, one with every tending would.
        note_test(ground, &found.id).await?;
        let uid = new.provider_uid.as_deref().ok_or(Error::Plain(Code::SubscriptionUnknown))?;
        let api = connections::api(ground, &connection(ground, found).await?).await?;
        if let Err(error) = api.test(uid).await {
            // Not to be had is no reason to wait: a real event proves as much.
            put_down(ground, found, error).await?;
        }
    }
    Ok(Next::Wait)
}

/// Switching → grace, once the provider's list no longer holds the old one. The new one must be there before the old one is
/// touched.
async fn switch(ground: &Ground, found: &Row) -> Result<Next, Error> {
    let connection = connection(ground, found).await?;
    settle::settle(ground, &connection, None).await?;
    let new = generation(ground, &found.new_id).await?;
    let is_there = new.state == SubscriptionState::Active && new.secret == SecretState::Stored;
    let old = generation(ground, &found.old_id).await?;
    if !is_there && !matches!(old.state, SubscriptionState::Removed | SubscriptionState::Vanished) {
        return give_up(ground, found, Error::Plain(Code::RotationVanished)).await;
    }
    let deleted = match settle::delete(ground, &connection, &found.old_id).await {
        // The old one is gone, and more than that: the way on is clear, and the alarm is raised.
        Err(error) if error.code() == Code::ListLostOthers => Some(error),
        Err(error) => return Err(error),
        // Neither is left. Nothing can be taken back here; the new one stays as vanished, and the alarm is raised.
        Ok(()) if !is_there => Some(Error::Plain(Code::RotationVanished)),
        Ok(()) => None,
    };
    let until = ground.now().as_millisecond().saturating_add(found.grace_ms);
    let mut tx = ground.db().write().await?;
    sqlx::query(
        "UPDATE signing_key SET expires_at = ?1 WHERE expires_at IS NULL \
         AND inlet_id = (SELECT inlet_id FROM subscription WHERE id = ?2)",
    )
    .bind(until)
    .bind(&found.old_id)
    .execute(&mut *tx)
    .await?;
    sqlx::query("UPDATE rotation SET switched_at = ?, grace_until = ? WHERE id = ?")
        .bind(ground.now().as_millisecond())
        .bind(until)
        .bind(&found.id)
        .execute(&mut *tx)
        .await?;
    move_on(&mut tx, ground, found, RotationStep::Grace, deleted).await?;
    let detail = found.new_fingerprint.clone();
    audit::done(&mut tx, ground, AuditAction::RotationSwitch, &found.subject(), detail).await?;
    tx.commit().await?;
    Ok(Next::Go)
}

/// Grace → done, when its time has come and the relay has closed the old address.
async fn end_grace(ground: &Ground, found: &Row) -> Result<Next, Error> {
    if found.grace_until.is_some_and(|until| until > ground.now().as_millisecond()) {
        return Ok(Next::Wait);
    }
    let old = generation(ground, &found.old_id).await?;
    let inlet = InletId::try_from(old.inlet_id).map_err(|_| Error::Stored("inlet id"))?;
    retire::retire(ground, &inlet).await?;
    let mut tx = ground.db().write().await?;
    move_on(&mut tx, ground, found, RotationStep::Done, None).await?;
    let detail = found.old_fingerprint.clone();
    audit::done(&mut tx, ground, AuditAction::RotationFinish, &found.subject(), detail).await?;
    tx.commit().await?;
    Ok(Next::Go)
}

/// Rolling back → rolled back, once the provider's list no longer holds the new one.
async fn take_back(ground: &Ground, found: &Row) -> Result<Next, Error> {
    let new = generation(ground, &found.new_id).await?;
    match new.state {
        SubscriptionState::Removed => {}
        SubscriptionState::Planned => create::drop_plan(ground, &found.new_id).await?,
        _ => {
            let connection = connection(ground, found).await?;
            match settle::delete(ground, &connection, &found.new_id).await {
                Ok(()) => {}
                Err(error) if error.code() == Code::ListLostOthers => {
                    put_down(ground, found, error).await?;
                }
                Err(error) => {
                    let new = generation(ground, &found.new_id).await?;
                    if new.state == SubscriptionState::Unsettled {
                        let at = Timestamp::from_millisecond(new.created_at + settling::ON_ITS_WAY_MS);
                        return Ok(Next::NotBefore(at.map_err(|_| Error::Stored("time"))?));
                    }
                    return Err(error);
                }
            }
        }
    }
    let mut tx = ground.db().write().await?;
    // The reason it was given up for stays with it.
    sqlx::query(
        "UPDATE rotation SET step = ?1, step_at = ?2, ended_at = ?2, next_try_at = NULL WHERE id = ?3 AND step = ?4",
    )
    .bind(RotationStep::RolledBack)
    .bind(ground.now().as_millisecond())
    .bind(&found.id)
    .bind(found.step)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    retire::retire_due(ground).await?;
    Ok(Next::Go)
}

/// Gives the new subscription up for a reason of our own, and records that.
async fn give_up(ground: &Ground, found: &Row, why: Error) -> Result<Next, Error> {
    let code = why.code();
    let mut tx = ground.db().write().await?;
    move_on(&mut tx, ground, found, RotationStep::RollingBack, Some(why)).await?;
    let detail = Some(code.as_str());
    audit::done(&mut tx, ground, AuditAction::RotationRollBack, &found.subject(), detail).await?;
    tx.commit().await?;
    Ok(Next::Go)
}

async fn connection(ground: &Ground, found: &Row) -> Result<ConnectionView, Error> {
    connections::find(&mut *ground.reader().await?, found.connection_id.as_str()).await
}

async fn generation(ground: &Ground, id: &crate::id::SubscriptionId) -> Result<rows::Row, Error> {
    let found = rows::any_row(&mut *ground.reader().await?, id).await?;
    found.ok_or(Error::Plain(Code::SubscriptionUnknown))
}

/// Moves on, in a transaction of its own.
pub(super) async fn go(ground: &Ground, found: &Row, to: RotationStep, why: Option<Error>) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    move_on(&mut tx, ground, found, to, why).await?;
    tx.commit().await
}

/// Moves on if the rotation is still where it was found.
async fn move_on(
    connection: &mut sqlx::SqliteConnection,
    ground: &Ground,
    found: &Row,
    to: RotationStep,
    why: Option<Error>,
) -> Result<(), Error> {
    let problem = why.map(Problem::from).as_ref().map(serde_json::to_string).transpose();
    let moved = sqlx::query(
        "UPDATE rotation SET step = ?1, step_at = ?2, tries = 0, next_try_at = NULL, problem = ?3, \
         ended_at = CASE WHEN ?4 THEN ?2 END WHERE id = ?5 AND step = ?6",
    )
    .bind(to)
    .bind(ground.now().as_millisecond())
    .bind(problem.map_err(|_| Error::Stored("problem"))?)
    .bind(to.is_over())
    .bind(&found.id)
    .bind(found.step)
    .execute(connection)
    .await?;
    // Somebody else moved it: what was done here is looked at again from where it is now.
    if moved.rows_affected() == 1 { Ok(()) } else { Err(Error::Plain(Code::DatabaseBusy)) }
}

/// Notes that a test event was asked for.
pub(super) async fn note_test(ground: &Ground, id: &RotationId) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE rotation SET test_sent_at = ? WHERE id = ?")
        .bind(ground.now().as_millisecond())
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Tries again later, each time a little later.
async fn put_off(ground: &Ground, found: &Row, error: Error) -> Result<(), Error> {
    let factor = 1i64.checked_shl(u32::try_from(found.tries).unwrap_or(0)).unwrap_or(i64::MAX);
    let pause = FIRST_PAUSE_S.saturating_mul(factor).clamp(FIRST_PAUSE_S, LONGEST_PAUSE_S);
    let at = ground.now().checked_add(SignedDuration::from_secs(pause)).unwrap_or(Timestamp::MAX);
    note(ground, found, at, Some(error)).await
}

async fn note(ground: &Ground, found: &Row, next_try_at: Timestamp, error: Option<Error>) -> Result<(), Error> {
    let problem = error.map(Problem::from).as_ref().map(serde_json::to_string).transpose();
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE rotation SET tries = tries + 1, next_try_at = ?, problem = coalesce(?, problem) WHERE id = ?")
        .bind(next_try_at.as_millisecond())
        .bind(problem.map_err(|_| Error::Stored("problem"))?)
        .bind(&found.id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Keeps a problem with a rotation that goes on all the same.
async fn put_down(ground: &Ground, found: &Row, error: Error) -> Result<(), Error> {
    let problem = serde_json::to_string(&Problem::from(error)).map_err(|_| Error::Stored("problem"))?;
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE rotation SET problem = ? WHERE id = ?").bind(problem).bind(&found.id).execute(&mut *tx).await?;
    tx.commit().await
}

/// Failures that may end by themselves or with a little help from outside: the question is asked again later.
fn passes(code: Code) -> bool {
    matches!(
        code,
        Code::ProviderUnreachable
            | Code::ProviderTls
            | Code::ProviderTimeout
            | Code::ProviderFailed
            | Code::ProviderRateLimited
            | Code::RelayUnreachable
            | Code::RelayUnavailable
            | Code::KeyringLocked
            | Code::KeyringFailed
            | Code::KeyringMissing
            | Code::DatabaseBusy
            | Code::DiskFull
    )
}

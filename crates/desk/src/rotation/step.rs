//! The steps of a rotation. Each is taken by whoever tends the desk, in the desk's turn at the provider; it reads where the
//! rotation stands, lets `decide` say what is done, does that one thing, and writes down what came of it. Nothing is kept in
//! memory between two steps, so that any process can take the next one.
//!
//! What may pass is tried again later; what is a clear no before the switch gives the new subscription up. A create is never
//! repeated: one whose answer was lost is found by listing, and without its secret it is given up. After the switch
//! there is only forward.

use jiff::{SignedDuration, Timestamp};
use offizin_wire::InletId;

use super::{
    decide::{self, Act, Created, Deleted, Facts, Generation, Heard, Why},
    rows::{Row, row},
    view::RotationStep,
};
use crate::{
    audit::{self, AuditAction},
    connections::{self, view::ConnectionView},
    error::Error,
    ground::Ground,
    id::RotationId,
    problem::Problem,
    refusal::Refusal,
    rotation::GivenUp,
    store::{StoreError, Stored},
    subscriptions::{create, retire, rows, settle},
    time,
};

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
        if !decide::is_due(found.step, found.next_try_at, ground.now().as_millisecond()) {
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

/// Takes one step: asks and reads until a decision ends it.
async fn take(ground: &Ground, found: &Row) -> Result<Next, Error> {
    let mut heard = Heard::Nothing;
    // What the last question failed with. Only a decision that was taken on that answer uses it.
    let mut failed = None;
    loop {
        match decide::next(&facts(ground, found).await?, heard) {
            Act::Create => {
                let answer = create::attempt(ground, &connection(ground, found).await?, &found.new_id).await;
                heard = Heard::Created(Created::of(&answer));
                failed = answer.err();
            }
            Act::List { ended } => {
                settle::settle(ground, &connection(ground, found).await?, ended.then_some(&found.new_id)).await?;
                heard = Heard::Listed { refused: heard == Heard::Created(Created::Exists) };
            }
            Act::DeleteOld { new_is_there } => {
                let answer = settle::delete(ground, &connection(ground, found).await?, &found.old_id).await;
                heard = Heard::OldDeleted { new_was_there: new_is_there, outcome: Deleted::of(&answer) };
                failed = answer.err();
            }
            Act::DropPlan => {
                create::drop_plan(ground, &found.new_id).await?;
                heard = Heard::PlanDropped;
            }
            Act::DeleteNew => {
                let answer = settle::delete(ground, &connection(ground, found).await?, &found.new_id).await;
                heard = Heard::NewDeleted(Deleted::of(&answer));
                failed = answer.err();
            }
            Act::Test => return ask_for_test(ground, found).await,
            Act::LookAgain => return Ok(Next::Go),
            Act::KeepNew => return go(ground, found, RotationStep::Created, None).await.map(|()| Next::Go),
            Act::AwaitProof => return go(ground, found, RotationStep::Proving, None).await.map(|()| Next::Go),
            Act::Switch => return switch(ground, found).await,
            Act::BeginGrace(alarm) => return begin_grace(ground, found, alarm.map(|why| reason(why, failed))).await,
            Act::Finish => return finish(ground, found).await,
            Act::RolledBack { others_lost } => {
                if others_lost {
                    put_down(ground, found, reason(Why::Heard, failed)).await?;
                }
                return rolled_back(ground, found).await;
            }
            Act::GiveUp(why) => return give_up(ground, found, reason(why, failed)).await,
            Act::Wait => return Ok(Next::Wait),
            Act::NotBefore(ms) => {
                return time::from_ms(ms).map(Next::NotBefore);
            }
            Act::PutOff => return Err(reason(Why::Heard, failed)),
        }
    }
}

fn reason(why: Why, failed: Option<Error>) -> Error {
    match why {
        Why::Heard => failed.unwrap_or(Error::Stopped),
        Why::Vanished => GivenUp::Vanished.into(),
        Why::AnswerLost => GivenUp::AnswerLost.into(),
    }
}

async fn facts(ground: &Ground, found: &Row) -> Result<Facts, Error> {
    let test_is_open = found.step == RotationStep::Proving && found.test_sent_at.is_none() && found.can_test()?;
    Ok(Facts {
        step: found.step,
        grace_until: found.grace_until,
        test_is_open,
        old: (&generation(ground, &found.old_id).await?).into(),
        new: (&generation(ground, &found.new_id).await?).into(),
        now: ground.now().as_millisecond(),
    })
}

impl From<&rows::Row> for Generation {
    fn from(row: &rows::Row) -> Self {
        Self { state: row.state, secret: row.secret, verified: row.verified, created_at: row.created_at }
    }
}

async fn ask_for_test(ground: &Ground, found: &Row) -> Result<Next, Error> {
    // Written down first: a test event too few does no harm, one with every tending would.
    note_test(ground, &found.id).await?;
    let new = generation(ground, &found.new_id).await?;
    let uid = new.provider_uid.as_deref().ok_or(Refusal::SubscriptionUnknown)?;
    let api = connections::api(ground, &connection(ground, found).await?).await?;
    if let Err(error) = api.test(uid).await {
        // Not to be had is no reason to wait: a real event proves as much.
        put_down(ground, found, error).await?;
    }
    Ok(Next::Wait)
}

/// Proving → switching.
async fn switch(ground: &Ground, found: &Row) -> Result<Next, Error> {
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE rotation SET proved_at = ? WHERE id = ?")
        .bind(ground.now().as_millisecond())
        .bind(&found.id)
        .execute(&mut *tx)
        .await?;
    move_on(&mut tx, ground, found, RotationStep::Switching, None).await?;
    tx.commit().await?;
    Ok(Next::Go)
}

/// Switching → grace. From this moment the old secret is valid only until the grace period ends.
async fn begin_grace(ground: &Ground, found: &Row, alarm: Option<Error>) -> Result<Next, Error> {
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
    move_on(&mut tx, ground, found, RotationStep::Grace, alarm).await?;
    let detail = found.new_fingerprint.clone();
    audit::done(&mut tx, ground, AuditAction::RotationSwitch, &found.subject(), detail).await?;
    tx.commit().await?;
    Ok(Next::Go)
}

/// Grace → done, once the relay has closed the old address.
async fn finish(ground: &Ground, found: &Row) -> Result<Next, Error> {
    let old = generation(ground, &found.old_id).await?;
    let inlet = InletId::try_from(old.inlet_id).stored("inlet id")?;
    retire::retire(ground, &inlet).await?;
    let mut tx = ground.db().write().await?;
    move_on(&mut tx, ground, found, RotationStep::Done, None).await?;
    let detail = found.old_fingerprint.clone();
    audit::done(&mut tx, ground, AuditAction::RotationFinish, &found.subject(), detail).await?;
    tx.commit().await?;
    Ok(Next::Go)
}

/// Rolling back → rolled back.
async fn rolled_back(ground: &Ground, found: &Row) -> Result<Next, Error> {
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
    let mut tx = ground.db().write().await?;
    audit::done_because(&mut tx, ground, AuditAction::RotationRollBack, &found.subject(), &why).await?;
    move_on(&mut tx, ground, found, RotationStep::RollingBack, Some(why)).await?;
    tx.commit().await?;
    Ok(Next::Go)
}

async fn connection(ground: &Ground, found: &Row) -> Result<ConnectionView, Error> {
    connections::find(&mut *ground.reader().await?, found.connection_id.as_str()).await
}

async fn generation(ground: &Ground, id: &crate::id::SubscriptionId) -> Result<rows::Row, Error> {
    let found = rows::any_row(&mut *ground.reader().await?, id).await?;
    found.ok_or(Refusal::SubscriptionUnknown.into())
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
    .bind(problem.stored("problem")?)
    .bind(to.is_over())
    .bind(&found.id)
    .bind(found.step)
    .execute(connection)
    .await?;
    // Somebody else moved it: what was done here is looked at again from where it is now.
    if moved.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Moved.into()) }
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
    let pause = SignedDuration::from_secs(decide::pause_s(found.tries));
    let at = ground.now().checked_add(pause).unwrap_or(Timestamp::MAX);
    note(ground, found, at, Some(error)).await
}

async fn note(ground: &Ground, found: &Row, next_try_at: Timestamp, error: Option<Error>) -> Result<(), Error> {
    let problem = error.map(Problem::from).as_ref().map(serde_json::to_string).transpose();
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE rotation SET tries = tries + 1, next_try_at = ?, problem = coalesce(?, problem) WHERE id = ?")
        .bind(next_try_at.as_millisecond())
        .bind(problem.stored("problem")?)
        .bind(&found.id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Keeps a problem with a rotation that goes on all the same.
async fn put_down(ground: &Ground, found: &Row, error: Error) -> Result<(), Error> {
    let problem = serde_json::to_string(&Problem::from(error)).stored("problem")?;
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE rotation SET problem = ? WHERE id = ?").bind(problem).bind(&found.id).execute(&mut *tx).await?;
    tx.commit().await
}

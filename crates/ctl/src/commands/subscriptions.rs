//! Webhook subscriptions: registering, testing, adopting and removing them, and beginning to rotate them. How a rotation goes on
//! is in `rotations.rs`.

use clap::Subcommand;
use offizin_desk::{
    Code, Problem,
    id::ConnectionId,
    rotation::view::{RotateInput, RotationView},
    subscriptions::view::{
        AdoptInput, RegisterInput, RemoveForeignInput, RemoveInput, SubscriptionState, SubscriptionView,
    },
};
use serde_json::json;

use super::rotations::{print_rotations, run_rotations};
use crate::{
    print::{maybe, maybe_local, table, word},
    shell::{ConfirmArgs, Shell, standard_input},
};

#[derive(Subcommand)]
pub(crate) enum Subscription {
    /// Our subscriptions and the provider's.
    List {
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// Do not ask the providers; show the last listing.
        #[arg(long)]
        offline: bool,
    },
    /// Register one subscription per type.
    Register {
        #[arg(long, value_name = "NAME")]
        connection: String,
        /// One of the provider's event types; may be repeated.
        #[arg(long = "type", required = true, num_args = 1.., value_name = "TYPE")]
        types: Vec<String>,
    },
    /// Ask the provider for a test event.
    Test { id: String },
    /// Store a signing secret; it is read from standard input. What waited in quarantine for it is verified.
    Secret { id: String },
    /// Rotate: a fresh one is made and proven before the old one is removed. Works on until each waits for something.
    Rotate {
        #[arg(required_unless_present = "all", value_name = "ID")]
        ids: Vec<String>,
        /// Every active subscription of the connection.
        #[arg(long, requires = "connection", conflicts_with = "ids")]
        all: bool,
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// How long the old address and secret stay valid after the switch, in hours (`72h`) or days (`3d`).
        #[arg(long, value_name = "TIME", default_value = "72h", value_parser = grace)]
        grace: i64,
    },
    /// Take over a subscription that was made in the provider's portal with the address of an inlet of ours; its secret is
    /// read from standard input.
    Adopt {
        /// The provider's uid, as listed.
        uid: String,
        /// Needed where two connections list the same uid.
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
    /// Delete one subscription of ours, or, by its uid and after its connection's name, a foreign one.
    Remove {
        id: String,
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
}

/// `72h` or `3d`, in hours.
fn grace(text: &str) -> Result<i64, String> {
    let (digits, factor) = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(digits), _) => (digits, 1),
        (_, Some(digits)) => (digits, 24),
        _ => return Err("hours (72h) or days (3d) are wanted".to_owned()),
    };
    let hours = digits.parse::<u16>().map_err(|_| "hours (72h) or days (3d) are wanted".to_owned())?;
    Ok(i64::from(hours) * factor)
}

impl Subscription {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let desk = &shell.desk;
        match self {
            Self::List { connection, offline } => {
                let connection = named(shell, connection.as_deref()).await?;
                let list = desk.subscription_list(connection.as_ref(), !offline).await?;
                let view =
                    json!({ "rows": list.rows, "next": null, "problems": list.problems, "rotations": list.rotations });
                shell.answer(&view, |_| print_subscriptions(&list.rows));
                if let Some(asked) = list.problems.into_iter().next() {
                    return Err(asked.problem);
                }
            }
            Self::Register { connection, types } => {
                let connection = desk.connection_find(&connection).await?.id;
                let outcome = desk.subscription_register(RegisterInput { connection, types }).await?;
                shell.rows(&outcome, |outcome| {
                    print_subscriptions(&outcome.iter().filter_map(|o| o.subscription.clone()).collect::<Vec<_>>());
                });
                if let Some(problem) = outcome.into_iter().find_map(|outcome| outcome.problem) {
                    return Err(problem);
                }
            }
            Self::Test { id } => {
                desk.subscription_test(&id.as_str().into()).await?;
                shell.done("the provider was asked for a test event");
            }
            Self::Secret { id } => {
                let view = desk.subscription_paste_secret(&id.as_str().into(), standard_input()?.into()).await?;
                shell.answer(&view, print_subscription);
            }
            Self::Rotate { ids, all: _, connection, grace } => return rotate(shell, ids, connection, grace).await,
            Self::Adopt { uid, connection } => {
                let connection = foreign(shell, &uid, connection.as_deref()).await?.connection;
                let secret = standard_input()?.into();
                let view = desk.subscription_adopt(AdoptInput { connection, provider_uid: uid, secret }).await?;
                shell.answer(&view, print_subscription);
            }
            Self::Remove { id, confirm } => {
                let input = RemoveInput { id: id.as_str().into(), confirm: confirm.confirm.clone() };
                match (desk.subscription_remove(&input).await, confirm.confirm) {
                    (Err(problem), Some(confirm)) if problem.code == Code::SubscriptionForeign => {
                        let connection = foreign(shell, &id, None).await?.connection;
                        let input = RemoveForeignInput { connection, provider_uid: id, confirm };
                        desk.subscription_remove_foreign(&input).await?;
                    }
                    (removed, _) => removed?,
                }
                shell.done("removed");
            }
        }
        Ok(())
    }
}

/// The connection of this name, where one was named.
async fn named(shell: &Shell, connection: Option<&str>) -> Result<Option<ConnectionId>, Problem> {
    match connection {
        Some(name) => Ok(Some(shell.desk.connection_find(name).await?.id)),
        None => Ok(None),
    }
}

/// A foreign subscription by the provider's uid, as last listed.
async fn foreign(shell: &Shell, uid: &str, connection: Option<&str>) -> Result<SubscriptionView, Problem> {
    let of = named(shell, connection).await?;
    let list = shell.desk.subscription_list(of.as_ref(), true).await?;
    let found = list
        .rows
        .into_iter()
        .find(|row| row.state == SubscriptionState::Foreign && row.provider_uid.as_deref() == Some(uid));
    found.ok_or_else(|| Problem {
        code: Code::SubscriptionUnknown,
        detail: Some(uid.to_owned()),
        incident: String::new(),
    })
}

/// Begins to rotate and works on until each rotation waits for something or is over.
async fn rotate(shell: &Shell, ids: Vec<String>, connection: Option<String>, grace_hours: i64) -> Result<(), Problem> {
    let subscriptions = match connection {
        Some(name) if ids.is_empty() => {
            let id = shell.desk.connection_find(&name).await?.id;
            let list = shell.desk.subscription_list(Some(&id), true).await?;
            let active = list.rows.into_iter().filter(|row| row.state == SubscriptionState::Active);
            active.filter(|row| row.rotation.is_none()).map(|row| row.id).collect()
        }
        _ => ids.iter().map(|id| id.as_str().into()).collect(),
    };
    let input = RotateInput { subscriptions, grace_hours: Some(grace_hours) };
    let started = shell.desk.subscription_rotate(input).await?;
    run_rotations(shell).await?;
    let now = shell.desk.subscription_list(None, false).await?.rotations;
    let rows: Vec<RotationView> = started
        .iter()
        .filter_map(|one| one.rotation.as_ref())
        .filter_map(|rotation| now.iter().find(|view| view.id == rotation.id).cloned())
        .collect();
    shell.rows(&rows, print_rotations);
    let refused = started.into_iter().find_map(|one| one.problem);
    let failed = rows.into_iter().find_map(|rotation| rotation.problem);
    refused.or(failed).map_or(Ok(()), Err)
}

fn print_subscription(row: &SubscriptionView) {
    print_subscriptions(std::slice::from_ref(row));
}

fn print_subscriptions(rows: &[SubscriptionView]) {
    let cells = rows.iter().map(|s| {
        vec![
            s.id.to_string(),
            s.connection_name.clone(),
            s.notification_type.clone(),
            word(&s.state),
            word(&s.secret),
            maybe(s.fingerprint.as_deref()),
            maybe_local(s.last_verified_at),
        ]
    });
    table(&["ID", "CONNECTION", "TYPE", "STATE", "SECRET", "KEY", "LAST VERIFIED"], &cells.collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::grace;

    #[test]
    fn a_grace_period_counts_hours_as_they_are_and_days_as_24() {
        assert_eq!(grace("72h"), Ok(72));
        assert_eq!(grace("3d"), Ok(72));
        assert_eq!(grace("0h"), Ok(0));
    }

    #[test]
    fn a_grace_period_without_its_unit_or_with_a_sign_is_none() {
        for text in ["", "72", "h", "d", "-3d", "3 d", "1.5d", "3w", "72H", "70000h"] {
            assert!(grace(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_longest_grace_period_that_can_be_typed_does_not_overflow() {
        assert_eq!(grace("65535d"), Ok(65535 * 24));
    }
}

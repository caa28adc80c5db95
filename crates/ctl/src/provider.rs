//! Connections, subscriptions and inlets on the command line: each command is one call of the desk.

use offizin_desk::{
    Problem, Source,
    connections::view::{Api, CheckView, ConnectionInput, ConnectionSettings, DeleteStrategy, Provider},
    inlets::{InletInput, InletView},
    subscriptions::view::{RegisterInput, SubscriptionView},
};
use serde_json::json;

use crate::{
    Shell,
    args::{ApiArg, Connection, DeleteArg, Inlet, ProviderArg, SourceArg, Subscription},
    print::{json, line, maybe, maybe_local, table, word},
    sentence, standard_input,
};

impl Shell {
    pub(crate) async fn connection(&self, command: Connection) -> Result<(), Problem> {
        match command {
            Connection::Add { name, provider, api, base_url, pharmacy_uid, base_path, delete_strategy, test_call } => {
                let input = ConnectionInput {
                    name,
                    provider: match provider {
                        ProviderArg::Rxscale => Provider::Rxscale,
                    },
                    api: match api {
                        ApiArg::Management => Api::Management,
                        ApiArg::Pharmacy => Api::Pharmacy,
                    },
                    base_url,
                    pharmacy_uid,
                    api_key: standard_input()?.into(),
                    settings: ConnectionSettings {
                        base_path,
                        delete: delete_strategy.map(|how| match how {
                            DeleteArg::Path => DeleteStrategy::Path,
                            DeleteArg::Query => DeleteStrategy::Query,
                            DeleteArg::Body => DeleteStrategy::Body,
                        }),
                        test_call,
                    },
                };
                let view = self.desk.connection_add(input).await?;
                if self.json {
                    json(&view)
                } else {
                    line(&format!("added {} ({})", view.name, word(&view.environment)))
                }
            }
            Connection::List => {
                let rows = self.desk.connection_list().await?;
                if self.json {
                    json(&json!({ "rows": rows, "next": null }));
                } else {
                    let cells = rows.iter().map(|c| {
                        vec![
                            c.name.clone(),
                            word(&c.api),
                            word(&c.environment),
                            c.subscriptions.to_string(),
                            maybe_local(c.last_verified_at),
                            c.base_url.clone(),
                        ]
                    });
                    table(
                        &["NAME", "API", "ENVIRONMENT", "SUBSCRIPTIONS", "LAST VERIFIED", "HOST"],
                        &cells.collect::<Vec<_>>(),
                    );
                }
            }
            Connection::Check { name } => {
                let connection = self.desk.connection_find(&name).await?;
                let check = self.desk.connection_check(&connection.id).await?;
                if self.json {
                    json(&check)
                } else {
                    print_check(&check)
                }
                if let Some(problem) = check.lines.into_iter().find_map(|line| line.problem) {
                    return Err(problem);
                }
            }
            Connection::Remove { name } => {
                let connection = self.desk.connection_find(&name).await?;
                self.desk.connection_remove(&connection.id).await?;
                return self.done("removed");
            }
        }
        Ok(())
    }

    pub(crate) async fn subscription(&self, command: Subscription) -> Result<(), Problem> {
        match command {
            Subscription::List { connection, offline } => {
                let connection = match connection {
                    Some(name) => Some(self.desk.connection_find(&name).await?.id),
                    None => None,
                };
                let list = self.desk.subscription_list(connection.as_ref(), !offline).await?;
                if self.json {
                    json(&json!({ "rows": list.rows, "next": null, "problems": list.problems }));
                } else {
                    print_subscriptions(&list.rows);
                }
                if let Some(asked) = list.problems.into_iter().next() {
                    return Err(asked.problem);
                }
            }
            Subscription::Register { connection, types } => {
                let connection = self.desk.connection_find(&connection).await?.id;
                let outcome = self.desk.subscription_register(RegisterInput { connection, types }).await?;
                if self.json {
                    json(&json!({ "rows": outcome, "next": null }));
                } else {
                    print_subscriptions(&outcome.iter().filter_map(|o| o.subscription.clone()).collect::<Vec<_>>());
                }
                if let Some(problem) = outcome.into_iter().find_map(|outcome| outcome.problem) {
                    return Err(problem);
                }
            }
            Subscription::Test { id } => {
                self.desk.subscription_test(&id.as_str().into()).await?;
                return self.done("the provider was asked for a test event");
            }
            Subscription::Secret { id } => {
                let view = self.desk.subscription_paste_secret(&id.as_str().into(), standard_input()?.into()).await?;
                if self.json { json(&view) } else { print_subscriptions(&[view]) }
            }
            Subscription::Remove { id } => {
                self.desk.subscription_remove(&id.as_str().into()).await?;
                return self.done("removed");
            }
        }
        Ok(())
    }

    pub(crate) async fn inlet(&self, command: Inlet) -> Result<(), Problem> {
        match command {
            Inlet::Add { name, source, connection } => {
                let source = match source {
                    SourceArg::Rxscale => Source::Rxscale,
                    SourceArg::RxscalePubsub => Source::RxscalePubsub,
                };
                let view = self.desk.inlet_add(InletInput { name, source, connection }).await?;
                if self.json { json(&view) } else { print_inlets(&[view]) }
            }
            Inlet::List => {
                let rows = self.desk.inlet_list().await?;
                if self.json { json(&json!({ "rows": rows, "next": null })) } else { print_inlets(&rows) }
            }
            Inlet::Secret { id } => {
                self.desk.inlet_secret(&id, standard_input()?.into()).await?;
                return self.done("stored");
            }
            Inlet::Remove { id } => {
                self.desk.inlet_remove(&id).await?;
                return self.done("retired");
            }
        }
        Ok(())
    }
}

fn print_check(check: &CheckView) {
    let cells = check.lines.iter().map(|line| {
        let why = line.problem.as_ref().map(|problem| sentence::sentence(problem.code).to_owned());
        vec![word(&line.step), word(&line.state), why.unwrap_or_default()]
    });
    table(&["STEP", "STATE", ""], &cells.collect::<Vec<_>>());
    if let Some(path) = &check.suggested_base_path {
        line(&format!("the API answers at {path}: add the connection with --base-path {path}"));
    }
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

fn print_inlets(rows: &[InletView]) {
    let cells = rows
        .iter()
        .map(|i| vec![i.id.clone(), i.name.clone(), word(&i.source), maybe_local(i.last_verified_at), i.url.clone()]);
    table(&["ID", "NAME", "SOURCE", "LAST ACCEPTED", "ADDRESS"], &cells.collect::<Vec<_>>());
}

//! Connections, subscriptions and inlets on the command line: each command is one call of the desk.

use offizin_desk::{
    Code, Problem, Source,
    connections::view::{
        Api, CheckView, ConnectionEditInput, ConnectionInput, ConnectionRemoveInput, ConnectionSettings,
        DeleteStrategy, Provider,
    },
    inlets::{
        InletInput, InletRemoveInput, InletSecretInput, InletView,
        unsigned::{InletKeyInput, InletRotateInput, InletSetInput},
    },
    orders::Rejections,
    subscriptions::view::{
        AdoptInput, RegisterInput, RemoveForeignInput, RemoveInput, SubscriptionState, SubscriptionView,
    },
};
use serde_json::json;

use crate::{
    Shell,
    args::{ApiArg, Connection, DeleteArg, Inlet, ProviderArg, RejectionsArg, SourceArg, Subscription},
    print::{json, line, maybe, maybe_local, table, word},
    sentence, standard_input,
};

impl Shell {
    pub(crate) async fn connection(&self, command: Connection) -> Result<(), Problem> {
        match command {
            Connection::Add {
                name,
                provider,
                api,
                base_url,
                pharmacy_uid,
                base_path,
                delete_strategy,
                test_call,
                signature_prefix,
                meta_data,
            } => {
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
                        delete: delete_strategy.map(delete),
                        test_call,
                        signature_prefix,
                        meta_data,
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
            Connection::Edit {
                name,
                rename,
                replace_key,
                pharmacy_uid,
                base_path,
                delete_strategy,
                test_call,
                signature_prefix,
                meta_data,
            } => {
                let now = self.desk.connection_find(&name).await?;
                let input = ConnectionEditInput {
                    id: now.id,
                    name: rename.unwrap_or(now.name),
                    pharmacy_uid: pharmacy_uid.or(now.pharmacy_uid),
                    api_key: if replace_key { Some(standard_input()?.into()) } else { None },
                    settings: ConnectionSettings {
                        base_path: base_path.unwrap_or(now.settings.base_path),
                        delete: delete_strategy.map(delete).or(now.settings.delete),
                        test_call: test_call.unwrap_or(now.settings.test_call),
                        signature_prefix: signature_prefix.unwrap_or(now.settings.signature_prefix),
                        meta_data: meta_data.unwrap_or(now.settings.meta_data),
                    },
                };
                let view = self.desk.connection_edit(input).await?;
                if self.json { json(&view) } else { line(&format!("changed {}", view.name)) }
            }
            Connection::Remove { name, confirm } => {
                let id = self.desk.connection_find(&name).await?.id;
                self.desk.connection_remove(&ConnectionRemoveInput { id, confirm: confirm.confirm }).await?;
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
                    json(
                        &json!({ "rows": list.rows, "next": null, "problems": list.problems, "rotations": list.rotations }),
                    );
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
            Subscription::Rotate { ids, all: _, connection, grace } => {
                return self.rotate(ids, connection, grace).await;
            }
            Subscription::Adopt { uid, connection } => {
                let connection = self.foreign(&uid, connection.as_deref()).await?.connection;
                let secret = standard_input()?.into();
                let view = self.desk.subscription_adopt(AdoptInput { connection, provider_uid: uid, secret }).await?;
                if self.json { json(&view) } else { print_subscriptions(&[view]) }
            }
            Subscription::Remove { id, confirm } => {
                let input = RemoveInput { id: id.as_str().into(), confirm: confirm.confirm.clone() };
                match (self.desk.subscription_remove(&input).await, confirm.confirm) {
                    (Err(problem), Some(confirm)) if problem.code == Code::SubscriptionForeign => {
                        let connection = self.foreign(&id, None).await?.connection;
                        let input = RemoveForeignInput { connection, provider_uid: id, confirm };
                        self.desk.subscription_remove_foreign(&input).await?;
                    }
                    (removed, _) => removed?,
                }
                return self.done("removed");
            }
        }
        Ok(())
    }

    /// A foreign subscription by the provider's uid, as last listed.
    async fn foreign(&self, uid: &str, connection: Option<&str>) -> Result<SubscriptionView, Problem> {
        let of = match connection {
            Some(name) => Some(self.desk.connection_find(name).await?.id),
            None => None,
        };
        let list = self.desk.subscription_list(of.as_ref(), true).await?;
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

    pub(crate) async fn inlet(&self, command: Inlet) -> Result<(), Problem> {
        match command {
            Inlet::Add { name, source, connection } => {
                let source = match source {
                    SourceArg::Rxscale => Source::Rxscale,
                    SourceArg::RxscalePubsub => Source::RxscalePubsub,
                    SourceArg::Evitalrx => Source::Evitalrx,
                };
                let view = self.desk.inlet_add(InletInput { name, source, connection }).await?;
                if self.json { json(&view) } else { print_inlets(&[view]) }
            }
            Inlet::List => {
                let rows = self.desk.inlet_list().await?;
                if self.json { json(&json!({ "rows": rows, "next": null })) } else { print_inlets(&rows) }
            }
            Inlet::Set { id, rejections, header } => {
                let before = self.desk.inlet_find(&id).await?;
                let rejections = match rejections {
                    Some(RejectionsArg::FinalOnly) => Rejections::FinalOnly,
                    Some(RejectionsArg::Each) => Rejections::Each,
                    Some(RejectionsArg::NotSure) => Rejections::NotSure,
                    None => before.rejections.unwrap_or_default(),
                };
                let required_header = match header {
                    Some(name) if name == "none" => None,
                    Some(name) => Some(name),
                    None => before.required_header,
                };
                let view = self.desk.inlet_set(InletSetInput { id, rejections, required_header }).await?;
                if self.json { json(&view) } else { print_inlets(&[view]) }
            }
            Inlet::Rotate { id, grace } => {
                let grace_ms = grace.map(|grace| i64::try_from(grace.as_millis()).unwrap_or(i64::MAX));
                let view = self.desk.inlet_rotate(InletRotateInput { id, grace_ms }).await?;
                if self.json { json(&view) } else { print_inlets(&[view]) }
            }
            Inlet::Secret { id } => {
                self.desk.inlet_secret(InletSecretInput { id, secret: standard_input()?.into() }).await?;
                return self.done("stored");
            }
            Inlet::Key { id, base_url, forget } => {
                let api_key = if forget { None } else { Some(standard_input()?.into()) };
                let view = self.desk.inlet_key(InletKeyInput { id, api_key, base_url }).await?;
                if self.json { json(&view) } else { print_inlets(&[view]) }
            }
            Inlet::Remove { id, confirm } => {
                self.desk.inlet_remove(&InletRemoveInput { id, confirm: confirm.confirm }).await?;
                return self.done("retired");
            }
        }
        Ok(())
    }
}

fn delete(how: DeleteArg) -> DeleteStrategy {
    match how {
        DeleteArg::Path => DeleteStrategy::Path,
        DeleteArg::Query => DeleteStrategy::Query,
        DeleteArg::Body => DeleteStrategy::Body,
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

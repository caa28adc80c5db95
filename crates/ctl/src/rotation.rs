//! Rotation, the record and the network on the command line.

use std::{path::Path, time::Duration};

use offizin_desk::{
    Problem,
    network::{NetworkInput, Proxy},
    rotation::view::{RotateInput, RotationView},
    subscriptions::view::SubscriptionState,
};
use serde_json::json;

use crate::{
    Shell,
    args::{Network, PageArgs, ProxyArg, Rotation},
    page_input,
    print::{json, line, local, maybe, maybe_local, table, word},
    usage,
    views::more,
};

/// How long a first event is waited for before it is said that the rotation waits for one.
const STRIDE: Duration = Duration::from_secs(2);

impl Shell {
    /// Begins to rotate and works on until each rotation waits for something or is over.
    pub(crate) async fn rotate(
        &self,
        ids: Vec<String>,
        connection: Option<String>,
        grace_hours: i64,
    ) -> Result<(), Problem> {
        let subscriptions = match connection {
            Some(name) if ids.is_empty() => {
                let id = self.desk.connection_find(&name).await?.id;
                let list = self.desk.subscription_list(Some(&id), true).await?;
                let active = list.rows.into_iter().filter(|row| row.state == SubscriptionState::Active);
                active.filter(|row| row.rotation.is_none()).map(|row| row.id).collect()
            }
            _ => ids.iter().map(|id| id.as_str().into()).collect(),
        };
        let input = RotateInput { subscriptions, grace_hours: Some(grace_hours) };
        let started = self.desk.subscription_rotate(input).await?;
        self.run_rotations().await?;
        let now = self.desk.subscription_list(None, false).await?.rotations;
        let rows: Vec<RotationView> = started
            .iter()
            .filter_map(|one| one.rotation.as_ref())
            .filter_map(|rotation| now.iter().find(|view| view.id == rotation.id).cloned())
            .collect();
        self.print_rotations(&rows);
        let refused = started.into_iter().find_map(|one| one.problem);
        let failed = rows.into_iter().find_map(|rotation| rotation.problem);
        refused.or(failed).map_or(Ok(()), Err)
    }

    /// Tends and pulls until nothing moves any more.
    async fn run_rotations(&self) -> Result<(), Problem> {
        loop {
            let before = self.desk.subscription_list(None, false).await?.rotations;
            self.desk.tend().await?;
            // The first event under a new secret is what a rotation usually waits for.
            self.desk.pull(STRIDE).await?;
            self.desk.tend().await?;
            if self.desk.subscription_list(None, false).await?.rotations == before {
                return Ok(());
            }
        }
    }

    pub(crate) async fn rotation(&self, command: Rotation) -> Result<(), Problem> {
        match command {
            Rotation::List => {}
            Rotation::Run => self.run_rotations().await?,
            Rotation::RollBack { id } => {
                self.desk.rotation_roll_back(&id.as_str().into()).await?;
                self.run_rotations().await?;
            }
            Rotation::Test { id } => {
                self.desk.rotation_test(&id.as_str().into()).await?;
                return self.done("the provider was asked for a test event");
            }
        }
        self.print_rotations(&self.desk.subscription_list(None, false).await?.rotations);
        Ok(())
    }

    fn print_rotations(&self, rows: &[RotationView]) {
        if self.json {
            return json(&json!({ "rows": rows, "next": null }));
        }
        let cells = rows.iter().map(|r| {
            vec![
                r.id.to_string(),
                r.connection_name.clone(),
                r.notification_type.clone(),
                word(&r.step),
                r.waits_for.as_ref().map(word).unwrap_or_default(),
                maybe_local(r.grace_until),
                maybe(r.problem.as_ref().map(|problem| problem.code)),
            ]
        });
        table(&["ID", "CONNECTION", "TYPE", "STEP", "WAITS FOR", "GRACE UNTIL", "PROBLEM"], &cells.collect::<Vec<_>>());
    }

    pub(crate) async fn audit(&self, page: PageArgs) -> Result<(), Problem> {
        let page = self.desk.audit_list(&page_input(page)).await?;
        if self.json {
            json(&page);
            return Ok(());
        }
        let cells = page.rows.iter().map(|a| {
            vec![
                local(a.at),
                a.account.clone(),
                word(&a.shell),
                word(&a.action),
                a.subject.clone(),
                maybe(a.detail.as_deref()),
                word(&a.outcome),
                maybe(a.code),
            ]
        });
        table(&["AT", "WHO", "THROUGH", "WHAT", "OF", "DETAIL", "RESULT", "CODE"], &cells.collect::<Vec<_>>());
        more(page.next.as_deref());
        Ok(())
    }

    pub(crate) async fn network(&self, command: Network) -> Result<(), Problem> {
        let mut view = self.desk.network_view().await?;
        if let Network::Set { proxy, proxy_url, root_certificates, timeout } = command {
            let input = NetworkInput {
                proxy: proxy.map_or(view.proxy, |proxy| match proxy {
                    ProxyArg::System => Proxy::System,
                    ProxyArg::None => Proxy::None,
                    ProxyArg::Custom => Proxy::Custom,
                }),
                proxy_url: proxy_url.or(view.proxy_url),
                root_certificates_pem: root_certificates.as_deref().map(pem).transpose()?,
                timeout_seconds: timeout.unwrap_or(view.timeout_seconds),
            };
            view = self.desk.network_set(input).await?;
        }
        if self.json {
            json(&view);
        } else {
            line(&format!(
                "proxy {} {} · timeout {} s · {} additional root certificates",
                word(&view.proxy),
                view.proxy_url.as_deref().unwrap_or_default(),
                view.timeout_seconds,
                view.root_certificates.len()
            ));
            view.root_certificates.iter().for_each(|sha256| line(&format!("  sha256 {sha256}")));
        }
        Ok(())
    }
}

fn pem(file: &Path) -> Result<String, Problem> {
    if file == Path::new("-") {
        return Ok(String::new());
    }
    std::fs::read_to_string(file).map_err(|_| usage("root_certificates"))
}

//! `offizinctl`: the second shell over the desk. It turns words into one call of [`Desk`] and prints the answer; it holds no
//! rules of its own.

mod args;
mod print;
mod sentence;

use std::{io::Read, process::ExitCode, time::Duration};

use args::{
    ApiArg, Cli, Command, Connection, DeleteArg, Event, Inlet, LanguageArg, Ledger, Order, PageArgs, ProviderArg,
    SettingsCommand, SourceArg, Stock, Subscription, ThemeArg, VerdictArg,
};
use clap::Parser;
use offizin_desk::{
    Code, Desk, Home, Problem, Source,
    connections::view::{Api, CheckView, ConnectionInput, ConnectionSettings, DeleteStrategy, Provider},
    event::view::{EventListInput, Verdict},
    inlets::{InletInput, InletView},
    orders::view::{OrderListInput, TimelineView},
    page::PageInput,
    status::{Language, PairInput, PulledView, Theme},
    stock::view::StockListInput,
    subscriptions::view::{RegisterInput, SubscriptionView},
    system_clock,
};
use print::{json, line, local, maybe, maybe_local, table, word};
use serde_json::json;

/// How long one long poll of `sync --follow` waits.
const FOLLOW_WAIT: Duration = Duration::from_secs(25);
/// How long `sync --follow` waits after a failure that passes: doubled with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("OFFIZIN_LOG").unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let as_json = cli.json;
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tell(&problem, as_json);
            ExitCode::from(1)
        }
    }
}

#[expect(clippy::print_stderr, reason = "problems are told on standard error")]
fn tell(problem: &Problem, as_json: bool) {
    if as_json {
        eprintln!("{}", json!({ "code": problem.code, "detail": problem.detail, "incident": problem.incident }));
    } else {
        let detail = problem.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        eprintln!(
            "{}{detail}\ncode {} · incident {}",
            sentence::sentence(problem.code),
            problem.code,
            problem.incident
        );
    }
}

async fn run(cli: Cli) -> Result<(), Problem> {
    let home = Home::at(cli.home).map_err(Problem::from)?;
    if matches!(cli.command, Command::Diagnose) {
        return diagnose(home, cli.json).await;
    }
    let desk = Desk::open(home, system_clock()).await?;
    let shell = Shell { desk, json: cli.json };
    let done = shell.run(cli.command).await;
    shell.desk.close().await;
    done
}

struct Shell {
    desk: Desk,
    json: bool,
}

impl Shell {
    async fn run(&self, command: Command) -> Result<(), Problem> {
        match command {
            Command::Pair { code, device_name } => self.pair(code, device_name).await,
            Command::Unpair { yes: _ } => {
                self.desk.unpair().await?;
                self.done("left the relay")
            }
            Command::Connection(command) => self.connection(command).await,
            Command::Subscription(command) => self.subscription(command).await,
            Command::Inlet(command) => self.inlet(command).await,
            Command::Sync { follow } => self.sync(follow).await,
            Command::Order(command) => self.order(command).await,
            Command::Stock(command) => self.stock(command).await,
            Command::Event(command) => self.event(command).await,
            Command::Ledger(command) => self.ledger(command).await,
            Command::Settings(command) => self.settings(command).await,
            Command::Status => self.status().await,
            Command::Diagnose => Ok(()),
        }
    }

    fn done(&self, what: &str) -> Result<(), Problem> {
        if self.json {
            json(&json!({ "done": true }))
        } else {
            line(what)
        }
        Ok(())
    }

    async fn pair(&self, code: String, device_name: String) -> Result<(), Problem> {
        let code = if code == "-" { standard_input()? } else { code };
        let relay = self.desk.pair(PairInput { code, device_name }).await?;
        if self.json {
            json(&relay);
        } else {
            line(&format!(
                "paired with {} as \u{201c}{}\u{201d}, inbox {}",
                relay.url, relay.device_name, relay.inbox_name
            ));
        }
        Ok(())
    }

    async fn connection(&self, command: Connection) -> Result<(), Problem> {
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

    async fn subscription(&self, command: Subscription) -> Result<(), Problem> {
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

    async fn inlet(&self, command: Inlet) -> Result<(), Problem> {
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

    async fn sync(&self, follow: bool) -> Result<(), Problem> {
        if !follow {
            let pulled = self.desk.pull(Duration::ZERO).await?;
            self.print_pulled(&pulled);
            return Ok(());
        }
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Ok(()),
            ended = self.follow() => ended,
        }
    }

    async fn follow(&self) -> Result<(), Problem> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.desk.pull(FOLLOW_WAIT).await {
                Ok(pulled) => {
                    pause = FIRST_PAUSE;
                    if pulled.segments > 0 {
                        self.print_pulled(&pulled);
                    }
                }
                Err(problem) if passes(problem.code) => {
                    tell(&problem, self.json);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    fn print_pulled(&self, pulled: &PulledView) {
        if self.json {
            json(pulled);
        } else {
            line(&format!(
                "{} deliveries: {} new events, {} known, {} to quarantine, {} segments unopened",
                pulled.deliveries, pulled.events, pulled.duplicates, pulled.rejected, pulled.unopened
            ));
        }
    }

    async fn order(&self, command: Order) -> Result<(), Problem> {
        match command {
            Order::List { status, search, attention, page } => {
                let attention = attention.then_some(true);
                let input =
                    OrderListInput { status, search, attention, page: page_input(page), ..OrderListInput::default() };
                let page = self.desk.order_list(&input).await?;
                if self.json {
                    json(&page);
                } else {
                    let cells = page.rows.iter().map(|o| {
                        vec![
                            maybe(o.name.as_deref()),
                            maybe(o.status.as_deref()),
                            local(o.updated_at),
                            o.lanes.len().to_string(),
                            word(&o.trust),
                            o.uid.to_string(),
                        ]
                    });
                    table(&["ORDER", "STATUS", "UPDATED", "LANES", "TRUST", "UID"], &cells.collect::<Vec<_>>());
                    more(page.next.as_deref());
                }
            }
            Order::Show { uid } => {
                let order = self.desk.order_show(&uid.as_str().into()).await?;
                if self.json {
                    json(&order);
                } else {
                    let row = &order.row;
                    line(&format!("{} · {} · {}", maybe(row.name.as_deref()), maybe(row.status.as_deref()), row.uid));
                    line(&format!("updated {} · {} events · {}", local(row.updated_at), row.events, word(&row.trust)));
                    for lane in &row.lanes {
                        line(&format!(
                            "  {} at {}: {}",
                            lane.uid,
                            maybe(lane.pharmacy_name.as_deref()),
                            maybe(lane.status.as_deref())
                        ));
                    }
                    for item in &order.item_list {
                        line(&format!(
                            "  {} × {} (PZN {})",
                            maybe(item.amount),
                            maybe(item.name.as_deref()),
                            maybe(item.pzn.as_deref())
                        ));
                    }
                }
            }
            Order::Timeline { uid } => {
                let timeline = self.desk.order_timeline(&uid.as_str().into()).await?;
                if self.json { json(&timeline) } else { print_timeline(&timeline) }
            }
            Order::Patient { uid, reveal: _ } => {
                let patient = self.desk.order_patient(&uid.as_str().into()).await?;
                if self.json {
                    json(&patient);
                } else {
                    line(&format!(
                        "{} · born {}",
                        maybe(patient.name.as_deref()),
                        maybe(patient.date_of_birth.as_deref())
                    ));
                    line(&format!("{} · {}", maybe(patient.email.as_deref()), maybe(patient.phone.as_deref())));
                    for address in [patient.delivery_address, patient.invoice_address].into_iter().flatten() {
                        let parts = [address.name, address.street, address.additional, address.city, address.country];
                        line(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "));
                    }
                }
            }
        }
        Ok(())
    }

    async fn stock(&self, command: Stock) -> Result<(), Problem> {
        match command {
            Stock::List { search, page } => {
                let page = self.desk.stock_list(&StockListInput { search, page: page_input(page) }).await?;
                if self.json {
                    json(&page);
                } else {
                    let cells = page.rows.iter().map(|s| {
                        vec![
                            maybe(s.name.as_deref()),
                            maybe(s.pzn.as_deref()),
                            maybe(s.stock),
                            maybe(s.delta),
                            local(s.updated_at),
                            s.uid.to_string(),
                        ]
                    });
                    table(&["PRODUCT", "PZN", "STOCK", "CHANGE", "UPDATED", "UID"], &cells.collect::<Vec<_>>());
                    more(page.next.as_deref());
                }
            }
            Stock::History { pharmacy_sku_uid, page } => {
                let page = self.desk.stock_history(&pharmacy_sku_uid.as_str().into(), &page_input(page)).await?;
                if self.json {
                    json(&page);
                } else {
                    let cells = page.rows.iter().map(|s| {
                        vec![
                            local(s.at),
                            maybe(s.stock),
                            maybe(s.delta),
                            maybe(s.price_cents),
                            word(&s.trust),
                            s.event_id.to_string(),
                        ]
                    });
                    table(&["AT", "STOCK", "CHANGE", "CENTS", "TRUST", "EVENT"], &cells.collect::<Vec<_>>());
                    more(page.next.as_deref());
                }
            }
        }
        Ok(())
    }

    async fn event(&self, command: Event) -> Result<(), Problem> {
        match command {
            Event::List { verdict, event_type, search, page } => {
                let verdict = verdict.map(|verdict| match verdict {
                    VerdictArg::Accepted => Verdict::Accepted,
                    VerdictArg::Unrecognised => Verdict::Unrecognised,
                    VerdictArg::Rejected => Verdict::Rejected,
                });
                let page = self
                    .desk
                    .event_list(&EventListInput { verdict, event_type, search, page: page_input(page) })
                    .await?;
                if self.json {
                    json(&page);
                } else {
                    let cells = page.rows.iter().map(|e| {
                        vec![
                            local(e.received_at),
                            maybe(e.event_type.as_deref()),
                            word(&e.verdict),
                            word(&e.trust),
                            e.receipts.to_string(),
                            maybe(e.order_name.as_deref()),
                            e.id.to_string(),
                        ]
                    });
                    table(
                        &["RECEIVED", "TYPE", "VERDICT", "TRUST", "RECEIPTS", "ORDER", "ID"],
                        &cells.collect::<Vec<_>>(),
                    );
                    more(page.next.as_deref());
                }
            }
            Event::Show { id, raw: true } => print::bytes(&self.desk.event_raw(&id.as_str().into()).await?),
            Event::Show { id, raw: false } => {
                let proof = self.desk.event_show(&id.as_str().into()).await?;
                if self.json {
                    json(&proof);
                } else {
                    let row = &proof.row;
                    line(&format!(
                        "{} · {} · {}",
                        maybe(row.event_type.as_deref()),
                        word(&row.verdict),
                        word(&row.trust)
                    ));
                    line(&format!("sha256 {} · {} bytes", proof.sha256, row.bytes));
                    for receipt in &proof.receipt_list {
                        line(&format!(
                            "received {} through {} · key {}",
                            local(receipt.received_at),
                            receipt.inlet,
                            maybe(receipt.fingerprint.as_deref())
                        ));
                        for (name, value) in &receipt.headers {
                            line(&format!("  {name}: {value}"));
                        }
                    }
                }
            }
            Event::Verify { id } => {
                let view = self.desk.event_verify(&id.as_str().into()).await?;
                if self.json {
                    json(&view);
                } else {
                    line(&format!(
                        "body {} · signature {}",
                        if view.body_intact { "intact" } else { "DAMAGED" },
                        if view.signature_matches { "matches" } else { "does not match" }
                    ));
                }
            }
        }
        Ok(())
    }

    async fn ledger(&self, command: Ledger) -> Result<(), Problem> {
        match command {
            Ledger::Rebuild => {
                let events = self.desk.ledger_rebuild().await?;
                if self.json {
                    json(&json!({ "events": events }))
                } else {
                    line(&format!("folded {events} events anew"))
                }
            }
            Ledger::Verify => {
                let report = self.desk.ledger_verify().await?;
                if self.json {
                    json(&report);
                } else {
                    line(&format!(
                        "{} events, {} damaged, {} unproven; a rebuild {} what is shown",
                        report.events,
                        report.damaged,
                        report.unproven,
                        if report.projections_match { "gives exactly" } else { "DIFFERS from" }
                    ));
                }
                if report.damaged > 0 || report.unproven > 0 || !report.projections_match {
                    return Err(Problem {
                        code: Code::Internal,
                        detail: Some("ledger".into()),
                        incident: String::new(),
                    });
                }
            }
        }
        Ok(())
    }

    async fn settings(&self, command: SettingsCommand) -> Result<(), Problem> {
        let mut settings = self.desk.settings().await?;
        if let SettingsCommand::Set { language, theme, roomy, keep_in_tray } = command {
            settings.language = language.map_or(settings.language, |language| match language {
                LanguageArg::System => Language::System,
                LanguageArg::De => Language::De,
                LanguageArg::En => Language::En,
            });
            settings.theme = theme.map_or(settings.theme, |theme| match theme {
                ThemeArg::System => Theme::System,
                ThemeArg::Light => Theme::Light,
                ThemeArg::Dark => Theme::Dark,
                ThemeArg::Contrast => Theme::Contrast,
            });
            settings.roomy = roomy.unwrap_or(settings.roomy);
            settings.keep_in_tray = keep_in_tray.unwrap_or(settings.keep_in_tray);
            settings = self.desk.settings_set(&settings).await?;
        }
        if self.json {
            json(&settings);
        } else {
            line(&format!(
                "language {} · theme {} · roomy {} · keep in tray {}",
                word(&settings.language),
                word(&settings.theme),
                settings.roomy,
                settings.keep_in_tray
            ));
        }
        Ok(())
    }

    async fn status(&self) -> Result<(), Problem> {
        let status = self.desk.status().await?;
        if self.json {
            json(&status);
            return Ok(());
        }
        match &status.relay {
            None => line("not paired"),
            Some(relay) => line(&format!(
                "relay {} · {} · complete until {} · {} segments behind",
                relay.url,
                word(&relay.state),
                maybe_local(relay.complete_until),
                relay.behind
            )),
        }
        let c = &status.counts;
        line(&format!(
            "{} orders ({} need attention) · {} products · {} events ({} unrecognised) · {} in quarantine · {} subscriptions",
            c.orders, c.attention, c.stock, c.events, c.unrecognised, c.quarantine, c.subscriptions
        ));
        line(&format!("last event {}", maybe_local(status.last_event_at)));
        Ok(())
    }
}

async fn diagnose(home: Home, as_json: bool) -> Result<(), Problem> {
    let dir = home.dir().display().to_string();
    let opened = Desk::open(home, system_clock()).await;
    let status = match &opened {
        Ok(desk) => Some(desk.status().await?),
        Err(_) => None,
    };
    let problem = opened.as_ref().err().cloned();
    let report = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "home": dir,
        "session_bus": std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some(),
        "keyring": keyring(problem.as_ref()),
        "database": if problem.is_none() { "open" } else { "closed" },
        "relay": status.as_ref().and_then(|s| s.relay.as_ref()).map(|r| json!({ "url": r.url, "state": r.state, "behind": r.behind })),
        "connections": status.as_ref().map(|s| s.connections.iter().map(|c| json!({ "name": c.name, "host": c.base_url,
            "subscriptions": c.subscriptions })).collect::<Vec<_>>()),
        "counts": status.as_ref().map(|s| s.counts.clone()),
    });
    if as_json {
        json(&report);
    } else if let Ok(text) = serde_json::to_string_pretty(&report) {
        line(&text);
    }
    if let Ok(desk) = opened {
        desk.close().await;
    }
    problem.map_or(Ok(()), Err)
}

/// Whether the keyring answered; nothing where it was not asked.
fn keyring(problem: Option<&Problem>) -> Option<String> {
    match problem.map(|problem| problem.code) {
        Some(code @ (Code::KeyringMissing | Code::KeyringLocked | Code::KeyringFailed)) => Some(code.as_str()),
        Some(Code::HomeUnusable) => None,
        _ => Some("reachable".to_owned()),
    }
}

/// Failures that end by themselves: `sync --follow` goes on.
fn passes(code: Code) -> bool {
    matches!(code, Code::RelayUnreachable | Code::RelayUnavailable | Code::DatabaseBusy)
}

fn page_input(page: PageArgs) -> PageInput {
    PageInput { limit: page.limit, after: page.after }
}

fn more(next: Option<&str>) {
    if let Some(next) = next {
        line(&format!("… --after {next}"));
    }
}

fn standard_input() -> Result<String, Problem> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text.trim().to_owned()),
        Err(_) => Err(usage("standard input")),
    }
}

fn usage(what: &str) -> Problem {
    Problem { code: Code::InputInvalid, detail: Some(what.to_owned()), incident: String::new() }
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

fn print_timeline(timeline: &TimelineView) {
    let cells = timeline.entries.iter().map(|e| {
        vec![
            local(e.at),
            maybe(e.from.as_deref()),
            "→".to_owned(),
            maybe(e.to.as_deref()),
            word(&e.trust),
            maybe(e.pharmacy_name.as_deref()),
            format!("{}×", e.receipts),
            e.marks.iter().map(word).collect::<Vec<_>>().join(" "),
            e.event_id.to_string(),
        ]
    });
    table(&["AT", "FROM", "", "TO", "TRUST", "PHARMACY", "", "MARKS", "EVENT"], &cells.collect::<Vec<_>>());
}

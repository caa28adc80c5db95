//! Connections to providers: adding, checking, changing and removing them. API keys come from standard input only.

use clap::Subcommand;
use offizin_desk::{
    Problem,
    connections::view::{
        Api, CheckView, ConnectionEditInput, ConnectionInput, ConnectionRemoveInput, ConnectionSettings,
        ConnectionView, DeleteStrategy, Provider,
    },
};

use crate::{
    print::{line, maybe_local, table, word},
    sentence,
    shell::{ConfirmArgs, Shell, name_of, standard_input},
};

#[derive(Subcommand)]
pub(crate) enum Connection {
    /// Add a connection; the API key is read from standard input.
    Add {
        name: String,
        #[arg(long, value_parser = name_of::<Provider>())]
        provider: Provider,
        #[arg(long, value_parser = name_of::<Api>(), default_value = "management")]
        api: Api,
        /// The provider's production host when absent.
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        /// Needed with a group key.
        #[arg(long, value_name = "UID")]
        pharmacy_uid: Option<String>,
        /// Where the API begins; the documented path when absent.
        #[arg(long, value_name = "PATH", default_value = "")]
        base_path: String,
        /// How the provider deletes, where its documents do not say.
        #[arg(long, value_parser = name_of::<DeleteStrategy>(), value_name = "HOW")]
        delete_strategy: Option<DeleteStrategy>,
        /// Use the provider's test call.
        #[arg(long)]
        test_call: bool,
        /// Accept `sha256=` before a signature, too.
        #[arg(long)]
        signature_prefix: bool,
        /// A JSON object to send as `meta_data` with every create.
        #[arg(long, value_name = "JSON", default_value = "")]
        meta_data: String,
    },
    /// All connections.
    List,
    /// What the key can do, found out by reading only.
    Check { name: String },
    /// Change what is named; the rest stays.
    Edit {
        name: String,
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// Read another API key from standard input.
        #[arg(long)]
        replace_key: bool,
        /// Empty for none.
        #[arg(long, value_name = "UID")]
        pharmacy_uid: Option<String>,
        /// Empty for the documented path.
        #[arg(long, value_name = "PATH")]
        base_path: Option<String>,
        #[arg(long, value_parser = name_of::<DeleteStrategy>(), value_name = "HOW")]
        delete_strategy: Option<DeleteStrategy>,
        #[arg(long, value_name = "true|false")]
        test_call: Option<bool>,
        #[arg(long, value_name = "true|false")]
        signature_prefix: Option<bool>,
        /// Empty for none.
        #[arg(long, value_name = "JSON")]
        meta_data: Option<String>,
    },
    /// Remove a connection without subscriptions, and its key. Its events stay.
    Remove {
        name: String,
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
}

impl Connection {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let desk = &shell.desk;
        match self {
            Self::Add {
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
                    provider,
                    api,
                    base_url,
                    pharmacy_uid,
                    api_key: standard_input()?.into(),
                    settings: ConnectionSettings {
                        base_path,
                        delete: delete_strategy,
                        test_call,
                        signature_prefix,
                        meta_data,
                    },
                };
                shell.answer(&desk.connection_add(input).await?, |view| {
                    line(&format!("added {} ({})", view.name, word(&view.environment)));
                });
            }
            Self::List => shell.rows(&desk.connection_list().await?, print_connections),
            Self::Check { name } => {
                let connection = desk.connection_find(&name).await?;
                let check = desk.connection_check(&connection.id).await?;
                shell.answer(&check, print_check);
                if let Some(problem) = check.lines.into_iter().find_map(|line| line.problem) {
                    return Err(problem);
                }
            }
            Self::Edit {
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
                let now = desk.connection_find(&name).await?;
                let input = ConnectionEditInput {
                    id: now.id,
                    name: rename.unwrap_or(now.name),
                    pharmacy_uid: pharmacy_uid.or(now.pharmacy_uid),
                    api_key: if replace_key { Some(standard_input()?.into()) } else { None },
                    settings: ConnectionSettings {
                        base_path: base_path.unwrap_or(now.settings.base_path),
                        delete: delete_strategy.or(now.settings.delete),
                        test_call: test_call.unwrap_or(now.settings.test_call),
                        signature_prefix: signature_prefix.unwrap_or(now.settings.signature_prefix),
                        meta_data: meta_data.unwrap_or(now.settings.meta_data),
                    },
                };
                shell.answer(&desk.connection_edit(input).await?, |view| line(&format!("changed {}", view.name)));
            }
            Self::Remove { name, confirm } => {
                let id = desk.connection_find(&name).await?.id;
                desk.connection_remove(&ConnectionRemoveInput { id, confirm: confirm.confirm }).await?;
                shell.done("removed");
            }
        }
        Ok(())
    }
}

fn print_connections(rows: &[ConnectionView]) {
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
    table(&["NAME", "API", "ENVIRONMENT", "SUBSCRIPTIONS", "LAST VERIFIED", "HOST"], &cells.collect::<Vec<_>>());
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

//! Inlets: addresses of the relay that are made by hand, what protects them, and the keys that belong to them.

use clap::Subcommand;
use offizin_desk::{
    Problem, Source,
    inlets::{
        InletInput, InletRemoveInput, InletSecretInput, InletView,
        unsigned::{InletKeyInput, InletRotateInput, InletSetInput},
    },
    orders::Rejections,
};

use crate::{
    print::{maybe_local, table, word},
    shell::{ConfirmArgs, Shell, name_of, standard_input},
};

#[derive(Subcommand)]
pub(crate) enum Inlet {
    /// Make an address; prints it.
    Add {
        name: String,
        #[arg(long, value_parser = name_of::<Source>())]
        source: Source,
        /// The connection whose orders it speaks of.
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
    /// Addresses made by hand.
    List,
    /// Change what protects an address whose source does not sign, and what its silence means.
    Set {
        id: String,
        /// What a rejection without a word on finality means.
        #[arg(long, value_enum)]
        rejections: Option<Rejections>,
        /// A header that every delivery must carry, `none` for none. `inlet secret` stores its value.
        #[arg(long, value_name = "NAME")]
        header: Option<String>,
    },
    /// Make a second address for a source that does not sign; the first answers until the grace period is over.
    Rotate {
        id: String,
        /// For example 72h; three days when absent.
        #[arg(long, value_name = "SPAN")]
        grace: Option<jiff::SignedDuration>,
    },
    /// Store its signing secret, or the value of the header it asks for; it is read from standard input.
    Secret { id: String },
    /// Store the key with which orders are confirmed with eVitalRx; it is read from standard input.
    Key {
        id: String,
        /// The API's host; production when absent.
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        /// Forget the key that is stored.
        #[arg(long, conflicts_with = "base_url")]
        forget: bool,
    },
    /// Retire an address: it answers 410 from then on.
    Remove {
        id: String,
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
}

impl Inlet {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let desk = &shell.desk;
        match self {
            Self::Add { name, source, connection } => {
                shell.answer(&desk.inlet_add(InletInput { name, source, connection }).await?, print_inlet);
            }
            Self::List => shell.rows(&desk.inlet_list().await?, print_inlets),
            Self::Set { id, rejections, header } => {
                let before = desk.inlet_find(&id).await?;
                let rejections = rejections.or(before.rejections).unwrap_or_default();
                let required_header = match header {
                    Some(name) if name == "none" => None,
                    Some(name) => Some(name),
                    None => before.required_header,
                };
                let input = InletSetInput { id, rejections, required_header };
                shell.answer(&desk.inlet_set(input).await?, print_inlet);
            }
            Self::Rotate { id, grace } => {
                let grace_ms = grace.map(|grace| i64::try_from(grace.as_millis()).unwrap_or(i64::MAX));
                shell.answer(&desk.inlet_rotate(InletRotateInput { id, grace_ms }).await?, print_inlet);
            }
            Self::Secret { id } => {
                desk.inlet_secret(InletSecretInput { id, secret: standard_input()?.into() }).await?;
                shell.done("stored");
            }
            Self::Key { id, base_url, forget } => {
                let api_key = if forget { None } else { Some(standard_input()?.into()) };
                shell.answer(&desk.inlet_key(InletKeyInput { id, api_key, base_url }).await?, print_inlet);
            }
            Self::Remove { id, confirm } => {
                desk.inlet_remove(&InletRemoveInput { id, confirm: confirm.confirm }).await?;
                shell.done("retired");
            }
        }
        Ok(())
    }
}

fn print_inlet(row: &InletView) {
    print_inlets(std::slice::from_ref(row));
}

fn print_inlets(rows: &[InletView]) {
    let cells = rows
        .iter()
        .map(|i| vec![i.id.clone(), i.name.clone(), word(&i.source), maybe_local(i.last_verified_at), i.url.clone()]);
    table(&["ID", "NAME", "SOURCE", "LAST ACCEPTED", "ADDRESS"], &cells.collect::<Vec<_>>());
}

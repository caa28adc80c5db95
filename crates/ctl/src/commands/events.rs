//! Events: every arrival with what proves it, its raw body, and deliveries in files.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use offizin_desk::{
    Problem,
    event::{
        Verdict,
        fields::EventFieldsView,
        view::{EventListInput, EventRowView, ImportedView, ProofView},
    },
};

use crate::{
    print::{self, line, local, maybe, table, word},
    shell::{PageArgs, Shell, name_of},
};

#[derive(Args)]
pub(crate) struct EventFilter {
    #[arg(long, value_parser = name_of::<Verdict>())]
    verdict: Option<Verdict>,
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    #[arg(long)]
    search: Option<String>,
}

impl From<EventFilter> for EventListInput {
    fn from(EventFilter { verdict, event_type, search }: EventFilter) -> Self {
        Self { verdict, event_type, search, ..Self::default() }
    }
}

#[derive(Subcommand)]
pub(crate) enum Event {
    /// Arrivals, newest first.
    List {
        #[command(flatten)]
        filter: EventFilter,
        #[command(flatten)]
        page: PageArgs,
    },
    /// What proves one event.
    Show {
        id: String,
        /// Write the raw body to standard output instead, byte for byte. It is health data.
        #[arg(long)]
        raw: bool,
        /// Print its fields one by one instead. It is health data.
        #[arg(long, conflicts_with = "raw")]
        fields: bool,
    },
    /// Check hash and signature of one event again.
    Verify { id: String },
    /// Take in deliveries that were captured in a file; docs/deliveries.md describes it. Each is verified like any other.
    Import {
        file: PathBuf,
        /// The address they shall count as received at, by id or name, where the file's own is not of this desk.
        #[arg(long, value_name = "INLET")]
        inlet: Option<String>,
    },
    /// Write raw deliveries into a file, with everything that proves them. They are health data.
    Export {
        file: PathBuf,
        #[command(flatten)]
        filter: EventFilter,
    },
}

impl Event {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let desk = &shell.desk;
        match self {
            Self::List { filter, page } => {
                let input = EventListInput { page: page.into(), ..filter.into() };
                shell.page(&desk.event_list(&input).await?, print_events);
            }
            // The body as it arrived, whichever form of answer is wanted: it may not even be text.
            Self::Show { id, raw: true, .. } => print::bytes(&desk.event_raw(&id.as_str().into()).await?),
            Self::Show { id, fields: true, .. } => {
                shell.answer(&desk.event_fields(&id.as_str().into()).await?, print_fields);
            }
            Self::Show { id, .. } => shell.answer(&desk.event_show(&id.as_str().into()).await?, print_proof),
            Self::Verify { id } => {
                shell.answer(&desk.event_verify(&id.as_str().into()).await?, |view| {
                    line(&format!(
                        "body {} · signature {}",
                        if view.body_intact { "intact" } else { "DAMAGED" },
                        if view.signature_matches { "matches" } else { "does not match" }
                    ));
                });
            }
            Self::Import { file, inlet } => {
                shell.answer(&desk.event_import(&file, inlet.as_deref(), |_| {}).await?, print_imported);
            }
            Self::Export { file, filter } => {
                let exported = desk.event_export(&file, &filter.into(), |_| {}).await?;
                shell.answer(&exported, |exported| line(&format!("{} arrivals", exported.rows)));
            }
        }
        Ok(())
    }
}

fn print_events(rows: &[EventRowView]) {
    let cells = rows.iter().map(|e| {
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
    table(&["RECEIVED", "TYPE", "VERDICT", "TRUST", "RECEIPTS", "ORDER", "ID"], &cells.collect::<Vec<_>>());
}

fn print_proof(proof: &ProofView) {
    let row = &proof.row;
    line(&format!("{} · {} · {}", maybe(row.event_type.as_deref()), word(&row.verdict), word(&row.trust)));
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

fn print_fields(view: &EventFieldsView) {
    let cells = view.fields.iter().map(|field| {
        let more = if field.cut { " …" } else { "" };
        vec![field.path.join("."), format!("{}{more}", maybe(field.value.as_deref()))]
    });
    table(&["FIELD", "VALUE"], &cells.collect::<Vec<_>>());
    if view.incomplete {
        line("… --raw has everything");
    }
}

fn print_imported(imported: &ImportedView) {
    line(&format!(
        "{} deliveries: {} new events, {} of known events, {} here already, {} to quarantine, {} unreadable",
        imported.deliveries,
        imported.events,
        imported.duplicates,
        imported.known,
        imported.rejected,
        imported.unreadable
    ));
    if let Some(first) = imported.first_unreadable {
        line(&format!("the first unreadable one is line {first} after the head"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_of_arrivals_says_only_what_was_named() {
        let filter = EventFilter { verdict: Some(Verdict::Rejected), event_type: None, search: Some("linde".into()) };
        let expected = EventListInput {
            verdict: Some(Verdict::Rejected),
            search: Some("linde".into()),
            ..EventListInput::default()
        };
        assert_eq!(EventListInput::from(filter), expected);
    }
}

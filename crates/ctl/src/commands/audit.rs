//! `audit`: the record of what administrators did.

use clap::Args;
use offizin_desk::{Problem, audit::AuditEntryView};

use crate::{
    print::{local, maybe, table, word},
    shell::{PageArgs, Shell},
};

#[derive(Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    page: PageArgs,
}

impl Audit {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        shell.page(&shell.desk.audit_list(&self.page.into()).await?, print_entries);
        Ok(())
    }
}

fn print_entries(entries: &[AuditEntryView]) {
    let cells = entries.iter().map(|a| {
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
}

//! Assignments: which doctor had which prescription, from when until when and why.

use clap::Subcommand;
use offizin_desk::{
    Problem,
    assignments::view::{
        AssignmentListInput, AssignmentView, DoctorListInput, DoctorRowView, DoctorView, PrescriptionView,
    },
};

use crate::{
    print::{line, maybe, maybe_local, table},
    shell::{PageArgs, Shell},
};

#[derive(Subcommand)]
pub(crate) enum Assignment {
    /// Assignments, newest first.
    List {
        #[arg(long, value_name = "UID")]
        prescription: Option<String>,
        #[arg(long, value_name = "UID")]
        doctor: Option<String>,
        /// Begun by this reason, exactly as the provider writes it.
        #[arg(long)]
        reason: Option<String>,
        #[arg(long)]
        shop: Option<String>,
        /// Only those that go on.
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        page: PageArgs,
    },
    /// One prescription and everybody who had it, oldest first.
    Prescription { uid: String },
    /// Doctors with what they have, were given and lost; those with the most open prescriptions first.
    Doctors {
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// One doctor, by reason.
    Doctor { uid: String },
}

impl Assignment {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let desk = &shell.desk;
        match self {
            Self::List { prescription, doctor, reason, shop, open, page } => {
                let input = AssignmentListInput {
                    prescription: prescription.map(Into::into),
                    doctor: doctor.map(Into::into),
                    reason,
                    shop,
                    open: open.then_some(true),
                    page: page.into(),
                    ..AssignmentListInput::default()
                };
                shell.page(&desk.assignment_list(&input).await?, print_assignments);
            }
            Self::Prescription { uid } => {
                shell.answer(&desk.prescription_show(&uid.as_str().into()).await?, print_prescription);
            }
            Self::Doctors { search, page } => {
                let input = DoctorListInput { search, page: page.into() };
                shell.page(&desk.doctor_list(&input).await?, print_doctors);
            }
            Self::Doctor { uid } => shell.answer(&desk.doctor_show(&uid.as_str().into()).await?, print_doctor),
        }
        Ok(())
    }
}

/// One prescription and everybody who had it.
pub(super) fn print_prescription(prescription: &PrescriptionView) {
    let row = &prescription.row;
    line(&format!(
        "{} · {} · order {}",
        row.uid,
        maybe(row.status.as_deref()),
        maybe(row.order_name.as_deref().or(row.external_order_id.as_deref()))
    ));
    print_assignments(&prescription.history);
}

fn print_assignments(rows: &[AssignmentView]) {
    let cells = rows.iter().map(|a| {
        let until = if a.open { "now".to_owned() } else { maybe_local(a.until) };
        vec![
            a.prescription_uid.to_string(),
            maybe(a.doctor_name.as_deref().or(a.doctor_uid.as_ref().map(|uid| uid.as_str()))),
            maybe_local(a.from),
            until,
            maybe(a.reason.as_deref()),
        ]
    });
    table(&["PRESCRIPTION", "DOCTOR", "FROM", "UNTIL", "REASON"], &cells.collect::<Vec<_>>());
}

fn print_doctors(rows: &[DoctorRowView]) {
    let cells = rows.iter().map(|d| {
        vec![
            maybe(d.name.as_deref()),
            d.open.to_string(),
            d.taken.to_string(),
            d.lost.to_string(),
            d.requeued.to_string(),
            maybe_local(d.last_at),
            d.uid.clone(),
        ]
    });
    table(&["DOCTOR", "OPEN", "TAKEN", "LOST", "REQUEUED", "LAST", "UID"], &cells.collect::<Vec<_>>());
}

fn print_doctor(doctor: &DoctorView) {
    let row = &doctor.row;
    line(&format!("{} · {} open", maybe(row.name.as_deref()), row.open));
    let cells =
        doctor.reasons.iter().map(|r| vec![maybe(r.reason.as_deref()), r.taken.to_string(), r.lost.to_string()]);
    table(&["REASON", "TAKEN", "LOST"], &cells.collect::<Vec<_>>());
}

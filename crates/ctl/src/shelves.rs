//! Stock and assignments on the command line: what the views of the window show, for scripts.

use offizin_desk::{
    Problem,
    assignments::view::{AssignmentListInput, AssignmentView, DoctorListInput, PrescriptionView},
    stock::view::{StockListInput, StockThreshold, StockThresholdInput},
};

use crate::{
    Shell,
    args::{Assignment, Stock, ThresholdArgs},
    page_input,
    print::{json, line, local, maybe, maybe_local, table, word},
    views::more,
};

impl Shell {
    pub(crate) async fn stock(&self, command: Stock) -> Result<(), Problem> {
        match command {
            Stock::List { search, low, as_of, page } => {
                let low = low.then_some(true);
                let input = StockListInput { search, low, as_of, page: page_input(page), ..StockListInput::default() };
                let page = self.desk.stock_list(&input).await?;
                if self.json {
                    json(&page);
                } else {
                    let cells = page.rows.iter().map(|s| {
                        vec![
                            maybe(s.name.as_deref()),
                            maybe(s.pzn.as_deref()),
                            maybe(s.stock),
                            maybe(s.delta),
                            maybe(s.days_of_cover),
                            if s.low { "low".to_owned() } else { String::new() },
                            local(s.updated_at),
                            s.uid.to_string(),
                        ]
                    });
                    table(
                        &["PRODUCT", "PZN", "STOCK", "CHANGE", "DAYS", "", "UPDATED", "UID"],
                        &cells.collect::<Vec<_>>(),
                    );
                    more(page.next.as_deref());
                }
            }
            Stock::History { pharmacy_sku_uid, as_of, page } => {
                let uid = pharmacy_sku_uid.as_str().into();
                let page = self.desk.stock_history(&uid, as_of, &page_input(page)).await?;
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
            Stock::Rule { threshold } => {
                let rule = match own(threshold) {
                    Some(rule) => self.desk.stock_rule_set(&rule).await?,
                    None => self.desk.stock_rule().await?,
                };
                if self.json {
                    json(&rule);
                } else {
                    line(&format!("low at {} pieces or {} days", maybe(rule.pieces), maybe(rule.days)));
                }
            }
            Stock::Threshold { pharmacy_sku_uid, threshold } => {
                let input = StockThresholdInput { uid: pharmacy_sku_uid.as_str().into(), threshold: own(threshold) };
                self.desk.stock_threshold_set(&input).await?;
                return self.done("noted");
            }
        }
        Ok(())
    }

    pub(crate) async fn assignment(&self, command: Assignment) -> Result<(), Problem> {
        match command {
            Assignment::List { prescription, doctor, reason, shop, open, page } => {
                let input = AssignmentListInput {
                    prescription: prescription.map(Into::into),
                    doctor: doctor.map(Into::into),
                    reason,
                    shop,
                    open: open.then_some(true),
                    page: page_input(page),
                    ..AssignmentListInput::default()
                };
                let page = self.desk.assignment_list(&input).await?;
                if self.json {
                    json(&page);
                } else {
                    print_assignments(&page.rows);
                    more(page.next.as_deref());
                }
            }
            Assignment::Prescription { uid } => {
                let prescription = self.desk.prescription_show(&uid.as_str().into()).await?;
                if self.json {
                    json(&prescription);
                } else {
                    print_prescription(&prescription);
                }
            }
            Assignment::Doctors { search, page } => {
                let page = self.desk.doctor_list(&DoctorListInput { search, page: page_input(page) }).await?;
                if self.json {
                    json(&page);
                } else {
                    let cells = page.rows.iter().map(|d| {
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
                    more(page.next.as_deref());
                }
            }
            Assignment::Doctor { uid } => {
                let doctor = self.desk.doctor_show(&uid.as_str().into()).await?;
                if self.json {
                    json(&doctor);
                } else {
                    let row = &doctor.row;
                    line(&format!("{} · {} open", maybe(row.name.as_deref()), row.open));
                    let cells = doctor
                        .reasons
                        .iter()
                        .map(|r| vec![maybe(r.reason.as_deref()), r.taken.to_string(), r.lost.to_string()]);
                    table(&["REASON", "TAKEN", "LOST"], &cells.collect::<Vec<_>>());
                }
            }
        }
        Ok(())
    }
}

/// A threshold, where one was named.
fn own(args: ThresholdArgs) -> Option<StockThreshold> {
    let ThresholdArgs { pieces, days } = args;
    (pieces.is_some() || days.is_some()).then_some(StockThreshold { pieces, days })
}

/// One prescription and everybody who had it.
pub(crate) fn print_prescription(prescription: &PrescriptionView) {
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

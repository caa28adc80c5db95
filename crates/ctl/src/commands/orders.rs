//! Orders: lists and files of them, one order and its timeline, and what is only told when it is asked for by name (patient,
//! handover code).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use offizin_desk::{
    Problem,
    orders::view::{
        ConfirmableView, FacetView, HandoverView, LaneInput, OrderExportInput, OrderFormat, OrderListInput,
        OrderRowView, OrderView, PatientView, TimelineView,
    },
};

use super::assignments::print_prescription;
use crate::{
    print::{line, local, maybe, table, word},
    shell::{PageArgs, Shell, name_of},
};

#[derive(Subcommand)]
pub(crate) enum Order {
    /// Orders, newest order first.
    List {
        #[command(flatten)]
        filter: OrderFilter,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Write orders into a file, without their patients.
    Export {
        file: PathBuf,
        #[arg(long, value_parser = name_of::<OrderFormat>(), default_value = "csv")]
        format: OrderFormat,
        /// Yes, write health data too: names, addresses, birth dates and numbers of patients.
        #[arg(long)]
        with_patients: bool,
        #[command(flatten)]
        filter: OrderFilter,
    },
    /// What orders can be filtered by, with how many orders each.
    Filters,
    /// One order, without its patient. The uid of one of its lanes will do.
    Show { uid: String },
    /// Everything that happened to one order, oldest first.
    Timeline { uid: String },
    /// Who had the prescriptions of one order, where identifiers and shop agree exactly.
    Assignments { uid: String },
    /// How each lane is handed over: who brings it, links. Not the handover code.
    Handover { uid: String },
    /// The handover code of one lane.
    Pin {
        uid: String,
        /// The lane; what is said of the whole order when absent.
        #[arg(long, value_name = "UID")]
        lane: Option<String>,
        /// Yes, print it.
        #[arg(long, required = true)]
        reveal: bool,
    },
    /// What came of asking the provider's API of one order; with `--ask`, ask it now. Asking costs credits.
    Confirm {
        uid: String,
        /// Yes, ask.
        #[arg(long)]
        ask: bool,
    },
    /// The patient of one order.
    Patient {
        uid: String,
        /// Yes, print health data.
        #[arg(long, required = true)]
        reveal: bool,
    },
}

/// All of it must hold.
#[derive(Args)]
pub(crate) struct OrderFilter {
    #[arg(long)]
    status: Option<String>,
    /// The beginnings of words: name, uid, shop's number, product, PZN, pharmacy, patient, doctor.
    #[arg(long)]
    search: Option<String>,
    /// Only what needs attention.
    #[arg(long)]
    attention: bool,
    /// Only what is neither finished nor stopped.
    #[arg(long)]
    open: bool,
    /// Only orders with a priority.
    #[arg(long)]
    urgent: bool,
    /// The pharmacy has a lane of it, or had.
    #[arg(long, value_name = "UID")]
    pharmacy: Option<String>,
    /// As `order filters` names it.
    #[arg(long, value_name = "CODE")]
    delivery_type: Option<String>,
    #[arg(long)]
    shop: Option<String>,
    /// Only open orders that have had their status for so many hours.
    #[arg(long, value_name = "HOURS")]
    age: Option<u32>,
}

impl From<OrderFilter> for OrderListInput {
    fn from(filter: OrderFilter) -> Self {
        let only = |asked: bool| asked.then_some(true);
        Self {
            status: filter.status,
            search: filter.search,
            attention: only(filter.attention),
            open: only(filter.open),
            urgent: only(filter.urgent),
            pharmacy: filter.pharmacy.map(Into::into),
            delivery_type: filter.delivery_type,
            shop: filter.shop,
            age_hours: filter.age,
            ..Self::default()
        }
    }
}

impl Order {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let desk = &shell.desk;
        match self {
            Self::List { filter, page } => {
                let input = OrderListInput { page: page.into(), ..filter.into() };
                shell.page(&desk.order_list(&input).await?, print_orders);
            }
            Self::Export { file, format, with_patients, filter } => {
                let input = OrderExportInput { filter: filter.into(), format, with_patients };
                let exported = desk.order_export(&file, &input, |_| {}).await?;
                shell.answer(&exported, |exported| line(&format!("{} orders", exported.rows)));
            }
            Self::Filters => shell.answer(&desk.order_facets().await?, |facets| print_facets(facets)),
            Self::Show { uid } => shell.answer(&desk.order_show(&uid.as_str().into()).await?, print_order),
            Self::Timeline { uid } => {
                shell.answer(&desk.order_timeline(&uid.as_str().into()).await?, print_timeline);
            }
            Self::Assignments { uid } => {
                let prescriptions = desk.order_prescriptions(&uid.as_str().into()).await?;
                shell.rows(&prescriptions, |rows| rows.iter().for_each(print_prescription));
            }
            Self::Handover { uid } => shell.rows(&desk.order_handover(&uid.as_str().into()).await?, print_handovers),
            Self::Pin { uid, lane, reveal: _ } => {
                let input = LaneInput { uid: uid.as_str().into(), lane_uid: lane.map(Into::into) };
                shell.answer(&desk.order_pin(&input).await?, |pin| line(&pin.pin));
            }
            Self::Confirm { uid, ask } => {
                let uid = uid.as_str().into();
                let view = if ask { desk.order_confirm(&uid).await? } else { desk.order_confirmable(&uid).await? };
                shell.answer(&view, print_confirmation);
            }
            Self::Patient { uid, reveal: _ } => {
                shell.answer(&desk.order_patient(&uid.as_str().into()).await?, print_patient);
            }
        }
        Ok(())
    }
}

fn print_orders(rows: &[OrderRowView]) {
    let cells = rows.iter().map(|o| {
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
}

fn print_facets(facets: &[FacetView]) {
    let cells = facets.iter().map(|f| vec![f.kind.clone(), f.value.clone(), f.label.clone(), f.orders.to_string()]);
    table(&["FILTER", "VALUE", "NAME", "ORDERS"], &cells.collect::<Vec<_>>());
}

fn print_order(order: &OrderView) {
    let row = &order.row;
    line(&format!("{} · {} · {}", maybe(row.name.as_deref()), maybe(row.status.as_deref()), row.uid));
    line(&format!("updated {} · {} events · {}", local(row.updated_at), row.events, word(&row.trust)));
    for lane in &row.lanes {
        line(&format!("  {} at {}: {}", lane.uid, maybe(lane.pharmacy_name.as_deref()), maybe(lane.status.as_deref())));
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

fn print_handovers(lanes: &[HandoverView]) {
    for lane in lanes {
        line(&format!(
            "{} at {}: {} · {}{}",
            maybe(lane.lane_uid.as_ref()),
            maybe(lane.pharmacy_name.as_deref()),
            maybe(lane.courier_name.as_deref()),
            maybe(lane.courier_phone.as_deref()),
            if lane.has_pin { " · has a handover code" } else { "" }
        ));
        for link in &lane.links {
            let where_to = link.host.as_deref().or(link.text.as_deref());
            line(&format!("  {}: {}", word(&link.kind), maybe(where_to)));
        }
    }
}

fn print_confirmation(view: &ConfirmableView) {
    let Some(last) = &view.last else {
        return line(if view.possible { "not asked yet" } else { "not asked yet, and no key to ask with is stored" });
    };
    let since = if last.outdated { ", and something was received since" } else { "" };
    line(&format!("{} at {}{since}", word(&last.agreement), local(last.asked_at)));
    let cells = last.lanes.iter().map(|lane| {
        let here = lane.here.map(|stage| word(&stage));
        vec![maybe(lane.lane_uid.as_ref()), maybe(here), maybe(lane.there.as_deref()), word(&lane.agreement)]
    });
    table(&["LANE", "HERE", "THERE", ""], &cells.collect::<Vec<_>>());
}

fn print_patient(patient: &PatientView) {
    line(&format!("{} · born {}", maybe(patient.name.as_deref()), maybe(patient.date_of_birth.as_deref())));
    line(&format!("{} · {}", maybe(patient.email.as_deref()), maybe(patient.phone.as_deref())));
    for address in [&patient.delivery_address, &patient.invoice_address].into_iter().flatten() {
        let parts = [&address.name, &address.street, &address.additional, &address.city, &address.country];
        line(&parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", "));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Said {
        #[command(flatten)]
        filter: OrderFilter,
    }

    fn input(options: &[&str]) -> OrderListInput {
        Said::try_parse_from([&["orders"], options].concat()).unwrap().filter.into()
    }

    #[test]
    fn orders_without_filters_are_all_orders() {
        assert_eq!(input(&[]), OrderListInput::default());
    }

    #[test]
    fn a_switch_that_is_absent_does_not_ask_for_the_opposite() {
        let input = input(&["--urgent"]);
        assert_eq!((input.urgent, input.attention, input.open), (Some(true), None, None));
    }

    #[test]
    fn each_filter_of_orders_reaches_its_own_field() {
        let options = "--status done --search linde --attention --open --urgent --pharmacy p --delivery-type pickup --shop s --age 4";
        let expected = OrderListInput {
            status: Some("done".into()),
            search: Some("linde".into()),
            attention: Some(true),
            open: Some(true),
            urgent: Some(true),
            pharmacy: Some("p".into()),
            delivery_type: Some("pickup".into()),
            shop: Some("s".into()),
            age_hours: Some(4),
            ..OrderListInput::default()
        };
        assert_eq!(input(&options.split(' ').collect::<Vec<_>>()), expected);
    }
}

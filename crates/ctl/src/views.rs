//! Orders and events on the command line: what the views of the window show, for scripts.

use offizin_desk::{
    Problem,
    event::{Verdict, view::EventListInput},
    orders::view::{ConfirmableView, LaneInput, OrderExportInput, OrderFormat, OrderListInput, TimelineView},
};

use crate::{
    Shell,
    args::{Event, FormatArg, Order, OrderFilter, VerdictArg},
    page_input,
    print::{self, json, line, local, maybe, table, word},
    shelves::print_prescription,
};

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

fn order_filter(filter: OrderFilter) -> OrderListInput {
    let only = |asked: bool| asked.then_some(true);
    OrderListInput {
        status: filter.status,
        search: filter.search,
        attention: only(filter.attention),
        open: only(filter.open),
        urgent: only(filter.urgent),
        pharmacy: filter.pharmacy.map(Into::into),
        delivery_type: filter.delivery_type,
        shop: filter.shop,
        age_hours: filter.age,
        ..OrderListInput::default()
    }
}

fn verdict_of(verdict: VerdictArg) -> Verdict {
    match verdict {
        VerdictArg::Accepted => Verdict::Accepted,
        VerdictArg::Unrecognised => Verdict::Unrecognised,
        VerdictArg::Rejected => Verdict::Rejected,
    }
}

impl Shell {
    pub(crate) async fn order(&self, command: Order) -> Result<(), Problem> {
        match command {
            Order::Export { file, format, with_patients, filter } => {
                let format = match format {
                    FormatArg::Csv => OrderFormat::Csv,
                    FormatArg::Json => OrderFormat::Json,
                };
                let input = OrderExportInput { filter: order_filter(filter), format, with_patients };
                let exported = self.desk.order_export(&file, &input, |_| {}).await?;
                if self.json { json(&exported) } else { line(&format!("{} orders", exported.rows)) }
            }
            Order::Filters => {
                let facets = self.desk.order_facets().await?;
                if self.json {
                    json(&facets);
                } else {
                    let cells = facets
                        .iter()
                        .map(|f| vec![f.kind.clone(), f.value.clone(), f.label.clone(), f.orders.to_string()]);
                    table(&["FILTER", "VALUE", "NAME", "ORDERS"], &cells.collect::<Vec<_>>());
                }
            }
            Order::List { filter, page } => {
                let input = OrderListInput { page: page_input(page), ..order_filter(filter) };
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
            Order::Assignments { uid } => {
                let prescriptions = self.desk.order_prescriptions(&uid.as_str().into()).await?;
                if self.json {
                    json(&serde_json::json!({ "rows": prescriptions, "next": null }));
                } else {
                    prescriptions.iter().for_each(print_prescription);
                }
            }
            Order::Handover { uid } => {
                let lanes = self.desk.order_handover(&uid.as_str().into()).await?;
                if self.json {
                    json(&serde_json::json!({ "rows": lanes, "next": null }));
                } else {
                    for lane in &lanes {
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
            }
            Order::Pin { uid, lane, reveal: _ } => {
                let input = LaneInput { uid: uid.as_str().into(), lane_uid: lane.map(Into::into) };
                let pin = self.desk.order_pin(&input).await?;
                if self.json { json(&pin) } else { line(&pin.pin) }
            }
            Order::Confirm { uid, ask } => {
                let uid = uid.as_str().into();
                let view =
                    if ask { self.desk.order_confirm(&uid).await? } else { self.desk.order_confirmable(&uid).await? };
                if self.json { json(&view) } else { print_confirmation(&view) }
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

    pub(crate) async fn event(&self, command: Event) -> Result<(), Problem> {
        match command {
            Event::List { verdict, event_type, search, page } => {
                let verdict = verdict.map(verdict_of);
                let input =
                    EventListInput { verdict, event_type, search, page: page_input(page), ..EventListInput::default() };
                let page = self.desk.event_list(&input).await?;
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
            Event::Import { file, inlet } => {
                let imported = self.desk.event_import(&file, inlet.as_deref(), |_| {}).await?;
                if self.json {
                    json(&imported);
                } else {
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
            }
            Event::Export { file, verdict, event_type, search } => {
                let verdict = verdict.map(verdict_of);
                let input = EventListInput { verdict, event_type, search, ..EventListInput::default() };
                let exported = self.desk.event_export(&file, &input, |_| {}).await?;
                if self.json { json(&exported) } else { line(&format!("{} arrivals", exported.rows)) }
            }
            Event::Show { id, raw: true, .. } => print::bytes(&self.desk.event_raw(&id.as_str().into()).await?),
            Event::Show { id, fields: true, .. } => {
                let view = self.desk.event_fields(&id.as_str().into()).await?;
                if self.json {
                    json(&view);
                } else {
                    let cells = view.fields.iter().map(|field| {
                        let more = if field.cut { " …" } else { "" };
                        vec![field.path.join("."), format!("{}{more}", maybe(field.value.as_deref()))]
                    });
                    table(&["FIELD", "VALUE"], &cells.collect::<Vec<_>>());
                    if view.incomplete {
                        line("… --raw has everything");
                    }
                }
            }
            Event::Show { id, .. } => {
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
}

pub(crate) fn more(next: Option<&str>) {
    if let Some(next) = next {
        line(&format!("… --after {next}"));
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

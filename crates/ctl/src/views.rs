//! Orders, stock and events on the command line: what the views of the window show, for scripts.

use offizin_desk::{
    Problem,
    event::view::{EventListInput, Verdict},
    orders::view::{LaneInput, OrderListInput, TimelineView},
    stock::view::StockListInput,
};

use crate::{
    Shell,
    args::{Event, Order, Stock, VerdictArg},
    page_input,
    print::{self, json, line, local, maybe, table, word},
};

impl Shell {
    pub(crate) async fn order(&self, command: Order) -> Result<(), Problem> {
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

    pub(crate) async fn stock(&self, command: Stock) -> Result<(), Problem> {
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

    pub(crate) async fn event(&self, command: Event) -> Result<(), Problem> {
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

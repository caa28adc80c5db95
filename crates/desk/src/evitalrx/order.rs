//! One fulfilment event to an order fact. Every event is a part: what it leaves out stays as it was known. What is
//! documented finds its place, the rest is kept by its path; nothing may be missing but both ids.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    ZONE,
    fields::Fields,
    items,
    words::{Nature, Way},
};
use crate::{
    event::Unrecognised,
    money::Money,
    orders::{
        fact::{Address, Courier, DeliveryType, Doctor, Fulfilment, OrderFact, Patient, Pharmacy, Pin},
        words::{AmountMeaning, LinkKind, TimeMeaning},
    },
};

/// Fields that speak of no person, whatever stands in them.
const HARMLESS: &[&str] = &[
    "order_status",
    "transaction_type",
    "reference_number",
    "bill_no",
    "payment_mode",
    "order_by",
    "reject_slug",
    "is_final_rejection",
];

/// What the event says. `Err` where neither a parent nor a child order is named.
pub(super) fn order(nature: Nature, mut fields: Fields<'_>) -> Result<OrderFact, Unrecognised> {
    let fields = &mut fields;
    let parent = fields.id("draft_order_id");
    let own = fields.id("id");
    let rejected = if nature == Nature::Reassign { fields.id("rejected_order_id") } else { None };
    let lane = rejected.or(own);
    if lane.is_none() && parent.is_none() {
        return Err(Unrecognised::FieldMissing);
    }
    let successors = if nature == Nature::Reassign { fields.ids("new_order_ids") } else { Vec::new() };
    let delivery = fields.text("delivery_type");
    let way = Way::of(delivery.as_deref());
    // The flag means something in a rejection alone.
    let is_final = if nature == Nature::Reject { fields.flag("is_final_rejection") } else { None };
    let mut other = BTreeMap::new();
    let items = items::items(nature, fields, &mut other);
    let mut store = fields.object("chemist_details");
    let pharmacy = Pharmacy {
        uid: fields.id("chemist_id").map(Into::into),
        name: store.as_mut().and_then(|store| store.text("pharmacy_name")),
    };
    let reported = times(fields);
    let mut fact = OrderFact {
        successors: successors.into_iter().filter(|id| Some(id) != lane.as_ref()).map(Into::into).collect(),
        // "Re-assigned": somebody else was given it, of which there need not be another word.
        successors_at: (nature == Nature::Reassign)
            .then(|| Some((Nature::OrderAssigned.status(way)?, Nature::OrderAssigned.stage(way))))
            .flatten(),
        lane: lane.map(Into::into),
        parent: parent.map(Into::into),
        partial: true,
        status: nature.status(way),
        meaning: nature.meaning(way, is_final),
        sequence: Nature::sequence(way),
        reason: reason(nature, fields),
        name: fields.text("order_number"),
        pharmacy: some(pharmacy),
        pharmacy_code: fields.text("chemist_code"),
        delivery_type: some(DeliveryType { code: delivery.as_deref().map(str::to_lowercase), name: delivery }),
        items,
        total: None,
        amounts: amounts(fields),
        reported_zone: (!reported.is_empty()).then(|| ZONE.to_owned()),
        reported,
        courier: some(Courier {
            name: fields.text("delivery_person_name"),
            phone: fields.text("delivery_person_mobile"),
        }),
        links: links(fields),
        pin: fields.id("delivery_pin").map(Pin),
        patient: some(Patient {
            uid: fields.id("patient_id"),
            name: fields.text("patient_name"),
            phone: fields.text("mobile"),
            ..Patient::default()
        }),
        delivery_address: some(Address { street: fields.text("patient_full_address"), ..Address::default() }),
        doctor: some(Doctor { uid: None, name: fields.text("doctor_name") }),
        fulfilment: some(Fulfilment { shop_order_external_id: fields.id("partner_order_id"), ..Fulfilment::default() }),
        ..OrderFact::default()
    };
    // What the list shows as its price: the items as they are sold.
    fact.total = fact.amounts.get(&AmountMeaning::ItemsAfterDiscount).cloned();
    for name in HARMLESS {
        let value = fields.flag(name).map(Value::Bool).or_else(|| fields.text(name).map(Value::String));
        fact.plain.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    if let Some(store) = store {
        store.rest("chemist_details", &mut other);
    }
    // Of whatever shape it is: the code is in no list of further fields.
    fields.forget(|name| name == "delivery_pin");
    std::mem::replace(fields, Fields::empty()).rest("", &mut other);
    fact.other = other;
    Ok(fact)
}

fn reason(nature: Nature, fields: &mut Fields<'_>) -> Option<String> {
    let reason = fields.text("reject_reason");
    let tells = matches!(nature, Nature::Reject | Nature::DigitizationRejected);
    reason.filter(|_| tells)
}

/// "`amount` is the larger one": the items at their printed price. `total` is the items after discount, without shipping.
fn amounts(fields: &mut Fields<'_>) -> BTreeMap<AmountMeaning, Money> {
    let read = [
        (AmountMeaning::ItemsAfterDiscount, "total"),
        (AmountMeaning::ItemsAtMaximumPrice, "amount"),
        (AmountMeaning::ShippingOfOrder, "draft_order_shipping_charge"),
        (AmountMeaning::DeliveryCharge, "delivery_charge"),
        (AmountMeaning::EstimateWithDelivery, "estimate_amount"),
    ];
    read.into_iter().filter_map(|(meaning, name)| Some((meaning, fields.money(name)?))).collect()
}

fn times(fields: &mut Fields<'_>) -> BTreeMap<TimeMeaning, String> {
    let read = [
        (TimeMeaning::Billed, "bill_date"),
        (TimeMeaning::Paid, "payment_date"),
        (TimeMeaning::RefillReminder, "medicine_refill_reminder_date"),
    ];
    read.into_iter().filter_map(|(meaning, name)| Some((meaning, fields.time(name)?))).collect()
}

fn links(fields: &mut Fields<'_>) -> BTreeMap<LinkKind, String> {
    let read =
        [(LinkKind::Tracking, "tracking_url"), (LinkKind::Bill, "bill-pdf-url"), (LinkKind::Invoice, "invoice_pdf")];
    read.into_iter().filter_map(|(kind, name)| Some((kind, fields.text(name)?))).collect()
}

fn some<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

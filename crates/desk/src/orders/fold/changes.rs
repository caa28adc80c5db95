//! What differs between two consecutive facts of a lane, field by field. Of what may speak of a person it shows that it
//! changed, never how. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    id::PharmacyUid,
    keyword,
    money::Money,
    orders::{
        fact::{Address, Doctor, File, Item, OrderFact, Pin},
        stored::StoredChange,
    },
};

/// How many field changes an entry shows at the most.
const MAX_CHANGES: usize = 40;
/// Stands for a value that is not shown.
const MASK: &str = "•••";

/// In the order a person reads them; what the provider calls its own comes last, by path.
pub(super) fn changes(before: &OrderFact, after: &OrderFact) -> Vec<StoredChange> {
    // Every field is named, so that a new one does not compile until it is said whether a change of it is shown.
    let OrderFact {
        // Where the fact belongs, and what it is: an entry tells that by itself.
        lane: _,
        parent: _,
        updated_at: _,
        partial: _,
        created: _,
        deleted: _,
        status: _,
        meaning: _,
        reason: _,
        successors: _,
        successors_at: _,
        predecessor: _,
        handed_over: _,
        sequence: _,
        // Shown in place of a pharmacy's name.
        pharmacy: _,
        pharmacy_code: _,
        delivery_type: _,
        // Goes with the reported times.
        reported_zone: _,
        name,
        priority,
        items,
        shipping,
        total,
        amounts,
        reported,
        courier,
        links,
        pin,
        patient,
        delivery_address,
        invoice_address,
        doctor,
        shop,
        fulfilment,
        file,
        plain,
        other,
    } = after;
    let mut found = Changes::default();
    found.shown("name", before.name.clone(), name.clone());
    found.shown("pharmacy", told_pharmacy(before), told_pharmacy(after));
    found.shown("delivery_type", told_delivery(before), told_delivery(after));
    found.shown("priority", number(before.priority), number(*priority));
    found.items(&before.items, items);
    found.shown("shipping", money(before.shipping.as_ref()), money(shipping.as_ref()));
    found.shown("total", money(before.total.as_ref()), money(total.as_ref()));
    found.meant(&before.amounts, amounts, "amounts", Changes::shown, |amount| money(Some(amount)));
    found.meant(&before.reported, reported, "reported", Changes::shown, |text| Some(text.clone()));
    found.shown("shop", before.shop.clone(), shop.clone());
    if before.fulfilment != *fulfilment {
        let (b, a) = (before.fulfilment.clone().unwrap_or_default(), fulfilment.clone().unwrap_or_default());
        found.shown("fulfilment", b.uid, a.uid);
        found.shown("fulfilment.external_id", b.external_id, a.external_id);
        found.shown("shop_order", b.shop_order_uid, a.shop_order_uid);
        found.shown("shop_order.external_id", b.shop_order_external_id, a.shop_order_external_id);
    }
    if before.patient != *patient {
        let (b, a) = (before.patient.clone().unwrap_or_default(), patient.clone().unwrap_or_default());
        found.masked("patient", b.uid, a.uid);
        found.masked("patient.name", b.name, a.name);
        found.masked("patient.born", b.born, a.born);
        found.masked("patient.email", b.email, a.email);
        found.masked("patient.phone", b.phone, a.phone);
    }
    found.address("delivery_address", before.delivery_address.as_ref(), delivery_address.as_ref());
    found.address("invoice_address", before.invoice_address.as_ref(), invoice_address.as_ref());
    if before.doctor != *doctor {
        let name = |doctor: &Option<Doctor>| doctor.clone().and_then(|doctor| doctor.name.or(doctor.uid));
        found.masked("doctor", name(&before.doctor), name(doctor));
    }
    if before.courier != *courier {
        let (b, a) = (before.courier.clone().unwrap_or_default(), courier.clone().unwrap_or_default());
        found.masked("courier.name", b.name, a.name);
        found.masked("courier.phone", b.phone, a.phone);
    }
    found.meant(&before.links, links, "links", Changes::masked, |text| Some(text.clone()));
    let told_pin = |pin: &Option<Pin>| pin.as_ref().map(|pin| pin.0.clone());
    found.masked("handover_code", told_pin(&before.pin), told_pin(pin));
    if before.file != *file {
        let name = |file: &Option<File>| file.clone().map(|file| file.sha256.or(file.name).unwrap_or_default());
        found.masked("prescription_file", name(&before.file), name(file));
    }
    found.leaves(&before.plain, plain, Changes::shown);
    found.leaves(&before.other, other, Changes::masked);
    found.0
}

#[derive(Default)]
struct Changes(Vec<StoredChange>);

impl Changes {
    fn shown(&mut self, field: &str, from: Option<String>, to: Option<String>) {
        if from != to && self.0.len() < MAX_CHANGES {
            self.0.push(StoredChange { field: field.to_owned(), from, to });
        }
    }

    fn masked(&mut self, field: &str, from: Option<String>, to: Option<String>) {
        if from != to && self.0.len() < MAX_CHANGES {
            let mask = |value: Option<String>| value.map(|_| MASK.to_owned());
            self.0.push(StoredChange { field: field.to_owned(), from: mask(from), to: mask(to) });
        }
    }

    fn items(&mut self, before: &[Item], after: &[Item]) {
        for index in 0..before.len().max(after.len()) {
            let (b, a) = (before.get(index), after.get(index));
            if b == a {
                continue;
            }
            let (b, a) = (b.cloned().unwrap_or_default(), a.cloned().unwrap_or_default());
            let at = format!("items[{index}]");
            self.shown(&format!("{at}.name"), b.name, a.name);
            self.shown(&format!("{at}.number"), b.number, a.number);
            self.shown(&format!("{at}.amount"), number(b.amount), number(a.amount));
            let (b_unit, a_unit) = (b.unit.unwrap_or_default(), a.unit.unwrap_or_default());
            self.shown(&format!("{at}.unit"), b_unit.word, a_unit.word);
            self.shown(&format!("{at}.pack"), b_unit.pack, a_unit.pack);
            self.shown(&format!("{at}.loose"), number(b_unit.loose), number(a_unit.loose));
            self.shown(&format!("{at}.price"), money(b.price.as_ref()), money(a.price.as_ref()));
            self.shown(&format!("{at}.total"), money(b.total.as_ref()), money(a.total.as_ref()));
            self.shown(&format!("{at}.stock"), number(b.stock), number(a.stock));
        }
    }

    fn address(&mut self, field: &str, before: Option<&Address>, after: Option<&Address>) {
        if before != after {
            let (b, a) = (before.cloned().unwrap_or_default(), after.cloned().unwrap_or_default());
            self.masked(&format!("{field}.name"), b.name, a.name);
            self.masked(&format!("{field}.street"), b.street, a.street);
            self.masked(&format!("{field}.additional"), b.additional, a.additional);
            self.masked(&format!("{field}.city"), b.city, a.city);
            self.masked(&format!("{field}.country"), b.country, a.country);
        }
    }

    fn meant<K: Ord + serde::Serialize, V: PartialEq>(
        &mut self,
        before: &BTreeMap<K, V>,
        after: &BTreeMap<K, V>,
        what: &str,
        add: fn(&mut Self, &str, Option<String>, Option<String>),
        tell: impl Fn(&V) -> Option<String>,
    ) {
        let meanings: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for meaning in meanings {
            let field = format!("{what}.{}", keyword::of(meaning));
            add(self, &field, before.get(meaning).and_then(&tell), after.get(meaning).and_then(&tell));
        }
    }

    fn leaves(
        &mut self,
        before: &BTreeMap<String, Value>,
        after: &BTreeMap<String, Value>,
        add: fn(&mut Self, &str, Option<String>, Option<String>),
    ) {
        if before != after {
            let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            for path in paths {
                add(self, path, before.get(path).and_then(told), after.get(path).and_then(told));
            }
        }
    }
}

fn told_pharmacy(fact: &OrderFact) -> Option<String> {
    let uid = || fact.pharmacy.as_ref()?.uid.as_ref().map(PharmacyUid::to_string);
    fact.pharmacy_name().map(str::to_owned).or_else(uid)
}

fn told_delivery(fact: &OrderFact) -> Option<String> {
    fact.delivery_type.clone().and_then(|kind| kind.name.or(kind.code))
}

fn number(number: Option<i64>) -> Option<String> {
    number.map(|number| number.to_string())
}

fn money(money: Option<&Money>) -> Option<String> {
    money.map(|money| format!("{} {}", money.amount, money.currency))
}

fn told(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

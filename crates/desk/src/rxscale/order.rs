//! `data` of `pharmacy_order_created` and `pharmacy_order_updated` to an order fact. What is documented finds its place; the
//! rest is kept by its path. Source: "Webhooks / Events", section pharmacy order; sums are euro cents.

use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::words;
use crate::{
    event::Unrecognised,
    money::Money,
    orders::fact::{Address, DeliveryType, Doctor, File, Fulfilment, Item, OrderFact, Patient, Pharmacy, Status},
};

/// "Money: integer euro cents."
const CURRENCY: &str = "EUR";
/// More further fields than this are not kept beside the journal.
const MAX_LEAVES: usize = 300;
/// A longer text is kept as its hash: the journal has it.
const MAX_TEXT: usize = 1_000;
/// Fields that speak of no person, whatever stands in them.
const HARMLESS: &[&str] = &["external_status", "created_at", "deleted_at", "delivery_type.uid"];
/// The same inside an item.
const HARMLESS_IN_ITEM: &[&str] =
    &["uid", "sku.uid", "sku.product_uid", "sku.product_handle", "pharmacy_sku.uid", "pharmacy_sku.external_id"];

/// What the event says about its lane.
pub(super) fn order(event_type: &str, mut data: Map<String, Value>) -> Result<OrderFact, Unrecognised> {
    let data = &mut data;
    let lane = taken_text(data, &["uid"]).filter(|uid| !uid.is_empty()).ok_or(Unrecognised::FieldMissing)?;
    let word = taken_text(data, &["status"]).ok_or(Unrecognised::FieldMissing)?;
    let parent = taken_text(data, &["order", "uid"]);
    let by_fulfilment = taken_text(data, &["fulfillment", "order", "uid"]);
    let parent = parent.into_iter().chain(by_fulfilment).find(|uid| !uid.is_empty());
    let currency = taken_text(data, &["order", "shipping_costs_currency"]);
    let mut fact = OrderFact {
        lane: Some(lane.into()),
        parent: parent.map(Into::into),
        updated_at: taken_integer(data, &["updated_at"]).and_then(|second| Timestamp::from_second(second).ok()),
        created: event_type == "pharmacy_order_created",
        deleted: data.get("deleted_at").is_some_and(|at| !at.is_null()),
        status: Some(status(word)),
        name: taken_text(data, &["name"]),
        pharmacy: some(Pharmacy {
            uid: taken_text(data, &["pharmacy", "uid"]).map(Into::into),
            name: taken_text(data, &["pharmacy", "display_name"]),
        }),
        delivery_type: some(DeliveryType {
            code: taken_text(data, &["delivery_type", "identifier"]),
            name: taken_text(data, &["delivery_type", "display_name"]),
        }),
        priority: taken_integer(data, &["order", "priority"]),
        shipping: taken_integer(data, &["order", "shipping_costs_amount"])
            .map(|cents| Money::from_cents(cents, currency.as_deref().unwrap_or(CURRENCY))),
        patient: some(Patient {
            uid: taken_text(data, &["patient_data", "uid"]),
            name: taken_text(data, &["patient_data", "display_name"]),
            born: taken_text(data, &["patient_data", "date_of_birth"]),
            email: taken_text(data, &["patient_data", "email"]),
            phone: taken_text(data, &["patient_data", "phone_number"]),
        }),
        delivery_address: address(data, "delivery_address"),
        invoice_address: address(data, "invoice_address"),
        doctor: some(Doctor {
            uid: taken_text(data, &["doctor_data", "uid"]),
            name: taken_text(data, &["doctor_data", "display_name"]),
        }),
        fulfilment: some(Fulfilment {
            uid: taken_text(data, &["fulfillment", "uid"]),
            external_id: taken_text(data, &["fulfillment", "external_id"]),
            shop_order_uid: taken_text(data, &["fulfillment", "order", "shop_order", "uid"]),
            shop_order_external_id: taken_text(data, &["fulfillment", "order", "shop_order", "external_id"]),
        }),
        file: file(data),
        ..OrderFact::default()
    };
    for path in HARMLESS {
        let path: Vec<_> = path.split('.').collect();
        if let Some(value) = taken(data, &path, |value| !value.is_object() && !value.is_array()) {
            fact.plain.insert(path.join("."), value);
        }
    }
    if let Some(Value::Array(items)) = data.get_mut("order_items") {
        for (index, item) in items.iter_mut().enumerate() {
            let Some(item) = item.as_object_mut() else { continue };
            let at = format!("order_items[{index}]");
            fact.items.push(self::item(item));
            for path in HARMLESS_IN_ITEM {
                let parts: Vec<_> = path.split('.').collect();
                if let Some(value) = taken(item, &parts, |value| !value.is_object() && !value.is_array()) {
                    fact.plain.insert(format!("{at}.{path}"), value);
                }
            }
        }
    }
    for (name, value) in std::mem::take(data) {
        leaves(name, value, &mut fact.other);
    }
    Ok(fact)
}

fn status(word: String) -> Status {
    Status { group: words::group(&word), rank: words::rank(&word), after: Vec::new(), word }
}

fn item(item: &mut Map<String, Value>) -> Item {
    let product = taken_text(item, &["sku", "product_display_name"]);
    let cents = |cents| Money::from_cents(cents, CURRENCY);
    Item {
        name: taken_text(item, &["sku", "display_name"]).or(product),
        number: taken_text(item, &["sku", "pzn"]),
        amount: taken_integer(item, &["amount"]),
        unit: None,
        price: taken_integer(item, &["pharmacy_sku", "price"]).map(cents),
        total: taken_integer(item, &["total_paid_amount"]).map(cents),
        stock: taken_integer(item, &["pharmacy_sku", "stock"]),
    }
}

fn address(data: &mut Map<String, Value>, which: &str) -> Option<Address> {
    let mut field = |name: &str| taken_text(data, &["order", which, name]).filter(|text| !text.is_empty());
    let mut joined = |a: &str, b: &str| match (field(a), field(b)) {
        (Some(a), Some(b)) => Some(format!("{a} {b}")),
        (a, b) => a.or(b),
    };
    let (name, street, city) =
        (joined("first_name", "last_name"), joined("street", "house_number"), joined("zip_code", "city"));
    some(Address { name, street, city, additional: field("additional_address"), country: field("country") })
}

/// The prescription by its hash and size: the journal has the bytes, the folds do not need them.
fn file(data: &mut Map<String, Value>) -> Option<File> {
    let name = taken_text(data, &["prescription_file", "filename"]);
    let content = taken_text(data, &["prescription_file", "content_base64"]);
    let (sha256, bytes) = match content {
        None => (None, None),
        Some(content) => match BASE64.decode(content.as_bytes()) {
            Ok(bytes) => (Some(HEXLOWER.encode(&Sha256::digest(&bytes))), u64::try_from(bytes.len()).ok()),
            Err(_) => (Some(HEXLOWER.encode(&Sha256::digest(content))), None),
        },
    };
    some(File { name, sha256, bytes })
}

fn some<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

/// Takes a field out, where it is what it should be; anything else stays and is kept by its path.
fn taken(data: &mut Map<String, Value>, path: &[&str], is_right: impl Fn(&Value) -> bool) -> Option<Value> {
    let (name, parents) = path.split_last()?;
    let mut data = data;
    for parent in parents {
        data = data.get_mut(*parent)?.as_object_mut()?;
    }
    if !data.get(*name).is_some_and(|value| is_right(value) && !value.is_null()) {
        return None;
    }
    data.remove(*name)
}

fn taken_text(data: &mut Map<String, Value>, path: &[&str]) -> Option<String> {
    match taken(data, path, Value::is_string)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn taken_integer(data: &mut Map<String, Value>, path: &[&str]) -> Option<i64> {
    taken(data, path, Value::is_i64)?.as_i64()
}

fn leaves(path: String, value: Value, into: &mut BTreeMap<String, Value>) {
    match value {
        _ if into.len() >= MAX_LEAVES => {}
        Value::Null => {}
        Value::Object(fields) => {
            fields.into_iter().for_each(|(name, value)| leaves(format!("{path}.{name}"), value, into));
        }
        Value::Array(items) => {
            items.into_iter().enumerate().for_each(|(i, value)| leaves(format!("{path}[{i}]"), value, into));
        }
        Value::String(text) if text.len() > MAX_TEXT => {
            into.insert(path, format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(text))).into());
        }
        value => _ = into.insert(path, value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fact(data: Value) -> OrderFact {
        let Value::Object(data) = data else { unreachable!() };
        order("pharmacy_order_updated", data).unwrap()
    }

    #[test]
    fn every_documented_field_finds_its_place_and_the_rest_is_kept() {
        let fact = fact(json!({
            "uid": "po-1", "status": "in-progress", "name": "#9001", "data": { "gift": true, "deep": [{ "a": 1 }] },
            "external_status": "OPEN", "created_at": 1_760_000_000, "updated_at": 1_760_000_100, "deleted_at": null,
            "pharmacy": { "uid": "ph-1", "display_name": "Testapotheke" },
            "order": { "uid": "ord-1", "shipping_costs_amount": 499, "shipping_costs_currency": "EUR", "priority": 2,
                "delivery_address": { "first_name": "Erika", "last_name": "Beispiel", "street": "Testweg",
                    "house_number": "2", "zip_code": "00000", "city": "Teststadt", "country": "Germany",
                    "additional_address": null } },
            "delivery_type": { "uid": "dt-1", "display_name": "Standard", "identifier": "standard" },
            "order_items": [{ "uid": "oi-1", "amount": 2, "total_paid_amount": 2598,
                "sku": { "uid": "sku-1", "pzn": "00000000", "product_display_name": "Testmittel" },
                "pharmacy_sku": { "uid": "psku-1", "external_id": null, "price": 1299, "stock": 12 } }],
            "patient_data": { "uid": "pat-1", "display_name": "Erika Beispiel", "date_of_birth": "1990-01-01" },
            "doctor_data": { "uid": "doc-1", "display_name": "Dr. Test" },
            "prescription_file": { "filename": "rx.pdf", "content_base64": "JVBERi0=" },
            "fulfillment": { "uid": "fo-1", "external_id": "F-1",
                "order": { "uid": "ord-1", "shop_order": { "uid": "so-1", "external_id": "EXT-1" } } } }));
        assert_eq!((fact.lane.unwrap().as_str(), fact.parent.unwrap().as_str()), ("po-1", "ord-1"));
        assert_eq!(fact.updated_at.unwrap().as_second(), 1_760_000_100);
        assert_eq!(fact.delivery_type.unwrap().code.as_deref(), Some("standard"));
        assert_eq!(fact.shipping.unwrap(), Money::from_cents(499, "EUR"));
        assert_eq!((fact.items[0].number.as_deref(), fact.items[0].stock), (Some("00000000"), Some(12)));
        assert_eq!(fact.items[0].total.as_ref().unwrap().amount, "25.98");
        assert_eq!(fact.delivery_address.unwrap().city.as_deref(), Some("00000 Teststadt"));
        assert_eq!(fact.fulfilment.unwrap().shop_order_external_id.as_deref(), Some("EXT-1"));
        assert_eq!(fact.file.unwrap().bytes, Some(5));
        assert_eq!(fact.plain["external_status"], "OPEN");
        let other: Vec<_> = fact.other.into_iter().collect();
        assert_eq!(other, [("data.deep[0].a".to_owned(), json!(1)), ("data.gift".to_owned(), json!(true))]);
    }

    #[test]
    fn a_documented_field_of_another_shape_is_kept_as_it_is() {
        let fact = fact(json!({ "uid": "po-1", "status": "init", "name": 7, "pharmacy": "gone", "order": [1],
            "prescription_file": "gone", "order_items": { "0": 1 } }));
        assert_eq!((fact.name, fact.pharmacy, fact.items.len()), (None, None, 0));
        let kept: Vec<_> = fact.other.keys().map(String::as_str).collect();
        assert_eq!(kept, ["name", "order[0]", "order_items.0", "pharmacy", "prescription_file"]);
    }

    #[test]
    fn a_long_text_is_kept_by_its_hash() {
        let fact = fact(json!({ "uid": "po-1", "status": "init", "scan": "A".repeat(5_000) }));
        assert_eq!(fact.other["scan"].as_str().unwrap().len(), 71);
    }
}

//! The three shapes of a line item. They differ in what a quantity counts and in what a pack says; none of them is trusted
//! to keep its types. What the pharmacy earns is left out of everything that is shown: the journal alone has it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{fields::Fields, words::Nature};
use crate::orders::fact::{Item, Unit};

/// What the pharmacy pays and earns: "commercially sensitive".
fn is_margin(name: &str) -> bool {
    name.contains("margin") || matches!(name, "price_to_retailer" | "landing_price" | "base_price")
}

/// Takes what the pharmacy pays and earns out of a body, wherever it stands.
pub(super) fn without_margins(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !is_margin(name));
            fields.values_mut().for_each(without_margins);
        }
        Value::Array(values) => values.iter_mut().for_each(without_margins),
        _ => {}
    }
}

/// Pictures are never loaded.
fn is_picture(name: &str) -> bool {
    matches!(name, "image" | "thumb_image")
}

/// `items` (shapes A and B) or `item_details` (shape C).
pub(super) fn items(nature: Nature, order: &mut Fields<'_>, other: &mut BTreeMap<String, Value>) -> Vec<Item> {
    let mut items = Vec::new();
    for name in ["items", "item_details"] {
        for (index, fields) in order.objects(name).into_iter().enumerate() {
            items.push(item(nature, fields, &format!("{name}[{index}]"), other));
        }
    }
    items
}

fn item(nature: Nature, mut fields: Fields<'_>, at: &str, other: &mut BTreeMap<String, Value>) -> Item {
    let partner = fields.id("partner_medicine_id");
    let reference = fields.id("reference_medicine_code");
    let item = Item {
        name: fields.text("medicine_name"),
        number: partner.or(reference),
        amount: fields.integer("quantity"),
        unit: Some(Unit {
            word: unit(nature).map(str::to_owned),
            pack: pack(&mut fields),
            loose: fields.integer("loose_quantity"),
        })
        .filter(|unit| *unit != Unit::default()),
        price: fields.money("price"),
        total: fields.money("amount"),
        stock: None,
    };
    fields.forget(|name| is_margin(name) || is_picture(name));
    fields.rest(at, other);
    item
}

/// "100 tablets, size 10, price 130, amount 1300" are units; "10, size 10, loose 100, amount 385.5" are packs.
fn unit(nature: Nature) -> Option<&'static str> {
    match nature {
        Nature::OrderAssigned
        | Nature::Accept
        | Nature::Reject
        | Nature::Shipped
        | Nature::OrderPickedUp
        | Nature::Delivered => Some("units"),
        Nature::Split | Nature::DigitizationCompleted => Some("packs"),
        _ => None,
    }
}

/// `10 Tablets`, or only how many there are in one.
fn pack(fields: &mut Fields<'_>) -> Option<String> {
    let text = fields.text("pack_size").or_else(|| fields.text("packing_size"));
    text.or_else(|| fields.text("size"))
}

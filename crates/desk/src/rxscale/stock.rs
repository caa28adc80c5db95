//! `data` of `pharmacy_sku_stock_updated` to a stock fact. Source: "Webhooks / Events", section pharmacy SKU stock: `stock` is
//! the absolute level, `price` euro cents.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    event::{Unrecognised, integer, text},
    stock::fact::{Product, StockFact},
};

/// What the event says about its product.
pub(super) fn stock(data: &Map<String, Value>) -> Result<StockFact, Unrecognised> {
    Ok(StockFact {
        uid: text(data, &["uid"]).filter(|uid| !uid.is_empty()).ok_or(Unrecognised::FieldMissing)?.into(),
        updated_at: integer(data, &["updated_at"]).and_then(|second| Timestamp::from_second(second).ok()),
        stock: integer(data, &["stock"]).ok_or(Unrecognised::FieldMissing)?,
        price_cents: integer(data, &["price"]),
        product: Product {
            pharmacy_uid: text(data, &["pharmacy_uid"]).map(Into::into),
            number: text(data, &["sku", "pzn"]),
            name: text(data, &["sku", "display_name"]).or_else(|| text(data, &["sku", "product_display_name"])),
        },
    })
}

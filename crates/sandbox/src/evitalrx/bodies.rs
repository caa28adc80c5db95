//! The bodies, field by field as in the samples of the documents: which fields an event has, in which of three shapes
//! its items come, and which value a field has while it is not set.

use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Call, Ids};

/// Sixteen bytes as base64, different for every kind and number.
pub(super) fn id(kind: u8, number: u64) -> String {
    let digest = Sha256::new().chain_update([kind]).chain_update(number.to_be_bytes()).finalize();
    BASE64.encode(digest.get(..16).unwrap_or_default())
}

/// An order as it is told.
pub(super) struct Order {
    pub(super) ids: Ids,
    pub(super) number: u64,
    pub(super) way: &'static str,
    /// Types where the documents show another one elsewhere.
    pub(super) drift: bool,
}

impl Order {
    /// One of the events of a child. `is_final` is the flag of a rejection; without it the field is not there.
    pub(super) fn child(&self, nature: &'static str, child: usize, is_final: Option<bool>) -> Call {
        let mut body = self.common(nature);
        let tells_rejection = nature == "reject";
        set(
            &mut body,
            json!({
                "id": self.ids.children.get(child), "order_number": self.order_number(child), "order_status": status(nature),
                "reject_reason": if tells_rejection { "Other" } else { "" },
                "bill-pdf-url": format!("https://bills.example.in/evital/invoice/{}/print/", BASE64.encode(self.order_number(child).as_bytes())),
                "chemist_id": id(4, child as u64), "chemist_code": format!("T{child:02}ST"), "order_by": "",
                "total": self.number_or_text("1300"), "amount": self.number_or_text("1384.18"),
                "draft_order_shipping_charge": self.number_or_text("30"), "order_custom_fields": {}, "patient_custom_fields": {},
                "delivery_person_name": "", "delivery_person_mobile": "",
                "bill_no": 0, "bill_date": "2026-01-29 12:26:51"
            }),
        );
        let is_old_shape = matches!(nature, "order_assigned" | "split");
        set(&mut body, json!({ "items": [if is_old_shape { self.item_b(nature) } else { self.item_a() }] }));
        if is_old_shape {
            set(&mut body, json!({ "bill_no": "", "medicine_refill_reminder_date": "" }));
        }
        if nature != "split" {
            set(&mut body, json!({ "tracking_url": "" }));
        }
        if nature == "order_assigned" {
            set(
                &mut body,
                json!({ "is_final_rejection": false, "patient_latitude": "23.0000", "patient_longitude": "72.0000",
                "patient_full_address": "1 Invented Road, Testnagar", "delivery_pin": self.pin(), "invoice_pdf": "" }),
            );
        }
        if let Some(is_final) = is_final.filter(|_| tells_rejection) {
            set(&mut body, json!({ "is_final_rejection": is_final }));
        }
        if matches!(nature, "shipped" | "order_picked_up" | "delivered") {
            set(
                &mut body,
                json!({ "reference_number": 396, "bill_no": 396, "medicine_refill_reminder_date": "",
                "tracking_url": "https://track.example.in/v1/fulfillment/apis/track/dGVzdA==",
                "invoice_pdf": "https://files.example.in/invoices/TEST.pdf" }),
            );
        }
        if matches!(nature, "shipped" | "order_picked_up") {
            set(&mut body, json!({ "delivery_pin": self.pin() }));
        }
        if matches!(nature, "order_picked_up" | "delivered") && self.way == "delivery" {
            set(&mut body, json!({ "delivery_person_name": "Ravi Example", "delivery_person_mobile": "9000000002" }));
        }
        if nature == "shipped" {
            set(&mut body, json!({ "chemist_details": store() }));
        }
        call(nature, body)
    }

    pub(super) fn digitized(&self) -> Call {
        let nature = "digitization_completed";
        let mut body = self.common(nature);
        set(
            &mut body,
            json!({
                "transaction_type": "draft_order", "order_number": format!("PA{:08}", self.number % 100_000_000),
                "order_status": "assigned", "is_final_rejection": false, "estimate_amount": "1330", "delivery_charge": 30,
                "payment_date": "",
                "item_details": [{ "medicine_id": id(5, 1), "medicine_name": "Testmedicine 500", "quantity": 10,
                    "issued_quantity": 10, "mrp": 138.418, "price": 130, "discounted_precentage": 6.08, "pack_size": 10,
                    "itemRemark": "" }]
            }),
        );
        call(nature, body)
    }

    pub(super) fn digitization_rejected(&self) -> Call {
        let nature = "digitization_rejected";
        call(
            nature,
            object(json!({ "transaction_nature": nature, "draft_order_id": self.ids.parent,
            "reject_slug": "patient_test_order", "reject_reason": "Patient placed testing order.",
            "partner_order_id": self.partner() })),
        )
    }

    pub(super) fn reassigned(&self, from: usize, to: &[usize]) -> Call {
        let nature = "reassign";
        let new: Vec<_> = to.iter().filter_map(|child| self.ids.children.get(*child)).collect();
        call(
            nature,
            object(json!({ "transaction_nature": nature, "draft_order_id": self.ids.parent,
            "rejected_order_id": self.ids.children.get(from), "new_order_ids": new })),
        )
    }

    fn common(&self, nature: &str) -> Map<String, Value> {
        object(json!({
            "transaction_nature": nature, "draft_order_id": self.ids.parent, "transaction_type": "sales",
            "partner_order_id": self.partner(), "delivery_type": self.way, "reference_number": 0, "payment_mode": "Cash",
            "payment_date": "1900-01-01 12:00:00", "patient_id": id(6, self.number), "patient_name": "Asha Example ",
            "mobile": "9000000000", "billing_for": "Asha Example", "billing_for_mobile": "9000000000",
            "doctor_name": "Dr. Test", "remark": "", "direct_payment_url": ""
        }))
    }

    fn partner(&self) -> String {
        format!("{:08}", self.number)
    }

    fn order_number(&self, child: usize) -> String {
        format!("T{child}{:08}", self.number % 100_000_000)
    }

    fn pin(&self) -> Value {
        // A text with its zero, or, as another page shows it, a number.
        if self.drift { json!(1234) } else { json!("0498") }
    }

    fn number_or_text(&self, amount: &str) -> Value {
        match amount.parse::<serde_json::Number>() {
            Ok(number) if !self.drift => Value::Number(number),
            _ => json!(amount),
        }
    }

    /// "quantity 100, size 10, price 130, amount 1300": units.
    fn item_a(&self) -> Value {
        json!({
            "price": self.number_or_text("130"), "directions": "0-0-0-0", "quantity": self.number_or_text("100"), "mrp": 138.418,
            "discount": 4.28, "batch": "", "expiry": "01/00", "gst": 0, "gstpercentage": 12, "gst_percentage": 12,
            "amount": self.number_or_text("1300"), "size": 10, "medicine_name": "Testmedicine 500", "pack_size": "10 Tablets",
            "dosage_type": "TAB", "image": "https://pictures.example.in/testmedicine.png", "medicine_id": id(5, 1),
            "partner_medicine_id": "00042", "manufacturer_name": "Invented Pharma", "hsn_code": "3004",
            "medicine_type": "drug", "packing_size": "10", "price_to_retailer": 91.5, "margin": 38.5, "base_price": 116.07,
            "landing_price": 102.48, "b2c_margin": 29.6, "sale_discount": 0, "lock_discount": "no", "sell_in_loose": "yes",
            "batch_discount": if self.drift { json!(0) } else { Value::Null }, "expiry_return": "1900-01-01",
            "order_type": "sale", "reference_medicine_code": ""
        })
    }

    /// Of an assignment units; of a split packs, with the units beside them.
    fn item_b(&self, nature: &str) -> Value {
        let (quantity, loose, amount) = if nature == "split" { ("10", 100, "385.5") } else { ("15", 15, "30.74") };
        json!({
            "medicine_id": id(5, 1), "medicine_name": "Testmedicine 500", "size": 10, "medicine_type": "drug",
            "packing_size": "10 tab", "gst_percentage": 12, "image": "testmedicine.png", "quantity": self.number_or_text(quantity),
            "loose_quantity": loose, "mrp": 138.418, "amount": self.number_or_text(amount), "price": 38.55,
            "manufacturer_name": "Invented Pharma", "order_details_id": id(7, self.number), "batch": "B1",
            "discount_percentage": 10, "batch_id": id(7, 1), "expiry": "2027-01-31", "gst": 0, "discount": 4.28,
            "base_price": 34.42, "landing_price": 30.1, "thumb_image": ""
        })
    }
}

/// Irregular in case, as in the samples; it does not move when the rider comes.
fn status(nature: &str) -> &'static str {
    match nature {
        "order_assigned" => "Pending",
        "accept" => "accepted",
        "reject" => "rejected",
        "shipped" | "order_picked_up" => "shipped",
        "delivered" => "completed",
        _ => "Cancelled",
    }
}

/// A weekday can come twice.
fn store() -> Value {
    json!({ "chemist_id": id(4, 99), "pharmacy_name": "Test Pharmacy", "pharmacist_name": "Invented Pharmacist",
        "contact_no": "9000000001", "full_address": "2 Invented Road, Testnagar", "latitude": "23.0000", "longitude": "72.0000",
        "zipcode": "000000", "store_timings": { "fullday_working": "yes", "timings": [
            { "id": 1, "day_of_week": "monday", "working": "yes", "start_time": "09:00:00", "end_time": "13:00:00" },
            { "id": 2, "day_of_week": "monday", "working": "yes", "start_time": "15:00:00", "end_time": "21:00:00" }] } })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn set(body: &mut Map<String, Value>, fields: Value) {
    body.extend(object(fields));
}

fn call(nature: &'static str, body: Map<String, Value>) -> Call {
    Call { nature, body: Value::Object(body).to_string().into() }
}

//! One event as the provider sends it: the shapes of sections 6 and 7 of the provider's documentation.
//!
//! It defines the names of fields, their order, and how events differ between the two APIs. It does not decide when
//! something happens ([`crate::simulation`]) or who receives it ([`crate::deliver`]).

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// What kind of event it is, by the provider's own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// `pharmacy_order_created`
    OrderCreated,
    /// `pharmacy_order_updated`
    OrderUpdated,
    /// `pharmacy_sku_stock_updated`
    StockUpdated,
    /// `PRESCRIPTION_DOCTOR_CHANGED`, in its own envelope `{category, event, data}`.
    DoctorChanged,
}

impl EventType {
    /// The `notification_type` of a subscription to it, which is also the value of `X-Webhook-Event`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderCreated => "pharmacy_order_created",
            Self::OrderUpdated => "pharmacy_order_updated",
            Self::StockUpdated => "pharmacy_sku_stock_updated",
            Self::DoctorChanged => "PRESCRIPTION_DOCTOR_CHANGED",
        }
    }
}

/// Which API a subscription was made at. The same change is told differently at the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Management API, organisation-wide: orders carry `fulfillment`.
    Management,
    /// External Pharmacy API: orders do not carry `fulfillment`.
    Pharmacy,
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// Position in the story, from 0.
    pub number: u64,
    pub event_type: EventType,
    /// When it happened, in whole seconds.
    pub at: Timestamp,
    pub(crate) happening: Happening,
}

#[derive(Debug, Clone)]
pub(crate) enum Happening {
    Order(Box<PharmacyOrder>),
    Stock(Box<StockLevel>),
    Doctor(Box<DoctorChange>),
}

impl Event {
    /// `data.uid`; for a change of doctor the uid of the prescription.
    pub fn subject(&self) -> &str {
        match &self.happening {
            Happening::Order(order) => &order.uid,
            Happening::Stock(stock) => &stock.uid,
            Happening::Doctor(change) => &change.prescription.uid,
        }
    }

    /// The uid of the parent order, where the event is about one.
    pub fn order_uid(&self) -> Option<&str> {
        match &self.happening {
            Happening::Order(order) => Some(&order.order.uid),
            Happening::Stock(_) | Happening::Doctor(_) => None,
        }
    }

    /// `data.status` of an order event.
    pub fn status(&self) -> Option<&str> {
        match &self.happening {
            Happening::Order(order) => Some(order.status),
            Happening::Stock(_) | Happening::Doctor(_) => None,
        }
    }

    /// `data.stock` of a stock event.
    pub fn stock(&self) -> Option<i64> {
        match &self.happening {
            Happening::Stock(level) => Some(level.stock),
            Happening::Order(_) | Happening::Doctor(_) => None,
        }
    }

    /// The pharmacy it concerns. Changes of doctor concern none.
    pub fn pharmacy_uid(&self) -> Option<&str> {
        match &self.happening {
            Happening::Order(order) => Some(order.pharmacy.uid),
            Happening::Stock(stock) => Some(stock.pharmacy_uid),
            Happening::Doctor(_) => None,
        }
    }

    /// The exact bytes of the delivery at `level`.
    pub fn body(&self, level: Level) -> Bytes {
        #[derive(Serialize)]
        struct Envelope<'a, T> {
            event_type: &'a str,
            timestamp: i64,
            payload_version: &'a str,
            data: &'a T,
        }
        #[derive(Serialize)]
        struct PrescriptionEnvelope<'a> {
            category: &'a str,
            event: &'a str,
            data: &'a DoctorChange,
        }
        let event_type = self.event_type.as_str();
        let timestamp = self.at.as_second();
        let written = match &self.happening {
            Happening::Order(order) => {
                let order = order.at_level(level);
                serde_json::to_vec(&Envelope { event_type, timestamp, payload_version: "1", data: &order })
            }
            Happening::Stock(stock) => {
                serde_json::to_vec(&Envelope { event_type, timestamp, payload_version: "1", data: stock })
            }
            Happening::Doctor(change) => serde_json::to_vec(&PrescriptionEnvelope {
                category: "prescription",
                event: "doctor_changed",
                data: change,
            }),
        };
        // Writing structs of text and numbers into memory has no way to fail.
        written.unwrap_or_default().into()
    }
}

/// `data` of `pharmacy_order_created` and `pharmacy_order_updated`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PharmacyOrder {
    pub(crate) uid: String,
    pub(crate) status: &'static str,
    pub(crate) name: String,
    pub(crate) data: Nothing,
    pub(crate) external_status: &'static str,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) deleted_at: Option<i64>,
    pub(crate) pharmacy: PharmacyName,
    pub(crate) order: ParentOrder,
    pub(crate) delivery_type: Option<DeliveryType>,
    pub(crate) order_items: Vec<OrderItem>,
    pub(crate) patient_data: Option<PatientData>,
    pub(crate) doctor_data: Option<DoctorName>,
    pub(crate) prescription_file: Option<PrescriptionFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fulfillment: Option<Fulfillment>,
}

impl PharmacyOrder {
    /// The same order as `level` tells it.
    pub(crate) fn at_level(&self, level: Level) -> Self {
        let mut order = self.clone();
        if level == Level::Pharmacy {
            order.fulfillment = None;
        }
        order
    }
}

/// An empty object.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Nothing {}

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct PharmacyName {
    pub(crate) uid: &'static str,
    pub(crate) display_name: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ParentOrder {
    pub(crate) uid: String,
    pub(crate) delivery_address: Address,
    pub(crate) invoice_address: Address,
    pub(crate) shipping_costs_amount: Option<i64>,
    pub(crate) shipping_costs_currency: Option<&'static str>,
    pub(crate) priority: i64,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Address {
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) street: &'static str,
    pub(crate) house_number: String,
    pub(crate) zip_code: String,
    pub(crate) city: &'static str,
    pub(crate) country: &'static str,
    pub(crate) additional_address: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct DeliveryType {
    pub(crate) uid: &'static str,
    pub(crate) display_name: &'static str,
    pub(crate) identifier: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct OrderItem {
    pub(crate) uid: String,
    pub(crate) amount: i64,
    pub(crate) total_paid_amount: i64,
    pub(crate) sku: ItemSku,
    pub(crate) pharmacy_sku: Option<ItemPharmacySku>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ItemSku {
    pub(crate) uid: String,
    pub(crate) display_name: String,
    pub(crate) pzn: String,
    pub(crate) product_uid: String,
    pub(crate) product_display_name: &'static str,
    pub(crate) product_handle: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ItemPharmacySku {
    pub(crate) uid: String,
    pub(crate) external_id: Option<String>,
    pub(crate) price: i64,
    pub(crate) stock: i64,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct PatientData {
    pub(crate) uid: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
    pub(crate) date_of_birth: String,
    pub(crate) phone_number: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct DoctorName {
    pub(crate) uid: &'static str,
    pub(crate) display_name: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct PrescriptionFile {
    pub(crate) filename: String,
    #[serde(serialize_with = "shared_text")]
    pub(crate) content_base64: Arc<str>,
}

fn shared_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fulfillment {
    pub(crate) uid: String,
    pub(crate) external_id: Option<String>,
    pub(crate) order: FulfillmentOrder,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct FulfillmentOrder {
    pub(crate) uid: String,
    pub(crate) shop_order: ShopOrder,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ShopOrder {
    pub(crate) uid: String,
    pub(crate) external_id: Option<String>,
}

/// `data` of `pharmacy_sku_stock_updated`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StockLevel {
    pub(crate) uid: String,
    pub(crate) pharmacy_uid: &'static str,
    pub(crate) sku_uid: String,
    pub(crate) external_id: Option<String>,
    pub(crate) price: i64,
    pub(crate) stock: i64,
    pub(crate) markup: i64,
    pub(crate) priority: i64,
    pub(crate) r#type: &'static str,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) deleted_at: Option<i64>,
    pub(crate) sku: StockSku,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct StockSku {
    pub(crate) uid: String,
    pub(crate) display_name: String,
    pub(crate) pzn: String,
    pub(crate) product_uid: String,
    pub(crate) product_display_name: Option<&'static str>,
    pub(crate) product_handle: Option<&'static str>,
}

/// `data` of a change of doctor. It carries no time: whoever receives it has only the transport's.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DoctorChange {
    pub(crate) shop_identifier: &'static str,
    pub(crate) external_order_id: Option<String>,
    pub(crate) external_fulfillment_id: Option<String>,
    pub(crate) external_provider_identifier: Option<&'static str>,
    pub(crate) doctor_assignment_reason: &'static str,
    pub(crate) old_doctor_uid: Option<&'static str>,
    pub(crate) new_doctor_uid: Option<&'static str>,
    pub(crate) prescription: Prescription,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Prescription {
    pub(crate) uid: String,
    /// ISO-8601 with `Z`, unlike every webhook.
    pub(crate) created_at: String,
    pub(crate) status: &'static str,
    pub(crate) doctor: Option<AssignedDoctor>,
    pub(crate) patient_data: PrescriptionPatient,
    pub(crate) documents: Vec<Document>,
    pub(crate) items: Vec<PrescriptionItem>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct AssignedDoctor {
    pub(crate) uid: &'static str,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct PrescriptionPatient {
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) date_of_birth: String,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Document {
    pub(crate) uid: String,
    pub(crate) r#type: &'static str,
    pub(crate) status: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct PrescriptionItem {
    pub(crate) uid: String,
    pub(crate) shop_sku_uid: String,
    pub(crate) fulfillment_line_item_external_id: Option<String>,
}

//! RxScale: everything that is in its words. The facts are from its public documentation, generation D; where the
//! documentation leaves something open it is a setting of the connection.

pub(crate) mod api;
pub(crate) mod decode;
pub(crate) mod http;
mod named;
pub(crate) mod notification;
mod order;
mod stock;
mod words;

use offizin_wire::Scheme;

pub(crate) use words::known as known_status;

/// The short name in `source` fields.
pub(crate) const SOURCE: &str = "rxscale";
/// The short name of its unsigned Pub/Sub pushes.
pub(crate) const SOURCE_PUBSUB: &str = "rxscale-pubsub";

/// HMAC-SHA256 over the raw body, lower-case hex, no prefix; the whole secret is the key.
pub(crate) const SCHEME: Scheme = Scheme { header: "x-webhook-signature", prefix: "" };

/// The unsigned header that repeats the event type.
pub(crate) const EVENT_HEADER: &str = "x-webhook-event";

/// The production host of both APIs.
pub(crate) const PRODUCTION: &str = "https://api.rxscale.com";
/// The host with test data.
pub(crate) const DEVELOPMENT: &str = "https://api.rxscale-dev.com";

/// Documented event types: name, offered as ticked, understood by this build.
pub(crate) const TYPES: &[(&str, bool, bool)] = &[
    ("pharmacy_order_created", true, true),
    ("pharmacy_order_updated", true, true),
    ("pharmacy_sku_stock_updated", true, true),
    ("patient_doctor_meeting_updated", false, true),
    ("appointment_reminder_due", false, true),
    ("PRESCRIPTION_DOCTOR_CHANGED", false, true),
];

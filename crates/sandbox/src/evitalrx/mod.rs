//! An imitation of eVitalRx's Fulfillment webhooks as its documents describe them: one unsigned POST for each event, to
//! the one address that was agreed on at onboarding. A failed POST is not repeated. All people, pharmacies and
//! medicines are invented.
//!
//! It sends the whole course of an order, a [`Tale`]. Where the documents show the same field in two types, `drift`
//! chooses the other one. It knows neither relay nor desk, and not how they read its events.

pub mod api;
mod bodies;

use std::time::Duration;

use bytes::Bytes;
use url::Url;

use bodies::Order;

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tale {
    /// Assigned, accepted, shipped, picked up, delivered.
    Delivery,
    /// Accepted, shipped, delivered: no rider.
    Pickup,
    /// As a delivery, after a prescription was typed up.
    Prescription,
    /// A prescription that cannot be fulfilled.
    PrescriptionRejected,
    /// Rejected by one pharmacy, re-assigned to two others, of which one delivers.
    Reassigned,
    /// Rejected, told once more by the old split event, and taken over by a sibling.
    Split,
    /// Rejected for good.
    Rejected,
    /// Rejected without a word on whether it is final.
    RejectedWithoutFlag,
    /// Shipped, then rejected: the address was bad.
    RejectedAfterShipping,
    /// Delivered, then cancelled: the parcel was lost.
    CancelledAfterDelivery,
}

impl Tale {
    /// Every tale.
    pub const ALL: [Tale; 10] = [
        Tale::Delivery,
        Tale::Pickup,
        Tale::Prescription,
        Tale::PrescriptionRejected,
        Tale::Reassigned,
        Tale::Split,
        Tale::Rejected,
        Tale::RejectedWithoutFlag,
        Tale::RejectedAfterShipping,
        Tale::CancelledAfterDelivery,
    ];
}

/// One webhook call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `transaction_nature`.
    pub nature: &'static str,
    /// The raw body.
    pub body: Bytes,
}

/// Ids of an order's parts: opaque, base64 of sixteen bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// `draft_order_id`.
    pub parent: String,
    /// `id` of the first child; the others are the ones it is re-assigned to.
    pub children: [String; 3],
}

/// The ids of order number `number`.
pub fn ids(number: u64) -> Ids {
    Ids { parent: bodies::id(0, number), children: [1, 2, 3].map(|kind| bodies::id(kind, number)) }
}

/// The calls of one tale, in the order in which they happen. Equal arguments give equal bytes.
pub fn tell(tale: Tale, number: u64, drift: bool) -> Vec<Call> {
    let way = if tale == Tale::Pickup { "pickup" } else { "delivery" };
    let order = Order { ids: ids(number), number, way, drift };
    let lane = |child: usize, natures: &[&'static str]| -> Vec<Call> {
        natures.iter().map(|nature| order.child(nature, child, None)).collect()
    };
    let reject = |is_final| order.child("reject", 0, is_final);
    match tale {
        Tale::Delivery => lane(0, &["order_assigned", "accept", "shipped", "order_picked_up", "delivered"]),
        Tale::Pickup => lane(0, &["accept", "shipped", "delivered"]),
        Tale::Prescription => {
            let mut calls = vec![order.digitized()];
            calls.extend(lane(0, &["order_assigned", "accept", "shipped", "order_picked_up", "delivered"]));
            calls
        }
        Tale::PrescriptionRejected => vec![order.digitization_rejected()],
        Tale::Reassigned => {
            let mut calls = lane(0, &["order_assigned"]);
            calls.push(reject(Some(false)));
            calls.push(order.reassigned(0, &[1, 2]));
            calls.extend(lane(1, &["accept", "shipped", "order_picked_up", "delivered"]));
            calls.extend(lane(2, &["accept"]));
            calls
        }
        Tale::Split => {
            let mut calls = lane(0, &["order_assigned"]);
            calls.push(reject(Some(false)));
            calls.extend(lane(0, &["split"]));
            calls.extend(lane(1, &["accept"]));
            calls
        }
        Tale::Rejected => vec![reject(Some(true))],
        Tale::RejectedWithoutFlag => vec![reject(None)],
        Tale::RejectedAfterShipping => {
            let mut calls = lane(0, &["accept", "shipped"]);
            calls.push(reject(Some(true)));
            calls
        }
        Tale::CancelledAfterDelivery => {
            let mut calls = lane(0, &["accept", "shipped", "order_picked_up", "delivered"]);
            calls.push(reject(Some(true)));
            calls
        }
    }
}

/// The webhook that names no nature: one medicine took another's place.
pub fn medicine(number: u64) -> Call {
    let body = serde_json::json!({ "medicine_id": bodies::id(8, number), "old_medicine_id": bodies::id(9, number) });
    Call { nature: "", body: body.to_string().into() }
}

/// Carries calls to one address. No signature, no retry: "nothing documented".
#[derive(Debug, Clone)]
pub struct Caller {
    client: reqwest::Client,
    target: Url,
    header: Option<(String, String)>,
}

impl Caller {
    /// To `target`, with a header that was agreed on at onboarding, if there is one.
    ///
    /// # Errors
    /// Where no client can be set up.
    pub fn new(target: Url, header: Option<(String, String)>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self { client, target, header })
    }

    /// Calls once; the answer's status, or `None` where there was none.
    pub async fn call(&self, call: &Call) -> Option<u16> {
        let mut request = self.client.post(self.target.clone()).header("Content-Type", "application/json");
        if let Some((name, value)) = &self.header {
            request = request.header(name, value);
        }
        let answer = request.body(call.body.clone()).send().await;
        answer.ok().map(|answer| answer.status().as_u16())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_ten_events_are_told_and_each_tale_is_told_again_the_same() {
        let told = || Tale::ALL.into_iter().flat_map(|tale| tell(tale, 7, false)).collect::<Vec<_>>();
        let natures: BTreeSet<_> = told().iter().map(|call| call.nature).collect();
        assert_eq!(natures.len(), 10, "{natures:?}");
        assert_eq!(told(), told());
    }

    #[test]
    fn a_drift_changes_types_and_nothing_else() {
        for tale in Tale::ALL {
            let (plain, drifted) = (tell(tale, 3, false), tell(tale, 3, true));
            assert_eq!(plain.len(), drifted.len());
            for (one, other) in plain.iter().zip(&drifted) {
                let keys = |call: &Call| -> BTreeSet<String> {
                    let value: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
                    value.as_object().unwrap().keys().cloned().collect()
                };
                assert_eq!(keys(one), keys(other), "{}", one.nature);
            }
        }
    }
}

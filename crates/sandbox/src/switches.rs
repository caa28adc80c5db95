//! Switches: one setting for every point that the provider's documentation leaves open or describes in two ways.
//!
//! The default of each is what the newest documents suggest. A switch changes what is *normal*; what goes *wrong* is a
//! fault ([`crate::faults`]).

use serde::{Deserialize, Serialize};
use url::Url;

/// How the provider behaves where its documents are silent. Missing fields keep their default; unknown ones are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Which base path of the External Pharmacy API is routed.
    pub pharmacy_base: PharmacyBase,
    /// Whether the answer to a create at the Management API holds the `signing_secret`.
    pub management_secret: bool,
    /// How a delete at the Management API names its subscription.
    pub delete_by: DeleteBy,
    /// The success status of that delete.
    pub delete_answer: Success,
    /// The success status of a create at the External Pharmacy API, which the documents do not print.
    pub pharmacy_create_answer: Success,
    /// Whether `POST …/notification-subscriptions/test` exists.
    pub test_endpoint: bool,
    /// Whether a test event follows every registration.
    pub test_after_registration: bool,
    /// What a test event looks like.
    pub test_event: TestEvent,
    /// What answers a path that nobody routes.
    pub unrouted: Unrouted,
    /// What answers the uid of something unknown or not permitted.
    pub unknown_uid: UnknownUid,
    /// The shape of a complaint about fields.
    pub refused_fields: RefusedFields,
    /// Whether a second subscription with the same target and type is a `409`.
    pub duplicate_conflict: bool,
    /// Seconds for `Retry-After` on a 429; no such header without it.
    pub retry_after: Option<u64>,
    /// What happens to a collection path without its trailing slash.
    pub slash: Slash,
    /// Whether a group key has to name `pharmacy_uid` at `…/webhooks/` too.
    pub group_key_names_pharmacy: bool,
    /// Whether `PRESCRIPTION_DOCTOR_CHANGED` can be registered as an ordinary signed webhook.
    pub doctor_changes_by_webhook: bool,
    /// Where changes of doctor are pushed, unsigned, in the wrapper of a Pub/Sub push subscription.
    pub pubsub_push: Option<Url>,
    /// Whether retries go on after their subscription was deleted.
    pub retries_outlive_deletion: bool,
    /// Whether the Management list also holds a subscription of another channel (`options` other than `WEBHOOK`).
    pub other_channels: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            pharmacy_base: PharmacyBase::Underscore,
            management_secret: true,
            delete_by: DeleteBy::Query,
            delete_answer: Success::NoContent,
            pharmacy_create_answer: Success::Created,
            test_endpoint: true,
            test_after_registration: true,
            test_event: TestEvent::Typed,
            unrouted: Unrouted::Xml,
            unknown_uid: UnknownUid::NotFound,
            refused_fields: RefusedFields::Fields,
            duplicate_conflict: false,
            retry_after: None,
            slash: Slash::Either,
            group_key_names_pharmacy: true,
            doctor_changes_by_webhook: true,
            pubsub_push: None,
            retries_outlive_deletion: true,
            other_channels: false,
        }
    }
}

/// The two documented base paths of the External Pharmacy API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PharmacyBase {
    /// `/v1/external_pharmacy_api`
    Underscore,
    /// `/v1/external-pharmacy-api-v1`
    Hyphen,
    Both,
}

/// Where a delete at the Management API carries the uid. In the first two the bare collection means *all*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeleteBy {
    /// `DELETE …/notification-subscriptions/?uid=…`
    Query,
    /// `DELETE …/notification-subscriptions/` with `{"uid": …}`
    Body,
    /// `DELETE …/notification-subscriptions/{uid}`; the bare collection is a 405.
    Path,
}

/// A success status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Success {
    /// 200
    Ok,
    /// 201
    Created,
    /// 204
    NoContent,
}

/// Shapes of a test event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestEvent {
    /// The usual envelope with `event_type` `test` and empty `data`, signed.
    Typed,
    /// The usual envelope with the subscription's own type but no `data.uid`, signed.
    OwnType,
    /// As `Typed`, without `X-Webhook-Signature`.
    Unsigned,
    /// The body `{}`, signed.
    Empty,
    /// The body `test` as plain text, signed.
    Text,
}

/// Answers of paths that nobody routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unrouted {
    /// 404 in the XML of an object store, as seen at the live service.
    Xml,
    /// 404 `{"error": …}`
    Json,
    /// 404 as a page
    Html,
}

/// Answers to uids that are unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownUid {
    /// 404 `{"error": …}`, as documented.
    NotFound,
    /// 400 `{"code": 400, "message": …}`, as seen at the live service.
    BadRequest,
}

/// Shapes of a complaint about fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedFields {
    /// 422 `{"error": …, "errors": {field: [message]}}`
    Fields,
    /// 400 `{"error": …}`
    Error,
    /// 400 `{"code": 400, "message": …}`
    Code,
}

/// What a missing trailing slash means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slash {
    /// Both forms are the same.
    Either,
    /// The form without is redirected (308) to the form with.
    Redirect,
}

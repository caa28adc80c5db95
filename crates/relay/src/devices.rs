//! `/v1/devices`: the desks paired with an inbox, as each of them may see and revoke them.

use axum::{Json, extract::State};
use http::StatusCode;
use jiff::Timestamp;
use offizin_wire::pairing::DeviceAnswer;

use crate::{
    access::{Named, Paired},
    refusal::Refused,
    server::App,
};

/// `GET /v1/devices`: all paired devices, oldest first.
pub(crate) async fn list(State(app): State<App>, Paired(device): Paired) -> Json<Vec<DeviceAnswer>> {
    Json(app.registry().devices(&device.inbox.id, &device.id))
}

/// `DELETE /v1/devices/{id}`: revokes one, itself included; again is fine. Nothing is sealed to it from then on, and
/// it no longer holds back retention.
pub(crate) async fn revoke(
    State(app): State<App>,
    Paired(device): Paired,
    Named(id): Named,
) -> Result<StatusCode, Refused> {
    if app.registry().clone().revoke(device.inbox.clone(), id, Timestamp::now()).await? {
        tracing::info!(inbox = device.inbox.id.as_str(), by = device.id.as_str(), "a device was revoked");
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refused::not_found("this inbox has no such device"))
    }
}

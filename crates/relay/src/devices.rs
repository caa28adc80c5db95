//! `/v1/devices`: the desks paired with an inbox, as each of them may see, name and revoke them.

use axum::{Json, extract::State};
use http::StatusCode;
use offizin_wire::{
    name,
    pairing::{DeviceAnswer, DeviceRequest},
};

use crate::{
    access::{Input, Named, Paired},
    app::AppState,
    log,
    refusal::Refused,
};

/// What a device may be called, without the white space around it.
pub(crate) fn device_name(text: &str) -> Result<&str, Refused> {
    name::printable(text).ok_or(Refused::malformed("a device name is 1 to 80 printable characters"))
}

/// `GET /v1/devices`: all paired devices, oldest first.
pub(crate) async fn list(
    State(app): State<AppState>,
    Paired(device): Paired,
) -> Result<Json<Vec<DeviceAnswer>>, Refused> {
    let seen_since = log::before(app.now(), app.retention.wait_for_device);
    Ok(Json(app.registry.devices(&device.inbox.id, &device.id, seen_since).await?))
}

/// `PATCH /v1/devices/{id}`: gives one another name.
pub(crate) async fn rename(
    State(app): State<AppState>,
    Paired(device): Paired,
    Named(id): Named,
    Input(request): Input<DeviceRequest>,
) -> Result<StatusCode, Refused> {
    if app.registry.rename(&device.inbox, &id, device_name(&request.name)?).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refused::not_found("this inbox has no such device"))
    }
}

/// `DELETE /v1/devices/{id}`: revokes one, itself included; again is fine. Nothing is sealed to it from then on, and
/// it no longer holds back retention.
pub(crate) async fn revoke(
    State(app): State<AppState>,
    Paired(device): Paired,
    Named(id): Named,
) -> Result<StatusCode, Refused> {
    if app.registry.clone().revoke(device.inbox.clone(), id, app.now()).await? {
        tracing::info!(inbox = device.inbox.id.as_str(), by = device.id.as_str(), "a device was revoked");
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refused::not_found("this inbox has no such device"))
    }
}

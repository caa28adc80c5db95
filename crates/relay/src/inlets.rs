//! `/v1/inlets`: the addresses a desk hands to providers. The desk makes id and token; the relay learns a hash.

use axum::{Json, extract::State};
use http::StatusCode;
use offizin_wire::{
    InletId,
    inlet::{InletAnswer, InletRequest},
};

use crate::{
    access::{Input, Named, Paired},
    app::AppState,
    log::InletPlace,
    refusal::Refused,
};

/// `GET /v1/inlets`: all inlets of the inbox, retired ones too, oldest first.
pub(crate) async fn list(
    State(app): State<AppState>,
    Paired(device): Paired,
) -> Result<Json<Vec<InletAnswer>>, Refused> {
    Ok(Json(app.registry.inlets(&device.inbox).await?))
}

/// `PUT /v1/inlets/{id}`: creates it, or says again that it exists.
pub(crate) async fn put(
    State(app): State<AppState>,
    Paired(device): Paired,
    Named(id): Named,
    Input(request): Input<InletRequest>,
) -> Result<Json<InletAnswer>, Refused> {
    let id = InletId::try_from(id).map_err(Refused::malformed)?;
    let registry = app.registry.clone();
    match registry.put_inlet(device.inbox.clone(), id, request.token_hash, app.now()).await? {
        InletPlace::Stored(answer) => Ok(Json(answer)),
        InletPlace::Taken => Err(Refused::inlet_conflict()),
        InletPlace::NoInbox => {
            app.registry.forget(&device.inbox.id);
            Err(Refused::device_unknown())
        }
    }
}

/// `DELETE /v1/inlets/{id}`: retires it: 410 from now on. Again is fine.
pub(crate) async fn retire(
    State(app): State<AppState>,
    Paired(device): Paired,
    Named(id): Named,
) -> Result<StatusCode, Refused> {
    let unknown = Refused::not_found("this inbox has no such inlet");
    let Ok(id) = InletId::try_from(id) else { return Err(unknown) };
    if app.registry.clone().retire(device.inbox.clone(), id, app.now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown)
    }
}

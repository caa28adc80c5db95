//! `POST /v1/pair`: how a desk becomes a device of an inbox.
//!
//! Idempotent for the same code, key and token; the order between pairing and sealing is the registry's.

use std::time::Instant;

use axum::{Extension, Json, extract::State};
use offizin_wire::{
    TokenHash,
    pairing::{PairAnswer, PairRequest},
};

use crate::{access::Input, addresses::Client, app::AppState, devices::device_name, log::Candidate, refusal::Refused};

/// The handler. Anybody may ask, so the rate is limited before anything is read from disk: first that of the address, so
/// that who guesses at codes does not keep others from pairing.
pub(crate) async fn post(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    input: Input<PairRequest>,
) -> Result<Json<PairAnswer>, Refused> {
    let now = Instant::now();
    app.addresses.guess(client, now).and_then(|()| app.pairing_rate.take(now)).map_err(Refused::too_fast)?;
    let Input(request) = input;
    let name = device_name(&request.device_name)?;
    let candidate = Candidate {
        code: TokenHash::of(&request.code),
        name: name.to_owned(),
        recipient: request.recipient,
        token_hash: request.token_hash,
    };
    let answer = app.registry.clone().pair(candidate, app.now()).await?.ok_or(Refused::code_unknown())?;
    tracing::info!(inbox = answer.inbox, device = answer.device, "a device was paired");
    Ok(Json(answer))
}

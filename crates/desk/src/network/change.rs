//! Showing and changing how the network is reached.

use std::sync::PoisonError;

use url::Url;

use super::{MAX_TIMEOUT_SECONDS, NetworkInput, NetworkView, Proxy, SETTING, Stored, clients, read, shown};
use crate::{error::Error, ground::Ground, settings};

/// How the network is reached.
pub(crate) async fn view(ground: &Ground) -> Result<NetworkView, Error> {
    Ok(shown(read(&mut *ground.reader().await?).await?)?)
}

/// Changes how the network is reached; what cannot work is refused and changes nothing.
pub(crate) async fn set(ground: &Ground, input: NetworkInput) -> Result<NetworkView, Error> {
    let mut tx = ground.db().write().await?;
    let before = read(&mut tx).await?;
    if !(1..=MAX_TIMEOUT_SECONDS).contains(&input.timeout_seconds) {
        return Err(Error::input("timeout_seconds"));
    }
    let proxy_url = input.proxy_url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty());
    if input.proxy == Proxy::Custom {
        let url: Url =
            proxy_url.as_deref().and_then(|url| url.parse().ok()).ok_or_else(|| Error::input("proxy_url"))?;
        let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        if !plain || url.host().is_none() {
            return Err(Error::input("proxy_url"));
        }
    }
    let stored = Stored {
        proxy: input.proxy,
        proxy_url,
        root_certificates_pem: input.root_certificates_pem.unwrap_or(before.root_certificates_pem).trim().to_owned(),
        timeout_seconds: input.timeout_seconds,
    };
    let clients = clients(&stored)?;
    let view = shown(stored.clone())?;
    settings::write(&mut tx, SETTING, &stored).await?;
    tx.commit().await?;
    *ground.network().0.write().unwrap_or_else(PoisonError::into_inner) = clients;
    Ok(view)
}

//! How a connection reaches its provider: which host a key may travel to, and the API it opens there.

use url::Url;

use super::{rows::orders_base, view::ConnectionView};
use crate::{
    error::Error,
    evitalrx::{self, api::OrdersApi},
    ground::Ground,
    id::ConnectionId,
    network::is_loopback,
    provider::ProviderError,
    refusal::Refusal,
    rxscale::{self, api::ProviderApi},
};

/// The name of a connection's API key in the keyring.
pub(super) fn key_name(id: &ConnectionId) -> String {
    format!("api-key/{id}")
}

/// The provider's API as this connection reaches it.
pub(crate) async fn api(ground: &Ground, view: &ConnectionView) -> Result<ProviderApi, Error> {
    let key = ground.keychain().read(&key_name(&view.id)).await?;
    let key = key.ok_or(ProviderError::KeyMissing)?;
    let base = usable_base(&view.base_url)?;
    let rate = ground.rate(&view.id).await;
    let (pharmacy_uid, settings) = (view.pharmacy_uid.clone(), view.settings.clone());
    Ok(ProviderApi::new(ground.network().client(&base), base, view.api, key, pharmacy_uid, settings, rate))
}

/// The API that tells of a connection's orders. Codes: `confirmation_off`, `provider_key_refused`, those of the keyring.
pub(crate) async fn orders_api(ground: &Ground, id: &ConnectionId) -> Result<OrdersApi, Error> {
    let base = orders_base(&mut *ground.reader().await?, id).await?;
    let base = base.ok_or(Refusal::ConfirmationOff)?;
    let key = ground.keychain().read(&key_name(id)).await?;
    let key = key.ok_or(ProviderError::KeyMissing)?;
    let base = evitalrx::api::usable_base(&base)?;
    Ok(OrdersApi::new(ground.network().client(&base), base, key))
}

/// The hosts a key may travel to: the provider's two, over TLS, and this computer for the sandbox.
pub(super) fn usable_base(text: &str) -> Result<Url, Error> {
    let url: Url = text.parse().map_err(|_| Error::input("base_url"))?;
    let known = [rxscale::PRODUCTION, rxscale::DEVELOPMENT]
        .iter()
        .any(|known| known.parse::<Url>().is_ok_and(|known| known.origin() == url.origin()));
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let local = matches!(url.scheme(), "http" | "https") && is_loopback(&url);
    if plain && (known || local) { Ok(url) } else { Err(Error::input("base_url")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_travels_to_the_provider_or_to_this_computer() {
        for good in [
            "https://api.rxscale.com",
            "https://api.rxscale-dev.com/",
            "http://127.0.0.1:8788",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(usable_base(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.rxscale.com",
            "https://api.rxscale.com.evil.test",
            "https://evil.test",
            "http://127.0.0.1@evil.test",
            "https://user@api.rxscale.com",
            "ftp://localhost",
            "api.rxscale.com",
            "",
        ] {
            let refused = usable_base(bad).unwrap_err();
            assert!(matches!(refused, Error::Refused(Refusal::Input("base_url"))), "{bad}");
        }
    }
}

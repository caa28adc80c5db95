//! How this desk reaches the network: proxy, additional root certificates, timeouts. The same for relay and providers.
//!
//! Whatever is set, no redirect is followed: a key or token travels to its own host and nowhere else. What is on this
//! computer (the sandbox, a relay on loopback) is reached directly.

use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};

use data_encoding::HEXLOWER;
use reqwest::{Certificate, Client, NoProxy, redirect::Policy};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;
use ts_rs::TS;
use url::{Host, Url};

mod change;
mod desk;

use crate::{settings, store::StoreError};

const SETTING: &str = "network";
const DEFAULT_TIMEOUT_SECONDS: u32 = 20;
const MAX_TIMEOUT_SECONDS: u32 = 120;
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// What is set for the network cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetworkError {
    /// No root certificate in PEM. What was read instead is not kept: it may be somebody's private key.
    #[error("no root certificate in PEM")]
    NotPem,
    /// It is PEM, and not of a certificate that can be a root.
    #[error("no certificate that can be a root")]
    Certificate(#[source] reqwest::Error),
    /// A client cannot be made for a reason that is not in the settings.
    #[error("no HTTP client")]
    Client(#[source] reqwest::Error),
    /// The address of a proxy that no client takes.
    #[error("the address of the proxy cannot be used")]
    Proxy,
    /// The settings cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum Proxy {
    /// As the operating system or the environment says.
    #[default]
    System,
    /// None.
    None,
    /// The one given.
    Custom,
}

/// How the network is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NetworkView {
    /// Which proxy.
    pub proxy: Proxy,
    /// `http://…`, for [`Proxy::Custom`].
    pub proxy_url: Option<String>,
    /// SHA-256 of each additional root certificate, hex.
    pub root_certificates: Vec<String>,
    /// How long an answer may take, 1 to 120.
    pub timeout_seconds: u32,
}

/// Changes how the network is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NetworkInput {
    /// Which proxy.
    pub proxy: Proxy,
    /// `http://…` without a user or password, for [`Proxy::Custom`].
    pub proxy_url: Option<String>,
    /// Additional root certificates in PEM; `None` keeps them, empty removes them.
    pub root_certificates_pem: Option<String>,
    /// How long an answer may take, 1 to 120.
    pub timeout_seconds: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    proxy: Proxy,
    proxy_url: Option<String>,
    root_certificates_pem: String,
    timeout_seconds: u32,
}

impl Default for Stored {
    fn default() -> Self {
        Self {
            proxy: Proxy::System,
            proxy_url: None,
            root_certificates_pem: String::new(),
            timeout_seconds: DEFAULT_TIMEOUT_SECONDS,
        }
    }
}

/// The clients in use: one for the world outside, one for this computer.
#[derive(Debug)]
pub(crate) struct Network(RwLock<Clients>);

#[derive(Clone, Debug)]
struct Clients {
    outside: Client,
    here: Client,
}

impl Network {
    /// As the database says.
    pub(crate) async fn open(connection: &mut SqliteConnection) -> Result<Self, NetworkError> {
        Ok(Self(RwLock::new(clients(&read(connection).await?)?)))
    }

    /// The client for an address.
    pub(crate) fn client(&self, url: &Url) -> Client {
        let clients = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if is_loopback(url) { clients.here.clone() } else { clients.outside.clone() }
    }
}

/// Whether an address is on this computer.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// What the test of stored shapes pins.
#[cfg(test)]
pub(crate) fn stored_example() -> impl Serialize + serde::de::DeserializeOwned {
    let certificate = "-----BEGIN CERTIFICATE-----".to_owned();
    let proxy_url = Some("http://proxy.example.test".to_owned());
    Stored { proxy: Proxy::Custom, proxy_url, root_certificates_pem: certificate, timeout_seconds: 20 }
}

async fn read(connection: &mut SqliteConnection) -> Result<Stored, StoreError> {
    settings::read(connection, SETTING).await
}

fn shown(stored: Stored) -> Result<NetworkView, NetworkError> {
    let certificates = certificates(&stored.root_certificates_pem)?;
    Ok(NetworkView {
        proxy: stored.proxy,
        proxy_url: stored.proxy_url,
        root_certificates: certificates.iter().map(|der| HEXLOWER.encode(&Sha256::digest(der))).collect(),
        timeout_seconds: stored.timeout_seconds,
    })
}

fn clients(stored: &Stored) -> Result<Clients, NetworkError> {
    let timeout = Duration::from_secs(stored.timeout_seconds.into());
    let mut builder = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(timeout.min(LONGEST_CONNECT))
        .timeout(timeout)
        .user_agent(concat!("offizin/", env!("CARGO_PKG_VERSION")));
    let unusable = |error: reqwest::Error| NetworkError::Certificate(error.without_url());
    let roots: Result<Vec<_>, _> =
        certificates(&stored.root_certificates_pem)?.iter().map(|der| Certificate::from_der(der)).collect();
    builder = builder.tls_certs_merge(roots.map_err(unusable)?);
    let here = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(timeout.min(LONGEST_CONNECT))
        .timeout(timeout)
        .user_agent(concat!("offizin/", env!("CARGO_PKG_VERSION")));
    builder = match (stored.proxy, &stored.proxy_url) {
        (Proxy::System, _) => builder,
        (Proxy::Custom, Some(url)) => {
            let proxy = reqwest::Proxy::all(url).map_err(|_| NetworkError::Proxy)?;
            builder.proxy(proxy.no_proxy(NoProxy::from_env()))
        }
        (Proxy::None | Proxy::Custom, _) => builder.no_proxy(),
    };
    let internal = |error: reqwest::Error| NetworkError::Client(error.without_url());
    // A certificate that parses as PEM may still be none: the builder finds out.
    let outside = builder.build().map_err(|error| match stored.root_certificates_pem.as_str() {
        "" => internal(error),
        _ => unusable(error),
    })?;
    Ok(Clients { outside, here: here.build().map_err(internal)? })
}

/// The certificates of a PEM bundle.
fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, NetworkError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let certificates = read.map_err(|_| NetworkError::NotPem)?;
    let is_missing = certificates.is_empty() && !pem.trim().is_empty();
    if is_missing { Err(NetworkError::NotPem) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(proxy: Proxy, proxy_url: Option<&str>) -> Stored {
        Stored { proxy, proxy_url: proxy_url.map(str::to_owned), ..Stored::default() }
    }

    #[test]
    fn this_computer_is_reached_directly_and_nothing_else_is_this_computer() {
        let is_here = |url: &str| is_loopback(&url.parse().unwrap());
        for here in ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1", "http://localhost", "http://LOCALHOST"]
        {
            assert!(is_here(here), "{here}");
        }
        for outside in [
            "http://192.168.0.1",
            "http://localhost.evil.test",
            "http://127.0.0.1.evil.test",
            "http://0.0.0.0",
            "http://[::ffff:8.8.8.8]",
            "data:text/plain,localhost",
        ] {
            assert!(!is_here(outside), "{outside}");
        }
    }

    #[test]
    fn without_additional_certificates_there_are_none() {
        for pem in ["", " \n"] {
            assert!(certificates(pem).unwrap().is_empty());
        }
    }

    #[test]
    fn a_file_without_a_certificate_is_no_root() {
        let key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        for pem in ["not PEM", key, "-----BEGIN CERTIFICATE-----\nMAA=\n"] {
            assert!(matches!(certificates(pem), Err(NetworkError::NotPem)), "{pem}");
        }
    }

    #[test]
    fn what_is_pem_and_no_certificate_is_refused_before_it_is_stored() {
        let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_owned();
        let stored = Stored { root_certificates_pem: pem, ..Stored::default() };
        assert!(matches!(clients(&stored), Err(NetworkError::Certificate(_))));
    }

    #[test]
    fn a_certificate_is_shown_by_its_fingerprint_and_not_by_what_it_says() {
        let pem = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n".to_owned();
        let view = shown(Stored { root_certificates_pem: pem, ..Stored::default() }).unwrap();
        assert_eq!(view.root_certificates, ["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]);
    }

    #[test]
    fn a_proxy_that_no_client_takes_is_the_proxys_fault() {
        assert!(matches!(clients(&custom(Proxy::Custom, Some("not a url\0"))), Err(NetworkError::Proxy)));
        assert!(clients(&custom(Proxy::System, Some("not a url\0"))).is_ok(), "it is not used then");
        assert!(clients(&custom(Proxy::Custom, Some("http://proxy.example.test:3128"))).is_ok());
    }

    #[test]
    fn settings_of_a_version_that_knew_less_are_filled_up() {
        let stored: Stored = serde_json::from_str("{\"proxy\":\"none\"}").unwrap();
        assert_eq!((stored.proxy, stored.timeout_seconds), (Proxy::None, DEFAULT_TIMEOUT_SECONDS));
    }
}

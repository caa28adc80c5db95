//! TLS by certificate files, for a relay without a proxy in front.
//!
//! Owns reading the files and reading them again: when they change, and when told to. Files that cannot be used leave
//! the certificate in place that was. Deliberately knows no ACME; whoever renews certificates writes files.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    },
};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Certificate and key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and what leads from it to a root, in this order.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One cannot be read, or is not PEM.
    #[error("{0}: {1}")]
    File(String, pem::Error),
    /// They do not belong together, or hold nothing usable.
    #[error("the certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// When certificate and key were last changed.
type Changed = (SystemTime, SystemTime);

/// What new connections are met with.
pub(crate) struct Tls {
    files: TlsFiles,
    current: RwLock<(Arc<ServerConfig>, Option<Changed>)>,
}

impl Tls {
    pub(crate) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let current = RwLock::new((read(&files)?, changed_at(&files).ok()));
        Ok(Self { files, current })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.current.read().unwrap_or_else(PoisonError::into_inner).0.clone().into()
    }

    /// Reads the files again.
    pub(crate) fn reload(&self) {
        let at = changed_at(&self.files).ok();
        match read(&self.files) {
            Ok(config) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = (config, at);
                tracing::info!("the certificate was read anew");
            }
            Err(error) => {
                self.current.write().unwrap_or_else(PoisonError::into_inner).1 = at;
                tracing::error!(%error, "the new certificate cannot be used; the old one stays");
            }
        }
    }

    /// Reads the files again whenever they change, until the task is dropped.
    pub(crate) async fn keep_fresh(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let known = self.current.read().unwrap_or_else(PoisonError::into_inner).1;
            // Half of a renewal may be there already; the other half follows, and changes the time again.
            if changed_at(&self.files).is_ok_and(|at| Some(at) != known) {
                self.reload();
            }
        }
    }
}

fn changed_at(files: &TlsFiles) -> io::Result<Changed> {
    let changed = |path| fs::metadata(path)?.modified();
    Ok((changed(&files.certificate)?, changed(&files.key)?))
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let in_file = |path: &PathBuf| {
        let path = path.display().to_string();
        move |error| TlsError::File(path, error)
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(in_file(&files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(in_file(&files.key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

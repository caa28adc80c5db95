//! The network: proxy, additional root certificates and how long an answer may take.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use offizin_desk::{
    Problem,
    network::{NetworkInput, NetworkView, Proxy},
};

use crate::{
    print::{line, word},
    shell::{Shell, name_of, unusable},
};

#[derive(Subcommand)]
pub(crate) enum Network {
    /// As it is.
    Get,
    /// Change what is named; the rest stays.
    Set {
        #[arg(long, value_parser = name_of::<Proxy>())]
        proxy: Option<Proxy>,
        /// For `--proxy custom`.
        #[arg(long, value_name = "URL")]
        proxy_url: Option<String>,
        /// A PEM file with additional root certificates; `-` removes them.
        #[arg(long, value_name = "FILE")]
        root_certificates: Option<PathBuf>,
        /// How long an answer may take, in seconds.
        #[arg(long, value_name = "SECONDS")]
        timeout: Option<u32>,
    },
}

impl Network {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let mut view = shell.desk.network_view().await?;
        if let Self::Set { proxy, proxy_url, root_certificates, timeout } = self {
            let input = NetworkInput {
                proxy: proxy.unwrap_or(view.proxy),
                proxy_url: proxy_url.or(view.proxy_url),
                root_certificates_pem: root_certificates.as_deref().map(pem).transpose()?,
                timeout_seconds: timeout.unwrap_or(view.timeout_seconds),
            };
            view = shell.desk.network_set(input).await?;
        }
        shell.answer(&view, print_network);
        Ok(())
    }
}

fn print_network(view: &NetworkView) {
    line(&format!(
        "proxy {} {} · timeout {} s · {} additional root certificates",
        word(&view.proxy),
        view.proxy_url.as_deref().unwrap_or_default(),
        view.timeout_seconds,
        view.root_certificates.len()
    ));
    view.root_certificates.iter().for_each(|sha256| line(&format!("  sha256 {sha256}")));
}

/// The certificates to set; an empty text, which removes them, for `-`.
fn pem(file: &Path) -> Result<String, Problem> {
    if file == Path::new("-") {
        return Ok(String::new());
    }
    std::fs::read_to_string(file).map_err(|_| unusable("root_certificates"))
}

#[cfg(test)]
mod tests {
    use offizin_desk::Code;

    use super::*;

    #[test]
    fn a_hyphen_removes_the_root_certificates() {
        assert_eq!(pem(Path::new("-")), Ok(String::new()));
    }

    #[test]
    fn root_certificates_are_read_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("root.pem");
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\r\n").unwrap();
        assert_eq!(pem(&file).unwrap(), "-----BEGIN CERTIFICATE-----\r\n", "the desk judges what it is");
    }

    #[test]
    fn a_file_of_certificates_that_cannot_be_read_names_its_option() {
        let dir = tempfile::tempdir().unwrap();
        let problem = pem(&dir.path().join("missing.pem")).unwrap_err();
        assert_eq!((problem.code, problem.detail.as_deref()), (Code::InputInvalid, Some("root_certificates")));
    }
}

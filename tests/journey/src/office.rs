//! A company network: everything outside is reached through a proxy, and the proxy inspects TLS with a certificate of
//! the company's own.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use url::Url;

/// A proxy that leads hosts, whatever their names, to servers on this computer.
pub struct Office {
    /// What has to be set as the proxy.
    pub proxy: Url,
    /// What has to be trusted, in PEM.
    pub root: String,
}

impl Office {
    /// Stands between the desk and `host`, for whom `to` answers.
    pub async fn between(host: &str, to: &Url) -> Self {
        Self::before(&[(host, to)]).await
    }

    /// Stands between the desk and each of these hosts, for whom the address beside it answers.
    pub async fn before(hosts: &[(&str, &Url)]) -> Self {
        let root_key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::new(Vec::<String>::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_pem = root.self_signed(&root_key).unwrap().pem();
        let issuer = Issuer::new(root, root_key);
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = hosts.iter().map(|(host, _)| (*host).to_owned()).collect();
        let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![leaf.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let address = |to: &Url| format!("{}:{}", to.host_str().unwrap(), to.port().unwrap());
        let ways: Ways = Arc::new(hosts.iter().map(|(host, to)| (format!("CONNECT {host}:"), address(to))).collect());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(serve(near, acceptor.clone(), Arc::clone(&ways)));
            }
        });
        Self { proxy, root: root_pem }
    }
}

/// How a request for a host begins, and where it is led.
type Ways = Arc<Vec<(String, String)>>;

async fn serve(mut near: TcpStream, acceptor: TlsAcceptor, ways: Ways) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match near.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let Some((_, address)) = ways.iter().find(|(begins, _)| head.starts_with(begins.as_bytes())) else { return };
    if near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_err() {
        return;
    }
    if let (Ok(mut inside), Ok(mut far)) = (acceptor.accept(near).await, TcpStream::connect(address).await) {
        let _ = copy_bidirectional(&mut inside, &mut far).await;
    }
}

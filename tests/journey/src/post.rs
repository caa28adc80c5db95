//! A provider reduced to what a relay sees of it: signed requests to one address.

use offizin_desk::{
    Desk, Source,
    inlets::{InletInput, InletSecretInput, InletView},
};
use offizin_wire::SigningSecret;
use reqwest::{Client, StatusCode};

/// Posts signed bodies to one inlet made by hand.
#[derive(Clone)]
pub struct Sender {
    /// The inlet.
    pub inlet: InletView,
    secret: SigningSecret,
    http: Client,
}

impl Sender {
    /// Makes an inlet of this name at the desk and gives it a secret, as somebody would who subscribes in a portal.
    pub async fn at(desk: &Desk, name: &str, connection: Option<&str>) -> Self {
        let input =
            InletInput { name: name.to_owned(), source: Source::Rxscale, connection: connection.map(str::to_owned) };
        let inlet = desk.inlet_add(input).await.unwrap();
        let secret = format!("whsec_of_{name}");
        let stored = InletSecretInput { id: inlet.id.clone(), secret: secret.clone().into() };
        desk.inlet_secret(stored).await.unwrap();
        Self { inlet, secret: SigningSecret::new(secret).unwrap(), http: Client::builder().no_proxy().build().unwrap() }
    }

    /// Posts a body with its right signature; `None` where no answer came.
    pub async fn post(&self, body: &[u8]) -> Option<StatusCode> {
        self.post_with(body, &[self.secret.sign(body).as_str()]).await
    }

    /// Posts a body with these signature headers.
    pub async fn post_with(&self, body: &[u8], signatures: &[&str]) -> Option<StatusCode> {
        let mut request = self.http.post(&self.inlet.url).body(body.to_vec());
        for signature in signatures {
            request = request.header("X-Webhook-Signature", *signature);
        }
        request.send().await.ok().map(|answer| answer.status())
    }
}

//! What every measurement stands on: a relay and a desk that is paired with it, and how a measurement speaks.

use std::{io::Write, path::Path, time::Instant};

use jiff::Timestamp;
use offizin_desk::{
    Desk, Home, Problem, Source,
    connections::view::{Api, ConnectionInput, ConnectionSettings, Provider},
    inlets::{InletInput, InletSecretInput, InletView},
    status::PairInput,
    system_clock,
};
use offizin_relay::{Config, Relay, Store};
use offizin_wire::SigningSecret;
use tokio::{net::TcpListener, sync::oneshot};
use url::Url;

/// Whatever goes wrong ends the run.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A relay and a desk that is paired with it, with one inlet; all of it real.
pub(crate) struct House {
    pub(crate) desk: Desk,
    pub(crate) inlet: InletView,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

pub(crate) fn problem(problem: Problem) -> String {
    format!("{:?}: {:?}", problem.code, problem.detail)
}

impl House {
    pub(crate) async fn build(room: &Path, secret: &SigningSecret) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address: Url = format!("http://{}", listener.local_addr()?).parse()?;
        let mut config = Config::new(Store::Sqlite(room.join("relay.db")), address);
        config.limits.inlet_rate = 0;
        config.limits.total_rate = 0;
        let relay = Relay::open(config).await?;
        let code = relay.add_inbox("bench", Timestamp::now()).await?;
        let serving = relay.start(listener).await?;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(serving.run(async move { _ = stopped.await }));
        let desk =
            Desk::open(Home::at(Some(room.join("home"))).map_err(problem)?, system_clock()).await.map_err(problem)?;
        desk.pair(PairInput { code: code.expose(), device_name: "bench".to_owned() }).await.map_err(problem)?;
        // The address answers nobody: an inlet by hand asks the provider nothing.
        let connection = ConnectionInput {
            name: "bench".to_owned(),
            provider: Provider::Rxscale,
            api: Api::Management,
            base_url: Some("http://127.0.0.1:9".to_owned()),
            pharmacy_uid: None,
            api_key: "of-the-bench".to_owned().into(),
            settings: ConnectionSettings::default(),
        };
        let connection = desk.connection_add(connection).await.map_err(problem)?;
        let inlet = InletInput {
            name: "bench".to_owned(),
            source: Source::Rxscale,
            connection: Some(connection.id.as_str().to_owned()),
        };
        let inlet = desk.inlet_add(inlet).await.map_err(problem)?;
        let stored = InletSecretInput { id: inlet.id.clone(), secret: secret.expose().to_owned().into() };
        desk.inlet_secret(stored).await.map_err(problem)?;
        Ok(Self { desk, inlet, stop, served })
    }

    pub(crate) async fn leave(self) -> Outcome<()> {
        self.desk.close().await;
        drop(self.stop);
        self.served.await?;
        Ok(())
    }
}

/// So many per second since then.
pub(crate) fn rate(count: usize, from: Instant) -> f64 {
    count as f64 / from.elapsed().as_secs_f64()
}

/// A home's database key, out of the keyring of this run.
pub(crate) fn key_of(home: &Path) -> Outcome<String> {
    let id = std::fs::read_to_string(home.join("home.id"))?;
    Ok(keyring::Entry::new("offizin", &format!("{}/database-key", id.trim()))?.get_password()?)
}

/// Prints a line.
pub(crate) fn say(line: &str) -> Outcome<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

//! What the journey tests run on: a real relay, a real desk on the real keyring, and the sandbox, set up as an operator
//! and an administrator would. It sets up; it expects nothing.
//!
//! Everything runs under `tests/with-keyring`. Each world has a folder of its own, and therefore its own entries in the
//! keyring.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a scene that cannot be set is a failed test"
)]

mod office;
mod post;
mod programs;
mod search;
mod served;
mod story;
mod tunnel;

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use offizin_desk::{
    Clock, Desk, Home, Problem,
    connections::view::{
        Api, ConnectionInput, ConnectionRemoveInput, ConnectionSettings, ConnectionView, DeleteStrategy, Provider,
    },
    event::{
        Verdict,
        view::{EventListInput, EventRowView},
    },
    id::{ConnectionId, SubscriptionId},
    orders::view::{OrderListInput, OrderRowView},
    page::PageInput,
    status::{PairInput, PulledView, RelayView},
    stock::view::{StockListInput, StockRowView},
    subscriptions::view::{RegisterInput, RegisterView, RemoveInput, SubscriptionView},
    system_clock,
};
use offizin_sandbox::Sandbox;

pub use office::Office;
pub use post::Sender;
pub use programs::{RelayProgram, ctl, program};
pub use search::{Finding, forms, search};
pub use served::ServedRelay;
pub use story::{EntryStory, LevelStory, OrderNow, OrderStory, Story, story};
pub use tunnel::{Cut, Tunnel};

/// The three types every pharmacy subscribes to.
pub const TYPES: [&str; 3] = ["pharmacy_order_created", "pharmacy_order_updated", "pharmacy_sku_stock_updated"];

/// The name of the one connection of a [`World`].
pub const CONNECTION: &str = "Sandbox";

/// A relay, a provider, and a desk that is paired with the one and connected to the other.
pub struct World {
    /// Provider.
    pub sandbox: Sandbox,
    /// The public host.
    pub relay: ServedRelay,
    /// The administrator's desk.
    pub desk: OpenDesk,
    /// Its connection to the provider.
    pub connection: ConnectionView,
    /// Where the desk's folder (`home`) and the relay's (`relay`) lie.
    pub dir: tempfile::TempDir,
}

impl World {
    /// With a provider to whom nothing happens until asked.
    pub async fn begin() -> Self {
        Self::with(offizin_sandbox::Config::default()).await
    }

    /// With this provider.
    pub async fn with(provider: offizin_sandbox::Config) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(provider).await.unwrap();
        let relay = ServedRelay::start(&dir.path().join("relay")).await;
        let desk = desk(&dir.path().join("home")).await;
        pair(&desk, &relay.invite("Adler-Apotheke").await).await.unwrap();
        let connection = desk.connection_add(connection(&sandbox, offizin_sandbox::DEMO_KEY)).await.unwrap();
        Self { sandbox, relay, desk, connection, dir }
    }

    /// Registers these types; each must become active.
    pub async fn register(&self, types: &[&str]) -> Vec<SubscriptionView> {
        let outcome = self.try_register(types).await;
        outcome
            .into_iter()
            .map(|one| {
                assert_eq!(one.problem, None, "{}", one.notification_type);
                one.subscription.unwrap()
            })
            .collect()
    }

    /// Registers these types, whatever comes of it.
    pub async fn try_register(&self, types: &[&str]) -> Vec<RegisterView> {
        let types = types.iter().map(|name| (*name).to_owned()).collect();
        let input = RegisterInput { connection: self.connection.id.clone(), types };
        self.desk.subscription_register(input).await.unwrap()
    }

    /// Waits until the provider has delivered everything, and pulls it.
    pub async fn arrive(&self) -> PulledView {
        self.sandbox.settled().await;
        pull(&self.desk).await
    }
}

/// What an administrator types to connect to the sandbox.
pub fn connection(sandbox: &Sandbox, key: &str) -> ConnectionInput {
    ConnectionInput {
        name: CONNECTION.to_owned(),
        provider: Provider::Rxscale,
        api: Api::Management,
        base_url: Some(sandbox.base_url().to_string()),
        pharmacy_uid: None,
        api_key: key.to_owned().into(),
        settings: ConnectionSettings {
            delete: Some(DeleteStrategy::Query),
            test_call: true,
            ..ConnectionSettings::default()
        },
    }
}

/// A desk that is closed when the test is done with it: a database whose connections are still closing while the process
/// ends is torn down under their feet.
pub struct OpenDesk(Desk);

impl std::ops::Deref for OpenDesk {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.0
    }
}

impl Drop for OpenDesk {
    fn drop(&mut self) {
        let desk = &self.0;
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(desk.close()));
    }
}

impl From<Desk> for OpenDesk {
    fn from(desk: Desk) -> Self {
        Self(desk)
    }
}

/// A desk over this folder.
pub async fn desk(home: &Path) -> OpenDesk {
    try_desk(home).await.map_err(|problem| problem.code).unwrap()
}

/// A desk over this folder, if it opens. `OFFIZIN_LOG` shows what it says.
pub async fn try_desk(home: &Path) -> Result<OpenDesk, Problem> {
    desk_at(home, system_clock()).await
}

/// A desk over this folder that reads this clock.
pub async fn desk_at(home: &Path, clock: Clock) -> Result<OpenDesk, Problem> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("OFFIZIN_LOG").unwrap_or_else(|_| "offizin=info".into());
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
    Desk::open(Home::at(Some(home.to_owned())).unwrap(), clock).await.map(OpenDesk)
}

/// Pastes a pairing code.
pub async fn pair(desk: &Desk, code: &str) -> Result<RelayView, Problem> {
    desk.pair(PairInput { code: code.to_owned(), device_name: "Counter".to_owned() }).await
}

/// Pulls until nothing is left.
pub async fn pull(desk: &Desk) -> PulledView {
    desk.pull(Duration::ZERO).await.unwrap()
}

/// Every order.
pub async fn orders(desk: &Desk) -> Vec<OrderRowView> {
    let mut rows = Vec::new();
    let mut input = OrderListInput { page: first_page(), ..OrderListInput::default() };
    loop {
        let page = desk.order_list(&input).await.unwrap();
        rows.extend(page.rows);
        match page.next {
            Some(next) => input.page.after = Some(next),
            None => return rows,
        }
    }
}

/// Every product.
pub async fn stock(desk: &Desk) -> Vec<StockRowView> {
    let mut rows = Vec::new();
    let mut input = StockListInput { page: first_page(), ..StockListInput::default() };
    loop {
        let page = desk.stock_list(&input).await.unwrap();
        rows.extend(page.rows);
        match page.next {
            Some(next) => input.page.after = Some(next),
            None => return rows,
        }
    }
}

/// Every arrival of this verdict, or of any.
pub async fn arrivals(desk: &Desk, verdict: Option<Verdict>) -> Vec<EventRowView> {
    let mut rows = Vec::new();
    let mut input = EventListInput { verdict, page: first_page(), ..EventListInput::default() };
    loop {
        let page = desk.event_list(&input).await.unwrap();
        rows.extend(page.rows);
        match page.next {
            Some(next) => input.page.after = Some(next),
            None => return rows,
        }
    }
}

fn first_page() -> PageInput {
    PageInput { limit: Some(500), after: None }
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            _ = std::fs::copy(entry.path(), target).unwrap()
        }
    }
}

/// What the keyring holds for the desk of this folder.
pub fn keyring_entry(home: &Path, what: &str) -> keyring::Entry {
    let id = std::fs::read_to_string(home.join("home.id")).unwrap();
    keyring::Entry::new("offizin", &format!("{}/{what}", id.trim())).unwrap()
}

/// Removes a connection, as somebody does who was not asked for its name.
pub fn connection_removal(id: &ConnectionId) -> ConnectionRemoveInput {
    ConnectionRemoveInput { id: id.clone(), confirm: None }
}

/// Removes a subscription, as somebody does who was not asked for a name.
pub fn removal(id: &SubscriptionId) -> RemoveInput {
    RemoveInput { id: id.clone(), confirm: None }
}

/// A time in whole seconds, as the provider writes it.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

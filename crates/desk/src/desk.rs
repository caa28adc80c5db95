//! The desk: the one door of this crate. Every method is one thing an administrator or the background does; every failure
//! leaves as a [`Problem`].

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

use crate::{
    audit::{self, AuditAction, AuditEntryView, Shell, recorded},
    connections::{
        self,
        view::{CheckView, ConnectionEditInput, ConnectionInput, ConnectionRemoveInput, ConnectionView},
    },
    db::Db,
    error::Error,
    event::{
        self,
        fields::EventFieldsView,
        view::{BodyView, EventListInput, EventRowView, ExportedView, ImportedView, ProofView, VerifyView},
    },
    home::{Home, HomeLock},
    id::{ConnectionId, EventId, OrderUid, RotationId, SubscriptionId},
    inlets::{
        self, InletInput, InletRemoveInput, InletSecretInput, InletView,
        unsigned::{InletKeyInput, InletRotateInput, InletSetInput},
    },
    intake::inlets::{SecretCache, load},
    keychain::Keychain,
    network::{self, Network, NetworkInput, NetworkView},
    orders::{
        self,
        view::{
            ConfirmableView, FacetView, HandoverView, LaneInput, LinkInput, OrderExportInput, OrderListInput,
            OrderRowView, OrderView, PatientView, PinView, StuckView, TimelineView, TodayView,
        },
    },
    page::{Page, PageInput},
    pairing,
    problem::{Code, Problem},
    projection::{self, LedgerReport},
    pull,
    rotation::{
        self,
        view::{RotateInput, RotateView, RotationView},
    },
    rxscale::http::Pace,
    settings::{self, RulesView},
    status::{self, PairInput, PulledView, RelayView, Settings, StatusView, TendedView},
    subscriptions::{
        self,
        view::{
            AdoptInput, NotificationTypeView, RegisterInput, RegisterView, RemoveForeignInput, RemoveInput,
            SubscriptionListView, SubscriptionView,
        },
    },
    tending,
    time::{self, Clock},
};

const DATABASE_KEY: &str = "database-key";
/// The document of [`Settings`].
const WINDOW: &str = "window";
/// Longer than this no file lies outside the database.
pub const LAID_OUT: Duration = Duration::from_secs(10 * 60);

/// Everything an administrator's desk knows and does. Cheap to clone; all clones are the same desk.
#[derive(Clone)]
pub struct Desk(Arc<Inner>, Shell);

struct Inner {
    home: Home,
    clock: Clock,
    db: Db,
    keychain: Keychain,
    secrets: SecretCache,
    network: Network,
    account: String,
    paces: Mutex<HashMap<ConnectionId, Arc<Pace>>>,
    turn: Arc<Mutex<()>>,
}

/// This desk's turn at the providers: nobody else of this process or another one asks meanwhile.
#[derive(Debug)]
pub(crate) struct Turn {
    _among_processes: HomeLock,
    _in_this_process: OwnedMutexGuard<()>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("home", &self.0.home).finish_non_exhaustive()
    }
}

impl Desk {
    /// Opens the desk in a folder. The first time it makes the database and its key; later it needs the key from the keyring.
    ///
    /// Codes: `keyring_*`, `database_key_lost`, `database_unreadable`, `database_newer`, `database_busy`, `home_unusable`,
    /// `disk_full`.
    pub async fn open(home: Home, clock: Clock) -> Result<Self, Problem> {
        Ok(open(home, clock).await?)
    }

    /// The way out of a lost key or an unreadable database: sets the old file aside, beside the new one, and opens anew.
    /// Pairing and connections have to be made again; a desk that pairs anew begins with what arrives from then on.
    pub async fn start_over(home: Home, clock: Clock) -> Result<Self, Problem> {
        let moved = async {
            let lock = home.lock()?;
            let keychain = Keychain::new(home.id(&lock)?);
            // A keyring that does not answer must not cost anybody a database.
            keychain.read(DATABASE_KEY).await?;
            home.set_database_aside(&lock, clock())?;
            keychain.remove(DATABASE_KEY).await
        };
        moved.await?;
        Ok(open(home, clock).await?)
    }

    /// The same desk, used through this shell: what is done is recorded as done there.
    pub fn through(self, shell: Shell) -> Self {
        Self(self.0, shell)
    }

    /// Closes the database; the log is folded back into the file.
    pub async fn close(&self) {
        self.0.db.close().await;
    }

    /// The data folder.
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// The desk at a glance.
    pub async fn status(&self) -> Result<StatusView, Problem> {
        Ok(self.read_status().await?)
    }

    async fn read_status(&self) -> Result<StatusView, Error> {
        let mut reader = self.db().reader().acquire().await?;
        let last: Option<i64> =
            sqlx::query_scalar("SELECT max(received_at) FROM event").fetch_one(&mut *reader).await?;
        let counts = status::counts(&mut reader, self.now()).await?;
        Ok(StatusView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            home: self.0.home.dir().display().to_string(),
            relay: pairing::view(&mut reader).await?,
            connections: connections::list(&mut reader).await?,
            counts,
            last_event_at: last.map(time::from_ms).transpose()?,
        })
    }

    /// A number that changes when another process (a second shell on the same folder) has written.
    pub async fn foreign_version(&self) -> Result<i64, Problem> {
        Ok(self.db().foreign_version().await?)
    }

    /// Pairs with a relay. Codes: `pairing_code_*`, `already_paired`, `relay_*`, `keyring_*`.
    pub async fn pair(&self, input: PairInput) -> Result<RelayView, Problem> {
        Ok(pairing::pair(self, input).await?)
    }

    /// Leaves the relay; what was pulled stays.
    pub async fn unpair(&self) -> Result<(), Problem> {
        Ok(pairing::unpair(self).await?)
    }

    /// Pulls until nothing is left, waiting up to `wait` for something to arrive. Codes: `not_paired`, `relay_*`, `database_*`.
    pub async fn pull(&self, wait: Duration) -> Result<PulledView, Problem> {
        Ok(pull::pull(self, wait, |_| {}).await?)
    }

    /// As [`Desk::pull`], and says after every page how far it is. Dropping the future between pages loses nothing.
    pub async fn pull_with(&self, wait: Duration, progress: impl Fn(&PulledView)) -> Result<PulledView, Problem> {
        Ok(pull::pull(self, wait, progress).await?)
    }

    /// Adds a connection; its key goes to the keyring. Codes: `input_invalid`, `connection_name_taken`, `keyring_*`.
    pub async fn connection_add(&self, input: ConnectionInput) -> Result<ConnectionView, Problem> {
        Ok(connections::add(self, input).await?)
    }

    /// Every connection by name.
    pub async fn connection_list(&self) -> Result<Vec<ConnectionView>, Problem> {
        let list = async { connections::list(&mut *self.reader().await?).await };
        Ok(list.await?)
    }

    /// A connection by id or name.
    pub async fn connection_find(&self, id_or_name: &str) -> Result<ConnectionView, Problem> {
        let find = async { connections::find(&mut *self.reader().await?, id_or_name).await };
        Ok(find.await?)
    }

    /// What a connection's key can do, found out by reading only.
    pub async fn connection_check(&self, id: &ConnectionId) -> Result<CheckView, Problem> {
        Ok(connections::check(self, id).await?)
    }

    /// Changes a connection. Codes: `input_invalid`, `connection_unknown`, `connection_name_taken`, `keyring_*`.
    pub async fn connection_edit(&self, input: ConnectionEditInput) -> Result<ConnectionView, Problem> {
        Ok(connections::edit(self, input).await?)
    }

    /// Removes a connection without subscriptions, and its key. Codes: `connection_in_use`, `confirmation_needed`.
    pub async fn connection_remove(&self, input: &ConnectionRemoveInput) -> Result<(), Problem> {
        Ok(connections::remove(self, &input.id, input.confirm.as_deref()).await?)
    }

    /// The event types a connection's provider documents.
    pub async fn notification_types(&self, id: &ConnectionId) -> Result<Vec<NotificationTypeView>, Problem> {
        self.connection_find(id.as_str()).await?;
        Ok(subscriptions::types())
    }

    /// Subscriptions, ours and foreign; with `refresh` as the provider lists them now.
    pub async fn subscription_list(
        &self,
        connection: Option<&ConnectionId>,
        refresh: bool,
    ) -> Result<SubscriptionListView, Problem> {
        Ok(subscriptions::list(self, connection, refresh).await?)
    }

    /// Registers one subscription per type; each has its own outcome.
    pub async fn subscription_register(&self, input: RegisterInput) -> Result<Vec<RegisterView>, Problem> {
        Ok(subscriptions::register(self, input).await?)
    }

    /// Asks the provider for a test event.
    pub async fn subscription_test(&self, id: &SubscriptionId) -> Result<(), Problem> {
        Ok(subscriptions::test(self, id).await?)
    }

    /// Deletes one subscription of ours at the provider. Codes: `confirmation_needed`, `rotation_under_way`,
    /// `delete_not_configured`, `list_lost_others`, `provider_*`.
    pub async fn subscription_remove(&self, input: &RemoveInput) -> Result<(), Problem> {
        Ok(subscriptions::remove(self, input).await?)
    }

    /// Deletes one subscription that was made elsewhere, after the connection's name was typed.
    pub async fn subscription_remove_foreign(&self, input: &RemoveForeignInput) -> Result<(), Problem> {
        Ok(subscriptions::remove_foreign(self, input).await?)
    }

    /// Takes over a subscription that was made elsewhere and sends to an inlet of ours. Codes: `subscription_elsewhere`.
    pub async fn subscription_adopt(&self, input: AdoptInput) -> Result<SubscriptionView, Problem> {
        Ok(subscriptions::adopt(self, input).await?)
    }

    /// Begins to rotate subscriptions; [`Desk::tend`] does it. Codes of each: `rotation_under_way`,
    /// `delete_not_configured`, `subscription_foreign`, `not_paired`.
    pub async fn subscription_rotate(&self, input: RotateInput) -> Result<Vec<RotateView>, Problem> {
        Ok(rotation::start(self, input).await?)
    }

    /// Gives a rotation up before the switch. Codes: `rotation_too_late`, `rotation_unknown`.
    pub async fn rotation_roll_back(&self, id: &RotationId) -> Result<RotationView, Problem> {
        Ok(rotation::roll_back(self, id).await?)
    }

    /// Lets a rotation that waits for a problem to pass try again when the desk is tended next.
    pub async fn rotation_try_now(&self, id: &RotationId) -> Result<RotationView, Problem> {
        Ok(rotation::try_now(self, id).await?)
    }

    /// Asks for a test event for the new subscription of a rotation. Codes: `test_not_configured`, `rotation_too_late`.
    pub async fn rotation_test(&self, id: &RotationId) -> Result<RotationView, Problem> {
        Ok(rotation::test(self, id).await?)
    }

    /// Does what is due besides pulling: rotations, listings, silence, addresses whose time is over.
    pub async fn tend(&self) -> Result<TendedView, Problem> {
        Ok(tending::tend(self).await?)
    }

    /// Stores a secret somebody pasted; what waited in quarantine for it is verified.
    pub async fn subscription_paste_secret(
        &self,
        id: &SubscriptionId,
        secret: SecretString,
    ) -> Result<SubscriptionView, Problem> {
        Ok(subscriptions::paste_secret(self, id, secret).await?)
    }

    /// Makes an inlet by hand.
    pub async fn inlet_add(&self, input: InletInput) -> Result<InletView, Problem> {
        Ok(inlets::add(self, input).await?)
    }

    /// Inlets made by hand.
    pub async fn inlet_list(&self) -> Result<Vec<InletView>, Problem> {
        Ok(inlets::list(self).await?)
    }

    /// An inlet made by hand, by id or name.
    pub async fn inlet_find(&self, id_or_name: &str) -> Result<InletView, Problem> {
        let find = async { Ok::<_, Error>(inlets::find(self, id_or_name).await?.0) };
        Ok(find.await?)
    }

    /// Changes what protects an inlet of a source that does not sign, and what its silence on finality means.
    pub async fn inlet_set(&self, input: InletSetInput) -> Result<InletView, Problem> {
        Ok(inlets::unsigned::set(self, input).await?)
    }

    /// Replaces the address of an inlet of a source that does not sign; the old one answers until the grace period is over.
    pub async fn inlet_rotate(&self, input: InletRotateInput) -> Result<InletView, Problem> {
        Ok(inlets::unsigned::rotate(self, input).await?)
    }

    /// Stores or forgets the key with which orders of an inlet's connection are confirmed. Codes: `inlet_unknown`,
    /// `input_invalid`, those of the keyring.
    pub async fn inlet_key(&self, input: InletKeyInput) -> Result<InletView, Problem> {
        Ok(inlets::unsigned::key(self, input).await?)
    }

    /// Retires an inlet made by hand, by id or name. Codes: `inlet_unknown`, `confirmation_needed`.
    pub async fn inlet_remove(&self, input: &InletRemoveInput) -> Result<(), Problem> {
        Ok(inlets::remove(self, input).await?)
    }

    /// Stores the secret of an inlet made by hand, by id or name.
    pub async fn inlet_secret(&self, input: InletSecretInput) -> Result<(), Problem> {
        Ok(inlets::secret(self, input).await?)
    }

    /// One page of what administrators did, newest first.
    pub async fn audit_list(&self, page: &PageInput) -> Result<Page<AuditEntryView>, Problem> {
        let list = async { audit::list(&mut *self.reader().await?, page).await };
        Ok(list.await?)
    }

    /// What this desk reminds of.
    pub async fn rules(&self) -> Result<RulesView, Problem> {
        let read = async { settings::read(&mut *self.reader().await?, settings::RULES).await };
        Ok(read.await?)
    }

    /// Changes what this desk reminds of.
    pub async fn rules_set(&self, rules: &RulesView) -> Result<RulesView, Problem> {
        let write = async {
            if rules.rotate_after_days == Some(0) {
                return Err(Error::input("rotate_after_days"));
            }
            let mut tx = self.db().write().await?;
            settings::write(&mut tx, settings::RULES, rules).await?;
            tx.commit().await
        };
        let days = rules.rotate_after_days.map(|days| format!("rotate_after_days {days}"));
        recorded(self, AuditAction::RulesSet, "", days, write).await?;
        self.rules().await
    }

    /// How this desk reaches the network.
    pub async fn network_view(&self) -> Result<NetworkView, Problem> {
        Ok(network::view(self).await?)
    }

    /// Changes how this desk reaches the network. Codes: `input_invalid`, `certificate_unusable`.
    pub async fn network_set(&self, input: NetworkInput) -> Result<NetworkView, Problem> {
        Ok(recorded(self, AuditAction::NetworkSet, "", None, network::set(self, input)).await?)
    }

    /// One page of orders, newest order first.
    pub async fn order_list(&self, input: &OrderListInput) -> Result<Page<OrderRowView>, Problem> {
        let now = self.now().as_millisecond();
        let list = async { orders::list::list(&mut *self.reader().await?, input, now).await };
        Ok(list.await?)
    }

    /// What orders can be filtered by, with how many orders each.
    pub async fn order_facets(&self) -> Result<Vec<FacetView>, Problem> {
        let facets = async { orders::list::facets(&mut *self.reader().await?).await };
        Ok(facets.await?)
    }

    /// What happened since the administrator's day began.
    pub async fn order_today(&self, day_begins: Timestamp) -> Result<TodayView, Problem> {
        let today = async { orders::list::today(&mut *self.reader().await?, day_begins.as_millisecond()).await };
        Ok(today.await?)
    }

    /// Open orders that have had their status for so many hours, the longest first.
    pub async fn order_stuck(&self, hours: u32, limit: u32) -> Result<StuckView, Problem> {
        let before = self.now().as_millisecond().saturating_sub(i64::from(hours).saturating_mul(3_600_000));
        let stuck =
            async { orders::list::stuck(&mut *self.reader().await?, before, i64::from(limit.clamp(1, 500))).await };
        Ok(stuck.await?)
    }

    /// One order without its patient. The uid of one of its lanes will do.
    pub async fn order_show(&self, uid: &OrderUid) -> Result<OrderView, Problem> {
        let order = async { self.order(uid).await?.view().ok_or(Error::Plain(Code::OrderUnknown)) };
        Ok(order.await?)
    }

    /// Everything that happened to one order, oldest first.
    pub async fn order_timeline(&self, uid: &OrderUid) -> Result<TimelineView, Problem> {
        let timeline = async { orders::list::timeline(&mut *self.reader().await?, uid).await };
        Ok(timeline.await?)
    }

    /// The patient of one order, for somebody who asked.
    pub async fn order_patient(&self, uid: &OrderUid) -> Result<PatientView, Problem> {
        let order = async { self.order(uid).await?.patient().ok_or(Error::Plain(Code::OrderUnknown)) };
        Ok(order.await?)
    }

    /// Lays the prescription file of an order out in a private folder, for another program to show, and says where.
    /// [`Desk::clear_away`] removes it. Codes: `prescription_missing`, `home_unusable`, `disk_full`.
    pub async fn order_prescription(&self, uid: &OrderUid) -> Result<PathBuf, Problem> {
        let lay_out = async {
            let order = self.order(uid).await?;
            let event = order.prescription().ok_or(Error::Plain(Code::PrescriptionMissing))?;
            let mut reader = self.reader().await?;
            let raw = event::list::raw(&mut reader, event).await?;
            let source = event::list::source(&mut reader, event).await?;
            let bytes = source.prescription(&raw).ok_or(Error::Plain(Code::PrescriptionMissing))?;
            let extension = if bytes.starts_with(b"%PDF-") { "pdf" } else { "bin" };
            self.0.home.lay_out(extension, &bytes)
        };
        Ok(lay_out.await?)
    }

    /// Removes files that were laid out at least so long ago.
    pub fn clear_away(&self, older_than: Duration) -> Result<(), Problem> {
        Ok(self.0.home.clear_away(older_than)?)
    }

    /// Writes orders into a file. Codes: `file_unusable`, `disk_full`, `input_invalid`.
    pub async fn order_export(
        &self,
        path: &Path,
        input: &OrderExportInput,
        progress: impl Fn(&ExportedView),
    ) -> Result<ExportedView, Problem> {
        Ok(orders::export::export(self, path, input, progress).await?)
    }

    /// Takes in deliveries that were captured in a file; `inlet`, by id or name, where the file's own are not ours.
    /// Codes: `file_unusable`, `file_foreign`, `inlet_unknown`.
    pub async fn event_import(
        &self,
        path: &Path,
        inlet: Option<&str>,
        progress: impl Fn(&ImportedView),
    ) -> Result<ImportedView, Problem> {
        let import = async {
            let inlet = match inlet {
                Some(inlet) => Some(inlets::find_id(self, inlet).await?),
                None => None,
            };
            event::file::import(self, path, inlet, progress).await
        };
        Ok(import.await?)
    }

    /// Writes the raw deliveries of the arrivals that `input` names into a file. Codes: `file_unusable`, `disk_full`.
    pub async fn event_export(
        &self,
        path: &Path,
        input: &EventListInput,
        progress: impl Fn(&ExportedView),
    ) -> Result<ExportedView, Problem> {
        Ok(event::file::export(self, path, input, progress).await?)
    }

    /// How each lane of an order is handed over, newest lane first, without the handover code.
    pub async fn order_handover(&self, uid: &OrderUid) -> Result<Vec<HandoverView>, Problem> {
        let order = async { self.order(uid).await };
        Ok(order.await?.handover())
    }

    /// The handover code of one lane, for somebody who asked.
    pub async fn order_pin(&self, input: &LaneInput) -> Result<PinView, Problem> {
        let pin = async {
            let order = self.order(&input.uid).await?;
            order.pin(input.lane_uid.as_ref()).ok_or(Error::Plain(Code::OrderUnknown))
        };
        Ok(pin.await?)
    }

    /// A link of one lane, for a shell to open in the system's browser: `https` to a public name, or `link_refused`.
    pub async fn order_link(&self, input: &LinkInput) -> Result<Url, Problem> {
        let link = async {
            let order = self.order(&input.uid).await?;
            let text = order.link(input.lane_uid.as_ref(), input.kind).ok_or(Error::Plain(Code::OrderUnknown))?;
            orders::link::openable(text).ok_or(Error::Plain(Code::LinkRefused))
        };
        Ok(link.await?)
    }

    /// Whether an order can be confirmed with its provider, and what came of it last.
    pub async fn order_confirmable(&self, uid: &OrderUid) -> Result<ConfirmableView, Problem> {
        Ok(orders::confirm::confirmable(self, uid).await?)
    }

    /// Asks the provider's API of an order and compares. It costs credits: ask once, and when somebody wants to know. It rewrites
    /// nothing. Codes: `confirmation_off`, the provider's.
    pub async fn order_confirm(&self, uid: &OrderUid) -> Result<ConfirmableView, Problem> {
        Ok(orders::confirm::confirm(self, uid).await?)
    }

    async fn order(&self, uid: &OrderUid) -> Result<orders::fold::Order, Error> {
        orders::table::find(&mut *self.reader().await?, uid).await
    }

    /// One page of arrivals, newest first, quarantine included.
    pub async fn event_list(&self, input: &EventListInput) -> Result<Page<EventRowView>, Problem> {
        let list = async { event::list::list(&mut *self.reader().await?, input).await };
        Ok(list.await?)
    }

    /// Everything that proves one event, without its content.
    pub async fn event_show(&self, id: &EventId) -> Result<ProofView, Problem> {
        let proof = async { event::list::proof(&mut *self.reader().await?, id).await };
        Ok(proof.await?)
    }

    /// One event field by field, whatever it is. It is health data.
    pub async fn event_fields(&self, id: &EventId) -> Result<EventFieldsView, Problem> {
        let fields = async { event::fields::fields(&mut *self.reader().await?, id).await };
        Ok(fields.await?)
    }

    /// The raw body of one event as the window shows it, cut at 1 MiB.
    pub async fn event_body(&self, id: &EventId) -> Result<BodyView, Problem> {
        Ok(event::list::body_view(self.event_raw(id).await?))
    }

    /// The raw body of one event, byte for byte.
    pub async fn event_raw(&self, id: &EventId) -> Result<Vec<u8>, Problem> {
        let raw = async { event::list::raw(&mut *self.reader().await?, id).await };
        Ok(raw.await?)
    }

    /// Checks hash and signature of one event again, from what is stored now.
    pub async fn event_verify(&self, id: &EventId) -> Result<VerifyView, Problem> {
        let verify = async {
            let mut reader = self.reader().await?;
            let inlets = load(&mut reader, self.keychain(), self.secrets()).await?;
            event::list::verify_again(&mut reader, id, &inlets).await
        };
        Ok(verify.await?)
    }

    /// Throws orders, stock and assignments away and folds them anew from the journal. Returns how many events were read.
    pub async fn ledger_rebuild(&self) -> Result<u64, Problem> {
        Ok(recorded(self, AuditAction::LedgerRebuild, "", None, projection::rebuild(self.db())).await?)
    }

    /// Checks every body against its hash, and what is shown against a rebuild. Changes nothing.
    pub async fn ledger_verify(&self) -> Result<LedgerReport, Problem> {
        let verify = async {
            let mut tx = self.db().write().await?;
            let report = projection::verify(&mut tx).await?;
            tx.rollback().await?;
            Ok::<_, Error>(report)
        };
        Ok(verify.await?)
    }

    /// SHA-256 over everything the folds made, as hex: equal for equal histories.
    pub async fn ledger_digest(&self) -> Result<String, Problem> {
        let digest = async { projection::digest(&mut *self.reader().await?).await };
        Ok(HEXLOWER.encode(&digest.await?))
    }

    /// How the window looks and speaks.
    pub async fn settings(&self) -> Result<Settings, Problem> {
        let read = async { settings::read(&mut *self.reader().await?, WINDOW).await };
        Ok(read.await?)
    }

    /// Remembers how the window shall look and speak.
    pub async fn settings_set(&self, settings: &Settings) -> Result<Settings, Problem> {
        let write = async {
            let mut tx = self.db().write().await?;
            settings::write(&mut tx, WINDOW, settings).await?;
            tx.commit().await
        };
        write.await?;
        self.settings().await
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn keychain(&self) -> &Keychain {
        &self.0.keychain
    }

    pub(crate) fn secrets(&self) -> &SecretCache {
        &self.0.secrets
    }

    pub(crate) fn network(&self) -> &Network {
        &self.0.network
    }

    pub(crate) fn account(&self) -> &str {
        &self.0.account
    }

    pub(crate) fn shell(&self) -> Shell {
        self.1
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// Registering, removing, rotating and settling take turns: each listing must be a listing of a quiet moment.
    pub(crate) async fn subscriptions_turn(&self) -> Result<Turn, Error> {
        let in_this_process = Arc::clone(&self.0.turn).lock_owned().await;
        Ok(Turn { _among_processes: self.0.home.turn().await?, _in_this_process: in_this_process })
    }

    pub(crate) async fn pace(&self, id: &ConnectionId) -> Arc<Pace> {
        Arc::clone(self.0.paces.lock().await.entry(id.clone()).or_default())
    }

    async fn reader(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>, Error> {
        Ok(self.db().reader().acquire().await?)
    }
}

async fn open(home: Home, clock: Clock) -> Result<Desk, Error> {
    // The lock waits for another process that is opening: not on a thread that serves others.
    let (home, lock) = tokio::task::spawn_blocking(move || home.lock().map(|lock| (home, lock)))
        .await
        .map_err(|_| Error::Plain(Code::Internal))??;
    let keychain = Keychain::new(home.id(&lock)?);
    let key = match keychain.read(DATABASE_KEY).await? {
        Some(key) => key,
        None if home.database().exists() => return Err(Error::Plain(Code::DatabaseKeyLost)),
        None => {
            let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
            getrandom::fill(bytes.as_mut()).map_err(|_| Error::Entropy)?;
            let key: SecretString = HEXLOWER.encode(bytes.as_ref()).into();
            keychain.store(DATABASE_KEY, &key).await?;
            key
        }
    };
    let db = Db::open(&home.database(), &key).await?;
    let opened = async {
        projection::bring_up_to_date(&db).await?;
        Network::open(&mut *db.reader().acquire().await?).await
    };
    let network = match opened.await {
        Ok(network) => network,
        Err(error) => {
            db.close().await;
            return Err(error);
        }
    };
    // What a crash left laid out is not left lying.
    home.clear_away(LAID_OUT)?;
    drop(lock);
    let inner = Inner {
        home,
        clock,
        db,
        keychain,
        secrets: SecretCache::default(),
        network,
        account: whoami::username().unwrap_or_else(|_| "?".to_owned()),
        paces: Mutex::default(),
        turn: Arc::default(),
    };
    Ok(Desk(Arc::new(inner), Shell::default()))
}

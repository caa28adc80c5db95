//! What needs a person: one answer, of which the window draws its overview, navigation and status bar, and the shell its tray
//! and notifications. It counts and names no order, patient or provider; how a need is worded is up to who draws it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;
use ts_rs::TS;

use crate::{
    error::Error,
    orders, pairing,
    status::{CountsView, PullState, RelayView},
    stock, subscriptions,
};

/// An open order that has not moved for so long needs somebody. The overview of the window lists the same ones.
const UNMOVED_MS: i64 = 48 * 3_600_000;

/// What can need a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    /// Orders with a reason for attention.
    Orders,
    /// Open orders that have not moved for two days; some may be among [`NeedKind::Orders`] as well.
    OrdersUnmoved,
    /// Deliveries that could not be verified.
    Quarantine,
    /// Deliveries of a kind that is not understood.
    Unrecognised,
    /// Segments of the relay that could not be opened on this computer.
    Unopened,
    /// Rotations that wait for a person or for a problem to pass.
    RotationsStuck,
    /// Subscriptions the provider no longer lists.
    SubscriptionsVanished,
    /// Subscriptions whose creation was not confirmed, or whose secret nobody here has.
    SubscriptionsUnclear,
    /// Subscriptions without a secret to verify with.
    SubscriptionsUnverifiable,
    /// Subscriptions that are quieter than their rhythm explains.
    SubscriptionsSilent,
    /// Signing secrets that are older than the rule allows.
    SecretsDue,
    /// Rotations that go on by themselves.
    RotationsRunning,
    /// Products of which there is nothing.
    StockEmpty,
    /// Products that are low by their threshold.
    StockLow,
    /// The relay cannot be reached.
    RelayUnreachable,
    /// The relay does not know this device any more.
    RelayRefused,
}

/// How much a need matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing. Nothing is lost or late if nobody looks.
    Notice,
    /// Somebody has to look.
    Warning,
    /// Events do not arrive any more until somebody acts.
    Critical,
}

/// Where one goes to do something about a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum NeedPlace {
    /// The orders that need attention.
    Orders,
    /// The orders that have stood still.
    OrdersUnmoved,
    /// The stock levels.
    Stock,
    /// The deliveries in quarantine.
    Quarantine,
    /// The deliveries that were not understood.
    Unrecognised,
    /// The subscriptions.
    Subscriptions,
    /// The rotations.
    Rotations,
    /// The settings of the relay.
    Relay,
}

/// One kind of need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NeedView {
    /// What.
    pub kind: NeedKind,
    /// How many; 1 or 0 for the relay.
    #[ts(type = "number")]
    pub count: i64,
    /// How much it matters when the count is not 0.
    pub severity: Severity,
    /// Where one goes to act.
    pub place: NeedPlace,
}

/// What needs a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttentionView {
    /// Every kind once, in a fixed order, with 0 where there is nothing.
    pub needs: Vec<NeedView>,
}

impl AttentionView {
    /// How many of a kind.
    pub fn count(&self, kind: NeedKind) -> i64 {
        self.needs.iter().find(|need| need.kind == kind).map_or(0, |need| need.count)
    }

    /// Whether somebody has to look. What is only worth knowing is no reason.
    pub fn calls(&self) -> bool {
        self.needs.iter().any(|need| need.count > 0 && need.severity >= Severity::Warning)
    }
}

impl NeedKind {
    /// In the order in which they are told.
    pub const ALL: [Self; 16] = [
        Self::Orders,
        Self::OrdersUnmoved,
        Self::Quarantine,
        Self::Unrecognised,
        Self::Unopened,
        Self::RotationsStuck,
        Self::SubscriptionsVanished,
        Self::SubscriptionsUnclear,
        Self::SubscriptionsUnverifiable,
        Self::SubscriptionsSilent,
        Self::SecretsDue,
        Self::RotationsRunning,
        Self::StockEmpty,
        Self::StockLow,
        Self::RelayUnreachable,
        Self::RelayRefused,
    ];

    /// How much it matters.
    pub fn severity(self) -> Severity {
        match self {
            Self::SubscriptionsVanished | Self::RelayRefused => Severity::Critical,
            Self::Orders
            | Self::OrdersUnmoved
            | Self::Quarantine
            | Self::Unopened
            | Self::RotationsStuck
            | Self::SubscriptionsUnclear
            | Self::SubscriptionsUnverifiable
            | Self::SubscriptionsSilent
            | Self::StockEmpty
            | Self::RelayUnreachable => Severity::Warning,
            // A pharmacy always has products below their threshold: as a warning they would hide all others.
            Self::Unrecognised | Self::SecretsDue | Self::RotationsRunning | Self::StockLow => Severity::Notice,
        }
    }

    /// Where one goes to act.
    pub fn place(self) -> NeedPlace {
        match self {
            Self::Orders => NeedPlace::Orders,
            Self::OrdersUnmoved => NeedPlace::OrdersUnmoved,
            Self::Quarantine => NeedPlace::Quarantine,
            Self::Unrecognised => NeedPlace::Unrecognised,
            Self::SubscriptionsVanished
            | Self::SubscriptionsUnclear
            | Self::SubscriptionsUnverifiable
            | Self::SubscriptionsSilent
            | Self::SecretsDue => NeedPlace::Subscriptions,
            Self::RotationsStuck | Self::RotationsRunning => NeedPlace::Rotations,
            Self::StockEmpty | Self::StockLow => NeedPlace::Stock,
            Self::Unopened | Self::RelayUnreachable | Self::RelayRefused => NeedPlace::Relay,
        }
    }
}

/// What needs a person now, from what was counted for the status and what only this answer counts.
pub(crate) async fn view(
    connection: &mut SqliteConnection,
    counts: &CountsView,
    relay: Option<&RelayView>,
    now: Timestamp,
) -> Result<AttentionView, Error> {
    let unmoved_since = now.as_millisecond().saturating_sub(UNMOVED_MS);
    let unmoved = orders::list::stuck_count(&mut *connection, unmoved_since).await?;
    let empty = stock::list::out_count(&mut *connection).await?;
    let unclear = subscriptions::rows::unclear_count(&mut *connection).await?;
    let failing = relay.filter(|relay| relay.state == PullState::Failing);
    let refused = pairing::is_refused(connection).await?;
    let watched = &counts.watched;
    let count = |kind| match kind {
        NeedKind::Orders => counts.attention,
        NeedKind::OrdersUnmoved => unmoved,
        NeedKind::Quarantine => counts.quarantine,
        NeedKind::Unrecognised => counts.unrecognised,
        NeedKind::Unopened => counts.unopened,
        NeedKind::RotationsStuck => watched.rotations_stuck,
        NeedKind::SubscriptionsVanished => watched.subscriptions_vanished,
        NeedKind::SubscriptionsUnclear => unclear,
        NeedKind::SubscriptionsUnverifiable => watched.subscriptions_unverifiable,
        NeedKind::SubscriptionsSilent => watched.subscriptions_silent,
        NeedKind::SecretsDue => watched.secrets_due,
        NeedKind::RotationsRunning => watched.rotations_open - watched.rotations_stuck,
        NeedKind::StockEmpty => empty,
        NeedKind::StockLow => counts.low,
        NeedKind::RelayUnreachable => i64::from(failing.is_some() && !refused),
        NeedKind::RelayRefused => i64::from(refused),
    };
    let need = |kind: NeedKind| NeedView { kind, count: count(kind), severity: kind.severity(), place: kind.place() };
    Ok(AttentionView { needs: NeedKind::ALL.map(need).into() })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        ledger::tests::Ledger,
        problem::{Code, Problem},
        status::desk::status,
    };

    const RECEIVED: i64 = 1_760_000_000;

    /// What the status of a desk says so many hours after everything arrived, without what there is nothing of.
    async fn needs(ledger: &Ledger, hours: i64) -> Vec<(NeedKind, i64)> {
        let now = Timestamp::from_second(RECEIVED + hours * 3_600).unwrap();
        let status = status(&mut *ledger.connection().await, String::new(), now).await.unwrap();
        let kinds: Vec<NeedKind> = status.attention.needs.iter().map(|need| need.kind).collect();
        assert_eq!(kinds, NeedKind::ALL);
        status.attention.needs.iter().filter(|need| need.count > 0).map(|need| (need.kind, need.count)).collect()
    }

    async fn with(bodies: Vec<Value>) -> Ledger {
        let mut ledger = Ledger::new().await;
        let deliveries = bodies.iter().map(|body| ledger.delivery(body.to_string().as_bytes(), RECEIVED)).collect();
        let _ = ledger.take(deliveries).await;
        ledger
    }

    async fn write(ledger: &Ledger, statements: &[&'static str]) {
        let mut tx = ledger.db.write().await.unwrap();
        for statement in statements {
            sqlx::query(*statement).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    fn order(status: &str) -> Value {
        json!({ "event_type": "pharmacy_order_updated", "timestamp": RECEIVED, "payload_version": "1",
            "data": { "uid": "po-1", "status": status, "name": "#1", "updated_at": RECEIVED } })
    }

    fn stock(level: i64) -> Value {
        json!({ "event_type": "pharmacy_sku_stock_updated", "timestamp": RECEIVED, "payload_version": "1",
            "data": { "uid": "psku-1", "stock": level, "updated_at": RECEIVED, "sku": { "pzn": "00000001" } } })
    }

    const CONNECTION: &str = "INSERT INTO connection (id, name, provider, api, base_url, settings, created_at) \
        VALUES ('c-1', 'n', 'rxscale', 'management', 'https://provider.example', '{}', 0)";
    const ACTIVE: &str = "INSERT INTO subscription (id, connection_id, inlet_id, notification_type, target, state, secret, \
        fingerprint, created_at) VALUES ('s-1', 'c-1', 'inlet-for-the-tests', 't', 'x', 'active', 'stored', 'f', 0)";
    const FRESH: &str = "INSERT INTO subscription (id, connection_id, inlet_id, notification_type, target, state, secret, \
        fingerprint, created_at) VALUES ('s-2', 'c-1', 'inlet-for-the-tests', 't', 'x', 'active', 'stored', 'g', 0)";
    const ROTATION: &str = "INSERT INTO rotation (id, connection_id, old_id, new_id, step, grace_ms, started_by, started_at, \
        step_at) VALUES ('r-1', 'c-1', 's-1', 's-2', 'proving', 0, 'a', 0, 0)";

    /// A desk with one subscription that is well, and what these statements make of it.
    async fn subscribed(then: &[&'static str]) -> Vec<(NeedKind, i64)> {
        let ledger = Ledger::new().await;
        write(&ledger, &[&[CONNECTION, ACTIVE], then].concat()).await;
        needs(&ledger, 1).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_desk_where_all_is_well_needs_nobody() {
        let ledger = with(vec![order("init"), stock(40)]).await;
        assert_eq!(needs(&ledger, 1).await, []);
        assert_eq!(subscribed(&[]).await, []);
        assert!(!AttentionView::default().calls());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_order_needs_somebody_for_its_reason_or_for_standing_still() {
        assert_eq!(needs(&with(vec![order("on-hold")]).await, 1).await, [(NeedKind::Orders, 1)]);
        let still = with(vec![order("init")]).await;
        assert_eq!(needs(&still, 47).await, []);
        assert_eq!(needs(&still, 49).await, [(NeedKind::OrdersUnmoved, 1)]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_delivery_needs_somebody_when_it_cannot_be_verified_understood_or_opened() {
        assert_eq!(needs(&with(vec![json!({ "event_type": "x" })]).await, 1).await, [(NeedKind::Unrecognised, 1)]);
        let mut ledger = Ledger::new().await;
        let mut unsigned = ledger.delivery(b"{}", RECEIVED);
        unsigned.headers.clear();
        let _ = ledger.take(vec![unsigned]).await;
        assert_eq!(needs(&ledger, 1).await, [(NeedKind::Quarantine, 1)]);
        let ledger = Ledger::new().await;
        write(&ledger, &["INSERT INTO unopened_segment VALUES ('i', 1, 0, 'r', x'00')"]).await;
        assert_eq!(needs(&ledger, 1).await, [(NeedKind::Unopened, 1)]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_product_needs_somebody_when_it_is_empty_or_low() {
        // By the usual rule an empty product is a low one as well.
        let both = [(NeedKind::StockEmpty, 1), (NeedKind::StockLow, 1)];
        assert_eq!(needs(&with(vec![stock(0)]).await, 1).await, both);
        assert_eq!(needs(&with(vec![stock(3)]).await, 1).await, [(NeedKind::StockLow, 1)]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_subscription_needs_somebody_when_it_does_not_bring_what_it_should() {
        for (change, kind) in [
            ("UPDATE subscription SET state = 'vanished'", NeedKind::SubscriptionsVanished),
            ("UPDATE subscription SET state = 'unsettled'", NeedKind::SubscriptionsUnclear),
            ("UPDATE subscription SET secret = 'missing'", NeedKind::SubscriptionsUnverifiable),
            ("UPDATE subscription SET silent_since = 1", NeedKind::SubscriptionsSilent),
            ("INSERT INTO signing_key VALUES ('inlet-for-the-tests', 'f', 0, NULL)", NeedKind::SecretsDue),
        ] {
            assert_eq!(subscribed(&[change]).await, [(kind, 1)], "{change}");
        }
        // It is listed, we made it, and nobody has its secret: both are so.
        let orphaned = subscribed(&["UPDATE subscription SET state = 'orphaned'"]).await;
        assert_eq!(orphaned, [(NeedKind::SubscriptionsUnclear, 1), (NeedKind::SubscriptionsUnverifiable, 1)]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_rotation_needs_somebody_only_when_it_does_not_go_on_by_itself() {
        assert_eq!(subscribed(&[FRESH, ROTATION]).await, [(NeedKind::RotationsRunning, 1)]);
        let stuck = subscribed(&[FRESH, ROTATION, "UPDATE rotation SET problem = '{}'"]).await;
        assert_eq!(stuck, [(NeedKind::RotationsStuck, 1)]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_relay_needs_somebody_when_it_cannot_be_reached_or_does_not_know_this_device() {
        let ledger = Ledger::new().await;
        let mut tx = ledger.db.write().await.unwrap();
        let paired = "INSERT INTO relay (one, url, inbox, inbox_name, device, device_name, paired_at, cursor, acked) \
                      VALUES (1, 'u', 'i', 'i', 'd', 'd', 0, 0, 0)";
        sqlx::query(paired).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let problem = Problem::found(Code::RelayUnreachable, None);
        for (refused, wanted) in [
            (None, vec![]),
            (Some(false), vec![(NeedKind::RelayUnreachable, 1)]),
            (Some(true), vec![(NeedKind::RelayRefused, 1)]),
            (None, vec![]),
        ] {
            let mut tx = ledger.db.write().await.unwrap();
            let failure = refused.map(|refused| pairing::Failure { problem: &problem, refused });
            pairing::note(&mut tx, Timestamp::UNIX_EPOCH, failure).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(needs(&ledger, 1).await, wanted, "{refused:?}");
        }
    }

    #[test]
    fn only_what_somebody_has_to_look_at_calls() {
        let one = |kind: NeedKind, count| AttentionView {
            needs: vec![NeedView { kind, count, severity: kind.severity(), place: kind.place() }],
        };
        let calling: Vec<NeedKind> = NeedKind::ALL.into_iter().filter(|kind| one(*kind, 1).calls()).collect();
        let quiet = [NeedKind::Unrecognised, NeedKind::SecretsDue, NeedKind::RotationsRunning, NeedKind::StockLow];
        assert!(NeedKind::ALL.iter().all(|kind| calling.contains(kind) != quiet.contains(kind)), "{calling:?}");
        assert!(!one(NeedKind::Orders, 0).calls());
        assert_eq!(one(NeedKind::Orders, 3).count(NeedKind::Orders), 3);
        assert_eq!(one(NeedKind::Orders, 3).count(NeedKind::StockLow), 0);
    }
}

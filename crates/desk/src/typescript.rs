//! The views in TypeScript: what the window's door to the desk is typed with. The list is written here once; a view that is
//! missing from it fails the window's type check, and the committed file is compared with this by a test of the shell.

use ts_rs::{Config, TS};

macro_rules! declarations {
    ($($name:ty),+ $(,)?) => {
        /// `export` declarations of every view and input, in a stable order.
        pub fn typescript() -> String {
            let config = Config::new().with_large_int("number");
            let mut text = String::new();
            $(
                text.push_str("export ");
                text.push_str(&<$name as TS>::decl(&config));
                text.push('\n');
            )+
            text
        }
    };
}

#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "a list of everything"))]
use crate::{
    assignments::{view::*, words::*},
    attention::*,
    audit::*,
    connections::view::*,
    devices::*,
    event::fields::*,
    event::view::*,
    event::{fact::*, words::*},
    id::*,
    inlets::{unsigned::*, *},
    money::Money,
    network::*,
    orders::{view::*, words::*},
    page::*,
    problem::*,
    rotation::view::*,
    settings::*,
    source::Source,
    status::*,
    stock::view::*,
    subscriptions::view::*,
};

declarations! {
    ConnectionId, SubscriptionId, RotationId, EventId, OrderUid, LaneUid, PharmacyUid, PharmacySkuUid,
    Code, Problem, Page<crate::typescript::T>, PageInput,
    Trust, Verdict, Unrecognised, QuarantineReason, EventListInput, EventRowView, ReceiptView, ProofView, ImportedView, ExportedView, BodyView, VerifyView,
    StatusGroup, KnownStatus, Stage, Finality, AmountMeaning, TimeMeaning, LinkKind, AmountView, ReportedTimeView, LinkView, HandoverView,
    LaneInput, LinkInput, PinView, Agreement, ConfirmedLaneView, ConfirmationView, ConfirmableView, StepState, StepView, SequenceView, Rejections,
    OrderListInput, OrderFormat, OrderExportInput, FacetView, StuckView, PharmacyTodayView, TodayView, LaneView, Attention, OrderRowView, ItemView, OrderView, AddressView, FieldView, PatientView, Money,
    EntryKind, Mark, ChangeView, EntryView, TimelineView,
    StockListInput, StockHistoryInput, StockWindow, StockThreshold, StockThresholdInput, StockRowView, StockChangeView, StockPointView, StockChartView,
    StockChartInput, StockLowView,
    PrescriptionUid, DoctorUid, Clock, ReasonKind, ChangeOfDoctorView, AssignmentView, AssignmentListInput, PrescriptionState,
    PrescriptionRowView, PrescriptionListInput, PrescriptionView, ReasonView, AssignmentFiltersView, DoctorRowView, DoctorListInput,
    ReasonCountView, DoctorView, EventFieldView, EventFieldsView,
    Provider, Api, Environment, DeleteStrategy, ConnectionSettings, ConnectionInput, ConnectionEditInput, ConnectionRemoveInput, ConnectionView, CheckStep, CheckState, CheckLineView, CheckView,
    SubscriptionState, SecretState, Rhythm, HealthView, SubscriptionView, RemoveInput, RemoveForeignInput, AdoptInput, RegisterInput, RegisterView, SubscriptionListView, ConnectionProblemView, NotificationTypeView,
    RotationStep, RotationWait, RotationView, RotateInput, RotateView,
    Source, InletInput, InletView, InletRemoveInput, InletSecretInput, InletSetInput, InletRotateInput, InletKeyInput,
    DeviceView, DeviceRenameInput,
    AuditAction, Shell, AuditOutcome, AuditEntryView, RulesView, Proxy, NetworkView, NetworkInput,
    PullState, RelayView, SubscriptionCountsView, CountsView, NeedKind, Severity, NeedPlace, NeedView, AttentionView, StatusView, Tag, PulledView, PairInput, Language, Theme, SavedView, Settings,
}

/// Stands for the row of a page.
#[derive(TS)]
struct T;

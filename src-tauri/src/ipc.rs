//! The door between the window and the desk: one list of commands, each with its input, its output and what it changes.
//! From the list come the commands themselves, their registration, what the window is allowed (`build.rs` reads it) and the
//! types of `ui/src/backend/ipc.gen.ts`. A new command is one entry here; `OFFIZIN_BLESS=1 cargo test -p offizin` writes the
//! types.
//! An answer is the desk's view as it is, a failure is a [`Problem`]; nothing is decided here.

use std::time::Duration;

use jiff::Timestamp;
use offizin_desk::{
    Code, Problem,
    assignments::view::{
        AssignmentFiltersView, AssignmentListInput, AssignmentView, DoctorListInput, DoctorRowView, DoctorView,
        PrescriptionListInput, PrescriptionRowView, PrescriptionView,
    },
    audit::AuditEntryView,
    connections::view::{CheckView, ConnectionEditInput, ConnectionInput, ConnectionRemoveInput, ConnectionView},
    devices::{DeviceRenameInput, DeviceView},
    event::{
        fields::EventFieldsView,
        view::{BodyView, EventListInput, EventRowView, ExportedView, ImportedView, ProofView, VerifyView},
    },
    id::{ConnectionId, DoctorUid, EventId, OrderUid, PrescriptionUid, RotationId, SubscriptionId},
    inlets::{
        InletInput, InletRemoveInput, InletSecretInput, InletView,
        unsigned::{InletKeyInput, InletRotateInput, InletSetInput},
    },
    network::{NetworkInput, NetworkView},
    orders::view::{
        ConfirmableView, FacetView, HandoverView, LaneInput, LinkInput, OrderExportInput, OrderListInput, OrderRowView,
        OrderView, PatientView, PinView, StuckView, TimelineView, TodayView,
    },
    page::{Page, PageInput},
    rotation::view::{RotateInput, RotateView, RotationView},
    settings::RulesView,
    status::{PairInput, PulledView, RelayView, Settings, StatusView, Tag},
    stock::view::{
        StockChangeView, StockChartInput, StockChartView, StockHistoryInput, StockListInput, StockLowView,
        StockRowView, StockThreshold, StockThresholdInput,
    },
    subscriptions::view::{
        AdoptInput, NotificationTypeView, RegisterInput, RegisterView, RemoveForeignInput, RemoveInput,
        SubscriptionListView, SubscriptionView,
    },
};
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tauri::{Manager, State};
use ts_rs::{Config, TS};

use crate::{
    look,
    shell::{Shell, StartupView},
    startup,
    work::{self, ProgressView, UnderWay, Work},
};

/// Subscriptions, from memory or as the provider lists them now.
#[derive(Deserialize, TS)]
struct SubscriptionListInput {
    /// Ask the providers.
    refresh: bool,
}

/// A secret that somebody pasted.
#[derive(Deserialize, TS)]
struct PasteSecretInput {
    /// For this subscription.
    id: SubscriptionId,
    /// Goes to the keyring and nowhere else.
    #[ts(type = "string")]
    secret: SecretString,
}

/// Orders that stand still.
#[derive(Deserialize, TS)]
struct StuckInput {
    /// For so many hours at least.
    hours: u32,
    /// So many of them.
    limit: u32,
}

/// When the administrator's day began.
#[derive(Deserialize, TS)]
struct Begins {
    #[ts(type = "string")]
    at: Timestamp,
}

/// Deliveries from a file.
#[derive(Deserialize, TS)]
struct ImportInput {
    /// The address they shall count as received at, by id or name; the file's own where absent.
    inlet: Option<String>,
}

/// `name(shell, input: Input) -> Output, changes [Tag, …]: the desk's answer;`
macro_rules! commands {
    ($($name:ident($shell:ident, $input:ident: $in:ty) -> $out:ty $(, changes [$($tag:ident),+])?: $answer:expr;)+) => {
        $(
            #[tauri::command]
            async fn $name(shell: State<'_, Shell>, input: Value) -> Result<$out, Problem> {
                let $shell: &Shell = &shell;
                let $input: $in = read(stringify!($name), input)?;
                let answer: Result<$out, Problem> = $answer;
                $(if answer.is_ok() {
                    $shell.changed([$(Tag::$tag),+]);
                })?
                answer
            }
        )+

        /// Answers the window's calls.
        pub(crate) fn handler() -> impl Fn(tauri::ipc::Invoke<tauri::Wry>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($name),+]
        }

        /// The types of the door, as `ui/src/backend/ipc.gen.ts` holds them.
        #[cfg_attr(not(test), expect(dead_code, reason = "the file is written and compared by a test"))]
        fn typescript() -> String {
            let config = Config::new().with_large_int("number");
            let mut text = String::from(HEADER);
            text.push_str(&offizin_desk::typescript());
            for declaration in [
                StartupView::decl(&config),
                SubscriptionListInput::decl(&config),
                PasteSecretInput::decl(&config),
                StuckInput::decl(&config),
                Begins::decl(&config),
                ImportInput::decl(&config),
                Work::decl(&config),
                ProgressView::decl(&config),
            ] {
                text.push_str(&format!("export {declaration}\n"));
            }
            text.push_str("export type Commands = {\n");
            $(
                let (name, input, output) = (stringify!($name), <$in>::name(&config), <$out>::name(&config));
                text.push_str(&format!("  {name}: {{ input: {input}; output: {output} }};\n"));
            )+
            text.push_str("};\n");
            text
        }

        #[cfg(test)]
        const LISTED: &[&str] = &[$(stringify!($name)),+];
    };
}

const HEADER: &str = "\
//! Generated from the list of commands in src-tauri/src/ipc.rs and the views of crates/desk. Not edited by hand:
//! `OFFIZIN_BLESS=1 cargo test -p offizin` writes it, and without that the same test says when it is old.
";

commands! {
    startup(shell, _none: ()) -> StartupView: Ok(shell.startup());
    startup_retry(shell, _none: ()) -> StartupView: Ok(startup::retry(shell).await);
    startup_start_over(shell, _none: ()) -> StartupView: Ok(startup::start_over(shell).await);

    status(shell, _none: ()) -> StatusView: shell.desk().await?.status().await;
    sync_now(shell, _none: ()) -> PulledView: sync(shell).await;
    pair(shell, input: PairInput) -> RelayView, changes [Status]: {
        let paired = shell.desk().await?.pair(input).await;
        shell.hurry().notify_one();
        paired
    };
    unpair(shell, _none: ()) -> (), changes [Status]: shell.desk().await?.unpair().await;

    device_list(shell, _none: ()) -> Vec<DeviceView>: shell.desk().await?.device_list().await;
    device_rename(shell, input: DeviceRenameInput) -> (), changes [Status]: shell.desk().await?.device_rename(input).await;
    device_revoke(shell, id: String) -> (), changes [Status]: shell.desk().await?.device_revoke(&id).await;

    connection_add(shell, input: ConnectionInput) -> ConnectionView, changes [Subscriptions, Status]:
        shell.desk().await?.connection_add(input).await;
    connection_check(shell, id: ConnectionId) -> CheckView: shell.desk().await?.connection_check(&id).await;
    connection_edit(shell, input: ConnectionEditInput) -> ConnectionView, changes [Subscriptions, Status]: {
        let edited = shell.desk().await?.connection_edit(input).await;
        // What a rotation waited for may have been this key or this setting.
        shell.tend().notify_one();
        edited
    };
    connection_remove(shell, input: ConnectionRemoveInput) -> (), changes [Subscriptions, Status]:
        shell.desk().await?.connection_remove(&input).await;

    notification_types(shell, id: ConnectionId) -> Vec<NotificationTypeView>:
        shell.desk().await?.notification_types(&id).await;
    subscription_list(shell, input: SubscriptionListInput) -> SubscriptionListView:
        shell.desk().await?.subscription_list(None, input.refresh).await;
    subscription_register(shell, input: RegisterInput) -> Vec<RegisterView>, changes [Subscriptions, Status]:
        shell.desk().await?.subscription_register(input).await;
    subscription_test(shell, id: SubscriptionId) -> (): shell.desk().await?.subscription_test(&id).await;
    subscription_remove(shell, input: RemoveInput) -> (), changes [Subscriptions, Status]:
        shell.desk().await?.subscription_remove(&input).await;
    subscription_remove_foreign(shell, input: RemoveForeignInput) -> (), changes [Subscriptions, Status]:
        shell.desk().await?.subscription_remove_foreign(&input).await;
    // What waited in quarantine for the secret is verified by it; a rotation may have waited for it, too.
    subscription_paste_secret(shell, input: PasteSecretInput) -> SubscriptionView,
        changes [Orders, Stock, Doctors, Events, Subscriptions, Status]: {
        let pasted = shell.desk().await?.subscription_paste_secret(&input.id, input.secret).await;
        shell.tend().notify_one();
        pasted
    };
    subscription_adopt(shell, input: AdoptInput) -> SubscriptionView,
        changes [Orders, Stock, Doctors, Events, Subscriptions, Status]:
        shell.desk().await?.subscription_adopt(input).await;
    subscription_rotate(shell, input: RotateInput) -> Vec<RotateView>, changes [Subscriptions, Status]: {
        let begun = shell.desk().await?.subscription_rotate(input).await;
        shell.tend().notify_one();
        begun
    };
    rotation_roll_back(shell, id: RotationId) -> RotationView, changes [Subscriptions, Status]: {
        let view = shell.desk().await?.rotation_roll_back(&id).await;
        shell.tend().notify_one();
        view
    };
    rotation_try_now(shell, id: RotationId) -> RotationView, changes [Subscriptions, Status]: {
        let view = shell.desk().await?.rotation_try_now(&id).await;
        shell.tend().notify_one();
        view
    };
    rotation_test(shell, id: RotationId) -> RotationView, changes [Subscriptions]:
        shell.desk().await?.rotation_test(&id).await;

    inlet_add(shell, input: InletInput) -> InletView, changes [Subscriptions]:
        shell.desk().await?.inlet_add(input).await;
    inlet_list(shell, _none: ()) -> Vec<InletView>: shell.desk().await?.inlet_list().await;
    inlet_secret(shell, input: InletSecretInput) -> (), changes [Orders, Stock, Doctors, Events, Subscriptions, Status]:
        shell.desk().await?.inlet_secret(input).await;
    inlet_set(shell, input: InletSetInput) -> InletView, changes [Orders, Events, Subscriptions, Status]:
        shell.desk().await?.inlet_set(input).await;
    inlet_rotate(shell, input: InletRotateInput) -> InletView, changes [Subscriptions]:
        shell.desk().await?.inlet_rotate(input).await;
    inlet_key(shell, input: InletKeyInput) -> InletView, changes [Orders, Subscriptions]:
        shell.desk().await?.inlet_key(input).await;
    inlet_remove(shell, input: InletRemoveInput) -> (), changes [Subscriptions]:
        shell.desk().await?.inlet_remove(&input).await;

    audit_list(shell, page: PageInput) -> Page<AuditEntryView>: shell.desk().await?.audit_list(&page).await;

    order_list(shell, input: OrderListInput) -> Page<OrderRowView>: shell.desk().await?.order_list(&input).await;
    order_facets(shell, _none: ()) -> Vec<FacetView>: shell.desk().await?.order_facets().await;
    order_stuck(shell, input: StuckInput) -> StuckView: shell.desk().await?.order_stuck(input.hours, input.limit).await;
    order_today(shell, day_begins: Begins) -> TodayView: shell.desk().await?.order_today(day_begins.at).await;
    order_show(shell, uid: OrderUid) -> OrderView: shell.desk().await?.order_show(&uid).await;
    order_timeline(shell, uid: OrderUid) -> TimelineView: shell.desk().await?.order_timeline(&uid).await;
    order_patient(shell, uid: OrderUid) -> PatientView: shell.desk().await?.order_patient(&uid).await;
    order_handover(shell, uid: OrderUid) -> Vec<HandoverView>: shell.desk().await?.order_handover(&uid).await;
    order_pin(shell, input: LaneInput) -> PinView: shell.desk().await?.order_pin(&input).await;
    // The web view names a link of an order; which address that is, and whether it may be opened, is decided here.
    order_link_open(shell, input: LinkInput) -> (): browse(&shell.desk().await?.order_link(&input).await?).await;
    order_confirmable(shell, uid: OrderUid) -> ConfirmableView: shell.desk().await?.order_confirmable(&uid).await;
    order_confirm(shell, uid: OrderUid) -> ConfirmableView, changes [Orders]:
        shell.desk().await?.order_confirm(&uid).await;
    order_prescription(shell, uid: OrderUid) -> (): work::prescription(shell, &uid).await;
    order_export(shell, input: OrderExportInput) -> Option<ExportedView>: work::order_export(shell, input).await;

    stock_list(shell, input: StockListInput) -> Page<StockRowView>: shell.desk().await?.stock_list(&input).await;
    stock_history(shell, input: StockHistoryInput) -> Page<StockChangeView>:
        shell.desk().await?.stock_history(&input.uid, input.as_of, &input.page).await;
    stock_chart(shell, input: StockChartInput) -> StockChartView: shell.desk().await?.stock_chart(&input).await;
    stock_low(shell, rows: u32) -> StockLowView: shell.desk().await?.stock_low(rows).await;
    stock_rule(shell, _none: ()) -> StockThreshold: shell.desk().await?.stock_rule().await;
    stock_rule_set(shell, input: StockThreshold) -> StockThreshold, changes [Stock, Status]:
        shell.desk().await?.stock_rule_set(&input).await;
    stock_threshold_set(shell, input: StockThresholdInput) -> (), changes [Stock, Status]:
        shell.desk().await?.stock_threshold_set(&input).await;

    assignment_list(shell, input: AssignmentListInput) -> Page<AssignmentView>:
        shell.desk().await?.assignment_list(&input).await;
    assignment_filters(shell, _none: ()) -> AssignmentFiltersView: shell.desk().await?.assignment_filters().await;
    prescription_list(shell, input: PrescriptionListInput) -> Page<PrescriptionRowView>:
        shell.desk().await?.prescription_list(&input).await;
    prescription_show(shell, uid: PrescriptionUid) -> PrescriptionView: shell.desk().await?.prescription_show(&uid).await;
    order_prescriptions(shell, uid: OrderUid) -> Vec<PrescriptionView>: shell.desk().await?.order_prescriptions(&uid).await;
    doctor_list(shell, input: DoctorListInput) -> Page<DoctorRowView>: shell.desk().await?.doctor_list(&input).await;
    doctor_show(shell, uid: DoctorUid) -> DoctorView: shell.desk().await?.doctor_show(&uid).await;

    event_list(shell, input: EventListInput) -> Page<EventRowView>: shell.desk().await?.event_list(&input).await;
    event_show(shell, id: EventId) -> ProofView: shell.desk().await?.event_show(&id).await;
    event_fields(shell, id: EventId) -> EventFieldsView: shell.desk().await?.event_fields(&id).await;
    event_body(shell, id: EventId) -> BodyView: shell.desk().await?.event_body(&id).await;
    event_verify(shell, id: EventId) -> VerifyView: shell.desk().await?.event_verify(&id).await;

    event_import(shell, input: ImportInput) -> Option<ImportedView>: work::event_import(shell, input.inlet).await;
    event_export(shell, input: EventListInput) -> Option<ExportedView>: work::event_export(shell, input).await;
    work_cancel(shell, _none: ()) -> (): {
        shell.app().state::<UnderWay>().cancel();
        Ok(())
    };
    sync_pause(shell, paused: bool) -> (), changes [Status]: {
        shell.paused().send_replace(paused);
        Ok(())
    };

    rules(shell, _none: ()) -> RulesView: shell.desk().await?.rules().await;
    rules_set(shell, input: RulesView) -> RulesView, changes [Subscriptions, Settings, Status]:
        shell.desk().await?.rules_set(&input).await;
    network(shell, _none: ()) -> NetworkView: shell.desk().await?.network_view().await;
    network_set(shell, input: NetworkInput) -> NetworkView, changes [Settings, Status]: {
        let kept = shell.desk().await?.network_set(input).await;
        shell.hurry().notify_one();
        kept
    };
    settings(shell, _none: ()) -> Settings: shell.desk().await?.settings().await;
    settings_set(shell, input: Settings) -> Settings, changes [Settings]: {
        let kept = shell.desk().await?.settings_set(&input).await;
        if let Ok(settings) = &kept {
            look::apply(shell, settings).await;
        }
        kept
    };
}

/// The input of a command. What is wrong with it is not repeated: it may hold a secret.
fn read<T: DeserializeOwned>(command: &str, input: Value) -> Result<T, Problem> {
    serde_json::from_value(input).map_err(|_| Problem::found(Code::InputInvalid, Some(command)))
}

/// Opens an address in the system's browser, from here: the window itself has no power to.
async fn browse(link: &url::Url) -> Result<(), Problem> {
    let link = link.to_string();
    match tokio::task::spawn_blocking(move || open::that_detached(link)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Problem::found(Code::BrowserMissing, None)),
    }
}

/// Pulls now, and lets the background forget that it failed.
async fn sync(shell: &Shell) -> Result<PulledView, Problem> {
    let pulled = shell.desk().await?.pull(Duration::ZERO).await;
    match &pulled {
        Ok(pulled) => shell.changed(pulled.changed.iter().copied()),
        Err(_) => shell.changed([Tag::Status]),
    }
    shell.hurry().notify_one();
    pulled
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn file(path: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
    }

    /// `OFFIZIN_BLESS=1` writes the file.
    #[test]
    fn the_committed_types_are_the_generated_ones() {
        let path = file("../ui/src/backend/ipc.gen.ts");
        if std::env::var_os("OFFIZIN_BLESS").is_some() {
            std::fs::write(&path, typescript()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert!(committed == typescript(), "ui/src/backend/ipc.gen.ts is old: OFFIZIN_BLESS=1 cargo test -p offizin");
    }

    /// The build script reads the list as text, before it is compiled.
    #[test]
    fn what_is_listed_is_allowed_to_the_window_and_nothing_else_is() {
        let capability: Value =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/window/main.json"))).unwrap();
        let allowed: Vec<&str> =
            capability["permissions"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let mut wanted = vec!["core:event:allow-listen".to_owned(), "core:event:allow-unlisten".to_owned()];
        wanted.extend(LISTED.iter().map(|name| format!("allow-{}", name.replace('_', "-"))));
        assert_eq!(allowed, wanted);
        assert_eq!(capability["windows"], serde_json::json!(["main"]));
        // Neither another window nor a page from elsewhere is given any of it.
        let keys: Vec<&String> = capability.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["description", "identifier", "permissions", "windows"]);
    }

    #[test]
    fn a_wrong_input_is_refused_without_being_repeated() {
        let problem = read::<ConnectionId>("connection_check", serde_json::json!({ "key": "sk_secret" })).unwrap_err();
        assert_eq!(problem.code, Code::InputInvalid);
        assert_eq!(problem.detail.as_deref(), Some("connection_check"));
        assert!(read::<()>("status", Value::Null).is_ok());
    }
}

//! What the window asks, asked of the real desk, and the answers as the demo reads them. The names are those of the commands in
//! `src-tauri/src/ipc.rs`. Rows of lists are written once and named by their place, because every filter answers some of the same.

use std::collections::BTreeMap;

use offizin_desk::{
    Desk, Problem,
    assignments::view::{AssignmentListInput, DoctorListInput, PrescriptionListInput},
    connections::view::{ConnectionEditInput, ConnectionInput, ConnectionRemoveInput},
    devices::DeviceRenameInput,
    event::view::EventListInput,
    id::{ConnectionId, RotationId, SubscriptionId},
    inlets::{
        InletInput, InletRemoveInput, InletSecretInput,
        unsigned::{InletKeyInput, InletRotateInput, InletSetInput},
    },
    network::NetworkInput,
    orders::view::{LaneInput, OrderListInput},
    page::PageInput,
    rotation::view::RotateInput,
    settings::RulesView,
    status::PairInput,
    stock::view::{StockChartInput, StockHistoryInput, StockListInput, StockThreshold, StockThresholdInput},
    subscriptions::view::{AdoptInput, RegisterInput, RemoveForeignInput, RemoveInput},
};
use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// An input as the window sends it, and as it is recorded: without what is not chosen.
fn chosen(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, chosen(value)))
            .collect(),
        other => other,
    }
}

fn read<T: DeserializeOwned>(name: &str, input: &Value) -> T {
    serde_json::from_value(input.clone()).unwrap_or_else(|error| panic!("{name} is asked with {input}: {error}"))
}

fn told<T: Serialize>(answer: Result<T, Problem>) -> Result<Value, Value> {
    answer.map(|view| serde_json::to_value(view).unwrap()).map_err(|problem| serde_json::to_value(problem).unwrap())
}

macro_rules! commands {
    ($desk:ident; $($name:ident($input:ident: $in:ty) => $answer:expr;)+) => {
        /// The desk's answer to one command.
        async fn ask($desk: &Desk, name: &str, input: &Value) -> Result<Value, Value> {
            match name {
                $(stringify!($name) => {
                    let $input: $in = read(name, input);
                    told($answer)
                })+
                other => panic!("{other} is no command that can be recorded"),
            }
        }
    };
}

commands! {
    desk;
    status(_none: ()) => desk.status().await;
    pair(input: PairInput) => desk.pair(input).await;
    device_list(_none: ()) => desk.device_list().await;
    network(_none: ()) => desk.network_view().await;
    audit_list(page: PageInput) => desk.audit_list(&page).await;
    device_rename(input: DeviceRenameInput) => desk.device_rename(input).await;
    device_revoke(id: String) => desk.device_revoke(&id).await;
    network_set(input: NetworkInput) => desk.network_set(input).await;
    rules(_none: ()) => desk.rules().await;
    rules_set(input: RulesView) => desk.rules_set(&input).await;
    connection_add(input: ConnectionInput) => desk.connection_add(input).await;
    connection_check(id: ConnectionId) => desk.connection_check(&id).await;
    connection_edit(input: ConnectionEditInput) => desk.connection_edit(input).await;
    connection_remove(input: ConnectionRemoveInput) => desk.connection_remove(&input).await;
    notification_types(id: ConnectionId) => desk.notification_types(&id).await;
    subscription_list(input: Listing) => desk.subscription_list(None, input.refresh).await;
    subscription_register(input: RegisterInput) => desk.subscription_register(input).await;
    subscription_test(id: SubscriptionId) => desk.subscription_test(&id).await;
    subscription_remove(input: RemoveInput) => desk.subscription_remove(&input).await;
    subscription_remove_foreign(input: RemoveForeignInput) => desk.subscription_remove_foreign(&input).await;
    subscription_adopt(input: AdoptInput) => desk.subscription_adopt(input).await;
    subscription_paste_secret(input: Pasted) => desk.subscription_paste_secret(&input.id, input.secret).await;
    subscription_rotate(input: RotateInput) => desk.subscription_rotate(input).await;
    rotation_roll_back(id: RotationId) => desk.rotation_roll_back(&id).await;
    rotation_try_now(id: RotationId) => desk.rotation_try_now(&id).await;
    rotation_test(id: RotationId) => desk.rotation_test(&id).await;
    inlet_list(_none: ()) => desk.inlet_list().await;
    inlet_add(input: InletInput) => desk.inlet_add(input).await;
    inlet_secret(input: InletSecretInput) => desk.inlet_secret(input).await;
    inlet_set(input: InletSetInput) => desk.inlet_set(input).await;
    inlet_key(input: InletKeyInput) => desk.inlet_key(input).await;
    inlet_rotate(input: InletRotateInput) => desk.inlet_rotate(input).await;
    inlet_remove(input: InletRemoveInput) => desk.inlet_remove(&input).await;
    order_list(input: OrderListInput) => desk.order_list(&input).await;
    order_facets(_none: ()) => desk.order_facets().await;
    order_stuck(input: Stuck) => desk.order_stuck(input.hours, input.limit).await;
    order_today(input: Begins) => desk.order_today(input.at).await;
    order_show(uid: String) => desk.order_show(&uid.into()).await;
    order_timeline(uid: String) => desk.order_timeline(&uid.into()).await;
    order_patient(uid: String) => desk.order_patient(&uid.into()).await;
    order_prescriptions(uid: String) => desk.order_prescriptions(&uid.into()).await;
    order_handover(uid: String) => desk.order_handover(&uid.into()).await;
    order_pin(input: LaneInput) => desk.order_pin(&input).await;
    order_confirmable(uid: String) => desk.order_confirmable(&uid.into()).await;
    order_confirm(uid: String) => desk.order_confirm(&uid.into()).await;
    stock_list(input: StockListInput) => desk.stock_list(&input).await;
    stock_history(input: StockHistoryInput) => desk.stock_history(&input.uid, input.as_of, &input.page).await;
    stock_chart(input: StockChartInput) => desk.stock_chart(&input).await;
    stock_rule(_none: ()) => desk.stock_rule().await;
    stock_rule_set(input: StockThreshold) => desk.stock_rule_set(&input).await;
    stock_threshold_set(input: StockThresholdInput) => desk.stock_threshold_set(&input).await;
    assignment_list(input: AssignmentListInput) => desk.assignment_list(&input).await;
    assignment_filters(_none: ()) => desk.assignment_filters().await;
    prescription_list(input: PrescriptionListInput) => desk.prescription_list(&input).await;
    prescription_show(uid: String) => desk.prescription_show(&uid.into()).await;
    doctor_list(input: DoctorListInput) => desk.doctor_list(&input).await;
    doctor_show(uid: String) => desk.doctor_show(&uid.into()).await;
    event_list(input: EventListInput) => desk.event_list(&input).await;
    event_show(id: String) => desk.event_show(&id.into()).await;
    event_fields(id: String) => desk.event_fields(&id.into()).await;
    event_body(id: String) => desk.event_body(&id.into()).await;
    event_verify(id: String) => desk.event_verify(&id.into()).await;
}

#[derive(serde::Deserialize)]
struct Stuck {
    hours: u32,
    limit: u32,
}

#[derive(serde::Deserialize)]
struct Listing {
    refresh: bool,
}

#[derive(serde::Deserialize)]
struct Pasted {
    id: SubscriptionId,
    secret: SecretString,
}

#[derive(serde::Deserialize)]
struct Begins {
    at: jiff::Timestamp,
}

/// One question and its answer: `page` for the rows of a list, `output` or `problem` otherwise.
type Asked = Value;
type Answers = BTreeMap<String, Vec<Asked>>;

/// What one desk answered.
#[derive(Default)]
pub(crate) struct Recording {
    /// The one connection, as a filter names it.
    pub(crate) connection: String,
    rows: BTreeMap<String, Vec<Value>>,
    answers: Answers,
    /// Something was done or happened, and what is answered differently since.
    steps: Vec<(Value, Answers)>,
}

impl Recording {
    /// Of a desk whose orders come through this connection.
    pub(crate) fn of(connection: &ConnectionId) -> Self {
        Self { connection: connection.to_string(), ..Self::default() }
    }

    /// Asks and keeps the answer, which is handed back. What was asked before in the same step is not asked again.
    pub(crate) async fn ask(&mut self, desk: &Desk, name: &str, input: Value) -> Value {
        let input = chosen(input);
        let (asked, output) = self.answer(desk, name, &input).await;
        let answers = self.steps.last_mut().map_or(&mut self.answers, |(_, answers)| answers);
        let kept = answers.entry(name.to_owned()).or_default();
        if !kept.iter().any(|one| one["input"] == input) {
            kept.push(asked);
        }
        output
    }

    /// Does something; from here on, what is asked is answered anew.
    pub(crate) async fn act(&mut self, desk: &Desk, name: &str, input: Value) -> Value {
        let input = chosen(input);
        let mut step = json!({ "command": name, "input": input });
        match ask(desk, name, &input).await {
            Ok(output) => step["output"] = output,
            Err(problem) => step["problem"] = problem,
        }
        let output = step["output"].clone();
        self.steps.push((step, Answers::new()));
        output
    }

    /// Something happened that nobody did in the window; from here on, what is asked is answered anew.
    pub(crate) fn happened(&mut self, what: &str, count: u32) {
        self.steps.push((json!({ "command": what, "input": count, "output": null }), Answers::new()));
    }

    async fn answer(&mut self, desk: &Desk, name: &str, input: &Value) -> (Asked, Value) {
        let first = match ask(desk, name, &with_page(name, input, None)).await {
            Ok(first) => first,
            Err(problem) => return (json!({ "input": input, "problem": problem }), Value::Null),
        };
        if first.get("rows").is_none() || first.get("next").is_none() {
            return (json!({ "input": input, "output": first.clone() }), first);
        }
        let mut rows = first["rows"].as_array().unwrap().clone();
        let mut next = first["next"].clone();
        while let Some(after) = next.as_str() {
            let page = ask(desk, name, &with_page(name, input, Some(after))).await.unwrap();
            rows.extend(page["rows"].as_array().unwrap().iter().cloned());
            next = page["next"].clone();
        }
        let known = self.rows.entry(name.to_owned()).or_default();
        let places: Vec<usize> = rows
            .iter()
            .map(|row| {
                known.iter().position(|one| one == row).unwrap_or_else(|| {
                    known.push(row.clone());
                    known.len() - 1
                })
            })
            .collect();
        (json!({ "input": input, "page": places }), Value::Array(rows))
    }

    /// The file: one answer or row on each line, so that a difference is a few lines.
    pub(crate) fn file(&self, now: jiff::Timestamp, normal: &mut crate::normal::Normal) -> String {
        let mut rows: Value = json!(self.rows);
        let mut answers: Value = json!(self.answers);
        let mut steps: Value =
            self.steps.iter().map(|(step, answers)| json!({ "step": step, "answers": answers })).collect();
        for part in [&mut rows, &mut answers, &mut steps] {
            normal.learn(part);
        }
        for part in [&mut rows, &mut answers, &mut steps] {
            normal.apply(part);
        }
        let steps: Vec<String> = steps
            .as_array()
            .unwrap()
            .iter()
            .map(|step| format!("{{\n\"step\": {},\n\"answers\": {}\n}}", step["step"], by_name(&step["answers"])))
            .collect();
        format!(
            "{{\n\"now\": \"{now}\",\n\"rows\": {},\n\"answers\": {},\n\"steps\": [\n{}\n]\n}}\n",
            by_name(&rows),
            by_name(&answers),
            steps.join(",\n")
        )
    }
}

fn by_name(lists: &Value) -> String {
    let lists: Vec<String> = lists
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, list)| {
            let lines: Vec<String> = list.as_array().unwrap().iter().map(Value::to_string).collect();
            format!("\"{name}\": [\n{}\n]", lines.join(",\n"))
        })
        .collect();
    format!("{{\n{}\n}}", lists.join(",\n"))
}

/// Lists that have no pages.
const UNPAGED: [&str; 3] = ["device_list", "subscription_list", "inlet_list"];

/// Lists are recorded whole: the demo cuts its pages out of them.
fn with_page(name: &str, input: &Value, after: Option<&str>) -> Value {
    if !name.ends_with("_list") && name != "stock_history" || UNPAGED.contains(&name) {
        return input.clone();
    }
    let mut input = if input.is_object() { input.clone() } else { json!({}) };
    let page = json!({ "limit": 500, "after": after });
    match name {
        "stock_history" => input["page"] = page,
        _ => input.as_object_mut().unwrap().extend(page.as_object().unwrap().clone()),
    }
    input
}

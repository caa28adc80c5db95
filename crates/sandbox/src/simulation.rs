//! The simulation of orders: an endless or bounded sequence of events, the same for the same seed and starting time.
//!
//! It uses neither clock nor network. It decides what happens and when, and does not know who receives the events. The
//! stock of a product falls when an order completes, may reach zero, is refilled later, and rises again when a
//! completed order is cancelled.
//!
//! Longer than 500 lines because a simulated life and the provider that answers for it are read together.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use data_encoding::BASE64;
use jiff::Timestamp;

use crate::{
    event::{
        Address, AssignedDoctor, DeliveryType, DoctorChange, DoctorName, Document, Event, EventType, Fulfillment,
        FulfillmentOrder, Happening, ItemPharmacySku, ItemSku, Nothing, OrderItem, ParentOrder, PatientData,
        PharmacyName, PharmacyOrder, Prescription, PrescriptionFile, PrescriptionItem, PrescriptionPatient, ShopOrder,
        StockLevel, StockSku,
    },
    fixtures::{self, DOCTORS, Doctor, PHARMACIES, PRODUCTS},
    prescription,
    rng::Rng,
    script::{self, Change, Step},
};

/// How many orders are open at the same time.
const MAX_OPEN: usize = 14;

const SHOP: &str = "beispielshop.example.test";

const DELIVERY_TYPES: [DeliveryType; 3] = [
    DeliveryType { uid: "dt-standard", display_name: "Standardversand", identifier: "standard" },
    DeliveryType { uid: "dt-express", display_name: "Expressversand", identifier: "express" },
    DeliveryType { uid: "dt-pickup", display_name: "Abholung", identifier: "pickup" },
];

/// A generator of events. As an iterator, it ends when the last of the orders has ended.
#[derive(Debug)]
pub struct Simulation {
    rng: Rng,
    starts_at: Timestamp,
    step: Duration,
    elapsed: Duration,
    number: u64,
    /// Orders still to be created; `None` for no end.
    remaining: Option<u64>,
    created: u64,
    open: Vec<SimulatedOrder>,
    /// The index in `open` of an order whose next change falls into the same second.
    same_second: Option<usize>,
    /// Events that follow from a change in the same second, such as the stock that a completed order used.
    effects: VecDeque<(EventType, Happening)>,
    /// Products that are out of stock, with the number of the event at which they are refilled.
    empty: BTreeMap<StockKey, u64>,
    stock: BTreeMap<StockKey, StockLevel>,
}

/// A product in a pharmacy: indices into the fixtures.
type StockKey = (usize, usize);

#[derive(Debug)]
struct SimulatedOrder {
    order: PharmacyOrder,
    pharmacy: Option<usize>,
    items: Vec<(usize, i64)>,
    doctor: Option<Doctor>,
    prescription: Prescription,
    doctor_change: DoctorChange,
    steps: VecDeque<Step>,
}

impl Simulation {
    /// Simulates `orders` orders (0: no end). The events are `step` apart, the first one at `starts_at`.
    pub fn new(seed: u64, orders: u64, starts_at: Timestamp, step: Duration) -> Self {
        let mut rng = Rng::new(seed);
        let mut stock = BTreeMap::new();
        for pharmacy in 0..PHARMACIES.len() {
            for product in 0..PRODUCTS.len() {
                stock.insert((pharmacy, product), stock_level((pharmacy, product), starts_at, &mut rng));
            }
        }
        Self {
            rng,
            starts_at,
            step,
            elapsed: Duration::ZERO,
            number: 0,
            remaining: (orders > 0).then_some(orders),
            created: 0,
            open: Vec::new(),
            same_second: None,
            effects: VecDeque::new(),
            empty: BTreeMap::new(),
            stock,
        }
    }

    /// Whether the next event falls into the same second as the last one, because it follows from it.
    pub fn continues_at_once(&self) -> bool {
        !self.effects.is_empty() || self.same_second.is_some()
    }

    /// Every stock level as it stands now.
    pub(crate) fn stock(&self) -> impl Iterator<Item = &StockLevel> {
        self.stock.values()
    }

    fn now(&self) -> Timestamp {
        let at = self.starts_at.checked_add(self.elapsed).unwrap_or(self.starts_at);
        Timestamp::from_second(at.as_second()).unwrap_or(at)
    }

    fn event(&mut self, event_type: EventType, happening: Happening) -> Event {
        let event = Event { number: self.number, event_type, at: self.now(), happening };
        self.number += 1;
        event
    }

    fn advance(&mut self) {
        if self.number > 0 {
            self.elapsed = self.elapsed.saturating_add(self.step);
        }
    }

    /// Refills a product that has been out of stock for long enough.
    fn refill(&mut self) -> Option<Event> {
        let due = self.empty.iter().find(|(_, due)| **due <= self.number).map(|(key, _)| *key)?;
        self.empty.remove(&due);
        self.advance();
        let amount = self.rng.pick(&[12, 24, 48]);
        let level = self.change_stock(due, amount)?;
        Some(self.event(EventType::StockUpdated, Happening::Stock(Box::new(level))))
    }

    /// Changes a stock level by `amount`, never below zero, and returns the new one.
    fn change_stock(&mut self, key: StockKey, amount: i64) -> Option<StockLevel> {
        let now = self.now().as_second();
        let wait = 4 + self.rng.below(60) as u64;
        let level = self.stock.get_mut(&key)?;
        level.stock = level.stock.saturating_add(amount).max(0);
        level.updated_at = now;
        if level.stock == 0 {
            self.empty.entry(key).or_insert(self.number + wait);
        }
        Some(level.clone())
    }

    fn create_order(&mut self) -> Option<usize> {
        match &mut self.remaining {
            Some(0) => return None,
            Some(left) => *left -= 1,
            None => {}
        }
        let serial = self.created;
        self.created += 1;
        let now = self.now();
        self.open.push(SimulatedOrder::new(serial, now, &mut self.rng));
        Some(self.open.len() - 1)
    }

    /// Makes the next change of the order at `index`.
    fn advance_order(&mut self, index: usize) -> Option<Event> {
        let now = self.now();
        let simulated = self.open.get_mut(index)?;
        let step = simulated.steps.pop_front()?;
        let (event_type, happening) = match step.change {
            Change::Assign => {
                simulated.assign(now, &self.stock, &mut self.rng);
                (EventType::OrderCreated, Happening::Order(Box::new(simulated.order.clone())))
            }
            Change::Status(status) => {
                let before = simulated.order.status;
                simulated.order.status = status;
                simulated.order.updated_at = now.as_second();
                simulated.read_stock(&self.stock);
                let happening = Happening::Order(Box::new(simulated.order.clone()));
                let sign = match (before, status) {
                    (_, script::COMPLETED) => -1,
                    (script::COMPLETED, script::CANCELLED) => 1,
                    _ => 0,
                };
                if let (Some(pharmacy), true) = (simulated.pharmacy, sign != 0) {
                    for (product, amount) in simulated.items.clone() {
                        if let Some(level) = self.change_stock((pharmacy, product), sign * amount) {
                            self.effects.push_back((EventType::StockUpdated, Happening::Stock(Box::new(level))));
                        }
                    }
                }
                (EventType::OrderUpdated, happening)
            }
            Change::Doctor { reason, to } => {
                let change = simulated.change_doctor(reason, to);
                (EventType::DoctorChanged, Happening::Doctor(Box::new(change)))
            }
        };
        let next = self.open.get(index).and_then(|simulated| simulated.steps.front()).copied();
        match next {
            None => {
                self.open.swap_remove(index);
            }
            Some(step) if step.at_once => self.same_second = Some(index),
            Some(_) => {}
        }
        Some(self.event(event_type, happening))
    }
}

impl Iterator for Simulation {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        if let Some((event_type, happening)) = self.effects.pop_front() {
            return Some(self.event(event_type, happening));
        }
        if let Some(index) = self.same_second.take() {
            return self.advance_order(index);
        }
        if let Some(event) = self.refill() {
            return Some(event);
        }
        let creates = self.open.is_empty() || (self.open.len() < MAX_OPEN && self.rng.hits(0.3));
        let index = if creates { self.create_order() } else { None };
        let index = match index {
            Some(index) => index,
            None if self.open.is_empty() => return None,
            None => self.rng.below(self.open.len()),
        };
        self.advance();
        self.advance_order(index)
    }
}

impl SimulatedOrder {
    fn new(serial: u64, now: Timestamp, rng: &mut Rng) -> Self {
        let (steps, signing) = script::plan(rng);
        let patient = fixtures::patient(rng);
        let signing = DOCTORS.get(signing).copied().unwrap_or_default();
        let name = format!("#{}", 1001 + serial);
        // Uids have no meaning. Some look unusual on purpose, so that a client notices if it parses them or forgets to escape them.
        let order_uid = if rng.hits(0.1) { format!("#ord_{}", rng.digits()) } else { format!("ord-{}", rng.digits()) };
        let external_id = Some(format!("EXT-{}", 480_000 + serial));
        let fulfillment_external_id = rng.hits(0.8).then(|| format!("FUL-{}", rng.digits()));

        let mut items: Vec<(usize, i64)> = Vec::new();
        for _ in 0..rng.pick(&[1, 1, 1, 2, 2, 3]) {
            let product = rng.below(PRODUCTS.len());
            if !items.iter().any(|(taken, _)| *taken == product) {
                items.push((product, rng.pick(&[1, 1, 1, 2, 3])));
            }
        }
        let order_items = items.iter().map(|(product, amount)| order_item(*product, *amount, rng)).collect::<Vec<_>>();

        let delivery_address = Address {
            first_name: patient.first_name,
            last_name: patient.last_name,
            street: patient.street,
            house_number: patient.house_number.clone(),
            zip_code: patient.zip_code.clone(),
            city: patient.city,
            country: "Germany",
            additional_address: patient.additional_address,
        };
        let mut invoice_address = delivery_address.clone();
        if rng.hits(0.1) {
            invoice_address.first_name = "Erika";
            invoice_address.last_name = "Beispiel";
        }

        let shipping = rng.pick(&[Some(499), Some(499), Some(0), Some(990), None]);
        let prescription_uid = format!("rx-{}", rng.digits());
        let order = PharmacyOrder {
            uid: String::new(),
            status: script::INIT,
            name: name.clone(),
            data: Nothing {},
            external_status: "OPEN",
            created_at: now.as_second(),
            updated_at: now.as_second(),
            deleted_at: None,
            pharmacy: PharmacyName { uid: "", display_name: "" },
            order: ParentOrder {
                uid: order_uid.clone(),
                delivery_address,
                invoice_address,
                shipping_costs_amount: shipping,
                shipping_costs_currency: shipping.map(|_| "EUR"),
                priority: rng.pick(&[0, 0, 0, 0, 1, 5]),
            },
            delivery_type: rng.hits(0.95).then(|| rng.pick(&DELIVERY_TYPES)),
            order_items,
            patient_data: rng.hits(0.98).then(|| PatientData {
                uid: patient.uid.clone(),
                display_name: format!("{} {}", patient.first_name, patient.last_name),
                email: patient.email.clone(),
                date_of_birth: patient.date_of_birth.clone(),
                phone_number: patient.phone_number.clone(),
            }),
            doctor_data: rng.hits(0.97).then(|| DoctorName {
                uid: signing.uid,
                display_name: format!("Dr. {} {}", signing.first_name, signing.last_name),
            }),
            prescription_file: rng
                .hits(0.92)
                .then(|| prescription_file(&name, &prescription_uid, &items, signing, rng)),
            fulfillment: Some(Fulfillment {
                uid: format!("fo-{}", rng.digits()),
                external_id: fulfillment_external_id.clone(),
                order: FulfillmentOrder {
                    uid: order_uid,
                    shop_order: ShopOrder { uid: format!("so-{}", rng.digits()), external_id: external_id.clone() },
                },
            }),
        };
        let prescription = Prescription {
            uid: prescription_uid,
            created_at: now.to_string(),
            status: "pending",
            doctor: None,
            patient_data: PrescriptionPatient {
                first_name: patient.first_name,
                last_name: patient.last_name,
                date_of_birth: patient.date_of_birth,
            },
            documents: vec![Document {
                uid: format!("docu-{}", rng.digits()),
                r#type: "prescription",
                status: "pending",
            }],
            items: items
                .iter()
                .map(|(product, _)| PrescriptionItem {
                    uid: format!("rxi-{}", rng.digits()),
                    shop_sku_uid: format!("shop-{}", sku_uid(*product)),
                    fulfillment_line_item_external_id: rng.hits(0.7).then(|| format!("LI-{}", rng.digits())),
                })
                .collect(),
        };
        let doctor_change = DoctorChange {
            shop_identifier: SHOP,
            external_order_id: external_id,
            external_fulfillment_id: fulfillment_external_id,
            external_provider_identifier: None,
            doctor_assignment_reason: "",
            old_doctor_uid: None,
            new_doctor_uid: None,
            prescription: prescription.clone(),
        };
        Self { order, pharmacy: None, items, doctor: None, prescription, doctor_change, steps }
    }

    /// Gives the order to another pharmacy than before, if possible to one that has all its products in stock.
    fn assign(&mut self, now: Timestamp, stock: &BTreeMap<StockKey, StockLevel>, rng: &mut Rng) {
        let first = rng.below(PHARMACIES.len());
        let around = (0..PHARMACIES.len()).map(|offset| (first + offset) % PHARMACIES.len());
        let candidates: Vec<usize> = around.filter(|candidate| Some(*candidate) != self.pharmacy).collect();
        let stocked = |pharmacy: usize| {
            self.items.iter().all(|(product, _)| stock.get(&(pharmacy, *product)).is_some_and(|level| level.stock > 0))
        };
        let chosen = candidates.iter().copied().find(|candidate| stocked(*candidate)).or(candidates.first().copied());
        let Some(chosen) = chosen else { return };
        let named = PHARMACIES.get(chosen).copied().unwrap_or_default();
        self.pharmacy = Some(chosen);
        self.order.uid = format!("po-{}", rng.digits());
        self.order.status = script::INIT;
        self.order.created_at = now.as_second();
        self.order.updated_at = now.as_second();
        self.order.pharmacy = PharmacyName { uid: named.uid, display_name: named.display_name };
        self.read_stock(stock);
    }

    /// Each item shows the price and the stock of the pharmacy that has the order.
    fn read_stock(&mut self, stock: &BTreeMap<StockKey, StockLevel>) {
        let Some(pharmacy) = self.pharmacy else { return };
        for ((product, _), item) in self.items.iter().zip(&mut self.order.order_items) {
            item.pharmacy_sku = stock.get(&(pharmacy, *product)).map(|level| ItemPharmacySku {
                uid: level.uid.clone(),
                external_id: level.external_id.clone(),
                price: level.price,
                stock: level.stock,
            });
        }
    }

    fn change_doctor(&mut self, reason: &'static str, to: Option<usize>) -> DoctorChange {
        let before = self.doctor;
        self.doctor = to.and_then(|index| DOCTORS.get(index).copied());
        let mut change = self.doctor_change.clone();
        change.doctor_assignment_reason = reason;
        change.old_doctor_uid = before.map(|doctor| doctor.uid);
        change.new_doctor_uid = self.doctor.map(|doctor| doctor.uid);
        change.prescription = self.prescription.clone();
        change.prescription.doctor = self.doctor.map(|doctor| AssignedDoctor {
            uid: doctor.uid,
            first_name: doctor.first_name,
            last_name: doctor.last_name,
        });
        change
    }
}

fn sku_uid(product: usize) -> String {
    format!("sku-{:03}", product + 1)
}

fn sku_name(product: usize) -> String {
    let product = PRODUCTS.get(product).copied().unwrap_or_default();
    format!("{} {}", product.name, product.pack)
}

fn order_item(product: usize, amount: i64, rng: &mut Rng) -> OrderItem {
    let facts = PRODUCTS.get(product).copied().unwrap_or_default();
    OrderItem {
        uid: format!("oi-{}", rng.digits()),
        amount,
        total_paid_amount: facts.price * amount,
        sku: ItemSku {
            uid: sku_uid(product),
            display_name: sku_name(product),
            pzn: fixtures::pzn(product),
            product_uid: format!("prod-{:03}", product + 1),
            product_display_name: facts.name,
            product_handle: facts.handle,
        },
        pharmacy_sku: None,
    }
}

fn stock_level(key: StockKey, now: Timestamp, rng: &mut Rng) -> StockLevel {
    let (pharmacy, product) = key;
    let facts = PRODUCTS.get(product).copied().unwrap_or_default();
    let markup = rng.pick(&[0, 0, 50, 100, 250]);
    StockLevel {
        uid: format!("psku-{:02}-{:03}", pharmacy + 1, product + 1),
        pharmacy_uid: PHARMACIES.get(pharmacy).copied().unwrap_or_default().uid,
        sku_uid: sku_uid(product),
        external_id: rng.hits(0.6).then(|| format!("W{:05}", rng.below(100_000))),
        price: facts.price + markup,
        // Many levels are low, so that some products are soon out of stock.
        stock: rng.pick(&[1, 2, 3, 5, 9, 18, 40]),
        markup,
        priority: rng.pick(&[0, 0, 1]),
        r#type: "physical",
        created_at: now.as_second() - 90 * 86_400,
        updated_at: now.as_second() - 3_600,
        deleted_at: None,
        sku: StockSku {
            uid: sku_uid(product),
            display_name: sku_name(product),
            pzn: fixtures::pzn(product),
            product_uid: format!("prod-{:03}", product + 1),
            product_display_name: Some(facts.name),
            product_handle: Some(facts.handle),
        },
    }
}

fn prescription_file(
    name: &str,
    prescription_uid: &str,
    items: &[(usize, i64)],
    doctor: Doctor,
    rng: &mut Rng,
) -> PrescriptionFile {
    let mut lines = vec![
        "Erfundenes Rezept - nur zur Probe".to_owned(),
        format!("Bestellung {name}, {prescription_uid}"),
        format!("Dr. {} {}", doctor.first_name, doctor.last_name),
    ];
    lines.extend(
        items
            .iter()
            .map(|(product, amount)| format!("{amount} x {} PZN {}", sku_name(*product), fixtures::pzn(*product))),
    );
    // A signature and a stamp: usually small, sometimes a scan.
    let padding = if rng.hits(0.05) { 90_000 + rng.below(60_000) } else { 300 };
    let file = prescription::pdf(&lines, padding, rng);
    PrescriptionFile { filename: format!("{prescription_uid}.pdf"), content_base64: Arc::from(BASE64.encode(&file)) }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::event::Level;

    fn story(seed: u64, orders: u64) -> Vec<Event> {
        let starts_at = Timestamp::from_second(1_760_000_000).unwrap();
        Simulation::new(seed, orders, starts_at, Duration::from_secs(60)).collect()
    }

    fn json(event: &Event, level: Level) -> Value {
        serde_json::from_slice(&event.body(level)).unwrap()
    }

    #[test]
    fn a_bounded_story_ends_with_every_order_at_rest() {
        let story = story(1, 60);
        let mut last: BTreeMap<&str, &str> = BTreeMap::new();
        for event in &story {
            if let (Some(order), Some(status)) = (event.order_uid(), event.status()) {
                last.insert(order, status);
            }
        }
        assert_eq!(last.len(), 60);
        assert!(last.values().all(|status| ["completed", "cancelled"].contains(status)), "{last:?}");
    }

    #[test]
    fn only_the_organisation_hears_of_fulfillment() {
        let event = story(1, 3).into_iter().find(|event| event.event_type == EventType::OrderCreated).unwrap();
        let management = json(&event, Level::Management);
        let mut pharmacy = json(&event, Level::Pharmacy);
        assert_eq!(management["data"]["fulfillment"]["order"]["uid"], management["data"]["order"]["uid"]);
        assert!(pharmacy["data"].get("fulfillment").is_none());
        pharmacy["data"]["fulfillment"] = management["data"]["fulfillment"].clone();
        assert_eq!(pharmacy, management, "everything else is the same");
    }

    #[test]
    fn the_documented_fields_are_all_there() {
        let story = story(5, 40);
        let order =
            story.iter().find(|e| e.event_type == EventType::OrderUpdated).map(|e| json(e, Level::Management)).unwrap();
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let expected = |names: &str| names.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(keys(&order), expected("event_type timestamp payload_version data"));
        assert_eq!(
            keys(&order["data"]),
            expected(
                "uid status name data external_status created_at updated_at deleted_at pharmacy order delivery_type \
                 order_items patient_data doctor_data prescription_file fulfillment"
            )
        );
        let stock =
            story.iter().find(|e| e.event_type == EventType::StockUpdated).map(|e| json(e, Level::Pharmacy)).unwrap();
        assert_eq!(
            keys(&stock["data"]),
            expected(
                "uid pharmacy_uid sku_uid external_id price stock markup priority type created_at updated_at deleted_at sku"
            )
        );
        let doctor = story
            .iter()
            .find(|e| e.event_type == EventType::DoctorChanged)
            .map(|e| json(e, Level::Management))
            .unwrap();
        assert_eq!(keys(&doctor), expected("category event data"));
        assert_eq!(
            keys(&doctor["data"]),
            expected(
                "shop_identifier external_order_id external_fulfillment_id external_provider_identifier \
                 doctor_assignment_reason old_doctor_uid new_doctor_uid prescription"
            )
        );
    }

    #[test]
    fn two_changes_of_one_order_can_share_a_second() {
        let story = story(3, 200);
        let twins = story.windows(2).filter(|pair| {
            pair[0].subject() == pair[1].subject()
                && pair[0].at == pair[1].at
                && pair[0].event_type == pair[1].event_type
        });
        let statuses: Vec<_> = twins.map(|pair| (pair[0].status(), pair[1].status())).collect();
        assert!(statuses.len() >= 3, "{statuses:?}");
        assert!(statuses.iter().all(|(first, second)| first != second));
    }

    #[test]
    fn a_rerouted_order_keeps_its_uid_and_gets_a_new_lane_elsewhere() {
        let mut lanes: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for event in story(4, 120).iter().filter(|event| event.event_type == EventType::OrderCreated) {
            let lane = (event.subject().to_owned(), event.pharmacy_uid().unwrap().to_owned());
            lanes.entry(event.order_uid().unwrap().to_owned()).or_default().push(lane);
        }
        let rerouted: Vec<_> = lanes.values().filter(|lanes| lanes.len() > 1).collect();
        assert!(rerouted.len() > 3);
        for lanes in rerouted {
            for pair in lanes.windows(2) {
                assert_ne!(pair[0].0, pair[1].0);
                assert_ne!(pair[0].1, pair[1].1);
            }
        }
    }

    #[test]
    fn stock_falls_to_zero_and_is_filled_again() {
        let story = story(6, 300);
        let mut levels: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for event in &story {
            if let Some(stock) = event.stock() {
                levels.entry(event.subject()).or_default().push(stock);
            }
        }
        assert!(levels.values().flatten().all(|level| *level >= 0));
        assert!(levels.values().any(|history| history.windows(2).any(|pair| pair[0] == 0 && pair[1] > 0)), "refilled");
        assert!(levels.values().any(|history| history.windows(2).any(|pair| pair[1] < pair[0])), "sold");
    }

    #[test]
    fn the_chain_of_doctors_is_unbroken() {
        let mut current: BTreeMap<String, Value> = BTreeMap::new();
        let mut changes = 0;
        for event in story(8, 200).iter().filter(|event| event.event_type == EventType::DoctorChanged) {
            let data = json(event, Level::Management)["data"].clone();
            let before =
                current.insert(event.subject().to_owned(), data["new_doctor_uid"].clone()).unwrap_or(Value::Null);
            assert_eq!(data["old_doctor_uid"], before);
            assert_eq!(data["prescription"]["doctor"]["uid"], data["new_doctor_uid"], "null when there is none");
            changes += 1;
        }
        assert!(changes > 100, "{changes}");
    }

    #[test]
    fn prescriptions_are_pdf_and_sometimes_large() {
        let mut sizes = Vec::new();
        for event in story(9, 80) {
            if let Some(text) = json(&event, Level::Management)["data"]["prescription_file"]["content_base64"].as_str()
            {
                assert!(BASE64.decode(text.as_bytes()).unwrap().starts_with(b"%PDF-1."));
                sizes.push(text.len());
            }
        }
        assert!(sizes.iter().any(|size| *size > 100_000), "a scan");
        assert!(sizes.iter().filter(|size| **size < 5_000).count() > sizes.len() / 2, "usually small");
    }

    #[test]
    fn time_never_runs_backwards_and_starts_where_told() {
        let story = story(10, 50);
        assert_eq!(story[0].at, Timestamp::from_second(1_760_000_000).unwrap());
        assert!(story.windows(2).all(|pair| pair[0].at <= pair[1].at && pair[0].number + 1 == pair[1].number));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_same_seed_tells_the_same_bytes(seed in any::<u64>(), orders in 1_u64..30) {
            let bodies = |events: Vec<Event>| events.iter().map(|event| event.body(Level::Management)).collect::<Vec<_>>();
            let first = bodies(story(seed, orders));
            prop_assert_eq!(&first, &bodies(story(seed, orders)));
            prop_assert_ne!(&first, &bodies(story(seed.wrapping_add(1), orders)));
        }
    }
}

//! Generated from the list of commands in src-tauri/src/ipc.rs and the views of crates/desk. Not edited by hand:
//! `OFFIZIN_BLESS=1 cargo test -p offizin` writes it, and without that the same test says when it is old.
export type ConnectionId = string;
export type SubscriptionId = string;
export type RotationId = string;
export type EventId = string;
export type OrderUid = string;
export type LaneUid = string;
export type PharmacyUid = string;
export type PharmacySkuUid = string;
export type Code = "keyring_missing" | "keyring_locked" | "keyring_failed" | "database_key_lost" | "database_unreadable" | "database_newer" | "database_old" | "database_busy" | "disk_full" | "home_unusable" | "not_paired" | "already_paired" | "pairing_code_malformed" | "pairing_code_refused" | "relay_unreachable" | "relay_refused" | "relay_unavailable" | "relay_version" | "relay_unexpected" | "provider_unreachable" | "provider_tls" | "provider_timeout" | "provider_key_refused" | "provider_permission_missing" | "provider_not_found" | "provider_wrong_base_path" | "provider_conflict" | "provider_rejected" | "provider_rate_limited" | "provider_failed" | "provider_unexpected" | "provider_redirected" | "provider_ambiguous" | "list_lost_others" | "delete_not_configured" | "test_not_configured" | "connection_unknown" | "connection_name_taken" | "connection_in_use" | "subscription_unknown" | "subscription_foreign" | "subscription_elsewhere" | "rotation_under_way" | "rotation_too_late" | "rotation_unknown" | "rotation_answer_lost" | "rotation_vanished" | "confirmation_needed" | "certificate_unusable" | "inlet_unknown" | "device_unknown" | "device_name_malformed" | "order_unknown" | "link_refused" | "confirmation_off" | "browser_missing" | "event_unknown" | "stock_unknown" | "prescription_unknown" | "doctor_unknown" | "input_invalid" | "file_unusable" | "file_foreign" | "work_under_way" | "prescription_missing" | "internal";
export type Problem = { 
/**
 * What went wrong.
 */
code: Code, 
/**
 * A fact that belongs to it (a field, a permission, a provider's own words), never content of an event.
 */
detail: string | null, 
/**
 * Finds this occurrence in the log.
 */
incident: string, };
export type Page<T> = { 
/**
 * In the order of the list.
 */
rows: Array<T>, 
/**
 * Hand back as `after` for the next page; `None` at the end. Opaque.
 */
next: string | null, };
export type PageInput = { 
/**
 * How many rows at the most.
 */
limit: number | null, 
/**
 * `next` of the page before.
 */
after: string | null, };
export type Trust = "unsigned" | "reconciled" | "verified";
export type Verdict = "accepted" | "unrecognised" | "rejected";
export type Unrecognised = "not_json" | "not_utf8" | "too_deep" | "not_an_event" | "unknown_type" | "unknown_version" | "field_missing";
export type QuarantineReason = "secret_missing" | "signature_missing" | "signature_repeated" | "signature_malformed" | "signature_wrong" | "header_missing" | "header_wrong" | "inlet_unknown";
export type EventListInput = { 
/**
 * Only this verdict.
 */
verdict: Verdict | null, 
/**
 * Only this event type, exactly.
 */
type: string | null, 
/**
 * Only this source, by its short name.
 */
source: string | null, 
/**
 * Only this reason; with the verdict `rejected`.
 */
quarantine: QuarantineReason | null, 
/**
 * What an order is found by, or the beginning of a product's uid or of the event's id.
 */
search: string | null, 
/**
 * How many rows at the most.
 */
limit: number | null, 
/**
 * `next` of the page before.
 */
after: string | null, };
export type EventRowView = { 
/**
 * The event, or the quarantined delivery.
 */
id: EventId, 
/**
 * The provider's short name, for example `rxscale`.
 */
source: string, 
/**
 * The connection; `None` where the inlet is not known.
 */
connection: ConnectionId | null, 
/**
 * As the body says, or the unsigned header for what is in quarantine.
 */
type: string | null, 
/**
 * The event's own time.
 */
at: string | null, 
/**
 * First receipt.
 */
received_at: string, 
/**
 * How it was judged.
 */
verdict: Verdict, 
/**
 * Signed or not; `None` in quarantine.
 */
trust: Trust | null, 
/**
 * Why it was not understood.
 */
unrecognised: Unrecognised | null, 
/**
 * Why it is in quarantine.
 */
quarantine: QuarantineReason | null, 
/**
 * How many times it was received.
 */
receipts: number, 
/**
 * Bytes of the body.
 */
bytes: number, 
/**
 * The order it speaks of.
 */
order: OrderUid | null, 
/**
 * The order's name.
 */
order_name: string | null, 
/**
 * The product it speaks of.
 */
stock: PharmacySkuUid | null, 
/**
 * It never came through the relay, only out of a file.
 */
imported: boolean, };
export type ReceiptView = { 
/**
 * Relay's clock.
 */
received_at: string, 
/**
 * The inlet it came through.
 */
inlet: string, 
/**
 * Place in the relay's log; `None` for an imported file.
 */
sequence: number | null, 
/**
 * Fingerprint of the secret that verified it.
 */
fingerprint: string | null, 
/**
 * Headers as they arrived; a value that is not UTF-8 shows as hex.
 */
headers: Array<[string, string]>, };
export type ProofView = { 
/**
 * SHA-256 of the raw body, hex.
 */
sha256: string, 
/**
 * `payload_version` as sent.
 */
payload_version: string | null, 
/**
 * Every receipt, oldest first.
 */
receipt_list: Array<ReceiptView>, 
/**
 * The event, or the quarantined delivery.
 */
id: EventId, 
/**
 * The provider's short name, for example `rxscale`.
 */
source: string, 
/**
 * The connection; `None` where the inlet is not known.
 */
connection: ConnectionId | null, 
/**
 * As the body says, or the unsigned header for what is in quarantine.
 */
type: string | null, 
/**
 * The event's own time.
 */
at: string | null, 
/**
 * First receipt.
 */
received_at: string, 
/**
 * How it was judged.
 */
verdict: Verdict, 
/**
 * Signed or not; `None` in quarantine.
 */
trust: Trust | null, 
/**
 * Why it was not understood.
 */
unrecognised: Unrecognised | null, 
/**
 * Why it is in quarantine.
 */
quarantine: QuarantineReason | null, 
/**
 * How many times it was received.
 */
receipts: number, 
/**
 * Bytes of the body.
 */
bytes: number, 
/**
 * The order it speaks of.
 */
order: OrderUid | null, 
/**
 * The order's name.
 */
order_name: string | null, 
/**
 * The product it speaks of.
 */
stock: PharmacySkuUid | null, 
/**
 * It never came through the relay, only out of a file.
 */
imported: boolean, };
export type ImportedView = { 
/**
 * Bytes of the file.
 */
bytes: number, 
/**
 * ... and how many of them were read.
 */
bytes_read: number, 
/**
 * Deliveries in the file.
 */
deliveries: number, 
/**
 * Events not seen before.
 */
events: number, 
/**
 * Further deliveries of events seen before.
 */
duplicates: number, 
/**
 * Deliveries this desk has already.
 */
known: number, 
/**
 * Deliveries now in quarantine.
 */
rejected: number, 
/**
 * Lines that are no delivery, or name no inlet.
 */
unreadable: number, 
/**
 * The first of them, counted from the line after the head.
 */
first_unreadable: number | null, 
/**
 * What changed.
 */
changed: Array<Tag>, };
export type ExportedView = { 
/**
 * Rows of the list.
 */
rows: number, };
export type BodyView = { 
/**
 * The body as text; `None` where it is not UTF-8, then `base64` holds it.
 */
text: string | null, 
/**
 * The body in base64 where it is not UTF-8.
 */
base64: string | null, 
/**
 * The body is longer than what is given here (1 MiB).
 */
truncated: boolean, };
export type VerifyView = { 
/**
 * The stored hash still is the hash of the stored body.
 */
body_intact: boolean, 
/**
 * A stored secret of the inlet makes this signature.
 */
signature_matches: boolean, 
/**
 * Which one.
 */
fingerprint: string | null, 
/**
 * Why not.
 */
reason: QuarantineReason | null, };
export type StatusGroup = "new" | "waiting" | "in_work" | "needs_attention" | "done" | "stopped" | "unknown";
export type KnownStatus = "created" | "waiting_for_pharmacy" | "pending_review" | "on_hold" | "in_progress" | "ready_for_pickup" | "shipped" | "completed" | "cancelled";
export type Stage = "digitized" | "prescription_rejected" | "assigned" | "accepted" | "rejected_or_cancelled" | "reassigned" | "packed" | "ready_for_collection" | "with_rider" | "delivered" | "collected";
export type Finality = "final" | "may_continue" | "unknown";
export type AmountMeaning = "items_after_discount" | "items_at_maximum_price" | "shipping_of_order" | "delivery_charge" | "estimate_with_delivery";
export type TimeMeaning = "billed" | "paid" | "refill_reminder";
export type LinkKind = "tracking" | "bill" | "invoice";
export type AmountView = { 
/**
 * What it means.
 */
meaning: AmountMeaning, 
/**
 * The amount.
 */
amount: Money, };
export type ReportedTimeView = { 
/**
 * What it means.
 */
meaning: TimeMeaning, 
/**
 * As sent.
 */
text: string, 
/**
 * The assumed zone by its IANA name.
 */
zone: string | null, };
export type LinkView = { 
/**
 * What it leads to.
 */
kind: LinkKind, 
/**
 * The host, where the link may be opened: `https` and a public name.
 */
host: string | null, 
/**
 * As sent, where it may not be opened.
 */
text: string | null, };
export type HandoverView = { 
/**
 * The lane; `None` for what is said of the whole order.
 */
lane_uid: LaneUid | null, 
/**
 * The lane as its provider names it.
 */
lane_name: string | null, 
/**
 * Its pharmacy.
 */
pharmacy_name: string | null, 
/**
 * Who brings it.
 */
courier_name: string | null, 
/**
 * Telephone number of who brings it.
 */
courier_phone: string | null, 
/**
 * Where to look further.
 */
links: Array<LinkView>, 
/**
 * There is a handover code; it is asked for by itself.
 */
has_pin: boolean, };
export type LaneInput = { 
/**
 * The order.
 */
uid: OrderUid, 
/**
 * The lane; `None` for what is said of the whole order.
 */
lane_uid: LaneUid | null, };
export type LinkInput = { 
/**
 * The order.
 */
uid: OrderUid, 
/**
 * The lane; `None` for what is said of the whole order.
 */
lane_uid: LaneUid | null, 
/**
 * Which link.
 */
kind: LinkKind, };
export type PinView = { 
/**
 * As sent: leading zeros matter.
 */
pin: string, };
export type Agreement = "agrees" | "differs" | "unclear";
export type ConfirmedLaneView = { 
/**
 * The lane.
 */
lane_uid: LaneUid | null, 
/**
 * Where it was here; `None` where nothing was known.
 */
here: Stage | null, 
/**
 * Where it was there, in the provider's word; `None` where it was not told of.
 */
there: string | null, 
/**
 * What came of comparing both.
 */
agreement: Agreement, };
export type ConfirmationView = { 
/**
 * When it was asked.
 */
asked_at: string, 
/**
 * Over all lanes: a difference outweighs what agrees.
 */
agreement: Agreement, 
/**
 * Lane by lane: those the provider told of, then those only known here.
 */
lanes: Array<ConfirmedLaneView>, 
/**
 * Something was received since.
 */
outdated: boolean, };
export type ConfirmableView = { 
/**
 * A key for the provider's orders API is stored.
 */
possible: boolean, 
/**
 * The last time somebody asked.
 */
last: ConfirmationView | null, };
export type StepState = "done" | "next" | "ahead" | "skipped" | "unexpected" | "ending" | "not_reached";
export type StepView = { 
/**
 * The status word it is heard as.
 */
status: string, 
/**
 * What it means.
 */
stage: Stage | null, 
/**
 * Where it stands.
 */
state: StepState, 
/**
 * When it was first heard of.
 */
at: string | null, 
/**
 * The status, where its raw word is a known one: the window has a word of its own for each.
 */
known: KnownStatus | null, };
export type SequenceView = { 
/**
 * The lane; `None` for the whole order while it has no lane.
 */
lane_uid: LaneUid | null, 
/**
 * Its pharmacy.
 */
pharmacy_name: string | null, 
/**
 * In the order they are expected.
 */
steps: Array<StepView>, };
export type Rejections = "final_only" | "each" | "not_sure";
export type OrderListInput = { 
/**
 * A raw status, folded for case, space, `_` and `-`.
 */
status: string | null, 
/**
 * A status group.
 */
group: StatusGroup | null, 
/**
 * Only orders that need attention.
 */
attention: boolean | null, 
/**
 * The beginnings of words: the order's name, a uid, the shop's number, a product, its number,
 * the pharmacy, the patient, the doctor.
 */
search: string | null, 
/**
 * One connection only.
 */
connection: ConnectionId | null, 
/**
 * One pharmacy has a lane of it, or had.
 */
pharmacy: PharmacyUid | null, 
/**
 * One way of delivery.
 */
delivery_type: string | null, 
/**
 * One shop.
 */
shop: string | null, 
/**
 * Only orders that are neither finished nor stopped.
 */
open: boolean | null, 
/**
 * Only orders with a priority.
 */
urgent: boolean | null, 
/**
 * Only open orders that have had their status for at least so many hours.
 */
age_hours: number | null, 
/**
 * How many rows at the most.
 */
limit: number | null, 
/**
 * `next` of the page before.
 */
after: string | null, };
export type OrderFormat = "csv" | "json";
export type OrderExportInput = { 
/**
 * As the list is filtered; its window does not count.
 */
filter: OrderListInput, 
/**
 * CSV or JSON lines.
 */
format: OrderFormat, 
/**
 * Names, addresses, birth dates and numbers of patients too.
 */
with_patients: boolean, };
export type FacetView = { 
/**
 * `status`, `group`, `attention`, `connection`, `pharmacy`, `delivery_type`, `shop`, `open`, `urgent`.
 */
kind: string, 
/**
 * As the filter wants it.
 */
value: string, 
/**
 * As a person reads it; empty where the window has the word.
 */
label: string, 
/**
 * How many orders.
 */
orders: number, 
/**
 * Of the kind `status`: the status, where it is a known one.
 */
known: KnownStatus | null, };
export type StuckView = { 
/**
 * How many.
 */
count: number, 
/**
 * Those that stand longest.
 */
rows: Array<OrderRowView>, };
export type PharmacyTodayView = { 
/**
 * The pharmacy; `None` for orders that nobody has yet.
 */
uid: PharmacyUid | null, 
/**
 * Its name.
 */
name: string | null, 
/**
 * Orders that began today.
 */
arrived: number, 
/**
 * ... and are finished.
 */
finished: number, 
/**
 * ... and are neither finished nor stopped.
 */
open: number, };
export type TodayView = { 
/**
 * Orders that began today.
 */
arrived: number, 
/**
 * Orders that were finished today, whenever they began.
 */
finished: number, 
/**
 * Orders that are neither finished nor stopped, whenever they began.
 */
open: number, 
/**
 * Those that began today, by the pharmacy that has them now; the most first.
 */
pharmacies: Array<PharmacyTodayView>, };
export type LaneView = { 
/**
 * The provider's id of the pharmacy order.
 */
uid: LaneUid, 
/**
 * As the provider names it, for example `#1001`.
 */
name: string | null, 
/**
 * Raw.
 */
status: string | null, 
/**
 * Folded.
 */
status_group: StatusGroup, 
/**
 * What the status means, where its word alone would mislead.
 */
stage: Stage | null, 
/**
 * Whether an ending is one.
 */
finality: Finality | null, 
/**
 * Others took over from this lane.
 */
handed_over: boolean, 
/**
 * The pharmacy.
 */
pharmacy_uid: PharmacyUid | null, 
/**
 * The pharmacy's name.
 */
pharmacy_name: string | null, 
/**
 * Provider's time of the newest event.
 */
updated_at: string, 
/**
 * The provider marked it as deleted.
 */
deleted: boolean, 
/**
 * The status, where its raw word is a known one: the window has a word of its own for each.
 */
known: KnownStatus | null, };
export type Attention = "on_hold" | "cancelled_everywhere" | "prescription_rejected" | "unknown_status" | "went_back";
export type OrderRowView = { 
/**
 * The parent order, or the lane's uid where it has no parent.
 */
uid: OrderUid, 
/**
 * The connection it came through.
 */
connection: ConnectionId, 
/**
 * For example `#1001`.
 */
name: string | null, 
/**
 * Raw status of the leading lane: the one that changed last among those still open, else the last of all.
 */
status: string | null, 
/**
 * Folded.
 */
status_group: StatusGroup, 
/**
 * What the status means, where its word alone would mislead.
 */
stage: Stage | null, 
/**
 * Whether an ending is one.
 */
finality: Finality | null, 
/**
 * Provider's time of the newest event.
 */
updated_at: string, 
/**
 * Since when the leading lane has this status.
 */
status_since: string, 
/**
 * Relay's time of the newest receipt.
 */
received_at: string, 
/**
 * Newest lane first.
 */
lanes: Array<LaneView>, 
/**
 * Why it needs attention; empty for the ordinary case.
 */
attention: Array<Attention>, 
/**
 * As the provider names it.
 */
delivery_type: string | null, 
/**
 * Higher is more urgent, 0 none.
 */
priority: number, 
/**
 * What it costs altogether, as the provider says or as items and shipping add up; `None` where neither is known.
 */
total: Money | null, 
/**
 * How many items.
 */
items: number, 
/**
 * How many distinct events.
 */
events: number, 
/**
 * The lowest trust among its events.
 */
trust: Trust, 
/**
 * The status, where its raw word is a known one: the window has a word of its own for each.
 */
known: KnownStatus | null, };
export type ItemView = { 
/**
 * Product name.
 */
name: string | null, 
/**
 * Pharmazentralnummer, text: leading zeros matter.
 */
pzn: string | null, 
/**
 * How many.
 */
amount: number | null, 
/**
 * What `amount` counts, where the provider says: `packs` or `units`.
 */
unit: string | null, 
/**
 * The text on the pack, as sent.
 */
pack: string | null, 
/**
 * The amount in single units, where the provider gives that, too.
 */
loose: number | null, 
/**
 * Price of one.
 */
price: Money | null, 
/**
 * Paid for all of this item.
 */
total: Money | null, 
/**
 * Stock of this product when the event was made.
 */
stock: number | null, };
export type OrderView = { 
/**
 * From the newest event of the leading lane.
 */
item_list: Array<ItemView>, 
/**
 * The signing doctor's name.
 */
doctor: string | null, 
/**
 * The shop's own order number.
 */
shop_order: string | null, 
/**
 * The shop's own number of the fulfilment.
 */
fulfilment: string | null, 
/**
 * Shipping costs.
 */
shipping: Money | null, 
/**
 * What the provider's amounts mean, where they are not simply items, shipping and total. They do not add up.
 */
amounts: Array<AmountView>, 
/**
 * Times the provider reports without being the time of an event.
 */
reported: Array<ReportedTimeView>, 
/**
 * File name of the signed prescription, where one came along.
 */
prescription_file: string | null, 
/**
 * Whether there is a patient or an address to reveal.
 */
has_patient: boolean, 
/**
 * Whether any lane tells who brings it, a link or a handover code.
 */
has_handover: boolean, 
/**
 * The parent order, or the lane's uid where it has no parent.
 */
uid: OrderUid, 
/**
 * The connection it came through.
 */
connection: ConnectionId, 
/**
 * For example `#1001`.
 */
name: string | null, 
/**
 * Raw status of the leading lane: the one that changed last among those still open, else the last of all.
 */
status: string | null, 
/**
 * Folded.
 */
status_group: StatusGroup, 
/**
 * What the status means, where its word alone would mislead.
 */
stage: Stage | null, 
/**
 * Whether an ending is one.
 */
finality: Finality | null, 
/**
 * Provider's time of the newest event.
 */
updated_at: string, 
/**
 * Since when the leading lane has this status.
 */
status_since: string, 
/**
 * Relay's time of the newest receipt.
 */
received_at: string, 
/**
 * Newest lane first.
 */
lanes: Array<LaneView>, 
/**
 * Why it needs attention; empty for the ordinary case.
 */
attention: Array<Attention>, 
/**
 * As the provider names it.
 */
delivery_type: string | null, 
/**
 * Higher is more urgent, 0 none.
 */
priority: number, 
/**
 * What it costs altogether, as the provider says or as items and shipping add up; `None` where neither is known.
 */
total: Money | null, 
/**
 * How many items.
 */
items: number, 
/**
 * How many distinct events.
 */
events: number, 
/**
 * The lowest trust among its events.
 */
trust: Trust, 
/**
 * The status, where its raw word is a known one: the window has a word of its own for each.
 */
known: KnownStatus | null, };
export type AddressView = { 
/**
 * First and last name.
 */
name: string | null, 
/**
 * Street and house number.
 */
street: string | null, 
/**
 * Addition.
 */
additional: string | null, 
/**
 * Postal code and city.
 */
city: string | null, 
/**
 * Country.
 */
country: string | null, };
export type FieldView = { 
/**
 * Dotted path.
 */
field: string, 
/**
 * As text.
 */
value: string, };
export type PatientView = { 
/**
 * Full name.
 */
name: string | null, 
/**
 * As sent, `YYYY-MM-DD`.
 */
date_of_birth: string | null, 
/**
 * E-mail address.
 */
email: string | null, 
/**
 * Telephone number.
 */
phone: string | null, 
/**
 * Where the goods go.
 */
delivery_address: AddressView | null, 
/**
 * Where the invoice goes.
 */
invoice_address: AddressView | null, 
/**
 * What else came with the order and may speak of a person, by the provider's path.
 */
further: Array<FieldView>, };
export type Money = { 
/**
 * A plain decimal, for example `12.99`, with as many decimals as the provider wrote.
 */
amount: string, 
/**
 * ISO 4217.
 */
currency: string, 
/**
 * The provider does not name the currency: it is the one of its country.
 */
assumed?: boolean, };
export type EntryKind = "created" | "status_changed" | "handed_over" | "updated" | "deleted";
export type Mark = "late" | "out_of_order" | "same_second" | "backward" | "unexpected" | "future" | "header_mismatch" | "time_of_receipt" | "other_order";
export type ChangeView = { 
/**
 * `priority`, `items[0].stock`, `patient.name` …; what only this provider has, by its own dotted path.
 */
field: string, 
/**
 * Before; `None` where it was absent. Masked (`•••`) for what may speak of a person.
 */
from: string | null, 
/**
 * After.
 */
to: string | null, };
export type EntryView = { 
/**
 * Leads to the proof.
 */
event_id: EventId, 
/**
 * The lane it belongs to; `None` where it speaks of the order as a whole.
 */
lane_uid: LaneUid | null, 
/**
 * The lane's pharmacy.
 */
pharmacy_name: string | null, 
/**
 * When it happened: the event's own time, or the receipt time with the mark `time_of_receipt`.
 */
at: string, 
/**
 * First receipt, relay's clock.
 */
received_at: string, 
/**
 * What it is.
 */
kind: EntryKind, 
/**
 * The event's type, as the provider names it.
 */
event_type: string, 
/**
 * Raw status before on this lane; `None` for the first.
 */
from: string | null, 
/**
 * Folded.
 */
from_group: StatusGroup | null, 
/**
 * What it meant, where its word alone would mislead.
 */
from_stage: Stage | null, 
/**
 * Raw status after.
 */
to: string | null, 
/**
 * Folded.
 */
to_group: StatusGroup, 
/**
 * What it means, where its word alone would mislead.
 */
to_stage: Stage | null, 
/**
 * Whether an ending is one.
 */
finality: Finality | null, 
/**
 * How long the lane stayed in `from`, milliseconds.
 */
dwell_ms: number | null, 
/**
 * Why, in the provider's words.
 */
reason: string | null, 
/**
 * Lanes that take over from this one.
 */
successors: Array<LaneUid>, 
/**
 * The lane that handed over to this one.
 */
predecessor: LaneUid | null, 
/**
 * Signed or not.
 */
trust: Trust, 
/**
 * Words to show.
 */
marks: Array<Mark>, 
/**
 * How many times it was received.
 */
receipts: number, 
/**
 * What differs from the entry before on the same lane.
 */
changes: Array<ChangeView>, 
/**
 * The status before, where its raw word is a known one.
 */
from_known: KnownStatus | null, 
/**
 * The status after, where its raw word is a known one.
 */
to_known: KnownStatus | null, };
export type TimelineView = { 
/**
 * The order.
 */
uid: OrderUid, 
/**
 * Its lanes, newest first.
 */
lanes: Array<LaneView>, 
/**
 * The steps expected of each lane, newest lane first; only where the provider's documents know a sequence.
 */
sequences: Array<SequenceView>, 
/**
 * Oldest first.
 */
entries: Array<EntryView>, };
export type StockListInput = { 
/**
 * Text in a product name, PZN or uid.
 */
search: string | null, 
/**
 * Only what is low by its threshold. Not together with `as_of`.
 */
low: boolean | null, 
/**
 * Only what is empty.
 */
out: boolean | null, 
/**
 * As it was known to be at this moment; now when absent.
 */
as_of: string | null, 
/**
 * How many rows at the most.
 */
limit: number | null, 
/**
 * `next` of the page before.
 */
after: string | null, };
export type StockHistoryInput = { 
/**
 * The product.
 */
uid: PharmacySkuUid, 
/**
 * Up to this moment; all of it when absent.
 */
as_of: string | null, 
/**
 * Which page.
 */
page: PageInput, };
export type StockWindow = { 
/**
 * How many days it was measured over: 28, or as many as are known. UTC days, today included.
 */
days: number, 
/**
 * Pieces that left: the sum of every fall of the level.
 */
consumed: number, 
/**
 * Pieces that came: the sum of every rise.
 */
received: number, };
export type StockThreshold = { 
/**
 * At so many pieces or fewer.
 */
pieces: number | null, 
/**
 * When it lasts for so many days or fewer at the pace of the window.
 */
days: number | null, };
export type StockThresholdInput = { 
/**
 * The product.
 */
uid: PharmacySkuUid, 
/**
 * Its own; the rule for all where absent.
 */
threshold: StockThreshold | null, };
export type StockRowView = { 
/**
 * The pharmacy SKU.
 */
uid: PharmacySkuUid, 
/**
 * The connection it came through.
 */
connection: ConnectionId, 
/**
 * The pharmacy.
 */
pharmacy_uid: PharmacyUid | null, 
/**
 * Pharmazentralnummer.
 */
pzn: string | null, 
/**
 * Product name.
 */
name: string | null, 
/**
 * Absolute level; may be negative. `None`: nothing was known yet, as of the moment asked for.
 */
stock: number | null, 
/**
 * Difference to the level known before; `None` for the first.
 */
delta: number | null, 
/**
 * Price of one, cents.
 */
price_cents: number | null, 
/**
 * Provider's time.
 */
updated_at: string, 
/**
 * Signed or not: the newest level.
 */
trust: Trust, 
/**
 * The oldest level known; before it nothing is.
 */
first_at: string, 
/**
 * Empty since; `None` while there is some.
 */
out_since: string | null, 
/**
 * How long it was empty before, in milliseconds, as far as it is known.
 */
out_ms: number, 
/**
 * What moved.
 */
window: StockWindow, 
/**
 * For how many days it lasts at the pace of the window; `None` where nothing moves.
 */
days_of_cover: number | null, 
/**
 * The levels at the end of the days of the window, oldest first; `None` before the first known.
 */
trend: (number | null)[], 
/**
 * Low by its threshold.
 */
low: boolean, 
/**
 * From when on it is low.
 */
threshold: StockThreshold, 
/**
 * The threshold is its own, not the rule for all.
 */
threshold_own: boolean, };
export type StockChangeView = { 
/**
 * Leads to the proof.
 */
event_id: EventId, 
/**
 * When it was so.
 */
at: string, 
/**
 * First receipt.
 */
received_at: string, 
/**
 * Absolute level.
 */
stock: number | null, 
/**
 * Since last seen.
 */
delta: number | null, 
/**
 * Cents.
 */
price_cents: number | null, 
/**
 * Signed or not.
 */
trust: Trust, 
/**
 * How many times it was received.
 */
receipts: number, };
export type StockPointView = { 
/**
 * Since when.
 */
at: string, 
/**
 * Absolute level.
 */
stock: number, 
/**
 * Cents.
 */
price_cents: number | null, };
export type StockChartView = { 
/**
 * As in the list.
 */
row: StockRowView, 
/**
 * Oldest first. The first may lie before the range: it was so when the range began.
 */
points: Array<StockPointView>, 
/**
 * There were too many changes to draw: a point is the level at the end of a day, without a price.
 */
daily: boolean, 
/**
 * Everything the relay accepted before this moment is known; after it nothing was heard. `None` without a relay.
 */
complete_until: string | null, };
export type StockChartInput = { 
/**
 * The product.
 */
uid: PharmacySkuUid, 
/**
 * From this moment on; from the first known one when absent.
 */
since: string | null, 
/**
 * As it was known to be at this moment; now when absent.
 */
as_of: string | null, };
export type StockLowView = { 
/**
 * How many products.
 */
count: number, 
/**
 * ... of which are empty.
 */
out: number, 
/**
 * The first of them, empty ones first.
 */
rows: Array<StockRowView>, };
export type PrescriptionUid = string;
export type DoctorUid = string;
export type Clock = "event" | "published" | "received" | "prescription";
export type ReasonKind = "person" | "order" | "queue" | "requeued" | "doctor_requeued" | "stale" | "on_hold" | "other";
export type ChangeOfDoctorView = { 
/**
 * When.
 */
at: string, 
/**
 * Whose clock that is.
 */
clock: Clock, 
/**
 * The provider's code, verbatim.
 */
reason: string | null, 
/**
 * What it means.
 */
reason_kind: ReasonKind | null, 
/**
 * Leads to the proof; absent where the prescription's own beginning stands in.
 */
event_id: EventId | null, 
/**
 * Signed or not: the best proof of several that say the same.
 */
trust: Trust, 
/**
 * How many events say the same: by another transport, or sent again.
 */
told: number, 
/**
 * The same message arrived again after another change, without a time of its own: the doctor was assigned anew, or it was
 * only sent twice. Nothing in it tells which.
 */
uncertain: boolean, };
export type AssignmentView = { 
/**
 * The prescription.
 */
prescription_uid: PrescriptionUid, 
/**
 * The doctor; `None`: nobody.
 */
doctor_uid: DoctorUid | null, 
/**
 * The doctor's name, where an event tells it.
 */
doctor_name: string | null, 
/**
 * Since when; `None`: its beginning was not heard.
 */
from: string | null, 
/**
 * Until when; `None`: still, or its end was not heard. `open` tells which.
 */
until: string | null, 
/**
 * Why it began: the provider's code, verbatim.
 */
reason: string | null, 
/**
 * It still goes on, as far as is known.
 */
open: boolean, 
/**
 * It was so at this moment at the earliest.
 */
not_before: string, 
/**
 * It had ended by this moment, where it ended.
 */
not_after: string | null, 
/**
 * What began it, where that was heard.
 */
began: ChangeOfDoctorView | null, 
/**
 * What ended it, where that was heard.
 */
ended: ChangeOfDoctorView | null, 
/**
 * The shop.
 */
shop: string | null, };
export type AssignmentListInput = { 
/**
 * One prescription.
 */
prescription: PrescriptionUid | null, 
/**
 * One doctor.
 */
doctor: DoctorUid | null, 
/**
 * Begun by this reason, exactly.
 */
reason: string | null, 
/**
 * One shop.
 */
shop: string | null, 
/**
 * Begun at this moment or later.
 */
since: string | null, 
/**
 * Begun before this moment.
 */
until: string | null, 
/**
 * Only those that go on.
 */
open: boolean | null, 
/**
 * How many rows at the most.
 */
limit: number | null, 
/**
 * `next` of the page before.
 */
after: string | null, };
export type PrescriptionState = "assigned" | "unassigned" | "broken";
export type PrescriptionRowView = { 
/**
 * The provider's id.
 */
uid: PrescriptionUid, 
/**
 * The connection it came through.
 */
connection: ConnectionId, 
/**
 * As received.
 */
status: string | null, 
/**
 * When the provider made it.
 */
created_at: string | null, 
/**
 * Its last change of doctor.
 */
changed_at: string, 
/**
 * Who has it; `None`: nobody.
 */
doctor_uid: DoctorUid | null, 
/**
 * The doctor's name.
 */
doctor_name: string | null, 
/**
 * Why.
 */
reason: string | null, 
/**
 * What the reason means.
 */
reason_kind: ReasonKind | null, 
/**
 * How many doctors had it, the same one twice where it came back.
 */
assignments: number, 
/**
 * Breaks in the chain: changes that were not heard.
 */
gaps: number, 
/**
 * The shop.
 */
shop: string | null, 
/**
 * How the shop calls the order.
 */
external_order_id: string | null, 
/**
 * How the shop calls the delivery of goods.
 */
external_fulfillment_id: string | null, 
/**
 * The order, where identifiers and shop agree exactly.
 */
order: OrderUid | null, 
/**
 * The order's name.
 */
order_name: string | null, };
export type PrescriptionListInput = { 
/**
 * Text in its uid, the shop's numbers, a doctor.
 */
search: string | null, 
/**
 * This doctor had it.
 */
doctor: DoctorUid | null, 
/**
 * This reason occurs, exactly.
 */
reason: string | null, 
/**
 * One shop.
 */
shop: string | null, 
/**
 * Where it is.
 */
state: PrescriptionState | null, 
/**
 * Changed at this moment or later.
 */
since: string | null, 
/**
 * How many rows at the most.
 */
limit: number | null, 
/**
 * `next` of the page before.
 */
after: string | null, };
export type PrescriptionView = { 
/**
 * Who had it.
 */
history: Array<AssignmentView>, 
/**
 * The provider's id.
 */
uid: PrescriptionUid, 
/**
 * The connection it came through.
 */
connection: ConnectionId, 
/**
 * As received.
 */
status: string | null, 
/**
 * When the provider made it.
 */
created_at: string | null, 
/**
 * Its last change of doctor.
 */
changed_at: string, 
/**
 * Who has it; `None`: nobody.
 */
doctor_uid: DoctorUid | null, 
/**
 * The doctor's name.
 */
doctor_name: string | null, 
/**
 * Why.
 */
reason: string | null, 
/**
 * What the reason means.
 */
reason_kind: ReasonKind | null, 
/**
 * How many doctors had it, the same one twice where it came back.
 */
assignments: number, 
/**
 * Breaks in the chain: changes that were not heard.
 */
gaps: number, 
/**
 * The shop.
 */
shop: string | null, 
/**
 * How the shop calls the order.
 */
external_order_id: string | null, 
/**
 * How the shop calls the delivery of goods.
 */
external_fulfillment_id: string | null, 
/**
 * The order, where identifiers and shop agree exactly.
 */
order: OrderUid | null, 
/**
 * The order's name.
 */
order_name: string | null, };
export type ReasonView = { 
/**
 * As received.
 */
reason: string, 
/**
 * What it means.
 */
reason_kind: ReasonKind, };
export type AssignmentFiltersView = { 
/**
 * Reasons that occur, as received.
 */
reasons: Array<ReasonView>, 
/**
 * Shops that occur.
 */
shops: Array<string>, };
export type DoctorRowView = { 
/**
 * The provider's id.
 */
uid: string, 
/**
 * As an event names the doctor.
 */
name: string | null, 
/**
 * Prescriptions the doctor has now.
 */
open: number, 
/**
 * How often the doctor was given one.
 */
taken: number, 
/**
 * How often one was taken away.
 */
lost: number, 
/**
 * ... because it went back into the queue.
 */
requeued: number, 
/**
 * The newest assignment.
 */
last_at: string | null, };
export type DoctorListInput = { 
/**
 * Text in name or uid.
 */
search: string | null, 
/**
 * How many rows at the most.
 */
limit: number | null, 
/**
 * `next` of the page before.
 */
after: string | null, };
export type ReasonCountView = { 
/**
 * As received; `None` where none was told.
 */
reason: string | null, 
/**
 * What it means.
 */
reason_kind: ReasonKind | null, 
/**
 * Assignments that began so.
 */
taken: number, 
/**
 * Assignments that ended so.
 */
lost: number, };
export type DoctorView = { 
/**
 * Most frequent first.
 */
reasons: Array<ReasonCountView>, 
/**
 * The provider's id.
 */
uid: string, 
/**
 * As an event names the doctor.
 */
name: string | null, 
/**
 * Prescriptions the doctor has now.
 */
open: number, 
/**
 * How often the doctor was given one.
 */
taken: number, 
/**
 * How often one was taken away.
 */
lost: number, 
/**
 * ... because it went back into the queue.
 */
requeued: number, 
/**
 * The newest assignment.
 */
last_at: string | null, };
export type EventFieldView = { 
/**
 * As the provider names it, from the outside in.
 */
path: Array<string>, 
/**
 * As text; absent for `null`.
 */
value: string | null, 
/**
 * Only the beginning is shown.
 */
cut: boolean, };
export type EventFieldsView = { 
/**
 * In the event's own order.
 */
fields: Array<EventFieldView>, 
/**
 * There are more than are listed, or it is no event at all: the raw body has everything.
 */
incomplete: boolean, };
export type Provider = "rxscale";
export type Api = "management" | "pharmacy";
export type Environment = "production" | "development" | "sandbox";
export type DeleteStrategy = "off" | "path" | "query" | "body";
export type ConnectionSettings = { 
/**
 * Path of the API below the base URL; empty for the provider's default.
 */
base_path: string, 
/**
 * How to delete; `None` for the API's default.
 */
delete: DeleteStrategy | null, 
/**
 * Whether the provider's test call is used.
 */
test_call: boolean, 
/**
 * Whether `sha256=` before a signature is accepted, too. The documents show none.
 */
signature_prefix: boolean, 
/**
 * A JSON object sent as `meta_data` with every create at the Management API; empty for none.
 */
meta_data: string, };
export type ConnectionInput = { 
/**
 * What the administrator calls it, 1 to 80 characters, unique.
 */
name: string, 
/**
 * The provider.
 */
provider: Provider, 
/**
 * The API the key is for.
 */
api: Api, 
/**
 * `https://…`, or `http://` on loopback; the provider's production host when absent.
 */
base_url: string | null, 
/**
 * Required with a group key.
 */
pharmacy_uid: string | null, 
/**
 * The API key. Goes to the keyring and to the connection's own host, nowhere else.
 */
api_key: string, 
/**
 * Settings the documents leave open.
 */
settings: ConnectionSettings, };
export type ConnectionEditInput = { 
/**
 * Which.
 */
id: ConnectionId, 
/**
 * What the administrator calls it, 1 to 80 characters, unique.
 */
name: string, 
/**
 * Required with a group key.
 */
pharmacy_uid: string | null, 
/**
 * Another API key; `None` keeps the one there is.
 */
api_key: string | null, 
/**
 * Settings the documents leave open.
 */
settings: ConnectionSettings, };
export type ConnectionRemoveInput = { 
/**
 * Which.
 */
id: ConnectionId, 
/**
 * Its name, typed: wanted for production.
 */
confirm: string | null, };
export type ConnectionView = { 
/**
 * Ours.
 */
id: ConnectionId, 
/**
 * What the administrator calls it.
 */
name: string, 
/**
 * The provider.
 */
provider: Provider, 
/**
 * The API.
 */
api: Api, 
/**
 * Scheme and host.
 */
base_url: string, 
/**
 * Derived from the host.
 */
environment: Environment, 
/**
 * For group keys.
 */
pharmacy_uid: string | null, 
/**
 * Settings.
 */
settings: ConnectionSettings, 
/**
 * Ours.
 */
created_at: string, 
/**
 * Last time the provider was asked.
 */
checked_at: string | null, 
/**
 * Last event that verified.
 */
last_verified_at: string | null, 
/**
 * Subscriptions of ours.
 */
subscriptions: number, };
export type CheckStep = "reachable" | "base_path" | "key" | "read_subscriptions" | "write_subscriptions";
export type CheckState = "ok" | "failed" | "unknown";
export type CheckLineView = { 
/**
 * What was looked at.
 */
step: CheckStep, 
/**
 * How it ended.
 */
state: CheckState, 
/**
 * Why it failed.
 */
problem: Problem | null, };
export type CheckView = { 
/**
 * No line failed.
 */
ok: boolean, 
/**
 * In the order they were looked at.
 */
lines: Array<CheckLineView>, 
/**
 * The other documented base path answers instead: what to set.
 */
suggested_base_path: string | null, };
export type SubscriptionState = "planned" | "unsettled" | "active" | "vanished" | "orphaned" | "foreign" | "removing" | "removed";
export type SecretState = "stored" | "missing" | "not_issued";
export type Rhythm = "learning" | "usual" | "silent";
export type HealthView = { 
/**
 * Verified arrivals in each of the last 24 hours, oldest first, the running one last.
 */
hours: Array<number>, 
/**
 * Their sum.
 */
arrivals: number, 
/**
 * Arrivals of events seen before, in the same time.
 */
duplicates: number, 
/**
 * Rejected, in the same time.
 */
rejected: number, 
/**
 * Mean delay from event to receipt in the same time, in milliseconds.
 */
delay_ms: number | null, 
/**
 * Against its own rhythm: the same hours of the week, up to four weeks back.
 */
rhythm: Rhythm, 
/**
 * How many would usually have come since the last one.
 */
expected: number | null, 
/**
 * The last one, where it is silent.
 */
silent_since: string | null, };
export type SubscriptionView = { 
/**
 * Ours; for a foreign one the provider's uid.
 */
id: SubscriptionId, 
/**
 * Its connection.
 */
connection: ConnectionId, 
/**
 * The connection's name.
 */
connection_name: string, 
/**
 * The provider's id, once known.
 */
provider_uid: string | null, 
/**
 * One of the provider's event types.
 */
notification_type: string, 
/**
 * Where the provider sends to, without the part that makes it unguessable.
 */
target: string, 
/**
 * Where it stands.
 */
state: SubscriptionState, 
/**
 * Whether deliveries can be verified.
 */
secret: SecretState, 
/**
 * Names the secret.
 */
fingerprint: string | null, 
/**
 * When we made it.
 */
created_at: string | null, 
/**
 * Newest receipt that verified.
 */
last_verified_at: string | null, 
/**
 * Receipts that verified.
 */
verified: number, 
/**
 * Receipts in quarantine.
 */
rejected: number, 
/**
 * Since when its secret is the current one.
 */
secret_since: string | null, 
/**
 * Its secret is older than the rule allows.
 */
rotation_due: boolean, 
/**
 * The open rotation it takes part in.
 */
rotation: RotationId | null, 
/**
 * On the new generation of an open rotation: the one it replaces.
 */
replaces: SubscriptionId | null, 
/**
 * A foreign one that sends to an inlet of ours: it can be adopted.
 */
adoptable: boolean, 
/**
 * That inlet's name.
 */
inlet: string | null, 
/**
 * How it does.
 */
health: HealthView, };
export type RemoveInput = { 
/**
 * Which.
 */
id: SubscriptionId, 
/**
 * The connection's name, typed: wanted for production.
 */
confirm: string | null, };
export type RemoveForeignInput = { 
/**
 * On this connection.
 */
connection: ConnectionId, 
/**
 * The provider's id.
 */
provider_uid: string, 
/**
 * The connection's name, typed.
 */
confirm: string, };
export type AdoptInput = { 
/**
 * On this connection.
 */
connection: ConnectionId, 
/**
 * The provider's id.
 */
provider_uid: string, 
/**
 * Its signing secret. Goes to the keyring and nowhere else.
 */
secret: string, };
export type RegisterInput = { 
/**
 * On this connection.
 */
connection: ConnectionId, 
/**
 * The provider's event types.
 */
types: Array<string>, };
export type RegisterView = { 
/**
 * The event type asked for.
 */
notification_type: string, 
/**
 * The subscription, once written down.
 */
subscription: SubscriptionView | null, 
/**
 * Why it is not active.
 */
problem: Problem | null, };
export type SubscriptionListView = { 
/**
 * Grouped by connection, then by type.
 */
rows: Array<SubscriptionView>, 
/**
 * Rotations that are under way or ended within a week, newest first.
 */
rotations: Array<RotationView>, 
/**
 * Connections that could not be asked just now; their rows are as of the last listing.
 */
problems: Array<ConnectionProblemView>, 
/**
 * How many secrets are older than the rule allows.
 */
due: number, };
export type ConnectionProblemView = { 
/**
 * Which.
 */
connection: ConnectionId, 
/**
 * Why.
 */
problem: Problem, };
export type NotificationTypeView = { 
/**
 * As the provider writes it.
 */
name: string, 
/**
 * Offered as ticked in the first run.
 */
recommended: boolean, 
/**
 * This build turns it into orders or stock; others are kept and shown raw.
 */
interpreted: boolean, };
export type RotationStep = "planned" | "created" | "proving" | "switching" | "grace" | "done" | "rolling_back" | "rolled_back";
export type RotationWait = "delivery" | "secret" | "grace" | "next_try";
export type RotationView = { 
/**
 * Ours.
 */
id: RotationId, 
/**
 * On this connection.
 */
connection: ConnectionId, 
/**
 * Its name.
 */
connection_name: string, 
/**
 * The event type.
 */
notification_type: string, 
/**
 * The generation that is replaced.
 */
old: SubscriptionId, 
/**
 * The generation that replaces it.
 */
new: SubscriptionId, 
/**
 * Where it stands.
 */
step: RotationStep, 
/**
 * What it waits for; `None` while it is being worked on, and at the end.
 */
waits_for: RotationWait | null, 
/**
 * When it was begun.
 */
started_at: string, 
/**
 * When it came to this step.
 */
step_at: string, 
/**
 * When the first delivery under the new secret had been seen.
 */
proved_at: string | null, 
/**
 * When the provider's list no longer held the old one.
 */
switched_at: string | null, 
/**
 * How long the old address and secret stay valid after that.
 */
grace_hours: number, 
/**
 * Until when.
 */
grace_until: string | null, 
/**
 * When it was over.
 */
ended_at: string | null, 
/**
 * Names the old secret.
 */
old_fingerprint: string | null, 
/**
 * Names the new secret.
 */
new_fingerprint: string | null, 
/**
 * The old one is untouched: it can be given up.
 */
can_roll_back: boolean, 
/**
 * The provider can be asked for a test event.
 */
can_test: boolean, 
/**
 * When it was asked for one.
 */
test_sent_at: string | null, 
/**
 * When it is tried again.
 */
next_try_at: string | null, 
/**
 * The last failure; of one that was given up, why.
 */
problem: Problem | null, 
/**
 * Account of the operating system that began it.
 */
by: string, };
export type RotateInput = { 
/**
 * Which.
 */
subscriptions: Array<SubscriptionId>, 
/**
 * How long the old address and secret stay valid after the switch, 0 to 720; 72 when absent.
 */
grace_hours: number | null, };
export type RotateView = { 
/**
 * Which.
 */
subscription: SubscriptionId, 
/**
 * Its rotation.
 */
rotation: RotationView | null, 
/**
 * Why there is none.
 */
problem: Problem | null, };
export type Source = "rxscale" | "rxscale-pubsub" | "evitalrx";
export type InletInput = { 
/**
 * What the administrator calls it.
 */
name: string, 
/**
 * Who will post to it.
 */
source: Source, 
/**
 * The connection whose orders it speaks of, by id or name; the provider's production host when absent.
 */
connection: string | null, };
export type InletView = { 
/**
 * Ours.
 */
id: string, 
/**
 * What the administrator calls it.
 */
name: string, 
/**
 * Who posts to it.
 */
source: Source, 
/**
 * The address to hand to the provider. Whoever knows it can post.
 */
url: string, 
/**
 * Ours.
 */
created_at: string, 
/**
 * Newest delivery that was accepted.
 */
last_verified_at: string | null, 
/**
 * Deliveries accepted.
 */
verified: number, 
/**
 * Deliveries in quarantine.
 */
rejected: number, 
/**
 * By which its orders are told apart and filtered: the connection it was made for, else one of its own.
 */
owner: ConnectionId, 
/**
 * The connection it was made for.
 */
connection: ConnectionId | null, 
/**
 * Its name.
 */
connection_name: string | null, 
/**
 * Names its current secret.
 */
fingerprint: string | null, 
/**
 * Its source signs what it sends.
 */
signed: boolean, 
/**
 * What a rejection without a word on finality means; `None` where the source signs.
 */
rejections: Rejections | null, 
/**
 * A header every delivery must carry, with the inlet's secret as its value.
 */
required_header: string | null, 
/**
 * The API's host, where a key is stored with which orders are confirmed.
 */
confirms_at: string | null, 
/**
 * The address was replaced and answers until then.
 */
retires_at: string | null, };
export type InletRemoveInput = { 
/**
 * Its id or name.
 */
id: string, 
/**
 * The connection's name, typed: wanted for production.
 */
confirm: string | null, };
export type InletSecretInput = { 
/**
 * Its id or name.
 */
id: string, 
/**
 * Goes to the keyring and nowhere else.
 */
secret: string, };
export type InletSetInput = { 
/**
 * Its id or name.
 */
id: string, 
/**
 * What a rejection without a word on finality means. It holds for every inlet of the same connection.
 */
rejections: Rejections, 
/**
 * Name of a header that every delivery must carry; `None`: none is asked for. Its value is the inlet's secret.
 */
required_header: string | null, };
export type InletRotateInput = { 
/**
 * Its id or name.
 */
id: string, 
/**
 * How long the old address goes on answering, milliseconds; three days when absent, ninety at the most.
 */
grace_ms: number | null, };
export type InletKeyInput = { 
/**
 * Its id or name.
 */
id: string, 
/**
 * Goes to the keyring and nowhere else; `None` forgets the one that is there.
 */
api_key: string | null, 
/**
 * The API's host; production when absent.
 */
base_url: string | null, };
export type DeviceView = { 
/**
 * Opaque id, the relay's.
 */
id: string, 
/**
 * What its administrator, or another, called it.
 */
name: string, 
/**
 * By the relay's clock.
 */
paired_at: string, 
/**
 * Last time it asked the relay for anything; to the minute.
 */
last_seen_at: string | null, 
/**
 * Segments that wait for it at the relay.
 */
behind: number, 
/**
 * Not seen for so long that the relay no longer keeps for it what the other desks have.
 */
away: boolean, 
/**
 * True for this computer.
 */
this: boolean, };
export type DeviceRenameInput = { 
/**
 * [`DeviceView::id`].
 */
id: string, 
/**
 * 1 to 80 printable characters.
 */
name: string, };
export type AuditAction = "pair" | "unpair" | "device_rename" | "device_revoke" | "connection_add" | "connection_edit" | "connection_remove" | "subscription_register" | "subscription_test" | "subscription_secret" | "subscription_adopt" | "subscription_remove" | "foreign_remove" | "rotation_start" | "rotation_switch" | "rotation_finish" | "rotation_roll_back" | "inlet_add" | "inlet_secret" | "inlet_set" | "inlet_rotate" | "inlet_key" | "inlet_remove" | "order_confirm" | "rules_set" | "network_set" | "ledger_rebuild" | "start_over";
export type Shell = "window" | "command_line";
export type AuditOutcome = "done" | "failed" | "unfinished";
export type AuditEntryView = { 
/**
 * Its place in the record.
 */
id: number, 
/**
 * When it began.
 */
at: string, 
/**
 * Account of the operating system.
 */
account: string, 
/**
 * Through which shell.
 */
shell: Shell, 
/**
 * What was done.
 */
action: AuditAction, 
/**
 * To what: a connection and an event type, a relay, an inlet.
 */
subject: string, 
/**
 * A fact that belongs to it, such as a fingerprint.
 */
detail: string | null, 
/**
 * How it ended.
 */
outcome: AuditOutcome, 
/**
 * How it failed.
 */
code: Code | null, };
export type RulesView = { 
/**
 * A signing secret older than so many days is called due; `None` for never. Nothing is rotated by itself.
 */
rotate_after_days: number | null, };
export type Proxy = "system" | "none" | "custom";
export type NetworkView = { 
/**
 * Which proxy.
 */
proxy: Proxy, 
/**
 * `http://…`, for [`Proxy::Custom`].
 */
proxy_url: string | null, 
/**
 * SHA-256 of each additional root certificate, hex.
 */
root_certificates: Array<string>, 
/**
 * How long an answer may take, 1 to 120.
 */
timeout_seconds: number, };
export type NetworkInput = { 
/**
 * Which proxy.
 */
proxy: Proxy, 
/**
 * `http://…` without a user or password, for [`Proxy::Custom`].
 */
proxy_url: string | null, 
/**
 * Additional root certificates in PEM; `None` keeps them, empty removes them.
 */
root_certificates_pem: string | null, 
/**
 * How long an answer may take, 1 to 120.
 */
timeout_seconds: number, };
export type PullState = "never" | "reachable" | "failing";
export type RelayView = { 
/**
 * Its address.
 */
url: string, 
/**
 * The operator's name for our inbox.
 */
inbox_name: string, 
/**
 * What this computer is called there.
 */
device_name: string, 
/**
 * Ours.
 */
paired_at: string, 
/**
 * How pulling goes.
 */
state: PullState, 
/**
 * Last attempt.
 */
last_attempt_at: string | null, 
/**
 * Last attempt that reached the relay.
 */
last_success_at: string | null, 
/**
 * Everything the relay accepted before this moment is on this disk.
 */
complete_until: string | null, 
/**
 * Segments the relay still holds for us, as of the last answer.
 */
behind: number, 
/**
 * Why the last attempt failed.
 */
problem: Problem | null, };
export type SubscriptionCountsView = { 
/**
 * No longer listed by the provider.
 */
subscriptions_vanished: number, 
/**
 * Quieter than their rhythm explains.
 */
subscriptions_silent: number, 
/**
 * Listed, but without a secret here.
 */
subscriptions_unverifiable: number, 
/**
 * Rotations under way, grace included.
 */
rotations_open: number, 
/**
 * Rotations that wait for a person or for a problem to pass.
 */
rotations_stuck: number, 
/**
 * Secrets older than the rule allows.
 */
secrets_due: number, };
export type CountsView = { 
/**
 * Orders.
 */
orders: number, 
/**
 * Orders that need attention.
 */
attention: number, 
/**
 * Products with a known level.
 */
stock: number, 
/**
 * Products that are low by their threshold.
 */
low: number, 
/**
 * Distinct events.
 */
events: number, 
/**
 * Events that were not understood.
 */
unrecognised: number, 
/**
 * Deliveries in quarantine.
 */
quarantine: number, 
/**
 * Segments that could not be opened.
 */
unopened: number, 
/**
 * Active subscriptions of ours.
 */
subscriptions: number, 
/**
 * No longer listed by the provider.
 */
subscriptions_vanished: number, 
/**
 * Quieter than their rhythm explains.
 */
subscriptions_silent: number, 
/**
 * Listed, but without a secret here.
 */
subscriptions_unverifiable: number, 
/**
 * Rotations under way, grace included.
 */
rotations_open: number, 
/**
 * Rotations that wait for a person or for a problem to pass.
 */
rotations_stuck: number, 
/**
 * Secrets older than the rule allows.
 */
secrets_due: number, };
export type NeedKind = "orders" | "orders_unmoved" | "quarantine" | "unrecognised" | "unopened" | "rotations_stuck" | "subscriptions_vanished" | "subscriptions_unclear" | "subscriptions_unverifiable" | "subscriptions_silent" | "secrets_due" | "rotations_running" | "stock_empty" | "stock_low" | "relay_unreachable" | "relay_refused";
export type Severity = "notice" | "warning" | "critical";
export type NeedPlace = "orders" | "orders_unmoved" | "stock" | "quarantine" | "unrecognised" | "subscriptions" | "rotations" | "relay";
export type NeedView = { 
/**
 * What.
 */
kind: NeedKind, 
/**
 * How many; 1 or 0 for the relay.
 */
count: number, 
/**
 * How much it matters when the count is not 0.
 */
severity: Severity, 
/**
 * Where one goes to act.
 */
place: NeedPlace, };
export type AttentionView = { 
/**
 * Every kind once, in a fixed order, with 0 where there is nothing.
 */
needs: Array<NeedView>, };
export type StatusView = { 
/**
 * Version of the program.
 */
version: string, 
/**
 * Where the data lies.
 */
home: string, 
/**
 * The relay, once paired.
 */
relay: RelayView | null, 
/**
 * Connections by name.
 */
connections: Array<ConnectionView>, 
/**
 * How much there is.
 */
counts: CountsView, 
/**
 * What needs a person.
 */
attention: AttentionView, 
/**
 * Newest receipt.
 */
last_event_at: string | null, };
export type Tag = "orders" | "stock" | "doctors" | "events" | "subscriptions" | "status" | "settings";
export type PulledView = { 
/**
 * Segments read.
 */
segments: number, 
/**
 * Deliveries in them.
 */
deliveries: number, 
/**
 * Events not seen before.
 */
events: number, 
/**
 * Deliveries of events seen before.
 */
duplicates: number, 
/**
 * Deliveries now in quarantine.
 */
rejected: number, 
/**
 * Segments that could not be opened.
 */
unopened: number, 
/**
 * Segments the relay still held after it.
 */
behind: number, 
/**
 * The cursor after it.
 */
cursor: number, 
/**
 * What changed.
 */
changed: Array<Tag>, };
export type PairInput = { 
/**
 * What the operator handed over.
 */
code: string, 
/**
 * What this computer shall be called; the host name when empty.
 */
device_name: string, };
export type Language = "system" | "de" | "en";
export type Theme = "system" | "light" | "dark" | "contrast";
export type SavedView = { 
/**
 * As somebody called it.
 */
name: string, 
/**
 * As the window writes them into its address.
 */
filters: { [key in string]: string }, };
export type Settings = { 
/**
 * Language.
 */
language: Language, 
/**
 * Colours.
 */
theme: Theme, 
/**
 * Taller rows.
 */
roomy: boolean, 
/**
 * The first run was finished or left for good.
 */
first_run_done: boolean, 
/**
 * Keep running in the tray when the window is closed.
 */
keep_in_tray: boolean, 
/**
 * Filters of the order list that somebody gave a name. A search may name a patient: they are kept here and nowhere else.
 */
order_views: Array<SavedView>, };
export type StartupView = { "state": "opening" } | { "state": "ready" } | { "state": "problem", 
/**
 * Why.
 */
problem: Problem, 
/**
 * Whether setting the database aside and beginning anew would help.
 */
can_start_over: boolean, };
export type SubscriptionListInput = { 
/**
 * Ask the providers.
 */
refresh: boolean, };
export type PasteSecretInput = { 
/**
 * For this subscription.
 */
id: SubscriptionId, 
/**
 * Goes to the keyring and nowhere else.
 */
secret: string, };
export type StuckInput = { 
/**
 * For so many hours at least.
 */
hours: number, 
/**
 * So many of them.
 */
limit: number, };
export type Begins = { at: string, };
export type ImportInput = { 
/**
 * The address they shall count as received at, by id or name; the file's own where absent.
 */
inlet: string | null, };
export type Work = "pull" | "order_export" | "event_export" | "event_import";
export type ProgressView = { work: Work, 
/**
 * Segments, rows or bytes.
 */
done: number, 
/**
 * Of so many, where that is known.
 */
total: number | null, 
/**
 * It is over, one way or another.
 */
ended: boolean, };
export type Commands = {
  startup: { input: null; output: StartupView };
  startup_retry: { input: null; output: StartupView };
  startup_start_over: { input: null; output: StartupView };
  status: { input: null; output: StatusView };
  sync_now: { input: null; output: PulledView };
  pair: { input: PairInput; output: RelayView };
  unpair: { input: null; output: null };
  device_list: { input: null; output: Array<DeviceView> };
  device_rename: { input: DeviceRenameInput; output: null };
  device_revoke: { input: string; output: null };
  connection_add: { input: ConnectionInput; output: ConnectionView };
  connection_check: { input: ConnectionId; output: CheckView };
  connection_edit: { input: ConnectionEditInput; output: ConnectionView };
  connection_remove: { input: ConnectionRemoveInput; output: null };
  notification_types: { input: ConnectionId; output: Array<NotificationTypeView> };
  subscription_list: { input: SubscriptionListInput; output: SubscriptionListView };
  subscription_register: { input: RegisterInput; output: Array<RegisterView> };
  subscription_test: { input: SubscriptionId; output: null };
  subscription_remove: { input: RemoveInput; output: null };
  subscription_remove_foreign: { input: RemoveForeignInput; output: null };
  subscription_paste_secret: { input: PasteSecretInput; output: SubscriptionView };
  subscription_adopt: { input: AdoptInput; output: SubscriptionView };
  subscription_rotate: { input: RotateInput; output: Array<RotateView> };
  rotation_roll_back: { input: RotationId; output: RotationView };
  rotation_try_now: { input: RotationId; output: RotationView };
  rotation_test: { input: RotationId; output: RotationView };
  inlet_add: { input: InletInput; output: InletView };
  inlet_list: { input: null; output: Array<InletView> };
  inlet_secret: { input: InletSecretInput; output: null };
  inlet_set: { input: InletSetInput; output: InletView };
  inlet_rotate: { input: InletRotateInput; output: InletView };
  inlet_key: { input: InletKeyInput; output: InletView };
  inlet_remove: { input: InletRemoveInput; output: null };
  audit_list: { input: PageInput; output: Page<AuditEntryView> };
  order_list: { input: OrderListInput; output: Page<OrderRowView> };
  order_facets: { input: null; output: Array<FacetView> };
  order_stuck: { input: StuckInput; output: StuckView };
  order_today: { input: Begins; output: TodayView };
  order_show: { input: OrderUid; output: OrderView };
  order_timeline: { input: OrderUid; output: TimelineView };
  order_patient: { input: OrderUid; output: PatientView };
  order_handover: { input: OrderUid; output: Array<HandoverView> };
  order_pin: { input: LaneInput; output: PinView };
  order_link_open: { input: LinkInput; output: null };
  order_confirmable: { input: OrderUid; output: ConfirmableView };
  order_confirm: { input: OrderUid; output: ConfirmableView };
  order_prescription: { input: OrderUid; output: null };
  order_export: { input: OrderExportInput; output: ExportedView | null };
  stock_list: { input: StockListInput; output: Page<StockRowView> };
  stock_history: { input: StockHistoryInput; output: Page<StockChangeView> };
  stock_chart: { input: StockChartInput; output: StockChartView };
  stock_low: { input: number; output: StockLowView };
  stock_rule: { input: null; output: StockThreshold };
  stock_rule_set: { input: StockThreshold; output: StockThreshold };
  stock_threshold_set: { input: StockThresholdInput; output: null };
  assignment_list: { input: AssignmentListInput; output: Page<AssignmentView> };
  assignment_filters: { input: null; output: AssignmentFiltersView };
  prescription_list: { input: PrescriptionListInput; output: Page<PrescriptionRowView> };
  prescription_show: { input: PrescriptionUid; output: PrescriptionView };
  order_prescriptions: { input: OrderUid; output: Array<PrescriptionView> };
  doctor_list: { input: DoctorListInput; output: Page<DoctorRowView> };
  doctor_show: { input: DoctorUid; output: DoctorView };
  event_list: { input: EventListInput; output: Page<EventRowView> };
  event_show: { input: EventId; output: ProofView };
  event_fields: { input: EventId; output: EventFieldsView };
  event_body: { input: EventId; output: BodyView };
  event_verify: { input: EventId; output: VerifyView };
  event_import: { input: ImportInput; output: ImportedView | null };
  event_export: { input: EventListInput; output: ExportedView | null };
  work_cancel: { input: null; output: null };
  sync_pause: { input: boolean; output: null };
  rules: { input: null; output: RulesView };
  rules_set: { input: RulesView; output: RulesView };
  network: { input: null; output: NetworkView };
  network_set: { input: NetworkInput; output: NetworkView };
  settings: { input: null; output: Settings };
  settings_set: { input: Settings; output: Settings };
};

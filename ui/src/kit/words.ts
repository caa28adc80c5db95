//! The words for what the data says: statuses, trust, verdicts, marks, event types. For the desk's own keys the tables are
//! complete by type. A provider's raw words stand in the provider's file under `vendors`; those that nobody translated stay as
//! they came. It decides no colours; the components do by group.
import type {
  AmountMeaning,
  Attention,
  CheckStep,
  EntryKind,
  Environment,
  Finality,
  KnownStatus,
  LinkKind,
  Mark,
  QuarantineReason,
  Rejections,
  Stage,
  StatusGroup,
  StepState,
  SubscriptionState,
  TimeMeaning,
  Trust,
  Unrecognised,
  Verdict,
} from "../backend/ipc.gen";
import { m } from "../messages/gen/messages";
import * as evitalrx from "./vendors/evitalrx";
import * as rxscale from "./vendors/rxscale";

type Word = () => string;

/** Folds case, spaces, `_` and `-`, as the desk does: `In_Progress` and `in-progress` are one word. */
export function fold(status: string): string {
  return status.replace(/[ _-]/g, "").toLowerCase();
}

/** A table of folded words; a map, so that `constructor` is no word. */
const table = (...words: Record<string, Word>[]) => new Map(words.flatMap((some) => Object.entries(some)));

const types = table(rxscale.types, evitalrx.types);
const ways = table(evitalrx.ways);

/** The word for each status the desk knows, whatever its provider calls it. */
export const statusWords: Record<KnownStatus, Word> = {
  created: m.status_init,
  waiting_for_pharmacy: m.status_waiting_for_pharmacy,
  pending_review: m.status_pending_review,
  on_hold: m.status_on_hold,
  in_progress: m.status_in_progress,
  ready_for_pickup: m.status_ready_for_pickup,
  shipped: m.status_shipped,
  completed: m.status_completed,
  cancelled: m.status_cancelled,
};

/** What a status means, where its word alone would mislead. */
export const stageWords: Record<Stage, Word> = {
  digitized: m.stage_digitized,
  prescription_rejected: m.stage_prescription_rejected,
  assigned: m.stage_assigned,
  accepted: m.stage_accepted,
  rejected_or_cancelled: m.stage_rejected_or_cancelled,
  reassigned: m.stage_reassigned,
  packed: m.stage_packed,
  ready_for_collection: m.stage_ready_for_collection,
  with_rider: m.stage_with_rider,
  delivered: m.stage_delivered,
  collected: m.stage_collected,
};

/** The word for a status: of its stage where it has one, else of the known status; `null` when only the raw word can be shown. */
export function stateWord(known: KnownStatus | null, stage: Stage | null): string | null {
  return stage !== null ? stageWords[stage]() : known !== null ? statusWords[known]() : null;
}

export const finalityWords: Record<Finality, Word> = {
  final: m.finality_final,
  may_continue: m.finality_may_continue,
  unknown: m.finality_unknown,
};

export const sequenceWords: Record<StepState, Word> = {
  done: m.sequence_done,
  next: m.sequence_next,
  ahead: m.sequence_ahead,
  skipped: m.sequence_skipped,
  unexpected: m.sequence_unexpected,
  ending: m.sequence_ending,
  not_reached: m.sequence_not_reached,
};

export const amountWords: Record<AmountMeaning, Word> = {
  items_after_discount: m.amount_items_after_discount,
  items_at_maximum_price: m.amount_items_at_maximum_price,
  shipping_of_order: m.amount_shipping_of_order,
  delivery_charge: m.amount_delivery_charge,
  estimate_with_delivery: m.amount_estimate_with_delivery,
};

export const reportedWords: Record<TimeMeaning, Word> = {
  billed: m.reported_billed,
  paid: m.reported_paid,
  refill_reminder: m.reported_refill_reminder,
};

export const linkWords: Record<LinkKind, Word> = {
  tracking: m.link_tracking,
  bill: m.link_bill,
  invoice: m.link_invoice,
};

export const rejectionWords: Record<Rejections, Word> = {
  final_only: m.rejections_final_only,
  each: m.rejections_each,
  not_sure: m.rejections_not_sure,
};

/** How the goods leave, where a provider says it by one of the words it documents; else what it says. */
export function deliveryWord(kind: string): string {
  return ways.get(fold(kind))?.() ?? kind;
}

/** What an amount counts; `null` for a word nobody translated. */
export function unitWord(unit: string): string | null {
  return unit === "packs" ? m.unit_packs() : unit === "units" ? m.unit_units() : null;
}

export const groupWords: Record<StatusGroup, Word> = {
  new: m.group_new,
  waiting: m.group_waiting,
  in_work: m.group_in_work,
  needs_attention: m.group_needs_attention,
  done: m.group_done,
  stopped: m.group_stopped,
  unknown: m.group_unknown,
};

export const trustWords: Record<Trust, Word> = {
  verified: m.trust_verified,
  unsigned: m.trust_unsigned,
  reconciled: m.trust_reconciled,
};

export const trustSentences: Record<Trust | "rejected", Word> = {
  verified: m.trust_verified_sentence,
  unsigned: m.trust_unsigned_sentence,
  reconciled: m.trust_reconciled_sentence,
  rejected: m.trust_rejected_sentence,
};

export const verdictWords: Record<Verdict, Word> = {
  accepted: m.verdict_accepted,
  unrecognised: m.verdict_unrecognised,
  rejected: m.verdict_rejected,
};

export const unrecognisedSentences: Record<Unrecognised, Word> = {
  not_json: m.unrecognised_not_json,
  not_utf8: m.unrecognised_not_utf8,
  too_deep: m.unrecognised_too_deep,
  not_an_event: m.unrecognised_not_an_event,
  unknown_type: m.unrecognised_unknown_type,
  unknown_version: m.unrecognised_unknown_version,
  field_missing: m.unrecognised_field_missing,
};

/** Why a delivery is in quarantine, and what would fix it. */
export const quarantineSentences: Record<QuarantineReason, { why: Word; cure: Word }> = {
  secret_missing: { why: m.quarantine_secret_missing, cure: m.quarantine_secret_missing_cure },
  signature_missing: { why: m.quarantine_signature_missing, cure: m.quarantine_signature_missing_cure },
  signature_repeated: { why: m.quarantine_signature_repeated, cure: m.quarantine_signature_repeated_cure },
  signature_malformed: { why: m.quarantine_signature_malformed, cure: m.quarantine_signature_malformed_cure },
  signature_wrong: { why: m.quarantine_signature_wrong, cure: m.quarantine_signature_wrong_cure },
  header_missing: { why: m.quarantine_header_missing, cure: m.quarantine_header_missing_cure },
  header_wrong: { why: m.quarantine_header_wrong, cure: m.quarantine_header_wrong_cure },
  inlet_unknown: { why: m.quarantine_inlet_unknown, cure: m.quarantine_inlet_unknown_cure },
};

export const attentionSentences: Record<Attention, Word> = {
  on_hold: m.attention_on_hold,
  cancelled_everywhere: m.attention_cancelled_everywhere,
  prescription_rejected: m.attention_prescription_rejected,
  unknown_status: m.attention_unknown_status,
  went_back: m.attention_went_back,
};

export const markWords: Record<Mark, { word: Word; sentence: Word }> = {
  late: { word: m.mark_late, sentence: m.mark_late_sentence },
  out_of_order: { word: m.mark_out_of_order, sentence: m.mark_out_of_order_sentence },
  same_second: { word: m.mark_same_second, sentence: m.mark_same_second_sentence },
  backward: { word: m.mark_backward, sentence: m.mark_backward_sentence },
  unexpected: { word: m.mark_unexpected, sentence: m.mark_unexpected_sentence },
  future: { word: m.mark_future, sentence: m.mark_future_sentence },
  header_mismatch: { word: m.mark_header_mismatch, sentence: m.mark_header_mismatch_sentence },
  time_of_receipt: { word: m.mark_time_of_receipt, sentence: m.mark_time_of_receipt_sentence },
  other_order: { word: m.mark_other_order, sentence: m.mark_other_order_sentence },
};

export const kindWords: Record<EntryKind, Word> = {
  created: m.kind_created,
  status_changed: m.kind_status_changed,
  handed_over: m.kind_handed_over,
  updated: m.kind_updated,
  deleted: m.kind_deleted,
};

export const environmentWords: Record<Environment, Word> = {
  production: m.environment_production,
  development: m.environment_development,
  sandbox: m.environment_sandbox,
};

export const subscriptionStates: Record<SubscriptionState, { word: Word; sentence: Word }> = {
  planned: { word: m.subscription_planned, sentence: m.subscription_planned_sentence },
  unsettled: { word: m.subscription_unsettled, sentence: m.subscription_unsettled_sentence },
  active: { word: m.subscription_active, sentence: m.subscription_active_sentence },
  vanished: { word: m.subscription_vanished, sentence: m.subscription_vanished_sentence },
  orphaned: { word: m.subscription_orphaned, sentence: m.subscription_orphaned_sentence },
  foreign: { word: m.subscription_foreign, sentence: m.subscription_foreign_sentence },
  removing: { word: m.subscription_removing, sentence: m.subscription_removing_sentence },
  removed: { word: m.subscription_removed, sentence: m.subscription_removed_sentence },
};

export const checkSteps: Record<CheckStep, Word> = {
  reachable: m.check_reachable,
  base_path: m.check_base_path,
  key: m.check_key,
  read_subscriptions: m.check_read_subscriptions,
  write_subscriptions: m.check_write_subscriptions,
};

/** The word for an event type; `null` when it is not known and must be shown as it came. */
export function typeWord(type: string): string | null {
  // Some are announced in capitals.
  return types.get(type.toLowerCase())?.() ?? null;
}

/** Fields whose changes are worth a word of their own; others show their path. */
const fields = new Map<string, Word>(
  Object.entries({
    external_status: m.field_external_status,
    name: m.field_name,
    priority: m.field_priority,
    shipping: m.field_shipping,
    total: m.total,
    delivery_type: m.field_delivery_type,
    doctor: m.field_doctor,
    pharmacy: m.field_pharmacy,
    order_status: m.field_order_status,
    payment_mode: m.field_payment_mode,
    bill_no: m.field_bill_no,
    "courier.name": m.field_courier_name,
    "courier.phone": m.field_courier_phone,
    handover_code: m.field_handover_code,
    "links.tracking": m.link_tracking,
    "links.bill": m.link_bill,
    "links.invoice": m.link_invoice,
    "amounts.items_after_discount": m.amount_items_after_discount,
    "amounts.items_at_maximum_price": m.amount_items_at_maximum_price,
    "amounts.shipping_of_order": m.amount_shipping_of_order,
    "amounts.delivery_charge": m.amount_delivery_charge,
    "amounts.estimate_with_delivery": m.amount_estimate_with_delivery,
    "reported.billed": m.reported_billed,
    "reported.paid": m.reported_paid,
    "reported.refill_reminder": m.reported_refill_reminder,
    prescription_file: m.field_prescription_file,
    deleted_at: m.field_deleted_at,
    shop: m.field_shop,
    fulfilment: m.field_fulfilment,
    "fulfilment.external_id": m.field_fulfilment_external,
    shop_order: m.field_shop_order,
    "shop_order.external_id": m.field_shop_order_external,
    patient: m.patient,
    "patient.name": m.field_patient_name,
    "patient.born": m.field_patient_born,
    "patient.email": m.field_patient_email,
    "patient.phone": m.field_patient_phone,
    "delivery_address.name": m.field_delivery_address,
    "delivery_address.street": m.field_delivery_address,
    "delivery_address.additional": m.field_delivery_address,
    "delivery_address.city": m.field_delivery_address,
    "delivery_address.country": m.field_delivery_address,
    "invoice_address.name": m.field_invoice_address,
    "invoice_address.street": m.field_invoice_address,
    "invoice_address.additional": m.field_invoice_address,
    "invoice_address.city": m.field_invoice_address,
    "invoice_address.country": m.field_invoice_address,
  }),
);

const itemFields = new Map<string, Word>(
  Object.entries({
    name: m.product,
    number: m.field_item_number,
    amount: m.amount,
    unit: m.field_item_unit,
    pack: m.field_item_pack,
    loose: m.field_item_loose,
    price: m.price,
    total: m.paid,
    stock: m.stock_then,
  }),
);

/** The word for a changed field; `null` when only its path can be shown. */
export function fieldWord(path: string): string | null {
  const item = /^items\[(\d+)\]\.(\w+)$/.exec(path);
  const word = item === null ? undefined : itemFields.get(item[2] ?? "");
  if (item !== null && word !== undefined) return m.field_of_item({ number: Number(item[1]) + 1, field: word() });
  return fields.get(path)?.() ?? null;
}

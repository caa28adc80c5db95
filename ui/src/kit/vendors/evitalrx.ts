//! eVitalRx's own words: event types, ways of delivery, hosts. Only this file of the window spells them; what they mean for an
//! order is the desk's business.
import type { Source } from "../../backend/ipc.gen";
import { m } from "../../messages/gen/messages";

/** How its events come in. */
export const source: Source = "evitalrx";

/** The place of its settings, as it stands in addresses. */
export const place = "evitalrx";

/** Where its API is. */
export const hosts = { production: "api.evitalrx.in", staging: "dev-api.evitalrx.in" };

/** How the goods leave, folded. */
export const ways: Record<string, () => string> = {
  delivery: m.delivery_brought,
  pickup: m.delivery_collected,
};

/** Event types, in lower case. */
export const types: Record<string, () => string> = {
  digitization_completed: m.type_digitization_completed,
  digitization_rejected: m.type_digitization_rejected,
  order_assigned: m.type_order_assigned,
  accept: m.type_accept,
  reject: m.type_reject,
  reassign: m.type_reassign,
  shipped: m.type_shipped,
  order_picked_up: m.type_order_picked_up,
  delivered: m.type_delivered,
  split: m.type_split,
  draft_save: m.type_draft_save,
  draft_edit: m.type_draft_edit,
  save: m.type_save,
  edit: m.type_edit,
  medicine: m.type_medicine,
};

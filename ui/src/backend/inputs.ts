//! Inputs with nothing chosen, for views that choose a little of much.
import type { EventListInput, OrderListInput } from "./ipc.gen";

/** Every order. */
export const everyOrder: OrderListInput = {
  status: null,
  group: null,
  attention: null,
  search: null,
  connection: null,
  pharmacy: null,
  delivery_type: null,
  shop: null,
  open: null,
  urgent: null,
  age_hours: null,
  limit: null,
  after: null,
};

/** Every arrival. */
export const everyEvent: EventListInput = {
  verdict: null,
  type: null,
  source: null,
  quarantine: null,
  search: null,
  limit: null,
  after: null,
};

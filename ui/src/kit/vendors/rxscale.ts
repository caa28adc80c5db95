//! RxScale's own words: event types, sources, hosts. Only this file of the window spells them; what they mean for an
//! order is the desk's business.
import type { Source } from "../../backend/ipc.gen";
import { m } from "../../messages/gen/messages";

/** The name it has as a provider. */
export const provider = "rxscale";

/** How its events come in: signed, or through Pub/Sub without a signature. */
export const sources = { signed: "rxscale", pubsub: "rxscale-pubsub" } as const satisfies Record<string, Source>;

/** Where its API is. */
export const hosts = { production: "https://api.rxscale.com", development: "https://api.rxscale-dev.com" };

/** Where each of its APIs begins below the host. */
export const basePaths = { management: "/v1/management", pharmacy: "/v1/external_pharmacy_api" } as const;

/** How one of its signing secrets begins. */
export const secretExample = "whsec_…";

/** Event types, in lower case. */
export const types: Record<string, () => string> = {
  pharmacy_order_created: m.type_pharmacy_order_created,
  pharmacy_order_updated: m.type_pharmacy_order_updated,
  pharmacy_sku_stock_updated: m.type_pharmacy_sku_stock_updated,
  patient_doctor_meeting_updated: m.type_patient_doctor_meeting_updated,
  appointment_reminder_due: m.type_appointment_reminder_due,
  test: m.type_test,
  prescription_doctor_changed: m.type_prescription_doctor_changed,
  order_created: m.type_order_created,
  order_updated: m.type_order_updated,
  prescription_created: m.type_prescription_created,
  prescription_updated: m.type_prescription_updated,
  prescription_approved: m.type_prescription_approved,
  prescription_signed: m.type_prescription_signed,
  prescription_declined: m.type_prescription_declined,
  prescription_printed: m.type_prescription_printed,
};

/** Event types worth a filter of their own, as they are announced. */
export const filterTypes: readonly string[] = [
  "pharmacy_order_created",
  "pharmacy_order_updated",
  "pharmacy_sku_stock_updated",
  "PRESCRIPTION_DOCTOR_CHANGED",
  "patient_doctor_meeting_updated",
  "appointment_reminder_due",
  "test",
];

//! What may be kept: the answers that show a person, a code or the body of an event are not among it.
import { expect, test } from "vitest";
import { ask, keepable } from "./live";

test("no answer with a patient, a handover code or a body may be kept", () => {
  const kept: readonly string[] = keepable;
  for (const name of ["order_patient", "order_handover", "order_pin", "event_body", "event_fields", "settings"])
    expect(kept, name).not.toContain(name);
});

test("asking in a kept way for a handover code does not compile", () => {
  // @ts-expect-error `order_pin` is not keepable.
  const refused = () => ask("orders", "order_pin", () => ({ uid: "o", lane_uid: null }));
  expect(refused).toBeTypeOf("function");
});

//! How a subscription stands and what helps it.
import { describe, expect, test } from "vitest";
import type { ConnectionView, SubscriptionView } from "../backend/ipc.gen";
import { deletable, remedyOf, rotatable, standOf } from "./faces";

const health: SubscriptionView["health"] = {
  hours: [],
  arrivals: 0,
  duplicates: 0,
  rejected: 0,
  delay_ms: null,
  rhythm: "usual",
  expected: null,
  silent_since: null,
};
const sound: SubscriptionView = {
  id: "sub-1",
  connection: "con-1",
  connection_name: "Testapotheke",
  provider_uid: "ns-1",
  notification_type: "pharmacy_order_created",
  target: "https://relais.beispiel.example/in/…",
  state: "active",
  secret: "stored",
  fingerprint: "aaaaaaaa",
  secret_since: null,
  rotation_due: false,
  rotation: null,
  replaces: null,
  adoptable: false,
  inlet: null,
  created_at: null,
  last_verified_at: null,
  verified: 0,
  rejected: 0,
  health,
};
const connection = (
  api: ConnectionView["api"],
  settings: Partial<ConnectionView["settings"]> = {},
): ConnectionView => ({
  id: "con-1",
  name: "Testapotheke",
  provider: "rxscale",
  api,
  base_url: "https://api.rxscale.com",
  environment: "production",
  pharmacy_uid: null,
  settings: { base_path: "", delete: null, test_call: false, signature_prefix: false, meta_data: "", ...settings },
  created_at: "2026-11-25T09:00:00Z",
  checked_at: null,
  last_verified_at: null,
  subscriptions: 1,
});

describe("how it stands", () => {
  test.each<[string, Partial<SubscriptionView>]>([
    ["active", {}],
    ["silent", { health: { ...health, rhythm: "silent" } }],
    ["active", { health: { ...health, rhythm: "learning" } }],
    ["unverifiable", { secret: "not_issued", health: { ...health, rhythm: "silent" } }],
    ["secret_gone", { secret: "missing" }],
    ["vanished", { state: "vanished", secret: "missing" }],
    ["foreign", { state: "foreign", secret: "missing" }],
    ["adoptable", { state: "foreign", secret: "missing", adoptable: true }],
  ])("is %s", (stand, part) => {
    expect(standOf({ ...sound, ...part })).toBe(stand);
  });

  test("what is foreign, unverifiable or in a rotation already is not offered for rotation", () => {
    expect(rotatable(sound)).toBe(true);
    expect(rotatable({ ...sound, state: "foreign" })).toBe(false);
    expect(rotatable({ ...sound, secret: "not_issued" })).toBe(false);
    expect(rotatable({ ...sound, rotation: "rot-1" })).toBe(false);
    expect(rotatable({ ...sound, state: "vanished" })).toBe(false);
  });
});

describe("what helps", () => {
  test("a silent one is tested only where the provider's call is configured", () => {
    expect(remedyOf("silent", connection("management", { test_call: true }))).toBe("test");
    expect(remedyOf("silent", connection("management"))).toBe("look");
    expect(remedyOf("silent", connection("pharmacy", { test_call: true }))).toBe("look");
  });

  test("a foreign one is left alone", () => {
    expect(remedyOf("foreign", connection("pharmacy"))).toBeNull();
  });

  test("removing is unset at the Management API until somebody says how", () => {
    expect(deletable(connection("pharmacy"))).toBe(true);
    expect(deletable(connection("pharmacy", { delete: "off" }))).toBe(false);
    expect(deletable(connection("management"))).toBe(false);
    expect(deletable(connection("management", { delete: "query" }))).toBe(true);
    expect(deletable(connection("management", { delete: "off" }))).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import type { Commands, ConnectionView } from "../ipc.gen";
import { House } from "./house";
import { recordedScene, sceneNames } from "./scenes";
import { countsOf, needsOf, subscriptionDesk } from "./subscriptions";

const opened = Date.parse("2030-06-01T09:00:00Z");
const listed = (scene: string) => recordedScene(scene, opened).answer("subscription_list", { refresh: false });
const status = (scene: string) => recordedScene(scene, opened).answer("status", null);

/** The names of the fields, whatever stands in them; `null` may be anything. */
function sameShape(one: unknown, other: unknown, path = "$"): void {
  if (one === null || other === null) return;
  expect(typeof one, path).toBe(typeof other);
  if (Array.isArray(one) && Array.isArray(other)) {
    if (one.length > 0 && other.length > 0) sameShape(one[0], other[0], `${path}[]`);
  } else if (typeof one === "object") {
    const [mine, theirs] = [one as Record<string, unknown>, other as Record<string, unknown>];
    expect(Object.keys(mine).sort(), path).toEqual(Object.keys(theirs).sort());
    for (const name of Object.keys(mine)) sameShape(mine[name], theirs[name], `${path}.${name}`);
  }
}

describe("the demo's subscriptions", () => {
  it.each(sceneNames)("are counted as the desk counts them: %s", (scene) => {
    const { rows, rotations } = listed(scene);
    const { counts, attention } = status(scene);
    expect(counts).toMatchObject(countsOf(rows, rotations));
    const needs = Object.entries(needsOf(rows, rotations));
    const told = needs.map(([kind]) => [kind, attention.needs.find((need) => need.kind === kind)?.count]);
    expect(needs).toEqual(told);
  });

  it("are answered in the shapes in which the desk answers, whatever is done", () => {
    const desk = open();
    const acts = recordedScene("acts", opened);
    const settings = recordedScene("settings", opened);
    const [made, other] = desk.answers
      .subscription_list({ refresh: false })
      .rows.filter((row) => row.rotation === null);
    const connection = desk.connections[0] as ConnectionView;
    const of = made?.id ?? "";
    const did = <N extends keyof typeof desk.answers>(command: N, input: Commands[N]["input"], from = acts) => {
      const answer = (desk.answers[command] as (input: Commands[N]["input"]) => Commands[N]["output"])(input);
      sameShape(answer, from.outcome(command), command);
      return answer;
    };
    did("subscription_register", { connection: connection.id, types: ["appointment_reminder_due"] });
    did("subscription_test", of);
    did("subscription_paste_secret", { id: of, secret: "whsec_invented" });
    const [begun] = did("subscription_rotate", { subscriptions: [of], grace_hours: null });
    const rotation = begun?.rotation?.id ?? "";
    for (const act of ["rotation_test", "rotation_try_now", "rotation_roll_back"] as const) did(act, rotation);
    did("subscription_remove", { id: other?.id ?? "", confirm: connection.name });
    const inlet = did("inlet_add", { name: "Portal", source: "evitalrx", connection: null }).id;
    did("inlet_secret", { id: inlet, secret: "whsec_invented" });
    did("inlet_set", { id: inlet, rejections: "each", required_header: null });
    did("inlet_key", { id: inlet, api_key: "invented", base_url: null });
    did("inlet_rotate", { id: inlet, grace_ms: null });
    did("inlet_remove", { id: inlet, confirm: null });
    const { settings: set } = connection;
    did("connection_edit", { id: connection.id, name: "Süd", pharmacy_uid: null, api_key: null, settings: set });
    did("rules_set", { rotate_after_days: 30 }, settings);
    const unchanged = { proxy_url: null, root_certificates_pem: null, timeout_seconds: 30 };
    did("network_set", { proxy: "system", ...unchanged }, settings);
    sameShape(desk.answers.audit_list({ limit: 1, after: null }).rows, recordedScene("day", opened).rows("audit_list"));
  });
});

function open() {
  const house = new House({
    scene: recordedScene("due", opened),
    settings: recordedScene("settings", opened),
    pairing: recordedScene("pairing", opened),
    bare: false,
    offline: false,
    opened,
    connected: 2,
    emit: () => undefined,
    note: () => undefined,
  });
  const { connections } = house;
  const query = new URLSearchParams({ subs: "due", pace: "0" });
  const lent = { query, bare: false, opened, connections, emit: () => undefined, registered: () => undefined };
  return { ...subscriptionDesk(lent), connections };
}

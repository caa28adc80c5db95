//! Overlay: what somebody does with this desk in the demo before and besides looking at lists. Pairing, the devices of the inbox, the
//! connections and their checks are the demo's own, because a recording cannot know what will be typed.
import type { Commands, ConnectionView, DeviceView, Environment, StatusView, Tag } from "../ipc.gen";
import { problem } from "./recorded";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const iso = (at: number) => new Date(at).toISOString();

type Names =
  | "pair"
  | "unpair"
  | "device_list"
  | "device_rename"
  | "device_revoke"
  | "connection_add"
  | "connection_check"
  | "notification_types";
type Answers = { [N in Names]: (input: Commands[N]["input"]) => Commands[N]["output"] };

/** What the demo lends. */
export type Lent = {
  /** Nothing is paired yet. */
  bare: boolean;
  /** The relay has not answered for three hours. */
  offline: boolean;
  opened: number;
  /** So many connections there are. */
  connected: number;
  emit: (...tags: Tag[]) => void;
  /** Writes an act into the record of administration. */
  note: (action: "device_rename" | "device_revoke", subject: string, detail: string) => void;
};

/** The relay and the connections of the demo's desk. */
export class House {
  relay: StatusView["relay"];
  readonly connections: ConnectionView[];
  readonly answers: Answers;

  constructor(lent: Lent) {
    const { opened, offline, emit } = lent;
    const heard = iso(opened - (offline ? 3 * HOUR : 4 * SECOND));
    this.relay = lent.bare
      ? null
      : {
          url: "https://relais.beispiel.example",
          inbox_name: "testapotheke",
          device_name: "Kasse 1",
          paired_at: iso(opened - 60 * DAY),
          state: offline ? "failing" : "reachable",
          last_attempt_at: iso(opened - 4 * SECOND),
          last_success_at: heard,
          complete_until: heard,
          behind: 0,
          problem: offline ? problem("relay_unreachable", "relais.beispiel.example:443") : null,
        };
    const connections = [
      connectionOf("con-1", "Testapotheke", "https://api.rxscale.com", "production", opened - 2 * MINUTE),
      connectionOf(
        "con-2",
        "Testapotheke (Entwicklung)",
        "https://api.rxscale-dev.com",
        "development",
        opened - 3 * DAY,
        "management",
      ),
    ].slice(0, lent.connected);
    this.connections = connections;
    let devices: DeviceView[] = [
      {
        id: "dev-1",
        name: "Kasse 1",
        paired_at: iso(opened - 60 * DAY),
        last_seen_at: iso(opened - 4 * SECOND),
        behind: 0,
        away: false,
        this: true,
      },
      {
        id: "dev-2",
        name: "Büro, 2. Stock",
        paired_at: iso(opened - 41 * DAY),
        last_seen_at: iso(opened - 16 * HOUR),
        behind: 37,
        away: false,
        this: false,
      },
      {
        id: "dev-3",
        name: "Notebook (alt)",
        paired_at: iso(opened - 59 * DAY),
        last_seen_at: iso(opened - 35 * DAY),
        behind: 12_409,
        away: true,
        this: false,
      },
    ];

    this.answers = {
      pair: (input) => {
        if (input.code.length < 12) throw problem("pairing_code_malformed");
        if (input.code.includes("verbraucht")) throw problem("pairing_code_refused");
        this.relay = {
          url: "https://relais.beispiel.example",
          inbox_name: "testapotheke",
          device_name: input.device_name || "Kasse 1",
          paired_at: iso(Date.now()),
          state: "reachable",
          last_attempt_at: iso(Date.now()),
          last_success_at: iso(Date.now()),
          complete_until: iso(Date.now()),
          behind: 0,
          problem: null,
        };
        emit("status");
        return this.relay;
      },
      unpair: () => {
        this.relay = null;
        emit("status");
        return null;
      },
      device_list: () => {
        if (this.relay === null) throw problem("not_paired");
        return devices;
      },
      device_rename: (input) => {
        const device = devices.find((one) => one.id === input.id);
        if (device === undefined) throw problem("device_unknown");
        lent.note("device_rename", device.name, input.name.trim());
        device.name = input.name.trim();
        emit("status");
        return null;
      },
      device_revoke: (id) => {
        lent.note("device_revoke", devices.find((one) => one.id === id)?.name ?? id, id);
        devices = devices.filter((one) => one.id !== id);
        emit("status");
        return null;
      },
      connection_add: (input) => {
        if (connections.some((one) => one.name === input.name)) throw problem("connection_name_taken", input.name);
        const url = input.base_url ?? "https://api.rxscale.com";
        const environment: Environment =
          url === "https://api.rxscale.com" ? "production" : url.includes("-dev") ? "development" : "sandbox";
        const made = {
          ...connectionOf(`con-${Date.now()}`, input.name, url, environment, null),
          api: input.api,
          settings: input.settings,
        };
        connections.push(made);
        emit("status");
        return made;
      },
      connection_check: (id) => {
        const connection = connections.find((one) => one.id === id);
        if (connection === undefined) throw problem("connection_unknown");
        const wrong = connection.settings.base_path.includes("hyphen") || connection.name.includes("falscher Pfad");
        if (wrong && connection.settings.base_path !== "/v1/external_pharmacy_api") {
          return {
            ok: false,
            lines: [
              { step: "reachable", state: "ok", problem: null },
              { step: "base_path", state: "failed", problem: problem("provider_wrong_base_path") },
              { step: "key", state: "unknown", problem: null },
              { step: "read_subscriptions", state: "unknown", problem: null },
              { step: "write_subscriptions", state: "unknown", problem: null },
            ],
            suggested_base_path: "/v1/external_pharmacy_api",
          };
        }
        if (connection.name.includes("falscher Schlüssel")) {
          return {
            ok: false,
            lines: [
              { step: "reachable", state: "ok", problem: null },
              { step: "base_path", state: "ok", problem: null },
              { step: "key", state: "failed", problem: problem("provider_key_refused", "invalid_api_key") },
              { step: "read_subscriptions", state: "unknown", problem: null },
              { step: "write_subscriptions", state: "unknown", problem: null },
            ],
            suggested_base_path: null,
          };
        }
        return {
          ok: true,
          lines: [
            { step: "reachable", state: "ok", problem: null },
            { step: "base_path", state: "ok", problem: null },
            { step: "key", state: "ok", problem: null },
            { step: "read_subscriptions", state: "ok", problem: null },
            { step: "write_subscriptions", state: "unknown", problem: null },
          ],
          suggested_base_path: null,
        };
      },
      notification_types: () => [
        { name: "pharmacy_order_created", recommended: true, interpreted: true },
        { name: "pharmacy_order_updated", recommended: true, interpreted: true },
        { name: "pharmacy_sku_stock_updated", recommended: true, interpreted: true },
        { name: "patient_doctor_meeting_updated", recommended: false, interpreted: true },
        { name: "appointment_reminder_due", recommended: false, interpreted: true },
        { name: "PRESCRIPTION_DOCTOR_CHANGED", recommended: false, interpreted: true },
      ],
    };
  }

  /** The relay goes away or comes back. */
  reach(reachable: boolean): void {
    if (this.relay === null) return;
    this.relay = {
      ...this.relay,
      state: reachable ? "reachable" : "failing",
      problem: reachable ? null : problem("relay_unreachable"),
    };
  }
}

function connectionOf(
  id: string,
  name: string,
  base_url: string,
  environment: Environment,
  verified: number | null,
  api: ConnectionView["api"] = "pharmacy",
): ConnectionView {
  return {
    id,
    name,
    provider: "rxscale",
    api,
    base_url,
    environment,
    pharmacy_uid: null,
    settings: { base_path: "", delete: null, test_call: false, signature_prefix: false, meta_data: "" },
    created_at: iso(Date.now() - 60 * DAY),
    checked_at: iso(Date.now() - DAY),
    last_verified_at: verified === null ? null : iso(verified),
    subscriptions: 0,
  };
}

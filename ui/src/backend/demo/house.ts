//! Overlay: what somebody does with this desk in the demo before and besides looking at lists. Relay, connections and the desks of the
//! inbox are as they were recorded (`scenes`), and so is every answer; the demo only puts into it what was typed.
import type { Commands, ConnectionView, Environment, StatusView, Tag } from "../ipc.gen";
import type { Recorded } from "./recorded";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

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
  /** The relay, the connections and the desks of this scene. */
  scene: Recorded;
  /** What was recorded of settings, with what was done there. */
  settings: Recorded;
  /** What was recorded of pairing, and of what is refused about a desk. */
  pairing: Recorded;
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
  readonly #refused: Recorded;

  constructor(lent: Lent) {
    const { scene, settings, pairing, opened, offline, emit } = lent;
    this.#refused = pairing;
    const status = structuredClone(scene.answer("status", null));
    const paired = status.relay;
    const heard = iso(opened - (offline ? 3 * HOUR : 4 * SECOND));
    this.relay =
      lent.bare || paired === null
        ? null
        : { ...paired, last_attempt_at: iso(opened - 4 * SECOND), last_success_at: heard, complete_until: heard };
    if (offline) this.reach(false);
    const connections = status.connections.slice(0, lent.connected);
    this.connections = connections;
    let devices = structuredClone(scene.answer("device_list", null));

    this.answers = {
      pair: (input) => {
        if (input.code.length < 12) throw pairing.refusal("pair", "pairing_code_malformed");
        if (input.code.includes("verbraucht")) throw pairing.refusal("pair", "pairing_code_refused");
        const now = iso(Date.now());
        const made = pairing.outcome("pair");
        this.relay = {
          ...made,
          device_name: input.device_name || made.device_name,
          paired_at: now,
          last_attempt_at: now,
          last_success_at: now,
          complete_until: now,
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
        if (this.relay === null) throw pairing.refusal("device_list", "not_paired");
        return devices;
      },
      device_rename: (input) => {
        const device = devices.find((one) => one.id === input.id);
        if (device === undefined) throw pairing.refusal("device_rename", "device_unknown");
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
        if (connections.some((one) => one.name === input.name))
          throw settings.refusal("connection_add", "connection_name_taken");
        const base_url = input.base_url ?? "https://api.rxscale.com";
        const environment: Environment =
          base_url === "https://api.rxscale.com" ? "production" : base_url.includes("-dev") ? "development" : "sandbox";
        const { name, api, pharmacy_uid, settings: set } = input;
        const made: ConnectionView = {
          ...settings.outcome("connection_add"),
          id: `con-${Date.now()}`,
          name,
          api,
          pharmacy_uid,
          base_url,
          environment,
          settings: set,
          created_at: iso(Date.now()),
        };
        connections.push(made);
        emit("status");
        return made;
      },
      connection_check: (id) => {
        const connection = connections.find((one) => one.id === id);
        if (connection === undefined) throw settings.refusal("connection_check", "connection_unknown");
        const path = connection.settings.base_path;
        const wrong = path.includes("hyphen") || connection.name.includes("falscher Pfad");
        const failing =
          wrong && path !== "/v1/external_pharmacy_api"
            ? "base_path"
            : connection.name.includes("falscher Schlüssel")
              ? "key"
              : undefined;
        return settings.outcome(
          "connection_check",
          (check) => check.lines.find((line) => line.state === "failed")?.step === failing,
        );
      },
      notification_types: () => settings.outcome("notification_types"),
    };
  }

  /** The relay goes away or comes back. */
  reach(reachable: boolean): void {
    if (this.relay === null) return;
    const problem = reachable ? null : this.#refused.refusal("pair", "relay_unreachable");
    this.relay = { ...this.relay, state: reachable ? "reachable" : "failing", problem };
  }
}

//! A backend of invented data in memory, for the browser tests and for working on the looks. It is in no production bundle. The
//! address chooses the scene: `?demo=empty|unconnected|first-run|one|day|many|slow|offline|error|evitalrx`, `?startup=CODE`, and
//! `language`, `theme`, `roomy`; subscriptions have their own in `demo/subscriptions`. It proves nothing about the desk.
import type { Backend } from "./backend";
import type {
  BodyView,
  Code,
  Commands,
  ConnectionView,
  DeviceView,
  Environment,
  EventFieldView,
  EventListInput,
  EventRowView,
  ImportedView,
  Language,
  OrderListInput,
  OrderRowView,
  Page,
  Problem,
  ProgressView,
  ProofView,
  Settings,
  StartupView,
  StatusView,
  Tag,
  Theme,
  Work,
} from "./ipc.gen";
import { dice, hex } from "./demo/cast";
import { evitalrx } from "./demo/evitalrx";
import { iso, Lives } from "./demo/lives";
import { subscriptionDesk } from "./demo/subscriptions";
import { Shelves } from "./demo/shelves";
import { facetsOf, isOpen, todayOf } from "./demo/sums";
import { Wards } from "./demo/wards";

/** Found by the check of the production bundle, which must not hold it. */
export const MARKER = "offizin-demo-backend";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const scenes = [
  "empty",
  "unconnected",
  "first-run",
  "one",
  "day",
  "many",
  "slow",
  "offline",
  "error",
  "evitalrx",
] as const;
type Scene = (typeof scenes)[number];

function problem(code: Code, detail: string | null = null): Problem {
  return { code, detail, incident: "7F3K-2M9Q" };
}

type Answers = { [N in keyof Commands]: (input: Commands[N]["input"]) => Commands[N]["output"] };

/** What an import of a file of 480 deliveries would say. */
const IMPORTED: ImportedView = {
  bytes: 912_000,
  bytes_read: 912_000,
  deliveries: 480,
  events: 431,
  duplicates: 12,
  known: 30,
  rejected: 5,
  unreadable: 2,
  first_unreadable: 17,
  changed: ["events"],
};

/** What the tests may do to the demo from outside. */
export type DemoHandle = {
  /** So many orders arrive. */
  arrive(count: number): void;
  /** The relay goes away or comes back. */
  relay(reachable: boolean): void;
};

/** Opens the demo with the scene of the address. */
export function demo(query: URLSearchParams): Backend {
  const wanted = query.get("demo") ?? "day";
  const scene: Scene = scenes.find((one) => one === wanted) ?? "day";
  const opened = Math.floor(Date.now() / SECOND) * SECOND;
  const bare = scene === "first-run";
  const none = bare || scene === "empty" || scene === "unconnected";
  const listeners = new Set<(tags: Tag[]) => void>();
  const watchers = new Set<(progress: ProgressView) => void>();
  let cancelled = false;
  let paused = false;
  const emit = (...tags: Tag[]) => listeners.forEach((listener) => listener(tags));

  let startup: StartupView =
    query.get("startup") === null
      ? { state: "ready" }
      : query.get("startup") === "opening"
        ? { state: "opening" }
        : {
            state: "problem",
            problem: problem(query.get("startup") as Code, query.get("detail")),
            can_start_over: ["database_key_lost", "database_unreadable"].includes(query.get("startup") ?? ""),
          };

  let settings: Settings = {
    language: (query.get("language") as Language | null) ?? "system",
    theme: (query.get("theme") as Theme | null) ?? "system",
    roomy: query.get("roomy") === "1",
    first_run_done: !bare,
    keep_in_tray: true,
    order_views: [],
  };

  const connections: ConnectionView[] =
    bare || scene === "unconnected"
      ? []
      : [
          connectionOf("con-1", "Testapotheke", "https://api.rxscale.com", "production", opened - 2 * MINUTE),
          connectionOf(
            "con-2",
            "Testapotheke (Entwicklung)",
            "https://api.rxscale-dev.com",
            "development",
            opened - 3 * DAY,
            "management",
          ),
        ].slice(0, scene === "one" ? 1 : 2);

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
  let relay: StatusView["relay"] = bare
    ? null
    : {
        url: "https://relais.beispiel.example",
        inbox_name: "testapotheke",
        device_name: "Kasse 1",
        paired_at: iso(opened - 60 * DAY),
        state: scene === "offline" ? "failing" : "reachable",
        last_attempt_at: iso(opened - 4 * SECOND),
        last_success_at: iso(scene === "offline" ? opened - 3 * HOUR : opened - 4 * SECOND),
        complete_until: iso(scene === "offline" ? opened - 3 * HOUR : opened - 4 * SECOND),
        behind: 0,
        problem: scene === "offline" ? problem("relay_unreachable", "relais.beispiel.example:443") : null,
      };

  const lives = new Lives(
    scene === "offline" ? opened - 3 * HOUR : opened,
    none ? 0 : scene === "one" ? 1 : scene === "many" ? 100_000 : 240,
    "con-1",
  );
  const quarantine = scene === "day" || scene === "slow" || scene === "many" ? quarantineOf(opened) : [];
  const odd = scene === "day" || scene === "many" ? oddOf(opened) : [];
  const amount = (one: number, day: number, many: number) =>
    none ? 0 : scene === "one" ? one : scene === "many" ? many : day;
  const shelves = new Shelves(opened, amount(1, 10, 3000), scene === "offline" ? opened - 3 * DAY : opened);
  const wards = new Wards(opened, amount(1, 42, 5000), (place) =>
    place < lives.size && place % 4 !== 3 ? { uid: lives.uid(place), name: lives.name(place) } : null,
  );
  const attention = () => {
    let count = 0;
    for (let place = 0; place < Math.min(lives.size, 400); place += 1)
      if (lives.row(place).attention.length > 0) count += 1;
    return count;
  };
  let waiting = attention();

  function eventsPage(input: EventListInput): Page<EventRowView> {
    const limit = input.limit ?? 100;
    const search = input.search?.toLowerCase() ?? null;
    const start = input.after === null ? 0 : Number(input.after);
    const extra = [...quarantine, ...odd].sort((one, other) => other.received_at.localeCompare(one.received_at));
    const rows: EventRowView[] = [];
    const fits = (row: EventRowView) =>
      (input.verdict === null || row.verdict === input.verdict) &&
      (input.type === null || row.type === input.type) &&
      (input.source === null || row.source === input.source) &&
      (input.quarantine === null || row.quarantine === input.quarantine) &&
      (search === null || [row.order_name, row.order, row.id].some((text) => text?.toLowerCase().includes(search)));
    let place = start;
    if (start === 0 && input.verdict !== "accepted") rows.push(...extra.filter(fits));
    if (input.verdict === null || input.verdict === "accepted") {
      for (; place < lives.size && rows.length < limit; place += 1) {
        if (search !== null && !lives.name(place).includes(search) && !lives.uid(place).includes(search)) continue;
        for (const entry of [...lives.timeline(place).entries].reverse()) {
          const row = eventOf(lives, place, entry.event_id);
          if (row !== null && fits(row)) rows.push(row);
        }
      }
    } else place = lives.size;
    rows.sort((one, other) => other.received_at.localeCompare(one.received_at));
    return { rows, next: place < lives.size ? String(place) : null };
  }

  function findEvent(id: string): EventRowView {
    const extra = [...quarantine, ...odd].find((row) => row.id === id);
    if (extra !== undefined) return extra;
    for (let place = 0; place < Math.min(lives.size, 2000); place += 1) {
      const row = eventOf(lives, place, id);
      if (row !== null) return row;
    }
    throw problem("event_unknown");
  }

  function ordersPage(input: OrderListInput): Page<OrderRowView> {
    const limit = input.limit ?? 100;
    const search = input.search?.toLowerCase() ?? null;
    const rows: OrderRowView[] = [];
    let place = input.after === null ? 0 : Number(input.after);
    for (; place < lives.size && rows.length < limit; place += 1) {
      if (search !== null && !lives.name(place).includes(search) && !lives.uid(place).includes(search)) {
        if (
          lives.size > 1000 ||
          !lives.items(place).some((item) => `${item.name} ${item.pzn}`.toLowerCase().includes(search))
        )
          continue;
      }
      const row = lives.row(place);
      if (input.group !== null && row.status_group !== input.group) continue;
      if (input.attention === true && row.attention.length === 0) continue;
      if (input.connection !== null && row.connection !== input.connection) continue;
      if (input.pharmacy !== null && !row.lanes.some((lane) => lane.pharmacy_uid === input.pharmacy)) continue;
      if (input.delivery_type !== null && row.delivery_type !== input.delivery_type) continue;
      if (input.urgent === true && row.priority === 0) continue;
      const age = (Date.now() - Date.parse(row.status_since)) / HOUR;
      if ((input.open === true || input.age_hours !== null) && !isOpen(row)) continue;
      if (input.age_hours !== null && age < input.age_hours) continue;
      rows.push(row);
    }
    return { rows, next: place < lives.size ? String(place) : null };
  }

  const sample = () => Array.from({ length: Math.min(lives.size, 400) }, (_, place) => lives.row(place));

  async function imported(): Promise<ImportedView | null> {
    return (await pretend("event_import", IMPORTED.bytes)) === null ? null : IMPORTED;
  }

  /** Writes nothing, slowly. */
  async function pretend(work: Work, rows: number): Promise<{ rows: number } | null> {
    cancelled = false;
    for (let done = 0; done <= rows; done += Math.ceil(rows / 12)) {
      watchers.forEach((watcher) => watcher({ work, done, total: rows, ended: false }));
      await new Promise((next) => setTimeout(next, 120));
      if (cancelled) break;
    }
    watchers.forEach((watcher) => watcher({ work, done: rows, total: rows, ended: true }));
    return cancelled ? null : { rows };
  }

  const placeOf = (uid: string) => {
    const place = lives.place(uid);
    if (place < 0) throw problem("order_unknown", uid);
    return place;
  };

  let first = bare;
  const desk = subscriptionDesk({
    query,
    bare: none,
    opened,
    connections,
    problem,
    emit,
    registered() {
      if (first) setTimeout(() => arrive(1), Number(query.get("arrival") ?? 1500));
      first = false;
    },
  });

  const answers: Answers = {
    ...desk.answers,
    startup: () => startup,
    startup_retry: () => startup,
    startup_start_over: () => (startup = { state: "ready" }),
    status: () => ({
      version: "0.1.0",
      home: "~/.local/share/offizin",
      relay,
      connections: connections.map((one) => ({
        ...one,
        subscriptions: desk.answers
          .subscription_list({ refresh: false })
          .rows.filter((row) => row.connection === one.id && row.state === "active").length,
      })),
      counts: {
        orders: lives.size,
        attention: waiting,
        stock: shelves.size,
        low: shelves.low,
        events: lives.size * 5,
        unrecognised: odd.length,
        quarantine: quarantine.length,
        unopened: 0,
        ...desk.counts(),
      },
      last_event_at: lives.size === 0 ? null : iso(lives.at(0)),
    }),
    sync_now: () => {
      if (relay?.problem) throw relay.problem;
      return {
        segments: 0,
        deliveries: 0,
        events: 0,
        duplicates: 0,
        rejected: 0,
        unopened: 0,
        behind: 0,
        cursor: 42,
        changed: [],
      };
    },
    pair: (input) => {
      if (input.code.length < 12) throw problem("pairing_code_malformed");
      if (input.code.includes("verbraucht")) throw problem("pairing_code_refused");
      relay = {
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
      return relay;
    },
    unpair: () => {
      relay = null;
      emit("status");
      return null;
    },
    device_list: () => {
      if (relay === null) throw problem("not_paired");
      return devices;
    },
    device_rename: (input) => {
      const device = devices.find((one) => one.id === input.id);
      if (device === undefined) throw problem("device_unknown");
      desk.note("device_rename", device.name, input.name.trim());
      device.name = input.name.trim();
      emit("status");
      return null;
    },
    device_revoke: (id) => {
      desk.note("device_revoke", devices.find((one) => one.id === id)?.name ?? id, id);
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
    order_list: ordersPage,
    order_facets: () => facetsOf(sample()),
    order_stuck: (input) => {
      const old = sample().filter(
        (row) => isOpen(row) && Date.now() - Date.parse(row.status_since) >= input.hours * HOUR,
      );
      old.sort((one, other) => one.status_since.localeCompare(other.status_since));
      return { count: old.length, rows: old.slice(0, input.limit) };
    },
    order_today: (input) => todayOf(sample(), Date.parse(input.at)),
    order_prescription: (uid) => {
      if (lives.order(placeOf(uid)).prescription_file === null) throw problem("prescription_missing");
      return null;
    },
    order_export: () => pretend("order_export", lives.size) as never,
    event_export: () => pretend("event_export", lives.size) as never,
    event_import: () => imported() as never,
    work_cancel: () => {
      cancelled = true;
      return null;
    },
    sync_pause: (wanted) => {
      paused = wanted;
      emit("status");
      return null;
    },
    order_show: (uid) => lives.order(placeOf(uid)),
    order_timeline: (uid) => {
      const place = placeOf(uid);
      return { ...lives.timeline(place), lanes: lives.lanes(place) };
    },
    order_handover: () => [],
    order_pin: (input) => {
      throw problem("order_unknown", input.uid);
    },
    order_link_open: () => null,
    order_confirmable: () => ({ possible: false, last: null }),
    order_confirm: () => {
      throw problem("confirmation_off");
    },
    order_patient: (uid) => lives.patient(placeOf(uid)),
    stock_list: (input) => shelves.list(input),
    stock_history: (input) => found(shelves.history(input), "stock_unknown", input.uid),
    stock_chart: (input) => found(shelves.chart(input), "stock_unknown", input.uid),
    stock_low: (rows) => shelves.lowest(rows),
    stock_rule: () => shelves.rule,
    stock_rule_set: (rule) => {
      shelves.rule = rule;
      emit("stock", "status");
      return rule;
    },
    stock_threshold_set: (input) => {
      shelves.threshold(input.uid, input.threshold);
      emit("stock", "status");
      return null;
    },
    assignment_list: (input) => wards.assignments(input),
    assignment_filters: () => wards.filters,
    prescription_list: (input) => wards.list(input),
    prescription_show: (uid) =>
      found(wards.prescriptions.find((one) => one.uid === uid) ?? null, "prescription_unknown", uid),
    order_prescriptions: (uid) => wards.prescriptions.filter((one) => one.order === uid),
    doctor_list: (input) => wards.doctors(input),
    doctor_show: (uid) => found(wards.doctor(uid), "doctor_unknown", uid),
    event_list: eventsPage,
    event_show: (id) => proofOf(findEvent(id)),
    event_fields: (id) => {
      const { text } = bodyOf(findEvent(id));
      return { fields: text === null ? [] : leaves(JSON.parse(text)), incomplete: text === null };
    },
    event_body: (id) => bodyOf(findEvent(id)),
    event_verify: (id) => {
      const row = findEvent(id);
      return {
        body_intact: true,
        signature_matches: row.trust === "verified",
        fingerprint: row.trust === "verified" ? "3f9a11c27de04b58" : null,
        reason: row.quarantine ?? (row.trust === "verified" ? null : "signature_missing"),
      };
    },
    settings: () => settings,
    settings_set: (input) => {
      settings = input;
      emit("settings");
      return settings;
    },
  };

  if (scene === "evitalrx") Object.assign(answers, evitalrx(opened));

  function arrive(count: number): void {
    for (let more = 0; more < count; more += 1) lives.arrive(Date.now());
    waiting = attention();
    emit("orders", "events", "status");
  }

  const handle: DemoHandle = {
    arrive,
    relay(reachable) {
      if (relay === null) return;
      relay = {
        ...relay,
        state: reachable ? "reachable" : "failing",
        problem: reachable ? null : problem("relay_unreachable"),
      };
      emit("status");
    },
  };
  (globalThis as { offizinDemo?: DemoHandle }).offizinDemo = handle;

  // A first pull under way, for as long as nobody pauses it.
  if (query.get("pulling") === "1") {
    let done = 120;
    setInterval(() => {
      if (paused) return;
      done = Math.min(400, done + 3);
      watchers.forEach((watcher) => watcher({ work: "pull", done, total: 400, ended: done === 400 }));
    }, 150);
  }

  // In the error scene everything that reads rows fails, the frame does not.
  const failing = new Set([
    "order_list",
    "stock_list",
    "prescription_list",
    "doctor_list",
    "event_list",
    "subscription_list",
  ]);
  return {
    async call(name, input) {
      const pause = scene === "slow" && !["startup", "settings"].includes(name) ? 2500 : 0;
      await new Promise((done) => setTimeout(done, pause));
      if (scene === "error" && failing.has(name)) throw problem("database_busy");
      return structuredClone(await answers[name](input as never)) as never;
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onProgress(listener) {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
  };
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

function eventOf(lives: Lives, place: number, id: string): EventRowView | null {
  const entry = lives.timeline(place).entries.find((one) => one.event_id === id);
  if (entry === undefined) return null;
  return {
    id,
    source: "rxscale",
    connection: "con-1",
    type: entry.kind === "created" ? "pharmacy_order_created" : "pharmacy_order_updated",
    at: entry.at,
    received_at: entry.received_at,
    verdict: "accepted",
    trust: entry.trust,
    unrecognised: null,
    quarantine: null,
    receipts: entry.receipts,
    bytes: 2140 + Math.floor(dice(place, 41) * 180_000 * (dice(place, 42) < 0.2 ? 1 : 0.01)),
    order: lives.uid(place),
    order_name: lives.name(place),
    stock: null,
    imported: false,
  };
}

const blank: EventRowView = {
  id: "",
  source: "rxscale",
  connection: "con-1",
  type: null,
  at: null,
  received_at: "",
  verdict: "rejected",
  trust: null,
  unrecognised: null,
  quarantine: null,
  receipts: 1,
  bytes: 1893,
  order: null,
  order_name: null,
  stock: null,
  imported: false,
};

function quarantineOf(opened: number): EventRowView[] {
  return [
    {
      ...blank,
      id: "q-wrong",
      type: "pharmacy_order_updated",
      received_at: iso(opened - 26 * MINUTE),
      quarantine: "signature_wrong",
    },
    {
      ...blank,
      id: "q-missing",
      type: null,
      received_at: iso(opened - 5 * HOUR),
      quarantine: "signature_missing",
      bytes: 64,
    },
    {
      ...blank,
      id: "q-secret",
      type: "PRESCRIPTION_DOCTOR_CHANGED",
      received_at: iso(opened - 9 * HOUR),
      quarantine: "secret_missing",
      receipts: 3,
    },
  ];
}

function oddOf(opened: number): EventRowView[] {
  return [
    {
      ...blank,
      id: "u-type",
      type: "pharmacy_order_teleported",
      verdict: "unrecognised",
      trust: "verified",
      unrecognised: "unknown_type",
      at: iso(opened - 2 * HOUR),
      received_at: iso(opened - 2 * HOUR),
    },
    {
      ...blank,
      id: "u-bytes",
      verdict: "unrecognised",
      trust: "verified",
      unrecognised: "not_utf8",
      received_at: iso(opened - 30 * HOUR),
      bytes: 16_777_216,
    },
  ];
}

function proofOf(row: EventRowView): ProofView {
  const fingerprint = row.trust === "verified" ? "3f9a11c27de04b58" : null;
  return {
    ...row,
    sha256: hex(64, 61, row.id.length, row.bytes),
    payload_version: row.type === null ? null : "1",
    receipt_list: Array.from({ length: row.receipts }, (_, at) => ({
      received_at: iso(Date.parse(row.received_at) + at * 97 * SECOND),
      inlet: "in-7c1e",
      sequence: row.trust === "reconciled" ? null : 18_234 + at,
      fingerprint,
      headers: [
        ["content-type", "application/json"],
        ["x-webhook-event", row.type ?? "–"],
        ...(row.quarantine === "signature_missing" ? [] : [["x-webhook-signature", hex(64, 62, at, row.bytes)]]),
        ["user-agent", "RxScale-Webhooks/1"],
      ] as [string, string][],
    })),
  };
}

function bodyOf(row: EventRowView): BodyView {
  if (row.unrecognised === "not_utf8") return { text: null, base64: "//79/AAB".repeat(400), truncated: true };
  const body = {
    event_type: row.type ?? "unknown",
    timestamp: Math.floor(Date.parse(row.at ?? row.received_at) / 1000),
    payload_version: "1",
    data: {
      uid: "po-test-1",
      status: "in-progress",
      name: row.order_name,
      pharmacy: { uid: "ph-test", display_name: "Testapotheke" },
      patient_data: { uid: "pat-1", display_name: "Erika Beispiel", date_of_birth: "1990-01-01" },
    },
  };
  return { text: JSON.stringify(body), base64: null, truncated: false };
}

/** The leaves of a body under their paths. */
function leaves(value: unknown, path: string[] = []): EventFieldView[] {
  if (typeof value !== "object" || value === null) {
    return [{ path, value: value === null ? null : String(value), cut: false }];
  }
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]));
}

function found<T>(answer: T | null, code: Code, detail: string): T {
  if (answer === null) throw problem(code, detail);
  return answer;
}

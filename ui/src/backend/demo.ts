//! A backend for the browser tests and for working on the looks. What the lists and everything behind their rows answer was recorded
//! from the real desk (`demo/recorded`); what somebody types or does is answered by overlays, each in a file that says so. It is in
//! no production bundle. The address chooses the scene: `?demo=empty|unconnected|first-run|one|day|many|slow|offline|error|evitalrx`,
//! `?startup=CODE`, and `language`, `theme`, `roomy`; subscriptions have their own in `demo/scenes`.
import type { Backend } from "./backend";
import type { Code, Commands, Language, NeedKind, Settings, StartupView, Tag, Theme } from "./ipc.gen";
import { House } from "./demo/house";
import { Many, MANY } from "./demo/many";
import { problem, Recorded } from "./demo/recorded";
import day from "./demo/recorded/day.json?raw";
import empty from "./demo/recorded/empty.json?raw";
import evitalrx from "./demo/recorded/evitalrx.json?raw";
import one from "./demo/recorded/one.json?raw";
import { recordedScene, sceneOf } from "./demo/scenes";
import { subscriptionDesk } from "./demo/subscriptions";
import { Pretended } from "./demo/work";

/** Found by the check of the production bundle, which must not hold it. */
export const MARKER = "offizin-demo-backend";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** Which recording each scene shows. */
const scenes = {
  empty,
  unconnected: empty,
  "first-run": empty,
  one,
  day,
  many: day,
  slow: day,
  offline: day,
  error: day,
  evitalrx,
};

/** In the error scene everything that reads rows fails, the frame does not. */
const failing = new Set<keyof Commands>([
  "order_list",
  "stock_list",
  "prescription_list",
  "doctor_list",
  "event_list",
  "subscription_list",
]);

/** What was recorded as done, and what the window asks anew after it. */
const acts: Partial<Record<keyof Commands, Tag[]>> = {
  stock_threshold_set: ["stock", "status"],
  order_confirm: ["orders"],
};

type Overlay = {
  [N in keyof Commands]?: (input: Commands[N]["input"]) => Commands[N]["output"] | Promise<Commands[N]["output"]>;
};

/** What the tests may do to the demo from outside. */
export type DemoHandle = {
  /** So many orders arrive, up to three. */
  arrive(count: number): void;
  /** The relay goes away or comes back. */
  relay(reachable: boolean): void;
};

/** Opens the demo with the scene of the address. */
export function demo(query: URLSearchParams): Backend {
  const wanted = query.get("demo") ?? "day";
  const scene = (wanted in scenes ? wanted : "day") as keyof typeof scenes;
  const opened = Math.floor(Date.now() / SECOND) * SECOND;
  const bare = scene === "first-run";
  const none = scenes[scene] === empty;
  const offline = scene === "offline";
  const listeners = new Set<(tags: Tag[]) => void>();
  const emit = (...tags: Tag[]) => listeners.forEach((listener) => listener(tags));
  const work = new Pretended();

  let recorded = new Recorded(scenes[scene], offline ? opened - 3 * HOUR : opened);
  const many = scene === "many" ? new Many(recorded) : null;
  const ask = <N extends keyof Commands>(name: N, input: Commands[N]["input"]): Commands[N]["output"] =>
    (many ?? recorded).answer(name, input);

  let startup = startupOf(query);
  let settings: Settings = {
    language: (query.get("language") as Language | null) ?? "system",
    theme: (query.get("theme") as Theme | null) ?? "system",
    roomy: query.get("roomy") === "1",
    first_run_done: !bare,
    keep_in_tray: true,
    order_views: [],
  };

  const house = new House({
    // Where nothing has arrived yet there may be connections all the same.
    scene: recordedScene(sceneOf(query, false), opened),
    settings: recordedScene("settings", opened),
    pairing: recordedScene("pairing", opened),
    bare,
    offline,
    opened,
    connected: bare || scene === "unconnected" ? 0 : scene === "one" ? 1 : 2,
    emit,
    note: (action, subject, detail) => desk.note(action, subject, detail),
  });
  let first = bare;
  const desk = subscriptionDesk({
    query,
    bare: none,
    opened,
    connections: house.connections,
    emit,
    registered() {
      if (first) setTimeout(() => arrive(1), Number(query.get("arrival") ?? 1500));
      first = false;
    },
  });

  const counts = () => ({
    ...recorded.answer("status", null).counts,
    ...(many === null ? {} : { orders: MANY.order_list, stock: MANY.stock_list }),
  });
  /** What needs a person as it was recorded, but for what the demo keeps by itself. */
  const needs = () => {
    const own: Partial<Record<NeedKind, number>> = {
      ...desk.needs(),
      relay_unreachable: house.relay?.state === "failing" ? 1 : 0,
      relay_refused: 0,
    };
    return recorded
      .answer("status", null)
      .attention.needs.map((need) => ({ ...need, count: own[need.kind] ?? need.count }));
  };
  const overlay: Overlay = {
    ...desk.answers,
    ...house.answers,
    startup: () => startup,
    startup_retry: () => startup,
    startup_start_over: () => (startup = { state: "ready" }),
    status: () => ({
      ...recorded.answer("status", null),
      relay: house.relay,
      connections: house.connections.map((one) => ({
        ...one,
        subscriptions: desk.answers
          .subscription_list({ refresh: false })
          .rows.filter((row) => row.connection === one.id && row.state === "active").length,
      })),
      counts: { ...counts(), ...desk.counts() },
      attention: { needs: needs() },
    }),
    sync_now: () => {
      if (house.relay?.problem) throw house.relay.problem;
      const nothing = { segments: 0, deliveries: 0, events: 0, duplicates: 0, rejected: 0, unopened: 0, behind: 0 };
      return { ...nothing, cursor: 42, changed: [] };
    },
    sync_pause: (paused) => {
      work.pause(paused);
      emit("status");
      return null;
    },
    order_prescription: (uid) => {
      if (ask("order_show", uid).prescription_file === null) throw problem("prescription_missing");
      return null;
    },
    order_link_open: () => null,
    order_export: () => work.rows("order_export", counts().orders),
    event_export: () => work.rows("event_export", counts().events),
    event_import: () => work.imported(),
    work_cancel: () => {
      work.cancel();
      return null;
    },
    settings: () => settings,
    settings_set: (input) => {
      settings = input;
      emit("settings");
      return settings;
    },
  };

  let arrived = 0;
  function arrive(count: number): void {
    // Where nothing was yet, the first order is another recording.
    if (none) recorded = new Recorded(one, Date.now());
    else for (let more = 0; more < count; more += 1) recorded.act("arrive", (arrived += 1));
    emit("orders", "events", "status");
  }
  const handle: DemoHandle = {
    arrive,
    relay(reachable) {
      house.reach(reachable);
      emit("status");
    },
  };
  (globalThis as { offizinDemo?: DemoHandle }).offizinDemo = handle;
  if (query.get("pulling") === "1") work.pull();

  async function answer<N extends keyof Commands>(name: N, input: Commands[N]["input"]): Promise<unknown> {
    if (scene === "error" && failing.has(name)) throw problem("database_busy");
    const own = overlay[name];
    if (own !== undefined) return own(input);
    const changed = acts[name];
    if (changed === undefined) return ask(name, input);
    const done = recorded.act(name, input);
    emit(...changed);
    return done;
  }

  return {
    async call(name, input) {
      const pause = scene === "slow" && !["startup", "settings"].includes(name) ? 2500 : 0;
      await new Promise((done) => setTimeout(done, pause));
      return structuredClone(await answer(name, input)) as never;
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onProgress(listener) {
      work.watchers.add(listener);
      return () => void work.watchers.delete(listener);
    },
  };
}

function startupOf(query: URLSearchParams): StartupView {
  const code = query.get("startup");
  if (code === null) return { state: "ready" };
  if (code === "opening") return { state: "opening" };
  return {
    state: "problem",
    problem: problem(code as Code, query.get("detail")),
    can_start_over: ["database_key_lost", "database_unreadable"].includes(code),
  };
}

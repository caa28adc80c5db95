//! Overlay: what somebody does with subscriptions, rotations, inlets, rules and the network. What there is at first was recorded (`scenes`),
//! and every answer is a recorded one of the same command in which only what was typed or chosen is put. So no shape, code or word is
//! the demo's own; which row an act changes is, and so is time: `pace=MS` says how fast a rotation moves (0: not at all).
import type {
  AuditEntryView,
  Commands,
  ConnectionView,
  CountsView,
  InletView,
  NeedKind,
  NetworkView,
  RotationView,
  SubscriptionView,
  Tag,
} from "../ipc.gen";
import { cut, problem } from "./recorded";
import { recordedScene, sceneOf } from "./scenes";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const iso = (at: number) => new Date(at).toISOString();

type Names =
  | "connection_edit"
  | "connection_remove"
  | "subscription_list"
  | "subscription_register"
  | "subscription_test"
  | "subscription_rotate"
  | "subscription_remove"
  | "subscription_remove_foreign"
  | "subscription_adopt"
  | "subscription_paste_secret"
  | "rotation_roll_back"
  | "rotation_try_now"
  | "rotation_test"
  | "inlet_add"
  | "inlet_list"
  | "inlet_secret"
  | "inlet_set"
  | "inlet_key"
  | "inlet_rotate"
  | "inlet_remove"
  | "rules"
  | "rules_set"
  | "network"
  | "network_set"
  | "audit_list";

/** Writes an act into the record of administration. */
type Note = (action: AuditEntryView["action"], subject: string, detail?: string | null) => void;

type Answers = { [N in Names]: (input: Commands[N]["input"]) => Commands[N]["output"] };

type Counts = Pick<
  CountsView,
  | "subscriptions"
  | "subscriptions_vanished"
  | "subscriptions_silent"
  | "subscriptions_unverifiable"
  | "rotations_open"
  | "rotations_stuck"
  | "secrets_due"
>;

/** What the demo lends to its subscriptions. */
export type Lent = {
  query: URLSearchParams;
  /** Whether there are none yet. */
  bare: boolean;
  opened: number;
  /** Those of the scene. */
  connections: ConnectionView[];
  emit: (...tags: Tag[]) => void;
  /** Called when something was registered. */
  registered: () => void;
};

/** Answers for everything about subscriptions, their counts, and which of them need a person. */
export function subscriptionDesk(lent: Lent): {
  answers: Answers;
  counts: () => Counts;
  needs: () => Partial<Record<NeedKind, number>>;
  note: Note;
} {
  const { query, opened, connections, emit } = lent;
  const pace = Number(query.get("pace") ?? 1500);
  const scene = recordedScene(sceneOf(query, lent.bare), opened);
  const acts = recordedScene("acts", opened);
  const settings = recordedScene("settings", opened);
  const offline = query.get("demo") === "offline";
  let made = 0;

  const listed = structuredClone(scene.answer("subscription_list", { refresh: false }));
  const isKnown = (one: { connection: string | null }) =>
    one.connection === null || connections.some((known) => known.id === one.connection);
  const rows = listed.rows.filter(isKnown);
  const rotations = listed.rotations.filter(isKnown);
  const inlets = structuredClone(scene.answer("inlet_list", null)).filter(isKnown);
  const audit = [...scene.rows("audit_list")] as AuditEntryView[];
  let rules = structuredClone(scene.answer("rules", null));
  let network = structuredClone(settings.answer("network", null));

  const nameOf = (connection: string) => connections.find((one) => one.id === connection)?.name ?? "";
  const subjectOf = (of: SubscriptionView | RotationView) => `${of.connection_name} · ${of.notification_type}`;
  const known = (id: string) => {
    const found = rows.find((one) => one.id === id);
    if (found === undefined) throw acts.refusal("subscription_remove", "subscription_unknown");
    return found;
  };
  const running = (id: string) => {
    const found = rotations.find((one) => one.id === id);
    if (found === undefined) throw acts.refusal("rotation_try_now", "rotation_unknown");
    return found;
  };
  const inletOf = (id: string) => {
    const found = inlets.find((one) => one.id === id);
    if (found === undefined) throw acts.refusal("inlet_secret", "inlet_unknown");
    return found;
  };
  const foreign = (uid: string) => {
    const found = rows.find((one) => one.provider_uid === uid);
    if (found === undefined) throw acts.refusal("subscription_remove", "subscription_unknown");
    return found;
  };
  const guard = (connection: string, confirm: string | null, always = false) => {
    const one = connections.find((known) => known.id === connection);
    if ((always || one?.environment === "production") && confirm !== one?.name)
      throw acts.refusal("subscription_remove", "confirmation_needed");
  };
  const drop = (id: string) => {
    const at = rows.findIndex((one) => one.id === id);
    if (at >= 0) rows.splice(at, 1);
  };
  const note: Note = (action, subject, detail = null) => {
    const [recorded] = settings.rows("audit_list") as AuditEntryView[];
    audit.unshift({
      ...(recorded as AuditEntryView),
      id: audit.length + 1,
      at: iso(Date.now()),
      action,
      subject,
      detail,
    });
  };
  const later = (ms: number, then: () => void) => {
    if (pace > 0) setTimeout(then, ms * pace);
  };

  /** A rotation as it was recorded at a step, and its new subscription there. */
  const atStep = (step: string): { rotation: RotationView; fresh: SubscriptionView | undefined } => {
    const { rows, rotations } = recordedScene(`rotation-${step}`, Date.now()).answer("subscription_list", {
      refresh: false,
    });
    const rotation = rotations[0] as RotationView;
    return { rotation, fresh: rows.find((one) => one.id === rotation.new) };
  };
  /** Puts a rotation to a step: everything but what it is about is as it was recorded there. */
  const to = (one: RotationView, name: string, part: Partial<RotationView> = {}) => {
    const { rotation, fresh } = atStep(name);
    const { step, waits_for, problem, next_try_at, can_roll_back, can_test, new_fingerprint } = rotation;
    const moved = { step, waits_for, problem, next_try_at, can_roll_back, can_test, new_fingerprint };
    Object.assign(one, moved, part, { step_at: iso(Date.now()) });
    const own = rows.find((row) => row.id === one.new);
    if (own !== undefined && fresh !== undefined) {
      const { state, secret, fingerprint, verified } = fresh;
      Object.assign(own, { state, secret, fingerprint, verified, secret_since: iso(Date.now()) });
    }
    emit("subscriptions", "status");
  };

  /** Takes a rotation from its creation to its end, as time passes. */
  function run(one: RotationView) {
    later(1, () => {
      if (one.step !== "planned") return;
      to(one, "created");
      later(1, () => one.step === "created" && prove(one));
    });
  }
  function prove(one: RotationView) {
    const asks = connections.find((known) => known.id === one.connection)?.settings.test_call ?? false;
    to(one, asks ? "tested" : "proving");
    later(4, () => one.step === "proving" && switchOver(one));
  }
  function switchOver(one: RotationView) {
    to(one, "switching", { proved_at: iso(Date.now()) });
    later(1.5, () => {
      drop(one.old);
      const until = iso(Date.now() + one.grace_hours * HOUR);
      to(one, "grace", { switched_at: iso(Date.now()), grace_until: until });
      later(12, () => {
        const fresh = rows.find((known) => known.id === one.new);
        if (fresh) Object.assign(fresh, { rotation: null, replaces: null });
        to(one, "done", { ended_at: iso(Date.now()) });
        note("rotation_finish", subjectOf(one), one.old_fingerprint);
      });
    });
  }
  function rotate(of: SubscriptionView, grace_hours: number): RotationView {
    const planned = atStep("planned");
    made += 1;
    const { connection, connection_name, notification_type } = of;
    const about = { connection, connection_name, notification_type };
    const fresh = { ...(planned.fresh as SubscriptionView), ...about, id: `sub-new-${made}`, replaces: of.id };
    const [begun] = acts.outcome("subscription_rotate");
    const one: RotationView = {
      ...(begun?.rotation as RotationView),
      ...about,
      id: `rot-new-${made}`,
      old: of.id,
      new: fresh.id,
      old_fingerprint: of.fingerprint,
      grace_hours,
      started_at: iso(Date.now()),
      step_at: iso(Date.now()),
    };
    of.rotation = fresh.rotation = one.id;
    of.rotation_due = false;
    rows.push(fresh);
    rotations.unshift(one);
    note("rotation_start", subjectOf(of), `${grace_hours} h`);
    run(one);
    return one;
  }

  const counts = () => countsOf(rows, rotations);
  const needs = () => needsOf(rows, rotations);

  const answers: Answers = {
    connection_edit: (input) => {
      const one = connections.find((known) => known.id === input.id);
      if (one === undefined) throw settings.refusal("connection_check", "connection_unknown");
      if (connections.some((other) => other.id !== input.id && other.name === input.name))
        throw acts.refusal("connection_edit", "connection_name_taken");
      Object.assign(one, { name: input.name, pharmacy_uid: input.pharmacy_uid, settings: input.settings });
      for (const of of rows) if (of.connection === one.id) of.connection_name = one.name;
      note("connection_edit", one.name);
      emit("status", "subscriptions");
      return one;
    },
    connection_remove: (input) => {
      guard(input.id, input.confirm);
      if (rows.some((of) => of.connection === input.id && of.state === "active"))
        throw acts.refusal("connection_remove", "connection_in_use");
      const at = connections.findIndex((one) => one.id === input.id);
      if (at >= 0) note("connection_remove", connections.splice(at, 1)[0]?.name ?? "");
      emit("status");
      return null;
    },
    subscription_list: () => ({
      ...listed,
      rows: rows.map((one) => ({ ...one })),
      rotations: [...rotations],
      problems: offline
        ? connections.slice(0, 1).map(({ id }) => ({
            connection: id,
            problem: settings.refusal("subscription_adopt", "provider_unreachable"),
          }))
        : [],
      due: counts().secrets_due,
    }),
    subscription_register: (input) =>
      input.types.map((type) => {
        const wanted = (problem: boolean) =>
          acts.outcome("subscription_register", ([one]) => (one?.problem === null) !== problem)[0];
        const answered = wanted(type === "order_teleported");
        if (answered === undefined || answered.subscription === null)
          return { ...(answered as NonNullable<typeof answered>), notification_type: type };
        const gone = rows.find(
          (of) => of.connection === input.connection && of.notification_type === type && of.state === "vanished",
        );
        if (gone !== undefined) drop(gone.id);
        const fresh = {
          ...answered.subscription,
          id: `sub-new-${(made += 1)}`,
          connection: input.connection,
          connection_name: nameOf(input.connection),
          notification_type: type,
          created_at: iso(Date.now()),
          secret_since: iso(Date.now()),
        };
        rows.push(fresh);
        note("subscription_register", subjectOf(fresh), fresh.fingerprint);
        emit("subscriptions", "status");
        lent.registered();
        return { ...answered, notification_type: type, subscription: fresh };
      }),
    subscription_test: (id) => {
      note("subscription_test", subjectOf(known(id)));
      return null;
    },
    subscription_rotate: (input) => {
      const begun = input.subscriptions.map((id) => {
        const of = known(id);
        const [answered, refused] = [true, false].map(
          (goes) => acts.outcome("subscription_rotate", ([one]) => (one?.problem === null) === goes)[0],
        );
        if (answered === undefined || refused === undefined) throw problem("internal");
        if (of.rotation !== null) return { ...refused, subscription: id };
        return { ...answered, subscription: id, rotation: { ...rotate(of, input.grace_hours ?? 72) } };
      });
      emit("subscriptions", "status");
      return begun;
    },
    subscription_remove: (input) => {
      const of = known(input.id);
      guard(of.connection, input.confirm);
      drop(of.id);
      note("subscription_remove", subjectOf(of), of.fingerprint);
      emit("subscriptions", "status");
      return null;
    },
    subscription_remove_foreign: (input) => {
      guard(input.connection, input.confirm, true);
      const of = foreign(input.provider_uid);
      drop(of.id);
      note("foreign_remove", subjectOf(of));
      emit("subscriptions", "status");
      return null;
    },
    subscription_adopt: (input) => {
      const of = foreign(input.provider_uid);
      // The provider is asked first, and in this scene it cannot be.
      if (offline) throw settings.refusal("subscription_adopt", "provider_unreachable");
      if (input.secret.trim() === "") throw acts.refusal("subscription_adopt", "input_invalid");
      const { id, connection, connection_name, notification_type, provider_uid, target } = of;
      const adopted = acts.outcome("subscription_adopt");
      Object.assign(of, adopted, { id, connection, connection_name, notification_type, provider_uid, target });
      note("subscription_adopt", subjectOf(of), of.fingerprint);
      emit("subscriptions", "status");
      return of;
    },
    subscription_paste_secret: (input) => {
      const of = known(input.id);
      if (input.secret.trim() === "") throw acts.refusal("subscription_adopt", "input_invalid");
      const { state, secret, fingerprint } = acts.outcome("subscription_paste_secret");
      Object.assign(of, { state, secret, fingerprint, secret_since: iso(Date.now()) });
      const one = rotations.find((other) => other.new === of.id && other.waits_for === "secret");
      if (one !== undefined) prove(one);
      note("subscription_secret", subjectOf(of), of.fingerprint);
      emit("subscriptions", "status");
      return of;
    },
    rotation_roll_back: (id) => {
      const one = running(id);
      to(one, "rolling-back");
      note("rotation_roll_back", subjectOf(one), one.new_fingerprint);
      later(1.5, () => {
        drop(one.new);
        const old = rows.find((of) => of.id === one.old);
        if (old) old.rotation = null;
        to(one, "rolled-back", { ended_at: iso(Date.now()) });
      });
      return one;
    },
    rotation_try_now: (id) => {
      const one = running(id);
      if (one.step === "switching") switchOver(one);
      else {
        to(one, "planned");
        run(one);
      }
      return one;
    },
    rotation_test: (id) => {
      const one = running(id);
      one.test_sent_at = iso(Date.now());
      emit("subscriptions");
      later(2, () => one.step === "proving" && switchOver(one));
      return one;
    },
    inlet_add: (input) => {
      const recorded = acts.outcome("inlet_add", (one) => one.source === input.source);
      const fresh: InletView = {
        ...recorded,
        id: `in-new-${(made += 1)}`,
        name: input.name,
        owner: input.connection ?? `own-new-${made}`,
        connection: input.connection,
        connection_name: input.connection === null ? null : nameOf(input.connection),
        created_at: iso(Date.now()),
      };
      inlets.push(fresh);
      note("inlet_add", input.name);
      emit("subscriptions");
      return fresh;
    },
    inlet_list: () => inlets,
    inlet_secret: (input) => {
      const one = inletOf(input.id);
      if (input.secret.trim() === "") throw acts.refusal("subscription_adopt", "input_invalid");
      one.fingerprint = acts.outcome("subscription_paste_secret").fingerprint;
      note("inlet_secret", one.name, one.fingerprint);
      emit("subscriptions");
      return null;
    },
    inlet_set: (input) => {
      const one = inletOf(input.id);
      one.rejections = input.rejections;
      one.required_header = input.required_header;
      note("inlet_set", one.name);
      emit("subscriptions", "orders");
      return one;
    },
    inlet_key: (input) => {
      const one = inletOf(input.id);
      one.confirms_at =
        input.api_key === null
          ? null
          : input.base_url
            ? new URL(input.base_url).host
            : acts.outcome("inlet_key").confirms_at;
      note("inlet_key", one.name);
      emit("subscriptions", "orders");
      return one;
    },
    inlet_rotate: (input) => {
      const one = inletOf(input.id);
      one.retires_at = iso(Date.now() + (input.grace_ms ?? 3 * DAY));
      const { url } = acts.outcome("inlet_rotate");
      const fresh = { ...one, id: `in-new-${(made += 1)}`, url, retires_at: null, last_verified_at: null };
      inlets.push(fresh);
      note("inlet_rotate", one.name);
      emit("subscriptions");
      return fresh;
    },
    inlet_remove: (input) => {
      const one = inletOf(input.id);
      if (one.connection) guard(one.connection, input.confirm);
      inlets.splice(inlets.indexOf(one), 1);
      note("inlet_remove", one.name);
      emit("subscriptions");
      return null;
    },
    rules: () => rules,
    rules_set: (input) => {
      rules = input;
      if (input.rotate_after_days === null) for (const of of rows) of.rotation_due = false;
      note("rules_set", "", `rotate_after_days ${input.rotate_after_days ?? "–"}`);
      emit("subscriptions", "settings", "status");
      return rules;
    },
    network: () => network,
    network_set: (input) => {
      const pem = input.root_certificates_pem;
      if (pem !== null && pem !== "" && !pem.includes("-----BEGIN CERTIFICATE-----"))
        throw settings.refusal("network_set", "certificate_unusable");
      if (input.proxy === "custom" && !/^https?:\/\/\S+$/.test(input.proxy_url ?? ""))
        throw settings.refusal("network_set", "input_invalid");
      const trusted = settings.outcome("network_set", (one: NetworkView) => one.root_certificates.length > 0);
      network = {
        ...trusted,
        proxy: input.proxy,
        proxy_url: input.proxy === "custom" ? input.proxy_url : null,
        root_certificates: pem === null ? network.root_certificates : pem === "" ? [] : trusted.root_certificates,
        timeout_seconds: input.timeout_seconds,
      };
      note("network_set", "", input.proxy);
      emit("settings");
      return network;
    },
    audit_list: (input) => cut(audit, { ...input, limit: input.limit ?? 100 }),
  };
  return { answers, counts, needs, note };
}

/** How many of which, as the desk counts them: `subscriptions.test.ts` holds this against every recorded scene. */
export function countsOf(rows: SubscriptionView[], rotations: RotationView[]): Counts {
  const open = rotations.filter((one) => one.step !== "done" && one.step !== "rolled_back");
  const active = rows.filter((one) => one.state === "active");
  const replaces = (one: SubscriptionView) => open.some((rotation) => rotation.new === one.id);
  return {
    subscriptions: active.length,
    subscriptions_vanished: rows.filter((one) => one.state === "vanished").length,
    subscriptions_silent: active.filter((one) => one.health.rhythm === "silent").length,
    subscriptions_unverifiable: rows.filter(
      (one) => (one.state === "orphaned" || (one.state === "active" && one.secret !== "stored")) && !replaces(one),
    ).length,
    rotations_open: open.length,
    rotations_stuck: open.filter((one) => one.problem !== null || one.waits_for === "secret").length,
    secrets_due: rows.filter((one) => one.rotation_due).length,
  };
}

/** Which of them need a person, as the desk tells it. */
export function needsOf(rows: SubscriptionView[], rotations: RotationView[]): Partial<Record<NeedKind, number>> {
  const counts = countsOf(rows, rotations);
  return {
    rotations_stuck: counts.rotations_stuck,
    rotations_running: counts.rotations_open - counts.rotations_stuck,
    subscriptions_vanished: counts.subscriptions_vanished,
    subscriptions_unclear: rows.filter((one) => one.state === "orphaned" || one.state === "unsettled").length,
    subscriptions_unverifiable: counts.subscriptions_unverifiable,
    subscriptions_silent: counts.subscriptions_silent,
    secrets_due: counts.secrets_due,
  };
}

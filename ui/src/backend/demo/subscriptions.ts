//! The demo's subscriptions: every state they can be in, rotations that move by themselves, inlets made by hand, the record and
//! the network settings. The address chooses: `subs=calm|sick|due|steps|ended`, `rotation=STEP` for one alone, `pace=MS` for how
//! fast a rotation moves (0: not at all). It proves nothing about the desk.
//!
//! Longer than 500 lines because subscriptions and rotations are not recorded yet; recordings replace it.
import type {
  AuditEntryView,
  Code,
  Commands,
  ConnectionView,
  CountsView,
  HealthView,
  InletView,
  NeedKind,
  NetworkView,
  Problem,
  RotationView,
  RulesView,
  SubscriptionView,
  Tag,
} from "../ipc.gen";
import { dice, hex } from "./dice";
import { auditOf } from "./audit";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
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
  connections: ConnectionView[];
  problem: (code: Code, detail?: string | null) => Problem;
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
  const { query, opened, connections, problem, emit } = lent;
  const wanted = query.get("subs");
  const pace = Number(query.get("pace") ?? 1500);
  let made = 0;

  const rows: SubscriptionView[] = [];
  const rotations: RotationView[] = [];
  const inlets: InletView[] = [];
  const audit: AuditEntryView[] = lent.bare ? [] : auditOf(opened);
  let rules: RulesView = { rotate_after_days: 90 };
  let network: NetworkView = { proxy: "system", proxy_url: null, root_certificates: [], timeout_seconds: 30 };

  const nameOf = (connection: string) => connections.find((one) => one.id === connection)?.name ?? "";

  function row(id: string, connection: string, type: string, part: Partial<SubscriptionView> = {}): SubscriptionView {
    const one: SubscriptionView = {
      id,
      connection,
      connection_name: nameOf(connection),
      provider_uid: `ns-${hex(8, 29, id.length, id.charCodeAt(id.length - 1))}`,
      notification_type: type,
      target: "https://relais.beispiel.example/in/…",
      state: "active",
      secret: "stored",
      fingerprint: hex(16, 30, id.charCodeAt(id.length - 1), type.length),
      secret_since: iso(opened - 60 * DAY),
      rotation_due: false,
      rotation: null,
      replaces: null,
      adoptable: false,
      inlet: null,
      created_at: iso(opened - 60 * DAY),
      last_verified_at: iso(opened - 3 * MINUTE),
      verified: 1284,
      rejected: 0,
      health: healthOf(type.length, type.includes("stock") ? 40 : type.includes("updated") ? 18 : 5),
      ...part,
    };
    return connections.some((known) => known.id === connection) ? (rows.push(one), one) : one;
  }

  const due = { rotation_due: true, secret_since: iso(opened - 112 * DAY) };
  const mute = (type: string): Partial<SubscriptionView> => ({
    last_verified_at: iso(opened - 26 * HOUR),
    health: {
      ...healthOf(type.length, 0),
      rhythm: "silent",
      expected: 12,
      silent_since: iso(opened - 26 * HOUR),
      delay_ms: null,
    },
  });
  const lost: Partial<SubscriptionView> = {
    state: "vanished",
    last_verified_at: iso(opened - 3 * DAY),
    health: healthOf(1, 0),
  };
  const foreign: Partial<SubscriptionView> = {
    state: "foreign",
    secret: "missing",
    fingerprint: null,
    secret_since: null,
    created_at: null,
    last_verified_at: null,
    verified: 0,
    target: "https://anderswo.example/empfang",
    health: healthOf(0, 0),
  };
  const keyless: Partial<SubscriptionView> = {
    secret: "not_issued",
    fingerprint: null,
    secret_since: null,
    last_verified_at: null,
    verified: 0,
    rejected: 31,
    health: { ...healthOf(3, 2), rejected: 31, rhythm: "learning", delay_ms: null },
  };

  function inlet(part: Partial<InletView>): InletView {
    const one: InletView = {
      id: `in-${(made += 1)}`,
      name: "Portal, Bestellungen",
      source: "rxscale",
      owner: part.connection ?? (part.connection === null ? `own-${made}` : "con-1"),
      connection: "con-1",
      connection_name: nameOf("con-1"),
      fingerprint: hex(16, 35, made),
      signed: true,
      url: `https://relais.beispiel.example/in/${hex(32, 36, made)}`,
      created_at: iso(opened - 12 * DAY),
      last_verified_at: iso(opened - 20 * MINUTE),
      verified: 204,
      rejected: 0,
      rejections: null,
      required_header: null,
      confirms_at: null,
      retires_at: null,
      ...part,
    };
    inlets.push(one);
    return one;
  }

  function rotation(of: SubscriptionView, part: Partial<RotationView> = {}): RotationView {
    const place = rotations.length;
    const fresh = row(`${of.id}-n${place}`, of.connection, of.notification_type, {
      fingerprint: hex(16, 33, place, of.id.length),
      secret_since: iso(opened - 2 * MINUTE),
      replaces: of.id,
      last_verified_at: null,
      verified: 0,
    });
    const one: RotationView = {
      id: `rot-${place + 1}`,
      connection: of.connection,
      connection_name: of.connection_name,
      notification_type: of.notification_type,
      old: of.id,
      new: fresh.id,
      step: "planned",
      waits_for: null,
      started_at: iso(opened - 3 * MINUTE),
      step_at: iso(opened - 2 * MINUTE),
      proved_at: null,
      switched_at: null,
      grace_hours: 72,
      grace_until: null,
      ended_at: null,
      old_fingerprint: of.fingerprint,
      new_fingerprint: fresh.fingerprint,
      can_roll_back: true,
      can_test: connections.find((known) => known.id === of.connection)?.settings.test_call ?? false,
      test_sent_at: null,
      next_try_at: null,
      problem: null,
      by: "erika.beispiel",
      ...part,
    };
    if (one.new_fingerprint === null) {
      fresh.secret = one.step === "planned" ? "missing" : "not_issued";
      fresh.fingerprint = null;
      if (one.step === "planned") fresh.state = "planned";
    }
    rotations.unshift(one);
    if (one.step === "done" || one.step === "rolled_back") {
      drop(one.step === "done" ? of.id : fresh.id);
      fresh.replaces = null;
    } else {
      of.rotation = fresh.rotation = one.id;
      if (one.step === "grace") drop(of.id);
    }
    return one;
  }

  function drop(id: string) {
    const at = rows.findIndex((one) => one.id === id);
    if (at >= 0) rows.splice(at, 1);
  }

  const proved = { proved_at: iso(opened - MINUTE) };
  const past = { ...proved, switched_at: iso(opened - 40 * SECOND), can_roll_back: false, can_test: false };
  const steps: Record<string, Partial<RotationView>> = {
    planned: { step: "planned", new_fingerprint: null, can_test: false },
    created: { step: "created" },
    secret: { step: "proving", waits_for: "secret", new_fingerprint: null, can_test: false },
    proving: { step: "proving", waits_for: "delivery" },
    tested: { step: "proving", waits_for: "delivery", can_test: true, test_sent_at: iso(opened - 30 * SECOND) },
    "next-try": {
      step: "planned",
      new_fingerprint: null,
      can_test: false,
      waits_for: "next_try",
      next_try_at: iso(opened + 4 * MINUTE),
      problem: problem("provider_rate_limited"),
    },
    switching: { ...past, step: "switching", switched_at: null },
    "switch-failed": {
      ...past,
      step: "switching",
      switched_at: null,
      waits_for: "next_try",
      next_try_at: iso(opened + 4 * MINUTE),
      problem: problem("provider_ambiguous", "DELETE …/webhooks/ns-1: 502"),
    },
    grace: {
      ...past,
      step: "grace",
      waits_for: "grace",
      grace_until: iso(opened + 71 * HOUR),
      started_at: iso(opened - HOUR),
    },
    done: {
      ...past,
      step: "done",
      started_at: iso(opened - 4 * DAY),
      proved_at: iso(opened - 4 * DAY + 9 * MINUTE),
      switched_at: iso(opened - 4 * DAY + 10 * MINUTE),
      ended_at: iso(opened - DAY),
      grace_until: iso(opened - DAY),
    },
    "rolling-back": { step: "rolling_back", can_roll_back: false, can_test: false },
    "rolled-back": {
      step: "rolled_back",
      started_at: iso(opened - 2 * DAY),
      ended_at: iso(opened - 2 * DAY + 5 * MINUTE),
      can_roll_back: false,
      can_test: false,
    },
    "answer-lost": {
      step: "rolled_back",
      new_fingerprint: null,
      started_at: iso(opened - 3 * DAY),
      ended_at: iso(opened - 3 * DAY + MINUTE),
      can_roll_back: false,
      can_test: false,
      problem: problem("rotation_answer_lost"),
    },
    vanished: {
      step: "rolled_back",
      started_at: iso(opened - 5 * DAY),
      ended_at: iso(opened - 5 * DAY + 30 * MINUTE),
      can_roll_back: false,
      can_test: false,
      problem: problem("rotation_vanished"),
    },
  };

  const types = [
    "pharmacy_order_created",
    "pharmacy_order_updated",
    "pharmacy_sku_stock_updated",
    "patient_doctor_meeting_updated",
    "appointment_reminder_due",
  ];
  const alone = query.get("rotation");
  if (!lent.bare) {
    if (alone !== null && steps[alone] !== undefined) {
      types.slice(0, 3).forEach((type, at) => row(`sub-${at + 1}`, "con-1", type));
      rotation(rows[1] as SubscriptionView, steps[alone]);
    } else if (wanted === "calm") {
      types.slice(0, 3).forEach((type, at) => row(`sub-${at + 1}`, "con-1", type));
      row("sub-4", "con-2", types[1] ?? "", { health: { ...healthOf(4, 1), rhythm: "learning" } });
    } else if (wanted === "due") {
      types.slice(0, 3).forEach((type, at) => row(`sub-${at + 1}`, "con-1", type, due));
    } else if (wanted === "steps") {
      ["planned", "secret", "proving", "switch-failed", "grace"].forEach((step, at) =>
        rotation(row(`sub-${at + 1}`, "con-1", types[at] ?? "", due), steps[step]),
      );
    } else if (wanted === "ended") {
      ["done", "rolled-back", "answer-lost", "vanished"].forEach((step, at) =>
        rotation(row(`sub-${at + 1}`, "con-1", types[at] ?? "", due), steps[step]),
      );
    } else if (wanted === "sick") {
      const portal = inlet({ fingerprint: null, verified: 0, rejected: 9, last_verified_at: null });
      inlet({ name: "Arztzuweisungen", source: "rxscale-pubsub", signed: false, fingerprint: null, verified: 57 });
      inlet({ name: "Altes Portal", connection: null, connection_name: null, verified: 3 });
      row("sub-1", "con-1", "pharmacy_order_created", {
        health: { ...healthOf(1, 5), rejected: 4, duplicates: 12 },
        rejected: 4,
      });
      row("sub-2", "con-1", "pharmacy_order_updated", lost);
      row("sub-3", "con-1", "pharmacy_sku_stock_updated", mute("stock"));
      row("sub-4", "con-1", "patient_doctor_meeting_updated", {
        ...foreign,
        adoptable: true,
        inlet: portal.name,
        target: portal.url.slice(0, 36) + "…",
      });
      row("sub-5", "con-1", "PRESCRIPTION_DOCTOR_CHANGED", foreign);
      row("sub-6", "con-2", "pharmacy_order_created", { state: "orphaned", secret: "missing", fingerprint: null });
      row("sub-7", "con-2", "pharmacy_order_updated", keyless);
      row("sub-8", "con-2", "pharmacy_sku_stock_updated", { ...keyless, secret: "missing" });
      row("sub-9", "con-2", "appointment_reminder_due", { ...keyless, state: "unsettled", secret: "missing" });
      row("sub-a", "con-2", "patient_doctor_meeting_updated", { state: "removing" });
      row("sub-b", "con-2", "order_teleported", {
        ...keyless,
        state: "planned",
        secret: "missing",
        provider_uid: null,
      });
    } else {
      row("sub-1", "con-1", "pharmacy_order_created");
      row("sub-2", "con-1", "pharmacy_order_updated", {
        ...due,
        health: { ...healthOf(2, 18), rejected: 0, duplicates: 3 },
      });
      row("sub-3", "con-1", "pharmacy_sku_stock_updated", mute("stock"));
      row("sub-4", "con-1", "PRESCRIPTION_DOCTOR_CHANGED", foreign);
      row("sub-5", "con-2", "pharmacy_order_updated", lost);
      row("sub-6", "con-2", "patient_doctor_meeting_updated", keyless);
    }
  }

  const known = (id: string) => {
    const found = rows.find((one) => one.id === id);
    if (found === undefined) throw problem("subscription_unknown", id);
    return found;
  };
  const running = (id: string) => {
    const found = rotations.find((one) => one.id === id);
    if (found === undefined) throw problem("rotation_unknown", id);
    return found;
  };
  const guard = (connection: string, confirm: string | null, always = false) => {
    const one = connections.find((known) => known.id === connection);
    if ((always || one?.environment === "production") && confirm !== one?.name) throw problem("confirmation_needed");
  };
  const note: Note = (action, subject, detail = null) => {
    audit.unshift({
      id: audit.length + 1,
      at: iso(Date.now()),
      account: "erika.beispiel",
      shell: "window",
      action,
      subject,
      detail,
      outcome: "done",
      code: null,
    });
  };
  const later = (ms: number, then: () => void) => {
    if (pace > 0) setTimeout(then, ms * pace);
  };
  const to = (one: RotationView, part: Partial<RotationView>) => {
    Object.assign(one, { waits_for: null, problem: null, next_try_at: null, ...part, step_at: iso(Date.now()) });
    emit("subscriptions", "status");
  };

  /** Takes a rotation from its creation to its end, as time passes. */
  function run(one: RotationView) {
    const fresh = rows.find((known) => known.id === one.new);
    later(1, () => {
      if (one.step !== "planned") return;
      const issued = connections.find((known) => known.id === one.connection)?.api !== "management";
      if (fresh) Object.assign(fresh, { state: "active", secret: issued ? "stored" : "not_issued" });
      if (!issued) return to(one, { step: "proving", waits_for: "secret" });
      give(one);
      to(one, { step: "created" });
      later(1, () => one.step === "created" && prove(one, 4));
    });
  }
  function give(one: RotationView) {
    one.new_fingerprint = hex(16, 34, one.id.length, rotations.length);
    const fresh = rows.find((known) => known.id === one.new);
    if (fresh)
      Object.assign(fresh, { secret: "stored", fingerprint: one.new_fingerprint, secret_since: iso(Date.now()) });
  }
  function prove(one: RotationView, after: number) {
    to(one, { step: "proving", waits_for: "delivery", can_test: true });
    later(after, () => one.step === "proving" && switchOver(one));
  }
  function switchOver(one: RotationView) {
    to(one, { step: "switching", proved_at: iso(Date.now()), can_roll_back: false, can_test: false });
    const fresh = rows.find((known) => known.id === one.new);
    if (fresh) Object.assign(fresh, { last_verified_at: iso(Date.now()), verified: 1 });
    later(1.5, () => {
      drop(one.old);
      to(one, {
        step: "grace",
        waits_for: "grace",
        switched_at: iso(Date.now()),
        grace_until: iso(Date.now() + one.grace_hours * HOUR),
      });
      later(12, () => {
        if (fresh) Object.assign(fresh, { rotation: null, replaces: null });
        to(one, { step: "done", ended_at: iso(Date.now()) });
        note("rotation_finish", `${one.connection_name} · ${one.notification_type}`, one.new_fingerprint);
      });
    });
  }

  const counts = (): Counts => {
    const open = rotations.filter((one) => one.step !== "done" && one.step !== "rolled_back");
    const own = rows.filter((one) => one.replaces === null);
    return {
      subscriptions: own.filter((one) => one.state === "active").length,
      subscriptions_vanished: own.filter((one) => one.state === "vanished").length,
      subscriptions_silent: own.filter((one) => one.state === "active" && one.health.rhythm === "silent").length,
      subscriptions_unverifiable: own.filter((one) => one.state === "active" && one.secret !== "stored").length,
      rotations_open: open.length,
      rotations_stuck: open.filter((one) => one.problem !== null || one.waits_for === "secret").length,
      secrets_due: own.filter((one) => one.rotation_due && one.rotation === null).length,
    };
  };

  const needs = () => {
    const { rotations_open, rotations_stuck, ...rest } = counts();
    return {
      rotations_stuck,
      rotations_running: rotations_open - rotations_stuck,
      subscriptions_vanished: rest.subscriptions_vanished,
      subscriptions_unclear: rows.filter((one) => one.state === "orphaned" || one.state === "unsettled").length,
      subscriptions_unverifiable: rest.subscriptions_unverifiable,
      subscriptions_silent: rest.subscriptions_silent,
      secrets_due: rest.secrets_due,
    };
  };

  const answers: Answers = {
    connection_edit: (input) => {
      const one = connections.find((known) => known.id === input.id);
      if (one === undefined) throw problem("connection_unknown");
      if (connections.some((other) => other.id !== input.id && other.name === input.name))
        throw problem("connection_name_taken", input.name);
      Object.assign(one, { name: input.name, pharmacy_uid: input.pharmacy_uid, settings: input.settings });
      for (const of of rows) if (of.connection === one.id) of.connection_name = one.name;
      note("connection_edit", one.name);
      emit("status", "subscriptions");
      return one;
    },
    connection_remove: (input) => {
      guard(input.id, input.confirm);
      if (rows.some((of) => of.connection === input.id && of.state === "active")) throw problem("connection_in_use");
      const at = connections.findIndex((one) => one.id === input.id);
      if (at >= 0) note("connection_remove", connections.splice(at, 1)[0]?.name ?? "");
      emit("status");
      return null;
    },
    subscription_list: () => ({
      rows: rows.map((one) => ({ ...one })),
      rotations: [...rotations],
      problems:
        query.get("demo") === "offline" ? [{ connection: "con-1", problem: problem("provider_unreachable") }] : [],
      due: counts().secrets_due,
    }),
    subscription_register: (input) =>
      input.types.map((type) => {
        if (type === "order_teleported")
          return { notification_type: type, subscription: null, problem: problem("provider_rejected", "type") };
        const gone = rows.find(
          (of) => of.connection === input.connection && of.notification_type === type && of.state === "vanished",
        );
        if (gone !== undefined) drop(gone.id);
        const fresh = row(`sub-new-${(made += 1)}`, input.connection, type, {
          last_verified_at: null,
          verified: 0,
          fingerprint: hex(16, 31, rows.length),
          secret_since: iso(Date.now()),
          health: { ...healthOf(0, 0), rhythm: "learning" },
        });
        note("subscription_register", `${fresh.connection_name} · ${type}`, fresh.fingerprint);
        emit("subscriptions", "status");
        lent.registered();
        return { notification_type: type, subscription: fresh, problem: null };
      }),
    subscription_test: (id) => {
      note("subscription_test", known(id).notification_type);
      return null;
    },
    subscription_rotate: (input) =>
      input.subscriptions.map((id) => {
        const of = known(id);
        if (of.rotation !== null) return { subscription: id, rotation: null, problem: problem("rotation_under_way") };
        const one = rotation(of, {
          new_fingerprint: null,
          grace_hours: input.grace_hours ?? 72,
          started_at: iso(Date.now()),
          step_at: iso(Date.now()),
          can_test: false,
        });
        note("rotation_start", `${of.connection_name} · ${of.notification_type}`, `${one.grace_hours} h`);
        run(one);
        emit("subscriptions", "status");
        return { subscription: id, rotation: { ...one }, problem: null };
      }),
    subscription_remove: (input) => {
      const of = known(input.id);
      guard(of.connection, input.confirm);
      drop(of.id);
      note("subscription_remove", `${of.connection_name} · ${of.notification_type}`);
      emit("subscriptions", "status");
      return null;
    },
    subscription_remove_foreign: (input) => {
      guard(input.connection, input.confirm, true);
      const of = rows.find((one) => one.provider_uid === input.provider_uid);
      if (of === undefined) throw problem("subscription_unknown");
      drop(of.id);
      note("foreign_remove", `${of.connection_name} · ${of.notification_type}`);
      emit("subscriptions", "status");
      return null;
    },
    subscription_adopt: (input) => {
      const of = rows.find((one) => one.provider_uid === input.provider_uid);
      if (of === undefined) throw problem("subscription_unknown");
      if (!of.adoptable) throw problem("subscription_elsewhere");
      if (!input.secret.startsWith("whsec_")) throw problem("input_invalid", "secret");
      Object.assign(of, { state: "active", secret: "stored", adoptable: false, fingerprint: hex(16, 37, rows.length) });
      of.secret_since = iso(Date.now());
      emit("subscriptions", "status");
      return of;
    },
    subscription_paste_secret: (input) => {
      const of = known(input.id);
      if (!input.secret.startsWith("whsec_")) throw problem("input_invalid", "secret");
      Object.assign(of, { secret: "stored", fingerprint: hex(16, 32, rows.length), secret_since: iso(Date.now()) });
      const one = rotations.find((other) => other.new === of.id && other.waits_for === "secret");
      if (one !== undefined) {
        one.new_fingerprint = of.fingerprint;
        prove(one, 4);
      }
      note("subscription_secret", `${of.connection_name} · ${of.notification_type}`, of.fingerprint);
      emit("subscriptions", "status");
      return of;
    },
    rotation_roll_back: (id) => {
      const one = running(id);
      if (!one.can_roll_back) throw problem("rotation_too_late");
      to(one, { step: "rolling_back", can_roll_back: false, can_test: false });
      note("rotation_roll_back", `${one.connection_name} · ${one.notification_type}`);
      later(1.5, () => {
        drop(one.new);
        const old = rows.find((of) => of.id === one.old);
        if (old) old.rotation = null;
        to(one, { step: "rolled_back", ended_at: iso(Date.now()) });
      });
      return one;
    },
    rotation_try_now: (id) => {
      const one = running(id);
      if (one.step === "switching") switchOver(one);
      else {
        to(one, { waits_for: null });
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
      const signed = input.source === "rxscale";
      const fresh = inlet({
        name: input.name,
        source: input.source,
        connection: input.connection,
        connection_name: nameOf(input.connection ?? ""),
        fingerprint: null,
        signed,
        rejections: signed ? null : "not_sure",
        created_at: iso(Date.now()),
        last_verified_at: null,
        verified: 0,
      });
      note("inlet_add", input.name);
      emit("subscriptions");
      return fresh;
    },
    inlet_list: () => inlets,
    inlet_secret: (input) => {
      const one = inlets.find((of) => of.id === input.id);
      if (one === undefined) throw problem("inlet_unknown");
      if (!input.secret.startsWith("whsec_")) throw problem("input_invalid", "secret");
      one.fingerprint = hex(16, 38, inlets.length);
      note("inlet_secret", one.name, one.fingerprint);
      emit("subscriptions");
      return null;
    },
    inlet_set: (input) => {
      const one = inlets.find((of) => of.id === input.id);
      if (one === undefined) throw problem("inlet_unknown");
      one.rejections = input.rejections;
      one.required_header = input.required_header;
      note("inlet_set", one.name);
      emit("subscriptions", "orders");
      return one;
    },
    inlet_key: (input) => {
      const one = inlets.find((of) => of.id === input.id);
      if (one === undefined) throw problem("inlet_unknown");
      one.confirms_at = input.api_key === null ? null : new URL(input.base_url ?? "https://api.evitalrx.in").host;
      note("inlet_key", one.name);
      emit("subscriptions", "orders");
      return one;
    },
    inlet_rotate: (input) => {
      const one = inlets.find((of) => of.id === input.id);
      if (one === undefined) throw problem("inlet_unknown");
      one.retires_at = iso(Date.now() + (input.grace_ms ?? 3 * DAY));
      note("inlet_rotate", one.name);
      emit("subscriptions");
      const kept: Partial<InletView> = { ...one };
      delete kept.id;
      delete kept.url;
      return inlet({ ...kept, retires_at: null, last_verified_at: null });
    },
    inlet_remove: (input) => {
      const at = inlets.findIndex((of) => of.id === input.id);
      if (at < 0) throw problem("inlet_unknown");
      if (inlets[at]?.connection) guard(inlets[at].connection, input.confirm);
      note("inlet_remove", inlets.splice(at, 1)[0]?.name ?? "");
      emit("subscriptions");
      return null;
    },
    rules: () => rules,
    rules_set: (input) => {
      rules = input;
      if (input.rotate_after_days === null) for (const of of rows) of.rotation_due = false;
      note("rules_set", input.rotate_after_days === null ? "–" : `${input.rotate_after_days} d`);
      emit("subscriptions", "settings", "status");
      return rules;
    },
    network: () => network,
    network_set: (input) => {
      const pem = input.root_certificates_pem;
      if (pem !== null && pem !== "" && !pem.includes("-----BEGIN CERTIFICATE-----"))
        throw problem("certificate_unusable");
      if (input.proxy === "custom" && !/^https?:\/\/\S+$/.test(input.proxy_url ?? ""))
        throw problem("input_invalid", "proxy_url");
      network = {
        proxy: input.proxy,
        proxy_url: input.proxy === "custom" ? input.proxy_url : null,
        root_certificates: pem === null ? network.root_certificates : pem === "" ? [] : [hex(64, 39, pem.length)],
        timeout_seconds: input.timeout_seconds,
      };
      note("network_set", input.proxy);
      emit("settings");
      return network;
    },
    audit_list: (input) => {
      const start = input.after === null ? 0 : Number(input.after);
      const end = start + (input.limit ?? 100);
      return { rows: audit.slice(start, end), next: end < audit.length ? String(end) : null };
    },
  };
  return { answers, counts, needs, note };
}

/** A day of arrivals around so many an hour, quieter at night. */
function healthOf(seed: number, hourly: number): HealthView {
  const now = new Date().getHours();
  const hours = Array.from({ length: 24 }, (_, at) => {
    const hour = (now - 23 + at + 24) % 24;
    const busy = hour < 7 || hour > 20 ? 0.12 : 1;
    return Math.round(hourly * busy * (0.5 + dice(seed, 71, at)));
  });
  return {
    hours,
    arrivals: hours.reduce((sum, count) => sum + count, 0),
    duplicates: 0,
    rejected: 0,
    delay_ms: hourly === 0 ? null : Math.round(300 + dice(seed, 72) * 1600),
    rhythm: "usual",
    expected: null,
    silent_since: null,
  };
}

//! The invented prescriptions of the demo and who had them: taken away and put back, requeued, with a gap, by two transports.
import type {
  AssignmentFiltersView,
  AssignmentListInput,
  AssignmentView,
  ChangeOfDoctorView,
  DoctorListInput,
  DoctorRowView,
  DoctorView,
  Page,
  PrescriptionListInput,
  PrescriptionView,
  ReasonKind,
} from "../ipc.gen";
import { dice, doctors, hex } from "./cast";

const MINUTE = 60_000;
const iso = (at: number) => new Date(at).toISOString();

type Move = { after: number; to: number | null; reason: string; from?: number | null; uncertain?: boolean };

const kinds: Record<string, ReasonKind> = {
  QUEUE_ASSIGNED: "queue",
  ADMIN_ASSIGNED: "person",
  ORDER_ATTRIBUTE_ASSIGNED: "order",
  PRESCRIPTION_REQUEUED: "requeued",
  DOCTOR_REQUEUED_PRESCRIPTIONS: "doctor_requeued",
  STALE_ASSIGNMENT_CLEARED: "stale",
  ON_HOLD_DOCTOR_REMOVED: "on_hold",
  NIGHT_SHIFT: "other",
};

/** Minutes after the one before; the first after the prescription was made. */
const stories: readonly (readonly Move[])[] = [
  [{ after: 22, to: 0, reason: "QUEUE_ASSIGNED" }],
  [
    { after: 8, to: 0, reason: "QUEUE_ASSIGNED" },
    { after: 140, to: null, reason: "ON_HOLD_DOCTOR_REMOVED" },
    { after: 65, to: 0, reason: "ADMIN_ASSIGNED" },
  ],
  [
    { after: 5, to: 1, reason: "QUEUE_ASSIGNED" },
    { after: 200, from: 2, to: 3, reason: "ADMIN_ASSIGNED" },
  ],
  [
    { after: 15, to: 2, reason: "QUEUE_ASSIGNED" },
    { after: 480, to: null, reason: "DOCTOR_REQUEUED_PRESCRIPTIONS" },
    { after: 35, to: 1, reason: "QUEUE_ASSIGNED" },
  ],
  [
    { after: 3, to: 1, reason: "ORDER_ATTRIBUTE_ASSIGNED" },
    { after: 2900, to: null, reason: "STALE_ASSIGNMENT_CLEARED" },
  ],
  [
    { after: 12, to: 3, reason: "QUEUE_ASSIGNED" },
    { after: 30, to: null, reason: "PRESCRIPTION_REQUEUED" },
    { after: 20, to: 3, reason: "QUEUE_ASSIGNED", uncertain: true },
  ],
  [{ after: 40, from: 1, to: 0, reason: "NIGHT_SHIFT" }],
];

const uidOf = (doctor: number | null) => (doctor === null ? null : `doc-${doctor + 1}`);
const nameOf = (doctor: number | null) => (doctor === null ? null : (doctors[doctor] ?? null));

/** Everything the demo knows about assignments. */
export class Wards {
  readonly prescriptions: PrescriptionView[];

  constructor(opened: number, count: number, order: (place: number) => { uid: string; name: string } | null) {
    this.prescriptions = Array.from({ length: count }, (_, at) => prescription(at, opened, order(at)));
  }

  assignments(input: AssignmentListInput): Page<AssignmentView> {
    const rows = this.prescriptions
      .flatMap((one) => one.history)
      .filter((one) => input.doctor === null || one.doctor_uid === input.doctor)
      .filter((one) => input.prescription === null || one.prescription_uid === input.prescription)
      .filter((one) => input.reason === null || one.reason === input.reason)
      .filter((one) => input.shop === null || one.shop === input.shop)
      .filter((one) => input.since === null || (one.from ?? one.not_before) >= input.since)
      .filter((one) => input.open !== true || one.open)
      .sort((one, other) => (other.from ?? other.not_before).localeCompare(one.from ?? one.not_before));
    return paged(rows, input);
  }

  list(input: PrescriptionListInput): Page<PrescriptionView> {
    const search = input.search?.toLowerCase() ?? "";
    const rows = this.prescriptions.filter(
      (one) =>
        (input.doctor === null || one.history.some((span) => span.doctor_uid === input.doctor)) &&
        (input.reason === null || one.history.some((span) => span.reason === input.reason)) &&
        (input.state === null ||
          (input.state === "broken" ? one.gaps > 0 : (one.doctor_uid === null) === (input.state === "unassigned"))) &&
        (input.shop === null || one.shop === input.shop) &&
        (input.since === null || one.changed_at >= input.since) &&
        [one.uid, one.external_order_id, ...one.history.map((span) => span.doctor_name)].some((text) =>
          text?.toLowerCase().includes(search),
        ),
    );
    return paged(rows, input);
  }

  get filters(): AssignmentFiltersView {
    const reasons = new Set(this.prescriptions.flatMap((one) => one.history.flatMap((span) => span.reason ?? [])));
    return {
      reasons: [...reasons].sort().map((reason) => ({ reason, reason_kind: kinds[reason] ?? "other" })),
      shops: [...new Set(this.prescriptions.flatMap((one) => one.shop ?? []))].sort(),
    };
  }

  doctors(input: DoctorListInput): Page<DoctorRowView> {
    const search = input.search?.toLowerCase() ?? "";
    const rows = doctors
      .flatMap((_, at) => this.doctor(`doc-${at + 1}`) ?? [])
      .filter((one) => `${one.name} ${one.uid}`.toLowerCase().includes(search))
      .sort((one, other) => other.open - one.open)
      .map(({ uid, name, open, taken, lost, requeued, last_at }) => ({
        uid,
        name,
        open,
        taken,
        lost,
        requeued,
        last_at,
      }));
    return paged(rows, input);
  }

  doctor(uid: string): DoctorView | null {
    const spans = this.prescriptions.flatMap((one) => one.history).filter((one) => one.doctor_uid === uid);
    if (spans.length === 0) return null;
    const reasons = new Map<string | null, { taken: number; lost: number }>();
    const count = (reason: string | null, what: "taken" | "lost") => {
      const known = reasons.get(reason) ?? { taken: 0, lost: 0 };
      known[what] += 1;
      reasons.set(reason, known);
    };
    for (const one of spans) {
      count(one.reason, "taken");
      if (!one.open) count(one.ended?.reason ?? null, "lost");
    }
    const lost = spans.filter((one) => !one.open);
    const requeues: readonly (ReasonKind | null | undefined)[] = ["requeued", "doctor_requeued"];
    return {
      uid,
      name: spans[0]?.doctor_name ?? null,
      open: spans.length - lost.length,
      taken: spans.length,
      lost: lost.length,
      requeued: lost.filter((one) => requeues.includes(one.ended?.reason_kind)).length,
      last_at:
        spans
          .map((one) => one.from ?? one.not_before)
          .sort()
          .at(-1) ?? null,
      reasons: [...reasons]
        .map(([reason, counted]) => ({
          reason,
          reason_kind: reason === null ? null : (kinds[reason] ?? "other"),
          ...counted,
        }))
        .sort((one, other) => other.taken + other.lost - one.taken - one.lost),
    };
  }
}

function paged<R>(rows: R[], input: { limit: number | null; after: string | null }): Page<R> {
  const start = input.after === null ? 0 : Number(input.after);
  const end = start + (input.limit ?? 50);
  return { rows: rows.slice(start, end), next: end < rows.length ? String(end) : null };
}

function prescription(at: number, opened: number, order: { uid: string; name: string } | null): PrescriptionView {
  const uid = `rx-${hex(8, 71, at)}`;
  const shop = at % 6 === 4 ? "probeladen.example.test" : "beispielshop.example.test";
  const moves = stories[at % stories.length] ?? [];
  const length = moves.reduce((sum, move) => sum + move.after, 0) * MINUTE;
  const made = opened - length - Math.floor((at * 47 + dice(at, 72) * 30) * MINUTE) - 3 * MINUTE;
  const history: AssignmentView[] = [];
  const blank = { prescription_uid: uid, shop, until: null, not_after: null, ended: null };
  let time = made;
  let holder: number | null = null;
  moves.forEach((move, index) => {
    time += move.after * MINUTE;
    const change: ChangeOfDoctorView = {
      at: iso(time),
      clock: at % 3 === 0 ? "received" : "published",
      reason: move.reason,
      reason_kind: kinds[move.reason] ?? "other",
      event_id: hex(16, 73, at, index),
      trust: at % 3 === 0 ? "verified" : "unsigned",
      told: at % 5 === 1 ? 2 : 1,
      uncertain: move.uncertain ?? false,
    };
    const from = move.from === undefined ? holder : move.from;
    const last = history.at(-1);
    if (last !== undefined) {
      last.open = false;
      last.not_after = iso(time);
    }
    if (last !== undefined && from === holder) {
      last.until = iso(time);
      last.ended = change;
    } else {
      const before = index === 0 && from === null;
      history.push({
        ...blank,
        doctor_uid: uidOf(from),
        doctor_name: nameOf(from),
        from: before ? iso(made) : null,
        until: iso(time),
        reason: null,
        open: false,
        not_before: last?.not_before ?? iso(made),
        not_after: iso(time),
        began: before
          ? {
              ...change,
              at: iso(made),
              clock: "prescription",
              reason: null,
              reason_kind: null,
              event_id: null,
              told: 1,
            }
          : null,
        ended: change,
      });
    }
    history.push({
      ...blank,
      doctor_uid: uidOf(move.to),
      doctor_name: nameOf(move.to),
      from: iso(time),
      reason: move.reason,
      open: true,
      not_before: iso(time),
      began: change,
    });
    holder = move.to;
  });
  const now = history.at(-1);
  return {
    uid,
    connection: "con-1",
    status: holder === null ? "waiting_for_doctor" : "pending",
    created_at: iso(made),
    changed_at: now?.not_before ?? iso(made),
    doctor_uid: uidOf(holder),
    doctor_name: nameOf(holder),
    reason: now?.reason ?? null,
    reason_kind: now?.began?.reason_kind ?? null,
    assignments: history.filter((one) => one.doctor_uid !== null).length,
    gaps: history.filter((one) => one.from === null).length,
    shop,
    external_order_id: `EXT-${480_000 + at}`,
    external_fulfillment_id: null,
    order: order?.uid ?? null,
    order_name: order?.name ?? null,
    history,
  };
}

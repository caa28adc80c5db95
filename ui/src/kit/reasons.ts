//! Why a doctor was given a prescription or lost it, as a plain sentence. The provider's code stands beside it, always.
import type { AssignmentView, ChangeOfDoctorView, Clock, ReasonKind } from "../backend/ipc.gen";
import { m } from "../messages/gen/messages";

export const reasonSentences: Record<ReasonKind, () => string> = {
  person: m.reason_person,
  order: m.reason_order,
  queue: m.reason_queue,
  requeued: m.reason_requeued,
  doctor_requeued: m.reason_doctor_requeued,
  stale: m.reason_stale,
  on_hold: m.reason_on_hold,
  other: m.reason_other,
};

/** Whose clock a moment is from, as a sentence. */
export const clockSentences: Record<Clock, () => string> = {
  event: m.clock_event,
  published: m.clock_published,
  received: m.clock_received,
  prescription: m.clock_prescription,
};

/** The sentence of a change; nothing where no reason was told. */
export function reasonOf(change: ChangeOfDoctorView | null): string | null {
  return change === null || change.reason_kind === null ? null : reasonSentences[change.reason_kind]();
}

/** Who has it: a name, else the provider's id, else nobody. */
export function holder(one: Pick<AssignmentView, "doctor_uid" | "doctor_name">): string {
  return one.doctor_name ?? one.doctor_uid ?? m.nobody();
}

/** Where an assignment lies on the line of time, in milliseconds; what is not known is bounded by its neighbours. */
export function extent(one: AssignmentView, now: number): { from: number; until: number; known: boolean } {
  const from = Date.parse(one.from ?? one.not_before);
  const end = one.until ?? one.not_after;
  const until = end === null ? Math.max(now, from) : Date.parse(end);
  return { from, until, known: one.from !== null && (one.until !== null || one.open) };
}

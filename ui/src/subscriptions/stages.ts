//! A rotation as the stages a person follows: what is done, what is happening, what still comes; and several rotations as one
//! sum. It reads the desk's view and decides nothing.
import type { RotationView } from "../backend/ipc.gen";

export type StageName = "created" | "secret" | "proved" | "switched" | "grace";

/** `asked`: waits for a person. `stuck`: the last try failed. `skipped`: never came to it. */
export type StageState = "done" | "working" | "waiting" | "asked" | "stuck" | "todo" | "undone" | "skipped";

export type Stage = { name: StageName; state: StageState };

const order: readonly StageName[] = ["created", "secret", "proved", "switched", "grace"];

/** Whether it has come to an end. */
export function ended(rotation: RotationView): boolean {
  return rotation.step === "done" || rotation.step === "rolled_back";
}

/** Whether it needs a person: a secret is missing, or the last try failed and has not been made up for. */
export function stuck(rotation: RotationView): boolean {
  return !ended(rotation) && (rotation.waits_for === "secret" || rotation.problem !== null);
}

/** The stage it stands at; `null` at the end. */
export function stageNow(rotation: RotationView): StageName | null {
  switch (rotation.step) {
    case "planned":
      return "created";
    case "created":
      return "secret";
    case "proving":
      return rotation.waits_for === "secret" ? "secret" : "proved";
    case "switching":
      return "switched";
    case "grace":
      return "grace";
    case "rolling_back":
    case "rolled_back":
    case "done":
      return null;
  }
}

/** All stages in their order. */
export function stagesOf(rotation: RotationView): Stage[] {
  if (rotation.step === "rolling_back" || rotation.step === "rolled_back") {
    const reached = rotation.proved_at !== null ? 3 : rotation.new_fingerprint !== null ? 2 : 1;
    return order.map((name, at) => ({ name, state: at < reached ? "undone" : "skipped" }));
  }
  const now = stageNow(rotation);
  const at = now === null ? order.length : order.indexOf(now);
  return order.map((name, place) => {
    if (place < at) return { name, state: "done" };
    if (place > at) return { name, state: "todo" };
    if (rotation.waits_for === "secret") return { name, state: "asked" };
    if (rotation.problem !== null) return { name, state: "stuck" };
    return { name, state: rotation.waits_for === null ? "working" : "waiting" };
  });
}

/** Several rotations in numbers: how many there are, and how they stand. The kinds are counted once each. */
export type Sum = {
  count: number;
  done: number;
  delivery: number;
  secret: number;
  grace: number;
  stuck: number;
  working: number;
};

/** Counts rotations. One in its grace period is done at the provider and counts as done as well. */
export function sumOf(rotations: readonly RotationView[]): Sum {
  const sum: Sum = { count: 0, done: 0, delivery: 0, secret: 0, grace: 0, stuck: 0, working: 0 };
  for (const rotation of rotations) {
    if (rotation.step === "rolled_back") continue;
    sum.count += 1;
    if (rotation.step === "done") sum.done += 1;
    else if (rotation.waits_for === "secret") sum.secret += 1;
    else if (rotation.problem !== null) sum.stuck += 1;
    else if (rotation.step === "grace") {
      sum.done += 1;
      sum.grace += 1;
    } else if (rotation.waits_for === "delivery") sum.delivery += 1;
    else sum.working += 1;
  }
  return sum;
}

/** Rotations that were started together with the newest open one, or are still open: what the sum speaks of. */
export function batchOf(rotations: readonly RotationView[], together = 60_000): RotationView[] {
  const open = rotations.filter((one) => !ended(one));
  if (open.length === 0) return [];
  const starts = open.map((one) => Date.parse(one.started_at));
  return rotations.filter(
    (one) => !ended(one) || starts.some((start) => Math.abs(Date.parse(one.started_at) - start) < together),
  );
}

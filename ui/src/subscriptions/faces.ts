//! How a subscription stands, judged for the eye: a word, a tone, a sentence, and the one thing that helps. It reads a row and
//! knows nothing of the screen; what the remedies do is the view's business.
import type { ConnectionView, SubscriptionView } from "../backend/ipc.gen";

/** How it stands: the desk's states, and what silence and a missing secret make of an active one. */
export type Stand =
  | "active"
  | "silent"
  | "unverifiable"
  | "secret_gone"
  | "planned"
  | "unsettled"
  | "vanished"
  | "orphaned"
  | "foreign"
  | "adoptable"
  | "removing"
  | "removed";

/** What helps. `look` asks the provider for its list, `test` requests a test event. */
export type Remedy = "register" | "paste" | "adopt" | "remove" | "look" | "test";

export type Tone = "good" | "calm" | "warn" | "bad";

/** Where a subscription stands. */
export function standOf(row: SubscriptionView): Stand {
  if (row.state === "foreign") return row.adoptable ? "adoptable" : "foreign";
  if (row.state !== "active") return row.state;
  if (row.secret === "not_issued") return "unverifiable";
  if (row.secret === "missing") return "secret_gone";
  return row.health.rhythm === "silent" ? "silent" : "active";
}

export const tones: Record<Stand, Tone> = {
  active: "good",
  silent: "warn",
  unverifiable: "warn",
  secret_gone: "warn",
  planned: "calm",
  unsettled: "warn",
  vanished: "bad",
  orphaned: "warn",
  foreign: "calm",
  adoptable: "calm",
  removing: "calm",
  removed: "calm",
};

/** Whether the connection's provider call for a test event is configured. */
export function testable(connection: ConnectionView | undefined): boolean {
  return connection !== undefined && connection.api === "management" && connection.settings.test_call;
}

/** Whether the connection says how to remove one subscription; a rotation cannot end without it. */
export function deletable(connection: ConnectionView): boolean {
  if (connection.settings.delete === "off") return false;
  return connection.settings.delete !== null || connection.api === "pharmacy";
}

/** The one action that helps; `null` where nothing has to be done. */
export function remedyOf(stand: Stand, connection: ConnectionView | undefined): Remedy | null {
  switch (stand) {
    case "vanished":
      return "register";
    case "unverifiable":
    case "secret_gone":
      return "paste";
    case "adoptable":
      return "adopt";
    case "orphaned":
      return "remove";
    case "planned":
    case "unsettled":
    case "removing":
      return "look";
    case "silent":
      return testable(connection) ? "test" : "look";
    default:
      return null;
  }
}

/** Whether it can be rotated now: ours, alive, verifiable, and not in a rotation already. */
export function rotatable(row: SubscriptionView): boolean {
  return row.state === "active" && row.secret === "stored" && row.rotation === null;
}

//! What each code of the desk means to the person in front of the window: what happened, what is still safe, what to do, and
//! the place in the window where that can be done. The sentences stand in the messages, under the code's name; a code without
//! them does not compile. It shows nothing itself: `ProblemNote` does.
import type { Code } from "../backend/ipc.gen";
import { m } from "../messages/gen/messages";

type Word = () => string;

/** A place in the window where the cause can be mended. */
export type Exit =
  | "relay"
  | "connections"
  | "network"
  | "confirmation"
  | "subscriptions"
  | "orders"
  | "deliveries"
  | "stock"
  | "doctors";

/** One code in words. */
export type Sentence = { what: Word; safe: Word; cure: Word; exit: Exit | null };

/** The codes whose cause is mended at a certain place. For the others, the sentence says what to do by hand. */
const exits: Partial<Record<Code, Exit>> = {
  not_paired: "relay",
  already_paired: "relay",
  relay_refused: "relay",
  provider_key_refused: "connections",
  provider_wrong_base_path: "connections",
  provider_unexpected: "connections",
  provider_redirected: "connections",
  delete_not_configured: "connections",
  test_not_configured: "connections",
  connection_unknown: "connections",
  list_lost_others: "connections",
  provider_tls: "network",
  provider_timeout: "network",
  confirmation_off: "confirmation",
  provider_not_found: "subscriptions",
  provider_conflict: "subscriptions",
  provider_ambiguous: "subscriptions",
  connection_in_use: "subscriptions",
  subscription_unknown: "subscriptions",
  subscription_elsewhere: "subscriptions",
  rotation_under_way: "subscriptions",
  rotation_too_late: "subscriptions",
  rotation_unknown: "subscriptions",
  inlet_unknown: "subscriptions",
  order_unknown: "orders",
  event_unknown: "deliveries",
  stock_unknown: "stock",
  prescription_unknown: "doctors",
  doctor_unknown: "doctors",
};

/** The words for a code; a code of a newer desk is told as `internal`. */
export function wordsOf(code: Code): Sentence {
  const known: Code = `code_${code}` in m ? code : "internal";
  return {
    what: m[`code_${known}`],
    safe: m[`code_${known}_safe`],
    cure: m[`code_${known}_cure`],
    exit: exits[known] ?? null,
  };
}

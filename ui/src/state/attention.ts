//! What needs a person, as the desk answers it in its status: how many of each kind for the overview, the navigation and the
//! status bar, and the address of the place where one acts. It decides nothing; which rows of a list show it is picked here.
import type { NeedKind, NeedPlace, OrderRowView, StatusView, StockRowView } from "../backend/ipc.gen";
import { addressOf } from "./route.svelte";

/** How many there are of each kind. */
export type Needs = Record<NeedKind, number>;

const nothing: Needs = {
  orders: 0,
  orders_unmoved: 0,
  quarantine: 0,
  unrecognised: 0,
  unopened: 0,
  rotations_stuck: 0,
  subscriptions_vanished: 0,
  subscriptions_unclear: 0,
  subscriptions_unverifiable: 0,
  subscriptions_silent: 0,
  secrets_due: 0,
  rotations_running: 0,
  stock_empty: 0,
  stock_low: 0,
  relay_unreachable: 0,
  relay_refused: 0,
};

/** An open order that has not moved for so long needs somebody, in hours; the desk counts the same ones. */
export const UNMOVED_HOURS = 48;

/** What needs a person, by the status; nothing of it while there is no status yet. */
export function needsOf(status: StatusView | undefined): Needs {
  const counts = (status?.attention.needs ?? []).map(({ kind, count }): [NeedKind, number] => [kind, count]);
  return { ...nothing, ...Object.fromEntries(counts) };
}

/** Whether the relay cannot be used, for one reason or the other. */
export const offline = (needs: Needs): boolean => needs.relay_unreachable + needs.relay_refused > 0;

/** Subscriptions that do not bring what they should. */
export const ill = (needs: Needs): number =>
  needs.subscriptions_vanished + needs.subscriptions_silent + needs.subscriptions_unverifiable;

/** What waits in each view of the navigation that counts something. */
export function waitingIn(needs: Needs): Record<"orders" | "stock" | "subscriptions" | "deliveries", number> {
  return {
    orders: needs.orders,
    stock: needs.stock_low,
    subscriptions: ill(needs) + needs.rotations_stuck,
    deliveries: needs.quarantine,
  };
}

/** Whether there is nothing to show. Low stock alone is no reason to look; empty stock is. */
export function nothingNeeded(needs: Needs): boolean {
  return Object.values({ ...needs, stock_low: 0 }).every((count) => count === 0);
}

/** The address of the place where one acts. */
export function addressOfNeed(place: NeedPlace): string {
  switch (place) {
    case "orders":
      return addressOf("orders", null, { attention: "1" });
    case "orders_unmoved":
      return addressOf("orders", null, { age: String(UNMOVED_HOURS) });
    case "stock":
      return addressOf("stock");
    case "quarantine":
      return addressOf("deliveries", null, { verdict: "rejected" });
    case "unrecognised":
      return addressOf("deliveries", null, { verdict: "unrecognised" });
    case "subscriptions":
      return addressOf("subscriptions");
    case "rotations":
      return addressOf("subscriptions", "rotations");
    case "relay":
      return addressOf("settings", "relay");
  }
}

/** Orders that have not moved for long, and need somebody for no other reason. */
export const unmovedOnly = (rows: readonly OrderRowView[]): readonly OrderRowView[] =>
  rows.filter((row) => row.attention.length === 0);

/** Products of which there is nothing. A level that is not known is not an empty one. */
export const emptyOnly = (rows: readonly StockRowView[]): readonly StockRowView[] =>
  rows.filter((row) => row.stock !== null && row.stock <= 0);

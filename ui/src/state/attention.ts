//! What needs a person, in one answer that the overview, the navigation and the status bar draw from. Today it is put together
//! here from the status and from the lists of the overview. Once the status carries the desk's own answer, only this file
//! reads it. It shows nothing and asks nothing.
import type { OrderRowView, StatusView, StockRowView, SubscriptionView } from "../backend/ipc.gen";

/** What needs a person, as far as the status tells; nothing of it while there is no status yet. */
export type Needs = {
  /** Orders with a reason why. */
  orders: number;
  /** Products that are low by their threshold. */
  low: number;
  /** Deliveries that could not be verified. */
  quarantine: number;
  /** Deliveries of a kind that is not understood. */
  unrecognised: number;
  /** Deliveries of the relay that could not be opened on this computer. */
  unopened: number;
  /** The relay cannot be reached. */
  offline: boolean;
  /** Subscriptions the provider no longer lists. */
  vanished: number;
  /** Subscriptions without a secret to verify with. */
  unverifiable: number;
  /** Subscriptions that are quieter than their rhythm explains. */
  silent: number;
  /** Signing secrets that are due by the rule. */
  due: number;
  /** Rotations that wait for a person. */
  stuck: number;
  /** Rotations under way, the waiting ones included. */
  rotations: number;
};

/** What needs a person, by the status. */
export function needsOf(status: StatusView | undefined): Needs {
  const counts = status?.counts;
  return {
    orders: counts?.attention ?? 0,
    low: counts?.low ?? 0,
    quarantine: counts?.quarantine ?? 0,
    unrecognised: counts?.unrecognised ?? 0,
    unopened: counts?.unopened ?? 0,
    offline: status?.relay?.state === "failing",
    vanished: counts?.subscriptions_vanished ?? 0,
    unverifiable: counts?.subscriptions_unverifiable ?? 0,
    silent: counts?.subscriptions_silent ?? 0,
    due: counts?.secrets_due ?? 0,
    stuck: counts?.rotations_stuck ?? 0,
    rotations: counts?.rotations_open ?? 0,
  };
}

/** Subscriptions that do not bring what they should. */
export const ill = (needs: Needs): number => needs.vanished + needs.silent + needs.unverifiable;

/** What waits in each view of the navigation that counts something. */
export function waitingIn(needs: Needs): Record<"orders" | "stock" | "subscriptions" | "deliveries", number> {
  return {
    orders: needs.orders,
    stock: needs.low,
    subscriptions: ill(needs) + needs.stuck,
    deliveries: needs.quarantine,
  };
}

/** What the lists say beyond the status. */
export type Listed = {
  /** Orders that need somebody. */
  orders: readonly OrderRowView[];
  /** Orders that have not moved for long, and need somebody for no other reason. */
  unmoved: readonly OrderRowView[];
  /** Products of which there is nothing. */
  empty: readonly StockRowView[];
  /** Subscriptions of ours that nobody knows any more, and those whose end was not told. */
  unclear: number;
};

/** Picks out of the lists what needs a person. */
export function listed(lists: {
  orders: readonly OrderRowView[];
  stuck: readonly OrderRowView[];
  stock: readonly StockRowView[];
  subscriptions: readonly SubscriptionView[];
}): Listed {
  return {
    orders: lists.orders,
    unmoved: lists.stuck.filter((row) => row.attention.length === 0),
    empty: lists.stock.filter((row) => row.stock !== null && row.stock <= 0),
    unclear: lists.subscriptions.filter((row) => row.state === "orphaned" || row.state === "unsettled").length,
  };
}

/** Whether nothing at all needs a person. Low stock alone is no reason to look; empty stock is. */
export function nothingNeeded(needs: Needs, lists: Listed): boolean {
  return (
    lists.orders.length + lists.unmoved.length + lists.empty.length + lists.unclear === 0 &&
    ill(needs) + needs.due + needs.rotations + needs.quarantine + needs.unrecognised + needs.unopened === 0 &&
    !needs.offline
  );
}

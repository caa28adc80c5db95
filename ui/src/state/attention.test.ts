//! What needs a person is one answer: whatever the navigation counts, the overview does not call calm.
import { describe, expect, test } from "vitest";
import type { NeedKind, OrderRowView, StatusView, StockRowView } from "../backend/ipc.gen";
import {
  addressOfNeed,
  emptyOnly,
  ill,
  needsOf,
  nothingNeeded,
  offline,
  UNMOVED_HOURS,
  unmovedOnly,
  waitingIn,
} from "./attention";

/** A status in which only what is named is not nothing. */
const status = (counts: Partial<Record<NeedKind, number>>) =>
  ({
    attention: {
      needs: Object.entries(counts).map(([kind, count]) => ({ kind, count, severity: "warning", place: "orders" })),
    },
  }) as unknown as StatusView;

describe("what needs a person", () => {
  test("is nothing before the status is known", () => {
    expect(nothingNeeded(needsOf(undefined))).toBe(true);
    expect(Object.values(waitingIn(needsOf(undefined)))).toEqual([0, 0, 0, 0]);
  });

  test.each(Object.keys(needsOf(undefined)) as NeedKind[])("%s is not calm, unless it is low stock", (kind) => {
    expect(nothingNeeded(needsOf(status({ [kind]: 1 })))).toBe(kind === "stock_low");
  });

  test("a relay that cannot be reached, or does not know us, is offline", () => {
    expect(offline(needsOf(status({ relay_unreachable: 1 })))).toBe(true);
    expect(offline(needsOf(status({ relay_refused: 1 })))).toBe(true);
    expect(offline(needsOf(status({ quarantine: 1 })))).toBe(false);
  });

  test("the navigation counts subscriptions that are ill together with rotations that wait", () => {
    const needs = needsOf(
      status({
        subscriptions_vanished: 1,
        subscriptions_silent: 2,
        subscriptions_unverifiable: 3,
        rotations_stuck: 4,
        rotations_running: 5,
      }),
    );
    expect(ill(needs)).toBe(6);
    expect(waitingIn(needs)).toEqual({ orders: 0, stock: 0, subscriptions: 10, deliveries: 0 });
  });

  test("leads to where one acts", () => {
    expect(addressOfNeed("quarantine")).toBe("#/deliveries?verdict=rejected");
    expect(addressOfNeed("orders_unmoved")).toBe(`#/orders?age=${UNMOVED_HOURS}`);
    expect(addressOfNeed("relay")).toBe("#/settings/relay");
  });

  test("an unknown level is not an empty one", () => {
    const row = (stock: number | null) => ({ stock }) as StockRowView;
    expect(emptyOnly([row(null), row(0), row(-2), row(3)]).map((one) => one.stock)).toEqual([0, -2]);
  });

  test("an order that needs somebody for a reason is not shown again for standing still", () => {
    const row = (...attention: string[]) => ({ attention }) as unknown as OrderRowView;
    expect(unmovedOnly([row("on_hold"), row()])).toHaveLength(1);
  });
});

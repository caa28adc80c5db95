//! What needs a person is one answer: whatever the navigation counts, the overview does not call calm.
import { describe, expect, test } from "vitest";
import type { StatusView, StockRowView } from "../backend/ipc.gen";
import { ill, listed, needsOf, nothingNeeded, waitingIn } from "./attention";

const none = listed({ orders: [], stuck: [], stock: [], subscriptions: [] });

/** A status in which only what is named is not nothing. */
const status = (counts: Partial<StatusView["counts"]>, state: "reachable" | "failing" = "reachable") =>
  ({ counts, relay: { state } }) as unknown as StatusView;

describe("what needs a person", () => {
  test("is nothing before the status is known", () => {
    expect(nothingNeeded(needsOf(undefined), none)).toBe(true);
    expect(Object.values(waitingIn(needsOf(undefined)))).toEqual([0, 0, 0, 0]);
  });

  test.each([
    "quarantine",
    "unrecognised",
    "unopened",
    "subscriptions_vanished",
    "subscriptions_silent",
    "subscriptions_unverifiable",
    "secrets_due",
    "rotations_open",
  ] as const)("%s is not calm", (name) => {
    expect(nothingNeeded(needsOf(status({ [name]: 1 })), none)).toBe(false);
  });

  test("a relay that cannot be reached is not calm", () => {
    expect(nothingNeeded(needsOf(status({}, "failing")), none)).toBe(false);
  });

  test("the navigation counts subscriptions that are ill together with rotations that wait", () => {
    const needs = needsOf(
      status({ subscriptions_vanished: 1, subscriptions_silent: 2, subscriptions_unverifiable: 3, rotations_stuck: 4 }),
    );
    expect(ill(needs)).toBe(6);
    expect(waitingIn(needs).subscriptions).toBe(10);
  });

  test("an unknown level is not an empty one", () => {
    const row = (stock: number | null) => ({ stock }) as StockRowView;
    const { empty } = listed({ orders: [], stuck: [], stock: [row(null), row(0), row(-2), row(3)], subscriptions: [] });
    expect(empty.map((one) => one.stock)).toEqual([0, -2]);
  });
});

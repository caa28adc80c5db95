//! The fold of statuses and the words they get.
import { describe, expect, test } from "vitest";
import { fold, statusWord, typeWord } from "./words";

describe("statuses", () => {
  test.each(["in-progress", "IN_PROGRESS", "In Progress", " in  progress "])("%s is one status", (raw) => {
    expect(fold(raw)).toBe("inprogress");
    expect(statusWord(raw)).toBe("In Bearbeitung");
  });

  test("every pharmacy-order status of the provider has a word", () => {
    for (const raw of [
      "init",
      "waiting for pharmacy",
      "pending review",
      "on-hold",
      "in-progress",
      "ready_for_pickup",
      "completed",
      "cancelled",
      "canceled",
    ]) {
      expect(statusWord(raw), raw).not.toBeNull();
    }
  });

  test("an unknown one has none and stays raw", () => {
    expect(statusWord("AWAITING_CUSTOMS")).toBeNull();
    expect(statusWord("__proto__")).toBeNull();
    expect(statusWord("constructor")).toBeNull();
    expect(typeWord("toString")).toBeNull();
  });
});

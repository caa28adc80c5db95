//! The fold of words, and what stands for a status.
import { describe, expect, test } from "vitest";
import { fold, stateWord, typeWord } from "./words";

describe("statuses", () => {
  test.each(["in-progress", "IN_PROGRESS", "In Progress", " in  progress "])("%s is one word", (raw) => {
    expect(fold(raw)).toBe("inprogress");
  });

  test("a known one has its word, one with a stage that of its stage", () => {
    expect(stateWord("in_progress", null)).toBe("In Bearbeitung");
    expect(stateWord("in_progress", "packed")).toBe("Gepackt, wartet auf Bote");
  });

  test("an unknown one has none and stays raw", () => {
    expect(stateWord(null, null)).toBeNull();
    expect(typeWord("toString")).toBeNull();
  });
});

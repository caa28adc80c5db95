import { expect, test } from "vitest";
import { periodOf, sinceOf } from "./period";

const local = (text: string | null) => (text === null ? null : new Date(text).toString().slice(0, 21));

test("a period begins at the midnight of a day, also across a change of the clocks", () => {
  const now = new Date(2026, 2, 30, 15, 20).getTime();
  expect(local(sinceOf("today", now))).toBe("Mon Mar 30 2026 00:00");
  expect(local(sinceOf("week", now))).toBe("Tue Mar 24 2026 00:00");
  expect(local(sinceOf("month", now))).toBe("Sun Mar 01 2026 00:00");
  expect(sinceOf(null, now)).toBeNull();
});

test("what names no period is none", () => {
  expect(periodOf("week")).toBe("week");
  expect(periodOf("year")).toBeNull();
  expect(periodOf(undefined)).toBeNull();
});

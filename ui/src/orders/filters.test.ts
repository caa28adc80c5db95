//! Filters out of an address.
import { expect, test } from "vitest";
import { inputOf, isFiltered } from "./filters";

test("an address becomes a question, and what is no filter is left out", () => {
  const input = inputOf({ group: "waiting", urgent: "1", age: "48", pharmacy: "ph-1", nonsense: "x" });
  expect(input).toMatchObject({ group: "waiting", urgent: true, age_hours: 48, pharmacy: "ph-1", attention: null });
  expect(Object.keys(input)).not.toContain("nonsense");
  expect(inputOf({ group: "teleported", age: "-1", open: "yes" })).toMatchObject({
    group: null,
    age_hours: null,
    open: null,
  });
});

test("nothing chosen is no filter", () => {
  expect(isFiltered({})).toBe(false);
  expect(isFiltered({ nonsense: "x" })).toBe(false);
  expect(isFiltered({ search: "10" })).toBe(true);
});

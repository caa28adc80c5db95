//! What may go along as `meta_data`.
import { expect, test } from "vitest";
import { isMetadata } from "./metadata";

test.each(["", "  ", "{}", '{"team": "it"}'])("%j may go along", (text) => {
  expect(isMetadata(text)).toBe(true);
});

test.each(["[1]", "null", '"it"', "4", "{", "{team: it}"])("%j may not", (text) => {
  expect(isMetadata(text)).toBe(false);
});

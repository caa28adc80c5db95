//! Addresses and places.
import { expect, test } from "vitest";
import { addressOf, placeOf } from "./route.svelte";

test("an address leads back to its place, whatever is in the id", () => {
  const address = addressOf("orders", "#ord_1/2 ä?", { attention: "1", search: "a&b" });
  expect(placeOf(address)).toEqual({
    view: "orders",
    id: "#ord_1/2 ä?",
    filters: { attention: "1", search: "a&b" },
  });
});

test("what is not known becomes the overview", () => {
  for (const hash of ["", "#", "#/", "#/nowhere/x", "#/__proto__"]) expect(placeOf(hash).view).toBe("overview");
});

test("a broken id is no id", () => {
  expect(placeOf("#/orders/%E0%A4%A").id).toBeNull();
});

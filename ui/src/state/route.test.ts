//! Addresses and places.
import { expect, test, vi } from "vitest";
import { addressOf, filter, go, open, placeOf, route } from "./route.svelte";

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

test("a key held down moves the place at once and the address now and then", () => {
  vi.useFakeTimers();
  const told = vi.spyOn(history, "replaceState");
  go("orders");
  for (let at = 0; at < 300; at += 1) {
    open(`ord-${at}`);
    expect(route.id).toBe(`ord-${at}`);
    vi.advanceTimersByTime(33);
  }
  vi.advanceTimersByTime(1000);
  expect(told.mock.calls.length).toBeLessThan(50); // ten seconds; WebKit endures a hundred
  expect(placeOf(location.hash).id).toBe("ord-299");
  vi.useRealTimers();
});

test("leaving a view leaves the last of its places behind", () => {
  go("orders");
  filter("search", "a");
  filter("search", "ab");
  const told = vi.spyOn(history, "replaceState");
  go("stock");
  expect(told).toHaveBeenLastCalledWith(null, "", addressOf("orders", null, { search: "ab" }));
  expect(route.view).toBe("stock");
});

test("what is typed right after going somewhere is not undone by the browser's report", async () => {
  go("deliveries");
  filter("search", "a");
  filter("search", "ab");
  await new Promise((done) => setTimeout(done, 50));
  expect(route.filters).toEqual({ search: "ab" });
});

test("going back leads to the place before", async () => {
  go("stock");
  go("doctors");
  await new Promise((done) => setTimeout(done, 20));
  history.back();
  await vi.waitFor(() => expect(route.view).toBe("stock"));
});

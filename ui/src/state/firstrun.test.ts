//! The step of the first run follows from what there is.
import { expect, test } from "vitest";
import type { StatusView } from "../backend/ipc.gen";
import { stepOf } from "./firstrun.svelte";

const nothing = {
  relay: null,
  connections: [],
  counts: { subscriptions: 0, events: 0 },
} as unknown as StatusView;
const relay = {} as StatusView["relay"];
const connections = [{}] as StatusView["connections"];
const counts = (subscriptions: number, events: number) => ({ ...nothing.counts, subscriptions, events });

test("each thing that is there takes its step away", () => {
  expect(stepOf(nothing)).toBe("pair");
  expect(stepOf({ ...nothing, relay })).toBe("connect");
  expect(stepOf({ ...nothing, relay, connections })).toBe("register");
  expect(stepOf({ ...nothing, relay, connections, counts: counts(3, 0) })).toBe("event");
  expect(stepOf({ ...nothing, relay, connections, counts: counts(3, 1) })).toBe("done");
});

test("an event that came all the same ends the waiting, whoever registered it", () => {
  expect(stepOf({ ...nothing, relay, connections, counts: counts(0, 1) })).toBe("done");
});

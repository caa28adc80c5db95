//! What a button may rely on: one thing at a time, its problem kept, and nothing said by what was left.
import { describe, expect, test } from "vitest";
import type { Problem } from "../backend/ipc.gen";
import { act } from "./act.svelte";

const problem: Problem = { code: "disk_full", detail: null, incident: "7F3K" };

/** Work that ends when told to. */
function held() {
  let done: () => void = () => undefined;
  let fail: (thrown: unknown) => void = () => undefined;
  const work = new Promise<void>((resolve, reject) => ([done, fail] = [resolve, reject]));
  return { work: () => work, done, fail };
}

describe("an act", () => {
  test("runs once at a time", async () => {
    const one = act();
    const first = held();
    let again = 0;
    const running = one.run(first.work);
    expect(one.running).toBe(true);
    expect(await one.run(async () => (again += 1))).toBe(false);
    first.done();
    expect(await running).toBe(true);
    expect(one.running).toBe(false);
    expect(again).toBe(0);
  });

  test("keeps what went wrong until it is tried again", async () => {
    const one = act();
    expect(await one.run(() => Promise.reject(problem))).toBe(false);
    expect(one.problem).toEqual(problem);
    const second = held();
    const running = one.run(second.work);
    expect(one.problem).toBeNull();
    second.done();
    await running;
    expect(one.problem).toBeNull();
  });

  test("says nothing of what was running when it was reset", async () => {
    const one = act();
    const left = held();
    const running = one.run(left.work);
    one.reset();
    left.fail(problem);
    expect(await running).toBe(false);
    expect(one.problem).toBeNull();
    expect(one.running).toBe(false);
  });

  test("that may overlap runs beside itself and keeps its problem until it is done once", async () => {
    const one = act({ overlapping: true });
    await one.run(() => Promise.reject(problem));
    const [first, second] = [held(), held()];
    const both = [one.run(first.work), one.run(second.work)];
    expect(one.problem).toEqual(problem);
    first.done();
    await both[0];
    expect(one.problem).toBeNull();
    expect(one.running).toBe(true);
    second.done();
    await both[1];
    expect(one.running).toBe(false);
  });
});

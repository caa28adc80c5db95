//! The stages of a rotation and the sum of several, against what the desk may say.
import { describe, expect, test } from "vitest";
import type { RotationStep, RotationView } from "../backend/ipc.gen";
import { batchOf, stagesOf, stuck, sumOf } from "./stages";

function rotation(step: RotationStep, part: Partial<RotationView> = {}): RotationView {
  return {
    id: step,
    connection: "con-1",
    connection_name: "Testapotheke",
    notification_type: "pharmacy_order_created",
    old: "sub-1",
    new: "sub-2",
    step,
    waits_for: null,
    started_at: "2026-11-25T09:00:00Z",
    step_at: "2026-11-25T09:01:00Z",
    proved_at: null,
    switched_at: null,
    grace_hours: 72,
    grace_until: null,
    ended_at: null,
    old_fingerprint: "aaaaaaaa",
    new_fingerprint: "bbbbbbbb",
    can_roll_back: true,
    can_test: false,
    test_sent_at: null,
    next_try_at: null,
    problem: null,
    by: "erika.beispiel",
    ...part,
  };
}

const states = (one: RotationView) => stagesOf(one).map((stage) => stage.state);
const problem = { code: "provider_failed" as const, detail: null, incident: "X" };

describe("the stages", () => {
  test.each<[RotationStep, Partial<RotationView>, string[]]>([
    ["planned", { new_fingerprint: null }, ["working", "todo", "todo", "todo", "todo"]],
    ["created", {}, ["done", "working", "todo", "todo", "todo"]],
    ["proving", { waits_for: "delivery" }, ["done", "done", "waiting", "todo", "todo"]],
    ["proving", { waits_for: "secret", new_fingerprint: null }, ["done", "asked", "todo", "todo", "todo"]],
    ["switching", {}, ["done", "done", "done", "working", "todo"]],
    ["switching", { problem, waits_for: "next_try" }, ["done", "done", "done", "stuck", "todo"]],
    ["grace", { waits_for: "grace" }, ["done", "done", "done", "done", "waiting"]],
    ["done", {}, ["done", "done", "done", "done", "done"]],
    ["rolling_back", {}, ["undone", "undone", "skipped", "skipped", "skipped"]],
    ["rolled_back", { new_fingerprint: null }, ["undone", "skipped", "skipped", "skipped", "skipped"]],
  ])("%s shows how far it came", (step, part, wanted) => {
    expect(states(rotation(step, part))).toEqual(wanted);
  });

  test("only a rotation that is under way can need somebody", () => {
    expect(stuck(rotation("proving", { waits_for: "secret" }))).toBe(true);
    expect(stuck(rotation("planned", { problem }))).toBe(true);
    expect(stuck(rotation("rolled_back", { problem }))).toBe(false);
    expect(stuck(rotation("proving", { waits_for: "delivery" }))).toBe(false);
  });
});

describe("the sum", () => {
  test("counts each once, and one in its grace period as done", () => {
    const sum = sumOf([
      rotation("done"),
      rotation("grace", { waits_for: "grace" }),
      rotation("proving", { waits_for: "delivery" }),
      rotation("proving", { waits_for: "secret" }),
      rotation("switching", { problem }),
      rotation("created"),
      rotation("rolled_back"),
    ]);
    expect(sum).toEqual({ count: 6, done: 2, delivery: 1, secret: 1, grace: 1, stuck: 1, working: 1 });
  });

  test("speaks of what is open and of what was started with it, not of last week", () => {
    const open = rotation("proving");
    const with_it = rotation("done", { started_at: "2026-11-25T09:00:20Z" });
    const before = rotation("done", { started_at: "2026-11-20T09:00:00Z" });
    expect(batchOf([open, with_it, before])).toEqual([open, with_it]);
    expect(batchOf([with_it, before])).toEqual([]);
  });
});

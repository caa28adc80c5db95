//! A problem on the screen says its sentence, what is safe and the way out, and never more than that.
import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Code } from "../backend/ipc.gen";
import { prefer, preferences } from "../state/preferences.svelte";
import ProblemNote from "./ProblemNote.svelte";

beforeEach(() => prefer({ ...preferences.settings, language: "de" }));
afterEach(cleanup);

test("it names the code for copying and offers to try again", () => {
  const onretry = vi.fn();
  render(ProblemNote, { problem: { code: "relay_unreachable", detail: null, incident: "7F3K" }, onretry });
  expect(screen.getByRole("alert").textContent).toContain("relay_unreachable · 7F3K");
  screen.getByText("Erneut versuchen").click();
  expect(onretry).toHaveBeenCalledOnce();
});

test("a code from a newer desk is shown as internal, not as a crash", () => {
  render(ProblemNote, { problem: { code: "brand_new" as Code, detail: "fact", incident: "7F3K" } });
  expect(screen.getByRole("alert").textContent).toContain("fact");
});

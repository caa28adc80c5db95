//! Patient data: covered until asked for, never in what the window keeps.
import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useBackend } from "../backend/backend";
import type { OrderView, PatientView } from "../backend/ipc.gen";
import { answers } from "../state/live";
import { prefer, preferences } from "../state/preferences.svelte";
import Patient from "./Patient.svelte";

const patient: PatientView = {
  name: "Erika Beispiel",
  date_of_birth: "1990-01-31",
  email: "erika@example.test",
  phone: null,
  delivery_address: null,
  invoice_address: null,
  further: [],
};
const order = { uid: "ord-1", has_patient: true } as OrderView;

beforeEach(() => prefer({ ...preferences.settings, language: "de" }));
afterEach(cleanup);

test("nothing is fetched before the click, nothing is kept after the cover", async () => {
  const call = vi.fn(async () => patient);
  useBackend({ call: call as never, onChanged: () => () => undefined, onProgress: () => () => undefined });
  render(Patient, { order });
  expect(call).not.toHaveBeenCalled();
  expect(document.body.textContent).not.toContain("Erika");

  screen.getByTestId("reveal").click();
  await vi.waitFor(() => expect(document.body.textContent).toContain("Erika Beispiel"));
  expect(document.body.textContent).toContain("31.01.1990");
  expect(call).toHaveBeenCalledWith("order_patient", "ord-1");
  expect(
    JSON.stringify(
      answers
        .getQueryCache()
        .getAll()
        .map((query) => query.state.data),
    ),
  ).not.toContain("Erika");

  screen.getByTestId("reveal").click();
  await vi.waitFor(() => expect(document.body.textContent).not.toContain("Erika"));
});

test("an answer that comes after the cover is dropped", async () => {
  let release: (view: PatientView) => void = () => undefined;
  useBackend({
    call: (() => new Promise((done) => (release = done as never))) as never,
    onChanged: () => () => undefined,
    onProgress: () => () => undefined,
  });
  render(Patient, { order });
  screen.getByTestId("reveal").click();
  await vi.waitFor(() => expect(screen.getByTestId("reveal").getAttribute("aria-pressed")).toBe("true"));
  screen.getByTestId("reveal").click();
  await vi.waitFor(() => expect(screen.getByTestId("reveal").getAttribute("aria-pressed")).toBe("false"));
  release(patient);
  await new Promise((done) => setTimeout(done, 5));
  expect(document.body.textContent).not.toContain("Erika");

  // Nor does it wait in memory for the next click: that one asks anew.
  screen.getByTestId("reveal").click();
  await vi.waitFor(() => expect(screen.getByTestId("reveal").getAttribute("aria-pressed")).toBe("true"));
  expect(document.body.textContent).not.toContain("Erika");
});

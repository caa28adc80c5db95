//! A field's label, hint and error are tied to its control.
import { cleanup, render, screen } from "@testing-library/svelte";
import { createRawSnippet } from "svelte";
import { afterEach, expect, test } from "vitest";
import Field from "./Field.svelte";

afterEach(cleanup);

const children = createRawSnippet<[Record<string, string | boolean | undefined>]>((wired) => ({
  render: () => `<input id="${wired().id}" />`,
  setup: (element) => {
    for (const name of ["aria-describedby", "aria-invalid"]) {
      const value = wired()[name];
      if (value !== undefined) element.setAttribute(name, String(value));
    }
  },
}));

const described = (control: HTMLElement) =>
  document.getElementById(control.getAttribute("aria-describedby") ?? "")?.textContent;

test("the hint describes the control", () => {
  render(Field, { label: "Name", hint: "As on the sign.", children });
  const control = screen.getByLabelText("Name");
  expect(described(control)).toBe("As on the sign.");
  expect(control.hasAttribute("aria-invalid")).toBe(false);
});

test("an error marks the control as wrong and takes the place of the hint", () => {
  render(Field, { label: "Name", hint: "As on the sign.", error: "This name is taken.", children });
  const control = screen.getByLabelText("Name");
  expect(described(control)).toBe("This name is taken.");
  expect(control.getAttribute("aria-invalid")).toBe("true");
  expect(screen.queryByText("As on the sign.")).toBeNull();
});

test("without either, nothing is described", () => {
  render(Field, { label: "Name", children });
  expect(screen.getByLabelText("Name").hasAttribute("aria-describedby")).toBe(false);
});

//! Who gets a key.
import { afterEach, expect, test, vi } from "vitest";
import { bind, press } from "./keys.svelte";

const loose: (() => void)[] = [];
afterEach(() => {
  loose.splice(0).forEach((free) => free());
  document.body.replaceChildren();
});

function key(name: string, target: EventTarget = document.body, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  press(event);
  return event;
}

test("the topmost layer is asked first and may pass a key on", () => {
  const under = vi.fn();
  const over = vi.fn(() => false);
  loose.push(bind({ j: under }), bind({ j: over }));
  key("j");
  expect(over).toHaveBeenCalledOnce();
  expect(under).toHaveBeenCalledOnce();
});

test("letters are left alone while somebody writes; Ctrl and a key is not", () => {
  const letter = vi.fn();
  const everything = vi.fn();
  loose.push(bind({ j: letter, "mod+k": everything }));
  const field = document.body.appendChild(document.createElement("input"));
  key("j", field);
  key("k", field, { ctrlKey: true });
  expect(letter).not.toHaveBeenCalled();
  expect(everything).toHaveBeenCalledOnce();
});

test("nothing passes under an open dialog", () => {
  const letter = vi.fn();
  loose.push(bind({ j: letter, Escape: letter }));
  const dialog = document.body.appendChild(document.createElement("div"));
  dialog.setAttribute("role", "dialog");
  dialog.dataset.state = "open";
  key("j");
  key("Escape");
  expect(letter).not.toHaveBeenCalled();
});

test("Enter on a button stays with the button", () => {
  const open = vi.fn();
  loose.push(bind({ Enter: open }));
  key("Enter", document.body.appendChild(document.createElement("button")));
  expect(open).not.toHaveBeenCalled();
});

test("what was taken away is silent", () => {
  const letter = vi.fn();
  bind({ j: letter })();
  key("j");
  expect(letter).not.toHaveBeenCalled();
});

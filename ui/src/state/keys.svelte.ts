//! The keyboard. What is open on top is asked first; letters are left alone while somebody writes or a dialog is open. It
//! knows no view: whoever is on the screen brings its own keys.

/** What a key does; returning `false` passes it on. */
export type Action = () => unknown;
/** Keys by name: `j`, `Enter`, `Escape`, `/`, `?`, `mod+k`. `mod` is Ctrl, or Command on a Mac. */
export type Bindings = Record<string, Action>;

const layers: Bindings[] = [];

/** Puts keys on top; returns the way to take them away. Made for `$effect`. */
export function bind(bindings: Bindings): () => void {
  layers.push(bindings);
  return () => {
    const at = layers.lastIndexOf(bindings);
    if (at >= 0) layers.splice(at, 1);
  };
}

function writing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

function nameOf(event: KeyboardEvent): string {
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  return mod + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
}

/** Hands a key to the topmost layer that knows it. */
export function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const name = nameOf(event);
  const modal = document.querySelector('[role="dialog"][data-state="open"], [role="menu"][data-state="open"]') !== null;
  if (modal && !name.startsWith("mod+")) return;
  if (writing(event.target) && !name.startsWith("mod+")) return;
  if (
    name === "Enter" &&
    event.target instanceof HTMLElement &&
    event.target.closest("button, a, summary, [role=tab]")
  ) {
    return;
  }
  for (const layer of [...layers].reverse()) {
    const action = layer[name];
    if (action !== undefined && action() !== false) {
      event.preventDefault();
      return;
    }
  }
}

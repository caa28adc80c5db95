//! Where the window stands: a view, what is open in it, and its filters, kept in the address so that every place can be
//! linked to. Views reach each other only through here.

import { paced } from "./pace";

/** The address follows the place at most this often, in milliseconds: WebKit refuses the hundred-and-first change within ten
 *  seconds with an error, and a key that is held down makes thirty a second. */
const PACE_MS = 300;

/** The views, in the order of the navigation; Ctrl and the number opens them. */
export const views = ["overview", "orders", "stock", "doctors", "subscriptions", "deliveries", "settings"] as const;
export type ViewName = (typeof views)[number] | "firstrun";

/** A place in the window. */
export type Place = { view: ViewName; id: string | null; filters: Readonly<Record<string, string>> };

const known: readonly string[] = [...views, "firstrun"];

function decoded(id: string): string | null {
  try {
    return id === "" ? null : decodeURIComponent(id);
  } catch {
    return null;
  }
}

/** Reads an address such as `#/orders/ord-1?attention=1`; what it does not know becomes the overview. */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [view = "", id = ""] = path.split("/", 2);
  if (!known.includes(view)) return { view: "overview", id: null, filters: {} };
  return { view: view as ViewName, id: decoded(id), filters: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a place. */
export function addressOf(view: ViewName, id: string | null = null, filters: Record<string, string> = {}): string {
  const query = new URLSearchParams(filters).toString();
  return `#/${view}${id === null ? "" : `/${encodeURIComponent(id)}`}${query === "" ? "" : `?${query}`}`;
}

let place = $state.raw<Place>(placeOf(location.hash));
/** How many addresses were set here that the browser has yet to report. */
let ours = 0;
addEventListener("hashchange", () => {
  if (ours > 0) {
    ours -= 1;
    return;
  }
  // Somebody went back or forth; what was still to be told of the place before has no entry in the history any more.
  untold = null;
  place = placeOf(location.hash);
});

/** The address of a place the browser was not told of yet. */
let untold: string | null = null;
function tell(): boolean {
  if (untold === null) return false;
  history.replaceState(null, "", untold);
  untold = null;
  return true;
}
/** Tells of what changed within a view: the first change at once, what follows at its pace. */
const changed = paced(PACE_MS, tell);

/** The place now. */
export const route = {
  get view() {
    return place.view;
  },
  get id() {
    return place.id;
  },
  get filters() {
    return place.filters;
  },
};

/** Goes to a place. */
export function go(view: ViewName, id: string | null = null, filters: Record<string, string> = {}): void {
  tell();
  const address = addressOf(view, id, filters);
  place = placeOf(address);
  const before = location.hash;
  if (before === address) return;
  location.hash = address;
  if (location.hash !== before) ours += 1;
}

/** Another place within the present view; leaves no step in the history. */
function turn(id: string | null, filters: Record<string, string>): void {
  const address = addressOf(place.view, id, filters);
  place = placeOf(address);
  untold = address;
  changed();
}

/** Opens or closes something in the present view, keeping its filters. */
export function open(id: string | null): void {
  turn(id, place.filters);
}

/** Changes a filter of the present view; `null` takes it away. */
export function filter(name: string, value: string | null): void {
  const filters = Object.fromEntries(Object.entries(place.filters).filter(([other]) => other !== name));
  if (value !== null) filters[name] = value;
  turn(place.id, filters);
}

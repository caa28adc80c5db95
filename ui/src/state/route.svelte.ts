//! Where the window stands: a view, what is open in it, and its filters, kept in the address so that every place can be
//! linked to. Views reach each other only through here.

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
addEventListener("hashchange", () => (place = placeOf(location.hash)));

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
  const address = addressOf(view, id, filters);
  place = placeOf(address);
  if (location.hash !== address) location.hash = address;
}

/** Opens or closes something in the present view, keeping its filters; leaves no step in the history. */
export function open(id: string | null): void {
  const address = addressOf(place.view, id, place.filters);
  place = placeOf(address);
  history.replaceState(null, "", address);
}

/** Changes a filter of the present view; `null` takes it away. */
export function filter(name: string, value: string | null): void {
  const filters = Object.fromEntries(Object.entries(place.filters).filter(([other]) => other !== name));
  if (value !== null) filters[name] = value;
  const address = addressOf(place.view, place.id, filters);
  place = placeOf(address);
  history.replaceState(null, "", address);
}

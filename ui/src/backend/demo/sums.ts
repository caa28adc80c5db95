//! Sums over the demo's orders, as the desk keeps them: what they can be filtered by, and what today brought.
import type { FacetView, OrderRowView, PharmacyTodayView, TodayView } from "../ipc.gen";

/** Neither finished nor stopped. */
export const isOpen = (row: OrderRowView) => !["done", "stopped"].includes(row.status_group);

/** What the demo's orders can be filtered by. */
export function facetsOf(rows: OrderRowView[]): FacetView[] {
  const counts = new Map<string, FacetView>();
  const add = (kind: string, value: string, label: string) => {
    const known = counts.get(`${kind} ${value}`) ?? { kind, value, label, orders: 0 };
    known.orders += 1;
    counts.set(`${kind} ${value}`, known);
  };
  for (const row of rows) {
    add("group", row.status_group, "");
    add("delivery_type", row.delivery_type ?? "", row.delivery_type ?? "");
    for (const lane of row.lanes) add("pharmacy", lane.pharmacy_uid ?? "", lane.pharmacy_name ?? "");
    if (row.priority > 0) add("urgent", "", "");
    if (isOpen(row)) add("open", "", "");
  }
  return [...counts.values()].sort((one, other) => other.orders - one.orders);
}

/** What the demo's day brought. */
export function todayOf(all: OrderRowView[], from: number): TodayView {
  const rows = all.filter((row) => Date.parse(row.updated_at) >= from);
  const pharmacies = new Map<string, PharmacyTodayView>();
  for (const row of rows) {
    const lane = row.lanes[0];
    const uid = lane?.pharmacy_uid ?? null;
    const of = pharmacies.get(uid ?? "") ?? {
      uid,
      name: lane?.pharmacy_name ?? null,
      arrived: 0,
      finished: 0,
      open: 0,
    };
    of.arrived += 1;
    if (row.status_group === "done") of.finished += 1;
    else if (isOpen(row)) of.open += 1;
    pharmacies.set(uid ?? "", of);
  }
  return {
    arrived: rows.length,
    finished: rows.filter((row) => row.status_group === "done").length,
    open: all.filter(isOpen).length,
    pharmacies: [...pharmacies.values()].sort((one, other) => other.arrived - one.arrived),
  };
}

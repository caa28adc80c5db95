//! The filters of the order list as the address holds them, and as the desk wants them.
import { everyOrder } from "../backend/inputs";
import type { OrderListInput, StatusGroup } from "../backend/ipc.gen";

/** In the order in which a life goes. */
export const groups: readonly StatusGroup[] = [
  "new",
  "waiting",
  "in_work",
  "needs_attention",
  "done",
  "stopped",
  "unknown",
];

/** Ages worth asking for, in hours. */
export const ages = [4, 24, 48, 168] as const;

type Filters = Readonly<Record<string, string>>;

/** What the desk is asked; what an address holds that is no filter is left out. */
export function inputOf(filters: Filters): OrderListInput {
  const age = Number(filters.age);
  const only = (name: string) => (filters[name] === "1" ? true : null);
  return {
    ...everyOrder,
    group: groups.find((known) => known === filters.group) ?? null,
    status: filters.status ?? null,
    attention: only("attention"),
    open: only("open"),
    urgent: only("urgent"),
    search: filters.search ?? null,
    connection: filters.connection ?? null,
    pharmacy: filters.pharmacy ?? null,
    delivery_type: filters.delivery ?? null,
    shop: filters.shop ?? null,
    age_hours: Number.isInteger(age) && age > 0 ? age : null,
  };
}

/** Whether anything is left out. */
export function isFiltered(filters: Filters): boolean {
  return Object.entries(inputOf(filters)).some(([, value]) => value !== null);
}

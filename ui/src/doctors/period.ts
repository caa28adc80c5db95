//! Stretches of time that end now, as a filter holds them and as the desk wants them.
import { dayOf } from "../kit/times";

export const periods = ["today", "week", "month"] as const;
export type Period = (typeof periods)[number];

/** Whole days before today. */
const before: Record<Period, number> = { today: 0, week: 6, month: 29 };

/** A period by its name in an address; `null` for what is none. */
export function periodOf(name: string | undefined): Period | null {
  return periods.find((one) => one === name) ?? null;
}

/** The midnight at which it began, in RFC 3339; `now` in milliseconds. */
export function sinceOf(period: Period | null, now: number): string | null {
  if (period === null) return null;
  const midnight = new Date(dayOf(now));
  midnight.setDate(midnight.getDate() - before[period]);
  return midnight.toISOString();
}

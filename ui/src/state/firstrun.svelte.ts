//! How far the first run is, read off what there is: nothing is remembered apart, so it can be left and resumed at any step.
import type { StatusView } from "../backend/ipc.gen";

/** The steps in their order. */
export const steps = ["pair", "connect", "register", "event"] as const;
export type Step = (typeof steps)[number];

/** The first step that is not done; `done` when there is none. */
export function stepOf(status: StatusView): Step | "done" {
  if (status.relay === null) return "pair";
  if (status.connections.length === 0) return "connect";
  if (status.counts.subscriptions === 0 && status.counts.events === 0) return "register";
  if (status.counts.events === 0) return "event";
  return "done";
}

let left = $state(false);

/** Whether the first run was put aside until the window is opened again. */
export const firstRun = {
  get left() {
    return left;
  },
  leave() {
    left = true;
  },
};

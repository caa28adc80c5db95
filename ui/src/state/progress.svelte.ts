//! How far long work is, as the shell tells it. It starts nothing; `work_cancel` and `sync_pause` end it.
import { onProgress } from "../backend/backend";
import type { ProgressView, Work } from "../backend/ipc.gen";

let under = $state.raw<ReadonlyMap<Work, ProgressView>>(new Map());

/** How far a kind of work is; `undefined` while there is none. */
export function progressOf(work: Work): ProgressView | undefined {
  return under.get(work);
}

/** Starts listening. */
export function followProgress(): () => void {
  return onProgress((told) => {
    const next = new Map(under);
    if (told.ended) next.delete(told.work);
    else next.set(told.work, told);
    under = next;
  });
}

//! One thing a person can set off: whether it is running, and what went wrong with it. The button reads `running`, the note
//! under it reads `problem`. What is done, and what is asked anew afterwards, is the view's business.
import { untrack } from "svelte";
import { asProblem } from "../backend/backend";
import type { Problem } from "../backend/ipc.gen";

class Act {
  #running = $state(0);
  #problem = $state.raw<Problem | null>(null);
  #overlapping: boolean;
  /** Counts the calls of `reset`, so that work from before says nothing any more. */
  #since = 0;

  constructor(overlapping: boolean) {
    this.#overlapping = overlapping;
  }

  /** Whether it is running. */
  get running(): boolean {
    return this.#running > 0;
  }

  /** What went wrong the last time; `null` where nothing did. */
  get problem(): Problem | null {
    return this.#problem;
  }

  /** Runs it, unless it is running already. Answers whether it was done; what goes wrong is kept as the problem. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    // An effect that sets it off must not depend on whether it runs, or it would set it off again.
    const running = untrack(() => this.#running);
    if (running > 0 && !this.#overlapping) return false;
    if (!this.#overlapping) this.#problem = null;
    const since = this.#since;
    this.#running = running + 1;
    try {
      await work();
      if (since === this.#since) this.#problem = null;
      return true;
    } catch (thrown) {
      if (since === this.#since) this.#problem = asProblem(thrown);
      return false;
    } finally {
      this.#running -= 1;
    }
  }

  /** Forgets the problem; what still runs may bring another one. */
  forget(): void {
    this.#problem = null;
  }

  /** Forgets the problem, and what still runs has nothing to say any more. */
  reset(): void {
    this.#since += 1;
    this.#problem = null;
  }
}

export type { Act };

/** A thing that runs once at a time. With `overlapping`, it may be set off again while it runs, as a choice among settings or
 *  the loading of a list: then its problem stays until it is done once. */
export function act(options: { overlapping?: boolean } = {}): Act {
  return new Act(options.overlapping ?? false);
}

//! Overlay: files are written and read only in the demo's words. Long work is pretended, so that its progress can be seen and it can
//! be cancelled.
import type { ImportedView, ProgressView, Work } from "../ipc.gen";

/** What an import of a file of 480 deliveries would say. */
const IMPORTED: ImportedView = {
  bytes: 912_000,
  bytes_read: 912_000,
  deliveries: 480,
  events: 431,
  duplicates: 12,
  known: 30,
  rejected: 5,
  unreadable: 2,
  first_unreadable: 17,
  changed: ["events"],
};

/** Work that takes a while. */
export class Pretended {
  readonly watchers = new Set<(progress: ProgressView) => void>();
  #cancelled = false;
  #paused = false;

  cancel(): void {
    this.#cancelled = true;
  }

  pause(paused: boolean): void {
    this.#paused = paused;
  }

  /** Writes nothing, slowly. */
  async rows(work: Work, rows: number): Promise<{ rows: number } | null> {
    this.#cancelled = false;
    for (let done = 0; done <= rows; done += Math.max(1, Math.ceil(rows / 12))) {
      this.#tell({ work, done, total: rows, ended: false });
      await new Promise((next) => setTimeout(next, 120));
      if (this.#cancelled) break;
    }
    this.#tell({ work, done: rows, total: rows, ended: true });
    return this.#cancelled ? null : { rows };
  }

  /** Reads nothing, slowly. */
  async imported(): Promise<ImportedView | null> {
    return (await this.rows("event_import", IMPORTED.bytes)) === null ? null : IMPORTED;
  }

  /** A first pull under way, for as long as nobody pauses it. */
  pull(): void {
    let done = 120;
    setInterval(() => {
      if (this.#paused) return;
      done = Math.min(400, done + 3);
      this.#tell({ work: "pull", done, total: 400, ended: done === 400 });
    }, 150);
  }

  #tell(progress: ProgressView): void {
    this.watchers.forEach((watcher) => watcher(progress));
  }
}

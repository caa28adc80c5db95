//! A long list held as a few pages around what is seen. Page cursors are remembered, rows far away are let go and fetched
//! again. While somebody reads further down, new rows only announce themselves. It holds no rows with patient data and
//! draws nothing: `RowList` does.
import { asProblem } from "../backend/backend";
import type { Page, PageInput, Problem } from "../backend/ipc.gen";

/** Rows of one page. */
const PAGE = 50;
/** Pages kept on each side of what is seen. */
const NEAR = 6;
/** Rows of unknown content shown below the last known page while there is more. */
const AHEAD = 12;
/** How long a new row stays tinted, in milliseconds. */
const TINT_MS = 2400;

type Source<R> = (page: PageInput) => Promise<Page<R>>;

/** A window over a keyset-paged list. `key` names a row, `version` changes when its content does. */
export class Keyset<R> {
  #pages = $state.raw<ReadonlyMap<number, R[]>>(new Map());
  #cursors: (string | null)[] = [null];
  #pending = new Set<number>();
  #generation = 0;
  #source: Source<R> | null = null;
  #head = new Map<string, string>();
  #count = $state(0);
  #ended = $state(false);
  #loading = $state(false);
  #ready = $state(false);
  #problem = $state.raw<Problem | null>(null);
  #arrivals = $state(0);
  #fresh = $state.raw<ReadonlySet<string>>(new Set());
  #tint: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly key: (row: R) => string,
    readonly version: (row: R) => string,
  ) {}

  /** Rows to draw, the unknown ones ahead included. */
  get count(): number {
    return this.#ended ? this.#count : this.#count + (this.#ready ? AHEAD : 0);
  }
  /** Rows known to exist. */
  get known(): number {
    return this.#count;
  }
  /** Whether the last row is known. */
  get ended(): boolean {
    return this.#ended;
  }
  /** Whether the first page has come. */
  get ready(): boolean {
    return this.#ready;
  }
  get loading(): boolean {
    return this.#loading;
  }
  /** Why the last question failed; the rows from before stay. */
  get problem(): Problem | null {
    return this.#problem;
  }
  /** New or changed rows above, not yet shown. */
  get arrivals(): number {
    return this.#arrivals;
  }

  /** The row at a place, if it is held. */
  row(index: number): R | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Whether a row came in just now. */
  isFresh(key: string): boolean {
    return this.#fresh.has(key);
  }

  /** The place of a row among those held; -1 when it is not. */
  indexOf(key: string): number {
    for (const [page, rows] of this.#pages) {
      const at = rows.findIndex((row) => this.key(row) === key);
      if (at >= 0) return page * PAGE + at;
    }
    return -1;
  }

  /** Asks something else. The rows from before stay until the first new ones are there. */
  async ask(source: Source<R>): Promise<void> {
    this.#source = source;
    await this.#restart(false);
  }

  /** Fetches what is needed to draw these places. */
  need(first: number, last: number): void {
    const from = Math.floor(first / PAGE);
    const to = Math.floor(Math.max(first, last) / PAGE);
    for (let page = from; page <= to; page += 1) {
      if (page < this.#cursors.length && !this.#pages.has(page)) void this.#fetch(page);
    }
    if ([...this.#pages.keys()].some((page) => page < from - NEAR || page > to + NEAR)) {
      this.#pages = new Map([...this.#pages].filter(([page]) => page >= from - NEAR && page <= to + NEAR));
    }
  }

  /** Something changed behind. At the top the list follows; further down it only counts what is new. */
  async refresh(atTop: boolean): Promise<void> {
    if (this.#source === null) return;
    if (atTop || !this.#ready) return this.#restart(true);
    const generation = this.#generation;
    try {
      const page = await this.#source({ limit: PAGE, after: null });
      if (generation !== this.#generation) return;
      this.#arrivals = page.rows.filter((row) => this.#head.get(this.key(row)) !== this.version(row)).length;
      const told = new Map(page.rows.map((row) => [this.key(row), row]));
      this.#pages = new Map(
        [...this.#pages].map(([at, rows]) => [at, rows.map((row) => told.get(this.key(row)) ?? row)]),
      );
      this.#problem = null;
    } catch (thrown) {
      if (generation === this.#generation) this.#problem = asProblem(thrown);
    }
  }

  async #restart(tint: boolean): Promise<void> {
    const source = this.#source;
    if (source === null) return;
    const generation = (this.#generation += 1);
    this.#loading = true;
    this.#pending.clear();
    try {
      const page = await source({ limit: PAGE, after: null });
      if (generation !== this.#generation) return;
      const before = this.#head;
      this.#head = new Map(page.rows.map((row) => [this.key(row), this.version(row)]));
      this.#pages = new Map([[0, page.rows]]);
      this.#cursors = page.next === null ? [null] : [null, page.next];
      this.#count = page.rows.length;
      this.#ended = page.next === null;
      this.#arrivals = 0;
      this.#problem = null;
      this.#ready = true;
      this.#show(tint ? page.rows.map(this.key).filter((key) => !before.has(key)) : []);
    } catch (thrown) {
      if (generation === this.#generation) this.#problem = asProblem(thrown);
    } finally {
      if (generation === this.#generation) this.#loading = false;
    }
  }

  async #fetch(page: number): Promise<void> {
    const source = this.#source;
    const after = this.#cursors[page];
    if (source === null || after === undefined || this.#pending.has(page)) return;
    const generation = this.#generation;
    this.#pending.add(page);
    this.#loading = true;
    try {
      const got = await source({ limit: PAGE, after });
      if (generation !== this.#generation) return;
      this.#pages = new Map(this.#pages).set(page, got.rows);
      if (page === this.#cursors.length - 1) {
        this.#count = page * PAGE + got.rows.length;
        if (got.next === null) this.#ended = true;
        else this.#cursors.push(got.next);
      }
    } catch (thrown) {
      if (generation === this.#generation) this.#problem = asProblem(thrown);
    } finally {
      if (generation === this.#generation) {
        this.#pending.delete(page);
        this.#loading = this.#pending.size > 0;
      }
    }
  }

  #show(keys: string[]): void {
    clearTimeout(this.#tint);
    this.#fresh = new Set(keys);
    if (keys.length > 0) this.#tint = setTimeout(() => (this.#fresh = new Set()), TINT_MS);
  }
}

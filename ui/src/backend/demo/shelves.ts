//! The invented shelves of the demo: levels that fall, run out and are filled again, by dice.
import type {
  Page,
  StockChangeView,
  StockChartInput,
  StockChartView,
  StockHistoryInput,
  StockListInput,
  StockLowView,
  StockRowView,
  StockThreshold,
} from "../ipc.gen";
import { dice, hex, products } from "./cast";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WINDOW = 28;

const iso = (at: number) => new Date(at).toISOString();

type Change = { at: number; stock: number; delta: number | null; price: number; event: string };
type Product = { uid: string; name: string; pzn: string; changes: Change[] };

/** Everything the demo knows about stock. */
export class Shelves {
  #products: Product[];
  #rule: StockThreshold = { pieces: 5, days: 7 };
  #own = new Map<string, StockThreshold>();

  constructor(
    readonly opened: number,
    count: number,
    /** Nothing was heard from the relay after this moment. */
    readonly heard: number,
  ) {
    this.#products = Array.from({ length: count }, (_, at) => product(at, Math.min(opened, heard)));
  }

  get size(): number {
    return this.#products.length;
  }

  get low(): number {
    return this.#products.filter((one) => this.#row(one, null)?.low).length;
  }

  get rule(): StockThreshold {
    return this.#rule;
  }

  set rule(rule: StockThreshold) {
    this.#rule = rule;
  }

  threshold(uid: string, threshold: StockThreshold | null): void {
    if (threshold === null) this.#own.delete(uid);
    else this.#own.set(uid, threshold);
  }

  list(input: StockListInput): Page<StockRowView> {
    const asOf = input.as_of === null ? null : Date.parse(input.as_of);
    const search = input.search?.toLowerCase() ?? "";
    const rank = (row: StockRowView) => ((row.stock ?? 0) <= 0 ? 0 : row.low && asOf === null ? 1 : 2);
    const rows = this.#products
      .flatMap((one) => this.#row(one, asOf) ?? [])
      .filter((row) => `${row.name} ${row.pzn} ${row.uid}`.toLowerCase().includes(search))
      .filter((row) => (input.low !== true || row.low) && (input.out !== true || (row.stock ?? 0) <= 0))
      .sort((one, other) => rank(one) - rank(other) || (one.stock ?? 0) - (other.stock ?? 0));
    const start = input.after === null ? 0 : Number(input.after);
    const end = start + (input.limit ?? 50);
    return { rows: rows.slice(start, end), next: end < rows.length ? String(end) : null };
  }

  lowest(count: number): StockLowView {
    const none = { search: null, as_of: null, after: null };
    const low = this.list({ ...none, low: true, out: null, limit: 500 }).rows;
    const out = low.filter((row) => (row.stock ?? 0) <= 0).length;
    return { count: low.length, out, rows: low.slice(0, count) };
  }

  history(input: StockHistoryInput): Page<StockChangeView> | null {
    const found = this.#products.find((one) => one.uid === input.uid);
    if (found === undefined) return null;
    const asOf = input.as_of === null ? Infinity : Date.parse(input.as_of);
    const rows = found.changes.filter((change) => change.at <= asOf).reverse();
    const start = input.page.after === null ? 0 : Number(input.page.after);
    const end = start + (input.page.limit ?? 50);
    return {
      rows: rows.slice(start, end).map((change) => ({
        event_id: change.event,
        at: iso(change.at),
        received_at: iso(change.at + 900),
        stock: change.stock,
        delta: change.delta,
        price_cents: change.price,
        trust: "verified",
        receipts: 1,
      })),
      next: end < rows.length ? String(end) : null,
    };
  }

  chart(input: StockChartInput): StockChartView | null {
    const found = this.#products.find((one) => one.uid === input.uid);
    const asOf = input.as_of === null ? null : Date.parse(input.as_of);
    const row = found === undefined ? null : this.#row(found, asOf);
    if (found === undefined || row === null) return null;
    const since = input.since === null ? -Infinity : Date.parse(input.since);
    const known = found.changes.filter((change) => change.at <= (asOf ?? Infinity));
    const before = known.findLast((change) => change.at <= since);
    return {
      row,
      points: [...(before === undefined ? [] : [before]), ...known.filter((change) => change.at > since)].map(
        (change) => ({ at: iso(change.at), stock: change.stock, price_cents: change.price }),
      ),
      daily: false,
      complete_until: iso(this.heard),
    };
  }

  #row(one: Product, asOf: number | null): StockRowView | null {
    const moment = asOf ?? this.opened;
    const known = one.changes.filter((change) => change.at <= moment);
    const newest = known.at(-1);
    const first = known[0];
    if (newest === undefined || first === undefined) return null;
    const days = Math.max(1, Math.min(WINDOW, Math.ceil((moment - first.at) / DAY)));
    const moved = known.filter((change) => change.at > moment - days * DAY);
    const sum = (sign: number) => moved.reduce((all, { delta }) => all + Math.max(0, sign * (delta ?? 0)), 0);
    const window = { days, consumed: sum(-1), received: sum(1) };
    const cover = window.consumed === 0 ? null : Math.floor((Math.max(0, newest.stock) * days) / window.consumed);
    const threshold = this.#own.get(one.uid) ?? this.#rule;
    const empty = known.findLastIndex((change) => change.stock > 0) + 1;
    const trend = Array.from({ length: WINDOW }, (_, day) => {
      const end = moment - (WINDOW - 1 - day) * DAY;
      return known.findLast((change) => change.at <= end)?.stock ?? null;
    });
    return {
      uid: one.uid,
      connection: "con-1",
      pharmacy_uid: "ph-test",
      pzn: one.pzn,
      name: one.name,
      stock: newest.stock,
      delta: newest.delta,
      price_cents: newest.price,
      updated_at: iso(newest.at),
      trust: "verified",
      first_at: iso(one.changes[0]?.at ?? newest.at),
      out_since: newest.stock > 0 ? null : iso(known[empty]?.at ?? newest.at),
      out_ms: known.reduce((all, change, at) => {
        const before = known[at - 1];
        return before !== undefined && before.stock <= 0 ? all + change.at - before.at : all;
      }, 0),
      window,
      days_of_cover: cover,
      trend,
      low:
        (threshold.pieces !== null && newest.stock <= threshold.pieces) ||
        (threshold.days !== null && cover !== null && cover <= threshold.days),
      threshold,
      threshold_own: this.#own.has(one.uid),
    };
  }
}

function product(at: number, now: number): Product {
  const cast = products[at % products.length] ?? products[0];
  const still = at % 10 === 8;
  const changes: Change[] = [];
  const length = at === 8 ? 1 : still ? 3 : 30 + Math.floor(dice(at, 51) * 60);
  let time = now - (still ? 90 : 60) * DAY - Math.floor(dice(at, 52) * 20 * DAY);
  const pace = (now - time) / (length + 1);
  let stock = 20 + Math.floor(dice(at, 53) * 120);
  let price: number = cast.cents;
  for (let number = 0; number < length; number += 1) {
    const before = changes.at(-1)?.stock ?? null;
    if (before !== null) {
      const sold = 1 + Math.floor(dice(at, 54, number) * 5);
      stock = before <= 0 && dice(at, 55, number) < 0.5 ? 48 : Math.max(0, before - sold);
    }
    if (number === length - 1 && at === 3) stock = 0;
    if (number === length - 1 && at === 6) stock = -2;
    if (number === length - 1 && at === 4) stock = 4;
    if (number === Math.floor(length / 2) && at % 3 === 0) price = Math.round(price * 1.04);
    changes.push({
      at: time,
      stock,
      delta: before === null ? null : stock - before,
      price,
      event: hex(16, 56, at, number),
    });
    time += Math.floor(pace * (0.4 + dice(at, 57, number) * 1.2));
    if (time > now) time = now - Math.floor(dice(at, 58, number) * HOUR);
  }
  changes.sort((one, other) => one.at - other.at);
  changes.forEach((change, index) => {
    const before = changes[index - 1];
    change.delta = before === undefined ? null : change.stock - before.stock;
  });
  const round = Math.floor(at / products.length);
  return {
    uid: `psku-${hex(6, 52, at)}`,
    name: round === 0 ? cast.name : `${cast.name} (${round + 1})`,
    pzn: round === 0 ? cast.pzn : String(Number(cast.pzn) + round * 1000).padStart(8, "0"),
    changes,
  };
}

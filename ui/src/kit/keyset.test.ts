//! Long lists: pages by cursor, nothing jumping, nothing kept that is far away.
import { describe, expect, test } from "vitest";
import type { Page, PageInput } from "../backend/ipc.gen";
import { Keyset } from "./keyset.svelte";

type Row = { id: string; at: number };

/** A list of `count` rows, newest first, that can grow at the top. */
function behind(count: number) {
  const rows: Row[] = Array.from({ length: count }, (_, at) => ({ id: `r${count - at}`, at: 0 }));
  const asked: PageInput[] = [];
  return {
    asked,
    rows,
    arrive: (id: string) => rows.unshift({ id, at: 1 }),
    source: async (page: PageInput): Promise<Page<Row>> => {
      asked.push(page);
      const start = page.after === null ? 0 : rows.findIndex((row) => row.id === page.after) + 1;
      const limit = page.limit ?? 100;
      const part = rows.slice(start, start + limit).map((row) => ({ ...row }));
      return { rows: part, next: start + limit < rows.length ? (part.at(-1)?.id ?? null) : null };
    },
  };
}

const list = () =>
  new Keyset<Row>(
    (row) => row.id,
    (row) => String(row.at),
  );
const settle = () => new Promise((done) => setTimeout(done, 0));

describe("a long list", () => {
  test("fetches what is looked at and lets go of what is far away", async () => {
    const there = behind(5000);
    const set = list();
    await set.ask(there.source);
    expect(set.known).toBe(50);
    for (let at = 0; at < 5000; at += 50) {
      set.need(at, at + 40);
      await settle();
    }
    expect(set.ended).toBe(true);
    expect(set.known).toBe(5000);
    expect(set.row(4999)?.id).toBe("r1");
    expect(set.row(0)).toBeUndefined();
    set.need(0, 40);
    await settle();
    expect(set.row(0)?.id).toBe("r5000");
    expect(set.row(4999)).toBeUndefined();
    expect(set.known).toBe(5000);
  });

  test("follows at the top and tints what is new", async () => {
    const there = behind(10);
    const set = list();
    await set.ask(there.source);
    expect(set.isFresh("r10")).toBe(false);
    there.arrive("new");
    await set.refresh(true);
    expect(set.row(0)?.id).toBe("new");
    expect(set.isFresh("new")).toBe(true);
    expect(set.isFresh("r10")).toBe(false);
  });

  test("further down it only counts, and rows stay where they are", async () => {
    const there = behind(300);
    const set = list();
    await set.ask(there.source);
    there.arrive("new1");
    there.arrive("new2");
    await set.refresh(false);
    expect(set.arrivals).toBe(2);
    expect(set.row(0)?.id).toBe("r300");
    await set.refresh(true);
    expect(set.arrivals).toBe(0);
    expect(set.row(0)?.id).toBe("new2");
  });

  test("a row that changed is brought up to date in its place", async () => {
    const there = behind(300);
    const set = list();
    await set.ask(there.source);
    const row = there.rows[5];
    if (row !== undefined) row.at = 7;
    await set.refresh(false);
    expect(set.row(5)).toEqual({ id: "r295", at: 7 });
    expect(set.arrivals).toBe(1);
  });

  test("an answer to an older question is dropped", async () => {
    const there = behind(10);
    const set = list();
    let release: (page: Page<Row>) => void = () => undefined;
    const slow = set.ask(() => new Promise((done) => (release = done)));
    await set.ask(there.source);
    release({ rows: [{ id: "stale", at: 0 }], next: null });
    await slow;
    expect(set.row(0)?.id).toBe("r10");
  });

  test("a failure is told and the rows stay", async () => {
    const there = behind(10);
    const set = list();
    await set.ask(there.source);
    await set.ask(() => Promise.reject({ code: "database_busy", detail: null, incident: "x" }));
    expect(set.problem?.code).toBe("database_busy");
    expect(set.row(0)?.id).toBe("r10");
    await set.ask(there.source);
    expect(set.problem).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { everyOrder } from "../inputs";
import { Recorded } from "./recorded";
import day from "./recorded/day.json?raw";

const HOUR = 3_600_000;
const opened = Date.parse("2030-06-01T09:00:00Z");
const open = () => new Recorded(day, opened);

describe("the recorded answers", () => {
  it("are moved to the moment the demo is opened", () => {
    const [newest] = open().answer("order_list", everyOrder).rows;
    const age = opened - Date.parse(newest?.updated_at ?? "");
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThan(HOUR);
  });

  it("are cut into pages that meet", () => {
    const recorded = open();
    const whole = recorded.answer("order_list", { ...everyOrder, limit: 500 });
    expect(whole.next).toBeNull();
    const first = recorded.answer("order_list", { ...everyOrder, limit: 30 });
    const second = recorded.answer("order_list", { ...everyOrder, limit: 500, after: first.next });
    expect([...first.rows, ...second.rows]).toEqual(whole.rows);
  });

  it("are those of the nearest moment that was asked about", () => {
    const recorded = open();
    const chart = (days: number) =>
      recorded.answer("stock_chart", {
        uid: "psku-00000017",
        since: new Date(opened - days * 24 * HOUR).toISOString(),
        as_of: null,
      });
    expect(chart(28)).toEqual(chart(30));
    expect(chart(7).points.length).toBeLessThan(chart(90).points.length);
  });

  it("are none where nobody asked, except that an unknown search finds nothing", () => {
    const recorded = open();
    expect(() => recorded.answer("order_list", { ...everyOrder, shop: "nowhere" })).toThrow(
      expect.objectContaining({ code: "internal", detail: expect.stringContaining("not recorded: order_list") }),
    );
    expect(recorded.answer("order_list", { ...everyOrder, search: "nowhere" }).rows).toEqual([]);
  });

  it("are the later ones once something was done", () => {
    const recorded = open();
    const uid = "psku-00000106";
    const low = () => recorded.answer("stock_chart", { uid, since: null, as_of: null }).row.low;
    expect(low()).toBe(false);
    recorded.act("stock_threshold_set", { uid, threshold: { pieces: 100, days: null } });
    expect(low()).toBe(true);
    recorded.act("stock_threshold_set", { uid, threshold: null });
    expect(low()).toBe(false);
  });

  it("repeat the problem that was the answer", () => {
    expect(() => open().answer("order_show", "ord-nowhere")).toThrow(
      expect.objectContaining({ code: "order_unknown" }),
    );
  });
});

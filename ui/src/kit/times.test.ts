//! Times, spans, money and sizes by locale.
import { describe, expect, test } from "vitest";
import { ago, amountOf, calendarDate, dayHeading, money, rowTime, signed, size, span, spanAfter, whole } from "./times";

const now = new Date(2026, 10, 21, 12, 0, 0).getTime();
const before = (days: number, hours = 0) => new Date(2026, 10, 21 - days, 12 - hours, 0, 0).getTime();

describe("in a row", () => {
  test("today is the time, this week the day, this year the date, else with the year", () => {
    expect(rowTime(before(0, 3), now, "de")).toBe("09:00");
    expect(rowTime(before(1), now, "de")).toBe("Fr");
    expect(rowTime(before(1), now, "en")).toBe("Fri");
    expect(rowTime(before(20), now, "de")).toBe("01.11.");
    expect(rowTime(new Date(2025, 0, 5, 12).getTime(), now, "de")).toBe("05.01.25");
  });

  test("what lies ahead shows its date, not a day of the week gone by", () => {
    expect(rowTime(before(-3), now, "de")).toBe("24.11.");
  });
});

test("a day is a heading", () => {
  expect(dayHeading(before(0), now, "de")).toBe("Heute");
  expect(dayHeading(before(1), now, "de")).toBe("Gestern");
  expect(dayHeading(before(2), now, "de")).toBe("Donnerstag, 19. November");
});

test("a span reads right after a preposition", () => {
  expect(spanAfter(2 * 24 * 3_600_000)).toBe("2 Tagen");
  expect(spanAfter(24 * 3_600_000)).toBe("1 Tag");
  expect(ago(before(3), now)).toBe("vor 3 Tagen");
});

test("a span is its largest unit", () => {
  expect(span(12_300)).toBe("12 s");
  expect(span(18 * 60_000)).toBe("18 Min.");
  expect(span(26 * 3_600_000)).toBe("1 Tag");
  expect(span(-5)).toBe("0 s");
});

test("an amount keeps its decimals and its currency", () => {
  expect(amountOf({ amount: "12.99", currency: "EUR" }, "de")).toBe("12,99\u00a0€");
  expect(amountOf({ amount: "428", currency: "INR" }, "en")).toBe("₹428.00");
  expect(amountOf({ amount: "4.2801", currency: "EUR" }, "en")).toBe("€4.2801");
});

test("money is cents by locale, and without a currency it claims none", () => {
  expect(money(1299, "EUR", "de")).toBe("12,99\u00a0€");
  expect(money(1299, "EUR", "en")).toBe("€12.99");
  expect(money(1299, null, "de")).toBe("12,99");
  expect(money(1299, "nonsense", "de")).toBe("12,99");
});

test("numbers have real signs", () => {
  expect(signed(-3, "de")).toBe("−3");
  expect(signed(3, "de")).toBe("+3");
  expect(whole(-1200, "de")).toBe("−1.200");
});

test("sizes and dates", () => {
  expect(size(812, "de")).toBe("812 B");
  expect(size(3400, "de")).toBe("3,4 kB");
  expect(calendarDate("1990-01-31", "de")).toBe("31.01.1990");
  expect(calendarDate("unbekannt", "de")).toBe("unbekannt");
});

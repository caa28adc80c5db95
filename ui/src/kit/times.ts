//! Times, durations, money and sizes as the eye wants them, by locale. All take the moment now as a parameter; none reads
//! a clock. Times come in UTC and are shown in the administrator's zone; the zone is named on hover.
import type { Money } from "../backend/ipc.gen";
import type { Locale } from "../messages/gen/runtime";
import { m } from "../messages/gen/messages";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: Locale, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(locale === "de" ? "de-DE" : "en-GB", options);
  formats.set(key, made);
  return made;
}

/** Midnight before a moment, in the local zone. */
export function dayOf(at: number): number {
  const day = new Date(at);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

function daysBetween(now: number, at: number): number {
  return Math.round((dayOf(now) - dayOf(at)) / DAY);
}

/** `09:41`. */
export function clockTime(at: number, locale: Locale, seconds = false): string {
  return format(locale, { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined }).format(at);
}

/** As short as a row allows: `09:41` today, `Fr` within the week, `14.11.` within the year, else `14.11.25`. */
export function rowTime(at: number, now: number, locale: Locale): string {
  const days = daysBetween(now, at);
  if (days === 0) return clockTime(at, locale);
  if (days > 0 && days < 7) return format(locale, { weekday: "short" }).format(at);
  const sameYear = new Date(now).getFullYear() === new Date(at).getFullYear();
  return format(locale, { day: "2-digit", month: "2-digit", year: sameYear ? undefined : "2-digit" }).format(at);
}

/** A day as a heading: today, yesterday, else weekday and date. */
export function dayHeading(at: number, now: number, locale: Locale): string {
  const days = daysBetween(now, at);
  if (days === 0) return m.day_today();
  if (days === 1) return m.day_yesterday();
  const sameYear = new Date(now).getFullYear() === new Date(at).getFullYear();
  return format(locale, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: sameYear ? undefined : "numeric",
  }).format(at);
}

/** Date and time to the second with the zone, for hover and proof. */
export function exactTime(at: number, locale: Locale): string {
  return format(locale, {
    weekday: "short",
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  }).format(at);
}

/** Date and time as a sentence carries it: the time alone today, else with the day. */
export function shortTime(at: number, now: number, locale: Locale): string {
  if (daysBetween(now, at) === 0) return clockTime(at, locale);
  return `${format(locale, { day: "2-digit", month: "2-digit", year: "numeric" }).format(at)}, ${clockTime(at, locale)}`;
}

/** A moment as a plan or a memory carries it: the time today, `Di 14:02` within a week either way, else with the date. */
export function dayTime(at: number, now: number, locale: Locale): string {
  const days = daysBetween(now, at);
  if (days === 0) return clockTime(at, locale);
  const day: Intl.DateTimeFormatOptions =
    Math.abs(days) < 7 ? { weekday: "short" } : { day: "2-digit", month: "2-digit", year: "2-digit" };
  return `${format(locale, day).format(at)} ${clockTime(at, locale)}`;
}

/** How long something took, to the precision the eye wants: `0,3 s`, `12 s`, `18 Min.`. */
export function took(ms: number, locale: Locale): string {
  if (ms >= 10_000) return span(ms);
  const number = new Intl.NumberFormat(locale === "de" ? "de-DE" : "en-GB", { maximumFractionDigits: 1 });
  return `${number.format(Math.max(0, ms) / 1000)} s`;
}

/** A number with at most one decimal below ten, none above. */
export function about(count: number, locale: Locale): string {
  return new Intl.NumberFormat(locale === "de" ? "de-DE" : "en-GB", {
    maximumFractionDigits: count < 10 ? 1 : 0,
  }).format(count);
}

/** A calendar date as sent (`YYYY-MM-DD`), by locale; what is not one stays as it came. */
export function calendarDate(text: string, locale: Locale): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return text;
  const at = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  return format(locale, { day: "2-digit", month: "2-digit", year: "numeric" }).format(at);
}

/** `12 s`, `18 Min.`, `3 Std.`, `2 Tage`: one unit, the largest that fits. */
export function span(ms: number): string {
  return spanWith(ms, m.span_days);
}

/** The same as it reads after *seit*, *nach* and *vor*: `2 Tagen`. */
export function spanAfter(ms: number): string {
  return spanWith(ms, m.span_days_after);
}

function spanWith(ms: number, days: typeof m.span_days): string {
  const length = Math.max(0, ms);
  if (length < MINUTE) return m.span_seconds({ count: Math.floor(length / 1000) });
  if (length < HOUR) return m.span_minutes({ count: Math.floor(length / MINUTE) });
  if (length < DAY) return m.span_hours({ count: Math.floor(length / HOUR) });
  return days({ count: Math.floor(length / DAY) });
}

/** `vor 12 s`; what lies ahead by a clock's difference counts as just now. */
export function ago(at: number, now: number): string {
  return now - at < 2000 ? m.just_now() : m.span_ago({ span: spanAfter(now - at) });
}

/** An amount with its currency, as exactly as its provider wrote it. */
export function amountOf(money: Money, locale: Locale): string {
  const decimals = Math.min(20, money.amount.split(".")[1]?.length ?? 0);
  const digits = { minimumFractionDigits: Math.max(2, decimals), maximumFractionDigits: Math.max(2, decimals) };
  const style: Intl.NumberFormatOptions = /^[A-Z]{3}$/.test(money.currency)
    ? { style: "currency", currency: money.currency }
    : {};
  return new Intl.NumberFormat(locale === "de" ? "de-DE" : "en-GB", { ...digits, ...style }).format(
    // As text it is formatted digit by digit, never through a float.
    money.amount as Intl.StringNumericLiteral,
  );
}

/** Cents as money. */
export function money(cents: number, currency: string | null, locale: Locale): string {
  const style: Intl.NumberFormatOptions =
    currency !== null && /^[A-Z]{3}$/.test(currency)
      ? { style: "currency", currency }
      : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat(locale === "de" ? "de-DE" : "en-GB", style).format(cents / 100);
}

/** A whole number with the locale's separators and a real minus. */
export function whole(count: number, locale: Locale): string {
  return new Intl.NumberFormat(locale === "de" ? "de-DE" : "en-GB").format(count).replace("-", "−");
}

/** A difference with its sign; the minus is a real one. */
export function signed(delta: number, locale: Locale): string {
  const text = whole(Math.abs(delta), locale);
  return delta > 0 ? `+${text}` : delta < 0 ? `−${text}` : "±0";
}

/** Bytes: `812 B`, `3,4 kB`, `1,2 MB`. */
export function size(bytes: number, locale: Locale): string {
  const number = new Intl.NumberFormat(locale === "de" ? "de-DE" : "en-GB", { maximumFractionDigits: 1 });
  if (bytes < 1000) return `${number.format(bytes)} B`;
  if (bytes < 1_000_000) return `${number.format(bytes / 1000)} kB`;
  return `${number.format(bytes / 1_000_000)} MB`;
}

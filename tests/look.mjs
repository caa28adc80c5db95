#!/usr/bin/env node
//! The window of `./run --once`, and of `./run` without a display: opens the real window, checks whether verified orders
//! appear in it, and takes pictures. What it reports is read from the screen, not from the database.
//!
//!     tests/look.mjs --program target/debug/offizin --shots FOLDER [--within SECONDS] [--stay]
//!
//! Prints one line `{"orders": N, "order": "uid", "unsigned": "uid", "verified": N, "shots": […]}`; 0 when a verified entry was
//! seen, else 1.
//! With --stay the window remains open until this program gets SIGTERM.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Window } from "./desktop/webdriver.mjs";

const { values: flags } = parseArgs({
  options: {
    program: { type: "string" },
    shots: { type: "string" },
    within: { type: "string", default: "90" },
    stay: { type: "boolean", default: false },
  },
});
mkdirSync(flags.shots, { recursive: true });
const patience = Number(flags.within) * 1000;

const { id } = Window;
const ROW = id("order-row");
const ENTRY = id("timeline-entry");
const VERIFIED = id("timeline-entry", '[data-trust="verified"]');
const seen = { orders: 0, order: null, unsigned: null, verified: 0, shots: [] };

const window = await Window.open({
  program: resolve(flags.program),
  env: process.env,
  log: join(flags.shots, "..", "log", "window"),
});
process.once("SIGTERM", () => void window.quit().then(() => process.exit(0)));

const shot = async (name) => seen.shots.push(await window.shot(join(flags.shots, `${name}.png`)));
const still = () =>
  window.until("the view to be still", async () => (await window.all('[aria-busy="true"]')).length === 0);

/** Language and colours by the settings page, as a person would. */
async function dress(language, theme) {
  await window.click(id("nav-settings"));
  await window.click(id(`locale-${language}`));
  await window.click(id(`theme-${theme}`));
  await window.until("language and colours", async () => {
    return (
      (await window.attribute("html", "lang")) === language && (await window.attribute("html", "data-theme")) === theme
    );
  });
}

/** Opens an order, and waits until it is the one that is shown. While orders arrive a click may hit the row beside it. */
async function open(uid) {
  const shows = () =>
    window.run((shown, uid) => document.querySelector(shown)?.textContent.includes(uid), id("order-uid"), uid);
  await window.until("the order", async () => {
    if (!(await shows())) await window.click(`${ROW}[data-uid="${uid}"]`);
    return shows();
  });
  await window.find(ENTRY, patience);
}

async function look() {
  // Everything was set up by offizinctl; what is left of the first run is to see the first event.
  await window.find(id("first-event"), patience);
  await shot("first-event");
  await window.click(id("firstrun-finish"));
  await window.until("the first run to be over", async () => (await window.all(id("firstrun"))).length === 0);
  await window.click(id("nav-orders"));
  await window.find(ROW, patience);
  // A few more, so that the pictures show a day and not a minute.
  await window.until("a handful of orders", async () => (await window.all(ROW)).length >= 6, 20_000).catch(() => null);
  await window.until("an order of each kind", async () => {
    for (const uid of await window.run(
      (row) => [...document.querySelectorAll(row)].map((one) => one.dataset.uid),
      ROW,
    )) {
      await open(uid);
      if ((await window.attribute(ENTRY, "data-trust")) === "verified") seen.order ??= uid;
      else seen.unsigned ??= uid;
      if (seen.order !== null && seen.unsigned !== null) break;
    }
    return seen.order;
  });
  await open(seen.order);
  await window.find(VERIFIED, patience);
  seen.orders = (await window.all(ROW)).length;
  seen.verified = (await window.all(VERIFIED)).length;
}

async function portray() {
  for (const [language, theme] of [
    ["en", "light"],
    ["de", "dark"],
    ["de", "light"],
  ]) {
    await dress(language, theme);
    await window.click(id("nav-overview"));
    await still();
    await shot(`overview-${language}-${theme}`);
    await window.click(id("nav-orders"));
    await open(seen.order);
    await still();
    await shot(`order-${language}-${theme}`);
    if (seen.unsigned === null) continue;
    await open(seen.unsigned);
    await still();
    await shot(`unsigned-${language}-${theme}`);
  }
}

let code = 1;
try {
  await look();
  await portray();
  code = seen.verified > 0 ? 0 : 1;
} catch (problem) {
  console.error(`look: ${problem.message}`);
  await shot("where-it-ended").catch((problem) => console.error(`look: no picture: ${problem.message}`));
}
console.log(JSON.stringify(seen));
if (code === 0 && flags.stay) await new Promise(() => setInterval(() => {}, 60_000));
await window.quit();
process.exit(code);

#!/usr/bin/env node
//! Opens the real window on a desk that is set up already, and looks: do orders arrive, does one of them have verified
//! entries? For `./run`. It changes nothing but language and colours, and puts those back.
//!
//!   node tests/desktop/drive.mjs --home FOLDER [--shots FOLDER] [--expect-orders] [--within SECONDS] [--stay] [--log FILE]
//!
//! Needs a session bus with a Secret Service; without DISPLAY it takes a screen of its own. Prints one JSON line
//! `{"orders": N, "order": "uid", "verified": N, "shots": [...]}`. Exit 0: seen, or nothing was expected; 1: not seen in
//! time. With --stay the window remains until this program gets SIGTERM or the window is closed.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { program, screen } from "./house.mjs";
import { runs, Window } from "./webdriver.mjs";

const { values: flags } = parseArgs({
  options: {
    home: { type: "string" },
    shots: { type: "string" },
    log: { type: "string" },
    within: { type: "string", default: "90" },
    "expect-orders": { type: "boolean", default: false },
    stay: { type: "boolean", default: false },
  },
});
if (flags.home === undefined) {
  console.error("--home FOLDER is needed");
  process.exit(2);
}
const { id } = Window;
const deadline = Date.now() + Number(flags.within) * 1000;
const left = () => Math.max(0, deadline - Date.now());
const shots = [];

async function shoot(window, name) {
  if (flags.shots === undefined) return;
  mkdirSync(flags.shots, { recursive: true });
  shots.push(await window.shot(join(resolve(flags.shots), `${name}.png`)));
}

/** Waits for orders, opens the newest, and waits for a verified entry. */
async function look(window) {
  const seen = { orders: 0, order: null, verified: 0 };
  // A desk that never saw an event opens with its first run; what we look for stands behind it.
  await window.find(id("status-bar"), left());
  await window.run(() => void (location.hash = "#/orders"));
  const row = id("order-row");
  await window.find(row, left());
  seen.orders = (await window.all(row)).length;
  seen.order = await window.attribute(row, "data-uid");
  await shoot(window, "orders");
  await window.click(`${row}[data-uid="${seen.order}"]`);
  await window.find(id("timeline-entry", '[data-trust="verified"]'), left());
  seen.verified = (await window.all(id("timeline-entry", '[data-trust="verified"]'))).length;
  await shoot(window, "order");
  await window.click(`${id("timeline-entry")} button`);
  await window.find(id("proof"), left());
  await shoot(window, "proof");
  return seen;
}

/** The same in the other language and the other colours, and the overview. */
async function dress(window) {
  const before = await window.run(() => window.__TAURI_INTERNALS__.invoke("settings", { input: null }));
  for (const [language, theme] of [
    ["de", "dark"],
    ["de", "light"],
    ["en", "light"],
    [before.language, before.theme],
  ]) {
    await window.run(
      (part) =>
        window.__TAURI_INTERNALS__
          .invoke("settings", { input: null })
          .then((now) => window.__TAURI_INTERNALS__.invoke("settings_set", { input: { ...now, ...part } }))
          .then(() => location.reload()),
      { language, theme },
    );
    await sleep(500);
    await window.find(id("nav-overview"));
    if (language === before.language && theme === before.theme) continue;
    await window.click(id("nav-overview"));
    await sleep(500);
    await shoot(window, `overview-${language}-${theme}`);
    await window.click(id("nav-orders"));
    await window.click(id("order-row"));
    await window.find(id("timeline-entry"));
    await shoot(window, `order-${language}-${theme}`);
  }
}

let code = flags["expect-orders"] ? 1 : 0;
let window = null;
const own = process.env.DISPLAY ? null : await screen();
let ended = false;
process.once("SIGTERM", () => (ended = true));
process.once("SIGINT", () => (ended = true));
try {
  window = await Window.open({
    program: program(),
    env: { ...process.env, OFFIZIN_HOME: resolve(flags.home), ...(own === null ? {} : { DISPLAY: own.display }) },
    log: flags.log ?? join(resolve(flags.home), "..", "window.log"),
  });
  const seen = await look(window).catch((problem) => {
    console.error(`drive: ${problem.message}`);
    return { orders: 0, order: null, verified: 0 };
  });
  if (seen.verified > 0) {
    code = 0;
    if (flags.shots !== undefined) await dress(window);
  } else {
    await shoot(window, "not-seen").catch(() => undefined);
  }
  console.log(JSON.stringify({ ...seen, shots }));
  while (flags.stay && !ended && runs(window.pid)) await sleep(200);
} catch (problem) {
  console.error(`drive: ${problem.message}`);
  code = 1;
} finally {
  await window?.quit();
  own?.close();
}
process.exit(code);

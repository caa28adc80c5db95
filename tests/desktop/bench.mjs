//! Measures the real window on a large ledger: the time from a key press to the painted row, and the memory after long
//! scrolling, compared with a window without content. `./bench window` fills the ledger and calls this with its folder.
//!
//! It uses a debug build in which our own code is optimised, because only a debug build can be controlled by a test.
//! What people install is faster.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { House } from "./house.mjs";
import { family, until, Window } from "./webdriver.mjs";

const { id } = Window;
/** What is typed into the search of the orders, letter by letter; each finds something, from twenty thousand events on. */
const TYPED = [
  ...["testapotheke am markt", "erika beispiel12", "beispiel345", "#1234", "#2345", "ext-21234", "00001300", "simulan"],
  ...[
    "dr test 17",
    "max beispiel0",
    "po-000012",
    "probosan 15",
    "fiktivol",
    "clara",
    "placebin 40 mg",
    "testapotheke see",
  ],
];
/** Screens of an hour, at one in a second. */
const SCREENS = 3600;
/** An order is opened at each so-manyth screen. */
const OPENED_EVERY = 20;

const [, , room] = process.argv;
if (room === undefined) throw new Error("bench.mjs FOLDER");
const house = new House("bench");

/** Proportional set size of the program and of the processes of its web view, in MB. */
function memory(window) {
  const parts = family(window.pid).map((pid) => ({
    name: readFileSync(`/proc/${pid}/comm`, "utf8").trim(),
    mb: Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]) / 1024,
  }));
  const sum = parts.reduce((sum, { mb }) => sum + mb, 0);
  return { sum, told: parts.map(({ name, mb }) => `${name} ${mb.toFixed(0)}`).join(", ") };
}

/** Whether the list has answered what it was asked. Runs in the page. */
const rested = () => document.querySelector('[role="grid"][aria-busy="false"] [data-uid]') !== null;

/** Opens the window on the ledger, with the list of all orders. */
async function orders() {
  const window = await house.window({ env: { OFFIZIN_HOME: join(room, "home") } });
  await window.find(`${id("firstrun")}, ${id("status-bar")}`);
  await sleep(3_000);
  await window.run(async () => {
    const { invoke } = window.__TAURI_INTERNALS__;
    const now = await invoke("settings", { input: null });
    await invoke("settings_set", { input: { ...now, first_run_done: true } });
    return true;
  });
  await window.run(() => void setTimeout(() => location.reload()));
  await sleep(3_000);
  const led = () => {
    if (location.hash !== "#/orders") location.hash = "#/orders";
    return document.querySelector('[data-testid="order-row"]') !== null;
  };
  await window.until("the orders", () => window.run(led));
  await window.until("the list", () => window.run(rested));
  return window;
}

/** How long each key took, from the press to the frame that shows what it found, in milliseconds. */
async function typing(window) {
  await window.run(() => {
    const seen = { on: false, from: null, asked: false, times: [] };
    window.seen = seen;
    const begin = (event) => Object.assign(seen, { from: seen.on ? event.timeStamp : null, asked: false });
    addEventListener("keydown", begin, true);
    new MutationObserver(() => {
      if (seen.from === null) return;
      const busy = document.querySelector('[role="grid"]')?.getAttribute("aria-busy") === "true";
      if (busy) seen.asked = true;
      if (busy || !seen.asked) return;
      const { from } = seen;
      seen.from = null;
      // A frame is over when what was posted in it is delivered.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => seen.times.push(performance.now() - from);
        port2.postMessage(null);
      });
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-busy"] });
  });
  const watch = (on) => window.run((on) => void Object.assign(window.seen, { on, from: null }), on);
  let keys = 0;
  for (const text of TYPED) {
    await window.click('input[type="search"]');
    await watch(true);
    for (const key of text) {
      await window.press(key);
      // A space at the end asks nothing new.
      if (key === " ") continue;
      keys += 1;
      const wanted = keys;
      const came = () => window.run((wanted) => window.seen.times.length >= wanted, wanted);
      await until(`what «${text}» finds at ${key}`, came);
    }
    await watch(false);
    await window.press("\uE009", "a"); // all of it
    await window.press("\uE003"); // away
    await window.until("the whole list", () => window.run(rested));
  }
  const times = await window.run(() => window.seen.times);
  return times.toSorted((a, b) => a - b);
}

/** Goes down the list for an hour's worth of screens, and looks at an order now and then. */
function scrolling(window, screens) {
  return window.run(
    async (screens, every) => {
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      const grid = document.querySelector('[role="grid"]');
      for (let at = 0; at < screens; at += 1) {
        grid.scrollBy(0, grid.clientHeight);
        do await frame();
        while (grid.getAttribute("aria-busy") === "true");
        if (at % every === 0) grid.querySelector("[data-uid]")?.click();
      }
      return grid.scrollTop;
    },
    screens,
    OPENED_EVERY,
  );
}

try {
  const empty = await Window.open({
    program: join(dirname(dirname(import.meta.dirname)), "target", "debug", "examples", "empty"),
    env: await house.env(),
    log: house.file("empty.log"),
  });
  await sleep(5_000);
  const nothing = memory(empty);
  await empty.quit();

  const window = await orders();
  await sleep(5_000);
  const opened = memory(window);
  const times = await typing(window);
  const at = (share) => times[Math.floor((times.length - 1) * share)].toFixed(1);
  // Scripts have a time limit each: one part after the other.
  let depth = 0;
  for (let done = 0; done < SCREENS; done += 100) depth = await scrolling(window, 100);
  await sleep(5_000);
  const scrolled = memory(window);
  // Answers are kept for a minute; an hour of scrolling has many.
  await sleep(75_000);
  const still = memory(window);
  const { counts } = await window.run(() => window.__TAURI_INTERNALS__.invoke("status", { input: null }));
  await window.quit();
  const row = (what, { sum, told }) => `| ${what} | ${sum.toFixed(0)} | ${(sum / nothing.sum).toFixed(2)} | ${told} |`;
  console.log(
    [
      `${counts.events} events, ${counts.orders} orders\n`,
      "| key press to painted row | p50 ms | p95 ms | worst |\n| --- | ---: | ---: | ---: |",
      `| ${times.length} keys in the search of orders | ${at(0.5)} | ${at(0.95)} | ${at(1)} |\n`,
      "| memory (PSS) | MB | of the empty window | parts |\n| --- | ---: | ---: | --- |",
      row("a window with nothing in it", nothing),
      row("orders, just opened", opened),
      row(`after ${SCREENS} screens (${depth.toFixed(0)} pixels)`, scrolled),
      row("a minute later", still),
    ].join("\n"),
  );
} finally {
  await house.close();
}

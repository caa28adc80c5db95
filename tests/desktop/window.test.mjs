//! The real window with a real keyring, relay and provider: what the other tests prove for the parts, seen on the
//! screen. Run by `./check --only desktop`, or by hand: `tests/with-keyring node --test tests/desktop/window.test.mjs`.
//! The scenarios build on each other: one desk is set up by hand once and then used.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { openSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Screen, tray } from "./desktop.mjs";
import { House, program, shots, withKeyring } from "./house.mjs";
import { runs, until, Window } from "./webdriver.mjs";

const { id } = Window;
const ROW = id("order-row");

const house = new House("window");
let window = null;

const shot = (name) => window.shot(join(shots, `${name}.png`));
const go = (view) => window.click(id(`nav-${view}`));
const rows = () => window.all(ROW);
const html = (name) => window.attribute("html", name);

before(() => house.open());
after(async () => {
  await window?.quit();
  await house.close();
});

/** The window as it stands between two tests; opened when a test before it failed with it. */
async function opened() {
  if (window === null || !runs(window.pid)) window = await house.window();
  return window;
}

test("first run: pair, connect, register, and the first event is there", async () => {
  await opened();
  await window.find(id("firstrun"));
  await shot("firstrun-1-pair");

  await window.type(id("pair-code"), await house.pairingCode());
  await window.click(id("pair-submit"));
  await window.find(id("connection-name"));
  await shot("firstrun-2-connect");

  await window.type(id("connection-name"), "Testapotheke");
  await window.type(id("connection-base-url"), house.provider);
  await window.click(`${id("connection-api")} option[value="management"]`);
  await window.type(id("connection-key"), "sandbox-organisation");
  await window.click(id("connection-submit"));
  await window.find(id("register-submit", ":enabled"));
  await shot("firstrun-3-register");

  await window.click(id("register-submit"));
  await window.find(id("first-event"));
  await shot("firstrun-4-event");

  await window.click(id("firstrun-finish"));
  await window.find(id("status-bar"));
  await window.until("the first run to be over", async () => (await window.all(id("firstrun"))).length === 0);
});

test("what came while its secret was on the way is verified, too", async () => {
  await opened();
  const ask = (name, input) =>
    window.run((name, input) => window.__TAURI_INTERNALS__.invoke(name, { input }), name, input);
  await until("all three test events", async () => {
    const { rows } = await ask("event_list", { verdict: null, type: null, search: null, limit: 50, after: null });
    return rows.reduce((sum, row) => sum + row.receipts, 0) >= 3; // the three have one body
  });
  const { rows } = await ask("event_list", { verdict: "rejected", type: null, search: null, limit: 50, after: null });
  assert.deepEqual(
    rows.map((row) => row.quarantine),
    [],
  );
});

test("orders arrive without a touch; one opens with verified entries and their proof", async () => {
  await opened();
  await go("orders");
  const before = (await rows()).length;
  await house.emit(8);
  await window.until("new orders", async () => (await rows()).length > before);
  const between = (await rows()).length;
  await house.emit(60);
  await window.until("more orders", async () => (await rows()).length > between);
  await shot("orders-live");

  const uid = await window.attribute(ROW, "data-uid");
  await window.click(`${ROW}[data-uid="${uid}"]`);
  await window.until("its title", async () => (await window.text(id("order-title"))).trim());
  await window.find(id("timeline-entry", '[data-trust="verified"]'));
  assert.deepEqual(await window.all(id("timeline-entry", ':not([data-trust="verified"])')), []);
  await shot("order-timeline");

  await window.click(`${id("timeline-entry")} button`);
  await window.find(id("proof"));
  await shot("order-proof");
});

test("every subscription is rotated from the window alone, and nothing is rejected", async () => {
  await opened();
  await go("subscriptions");
  const rowCount = () => window.run(() => [...document.querySelectorAll("[data-testid=subscription-row]")].length);
  const before = await rowCount();
  // How to delete is not known until somebody says so, and rotating needs it: the view leads there.
  await shot("rotation-1-needs-to-know-how");
  await window.click(`${id("delete-needed")} button`);
  await window.click(`${id("connection-delete")} option[value="query"]`);
  await window.click(id("connection-save"));
  await window.find(id("connection-editor"));
  await window.find('[role="dialog"] .told');
  await window.click('[role="dialog"] .dialog-close');
  await window.until("the dialog to be gone", async () => (await window.all('[role="dialog"]')).length === 0);

  await window.click(`${id("connection-group")} .doing button:enabled`);
  await window.find(id("rotate-confirm"));
  await shot("rotation-2-asked-first");
  await window.click(id("rotate-confirm"));
  const steps = () =>
    window.run(() => [...document.querySelectorAll("[data-testid=rotation]")].map((one) => one.dataset.step));
  await window.until("the rotations", async () => (await steps()).length === before);
  await shot("rotation-3-under-way");
  await window.until(
    "all of them to be in grace",
    async () => (await steps()).every((step) => step === "grace"),
    60_000,
  );
  await shot("rotation-4-grace");
  await house.emit(4);
  await go("subscriptions");
  await window.until("the new ones", async () => (await rowCount()) === before);
  const ask = (name, input) =>
    window.run((name, input) => window.__TAURI_INTERNALS__.invoke(name, { input }), name, input);
  const { rows } = await ask("event_list", { verdict: "rejected", type: null, search: null, limit: 50, after: null });
  assert.deepEqual(rows, []);
  await shot("rotation-5-rotated");
});

test("a relay that is gone for a while is said and found again without a touch", async () => {
  await opened();
  const freshness = () => window.text(id("freshness"));
  const well = await freshness();
  await house.stopRelay();
  await window.until("the bar to say so", async () => (await freshness()) !== well);
  await shot("offline");
  await house.emit(4); // delivered once somebody takes it
  await house.startRelay();
  await window.until("the bar to be well again", async () => (await freshness()) === well, 60_000);
});

test("language and colours change at once and are still there after a restart", async () => {
  await opened();
  for (const [language, theme] of [
    ["en", "light"],
    ["en", "dark"],
    ["de", "light"],
    ["de", "dark"],
  ]) {
    await go("settings");
    await window.click(id(`locale-${language}`));
    await window.click(id(`theme-${theme}`));
    await window.until("language and colours", async () => {
      return (await html("lang")) === language && (await html("data-theme")) === theme;
    });
    await shot(`settings-${language}-${theme}`);
    for (const view of ["overview", "stock", "subscriptions", "deliveries"]) {
      await go(view);
      await window.until("the view to be still", async () => (await window.all('[aria-busy="true"]')).length === 0);
      await shot(`${view}-${language}-${theme}`);
    }
    await go("orders");
    await window.click(ROW);
    await window.find(id("timeline-entry"));
    await shot(`order-${language}-${theme}`);
  }
  assert.equal(await window.quit(), true, "the program ends in order when asked to");
  assert.deepEqual(
    readdirSync(house.home).filter((name) => /-(wal|shm)$/.test(name)),
    [],
    "the log of the database is folded back",
  );

  window = await house.window();
  await window.find(id("status-bar"));
  assert.equal(await html("lang"), "de");
  assert.equal(await html("data-theme"), "dark");
  await shot("restarted-de-dark");
  // The frame knew it before the desk was open.
  assert.equal(JSON.parse(readFileSync(join(house.home, "theme"), "utf8")), "dark");
});

test("a provider that signs nothing is set up by hand, and its tales read right in both languages", async () => {
  await opened();
  await window.run(() => (location.hash = "#/settings/evitalrx"));
  await window.click('#settings-evitalrx form button[type="submit"]');
  await window.find(id("evitalrx-inlet"));
  const inlets = await window.run(() => window.__TAURI_INTERNALS__.invoke("inlet_list", { input: null }));
  const told = await house.tellTales(inlets.find((inlet) => inlet.source === "evitalrx").url);
  assert.match(told, /made (\d+) calls, \1 were accepted/);

  await go("orders");
  // Ten tales, newest order first: of each an order, whose one or more lanes are all its own.
  const tales = [
    { uid: null, has: { de: "Abgeholt", en: "Collected" } },
    { uid: null, has: { de: "Zugestellt beim Empfänger", en: "Delivered" } },
    { uid: null, has: { de: "Abgelehnt oder storniert, endgültig", en: "Rejected or cancelled, final" } },
    {
      uid: null,
      has: {
        de: "Abgelehnt oder storniert, endgültig oder nicht: unbekannt",
        en: "Rejected or cancelled, finality unknown",
      },
    },
    { uid: null, has: { de: "Rezept abgelehnt", en: "Prescription rejected" } },
  ];
  for (const language of ["en", "de"]) {
    await go("settings");
    await window.click(id(`locale-${language}`));
    await window.until("the language", async () => (await html("lang")) === language);
    await go("orders");
    for (const [at, tale] of tales.entries()) {
      await window.until(`an order that is ${tale.has[language]}`, async () => {
        tale.uid = await window.run(
          (row, word) =>
            [...document.querySelectorAll(row)].find((one) => one.querySelector(".badge")?.textContent.trim() === word)
              ?.dataset.uid,
          ROW,
          tale.has[language],
        );
        return tale.uid;
      });
      await window.click(`${ROW}[data-uid="${tale.uid}"]`);
      await window.until("its state in words", () =>
        window.run((word) => document.querySelector("article header").textContent.includes(word), tale.has[language]),
      );
      await window.find(id("timeline-entry", '[data-trust="unsigned"]'));
      assert.deepEqual(await window.all(id("timeline-entry", ':not([data-trust="unsigned"])')), []);
      await shot(`evitalrx-${at + 1}-${language}`);
    }
    // Both orders that others took over: what handed them on is read, too.
    const accepted = { de: "Angenommen", en: "Accepted" }[language];
    const taken = await window.run(
      (row, word) =>
        [...document.querySelectorAll(row)]
          .filter((one) => one.querySelector(".badge")?.textContent.trim() === word)
          .map((one) => one.dataset.uid),
      ROW,
      accepted,
    );
    const told = [];
    for (const [at, uid] of taken.entries()) {
      await window.click(`${ROW}[data-uid="${uid}"]`);
      await window.until("the order", () =>
        window.run((id, uid) => document.querySelector(id)?.textContent.includes(uid), id("order-uid"), uid),
      );
      await window.find(id("timeline-entry"));
      told.push(await window.run(() => document.querySelector("article").textContent));
      await shot(`evitalrx-taken-${at + 1}-${language}`);
    }
    const handedOver = {
      de: ["Übergeben", "Aufgeteilt (veraltetes Ereignis)"],
      en: ["Handed over", "Split (old event)"],
    };
    for (const word of handedOver[language]) assert.ok(told.join().includes(word), word);
  }
});

test("a second start on the same folder brings the first to the front and ends", async () => {
  await opened();
  const calls = () => readFileSync(house.file("offizin.log"), "utf8").split("called to the front").length - 1;
  const before = calls();
  await promisify(execFile)(program(), [], { env: await house.env(), timeout: 20_000 });
  await until("the call", () => calls() === before + 1);
  assert.ok(runs(window.pid));
  assert.equal(await html("lang"), "de");
});

test("nothing remote is loaded, nothing is navigated to, nothing more than the list is answered", async () => {
  await opened();
  const heard = [];
  const outside = createServer((request, answer) => {
    heard.push(request.url);
    answer.setHeader("access-control-allow-origin", "*");
    answer.end("outside");
  });
  await new Promise((done) => outside.listen(0, "127.0.0.1", done));
  const base = `http://127.0.0.1:${outside.address().port}`;
  try {
    const refused = await window.run(async (base) => {
      const refused = [];
      document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
      await fetch(`${base}/fetch`).catch(() => undefined);
      const add = (name, set) =>
        new Promise((done) => {
          const element = document.createElement(name);
          element.onload = element.onerror = () => done();
          set(element);
          document.body.append(element);
          setTimeout(done, 1000);
        });
      await add("img", (img) => (img.src = `${base}/img.png`));
      await add("script", (script) => (script.src = `${base}/script.js`));
      await add("script", (script) => (script.textContent = "window.inlined = true"));
      await add("link", (link) => Object.assign(link, { rel: "stylesheet", href: `${base}/style.css` }));
      await add("iframe", (frame) => (frame.src = `${base}/frame`));
      try {
        new WebSocket(`${base.replace("http", "ws")}/socket`);
      } catch {
        // refused at once
      }
      window.open(`${base}/window`);
      await new Promise((done) => setTimeout(done, 500));
      return {
        refused: refused.map((directive) => directive.replace(/-(elem|attr)$/, "")),
        inlined: window.inlined === true,
      };
    }, base);
    for (const directive of ["connect-src", "img-src", "script-src", "style-src"])
      assert.ok(refused.refused.includes(directive), `${directive} in ${refused.refused}`);
    assert.equal(refused.inlined, false);

    const place = await window.run(() => location.href);
    await window.run((base) => void (location.href = `${base}/navigation`), base);
    await window.run(() => new Promise((done) => setTimeout(done, 500)));
    assert.equal(await window.run(() => location.href), place);
    assert.deepEqual(heard, []);

    const asked = await window.run(() => {
      const { invoke } = window.__TAURI_INTERNALS__;
      const ask = (name, input) =>
        invoke(name, input).then(
          () => "answered",
          (problem) => String(problem),
        );
      return Promise.all([
        ask("plugin:window|close", { label: "main" }),
        ask("plugin:event|emit", { event: "changed", payload: [] }),
        ask("plugin:notification|notify", { options: { title: "x" } }),
        ask("plugin:window-state|filename", {}),
        ask("plugin:webview|internal_toggle_devtools", {}),
      ]);
    });
    for (const answer of asked) assert.match(answer, /not allowed|not found/i);
    assert.equal(await window.run(() => "__TAURI__" in window), false);
  } finally {
    outside.close();
  }
});

test("a wrong input is refused with its code", async () => {
  await opened();
  const problem = await window.run(() =>
    window.__TAURI_INTERNALS__.invoke("order_show", { input: { uid: 1 } }).then(
      () => null,
      (problem) => problem,
    ),
  );
  assert.equal(problem.code, "input_invalid");
  const unknown = await window.run(() =>
    window.__TAURI_INTERNALS__.invoke("order_show", { input: "ord-nowhere" }).then(
      () => null,
      (problem) => problem.code,
    ),
  );
  assert.equal(unknown, "order_unknown");
});

test("closing hides the window where a tray can bring it back, and ends the program where nothing can", async () => {
  await opened();
  const { pid } = window;
  const settings = await window.run(() => {
    const { invoke } = window.__TAURI_INTERNALS__;
    return invoke("settings", { input: null }).then((now) =>
      invoke("settings_set", { input: { ...now, keep_in_tray: true } }),
    );
  });
  assert.equal(settings.keep_in_tray, true);

  const env = await house.env();
  const screen = await Screen.open(env.DISPLAY);
  const takeAway = await tray();
  try {
    const [shown] = await screen.windows("Offizin");
    assert.equal(await screen.shown(shown), true);
    await screen.close(shown);
    await until("the window to hide", async () => !(await screen.shown(shown)));
    assert.ok(runs(pid), "it goes on in the tray");
    await promisify(execFile)(program(), [], { env, timeout: 20_000 });
    await until("the window to come back", () => screen.shown(shown));

    takeAway();
    await screen.close(shown);
    await until("the end", () => !runs(pid), 15_000);
  } finally {
    takeAway();
    screen.end();
    await window.quit();
    window = null;
  }
});

// The driven window keeps its web data in a folder, as the driver wants it; the shipped one in memory alone.
test("as it is shipped, undriven, it paints, and ends in order", async () => {
  const env = await house.env();
  const screen = await Screen.open(env.DISPLAY);
  const out = openSync(house.file("plain.log"), "a");
  const plain = spawn(program(), [], { env, stdio: ["ignore", out, out] });
  try {
    const shown = await until("the window", async () => {
      const [first] = await screen.windows("Offizin");
      return first !== undefined && (await screen.shown(first)) && first;
    });
    await until("something painted", async () => (await screen.colours(shown)) > 20);
  } finally {
    screen.end();
    plain.kill("SIGTERM");
    await until("its end", () => plain.exitCode !== null || plain.signalCode !== null, 30_000);
  }
  assert.equal(plain.exitCode ?? plain.signalCode, 0);
});

test("without a keyring the window says so, with its code and a way out", async () => {
  const alone = new House("keyring-missing");
  const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${alone.file("no-bus")}` };
  window = await alone.window({ env });
  try {
    assert.equal(await window.attribute(id("startup-problem"), "data-code"), "keyring_missing");
    await window.shot(join(shots, "startup-keyring-missing.png"));
    // Looking again takes a new process: the old one ends, and another stands in its place.
    const { pid } = window;
    // The answer may not come any more: whom we asked is gone.
    await window.click(`${id("startup-problem")} button`).catch(() => undefined);
    await until("the old process to end", () => !runs(pid));
    const again = await until("a new process", () => running(alone.home).filter((one) => one !== pid));
    assert.equal(again.length, 1);
    process.kill(again[0], "SIGTERM");
    await until("its end", () => !runs(again[0]), 15_000);
  } finally {
    await window.quit();
    window = null;
    for (const pid of running(alone.home)) process.kill(pid, "SIGKILL");
    await alone.close();
  }
});

test("a database whose key is lost stays shut until one starts over; the old one is kept", async () => {
  window = await house.window({ around: [withKeyring] });
  try {
    assert.equal(await window.attribute(id("startup-problem"), "data-code"), "database_key_lost");
    await shot("startup-key-lost");
    const kept = () => readdirSync(house.home).filter((name) => /^offizin.*\.db(?!-)/.test(name));
    assert.deepEqual(kept(), ["offizin.db"]);
    await window.click(`${id("startup-problem")} button:nth-of-type(2)`);
    await window.click(id("start-over"));
    await window.find(id("firstrun"));
    assert.equal(kept().length, 2, String(readdirSync(house.home)));
    assert.ok(kept().includes("offizin.db"));
  } finally {
    await window.quit();
    window = null;
  }
});

/** Processes of the program on a folder. */
function running(home) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0] === program() &&
          readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`OFFIZIN_HOME=${home}`) &&
          runs(pid)
        );
      } catch {
        return false;
      }
    });
}

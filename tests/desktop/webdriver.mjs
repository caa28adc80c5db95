//! Controls the window as a person would. WebKit's own driver starts the program, and this file talks to the driver in
//! the W3C protocol. The program lets itself be controlled only if it is a debug build and its environment asks for it.
//! This file knows the protocol and nothing of the application.
import { spawn } from "node:child_process";
import { openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** How long something on the screen may take to appear, in milliseconds. */
const PATIENCE_MS = 30_000;

/** A port nobody listens on. */
export function freePort() {
  return new Promise((done, failed) => {
    const server = createServer()
      .once("error", failed)
      .listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => done(port));
      });
  });
}

/** Processes and their parents, as the system lists them. */
function processes() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return [{ pid: Number(name), parent: Number(parent), state }];
      } catch {
        return []; // gone meanwhile
      }
    });
}

/** Whether a process runs; what has ended and only waits to be noticed does not. */
export function runs(pid) {
  return processes().some((one) => one.pid === pid && one.state !== "Z");
}

/** A process and all it started, by their numbers. */
export function family(pid) {
  const all = processes();
  const below = new Set([pid]);
  for (let before = 0; before !== below.size;) {
    before = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  return [...below];
}

/** Asks until the answer is neither null, false nor empty. Throws `what` when the patience is over. */
export async function until(what, question, patience = PATIENCE_MS) {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await question();
    if (answer !== null && answer !== undefined && answer !== false && !(Array.isArray(answer) && answer.length === 0))
      return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(100);
  }
}

/** The open window. */
export class Window {
  #base;
  #driver;
  #session = null;
  /** The program's process. */
  pid = null;

  constructor(driver, base) {
    this.#driver = driver;
    this.#base = base;
  }

  /**
   * Starts the driver, and by it the program. `around` is a command that runs the driver inside of it; `log` is a file
   * for what both say.
   */
  static async open({ program, env, log, around = [] }) {
    const port = await freePort();
    const [command, ...rest] = [...around, "WebKitWebDriver", `--port=${port}`];
    const out = openSync(log, "a");
    const driver = spawn(command, rest, {
      env: { ...env, TAURI_WEBVIEW_AUTOMATION: "true" },
      stdio: ["ignore", out, out],
      detached: true,
    });
    const window = new Window(driver, `http://127.0.0.1:${port}`);
    try {
      await until("the driver", () =>
        fetch(`${window.#base}/status`).then(
          (answer) => answer.ok,
          () => false,
        ),
      );
      const { sessionId } = await window.#send("POST", "/session", {
        capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary: program, args: [] } } },
      });
      window.#session = sessionId;
      window.pid = await until("the program", () => window.#program(program));
      await window.#ask("POST", "/timeouts", { script: 20_000, pageLoad: 60_000 });
      return window;
    } catch (problem) {
      await window.quit();
      throw problem;
    }
  }

  /** The child that the driver started: whatever stands in between, its command is the program. */
  #program(program) {
    return family(this.#driver.pid).find((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0] === program;
      } catch {
        return false;
      }
    });
  }

  async #send(method, path, body) {
    const answer = await fetch(this.#base + path, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(`${value?.error}: ${value?.message}`), { kind: value?.error });
    return value;
  }

  #ask(method, path, body) {
    return this.#send(method, `/session/${this.#session}${path}`, body);
  }

  /** Asks again and again; an element that is repainted under our hand counts as not there yet. */
  until(what, question, patience) {
    return until(
      what,
      async () => {
        try {
          return await question();
        } catch (problem) {
          if (
            /^(stale element reference|no such element|element not interactable|element click intercepted)$/.test(
              problem.kind,
            )
          )
            return null;
          throw problem;
        }
      },
      patience,
    );
  }

  /** All elements of a selector, now. */
  async all(css) {
    const found = await this.#ask("POST", "/elements", { using: "css selector", value: css });
    return found.map((one) => one[ELEMENT]);
  }

  /** The first element of a selector, as soon as it is there. */
  async find(css, patience) {
    const [first] = await this.until(css, () => this.all(css), patience);
    return first;
  }

  /** The selector of a `data-testid`, with more after it if need be. */
  static id(testid, more = "") {
    return `[data-testid="${testid}"]${more}`;
  }

  /** Clicks the first element of a selector as soon as it can be clicked. */
  click(css) {
    return this.until(`${css} to click`, async () => {
      const [element] = await this.all(css);
      if (element === undefined) return null;
      await this.#ask("POST", `/element/${element}/click`, {});
      return true;
    });
  }

  /** Types into a field, in place of what stands there. */
  type(css, text) {
    return this.until(`${css} to type into`, async () => {
      const [element] = await this.all(css);
      if (element === undefined) return null;
      await this.#ask("POST", `/element/${element}/clear`, {});
      await this.#ask("POST", `/element/${element}/value`, { text });
      return true;
    });
  }

  /** Presses keys wherever the focus is. */
  async press(...keys) {
    const actions = [
      ...keys.map((value) => ({ type: "keyDown", value })),
      ...keys.toReversed().map((value) => ({ type: "keyUp", value })),
    ];
    await this.#ask("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  /** What an element says. */
  text(css) {
    return this.until(`${css} to read`, async () => {
      const [element] = await this.all(css);
      return element === undefined ? null : await this.#ask("GET", `/element/${element}/text`);
    });
  }

  /** An attribute of the first element of a selector. */
  attribute(css, name) {
    return this.until(`${css} with ${name}`, async () => {
      const [element] = await this.all(css);
      return element === undefined ? null : await this.#ask("GET", `/element/${element}/attribute/${name}`);
    });
  }

  /** Runs a function in the page. It must not use anything from outside; it may be asynchronous. */
  async run(task, ...args) {
    const answer = await this.#ask("POST", "/execute/async", {
      script: `const done = arguments[arguments.length - 1];
        Promise.resolve((${task})(...Array.from(arguments).slice(0, -1)))
          .then((value) => done({ value }), (error) => done({ error: String(error?.message ?? JSON.stringify(error)) }));`,
      args,
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value ?? null;
  }

  /** Gives the window a size in pixels. */
  async resize(width, height) {
    await this.#ask("POST", "/window/rect", { x: 0, y: 0, width, height });
    await sleep(200);
  }

  /** Saves what the window shows. */
  async shot(file) {
    await sleep(250); // motion takes at most 150 ms
    await this.run(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
    writeFileSync(file, Buffer.from(await this.#ask("GET", "/screenshot"), "base64"));
    return file;
  }

  /** Ends the program in order, as the system would, then the driver. Returns whether the program ended by itself. */
  async quit() {
    let orderly = true;
    if (this.pid !== null && runs(this.pid)) {
      process.kill(this.pid, "SIGTERM");
      orderly = await until("the end", () => !runs(this.pid), 15_000).catch(() => false);
    }
    const alive = () => this.#driver.exitCode === null && this.#driver.signalCode === null;
    for (const signal of ["SIGTERM", "SIGKILL"]) {
      try {
        if (alive()) process.kill(-this.#driver.pid, signal);
      } catch {
        break; // gone
      }
      if (await until("the driver's end", () => !alive(), 5_000).catch(() => false)) break;
    }
    return orderly;
  }
}

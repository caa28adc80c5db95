//! What the window needs around it in a test: a screen, a relay and a provider of its own, and a temporary home. All
//! are real programs on loopback, with their files under target/desktop. Nothing of the user's is touched.
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort, runs, until, Window } from "./webdriver.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const built = (name) => {
  const path = join(root, "target", "debug", name);
  if (!existsSync(path)) throw new Error(`${path} is not built`);
  return path;
};

/** The window's program. */
export const program = () => built("offizin");
/** Runs a command with a throw-away keyring of its own. */
export const withKeyring = join(root, "tests", "with-keyring");
/** Where screenshots come to. */
export const shots = join(root, "target", "desktop-shots");

/** A screen of a size of its own, whatever the caller has. Returns its name and the way to switch it off. */
export async function screen(size = "1400x900x24") {
  // A screen that begins anew when its last window closes refuses whoever comes just then.
  const xvfb = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", size, "-nolisten", "tcp", "-noreset"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  let said = "";
  xvfb.stdio[3].on("data", (data) => (said += data));
  await until("the screen", () => said.endsWith("\n") || xvfb.exitCode !== null, 15_000);
  if (xvfb.exitCode !== null) throw new Error("Xvfb did not come up");
  return { display: `:${said.trim()}`, close: () => void xvfb.kill() };
}

/** Whether somebody answers there with a yes. */
const answers = (url) =>
  fetch(url).then(
    (answer) => answer.ok,
    () => false,
  );

/** A house for one test file. */
export class House {
  #children = new Map();
  #room;
  #screen = null;

  constructor(name) {
    // One room per run; those of runs that are over are cleared away by the next.
    const rooms = join(root, "target", "desktop");
    mkdirSync(rooms, { recursive: true });
    for (const old of readdirSync(rooms))
      if (!runs(Number(old.split("-").at(-1)))) rmSync(join(rooms, old), { recursive: true, force: true });
    this.#room = join(rooms, `${name}-${process.pid}`);
    mkdirSync(this.#room, { recursive: true });
    mkdirSync(shots, { recursive: true });
  }

  /** The data folder of the desk. */
  get home() {
    return join(this.#room, "desk");
  }

  /** A file in the room. */
  file(name) {
    return join(this.#room, name);
  }

  async #start(name, args, env = {}) {
    const out = openSync(this.file(`${name}.log`), "a");
    const child = spawn(built(name), args, { env: { ...process.env, ...env }, stdio: ["ignore", out, out] });
    this.#children.set(name, child);
  }

  /** Starts relay and provider. The provider stays still until it is asked to `emit`. */
  async open({ orders = 12 } = {}) {
    this.#screen ??= await screen();
    const [relay, provider] = [await freePort(), await freePort()];
    this.relay = `http://127.0.0.1:${relay}`;
    this.provider = `http://127.0.0.1:${provider}`;
    this.store = `sqlite:${this.file("relay.db")}`;
    // The story lies in the past, so that no clock seems to be ahead.
    const begins = new Date(Date.now() - 3 * 3_600_000).toISOString();
    await this.#start("offizin-sandbox", [
      ...["serve", "--listen", `127.0.0.1:${provider}`, "--paused", "--starts-at", begins],
      ...["--orders", String(orders), "--seed", "7", "--retry-after-ms", "200"],
    ]);
    await this.startRelay();
    await until("the provider", () => answers(`${this.provider}/_sandbox/state`));
  }

  /** Starts the relay where it was, or for the first time. */
  async startRelay() {
    await this.#start("offizin-relay", [
      ...["serve", "--listen", new URL(this.relay).host, "--public-url", this.relay, "--store", this.store],
    ]);
    await until("the relay", () => answers(`${this.relay}/readyz`));
  }

  /** Ends the relay in order. */
  stopRelay() {
    return this.#stop("offizin-relay");
  }

  async #stop(name) {
    const child = this.#children.get(name);
    if (child === undefined) return;
    this.#children.delete(name);
    child.kill("SIGTERM");
    const ended = () => child.exitCode !== null || child.signalCode !== null;
    await until(`the end of ${name}`, ended, 10_000).catch(() => child.kill("SIGKILL"));
  }

  /** A fresh pairing code. */
  async pairingCode() {
    const args = ["inbox", "add", "Testapotheke", "--store", this.store, "--public-url", this.relay, "--json"];
    const { stdout } = await promisify(execFile)(built("offizin-relay"), args);
    return JSON.parse(stdout).pairing_code;
  }

  /** Lets the next things happen at the provider. */
  async emit(events) {
    const answer = await fetch(`${this.provider}/_sandbox/emit?events=${events}`, { method: "POST" });
    if (!answer.ok) throw new Error(`the provider said ${answer.status}`);
  }

  /** The provider that signs nothing tells every tale it knows to an address, each call once. */
  async tellTales(target) {
    const args = ["evitalrx", "--target", target, "--orders", "10", "--rate", "0", "--drift"];
    const { stdout } = await promisify(execFile)(built("offizin-sandbox"), args);
    return stdout;
  }

  /** What the window's program runs in: this home, this screen, nothing of the user's. */
  async env(more = {}) {
    this.#screen ??= await screen();
    const run = this.file("run");
    mkdirSync(run, { recursive: true, mode: 0o700 });
    return {
      ...process.env,
      HOME: this.file("user"),
      XDG_DATA_HOME: this.file("user/data"),
      XDG_CONFIG_HOME: this.file("user/config"),
      XDG_CACHE_HOME: this.file("user/cache"),
      XDG_RUNTIME_DIR: run,
      DISPLAY: this.#screen.display,
      GDK_BACKEND: "x11",
      NO_AT_BRIDGE: "1",
      LC_ALL: "C.UTF-8",
      OFFIZIN_HOME: this.home,
      ...more,
    };
  }

  /** Opens the window. */
  async window({ env = {}, around = [] } = {}) {
    return Window.open({ program: program(), env: await this.env(env), log: this.file("offizin.log"), around });
  }

  /** Ends everything this house started. */
  async close() {
    for (const name of [...this.#children.keys()]) await this.#stop(name);
    this.#screen?.close();
  }
}

// Breaks one rule after the other in a copy of the tree and wants arrows.mjs to name it. Run by `./check --only arrows`.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const copy = mkdtempSync(join(tmpdir(), "offizin-arrows-"));
after(() => rmSync(copy, { recursive: true, force: true }));

const git = (cwd, ...words) => execFileSync("git", words, { cwd, maxBuffer: 1 << 26 }).toString();
for (const file of git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")) {
  if (file === "" || !existsSync(join(root, file))) continue;
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  cpSync(join(root, file), join(copy, file));
}
git(copy, "init", "--quiet");

const said = () => {
  const run = spawnSync(process.execPath, [join(root, "tests/arrows.mjs"), copy], { encoding: "utf8" });
  return { code: run.status, text: run.stderr };
};

/** Writes a file (or changes one), asks, and puts everything back. */
function broken(file, change, expected) {
  const path = join(copy, file);
  const before = existsSync(path) ? readFileSync(path, "utf8") : null;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, change(before ?? ""));
  const { code, text } = said();
  if (before === null) rmSync(path);
  else writeFileSync(path, before);
  assert.equal(code, 1, `nothing was found: ${text}`);
  assert.match(text, expected);
}

/** The same for an arrow between crates: a dependency too many. The lock moves with it and is put back. */
function brokenCrate(crate, dependency, expected) {
  const lock = join(copy, "Cargo.lock");
  const before = readFileSync(lock, "utf8");
  const path = join(copy, "crates", crate, "Cargo.toml");
  const manifest = readFileSync(path, "utf8");
  writeFileSync(path, manifest.replace("[dependencies]", `[dependencies]\n${dependency}`));
  const { code, text } = said();
  writeFileSync(path, manifest);
  writeFileSync(lock, before);
  assert.equal(code, 1, `nothing was found: ${text}`);
  assert.match(text, expected);
}

test("a desk that knows tauri", () => brokenCrate("desk", 'tauri = "2.12"', /^offizin-desk: stands on tauri$/m));
test("a relay that holds keys", () =>
  brokenCrate("relay", "keyring.workspace = true", /^offizin-relay: stands on keyring$/m));
test("a relay that knows the desk", () =>
  brokenCrate("relay", "offizin-desk.workspace = true", /^offizin-relay: stands on offizin-desk$/m));
test("a wire with input and output", () =>
  brokenCrate("wire", "tokio.workspace = true", /^offizin-wire: stands on tokio$/m));
test("a sandbox that knows the relay", () =>
  brokenCrate("sandbox", "offizin-relay.workspace = true", /^offizin-sandbox: stands on offizin-relay$/m));
test("a shell with a second door", () =>
  brokenCrate("ctl", "offizin-wire.workspace = true", /^offizin-ctl: depends on offizin-wire/m));

test("a fold that asks the database", () =>
  broken("crates/desk/src/broken/fold.rs", () => "//! x\nuse sqlx::Row;\n", /broken\/fold\.rs:2: a fold imports sqlx/));
test("a view that speaks to tauri", () =>
  broken(
    "ui/src/orders/broken.ts",
    () => 'import { invoke } from "@tauri-apps/api/core";\n',
    /broken\.ts:1: only ui\/src\/backend/,
  ));
test("a view that imports another", () =>
  broken(
    "ui/src/orders/broken.ts",
    () => 'import x from "../stock/view";\n',
    /broken\.ts:1: the view orders imports the view stock/,
  ));
test("a kit that imports a view", () =>
  broken(
    "ui/src/kit/broken.ts",
    () => 'export * from "../stock/view";\n',
    /broken\.ts:1: kit is shared and imports the view stock/,
  ));
test("a file without its opening", () =>
  broken("crates/wire/src/broken.rs", () => "fn x() {}\n", /broken\.rs: opens without \/\/!/));
test("a file without end", () =>
  broken("crates/wire/src/broken.rs", () => "//! x\n" + "\n".repeat(800), /broken\.rs: 801 lines/));
test("a path of one machine", () =>
  broken("docs/broken.md", () => ["see /ro", "ot/notes\n"].join(""), /broken\.md:1: a path of one machine/));
test("a link to nowhere", () =>
  broken("docs/broken.md", () => "see [this](nowhere.md)\n", /broken\.md:1: there is no nowhere\.md/));

const THREATS = "docs/relay-threats.md";
test("a claim whose test is gone", () =>
  broken(
    "crates/relay/tests/relay/leaks.rs",
    (rust) => rust.replace("fn a_device_token_without_its_key_opens_nothing", "fn renamed"),
    /relay-threats\.md:\d+: there is no test relay\/leaks › a_device_token_without_its_key_opens_nothing/,
  ));
test("a claim whose test is not run", () =>
  broken(
    "crates/relay/tests/relay/leaks.rs",
    (rust) =>
      rust.replaceAll(
        '#[tokio::test(flavor = "multi_thread")]\nasync fn a_device_token_w',
        "async fn a_device_token_w",
      ),
    /there is no test relay\/leaks › a_device_token_without_its_key_opens_nothing/,
  ));
test("a claim whose case the suite does not run", () =>
  broken(
    "crates/relay/src/log/conformance/mod.rs",
    (rust) => rust.replace(/^ +devices_acknowledge_each_for_itself\n/m, ""),
    /there is no test conformance\/acks › devices_acknowledge_each_for_itself/,
  ));
test("a claim that names a whole file", () =>
  broken(
    THREATS,
    (page) => page.replace("`relay/probes › metrics_name_nobody`", "`relay/probes › …`"),
    /there is no test relay\/probes › …/,
  ));
test("a claim without a test", () =>
  broken(THREATS, (page) => `${page}| cannot be broken | by nobody |\n`, /a claim without a test/));

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

/** Writes files (or changes them), asks, and puts everything back. */
function ask(files) {
  const before = new Map();
  for (const [file, change] of Object.entries(files)) {
    const path = join(copy, file);
    before.set(path, existsSync(path) ? readFileSync(path, "utf8") : null);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof change === "string" ? change : change(before.get(path) ?? ""));
  }
  const answer = said();
  for (const [path, content] of before) {
    if (content === null) rmSync(path);
    else writeFileSync(path, content);
  }
  return answer;
}

/** Several files that together break a rule. */
function brokenBy(files, expected) {
  const { code, text } = ask(files);
  assert.equal(code, 1, `nothing was found: ${text}`);
  assert.match(text, expected);
}

/** One file that breaks a rule. */
const broken = (file, change, expected) => brokenBy({ [file]: change }, expected);

/** Files no rule has anything to say about. All of them are called `broken`. */
function unbroken(files) {
  const said = ask(files).text.split("\n");
  assert.deepEqual(
    said.filter((line) => /broken[./-]/i.test(line)),
    [],
  );
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

test("a fold that asks the ground", () =>
  broken(
    "crates/desk/src/broken/fold.rs",
    () => "//! x\nuse crate::{\n    error::Error,\n    ground::Ground,\n};\n",
    /broken\/fold\.rs:2: a fold or a decision imports ground/,
  ));
test("a decision that reads rows", () =>
  broken(
    "crates/desk/src/rotation/decide.rs",
    (before) => `${before}\nuse sqlx as rows;\n`,
    /rotation\/decide\.rs:\d+: a fold or a decision imports sqlx/,
  ));
test("a roof under another name", () =>
  broken(
    "crates/desk/src/lib.rs",
    (before) => `${before}\npub type All = Desk;\n`,
    /src\/lib\.rs:\d+: gives Desk another name/,
  ));
test("a fold that asks the database", () =>
  broken(
    "crates/desk/src/broken/fold.rs",
    () => "//! x\nuse sqlx::Row;\n",
    /broken\/fold\.rs:2: a fold or a decision imports sqlx/,
  ));
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

test("a long file that does not say why", () =>
  broken("crates/wire/src/broken.rs", () => "//! x\n" + "\n".repeat(500), /broken\.rs: 501 lines, and its header/));
test("a long file that says why", () =>
  unbroken({
    "crates/wire/src/broken.rs": "//! Longer than 500\n//! lines because it is a list.\n" + "\n".repeat(500),
    "ui/src/kit/Broken.svelte": "<!-- Longer than 500 lines because it is one. -->\n" + "\n".repeat(500),
    "ui/src/kit/broken.css": "/* Longer than 500 lines because it is one. */\n" + "\n".repeat(500),
  }));
test("a reason that stands below the header", () =>
  broken(
    "crates/wire/src/broken.rs",
    () => "//! x\n" + "\n".repeat(500) + "fn x() {}\n// Longer than 500 lines because it is a list.\n",
    /broken\.rs: \d+ lines, and its header/,
  ));

/** Files `a`, `b`, … of a module `broken`, each of which uses the next, and the last the first. */
const ring = (size, line) =>
  Object.fromEntries(
    [..."abcdef"]
      .slice(0, size)
      .map((one, at, all) => [
        `crates/wire/src/broken/${one}.rs`,
        `//! x\n${line(all[(at + 1) % size])}\npub(crate) struct ${one.toUpperCase()};\n`,
      ]),
  );
const upper = (name) => `${name}::${name.toUpperCase()}`;
test("four files that import each other", () =>
  brokenBy(
    { "crates/wire/src/broken.rs": "//! x\nmod a;\n", ...ring(4, (next) => `use crate::broken::${upper(next)};`) },
    /^crates\/wire\/src: 4 files import each other: broken\/a\.rs broken\/b\.rs broken\/c\.rs broken\/d\.rs$/m,
  ));
test("four files that name each other by their modules alone", () =>
  brokenBy(
    {
      "crates/wire/src/broken.rs": "//! x\nmod a;\n",
      ...ring(4, (next) => `use super::${next};\nfn x(_: ${upper(next)}) {}`),
    },
    /^crates\/wire\/src: 4 files import each other: broken\/a\.rs/m,
  ));
test("four files that import each other by names their module hands on", () =>
  brokenBy(
    {
      "crates/wire/src/broken.rs": `//! x\n${[..."abcd"].map((one) => `mod ${one};\npub use self::${upper(one)};`).join("\n")}\n`,
      ...ring(4, (next) => `use super::${next.toUpperCase()};`),
    },
    /^crates\/wire\/src: 4 files import each other: broken\/a\.rs broken\/b\.rs broken\/c\.rs broken\/d\.rs$/m,
  ));
test("a circle of three, of tests, of comments, and one that only goes through what a module hands on", () => {
  const roots = { "crates/wire/src/broken.rs": "//! x\nmod a;\n" };
  unbroken({ ...roots, ...ring(3, (next) => `use super::${upper(next)};`) });
  unbroken({ ...roots, ...ring(4, (next) => `#[cfg(test)]\nuse super::${upper(next)};`) });
  unbroken({ ...roots, ...ring(4, (next) => `// use super::${upper(next)};`) });
  // The module declares and hands on all four; each of them uses another one's name by way of it, but none in a circle.
  unbroken({
    "crates/wire/src/broken.rs": `//! x\n${[..."abcd"].map((one) => `mod ${one};\npub use ${upper(one)};`).join("\n")}\n`,
    ...ring(4, (next) => (next === "a" ? "" : `use super::${next.toUpperCase()};`)),
  });
  // A method called like a module is not what an import of that module means.
  unbroken({
    "crates/wire/src/broken.rs": "//! x\nmod a;\nuse self::a::A;\nfn y(_: A) {}\nstruct X;\nimpl X {\nfn d() {}\n}\n",
    ...ring(4, (next) => (next === "a" ? "" : next === "d" ? "use super::d::{self};" : `use super::${upper(next)};`)),
  });
});
test("four files of the window that import each other, by types alone", () =>
  brokenBy(
    Object.fromEntries(
      [..."abcd"].map((one, at) => [
        `ui/src/kit/broken-${one}.ts`,
        `import type { X } from "./broken-${"bcda"[at]}";\nexport type X = number;\n`,
      ]),
    ),
    /^ui\/src: 4 files import each other: kit\/broken-a\.ts kit\/broken-b\.ts/m,
  ));

test("a relay that reads the clock beside the one it is handed", () =>
  broken(
    "crates/relay/src/broken.rs",
    () => "//! x\nuse jiff::Timestamp;\nfn now() -> Timestamp { Timestamp::now() }\n",
    /broken\.rs:3: reads the clock/,
  ));
test("a clock of the relay that is read twice", () =>
  broken(
    "crates/relay/src/config.rs",
    (was) =>
      was.replace("impl Default for Clock", "fn again() -> Timestamp { Timestamp::now() }\nimpl Default for Clock"),
    /relay\/src\/config\.rs:\d+: reads the clock/,
  ));
test("a test of the relay that reads the clock", () =>
  unbroken({
    "crates/relay/src/broken.rs": "//! x\n#[cfg(test)]\nmod tests { fn now() -> Timestamp { Timestamp::now() } }\n",
  }));

test("a room that takes a desk", () =>
  broken(
    "crates/desk/src/broken.rs",
    () => "//! x\nuse crate::Desk;\nfn x(desk: &Desk) {}\n",
    /broken\.rs:3: names Desk below the roof/,
  ));
test("a room that calls a desk by another name", () =>
  broken(
    "crates/desk/src/broken.rs",
    () => "//! x\nuse crate::desk::Desk as All;\nstruct X(All);\n",
    /broken\.rs:2: names Desk below the roof/,
  ));
test("a room with an impl of its own, a link and a test", () =>
  unbroken({
    "crates/desk/src/broken/desk.rs":
      "//! [`Desk`](crate::Desk)\nuse crate::desk::Desk;\nimpl Desk {}\n#[cfg(test)]\nmod tests { fn x(_: &super::Desk) {} }\n",
    "crates/desk/src/broken/door.rs": "//! x\nimpl crate::Desk {}\n",
  }));

test("a wait for the disk on the runtime", () => {
  const found = /waits for the disk on the runtime/;
  broken("crates/desk/src/broken.rs", "//! x\nasync fn a() { std::fs::read(x()).ok(); }\n", found);
  broken("src-tauri/src/broken.rs", "//! x\nfn a() { let b = async move { File::open(c()) }; }\n", found);
  broken(
    "crates/desk/src/broken.rs",
    "//! x\nfn a() { b(); }\nfn b() { std::fs::read(x()).ok(); }\nasync fn c() { a(); }\n",
    found,
  );
});

test("waits for the disk on threads that may wait", () =>
  unbroken({
    "crates/desk/src/broken.rs":
      "//! x\nfn b() { std::fs::read(x()).ok(); }\nasync fn a() { blocking(move || b()).await; tokio::fs::read(x()).await; }\n",
  }));

test("a provider's word in the desk", () =>
  broken(
    "crates/desk/src/broken.rs",
    () => '//! x\nconst X: &str = "Ready for pickup";\n',
    /broken\.rs:2: a word of RxScale: readyforpickup/,
  ));
test("a provider's word in the window", () =>
  broken(
    "ui/src/kit/Broken.svelte",
    () => '<script lang="ts">\n  const x = "order_picked_up";\n</script>\n',
    /Broken\.svelte:2: a word of eVitalRx: orderpickedup/,
  ));
test("a provider's name between tags", () =>
  broken("ui/src/kit/Broken.svelte", () => "<p>eVitalRx</p>\n", /Broken\.svelte:1: a word of eVitalRx: evitalrx/));
test("a provider's word where it may stand", () =>
  unbroken({
    "crates/desk/src/rxscale/broken.rs": '//! x\nconst X: &str = "ready_for_pickup";\n',
    "crates/desk/src/broken.rs":
      '//! RxScale\n// "ready_for_pickup"\n#[cfg(test)]\nmod tests { const X: &str = "rxscale"; }\n',
    "ui/src/kit/broken.ts": '// "rxscale"\nimport Evitalrx from "../forms/Evitalrx.svelte";\n/* "evitalrx" */\n',
    "ui/src/kit/broken.test.ts": 'const x = "rxscale";\n',
  }));

test("more code than tests", () =>
  broken(
    "crates/wire/src/broken.rs",
    () => "//! x\n" + "const X: u8 = 1;\n".repeat(40_000),
    /^crates: [12]\d\d\.\d code lines per test; at most 75$/m,
  ));

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

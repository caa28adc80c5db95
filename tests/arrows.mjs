#!/usr/bin/env node
// The arrows of the house, checked against what cargo says and what the files hold.
//
//   ui ⇢ generated types ⇠ src-tauri → desk → wire ← relay,   ctl → desk,   sandbox → wire at most
//
// Prints what it measured (the largest circle of imports in each crate and in the window, the lines of code for each
// test), then one line per broken rule, and exits 1 if there is one. `arrows.mjs FOLDER` checks another copy of the tree;
// that is how arrows.test.mjs breaks one rule after the other. What reads Rust, what finds circles, which words belong to
// which provider and how lines are counted stands beside it in arrows/.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { waits } from "./arrows/blocking.mjs";
import { circles, rustEdges, windowEdges } from "./arrows/circles.mjs";
import { rustLines, windowLines } from "./arrows/lines.mjs";
import { read, testFiles, withoutTests } from "./arrows/rust.mjs";
import { vendorWords } from "./arrows/words.mjs";

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), ".."));
const broken = [];
const break_ = (where, why) => broken.push(`${where}: ${why}`);

// ---- between crates --------------------------------------------------------------------------------------------

const metadata = JSON.parse(
  execFileSync("cargo", ["metadata", "--format-version=1", "--all-features"], {
    cwd: root,
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  }),
);
const packages = new Map(metadata.packages.map((p) => [p.id, p]));
const ours = new Set(metadata.workspace_members.map((id) => packages.get(id).name));
const nodes = new Map(metadata.resolve.nodes.map((n) => [n.id, n]));

/** Names of everything a package of ours stands on, transitively; what it needs only for its tests is left out. */
function below(name) {
  const start = metadata.workspace_members.find((id) => packages.get(id).name === name);
  if (start === undefined) {
    break_("Cargo.toml", `the house has no ${name}`);
    return new Set();
  }
  const seen = new Set();
  const open = [start];
  while (open.length > 0) {
    for (const dependency of nodes.get(open.pop()).deps) {
      if (dependency.dep_kinds.every((k) => k.kind === "dev") || seen.has(dependency.pkg)) continue;
      seen.add(dependency.pkg);
      open.push(dependency.pkg);
    }
  }
  return new Set([...seen].map((id) => packages.get(id).name));
}

const isTauri = (name) => name === "tauri" || name.startsWith("tauri-") || name === "wry" || name === "tao";
const isKeyring = (name) => name === "keyring" || name.startsWith("keyring-") || name === "secret-service";

/** Which of our own each of us may stand on, and what from outside it never may. */
const arrows = {
  "offizin-wire": {
    may: [],
    never: [isTauri, isKeyring, (n) => ["tokio", "sqlx", "reqwest", "axum", "hyper"].includes(n)],
  },
  "offizin-relay": { may: ["offizin-wire"], never: [isTauri, isKeyring] },
  "offizin-sandbox": { may: ["offizin-wire"], never: [isTauri, isKeyring] },
  "offizin-desk": { may: ["offizin-wire"], never: [isTauri] },
  "offizin-ctl": { may: ["offizin-desk", "offizin-wire"], never: [isTauri] },
  offizin: { may: ["offizin-desk", "offizin-wire"], never: [] },
};
for (const [name, rule] of Object.entries(arrows)) {
  for (const dependency of below(name)) {
    if (ours.has(dependency) && !rule.may.includes(dependency)) break_(name, `stands on ${dependency}`);
    if (rule.never.some((is) => is(dependency))) break_(name, `stands on ${dependency}`);
  }
}
// The shells have one door: the desk. What of the wire they need, the desk hands out.
for (const shell of ["offizin-ctl", "offizin"]) {
  const id = metadata.workspace_members.find((m) => packages.get(m).name === shell);
  const direct = id === undefined ? [] : packages.get(id).dependencies.filter((d) => d.kind !== "dev");
  for (const { name } of direct)
    if (ours.has(name) && name !== "offizin-desk") break_(shell, `depends on ${name}, not only on the desk`);
}

// ---- inside files ----------------------------------------------------------------------------------------------

const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  maxBuffer: 1 << 26,
});
const files = listed
  .toString()
  .split("\0")
  .filter((f) => f !== "" && existsSync(join(root, f)));
const text = (file) => readFileSync(join(root, file), "utf8");
const lineOf = (content, index) => content.slice(0, index).split("\n").length;

const LONGEST = 800;
/** From here on a file says in its header why it is longer: `Longer than 500 lines because …`. */
const LONG = 500;
/** How many files may import each other in a circle: a type and its view and its error, no more. */
const CIRCLE = 3;
/** Code lines in Rust for each test written in Rust, at most. */
const PER_TEST = 75;
const binary = /\.(png|ico|icns|jpg|woff2|db|pdf)$/;
const generated = /(^|\/)(package-lock\.json|Cargo\.lock|[^/]*\.gen\.ts|[^/]*\.snap)$|^icons\/|\/gen\/|^LICENSE-/;
const source = /\.(rs|ts|js|mjs|svelte|css|sh|sql)$/;

// The project speaks of itself alone. The words are put together here so that this file passes its own rule.
const either = (...parts) => parts.map((p) => p.join("")).join("|");
const foreign = [
  [
    new RegExp(
      // Not `$room/home/x`, which is a path inside something else.
      `(?<![\\w.)}*])(?:${either(["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/[a-z]"], ["/Us", "ers/[A-Za-z]"], ["/tm", "p/(?!offizin)[a-z]"])})`,
    ),
    "a path of one machine",
  ],
  [
    new RegExp(
      either(
        ["\\bC", "laude\\b"],
        ["\\bAnth", "ropic\\b"],
        ["\\bChat", "GPT\\b"],
        ["\\bCop", "ilot\\b"],
        ["\\bL", "LMs?\\b"],
        ["\\bAI[- ]", "(generated|written|assisted)"],
      ),
    ),
    "a word on how it was written",
  ],
  [new RegExp(either(["arti", "factory"], ["index\\.cra", "tes\\.io:"])), "the host of a registry"],
];

/** Where documents that name a test as `place/file › test` mean; anything else is a path from the root. */
const TESTS = {
  relay: "crates/relay/tests/relay",
  fire: "crates/relay/tests/fire",
  conformance: "crates/relay/src/log/conformance",
  journey: "tests/journey/tests/journey",
};

/** Whether a document's `place/file › test` is a test that runs. */
function isTest(named) {
  const [, place, test] = /^([\w./-]+) › (\w+)$/.exec(named) ?? [];
  if (place === undefined) return false;
  const [folder, ...rest] = place.split("/");
  const file = place.endsWith(".rs") ? place : `${TESTS[folder]}/${rest.join("/")}.rs`;
  if (!existsSync(join(root, file))) return false;
  const isDeclared = (content, before) => new RegExp(`${before}(?:async )?fn ${test}\\(`).test(content);
  // The cases of the suite are run because they stand in a list beside it.
  if (folder === "conformance")
    return (
      isDeclared(text(file), "pub\\(super\\) ") &&
      new RegExp(`^ +${test};?$`, "m").test(text(`${TESTS[folder]}/mod.rs`))
    );
  return isDeclared(text(file), "#\\[(?:tokio::)?test(?:\\([^)]*\\))?\\]\\s+");
}

/** Folders of ui/src that views share; every other folder there is one view. `frame` alone puts views together. */
const SHARED = new Set(["backend", "forms", "frame", "kit", "messages", "state"]);

/** The file an import means, as far as its folder goes. */
function target(file, specifier) {
  if (!specifier.startsWith(".")) return specifier;
  return relative(root, resolve(root, dirname(file), specifier))
    .split(sep)
    .join("/");
}

/** The comment a file opens with, on one line. A Svelte file may have it at the head of its script. */
function header(content) {
  const from = content.replace(/^#!.*\n/, "").replace(/^\s*<script[^>]*>/, "");
  const [comment] = /^\s*(?:(?:\/\/|#|--)[^\n]*\n\s*|\/\*[^]*?\*\/\s*|<!--[^]*?-->\s*)*/.exec(from);
  return comment.replace(/^\s*(?:\/\/[/!]?|#|--|\*)/gm, "").replace(/\s+/g, " ");
}

const folderOf = (file) => /^ui\/src\/([^/]+)\//.exec(file)?.[1] ?? null;
const viewOf = (file) => (SHARED.has(folderOf(file)) ? null : folderOf(file));

const tests = testFiles(files, text);
const CLOCK = "crates/relay/src/config.rs";
/** Where a use-case decides, apart from where it reads and writes. */
const DECISIONS = new Set(["crates/desk/src/rotation/decide.rs", "crates/desk/src/subscriptions/settling.rs"]);
const ROOF = new Set(["crates/desk/src/desk.rs", "crates/desk/src/lib.rs"]);

for (const file of files) {
  if (binary.test(file)) continue;
  const content = text(file);

  if (file.endsWith(".rs") && !content.startsWith("//!"))
    break_(file, "opens without //! (what it owns, which step, what it does not do)");
  if (source.test(file) && !generated.test(file)) {
    const lines = content.split("\n").length - 1;
    if (lines > LONGEST) break_(file, `${lines} lines; at ${LONGEST} a file is split`);
    else if (lines > LONG && !/longer than 500 lines because \w/i.test(header(content)))
      break_(file, `${lines} lines, and its header does not say "Longer than ${LONG} lines because …"`);
  }
  if (!generated.test(file) || file.endsWith(".gen.ts")) {
    for (const [pattern, what] of foreign) {
      const hit = pattern.exec(content);
      if (hit) break_(`${file}:${lineOf(content, hit.index)}`, `${what}: ${hit[0]}`);
    }
  }

  if (file.endsWith(".md")) {
    for (const hit of content.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)) {
      const wanted = join(root, dirname(file), hit[1]);
      if (!existsSync(wanted)) break_(`${file}:${lineOf(content, hit.index)}`, `there is no ${hit[1]}`);
    }
  }

  // A claim that something cannot happen is worth its test.
  if (file.endsWith(".md")) {
    for (const hit of content.matchAll(/`([^`\n]* › [^`\n]*)`/g))
      if (hit[1] !== "file › test" && !isTest(hit[1]))
        break_(`${file}:${lineOf(content, hit.index)}`, `there is no test ${hit[1]}`);
  }
  if (file === "docs/relay-threats.md") {
    for (const hit of content.matchAll(/^\| cannot .*$/gm))
      if (!hit[0].includes(" › ")) break_(`${file}:${lineOf(content, hit.index)}`, "a claim without a test");
  }

  // A fold is a function of events, a decision one of what was read: neither rows nor wires nor what stands on them.
  if (/(^|\/)fold\.rs$|\/fold\/.*\.rs$/.test(file) || DECISIONS.has(file)) {
    const kept = withoutTests(read(content).code).code;
    const hit =
      /\b(sqlx|reqwest|tokio|keyring)(?:::|\b\s*;|\s+as\b)|\bcrate::(db|ground|network|keychain|secrets|desk)\b/.exec(
        kept,
      ) ?? /\bcrate::\{[^;]*?\b(db|ground|network|keychain|secrets|desk)(?=\s*(?:::|,|\}))/.exec(kept);
    if (hit) break_(`${file}:${lineOf(content, hit.index)}`, `a fold or a decision imports ${hit[1] ?? hit[2]}`);
  }

  for (const { vendor, word, at } of vendorWords(file, content, tests.has(file)))
    break_(`${file}:${lineOf(content, at)}`, `a word of ${vendor}: ${word}`);

  // The roof: each room puts an `impl Desk` beside itself, and nothing below takes one or keeps one.
  if (file.startsWith("crates/desk/src/") && file.endsWith(".rs") && !ROOF.has(file) && !tests.has(file)) {
    const kept = withoutTests(read(content).code).code;
    const below = kept.replace(/\buse\s[^;]*;|\bimpl\s+(?:crate::(?:desk::)?)?Desk(?=\s*\{)/g, (allowed) =>
      allowed.replace(/\bDesk\b(?!\s+as\b)/g, "    "),
    );
    const hit = /\bDesk\b/.exec(below);
    if (hit)
      break_(`${file}:${lineOf(content, hit.index)}`, "names Desk below the roof, not only in an impl of its own");
  }

  // One thread of the runtime serves many: none of them waits for the disk.
  if (/^(crates\/desk|src-tauri)\/src\/.*\.rs$/.test(file) && !tests.has(file)) {
    const hit = waits(content);
    if (hit) break_(`${file}:${lineOf(content, hit.at)}`, `waits for the disk on the runtime: ${hit.what}`);
  }

  // The relay reads the clock in one place. Whoever records its answers hands in another clock there.
  if (file.startsWith("crates/relay/src/") && file.endsWith(".rs") && !tests.has(file)) {
    const reads = [...withoutTests(read(content).code).code.matchAll(/\b(?:Timestamp|Zoned|SystemTime)\s*::\s*now\b/g)];
    for (const { index } of reads.slice(file === CLOCK ? 1 : 0))
      break_(`${file}:${lineOf(content, index)}`, `reads the clock, which only ${CLOCK} does, once`);
  }

  // Under another name the roof could be taken below it.
  if (ROOF.has(file)) {
    const hit = /\bDesk\s+as\b|\btype\s+\w+\s*=\s*[^;]*\bDesk\b/.exec(content);
    if (hit) break_(`${file}:${lineOf(content, hit.index)}`, "gives Desk another name");
  }

  if (/^ui\/src\/.*\.(ts|svelte|js)$/.test(file)) {
    const imports = [...content.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g)];
    for (const hit of imports) {
      const where = `${file}:${lineOf(content, hit.index)}`;
      if (hit[1].startsWith("@tauri-apps/") && !file.startsWith("ui/src/backend/"))
        break_(where, "only ui/src/backend speaks to Tauri");
      const [from, to] = [viewOf(file), viewOf(target(file, hit[1]))];
      if (from !== null && to !== null && from !== to) break_(where, `the view ${from} imports the view ${to}`);
      const shared = from === null ? folderOf(file) : null;
      if (shared !== null && shared !== "frame" && to !== null)
        break_(where, `${shared} is shared and imports the view ${to}`);
    }
  }
}

// ---- circles ---------------------------------------------------------------------------------------------------

const crates = metadata.workspace_members
  .map((id) => packages.get(id))
  .map(({ name, manifest_path: manifest }) => [name, `${relative(metadata.workspace_root, dirname(manifest))}/src`])
  .map(([name, src]) => [name, src.split(sep).join("/")]);
const measured = [];
for (const [name, src, edgesOf] of [
  ...crates.map(([name, src]) => [name.replace(/^offizin-/, ""), src, rustEdges]),
  ["ui", "ui/src", windowEdges],
]) {
  const found = circles(edgesOf(src, files, text));
  measured.push(`${name} ${found[0]?.length ?? 1}`);
  for (const circle of found.filter((one) => one.length > CIRCLE))
    break_(src, `${circle.length} files import each other: ${circle.map((f) => f.slice(src.length + 1)).join(" ")}`);
}
console.log(`largest circle of imports, in files: ${measured.join(", ")} (at most ${CIRCLE})`);

// ---- tests -----------------------------------------------------------------------------------------------------

// Counted as other projects can be counted too: every line that is code, tests included, for every test that is written.
// The suite of the relay's engines is written once in a macro and runs as often as it has cases and engines, so what
// runs is more.
const rust = rustLines(files, text);
const ui = windowLines(files, text);
const each = (code, tests) => (code / tests).toFixed(1);
console.log(
  `code lines per test: ${each(rust.code, rust.written)} in Rust (${rust.code} lines, ${rust.written} tests written; at most ${PER_TEST}), ` +
    `${each(rust.code, rust.written + rust.suite)} with the suite of the engines (${rust.suite} runs), ` +
    `${each(rust.product, rust.written + rust.suite)} of what is shipped; ` +
    `${each(ui.code, ui.written)} in the window (${ui.code} lines, ${ui.written} tests written)`,
);
if (rust.code / rust.written > PER_TEST)
  break_("crates", `${each(rust.code, rust.written)} code lines per test; at most ${PER_TEST}`);

if (broken.length > 0) {
  console.error(broken.join("\n"));
  console.error(`${broken.length} broken`);
  process.exit(1);
}
console.log(`${Object.keys(arrows).length} crates and ${files.length} files keep the arrows`);

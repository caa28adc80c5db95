//! Which file of a crate, or of the window, stands on which other, and the circles among them. An edge is a name that is
//! really used: declaring `mod x;` is none, and an import of `crate::Desk` means the file that defines it, not the `lib.rs`
//! that hands it on.
import { dirname, join, posix } from "node:path";
import { defined, read, testFiles, uses, withoutTests, withoutUses } from "./rust.mjs";

/** Edges among the Rust files below `src` (a folder, as in `crates/desk/src`): a map from file to a set of files. */
export function rustEdges(src, files, text) {
  const all = files.filter((file) => file.startsWith(`${src}/`) && file.endsWith(".rs"));
  const tests = testFiles(all, text);
  const parsed = new Map();
  for (const file of all.filter((one) => !tests.has(one))) {
    const { code } = withoutTests(read(text(file)).code);
    parsed.set(file, { place: moduleOf(src, file), code: withoutUses(code), uses: uses(code), defined: defined(code) });
  }

  // A crate may have a library and a program: `crate` then means the library, as far as it has the name.
  const byModule = new Map();
  for (const [file, { place }] of [...parsed].reverse())
    if (!(place.length === 0 && byModule.has("") && !file.endsWith("/lib.rs"))) byModule.set(place.join("::"), file);

  /** The file in which a path ends, seen from a module; `null` when it leads out of the crate or to a module as such. */
  function target(place, path, seen = new Set()) {
    let [at, rest] = [[...place], [...path]];
    if (rest[0] === "crate") [at, rest] = [[], rest.slice(1)];
    else if (rest[0] === "self") rest = rest.slice(1);
    while (rest[0] === "super") [at, rest] = [at.slice(0, -1), rest.slice(1)];
    while (rest.length > 0) {
      const [name] = rest;
      const below = [...at, name].join("::");
      if (byModule.has(below) && !parsed.get(byModule.get(at.join("::")))?.defined.has(name)) {
        [at, rest] = [[...at, name], rest.slice(1)];
        continue;
      }
      const file = byModule.get(at.join("::"));
      if (file === undefined) return null;
      const here = parsed.get(file);
      if (here.defined.has(name)) return file;
      const key = `${file} ${name}`;
      if (seen.has(key)) return null;
      seen.add(key);
      for (const leaf of here.uses) {
        if (leaf.as === name && leaf.path.at(-1) !== "*") {
          const found = target(here.place, [...leaf.path, ...rest.slice(1)], seen);
          if (found !== null) return found;
        }
      }
      for (const leaf of here.uses) {
        if (leaf.path.at(-1) !== "*") continue;
        const found = target(here.place, [...leaf.path.slice(0, -1), ...rest], seen);
        if (found !== null) return found;
      }
      return null;
    }
    return null;
  }

  const edges = new Map();
  for (const [file, { place, code, uses: leaves }] of parsed) {
    const to = new Set();
    for (const leaf of leaves) {
      if (leaf.as === "*") {
        const module = byModule.get(moduleAt(place, leaf.path.slice(0, -1)).join("::"));
        if (module !== undefined && !leaf.open) to.add(module);
        continue;
      }
      // What is only handed on is not stood on.
      if (leaf.open && !new RegExp(`\\b${leaf.as}\\b`).test(code)) continue;
      const found = target(place, leaf.path);
      if (found !== null) to.add(found);
    }
    for (const hit of code.matchAll(/(?<![\w:$])[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)+/g)) {
      const path = hit[0].split("::").map((part) => part.trim());
      const found = target(place, path);
      if (found !== null) to.add(found);
    }
    to.delete(file);
    edges.set(file, to);
  }
  return edges;
}

/** `crates/desk/src/orders/mod.rs` is `["orders"]`. */
function moduleOf(src, file) {
  const parts = file.slice(src.length + 1, -3).split("/");
  if (["mod"].includes(parts.at(-1)) || (parts.length === 1 && ["lib", "main"].includes(parts[0]))) parts.pop();
  return parts;
}

function moduleAt(place, path) {
  let [at, rest] = [[...place], [...path]];
  if (rest[0] === "crate") [at, rest] = [[], rest.slice(1)];
  else if (rest[0] === "self") rest = rest.slice(1);
  while (rest[0] === "super") [at, rest] = [at.slice(0, -1), rest.slice(1)];
  return [...at, ...rest];
}

/** Edges among the files of the window, types included. */
export function windowEdges(src, files, text) {
  const all = new Set(
    files.filter((file) => file.startsWith(`${src}/`) && /\.(ts|svelte)$/.test(file) && !/\.test\.ts$/.test(file)),
  );
  const edges = new Map();
  for (const file of all) {
    const to = new Set();
    for (const hit of text(file).matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.[^"']+)["']/g)) {
      const meant = posix.normalize(join(dirname(file), hit[1]).replaceAll("\\", "/"));
      const found = [meant, `${meant}.ts`, `${meant}.svelte.ts`, `${meant}/index.ts`].find((one) => all.has(one));
      if (found !== undefined && found !== file) to.add(found);
    }
    edges.set(file, to);
  }
  return edges;
}

/** The circles of a map of edges (Tarjan's strongly connected components of more than one file), the largest first. */
export function circles(edges) {
  const found = [];
  const index = new Map();
  const low = new Map();
  const stack = [];
  const visit = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const next of edges.get(file) ?? []) {
      if (!edges.has(next)) continue;
      if (!index.has(next)) {
        visit(next);
        low.set(file, Math.min(low.get(file), low.get(next)));
      } else if (stack.includes(next)) low.set(file, Math.min(low.get(file), index.get(next)));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle.sort());
  };
  for (const file of edges.keys()) if (!index.has(file)) visit(file);
  return found.sort((a, b) => b.length - a.length);
}

//! Rust source as the rules of the house read it: without comments, without what stands in strings, without tests. It knows
//! the outside of the language only (comments, literals, attributes, braces), not its grammar.

/** Everything but newlines becomes `by`, so that every place keeps its line. */
const blank = (text, by = " ") => text.replace(/[^\n]/g, by);

/** Several rules read the same file; each is taken apart once. */
const once = (of) => {
  const known = new Map();
  return (text) => {
    if (!known.has(text)) known.set(text, of(text));
    return known.get(text);
  };
};

/**
 * A file without comments and with its literals emptied, and the literals apart: `{ code, literals: [{ text, at }] }`.
 * `at` is the place in the file, and every line of `code` is the line it was.
 */
export const read = once((source) => {
  const token =
    /\/\/[^\n]*|\/\*|\bb?r(#*)"|b?"(?:[^"\\]|\\[^])*"|b?'(?:[^'\\\n]|\\(?:u\{[^}]*\}|x..|.))'|'[A-Za-z_]\w*|\w+|[^\w/'"]+|[^]/g;
  let code = "";
  const literals = [];
  for (let hit = token.exec(source); hit !== null; hit = token.exec(source)) {
    const [found, hashes] = hit;
    if (found.startsWith("//")) {
      code += blank(found);
    } else if (found === "/*") {
      let depth = 1;
      let end = hit.index + 2;
      while (depth > 0 && end < source.length) {
        const two = source.slice(end, end + 2);
        if (two === "/*") depth += 1;
        if (two === "*/") depth -= 1;
        end += two === "/*" || two === "*/" ? 2 : 1;
      }
      code += blank(source.slice(hit.index, end));
      token.lastIndex = end;
    } else if (hashes !== undefined) {
      const close = source.indexOf(`"${hashes}`, token.lastIndex);
      const end = close === -1 ? source.length : close + 1 + hashes.length;
      literals.push({ text: source.slice(token.lastIndex, close), at: hit.index });
      code += `"${blank(source.slice(hit.index + 1, end - 1), "·")}"`;
      token.lastIndex = end;
    } else if (/^b?"/.test(found)) {
      literals.push({ text: found.slice(found.indexOf('"') + 1, -1), at: hit.index });
      code += `"${blank(found.slice(1, -1), "·")}"`;
    } else if (/^b?'.*'$/s.test(found)) {
      code += blank(found, "·");
    } else {
      code += found;
    }
  }
  return { code, literals };
});

/** Where the item ends that begins at `at`: behind its `;`, or behind the brace that closes it. */
function endOf(code, at) {
  let depth = 0;
  for (let place = at; place < code.length; place += 1) {
    const sign = code[place];
    if ("([{".includes(sign)) depth += 1;
    else if (")]}".includes(sign)) {
      depth -= 1;
      if (depth < 0) return place;
      if (depth === 0 && sign === "}") return place + 1;
    } else if (sign === ";" && depth === 0) return place + 1;
    else if (sign === "," && depth === 0) return place + 1;
  }
  return code.length;
}

/** `code` (of {@link read}) without what only a test build compiles, and the modules that are declared for tests. */
export const withoutTests = once((code) => {
  const modules = [];
  const attribute = /#\[\s*cfg\s*\(\s*(?:test|any\s*\(\s*test\b)[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*/g;
  let kept = code;
  for (const hit of code.matchAll(attribute)) {
    const from = hit.index + hit[0].length;
    const end = endOf(code, from);
    const declared = /^(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;/.exec(code.slice(from, end));
    if (declared !== null) modules.push(declared[1]);
    kept = kept.slice(0, hit.index) + blank(code.slice(hit.index, end)) + kept.slice(end);
  }
  return { code: kept, modules };
});

/** Which of these files hold tests and nothing else: by how they are called, or because only a test build has them. */
export function testFiles(files, text) {
  const found = new Set();
  const below = [];
  for (const file of files.filter((one) => one.endsWith(".rs"))) {
    if (isTestFile(file)) found.add(file);
    else {
      // The modules of `a/mod.rs` lie in `a`, and so do those of `a.rs`.
      const folder = file.replace(/(?:\/(?:mod|lib|main))?\.rs$/, "");
      for (const module of withoutTests(read(text(file)).code).modules) below.push(`${folder}/${module}`);
    }
  }
  for (const file of files)
    if (below.some((place) => file === `${place}.rs` || file.startsWith(`${place}/`))) found.add(file);
  return found;
}

/** Whether a file holds tests and nothing else, by where it lies or how it is called. */
const isTestFile = (file) =>
  /(^|\/)tests?\//.test(file.replace(/^tests\/[\w-]+\/src\//, "")) ||
  /(^|\/)(tests?|tests_\w+|\w+_tests?)\.rs$/.test(file);

/** The leaves of `use` statements: `{ path: ["crate", "a", "B"], as: "B", open: is it re-exported, at }`. A leaf `*` is a glob. */
export function uses(code) {
  const leaves = [];
  for (const hit of code.matchAll(/(?<=^|[;{}\]\s])(pub(?:\s*\([^)]*\))?\s+)?use\s+([^;]+);/g)) {
    const tree = hit[2].replace(/\s+/g, " ");
    const walk = (text, before) => {
      const one = text.trim();
      if (one === "") return;
      const brace = one.indexOf("{");
      if (brace === -1) {
        const [path, alias] = one.split(/ as /).map((part) => part.trim());
        const names = [...before, ...path.split("::").map((part) => part.trim())].filter((part) => part !== "");
        // `a::{self}` means `a`.
        if (names.at(-1) === "self" && names.length > 1) names.pop();
        leaves.push({ path: names, as: alias ?? names.at(-1), open: hit[1] !== undefined, at: hit.index });
        return;
      }
      const head = [
        ...before,
        ...one
          .slice(0, brace)
          .split("::")
          .map((part) => part.trim()),
      ].filter((p) => p !== "");
      let depth = 0;
      let from = brace + 1;
      for (let place = brace; place < one.length; place += 1) {
        if (one[place] === "{") depth += 1;
        if (one[place] === "}") depth -= 1;
        if ((one[place] === "," && depth === 1) || (one[place] === "}" && depth === 0)) {
          walk(one.slice(from, place), head);
          from = place + 1;
        }
      }
    };
    walk(tree, []);
  }
  return leaves;
}

/** `code` without its `use` statements. */
export const withoutUses = (code) =>
  code.replace(/(?<=^|[;{}\]\s])(?:pub(?:\s*\([^)]*\))?\s+)?use\s+[^;]+;/g, (found) => blank(found));

/** The names a file gives to things of its own, at whatever depth. */
export function defined(code) {
  const names = new Set();
  const item =
    /\b(?:struct|enum|union|trait|type|fn|const|static|macro_rules\s*!)\s+(?:mut\s+)?([A-Za-z_]\w*)|\bmod\s+([A-Za-z_]\w*)\s*\{/g;
  for (const hit of withoutBodies(code).matchAll(item)) names.add(hit[1] ?? hit[2]);
  return names;
}

/** Code without what stands in an `impl`: a method is no name of its module, and may be called like another one. */
function withoutBodies(code) {
  let rest = "";
  let from = 0;
  for (const hit of code.matchAll(/^\s*(?:unsafe\s+)?impl\b[^{;]*\{/gm)) {
    if (hit.index < from) continue;
    rest += code.slice(from, hit.index);
    let depth = 1;
    from = hit.index + hit[0].length;
    while (depth > 0 && from < code.length) {
      if (code[from] === "{") depth += 1;
      else if (code[from] === "}") depth -= 1;
      from += 1;
    }
  }
  return rest + code.slice(from);
}

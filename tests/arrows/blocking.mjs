//! Calls that wait for the disk where the thread serves everybody: `std::fs` inside `async`, or a function of the same file that
//! calls it. What is handed to `blocking` or `spawn_blocking` runs on a thread of its own and may wait.
import { read, withoutTests } from "./rust.mjs";

/** Not what tokio has under the same names. */
const WAITS = /(?<![\w:])(?:std::fs::|fs::|File::(?:open|create|options)|OpenOptions::|DirBuilder::)|\.exists\(\)/;

/** The place behind the bracket that closes the one at `at`. */
function behind(code, at) {
  let depth = 0;
  for (let place = at; place < code.length; place += 1) {
    if ("([{".includes(code[place])) depth += 1;
    if (")]}".includes(code[place])) {
      depth -= 1;
      if (depth === 0) return place + 1;
    }
  }
  return code.length;
}

const blank = (text) => text.replace(/[^\n]/g, " ");

/** `{ at, what }` of the first such call in a file, or `null`. */
export function waits(source) {
  let { code } = withoutTests(read(source).code);
  for (const hit of code.matchAll(/\b(?:spawn_)?blocking\s*\(/g)) {
    const open = hit.index + hit[0].length - 1;
    const end = behind(code, open);
    code = code.slice(0, open) + blank(code.slice(open, end)) + code.slice(end);
  }
  // Bodies of functions, and of the blocks and closures that are asynchronous by themselves.
  const sync = new Map();
  const asynchronous = [];
  for (const hit of code.matchAll(/\b(async\s+)?fn\s+(\w+)|\basync\s+(?:move\s*)?(?=[|{])/g)) {
    const open = code.indexOf("{", hit.index);
    const end = code.indexOf(";", hit.index);
    // Declared in a trait, and without a body.
    if (open === -1 || (hit[2] !== undefined && end !== -1 && end < open && !/\[/.test(code.slice(hit.index, end))))
      continue;
    const body = code.slice(open, behind(code, open));
    if (hit[2] === undefined || hit[1] !== undefined) asynchronous.push({ from: open, body });
    else sync.set(hit[2], `${sync.get(hit[2]) ?? ""}${body}`); // one for each system
  }
  const waiting = new Set([...sync].filter(([, body]) => WAITS.test(body)).map(([name]) => name));
  for (let before = -1; before !== waiting.size;) {
    before = waiting.size;
    for (const [name, body] of sync) if ([...waiting].some((one) => calls(one).test(body))) waiting.add(name);
  }
  for (const { from, body } of asynchronous) {
    const hit = WAITS.exec(body) ?? [...waiting].map((name) => calls(name).exec(body)).find((found) => found !== null);
    if (hit) return { at: from + hit.index, what: hit[0].replace(/\($/, "") };
  }
  return null;
}

const calls = (name) => new RegExp(`(?<![\\w.:])(?:self\\.|Self::)?${name}\\(`);

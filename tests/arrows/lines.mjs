//! How much code there is for each test. A line of code is one that is neither blank nor a comment.
import { read, testFiles, withoutTests } from "./rust.mjs";

const lines = (code) => code.split("\n").filter((line) => line.trim() !== "").length;

/** Of all Rust: `{ code, product, written, suite }`. `code` has the tests in it and `product` has not; `written` counts
 *  attributes, and `suite` the runs of the relay's conformance cases, each of which runs against both engines. */
export function rustLines(files, text) {
  const sums = { code: 0, product: 0, written: 0, suite: 0 };
  const tests = testFiles(files, text);
  for (const file of files.filter((one) => one.endsWith(".rs"))) {
    const { code } = read(text(file));
    sums.code += lines(code);
    if (!tests.has(file)) sums.product += lines(withoutTests(code).code);
    sums.written += [...code.matchAll(/#\[\s*(?:tokio::)?test\b/g)].length;
    // The list of the suite, and how many engines its macro runs it against.
    const suite = /^conformance!\(([^;]*(?:;[^;)]*)*)\);/m.exec(code)?.[1];
    if (suite !== undefined) {
      const engines = [...code.matchAll(/conformance!\(@engine \w+ /g)].length;
      const cases = suite.split("\n").filter((line) => /^\s+\w+;?\s*$/.test(line)).length;
      sums.suite += engines * cases;
    }
  }
  return sums;
}

/** Of the window: its lines, and the tests that are written for it (in Vitest, and in the browser). */
export function windowLines(files, text) {
  const sums = { code: 0, written: 0 };
  for (const file of files) {
    if (!/^(ui\/src|tests\/ui)\/.*\.(ts|svelte|css)$/.test(file) || file.endsWith(".gen.ts")) continue;
    const code = text(file)
      .replace(/\/\*[^]*?\*\/|<!--[^]*?-->/g, (comment) => comment.replace(/[^\n]/g, " "))
      .replace(/^\s*\/\/[^\n]*/gm, "");
    sums.code += lines(code);
    sums.written += [...code.matchAll(/^\s*(?:test|it)(?:\.each\([^]*?\))?\(/gm)].length;
  }
  return sums;
}

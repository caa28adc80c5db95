//! Looks at the production bundle after it is built: no demo data, nothing remote, no inline script, no eval.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const dist = new URL("./dist/", import.meta.url).pathname;
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const faults = [];

for (const file of files) {
  const text = readFileSync(file, "utf8");
  const name = file.slice(dist.length);
  if (text.includes("offizin-demo-backend") || text.includes("Musterhausen")) faults.push(`${name}: holds the demo`);
  if (name.endsWith(".html") && /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/.test(text))
    faults.push(`${name}: inline code`);
  if (/\beval\(|new Function\(/.test(text)) faults.push(`${name}: eval`);
  if (name.endsWith(".css") && /url\(\s*["']?https?:|@import/.test(text)) faults.push(`${name}: something remote`);
  if (name.endsWith(".html") && /(?:src|href)="https?:/.test(text)) faults.push(`${name}: something remote`);
  if (name.endsWith(".map")) faults.push(`${name}: a source map`);
}

if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`bundle: ${files.length} files, nothing that should not be there`);

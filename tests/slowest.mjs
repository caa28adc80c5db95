#!/usr/bin/env node
//! Prints the five slowest tests of JUnit reports, the form every runner of the house can write. Used by `./check` after a
//! part that took longer than two minutes.
//!
//!     tests/slowest.mjs REPORT…
//!
//! A report that is not there counts as empty: a part that failed before its tests has none.
import { existsSync, readFileSync } from "node:fs";

const SHOWN = 5;
const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const plain = (text) =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, number, hex, name) =>
    name === undefined ? String.fromCodePoint(number ? Number(number) : parseInt(hex, 16)) : (entities[name] ?? whole),
  );
const attribute = (tag, name) => plain(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? "");

const tests = process.argv
  .slice(2)
  .filter((report) => existsSync(report))
  .flatMap((report) => readFileSync(report, "utf8").match(/<testcase\s[^>]*>/g) ?? [])
  .map((tag) => ({
    seconds: Number(attribute(tag, "time")),
    name: attribute(tag, "name"),
    of: attribute(tag, "classname"),
  }))
  .sort((a, b) => b.seconds - a.seconds)
  .slice(0, SHOWN);
if (tests.length > 0) console.log("the slowest tests of it:");
for (const { seconds, name, of } of tests)
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${of === "" || of === "test" ? name : `${of} ${name}`}`);

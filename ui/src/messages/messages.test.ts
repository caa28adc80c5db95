//! The words: both languages complete, every code of the desk answered, and the glossary kept.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Code } from "../backend/ipc.gen";
import { wordsOf } from "../kit/problems";
import de from "./de.json";
import en from "./en.json";
import { m } from "./gen/messages";

type Words = Record<string, string | { match: Record<string, string> }[]>;

/** All texts of a language, plural forms one by one. */
function texts(words: Words): [string, string][] {
  return Object.entries(words).flatMap(([key, word]): [string, string][] =>
    typeof word === "string"
      ? [[key, word]]
      : word.flatMap((variant) => Object.values(variant.match).map((text): [string, string] => [key, text])),
  );
}

/** The codes as the desk declares them, read from the generated file, not from our own types. */
function codes(): string[] {
  const generated = readFileSync("src/backend/ipc.gen.ts", "utf8");
  const union = /export type Code = ([^;]+);/.exec(generated)?.[1] ?? "";
  return [...union.matchAll(/"([a-z_]+)"/g)].map((match) => match[1] ?? "");
}

const languages: [string, Words][] = [
  ["de", de as unknown as Words],
  ["en", en as unknown as Words],
];

describe("the languages", () => {
  test("have the same keys", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(de).sort());
  });

  test("name the same inputs under each key", () => {
    const inputs = (words: Words) =>
      Object.fromEntries(
        Object.entries(words).map(([key, word]) => [
          key,
          [...new Set([...JSON.stringify(word).matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort(),
        ]),
      );
    const [one, other] = languages.map(([, words]) => inputs(words));
    expect(one).toEqual(other);
  });

  test.each(languages)("%s: nothing is empty, loud or blaming", (_, words) => {
    for (const [key, text] of texts(words)) {
      expect(text.trim(), key).not.toBe("");
      expect(text, key).not.toMatch(/!|PLACEHOLDER/);
      expect(text, key).not.toMatch(/successfully|erfolgreich|oops|went wrong|schiefgelaufen|invalid input/i);
    }
  });

  test("the German keeps the glossary and says Sie", () => {
    const forbidden =
      /\b(Auftr[aä]g|Lager\b|Timeline|Webhook|Account|Endpoint|rotier|Keyring|Secret|Lieferung|pairen|Relay|du|dein|dir)\b/;
    // These two names are the provider's own: "Auftrag" in "den Auftrag ausgeführt" is the request, not an order.
    const excused = new Set(["code_provider_ambiguous"]);
    for (const [key, text] of texts(de as unknown as Words)) {
      if (!excused.has(key)) expect(text, key).not.toMatch(forbidden);
    }
  });
});

describe("the codes", () => {
  test("are found in the generated file", () => {
    expect(codes().length).toBeGreaterThan(30);
  });

  test.each(codes())("%s has its sentence, what is safe, and a way out in both languages", (code) => {
    // A code without words of its own would be told as `internal`.
    expect(wordsOf(code as Code).what).toBe(m[`code_${code}` as keyof typeof m]);
    for (const locale of ["de", "en"] as const) {
      for (const part of [code, `${code}_safe`, `${code}_cure`]) {
        const message = m[`code_${part}` as keyof typeof m] as (inputs: object, options: { locale: string }) => string;
        const text = message({}, { locale });
        expect(text.length, `${part} ${locale}`).toBeGreaterThan(8);
        expect(text, `${part} ${locale}`).toMatch(/\.$/);
      }
    }
  });

  test("no two codes share a sentence", () => {
    for (const [, words] of languages) {
      const whats = codes().map((code) => words[`code_${code}`]);
      expect(new Set(whats).size).toBe(whats.length);
    }
  });
});

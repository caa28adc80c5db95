//! The rules the sources of the window keep. Two of them are walls of the house: only `backend/tauri.ts` may speak to the
//! shell, and no view imports another view. It does not lay out code, prettier does.
import js from "@eslint/js";
import globals from "globals";
import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";

const views = ["orders", "stock", "subscriptions", "deliveries", "overview", "settings", "firstrun", "startup"];
const shell = { group: ["@tauri-apps/*"], message: "Only backend/tauri.ts speaks to the shell." };

export default ts.config(
  { ignores: ["**/node_modules/", "**/dist/", "**/src/messages/gen/", "**/ipc.gen.ts", "**/*.config.js"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, __DEMO__: "readonly" } },
    rules: {
      "no-console": "error",
      "no-eval": "error",
      "svelte/no-at-html-tags": "error",
      "svelte/no-navigation-without-resolve": "off",
      "svelte/prefer-svelte-reactivity": "off",
      "@typescript-eslint/no-non-null-assertion": "error",
      "no-restricted-imports": ["error", { patterns: [shell] }],
    },
  },
  { files: ["**/*.svelte", "**/*.svelte.ts"], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    files: ["**/*.mjs", "**/vite.config.ts", "**/*.spec.ts", "**/playwright.config.ts"],
    languageOptions: { globals: globals.node },
    rules: { "no-console": "off" },
  },
  ...views.map((view) => ({
    files: [`**/src/${view}/**`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            shell,
            {
              group: [...views.filter((other) => other !== view), "frame"].map((other) => `../${other}/*`),
              message: "A view imports no other view and not the frame: go through state/route.",
            },
          ],
        },
      ],
    },
  })),
  {
    files: ["**/src/kit/**", "**/src/state/**", "**/src/backend/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            shell,
            { group: [...views, "frame"].map((other) => `../${other}/*`), message: "The parts below know no view." },
          ],
        },
      ],
    },
  },
  { files: ["**/src/backend/tauri.ts"], rules: { "no-restricted-imports": "off" } },
);

//! How the window's web part is built. Two builds come from the same sources: the production bundle that the shell
//! embeds, and the demo bundle (`--mode demo`) with invented data, used by the browser tests and for working on the looks.
//! It does not decide what is shown.
import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

/** The policy the window lives under; the demo server sends the same one, so a violation shows in the browser tests. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export default defineConfig(({ mode }) => {
  const demo = mode === "demo";
  return {
    plugins: [
      // The tests compile the messages beforehand: this part keeps watching and would not let them end.
      !process.env.VITEST &&
        paraglideVitePlugin({
          project: "./messages.inlang",
          outdir: "./src/messages/gen",
          strategy: ["globalVariable", "baseLocale"],
        }),
      svelte(),
      svelteTesting(),
    ],
    define: { __DEMO__: JSON.stringify(demo) },
    clearScreen: false,
    server: { host: "127.0.0.1", port: 5173, strictPort: true },
    preview: { host: "127.0.0.1", port: 4173, strictPort: true, headers: { "Content-Security-Policy": policy } },
    build: {
      target: ["safari16", "chrome111"],
      outDir: demo ? "../target/ui-demo" : "dist",
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
    test: {
      environment: "jsdom",
      include: ["src/**/*.test.ts"],
      setupFiles: ["src/test.setup.ts"],
    },
  };
});

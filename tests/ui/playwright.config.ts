//! The browser tests: the real web part in Debian's Chromium, with the demo backend and the window's own content
//! policy. They test looks, words, keys and accessibility. What the desk does is tested elsewhere.
import { defineConfig } from "@playwright/test";

/** Where the demo is served; another one keeps two checkouts apart. */
const port = Number(process.env.OFFIZIN_UI_PORT ?? 4173);

export default defineConfig({
  testDir: ".",
  outputDir: "../../target/ui-test-results",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  // Three times what Playwright waits by itself: on a machine that does something else as well, a page of the demo takes longer
  // than five seconds, and nothing here is about speed.
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["junit", { outputFile: "../../target/reports/browser.xml" }]],
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    viewport: { width: 1280, height: 800 },
    locale: "de-DE",
    timezoneId: "Europe/Berlin",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: {
    command: `npm run preview:demo -- --port ${port}`,
    cwd: "../../ui",
    url: `http://127.0.0.1:${port}`,
    reuseExistingServer: !process.env.CI,
    timeout: 30_000,
  },
});

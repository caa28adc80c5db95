//! Opens the window in the browser at a place and a scene, and watches over it: nothing remote is loaded, the content policy is
//! never violated, nothing fails in the console. A test that opens no window this way is not protected.
import AxeBuilder from "@axe-core/playwright";
import { test as plain, expect, type BrowserContext, type Locator, type Page } from "@playwright/test";

export type Look = { language?: "de" | "en"; theme?: "light" | "dark" | "contrast" };
type Scene = Look & {
  demo?: string;
  startup?: string;
  roomy?: boolean;
  arrival?: number;
  subs?: string;
  rotation?: string;
  pace?: number | string;
};

/** The address of a place in a scene. */
export function address(place: string, scene: Scene = {}): string {
  const query = new URLSearchParams({ demo: "day", language: "de", theme: "light" });
  for (const [name, value] of Object.entries(scene)) query.set(name, value === true ? "1" : String(value));
  return `/?${query.toString()}#/${place}`;
}

/** Opens a place and waits until the window stands. */
export async function openAt(page: Page, place: string, scene: Scene = {}): Promise<void> {
  await page.goto(address(place, scene));
  await page.locator("main").first().waitFor();
}

/** Orders of the demo that tests open, by what is special about them. */
export const orders = {
  newest: "#1240",
  /** On hold; its doctor was taken away. */
  held: "#1239",
  /** Went to a second pharmacy: it has two lanes. */
  rerouted: "#1238",
  plain: "#1237",
  another: "#1236",
  /** Has every mark an entry can have. */
  marked: "#1235",
} as const;

/** A row of the orders by the name of its order. */
export function orderRow(page: Page, name: string): Locator {
  return page.getByRole("row", { name });
}

/** The row that stands first, whichever it is. */
export function topRow(page: Page): Locator {
  return page.getByTestId("order-row").first();
}

/** What axe finds, in readable lines; of the whole page or of a part of it. Nothing is in a frame here, so axe need not
 *  open a second page to put the findings of frames together, which takes longer than all its rules. */
export async function faults(page: Page, part?: string): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  const found = await (part === undefined ? axe : axe.include(part)).analyze();
  return found.violations.map(
    (one) =>
      `${one.id}: ${one.help}\n${one.nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join("\n")}`,
  );
}

type Shared = { contexts: (locale: string) => Promise<BrowserContext> };

export const test = plain.extend<{ watched: undefined }, Shared>({
  // One context for each locale of a worker, not one for each test: the window's code is then fetched and compiled once
  // instead of some two hundred times. Nothing passes from test to test by it, because the window stores nothing in the
  // browser (orders.spec.ts proves it) and each test has a page of its own.
  contexts: [
    async ({ browser }, use, { project }) => {
      const open = new Map<string, BrowserContext>();
      await use(async (locale) => {
        const { baseURL, viewport, timezoneId } = project.use;
        const context = open.get(locale) ?? (await browser.newContext({ baseURL, viewport, timezoneId, locale }));
        open.set(locale, context);
        return context;
      });
      for (const context of open.values()) await context.close();
    },
    { scope: "worker" },
  ],
  context: async ({ contexts, locale }, use) => {
    const context = await contexts(locale ?? "de-DE");
    await use(context);
    await context.clearPermissions();
  },
  page: async ({ context, colorScheme }, use) => {
    const page = await context.newPage();
    await page.emulateMedia({ colorScheme });
    await use(page);
    await page.close();
  },
  watched: [
    async ({ page }, use) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`);
      });
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol !== "data:" && url.hostname !== "127.0.0.1") faults.push(`remote: ${request.url()}`);
      });
      await use(undefined);
      expect(faults).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

//! Opens the window in the browser at a place and a scene and watches it: nothing is loaded from the network, the
//! content policy is never violated, and the console shows no error. A test that opens the window in another way is not
//! watched.
import { test as plain, expect, type Locator, type Page } from "@playwright/test";

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

/** A row of the orders by its name. */
export function orderRow(page: Page, at: number): Locator {
  return page.getByTestId("order-row").nth(at);
}

export const test = plain.extend<{ watched: undefined }>({
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

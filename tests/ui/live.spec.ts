//! What arrives appears on the screen by itself, and nothing moves under the pointer.
import type { Page } from "@playwright/test";
import { expect, openAt, orderRow, orders, test, topRow } from "./window";

type Demo = { offizinDemo: { arrive(count: number): void; relay(reachable: boolean): void } };

const arrive = (page: Page, count: number) =>
  page.evaluate((many) => (globalThis as unknown as Demo).offizinDemo.arrive(many), count);

test("at the top the list follows and tints the new row once", async ({ page }) => {
  await openAt(page, "orders");
  await expect(topRow(page)).toContainText("#1240");
  await arrive(page, 1);
  await expect(topRow(page)).toContainText("#1241");
  await expect(topRow(page)).toHaveClass(/fresh/);
  await expect(orderRow(page, orders.newest)).not.toHaveClass(/fresh/);
  await expect(topRow(page)).not.toHaveClass(/fresh/, { timeout: 10_000 });
});

test("while scrolled, new rows announce themselves and nothing moves", async ({ page }) => {
  await openAt(page, "orders");
  await topRow(page).waitFor();
  const grid = page.getByRole("grid");
  await grid.evaluate((element) => element.scrollTo({ top: 1800 }));
  const row = page.getByTestId("order-row").filter({ hasText: "#1185" });
  await row.waitFor();
  const before = await row.boundingBox();
  await arrive(page, 3);
  await expect(page.getByTestId("arrivals")).toHaveText(/3 neue/);
  expect(await row.boundingBox()).toEqual(before);
  await page.getByTestId("arrivals").click();
  await expect(topRow(page)).toContainText("#1243");
  await expect(page.getByTestId("arrivals")).toHaveCount(0);
});

test("rows do not slip away from under a hand that is about to click", async ({ page }) => {
  await openAt(page, "orders");
  const box = await orderRow(page, orders.rerouted).boundingBox();
  const [x, y] = [(box?.x ?? 0) + 40, (box?.y ?? 0) + 10];
  await page.mouse.move(x, y);
  await arrive(page, 1);
  await page.mouse.move(x + 5, y);
  await page.mouse.click(x + 5, y);
  await expect(page.getByTestId("order-title")).toHaveText("#1238");
  // The hand rests: now it is there.
  await expect(topRow(page)).toContainText("#1241");
});

test("an open order stays open while others arrive", async ({ page }) => {
  await openAt(page, "orders");
  await orderRow(page, orders.rerouted).click();
  await expect(page.getByTestId("order-title")).toHaveText("#1238");
  await arrive(page, 2);
  await expect(topRow(page)).toContainText("#1242");
  await expect(page.getByTestId("order-title")).toHaveText("#1238");
});

test("the status bar tells when the relay goes away and comes back", async ({ page }) => {
  await openAt(page, "orders");
  await expect(page.getByTestId("freshness")).toHaveText("aktuell");
  await page.evaluate(() => (globalThis as unknown as Demo).offizinDemo.relay(false));
  await expect(page.getByTestId("freshness")).toHaveText("Offline, Stand wie zuletzt");
  await expect(page.getByTestId("status-bar")).toContainText("Relais nicht erreichbar");
  await page.evaluate(() => (globalThis as unknown as Demo).offizinDemo.relay(true));
  await expect(page.getByTestId("freshness")).toHaveText("aktuell");
});

test("each part of the status bar leads to its cause", async ({ page }) => {
  await openAt(page, "overview");
  await page.getByTestId("status-bar").getByText("Quarantäne").click();
  await expect(page.getByTestId("delivery-row").first()).toContainText("Signatur passt nicht");
  await page.getByTestId("freshness").click();
  await expect(page.getByRole("heading", { name: "Relais" })).toBeInViewport();
});

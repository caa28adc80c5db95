//! Settings: they act at once and everywhere.
import { expect, openAt, orderRow, orders, test, topRow } from "./window";

test("the language changes every word and the page's language", async ({ page }) => {
  await openAt(page, "settings");
  await page.getByTestId("locale-en").check();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Settings");
  await expect(page.getByTestId("nav-orders")).toContainText("Orders");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.getByTestId("locale-de").check();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Einstellungen");
});

test("colours and row height change", async ({ page }) => {
  await openAt(page, "settings");
  await page.getByTestId("theme-dark").check();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByTestId("theme-light").check();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await page.getByTestId("density-roomy").check();
  await page.getByTestId("nav-orders").click();
  await expect.poll(async () => (await topRow(page).boundingBox())?.height).toBe(44);
});

test("the title is the name", async ({ page }) => {
  await openAt(page, "overview");
  await expect(page).toHaveTitle("Offizin");
});

test("below 1000 px the order lies over the list and Esc gives the list back", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 700 });
  await openAt(page, "orders");
  await orderRow(page, orders.rerouted).click();
  await expect(page.getByTestId("order-title")).toBeVisible();
  await expect(orderRow(page, orders.rerouted)).toBeHidden();
  await page.keyboard.press("Escape");
  await expect(orderRow(page, orders.rerouted)).toBeVisible();
});

//! The keyboard reaches everything.
import { expect, openAt, orderRow, orders, test, topRow } from "./window";

test("j, k and the arrows walk, Enter opens, walking on follows, Esc goes back", async ({ page }) => {
  await openAt(page, "orders");
  await topRow(page).waitFor();
  for (const key of ["j", "j", "ArrowDown", "k"]) await page.keyboard.press(key);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("order-title")).toHaveText("#1239");
  await page.keyboard.press("j");
  await expect(page.getByTestId("order-title")).toHaveText("#1238");
  await page.keyboard.press("p");
  await expect(page.getByTestId("proof")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("timeline-entry").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("order-title")).toHaveCount(0);
});

test("walking past the edge scrolls, and the grid names the row it stands on", async ({ page }) => {
  await openAt(page, "orders");
  await topRow(page).waitFor();
  for (let turn = 0; turn < 40; turn += 1) await page.keyboard.press("j");
  const grid = page.getByRole("grid");
  const id = await grid.getAttribute("aria-activedescendant");
  await expect(page.locator(`[id="${id}"]`)).toContainText("#1201");
  await expect(page.locator(`[id="${id}"]`)).toBeInViewport();
});

test("/ goes to the search of the view, Esc leaves it, letters typed there are letters", async ({ page }) => {
  await openAt(page, "orders");
  await topRow(page).waitFor();
  await page.keyboard.press("/");
  const box = page.getByRole("searchbox");
  await expect(box).toBeFocused();
  await page.keyboard.type("jkp");
  await expect(box).toHaveValue("jkp");
  await page.keyboard.press("Escape");
  await expect(box).not.toBeFocused();
});

test("r reveals, and r again masks", async ({ page }) => {
  await openAt(page, "orders");
  await orderRow(page, orders.rerouted).click();
  await page.getByTestId("timeline-entry").first().waitFor();
  await page.keyboard.press("r");
  await expect(page.getByTestId("patient")).toContainText("@example.test");
  await page.keyboard.press("r");
  await expect(page.getByTestId("patient")).not.toContainText("@example.test");
});

test("c copies the id", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openAt(page, "orders");
  const uid = await orderRow(page, orders.rerouted).getAttribute("data-uid");
  await orderRow(page, orders.rerouted).click();
  await page.getByTestId("timeline-entry").first().waitFor();
  await page.keyboard.press("c");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(uid);
});

test("Ctrl and a number opens the views in their order", async ({ page }) => {
  await openAt(page, "overview");
  for (const [number, heading] of [
    [2, "Bestellungen"],
    [3, "Bestand"],
    [4, "Ärzte"],
    [5, "Abonnements"],
    [6, "Zustellungen"],
    [7, "Einstellungen"],
    [1, "Übersicht"],
  ] as const) {
    await page.keyboard.press(`Control+${number}`);
    await expect(page.getByRole("heading", { level: 1, name: heading })).toBeAttached();
  }
});

test("Ctrl K finds an order and opens it", async ({ page }) => {
  await openAt(page, "overview");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("1233");
  await expect(page.getByRole("option").first()).toContainText("#1233");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("order-title")).toHaveText("#1233");
});

test("Ctrl K runs actions and gives the focus back", async ({ page }) => {
  await openAt(page, "settings");
  await page.getByTestId("theme-light").focus();
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("theme-light")).toBeFocused();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("Dunkle");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("? lists the keys; a dialog keeps the letters to itself", async ({ page }) => {
  await openAt(page, "orders");
  await topRow(page).waitFor();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Tasten" })).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("grid")).not.toHaveAttribute("aria-activedescendant");
});

test("Tab reaches the list and the order in reading order", async ({ page }) => {
  await openAt(page, "orders");
  await orderRow(page, orders.rerouted).click();
  await page.getByTestId("timeline-entry").first().waitFor();
  await page.getByRole("searchbox").focus();
  const seen: string[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    await page.keyboard.press("Tab");
    seen.push(
      await page.evaluate(() => document.activeElement?.getAttribute("role") ?? document.activeElement?.tagName ?? ""),
    );
  }
  expect(seen.indexOf("grid")).toBeGreaterThan(0);
  expect(seen.indexOf("tab")).toBeGreaterThan(seen.indexOf("grid"));
});

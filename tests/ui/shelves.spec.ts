//! Stock and doctors: looking at an earlier day, thresholds, gaps, and keyboard shortcuts.
import { expect, openAt, test } from "./window";

test("an empty shelf stands first and a low one before the rest", async ({ page }) => {
  await openAt(page, "stock", { language: "en" });
  const rows = page.getByTestId("stock-row");
  await expect(rows.first()).toContainText("−2");
  await expect(rows).toContainText(["Cannabisextrakt", "Beispiolan", "Musterin"]);
  await expect(rows.filter({ hasText: "Musterin" })).toContainText("out of stock");
  await page.getByRole("button", { name: /^Low \d/ }).click();
  await expect(rows.filter({ hasText: "Scheinolol" })).toHaveCount(0);
});

test("looking back changes the whole view, and one press ends it", async ({ page }) => {
  await openAt(page, "stock", { language: "en" });
  const rows = page.getByTestId("stock-row");
  await rows.filter({ hasText: "Musterin" }).click();
  const figures = page.locator("article dl").first();
  await expect(figures).toContainText("0");
  await page.getByTestId("as-of-slider").fill("200");
  await expect(page.getByText(/Levels as they were known on/)).toBeVisible();
  await expect(page).toHaveURL(/asof=/);
  await page.getByRole("button", { name: "Back to now" }).click();
  await expect(page).not.toHaveURL(/asof=/);
});

test("a product can have a threshold of its own, and follow the rule again", async ({ page }) => {
  await openAt(page, "stock", { language: "en" });
  const row = page.getByTestId("stock-row").filter({ hasText: "Scheinolol" });
  await row.click();
  await page.getByTitle("Change threshold").click();
  await page.getByLabel("Pieces or fewer").fill("100");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("Low");
  await page.getByTitle("Change threshold").click();
  await page.getByRole("button", { name: "Follow the rule" }).click();
  await expect(row).not.toContainText("Low");
});

test("a break in the chain is said and neither end is made up", async ({ page }) => {
  await openAt(page, "doctors?state=broken", { language: "en" });
  await page.getByRole("row", { name: "#1238" }).click();
  const panel = page.locator("article");
  await expect(panel).toContainText("beginning not heard");
  await expect(panel).toContainText("A change in between did not arrive");
});

test("bars are a table one key away, and a reason is a sentence with its code", async ({ page }) => {
  await openAt(page, "doctors", { language: "en" });
  await page.getByRole("row").nth(1).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const panel = page.locator("article");
  await expect(panel).toContainText("Doctor removed because the order is on hold");
  await expect(panel).toContainText("ON_HOLD_DOCTOR_REMOVED");
  await page.keyboard.press("t");
  await expect(page.getByTestId("assignment-table")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);
});

test("a doctor shows figures by reason and leads to the prescriptions", async ({ page }) => {
  await openAt(page, "doctors", { language: "en" });
  await page.getByTestId("by-doctor").click();
  await page.getByRole("row", { name: "Ada Muster" }).click();
  await expect(page.locator("article")).toContainText("QUEUE_ASSIGNED");
  await page.getByRole("link", { name: "Prescriptions of this doctor" }).click();
  await expect(page.getByTestId("prescription-row").first()).toBeVisible();
  await expect(page.getByRole("button", { name: /^Doctor: doc-/ })).toBeVisible();
});

test("the assignments of a doctor can be narrowed by reason, shop, time and whether they go on", async ({ page }) => {
  await openAt(page, "doctors?by=doctor", { language: "en" });
  await page.getByRole("row", { name: "Till Beispiel" }).click();
  const panel = page.locator("article");
  const table = panel.getByRole("table").last();
  const all = await table.getByRole("row").count();
  await panel.getByRole("combobox", { name: "Shop" }).selectOption("probeladen.example.test");
  await expect.poll(() => table.getByRole("row").count()).toBeLessThan(all);
  await panel.getByRole("combobox", { name: "Shop" }).selectOption("");
  await panel.getByRole("button", { name: "Open", exact: true }).click();
  await expect(table.getByRole("row").filter({ hasText: "now" })).not.toHaveCount(0);
  await expect.poll(() => table.getByRole("row").count()).toBeLessThan(all);
  await panel.getByRole("combobox", { name: "Reason" }).selectOption("NIGHT_SHIFT");
  await expect(panel).toContainText("No doctor assignment matches.");
});

test("no list of doctors or prescriptions names a patient", async ({ page }) => {
  await openAt(page, "doctors", { language: "en" });
  await page.getByTestId("prescription-row").first().waitFor();
  await expect(page.locator("body")).not.toContainText(/Erika|Musterperson/);
});

//! What the window shows before the desk is open.
import { expect, openAt, test } from "./window";

test("a lost key offers to start over, says what is kept, and starts over", async ({ page }) => {
  await openAt(page, "", { startup: "database_key_lost" });
  const sheet = page.getByTestId("startup-problem");
  await expect(sheet).toContainText("Der Schlüssel zur Datenbank ist nicht im Schlüsselbund.");
  await expect(sheet).toContainText("Nichts wurde gelöscht.");
  await sheet.getByRole("button", { name: "Neu beginnen" }).click();
  await expect(page.getByRole("dialog")).toContainText("beiseitegelegt, nicht gelöscht");
  await page.getByTestId("start-over").click();
  await expect(page.getByTestId("status-bar")).toBeVisible();
});

test("where starting over would not help it is not offered", async ({ page }) => {
  await openAt(page, "", { startup: "keyring_locked" });
  await expect(page.getByRole("button", { name: "Erneut versuchen" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Neu beginnen" })).toHaveCount(0);
});

test("while opening it says so", async ({ page }) => {
  await openAt(page, "", { startup: "opening" });
  await expect(page.getByRole("status")).toHaveText("Offizin wird geöffnet …");
});

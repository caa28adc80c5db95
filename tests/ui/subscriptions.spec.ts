//! Subscriptions and connections: nothing destructive without being asked, foreign ones left alone.
import { expect, openAt, test } from "./window";

test("removing on production asks for the connection's name", async ({ page }) => {
  await openAt(page, "subscriptions");
  const row = page.getByTestId("subscription-row").first();
  await row.getByRole("button").click();
  await page.getByRole("menuitem", { name: /Abonnement entfernen/ }).click();
  const confirm = page.getByTestId("remove-confirm");
  await expect(confirm).toBeDisabled();
  await page.getByRole("dialog").getByRole("textbox").fill("Testapotheke");
  await confirm.click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText("pharmacy_order_created")).toHaveCount(0);
});

test("a foreign subscription can neither be tested nor removed", async ({ page }) => {
  await openAt(page, "subscriptions");
  await page.locator('[data-state="foreign"]').getByRole("button").click();
  await expect(page.getByRole("menuitem")).toHaveText([/Signaturschlüssel einfügen/]);
});

test("a secret is pasted into a covered field and shown only as its fingerprint", async ({ page }) => {
  await openAt(page, "subscriptions");
  await page.locator('[data-state="foreign"]').getByRole("button").click();
  await page.getByRole("menuitem").click();
  const field = page.getByRole("dialog").locator("input");
  await expect(field).toHaveAttribute("type", "password");
  await field.fill("whsec_invented");
  await page.getByRole("button", { name: "Hinterlegen" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.locator("body")).not.toContainText("whsec_invented");
  await expect(page.locator('[data-state="foreign"]')).not.toContainText("Signaturschlüssel fehlt");
});

test("subscribing shows what is there and registers the rest", async ({ page }) => {
  await openAt(page, "subscriptions");
  await page.getByRole("button", { name: "Ereignisse abonnieren" }).first().click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("bereits abonniert")).toHaveCount(3);
  await expect(page.getByTestId("register-submit")).toBeDisabled();
  await dialog.getByText("appointment_reminder_due").click();
  await page.getByTestId("register-submit").click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByTestId("subscription-row").filter({ hasText: "Terminerinnerung fällig" })).toHaveCount(1);
});

test("a connection with subscriptions is not removed, and says why", async ({ page }) => {
  await openAt(page, "settings/connections");
  const row = page.getByTestId("connection").nth(1);
  await row.getByRole("button", { name: /Entfernen/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Entfernen" }).click();
  await expect(page.getByTestId("problem")).toHaveAttribute("data-code", "connection_in_use");
});

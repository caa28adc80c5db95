//! Rotation in the window: it asks before it begins, can be watched, left, opened again and rolled back, and shows how
//! it ended.
import type { Page } from "@playwright/test";
import { expect, openAt, test } from "./window";

const stage = (page: Page, name: string) =>
  page.getByTestId("rotation").first().locator(`[data-stage="${name}"]`).first();

test("one is rotated: asked first, watched step by step, and said at its end that there was no gap", async ({
  page,
}) => {
  await openAt(page, "subscriptions", { subs: "calm", pace: 150 });
  await page.getByRole("button", { name: "Erneuern: Bestellung angelegt" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Kein Ereignis geht dabei verloren");
  await expect(dialog.getByRole("listitem")).toHaveCount(4);
  await expect(dialog.getByLabel("72 Stunden (üblich)")).toBeChecked();
  await page.getByTestId("rotate-confirm").click();
  await expect(dialog).toHaveCount(0);
  await expect(stage(page, "proved")).toHaveAttribute("data-state", "waiting");
  await expect(page.getByTestId("rotation")).toContainText("Das alte Abonnement läuft unverändert.");
  await expect(stage(page, "switched")).toHaveAttribute("data-state", "done");
  await expect(page.getByTestId("rotation")).toContainText("Beim Anbieter ist alles getan.");
  await expect(page.getByTestId("rotation")).toHaveAttribute("data-step", "done");
  await expect(page.getByTestId("rotation")).toContainText("Zwischen beiden gab es keine Lücke");
});

test("a choice of several starts together and is summed up in one line", async ({ page }) => {
  await openAt(page, "subscriptions", { subs: "due", pace: 400 });
  await page.getByRole("button", { name: "Alle erneuern" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("checkbox", { checked: true })).toHaveCount(3);
  await dialog.getByRole("checkbox", { name: "Bestellung angelegt" }).uncheck();
  await dialog.getByLabel("7 Tage").check();
  await expect(page.getByTestId("rotate-confirm")).toHaveText("2 erneuern");
  await page.getByTestId("rotate-confirm").click();
  await expect(page.getByTestId("rotation")).toHaveCount(2);
  await expect(page.getByTestId("rotations-sum")).toHaveText(/0 von 2 erneuert · 2 warten auf das erste Ereignis/);
  await expect(page.getByTestId("rotations-sum")).toHaveText(/2 von 2 erneuert/);
});

test("it goes on without anybody, and is opened again from its row with the focus coming back there", async ({
  page,
}) => {
  await openAt(page, "subscriptions", { rotation: "proving", pace: 0 });
  const view = page.getByTestId("row-rotation").getByRole("link", { name: "Ansehen" });
  await view.click();
  await expect(page.getByRole("heading", { level: 1, name: "Erneuerungen" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(view).toBeFocused();
  await view.press("Enter");
  await page.getByTestId("rotations-close").click();
  await expect(page.getByTestId("row-rotation")).toContainText("wartet auf das erste Ereignis");
  await page.getByTestId("bar-rotations").click();
  await expect(page.getByTestId("rotation")).toHaveCount(1);
});

test("before switching it can be rolled back, and the old one never stopped", async ({ page }) => {
  await openAt(page, "subscriptions/rotations", { rotation: "proving", pace: 100 });
  await page.getByRole("button", { name: "Zurücknehmen" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Das alte lief die ganze Zeit und läuft weiter");
  await dialog.getByRole("button", { name: "Erneuerung behalten" }).click();
  await expect(page.getByTestId("rotation")).toHaveAttribute("data-step", "proving");
  await page.getByRole("button", { name: "Zurücknehmen" }).click();
  await page.getByTestId("roll-back-confirm").click();
  await expect(page.getByTestId("rotation")).toHaveAttribute("data-step", "rolled_back");
  await expect(page.getByTestId("rotation")).toContainText("das alte lief die ganze Zeit und läuft weiter");
});

test("from switching on there is no way back, and it says so", async ({ page }) => {
  await openAt(page, "subscriptions/rotations", { rotation: "switching", pace: 0 });
  await expect(page.getByTestId("rotation")).toContainText("Ab hier führt der Weg nach vorn");
  await expect(page.getByRole("button", { name: "Zurücknehmen" })).toHaveCount(0);
});

test("where the provider issued no secret it is pasted, and the rotation goes on", async ({ page }) => {
  await openAt(page, "subscriptions/rotations", { rotation: "secret", pace: 200 });
  await expect(stage(page, "secret")).toHaveAttribute("data-state", "asked");
  await expect(page.getByTestId("rotation")).toContainText("liegt aufbewahrt in Quarantäne");
  const field = page.getByTestId("rotation-secret");
  await expect(field).toHaveAttribute("type", "password");
  await field.fill("whsec_invented");
  await field.press("Enter");
  await expect(stage(page, "proved")).toHaveAttribute("data-state", "waiting");
  await expect(page.locator("body")).not.toContainText("whsec_invented");
});

test("a test event can stand in for a real one", async ({ page }) => {
  await openAt(page, "subscriptions/rotations", { rotation: "tested", pace: 150 });
  await page.getByRole("button", { name: "Testereignis anfordern" }).click();
  await expect(page.getByTestId("rotation")).toHaveAttribute("data-step", "grace");
});

test("a step that failed says why, what is safe, when it is tried again, and can be tried now", async ({ page }) => {
  await openAt(page, "subscriptions/rotations", { rotation: "switch-failed", pace: 150 });
  await expect(page.getByTestId("problem")).toHaveAttribute("data-code", "provider_ambiguous");
  await expect(page.getByTestId("rotation")).toContainText("Nächster Versuch um");
  await expect(page.getByTestId("rotation")).toContainText("Das neue Abonnement ist bewiesen");
  await page.getByRole("button", { name: "Jetzt versuchen" }).click();
  await expect(page.getByTestId("problem")).toHaveCount(0);
  await expect(page.getByTestId("rotation")).toHaveAttribute("data-step", "grace");
});

test("those that need somebody come first and stand open, the others are folded", async ({ page }) => {
  await openAt(page, "subscriptions/rotations", { subs: "steps", pace: 0 });
  const cards = page.getByTestId("rotation");
  await expect(cards).toHaveCount(5);
  await expect(cards).toContainText(["Arzttermin geändert", "Bestellung geändert", "Terminerinnerung fällig"]);
  const card = (name: string) => cards.filter({ has: page.getByRole("heading", { name }) });
  await expect(card("Arzttermin geändert").getByTestId("problem")).toBeVisible();
  await expect(card("Bestellung geändert").getByTestId("rotation-secret")).toBeVisible();
  const third = card("Terminerinnerung fällig").getByRole("button", { name: /^Einzelheiten/ });
  await expect(third).toHaveAttribute("aria-expanded", "false");
  await third.click();
  await expect(card("Terminerinnerung fällig")).toContainText("Schon sicher");
});

test("what ended stays a week, with what became of it and why", async ({ page }) => {
  await openAt(page, "subscriptions/rotations", { subs: "ended", pace: 0 });
  await expect(page.getByTestId("rotation")).toHaveCount(4);
  await expect(page.locator('[data-code="rotation_answer_lost"]')).toContainText(
    "Das alte Abonnement lief die ganze Zeit",
  );
  await expect(page.locator('[data-code="rotation_vanished"]')).toBeVisible();
  await expect(page.getByTestId("rotations-close")).toHaveText("Schließen");
});

test("none under way is said kindly, and one that is gone leads to the record", async ({ page }) => {
  await openAt(page, "subscriptions/rotations");
  await expect(page.getByText("Keine Erneuerung läuft")).toBeVisible();
  await openAt(page, "subscriptions/rot-longgone");
  await expect(page.getByText("das Protokoll behält sie")).toBeVisible();
});

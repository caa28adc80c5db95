//! Subscriptions: the state of each with the one action that helps; nothing destructive without a question; foreign
//! ones are not changed.
import type { Page } from "@playwright/test";
import { expect, openAt, test } from "./window";

const row = (page: Page, stand: string) => page.locator(`[data-stand="${stand}"]`).first();
const note = (page: Page, stand: string) => page.locator(`[data-stand="${stand}"] + tr`).first();
const remedy = (page: Page, stand: string) => note(page, stand).getByTestId("remedy");

test("every state says what it means and offers the one thing that helps", async ({ page }) => {
  await openAt(page, "subscriptions", { subs: "sick" });
  for (const [stand, sentence, action] of [
    ["vanished", "Beim Anbieter steht es nicht mehr in der Liste", "Neu anlegen"],
    ["silent", "etwa 12 wären üblich gewesen", "Beim Anbieter nachsehen"],
    ["orphaned", "die Antwort mit seinem Signaturschlüssel ging verloren", "Abonnement entfernen…"],
    ["unverifiable", "hat beim Anlegen keinen Signaturschlüssel genannt", "Signaturschlüssel einfügen…"],
    ["secret_gone", "nicht im Schlüsselbund", "Signaturschlüssel einfügen…"],
    ["adoptable", "sendet an Ihre Empfangsadresse „Portal, Bestellungen“", "Übernehmen…"],
    ["unsettled", "Seine Liste klärt, ob es besteht", "Beim Anbieter nachsehen"],
    ["planned", "beim Anbieter noch nicht angelegt", "Beim Anbieter nachsehen"],
    ["removing", "noch nicht bestätigt", "Beim Anbieter nachsehen"],
  ] as const) {
    await expect(note(page, stand), stand).toContainText(sentence);
    await expect(remedy(page, stand), stand).toHaveText(action);
  }
  await expect(note(page, "foreign")).toContainText("nie angerührt");
  await expect(remedy(page, "foreign")).toHaveCount(0);
  await expect(row(page, "active").locator("xpath=following-sibling::tr")).toHaveCount(0);
});

test("a vanished one is registered again, and the view says what became of it", async ({ page }) => {
  await openAt(page, "subscriptions");
  await remedy(page, "vanished").click();
  await expect(page.getByTestId("told")).toHaveText(/„Bestellung geändert“ ist neu angelegt/);
  await expect(row(page, "vanished")).toHaveCount(0);
});

test("removing on production asks for the connection's name, and says what stays", async ({ page }) => {
  await openAt(page, "subscriptions");
  await page.getByRole("button", { name: "Aktionen für Bestellung angelegt" }).click();
  await page.getByRole("menuitem", { name: /Abonnement entfernen/ }).click();
  const confirm = page.getByTestId("remove-confirm");
  await expect(confirm).toBeDisabled();
  await page.getByRole("dialog").getByRole("textbox").fill("Testapotheke");
  await confirm.click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText("pharmacy_order_created")).toHaveCount(0);
  await expect(page.getByTestId("told")).toContainText("Alles bisher Empfangene bleibt.");
});

test("a foreign one can neither be tested nor rotated, and is removed only by name", async ({ page }) => {
  await openAt(page, "subscriptions");
  await expect(row(page, "foreign").getByTestId("rotate")).toHaveCount(0);
  await row(page, "foreign").getByTestId("row-menu").click();
  await expect(page.getByRole("menuitem")).toHaveText([/Kennung beim Anbieter kopieren/, /Beim Anbieter entfernen/]);
  await page.getByRole("menuitem", { name: /Beim Anbieter entfernen/ }).click();
  await expect(page.getByRole("dialog")).toContainText("anderswo.example");
  await expect(page.getByTestId("remove-confirm")).toBeDisabled();
  await page.getByRole("dialog").getByRole("textbox").fill("Testapotheke");
  await page.getByTestId("remove-confirm").click();
  await expect(row(page, "foreign")).toHaveCount(0);
});

test("a secret is pasted into a covered field and shown only as its fingerprint", async ({ page }) => {
  await openAt(page, "subscriptions");
  await remedy(page, "unverifiable").click();
  const field = page.getByRole("dialog").locator("input");
  await expect(field).toHaveAttribute("type", "password");
  await field.fill("whsec_invented");
  await page.getByRole("button", { name: "Hinterlegen" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.locator("body")).not.toContainText("whsec_invented");
  await expect(page.getByTestId("told")).toContainText("wird erneut geprüft");
  await expect(row(page, "unverifiable")).toHaveCount(0);
});

test("one made in the portal is adopted with its secret", async ({ page }) => {
  await openAt(page, "subscriptions", { subs: "sick" });
  await remedy(page, "adoptable").click();
  await page.getByRole("dialog").locator("input").fill("whsec_invented");
  await page.getByRole("dialog").getByRole("button", { name: "Übernehmen" }).click();
  await expect(page.getByTestId("told")).toContainText("ist übernommen");
  await expect(row(page, "adoptable")).toHaveCount(0);
});

test("one that cannot be adopted just now says why and keeps the dialog", async ({ page }) => {
  await openAt(page, "subscriptions", { subs: "sick", demo: "offline" });
  await remedy(page, "adoptable").click();
  await page.getByRole("dialog").locator("input").fill("whsec_invented");
  await page.getByRole("dialog").getByRole("button", { name: "Übernehmen" }).click();
  const problem = page.getByRole("dialog").getByTestId("problem");
  await expect(problem).toHaveAttribute("data-code", "provider_unreachable");
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

test("a due secret asks quietly, and the rule behind it is one click away", async ({ page }) => {
  await openAt(page, "subscriptions", { subs: "due" });
  const banner = page.getByTestId("secrets-due");
  await expect(banner).toContainText("3 Signaturschlüssel sind älter als 90 Tage.");
  await expect(banner).toContainText("Nichts geschieht von selbst.");
  await banner.getByRole("link", { name: "Regel ändern" }).click();
  await page.getByTestId("rule-never").check();
  await page.getByTestId("nav-subscriptions").click();
  await expect(page.getByTestId("subscription-row")).toHaveCount(3);
  await expect(banner).toHaveCount(0);
});

test("where removing is not set, rotating is explained and its setting is one click away", async ({ page }) => {
  await openAt(page, "subscriptions", { subs: "sick" });
  const open = page.getByTestId("delete-needed");
  await expect(open).toContainText("nicht festgelegt, wie ein Abonnement entfernt wird");
  await open.getByRole("button", { name: "Festlegen" }).click();
  await page.getByTestId("connection-delete").selectOption("query");
  await page.getByTestId("connection-save").click();
  await expect(page.getByTestId("check")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(open).toHaveCount(0);
});

test("a portal-made subscription takes three steps and no secret stays on the screen", async ({ page }) => {
  await openAt(page, "subscriptions");
  await page.getByRole("button", { name: "Weitere Aktionen für Testapotheke", exact: true }).click();
  await page.getByRole("menuitem", { name: /Im Portal anlegen/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name der Empfangsadresse").fill("Portal, Bestand");
  await dialog.getByRole("button", { name: "Empfangsadresse anlegen" }).click();
  await expect(page.getByTestId("guide-copy")).toContainText("https://relais.beispiel.example/in/");
  await dialog.getByLabel("Signaturschlüssel").fill("whsec_invented");
  await dialog.getByRole("button", { name: "Hinterlegen" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByTestId("inlet")).toContainText("Portal, Bestand");
  await expect(page.locator("body")).not.toContainText("whsec_invented");
});

test("Pub/Sub is offered as what it is: unsigned, without a third step", async ({ page }) => {
  await openAt(page, "subscriptions");
  await page.getByRole("button", { name: "Weitere Aktionen für Testapotheke", exact: true }).click();
  await page.getByRole("menuitem", { name: /Im Portal anlegen/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Arztzuweisungen über Pub/Sub (unsigniert)").click();
  await expect(dialog).toContainText("Wer die Adresse kennt, kann senden");
  await expect(page.getByTestId("guide-secret")).toHaveCount(0);
  await dialog.getByLabel("Name der Empfangsadresse").fill("Arztzuweisungen");
  await dialog.getByRole("button", { name: "Empfangsadresse anlegen" }).click();
  await dialog.getByRole("button", { name: "Fertig" }).click();
  await expect(page.getByTestId("inlet")).toContainText("unsigniert");
});

test("an inlet on production is removed only by the connection's name", async ({ page }) => {
  await openAt(page, "subscriptions", { subs: "sick" });
  await expect(page.getByTestId("connection-group").getByTestId("inlet")).toHaveCount(2);
  await page.getByRole("button", { name: "Aktionen für die Empfangsadresse Portal, Bestellungen" }).click();
  await page.getByRole("menuitem", { name: /Empfangsadresse entfernen/ }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Empfangsadresse entfernen" })).toBeDisabled();
  await dialog.getByRole("textbox").fill("Testapotheke");
  await dialog.getByRole("button", { name: "Empfangsadresse entfernen" }).click();
  await expect(page.getByTestId("connection-group").getByTestId("inlet")).toHaveCount(1);
});

test("what needs somebody is counted in the navigation, the status bar and the overview, and each leads there", async ({
  page,
}) => {
  await openAt(page, "overview", { subs: "sick" });
  await expect(page.getByTestId("nav-subscriptions")).toContainText("5");
  await expect(page.getByTestId("bar-subscriptions")).toHaveText("5 Abonnements brauchen Sie");
  await expect(page.locator('[data-kind="subscriptions_vanished"]')).toContainText(
    "1 Abonnement ist beim Anbieter verschwunden",
  );
  await page.locator('[data-kind="subscriptions_silent"]').click();
  await expect(page.getByRole("heading", { level: 1, name: "Abonnements" })).toBeVisible();
});

test("nobody is called when all is well", async ({ page }) => {
  await openAt(page, "subscriptions", { subs: "calm" });
  await expect(page.getByTestId("subscription-row")).toHaveCount(4);
  await expect(page.getByTestId("subscription-note")).toHaveCount(0);
  await expect(page.getByTestId("bar-subscriptions")).toHaveCount(0);
  await expect(page.getByTestId("secrets-due")).toHaveCount(0);
});

test("an inlet that belongs to no connection is shown beneath them, with what can be done about it", async ({
  page,
}) => {
  await openAt(page, "subscriptions", { subs: "sick" });
  const loose = page.getByTestId("loose-inlets");
  await expect(loose).toContainText("Empfangsadressen ohne Verbindung");
  await expect(loose.getByTestId("inlet")).toHaveCount(1);
  await expect(loose).toContainText("Altes Portal");
  await expect(page.getByTestId("connection-group").getByText("Altes Portal")).toHaveCount(0);
});

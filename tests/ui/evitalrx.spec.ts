//! Orders of a provider that signs nothing: what is expected of them, how final a rejection is, what amounts mean, and how
//! they are handed over.
import { expect, faults, openAt, orderRow, test } from "./window";

const words = {
  de: {
    next: "als Nächstes",
    skipped: "übersprungen",
    unexpected: "unerwartet",
    unsigned: "unsigniert",
    final: "Abgelehnt oder storniert, endgültig",
    handover: "Übergabe",
    items: "Artikel",
    show: "Code zeigen",
    hide: "Code verbergen",
    amount: "Artikel nach Rabatt, ohne Versand",
    zone: "Asia/Kolkata",
    ask: "Bei eVitalRx nachfragen",
    agrees: "Bestätigt von eVitalRx",
    differs: "eVitalRx sagt etwas anderes",
    difference: "T00ST: hier Neu zugewiesen, dort „cancelled“",
    split: "Aufgeteilt (veraltetes Ereignis)",
    refused: "Wird nicht geöffnet: keine öffentliche https-Adresse.",
  },
  en: {
    next: "next",
    skipped: "skipped",
    unexpected: "unexpected",
    unsigned: "unsigned",
    final: "Rejected or cancelled, final",
    handover: "Handover",
    items: "Items",
    show: "Show code",
    hide: "Hide code",
    amount: "Items after discount, without shipping",
    zone: "Asia/Kolkata",
    ask: "Ask eVitalRx",
    agrees: "Confirmed with eVitalRx",
    differs: "eVitalRx says something else",
    difference: "T00ST: here Re-assigned, there “cancelled”",
    split: "Split (old event)",
    refused: "Not opened: no public https address.",
  },
} as const;

for (const language of ["de", "en"] as const) {
  const said = words[language];
  const scene = { demo: "evitalrx", language };

  test(`${language}: every entry says unsigned, and the sequence says what is next, skipped and unexpected`, async ({
    page,
  }) => {
    await openAt(page, "orders", scene);
    await orderRow(page, "TESTORDER1").click();
    const sequence = page.getByTestId("sequence");
    await expect(sequence.locator('[data-state="next"]')).toContainText(said.next);
    const entries = page.getByTestId("timeline-entry");
    await expect(entries).toHaveCount(3);
    for (const entry of await entries.all()) await expect(entry).toContainText(said.unsigned);
    await orderRow(page, "TESTORDER3").click();
    await expect(sequence.locator('[data-state="unexpected"]')).toContainText(said.unexpected);
    await orderRow(page, "TESTORDER4").click();
    await expect(sequence.locator('[data-state="skipped"]')).toContainText(said.skipped);
    await expect(page.locator("article header")).toContainText(said.final);
    await orderRow(page, "TESTORDER5").click();
    await expect(entries.first()).toContainText(said.split);
  });

  test(`${language}: an event that speaks of three lanes is shown on each`, async ({ page }) => {
    await openAt(page, "orders", scene);
    await orderRow(page, "TESTORDER2").click();
    await expect(page.getByTestId("timeline-entry")).toHaveCount(6);
  });

  test(`${language}: the code is hidden until asked for, and again when the order is left`, async ({ page }) => {
    await openAt(page, "orders", scene);
    await orderRow(page, "TESTORDER1").click();
    await page.getByRole("tab", { name: said.handover }).click();
    const pin = page.getByTestId("pin");
    await expect(pin).toHaveText("••••");
    expect(await page.content()).not.toContain("0498");
    await page.getByRole("button", { name: said.show }).click();
    await expect(pin).toHaveText("0498");
    await page.getByRole("button", { name: said.hide }).click();
    await expect(pin).toHaveText("••••");
    await page.getByRole("button", { name: said.show }).click();
    await orderRow(page, "TESTORDER3").click();
    await orderRow(page, "TESTORDER1").click();
    await page.getByRole("tab", { name: said.handover }).click();
    await expect(pin).toHaveText("••••");
    const handover = page.getByTestId("handover");
    await expect(handover).toContainText("track.example.in");
    await expect(handover).toContainText(said.refused);
    await expect(handover.locator("a")).toHaveCount(0);
  });

  test(`${language}: an order is confirmed on a click alone, and a difference is a warning`, async ({ page }) => {
    await openAt(page, "orders", scene);
    await orderRow(page, "TESTORDER1").click();
    const confirmation = page.getByTestId("confirmation");
    await expect(confirmation).not.toContainText(said.agrees);
    await confirmation.getByRole("button", { name: said.ask }).click();
    await expect(confirmation).toContainText(said.agrees);
    await orderRow(page, "TESTORDER2").click();
    await confirmation.getByRole("button", { name: said.ask }).click();
    await expect(confirmation).toContainText(said.differs);
    await expect(confirmation.getByRole("listitem")).toHaveText(said.difference);
  });

  test(`${language}: an amount says what it means, and a time whose it is`, async ({ page }) => {
    await openAt(page, "orders", scene);
    await orderRow(page, "TESTORDER1").click();
    await page.getByRole("tab", { name: said.items }).click();
    await expect(page.getByTestId("amounts")).toContainText(said.amount);
    const panel = page.locator("article");
    await expect(panel).toContainText(said.zone);
    // To the last of its decimals, though no float holds it.
    await expect(panel).toContainText(language === "de" ? "30,740000000000002" : "30.740000000000002");
  });
}

for (const theme of ["light", "dark"] as const) {
  test(`timeline, handover and settings are accessible, ${theme}`, async ({ page }) => {
    await openAt(page, "orders", { demo: "evitalrx", theme });
    await orderRow(page, "TESTORDER4").click();
    await page.getByTestId("sequence").waitFor();
    expect(await faults(page)).toEqual([]);
    await page.getByRole("tab", { name: "Übergabe" }).click();
    await page.getByTestId("handover").waitFor();
    expect(await faults(page)).toEqual([]);
  });
}

test("a key for asking is stored, shown by its host alone, and forgotten", async ({ page }) => {
  await openAt(page, "settings/evitalrx");
  const card = page.locator("#settings-evitalrx");
  await card.getByRole("button", { name: "Adresse anlegen" }).click();
  const inlet = card.getByTestId("evitalrx-inlet");
  await inlet.getByRole("button", { name: "API-Schlüssel" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Speichern" })).toBeDisabled();
  await dialog.getByLabel("API-Schlüssel", { exact: true }).fill("key-invented");
  await dialog.getByLabel("dev-api.evitalrx.in").check();
  expect(await faults(page, '[role="dialog"]')).toEqual([]);
  await dialog.getByRole("button", { name: "Speichern" }).click();
  await expect(inlet).toContainText("Nachfragen bei dev-api.evitalrx.in");
  await inlet.getByRole("button", { name: "API-Schlüssel" }).click();
  await expect(dialog.getByLabel("API-Schlüssel", { exact: true })).toHaveValue("");
  await dialog.getByRole("button", { name: "Schlüssel vergessen" }).click();
  await expect(inlet).not.toContainText("Nachfragen bei");
});

test("an address is made, set up and replaced with an overlap", async ({ page }) => {
  await openAt(page, "settings/evitalrx");
  const card = page.locator("#settings-evitalrx");
  await card.getByRole("button", { name: "Adresse anlegen" }).click();
  const inlet = card.getByTestId("evitalrx-inlet");
  await expect(inlet).toHaveCount(1);
  await inlet.getByRole("button", { name: "Einstellungen" }).click();
  await page.getByLabel("Nur endgültige werden gemeldet").check();
  await page.getByRole("dialog").getByRole("button", { name: "Speichern" }).click();
  await expect(inlet).toContainText("Nur endgültige werden gemeldet");
  await inlet.getByRole("button", { name: "Adresse erneuern" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Adresse erneuern" }).click();
  await expect(inlet).toHaveCount(2);
  await expect(card).toContainText("Ersetzt; nimmt an bis");
  expect(await faults(page, "#settings-evitalrx")).toEqual([]);
});

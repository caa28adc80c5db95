//! Orders: the list, the timeline, its proof, the patient.
import { expect, openAt, orderRow, orders, test, topRow } from "./window";

test("a row opens its order, an entry opens its proof, and the proof can be done again", async ({ page }) => {
  await openAt(page, "orders");
  const row = orderRow(page, orders.rerouted);
  const uid = await row.getAttribute("data-uid");
  await row.click();
  await expect(page.getByTestId("order-title")).toHaveText("#1238");
  expect(page.url()).toContain(encodeURIComponent(uid ?? "missing"));
  const entry = page.getByTestId("timeline-entry").first();
  await expect(entry).toHaveAttribute("data-trust", "verified");
  const id = (await entry.getAttribute("data-event-id")) ?? "missing";
  await entry.click();
  const proof = page.getByTestId("proof");
  await expect(proof).toContainText("Die Signatur wurde mit dem Signaturschlüssel dieses Abonnements geprüft");
  await expect(proof).toContainText(id);
  await proof.getByRole("button", { name: "Erneut prüfen" }).click();
  await expect(proof).toContainText("Inhalt unverändert");
  await expect(proof).toContainText("Signatur stimmt");
});

test("a re-routed order shows its lanes side by side", async ({ page }) => {
  await openAt(page, "orders");
  await orderRow(page, orders.rerouted).click();
  const entries = page.getByTestId("timeline-entry");
  await expect(entries).toHaveCount(7);
  const first = await entries.first().boundingBox();
  const last = await entries.last().boundingBox();
  expect(first?.x).toBeGreaterThan((last?.x ?? 0) + 100);
});

test("the marks are words", async ({ page }) => {
  await openAt(page, "orders");
  await orderRow(page, orders.marked).click();
  const panel = page.locator("article");
  for (const word of [
    "verspätet",
    "nicht in Reihenfolge",
    "selbe Sekunde",
    "3 × empfangen",
    "Header weicht ab",
    "Empfangszeit",
  ]) {
    await expect(panel.getByText(word, { exact: true }).first()).toBeVisible();
  }
});

test("an unknown status stays raw and dashed", async ({ page }) => {
  await openAt(page, "orders");
  const badge = page.getByTestId("order-row").getByText("AWAITING_CUSTOMS");
  await expect(badge).toBeVisible();
  await expect(badge.locator("..")).toHaveCSS("border-top-style", "dashed");
});

test("filters narrow the list, are in the address, and can be taken away", async ({ page }) => {
  await openAt(page, "orders");
  await page.getByRole("button", { name: /Braucht Aufmerksamkeit/ }).click();
  await expect(page.getByTestId("order-row").first()).toContainText("Angehalten");
  expect(page.url()).toContain("attention=1");
  await page.getByRole("combobox", { name: "Status", exact: true }).selectOption("stopped");
  await expect(page.getByTestId("order-row").first()).toContainText("Storniert");
  await page.getByRole("button", { name: "Filter aufheben" }).click();
  await expect(page.getByTestId("order-row").first()).toContainText("#1240");
});

test("a filter is kept under a name and found again", async ({ page }) => {
  await openAt(page, "orders");
  await page.getByRole("combobox", { name: "Alter im Status" }).selectOption("48");
  await page.getByRole("button", { name: "Ansicht speichern" }).click();
  await page.getByLabel("Name").fill("Steht zu lange");
  await page.getByRole("dialog").getByRole("button", { name: "Ansicht speichern" }).click();
  await expect(page.getByRole("button", { name: "Steht zu lange", exact: true })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await page.getByRole("button", { name: "Filter aufheben" }).click();
  await page.getByRole("button", { name: "Steht zu lange", exact: true }).click();
  expect(page.url()).toContain("age=48");
});

test("who had the prescriptions of an order stands on its page, and nowhere where there is nothing", async ({
  page,
}) => {
  await openAt(page, "orders");
  await orderRow(page, orders.held).click();
  await page.getByRole("tab", { name: "Arztzuweisungen" }).click();
  const panel = page.locator("article");
  await expect(panel.getByTestId("order-prescription")).toHaveCount(1);
  await expect(panel).toContainText("Arzt entfernt, weil die Bestellung angehalten ist");
  await expect(panel).toContainText("hat es jetzt");
  await orderRow(page, orders.plain).click();
  await page.getByTestId("timeline-entry").first().waitFor();
  await expect(page.getByRole("tab", { name: "Arztzuweisungen" })).toHaveCount(0);
});

test("an export leaves patients out until somebody asks, and says what it wrote", async ({ page }) => {
  await openAt(page, "orders");
  await page.getByRole("button", { name: "Exportieren" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("checkbox")).not.toBeChecked();
  await expect(dialog).toContainText("unverschlüsselt");
  await dialog.getByRole("button", { name: "Datei wählen" }).click();
  await expect(dialog.getByRole("status")).toContainText("240 Bestellungen geschrieben.");
});

test("on paper the order stands whole, on white, and nothing of the window with it", async ({ page }) => {
  await openAt(page, "orders", { theme: "dark" });
  await orderRow(page, 1).click();
  await page.getByTestId("timeline-entry").first().waitFor();
  await page.emulateMedia({ media: "print" });
  await expect(page.locator(".paper")).toBeVisible();
  await expect(page.getByTestId("status-bar")).toBeHidden();
  // The element the window is mounted on, whatever its name: nothing between the page and the order may cut it off.
  const mount = await page
    .locator("body > div")
    .first()
    .evaluate((element) => {
      const { backgroundColor, overflow } = getComputedStyle(element);
      const { height } = element.style;
      return { backgroundColor, overflow, height };
    });
  const paper = await page.locator(".paper").boundingBox();
  expect([paper?.x, paper?.y, paper?.width]).toEqual([0, 0, page.viewportSize()?.width]);
  expect(mount).toEqual({ backgroundColor: "rgb(255, 255, 255)", overflow: "visible", height: "" });
});

test("a search that finds nothing says so and offers the way back", async ({ page }) => {
  await openAt(page, "orders");
  await page.getByRole("searchbox").fill("gibt es nicht");
  await expect(page.getByText("Keine Bestellung passt")).toBeVisible();
  await page.getByTestId("empty").getByRole("button").click();
  await expect(topRow(page)).toBeVisible();
  await expect(page.getByRole("searchbox")).toHaveValue("");
});

test("patient data is masked until revealed, and masked again when the order is left", async ({ page }) => {
  await openAt(page, "orders");
  await orderRow(page, orders.rerouted).click();
  await page.getByRole("tab", { name: "Patient" }).click();
  const patient = page.getByTestId("patient");
  await expect(patient).toContainText("••••••••");
  await expect(patient).not.toContainText("@example.test");
  await page.getByTestId("reveal").click();
  await expect(patient).toContainText("@example.test");
  await orderRow(page, orders.another).click();
  await page.getByRole("tab", { name: "Patient" }).click();
  await expect(page.getByTestId("patient")).toContainText("••••••••");
  await orderRow(page, orders.rerouted).click();
  await page.getByRole("tab", { name: "Patient" }).click();
  await expect(page.getByTestId("patient")).not.toContainText("@example.test");
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(stored).toBe("{}");
});

test("the raw body is shown on demand only and forgotten with the order", async ({ page }) => {
  await openAt(page, "orders");
  await orderRow(page, orders.rerouted).click();
  await page.getByTestId("timeline-entry").first().click();
  await expect(page.getByText("Erika Beispiel")).toHaveCount(0);
  await page.getByRole("button", { name: "Inhalt zeigen" }).click();
  await expect(page.getByTestId("raw-body")).toContainText("Erika Beispiel");
  await orderRow(page, orders.another).click();
  await page.keyboard.press("p");
  await expect(page.getByTestId("proof")).toBeVisible();
  await expect(page.getByText("Erika Beispiel")).toHaveCount(0);
});

test("a hundred thousand orders scroll, and only a few rows are drawn", async ({ page }) => {
  await openAt(page, "orders", { demo: "many" });
  const grid = page.getByRole("grid");
  await expect(grid).toHaveAttribute("aria-rowcount", "100000");
  await topRow(page).waitFor();
  for (let turn = 0; turn < 30; turn += 1) {
    await grid.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="order-row"]').length > 0);
  }
  expect(await page.getByTestId("order-row").count()).toBeLessThan(60);
  await expect(page.getByText("#100999")).toHaveCount(0);
  await grid.evaluate((element) => element.scrollTo({ top: 0 }));
  await expect(topRow(page)).toContainText("#101000");
});

test("reading fails: what happened, what is safe, what to do, a code to copy", async ({ page }) => {
  await openAt(page, "orders", { demo: "error" });
  const note = page.getByTestId("problem");
  await expect(note).toHaveAttribute("data-code", "database_busy");
  await expect(note).toContainText("Die Datenbank ist gerade belegt.");
  await expect(note).toContainText("Ihre Daten sind unberührt.");
  await expect(note).toContainText("database_busy · 7F3K-2M9Q");
  await expect(note.getByRole("button", { name: "Erneut versuchen" })).toBeVisible();
});

test("an order nobody knows is a sentence, not an empty page", async ({ page }) => {
  await openAt(page, "orders/ord-nowhere");
  await expect(page.getByTestId("problem")).toHaveAttribute("data-code", "order_unknown");
});

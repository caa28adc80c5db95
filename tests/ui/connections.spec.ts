//! Connections, the network and the record: what an administrator sets, and what is recorded about it.
import { expect, openAt, test } from "./window";

test("a connection is edited without ever showing its key, and checked at once", async ({ page }) => {
  await openAt(page, "settings/connections");
  await page.getByRole("button", { name: "Bearbeiten: Testapotheke", exact: true }).click();
  const editor = page.getByTestId("connection-editor");
  await expect(editor.getByLabel("Neuer API-Schlüssel")).toHaveValue("");
  await expect(editor.getByLabel("Neuer API-Schlüssel")).toHaveAttribute("type", "password");
  await editor.getByLabel("Name der Verbindung").fill("Testapotheke Süd");
  await editor.getByLabel("Neuer API-Schlüssel").fill("ein-neuer-schluessel");
  await page.getByTestId("connection-save").click();
  await expect(page.getByTestId("check")).toContainText("Abonnements lesen");
  await expect(editor.getByLabel("Neuer API-Schlüssel")).toHaveValue("");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("connection").filter({ hasText: "Testapotheke Süd" })).toHaveCount(1);
});

test("a taken name is refused in words and nothing is lost", async ({ page }) => {
  await openAt(page, "settings/connections");
  await page.getByRole("button", { name: "Bearbeiten: Testapotheke", exact: true }).click();
  await page.getByLabel("Name der Verbindung").fill("Testapotheke (Entwicklung)");
  await page.getByTestId("connection-save").click();
  await expect(page.getByTestId("problem")).toHaveAttribute("data-code", "connection_name_taken");
  await expect(page.getByLabel("Name der Verbindung")).toHaveValue("Testapotheke (Entwicklung)");
});

test("the other path that answers is one click away", async ({ page }) => {
  await openAt(page, "settings/connections");
  await page.getByRole("button", { name: "Bearbeiten: Testapotheke", exact: true }).click();
  await page.getByTestId("connection-path").fill("/v1/hyphen-path");
  await page.getByTestId("connection-save").click();
  await page.getByRole("button", { name: "Mit diesem Pfad verbinden" }).click();
  await expect(page.getByTestId("connection-path")).toHaveValue("/v1/external_pharmacy_api");
  await expect(page.getByTestId("check")).not.toContainText("nicht in Ordnung");
});

test("what the documents leave open stands with its safe default and a sentence why", async ({ page }) => {
  await openAt(page, "settings/connections");
  await expect(page.getByTestId("connection").filter({ hasText: "Testapotheke (Entwicklung)" })).toContainText(
    "Erneuern noch nicht möglich",
  );
  await page.getByRole("button", { name: "Bearbeiten: Testapotheke (Entwicklung)" }).click();
  const editor = page.getByTestId("connection-editor");
  await expect(page.getByTestId("connection-delete")).toHaveValue("");
  await expect(editor).toContainText("an ihn wird nie ein Löschen gesendet");
  await expect(editor.getByRole("checkbox", { checked: true })).toHaveCount(0);
  await editor.getByLabel("Zusatzangaben beim Anlegen (JSON)").fill("[1]");
  await expect(page.getByTestId("connection-save")).toBeDisabled();
  await editor.getByLabel("Zusatzangaben beim Anlegen (JSON)").fill('{"team": "it"}');
  await expect(page.getByTestId("connection-save")).toBeEnabled();
});

test("a production connection is removed only by name, and not while subscriptions exist", async ({ page }) => {
  await openAt(page, "settings/connections");
  await page
    .getByTestId("connection")
    .filter({ has: page.getByText("Testapotheke", { exact: true }) })
    .getByRole("button", { name: /^Entfernen/ })
    .click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Dazu bestehen noch 3 Abonnements.");
  await expect(dialog.getByRole("button", { name: "Entfernen", exact: true })).toBeDisabled();
  await dialog.getByRole("textbox").fill("Testapotheke");
  await dialog.getByRole("button", { name: "Entfernen", exact: true }).click();
  await expect(page.getByTestId("problem")).toHaveAttribute("data-code", "connection_in_use");
});

test("a root certificate is chosen, shown by its SHA-256, and taken away again", async ({ page }) => {
  await openAt(page, "settings/network");
  const network = page.getByTestId("network");
  await network.locator('input[type="file"]').setInputFiles({
    name: "stammzertifikat.pem",
    mimeType: "application/x-pem-file",
    buffer: Buffer.from("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
  });
  await expect(network).toContainText("Gewählt: stammzertifikat.pem");
  await page.getByTestId("network-save").click();
  await expect(network.getByText(/SHA-256 [0-9a-f]{64}/)).toBeVisible();
  await network.getByRole("button", { name: "Hinterlegte entfernen" }).click();
  await page.getByTestId("network-save").click();
  await expect(network).toContainText("Keines hinterlegt.");
});

test("what is no certificate is refused in words, and a proxy needs an address", async ({ page }) => {
  await openAt(page, "settings/network");
  const network = page.getByTestId("network");
  await network.getByRole("button", { name: "PEM einfügen" }).click();
  await network.getByLabel("Zertifikat (PEM)").fill("kein Zertifikat");
  await page.getByTestId("network-save").click();
  await expect(network.getByTestId("problem")).toHaveAttribute("data-code", "certificate_unusable");
  await network.getByLabel("Eigener").check();
  await expect(page.getByTestId("network-save")).toBeDisabled();
  await network.getByLabel("Zertifikat (PEM)").fill("");
  await network.getByLabel("Adresse des Proxys").fill("http://proxy.beispiel.example:3128");
  await page.getByTestId("network-save").click();
  await expect(network).toContainText("Gespeichert.");
});

test("Ctrl K finds the record; what was done stands on top, with who and how it ended", async ({ page }) => {
  await openAt(page, "settings/rules");
  await page.getByTestId("rule-30").check();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("Protokoll");
  await page.keyboard.press("Enter");
  const rows = page.getByTestId("audit-row");
  await expect(rows.first()).toContainText("Regel geändert");
  await expect(rows.first()).toContainText("erika.beispiel");
  const failed = rows.filter({ hasText: "gescheitert" });
  await failed.click();
  await expect(page.getByTestId("audit-detail")).toContainText("Der Anbieter lehnt diese Angaben ab");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("audit-detail")).toHaveCount(0);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("heading", { level: 1, name: "Einstellungen" })).toBeVisible();
});

test("the record is read page by page to its beginning", async ({ page }) => {
  await openAt(page, "settings/record");
  await page.getByTestId("audit-row").first().waitFor();
  const grid = page.getByRole("grid");
  await expect(async () => {
    await grid.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await expect(page.getByText("Mit dem Relais gekoppelt")).toBeVisible({ timeout: 300 });
  }).toPass();
});

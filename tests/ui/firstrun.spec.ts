//! The first run, from nothing to the first event: it can be left and resumed, and each failure on the way has its
//! message.
import { expect, openAt, test } from "./window";

test("pair, connect, register, and the first event is shown", async ({ page }) => {
  await openAt(page, "", { demo: "first-run" });
  await expect(page.getByTestId("firstrun")).toHaveAttribute("data-step", "pair");
  await page.getByTestId("pair-code").fill("offizin-pair-0123456789");
  await page.getByTestId("pair-submit").click();

  await expect(page.getByTestId("firstrun")).toHaveAttribute("data-step", "connect");
  await page.getByTestId("connection-name").fill("Testapotheke");
  await page.getByTestId("connection-base-url").fill("http://127.0.0.1:8788");
  await page.getByTestId("connection-api").selectOption("management");
  await page.getByTestId("connection-key").fill("sandbox-key");
  await page.getByTestId("connection-submit").click();

  await expect(page.getByTestId("firstrun")).toHaveAttribute("data-step", "register");
  await expect(page.getByRole("checkbox", { checked: true })).toHaveCount(3);
  await page.getByTestId("register-submit").click();

  await expect(page.getByTestId("first-event")).toBeVisible();
  await expect(page.getByTestId("first-event")).toContainText("geprüft");
  await page.getByTestId("firstrun-finish").click();
  await expect(page.getByTestId("order-title")).toBeVisible();
  await expect(page.getByTestId("nav-orders")).toBeVisible();
});

test("a used code says so and changes nothing", async ({ page }) => {
  await openAt(page, "", { demo: "first-run" });
  await page.getByTestId("pair-code").fill("offizin-pair-verbraucht");
  await page.getByTestId("pair-submit").click();
  await expect(page.getByTestId("problem")).toHaveAttribute("data-code", "pairing_code_refused");
  await expect(page.getByTestId("firstrun")).toHaveAttribute("data-step", "pair");
});

test("a wrong key keeps the form, tells which line failed, and can be put right", async ({ page }) => {
  await openAt(page, "", { demo: "first-run" });
  await page.getByTestId("pair-code").fill("offizin-pair-0123456789");
  await page.getByTestId("pair-submit").click();
  await page.getByTestId("connection-name").fill("falscher Schlüssel");
  await page.getByTestId("connection-key").fill("wrong");
  await page.getByTestId("connection-submit").click();
  await expect(page.getByTestId("check")).toContainText("Der Anbieter nimmt den API-Schlüssel nicht an.");
  await expect(page.getByTestId("firstrun")).toHaveAttribute("data-step", "connect");
  await page.getByTestId("connection-name").fill("Testapotheke");
  await page.getByTestId("connection-key").fill("right");
  await page.getByTestId("connection-submit").click();
  await expect(page.getByTestId("firstrun")).toHaveAttribute("data-step", "register");
});

test("the other path that answers is one click away", async ({ page }) => {
  await openAt(page, "", { demo: "first-run" });
  await page.getByTestId("pair-code").fill("offizin-pair-0123456789");
  await page.getByTestId("pair-submit").click();
  await page.getByTestId("connection-name").fill("falscher Pfad");
  await page.getByTestId("connection-key").fill("key");
  await page.getByTestId("connection-submit").click();
  await page.getByRole("button", { name: "Mit diesem Pfad verbinden" }).click();
  await expect(page.getByTestId("firstrun")).toHaveAttribute("data-step", "register");
});

test("it can be left and resumed at the same step", async ({ page }) => {
  await openAt(page, "", { demo: "first-run" });
  await page.getByTestId("pair-code").fill("offizin-pair-0123456789");
  await page.getByTestId("pair-submit").click();
  await page.getByTestId("connection-name").waitFor();
  await page.getByRole("button", { name: "Später fortsetzen" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Übersicht" })).toBeVisible();
  await page.getByRole("link", { name: "Einrichtung fortsetzen" }).click();
  await expect(page.getByTestId("firstrun")).toHaveAttribute("data-step", "connect");
});

//! Every screen, once in German and light and once in English and dark: axe finds nothing, nothing is wider than the window
//! at any size, and a picture is kept for whoever looks.
//!
//! The other two pairs are left out. What a language can break (a name, a length) does not depend on colours, and what
//! colours can break (a contrast) does not depend on words, so they would find nothing that these two do not.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, faults, NOISY, openAt, orderRow, orders, test, topRow } from "./window";

type Screen = {
  name: string;
  place: string;
  scene?: Parameters<typeof openAt>[2];
  act?: (page: Page) => Promise<void>;
};

const shots = `${join(__dirname, "../../target/ui-shots")}/`;
mkdirSync(shots, { recursive: true });

async function pair(page: Page): Promise<void> {
  await page.getByTestId("pair-code").fill("offizin-pair-0123456789");
  await page.getByTestId("pair-submit").click();
  await page.getByTestId("connection-name").waitFor();
}

async function connect(page: Page, name: string): Promise<void> {
  await page.getByTestId("connection-name").fill(name);
  await page.getByTestId("connection-key").fill("key");
  await page.getByTestId("connection-submit").click();
}

const connectionOf = (page: Page, name: string) =>
  page.getByTestId("connection").filter({ has: page.getByText(name, { exact: true }) });

const screens: Screen[] = [
  { name: "overview", place: "overview" },
  {
    name: "overview-error",
    place: "overview",
    scene: { demo: "error" },
    act: async (page) => {
      await page.getByTestId("problem").waitFor();
    },
  },
  { name: "overview-calm", place: "overview", scene: { demo: "empty" } },
  {
    name: "orders",
    place: "orders",
    act: async (page) => {
      await orderRow(page, orders.plain).waitFor();
    },
  },
  {
    name: "order-timeline",
    place: NOISY,
    act: async (page) => {
      await page.getByTestId("timeline-entry").first().waitFor();
      await page
        .getByRole("button", { name: /Änderung|change/ })
        .first()
        .click();
    },
  },
  {
    name: "order-lanes",
    place: "orders",
    act: async (page) => {
      await orderRow(page, orders.rerouted).click();
      await page.getByTestId("timeline-entry").first().waitFor();
    },
  },
  {
    name: "order-items",
    place: "orders",
    act: async (page) => {
      await orderRow(page, orders.rerouted).click();
      await page.getByRole("tab", { name: /^(Artikel|Items)$/ }).click();
      await page.locator("article").getByRole("table").waitFor();
    },
  },
  {
    name: "order-patient",
    place: "orders",
    act: async (page) => {
      await orderRow(page, orders.rerouted).click();
      await page.getByRole("tab", { name: "Patient" }).click();
      await page.getByTestId("patient").waitFor();
    },
  },
  {
    name: "order-prescription",
    place: "orders",
    act: async (page) => {
      await orderRow(page, orders.rerouted).click();
      await page.getByRole("tab", { name: /^(Rezept|Prescription)$/ }).click();
    },
  },
  {
    name: "order-assignments",
    place: "orders",
    act: async (page) => {
      await orderRow(page, orders.held).click();
      await page.getByRole("tab", { name: /^(Arztzuweisungen|Doctor assignments)$/ }).click();
      await page.getByTestId("order-prescription").waitFor();
    },
  },
  {
    name: "order-proof",
    place: NOISY,
    act: async (page) => {
      await page.getByTestId("timeline-entry").first().click();
      await page.getByRole("button", { name: /^(Erneut prüfen|Verify again)$/ }).click();
      await page.getByText(/Inhalt zeigen|Show the body/).click();
      await page.getByTestId("raw-body").waitFor();
    },
  },
  { name: "orders-empty", place: "orders", scene: { demo: "empty" } },
  { name: "orders-one", place: "orders", scene: { demo: "one" } },
  { name: "orders-error", place: "orders", scene: { demo: "error" } },
  { name: "orders-offline", place: "orders", scene: { demo: "offline" } },
  { name: "orders-loading", place: "orders", scene: { demo: "slow" } },
  {
    name: "stock",
    place: "stock",
    act: async (page) => {
      await page.getByRole("row", { name: "Probosan" }).click();
      await page.locator("article").getByRole("table").waitFor();
    },
  },
  { name: "stock-empty", place: "stock", scene: { demo: "empty" } },
  { name: "stock-one", place: "stock", scene: { demo: "one" } },
  { name: "stock-many", place: "stock", scene: { demo: "many" } },
  { name: "stock-error", place: "stock", scene: { demo: "error" } },
  {
    name: "stock-offline",
    place: "stock",
    scene: { demo: "offline" },
    act: async (page) => {
      await page.getByRole("row", { name: "Beispiolan" }).click();
      await page.locator("article").getByRole("table").waitFor();
    },
  },
  {
    name: "stock-past",
    place: "stock",
    act: async (page) => {
      await page.getByRole("row", { name: "Fiktivol" }).click();
      await page.getByTestId("as-of-slider").fill("200");
      await page.getByRole("status").first().waitFor();
    },
  },
  {
    name: "doctors",
    place: "doctors",
    act: async (page) => {
      await page.getByRole("row", { name: orders.rerouted }).click();
      await page.locator("article").getByRole("list").first().waitFor();
    },
  },
  {
    name: "doctors-table",
    place: "doctors",
    act: async (page) => {
      await page.getByRole("row", { name: orders.held }).click();
      await page.locator("article").getByRole("list").first().waitFor();
      await page.keyboard.press("t");
      await page.getByTestId("assignment-table").waitFor();
    },
  },
  {
    name: "doctors-by-doctor",
    place: "doctors?by=doctor",
    act: async (page) => {
      await page.getByRole("row", { name: "Ada Muster" }).click();
      await page.locator("article").getByRole("table").first().waitFor();
    },
  },
  { name: "doctors-empty", place: "doctors", scene: { demo: "empty" } },
  { name: "doctors-error", place: "doctors", scene: { demo: "error" } },
  { name: "doctors-many", place: "doctors", scene: { demo: "many" } },
  {
    name: "subscriptions",
    place: "subscriptions",
    act: async (page) => {
      await page.getByTestId("subscription-row").first().waitFor();
    },
  },
  {
    name: "subscriptions-menu",
    place: "subscriptions",
    act: async (page) => {
      await page
        .getByRole("button", { name: /^(Aktionen für Bestellung angelegt|Actions for Order created)$/ })
        .click();
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "subscriptions-register",
    place: "subscriptions",
    act: async (page) => {
      await page.getByTestId("subscription-row").first().waitFor();
      await page
        .getByRole("button", { name: /Ereignisse abonnieren|Subscribe/ })
        .first()
        .click();
      await page.getByTestId("register-submit").waitFor();
    },
  },
  {
    name: "subscriptions-remove",
    place: "subscriptions",
    act: async (page) => {
      await page
        .getByRole("button", { name: /^(Aktionen für Bestellung angelegt|Actions for Order created)$/ })
        .click();
      await page.getByRole("menuitem", { name: /Abonnement entfernen|Remove subscription/ }).click();
      await page.getByTestId("remove-confirm").waitFor();
    },
  },
  {
    name: "subscriptions-states",
    place: "subscriptions",
    scene: { subs: "sick" },
    act: async (page) => {
      await page.getByTestId("subscription-note").first().waitFor();
    },
  },
  {
    name: "subscriptions-rotating",
    place: "subscriptions",
    scene: { subs: "steps", pace: 0 },
    act: async (page) => {
      await page.getByTestId("row-rotation").first().waitFor();
    },
  },
  {
    name: "subscriptions-rotate",
    place: "subscriptions",
    scene: { subs: "due" },
    act: async (page) => {
      await page.getByTestId("secrets-due").getByRole("button").click();
      await page.getByTestId("rotate-confirm").waitFor();
    },
  },
  {
    name: "subscriptions-portal",
    place: "subscriptions",
    act: async (page) => {
      await page.getByRole("button", { name: /^(Weitere Aktionen für|More actions for) Testapotheke$/ }).click();
      await page.getByRole("menuitem", { name: /Im Portal anlegen|Make one in the portal/ }).click();
      await page.getByRole("dialog").getByRole("textbox").fill("Portal");
      await page.getByRole("dialog").locator('button[type="submit"]').click();
      await page.getByTestId("guide-secret").locator("input").waitFor();
    },
  },
  {
    name: "rotations",
    place: "subscriptions/rotations",
    scene: { subs: "steps", pace: 0 },
    act: async (page) => {
      await expect(page.getByTestId("rotation")).toHaveCount(5);
    },
  },
  {
    name: "rotations-ended",
    place: "subscriptions/rotations",
    scene: { subs: "ended", pace: 0 },
    act: async (page) => {
      await expect(page.getByTestId("rotation")).toHaveCount(4);
    },
  },
  { name: "subscriptions-offline", place: "subscriptions", scene: { demo: "offline" } },
  { name: "deliveries", place: "deliveries" },
  {
    name: "deliveries-rejected",
    place: "deliveries?verdict=rejected",
    act: async (page) => {
      await page.getByRole("row", { name: /Signatur passt nicht|Signature does not match/ }).click();
      await page.getByRole("button", { name: /^(Erneut prüfen|Verify again)$/ }).waitFor();
    },
  },
  { name: "deliveries-empty", place: "deliveries", scene: { demo: "empty" } },
  { name: "settings", place: "settings" },
  {
    name: "settings-connection",
    place: "settings/connections",
    act: async (page) => {
      await connectionOf(page, "Testapotheke")
        .getByRole("button", { name: /^(Prüfen|Check)$/ })
        .click();
      await page.getByTestId("check").waitFor();
    },
  },
  {
    name: "settings-connection-edit",
    place: "settings/connections",
    act: async (page) => {
      await page.getByRole("button", { name: /^(Bearbeiten|Edit): Testapotheke \(Entwicklung\)$/ }).click();
      await page.getByTestId("connection-save").click();
      await page.getByTestId("check").waitFor();
    },
  },
  {
    name: "settings-network",
    place: "settings/network",
    act: async (page) => {
      await page.getByRole("radio", { name: /^(Eigener|My own)$/ }).check();
    },
  },
  {
    name: "settings-record",
    place: "settings/record",
    act: async (page) => {
      await page.getByRole("row", { name: /Abonnement entfernt|Subscription removed/ }).click();
      await page.getByTestId("audit-detail").waitFor();
    },
  },
  { name: "firstrun-pair", place: "firstrun", scene: { demo: "first-run" } },
  {
    name: "firstrun-pair-refused",
    place: "firstrun",
    scene: { demo: "first-run" },
    act: async (page) => {
      await page.getByTestId("pair-code").fill("offizin-pair-verbraucht");
      await page.getByTestId("pair-submit").click();
      await page.getByTestId("problem").waitFor();
    },
  },
  { name: "firstrun-connect", place: "firstrun", scene: { demo: "first-run" }, act: pair },
  {
    name: "firstrun-connect-failed",
    place: "firstrun",
    scene: { demo: "first-run" },
    act: async (page) => {
      await pair(page);
      await connect(page, "Testapotheke, falscher Pfad");
      await page.getByTestId("check").waitFor();
    },
  },
  {
    name: "firstrun-register",
    place: "firstrun",
    scene: { demo: "first-run" },
    act: async (page) => {
      await pair(page);
      await connect(page, "Testapotheke");
      await page.getByTestId("register-submit").waitFor();
    },
  },
  {
    name: "firstrun-waiting",
    place: "firstrun",
    scene: { demo: "first-run", arrival: 60_000 },
    act: async (page) => {
      await pair(page);
      await connect(page, "Testapotheke");
      await page.getByTestId("register-submit").click();
      await page.getByTestId("firstrun-finish").waitFor();
    },
  },
  {
    name: "firstrun-seen",
    place: "firstrun",
    scene: { demo: "first-run", arrival: 50 },
    act: async (page) => {
      await pair(page);
      await connect(page, "Testapotheke");
      await page.getByTestId("register-submit").click();
      await page.getByTestId("first-event").waitFor();
    },
  },
  {
    name: "palette",
    place: "orders",
    act: async (page) => {
      await topRow(page).waitFor();
      await page.keyboard.press("Control+k");
      await page
        .getByRole("combobox", { name: /suchen|Search/ })
        .last()
        .fill("12");
      await expect(page.getByRole("dialog").getByRole("option")).not.toHaveCount(0);
    },
  },
  {
    name: "keys",
    place: "orders",
    act: async (page) => {
      await topRow(page).waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
    },
  },
];

async function clean(page: Page): Promise<void> {
  // Colours are measured where they come to rest, not on their way.
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined))));
  expect(await faults(page)).toEqual([]);
}

const main = [
  "overview",
  "order-timeline",
  "order-lanes",
  "stock",
  "doctors",
  "doctors-by-doctor",
  "subscriptions",
  "subscriptions-states",
  "rotations",
  "deliveries-rejected",
  "settings",
  "firstrun-register",
];

/** Nothing is wider than the window: at the smallest size with list and detail side by side, at the smallest of all, and
 *  on a large screen. */
async function fits(page: Page, name: string): Promise<void> {
  for (const [width, height] of [
    [1024, 700],
    [900, 700],
    [1920, 1080],
  ] as const) {
    await page.setViewportSize({ width, height });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(wide, `${width} × ${height}`).toBe(false);
    if (main.includes(name)) await page.screenshot({ path: `${shots}${name}-${width}.png` });
  }
}

for (const [language, theme] of [
  ["de", "light"],
  ["en", "dark"],
] as const) {
  for (const screen of screens) {
    test(`${screen.name} · ${language} · ${theme}`, async ({ page }) => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      await openAt(page, screen.place, { ...screen.scene, language, theme });
      await screen.act?.(page);
      if (screen.scene?.demo !== "slow") {
        await expect(page.getByRole("progressbar")).toHaveCount(0);
      }
      await page.screenshot({ path: `${shots}${screen.name}-${language}-${theme}.png` });
      await clean(page);
      // German has the longer words.
      if (language === "de") await fits(page, screen.name);
    });
  }
}

const startupCodes = [
  "keyring_missing",
  "keyring_locked",
  "keyring_failed",
  "database_key_lost",
  "database_unreadable",
  "database_newer",
  "database_old",
  "database_busy",
  "disk_full",
  "home_unusable",
];

for (const [locale, colorScheme] of [
  ["de-DE", "light"],
  ["en-GB", "dark"],
] as const) {
  test.describe(`${locale} ${colorScheme}`, () => {
    test.use({ colorScheme, locale });
    for (const code of startupCodes) {
      test(`startup ${code} · ${locale} · ${colorScheme}`, async ({ page }) => {
        await openAt(page, "", { startup: code });
        await expect(page.getByTestId("startup-problem")).toHaveAttribute("data-code", code);
        await page.screenshot({ path: `${shots}startup-${code}-${locale.slice(0, 2)}-${colorScheme}.png` });
        await clean(page);
      });
    }
  });
}

for (const screen of screens.filter((one) =>
  ["overview", "order-timeline", "deliveries", "settings"].includes(one.name),
)) {
  test(`${screen.name} · high contrast, roomy`, async ({ page }) => {
    await openAt(page, screen.place, { theme: "contrast", roomy: true });
    await screen.act?.(page);
    await page.screenshot({ path: `${shots}${screen.name}-contrast.png` });
    await clean(page);
  });
}

//! Every screen in both languages, light and dark: axe reports nothing, and a picture is saved for people to look at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, openAt, orderRow, test } from "./window";

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
      await orderRow(page, 3).waitFor();
    },
  },
  {
    name: "order-timeline",
    place: "orders",
    act: async (page) => {
      await orderRow(page, 5).click();
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
      await orderRow(page, 2).click();
      await page.getByTestId("timeline-entry").first().waitFor();
    },
  },
  {
    name: "order-items",
    place: "orders",
    act: async (page) => {
      await orderRow(page, 2).click();
      await page.getByRole("tab").nth(1).click();
      await page.locator("article").getByRole("table").waitFor();
    },
  },
  {
    name: "order-patient",
    place: "orders",
    act: async (page) => {
      await orderRow(page, 2).click();
      await page.getByRole("tab").nth(2).click();
      await page.getByTestId("patient").waitFor();
    },
  },
  {
    name: "order-prescription",
    place: "orders",
    act: async (page) => {
      await orderRow(page, 2).click();
      await page.getByRole("tab").nth(3).click();
    },
  },
  {
    name: "order-assignments",
    place: "orders",
    act: async (page) => {
      await orderRow(page, 1).click();
      await page.getByRole("tab").nth(4).click();
      await page.getByTestId("order-prescription").waitFor();
    },
  },
  {
    name: "order-proof",
    place: "orders",
    act: async (page) => {
      await orderRow(page, 5).click();
      await page.getByTestId("timeline-entry").first().click();
      await page.getByTestId("proof").getByRole("button").nth(2).click();
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
      await page.getByTestId("stock-row").nth(4).click();
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
      await page.getByTestId("stock-row").nth(2).click();
      await page.locator("article").getByRole("table").waitFor();
    },
  },
  {
    name: "stock-past",
    place: "stock",
    act: async (page) => {
      await page.getByTestId("stock-row").nth(3).click();
      await page.getByTestId("as-of-slider").fill("200");
      await page.getByRole("status").first().waitFor();
    },
  },
  {
    name: "doctors",
    place: "doctors",
    act: async (page) => {
      await page.getByTestId("prescription-row").nth(2).click();
      await page.locator("article").getByRole("list").first().waitFor();
    },
  },
  {
    name: "doctors-table",
    place: "doctors",
    act: async (page) => {
      await page.getByTestId("prescription-row").nth(1).click();
      await page.locator("article").getByRole("list").first().waitFor();
      await page.keyboard.press("t");
      await page.getByTestId("assignment-table").waitFor();
    },
  },
  {
    name: "doctors-by-doctor",
    place: "doctors?by=doctor",
    act: async (page) => {
      await page.getByTestId("doctor-row").first().click();
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
      await page.getByTestId("row-menu").first().click();
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
      await page.getByTestId("row-menu").first().click();
      await page.getByRole("menuitem").last().click();
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
      await page.getByTestId("connection-group").first().locator("header button").last().click();
      await page.getByRole("menuitem").first().click();
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
      await page.getByTestId("rotation").nth(4).waitFor();
    },
  },
  {
    name: "rotations-ended",
    place: "subscriptions/rotations",
    scene: { subs: "ended", pace: 0 },
    act: async (page) => {
      await page.getByTestId("rotation").nth(3).waitFor();
    },
  },
  { name: "subscriptions-offline", place: "subscriptions", scene: { demo: "offline" } },
  { name: "deliveries", place: "deliveries" },
  {
    name: "deliveries-rejected",
    place: "deliveries?verdict=rejected",
    act: async (page) => {
      await page.getByTestId("delivery-row").first().click();
      await page.getByTestId("proof").getByRole("button").first().waitFor();
    },
  },
  { name: "deliveries-empty", place: "deliveries", scene: { demo: "empty" } },
  { name: "settings", place: "settings" },
  {
    name: "settings-connection",
    place: "settings/connections",
    act: async (page) => {
      await page.getByTestId("connection").first().getByRole("button").first().click();
      await page.getByTestId("check").waitFor();
    },
  },
  {
    name: "settings-connection-edit",
    place: "settings/connections",
    act: async (page) => {
      await page.getByTestId("connection").last().getByRole("button").nth(1).click();
      await page.getByTestId("connection-save").click();
      await page.getByTestId("check").waitFor();
    },
  },
  {
    name: "settings-network",
    place: "settings/network",
    act: async (page) => {
      await page.getByTestId("network").getByRole("radio").last().check();
    },
  },
  {
    name: "settings-record",
    place: "settings/record",
    act: async (page) => {
      await page.getByTestId("audit-row").nth(3).click();
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
      await orderRow(page, 0).waitFor();
      await page.keyboard.press("Control+k");
      await page
        .getByRole("combobox", { name: /suchen|Search/ })
        .last()
        .fill("12");
      await page.getByRole("dialog").getByRole("option").nth(4).waitFor();
    },
  },
  {
    name: "keys",
    place: "orders",
    act: async (page) => {
      await orderRow(page, 0).waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
    },
  },
];

async function clean(page: Page): Promise<void> {
  // Colours are measured where they come to rest, not on their way.
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined))));
  const found = await new AxeBuilder({ page }).analyze();
  expect(
    found.violations.map(
      (one) =>
        `${one.id}: ${one.help}\n${one.nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join("\n")}`,
    ),
  ).toEqual([]);
}

for (const language of ["de", "en"] as const) {
  for (const theme of ["light", "dark"] as const) {
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
      });
    }
  }
}

const startupCodes = [
  "keyring_missing",
  "keyring_locked",
  "keyring_failed",
  "database_key_lost",
  "database_unreadable",
  "database_newer",
  "database_busy",
  "disk_full",
  "home_unusable",
];

for (const colorScheme of ["light", "dark"] as const) {
  for (const locale of ["de-DE", "en-GB"]) {
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
for (const [width, height] of [
  [1024, 700],
  [900, 700],
  [1920, 1080],
] as const) {
  for (const screen of screens.filter((one) => main.includes(one.name))) {
    test(`${screen.name} · ${width} × ${height}: nothing is wider than the window`, async ({ page }) => {
      await page.setViewportSize({ width, height });
      await openAt(page, screen.place, { ...screen.scene, theme: width === 1920 ? "dark" : "light" });
      await screen.act?.(page);
      await page.screenshot({ path: `${shots}${screen.name}-${width}.png` });
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      expect(wide).toBe(false);
    });
  }
}

//! Pictures of subscriptions, rotations, connections, inlets, the record and the network, state by state.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { openAt, test } from "./window";

type Shot = { name: string; place: string; scene?: Record<string, string>; act?: (page: Page) => Promise<void> };

const folder = join(__dirname, "../../target/shots");
mkdirSync(folder, { recursive: true });

const menu = async (page: Page, at: number) => {
  await page.getByTestId("row-menu").nth(at).click();
  await page.getByRole("menu").waitFor();
};
const guide = async (page: Page) => {
  await page.getByTestId("connection-group").first().locator("header button").last().click();
  await page.getByRole("menuitem").first().click();
  await page.getByTestId("guide-make").waitFor();
};
const rotations = (step: string): Shot => ({
  name: `rotation-${step}`,
  place: "subscriptions/rotations",
  scene: { rotation: step, pace: "0" },
});

const shots: Shot[] = [
  { name: "subscriptions-day", place: "subscriptions", scene: { pace: "0" } },
  { name: "subscriptions-calm", place: "subscriptions", scene: { subs: "calm" } },
  { name: "subscriptions-sick", place: "subscriptions", scene: { subs: "sick" } },
  {
    name: "subscriptions-sick-below",
    place: "subscriptions",
    scene: { subs: "sick" },
    act: (page) => page.getByTestId("connection-group").last().scrollIntoViewIfNeeded(),
  },
  { name: "subscriptions-due", place: "subscriptions", scene: { subs: "due" } },
  { name: "subscriptions-rotating", place: "subscriptions", scene: { subs: "steps", pace: "0" } },
  { name: "subscriptions-empty", place: "subscriptions", scene: { demo: "empty" } },
  { name: "subscriptions-unconnected", place: "subscriptions", scene: { demo: "unconnected" } },
  { name: "subscriptions-error", place: "subscriptions", scene: { demo: "error" } },
  { name: "subscriptions-offline", place: "subscriptions", scene: { demo: "offline" } },
  { name: "subscriptions-loading", place: "subscriptions", scene: { demo: "slow" } },
  { name: "subscriptions-menu", place: "subscriptions", act: (page) => menu(page, 0) },
  {
    name: "subscriptions-foreign-remove",
    place: "subscriptions",
    scene: { subs: "sick" },
    act: async (page) => {
      await menu(page, 4);
      await page.getByRole("menuitem").last().click();
    },
  },
  {
    name: "subscriptions-adopt",
    place: "subscriptions",
    scene: { subs: "sick" },
    act: (page) => page.locator('[data-stand="adoptable"] + tr').getByTestId("remedy").click(),
  },
  {
    name: "subscriptions-told",
    place: "subscriptions",
    act: (page) => page.locator('[data-stand="vanished"] + tr').getByTestId("remedy").click(),
  },
  {
    name: "rotate-one",
    place: "subscriptions",
    act: (page) => page.getByTestId("rotate").first().click(),
  },
  {
    name: "rotate-all",
    place: "subscriptions",
    scene: { subs: "due" },
    act: (page) => page.getByTestId("connection-group").first().locator("header button").first().click(),
  },
  {
    name: "rotate-unable",
    place: "subscriptions",
    scene: { subs: "sick" },
    act: (page) => page.getByTestId("delete-needed").first().scrollIntoViewIfNeeded(),
  },
  ...[
    "planned",
    "created",
    "secret",
    "proving",
    "tested",
    "next-try",
    "switching",
    "switch-failed",
    "grace",
    "done",
    "rolling-back",
    "rolled-back",
    "answer-lost",
    "vanished",
  ].map(rotations),
  { name: "rotations-several", place: "subscriptions/rotations", scene: { subs: "steps", pace: "0" } },
  { name: "rotations-ended", place: "subscriptions/rotations", scene: { subs: "ended", pace: "0" } },
  { name: "rotations-none", place: "subscriptions/rotations" },
  {
    name: "rotation-roll-back",
    place: "subscriptions/rotations",
    scene: { rotation: "proving", pace: "0" },
    act: (page) => page.getByRole("button", { name: /Zurücknehmen|Roll back/ }).click(),
  },
  { name: "portal-1", place: "subscriptions", act: guide },
  {
    name: "portal-2",
    place: "subscriptions",
    act: async (page) => {
      await guide(page);
      await page.getByRole("dialog").getByRole("textbox").fill("Portal, Bestellungen");
      await page.getByRole("dialog").locator('button[type="submit"]').click();
      await page.getByTestId("guide-secret").locator("input").waitFor();
    },
  },
  {
    name: "portal-pubsub",
    place: "subscriptions",
    act: async (page) => {
      await guide(page);
      await page.getByRole("dialog").getByRole("textbox").fill("Arztzuweisungen");
      await page.getByRole("dialog").getByRole("radio").last().check();
      await page.getByRole("dialog").locator('button[type="submit"]').click();
      await page.getByTestId("guide-copy").getByRole("button").waitFor();
    },
  },
  { name: "connections", place: "settings/connections" },
  {
    name: "connection-edit-management",
    place: "settings/connections",
    act: (page) => page.getByTestId("connection").last().getByRole("button").nth(1).click(),
  },
  {
    name: "connection-edit-saved",
    place: "settings/connections",
    act: async (page) => {
      await page.getByTestId("connection").first().getByRole("button").nth(1).click();
      await page.getByTestId("connection-save").click();
      await page.getByTestId("check").waitFor();
      await page.getByTestId("check").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "connection-edit-path",
    place: "settings/connections",
    act: async (page) => {
      await page.getByTestId("connection").first().getByRole("button").nth(1).click();
      await page.getByTestId("connection-path").fill("/v1/hyphen-path");
      await page.getByTestId("connection-save").click();
      await page.getByTestId("check").waitFor();
      await page.getByTestId("check").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "connection-add",
    place: "settings/connections",
    act: async (page) => {
      await page.locator("#settings-connections button").first().click();
      await page.getByRole("dialog").locator("summary").click();
    },
  },
  { name: "rules", place: "settings/rules" },
  {
    name: "network",
    place: "settings/network",
    act: async (page) => {
      await page.getByTestId("network").getByRole("radio").last().check();
      await page
        .getByTestId("network")
        .getByRole("button", { name: /PEM einfügen|Paste PEM/ })
        .click();
    },
  },
  {
    name: "network-certificate",
    place: "settings/network",
    act: async (page) => {
      await page.locator('input[type="file"]').setInputFiles({
        name: "stammzertifikat.pem",
        mimeType: "application/x-pem-file",
        buffer: Buffer.from("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
      });
      await page.getByTestId("network-save").click();
      await page.getByText("SHA-256").waitFor();
    },
  },
  {
    name: "network-refused",
    place: "settings/network",
    act: async (page) => {
      await page.locator('input[type="file"]').setInputFiles({
        name: "urlaub.pem",
        mimeType: "application/x-pem-file",
        buffer: Buffer.from("kein Zertifikat"),
      });
      await page.getByTestId("network-save").click();
      await page.getByTestId("problem").waitFor();
    },
  },
  {
    name: "record",
    place: "settings/record",
    act: async (page) => {
      await page.getByTestId("audit-row").nth(3).click();
      await page.getByTestId("audit-detail").waitFor();
    },
  },
  { name: "record-empty", place: "settings/record", scene: { demo: "empty" } },
  { name: "overview-subscriptions", place: "overview", scene: { subs: "sick" } },
];

for (const language of ["de", "en"] as const) {
  for (const theme of ["light", "dark"] as const) {
    for (const [width, height] of [
      [1024, 700],
      [1920, 1080],
    ] as const) {
      for (const shot of shots) {
        test(`${shot.name} · ${language} · ${theme} · ${width}`, async ({ page }) => {
          await page.emulateMedia({ reducedMotion: "reduce" });
          await page.setViewportSize({ width, height });
          await openAt(page, shot.place, { ...shot.scene, language, theme });
          await page.waitForTimeout(150);
          await shot.act?.(page);
          await page.waitForTimeout(150);
          await page.screenshot({ path: join(folder, `${shot.name}-${language}-${theme}-${width}.png`) });
        });
      }
    }
  }
}

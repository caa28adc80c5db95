//! Language, colours and density as the settings have them, applied to the document. It stores nothing: the desk does.
import { call } from "../backend/backend";
import type { Language, Settings, Theme } from "../backend/ipc.gen";
import { setLocale, type Locale } from "../messages/gen/runtime";

/** What the desk answers when nobody has set anything (`Settings::default()`), until it has answered. */
const usual: Settings = {
  language: "system",
  theme: "system",
  roomy: false,
  first_run_done: false,
  keep_in_tray: false,
  order_views: [],
};
const darkness = matchMedia("(prefers-color-scheme: dark)");

let settings = $state.raw<Settings>(usual);
let known = $state(false);
let locale = $state<Locale>(localeOf("system"));

function localeOf(language: Language): Locale {
  if (language !== "system") return language;
  return navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

function themeOf(theme: Theme): Exclude<Theme, "system"> {
  if (theme !== "system") return theme;
  return darkness.matches ? "dark" : "light";
}

function apply(): void {
  const root = document.documentElement;
  root.dataset.theme = themeOf(settings.theme);
  root.toggleAttribute("data-roomy", settings.roomy);
  const wanted = localeOf(settings.language);
  root.lang = wanted;
  void setLocale(wanted, { reload: false });
  locale = wanted;
}

darkness.addEventListener("change", apply);

/** The settings as the window lives by them. */
export const preferences = {
  get settings() {
    return settings;
  },
  /** Whether the desk has told them yet; before, the usual ones stand in. */
  get known() {
    return known;
  },
  get locale() {
    return locale;
  },
  /** Height of a row in pixels. */
  get row() {
    return settings.roomy ? 44 : 36;
  },
};

/** Applies the usual settings, so that start-up screens have a language and colours. */
export function preferUsual(): void {
  apply();
}

/** Takes over what the desk says. */
export function prefer(told: Settings): void {
  settings = told;
  known = true;
  apply();
}

/** Changes some settings at once on the screen and stores them; a refusal puts the old ones back and rejects. */
export async function change(part: Partial<Settings>): Promise<void> {
  const before = settings;
  prefer({ ...settings, ...part });
  try {
    prefer(await call("settings_set", { ...before, ...part }));
  } catch (problem) {
    prefer(before);
    throw problem;
  }
}

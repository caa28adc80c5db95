//! Which recording shows the subscriptions of a scene. The address chooses: `subs=calm|sick|due|steps|ended`, or `rotation=STEP` for one
//! rotation alone; `demo/recorded/subscriptions` holds one recording for each.
import { Recorded } from "./recorded";

const files = import.meta.glob<string>("./recorded/subscriptions/*.json", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** The recording of this name, moved to a moment. */
export function recordedScene(name: string, opened: number): Recorded {
  const file = files[`./recorded/subscriptions/${name}.json`];
  if (file === undefined) throw new Error(`no scene of subscriptions is called ${name}`);
  return new Recorded(file, opened);
}

/** The names of the scenes; what was recorded of acts alone is none. */
export const sceneNames = Object.keys(files)
  .map((path) => path.slice(path.lastIndexOf("/") + 1, -".json".length))
  .filter((name) => !["acts", "settings", "pairing"].includes(name));

/** The name of the scene that an address wants. `bare`: there is no subscription yet. */
export function sceneOf(query: URLSearchParams, bare: boolean): string {
  if (bare) return "settings";
  const wanted = [`rotation-${query.get("rotation")}`, query.get("subs") ?? ""];
  return wanted.find((name) => sceneNames.includes(name)) ?? "day";
}

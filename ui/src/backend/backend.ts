//! The one door between the window and everything behind it. A view calls a command and listens for tags; it never knows
//! whether the shell or the demo answers. It keeps no answers: `state/live` does that, and patient data nowhere.
import type { Commands, Problem, ProgressView, Tag } from "./ipc.gen";

/** What stands behind the window. */
export interface Backend {
  /** Asks for one thing. Rejects with a `Problem`, never with anything else. */
  call<N extends keyof Commands>(name: N, input: Commands[N]["input"]): Promise<Commands[N]["output"]>;
  /** Tells which views have changed; returns the way to stop listening. */
  onChanged(listener: (tags: Tag[]) => void): () => void;
  /** Tells how far long work is; returns the way to stop listening. */
  onProgress(listener: (progress: ProgressView) => void): () => void;
}

/** Whether a rejection carries a problem of ours. */
export function isProblem(thrown: unknown): thrown is Problem {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && "incident" in thrown;
}

/** Any rejection as a problem; what is foreign becomes `internal` with its own words as the detail. */
export function asProblem(thrown: unknown): Problem {
  if (isProblem(thrown)) return thrown;
  const detail = thrown instanceof Error ? thrown.message : typeof thrown === "string" ? thrown : null;
  return { code: "internal", detail, incident: "–" };
}

let current: Backend | null = null;

/** Chooses the backend: the shell in production, invented data in the demo build. Called once, before the first paint. */
export async function openBackend(): Promise<Backend> {
  if (__DEMO__) {
    const { demo } = await import("./demo");
    current = demo(new URLSearchParams(location.search));
  } else {
    const { tauri } = await import("./tauri");
    current = tauri();
  }
  return current;
}

/** Puts another backend in its place; for tests of parts of the window. */
export function useBackend(backend: Backend): void {
  current = backend;
}

/** Asks the chosen backend. */
export function call<N extends keyof Commands>(name: N, input: Commands[N]["input"]): Promise<Commands[N]["output"]> {
  if (current === null) return Promise.reject(asProblem("the window asked before it was open"));
  return current.call(name, input).catch((thrown: unknown) => Promise.reject(asProblem(thrown)));
}

/** Listens to the chosen backend. */
export function onChanged(listener: (tags: Tag[]) => void): () => void {
  return current === null ? () => undefined : current.onChanged(listener);
}

/** Listens to how far long work is. */
export function onProgress(listener: (progress: ProgressView) => void): () => void {
  return current === null ? () => undefined : current.onProgress(listener);
}

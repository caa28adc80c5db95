//! What the views have asked and how it stays true: answers are kept under the tag of the thing they speak of, and a tag
//! from behind (step 10 of the journey) makes them ask again (step 11). Answers with patient data never come here.
import { createQuery, QueryClient, keepPreviousData } from "@tanstack/svelte-query";
import { call, onChanged } from "../backend/backend";
import type { Commands, Problem, Tag } from "../backend/ipc.gen";
import { paced } from "./pace";

/** A burst of tags repaints at most this often, in milliseconds: the eye sees no difference, the disk does. */
const PACE_MS = 150;

/** Every command whose answer may be kept. A new command is not kept until somebody has thought about its answer and written
 *  it here: what shows a patient, a courier, a handover code or the body of an event stays in the component that asked. */
export const keepable = [
  "assignment_filters",
  "device_list",
  "doctor_show",
  "event_list",
  "event_show",
  "inlet_list",
  "network",
  "notification_types",
  "order_confirmable",
  "order_facets",
  "order_list",
  "order_prescriptions",
  "order_show",
  "order_stuck",
  "order_timeline",
  "order_today",
  "prescription_show",
  "rules",
  "status",
  "stock_chart",
  "stock_list",
  "stock_rule",
  "subscription_list",
] as const satisfies readonly (keyof Commands)[];

/** One of them. */
export type Keepable = (typeof keepable)[number];

/** Answers, kept until their tag changes. */
export const answers = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      gcTime: 60_000,
      retry: false,
      networkMode: "always",
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

/** Asks and keeps asking whenever `tag` changes. `input` is a function so that a changed input asks anew. */
export function ask<N extends Keepable>(
  tag: Tag,
  name: N,
  input: () => Commands[N]["input"],
  options: { when?: () => boolean; keep?: boolean } = {},
) {
  return createQuery<Commands[N]["output"], Problem>(() => ({
    queryKey: [tag, name, input()],
    queryFn: () => call(name, input()),
    enabled: options.when?.() ?? true,
    placeholderData: options.keep ? keepPreviousData : undefined,
  }));
}

type Listener = () => void;
const listeners = new Map<Tag, Set<Listener>>();

/** Calls back when `tag` changes; returns the way to stop. For lists, which keep their own pages. */
export function onTag(tag: Tag, listener: Listener): () => void {
  const set = listeners.get(tag) ?? new Set();
  listeners.set(tag, set.add(listener));
  return () => void set.delete(listener);
}

/** Makes everything under these tags ask again, as if the change had come from behind. */
export function changed(tags: readonly Tag[]): void {
  for (const tag of tags) {
    void answers.invalidateQueries({ queryKey: [tag] });
    listeners.get(tag)?.forEach((listener) => listener());
  }
}

/** Starts listening for tags; the first of a burst passes at once, the rest is gathered. */
export function listen(): () => void {
  const waiting = new Set<Tag>();
  const due = paced(PACE_MS, () => {
    const tags = [...waiting];
    waiting.clear();
    changed(tags);
    return tags.length > 0;
  });
  return onChanged((tags) => {
    tags.forEach((tag) => waiting.add(tag));
    due();
  });
}

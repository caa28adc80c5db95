//! The words of subscriptions and rotations that depend on more than one fact. It decides nothing.
import type { RotationView, SubscriptionView } from "../backend/ipc.gen";
import { dayTime } from "../kit/times";
import { m } from "../messages/gen/messages";
import type { Locale } from "../messages/gen/runtime";
import { subscriptionStates } from "../kit/words";
import { standOf, type Remedy, type Stand } from "./faces";
import { batchOf, ended, stageNow, stuck, sumOf, type Stage } from "./stages";

type Word = () => string;

export const standWords: Record<Stand, Word> = {
  active: m.subscription_active,
  silent: m.subscription_silent,
  unverifiable: m.subscription_unverifiable,
  secret_gone: m.subscription_unverifiable,
  planned: m.subscription_planned,
  unsettled: m.subscription_unsettled,
  vanished: m.subscription_vanished,
  orphaned: m.subscription_orphaned,
  foreign: m.subscription_foreign,
  adoptable: m.subscription_adoptable,
  removing: m.subscription_removing,
  removed: m.subscription_removed,
};

export const remedyWords: Record<Remedy, Word> = {
  register: m.subscription_register_again,
  paste: m.subscription_paste,
  adopt: m.subscription_adopt,
  remove: m.subscription_remove,
  look: m.subscription_look,
  test: m.subscription_test,
};

/** Remedies that ask something first; their button ends in an ellipsis. */
export const asksFirst: ReadonlySet<Remedy> = new Set<Remedy>(["paste", "adopt", "remove"]);

/** What its state means, in one sentence; `null` where the word says enough. */
export function standSentence(row: SubscriptionView, now: number, locale: Locale): string | null {
  switch (standOf(row)) {
    case "vanished":
      return m.subscription_vanished_note();
    case "orphaned":
      return m.subscription_orphaned_note();
    case "unverifiable":
      return m.subscription_unverifiable_sentence();
    case "secret_gone":
      return m.subscription_secret_gone_sentence();
    case "foreign":
      return m.subscription_foreign_note();
    case "adoptable":
      return m.subscription_adoptable_sentence({ inlet: row.inlet ?? "–" });
    case "unsettled":
      return m.subscription_unsettled_note();
    case "planned":
      return m.subscription_planned_note();
    case "removing":
      return m.subscription_removing_note();
    case "silent": {
      const { silent_since: since, expected } = row.health;
      return since === null || expected === null
        ? m.subscription_silent_sentence_plain()
        : m.subscription_silent_sentence({
            since: dayTime(Date.parse(since), now, locale),
            count: Math.round(expected),
          });
    }
    default:
      return null;
  }
}

/** The hover of a state. */
export function standTitle(row: SubscriptionView): string {
  return standOf(row) === "silent" ? m.subscription_silent_known() : subscriptionStates[row.state].sentence();
}

/** Where a rotation stands, in few words. */
export function rotationWord(rotation: RotationView): string {
  if (rotation.waits_for === "secret" && !ended(rotation)) return m.rotation_word_secret();
  if (stuck(rotation)) return m.rotation_word_stuck();
  const words: Record<RotationView["step"], Word> = {
    planned: m.rotation_word_planned,
    created: m.rotation_word_created,
    proving: m.rotation_word_proving,
    switching: m.rotation_word_switching,
    grace: m.rotation_word_grace,
    done: m.rotation_word_done,
    rolling_back: m.rotation_word_rolling_back,
    rolled_back: m.rotation_word_rolled_back,
  };
  return words[rotation.step]();
}

/** The words of one stage. */
export function stageWord(stage: Stage, rotation: RotationView, now: number, locale: Locale): string {
  const ahead = stage.state === "todo" || stage.state === "skipped";
  const here = stage.state !== "done" && stage.state !== "undone" && !ahead;
  switch (stage.name) {
    case "created":
      return ahead || here ? m.rotation_stage_created_todo() : m.rotation_stage_created();
    case "secret":
      if (stage.state === "asked") return m.rotation_stage_secret_asked();
      return ahead || (here && rotation.new_fingerprint === null)
        ? m.rotation_stage_secret_todo()
        : m.rotation_stage_secret();
    case "proved":
      if (here) return m.rotation_stage_proved_now();
      return ahead ? m.rotation_stage_proved_todo() : m.rotation_stage_proved();
    case "switched":
      return ahead || here ? m.rotation_stage_switched_todo() : m.rotation_stage_switched();
    case "grace":
      if (here && rotation.grace_until !== null)
        return m.rotation_stage_grace_now({ time: dayTime(Date.parse(rotation.grace_until), now, locale) });
      return stage.state === "done"
        ? m.rotation_stage_grace()
        : m.rotation_stage_grace_hours({ hours: rotation.grace_hours });
  }
}

export const stageStates: Record<Stage["state"], Word> = {
  done: m.rotation_state_done,
  working: m.rotation_state_working,
  waiting: m.rotation_state_waiting,
  asked: m.rotation_state_asked,
  stuck: m.rotation_state_stuck,
  todo: m.rotation_state_todo,
  undone: m.rotation_state_undone,
  skipped: m.rotation_state_skipped,
};

/** Several rotations in one line: how many are done, and what the others wait for. */
export function sumWords(rotations: readonly RotationView[]): string {
  const sum = sumOf(batchOf(rotations));
  return [
    sum.count > 1 ? m.rotation_summary({ count: sum.count, done: sum.done }) : "",
    sum.stuck > 0 ? m.rotation_summary_stuck({ count: sum.stuck }) : "",
    sum.secret > 0 ? m.rotation_summary_secret({ count: sum.secret }) : "",
    sum.delivery > 0 ? m.rotation_summary_delivery({ count: sum.delivery }) : "",
    sum.working > 0 ? m.rotation_summary_working({ count: sum.working }) : "",
    sum.grace > 0 ? m.rotation_summary_grace({ count: sum.grace }) : "",
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** What a rotation says of itself: what is happening, what is safe, what can be undone; or, at its end, what became of it. */
export function story(
  rotation: RotationView,
  now: number,
  locale: Locale,
): { now: string; safe: string; undo: string } | { became: string } {
  const time = (at: string | null) => (at === null ? "–" : dayTime(Date.parse(at), now, locale));
  if (rotation.step === "done")
    return {
      became:
        rotation.proved_at === null
          ? m.rotation_done_sentence_plain()
          : m.rotation_done_sentence({ time: time(rotation.proved_at) }),
    };
  if (rotation.step === "rolled_back") return { became: m.rotation_rolled_back_sentence() };

  const keyed = rotation.new_fingerprint !== null;
  const happening = (): string => {
    if (rotation.waits_for === "secret") return m.rotation_now_secret();
    switch (rotation.step) {
      case "planned":
        return m.rotation_now_planned();
      case "created":
        return m.rotation_now_created();
      case "proving":
        return rotation.test_sent_at === null
          ? m.rotation_now_proving()
          : m.rotation_now_proving_tested({ time: time(rotation.test_sent_at) });
      case "switching":
        return m.rotation_now_switching();
      case "grace":
        return m.rotation_now_grace({ time: time(rotation.grace_until) });
      default:
        return m.rotation_now_rolling_back();
    }
  };
  const safe = (): string => {
    if (rotation.step === "grace") return m.rotation_safe_grace({ fingerprint: rotation.new_fingerprint ?? "–" });
    if (rotation.step === "switching") return m.rotation_safe_proved({ time: time(rotation.proved_at) });
    if (rotation.step === "proving" && keyed) return m.rotation_safe_both();
    if (stageNow(rotation) === "secret" && !keyed) return m.rotation_safe_kept();
    return m.rotation_safe_old();
  };
  const next =
    rotation.next_try_at === null
      ? ""
      : ` ${m.rotation_now_next_try({ time: dayTime(Date.parse(rotation.next_try_at), now, locale) })}`;
  return {
    now: happening() + next,
    safe: safe(),
    undo:
      rotation.step === "rolling_back"
        ? m.rotation_undo_going()
        : rotation.can_roll_back
          ? m.rotation_undo_all()
          : m.rotation_undo_none(),
  };
}

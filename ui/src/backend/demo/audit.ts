//! The demo's record of what administrators did: invented, newest first, long enough for several pages.
import type { AuditAction, AuditEntryView } from "../ipc.gen";
import { dice, hex, pick } from "./dice";

const HOUR = 3_600_000;

const everyday: readonly AuditAction[] = [
  "subscription_register",
  "subscription_test",
  "rotation_start",
  "rotation_switch",
  "rotation_finish",
  "connection_edit",
  "subscription_secret",
  "inlet_add",
  "rules_set",
];
const types = ["pharmacy_order_created", "pharmacy_order_updated", "pharmacy_sku_stock_updated"] as const;

/** So many entries before a moment. */
export function auditOf(opened: number, count = 240): AuditEntryView[] {
  return Array.from({ length: count }, (_, at): AuditEntryView => {
    const action =
      at === count - 1
        ? "pair"
        : at === 3
          ? "subscription_remove"
          : at === 5
            ? "device_revoke"
            : at === 6
              ? "network_set"
              : pick(everyday, at, 81);
    const named = action.startsWith("subscription") || action.startsWith("rotation");
    const outcome = at === 3 ? "failed" : at === 11 ? "unfinished" : "done";
    return {
      id: count - at,
      at: new Date(opened - (at + 1) * 5 * HOUR - Math.floor(dice(at, 82) * HOUR)).toISOString(),
      account: at % 5 === 2 ? "max.musterperson" : "erika.beispiel",
      shell: at % 4 === 1 ? "command_line" : "window",
      action,
      subject:
        action === "pair"
          ? "testapotheke · Kasse 1"
          : action === "device_revoke"
            ? "Notebook (Außendienst)"
            : action === "rules_set" || action === "network_set"
              ? "–"
              : named
                ? `Testapotheke · ${pick(types, at, 83)}`
                : action === "inlet_add"
                  ? "Portal, Bestellungen"
                  : "Testapotheke",
      detail:
        action === "device_revoke"
          ? "dev-4"
          : action === "rotation_start"
            ? "72 h"
            : named && action !== "subscription_test"
              ? hex(8, 84, at)
              : null,
      outcome,
      code: outcome === "failed" ? "confirmation_needed" : null,
    };
  });
}

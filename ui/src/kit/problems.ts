//! What each code means to the person in front of the window: what happened, what is still safe, and the way out. Every
//! code of the desk stands here; a missing one does not compile. It shows nothing itself: `ProblemNote` does.
import type { Code } from "../backend/ipc.gen";
import { m } from "../messages/gen/messages";

type Word = () => string;

/** Where the way out leads: ask again, a place in the window, or nowhere because the sentence says what to do by hand. */
export type Exit =
  | "retry"
  | "relay"
  | "connections"
  | "network"
  | "evitalrx"
  | "subscriptions"
  | "orders"
  | "deliveries"
  | "stock"
  | "doctors"
  | "none";

/** One code in words. */
export type Sentence = { what: Word; safe: Word; cure: Word; exit: Exit };

/** All codes. */
export const sentences: Record<Code, Sentence> = {
  keyring_missing: {
    what: m.code_keyring_missing,
    safe: m.code_keyring_missing_safe,
    cure: m.code_keyring_missing_cure,
    exit: "retry",
  },
  keyring_locked: {
    what: m.code_keyring_locked,
    safe: m.code_keyring_locked_safe,
    cure: m.code_keyring_locked_cure,
    exit: "retry",
  },
  keyring_failed: {
    what: m.code_keyring_failed,
    safe: m.code_keyring_failed_safe,
    cure: m.code_keyring_failed_cure,
    exit: "retry",
  },
  database_key_lost: {
    what: m.code_database_key_lost,
    safe: m.code_database_key_lost_safe,
    cure: m.code_database_key_lost_cure,
    exit: "retry",
  },
  database_unreadable: {
    what: m.code_database_unreadable,
    safe: m.code_database_unreadable_safe,
    cure: m.code_database_unreadable_cure,
    exit: "retry",
  },
  database_old: {
    what: m.code_database_old,
    safe: m.code_database_old_safe,
    cure: m.code_database_old_cure,
  },
  database_newer: {
    what: m.code_database_newer,
    safe: m.code_database_newer_safe,
    cure: m.code_database_newer_cure,
    exit: "retry",
  },
  database_busy: {
    what: m.code_database_busy,
    safe: m.code_database_busy_safe,
    cure: m.code_database_busy_cure,
    exit: "retry",
  },
  disk_full: { what: m.code_disk_full, safe: m.code_disk_full_safe, cure: m.code_disk_full_cure, exit: "retry" },
  home_unusable: {
    what: m.code_home_unusable,
    safe: m.code_home_unusable_safe,
    cure: m.code_home_unusable_cure,
    exit: "retry",
  },
  not_paired: { what: m.code_not_paired, safe: m.code_not_paired_safe, cure: m.code_not_paired_cure, exit: "relay" },
  already_paired: {
    what: m.code_already_paired,
    safe: m.code_already_paired_safe,
    cure: m.code_already_paired_cure,
    exit: "relay",
  },
  pairing_code_malformed: {
    what: m.code_pairing_code_malformed,
    safe: m.code_pairing_code_malformed_safe,
    cure: m.code_pairing_code_malformed_cure,
    exit: "none",
  },
  pairing_code_refused: {
    what: m.code_pairing_code_refused,
    safe: m.code_pairing_code_refused_safe,
    cure: m.code_pairing_code_refused_cure,
    exit: "none",
  },
  relay_unreachable: {
    what: m.code_relay_unreachable,
    safe: m.code_relay_unreachable_safe,
    cure: m.code_relay_unreachable_cure,
    exit: "retry",
  },
  relay_refused: {
    what: m.code_relay_refused,
    safe: m.code_relay_refused_safe,
    cure: m.code_relay_refused_cure,
    exit: "relay",
  },
  relay_unavailable: {
    what: m.code_relay_unavailable,
    safe: m.code_relay_unavailable_safe,
    cure: m.code_relay_unavailable_cure,
    exit: "retry",
  },
  relay_version: {
    what: m.code_relay_version,
    safe: m.code_relay_version_safe,
    cure: m.code_relay_version_cure,
    exit: "none",
  },
  relay_unexpected: {
    what: m.code_relay_unexpected,
    safe: m.code_relay_unexpected_safe,
    cure: m.code_relay_unexpected_cure,
    exit: "retry",
  },
  provider_unreachable: {
    what: m.code_provider_unreachable,
    safe: m.code_provider_unreachable_safe,
    cure: m.code_provider_unreachable_cure,
    exit: "retry",
  },
  provider_key_refused: {
    what: m.code_provider_key_refused,
    safe: m.code_provider_key_refused_safe,
    cure: m.code_provider_key_refused_cure,
    exit: "connections",
  },
  provider_permission_missing: {
    what: m.code_provider_permission_missing,
    safe: m.code_provider_permission_missing_safe,
    cure: m.code_provider_permission_missing_cure,
    exit: "none",
  },
  provider_not_found: {
    what: m.code_provider_not_found,
    safe: m.code_provider_not_found_safe,
    cure: m.code_provider_not_found_cure,
    exit: "subscriptions",
  },
  provider_wrong_base_path: {
    what: m.code_provider_wrong_base_path,
    safe: m.code_provider_wrong_base_path_safe,
    cure: m.code_provider_wrong_base_path_cure,
    exit: "connections",
  },
  provider_conflict: {
    what: m.code_provider_conflict,
    safe: m.code_provider_conflict_safe,
    cure: m.code_provider_conflict_cure,
    exit: "subscriptions",
  },
  provider_rejected: {
    what: m.code_provider_rejected,
    safe: m.code_provider_rejected_safe,
    cure: m.code_provider_rejected_cure,
    exit: "none",
  },
  provider_rate_limited: {
    what: m.code_provider_rate_limited,
    safe: m.code_provider_rate_limited_safe,
    cure: m.code_provider_rate_limited_cure,
    exit: "retry",
  },
  provider_failed: {
    what: m.code_provider_failed,
    safe: m.code_provider_failed_safe,
    cure: m.code_provider_failed_cure,
    exit: "retry",
  },
  provider_unexpected: {
    what: m.code_provider_unexpected,
    safe: m.code_provider_unexpected_safe,
    cure: m.code_provider_unexpected_cure,
    exit: "connections",
  },
  provider_redirected: {
    what: m.code_provider_redirected,
    safe: m.code_provider_redirected_safe,
    cure: m.code_provider_redirected_cure,
    exit: "connections",
  },
  provider_ambiguous: {
    what: m.code_provider_ambiguous,
    safe: m.code_provider_ambiguous_safe,
    cure: m.code_provider_ambiguous_cure,
    exit: "subscriptions",
  },
  delete_not_configured: {
    what: m.code_delete_not_configured,
    safe: m.code_delete_not_configured_safe,
    cure: m.code_delete_not_configured_cure,
    exit: "connections",
  },
  test_not_configured: {
    what: m.code_test_not_configured,
    safe: m.code_test_not_configured_safe,
    cure: m.code_test_not_configured_cure,
    exit: "connections",
  },
  connection_unknown: {
    what: m.code_connection_unknown,
    safe: m.code_connection_unknown_safe,
    cure: m.code_connection_unknown_cure,
    exit: "connections",
  },
  connection_name_taken: {
    what: m.code_connection_name_taken,
    safe: m.code_connection_name_taken_safe,
    cure: m.code_connection_name_taken_cure,
    exit: "none",
  },
  connection_in_use: {
    what: m.code_connection_in_use,
    safe: m.code_connection_in_use_safe,
    cure: m.code_connection_in_use_cure,
    exit: "subscriptions",
  },
  subscription_unknown: {
    what: m.code_subscription_unknown,
    safe: m.code_subscription_unknown_safe,
    cure: m.code_subscription_unknown_cure,
    exit: "subscriptions",
  },
  subscription_foreign: {
    what: m.code_subscription_foreign,
    safe: m.code_subscription_foreign_safe,
    cure: m.code_subscription_foreign_cure,
    exit: "none",
  },
  subscription_elsewhere: {
    what: m.code_subscription_elsewhere,
    safe: m.code_subscription_elsewhere_safe,
    cure: m.code_subscription_elsewhere_cure,
    exit: "subscriptions",
  },
  rotation_under_way: {
    what: m.code_rotation_under_way,
    safe: m.code_rotation_under_way_safe,
    cure: m.code_rotation_under_way_cure,
    exit: "subscriptions",
  },
  rotation_too_late: {
    what: m.code_rotation_too_late,
    safe: m.code_rotation_too_late_safe,
    cure: m.code_rotation_too_late_cure,
    exit: "subscriptions",
  },
  rotation_unknown: {
    what: m.code_rotation_unknown,
    safe: m.code_rotation_unknown_safe,
    cure: m.code_rotation_unknown_cure,
    exit: "subscriptions",
  },
  rotation_answer_lost: {
    what: m.code_rotation_answer_lost,
    safe: m.code_rotation_answer_lost_safe,
    cure: m.code_rotation_answer_lost_cure,
    exit: "none",
  },
  rotation_vanished: {
    what: m.code_rotation_vanished,
    safe: m.code_rotation_vanished_safe,
    cure: m.code_rotation_vanished_cure,
    exit: "none",
  },
  confirmation_needed: {
    what: m.code_confirmation_needed,
    safe: m.code_confirmation_needed_safe,
    cure: m.code_confirmation_needed_cure,
    exit: "none",
  },
  list_lost_others: {
    what: m.code_list_lost_others,
    safe: m.code_list_lost_others_safe,
    cure: m.code_list_lost_others_cure,
    exit: "connections",
  },
  provider_tls: {
    what: m.code_provider_tls,
    safe: m.code_provider_tls_safe,
    cure: m.code_provider_tls_cure,
    exit: "network",
  },
  provider_timeout: {
    what: m.code_provider_timeout,
    safe: m.code_provider_timeout_safe,
    cure: m.code_provider_timeout_cure,
    exit: "network",
  },
  certificate_unusable: {
    what: m.code_certificate_unusable,
    safe: m.code_certificate_unusable_safe,
    cure: m.code_certificate_unusable_cure,
    exit: "none",
  },
  inlet_unknown: {
    what: m.code_inlet_unknown,
    safe: m.code_inlet_unknown_safe,
    cure: m.code_inlet_unknown_cure,
    exit: "subscriptions",
  },
  device_unknown: {
    what: m.code_device_unknown,
    safe: m.code_device_unknown_safe,
    cure: m.code_device_unknown_cure,
    exit: "none",
  },
  device_name_malformed: {
    what: m.code_device_name_malformed,
    safe: m.code_device_name_malformed_safe,
    cure: m.code_device_name_malformed_cure,
    exit: "none",
  },
  order_unknown: {
    what: m.code_order_unknown,
    safe: m.code_order_unknown_safe,
    cure: m.code_order_unknown_cure,
    exit: "orders",
  },
  confirmation_off: {
    what: m.code_confirmation_off,
    safe: m.code_confirmation_off_safe,
    cure: m.code_confirmation_off_cure,
    exit: "evitalrx",
  },
  link_refused: {
    what: m.code_link_refused,
    safe: m.code_link_refused_safe,
    cure: m.code_link_refused_cure,
    exit: "none",
  },
  browser_missing: {
    what: m.code_browser_missing,
    safe: m.code_browser_missing_safe,
    cure: m.code_browser_missing_cure,
    exit: "none",
  },
  event_unknown: {
    what: m.code_event_unknown,
    safe: m.code_event_unknown_safe,
    cure: m.code_event_unknown_cure,
    exit: "deliveries",
  },
  stock_unknown: {
    what: m.code_stock_unknown,
    safe: m.code_stock_unknown_safe,
    cure: m.code_stock_unknown_cure,
    exit: "stock",
  },
  prescription_unknown: {
    what: m.code_prescription_unknown,
    safe: m.code_prescription_unknown_safe,
    cure: m.code_prescription_unknown_cure,
    exit: "doctors",
  },
  doctor_unknown: {
    what: m.code_doctor_unknown,
    safe: m.code_doctor_unknown_safe,
    cure: m.code_doctor_unknown_cure,
    exit: "doctors",
  },
  input_invalid: {
    what: m.code_input_invalid,
    safe: m.code_input_invalid_safe,
    cure: m.code_input_invalid_cure,
    exit: "none",
  },
  file_unusable: {
    what: m.code_file_unusable,
    safe: m.code_file_unusable_safe,
    cure: m.code_file_unusable_cure,
    exit: "none",
  },
  file_foreign: {
    what: m.code_file_foreign,
    safe: m.code_file_foreign_safe,
    cure: m.code_file_foreign_cure,
    exit: "none",
  },
  work_under_way: {
    what: m.code_work_under_way,
    safe: m.code_work_under_way_safe,
    cure: m.code_work_under_way_cure,
    exit: "none",
  },
  prescription_missing: {
    what: m.code_prescription_missing,
    safe: m.code_prescription_missing_safe,
    cure: m.code_prescription_missing_cure,
    exit: "none",
  },
  internal: { what: m.code_internal, safe: m.code_internal_safe, cure: m.code_internal_cure, exit: "retry" },
};

//! A threshold as short as a cell.
import type { StockThreshold } from "../backend/ipc.gen";
import { m } from "../messages/gen/messages";

/** `≤ 5`, `≤ 3 d`, both, or never. */
export function thresholdText({ pieces, days }: StockThreshold): string {
  const parts = [
    ...(pieces === null ? [] : [m.stock_threshold_pieces({ count: pieces })]),
    ...(days === null ? [] : [m.stock_threshold_days({ count: days })]),
  ];
  return parts.length === 0 ? m.stock_threshold_none() : parts.join(" · ");
}

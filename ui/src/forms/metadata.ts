//! Whether a text may go along as `meta_data`: nothing, or a JSON object.

/** True for an empty text and for a JSON object; an array, a number or anything unreadable is false. */
export function isMetadata(text: string): boolean {
  if (text.trim() === "") return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

//! The clipboard. It only ever takes what somebody asked to copy.

/** Copies text; false when the clipboard is not to be had. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

//! The dice of the demo's overlays: the same number always throws the same, so a screen can be looked at twice.

/** A number in [0, 1) that depends on nothing but its seeds. */
export function dice(...seeds: number[]): number {
  let hash = 0x9e3779b9;
  for (const seed of seeds) {
    hash = Math.imul(hash ^ (seed + 0x7f4a7c15), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 4294967296;
}

/** One of a list, by dice. */
export function pick<T>(list: readonly T[], ...seeds: number[]): T {
  const one = list[Math.floor(dice(...seeds) * list.length)];
  if (one === undefined) throw new Error("the list is empty");
  return one;
}

/** So many hex digits, by dice. */
export function hex(length: number, ...seeds: number[]): string {
  let text = "";
  for (let at = 0; text.length < length; at += 1) {
    text += Math.floor(dice(...seeds, at) * 65536)
      .toString(16)
      .padStart(4, "0");
  }
  return text.slice(0, length);
}

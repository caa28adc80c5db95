//! The invented people, pharmacies and products of the demo, and its dice. Nobody here exists. The same number always
//! throws the same dice, so a screen can be looked at twice.

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

/** Sixty-four hex digits, by dice. */
export function hex(length: number, ...seeds: number[]): string {
  let text = "";
  for (let at = 0; text.length < length; at += 1) {
    text += Math.floor(dice(...seeds, at) * 65536)
      .toString(16)
      .padStart(4, "0");
  }
  return text.slice(0, length);
}

export const pharmacies = [
  { uid: "ph-test", name: "Testapotheke" },
  { uid: "ph-muster", name: "Muster-Apotheke am Beispielplatz" },
  { uid: "ph-probe", name: "Probe-Versandapotheke" },
  { uid: "ph-fantasie", name: "Fantasie-Apotheke Musterhausen" },
] as const;

export const products = [
  { name: "Testmittel 10 mg, 30 Tabletten", pzn: "00000017", cents: 1299 },
  { name: "Beispiolan Retard 75 mg, 100 Kapseln", pzn: "00000023", cents: 3480 },
  { name: "Probosan Tropfen 50 ml", pzn: "00000046", cents: 895 },
  { name: "Musterin forte 500 mg, 20 Filmtabletten", pzn: "00000052", cents: 1745 },
  { name: "Fiktivol Salbe 100 g", pzn: "00000069", cents: 1120 },
  { name: "Cannabisblüten Sorte Beispiel 22/1, 10 g", pzn: "00000075", cents: 8900 },
  { name: "Cannabisextrakt Muster 10/10, 25 ml", pzn: "00000081", cents: 15950 },
  { name: "Attrappin Nasenspray 15 ml", pzn: "00000098", cents: 649 },
  { name: "Scheinolol 5 mg, 50 Tabletten", pzn: "00000106", cents: 1390 },
  { name: "Placebin Lutschtabletten, 24 Stück", pzn: "00000112", cents: 575 },
] as const;

export const doctors = ["Dr. Ada Muster", "Dr. Till Beispiel", "Dr. Nora Probe", "Dr. Emil Attrappe"] as const;

export const people = [
  { first: "Erika", last: "Beispiel", city: "00000 Teststadt" },
  { first: "Max", last: "Musterperson", city: "00001 Musterhausen" },
  { first: "Lotte", last: "Fiktiv", city: "00002 Probedorf an der Beispiel" },
  { first: "Jonas", last: "Ausgedacht", city: "00003 Attrappingen" },
] as const;

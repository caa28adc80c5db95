//! The words of each provider, and where they may stand: in the provider's own folder or file, in the one file that names the
//! sources, in what the window says to people, in tests. Comments are free.
//!
//! Only words that nobody else would use are listed. `shipped` and `completed` are RxScale's as well, but everybody's too,
//! and a rule that cries at each of them would be switched off.
import { read, withoutTests } from "./rust.mjs";

/** Compared without case, spaces, `_` and `-`. */
const vendors = {
  RxScale: [
    "rxscale",
    // Event types.
    "pharmacyordercreated",
    "pharmacyorderupdated",
    "pharmacyskustockupdated",
    "prescriptiondoctorchanged",
    "patientdoctormeetingupdated",
    "appointmentreminderdue",
    // Statuses.
    "waitingforpharmacy",
    "readyforpickup",
    "pendingreview",
    // Why a doctor was changed.
    "onholddoctorremoved",
    "queueassigned",
    // Its API.
    "externalpharmacyapi",
    "notificationsubscriptions",
    "xwebhookevent",
    "xwebhooksignature",
  ],
  eVitalRx: [
    "evitalrx",
    "transactionnature",
    "digitizationcompleted",
    "digitizationrejected",
    "orderassigned",
    "orderpickedup",
    "draftsave",
    "draftedit",
  ],
};

const desk = /^crates\/desk\/src\/(?!rxscale\/|evitalrx\/|source\.rs$).*\.rs$/;
/** The demo speaks as a provider does; `kit/sources.ts` is to the window what `source.rs` is to the desk. */
const window =
  /^ui\/src\/(?!messages\/|backend\/demo|kit\/sources\.ts$)(?!.*(?:evitalrx|rxscale))(?!.*\.(?:test|gen)\.ts$).*\.(?:ts|svelte)$/i;

/** The literals of a file of the window, and the text between its tags. What is imported is a file and not a word. */
function windowLiterals(source) {
  const literals = [];
  const token =
    /\/\*[^]*?\*\/|<!--[^]*?-->|(?<![:"'`\w])\/\/[^\n]*|(?<importing>\bfrom\s*|\bimport\s*\(?\s*)?(?:"(?<a>(?:[^"\\\n]|\\.)*)"|'(?<b>(?:[^'\\\n]|\\.)*)'|`(?<c>(?:[^`\\]|\\.)*)`)|>(?<d>[^<>{}="'`;]+)</g;
  for (const hit of source.matchAll(token)) {
    const { importing, a, b, c, d } = hit.groups;
    const found = a ?? b ?? c ?? d;
    if (found !== undefined && importing === undefined) literals.push({ text: found, at: hit.index });
  }
  return literals;
}

/** The words of providers that stand where they should not: `[{ vendor, word, at }]`, the word as it is listed above. */
export function vendorWords(file, source, isTest) {
  let literals = [];
  if (desk.test(file) && !isTest) {
    const all = read(source);
    const kept = withoutTests(all.code).code;
    literals = all.literals.filter(({ at }) => kept[at] !== " ");
  } else if (window.test(file)) literals = windowLiterals(source);
  return literals.flatMap(({ text, at }) => {
    const folded = text.toLowerCase().replace(/[\s_-]+/g, "");
    return Object.entries(vendors).flatMap(([vendor, words]) =>
      words.filter((word) => folded.includes(word)).map((word) => ({ vendor, word, at })),
    );
  });
}

//! The invented people, pharmacies and products of the recording, and its dice. Nobody here exists. The same numbers always
//! throw the same dice, so two recordings are equal.

/// A number in [0, 1) that depends on nothing but its seeds.
pub(crate) fn dice(seeds: &[u32]) -> f64 {
    let mut hash = 0x9e37_79b9_u32;
    for seed in seeds {
        hash = (hash ^ seed.wrapping_add(0x7f4a_7c15)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^= hash >> 16;
    }
    f64::from(hash) / 4_294_967_296.0
}

/// One of a list, by dice.
pub(crate) fn pick<'a, T>(list: &'a [T], seeds: &[u32]) -> &'a T {
    &list[(dice(seeds) * list.len() as f64) as usize]
}

/// So many hex digits, by dice.
pub(crate) fn hex(length: usize, seeds: &[u32]) -> String {
    let digit = |at: usize| {
        let seeds: Vec<u32> = seeds.iter().copied().chain([at as u32]).collect();
        char::from_digit((dice(&seeds) * 16.0) as u32, 16).unwrap()
    };
    (0..length).map(digit).collect()
}

/// Uid and name.
pub(crate) const PHARMACIES: [(&str, &str); 4] = [
    ("ph-test", "Testapotheke"),
    ("ph-muster", "Muster-Apotheke am Beispielplatz"),
    ("ph-probe", "Probe-Versandapotheke"),
    ("ph-fantasie", "Fantasie-Apotheke Musterhausen"),
];

/// Name, number, price in cents.
pub(crate) const PRODUCTS: [(&str, &str, i64); 10] = [
    ("Testmittel 10 mg, 30 Tabletten", "00000017", 1299),
    ("Beispiolan Retard 75 mg, 100 Kapseln", "00000023", 3480),
    ("Probosan Tropfen 50 ml", "00000046", 895),
    ("Musterin forte 500 mg, 20 Filmtabletten", "00000052", 1745),
    ("Fiktivol Salbe 100 g", "00000069", 1120),
    ("Cannabisblüten Sorte Beispiel 22/1, 10 g", "00000075", 8900),
    ("Cannabisextrakt Muster 10/10, 25 ml", "00000081", 15_950),
    ("Attrappin Nasenspray 15 ml", "00000098", 649),
    ("Scheinolol 5 mg, 50 Tabletten", "00000106", 1390),
    ("Placebin Lutschtabletten, 24 Stück", "00000112", 575),
];

/// Uid, first name, last name.
pub(crate) const DOCTORS: [(&str, &str, &str); 4] = [
    ("doc-1", "Ada", "Muster"),
    ("doc-2", "Till", "Beispiel"),
    ("doc-3", "Nora", "Probe"),
    ("doc-4", "Emil", "Attrappe"),
];

/// A patient.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) zip: &'static str,
    pub(crate) city: &'static str,
}

const fn person(first: &'static str, last: &'static str, zip: &'static str, city: &'static str) -> Person {
    Person { first, last, zip, city }
}

pub(crate) const PEOPLE: [Person; 4] = [
    person("Erika", "Beispiel", "00000", "Teststadt"),
    person("Max", "Musterperson", "00001", "Musterhausen"),
    person("Lotte", "Fiktiv", "00002", "Probedorf an der Beispiel"),
    person("Jonas", "Ausgedacht", "00003", "Attrappingen"),
];

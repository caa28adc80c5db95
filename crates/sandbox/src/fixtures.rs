//! The invented pharmacies, doctors, patients and products, from which the events are made.
//!
//! Everybody must be able to see that they are invented: surnames and places say so, postal codes begin with 00 (which
//! is assigned to no place), telephone numbers come from the range reserved for film and television, e-mail addresses
//! end in `.test`, and the PZN begin with 99 but have a valid check digit.

use crate::rng::Rng;

/// A pharmacy of the invented organisation.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pharmacy {
    pub(crate) uid: &'static str,
    pub(crate) display_name: &'static str,
}

const fn pharmacy(uid: &'static str, display_name: &'static str) -> Pharmacy {
    Pharmacy { uid, display_name }
}

pub(crate) const PHARMACIES: [Pharmacy; 12] = [
    pharmacy("ph-muster-markt", "Muster-Apotheke am Markt"),
    pharmacy("ph-beispiel-nord", "Beispiel-Apotheke Nord"),
    pharmacy("ph-goldenes-muster", "Apotheke zum Goldenen Muster"),
    pharmacy("ph-probe-am-see", "Probe-Apotheke am See"),
    pharmacy("ph-erdachte-linde", "Apotheke zur Erdachten Linde"),
    pharmacy("ph-fantasia", "Fantasia-Apotheke"),
    pharmacy("ph-nirgendwo", "Apotheke Nirgendwo-Mitte"),
    pharmacy("ph-schablone", "Schablonen-Apotheke"),
    pharmacy("ph-weisser-entwurf", "Apotheke zum Weißen Entwurf"),
    pharmacy("ph-vorlage-ost", "Vorlagen-Apotheke Ost"),
    pharmacy("ph-uebung", "Übungs-Apotheke am Stadttor"),
    pharmacy("ph-einhorn-erfunden", "Erfundene Einhorn-Apotheke"),
];

/// A doctor of the invented organisation.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Doctor {
    pub(crate) uid: &'static str,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
}

const fn doctor(uid: &'static str, first_name: &'static str, last_name: &'static str) -> Doctor {
    Doctor { uid, first_name, last_name }
}

/// Some uids have the prefix of a neighbour or none: nobody may read meaning into them.
pub(crate) const DOCTORS: [Doctor; 16] = [
    doctor("doc-musterarzt", "Anselm", "Musterarzt"),
    doctor("doc-probe", "Berta", "Probe"),
    doctor("doctor_123", "Cornelius", "Beispielmann"),
    doctor("doc-erdacht", "Dorothea", "Erdacht"),
    doctor("doc-fabel", "Emil", "Fabelhaft"),
    doctor("doc-vorlage", "Friederike", "Vorlage"),
    doctor("doctor_207", "Gustav", "Platzhalter"),
    doctor("doc-niemand", "Hedwig", "Niemand"),
    doctor("doc-uebung", "Ignaz", "Übung"),
    doctor("doc-maerchen", "Johanna", "Märchen"),
    doctor("doctor_311", "Konrad", "Nirgendwo"),
    doctor("doc-entwurf", "Lieselotte", "Entwurf"),
    doctor("doc-testfall", "Magnus", "Testfall"),
    doctor("doc-schein", "Notburga", "Scheinbar"),
    doctor("45c1f0", "Oskar", "Ausgedacht"),
    doctor("doc-fiktiv", "Paula", "Fiktiv"),
];

/// A product with its price in euro cents.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Product {
    pub(crate) handle: &'static str,
    pub(crate) name: &'static str,
    pub(crate) pack: &'static str,
    pub(crate) price: i64,
}

const fn product(handle: &'static str, name: &'static str, pack: &'static str, price: i64) -> Product {
    Product { handle, name, pack, price }
}

pub(crate) const PRODUCTS: [Product; 36] = [
    product("testamol-500", "Testamol", "500 mg Tabletten 20 St", 495),
    product("testamol-saft", "Testamol Kindersaft", "100 ml", 689),
    product("probifen-400", "Probifen", "400 mg Filmtabletten 50 St", 1249),
    product("musterprazol-20", "Musterprazol", "20 mg Kapseln 28 St", 1567),
    product("exempladin-10", "Exempladin", "10 mg Tabletten 100 St", 1834),
    product("fiktolol-50", "Fiktolol", "50 mg Retardtabletten 100 St", 1922),
    product("erdachtan-8", "Erdachtan", "8 mg Tabletten 98 St", 2349),
    product("nirgendol-mite", "Nirgendol mite", "Tropfen 30 ml", 1175),
    product("placepril-5", "Placepril", "5 mg Tabletten 100 St", 1410),
    product("schablonin-forte", "Schablonin forte", "Salbe 100 g", 1699),
    product("entwurfin-creme", "Entwurfin", "Creme 50 g", 1299),
    product("vorlagyl-250", "Vorlagyl", "250 mg Tabletten 20 St", 1688),
    product("fantasiac-75", "Fantasiac", "75 mg Kapseln 50 St", 2755),
    product("maerchenol-n", "Märchenol N", "Dragees 60 St", 899),
    product("fabulipid-40", "Fabulipid", "40 mg Filmtabletten 100 St", 2990),
    product("niemavir-500", "Niemavir", "500 mg Filmtabletten 42 St", 8745),
    product("uebungin-spray", "Übungin", "Nasenspray 10 ml", 445),
    product("scheinolan-100", "Scheinolan", "100 mg Tabletten 30 St", 3920),
    product("fiktafil-50", "Fiktafil", "50 mg Filmtabletten 12 St", 4980),
    product("fiktafil-100", "Fiktafil", "100 mg Filmtabletten 12 St", 6490),
    product("erfundasterid-1", "Erfundasterid", "1 mg Filmtabletten 98 St", 5445),
    product("probexidil-5", "Probexidil", "50 mg/ml Lösung 3x60 ml", 3999),
    product("musteron-gel", "Musteron", "Gel 16,2 mg/g 88 g", 7310),
    product("beispirin-100", "Beispirin", "100 mg Tabletten 100 St", 365),
    product("gedachtnil-30", "Gedachtnil", "30 mg Retardkapseln 30 St", 4127),
    product("attrapin-inhal", "Attrapin", "Inhalationslösung 60 ml", 2866),
    product("platzolol-d", "Platzolol D", "Augentropfen 5 ml", 1933),
    product("irgendon-comp", "Irgendon comp.", "Tabletten 50 St", 1577),
    product("fantasemid-40", "Fantasemid", "40 mg Tabletten 50 St", 1288),
    product("ausdenkil-pen", "Ausdenkil", "Fertigpen 0,25 mg 4 St", 9980),
    product("ausdenkil-pen-1", "Ausdenkil", "Fertigpen 1 mg 4 St", 19990),
    product("traumina-blueten-22", "Traumina Blüten 22/1", "Cannabisblüten 10 g", 8990),
    product("fabelkush-18", "Fabelkush Blüten 18/1", "Cannabisblüten 5 g", 5450),
    product("nullwirk-extrakt", "Nullwirk Extrakt 10/10", "Extrakt 25 ml", 11900),
    product("exemplazin-pflaster", "Exemplazin", "transdermales Pflaster 10 St", 5120),
    product("modellan-lutsch", "Modellan", "Lutschtabletten 24 St", 799),
];

/// The PZN (eight digits, the last one the check digit) of the product at `index`.
pub(crate) fn pzn(index: usize) -> String {
    // Ten of eleven stems have a check digit below ten; a stem whose remainder is ten is never given out.
    let mut stem = 9_900_000 + (index as u32 % 5_000) * 17;
    loop {
        let sum: u32 =
            format!("{stem:07}").bytes().zip(1..).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        match sum % 11 {
            10 => stem += 1,
            check => return format!("{stem:07}{check}"),
        }
    }
}

/// A patient and where they live.
#[derive(Debug, Clone)]
pub(crate) struct Patient {
    pub(crate) uid: String,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) email: String,
    /// `YYYY-MM-DD`.
    pub(crate) date_of_birth: String,
    pub(crate) phone_number: Option<String>,
    pub(crate) street: &'static str,
    pub(crate) house_number: String,
    pub(crate) zip_code: String,
    pub(crate) city: &'static str,
    pub(crate) additional_address: Option<&'static str>,
}

/// How many different patients there are; they come back and order again.
const PATIENTS: usize = 240;

/// One of the invented patients: the same draw gives the same person with the same birthday and address.
pub(crate) fn patient(rng: &mut Rng) -> Patient {
    let number = rng.below(PATIENTS) as u64;
    let mut person = Rng::new(0x0ff1_2100 + number);
    let first_name = person.pick(&FIRST_NAMES);
    let last_name = person.pick(&LAST_NAMES);
    let (zip_code, city) = person.pick(&CITIES);
    Patient {
        uid: format!("pat-{}", person.digits()),
        first_name,
        last_name,
        email: format!("{}.{}{number}@example.test", plain(first_name), plain(last_name)),
        date_of_birth: format!("{}-{:02}-{:02}", 1938 + person.below(68), 1 + person.below(12), 1 + person.below(28)),
        phone_number: person.hits(0.8).then(|| format!("+49 30 23125 {:03}", person.below(1000))),
        street: person.pick(&STREETS),
        house_number: format!("{}{}", 1 + person.below(140), person.pick(&["", "", "", "a", "b"])),
        zip_code: zip_code.to_owned(),
        city,
        additional_address: person.pick(&[
            None,
            None,
            None,
            Some("Hinterhaus"),
            Some("c/o Platzhalter"),
            Some("2. OG"),
        ]),
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase()
        .replace('ä', "ae")
        .replace('ö', "oe")
        .replace('ü', "ue")
        .replace('ß', "ss")
        .replace('ş', "s")
        .replace(' ', "")
}

const FIRST_NAMES: [&str; 44] = [
    "Erika",
    "Max",
    "Anneliese",
    "Björn",
    "Cäcilie",
    "Detlef",
    "Elif",
    "Fatma",
    "Gesine",
    "Hannelore",
    "Ingo",
    "Jörg",
    "Käthe",
    "Lothar",
    "Mareike",
    "Norbert",
    "Ottilie",
    "Piotr",
    "Quirin",
    "Roswitha",
    "Sören",
    "Tatjana",
    "Ulf",
    "Vera",
    "Wolfgang",
    "Xenia",
    "Yusuf",
    "Zita",
    "Ayşe",
    "Birgit",
    "Emine",
    "Falk",
    "Greta",
    "Heike",
    "Jonas",
    "Kevin",
    "Leonie",
    "Mia",
    "Noah",
    "Petra",
    "Ruth",
    "Sabine",
    "Tim",
    "Ute",
];

const LAST_NAMES: [&str; 32] = [
    "Beispiel",
    "Muster",
    "Mustermann",
    "Musterfrau",
    "Probe",
    "Testmann",
    "Testfrau",
    "Platzhalter",
    "Irgendwer",
    "Niemand",
    "Jedermann",
    "Erdacht",
    "Erfunden",
    "Fabelhaft",
    "Märchen",
    "Attrappe",
    "Vorlage",
    "Schablone",
    "Entwurf",
    "Übung",
    "Nirgendwo",
    "Anderswo",
    "Ausgedacht",
    "Fiktiv",
    "Scheinbar",
    "Sozusagen",
    "Beispielhaft",
    "Lückenfüller",
    "Ohnenamen",
    "von Muster",
    "Probst-Beispiel",
    "Müster",
];

const STREETS: [&str; 20] = [
    "Musterweg",
    "Beispielallee",
    "Probestraße",
    "Testgasse",
    "Am Erdachten Brunnen",
    "Platzhalterstraße",
    "Fantasieufer",
    "Straße der Entwürfe",
    "Vorlagenring",
    "Schablonenplatz",
    "An der Übungswiese",
    "Niemandsweg",
    "Märchenstieg",
    "Zum Lückenfüller",
    "Ausgedachter Damm",
    "Fiktivstraße",
    "Nirgendwoallee",
    "Exempelgasse",
    "Modellstraße",
    "Attrappenhof",
];

const CITIES: [(&str, &str); 14] = [
    ("00101", "Musterstadt"),
    ("00117", "Beispielhausen"),
    ("00203", "Neu-Probe"),
    ("00244", "Testingen"),
    ("00310", "Erdachtal"),
    ("00355", "Bad Fiktiv"),
    ("00402", "Nirgendwo an der Au"),
    ("00471", "Groß Schablonen"),
    ("00528", "Übungshofen"),
    ("00599", "Märchenbrück"),
    ("00610", "Platzhalde"),
    ("00666", "Sankt Beispiel"),
    ("00733", "Attrappenburg"),
    ("00808", "Entwurfsleben"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_pzn_is_eight_digits_distinct_and_checks() {
        let all: BTreeSet<String> = (0..PRODUCTS.len()).map(pzn).collect();
        assert_eq!(all.len(), PRODUCTS.len());
        for pzn in all {
            let digits: Vec<u32> = pzn.chars().map(|c| c.to_digit(10).unwrap()).collect();
            assert_eq!(digits.len(), 8);
            let sum: u32 = digits[..7].iter().zip(1..).map(|(digit, weight)| digit * weight).sum();
            assert_eq!(sum % 11, digits[7], "{pzn}");
        }
    }

    #[test]
    fn a_patient_who_returns_is_the_same_person() {
        let mut rng = Rng::new(1);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..2000 {
            let patient = patient(&mut rng);
            let told = format!("{patient:?}");
            assert_eq!(*seen.entry(patient.uid).or_insert_with(|| told.clone()), told);
        }
        assert!(seen.len() > 200, "several dozen at least: {}", seen.len());
    }

    #[test]
    fn nobody_real_can_be_meant() {
        let mut rng = Rng::new(2);
        for _ in 0..500 {
            let patient = patient(&mut rng);
            assert!(patient.zip_code.starts_with("00"));
            assert!(patient.email.is_ascii(), "{}", patient.email);
            assert!(patient.email.ends_with("@example.test"));
            assert!(patient.phone_number.is_none_or(|number| number.starts_with("+49 30 23125 ")));
        }
    }
}

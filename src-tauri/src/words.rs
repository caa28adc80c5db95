//! The few words the shell says itself, in the tray and in notifications; everything else the window says.

use offizin_desk::status::Language;

use crate::attention::Attention;

/// One language's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) open: &'static str,
    pub(crate) sync: &'static str,
    pub(crate) quit: &'static str,
    quiet: &'static str,
    orders: &'static str,
    quarantine: &'static str,
    subscriptions: &'static str,
    low: &'static str,
    failing: &'static str,
    pub(crate) vanished: &'static str,
    pub(crate) silent: &'static str,
    pub(crate) stuck: &'static str,
    pub(crate) quarantine_grew: &'static str,
    pub(crate) low_grew: &'static str,
    pub(crate) relay_refused: &'static str,
}

const DE: Words = Words {
    open: "Offizin öffnen",
    sync: "Jetzt abrufen",
    quit: "Beenden",
    quiet: "Nichts braucht Aufmerksamkeit",
    orders: "Braucht Aufmerksamkeit",
    quarantine: "Quarantäne",
    subscriptions: "Abonnements",
    low: "Geringer Bestand",
    failing: "Relais nicht erreichbar",
    vanished: "Ein Abonnement ist beim Anbieter verschwunden. Neue Ereignisse dieser Art kommen nicht mehr an.",
    silent: "Ein Abonnement ist länger still als üblich. Bitte prüfen Sie es beim Anbieter.",
    stuck: "Eine Erneuerung wartet auf Sie. Das bisherige Abonnement gilt weiter.",
    quarantine_grew: "Eine Zustellung konnte nicht geprüft werden und liegt in Quarantäne.",
    low_grew: "Ein weiteres Produkt hat einen geringen Bestand.",
    relay_refused: "Das Relais kennt dieses Gerät nicht mehr. Es kommt nichts Neues an, bis es wieder gekoppelt ist.",
};

const EN: Words = Words {
    open: "Open Offizin",
    sync: "Sync now",
    quit: "Quit",
    quiet: "Nothing needs attention",
    orders: "Needs attention",
    quarantine: "Quarantine",
    subscriptions: "Subscriptions",
    low: "Low stock",
    failing: "Relay not reachable",
    vanished: "A subscription has disappeared at the provider. New events of this kind no longer arrive.",
    silent: "A subscription has been quiet for longer than usual. Please check it at the provider.",
    stuck: "A rotation waits for you. The present subscription stays valid.",
    quarantine_grew: "A delivery could not be verified and is in quarantine.",
    low_grew: "Another product is low in stock.",
    relay_refused: "The relay no longer knows this device. Nothing new arrives until it is paired again.",
};

impl Words {
    /// The words of a language; the system's where the settings leave it to the system.
    pub(crate) fn of(language: Language) -> Self {
        match language {
            Language::De => DE,
            Language::En => EN,
            Language::System => of_locale(sys_locale::get_locale().as_deref()),
        }
    }

    /// What needs a person, on one line: `Needs attention: 3 · Quarantine: 1`.
    pub(crate) fn line(self, attention: Attention) -> String {
        let mut parts = Vec::new();
        if attention.orders > 0 {
            parts.push(format!("{}: {}", self.orders, attention.orders));
        }
        if attention.quarantine > 0 {
            parts.push(format!("{}: {}", self.quarantine, attention.quarantine));
        }
        if attention.subscriptions() > 0 {
            parts.push(format!("{}: {}", self.subscriptions, attention.subscriptions()));
        }
        if attention.low > 0 {
            parts.push(format!("{}: {}", self.low, attention.low));
        }
        if attention.failing {
            parts.push(self.failing.to_owned());
        }
        if parts.is_empty() { self.quiet.to_owned() } else { parts.join(" · ") }
    }
}

/// The same rule as the window's: German for German, English for all others.
fn of_locale(locale: Option<&str>) -> Words {
    let german = locale.is_some_and(|locale| locale.get(..2).is_some_and(|two| two.eq_ignore_ascii_case("de")));
    if german { DE } else { EN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_decides_as_in_the_window() {
        assert_eq!(of_locale(Some("de-AT")), DE);
        assert_eq!(of_locale(Some("en-GB")), EN);
        assert_eq!(of_locale(Some("C")), EN);
        assert_eq!(of_locale(None), EN);
    }

    #[test]
    fn one_line_says_all_of_it() {
        let attention =
            Attention { orders: 3, quarantine: 1, silent: 2, low: 4, failing: true, ..Attention::default() };
        let line = "Braucht Aufmerksamkeit: 3 · Quarantäne: 1 · Abonnements: 2 · Geringer Bestand: 4 · Relais nicht erreichbar";
        assert_eq!(DE.line(attention), line);
        assert_eq!(EN.line(Attention::default()), "Nothing needs attention");
    }
}

//! The few words the shell says itself, in the tray and in notifications; everything else the window says.

use offizin_desk::{
    attention::{AttentionView, NeedKind},
    status::Language,
};

/// One language's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) open: &'static str,
    pub(crate) sync: &'static str,
    pub(crate) quit: &'static str,
    quiet: &'static str,
    orders: &'static str,
    unmoved: &'static str,
    quarantine: &'static str,
    unopened: &'static str,
    subscriptions: &'static str,
    unclear: &'static str,
    empty: &'static str,
    low: &'static str,
    failing: &'static str,
    vanished: &'static str,
    silent: &'static str,
    stuck: &'static str,
    quarantine_grew: &'static str,
    low_grew: &'static str,
    relay_refused: &'static str,
}

const DE: Words = Words {
    open: "Offizin öffnen",
    sync: "Jetzt abrufen",
    quit: "Beenden",
    quiet: "Nichts braucht Aufmerksamkeit",
    orders: "Braucht Aufmerksamkeit",
    unmoved: "Steht still",
    quarantine: "Quarantäne",
    unopened: "Nicht geöffnet",
    subscriptions: "Abonnements",
    unclear: "Abonnements ungeklärt",
    empty: "Kein Bestand",
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
    unmoved: "Standing still",
    quarantine: "Quarantine",
    unopened: "Not opened",
    subscriptions: "Subscriptions",
    unclear: "Subscriptions unclear",
    empty: "Out of stock",
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

    /// What needs a person, on one line: `Needs attention: 3 · Quarantine: 1`. What is only worth knowing is left to the
    /// window, but for low stock.
    pub(crate) fn line(self, attention: &AttentionView) -> String {
        let mut parts: Vec<(&str, i64)> = Vec::new();
        for need in attention.needs.iter().filter(|need| need.count > 0) {
            let Some(word) = self.word(need.kind) else { continue };
            match parts.iter_mut().find(|(known, _)| *known == word) {
                Some((_, count)) => *count += need.count,
                None => parts.push((word, need.count)),
            }
        }
        let said = |(word, count): &(&str, i64)| {
            if *word == self.failing { (*word).to_owned() } else { format!("{word}: {count}") }
        };
        if parts.is_empty() { self.quiet.to_owned() } else { parts.iter().map(said).collect::<Vec<_>>().join(" · ") }
    }

    /// How a need is called on the line; several kinds may share a word.
    fn word(self, kind: NeedKind) -> Option<&'static str> {
        match kind {
            NeedKind::Orders => Some(self.orders),
            NeedKind::OrdersUnmoved => Some(self.unmoved),
            NeedKind::Quarantine => Some(self.quarantine),
            NeedKind::Unopened => Some(self.unopened),
            NeedKind::RotationsStuck
            | NeedKind::SubscriptionsVanished
            | NeedKind::SubscriptionsUnverifiable
            | NeedKind::SubscriptionsSilent => Some(self.subscriptions),
            // A word of its own: some of these are counted as not verifiable as well, and no sum may count them twice.
            NeedKind::SubscriptionsUnclear => Some(self.unclear),
            NeedKind::StockEmpty => Some(self.empty),
            NeedKind::StockLow => Some(self.low),
            NeedKind::RelayUnreachable | NeedKind::RelayRefused => Some(self.failing),
            NeedKind::Unrecognised | NeedKind::SecretsDue | NeedKind::RotationsRunning => None,
        }
    }

    /// The sentence of a notification that there is more of a need; not every kind has one.
    pub(crate) fn news(self, kind: NeedKind) -> Option<&'static str> {
        match kind {
            NeedKind::RelayRefused => Some(self.relay_refused),
            NeedKind::SubscriptionsVanished => Some(self.vanished),
            NeedKind::SubscriptionsSilent => Some(self.silent),
            NeedKind::RotationsStuck => Some(self.stuck),
            NeedKind::Quarantine => Some(self.quarantine_grew),
            NeedKind::StockLow => Some(self.low_grew),
            _ => None,
        }
    }
}

/// The same rule as the window's: German for German, English for all others.
fn of_locale(locale: Option<&str>) -> Words {
    let german = locale.is_some_and(|locale| locale.get(..2).is_some_and(|two| two.eq_ignore_ascii_case("de")));
    if german { DE } else { EN }
}

#[cfg(test)]
pub(crate) mod tests {
    use offizin_desk::attention::NeedView;

    use super::*;

    /// An answer of the desk in which there is only so much of these.
    pub(crate) fn attention(counts: &[(NeedKind, i64)]) -> AttentionView {
        let need = |kind: NeedKind| {
            let count = counts.iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| *count);
            NeedView { kind, count, severity: kind.severity(), place: kind.place() }
        };
        AttentionView { needs: NeedKind::ALL.map(need).into() }
    }

    #[test]
    fn the_system_decides_as_in_the_window() {
        assert_eq!(of_locale(Some("de-AT")), DE);
        assert_eq!(of_locale(Some("en-GB")), EN);
        assert_eq!(of_locale(Some("C")), EN);
        assert_eq!(of_locale(None), EN);
    }

    #[test]
    fn one_line_says_all_of_it() {
        let all = attention(&[
            (NeedKind::Orders, 3),
            (NeedKind::Quarantine, 1),
            (NeedKind::SubscriptionsSilent, 2),
            (NeedKind::RotationsStuck, 1),
            (NeedKind::SecretsDue, 5),
            (NeedKind::StockLow, 4),
            (NeedKind::RelayUnreachable, 1),
        ]);
        let line = "Braucht Aufmerksamkeit: 3 · Quarantäne: 1 · Abonnements: 3 · Geringer Bestand: 4 · Relais nicht erreichbar";
        assert_eq!(DE.line(&all), line);
        assert_eq!(EN.line(&attention(&[])), "Nothing needs attention");
    }

    #[test]
    fn what_lights_the_dot_is_named_on_the_line() {
        for kind in NeedKind::ALL {
            let one = attention(&[(kind, 1)]);
            assert!(!one.calls() || EN.line(&one) != EN.quiet, "{kind:?}");
        }
    }
}

//! Search: what a text is found by. Words are folded the same way when they are stored and when they are looked for: without
//! accents, case and punctuation. Owns no table.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A search is at most so many words; what follows is not looked at.
const MAX_WORDS: usize = 8;
/// A word is kept up to so many characters.
const MAX_LENGTH: usize = 64;
/// Words from this length on are found by their parts too, the shortest of them this long: `apotheke` in `Testapotheke`.
const WITH_PARTS: usize = 5;
const SHORTEST_PART: usize = 3;

/// The folded words of a text.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    let folded: String = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let folded = folded.replace('ß', "ss");
    let words: Vec<_> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(MAX_LENGTH).collect())
        .collect();
    words.into_iter()
}

/// What is stored for a search.
#[derive(Default)]
pub(crate) struct Words(BTreeSet<String>);

impl Words {
    /// Found by the beginning of each word.
    pub(crate) fn add(&mut self, text: &str) {
        self.0.extend(words(text));
    }

    /// Found by any part of each word. For names that many rows share: their parts cost next to nothing.
    pub(crate) fn add_parts(&mut self, text: &str) {
        for word in words(text) {
            if word.chars().count() >= WITH_PARTS {
                let starts = word.char_indices().map(|(start, _)| start).skip(1);
                let parts = starts.filter_map(|start| word.get(start..)).map(str::to_owned);
                self.0.extend(parts.filter(|part| part.chars().count() >= SHORTEST_PART));
            }
            self.0.insert(word);
        }
    }

    /// One text, words apart by a space.
    pub(crate) fn joined(self) -> String {
        self.0.into_iter().collect::<Vec<_>>().join(" ")
    }
}

/// What somebody typed: every word must be the beginning of a stored one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query(Vec<String>);

impl Query {
    /// `None` where there is nothing to look for.
    pub(crate) fn new(typed: Option<&str>) -> Option<Self> {
        let typed: Vec<_> = words(typed?).take(MAX_WORDS).collect();
        (!typed.is_empty()).then_some(Self(typed))
    }

    /// For a full-text table that holds [`Words`].
    pub(crate) fn expression(&self) -> String {
        self.0.iter().map(|word| format!("\"{word}\" *")).collect::<Vec<_>>().join(" AND ")
    }

    /// Whether stored words are found by it, exactly as the table would find them.
    pub(crate) fn finds(&self, stored: &str) -> bool {
        self.0.iter().all(|typed| stored.split(' ').any(|word| word.starts_with(typed.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(text: &str, parts: bool) -> String {
        let mut words = Words::default();
        if parts {
            words.add_parts(text)
        } else {
            words.add(text)
        }
        words.joined()
    }

    #[test]
    fn a_word_is_found_by_its_beginning_however_it_is_written() {
        let kept = stored("Müßig-Straße #1001 PO-12ab", false);
        for typed in ["mussig", "MÜ", "stra", "1001", "#10", "po-12", "12AB mü"] {
            assert!(Query::new(Some(typed)).unwrap().finds(&kept), "{typed}");
        }
        assert!(!Query::new(Some("01")).unwrap().finds(&kept), "not by its middle");
        assert_eq!(Query::new(Some(" # - ")), None);
    }

    #[test]
    fn a_shared_name_is_found_by_its_parts() {
        let kept = stored("Erfundene Einhorn-Apotheke", true);
        assert!(Query::new(Some("theke horn")).unwrap().finds(&kept));
        assert_eq!(Query::new(Some("a \"or* 1")).unwrap().expression(), "\"a\" * AND \"or\" * AND \"1\" *");
    }
}

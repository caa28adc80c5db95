//! Pages: every list is a window over a key, never an array of everything.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::Error;

/// One page of a list, and where the next begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Page<T> {
    /// In the order of the list.
    pub rows: Vec<T>,
    /// Hand back as `after` for the next page; `None` at the end. Opaque.
    pub next: Option<String>,
}

/// Which page of a list. `limit` is 1 to 500, 50 by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct PageInput {
    /// How many rows at the most.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

impl PageInput {
    /// Rows asked for, within bounds.
    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT))
    }

    /// The key after which the page begins: a number and a text, packed by [`page`].
    pub(crate) fn after_key(&self) -> Result<Option<(i64, String)>, Error> {
        let Some(after) = self.after.as_deref().filter(|after| !after.is_empty()) else { return Ok(None) };
        let unpack = || {
            let bytes = BASE64URL_NOPAD.decode(after.as_bytes()).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            let (number, text) = text.split_once(' ')?;
            Some((number.parse().ok()?, text.to_owned()))
        };
        unpack().map(Some).ok_or_else(|| Error::input("after"))
    }
}

/// Where the next page begins.
pub(crate) fn key(number: i64, text: &str) -> String {
    BASE64URL_NOPAD.encode(format!("{number} {text}").as_bytes())
}

/// Makes a page of rows that were fetched with one more than `limit`.
pub(crate) fn page<R, T>(
    mut rows: Vec<R>,
    limit: i64,
    key: impl Fn(&R) -> (i64, String),
    view: impl FnMut(R) -> Result<T, Error>,
) -> Result<Page<T>, Error> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| {
        let (number, text) = key(row);
        self::key(number, &text)
    });
    Ok(Page { rows: rows.into_iter().map(view).collect::<Result<_, _>>()?, next })
}

/// The words of a search, folded as the stored search texts are; each must be found.
pub(crate) fn terms(search: Option<&str>) -> Vec<String> {
    search.unwrap_or_default().split_whitespace().take(8).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::refusal::Refusal;

    fn of(limit: Option<u32>, after: Option<&str>) -> PageInput {
        PageInput { limit, after: after.map(str::to_owned) }
    }

    fn fetched(count: i64, limit: i64) -> Page<i64> {
        page((0..count).collect(), limit, |row| (*row, format!("uid {row}")), Ok).unwrap()
    }

    #[test]
    fn a_page_has_50_rows_when_nobody_says_how_many() {
        assert_eq!(of(None, None).rows(), 50);
    }

    #[test]
    fn a_page_has_at_least_one_row_and_at_most_500() {
        assert_eq!((of(Some(0), None).rows(), of(Some(u32::MAX), None).rows()), (1, 500));
    }

    #[test]
    fn a_list_that_just_fills_its_page_has_no_next_one() {
        assert_eq!(fetched(4, 4), Page { rows: vec![0, 1, 2, 3], next: None });
    }

    #[test]
    fn the_row_too_many_is_not_shown_and_not_skipped() {
        let page = fetched(5, 4);
        assert_eq!(page.rows, [0, 1, 2, 3]);
        let after = of(None, page.next.as_deref()).after_key().unwrap();
        assert_eq!(after, Some((3, "uid 3".to_owned())), "the next page begins behind the last row shown");
    }

    #[test]
    fn an_empty_cursor_means_the_first_page() {
        assert_eq!(of(None, Some("")).after_key().unwrap(), None);
        assert_eq!(of(None, None).after_key().unwrap(), None);
    }

    #[test]
    fn a_cursor_that_is_none_of_ours_names_its_field() {
        let foreign = ["!", "MTI", "eA", &BASE64URL_NOPAD.encode(b"x y"), &BASE64URL_NOPAD.encode(b"\xff 1")];
        for after in foreign {
            let refused = of(None, Some(after)).after_key().unwrap_err();
            assert!(matches!(refused, Error::Refused(Refusal::Input("after"))), "{after}");
        }
    }

    #[test]
    fn a_search_of_many_words_is_cut_and_folded() {
        assert_eq!(terms(Some(" Zur  LINDE ")), ["zur", "linde"]);
        assert_eq!(terms(Some("1 2 3 4 5 6 7 8 9")).len(), 8);
        assert_eq!(terms(None), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_the_key_it_was_made_of(number: i64, text in ".*") {
            let after = of(None, Some(&key(number, &text))).after_key().unwrap();
            prop_assert_eq!(after, Some((number, text)));
        }
    }
}

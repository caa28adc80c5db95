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

//! What every command needs: the open desk, one way to answer, one way to read standard input, and the arguments that several
//! commands share. It knows no command.

use std::io::Read;

use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use offizin_desk::{Code, Desk, Problem, page::Page, page::PageInput};
use serde::Serialize;
use serde_json::json;

use crate::print;

/// An open desk, and the form in which its answers are wanted.
pub(crate) struct Shell {
    pub(crate) desk: Desk,
    pub(crate) json: bool,
}

impl Shell {
    /// Prints one answer: the view itself with `--json`, else whatever `text` prints of it.
    pub(crate) fn answer<T: Serialize>(&self, view: &T, text: impl FnOnce(&T)) {
        print::answer(self.json, view, text);
    }

    /// Prints a list that has no pages, in the shape of one that has.
    pub(crate) fn rows<T: Serialize>(&self, rows: &[T], text: impl FnOnce(&[T])) {
        self.answer(&json!({ "rows": rows, "next": null }), |_| text(rows));
    }

    /// Prints one page of a list; for people with the option that leads to the next page.
    pub(crate) fn page<T: Serialize>(&self, page: &Page<T>, text: impl FnOnce(&[T])) {
        self.answer(page, |page| {
            text(&page.rows);
            if let Some(next) = &page.next {
                print::line(&format!("… --after {next}"));
            }
        });
    }

    /// Says that something was done that has no answer of its own.
    pub(crate) fn done(&self, what: &str) {
        self.answer(&json!({ "done": true }), |_| print::line(what));
    }
}

/// Which page of a list.
#[derive(Args)]
pub(crate) struct PageArgs {
    /// How many rows at the most, 1 to 500.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: Option<u32>,
    /// `next` of the page before.
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl From<PageArgs> for PageInput {
    fn from(args: PageArgs) -> Self {
        Self { limit: args.limit, after: args.after }
    }
}

/// What cannot be undone at a provider's production host wants the connection's name a second time.
#[derive(Args)]
pub(crate) struct ConfirmArgs {
    /// The connection's name once more: wanted for production.
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: Option<String>,
}

/// Takes one of the names of an enum, and lists them in the help. Where the names alone say too little, an option has
/// `value_enum` instead: then the help also says what stands beside the variants.
pub(crate) fn name_of<T: ValueEnum + Clone + Send + Sync + 'static>() -> impl TypedValueParser<Value = T> {
    let names = T::value_variants().iter().filter_map(T::to_possible_value).map(|name| name.help(None::<&'static str>));
    PossibleValuesParser::new(names).try_map(|name| T::from_str(&name, false))
}

/// Everything on standard input, without the line break that an editor or `echo` puts at its end.
pub(crate) fn standard_input() -> Result<String, Problem> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text.trim().to_owned()),
        Err(_) => Err(unusable("standard input")),
    }
}

/// An input that the command line itself cannot use, before the desk is asked.
pub(crate) fn unusable(what: &str) -> Problem {
    Problem { code: Code::InputInvalid, detail: Some(what.to_owned()), incident: String::new() }
}

#[cfg(test)]
mod tests {
    use clap::{Command, builder::ValueParser};
    use offizin_desk::connections::view::DeleteStrategy;

    use super::*;

    fn said(option: clap::Arg, words: &[&str]) -> Result<DeleteStrategy, String> {
        let command = Command::new("x").no_binary_name(true).arg(option);
        let mut found = command.try_get_matches_from(words).map_err(|error| error.to_string())?;
        found.remove_one("how").ok_or_else(|| "nothing".to_owned())
    }

    fn option() -> clap::Arg {
        clap::Arg::new("how").value_parser(ValueParser::new(name_of::<DeleteStrategy>()))
    }

    #[test]
    fn a_name_is_its_variant() {
        assert_eq!(said(option(), &["query"]), Ok(DeleteStrategy::Query));
        assert_eq!(said(option().default_value("path"), &[]), Ok(DeleteStrategy::Path));
    }

    #[test]
    fn a_name_that_is_none_is_answered_with_those_that_are() {
        for text in ["", "Query", "off", "que"] {
            assert!(said(option(), &[text]).unwrap_err().contains("[possible values: path, query, body]"), "{text}");
        }
    }

    #[test]
    fn the_help_lists_the_names_without_what_stands_beside_the_variants() {
        let help = Command::new("x").arg(option()).render_long_help().to_string();
        assert!(help.contains("[possible values: path, query, body]"), "{help}");
    }

    #[test]
    fn a_page_is_asked_for_as_it_was_named() {
        let args = PageArgs { limit: Some(7), after: Some("x".into()) };
        assert_eq!(PageInput::from(args), PageInput { limit: Some(7), after: Some("x".into()) });
        assert_eq!(PageInput::from(PageArgs { limit: None, after: None }), PageInput::default());
    }
}

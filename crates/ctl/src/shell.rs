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

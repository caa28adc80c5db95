//! Keywords: the fixed text of an enum's variants, as it is stored, filtered by, exported and given to the window.
//!
//! Serde knows that text already, from `rename_all`; so it is asked, and there is no second list that could differ from it.
//! Columns that sqlx reads as an enum by itself derive `sqlx::Type` beside it.

use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer, value::Error},
};
use serde_json::Value;

/// The text of a variant. Empty for what is not a variant without fields.
pub(crate) fn of(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// The variant of a text; `None` for a text this build does not know.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    T::deserialize(IntoDeserializer::<Error>::into_deserializer(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::QuarantineReason, source::Source};

    #[test]
    fn a_keyword_is_read_back_as_its_variant_and_an_unknown_one_as_none() {
        assert_eq!(of(&QuarantineReason::SecretMissing), "secret_missing");
        assert_eq!(read("secret_missing"), Some(QuarantineReason::SecretMissing));
        assert_eq!(read(&of(&Source::RxscalePubsub)), Some(Source::RxscalePubsub));
        for unknown in ["", "SecretMissing", "secret-missing", "null"] {
            assert_eq!(read::<QuarantineReason>(unknown), None, "{unknown}");
        }
        assert_eq!(of(&7), "");
    }

    #[test]
    fn a_variant_with_a_field_is_no_keyword() {
        #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
        enum Word {
            Whole,
            With(u8),
        }
        assert_eq!((of(&Word::Whole), of(&Word::With(1))), ("Whole".to_owned(), String::new()));
        assert_eq!(read::<Word>("With"), None);
    }

    #[test]
    fn every_code_is_read_back_from_what_scripts_see() {
        for code in crate::problem::Code::ALL {
            assert_eq!(read(&code.as_str()), Some(*code));
        }
    }
}

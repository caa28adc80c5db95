//! Money: a decimal amount as its provider wrote it, with its currency. Never a float, and never an amount without a currency.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Decimals beyond this are a mistake, not money.
const MAX_SCALE: usize = 20;

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Money {
    /// A plain decimal, for example `12.99`, with as many decimals as the provider wrote.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
    /// The provider does not name the currency: it is the one of its country.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
}

impl Money {
    /// An amount in hundredths.
    pub(crate) fn from_cents(cents: i64, currency: &str) -> Self {
        let (sign, cents) = (if cents < 0 { "-" } else { "" }, cents.unsigned_abs());
        let amount = format!("{sign}{}.{:02}", cents / 100, cents % 100);
        Self { amount, currency: currency.to_owned(), assumed: false }
    }

    /// An amount as decimal text in a currency nobody named. `None` where the text is no plain decimal.
    pub(crate) fn from_decimal(text: &str, assumed_currency: &str) -> Option<Self> {
        let text = text.trim();
        scaled(text)?;
        Some(Self { amount: text.to_owned(), currency: assumed_currency.to_owned(), assumed: true })
    }

    /// The sum of amounts in one currency; `None` where there are none, or they do not add up to one.
    pub(crate) fn sum<'a>(amounts: impl IntoIterator<Item = &'a Money>) -> Option<Self> {
        let mut amounts = amounts.into_iter();
        let first = amounts.next()?;
        let (mut total, mut scale) = scaled(&first.amount)?;
        let mut assumed = first.assumed;
        for money in amounts {
            let (amount, its_scale) = scaled(&money.amount)?;
            if money.currency != first.currency {
                return None;
            }
            let wider = scale.max(its_scale);
            total = shifted(total, wider - scale)?.checked_add(shifted(amount, wider - its_scale)?)?;
            (scale, assumed) = (wider, assumed || money.assumed);
        }
        Some(Self { amount: plain(total, scale), currency: first.currency.clone(), assumed })
    }
}

/// A plain decimal as an integer and the number of its decimals.
fn scaled(text: &str) -> Option<(i128, usize)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_decimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !is_decimal(digits) || !is_decimal(fraction) || fraction.len() > MAX_SCALE {
        return None;
    }
    Some((format!("{whole}{fraction}").parse().ok()?, fraction.len()))
}

fn shifted(amount: i128, decimals: usize) -> Option<i128> {
    amount.checked_mul(10i128.checked_pow(u32::try_from(decimals).ok()?)?)
}

fn plain(total: i128, scale: usize) -> String {
    let sign = if total < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", total.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sums_keep_every_decimal_and_refuse_to_mix_currencies() {
        let rupees = |text| Money::from_decimal(text, "INR").unwrap();
        let sum = Money::sum(&[rupees("30.74"), rupees("4.280000000001"), rupees("50")]).unwrap();
        assert_eq!((sum.amount.as_str(), sum.currency.as_str(), sum.assumed), ("85.020000000001", "INR", true));
        assert_eq!(Money::sum(&[Money::from_cents(1, "EUR"), rupees("1")]), None);
        assert_eq!(Money::sum([]), None);
        for text in ["", "-", "1e3", "1,5", "٣", ".5", "1.2.3", "0.000000000000000000001"] {
            assert_eq!(Money::from_decimal(text, "INR"), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn cents_add_up(cents in proptest::collection::vec(-1_000_000_000i64..1_000_000_000, 1..9)) {
            let amounts: Vec<_> = cents.iter().map(|cents| Money::from_cents(*cents, "EUR")).collect();
            prop_assert_eq!(Money::sum(&amounts).unwrap(), Money::from_cents(cents.iter().sum(), "EUR"));
        }

        #[test]
        fn any_text_is_survived(text in ".{0,60}") {
            let _ = Money::from_decimal(&text, "INR");
        }
    }

    #[test]
    fn cents_have_two_decimals_and_one_sign() {
        for (cents, amount) in [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (1299, "12.99"), (-100, "-1.00")] {
            assert_eq!(Money::from_cents(cents, "EUR").amount, amount);
        }
        assert_eq!(Money::from_cents(i64::MIN, "EUR").amount, "-92233720368547758.08");
    }

    #[test]
    fn an_amount_keeps_the_decimals_it_was_written_with() {
        assert_eq!(Money::from_decimal(" 007.50 ", "INR").unwrap().amount, "007.50");
        assert_eq!(Money::from_decimal("5.", "INR").unwrap().amount, "5.");
    }

    #[test]
    fn a_sum_that_does_not_fit_is_no_sum() {
        let large = Money::from_decimal(&i128::MAX.to_string(), "INR").unwrap();
        assert_eq!(Money::sum([&large, &Money::from_decimal("1", "INR").unwrap()]), None);
        assert_eq!(Money::sum([&large, &Money::from_decimal("0.5", "INR").unwrap()]), None, "nor when it is widened");
    }

    #[test]
    fn a_sum_is_assumed_where_one_of_its_currencies_is() {
        let named = Money { assumed: false, ..Money::from_decimal("1.5", "INR").unwrap() };
        assert!(Money::sum([&named, &Money::from_decimal("1", "INR").unwrap()]).unwrap().assumed);
        assert!(!Money::sum([&named, &named]).unwrap().assumed);
    }

    #[test]
    fn a_sum_that_cancels_out_is_zero_and_not_less() {
        let sum = Money::sum(&[Money::from_cents(5, "EUR"), Money::from_cents(-5, "EUR")]).unwrap();
        assert_eq!(sum.amount, "0.00");
    }
}

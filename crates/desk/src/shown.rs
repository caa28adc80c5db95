//! Views made of what is stored.

/// Makes a view of a stored shape with the same fields; those behind `each` are lists, or one or none, whose elements are made into
/// views, too, and those behind `made` are worked out from the others.
///
/// Every field of both is named: one that is added to either does not compile until it is said what becomes of it in the other.
macro_rules! shown {
    (
        $stored:ident => $view:ident {
            $($same:ident),* $(; each $($list:ident),+)? $(; made $($made:ident: $how:expr),+)?
        }
    ) => {
        impl From<$stored> for $view {
            fn from(stored: $stored) -> Self {
                let $stored { $($same,)* $($($list,)+)? } = stored;
                Self { $($($made: $how,)+)? $($same,)* $($($list: $crate::shown::Each::each($list),)+)? }
            }
        }
    };
}

pub(crate) use shown;

/// What can be made into another thing element by element.
pub(crate) trait Each<Made> {
    /// Makes each.
    fn each(self) -> Made;
}

impl<Stored, View: From<Stored>> Each<Vec<View>> for Vec<Stored> {
    fn each(self) -> Vec<View> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<Stored, View: From<Stored>> Each<Option<View>> for Option<Stored> {
    fn each(self) -> Option<View> {
        self.map(Into::into)
    }
}

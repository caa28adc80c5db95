//! Views made of what is stored.

/// Makes a view of a stored shape with the same fields; those behind `each` are lists whose elements are made into views, too.
///
/// Every field of both is named: one that is added to either does not compile until it is said what becomes of it in the other.
macro_rules! shown {
    ($stored:ident => $view:ident { $($same:ident),* $(; each $($list:ident),+)? }) => {
        impl From<$stored> for $view {
            fn from(stored: $stored) -> Self {
                let $stored { $($same,)* $($($list,)+)? } = stored;
                Self { $($same,)* $($($list: $list.into_iter().map(Into::into).collect(),)+)? }
            }
        }
    };
}

pub(crate) use shown;

//! An address that names one subscription: the only thing that can be deleted.
//!
//! The documents list DELETE at the bare collection without saying how the uid is passed. A bare collection may mean "all
//! of them", so this module's one constructor puts a uid into the address, and nothing outside can build the type.

use url::Url;

use crate::{connections::view::DeleteStrategy, error::Error, provider::ProviderError, refusal::Refusal};

/// The address of one subscription, with its uid in it.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) url: Url,
    pub(super) uid: String,
    /// The uid travels in a JSON body as well.
    pub(super) uid_in_body: bool,
    // Nobody builds it by its fields.
    _only_here: (),
}

impl Named {
    /// Names `uid` below `collection`.
    ///
    /// With [`DeleteStrategy::Query`] and [`DeleteStrategy::Body`] the uid stands in both places: a provider that looks in
    /// the other one, or a proxy that drops a body, never sees an address without a name.
    pub(super) fn new(collection: Url, uid: &str, strategy: DeleteStrategy) -> Result<Self, Error> {
        // An address parser takes tabs and line breaks out before it reads: of ".\r" it makes ".", and of that the collection.
        if uid.trim().is_empty() || uid == "." || uid == ".." || uid.chars().any(char::is_control) {
            return Err(ProviderError::Unexpected("a subscription without a uid").into());
        }
        let mut url = collection;
        let uid_in_body = match strategy {
            DeleteStrategy::Off => return Err(Refusal::DeleteNotConfigured.into()),
            DeleteStrategy::Path => {
                url.path_segments_mut().map_err(|()| Error::input("base_url"))?.pop_if_empty().push(uid);
                false
            }
            DeleteStrategy::Query | DeleteStrategy::Body => {
                url.query_pairs_mut().append_pair("uid", uid);
                true
            }
        };
        Ok(Self { url, uid: uid.to_owned(), uid_in_body, _only_here: () })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLLECTION: &str = "https://api.rxscale-dev.com/v1/management/notification-subscriptions/";

    fn named(uid: &str, strategy: DeleteStrategy) -> Result<Named, Error> {
        Named::new(COLLECTION.parse().unwrap(), uid, strategy)
    }

    proptest! {
        #[test]
        fn an_address_without_a_name_cannot_be_built(
            uid in ".*",
            strategy in prop::sample::select(vec![DeleteStrategy::Path, DeleteStrategy::Query, DeleteStrategy::Body]),
        ) {
            let collection: Url = COLLECTION.parse().unwrap();
            if let Ok(named) = named(&uid, strategy) {
                let bare = named.url.path().trim_end_matches('/') == collection.path().trim_end_matches('/');
                let in_query = named.url.query_pairs().any(|(name, value)| name == "uid" && value == uid.as_str());
                prop_assert!(!bare || (in_query && named.uid_in_body), "{}", named.url);
                prop_assert!(named.url.path().starts_with(collection.path().trim_end_matches('/')), "{}", named.url);
                prop_assert_eq!(named.uid, uid);
            }
        }
    }

    #[test]
    fn deleting_is_off_until_it_is_known_how() {
        let off = named("ns-1", DeleteStrategy::Off).unwrap_err();
        assert!(matches!(off, Error::Refused(Refusal::DeleteNotConfigured)));
        for uid in ["", "  ", ".", "..", ".\r", "\t..", ".\n."] {
            assert!(named(uid, DeleteStrategy::Path).is_err(), "{uid:?}");
            assert!(named(uid, DeleteStrategy::Query).is_err(), "{uid:?}");
        }
        assert!(named("ns/1?x#y", DeleteStrategy::Path).unwrap().url.as_str().ends_with("/ns%2F1%3Fx%23y"));
    }
}

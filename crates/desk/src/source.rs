//! Sources: who may speak through an inlet, and which provider's folder understands them. The only place that asks "which
//! provider?" while events are judged, decoded and rebuilt; everything behind it is provider-neutral.

use std::collections::BTreeSet;

use offizin_wire::Scheme;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{event::Event, evitalrx, orders::words::KnownStatus, rxscale};

/// What kind of sender an inlet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, sqlx::Type)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
#[sqlx(rename_all = "kebab-case")]
pub enum Source {
    /// Signed webhooks of RxScale.
    Rxscale,
    /// RxScale's Pub/Sub pushes, which are not signed.
    RxscalePubsub,
    /// Webhooks of eVitalRx, which are not signed.
    Evitalrx,
}

impl Source {
    const ALL: &[Source] = &[Source::Rxscale, Source::RxscalePubsub, Source::Evitalrx];

    /// The short name, as it is stored with every event.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Source::Rxscale => rxscale::SOURCE,
            Source::RxscalePubsub => rxscale::SOURCE_PUBSUB,
            Source::Evitalrx => evitalrx::SOURCE,
        }
    }

    /// The source of a stored event; `None` for a name this build does not know.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|source| source.name() == name)
    }

    /// The provider's short name and the production host: the world its ids belong to where no connection says otherwise.
    pub(crate) fn world(self) -> (&'static str, &'static str) {
        match self {
            Source::Rxscale | Source::RxscalePubsub => (rxscale::SOURCE, rxscale::PRODUCTION),
            Source::Evitalrx => (evitalrx::SOURCE, evitalrx::PRODUCTION),
        }
    }

    /// How it signs; `None` where it does not.
    pub(crate) fn scheme(self) -> Option<Scheme> {
        match self {
            Source::Rxscale => Some(rxscale::SCHEME),
            Source::RxscalePubsub | Source::Evitalrx => None,
        }
    }

    /// The unsigned header that repeats the event type, where there is one.
    pub(crate) fn event_header(self) -> Option<&'static str> {
        match self {
            Source::Rxscale | Source::RxscalePubsub => Some(rxscale::EVENT_HEADER),
            Source::Evitalrx => None,
        }
    }

    /// Those headers of every source.
    pub(crate) fn event_headers() -> impl Iterator<Item = &'static str> {
        let all: BTreeSet<_> = Self::ALL.iter().filter_map(|source| source.event_header()).collect();
        all.into_iter()
    }

    /// The prescription file inside a raw body, where there is one that can be read.
    pub(crate) fn prescription(self, body: &[u8]) -> Option<Vec<u8>> {
        match self {
            Source::Rxscale | Source::RxscalePubsub => rxscale::decode::prescription(body),
            Source::Evitalrx => None,
        }
    }

    /// What a raw body says. Total.
    pub(crate) fn decode(self, body: &[u8]) -> Event {
        match self {
            Source::Rxscale | Source::RxscalePubsub => rxscale::decode::decode(body),
            Source::Evitalrx => evitalrx::decode::decode(body),
        }
    }

    /// A raw body as a person can read it; `None` where it is no JSON object.
    pub(crate) fn readable(self, body: &[u8]) -> Option<serde_json::Value> {
        match self {
            Source::Rxscale | Source::RxscalePubsub => rxscale::notification::readable(body),
            Source::Evitalrx => evitalrx::decode::readable(body),
        }
    }
}

/// The status of a raw word, whichever provider uses it; `None` for a word no build of ours knows. Words that would mislead
/// have a [`Stage`](crate::orders::words::Stage) instead, which comes with the event.
pub(crate) fn known_status(word: &str) -> Option<KnownStatus> {
    rxscale::known_status(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_found_again_by_its_name() {
        for source in Source::ALL {
            assert_eq!(Source::named(source.name()), Some(*source));
            assert_eq!(serde_json::to_value(source).unwrap(), source.name());
        }
        assert_eq!(Source::named("nobody"), None);
    }
}

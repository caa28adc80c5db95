//! Why the log cannot do what was asked, whichever engine it is.
//!
//! It deliberately decides nothing: what a provider or an operator is told is made of it elsewhere.

/// The log cannot do what was asked. Nothing was promised, nothing may be acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk, or the size the operator allowed, is used up.
    #[error("the store is full")]
    Full,
    /// The engine cannot be reached or reports an error, in its own words (never client content).
    #[error("the store cannot be used: {0}")]
    Unavailable(String),
    /// The engine answers, but would acknowledge what it may still lose.
    #[error("the store does not keep its word: {0}")]
    Unsafe(String),
    /// The store was written by a newer relay.
    #[error("the store was made by a newer relay than this one")]
    Newer,
    /// The store was written by a relay from before the first release, whose tables are not read any more.
    #[error(
        "the store was made by a relay from before the first release: let the desks fetch what is in it, or migrate its \
         inboxes to NATS, both with that relay, then move the file away"
    )]
    Old,
    /// Another relay serves this store.
    #[error("another relay is serving this store")]
    Claimed,
    /// The operating system gives no random bytes.
    #[error("there is no randomness")]
    NoRandomness,
    /// An inbox of this name exists.
    #[error("an inbox of this name exists")]
    NameTaken,
    /// The name is empty, longer than 80 characters or not printable.
    #[error("a name is 1 to 80 printable characters")]
    NameMalformed,
    /// No inbox of this name exists.
    #[error("there is no inbox of this name")]
    NameUnknown,
}

/// The inbox is on its way from or to another store.
pub(crate) fn on_hold() -> LogError {
    LogError::Unavailable("the inbox is being moved".into())
}

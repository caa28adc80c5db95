//! How everything here ends: with a value, or with whatever went wrong. Nothing is recovered from; a run that fails is
//! done again.

/// Whatever goes wrong ends the run.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

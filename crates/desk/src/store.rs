//! What goes wrong with what this desk keeps: the database, its migrations, and stored values that do not read back.
//!
//! A stored value may be health data, and the words of a parser may quote it. So the reasons here are a closed list: each was looked
//! at, and the reasons of JSON, which would quote a value, say where and what was expected instead.

/// The database does not do what was asked, or what it holds cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("database")]
    Database(#[from] sqlx::Error),
    #[error("migration")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A version from before the first release wrote it, and its tables cannot be brought to today's.
    #[error("the database is of before the first release")]
    Old,
    /// There is a database, but its key is not in the keyring.
    #[error("the key of the database is not in the keyring")]
    KeyLost,
    /// Another process changed the row since it was read: look again from where it is now.
    #[error("another process was here first")]
    Moved,
    /// A stored value does not read back: a defect, or a damaged file.
    #[error("stored {what} is unreadable")]
    Unreadable {
        /// Which value, in our words.
        what: &'static str,
        /// Why not.
        #[source]
        why: Unreadable,
    },
}

impl StoreError {
    /// Somebody else holds the database; it may be free a moment later.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, StoreError::Database(error) if Failure::of(error) == Failure::Busy)
    }

    /// The same may be possible later, without anybody having changed the database.
    pub(crate) fn passes(&self) -> bool {
        match self {
            StoreError::Database(error) => matches!(Failure::of(error), Failure::Busy | Failure::DiskFull),
            StoreError::Moved => true,
            _ => false,
        }
    }
}

/// What a failed statement means for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Somebody else holds the database.
    Busy,
    /// The disk is full.
    DiskFull,
    /// The key does not open it, or the file is damaged.
    Unreadable,
    /// The file cannot be opened, read or written.
    NotWritable,
    /// A defect of ours.
    Defect,
}

impl Failure {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                // Extended result codes of SQLite carry the primary one in their lowest byte.
                match error.code().as_deref().and_then(|c| c.parse::<i32>().ok()).map(|c| c & 0xff) {
                    Some(5 | 6) => Failure::Busy,
                    Some(13) => Failure::DiskFull,
                    Some(11 | 26) => Failure::Unreadable,
                    Some(8 | 10 | 14) => Failure::NotWritable,
                    _ => Failure::Defect,
                }
            }
            sqlx::Error::PoolTimedOut => Failure::Busy,
            sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => Failure::DiskFull,
            _ => Failure::Defect,
        }
    }
}

/// Why a stored value does not read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It is not there, its bytes do not unpack, or it has not the form it was stored in.
    #[error("it is missing or damaged")]
    Damaged,
    #[error(transparent)]
    Json(NotJson),
    #[error(transparent)]
    Time(jiff::Error),
    #[error(transparent)]
    Url(url::ParseError),
    #[error(transparent)]
    Number(std::num::TryFromIntError),
    /// A fixed sentence, as the ids of the wire have.
    #[error("{0}")]
    Form(&'static str),
}

/// Why a text is not the JSON it should be, without a word of the text.
#[derive(Debug, thiserror::Error)]
#[error("{reason} at line {line} column {column}")]
pub(crate) struct NotJson {
    reason: String,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for NotJson {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
        let reason = match error.classify() {
            // These are fixed sentences of the parser.
            serde_json::error::Category::Syntax | serde_json::error::Category::Eof => text.to_owned(),
            serde_json::error::Category::Io => "not written".to_owned(),
            serde_json::error::Category::Data => misfit(text),
        };
        Self { reason, line: error.line(), column: error.column() }
    }
}

/// How a value does not fit. serde names what it found first, which may quote it, and then what our type expects; a field
/// that is missing or repeated has its name from our type too. Anything else is a sentence somebody made of a value.
fn misfit(text: &str) -> String {
    let own = ["missing field `", "duplicate field `"].iter().any(|start| text.starts_with(start));
    let found = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `", "unknown field `"];
    let found = found.iter().find(|start| text.starts_with(**start)).and(text.rsplit_once(", expected "));
    match (own, found) {
        (true, _) => text.to_owned(),
        (false, Some((_, expected))) => format!("not {expected}"),
        (false, None) => "a value that does not fit".to_owned(),
    }
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Unreadable::Json(error.into())
    }
}

impl From<jiff::Error> for Unreadable {
    fn from(error: jiff::Error) -> Self {
        Unreadable::Time(error)
    }
}

impl From<url::ParseError> for Unreadable {
    fn from(error: url::ParseError) -> Self {
        Unreadable::Url(error)
    }
}

impl From<std::num::TryFromIntError> for Unreadable {
    fn from(error: std::num::TryFromIntError) -> Self {
        Unreadable::Number(error)
    }
}

impl From<&'static str> for Unreadable {
    fn from(form: &'static str) -> Self {
        Unreadable::Form(form)
    }
}

/// Says which stored value it is that does not read back, or cannot be written.
pub(crate) trait Stored<T> {
    /// `what` is our name for it, never its content.
    fn stored(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> Stored<T> for Option<T> {
    fn stored(self, what: &'static str) -> Result<T, StoreError> {
        self.ok_or_else(|| StoreError::Unreadable { what, why: Unreadable::Damaged })
    }
}

impl<T, E> Stored<T> for Result<T, E>
where
    Unreadable: From<E>,
{
    fn stored(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::Unreadable { what, why: error.into() })
    }
}

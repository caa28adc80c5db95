//! The key-value bucket as typed values: read, created, changed by compare-and-swap, deleted.
//!
//! Deliberately knows no key; those are the [`super::registry`]'s.

use async_nats::jetstream::kv::{CreateErrorKind, Operation, UpdateErrorKind};
use futures_util::TryStreamExt;
use serde::{Serialize, de::DeserializeOwned};

use super::{JetStream, LogError, damaged, unavailable};

/// Tries to change a value that others change at the same time.
const TRIES: usize = 200;

fn written(value: &impl Serialize) -> Result<bytes::Bytes, LogError> {
    serde_json::to_vec(value).map(Into::into).map_err(|_| damaged())
}

impl JetStream {
    /// The value under a key, and its revision.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(T, u64)>, LogError> {
        let Some(entry) = self.bucket.entry(key).await.map_err(unavailable)? else { return Ok(None) };
        if entry.operation != Operation::Put {
            return Ok(None);
        }
        let value = serde_json::from_slice(&entry.value).map_err(|_| damaged())?;
        Ok(Some((value, entry.revision)))
    }

    /// `false` if the key is taken.
    pub(super) async fn create(&self, key: &str, value: &impl Serialize) -> Result<bool, LogError> {
        match self.bucket.create(key, written(value)?).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// `false` if the value is no longer the one of this revision.
    pub(super) async fn compare_and_swap(
        &self,
        key: &str,
        value: &impl Serialize,
        revision: u64,
    ) -> Result<bool, LogError> {
        match self.bucket.update(key, written(value)?, revision).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Changes a value, whoever else does at the same time. `None` if there is none, or if `change` wants none.
    pub(super) async fn change<T, R>(
        &self,
        key: &str,
        mut change: impl FnMut(&mut T) -> Result<Option<R>, LogError> + Send,
    ) -> Result<Option<R>, LogError>
    where
        T: Serialize + DeserializeOwned + Send + Sync,
        R: Send,
    {
        for _ in 0..TRIES {
            let Some((mut value, revision)) = self.get::<T>(key).await? else { return Ok(None) };
            let Some(answer) = change(&mut value)? else { return Ok(None) };
            if self.compare_and_swap(key, &value, revision).await? {
                return Ok(Some(answer));
            }
        }
        Err(LogError::Unavailable("too many change the same at once".into()))
    }

    /// Deletes a value; where there is none, that is fine.
    pub(super) async fn delete(&self, key: &str) -> Result<(), LogError> {
        self.bucket.purge(key).await.map_err(unavailable)
    }

    /// The keys that begin with this word and a dot, deleted ones included.
    pub(super) async fn keys(&self, word: &str) -> Result<Vec<String>, LogError> {
        let before = format!("$KV.{}.", self.bucket.name);
        let stream = self.context.get_stream_no_info(format!("KV_{}", self.bucket.name)).await.map_err(unavailable)?;
        let subjects: Vec<(String, usize)> = stream
            .info_with_subjects(format!("{before}{word}.>"))
            .await
            .map_err(unavailable)?
            .try_collect()
            .await
            .map_err(unavailable)?;
        Ok(subjects.into_iter().filter_map(|(subject, _)| Some(subject.strip_prefix(&before)?.to_owned())).collect())
    }
}

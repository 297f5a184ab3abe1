//! Batching: what the fields of one level ask for becomes one statement.
//!
//! On the crate `dataloader`, used so that nothing is lost when a resolver fails and its siblings are dropped: the
//! function it calls never waits. It spawns the statement and hands each key the same shared future, which goes on
//! whoever stops listening.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use dataloader::BatchFn;
use dataloader::cached::Loader;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::task::unconstrained;

use super::error::ApiError;
use crate::error::Error;
use crate::queries::{Batch, Reader};

/// At most so many keys in one statement.
const KEYS: usize = 3_000;
/// How often a key is asked for again whose batch was dropped between being taken and being handed out.
const TRIES: usize = 3;

/// What a batch comes to, for all of its keys.
type Found<B> = Arc<HashMap<<B as Batch>::Key, <B as Batch>::Value>>;

/// What a batch will have come to.
struct Answers<B: Batch>(Shared<BoxFuture<'static, Result<Found<B>, Arc<Error>>>>);

impl<B: Batch> Clone for Answers<B> {
    fn clone(&self) -> Answers<B> {
        Answers(self.0.clone())
    }
}

/// The loaders of one request, each made when it is first used. They never forget: after a write, fresh ones are used.
pub struct Loaders {
    reader: Arc<Reader>,
    made: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

struct Spawn<B> {
    reader: Arc<Reader>,
    batch: PhantomData<fn() -> B>,
}

impl<B: Batch> BatchFn<B::Key, Answers<B>> for Spawn<B> {
    async fn load(&mut self, keys: &[B::Key]) -> HashMap<B::Key, Answers<B>> {
        let (reader, asked) = (self.reader.clone(), keys.to_vec());
        let task = tokio::spawn(async move { B::load(&reader, asked).await });
        let answers = async move {
            match task.await {
                Ok(Ok(found)) => Ok(Arc::new(found)),
                Ok(Err(error)) => Err(Arc::new(error)),
                Err(_) => Err(Arc::new(Error::Broken("a batch of reads runs to its end"))),
            }
        }
        .boxed()
        .shared();
        let answers = Answers::<B>(answers);
        keys.iter().map(|key| (key.clone(), answers.clone())).collect()
    }
}

impl Loaders {
    /// Loaders that read as `reader`.
    pub fn new(reader: Reader) -> Loaders {
        Loaders { reader: Arc::new(reader), made: Mutex::default() }
    }

    /// Who reads.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What `B` answers for `key`; none where it has no answer.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load<B: Batch>(&self, key: B::Key) -> Result<Option<B::Value>, ApiError> {
        let loader = self.loader::<B>();
        for _ in 0..TRIES {
            // Out of turns, a task would leave some keys of a level for a statement of their own.
            if let Ok(answers) = unconstrained(loader.try_load(key.clone())).await {
                return Ok(answers.0.await?.get(&key).cloned());
            }
        }
        Err(Error::Broken("a loader answers every key").into())
    }

    fn loader<B: Batch>(&self) -> Loader<B::Key, Answers<B>, Spawn<B>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || -> Arc<dyn Any + Send + Sync> {
            let spawn = Spawn::<B> { reader: self.reader.clone(), batch: PhantomData };
            Arc::new(Loader::new(spawn).with_max_batch_size(KEYS))
        };
        let kept = made.entry(TypeId::of::<B>()).or_insert_with(new);
        kept.downcast_ref::<Loader<B::Key, Answers<B>, Spawn<B>>>().cloned().unwrap_or_else(|| {
            // A type has one entry, made above.
            let spawn = Spawn::<B> { reader: self.reader.clone(), batch: PhantomData };
            Loader::new(spawn).with_max_batch_size(KEYS)
        })
    }
}

impl fmt::Debug for Loaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaders").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures::future::join3;
    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::access::Caller;
    use crate::db::Database;

    static BATCHES: AtomicUsize = AtomicUsize::new(0);

    /// Twice an even number; odd ones have no answer, and a negative one breaks its batch.
    struct Doubles;

    impl Batch for Doubles {
        type Key = i64;
        type Value = i64;

        async fn load(_: &Reader, keys: Vec<i64>) -> Result<HashMap<i64, i64>, Error> {
            BATCHES.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(50)).await;
            if keys.iter().any(|key| *key < 0) {
                return Err(Error::Broken("a negative number"));
            }
            Ok(keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, key * 2)).collect())
        }
    }

    #[tokio::test]
    async fn a_batch_is_one_and_survives_who_stops_waiting() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let database = Database::open_file(file.path()).await.expect("a database");
        let loaders = Loaders::new(Reader::new(database, Caller::System { on_behalf_of: None }));
        let mut patient = Box::pin(loaders.load::<Doubles>(4));
        {
            let hasty = join3(loaders.load::<Doubles>(2), loaders.load::<Doubles>(3), patient.as_mut());
            assert!(timeout(Duration::from_millis(10), hasty).await.is_err());
        }
        assert_eq!(patient.await.ok(), Some(Some(8)));
        assert_eq!(loaders.load::<Doubles>(2).await.ok(), Some(Some(4)));
        assert_eq!(loaders.load::<Doubles>(3).await.ok(), Some(None));
        assert_eq!(BATCHES.load(Ordering::Relaxed), 1);
        assert!(loaders.load::<Doubles>(-1).await.is_err());
    }
}

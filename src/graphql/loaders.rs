//! Batching: what the fields of one level ask for becomes one statement.
//!
//! On the crate `dataloader`, used so that nothing is lost when a resolver fails and its siblings are dropped: the
//! function it calls never waits. It spawns the statement, which goes on whoever stops listening, and hands each key
//! the same place to wait for it. Whoever waits first hears of the end and tells the others in one go, within the task
//! that all fields belong to: told one by one from elsewhere, those told first would ask for what comes next without
//! the rest.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use dataloader::BatchFn;
use dataloader::cached::Loader;
use futures::future::BoxFuture;
use tokio::sync::{Mutex as Turn, OnceCell};
use tokio::task::{JoinHandle, unconstrained};

use super::error::ApiError;
use crate::error::Error;
use crate::queries::{Batch, Reader};

/// At most so many keys in one statement.
const KEYS: usize = 3_000;
/// How often a task lets others go first before a batch is taken. The fields of a level ask in one turn of the task that
/// they belong to, or in two: a long list of them makes a pause where some have woken their neighbours.
const TURNS: usize = 2;
/// How often a key is asked for again whose batch was dropped between being taken and being handed out.
const TRIES: usize = 3;

/// The loaders of one request, each made when it is first used. They never forget: after a write, fresh ones are used.
pub struct Loaders {
    reader: Arc<Reader>,
    made: Mutex<HashMap<TypeId, Loader<Asked, Arc<Answers>, Spawn>>>,
}

/// What a batch comes to: the map of its keys and values.
type Found = Arc<dyn Any + Send + Sync>;

/// What a batch will have come to.
struct Answers {
    task: Turn<JoinHandle<Result<Found, Error>>>,
    found: OnceCell<Result<Found, Arc<Error>>>,
}

impl Answers {
    async fn found(&self) -> Result<Found, Arc<Error>> {
        let found = self.found.get_or_init(|| async {
            match (&mut *self.task.lock().await).await {
                Ok(found) => found.map_err(Arc::new),
                Err(_) => Err(Arc::new(Error::Broken("a batch of reads runs to its end"))),
            }
        });
        found.await.clone()
    }
}

/// Loads a batch of one type. Types are erased here: a loader compiled for each of a hundred costs minutes.
type Run = fn(Arc<Reader>, Vec<Asked>) -> BoxFuture<'static, Result<Found, Error>>;

fn run<B: Batch>(reader: Arc<Reader>, asked: Vec<Asked>) -> BoxFuture<'static, Result<Found, Error>> {
    let keys =
        asked.iter().filter_map(|asked| asked.key.as_any().downcast_ref::<B::Key>().cloned()).collect();
    Box::pin(async move { Ok(Arc::new(B::load(&reader, keys).await?) as Found) })
}

struct Spawn {
    reader: Arc<Reader>,
    run: Run,
}

impl BatchFn<Asked, Arc<Answers>> for Spawn {
    async fn load(&mut self, keys: &[Asked]) -> HashMap<Asked, Arc<Answers>> {
        let task = tokio::spawn((self.run)(self.reader.clone(), keys.to_vec()));
        let answers = Arc::new(Answers { task: Turn::new(task), found: OnceCell::new() });
        keys.iter().map(|key| (key.clone(), answers.clone())).collect()
    }
}

/// A key of whatever type its batch has.
#[derive(Clone, Debug)]
struct Asked {
    hash: u64,
    key: Arc<dyn Key>,
}

trait Key: fmt::Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn equals(&self, other: &dyn Key) -> bool;
}

impl<K: Eq + fmt::Debug + Send + Sync + 'static> Key for K {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Key) -> bool {
        other.as_any().downcast_ref::<K>() == Some(self)
    }
}

impl Asked {
    fn by<K: Eq + Hash + fmt::Debug + Send + Sync + 'static>(key: K) -> Asked {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&key);
        Asked { hash, key: Arc::new(key) }
    }
}

impl PartialEq for Asked {
    fn eq(&self, other: &Asked) -> bool {
        self.hash == other.hash && self.key.equals(&*other.key)
    }
}

impl Eq for Asked {}

impl Hash for Asked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
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
        let found = self.ask(TypeId::of::<B>(), run::<B>, Asked::by(key.clone())).await?;
        Ok(found.downcast_ref::<HashMap<B::Key, B::Value>>().and_then(|found| found.get(&key)).cloned())
    }

    fn ask(&self, batch: TypeId, run: Run, key: Asked) -> BoxFuture<'static, Result<Found, ApiError>> {
        let loader = self.loader(batch, run);
        Box::pin(async move {
            for _ in 0..TRIES {
                // Out of turns, a task would leave some keys of a level for a statement of their own.
                if let Ok(answers) = unconstrained(loader.try_load(key.clone())).await {
                    return Ok(unconstrained(answers.found()).await?);
                }
            }
            Err(Error::Broken("a loader answers every key").into())
        })
    }

    fn loader(&self, batch: TypeId, run: Run) -> Loader<Asked, Arc<Answers>, Spawn> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let spawn = Spawn { reader: self.reader.clone(), run };
            Loader::new(spawn).with_max_batch_size(KEYS).with_yield_count(TURNS)
        };
        made.entry(batch).or_insert_with(new).clone()
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

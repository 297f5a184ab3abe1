//! Being alone with a SQLite file: two programs that serve one file would each believe in leases, caches and a writer of
//! their own. The system gives the lock back when the program ends, however it ends.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::OpenError;

/// How often a lock file is looked for again that somebody removed in between.
const TRIES: usize = 10;

/// A SQLite file that no other program serves, for as long as this lives.
#[derive(Debug)]
pub struct Alone {
    lock: PathBuf,
    _held: File,
}

impl Alone {
    /// Locks the database at `url`; none where it is not a file, and others may use it too.
    ///
    /// # Errors
    /// [`OpenError::Served`] when another program serves it, [`OpenError::Lock`] when it cannot be locked.
    pub fn with(url: &str) -> Result<Option<Alone>, OpenError> {
        let Some(path) = url.strip_prefix("sqlite:") else { return Ok(None) };
        let path = path.strip_prefix("//").unwrap_or(path).split('?').next().unwrap_or_default();
        if path.is_empty() || path == ":memory:" {
            return Ok(None);
        }
        let lock = PathBuf::from(format!("{path}-lock"));
        for _ in 0..TRIES {
            let held = File::create(&lock).map_err(OpenError::Lock)?;
            match held.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(OpenError::Served),
                Err(TryLockError::Error(error)) => return Err(OpenError::Lock(error)),
            }
            // Whoever held it before may have removed it since it was opened: then it keeps nobody out.
            if is_at(&held, &lock).map_err(OpenError::Lock)? {
                return Ok(Some(Alone { lock, _held: held }));
            }
        }
        Err(OpenError::Served)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        // Removed while it is held; one that stays keeps nobody out.
        let _ = std::fs::remove_file(&self.lock);
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

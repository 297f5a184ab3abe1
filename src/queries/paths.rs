//! Paths: ordered lists of courses (R11).

use std::collections::HashMap;
use std::sync::Arc;

use entity::id::PathId;
pub use entity::path::Model as Path;

use super::{Batch, Reader, by_id};
use crate::error::Error;

/// Paths by id.
#[derive(Debug)]
pub struct Paths;

impl Batch for Paths {
    type Key = PathId;
    type Value = Arc<Path>;

    async fn load(reader: &Reader, ids: Vec<PathId>) -> Result<HashMap<PathId, Arc<Path>>, Error> {
        by_id("paths.by_id", "paths", ids, reader.db(), |row: &Path| row.id).await
    }
}

//! Activities of a course.

use std::collections::HashMap;
use std::sync::Arc;

pub use entity::activity::Model as Activity;
use entity::id::ActivityId;

use super::{Batch, Reader, by_id};
use crate::error::Error;

/// Activities by id.
#[derive(Debug)]
pub struct Activities;

impl Batch for Activities {
    type Key = ActivityId;
    type Value = Arc<Activity>;

    async fn load(
        reader: &Reader,
        ids: Vec<ActivityId>,
    ) -> Result<HashMap<ActivityId, Arc<Activity>>, Error> {
        by_id("activities.by_id", "activities", ids, reader.db(), |row: &Activity| row.id).await
    }
}

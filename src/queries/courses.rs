//! Courses and their authors (R10).

use std::collections::HashMap;
use std::sync::Arc;

pub use entity::course::Model as Course;
use entity::id::CourseId;

use super::{Batch, Reader, by_id};
use crate::error::Error;

/// Courses by id.
#[derive(Debug)]
pub struct Courses;

impl Batch for Courses {
    type Key = CourseId;
    type Value = Arc<Course>;

    async fn load(reader: &Reader, ids: Vec<CourseId>) -> Result<HashMap<CourseId, Arc<Course>>, Error> {
        by_id("courses.by_id", "courses", ids, reader.db(), |row: &Course| row.id).await
    }
}

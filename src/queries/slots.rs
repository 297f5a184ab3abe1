//! Classroom slots of a session (R8).

use std::collections::HashMap;
use std::sync::Arc;

use entity::id::SlotId;
pub use entity::slot::Model as Slot;

use super::{Batch, Reader, by_id};
use crate::error::Error;

/// Slots by id.
#[derive(Debug)]
pub struct Slots;

impl Batch for Slots {
    type Key = SlotId;
    type Value = Arc<Slot>;

    async fn load(reader: &Reader, ids: Vec<SlotId>) -> Result<HashMap<SlotId, Arc<Slot>>, Error> {
        by_id("slots.by_id", "slots", ids, reader.db(), |row: &Slot| row.id).await
    }
}

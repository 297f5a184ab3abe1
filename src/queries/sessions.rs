//! Sessions of a path, and who takes part in them (R8).

use std::collections::HashMap;
use std::sync::Arc;

use entity::id::SessionId;
pub use entity::session::Model as Session;

use super::{Batch, Reader, by_id};
use crate::error::Error;

/// Sessions by id.
#[derive(Debug)]
pub struct Sessions;

impl Batch for Sessions {
    type Key = SessionId;
    type Value = Arc<Session>;

    async fn load(reader: &Reader, ids: Vec<SessionId>) -> Result<HashMap<SessionId, Arc<Session>>, Error> {
        by_id("sessions.by_id", "sessions", ids, reader.db(), |row: &Session| row.id).await
    }
}

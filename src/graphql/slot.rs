//! Classroom slots of a session (R8).

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::id::SlotId;

use super::context::load;
use super::error::ApiError;
use super::id::{self, GlobalId};
use crate::queries::slots::{self, Slots};

/// A classroom slot of a session: a time, a place, seats (R8).
#[derive(Clone, Debug)]
pub struct Slot(Arc<slots::Slot>);

impl Slot {
    /// The slot of this id; none where there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ctx: &Context<'_>, id: SlotId) -> Result<Option<Slot>, ApiError> {
        Ok(load::<Slots>(ctx, id).await?.map(Slot))
    }
}

impl From<Arc<slots::Slot>> for Slot {
    fn from(row: Arc<slots::Slot>) -> Slot {
        Slot(row)
    }
}

/// A classroom slot of a session: a time, a place, seats (R8).
#[Object]
impl Slot {
    /// The id: opaque, never given to anything else.
    pub(super) async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Where it takes place.
    async fn place(&self) -> &str {
        &self.0.place
    }
}

/// Reads of slots.
#[derive(Debug, Default)]
pub struct SlotQuery;

/// Reads of slots.
#[Object]
impl SlotQuery {
    /// The slot of this id; null where there is none.
    async fn slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Slot>, ApiError> {
        Slot::load(ctx, id::parse(&id, &["id"])?).await
    }
}

//! Making and changing classroom slots, and registering people in them (R8).

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use chrono::{DateTime, Utc};

use crate::error::Refusal;
use crate::graphql::domain::{self, payload};
use crate::graphql::error::ApiError;
use crate::graphql::id::{self, GlobalId};
use crate::graphql::input::{change, set};
use crate::graphql::kinds::SeatKind;
use crate::graphql::slot::Slot;
use crate::graphql::thing::Thing;
use crate::slots::{self, Deletion, NewSlot, Registration, SlotEdit};

/// A classroom slot to be made: a time and a place at which people of a session meet.
#[derive(Clone, Debug, InputObject)]
pub struct CreateSlotInput {
    /// Its session.
    session_id: ID,
    /// Where it takes place: 1 to 200 characters.
    place: String,
    /// When it starts, in the years 1970 to 9999.
    starts_at: DateTime<Utc>,
    /// When it ends, after it starts.
    ends_at: DateTime<Utc>,
    /// How many can attend, at least 1; left out or null, any number. Trainers do not count.
    capacity: Option<i32>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// What to change of a classroom slot. What is left out stays as it is.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateSlotInput {
    /// Which slot.
    slot_id: ID,
    /// Where it takes place: 1 to 200 characters.
    place: MaybeUndefined<String>,
    /// When it starts, a time to come. Not once it has started.
    starts_at: MaybeUndefined<DateTime<Utc>>,
    /// When it ends, after it starts. Not once it has started.
    ends_at: MaybeUndefined<DateTime<Utc>>,
    /// How many can attend, at least 1 and no fewer than attend now; null means any number. Not once it has started.
    capacity: MaybeUndefined<i32>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// A classroom slot to be deleted.
#[derive(Clone, Debug, InputObject)]
pub struct DeleteSlotInput {
    /// Which slot.
    slot_id: ID,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// Who to register for which slot.
#[derive(Clone, Debug, InputObject)]
pub struct RegisterForSlotInput {
    /// Which slot.
    slot_id: ID,
    /// Who.
    user_id: ID,
    /// Whether they attend, which takes a seat, or train.
    kind: SeatKind,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

/// Who to take out of which slot.
#[derive(Clone, Debug, InputObject)]
pub struct UnregisterFromSlotInput {
    /// Which slot.
    slot_id: ID,
    /// Who.
    user_id: ID,
    /// Whether they no longer attend, or no longer train; whoever does both keeps the other.
    kind: SeatKind,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl CreateSlotInput {
    fn read(self) -> Result<NewSlot, Refusal> {
        Ok(NewSlot {
            session: id::parse(&self.session_id, &["sessionId"])?,
            place: self.place,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            capacity: self.capacity,
        })
    }
}

impl UpdateSlotInput {
    fn read(self) -> Result<SlotEdit, Refusal> {
        Ok(SlotEdit {
            slot: id::parse(&self.slot_id, &["slotId"])?,
            place: set(self.place, &["place"])?,
            starts_at: set(self.starts_at, &["startsAt"])?,
            ends_at: set(self.ends_at, &["endsAt"])?,
            capacity: change(self.capacity),
        })
    }
}

impl DeleteSlotInput {
    fn read(&self) -> Result<Deletion, Refusal> {
        Ok(Deletion { slot: id::parse(&self.slot_id, &["slotId"])? })
    }
}

fn registration(slot: &ID, user: &ID, kind: SeatKind) -> Result<Registration, Refusal> {
    Ok(Registration {
        slot: id::parse(slot, &["slotId"])?,
        user: id::parse(user, &["userId"])?,
        kind: kind.into(),
    })
}

payload! {
    /// What `createSlot` answers with.
    CreateSlotPayload {
        /// The new slot; null if nothing was done.
        slot: Slot
    }
}

payload! {
    /// What `updateSlot` answers with.
    UpdateSlotPayload {
        /// The slot as it is now; null if nothing was done.
        slot: Slot
    }
}

payload! {
    /// What `deleteSlot` answers with.
    DeleteSlotPayload {
        /// The id that the slot had; null if nothing was done.
        deleted_slot_id: ID
    }
}

payload! {
    /// What `registerForSlot` answers with.
    RegisterForSlotPayload {
        /// The slot as it is now, with the person; null if nothing was done.
        slot: Slot
    }
}

payload! {
    /// What `unregisterFromSlot` answers with.
    UnregisterFromSlotPayload {
        /// The slot as it is now, without the person; null if nothing was done.
        slot: Slot
    }
}

/// Changes of classroom slots.
#[derive(Debug, Default)]
pub struct SlotMutation;

/// Changes of classroom slots.
#[Object]
impl SlotMutation {
    /// Makes a classroom slot of a session. By those who may change the session; see `updateSession`.
    async fn create_slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The slot to make.")] input: CreateSlotInput,
    ) -> Result<CreateSlotPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "createSlot", key, input.read(), |tx, input| {
            Box::pin(slots::create(tx, input))
        });
        CreateSlotPayload::of(done.await?, |slot| Slot::load(ctx, slot)).await
    }

    /// Changes a classroom slot: its place at any time, its dates and capacity until it starts. By those who may change
    /// the session; see `updateSession`.
    async fn update_slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which slot, and what to change of it.")] input: UpdateSlotInput,
    ) -> Result<UpdateSlotPayload, ApiError> {
        let key = input.idempotency_key.clone();
        let done = domain::write(ctx, "updateSlot", key, input.read(), |tx, input| {
            Box::pin(slots::update(tx, input))
        });
        UpdateSlotPayload::of(done.await?, |slot| Slot::load(ctx, slot)).await
    }

    /// Deletes a classroom slot that has not started; everybody in it, attendee or trainer, is released. By those who may
    /// change the session; see `updateSession`.
    async fn delete_slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which slot.")] input: DeleteSlotInput,
    ) -> Result<DeleteSlotPayload, ApiError> {
        let slot = input.read();
        let done = domain::write(ctx, "deleteSlot", input.idempotency_key, slot, |tx, input| {
            Box::pin(slots::delete(tx, input))
        });
        DeleteSlotPayload::of(done.await?, |slot| async move { Ok(Some(slot.global())) }).await
    }

    /// Registers somebody for a slot that has not started (R8). Attending needs an active or suspended account that
    /// takes part in the session (else NOT_A_PARTICIPANT) and a free seat (else SLOT_FULL); training needs neither seat
    /// nor part. Who is registered already stays so. By the person themself, to attend, and by those who may change the
    /// session; see `updateSession`.
    async fn register_for_slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which slot, who, and what they do there.")] input: RegisterForSlotInput,
    ) -> Result<RegisterForSlotPayload, ApiError> {
        let asked = registration(&input.slot_id, &input.user_id, input.kind);
        let done = domain::write(ctx, "registerForSlot", input.idempotency_key, asked, |tx, input| {
            Box::pin(slots::register(tx, input))
        });
        RegisterForSlotPayload::of(done.await?, |slot| Slot::load(ctx, slot)).await
    }

    /// Takes somebody out of a slot that has not started. Who is not registered stays so. By the person themself, when
    /// they attend, and by those who may change the session; see `updateSession`.
    async fn unregister_from_slot(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which slot, who, and what they no longer do there.")]
        input: UnregisterFromSlotInput,
    ) -> Result<UnregisterFromSlotPayload, ApiError> {
        let asked = registration(&input.slot_id, &input.user_id, input.kind);
        let done = domain::write(ctx, "unregisterFromSlot", input.idempotency_key, asked, |tx, input| {
            Box::pin(slots::unregister(tx, input))
        });
        UnregisterFromSlotPayload::of(done.await?, |slot| Slot::load(ctx, slot)).await
    }
}

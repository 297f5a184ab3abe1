//! What happened, in the order in which it was committed, and how it was sent. Whether the reader may hear of it at all is
//! asked before.

use std::sync::Arc;

pub use entity::event::Model as Event;
use entity::id::{DeliveryId, EventId, WebhookId};
use entity::kind::DeliveryStatus;
pub use entity::webhook_delivery::Model as Delivery;

use super::{By, Cell, Cursor, Filter, List, Order, Reader, Relation, columns, noun};
use crate::error::{Error, Refusal};
use crate::events::{Kind, store};

/// By the transaction that wrote it.
const BY_COMMIT: Order = Order::new("COMMIT", &[By::number("e.transaction_id"), By::number("e.id")]);

/// What happened of these kinds, or of all: what was committed last comes last, and nothing comes before it later.
pub fn list(reader: &Reader, kinds: Option<&[Kind]>) -> List<Arc<Event>> {
    let mut filter = Filter::new().and(store::settled(reader.db().get_database_backend()));
    if let Some(kinds) = kinds {
        // Words of our own catalogue.
        let names: Vec<String> = kinds.iter().map(|kind| format!("'{}'", kind.as_str())).collect();
        let named = if names.is_empty() { "null".to_owned() } else { names.join(", ") };
        filter = filter.and(format!("e.kind in ({named})"));
    }
    List {
        name: "events.list",
        selected: columns::<Event>("e").shared(),
        from: "events e".to_owned(),
        filter,
        seen: Vec::new(),
        order: BY_COMMIT,
    }
}

/// Passes a place of which all that came after it is still kept.
///
/// # Errors
/// The refusal is `INVALID_CURSOR`, for a place that is none or too old; the error, when the database cannot be read.
pub async fn require_kept(reader: &Reader, cursor: &str) -> Result<Result<(), Refusal>, Error> {
    let cursor = match Cursor::decode(cursor, "events.list", &BY_COMMIT) {
        Ok(cursor) => cursor,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Cursor(cells) = cursor;
    let [Cell::Number(transaction), Cell::Number(id)] = cells[..] else {
        return Ok(Err(Refusal::InvalidCursor));
    };
    let kept = store::is_kept(reader.db(), transaction, id).await?;
    Ok(if kept { Ok(()) } else { Err(Refusal::CursorTooOld) })
}

noun! {
    /// Events by id.
    Events: "events.by_id", "events", Event = columns, EventId, []
}

noun! {
    /// Deliveries by id.
    DeliveriesById: "events.deliveries_by_id", "webhook_deliveries", Delivery = columns, DeliveryId, []
}

/// Orders deliveries by when they were put on their way.
const BY_TIME: Order = Order::new("TIME", &[By::number("d.id")]);

/// What is on its way to a webhook, or was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deliveries {
    /// Only those that stand so.
    pub status: Option<DeliveryStatus>,
}

impl Relation for Deliveries {
    type Parent = WebhookId;
    type Item = Arc<Delivery>;
    const PARENT: &'static str = "d.webhook_id";

    fn list(&self) -> List<Arc<Delivery>> {
        List {
            name: "events.deliveries",
            selected: columns::<Delivery>("d").shared(),
            from: "webhook_deliveries d".to_owned(),
            seen: Vec::new(),
            filter: Filter::new().maybe("d.status = {status}", "status", self.status),
            order: BY_TIME,
        }
    }
}

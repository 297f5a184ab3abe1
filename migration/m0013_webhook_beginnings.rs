//! What had been committed when a webhook was made, where transactions commit in another order than they are numbered:
//! PostgreSQL's own name for it. Without one, all that comes after the webhook's place is news to it.

crate::step! {
    up: &["alter table webhooks add column made_within text"],
    undo: &["alter table webhooks drop column made_within"],
}

//! Indexes in which all stands that two questions ask: whom somebody removed, and which jobs had an event lately.

crate::step! {
    up: &[
        "drop index records_actor",
        "create index records_actor on records (actor_id, id, user_id)",
        "drop index job_events_at",
        "create index job_events_at on job_events (at, job_id, number)",
    ],
    undo: &[
        "drop index job_events_at",
        "create index job_events_at on job_events (at, job_id)",
        "drop index records_actor",
        "create index records_actor on records (actor_id, id)",
    ],
}

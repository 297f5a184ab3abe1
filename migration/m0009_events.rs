//! What other systems hear of, in the order in which it was committed.

crate::step! {
    up: &[
        "create table events (
            id {id},
            transaction_id bigint not null,
            kind text not null,
            at {time} not null,
            data text not null
        )",
        "create index events_committed on events (transaction_id, id)",
    ],
    down: &["events"],
}

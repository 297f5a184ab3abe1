//! Where events are sent, and how that went.

crate::step! {
    up: &[
        "create table webhooks (
            id {id},
            url text not null,
            kinds text,
            description text,
            status text not null check (status in ('ACTIVE', 'PAUSED', 'DISABLED')),
            secret text not null,
            former_secret text,
            former_until {time},
            transaction_id bigint not null,
            event_id bigint not null,
            created_by bigint not null references users (id),
            created_at {time} not null,
            disabled_at {time}
        )",
        // An event goes with what was made of it, in one transaction.
        "create table webhook_deliveries (
            id {id},
            webhook_id bigint not null references webhooks (id),
            event_id bigint,
            status text not null check (status in ('PENDING', 'DELIVERED', 'FAILED')),
            attempts bigint not null check (attempts >= 0),
            status_code bigint,
            failure text,
            next_attempt_at {time},
            created_at {time} not null,
            ended_at {time}
        )",
        "create index webhook_deliveries_due on webhook_deliveries (next_attempt_at, id)
            where status = 'PENDING' and next_attempt_at is not null",
        "create index webhook_deliveries_webhook on webhook_deliveries (webhook_id, id)",
        "create index webhook_deliveries_status on webhook_deliveries (webhook_id, status, id)",
        "create index webhook_deliveries_arrived on webhook_deliveries (webhook_id, ended_at) where status = 'DELIVERED'",
        "create index webhook_deliveries_event on webhook_deliveries (event_id, created_at)",
    ],
    down: &["webhook_deliveries", "webhooks"],
}

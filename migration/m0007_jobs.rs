//! What lets a job outlive whoever works on it (R29): how often each chunk was tried, its numbered events, its plan.

crate::step! {
    up: &[
        "create table job_chunks (
            job_id bigint not null references jobs (id),
            chunk bigint not null check (chunk > 0),
            size bigint not null check (size > 0),
            attempts bigint not null check (attempts >= 0),
            primary key (job_id, chunk)
        ) {by_key}",
        "create table job_events (
            job_id bigint not null references jobs (id),
            number bigint not null check (number > 0),
            at {time} not null,
            status text not null,
            done bigint not null check (done >= 0),
            primary key (job_id, number)
        ) {by_key}",
        "create index job_events_at on job_events (at, job_id)",
        "alter table jobs add column totals text",
        "alter table jobs add column keep_until {time}",
        "alter table job_items add column planned text",
        // What a worker looks for, over and over: few of all the jobs there ever were.
        "create index jobs_open on jobs (id) where status in ('PREPARING', 'QUEUED', 'RUNNING', 'CANCELLING')",
        "create index jobs_prepared on jobs (keep_until) where status = 'PREPARED'",
        "create index jobs_created on jobs (created_at, id)",
        "create index jobs_retry_of on jobs (retry_of, id) where retry_of is not null",
        "create index job_items_waiting on job_items (job_id, chunk, user_id) where outcome is null",
        "create index job_items_typed on job_items (job_id) where typed is not null",
        "create index idempotency_keys_created on idempotency_keys (created_at)",
    ],
    undo: &[
        "drop index idempotency_keys_created",
        "drop index job_items_typed",
        "drop index job_items_waiting",
        "drop index jobs_retry_of",
        "drop index jobs_created",
        "drop index jobs_prepared",
        "drop index jobs_open",
        "alter table job_items drop column planned",
        "alter table jobs drop column keep_until",
        "alter table jobs drop column totals",
        "drop table job_events",
        "drop table job_chunks",
    ],
}

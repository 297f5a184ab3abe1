//! What was done and is never forgotten: jobs, their items, records, hand-overs, answers already given
//! (R16, R17, R29).

crate::step! {
    up: &[
        "create table jobs (
            id {id},
            kind text not null check (kind in ('REMOVAL')),
            status text not null check (status in
                ('PREPARING', 'PREPARED', 'EXPIRED', 'AWAITING_CONFIRMATION', 'QUEUED', 'RUNNING', 'CANCELLING',
                 'CANCELLED', 'SUCCEEDED', 'FINISHED_WITH_FAILURES')),
            actor_id bigint references users (id),
            on_behalf_of bigint references users (id),
            cause text not null,
            options text not null,
            plan_digest text,
            total bigint not null check (total >= 0),
            duplicates bigint not null check (duplicates >= 0),
            retry_of bigint references jobs (id),
            epoch bigint not null,
            leased_by text,
            leased_until {time},
            created_at {time} not null,
            started_at {time},
            finished_at {time}
        )",
        "create index jobs_actor on jobs (actor_id, id)",
        "create index jobs_status on jobs (status, id)",
        "create table records (
            id {id},
            kind text not null check (kind in ('REMOVAL')),
            user_id bigint not null references users (id),
            actor_id bigint references users (id),
            on_behalf_of bigint references users (id),
            cause text not null check (cause in
                ('REQUESTED', 'LAST_GROUP', 'SCHEDULED', 'INACTIVITY', 'IMPORTED')),
            outcome text not null check (outcome in ('DELETED', 'REMOVED', 'REMOVED_NOT_DELETED')),
            group_id bigint not null,
            role text,
            private_subgroups text check (private_subgroups in ('KEEP', 'REMOVE')),
            job_id bigint references jobs (id),
            due_at {time},
            at {time} not null,
            digest text not null,
            version {int} not null,
            effects {document} not null
        )",
        "create index records_user on records (user_id, id)",
        "create index records_actor on records (actor_id, id)",
        "create index records_group on records (group_id, id)",
        "create index records_cause on records (cause, id)",
        "create index records_outcome on records (outcome, id)",
        "create index records_at on records (at, id)",
        "create index records_job on records (job_id, user_id)",
        "create table hand_overs (
            record_id bigint not null references records (id),
            kind text not null check (kind in ('COURSE', 'PATH', 'SESSION')),
            work_id bigint not null,
            from_user_id bigint not null references users (id),
            to_user_id bigint not null references users (id),
            step text not null check (step in
                ('CO_AUTHOR', 'CO_INSTRUCTOR', 'PATH_AUTHOR', 'GROUP_ADMINISTRATOR', 'PARENT_ADMINISTRATOR',
                 'PLATFORM_OWNER')),
            former_rank {int},
            primary key (record_id, kind, work_id)
        ) {by_key}",
        "create index hand_overs_from on hand_overs (from_user_id, record_id)",
        "create index hand_overs_to on hand_overs (to_user_id, record_id)",
        "create index hand_overs_work on hand_overs (kind, work_id)",
        "create table job_items (
            job_id bigint not null references jobs (id),
            position bigint not null check (position > 0),
            user_id bigint references users (id),
            typed text,
            chunk bigint,
            ends_account {bool} not null,
            digest text,
            outcome text,
            reason text,
            record_id bigint references records (id),
            primary key (job_id, position)
        ) {by_key}",
        "create unique index job_items_user on job_items (user_id, job_id)",
        "create table idempotency_keys (
            actor_id bigint not null,
            key text not null,
            input_sha256 text not null,
            answer text not null,
            created_at {time} not null,
            primary key (actor_id, key)
        ) {by_key}",
    ],
    down: &["idempotency_keys", "job_items", "hand_overs", "records", "jobs"],
}

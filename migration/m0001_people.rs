//! People: their entry (R34), their state (section 3), the emails they reserve (R24), and their tokens.

crate::step! {
    up: &[
        "create table users (
            id {id},
            status text not null check (status in
                ('ACTIVE', 'SUSPENDED', 'DEACTIVATED', 'ANONYMIZED', 'DELETED', 'ERASED')),
            status_before text check (status_before in
                ('ACTIVE', 'SUSPENDED', 'DEACTIVATED', 'ANONYMIZED')),
            status_since {time} not null,
            first_name text,
            last_name text,
            username text,
            username_key {key},
            email text,
            email_key {key},
            phone text,
            job_title text,
            language text,
            photo_url text,
            name_key {key} not null,
            search_key {key} not null,
            anonymous_number bigint,
            created_at {time} not null,
            invited_at {time},
            last_sign_in_at {time},
            deleted_at {time},
            deletion_cause text check (deletion_cause in
                ('REQUESTED', 'LAST_GROUP', 'SCHEDULED', 'INACTIVITY', 'IMPORTED')),
            deleted_by bigint references users (id),
            check ((status in ('DELETED', 'ERASED')) = (deleted_at is not null)),
            check ((deleted_at is null) = (deletion_cause is null)),
            check (status not in ('ACTIVE', 'SUSPENDED', 'DEACTIVATED')
                or email_key is not null or username_key is not null),
            check ((email is null) = (email_key is null)),
            check ((username is null) = (username_key is null))
        )",
        // Only states that reserve an email keep others from using it (R24).
        "create unique index users_email on users (email_key)
            where status in ('ACTIVE', 'SUSPENDED', 'DEACTIVATED')",
        "create unique index users_username on users (username_key)
            where status in ('ACTIVE', 'SUSPENDED', 'DEACTIVATED')",
        "create index users_email_any on users (email_key, id)",
        "create index users_username_any on users (username_key, id)",
        "create index users_name on users (name_key, id)",
        "create index users_status_name on users (status, name_key, id)",
        "create index users_last_sign_in on users (last_sign_in_at, id)",
        "create index users_created on users (created_at, id)",
        "create index users_deleted on users (deleted_at, id)",
        "create index users_invited on users (invited_at, id)",
        "create index users_phone on users (phone, id)",
        "create index users_job_title on users (job_title, id)",
        "create index users_language on users (language, id)",
        "create table external_ids (
            system text not null,
            value {key} not null,
            user_id bigint not null references users (id),
            primary key (system, value)
        ) {by_key}",
        "create index external_ids_user on external_ids (user_id)",
        "create table custom_fields (
            user_id bigint not null references users (id),
            name text not null,
            value text not null,
            primary key (user_id, name)
        ) {by_key}",
        "create index custom_fields_value on custom_fields (name, value, user_id)",
        "create table tokens (
            id {id},
            user_id bigint not null references users (id),
            sha256 text not null unique,
            created_at {time} not null
        )",
        "create index tokens_user on tokens (user_id)",
        "create table dates (
            user_id bigint not null references users (id),
            kind text not null check (kind in ('DELETION', 'DEACTIVATION')),
            due_at {time} not null,
            set_by bigint references users (id),
            set_at {time} not null,
            primary key (user_id, kind)
        ) {by_key}",
    ],
    down: &["dates", "tokens", "custom_fields", "external_ids", "users"],
}

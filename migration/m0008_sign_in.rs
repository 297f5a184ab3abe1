//! How people sign in: passwords, sign-ins, links to choose a password by; and what integrations sign in with.

crate::step! {
    up: &[
        "create table passwords (
            user_id bigint primary key references users (id),
            hash text not null,
            must_change {bool} not null,
            set_at {time} not null
        ) {by_key}",
        "create table sign_ins (
            id {id},
            user_id bigint not null references users (id),
            sha256 text not null unique,
            user_agent text,
            created_at {time} not null,
            last_used_at {time} not null,
            expires_at {time} not null
        )",
        "create index sign_ins_user on sign_ins (user_id, last_used_at)",
        "create table password_links (
            sha256 text not null,
            user_id bigint not null references users (id),
            email_key {key} not null,
            created_at {time} not null,
            expires_at {time} not null,
            primary key (sha256)
        ) {by_key}",
        "create index password_links_user on password_links (user_id)",
        "alter table tokens add column name text",
        "alter table tokens add column hint text",
        "alter table tokens add column scopes text",
        "alter table tokens add column expires_at {time}",
        "alter table tokens add column last_used_at {time}",
        "create table service_tokens (
            id {id},
            name text not null,
            hint text not null,
            scopes text not null,
            sha256 text not null unique,
            created_by bigint not null references users (id),
            created_at {time} not null,
            expires_at {time},
            last_used_at {time}
        )",
        "alter table platform add column sign_up_group_id bigint references groups (id)",
    ],
    undo: &[
        "alter table platform drop column sign_up_group_id",
        "drop table service_tokens",
        "alter table tokens drop column last_used_at",
        "alter table tokens drop column expires_at",
        "alter table tokens drop column scopes",
        "alter table tokens drop column hint",
        "alter table tokens drop column name",
        "drop table password_links",
        "drop table sign_ins",
        "drop table passwords",
    ],
}

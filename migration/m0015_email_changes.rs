//! Addresses that wait to be confirmed (R24). Every address that is there already counts, and so needs no mark: what is
//! marked is one that counts although nobody has confirmed it.

crate::step! {
    up: &[
        "create table email_changes (
            user_id bigint primary key references users (id),
            email text not null,
            email_key {key} not null unique,
            sha256 text not null unique,
            created_at {time} not null,
            expires_at {time} not null
        ) {by_key}",
        "alter table users add column email_unconfirmed_since {time}",
    ],
    undo: &[
        "alter table users drop column email_unconfirmed_since",
        "drop table email_changes",
    ],
}

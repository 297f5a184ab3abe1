//! The groups that somebody was in when they were deleted (R26): ids and kinds, as in the record, but one row each, so
//! that it can be asked who was deleted while in a group. A group that is deleted leaves them as they are.
//!
//! One index and no foreign key: a person's row is never deleted, and asking for it again would make writing these rows
//! with a chunk of people take three times as long.

crate::step! {
    up: &[
        "create table former_memberships (
            group_id bigint not null,
            user_id bigint not null,
            role text not null check (role in
                ('LEARNER', 'COACH', 'AUTHOR', 'USER_ADMINISTRATOR', 'ADMINISTRATOR')),
            primary key (group_id, user_id, role)
        ) {by_key}",
    ],
    down: &["former_memberships"],
}

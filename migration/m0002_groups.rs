//! The tree of groups (R1), who holds which role in them (R2), and the platform itself.

crate::step! {
    up: &[
        "create table groups (
            id {id},
            parent_id bigint references groups (id),
            name text not null,
            name_key {key} not null,
            privacy text not null check (privacy in ('PUBLIC', 'PRIVATE')),
            created_at {time} not null,
            check (parent_id is not null or privacy = 'PUBLIC'),
            check (parent_id is null or parent_id <> id)
        )",
        // One root, the platform group: every row without a parent has the same value here.
        "create unique index groups_root on groups ((coalesce(parent_id, 0))) where parent_id is null",
        "create index groups_parent on groups (parent_id, name_key, id)",
        "create index groups_name on groups (name_key, id)",
        "create table group_external_ids (
            system text not null,
            value {key} not null,
            group_id bigint not null references groups (id),
            primary key (system, value)
        ) {by_key}",
        "create index group_external_ids_group on group_external_ids (group_id)",
        "create table memberships (
            user_id bigint not null references users (id),
            group_id bigint not null references groups (id),
            role text not null check (role in
                ('LEARNER', 'COACH', 'AUTHOR', 'USER_ADMINISTRATOR', 'ADMINISTRATOR')),
            granted_by bigint references users (id),
            granted_at {time} not null,
            primary key (user_id, group_id, role)
        ) {by_key}",
        "create index memberships_group on memberships (group_id, role, granted_at, user_id)",
        // Learners are almost all there are; the others are looked for among everybody (R26).
        "create index memberships_staff on memberships (role, user_id) where role <> 'LEARNER'",
        "create table platform (
            id bigint primary key check (id = 1),
            name text not null,
            root_group_id bigint not null references groups (id),
            owner_id bigint not null references users (id),
            time_zone text not null,
            seat_limit bigint check (seat_limit >= 0),
            safety_share bigint not null check (safety_share between 0 and 100),
            tree_revision bigint not null
        )",
    ],
    down: &["platform", "memberships", "group_external_ids", "groups"],
}

//! Sessions of a path, their audience, and the seats in their classroom slots (R8, R12).

crate::step! {
    up: &[
        "create table sessions (
            id {id},
            path_id bigint not null references paths (id),
            title text not null,
            title_key {key} not null,
            group_id bigint not null references groups (id),
            main_instructor_id bigint not null references users (id),
            audience_kind text not null check (audience_kind in ('DYNAMIC', 'STATIC')),
            starts_at {time} not null,
            ends_at {time} not null,
            captured_at {time},
            created_at {time} not null,
            check (starts_at < ends_at)
        )",
        "create index sessions_title on sessions (title_key, id)",
        "create index sessions_start on sessions (starts_at, id)",
        "create index sessions_end on sessions (ends_at, id)",
        "create index sessions_path on sessions (path_id, id)",
        "create index sessions_group on sessions (group_id, id)",
        "create index sessions_main_instructor on sessions (main_instructor_id, id)",
        // Those that still wait to be captured at their end.
        "create index sessions_waiting on sessions (ends_at, id) where captured_at is null",
        "create table session_co_instructors (
            session_id bigint not null references sessions (id),
            user_id bigint not null references users (id),
            rank {int} not null check (rank > 0),
            primary key (session_id, user_id),
            unique (session_id, rank)
        ) {by_key}",
        "create index session_co_instructors_user on session_co_instructors (user_id)",
        "create table session_groups (
            session_id bigint not null references sessions (id),
            group_id bigint not null references groups (id),
            primary key (session_id, group_id)
        ) {by_key}",
        "create index session_groups_group on session_groups (group_id, session_id)",
        "create table session_enrolments (
            session_id bigint not null references sessions (id),
            user_id bigint not null references users (id),
            granted_by bigint references users (id),
            enrolled_at {time} not null,
            primary key (session_id, user_id)
        ) {by_key}",
        "create index session_enrolments_user on session_enrolments (user_id, session_id)",
        "create table session_exclusions (
            session_id bigint not null references sessions (id),
            user_id bigint not null references users (id),
            excluded_by bigint references users (id),
            excluded_at {time} not null,
            primary key (session_id, user_id)
        ) {by_key}",
        "create index session_exclusions_user on session_exclusions (user_id, session_id)",
        "create table session_captures (
            session_id bigint not null references sessions (id),
            user_id bigint not null references users (id),
            carried_by text not null check (carried_by in ('GROUP', 'INDIVIDUAL')),
            since {time} not null,
            captured_at {time} not null,
            primary key (session_id, user_id)
        ) {by_key}",
        "create index session_captures_user on session_captures (user_id, session_id)",
        "create table slots (
            id {id},
            session_id bigint not null references sessions (id),
            place text not null,
            starts_at {time} not null,
            ends_at {time} not null,
            capacity {int} check (capacity > 0),
            created_at {time} not null,
            check (starts_at < ends_at)
        )",
        "create index slots_session on slots (session_id, starts_at, id)",
        "create index slots_start on slots (starts_at, id)",
        "create table slot_registrations (
            slot_id bigint not null references slots (id),
            user_id bigint not null references users (id),
            kind text not null check (kind in ('ATTENDEE', 'TRAINER')),
            registered_by bigint references users (id),
            registered_at {time} not null,
            primary key (slot_id, user_id, kind)
        ) {by_key}",
        "create index slot_registrations_user on slot_registrations (user_id, slot_id, kind)",
    ],
    down: &[
        "slot_registrations",
        "slots",
        "session_captures",
        "session_exclusions",
        "session_enrolments",
        "session_groups",
        "session_co_instructors",
        "sessions",
    ],
}

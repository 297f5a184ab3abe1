//! What authors make and learners are enrolled in: courses, paths, activities (R10, R11, R32).

crate::step! {
    up: &[
        "create table courses (
            id {id},
            title text not null,
            title_key {key} not null,
            group_id bigint not null references groups (id),
            main_author_id bigint not null references users (id),
            created_at {time} not null
        )",
        "create index courses_title on courses (title_key, id)",
        "create index courses_group on courses (group_id, id)",
        "create index courses_main_author on courses (main_author_id, id)",
        "create table course_co_authors (
            course_id bigint not null references courses (id),
            user_id bigint not null references users (id),
            rank {int} not null check (rank > 0),
            primary key (course_id, user_id),
            unique (course_id, rank)
        ) {by_key}",
        "create index course_co_authors_user on course_co_authors (user_id)",
        "create table paths (
            id {id},
            title text not null,
            title_key {key} not null,
            group_id bigint not null references groups (id),
            main_author_id bigint not null references users (id),
            created_at {time} not null
        )",
        "create index paths_title on paths (title_key, id)",
        "create index paths_group on paths (group_id, id)",
        "create index paths_main_author on paths (main_author_id, id)",
        "create table path_co_authors (
            path_id bigint not null references paths (id),
            user_id bigint not null references users (id),
            rank {int} not null check (rank > 0),
            primary key (path_id, user_id),
            unique (path_id, rank)
        ) {by_key}",
        "create index path_co_authors_user on path_co_authors (user_id)",
        "create table path_courses (
            path_id bigint not null references paths (id),
            course_id bigint not null references courses (id),
            position {int} not null check (position > 0),
            primary key (path_id, course_id),
            unique (path_id, position)
        ) {by_key}",
        "create index path_courses_course on path_courses (course_id)",
        "create table course_enrolments (
            course_id bigint not null references courses (id),
            user_id bigint not null references users (id),
            granted_by bigint references users (id),
            enrolled_at {time} not null,
            primary key (course_id, user_id)
        ) {by_key}",
        "create index course_enrolments_user on course_enrolments (user_id, course_id)",
        "create table activities (
            id {id},
            course_id bigint not null references courses (id),
            owner_id bigint not null references users (id),
            title text not null,
            title_key {key} not null,
            copied_from_id bigint references activities (id),
            created_at {time} not null
        )",
        "create index activities_course on activities (course_id, id)",
        "create index activities_owner on activities (owner_id, id)",
        "create index activities_title on activities (title_key, id)",
    ],
    down: &[
        "activities",
        "course_enrolments",
        "path_courses",
        "path_co_authors",
        "paths",
        "course_co_authors",
        "courses",
    ],
}

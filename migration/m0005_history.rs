//! What people leave behind: posts, progress, results, certificates, sales, subscriptions (R9, R21, R23).

crate::step! {
    up: &[
        "create table posts (
            id {id},
            group_id bigint not null references groups (id),
            author_id bigint references users (id),
            kind text not null check (kind in ('POST', 'MESSAGE')),
            body text not null,
            created_at {time} not null,
            anonymized_at {time}
        )",
        "create index posts_author on posts (author_id, id)",
        "create index posts_group on posts (group_id, id)",
        "create table progress (
            user_id bigint not null references users (id),
            course_id bigint not null references courses (id),
            percent {int} not null check (percent between 0 and 100),
            started_at {time} not null,
            updated_at {time} not null,
            completed_at {time},
            primary key (user_id, course_id),
            check ((percent = 100) = (completed_at is not null))
        ) {by_key}",
        "create index progress_course on progress (course_id, user_id)",
        "create table results (
            id {id},
            user_id bigint not null references users (id),
            activity_id bigint not null references activities (id),
            score {int} not null check (score between 0 and 100),
            recorded_at {time} not null
        )",
        "create index results_user on results (user_id, id)",
        "create index results_activity on results (activity_id, id)",
        "create table certificates (
            id {id},
            user_id bigint not null references users (id),
            course_id bigint not null references courses (id),
            issued_at {time} not null,
            unique (user_id, course_id)
        )",
        "create index certificates_course on certificates (course_id, id)",
        "create table sales (
            id {id},
            user_id bigint references users (id),
            course_id bigint not null references courses (id),
            amount_cents bigint not null check (amount_cents >= 0),
            currency text not null check (length(currency) = 3),
            sold_at {time} not null
        )",
        "create index sales_user on sales (user_id, id)",
        "create index sales_course on sales (course_id, id)",
        "create table subscriptions (
            id {id},
            user_id bigint not null references users (id),
            course_id bigint not null references courses (id),
            started_at {time} not null,
            cancelled_at {time}
        )",
        "create index subscriptions_user on subscriptions (user_id, id)",
        "create index subscriptions_course on subscriptions (course_id, id)",
    ],
    down: &["subscriptions", "sales", "certificates", "results", "progress", "posts"],
}

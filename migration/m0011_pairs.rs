//! Jobs whose entries name a group of their own: somebody may stand in them once with each group.

crate::step! {
    up: &[
        "alter table job_items add column group_id bigint",
        "drop index job_items_user",
        "create unique index job_items_user on job_items (user_id, job_id, coalesce(group_id, 0))",
    ],
    undo: &[
        "drop index job_items_user",
        "create unique index job_items_user on job_items (user_id, job_id)",
        "alter table job_items drop column group_id",
    ],
}

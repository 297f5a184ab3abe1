//! Who had prepared a job that somebody else started, who confirmed one that was held, and why a plan can no longer be
//! started (R29). A plan that was prepared before this step has no form: it is computed in an older one (R18).

crate::step! {
    up: &[
        "alter table jobs add column prepared_by bigint references users (id)",
        "alter table jobs add column confirmed_by bigint references users (id)",
        "alter table jobs add column plan_form {int}",
        "alter table jobs add column expired_because text
            check (expired_because in ('NOT_STARTED', 'PLAN_OUTDATED'))",
        "create index jobs_plan_form on jobs (coalesce(plan_form, 1)) where status = 'PREPARED'",
        "create index jobs_prepared_by on jobs (prepared_by, id) where prepared_by is not null",
    ],
    undo: &[
        "drop index jobs_prepared_by",
        "drop index jobs_plan_form",
        "alter table jobs drop column expired_because",
        "alter table jobs drop column plan_form",
        "alter table jobs drop column confirmed_by",
        "alter table jobs drop column prepared_by",
    ],
}

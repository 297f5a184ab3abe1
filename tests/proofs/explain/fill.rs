//! A platform of 100,000 people on which every table that grows is large, each filled by one statement: the sample
//! organisation, copies of its crowd, and what every copy, or every so many people, have one of.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use roster::db::Database;
use roster::db::Reads;
use roster::db::sql::{Rows, sql};
use roster::demo::{self, Sample};
use sea_orm::{ConnectionTrait, DbBackend};

/// People of the sample organisation.
const SAMPLE: usize = 5_000;
/// How often each of its crowd is there again: 25 times for 100,000 people, or as `ROSTER_EXPLAIN_COPIES` says.
fn copies() -> i64 {
    let asked = std::env::var("ROSTER_EXPLAIN_COPIES").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(25)
}
/// How long a statement that fills may take.
const HOUR: Duration = Duration::from_secs(3_600);
/// The first of the crowd, well after the people with names of their own.
const FIRST: i64 = 1_001;

/// The crowd once more. Some have been deleted; everybody can be found by everything.
const PEOPLE: (&str, &str) = (
    "users (status, status_before, status_since, first_name, last_name, username, username_key, email, email_key,
        phone, job_title, language, name_key, name_search, search_key, created_at, invited_at, last_sign_in_at, deleted_at,
        deletion_cause, deleted_by)",
    "case when u.id % 20 = 0 then 'DELETED' else u.status end,
        case when u.id % 20 = 0 then u.status else u.status_before end,
        u.status_since, u.first_name, u.last_name, 'u' || u.id || '.' || copies.n, 'u' || u.id || '.' || copies.n,
        copies.n || '.' || u.email, copies.n || '.' || u.email_key, '+33 ' || u.id || copies.n, u.job_title, u.language,
        u.name_key || ' ' || copies.n, u.name_search || ' ' || copies.n, u.search_key || ' ' || copies.n, u.created_at,
        case when u.id % 3 = 0 then u.created_at end, u.last_sign_in_at,
        case when u.id % 20 = 0 then u.status_since end, case when u.id % 20 = 0 then 'REQUESTED' end,
        case when u.id % 20 = 0 then 1 end",
);

/// Of these there are few, and they refer to nobody but who made them.
const WEBHOOK: (&str, &str) = (
    "webhooks (url, status, secret, transaction_id, event_id, created_by, created_at)",
    "'https://example.org/', 'PAUSED', 'whsec_', 0, 0, u.id, u.created_at",
);

/// What every living copy has.
const EVERYBODY: [(&str, &str); 5] = [
    ("memberships (user_id, group_id, role, granted_by, granted_at)", "u.id, 1, 'LEARNER', 1, u.created_at"),
    (
        "memberships (user_id, group_id, role, granted_by, granted_at)",
        "u.id, {group}, 'LEARNER', 1, u.created_at",
    ),
    (
        "session_captures (session_id, user_id, carried_by, since, captured_at)",
        "{session}, u.id, 'GROUP', u.created_at, u.created_at",
    ),
    (
        "slot_registrations (slot_id, user_id, kind, registered_by, registered_at)",
        "{slot}, u.id, 'ATTENDEE', 1, u.created_at",
    ),
    (
        "progress (user_id, course_id, percent, started_at, updated_at)",
        "u.id, {course}, 50, u.created_at, u.created_at",
    ),
];

/// What one in nine has, in the order in which rows refer to each other; `{later}` is a time to come.
const ROWS: &[(&str, &str)] = &[
    (
        "groups (parent_id, name, name_key, search_key, privacy, created_at)",
        "1, 'Club', 'club ' || u.id, 'club ' || u.id, 'PRIVATE', u.created_at",
    ),
    ("group_external_ids (system, value, group_id)", "'sis', 'g' || u.id, {group}"),
    ("former_memberships (group_id, user_id, role)", "{group}, u.id, 'LEARNER'"),
    ("external_ids (system, value, user_id, reserved)", "'sis', 'p' || u.id, u.id, true"),
    ("custom_fields (user_id, name, value)", "u.id, 'badge', 'b' || u.id"),
    ("tokens (user_id, sha256, created_at)", "u.id, 'hash of ' || u.id, u.created_at"),
    ("passwords (user_id, hash, must_change, set_at)", "u.id, 'hash', 1 = 0, u.created_at"),
    (
        "sign_ins (user_id, sha256, created_at, last_used_at, expires_at)",
        "u.id, 'hash of ' || u.id, u.created_at, u.created_at, {later}",
    ),
    (
        "password_links (sha256, user_id, email_key, created_at, expires_at)",
        "'hash of ' || u.id, u.id, u.email_key, u.created_at, {later}",
    ),
    (
        "email_changes (user_id, email, email_key, sha256, created_at, expires_at)",
        "u.id, 'new.' || u.id || '@example.org', 'new.' || u.id || '@example.org', 'hash of ' || u.id, u.created_at, {later}",
    ),
    (
        "service_tokens (name, hint, scopes, sha256, created_by, created_at)",
        "'Name', 'roster_', 'jobs', 'hash of ' || u.id, 1, u.created_at",
    ),
    ("dates (user_id, kind, due_at, set_by, set_at)", "u.id, 'DELETION', {later}, 1, u.created_at"),
    (
        "courses (title, title_key, search_key, group_id, main_author_id, created_at)",
        "'Course', 'course ' || u.id, 'course ' || u.id, {group}, u.id, u.created_at",
    ),
    ("course_co_authors (course_id, user_id, rank)", "{course}, u.id, 9"),
    ("course_enrolments (course_id, user_id, granted_by, enrolled_at)", "{course}, u.id, 1, u.created_at"),
    (
        "paths (title, title_key, search_key, group_id, main_author_id, created_at)",
        "'Path', 'path ' || u.id, 'path ' || u.id, {group}, u.id, u.created_at",
    ),
    ("path_co_authors (path_id, user_id, rank)", "{path}, u.id, 9"),
    ("path_courses (path_id, course_id, position)", "{path}, {course}, 99"),
    (
        "activities (course_id, owner_id, title, title_key, search_key, created_at)",
        "{course}, u.id, 'Quiz', 'quiz ' || u.id, 'quiz ' || u.id, u.created_at",
    ),
    (
        "sessions (path_id, title, title_key, search_key, group_id, main_instructor_id, audience_kind, starts_at,
            ends_at, created_at)",
        "{path}, 'Session', 'session ' || u.id, 'session ' || u.id, {group}, u.id,
         case when u.id % 2 = 0 then 'DYNAMIC' else 'STATIC' end, u.created_at, {later}, u.created_at",
    ),
    ("session_co_instructors (session_id, user_id, rank)", "{session}, u.id, 9"),
    ("session_groups (session_id, group_id)", "{session}, {group}"),
    ("session_enrolments (session_id, user_id, granted_by, enrolled_at)", "{session}, u.id, 1, u.created_at"),
    (
        "session_exclusions (session_id, user_id, excluded_by, excluded_at)",
        "{session} + 1, u.id, 1, u.created_at",
    ),
    (
        "slots (session_id, place, starts_at, ends_at, created_at)",
        "{session}, 'Room', u.created_at, {later}, u.created_at",
    ),
    ("posts (group_id, author_id, kind, body, created_at)", "{group}, u.id, 'POST', 'Hello', u.created_at"),
    ("results (user_id, activity_id, score, recorded_at)", "u.id, {activity}, 50, u.created_at"),
    ("certificates (user_id, course_id, issued_at)", "u.id, {course}, u.created_at"),
    (
        "sales (user_id, course_id, amount_cents, currency, sold_at)",
        "u.id, {course}, 100, 'EUR', u.created_at",
    ),
    ("subscriptions (user_id, course_id, started_at)", "u.id, {course}, u.created_at"),
    ("idempotency_keys (actor_id, key, input_sha256, answer, created_at)", "u.id, 'key', '', '', {later}"),
    (
        "jobs (kind, status, actor_id, cause, options, total, duplicates, epoch, created_at)",
        "'REMOVAL', 'SUCCEEDED', u.id, 'REQUESTED', '{}', 1, 0, 1, u.created_at",
    ),
    ("job_chunks (job_id, chunk, size, attempts)", "(select min(id) from jobs), u.id, 1, 1"),
    (
        "job_events (job_id, number, at, status, done)",
        "(select min(id) from jobs), u.id, u.created_at, 'RUNNING', 1",
    ),
    (
        "records (kind, user_id, actor_id, cause, outcome, group_id, at, digest, version, effects, job_id)",
        "'REMOVAL', u.id, 1, 'REQUESTED', 'REMOVED', {group}, u.created_at, '', 1, '[]', (select min(id) from jobs)",
    ),
    (
        "hand_overs (record_id, kind, work_id, from_user_id, to_user_id, step)",
        "(select max(r.id) from records r where r.user_id = u.id), 'COURSE', {course}, u.id, 1, 'PLATFORM_OWNER'",
    ),
    ("events (transaction_id, kind, at, data)", "0, 'user.updated', {later}, '{}'"),
    (
        "webhook_deliveries (webhook_id, event_id, status, attempts, next_attempt_at, created_at)",
        "(select min(id) from webhooks), (select min(id) from events) + u.id / 9,
            case when u.id % 2 = 0 then 'DELIVERED' else 'PENDING' end, 1, {later}, u.created_at",
    ),
    (
        "job_items (job_id, position, user_id, ends_account, outcome)",
        "(select min(id) from jobs) + u.id % 1000, u.id, u.id, 1 = 0, case when u.id % 10 > 0 then 'REMOVED' end",
    ),
];

/// What stands above for one of the rows of a table, another for each.
const ONE_OF: [(&str, &str); 6] = [
    ("{group}", "groups"),
    ("{course}", "courses"),
    ("{path}", "paths"),
    ("{session}", "sessions"),
    ("{activity}", "activities"),
    ("{slot}", "slots"),
];

/// Fills the migrated and empty database at `url`, and has its rows counted.
pub async fn fill(url: &str) {
    // However long it takes.
    let db = Database::open_bounded(url, HOUR).await.expect("a database");
    let now = db.clock.now(&db.read).await.expect("the time");
    demo::load(&db, &Sample { people: SAMPLE, seed: 1, now }).await.expect("the sample organisation");
    let copied = format!("users u cross join {{copies}} where u.id >= {FIRST}");
    insert(&db.read, PEOPLE, &copied, now).await;
    insert(&db.read, WEBHOOK, "users u where u.id = 1", now).await;
    let some = format!("users u where u.id >= {FIRST} and u.id % 9 = 0");
    for row in ROWS {
        insert(&db.read, *row, &some, now).await;
    }
    let living = format!("users u where u.id > {SAMPLE} and u.status <> 'DELETED'");
    for row in EVERYBODY {
        insert(&db.read, row, &living, now).await;
    }
    count_anew(&db.read).await;
    db.close().await;
}

/// Has the rows of every table counted, as a server does by itself, now and then.
pub async fn count_anew(db: &Reads) {
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let text = if postgres { "vacuum analyze" } else { "analyze" };
    db.execute_unprepared(text).await.expect(text);
}

async fn insert(db: &Reads, (into, values): (&str, &str), from: &str, now: DateTime<Utc>) {
    let mut text = format!("insert into {into} select {values} from {from} on conflict do nothing");
    for (one, table) in ONE_OF {
        // Any but the first and the last, of ids without gaps.
        let nth = format!(
            "((select min(t.id) from {table} t) + 1 + u.id / 9 % (select count(*) - 2 from {table}))"
        );
        text = text.replace(one, &nth);
    }
    let mut statement = sql("proofs.fill", text.as_str());
    if text.contains("{copies}") {
        statement = statement.rows("copies", Rows::new().numbers("n", 1..=copies()));
    }
    if text.contains("{later}") {
        statement = statement.bind("later", now + TimeDelta::days(30));
    }
    statement.execute(db).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
}

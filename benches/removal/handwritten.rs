//! The same deletion as somebody who knows both databases well would write it: one transaction, 21 statements, every
//! one about all 3,000 people; one record a person with counts, and one event. It gives no reasons, plans nothing, and
//! survives nothing.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use entity::id::UserId;
use roster::db::Database;
use roster::db::sql::sql;
use sea_orm::{DbBackend, SqliteTransactionMode, TransactionOptions, TransactionTrait};

/// Who may be main author or main instructor: everybody active. The leavers no longer are.
const LEAVERS: &str = "select id from leavers";

/// Keeps, for those who administer the groups, who was in them (R26).
const FORMER: &str = "insert into former_memberships (group_id, user_id, role) select group_id, user_id, role from memberships";
/// Tells other systems of each deletion.
const TELL: &str = "insert into events (transaction_id, kind, at, data)
    select {transaction}, 'user.deleted', {now},
        '{\"userId\":' || l.id || ',\"removalId\":' || r.id || ',\"cause\":\"REQUESTED\"}'
    from leavers l join records r on r.user_id = l.id and r.outcome = 'DELETED'";

/// First the co-authors in their order, then the administrators of the group, of its parent, the owner.
fn successor(co: &str, work: &str, table: &str) -> String {
    let administrator = |group: &str| {
        format!(
            "(select m.user_id from memberships m join users u on u.id = m.user_id and u.status = 'ACTIVE'
              where m.group_id = {group} and m.role = 'ADMINISTRATOR' order by m.granted_at, m.user_id limit 1)"
        )
    };
    format!(
        "coalesce((select c.user_id from {co} c join users u on u.id = c.user_id and u.status = 'ACTIVE'
                   where c.{work} = {table}.id order by c.rank limit 1), {}, {}, (select owner_id from platform))",
        administrator(&format!("{table}.group_id")),
        administrator(&format!("(select g.parent_id from groups g where g.id = {table}.group_id)")),
    )
}

fn statements(transaction: &str) -> Vec<String> {
    let of = |column: &str| format!("{column} in ({LEAVERS})");
    vec![
        format!(
            "insert into records (kind, user_id, actor_id, cause, outcome, group_id, private_subgroups, at, digest,
                version, effects)
             select 'REMOVAL', l.id, 1, 'REQUESTED', 'DELETED', 1, 'REMOVE', {{now}}, '', 1,
                'memberships ' || coalesce(m.n, 0) || ', seats ' || coalesce(s.n, 0) || ', works ' || coalesce(w.n, 0)
             from leavers l
             left join (select user_id, count(*) n from memberships where {} group by user_id) m on m.user_id = l.id
             left join (select r.user_id, count(*) n from slot_registrations r join slots t on t.id = r.slot_id
                        where {} and t.starts_at > {{now}} group by r.user_id) s on s.user_id = l.id
             left join (select main_author_id, count(*) n from courses where {} group by main_author_id) w
                on w.main_author_id = l.id",
            of("user_id"),
            of("r.user_id"),
            of("main_author_id"),
        ),
        format!("{FORMER} where {}", of("user_id")),
        format!("delete from memberships where {}", of("user_id")),
        format!(
            "delete from slot_registrations where {} and slot_id in (select id from slots where starts_at > {{now}})",
            of("user_id")
        ),
        format!(
            "delete from session_enrolments where {} and session_id in (select id from sessions where ends_at > {{now}})",
            of("user_id")
        ),
        format!("delete from course_co_authors where {}", of("user_id")),
        format!("delete from path_co_authors where {}", of("user_id")),
        format!("delete from session_co_instructors where {}", of("user_id")),
        format!(
            "update users set status = 'DELETED', status_since = {{now}}, deleted_at = {{now}},
                deletion_cause = 'REQUESTED', deleted_by = 1 where {}",
            of("id")
        ),
        format!(
            "update courses set main_author_id = {} where {}",
            successor("course_co_authors", "course_id", "courses"),
            of("main_author_id")
        ),
        "delete from course_co_authors where exists (select 1 from courses c
            where c.id = course_id and c.main_author_id = user_id)"
            .to_owned(),
        format!(
            "update paths set main_author_id = {} where {}",
            successor("path_co_authors", "path_id", "paths"),
            of("main_author_id")
        ),
        "delete from path_co_authors where exists (select 1 from paths p
            where p.id = path_id and p.main_author_id = user_id)"
            .to_owned(),
        format!(
            "update sessions set main_instructor_id = coalesce(
                (select c.user_id from session_co_instructors c join users u on u.id = c.user_id and u.status = 'ACTIVE'
                 where c.session_id = sessions.id order by c.rank limit 1),
                (select p.main_author_id from paths p join users u on u.id = p.main_author_id
                 where p.id = sessions.path_id
                   and (u.status = 'ACTIVE' or u.id = (select owner_id from platform))),
                (select {} from paths where paths.id = sessions.path_id))
             where {}",
            successor("path_co_authors", "path_id", "paths"),
            of("main_instructor_id")
        ),
        "delete from session_co_instructors where exists (select 1 from sessions s
            where s.id = session_id and s.main_instructor_id = user_id)"
            .to_owned(),
        format!("delete from tokens where {}", of("user_id")),
        format!("delete from dates where {}", of("user_id")),
        format!(
            "update subscriptions set cancelled_at = {{now}} where {} and cancelled_at is null",
            of("user_id")
        ),
        TELL.replace("{transaction}", transaction),
    ]
}

/// Deletes `leavers` as of `now`. How long those statements took that keep former memberships and events.
pub async fn remove(db: &Database, leavers: &[UserId], now: DateTime<Utc>) -> Duration {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    // Reads and writes have pools of their own; SQLite takes one writer, whoever it is.
    let tx = db.read.begin_with_options(options).await.expect("a transaction");
    sql("hand.leavers", "create temp table leavers (id bigint primary key)")
        .execute(&tx)
        .await
        .expect("a table");
    sql("hand.fill", "insert into leavers select id from users where id in {users}")
        .ids("users", leavers.iter().copied())
        .execute(&tx)
        .await
        .expect("leavers");
    let mut besides = Duration::ZERO;
    let is_postgres = db.backend() == DbBackend::Postgres;
    for text in statements(if is_postgres { "pg_current_xact_id()::text::bigint" } else { "0" }) {
        let start = Instant::now();
        sql("hand", text.clone())
            .bind("now", now)
            .execute(&tx)
            .await
            .unwrap_or_else(|error| panic!("{error}: {text}"));
        if text.starts_with("insert into former_memberships") || text.starts_with("insert into events") {
            besides += start.elapsed();
        }
    }
    tx.commit().await.expect("committed");
    besides
}

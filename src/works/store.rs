//! Whose works are, in the tables of each kind.

use std::collections::BTreeMap;

use entity::id::{GroupId, UserId, WorkId};
use entity::kind::{Status, Work};
use sea_orm::ConnectionTrait;

use super::{Standing, rules};
use crate::db::sql::{Rows, sql};
use crate::error::Error;

/// The states of everybody of `users` who exists.
pub async fn states(db: &impl ConnectionTrait, users: &[UserId]) -> Result<BTreeMap<UserId, Status>, Error> {
    if users.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(UserId, Status)> = sql("works.states", "select id, status from users where id in {users}")
        .ids("users", users.iter().copied())
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Whose a work is; none where there is no such work.
pub async fn standing(db: &impl ConnectionTrait, work: WorkId) -> Result<Option<Standing>, Error> {
    let (name, text) = match work.kind() {
        Work::Course => (
            "works.course",
            "select w.group_id, w.main_author_id, o.user_id
             from courses w left join course_co_authors o on o.course_id = w.id
             where w.id = {work} order by o.rank",
        ),
        Work::Path => (
            "works.path",
            "select w.group_id, w.main_author_id, o.user_id
             from paths w left join path_co_authors o on o.path_id = w.id
             where w.id = {work} order by o.rank",
        ),
        Work::Session => (
            "works.session",
            "select w.group_id, w.main_instructor_id, o.user_id
             from sessions w left join session_co_instructors o on o.session_id = w.id
             where w.id = {work} order by o.rank",
        ),
    };
    let rows: Vec<(GroupId, UserId, Option<UserId>)> =
        sql(name, text).bind("work", work.number()).all(db).await?;
    let others = rows.iter().filter_map(|(.., other)| *other).collect();
    Ok(rows.first().map(|(group, main, _)| Standing { group: *group, main: *main, others }))
}

/// Writes whose a work is from now on, where that differs from `before`.
pub async fn hand(
    db: &impl ConnectionTrait,
    work: WorkId,
    before: &Standing,
    after: &Standing,
) -> Result<(), Error> {
    // First those beside the owner, one of whom may be the new owner.
    if let Some(gone) = rules::left(&before.others, &after.others) {
        drop_others(db, work, &gone).await?;
    } else {
        drop_others(db, work, &before.others).await?;
        add_others(db, work, &after.others).await?;
    }
    if (before.group, before.main) == (after.group, after.main) {
        return Ok(());
    }
    let (name, text) = match work.kind() {
        Work::Course => (
            "works.hand_course",
            "update courses set group_id = {group}, main_author_id = {main} where id = {work}",
        ),
        Work::Path => (
            "works.hand_path",
            "update paths set group_id = {group}, main_author_id = {main} where id = {work}",
        ),
        Work::Session => (
            "works.hand_session",
            "update sessions set group_id = {group}, main_instructor_id = {main} where id = {work}",
        ),
    };
    sql(name, text)
        .bind("group", after.group)
        .bind("main", after.main)
        .bind("work", work.number())
        .exactly(db, 1)
        .await
}

/// Takes `others` away from beside the owner of a work; whoever stays keeps their rank.
async fn drop_others(db: &impl ConnectionTrait, work: WorkId, others: &[UserId]) -> Result<(), Error> {
    if others.is_empty() {
        return Ok(());
    }
    let (name, text) = match work.kind() {
        Work::Course => (
            "works.drop_co_authors",
            "delete from course_co_authors where course_id = {work} and user_id in {others}",
        ),
        Work::Path => (
            "works.drop_path_co_authors",
            "delete from path_co_authors where path_id = {work} and user_id in {others}",
        ),
        Work::Session => (
            "works.drop_co_instructors",
            "delete from session_co_instructors where session_id = {work} and user_id in {others}",
        ),
    };
    sql(name, text)
        .bind("work", work.number())
        .ids("others", others.iter().copied())
        .exactly(db, others.len())
        .await
}

/// Lists `others` beside the owner of a work that has nobody there, ranked from 1 in the order given.
pub async fn add_others(db: &impl ConnectionTrait, work: WorkId, others: &[UserId]) -> Result<(), Error> {
    let (name, text) = match work.kind() {
        Work::Course => (
            "works.add_co_authors",
            "insert into course_co_authors (course_id, user_id, rank)
             select {work}, user_id, rank from {others} where true",
        ),
        Work::Path => (
            "works.add_path_co_authors",
            "insert into path_co_authors (path_id, user_id, rank)
             select {work}, user_id, rank from {others} where true",
        ),
        Work::Session => (
            "works.add_co_instructors",
            "insert into session_co_instructors (session_id, user_id, rank)
             select {work}, user_id, rank from {others} where true",
        ),
    };
    let rows =
        Rows::new().numbers("user_id", others.iter().copied()).numbers("rank", (1i64..).take(others.len()));
    sql(name, text).bind("work", work.number()).rows("others", rows).exactly(db, others.len()).await
}

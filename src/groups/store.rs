//! What changing the tree reads and writes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::id::{GroupId, SessionId, UserId};
use entity::kind::Privacy;
use sea_orm::ConnectionTrait;

use super::rules::Contents;
use crate::db::sql::{Rows, sql};
use crate::error::Error;
use crate::keys::{self, ExternalId};

/// Makes a group.
pub async fn add(
    db: &impl ConnectionTrait,
    parent: GroupId,
    name: &str,
    privacy: Privacy,
    now: DateTime<Utc>,
) -> Result<GroupId, Error> {
    let (group,) = sql(
        "groups.add",
        "insert into groups (parent_id, name, name_key, search_key, privacy, created_at)
         values ({parent}, {name}, {name_key}, {search_key}, {privacy}, {now}) returning id",
    )
    .bind("parent", parent)
    .bind("name", name)
    .bind("name_key", keys::sort_key(name))
    .bind("search_key", keys::search_key(name))
    .bind("privacy", privacy.as_str())
    .bind("now", now)
    .only(db)
    .await?;
    Ok(group)
}

/// Gives the group another name.
pub async fn rename(db: &impl ConnectionTrait, group: GroupId, name: &str) -> Result<(), Error> {
    sql(
        "groups.rename",
        "update groups set name = {name}, name_key = {name_key}, search_key = {search_key} where id = {group}",
    )
    .bind("name", name)
    .bind("name_key", keys::sort_key(name))
    .bind("search_key", keys::search_key(name))
    .bind("group", group)
    .exactly(db, 1)
    .await
}

/// Hangs the group below another.
pub async fn move_to(db: &impl ConnectionTrait, group: GroupId, parent: GroupId) -> Result<(), Error> {
    sql("groups.move_to", "update groups set parent_id = {parent} where id = {group}")
        .bind("parent", parent)
        .bind("group", group)
        .exactly(db, 1)
        .await
}

/// Opens or closes the group.
pub async fn set_privacy(db: &impl ConnectionTrait, group: GroupId, privacy: Privacy) -> Result<(), Error> {
    sql("groups.set_privacy", "update groups set privacy = {privacy} where id = {group}")
        .bind("privacy", privacy.as_str())
        .bind("group", group)
        .exactly(db, 1)
        .await
}

/// The learners of `group`, each with every group of `into` that they are no learner of; in order.
pub async fn rising(
    db: &impl ConnectionTrait,
    group: GroupId,
    into: &[GroupId],
) -> Result<Vec<(UserId, GroupId)>, Error> {
    sql(
        "groups.rising",
        "select m.user_id, g.id from memberships m cross join groups g
         where m.group_id = {group} and m.role = 'LEARNER' and g.id in {into}
           and not exists (select 1 from memberships held
               where held.user_id = m.user_id and held.group_id = g.id and held.role = 'LEARNER')
         order by m.user_id, g.id",
    )
    .bind("group", group)
    .ids("into", into.iter().copied())
    .all(db)
    .await
}

/// The dynamic sessions, each with its owner group, that a learner of `group` would join by being a learner of `into`
/// as well; in order.
pub async fn joining(
    db: &impl ConnectionTrait,
    group: GroupId,
    into: &[GroupId],
    now: DateTime<Utc>,
) -> Result<Vec<(SessionId, GroupId)>, Error> {
    // Of most sessions the first learner looked at answers.
    sql(
        "groups.joining",
        "select distinct s.id, s.group_id from session_groups a join sessions s on s.id = a.session_id
         where a.group_id in {into} and s.audience_kind = 'DYNAMIC' and s.ends_at > {now}
           and exists (select 1 from memberships m
               where m.group_id = {group} and m.role = 'LEARNER'
                 and not exists (select 1 from session_exclusions x
                     where x.session_id = s.id and x.user_id = m.user_id)
                 and not exists (select 1 from session_enrolments e
                     where e.session_id = s.id and e.user_id = m.user_id)
                 and not exists (select 1 from session_groups b
                     join memberships held on held.user_id = m.user_id and held.group_id = b.group_id
                         and held.role = 'LEARNER'
                     where b.session_id = s.id))
         order by s.id",
    )
    .ids("into", into.iter().copied())
    .bind("now", now)
    .bind("group", group)
    .all(db)
    .await
}

/// What each of the groups still has.
pub async fn contents(
    db: &impl ConnectionTrait,
    groups: &[GroupId],
    now: DateTime<Utc>,
) -> Result<BTreeMap<GroupId, Contents>, Error> {
    type Counts = (GroupId, i64, i64, i64, i64, i64, i64, i64);
    let rows: Vec<Counts> = sql(
        "groups.contents",
        "select g.id,
            (select count(distinct m.user_id) from memberships m where m.group_id = g.id),
            (select count(*) from groups b where b.parent_id = g.id),
            (select count(*) from courses c where c.group_id = g.id),
            (select count(*) from paths p where p.group_id = g.id),
            (select count(*) from sessions s where s.group_id = g.id),
            (select count(*) from session_groups a join sessions s on s.id = a.session_id
             where a.group_id = g.id and s.ends_at > {now}),
            (select count(*) from posts o where o.group_id = g.id)
         from groups g where g.id in {groups}",
    )
    .ids("groups", groups.iter().copied())
    .bind("now", now)
    .all(db)
    .await?;
    let contents = |(group, members, subgroups, courses, paths, sessions, audiences, posts)| {
        (group, Contents { members, subgroups, courses, paths, sessions, audiences, posts })
    };
    Ok(rows.into_iter().map(contents).collect())
}

/// Gives everything that `from` owns to `to`.
pub async fn give_contents(db: &impl ConnectionTrait, from: GroupId, to: GroupId) -> Result<(), Error> {
    for (name, text) in [
        ("groups.give_courses", "update courses set group_id = {to} where group_id = {from}"),
        ("groups.give_paths", "update paths set group_id = {to} where group_id = {from}"),
        ("groups.give_sessions", "update sessions set group_id = {to} where group_id = {from}"),
        ("groups.give_posts", "update posts set group_id = {to} where group_id = {from}"),
    ] {
        sql(name, text).bind("to", to).bind("from", from).execute(db).await?;
    }
    Ok(())
}

/// Deletes the group, which nothing refers to but its external ids and the audiences of sessions that have ended.
pub async fn delete(db: &impl ConnectionTrait, group: GroupId, now: DateTime<Utc>) -> Result<(), Error> {
    drop_external_ids(db, group).await?;
    sql(
        "groups.drop_audiences",
        "delete from session_groups where group_id = {group}
           and exists (select 1 from sessions s where s.id = session_groups.session_id and s.ends_at <= {now})",
    )
    .bind("group", group)
    .bind("now", now)
    .execute(db)
    .await?;
    // Nobody signs up any more, rather than into a group that nobody chose for it.
    sql("groups.end_sign_up", "update platform set sign_up_group_id = null where sign_up_group_id = {group}")
        .bind("group", group)
        .execute(db)
        .await?;
    sql("groups.delete", "delete from groups where id = {group}").bind("group", group).exactly(db, 1).await
}

/// Whichever groups have one of these external ids.
pub async fn by_external_id(db: &impl ConnectionTrait, ids: &[ExternalId]) -> Result<Vec<GroupId>, Error> {
    let rows: Vec<(GroupId,)> = sql(
        "groups.by_external_id",
        "select e.group_id from group_external_ids e
         where (e.system, e.value) in (select system, value from {wanted})",
    )
    .rows("wanted", table(ids))
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(group,)| group).collect())
}

/// Gives the group these external ids in place of those it had.
pub async fn replace_external_ids(
    db: &impl ConnectionTrait,
    group: GroupId,
    ids: &[ExternalId],
) -> Result<(), Error> {
    drop_external_ids(db, group).await?;
    sql(
        "groups.add_external_ids",
        "insert into group_external_ids (system, value, group_id) select system, value, {group} from {ids}",
    )
    .rows("ids", table(ids))
    .bind("group", group)
    .exactly(db, ids.len())
    .await
}

async fn drop_external_ids(db: &impl ConnectionTrait, group: GroupId) -> Result<(), Error> {
    sql("groups.drop_external_ids", "delete from group_external_ids where group_id = {group}")
        .bind("group", group)
        .execute(db)
        .await?;
    Ok(())
}

fn table(ids: &[ExternalId]) -> Rows {
    Rows::new()
        .texts("system", ids.iter().map(|id| id.system.as_str()))
        .texts("value", ids.iter().map(|id| id.value.as_str()))
}

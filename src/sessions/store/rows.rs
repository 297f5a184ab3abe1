//! Sessions themselves.

use chrono::{DateTime, Utc};
use entity::id::{GroupId, PathId, SessionId};
use entity::kind::AudienceKind;
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;
use crate::keys;
use crate::works::Standing;

/// A session as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// How it finds its people.
    pub audience: AudienceKind,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// When its people were captured at its end.
    pub captured_at: Option<DateTime<Utc>>,
}

impl Session {
    /// Whether it has ended, so that its audience no longer changes (R8).
    pub fn has_ended(&self, now: DateTime<Utc>) -> bool {
        self.captured_at.is_some() || self.ends_at <= now
    }
}

/// A session to be added.
#[derive(Clone, Debug)]
pub struct NewRow<'a> {
    /// Its path.
    pub path: PathId,
    /// What it is called.
    pub title: &'a str,
    /// Whose it is.
    pub standing: &'a Standing,
    /// How it finds its people.
    pub audience: AudienceKind,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends, after it starts.
    pub ends_at: DateTime<Utc>,
}

/// The session; none where there is none.
pub async fn session(db: &impl ConnectionTrait, session: SessionId) -> Result<Option<Session>, Error> {
    let row = sql(
        "sessions.session",
        "select audience_kind, starts_at, ends_at, captured_at from sessions where id = {session}",
    )
    .bind("session", session)
    .one(db)
    .await?;
    Ok(row.map(|(audience, starts_at, ends_at, captured_at)| Session {
        audience,
        starts_at,
        ends_at,
        captured_at,
    }))
}

/// The owner group of a path; none where there is no such path.
pub async fn group_of_path(db: &impl ConnectionTrait, path: PathId) -> Result<Option<GroupId>, Error> {
    let row: Option<(GroupId,)> =
        sql("sessions.group_of_path", "select group_id from paths where id = {path}")
            .bind("path", path)
            .one(db)
            .await?;
    Ok(row.map(|(group,)| group))
}

/// Adds a session without an audience; its id.
pub async fn add(
    db: &impl ConnectionTrait,
    row: &NewRow<'_>,
    now: DateTime<Utc>,
) -> Result<SessionId, Error> {
    let (session,) = sql(
        "sessions.add",
        "insert into sessions (path_id, title, title_key, search_key, group_id, main_instructor_id, audience_kind,
            starts_at, ends_at, created_at)
         values ({path}, {title}, {title_key}, {search_key}, {group}, {main_instructor}, {audience}, {starts_at},
            {ends_at}, {now}) returning id",
    )
    .bind("path", row.path)
    .bind("title", row.title)
    .bind("title_key", keys::sort_key(row.title))
    .bind("search_key", keys::search_key(row.title))
    .bind("group", row.standing.group)
    .bind("main_instructor", row.standing.main)
    .bind("audience", row.audience)
    .bind("starts_at", row.starts_at)
    .bind("ends_at", row.ends_at)
    .bind("now", now)
    .only(db)
    .await?;
    Ok(session)
}

/// Gives a session another title.
pub async fn rename(db: &impl ConnectionTrait, session: SessionId, title: &str) -> Result<(), Error> {
    sql(
        "sessions.rename",
        "update sessions set title = {title}, title_key = {title_key}, search_key = {search_key} where id = {session}",
    )
    .bind("title", title)
    .bind("title_key", keys::sort_key(title))
    .bind("search_key", keys::search_key(title))
    .bind("session", session)
    .exactly(db, 1)
    .await
}

/// Moves a session that has not ended.
pub async fn reschedule(
    db: &impl ConnectionTrait,
    session: SessionId,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
) -> Result<(), Error> {
    sql(
        "sessions.reschedule",
        "update sessions set starts_at = {starts_at}, ends_at = {ends_at}
         where id = {session} and captured_at is null",
    )
    .bind("starts_at", starts_at)
    .bind("ends_at", ends_at)
    .bind("session", session)
    .exactly(db, 1)
    .await
}

//! Sessions of a path, and who takes part in them (R8).
//!
//! A `DYNAMIC` session has no list of people: who takes part is asked of its audience groups, its individual
//! enrolments and its exclusions each time ([`store::participations`]), and so it cannot drift. A `STATIC` one keeps
//! who was captured when its audience was saved. At its end either kind is captured and from then on read from the
//! captured rows alone. A session that has ended is captured within seconds ([`worker`]); until then it is read like a
//! running one, and whatever changes a membership captures it first ([`capture_ended`]), so that nobody is missing from it
//! afterwards.
//!
//! A session is made and edited like a course ([`crate::works`]), its audience until it ends ([`audience`]).

pub mod audience;
pub mod rules;
pub mod store;
pub mod worker;

use chrono::{DateTime, Utc};
use entity::id::{GroupId, PathId, SessionId, UserId, WorkId};
use entity::kind::{AudienceKind, Work};
use sea_orm::ConnectionTrait;
use serde::Serialize;

use crate::db::locks;
use crate::error::{Error, Failure, Refusal};
use crate::keys;
use crate::transaction::Tx;
use crate::works::{self, Handing, TITLE};

/// A session to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewSession {
    /// The path that its people go through.
    pub path: PathId,
    /// What it is called: 1 to 200 characters.
    pub title: String,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends, after it starts.
    pub ends_at: DateTime<Utc>,
    /// The group that owns it.
    pub group: GroupId,
    /// How it finds its people.
    pub audience: AudienceKind,
    /// Whose learners take part.
    pub audience_groups: Vec<GroupId>,
    /// Who owns it; none means the caller.
    pub main_instructor: Option<UserId>,
    /// Who instructs with them, in their order (R12).
    pub co_instructors: Vec<UserId>,
}

/// What is to change of a session; what is none stays.
#[derive(Clone, Debug, Serialize)]
pub struct SessionEdit {
    /// Which session.
    pub session: SessionId,
    /// What it is called: 1 to 200 characters.
    pub title: Option<String>,
    /// When it starts.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it ends, after it starts.
    pub ends_at: Option<DateTime<Utc>>,
    /// The group that owns it.
    pub group: Option<GroupId>,
}

/// Who is to instruct a session; what is none stays.
#[derive(Clone, Debug, Serialize)]
pub struct Instructors {
    /// Which session.
    pub session: SessionId,
    /// Who owns it.
    pub main_instructor: Option<UserId>,
    /// Who instructs with them, in their order (R12): the whole list.
    pub co_instructors: Option<Vec<UserId>>,
}

/// Makes a session and saves its audience; a static one captures its people now. One whose end has passed is captured
/// at once.
///
/// # Errors
/// `BAD_INPUT`; `NOT_FOUND` of the path, a group or somebody named; `FORBIDDEN` unless the caller administers the
/// owner group, or writes for it and is one of the session's instructors, and where they may not add a group to an
/// audience; `USER_DELETED`.
pub async fn create(tx: &Tx, input: &NewSession) -> Result<SessionId, Failure> {
    let db = &tx.conn;
    let title = keys::text(&["title"], &input.title, TITLE)?;
    let (starts_at, ends_at) = rules::period(input.starts_at, input.ends_at)?;
    let captured = match input.audience {
        AudienceKind::Static => store::learners(db, &input.audience_groups).await?,
        AudienceKind::Dynamic => Vec::new(),
    };
    let named = Handing {
        group: Some(input.group),
        main: input.main_instructor.or_else(|| tx.caller.user()),
        others: Some(&input.co_instructors),
    };
    works::lock_with(db, &named, false, &captured).await?;
    let editor = works::editor(tx).await?;
    let path = store::group_of_path(db, input.path).await?;
    if !path.is_some_and(|group| editor.authority.sees_works(&editor.tree, group)) {
        return Err(Refusal::not_found(&["pathId"], "Path").into());
    }
    let named = works::named(tx, &editor, Work::Session, named).await?;
    audience::check_groups(&editor, &input.audience_groups, &[])?;
    let standing = works::made(&editor, input.group, &named)?;
    let row = store::NewRow {
        path: input.path,
        title: &title,
        standing: &standing,
        audience: input.audience,
        starts_at,
        ends_at,
    };
    let session = store::add(db, &row, tx.now).await?;
    works::store::add_others(db, WorkId::Session(session), &standing.others).await?;
    store::set_groups(db, session, &input.audience_groups).await?;
    if input.audience == AudienceKind::Static {
        store::capture_learners(db, session, tx.now).await?;
    }
    if ends_at <= tx.now {
        capture(db, &[session], tx.now).await?;
    }
    Ok(session)
}

/// Changes a session's title, dates or owner group. Moving its end to a time that has passed ends it: its people are
/// captured at once.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`, `BAD_INPUT`; `SESSION_ENDED` for the dates of a session that has ended.
pub async fn update(tx: &Tx, input: &SessionEdit) -> Result<SessionId, Failure> {
    let db = &tx.conn;
    let title = input.title.as_deref().map(|title| keys::text(&["title"], title, TITLE)).transpose()?;
    let handing = Handing { group: input.group, ..Handing::default() };
    works::lock(db, &handing, true).await?;
    locks::sessions(db, &[input.session]).await?;
    let editor = works::editor(tx).await?;
    let work = WorkId::Session(input.session);
    let before = works::seen(&tx.conn, &editor, work).await?;
    let named = works::named(tx, &editor, Work::Session, handing).await?;
    let after = works::handed(&editor, &before, &named)?;
    works::hand(tx, work, &before, &after).await?;
    if let Some(title) = title {
        store::rename(db, input.session, &title).await?;
    }
    if input.starts_at.is_some() || input.ends_at.is_some() {
        let session = running(db, input.session, tx.now).await?;
        let (starts_at, ends_at) = rules::period(
            input.starts_at.unwrap_or(session.starts_at),
            input.ends_at.unwrap_or(session.ends_at),
        )?;
        store::reschedule(db, input.session, starts_at, ends_at).await?;
        if ends_at <= tx.now {
            capture(db, &[input.session], tx.now).await?;
        }
    }
    Ok(input.session)
}

/// Changes who instructs a session, also after its end.
///
/// A new main instructor who was a co-instructor stops being listed as one. A list of co-instructors replaces the
/// former one.
///
/// # Errors
/// `NOT_FOUND` of the session or somebody named, `FORBIDDEN`, `USER_DELETED`; `BAD_INPUT` where the main instructor is
/// among the co-instructors.
pub async fn set_instructors(tx: &Tx, input: &Instructors) -> Result<SessionId, Failure> {
    let handing =
        Handing { group: None, main: input.main_instructor, others: input.co_instructors.as_deref() };
    works::lock(&tx.conn, &handing, true).await?;
    let editor = works::editor(tx).await?;
    let work = WorkId::Session(input.session);
    let before = works::seen(&tx.conn, &editor, work).await?;
    let named = works::named(tx, &editor, Work::Session, handing).await?;
    let after = works::handed(&editor, &before, &named)?;
    works::hand(tx, work, &before, &after).await?;
    Ok(input.session)
}

/// Captures the people of every session that has ended and was not captured (R8); how many there were.
///
/// Whatever changes a membership, an account's state or an individual enrolment calls this first: after the locks of
/// the ladder, since the sessions captured are locked after everything else, and before it reads its facts. Where
/// none waits it is one look at a small index.
///
/// # Errors
/// When the database refuses.
pub async fn capture_ended(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, Error> {
    let ended = store::waiting(db, now).await?;
    if ended.is_empty() {
        return Ok(0);
    }
    locks::sessions(db, &ended).await?;
    // Somebody else may have captured some while we waited for the lock.
    let ended = store::waiting(db, now).await?;
    if ended.is_empty() { Ok(0) } else { capture(db, &ended, now).await }
}

/// Captures the people of these sessions, which are locked.
async fn capture(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    store::drop_excluded_captures(db, sessions).await?;
    store::capture(db, sessions, now).await?;
    store::close(db, sessions, now).await
}

/// A session whose audience and dates can still change.
async fn running(
    db: &impl ConnectionTrait,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<store::Session, Failure> {
    match store::session(db, session).await? {
        None => Err(works::rules::words(Work::Session).not_found().into()),
        Some(session) if session.has_ended(now) => Err(Refusal::SessionEnded.into()),
        Some(session) => Ok(session),
    }
}

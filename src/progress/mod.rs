//! Progress: how far somebody is in a course.
//!
//! It is recorded by the person themself, and by the administrators and authors of the course's owner group. It needs no
//! enrolment: courses are reached through paths and sessions too, and progress outlives all of these (R8, R32). It may
//! go back, when a course is taken again; whoever is at 100 has completed it.

pub mod store;

use entity::id::{CourseId, UserId, WorkId};
use entity::kind::Work;
use serde::Serialize;

use crate::db::locks;
use crate::error::{Failure, Refusal};
use crate::transaction::Tx;
use crate::works::people;
use crate::works::{self, rules};

/// How far somebody is.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    /// In which course.
    pub course: CourseId,
    /// Who.
    pub user: UserId,
    /// 0 to 100; 100 completes the course.
    pub percent: i32,
}

/// Records how far somebody is in a course. Completing twice keeps the first date.
///
/// # Errors
/// `BAD_INPUT` outside 0 to 100; `NOT_FOUND` of the person, or of a course that does not exist or that the caller
/// neither sees nor takes part in; `FORBIDDEN`; `USER_DELETED`.
pub async fn record(tx: &Tx, input: &Progress) -> Result<(CourseId, UserId), Failure> {
    let db = &tx.conn;
    if !(0..=100).contains(&input.percent) {
        return Err(Refusal::bad_input(&["percent"], "Progress is between 0 and 100 per cent.").into());
    }
    require_recorder(tx, input.course, input.user, &rules::words(Work::Course).not_found()).await?;
    store::record(db, input.course, input.user, input.percent, tx.now).await?;
    Ok((input.course, input.user))
}

/// Locks a living person, and passes whoever may record what they do in a course: themself, where they see it or take
/// it, and the administrators and authors of its owner group. Of any other course the caller hears that it is `unknown`.
///
/// # Errors
/// `unknown`, `FORBIDDEN`, `USER_DELETED`; `NOT_FOUND` of the person.
pub async fn require_recorder(
    tx: &Tx,
    course: CourseId,
    user: UserId,
    unknown: &Refusal,
) -> Result<(), Failure> {
    let db = &tx.conn;
    locks::tree(db).await?;
    locks::users(db, &[user]).await?;
    let editor = works::editor(tx).await?;
    let standing = works::store::standing(db, WorkId::Course(course)).await?;
    let standing = standing.ok_or_else(|| unknown.clone())?;
    let (authority, tree) = (&editor.authority, &editor.tree);
    let (may_record, oneself) = (authority.may_author(tree, standing.group), authority.is(user));
    let sees =
        may_record || rules::sees(&editor, &standing) || (oneself && store::takes(db, user, course).await?);
    if !sees {
        return Err(unknown.clone().into());
    }
    let states = people::states(tx, &[user]).await?;
    people::require_seen(&states, user, &["userId"])?;
    if !may_record && !oneself {
        return Err(authority.forbidden(tree, [standing.group]).into());
    }
    people::require_living(&states, user, &["userId"])?;
    Ok(())
}

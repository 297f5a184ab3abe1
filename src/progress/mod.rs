//! Progress: how far somebody is in a course.
//!
//! It is recorded by the person themself, and by the administrators and authors of the course's owner group. It needs no
//! enrolment: courses are reached through paths and sessions too, and progress outlives all of these (R8, R32). It may
//! go back, when a course is taken again; whoever is at 100 has completed it.

pub mod store;

use entity::id::{CourseId, UserId};
use entity::kind::Work;
use serde::Serialize;

use crate::db::{Tx, locks};
use crate::error::{Failure, Refusal};
use crate::removal::plan::WorkId;
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
    locks::tree(db).await?;
    locks::users(db, &[input.user]).await?;
    let editor = works::editor(tx).await?;
    let words = rules::words(Work::Course);
    let course = works::store::standing(db, WorkId::Course(input.course)).await?;
    let course = course.ok_or_else(|| words.not_found())?;
    if !editor.authority.is(input.user) {
        rules::require_colleague(&editor, words, &course)?;
    } else if !rules::sees(&editor, &course) && !store::takes(db, input.user, input.course).await? {
        return Err(words.not_found().into());
    }
    let states = people::states(db, &[input.user]).await?;
    people::require_living(&states, input.user, &["userId"])?;
    store::record(db, input.course, input.user, input.percent, tx.now).await?;
    Ok((input.course, input.user))
}

//! Course enrolments (R32): individual, with their date and who granted them; one outcome a person.
//!
//! They are granted and ended by the administrators and the authors of the course's owner group, whosever course it is.
//! Progress always stays and resumes. A removal from a group does not touch them, and the deleted keep theirs (R9.6).

pub mod store;

use std::collections::BTreeMap;

use entity::id::{CourseId, UserId, WorkId};
use entity::kind::{Status, Work};
use serde::Serialize;
use serde_json::json;

use crate::db::locks;
use crate::error::Failure;
use crate::events::{Event, Kind};
use crate::transaction::Tx;
use crate::works::people::{self, Became, Person};
use crate::works::{self, rules};

/// People of a course.
#[derive(Clone, Debug, Serialize)]
pub struct People {
    /// Which course.
    pub course: CourseId,
    /// Who; at most 10,000.
    pub users: Vec<UserId>,
}

/// Enrols people in a course.
///
/// Outcomes: `ENROLLED`, `ALREADY_ENROLLED` (date and granter stay the first), `NOT_FOUND`, `USER_DELETED`.
///
/// # Errors
/// `NOT_FOUND` of the course; `FORBIDDEN` unless the caller administers its owner group or writes for it; `BAD_INPUT`
/// for nobody, `BATCH_TOO_LARGE` for more than 10,000.
pub async fn enrol(tx: &Tx, input: &People) -> Result<Vec<Person>, Failure> {
    let (users, states) = named(tx, input).await?;
    let enrolled = store::enrolled(&tx.conn, input.course, &users).await?;
    let people = people::outcomes(&users, &states, |user| {
        if enrolled.contains(&user) { Became::AlreadyEnrolled } else { Became::Enrolled }
    });
    let new = people::who(&people, Became::Enrolled);
    store::enrol(&tx.conn, input.course, &new, tx.caller.user(), tx.now).await?;
    tell(tx, Kind::EnrolmentGranted, input.course, new);
    Ok(people)
}

/// Ends enrolments in a course. Progress stays.
///
/// Outcomes: `UNENROLLED`, `NOT_ENROLLED`, `NOT_FOUND`, `USER_DELETED`.
///
/// # Errors
/// As [`enrol`].
pub async fn unenrol(tx: &Tx, input: &People) -> Result<Vec<Person>, Failure> {
    let (users, states) = named(tx, input).await?;
    let enrolled = store::enrolled(&tx.conn, input.course, &users).await?;
    let people = people::outcomes(&users, &states, |user| {
        if enrolled.contains(&user) { Became::Unenrolled } else { Became::NotEnrolled }
    });
    let gone = people::who(&people, Became::Unenrolled);
    store::unenrol(&tx.conn, input.course, &gone).await?;
    tell(tx, Kind::EnrolmentEnded, input.course, gone);
    Ok(people)
}

fn tell(tx: &Tx, kind: Kind, course: CourseId, users: Vec<UserId>) {
    let event = |user| Event::new(kind, json!({ "courseId": course, "userId": user }));
    tx.tell(users.into_iter().map(event));
}

/// The people named and their states, locked, with the caller allowed to enrol them.
async fn named(tx: &Tx, input: &People) -> Result<(Vec<UserId>, BTreeMap<UserId, Status>), Failure> {
    let db = &tx.conn;
    let users = people::named(&input.users)?;
    locks::tree(db).await?;
    locks::users(db, &users).await?;
    let editor = works::editor(tx).await?;
    let course = works::store::standing(db, WorkId::Course(input.course)).await?;
    let words = rules::words(Work::Course);
    let course = course.ok_or_else(|| words.not_found())?;
    rules::require_colleague(&editor, words, &course)?;
    let states = people::states(tx, &users).await?;
    Ok((users, states))
}

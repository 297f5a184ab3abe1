//! Courses: made and edited by their authors and by administrators of their owner group ([`crate::works`]).

pub mod store;

use entity::id::{CourseId, GroupId, UserId, WorkId};
use entity::kind::Work;
use serde::Serialize;

use crate::error::Failure;
use crate::keys;
use crate::transaction::Tx;
use crate::works::{self, Handing, TITLE};

/// A course to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewCourse {
    /// What it is called: 1 to 200 characters.
    pub title: String,
    /// The group that owns it.
    pub group: GroupId,
    /// Who owns it; none means the caller.
    pub main_author: Option<UserId>,
    /// Who writes with them, in their order (R10).
    pub co_authors: Vec<UserId>,
}

/// What is to change of a course; what is none stays.
#[derive(Clone, Debug, Serialize)]
pub struct CourseEdit {
    /// Which course.
    pub course: CourseId,
    /// What it is called: 1 to 200 characters.
    pub title: Option<String>,
    /// The group that owns it.
    pub group: Option<GroupId>,
    /// Who owns it.
    pub main_author: Option<UserId>,
    /// Who writes with them, in their order (R10): the whole list.
    pub co_authors: Option<Vec<UserId>>,
}

/// Makes a course.
///
/// # Errors
/// `BAD_INPUT`; `NOT_FOUND` of the group or somebody named; `FORBIDDEN` unless the caller administers the group, or
/// writes for it and is one of the course's authors; `USER_DELETED`.
pub async fn create(tx: &Tx, input: &NewCourse) -> Result<CourseId, Failure> {
    let title = keys::text(&["title"], &input.title, TITLE)?;
    let named = Handing {
        group: Some(input.group),
        main: input.main_author.or_else(|| tx.caller.user()),
        others: Some(&input.co_authors),
    };
    works::lock(&tx.conn, &named, false).await?;
    let editor = works::editor(tx).await?;
    let named = works::named(tx, &editor, Work::Course, named).await?;
    let standing = works::made(&editor, input.group, &named)?;
    let course = store::add(&tx.conn, &title, &standing, tx.now).await?;
    works::store::add_others(&tx.conn, WorkId::Course(course), &standing.others).await?;
    Ok(course)
}

/// Changes a course.
///
/// A new main author who was a co-author stops being listed as one. A list of co-authors replaces the former one.
///
/// # Errors
/// As [`create`], and `NOT_FOUND` of the course; a new owner group needs the same right there.
pub async fn update(tx: &Tx, input: &CourseEdit) -> Result<CourseId, Failure> {
    let title = input.title.as_deref().map(|title| keys::text(&["title"], title, TITLE)).transpose()?;
    let handing =
        Handing { group: input.group, main: input.main_author, others: input.co_authors.as_deref() };
    works::lock(&tx.conn, &handing, true).await?;
    let editor = works::editor(tx).await?;
    let work = WorkId::Course(input.course);
    let before = works::seen(&tx.conn, &editor, work).await?;
    let named = works::named(tx, &editor, Work::Course, handing).await?;
    let after = works::handed(&editor, &before, &named)?;
    works::hand(tx, work, &before, &after).await?;
    if let Some(title) = title {
        store::rename(&tx.conn, input.course, &title).await?;
    }
    Ok(input.course)
}

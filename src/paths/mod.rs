//! Paths: courses in an order, made and edited like courses ([`crate::works`]).

pub mod store;

use std::collections::BTreeSet;

use entity::id::{CourseId, GroupId, PathId, UserId, WorkId};
use entity::kind::Work;
use sea_orm::ConnectionTrait;
use serde::Serialize;

use crate::error::{Failure, Refusal};
use crate::keys;
use crate::transaction::Tx;
use crate::works::{self, Editor, Handing, TITLE};

/// The most courses that a path may have.
pub const MOST_COURSES: usize = 1_000;

/// A path to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewPath {
    /// What it is called: 1 to 200 characters.
    pub title: String,
    /// The group that owns it.
    pub group: GroupId,
    /// Who owns it; none means the caller.
    pub main_author: Option<UserId>,
    /// Who writes with them, in their order (R11).
    pub co_authors: Vec<UserId>,
    /// Its courses, in their order.
    pub courses: Vec<CourseId>,
}

/// What is to change of a path; what is none stays.
#[derive(Clone, Debug, Serialize)]
pub struct PathEdit {
    /// Which path.
    pub path: PathId,
    /// What it is called: 1 to 200 characters.
    pub title: Option<String>,
    /// The group that owns it.
    pub group: Option<GroupId>,
    /// Who owns it.
    pub main_author: Option<UserId>,
    /// Who writes with them, in their order (R11): the whole list.
    pub co_authors: Option<Vec<UserId>>,
    /// Its courses, in their order: the whole list.
    pub courses: Option<Vec<CourseId>>,
}

/// Makes a path.
///
/// # Errors
/// `BAD_INPUT`; `NOT_FOUND` of the group, a course or somebody named; `FORBIDDEN` unless the caller administers the
/// group, or writes for it and is one of the path's authors; `USER_DELETED`.
pub async fn create(tx: &Tx, input: &NewPath) -> Result<PathId, Failure> {
    let title = keys::text(&["title"], &input.title, TITLE)?;
    let named = Handing {
        group: Some(input.group),
        main: input.main_author.or_else(|| tx.caller.user()),
        others: Some(&input.co_authors),
    };
    works::lock(&tx.conn, &named, false).await?;
    let editor = works::editor(tx).await?;
    let named = works::named(tx, &editor, Work::Path, named).await?;
    let courses = courses(&tx.conn, &editor, &input.courses).await?;
    let standing = works::made(&editor, input.group, &named)?;
    let path = store::add(&tx.conn, &title, &standing, tx.now).await?;
    works::store::add_others(&tx.conn, WorkId::Path(path), &standing.others).await?;
    store::add_courses(&tx.conn, path, &courses).await?;
    Ok(path)
}

/// Changes a path.
///
/// A new main author who was a co-author stops being listed as one. A list of co-authors or of courses replaces the
/// former one.
///
/// # Errors
/// As [`create`], and `NOT_FOUND` of the path; a new owner group needs the same right there.
pub async fn update(tx: &Tx, input: &PathEdit) -> Result<PathId, Failure> {
    let title = input.title.as_deref().map(|title| keys::text(&["title"], title, TITLE)).transpose()?;
    let handing =
        Handing { group: input.group, main: input.main_author, others: input.co_authors.as_deref() };
    works::lock(&tx.conn, &handing, true).await?;
    let editor = works::editor(tx).await?;
    let work = WorkId::Path(input.path);
    let before = works::seen(&tx.conn, &editor, work).await?;
    let named = works::named(tx, &editor, Work::Path, handing).await?;
    let courses = match &input.courses {
        Some(named) => Some(courses(&tx.conn, &editor, named).await?),
        None => None,
    };
    let after = works::handed(&editor, &before, &named)?;
    works::hand(tx, work, &before, &after).await?;
    if let Some(title) = title {
        store::rename(&tx.conn, input.path, &title).await?;
    }
    if let Some(courses) = courses {
        store::clear_courses(&tx.conn, input.path).await?;
        store::add_courses(&tx.conn, input.path, &courses).await?;
    }
    Ok(input.path)
}

/// The courses named, each once, all of which the caller sees.
async fn courses(
    db: &impl ConnectionTrait,
    editor: &Editor,
    named: &[CourseId],
) -> Result<Vec<CourseId>, Failure> {
    if named.len() > MOST_COURSES {
        let message = format!("A path has at most {MOST_COURSES} courses.");
        return Err(Refusal::bad_input(&["courseIds"], message).into());
    }
    let groups = store::groups_of_courses(db, named).await?;
    let mut once = BTreeSet::new();
    let mut courses = Vec::with_capacity(named.len());
    for (position, course) in named.iter().enumerate() {
        if !groups.get(course).is_some_and(|group| editor.authority.sees_works(&editor.tree, *group)) {
            return Err(Refusal::not_found(&["courseIds", &position.to_string()], "Course").into());
        }
        if once.insert(*course) {
            courses.push(*course);
        }
    }
    Ok(courses)
}

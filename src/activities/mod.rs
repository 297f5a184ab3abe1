//! Activities of a course. They are not handed over when their owner leaves (R13): anyone who may see one can copy it
//! and owns the copy.

pub mod store;

use entity::id::{ActivityId, CourseId, UserId, WorkId};
use entity::kind::Work;
use serde::Serialize;

use crate::db::locks;
use crate::error::{Failure, Refusal};
use crate::keys;
use crate::transaction::Tx;
use crate::works::{self, Standing, TITLE, rules};

/// An activity to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewActivity {
    /// Its course.
    pub course: CourseId,
    /// What it is called: 1 to 200 characters.
    pub title: String,
}

/// An activity to be copied.
#[derive(Clone, Debug, Serialize)]
pub struct Copy {
    /// Which activity.
    pub activity: ActivityId,
    /// The course that the copy is for; none means the same one.
    pub course: Option<CourseId>,
    /// What the copy is called; none means the same.
    pub title: Option<String>,
}

/// What is to change of an activity; what is none stays.
#[derive(Clone, Debug, Serialize)]
pub struct ActivityEdit {
    /// Which activity.
    pub activity: ActivityId,
    /// What it is called: 1 to 200 characters.
    pub title: Option<String>,
}

/// Makes an activity, which the caller owns.
///
/// # Errors
/// `BAD_INPUT`; `NOT_FOUND` of the course; `FORBIDDEN` unless the caller may edit the course.
pub async fn create(tx: &Tx, input: &NewActivity) -> Result<ActivityId, Failure> {
    let title = keys::text(&["title"], &input.title, TITLE)?;
    let owner = lock(tx).await?;
    let editor = works::editor(tx).await?;
    works::editable(&tx.conn, &editor, WorkId::Course(input.course)).await?;
    Ok(store::add(&tx.conn, input.course, owner, &title, None, tx.now).await?)
}

/// Copies an activity; the caller owns the copy.
///
/// # Errors
/// `BAD_INPUT`; `NOT_FOUND` of the activity or the course; `FORBIDDEN` unless the caller may edit the course that is
/// named. In the activity's own course everybody who sees it may make their copy.
pub async fn copy(tx: &Tx, input: &Copy) -> Result<ActivityId, Failure> {
    let title = input.title.as_deref().map(|title| keys::text(&["title"], title, TITLE)).transpose()?;
    let owner = lock(tx).await?;
    let editor = works::editor(tx).await?;
    let (activity, course) = seen(tx, &editor, input.activity).await?;
    if let Some(course) = input.course.filter(|course| *course != activity.course) {
        works::editable(&tx.conn, &editor, WorkId::Course(course)).await?;
    } else if !rules::sees(&editor, &course) {
        // Their own activity in a course that they no longer see.
        return Err(editor.authority.forbidden(&editor.tree, [course.group]).into());
    }
    let title = title.unwrap_or(activity.title);
    let course = input.course.unwrap_or(activity.course);
    Ok(store::add(&tx.conn, course, owner, &title, Some(input.activity), tx.now).await?)
}

/// Changes an activity: by its owner, and by whoever may edit its course.
///
/// # Errors
/// `BAD_INPUT`, `NOT_FOUND`, `FORBIDDEN`.
pub async fn update(tx: &Tx, input: &ActivityEdit) -> Result<ActivityId, Failure> {
    let title = input.title.as_deref().map(|title| keys::text(&["title"], title, TITLE)).transpose()?;
    locks::tree(&tx.conn).await?;
    let editor = works::editor(tx).await?;
    let (activity, course) = seen(tx, &editor, input.activity).await?;
    if !editor.authority.is(activity.owner) {
        rules::require_own(&editor, &course)?;
    }
    if let Some(title) = title {
        store::rename(&tx.conn, input.activity, &title).await?;
    }
    Ok(input.activity)
}

/// The caller, who will own what is made, locked.
async fn lock(tx: &Tx) -> Result<UserId, Failure> {
    let owner = tx.caller.user().ok_or(Refusal::Unauthenticated)?;
    locks::tree(&tx.conn).await?;
    locks::users(&tx.conn, &[owner]).await?;
    Ok(owner)
}

/// An activity that the caller sees, and whose course it is in.
async fn seen(
    tx: &Tx,
    editor: &works::Editor,
    activity: ActivityId,
) -> Result<(store::Activity, Standing), Failure> {
    let not_found = || Refusal::not_found(&["activityId"], "Activity");
    let activity = store::activity(&tx.conn, activity).await?.ok_or_else(not_found)?;
    let course = works::store::standing(&tx.conn, WorkId::Course(activity.course)).await?;
    let course = course.ok_or_else(|| rules::words(Work::Course).not_found())?;
    if editor.authority.is(activity.owner) || rules::sees(editor, &course) {
        Ok((activity, course))
    } else {
        Err(not_found().into())
    }
}

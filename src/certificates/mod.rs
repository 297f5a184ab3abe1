//! Certificates: at most one a person and course. They are issued by the administrators and the authors of the course's
//! owner group, and need neither enrolment nor progress: what earns one is theirs to say.

pub mod store;

use entity::id::{CertificateId, CourseId, UserId, WorkId};
use entity::kind::Work;
use serde::Serialize;
use serde_json::json;

use crate::db::locks;
use crate::error::Failure;
use crate::events::{Event, Kind};
use crate::transaction::Tx;
use crate::works::people;
use crate::works::{self, rules};

/// A certificate to be issued.
#[derive(Clone, Debug, Serialize)]
pub struct NewCertificate {
    /// Of which course.
    pub course: CourseId,
    /// To whom.
    pub user: UserId,
}

/// Issues a certificate. Whoever has one keeps it, with the first date.
///
/// # Errors
/// `NOT_FOUND` of the course or the person; `FORBIDDEN` unless the caller administers the course's owner group or writes
/// for it; `USER_DELETED`.
pub async fn issue(tx: &Tx, input: &NewCertificate) -> Result<CertificateId, Failure> {
    let db = &tx.conn;
    locks::tree(db).await?;
    locks::users(db, &[input.user]).await?;
    let editor = works::editor(tx).await?;
    let words = rules::words(Work::Course);
    let course = works::seen(db, &editor, WorkId::Course(input.course)).await?;
    let states = people::states(tx, &[input.user]).await?;
    people::require_seen(&states, input.user, &["userId"])?;
    rules::require_colleague(&editor, words, &course)?;
    people::require_living(&states, input.user, &["userId"])?;
    let is_new = store::add(db, input, tx.now).await?;
    let certificate = store::of(db, input).await?;
    if is_new {
        let data = json!({ "certificateId": certificate, "courseId": input.course, "userId": input.user });
        tx.tell([Event::new(Kind::CertificateIssued, data)]);
    }
    Ok(certificate)
}

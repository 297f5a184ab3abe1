//! Courses, paths, activities and sessions, and who takes part in them.

use chrono::TimeDelta;
use entity::id::{ActivityId, GroupId, PathId, SessionId, SlotId, UserId};
use entity::kind::{AudienceKind, SeatKind};
use roster::access::Caller;
use roster::change::Change;
use roster::sessions::audience::{self, Audience};
use roster::sessions::{self, Instructors, NewSession, SessionEdit};
use roster::slots::{self, NewSlot, Registration, SlotEdit};
use roster::transaction::write;
use roster::{activities, certificates, courses, enrolments, paths, progress, results};

use crate::proofs::explain::large::{Large, OWNER};

/// Runs every write of works.
pub async fn everything(large: &Large, person: UserId) {
    works(large, person).await;
    oneself(large, person).await;
    session(large, person).await;
}

async fn works(large: &Large, person: UserId) {
    let group = GroupId(large.number("select root_group_id from platform").await);
    let (main_author, co_authors) = (Some(OWNER), vec![person]);
    let new =
        courses::NewCourse { title: "New".to_owned(), group, main_author, co_authors: co_authors.clone() };
    let course = run!(large, courses::create, new);
    let edit = courses::CourseEdit {
        course,
        title: Some("Other".to_owned()),
        group: None,
        main_author: Some(person),
        co_authors: Some(vec![OWNER]),
    };
    run!(large, courses::update, edit);
    let new =
        paths::NewPath { title: "New".to_owned(), group, main_author, co_authors, courses: vec![course] };
    let path = run!(large, paths::create, new);
    let edit = paths::PathEdit {
        path,
        title: Some("Other".to_owned()),
        group: None,
        main_author: Some(person),
        co_authors: Some(vec![OWNER]),
        courses: Some(vec![course]),
    };
    run!(large, paths::update, edit);
    let new = activities::NewActivity { course, title: "New".to_owned() };
    let activity: ActivityId = run!(large, activities::create, new);
    run!(large, activities::copy, activities::Copy { activity, course: None, title: None });
    run!(large, activities::update, activities::ActivityEdit { activity, title: Some("Other".to_owned()) });
    let people = enrolments::People { course, users: vec![person] };
    run!(large, enrolments::enrol, people.clone());
    run!(large, progress::record, progress::Progress { course, user: person, percent: 50 });
    run!(large, results::record, results::NewResult { activity, user: person, score: 50 });
    run!(large, certificates::issue, certificates::NewCertificate { course, user: person });
    run!(large, enrolments::unenrol, people);
}

/// Somebody records their own progress in a course that they see as its learner alone.
async fn oneself(large: &Large, person: UserId) {
    let text = "select max(id) from groups where privacy = 'PRIVATE' and name = 'Club'";
    let group = GroupId(large.number(text).await);
    let new = courses::NewCourse {
        title: "Hidden".to_owned(),
        group,
        main_author: Some(OWNER),
        co_authors: vec![],
    };
    let course = run!(large, courses::create, new);
    run!(large, enrolments::enrol, enrolments::People { course, users: vec![person] });
    let own = progress::Progress { course, user: person, percent: 100 };
    write(&large.db, Caller::User(person), None, own, |tx, own| Box::pin(progress::record(tx, own)))
        .await
        .expect("their own progress");
}

/// A session in which a group of the crowd takes part.
async fn session(large: &Large, person: UserId) {
    let group = GroupId(large.number("select root_group_id from platform").await);
    let crowd = GroupId(large.number("select max(group_id) from session_groups").await);
    let path = PathId(large.number("select max(id) from paths").await);
    let (starts_at, ends_at) = (large.now - TimeDelta::days(1), large.now + TimeDelta::days(9));
    let session = run!(
        large,
        sessions::create,
        NewSession {
            path,
            title: "New".to_owned(),
            starts_at,
            ends_at,
            group,
            audience: AudienceKind::Static,
            audience_groups: vec![crowd],
            main_instructor: Some(OWNER),
            co_instructors: vec![person],
        }
    );
    let edit =
        SessionEdit { session, title: Some("Other".to_owned()), starts_at: None, ends_at: None, group: None };
    run!(large, sessions::update, edit.clone());
    let instructors =
        Instructors { session, main_instructor: Some(person), co_instructors: Some(vec![OWNER]) };
    run!(large, sessions::set_instructors, instructors);
    let people = audience::People { session, users: vec![person, OWNER] };
    run!(large, audience::enrol, people.clone());
    slot(large, session, person).await;
    run!(large, audience::exclude, people.clone());
    let again = Audience { session, kind: None, groups: None, recapture: true };
    run!(large, audience::set, again.clone());
    run!(large, audience::include, people.clone());
    run!(large, audience::unenrol, people);
    let dynamic = Audience { kind: Some(AudienceKind::Dynamic), groups: Some(vec![crowd]), ..again };
    run!(large, audience::set, dynamic);
    run!(large, sessions::update, SessionEdit { ends_at: Some(large.now - TimeDelta::hours(1)), ..edit });
}

async fn slot(large: &Large, session: SessionId, person: UserId) {
    let (starts_at, ends_at) = (large.now + TimeDelta::days(1), large.now + TimeDelta::days(2));
    let new = NewSlot { session, place: "Room".to_owned(), starts_at, ends_at, capacity: Some(5) };
    let slot: SlotId = run!(large, slots::create, new);
    let registration = Registration { slot, user: person, kind: SeatKind::Attendee };
    run!(large, slots::register, registration.clone());
    let edit = SlotEdit {
        slot,
        place: Some("Hall".to_owned()),
        starts_at: None,
        ends_at: None,
        capacity: Change::Set(9),
    };
    run!(large, slots::update, edit);
    run!(large, slots::unregister, registration);
    run!(large, slots::delete, slots::Deletion { slot });
}

//! Who a session is for, until it ends (R8): its groups, the individually enrolled, the excluded.
//!
//! However somebody leaves a session here, the seats they have in its upcoming slots are released, and their progress
//! stays.

use std::collections::{BTreeMap, BTreeSet};

use entity::id::{GroupId, SessionId, UserId, WorkId};
use entity::kind::{AudienceKind, Status, Work};
use serde::Serialize;

use super::{running, store};
use crate::db::locks;
use crate::error::{Error, Failure, Refusal};
use crate::transaction::Tx;
use crate::works::people::{self, Became, Person};
use crate::works::{self, Editor, Handing};

/// The most groups that an audience may have.
pub const MOST_GROUPS: usize = 1_000;

/// What is to become of a session's audience; what is none stays.
#[derive(Clone, Debug, Serialize)]
pub struct Audience {
    /// Which session.
    pub session: SessionId,
    /// How it finds its people. From dynamic to static, its people are captured now; from static to dynamic, the
    /// captured are forgotten, and whoever is a learner of an audience group takes part.
    pub kind: Option<AudienceKind>,
    /// Whose learners take part: all groups.
    pub groups: Option<Vec<GroupId>>,
    /// Of a static session: whether the captured who are no longer learners of an audience group are dropped.
    pub recapture: bool,
}

/// People of a session.
#[derive(Clone, Debug, Serialize)]
pub struct People {
    /// Which session.
    pub session: SessionId,
    /// Who; at most 10,000.
    pub users: Vec<UserId>,
}

/// Saves a session's audience, and releases the upcoming seats of those whom that takes out of it.
///
/// Saving a static one adds whoever is a learner of an audience group now. It drops a captured person only if they
/// are excluded, or with `recapture`.
///
/// # Errors
/// `NOT_FOUND` of the session or a group, `SESSION_ENDED`; `FORBIDDEN` without the right to the session, or naming the
/// groups that the caller may not add; `BAD_INPUT` for more than 1,000 groups.
pub async fn set(tx: &Tx, input: &Audience) -> Result<SessionId, Failure> {
    let db = &tx.conn;
    let (session, now) = (input.session, tx.now);
    // Those whose rows may come or go are locked before the session, so they are looked for twice.
    let mut expected = store::concerned(db, session, now).await?;
    expected.extend(captured_by(tx, input).await?);
    works::lock_with(db, &Handing::default(), true, &expected).await?;
    locks::sessions(db, &[session]).await?;
    let locked: BTreeSet<UserId> = expected.into_iter().collect();
    let editor = works::editor(tx).await?;
    let standing = works::seen(db, &editor, WorkId::Session(session)).await?;
    if let Some(groups) = &input.groups {
        check_groups(&editor, groups, &store::groups(db, session).await?)?;
    }
    works::rules::require_editor(&editor, works::rules::words(Work::Session), &standing)?;
    let before = running(db, session, now).await?;
    let concerned = store::concerned(db, session, now).await?;
    if !concerned.iter().chain(&captured_by(tx, input).await?).all(|user| locked.contains(user)) {
        return Err(Error::Drift("sessions.set_audience").into());
    }
    if let Some(groups) = &input.groups {
        store::set_groups(db, session, groups).await?;
    }
    let kind = input.kind.unwrap_or(before.audience);
    if kind != before.audience {
        store::set_kind(db, session, kind).await?;
    }
    match kind {
        AudienceKind::Dynamic => {
            store::drop_captures(db, session).await?;
        }
        AudienceKind::Static => {
            store::drop_excluded_captures(db, &[session]).await?;
            if input.recapture {
                store::drop_former_captures(db, session).await?;
            }
            store::capture_learners(db, session, now).await?;
        }
    }
    store::release_seats_of_absent(db, &[session], now).await?;
    Ok(session)
}

/// Whom saving the audience captures.
async fn captured_by(tx: &Tx, input: &Audience) -> Result<Vec<UserId>, Error> {
    let kind = match input.kind {
        Some(kind) => Some(kind),
        None => store::session(&tx.conn, input.session).await?.map(|session| session.audience),
    };
    match (kind, &input.groups) {
        (Some(AudienceKind::Static), Some(groups)) => store::learners(&tx.conn, groups).await,
        (Some(AudienceKind::Static), None) => {
            store::learners(&tx.conn, &store::groups(&tx.conn, input.session).await?).await
        }
        (Some(AudienceKind::Dynamic) | None, _) => Ok(Vec::new()),
    }
}

/// Enrols people individually: they take part whatever groups they are in.
///
/// Outcomes: `ENROLLED`; `ALREADY_ENROLLED`; `EXCLUDED` of somebody who is, and has to be included first;
/// `NOT_FOUND`; `USER_DELETED`.
///
/// # Errors
/// `NOT_FOUND` of the session, `FORBIDDEN`, `SESSION_ENDED`; `BAD_INPUT` for nobody, `BATCH_TOO_LARGE`.
pub async fn enrol(tx: &Tx, input: &People) -> Result<Vec<Person>, Failure> {
    let (users, states) = named(tx, input).await?;
    let enrolled = store::enrolled(&tx.conn, input.session, &users).await?;
    let excluded = store::excluded(&tx.conn, input.session, &users).await?;
    let people = people::outcomes(&users, &states, |user| {
        if excluded.contains(&user) {
            Became::Excluded
        } else if enrolled.contains(&user) {
            Became::AlreadyEnrolled
        } else {
            Became::Enrolled
        }
    });
    let new = people::who(&people, Became::Enrolled);
    store::enrol(&tx.conn, input.session, &new, tx.caller.user(), tx.now).await?;
    Ok(people)
}

/// Ends individual enrolments. Whoever is carried by a group too still takes part.
///
/// Outcomes: `UNENROLLED`, `NOT_ENROLLED`, `NOT_FOUND`, `USER_DELETED`.
///
/// # Errors
/// As [`enrol`].
pub async fn unenrol(tx: &Tx, input: &People) -> Result<Vec<Person>, Failure> {
    let (users, states) = named(tx, input).await?;
    let enrolled = store::enrolled(&tx.conn, input.session, &users).await?;
    let people = people::outcomes(&users, &states, |user| {
        if enrolled.contains(&user) { Became::Unenrolled } else { Became::NotEnrolled }
    });
    let gone = people::who(&people, Became::Unenrolled);
    store::unenrol(&tx.conn, input.session, &gone).await?;
    store::release_seats_of_absent(&tx.conn, &[input.session], tx.now).await?;
    Ok(people)
}

/// Excludes people: they do not take part, whatever carries them. An individual enrolment stays, and counts again
/// once they are included.
///
/// Outcomes: `EXCLUDED`, `ALREADY_EXCLUDED`, `NOT_FOUND`, `USER_DELETED`.
///
/// # Errors
/// As [`enrol`].
pub async fn exclude(tx: &Tx, input: &People) -> Result<Vec<Person>, Failure> {
    let (users, states) = named(tx, input).await?;
    let excluded = store::excluded(&tx.conn, input.session, &users).await?;
    let people = people::outcomes(&users, &states, |user| {
        if excluded.contains(&user) { Became::AlreadyExcluded } else { Became::Excluded }
    });
    let gone = people::who(&people, Became::Excluded);
    store::exclude(&tx.conn, input.session, &gone, tx.caller.user(), tx.now).await?;
    store::release_seats_of_absent(&tx.conn, &[input.session], tx.now).await?;
    Ok(people)
}

/// Ends exclusions: whatever carries the person counts again.
///
/// Outcomes: `INCLUDED`, `NOT_EXCLUDED`, `NOT_FOUND`, `USER_DELETED`.
///
/// # Errors
/// As [`enrol`].
pub async fn include(tx: &Tx, input: &People) -> Result<Vec<Person>, Failure> {
    let (users, states) = named(tx, input).await?;
    let excluded = store::excluded(&tx.conn, input.session, &users).await?;
    let people = people::outcomes(&users, &states, |user| {
        if excluded.contains(&user) { Became::Included } else { Became::NotExcluded }
    });
    store::include(&tx.conn, input.session, &people::who(&people, Became::Included)).await?;
    Ok(people)
}

/// The people named and their states, with everything locked and the caller allowed to change the audience.
async fn named(tx: &Tx, input: &People) -> Result<(Vec<UserId>, BTreeMap<UserId, Status>), Failure> {
    let db = &tx.conn;
    let users = people::named(&input.users)?;
    works::lock_with(db, &Handing::default(), true, &users).await?;
    locks::sessions(db, &[input.session]).await?;
    let editor = works::editor(tx).await?;
    works::editable(db, &editor, WorkId::Session(input.session)).await?;
    running(db, input.session, tx.now).await?;
    let states = people::states(tx, &users).await?;
    Ok((users, states))
}

/// Passes `groups` as an audience, where `present` are in it already: the caller sees them all, and may add those that
/// are new (R8).
///
/// # Errors
/// `NOT_FOUND` naming the entry, `FORBIDDEN` naming the groups, `BAD_INPUT` for more than 1,000.
pub(super) fn check_groups(editor: &Editor, groups: &[GroupId], present: &[GroupId]) -> Result<(), Refusal> {
    const FIELD: &str = "audienceGroupIds";
    if groups.len() > MOST_GROUPS {
        return Err(Refusal::bad_input(&[FIELD], format!("An audience has at most {MOST_GROUPS} groups.")));
    }
    let Editor { authority, tree, .. } = editor;
    if let Some(position) = groups.iter().position(|group| !authority.sees(tree, *group)) {
        return Err(Refusal::not_found(&[FIELD, &position.to_string()], "Group"));
    }
    let new: BTreeSet<GroupId> = groups.iter().copied().filter(|group| !present.contains(group)).collect();
    let missing: Vec<GroupId> = new.into_iter().filter(|group| !authority.may_invite(tree, *group)).collect();
    if missing.is_empty() { Ok(()) } else { Err(authority.forbidden(tree, missing)) }
}

//! What courses, paths and sessions have in common: an owner group, somebody whose work it is, and others beside them
//! in an order (R10 to R12).
//!
//! A work is made and edited by the administrators of its owner group (R4), and by that group's authors where it is
//! theirs: they own it or stand beside its owner. Whoever sees the group but may not edit gets `FORBIDDEN`; for
//! others the work does not exist. Everything that a request names is looked for before any right is asked, and the shape
//! of what is asked last: [`named`], then [`made`] or [`handed`].
//!
//! The owner and those beside them are what a removal hands over and takes away, so changing them takes part in
//! succession ([`lock`]). New owners are locked; former ones are protected by the succession lock, which the removal of
//! anybody who owns anything takes as well.

pub mod people;
pub mod rules;
pub mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use entity::id::{GroupId, UserId, WorkId};
use entity::kind::{Status, Work};
use sea_orm::ConnectionTrait;

use crate::access::Authority;
use crate::db::locks;
use crate::error::{Failure, Refusal};
use crate::events::Event;
use crate::platform;
use crate::transaction::Tx;
use crate::tree::Tree;

/// Characters that a title may have.
pub const TITLE: usize = 200;

/// Who makes or edits, and the tree as it stands.
#[derive(Clone, Debug)]
pub struct Editor {
    /// What they may do.
    pub authority: Authority,
    /// The tree of groups.
    pub tree: Arc<Tree>,
}

/// Whose a work is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its owner group.
    pub group: GroupId,
    /// Its main author or main instructor.
    pub main: UserId,
    /// Its co-authors or co-instructors, in their order.
    pub others: Vec<UserId>,
}

/// What is to become of whose a work is; what is none stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handing<'a> {
    /// The owner group.
    pub group: Option<GroupId>,
    /// The main author or main instructor.
    pub main: Option<UserId>,
    /// The co-authors or co-instructors, in their order.
    pub others: Option<&'a [UserId]>,
}

impl Handing<'_> {
    /// Everybody who is named.
    pub fn people(&self) -> Vec<UserId> {
        self.main.into_iter().chain(self.others.into_iter().flatten().copied()).collect()
    }

    /// Whether it leaves everything as it is.
    pub const fn is_empty(&self) -> bool {
        self.group.is_none() && self.main.is_none() && self.others.is_none()
    }
}

/// Takes the locks under which a work may be made or handed on: the tree, the people named, and, where an existing work
/// changes hands, succession.
///
/// # Errors
/// When the database refuses.
pub async fn lock(db: &impl ConnectionTrait, handing: &Handing<'_>, exists: bool) -> Result<(), Failure> {
    lock_with(db, handing, exists, &[]).await
}

/// As [`lock`], and with them `more` people, whose rows are written besides.
///
/// # Errors
/// As [`lock`].
pub async fn lock_with(
    db: &impl ConnectionTrait,
    handing: &Handing<'_>,
    exists: bool,
    more: &[UserId],
) -> Result<(), Failure> {
    locks::tree(db).await?;
    let people: BTreeSet<UserId> = handing.people().into_iter().chain(more.iter().copied()).collect();
    if !people.is_empty() {
        locks::users(db, &people.into_iter().collect::<Vec<_>>()).await?;
    }
    if exists && !handing.is_empty() {
        locks::succession(db).await?;
    }
    Ok(())
}

/// The caller and the tree: to be asked for after the last lock.
///
/// # Errors
/// `UNAUTHENTICATED` when the caller's account no longer signs in.
pub async fn editor(tx: &Tx) -> Result<Editor, Failure> {
    let authority = tx.authority().await?;
    let (_, tree) = platform::current(&tx.conn, &tx.trees).await?;
    Ok(Editor { authority, tree })
}

/// What a request names of a work, all of which the caller sees.
#[derive(Debug)]
pub struct Named<'a> {
    words: rules::Words,
    handing: Handing<'a>,
    states: BTreeMap<UserId, Status>,
}

/// Looks for everything that `handing` names: to be asked before any right, so that what is not there is told first.
///
/// # Errors
/// `NOT_FOUND` of the group or of somebody named.
pub async fn named<'a>(
    tx: &Tx,
    editor: &Editor,
    kind: Work,
    handing: Handing<'a>,
) -> Result<Named<'a>, Failure> {
    let words = rules::words(kind);
    if let Some(group) = handing.group {
        rules::require_seen(editor, group)?;
    }
    let states = people::states(tx, &handing.people()).await?;
    if let Some(main) = handing.main {
        people::require_seen(&states, main, &[words.main])?;
    }
    for (position, other) in handing.others.into_iter().flatten().enumerate() {
        people::require_seen(&states, *other, &[words.others, &position.to_string()])?;
    }
    Ok(Named { words, handing, states })
}

/// Whose a new work is to be, of a group and a main author or instructor that are named.
///
/// # Errors
/// `FORBIDDEN` where the caller may not make works in the group or, being its author, would stand nowhere in this one;
/// `USER_DELETED`, `BAD_INPUT` of the people named.
pub fn made(editor: &Editor, group: GroupId, named: &Named<'_>) -> Result<Standing, Refusal> {
    let Named { words, handing, .. } = named;
    rules::require_maker(editor, group)?;
    let others = handing.others.unwrap_or_default();
    let Some(main) = handing.main else {
        return Err(Refusal::bad_input(&[words.main], "Somebody has to own this; name them."));
    };
    rules::require_own(editor, &Standing { group, main, others: others.to_vec() })?;
    let others = rules::beside(*words, main, others)?;
    named.require_living(Some(main), &others)?;
    Ok(Standing { group, main, others })
}

/// Whose an existing work is to be, which is somebody's `before`.
///
/// Somebody who becomes main author or instructor and is not named among the others stops being listed there.
///
/// # Errors
/// `FORBIDDEN`; `USER_DELETED`, `BAD_INPUT` of the people named.
pub fn handed(editor: &Editor, before: &Standing, named: &Named<'_>) -> Result<Standing, Refusal> {
    let Named { words, handing, .. } = named;
    rules::require_editor(editor, *words, before)?;
    if let Some(group) = handing.group.filter(|group| *group != before.group) {
        rules::require_maker(editor, group)?;
    }
    let main = handing.main.unwrap_or(before.main);
    let others = match handing.others {
        Some(others) => rules::beside(*words, main, others)?,
        None => before.others.iter().copied().filter(|other| *other != main).collect(),
    };
    named.require_living(handing.main, handing.others.map(|_| others.as_slice()).unwrap_or_default())?;
    Ok(Standing { group: handing.group.unwrap_or(before.group), main, others })
}

impl Named<'_> {
    fn require_living(&self, main: Option<UserId>, others: &[UserId]) -> Result<(), Refusal> {
        let Named { words, states, .. } = self;
        if let Some(main) = main {
            people::require_living(states, main, &[words.main])?;
        }
        for (position, other) in others.iter().enumerate() {
            people::require_living(states, *other, &[words.others, &position.to_string()])?;
        }
        Ok(())
    }
}

/// Writes whose a work is from now on, and tells of it where it gets another owner.
///
/// # Errors
/// When the database refuses.
pub async fn hand(tx: &Tx, work: WorkId, before: &Standing, after: &Standing) -> Result<(), Failure> {
    store::hand(&tx.conn, work, before, after).await?;
    if before.main != after.main {
        tx.tell([Event::handed_over(work, before.main, after.main, None)]);
    }
    Ok(())
}

/// Whose a work is that the caller sees.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn seen(db: &impl ConnectionTrait, editor: &Editor, work: WorkId) -> Result<Standing, Failure> {
    let words = rules::words(work.kind());
    let standing = store::standing(db, work).await?;
    Ok(standing.filter(|standing| rules::sees(editor, standing)).ok_or_else(|| words.not_found())?)
}

/// Whose a work is that the caller may edit.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`.
pub async fn editable(db: &impl ConnectionTrait, editor: &Editor, work: WorkId) -> Result<Standing, Failure> {
    let standing = seen(db, editor, work).await?;
    rules::require_editor(editor, rules::words(work.kind()), &standing)?;
    Ok(standing)
}

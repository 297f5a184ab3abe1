//! What courses, paths and sessions have in common: an owner group, somebody whose work it is, and others beside them
//! in an order (R10 to R12).
//!
//! A work is made and edited by the administrators of its owner group (R4), and by that group's authors where it is
//! theirs: they own it or stand beside its owner. Whoever sees the group but may not edit gets `FORBIDDEN`; for
//! others the work does not exist.
//!
//! The owner and those beside them are what a removal hands over and takes away, so changing them takes part in
//! succession ([`lock`]). New owners are locked; former ones are protected by the succession lock, which the removal of
//! anybody who owns anything takes as well.

pub mod people;
pub mod rules;
pub mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use entity::id::{GroupId, UserId};
use sea_orm::ConnectionTrait;

use crate::access::{self, Authority};
use crate::db::{Tx, locks};
use crate::error::{Failure, Refusal};
use crate::events::Event;
use crate::platform;
use crate::removal::plan::WorkId;
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
    let authority = access::authority(tx).await?;
    let (_, tree) = platform::current(&tx.conn, &tx.trees).await?;
    Ok(Editor { authority, tree })
}

/// Whose a new work is to be. Without a main author or instructor named it is the caller's.
///
/// # Errors
/// `NOT_FOUND` of the group or of somebody named, `FORBIDDEN` where the caller may not make works in the group or,
/// being its author, would stand nowhere in this one; `USER_DELETED`, `BAD_INPUT` of the people named.
pub async fn made(
    tx: &Tx,
    editor: &Editor,
    kind: entity::kind::Work,
    group: GroupId,
    main: Option<UserId>,
    others: &[UserId],
) -> Result<Standing, Failure> {
    let words = rules::words(kind);
    rules::require_maker(editor, group)?;
    let main = match main.or_else(|| tx.caller.user()) {
        Some(main) => main,
        None => return Err(Refusal::bad_input(&[words.main], "Somebody has to own this; name them.").into()),
    };
    let others = rules::beside(words, main, others)?;
    let standing = Standing { group, main, others };
    require_living(tx, words, Some(main), &standing.others).await?;
    rules::require_own(editor, &standing)?;
    Ok(standing)
}

/// Whose an existing work is, and whose it is to be.
///
/// Somebody who becomes main author or instructor and is not named among the others stops being listed there.
///
/// # Errors
/// `NOT_FOUND` of the work, the new group or somebody named; `FORBIDDEN`; `USER_DELETED`; `BAD_INPUT` of the people
/// named.
pub async fn handed(
    tx: &Tx,
    editor: &Editor,
    work: WorkId,
    handing: Handing<'_>,
) -> Result<(Standing, Standing), Failure> {
    let words = rules::words(work.kind());
    let before = editable(&tx.conn, editor, work).await?;
    if let Some(group) = handing.group.filter(|group| *group != before.group) {
        rules::require_maker(editor, group)?;
    }
    let main = handing.main.unwrap_or(before.main);
    let others = match handing.others {
        Some(others) => rules::beside(words, main, others)?,
        None => before.others.iter().copied().filter(|other| *other != main).collect(),
    };
    let named = handing.others.map(|_| others.as_slice()).unwrap_or_default();
    require_living(tx, words, handing.main, named).await?;
    let after = Standing { group: handing.group.unwrap_or(before.group), main, others };
    Ok((before, after))
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

/// Whose a work is that the caller may edit.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`.
pub async fn editable(db: &impl ConnectionTrait, editor: &Editor, work: WorkId) -> Result<Standing, Failure> {
    let words = rules::words(work.kind());
    let Some(standing) = store::standing(db, work).await? else {
        return Err(words.not_found().into());
    };
    rules::require_editor(editor, words, &standing)?;
    Ok(standing)
}

async fn require_living(
    tx: &Tx,
    words: rules::Words,
    main: Option<UserId>,
    others: &[UserId],
) -> Result<(), Failure> {
    let named: Vec<UserId> = main.into_iter().chain(others.iter().copied()).collect();
    let states = people::states(tx, &named).await?;
    if let Some(main) = main {
        people::require_living(&states, main, &[words.main])?;
    }
    for (position, other) in others.iter().enumerate() {
        people::require_living(&states, *other, &[words.others, &position.to_string()])?;
    }
    Ok(())
}

//! The tree of groups, and how it changes (R1, R33).
//!
//! Whatever changes the tree has it to itself: nobody else grants, removes or moves until it is done, and so what is
//! read under that lock holds. Moving or closing a group takes nothing away. Moving or opening a public one may make
//! its learners learners of further groups (R3); that is only done when the caller sends the digest of what would
//! happen, which the refusal without it names together with the groups, the people and the sessions they would join.

pub mod rules;
pub mod store;

use std::collections::BTreeSet;

use entity::id::{GroupId, SessionId, UserId};
use entity::kind::{Privacy, Role};
use serde::Serialize;
use serde_json::json;

use crate::access::Authority;
use crate::change::Change;
use crate::db::locks;
use crate::error::{Error, Failure, Refusal};
use crate::events::{Event, Kind};
use crate::keys::{self, ExternalId};
use crate::transaction::Tx;
use crate::tree::Tree;
use crate::{memberships, platform, sessions};

/// Characters a group's name may have.
const NAME_LENGTH: usize = 200;

/// A group to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewGroup {
    /// The group above.
    pub parent: GroupId,
    /// At most 200 characters.
    pub name: String,
    /// Who sees it.
    pub privacy: Privacy,
    /// At most 20.
    pub external_ids: Vec<ExternalId>,
}

/// What changes of a group that is not the tree.
#[derive(Clone, Debug, Serialize)]
pub struct GroupChange {
    /// Which.
    pub group: GroupId,
    /// A new name.
    pub name: Option<String>,
    /// All of them: those given take the place of those there were.
    pub external_ids: Change<Vec<ExternalId>>,
}

/// A group to be moved.
#[derive(Clone, Debug, Serialize)]
pub struct GroupMove {
    /// Which, with everything below it.
    pub group: GroupId,
    /// The group above it afterwards.
    pub parent: GroupId,
    /// The digest of the rising that was shown, where learners rise (R33).
    pub rise_digest: Option<String>,
}

/// A group to be opened or closed.
#[derive(Clone, Debug, Serialize)]
pub struct PrivacyChange {
    /// Which.
    pub group: GroupId,
    /// What it becomes.
    pub privacy: Privacy,
    /// The digest of the rising that was shown, where learners rise (R33).
    pub rise_digest: Option<String>,
}

/// A group to be deleted.
#[derive(Clone, Debug, Serialize)]
pub struct GroupDeletion {
    /// Which.
    pub group: GroupId,
    /// The group that gets its courses, paths, sessions and posts.
    pub content_to: Option<GroupId>,
}

/// Makes a group below another.
///
/// # Errors
/// `BAD_INPUT` naming the field, `NOT_FOUND` of the parent, `FORBIDDEN` without administrator rights on it,
/// `GROUP_TOO_DEEP`, `EXTERNAL_ID_TAKEN`.
pub async fn create(tx: &Tx, group: &NewGroup) -> Result<GroupId, Failure> {
    let db = &tx.conn;
    let name = keys::text(&["name"], &group.name, NAME_LENGTH)?;
    let ids = keys::external_ids(&group.external_ids)?;
    let (authority, tree) = alone(tx).await?;
    rules::may_create(&authority, &tree, group.parent)?;
    free(tx, None, &ids).await?;
    let made = store::add(db, group.parent, &name, group.privacy, tx.now).await?;
    store::replace_external_ids(db, made, &ids).await?;
    changed(tx).await?;
    tx.tell([Event::new(Kind::GroupCreated, json!({ "groupId": made, "parentId": group.parent }))]);
    Ok(made)
}

/// Changes a group's name or external ids; the platform group's too.
///
/// # Errors
/// `BAD_INPUT` naming the field, `NOT_FOUND`, `FORBIDDEN` without administrator rights on it, `EXTERNAL_ID_TAKEN`.
pub async fn rename(tx: &Tx, change: &GroupChange) -> Result<GroupId, Failure> {
    let db = &tx.conn;
    let group = change.group;
    let name = change.name.as_deref().map(|typed| keys::text(&["name"], typed, NAME_LENGTH)).transpose()?;
    let ids = change.external_ids.as_ref().try_map(|typed| keys::external_ids(typed))?;
    locks::tree(db).await?;
    let authority = tx.authority().await?;
    let (_, tree) = platform::current(db, &tx.trees).await?;
    rules::may_rename(&authority, &tree, group)?;
    if let Some(name) = name {
        store::rename(db, group, &name).await?;
    }
    if !ids.is_keep() {
        let ids = ids.after(None).unwrap_or_default();
        free(tx, Some(group), &ids).await?;
        store::replace_external_ids(db, group, &ids).await?;
    }
    tx.tell([Event::new(Kind::GroupUpdated, json!({ "groupId": group }))]);
    Ok(group)
}

/// Moves a group, and everything below it, below another. Nobody loses anything; where it already is, nothing happens.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN` without administrator rights on it, on its old and on its new parent, `PLATFORM_GROUP`,
/// `CYCLE`, `GROUP_TOO_DEEP`, `LEARNERS_WOULD_RISE` without the digest of what would happen now.
pub async fn move_to(tx: &Tx, change: &GroupMove) -> Result<GroupId, Failure> {
    let GroupMove { group, parent, rise_digest } = change;
    let (group, parent) = (*group, *parent);
    let (authority, tree) = alone(tx).await?;
    rules::may_move_to(&authority, &tree, group, Some(parent))?;
    if tree.parent(group) == Some(parent) {
        return Ok(group);
    }
    if !tree.is_private(group) {
        let change = format!("move {} {}", group.0, parent.0);
        rise(tx, &authority, &tree, group, parent, &change, rise_digest.as_deref()).await?;
    }
    store::move_to(&tx.conn, group, parent).await?;
    changed(tx).await?;
    let data = json!({ "groupId": group, "fromGroupId": tree.parent(group), "toGroupId": parent });
    tx.tell([Event::new(Kind::GroupMoved, data)]);
    Ok(group)
}

/// Opens or closes a group. Closing takes nothing away; where it already is so, nothing happens.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN` without administrator rights on it, `PLATFORM_GROUP`, `LEARNERS_WOULD_RISE`
/// without the digest of what would happen now.
pub async fn set_privacy(tx: &Tx, change: &PrivacyChange) -> Result<GroupId, Failure> {
    let PrivacyChange { group, privacy, rise_digest } = change;
    let group = *group;
    let (authority, tree) = alone(tx).await?;
    rules::may_open_close_or_delete(&authority, &tree, group)?;
    match (privacy, tree.is_private(group)) {
        (Privacy::Public, false) | (Privacy::Private, true) => return Ok(group),
        (Privacy::Private, false) => {}
        (Privacy::Public, true) => {
            let parent = tree.parent(group).ok_or(Error::Broken("a private group has a parent"))?;
            let change = format!("open {}", group.0);
            rise(tx, &authority, &tree, group, parent, &change, rise_digest.as_deref()).await?;
        }
    }
    store::set_privacy(&tx.conn, group, *privacy).await?;
    changed(tx).await?;
    let data = json!({ "groupId": group, "privacy": privacy.as_str() });
    tx.tell([Event::new(Kind::GroupPrivacyChanged, data)]);
    Ok(group)
}

/// Deletes a group that is empty, or is so once `content_to` has its courses, paths, sessions and posts (R33).
///
/// Its external ids go with it, and its place in the audience of sessions that have ended: those were captured, so who
/// took part stays known, only not through which group. Records keep its number.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN` without administrator rights on it, or without those of an author where its works go;
/// `PLATFORM_GROUP`, `BAD_INPUT` where its works were to stay in it, `GROUP_NOT_EMPTY` with counts.
pub async fn delete(tx: &Tx, deletion: &GroupDeletion) -> Result<GroupId, Failure> {
    let db = &tx.conn;
    let group = deletion.group;
    let (authority, tree) = alone(tx).await?;
    rules::may_delete(&authority, &tree, group, deletion.content_to)?;
    if let Some(to) = deletion.content_to {
        store::give_contents(db, group, to).await?;
    }
    sessions::capture_ended(db, tx.now).await?;
    if let Some(left) = store::contents(db, &[group], tx.now).await?.remove(&group) {
        rules::empty(left)?;
    }
    store::delete(db, group, tx.now).await?;
    changed(tx).await?;
    let data = json!({ "groupId": group, "toGroupId": deletion.content_to });
    tx.tell([Event::new(Kind::GroupDeleted, data)]);
    Ok(group)
}

/// The caller's rights and the tree, which nobody else relies on or changes from here on.
async fn alone(tx: &Tx) -> Result<(Authority, std::sync::Arc<Tree>), Failure> {
    locks::tree_exclusively(&tx.conn).await?;
    let authority = tx.authority().await?;
    let (_, tree) = platform::current(&tx.conn, &tx.trees).await?;
    Ok((authority, tree))
}

/// Makes the learners of `group`, which is or becomes public below `parent`, learners of every group that they rise
/// into, where `digest` says that the caller knows.
///
/// Nobody's membership changes meanwhile, and nobody who has one is deleted: both need the tree, which is locked. So the
/// people themselves are not.
async fn rise(
    tx: &Tx,
    authority: &Authority,
    tree: &Tree,
    group: GroupId,
    parent: GroupId,
    change: &str,
    digest: Option<&str>,
) -> Result<(), Failure> {
    let db = &tx.conn;
    let into = rules::risen_from_below(tree, parent);
    sessions::capture_ended(db, tx.now).await?;
    let rising = store::rising(db, group, &into).await?;
    if rising.is_empty() {
        return Ok(());
    }
    let reached: BTreeSet<GroupId> = rising.iter().map(|(_, into)| *into).collect();
    let written = reached.iter().map(|group| (*group, Role::Learner)).collect();
    memberships::rules::require(authority, tree, &BTreeSet::new(), &written)?;

    let reached: Vec<GroupId> = reached.into_iter().collect();
    let joining = store::joining(db, group, &reached, tx.now).await?;
    let sessions: Vec<SessionId> = joining.iter().map(|(session, _)| *session).collect();
    let expected = rules::digest(change, &rising, &sessions);
    if digest != Some(expected.as_str()) {
        let people: BTreeSet<UserId> = rising.iter().map(|(user, _)| *user).collect();
        let seen: Vec<SessionId> = joining
            .iter()
            .filter(|(_, owner)| authority.sees(tree, *owner))
            .map(|(session, _)| *session)
            .collect();
        return Err(Refusal::LearnersWouldRise {
            groups: reached,
            people: people.len(),
            hidden: sessions.len() - seen.len(),
            sessions: seen,
            digest: expected,
        }
        .into());
    }
    let rows: Vec<_> = rising.into_iter().map(|(user, into)| (user, into, Role::Learner)).collect();
    memberships::store::add(db, &rows, tx.caller.user(), tx.now).await?;
    tx.tell(rows.into_iter().map(Event::granted));
    Ok(())
}

/// Draws a new revision, so that every process reads the tree again.
async fn changed(tx: &Tx) -> Result<(), Failure> {
    let drawn = getrandom::u64().map_err(|_| Error::Broken("the system gives random numbers"))?;
    platform::store::tree_changed(&tx.conn, (drawn >> 1) as i64).await?;
    Ok(())
}

/// Passes when no group but `group` has one of these external ids.
async fn free(tx: &Tx, group: Option<GroupId>, ids: &[ExternalId]) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let holders = store::by_external_id(&tx.conn, ids).await?;
    if holders.into_iter().any(|holder| Some(holder) != group) {
        return Err(Refusal::ExternalIdTaken.into());
    }
    Ok(())
}

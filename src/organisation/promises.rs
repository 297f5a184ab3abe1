//! What the rules promise of every organisation at any moment, asked of its rows. Written from the rules alone, so
//! that what the program does can be held against it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::id::{GroupId, SessionId, SlotId, UserId};
use entity::kind::{AudienceKind, Carrier, Role, SeatKind, Status};
use entity::{session, slot};

use super::Tables;
use crate::tree::Tree;

/// Who takes part in a session (R8), whatever the state of the account: what carries them (individually rather than
/// by a group), and since when.
pub fn participants(tables: &Tables, session: SessionId) -> BTreeMap<UserId, (Carrier, DateTime<Utc>)> {
    match tables.sessions.iter().find(|row| row.id == session) {
        Some(row) => Audiences::new(tables).participants(row),
        None => BTreeMap::new(),
    }
}

/// The learners of a session's audience groups as they stand now, less the excluded: whom a static session captures
/// when its audience is saved.
pub fn followers(tables: &Tables, session: SessionId) -> BTreeMap<UserId, DateTime<Utc>> {
    Audiences::new(tables).followers(session)
}

/// The promises that do not hold, each in a sentence.
pub fn broken(tables: &Tables, now: DateTime<Utc>) -> Vec<String> {
    let mut broken = Vec::new();
    let tree = Tree::new(tables.groups.iter().map(|row| (row.id, row.parent_id, row.privacy)));
    match &tree {
        Some(tree) => rising(tables, tree, &mut broken),
        None => broken.push("R1: the groups form no tree".to_owned()),
    }
    accounts(tables, &mut broken);
    reserved(tables, &mut broken);
    works(tables, &mut broken);
    slots(tables, now, &mut broken);
    left_behind(tables, now, &mut broken);
    broken
}

/// R3: a learner of a public group is a learner of its parent.
fn rising(tables: &Tables, tree: &Tree, broken: &mut Vec<String>) {
    let learners: BTreeSet<(UserId, GroupId)> = tables
        .memberships
        .iter()
        .filter(|row| row.role == Role::Learner)
        .map(|row| (row.user_id, row.group_id))
        .collect();
    for (user, group) in &learners {
        let parent = tree.parent(*group).filter(|_| !tree.is_private(*group));
        if let Some(parent) = parent.filter(|parent| !learners.contains(&(*user, *parent))) {
            broken.push(format!("R3: user {} learns in group {} but not in {}", user.0, group.0, parent.0));
        }
    }
}

/// R2: every living account is a member of something, nobody else is; the owner administers the platform.
fn accounts(tables: &Tables, broken: &mut Vec<String>) {
    let members: BTreeSet<UserId> = tables.memberships.iter().map(|row| row.user_id).collect();
    for user in &tables.users {
        if user.status.is_living() != members.contains(&user.id) {
            broken.push(format!(
                "R2: user {} ({}) is {} and {} memberships",
                user.id.0,
                user.name_key,
                user.status.as_str(),
                if members.contains(&user.id) { "has" } else { "has no" }
            ));
        }
    }
    let living = living(tables);
    for row in tables.former_memberships.iter().filter(|row| living.contains_key(&row.user_id)) {
        broken.push(format!(
            "R26: user {} lives and was in group {} when deleted",
            row.user_id.0, row.group_id.0
        ));
    }
    for platform in &tables.platforms {
        let administers = tables.memberships.iter().any(|row| {
            (row.user_id, row.group_id, row.role)
                == (platform.owner_id, platform.root_group_id, Role::Administrator)
        });
        let lives = tables.users.iter().any(|row| row.id == platform.owner_id && row.status.is_living());
        if !(administers && lives) {
            broken.push("R2: the owner does not administer the platform".to_owned());
        }
    }
}

/// R24: a name is reserved exactly as long as the state of its account says so, and by one account at most.
fn reserved(tables: &Tables, broken: &mut Vec<String>) {
    let reserving: BTreeSet<UserId> =
        tables.users.iter().filter(|row| row.status.reserves_email()).map(|row| row.id).collect();
    let mut taken = BTreeSet::new();
    for row in tables.users.iter().filter(|row| reserving.contains(&row.id)) {
        let names = [("email", &row.email_key), ("username", &row.username_key)];
        for (what, key) in names.into_iter().filter_map(|(what, key)| Some((what, key.as_ref()?))) {
            if !taken.insert((what, key.as_str(), "")) {
                broken.push(format!("R24: user {} reserves the {what} of somebody else", row.id.0));
            }
        }
    }
    for row in &tables.external_ids {
        if row.reserved != reserving.contains(&row.user_id) {
            let does = if row.reserved { "reserves" } else { "does not reserve" };
            broken.push(format!("R24: user {} {does} an external id, unlike the account", row.user_id.0));
        }
        if row.reserved && !taken.insert(("external id", row.system.as_str(), row.value.as_str())) {
            broken.push(format!("R24: user {} reserves the external id of somebody else", row.user_id.0));
        }
    }
}

/// R9: works belong to the living; R10 to R12: whoever heads a work is not listed beside themselves.
fn works(tables: &Tables, broken: &mut Vec<String>) {
    let living = living(tables);
    let heads = [
        tables.courses.iter().map(|row| ("course", row.id.0, row.main_author_id)).collect::<Vec<_>>(),
        tables.paths.iter().map(|row| ("path", row.id.0, row.main_author_id)).collect(),
        tables.sessions.iter().map(|row| ("session", row.id.0, row.main_instructor_id)).collect(),
    ]
    .concat();
    let beside = [
        tables
            .course_co_authors
            .iter()
            .map(|row| ("course", row.course_id.0, row.user_id))
            .collect::<Vec<_>>(),
        tables.path_co_authors.iter().map(|row| ("path", row.path_id.0, row.user_id)).collect(),
        tables.session_co_instructors.iter().map(|row| ("session", row.session_id.0, row.user_id)).collect(),
    ]
    .concat();
    let headed: BTreeSet<_> = heads.iter().collect();
    for (work, id, user) in heads.iter().chain(&beside) {
        if !living.contains_key(user) {
            broken.push(format!("R9: {work} {id} belongs to user {}, who is gone", user.0));
        }
    }
    for (work, id, user) in beside.iter().filter(|place| headed.contains(place)) {
        broken.push(format!("R10: user {} stands twice at {work} {id}", user.0));
    }
}

/// R8: an attendee of an upcoming slot is a present participant of its session, and has a seat.
fn slots(tables: &Tables, now: DateTime<Utc>, broken: &mut Vec<String>) {
    let audiences = Audiences::new(tables);
    let living = living(tables);
    let mut attendees: BTreeMap<SlotId, Vec<UserId>> = BTreeMap::new();
    for row in tables.slot_registrations.iter().filter(|row| row.kind == SeatKind::Attendee) {
        attendees.entry(row.slot_id).or_default().push(row.user_id);
    }
    let mut by_session: BTreeMap<SessionId, Vec<&slot::Model>> = BTreeMap::new();
    for slot in &tables.slots {
        by_session.entry(slot.session_id).or_default().push(slot);
    }
    for session in &tables.sessions {
        let slots = by_session.remove(&session.id).unwrap_or_default();
        let participants = if slots.is_empty() { BTreeMap::new() } else { audiences.participants(session) };
        for slot in slots {
            let here = attendees.remove(&slot.id).unwrap_or_default();
            if slot.capacity.is_some_and(|capacity| here.len() as i64 > i64::from(capacity)) {
                broken.push(format!("R8: slot {} has more attendees than seats", slot.id.0));
            }
            for user in here.iter().filter(|_| slot.starts_at > now) {
                let present = living.get(user).is_some_and(|status| status.is_present());
                if !(present && participants.contains_key(user)) {
                    broken
                        .push(format!("R8: user {} attends slot {} without taking part", user.0, slot.id.0));
                }
            }
        }
    }
}

/// R9: nothing that is still to come is left of somebody who is gone.
fn left_behind(tables: &Tables, now: DateTime<Utc>, broken: &mut Vec<String>) {
    let living = living(tables);
    let going_on: BTreeSet<SessionId> =
        tables.sessions.iter().filter(|row| row.ends_at > now).map(|row| row.id).collect();
    let upcoming: BTreeSet<SlotId> =
        tables.slots.iter().filter(|row| row.starts_at > now).map(|row| row.id).collect();
    let left = [
        tables
            .session_enrolments
            .iter()
            .filter(|row| going_on.contains(&row.session_id))
            .map(|row| ("is enrolled in a session", row.user_id))
            .collect::<Vec<_>>(),
        tables
            .slot_registrations
            .iter()
            .filter(|row| upcoming.contains(&row.slot_id))
            .map(|row| ("has a place in a slot", row.user_id))
            .collect(),
        tables.dates.iter().map(|row| ("has a date", row.user_id)).collect(),
        tables
            .subscriptions
            .iter()
            .filter(|row| row.cancelled_at.is_none())
            .map(|row| ("pays a subscription", row.user_id))
            .collect(),
    ]
    .concat();
    for (what, user) in left.iter().filter(|(_, user)| !living.contains_key(user)) {
        broken.push(format!("R9: user {} is gone but {what}", user.0));
    }
}

fn living(tables: &Tables) -> BTreeMap<UserId, Status> {
    let living = tables.users.iter().filter(|row| row.status.is_living());
    living.map(|row| (row.id, row.status)).collect()
}

/// Who carries whom into what, ready to be asked.
struct Audiences<'a> {
    tables: &'a Tables,
    learners: BTreeMap<GroupId, Vec<(UserId, DateTime<Utc>)>>,
}

impl Audiences<'_> {
    fn new(tables: &Tables) -> Audiences<'_> {
        let audience: BTreeSet<GroupId> = tables.session_groups.iter().map(|row| row.group_id).collect();
        let mut learners: BTreeMap<GroupId, Vec<(UserId, DateTime<Utc>)>> = BTreeMap::new();
        for row in &tables.memberships {
            if row.role == Role::Learner && audience.contains(&row.group_id) {
                learners.entry(row.group_id).or_default().push((row.user_id, row.granted_at));
            }
        }
        Audiences { tables, learners }
    }

    fn followers(&self, session: SessionId) -> BTreeMap<UserId, DateTime<Utc>> {
        let mut followers = BTreeMap::new();
        for row in self.tables.session_groups.iter().filter(|row| row.session_id == session) {
            for (user, since) in self.learners.get(&row.group_id).into_iter().flatten() {
                let earliest = followers.entry(*user).or_insert(*since);
                *earliest = (*earliest).min(*since);
            }
        }
        for row in self.tables.session_exclusions.iter().filter(|row| row.session_id == session) {
            followers.remove(&row.user_id);
        }
        followers
    }

    fn participants(&self, session: &session::Model) -> BTreeMap<UserId, (Carrier, DateTime<Utc>)> {
        let tables = self.tables;
        let mut found: Vec<(UserId, Carrier, DateTime<Utc>)> = Vec::new();
        let captured = tables.session_captures.iter().filter(|row| row.session_id == session.id);
        found.extend(captured.map(|row| (row.user_id, row.carried_by, row.since)));
        if session.captured_at.is_none() {
            let enrolled = tables.session_enrolments.iter().filter(|row| row.session_id == session.id);
            found.extend(enrolled.map(|row| (row.user_id, Carrier::Individual, row.enrolled_at)));
            if session.audience_kind == AudienceKind::Dynamic {
                let followers = self.followers(session.id);
                found.extend(followers.into_iter().map(|(user, since)| (user, Carrier::Group, since)));
            }
        }
        let mut participants: BTreeMap<UserId, (Carrier, DateTime<Utc>)> = BTreeMap::new();
        for (user, carrier, since) in found {
            let part = participants.entry(user).or_insert((carrier, since));
            *part = (part.0.max(carrier), part.1.min(since));
        }
        for row in tables.session_exclusions.iter().filter(|row| row.session_id == session.id) {
            participants.remove(&row.user_id);
        }
        participants
    }
}

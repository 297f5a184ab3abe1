//! What the rules need to know, as ids and kinds: read in a few statements, then never changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::id::{CourseId, GroupId, PathId, SessionId, SlotId, UserId, WorkId};
use entity::kind::{AudienceKind, Role, SeatKind, Status};

use super::request::Part;
use crate::access::Authority;
use crate::ownership::Candidates;
use crate::tree::Tree;

/// What is the same for everybody of a request.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The groups.
    pub tree: Arc<Tree>,
    /// The platform owner (R14).
    pub owner: UserId,
    /// What the caller may do.
    pub authority: Authority,
    /// The most rows that may be decided at once (R16), where there is a bound.
    pub most_rows: Option<usize>,
}

/// A person as far as the outcome depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub user: UserId,
    /// The state of the account.
    pub status: Status,
    /// Every membership, in order of group and role.
    pub memberships: Vec<Membership>,
    /// The group that is named for this person alone.
    pub named: Option<GroupId>,
}

impl Standing {
    /// What is asked of this person.
    pub fn part(&self) -> Part {
        (self.user, self.named)
    }
}

/// A role of somebody in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// In which group.
    pub group: GroupId,
    /// Which role.
    pub role: Role,
    /// Who granted it.
    pub granted_by: Option<UserId>,
    /// When.
    pub granted_at: DateTime<Utc>,
}

/// The roles among `memberships`, by group.
pub fn roles_by_group<'a>(
    memberships: impl Iterator<Item = &'a Membership>,
) -> BTreeMap<GroupId, BTreeSet<Role>> {
    let mut roles: BTreeMap<GroupId, BTreeSet<Role>> = BTreeMap::new();
    for membership in memberships {
        roles.entry(membership.group).or_default().insert(membership.role);
    }
    roles
}

/// What else there is about the people to whom something is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What each of them takes part in and owns.
    pub people: BTreeMap<UserId, Person>,
    /// Every session that concerns any of them.
    pub sessions: BTreeMap<SessionId, Session>,
    /// Which sessions have a group in their audience; for the groups in which any of them is a learner.
    pub audiences: BTreeMap<GroupId, Vec<SessionId>>,
    /// Who may succeed whom.
    pub candidates: Candidates,
}

/// What one person takes part in and owns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Individual enrolments in sessions.
    pub enrolments: Vec<Enrolment>,
    /// Sessions in which the person is captured.
    pub captures: BTreeSet<SessionId>,
    /// Sessions that exclude the person.
    pub exclusions: BTreeSet<SessionId>,
    /// Registrations in upcoming slots.
    pub seats: Vec<Seat>,
    /// Courses the person is the main author of.
    pub courses: Vec<CourseId>,
    /// Paths the person is the main author of.
    pub paths: Vec<PathId>,
    /// Sessions the person is the main instructor of.
    pub instructs: Vec<SessionId>,
    /// Places as co-author or co-instructor, with their rank.
    pub places: Vec<(WorkId, i32)>,
}

impl Facts {
    /// How many rows those of all people are.
    pub fn rows(&self) -> usize {
        self.people.values().map(Person::rows).sum()
    }

    /// R8: whoever takes part in a session that has ended is captured in it, as they are before anything is written. Whose
    /// memberships come several times has all of them.
    pub fn capture_ended(&mut self, standings: &[Standing]) {
        if !self.sessions.values().any(Session::waits) {
            return;
        }
        let Facts { people, sessions, audiences, .. } = self;
        for standing in standings {
            let Some(person) = people.get_mut(&standing.user) else { continue };
            let learner = standing.memberships.iter().filter(|held| held.role == Role::Learner);
            let of_groups = learner.filter_map(|held| audiences.get(&held.group)).flatten().copied();
            let by_groups = of_groups.filter(|id| {
                sessions.get(id).is_some_and(|session| session.audience == AudienceKind::Dynamic)
            });
            let enrolled = person.enrolments.iter().map(|enrolment| enrolment.session);
            let captured: BTreeSet<SessionId> = by_groups
                .chain(enrolled)
                .filter(|id| sessions.get(id).is_some_and(Session::waits))
                .filter(|id| !person.exclusions.contains(id))
                .collect();
            person.captures.extend(captured);
        }
        for session in sessions.values_mut().filter(|session| session.waits()) {
            session.captured = true;
        }
    }
}

impl Person {
    /// How many rows these are.
    fn rows(&self) -> usize {
        let Person { enrolments, captures, exclusions, seats, courses, paths, instructs, places } = self;
        let taking_part = enrolments.len() + captures.len() + exclusions.len() + seats.len();
        taking_part + courses.len() + paths.len() + instructs.len() + places.len()
    }
}

/// An individual enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// In which session.
    pub session: SessionId,
    /// Who granted it.
    pub granted_by: Option<UserId>,
    /// Since when.
    pub enrolled_at: DateTime<Utc>,
}

/// A registration in an upcoming slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which slot.
    pub slot: SlotId,
    /// Of which session.
    pub session: SessionId,
    /// As what.
    pub kind: SeatKind,
}

/// A session, as far as taking part in it depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// How it finds its people.
    pub audience: AudienceKind,
    /// Whether it has ended.
    pub ended: bool,
    /// Whether its people were captured at its end: nobody else took part.
    pub captured: bool,
}

impl Session {
    /// Whether it has ended, and its people still wait to be captured.
    fn waits(&self) -> bool {
        self.ended && !self.captured
    }
}

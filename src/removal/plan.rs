//! What a removal does to whom, and why: the one shape that is shown, carried out and recorded (R17, R18).
//!
//! Ids and kinds only, never a name. The serialized form is kept in records for good: what is there may be added to,
//! never renamed; [`VERSION`] says which form it is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::id::{GroupId, SessionId, SlotId, UserId, WorkId};
use entity::kind::{Outcome, Role, SeatKind, Status, Step};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::reason::Reason;
use super::request::{Options, Part, Request, Scope};
use crate::ownership::PassedOver;

/// The form of the effects below.
pub const VERSION: i32 = 1;

/// What happens to everybody of a list, or of a chunk of it: in order of id, and what is asked of one person in the order in
/// which it is done (R16).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One a person.
    pub people: Vec<PersonPlan>,
}

/// What happens to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonPlan {
    /// Who.
    pub user: UserId,
    /// The group that is named for this person alone.
    pub group: Option<GroupId>,
    /// What becomes of them.
    pub outcome: Outcome,
    /// Where a right is missing, when the outcome is `FORBIDDEN`.
    pub missing: Vec<GroupId>,
    /// What goes, what stays and what moves; empty where nothing is done.
    pub effects: Vec<Effect>,
    /// Stands for the outcome, the decided rows that are written or taken away, and the successors (R18).
    pub digest: String,
}

/// One thing that goes, stays or moves, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Effect {
    /// A role in a group that goes.
    MembershipRemoved {
        /// In which group.
        group: GroupId,
        /// Which role.
        role: Role,
        /// Who had granted it; none for the platform itself.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        granted_by: Option<UserId>,
        /// When it had been granted.
        granted_at: DateTime<Utc>,
        /// Why.
        reason: Reason,
    },
    /// A role in a group that stays.
    MembershipKept {
        /// In which group.
        group: GroupId,
        /// Which role.
        role: Role,
        /// Why.
        reason: Reason,
    },
    /// A session that is left.
    SessionLeft {
        /// Which session.
        session: SessionId,
        /// Why.
        reason: Reason,
    },
    /// A session that is not left, although the removal touches it.
    SessionKept {
        /// Which session.
        session: SessionId,
        /// Why.
        reason: Reason,
    },
    /// A seat in an upcoming slot that is released.
    SeatReleased {
        /// Which slot.
        slot: SlotId,
        /// As what.
        kind: SeatKind,
        /// Why.
        reason: Reason,
    },
    /// A seat in an upcoming slot that is kept, although the removal touches its session.
    SeatKept {
        /// Which slot.
        slot: SlotId,
        /// As what.
        kind: SeatKind,
        /// Why.
        reason: Reason,
    },
    /// An individual enrolment that goes.
    EnrolmentRemoved {
        /// In which session.
        session: SessionId,
        /// Who had granted it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        granted_by: Option<UserId>,
        /// Since when.
        enrolled_at: DateTime<Utc>,
        /// Why.
        reason: Reason,
    },
    /// A place as co-author or co-instructor that goes. The others keep their ranks.
    PlaceRemoved {
        /// Of what.
        work: WorkId,
        /// The rank, 1 being the first.
        rank: i32,
        /// Why.
        reason: Reason,
    },
    /// A course, path or session that gets another main author or main instructor.
    HandedOver {
        /// What.
        work: WorkId,
        /// The successor.
        to: UserId,
        /// At which step they were found.
        step: Step,
        /// Their rank as co-author or co-instructor, a place they no longer have.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        former_rank: Option<i32>,
        /// Who came before them in order and could not succeed, and why.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        passed_over: Vec<PassedOver>,
        /// Why.
        reason: Reason,
    },
    /// The account ends.
    AccountDeleted {
        /// The state before, to which it can be reinstated.
        from: Status,
        /// Why.
        reason: Reason,
    },
    /// The posts show an anonymous author from now on.
    PostsAnonymized {
        /// Why.
        reason: Reason,
    },
}

impl PersonPlan {
    /// Somebody to whom nothing is done.
    pub fn untouched(user: UserId, outcome: Outcome, missing: Vec<GroupId>) -> PersonPlan {
        PersonPlan::new(user, outcome, missing, Vec::new())
    }

    /// Somebody to whom `effects` happen.
    pub fn new(user: UserId, outcome: Outcome, missing: Vec<GroupId>, effects: Vec<Effect>) -> PersonPlan {
        let digest = digest(user, outcome, &effects);
        PersonPlan { user, group: None, outcome, missing, effects, digest }
    }

    /// The same person, to whom nothing is done.
    pub fn left_alone(&self, outcome: Outcome) -> PersonPlan {
        PersonPlan::untouched(self.user, outcome, Vec::new()).out_of(self.group)
    }

    /// The same, of somebody for whom this group is named.
    #[must_use]
    pub fn out_of(self, group: Option<GroupId>) -> PersonPlan {
        PersonPlan { group, ..self }
    }

    /// What is asked of this person.
    pub fn part(&self) -> Part {
        (self.user, self.group)
    }

    /// The groups that still keep somebody whose deletion kept private subgroups (R7), in order of id.
    pub fn kept_in(&self) -> BTreeSet<GroupId> {
        match self.outcome {
            Outcome::RemovedNotDeleted | Outcome::NothingReached => self
                .effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::MembershipKept { group, .. } => Some(*group),
                    _ => None,
                })
                .collect(),
            _ => BTreeSet::new(),
        }
    }
}

impl Plan {
    /// Those to whom something is done.
    pub fn done(&self) -> impl Iterator<Item = &PersonPlan> {
        self.people.iter().filter(|person| person.outcome.is_done())
    }

    /// What becomes of each.
    pub fn outcomes(&self) -> impl Iterator<Item = (UserId, Outcome)> {
        self.people.iter().map(|person| (person.user, person.outcome))
    }

    /// R18: stands for what is asked and for everybody's digest in order of id.
    pub fn digest(&self, request: &Request) -> String {
        digest_of(request, self.people.iter().map(|person| (person.part(), person.digest.as_str())))
    }
}

/// The digest of a plan whose people have these digests, in whichever order they come.
///
/// R18: it is over what is done, the group and role named, and what a person's digest leaves out (the posts); the answer
/// to R6 and a confirmation (R7) are in it through what they change alone.
pub fn digest_of<'a>(request: &Request, people: impl IntoIterator<Item = (Part, &'a str)>) -> String {
    let mut hash = Sha256::new();
    let Request { scope, options, cause: _ } = request;
    let Options { private_subgroups: _, confirm_account_deletion: _, posts } = options;
    let scope = match scope {
        Scope::Platform => "PLATFORM".to_owned(),
        Scope::Group(group) => format!("GROUP {}", group.0),
        Scope::Role(group, role) => format!("ROLE {} {}", group.0, role.as_str()),
        Scope::Each => "EACH".to_owned(),
    };
    hash.update(format!("{scope}\n{}\n", posts.as_str()));
    let people: BTreeMap<Part, &str> = people.into_iter().collect();
    for ((user, group), digest) in people {
        match group {
            Some(group) => hash.update(format!("{} {} {digest}\n", user.0, group.0)),
            None => hash.update(format!("{} {digest}\n", user.0)),
        }
    }
    short(hash)
}

fn digest(user: UserId, outcome: Outcome, effects: &[Effect]) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{} {}\n", user.0, outcome.as_str()));
    for effect in effects {
        // Only what is written or taken away; not what is kept, swept tables, texts or times.
        let line = match effect {
            Effect::MembershipRemoved { group, role, .. } => format!("M {} {}", group.0, role.as_str()),
            Effect::SeatReleased { slot, kind, .. } => format!("S {} {}", slot.0, kind.as_str()),
            Effect::EnrolmentRemoved { session, .. } => format!("E {}", session.0),
            Effect::PlaceRemoved { work, .. } => format!("P {} {}", work.kind().as_str(), work.number()),
            Effect::HandedOver { work, to, .. } => {
                format!("H {} {} {}", work.kind().as_str(), work.number(), to.0)
            }
            Effect::MembershipKept { .. }
            | Effect::SessionLeft { .. }
            | Effect::SessionKept { .. }
            | Effect::SeatKept { .. }
            | Effect::AccountDeleted { .. }
            | Effect::PostsAnonymized { .. } => continue,
        };
        hash.update(line);
        hash.update("\n");
    }
    short(hash)
}

/// 128 bits are plenty to notice a difference, and can still be read aloud.
fn short(hash: Sha256) -> String {
    format!("{:x}", hash.finalize())[..32].to_owned()
}

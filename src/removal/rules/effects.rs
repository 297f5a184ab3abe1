//! What goes, what stays and what moves for one person, with the reason of each (R8, R9, R10 to R12).

use std::collections::BTreeSet;

use entity::id::{GroupId, SessionId, UserId, WorkId};
use entity::kind::{AudienceKind, Outcome, Posts, Role, SeatKind, Status};

use super::verdict::Verdict;
use crate::ownership::{Leaving, Successor, successor_of_course, successor_of_path, successor_of_session};
use crate::removal::facts::{Facts, Person, Setting};
use crate::removal::plan::{Effect, PersonPlan};
use crate::removal::reason::Reason;
use crate::removal::request::{Request, Scope};

/// What happens to one person. `leaving` is of the whole request, `facts` of the chunk the person is in.
pub fn decide(
    user: UserId,
    status: Status,
    verdict: Verdict,
    request: &Request,
    facts: &Facts,
    leaving: &Leaving,
    setting: &Setting,
) -> PersonPlan {
    let Verdict { outcome, missing, undecided: _, going, staying } = verdict;
    if !outcome.is_done() && outcome != Outcome::NothingReached {
        return PersonPlan::untouched(user, outcome, missing);
    }
    let deleted = outcome == Outcome::Deleted;
    let none = Person::default();
    let person = facts.people.get(&user).unwrap_or(&none);
    let lost: BTreeSet<GroupId> = learner_groups(&going);
    let kept: BTreeSet<GroupId> = learner_groups(&staying);

    let mut effects = Vec::new();
    effects.extend(going.into_iter().map(|(membership, reason)| Effect::MembershipRemoved {
        group: membership.group,
        role: membership.role,
        granted_by: membership.granted_by,
        granted_at: membership.granted_at,
        reason,
    }));
    effects.extend(staying.into_iter().map(|(membership, reason)| Effect::MembershipKept {
        group: membership.group,
        role: membership.role,
        reason,
    }));
    let left = sessions(&mut effects, person, &lost, &kept, deleted, facts);
    seats(&mut effects, person, &left, deleted);
    if deleted {
        enrolments(&mut effects, person, facts);
        works(&mut effects, user, person, facts, leaving, setting);
        let reason = match request.scope {
            Scope::Platform => Reason::DeletionRequested,
            Scope::Group(_) | Scope::Role(..) | Scope::Each => Reason::LastMembership,
        };
        effects.push(Effect::AccountDeleted { from: status, reason });
        if request.options.posts == Posts::Anonymize {
            effects.push(Effect::PostsAnonymized { reason: Reason::PostsAnonymizedOnRequest });
        }
    }
    PersonPlan::new(user, outcome, missing, effects)
}

fn learner_groups(memberships: &[(crate::removal::facts::Membership, Reason)]) -> BTreeSet<GroupId> {
    memberships
        .iter()
        .filter(|(membership, _)| membership.role == Role::Learner)
        .map(|(membership, _)| membership.group)
        .collect()
}

/// What became of the sessions that the removal touches.
struct Touched {
    left: BTreeSet<SessionId>,
    kept: BTreeSet<SessionId>,
}

/// R8: which sessions are left, which are kept and why. Touched are those with a lost group in their audience; and
/// all of them when the account ends.
fn sessions(
    effects: &mut Vec<Effect>,
    person: &Person,
    lost: &BTreeSet<GroupId>,
    kept: &BTreeSet<GroupId>,
    deleted: bool,
    facts: &Facts,
) -> Touched {
    let of_groups = |groups: &BTreeSet<GroupId>| -> BTreeSet<SessionId> {
        groups.iter().filter_map(|group| facts.audiences.get(group)).flatten().copied().collect()
    };
    let (by_lost, by_kept) = (of_groups(lost), of_groups(kept));
    let enrolled: BTreeSet<SessionId> = person.enrolments.iter().map(|enrolment| enrolment.session).collect();
    let mut touched: BTreeSet<SessionId> = by_lost.clone();
    if deleted {
        touched.extend(by_kept.iter().chain(&enrolled).chain(&person.captures).copied());
    }
    let mut fate = Touched { left: BTreeSet::new(), kept: BTreeSet::new() };
    for id in touched {
        let Some(session) = facts.sessions.get(&id) else { continue };
        if person.exclusions.contains(&id) {
            continue;
        }
        let captured = person.captures.contains(&id);
        let by_group = session.audience == AudienceKind::Dynamic && by_kept.contains(&id);
        let individually = enrolled.contains(&id);
        let followed =
            individually || by_group || (session.audience == AudienceKind::Dynamic && by_lost.contains(&id));
        let took_part = captured || (followed && !session.captured);
        if !took_part {
            continue;
        }
        let stays = if session.ended {
            Some(Reason::SessionEnded)
        } else if captured {
            Some(Reason::StaticAudience)
        } else if deleted {
            None
        } else if by_group {
            Some(Reason::OtherAudienceGroup)
        } else if individually {
            Some(Reason::IndividualEnrolment)
        } else {
            None
        };
        match stays {
            Some(reason) => {
                fate.kept.insert(id);
                effects.push(Effect::SessionKept { session: id, reason });
            }
            None => {
                fate.left.insert(id);
                let reason = if deleted { Reason::AccountDeleted } else { Reason::LastAudienceGroup };
                effects.push(Effect::SessionLeft { session: id, reason });
            }
        }
    }
    fate
}

/// R8, R9.4: seats in upcoming slots. A deleted person keeps none; who leaves a session attends none of its slots.
fn seats(effects: &mut Vec<Effect>, person: &Person, sessions: &Touched, deleted: bool) {
    for seat in &person.seats {
        let (slot, kind) = (seat.slot, seat.kind);
        let left = sessions.left.contains(&seat.session);
        if deleted {
            effects.push(Effect::SeatReleased { slot, kind, reason: Reason::AccountDeleted });
        } else if left && kind == SeatKind::Attendee {
            effects.push(Effect::SeatReleased { slot, kind, reason: Reason::SessionLeft });
        } else if left {
            effects.push(Effect::SeatKept { slot, kind, reason: Reason::TrainerStays });
        } else if sessions.kept.contains(&seat.session) {
            effects.push(Effect::SeatKept { slot, kind, reason: Reason::StillParticipant });
        }
    }
}

/// R9.5: individual enrolments in sessions that have not ended.
fn enrolments(effects: &mut Vec<Effect>, person: &Person, facts: &Facts) {
    for enrolment in &person.enrolments {
        if facts.sessions.get(&enrolment.session).is_some_and(|session| !session.ended) {
            effects.push(Effect::EnrolmentRemoved {
                session: enrolment.session,
                granted_by: enrolment.granted_by,
                enrolled_at: enrolment.enrolled_at,
                reason: Reason::AccountDeleted,
            });
        }
    }
}

/// R9.5, R10 to R13: places that go, and works that are handed over.
fn works(
    effects: &mut Vec<Effect>,
    user: UserId,
    person: &Person,
    facts: &Facts,
    leaving: &Leaving,
    setting: &Setting,
) {
    let (candidates, tree, owner) = (&facts.candidates, &setting.tree, setting.owner);
    for (work, rank) in &person.places {
        effects.push(Effect::PlaceRemoved { work: *work, rank: *rank, reason: Reason::AccountDeleted });
    }
    let mut hand_over = |work, successor: Successor| {
        effects.push(Effect::HandedOver {
            work,
            to: successor.user,
            step: successor.step,
            former_rank: successor.former_rank,
            passed_over: successor.passed_over,
            reason: Reason::OwnerDeleted,
        });
    };
    for course in &person.courses {
        hand_over(
            WorkId::Course(*course),
            successor_of_course(*course, user, candidates, leaving, tree, owner),
        );
    }
    for path in &person.paths {
        hand_over(WorkId::Path(*path), successor_of_path(*path, user, candidates, leaving, tree, owner));
    }
    for session in &person.instructs {
        hand_over(
            WorkId::Session(*session),
            successor_of_session(*session, user, candidates, leaving, tree, owner),
        );
    }
}

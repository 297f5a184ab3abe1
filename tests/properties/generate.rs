//! Random organisations in which the invariants hold, and random removals.

use std::collections::{BTreeMap, BTreeSet};

use entity::id::{CourseId, GroupId, PathId, SessionId, SlotId, UserId};
use entity::kind::{AudienceKind, Cause, Posts, Privacy, PrivateSubgroups, Role, SeatKind, Status};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use roster::removal::request::{Options, Request, Scope};

use super::model::{Course, Model, OWNER, ROOT, Work, day};

/// A removal: of whom, what, and with which answer to R6.
#[derive(Clone, Debug)]
pub struct Removal {
    pub list: Vec<UserId>,
    pub request: Request,
    pub answer: PrivateSubgroups,
    pub caller: UserId,
}

/// An organisation and something to be done to it.
pub fn case() -> impl Strategy<Value = (Model, Removal)> {
    organisation().prop_flat_map(|model| {
        let removal = removal(&model);
        (Just(model), removal)
    })
}

fn organisation() -> impl Strategy<Value = Model> {
    let groups = prop::collection::vec((any::<Index>(), any::<bool>()), 1..8);
    let states = prop::collection::vec(
        prop_oneof![
            6 => Just(Status::Active),
            1 => Just(Status::Suspended),
            1 => Just(Status::Deactivated),
            1 => Just(Status::Deleted),
        ],
        2..10,
    );
    let memberships =
        prop::collection::vec((any::<Index>(), any::<Index>(), select(Role::ALL), 0..5i64), 0..40);
    let works = prop::collection::vec(
        (any::<Index>(), any::<Index>(), prop::collection::vec(any::<Index>(), 0..4)),
        4,
    );
    let sessions = prop::collection::vec(
        (
            any::<Index>(),
            any::<bool>(),
            prop::bool::weighted(0.2),
            prop::collection::vec(any::<Index>(), 0..3),
            any::<Index>(),
            prop::collection::vec(any::<Index>(), 0..3),
        ),
        0..5,
    );
    let attached = prop::collection::vec((any::<Index>(), any::<Index>(), 0..5u8), 0..30);
    (groups, states, memberships, works, sessions, attached).prop_map(
        |(groups, states, memberships, works, sessions, attached)| {
            let mut model = skeleton(&groups, &states);
            join(&mut model, &memberships);
            author(&mut model, &works);
            schedule(&mut model, &sessions);
            attach(&mut model, &attached);
            assert_eq!(model.broken(), Vec::<String>::new(), "the generator keeps the invariants");
            model
        },
    )
}

fn skeleton(groups: &[(Index, bool)], states: &[Status]) -> Model {
    let mut tree = vec![(ROOT, None, Privacy::Public)];
    for (at, (parent, private)) in groups.iter().enumerate() {
        let privacy = if *private { Privacy::Private } else { Privacy::Public };
        tree.push((GroupId(at as i64 + 2), Some(tree[parent.index(tree.len())].0), privacy));
    }
    let mut users: BTreeMap<UserId, Status> =
        states.iter().enumerate().map(|(at, status)| (UserId(at as i64 + 2), *status)).collect();
    users.insert(OWNER, Status::Active);
    Model {
        groups: tree,
        users,
        memberships: BTreeMap::from([((OWNER, ROOT, Role::Administrator), day(0))]),
        courses: BTreeMap::new(),
        paths: BTreeMap::new(),
        sessions: BTreeMap::new(),
        enrolments: BTreeSet::new(),
        captures: BTreeSet::new(),
        exclusions: BTreeSet::new(),
        seats: BTreeSet::new(),
    }
}

fn living(model: &Model) -> Vec<UserId> {
    model.users.iter().filter(|(_, status)| status.is_living()).map(|(user, _)| *user).collect()
}

fn pick<T: Copy>(of: &[T], index: &Index) -> T {
    of[index.index(of.len())]
}

/// Memberships; learners rise (R3), and whoever has none is a learner of the platform group (R2).
fn join(model: &mut Model, memberships: &[(Index, Index, Role, i64)]) {
    let people = living(model);
    for (user, group, role, at) in memberships {
        let (user, (mut group, ..)) = (pick(&people, user), pick(&model.groups, group));
        model.memberships.entry((user, group, *role)).or_insert(day(*at));
        if *role != Role::Learner {
            continue;
        }
        while let (_, Some(parent), Privacy::Public) = model.groups[group.0 as usize - 1] {
            model.memberships.entry((user, parent, Role::Learner)).or_insert(day(*at));
            group = parent;
        }
    }
    for user in people {
        if !model.memberships.keys().any(|(member, ..)| *member == user) {
            model.memberships.insert((user, ROOT, Role::Learner), day(0));
        }
    }
}

fn ranked(people: &[UserId], main: UserId, others: &[Index]) -> BTreeMap<i32, UserId> {
    let distinct: BTreeSet<UserId> = others.iter().map(|other| pick(people, other)).collect();
    // Ranks with gaps, and not in order of id.
    (1..).step_by(2).zip(distinct.into_iter().rev().filter(|user| *user != main)).collect()
}

fn author(model: &mut Model, works: &[(Index, Index, Vec<Index>)]) {
    let people = living(model);
    for (at, (group, main, others)) in works.iter().enumerate() {
        let main = pick(&people, main);
        let work = Work { group: pick(&model.groups, group).0, main, others: ranked(&people, main, others) };
        if at % 2 == 0 {
            model.courses.insert(CourseId(at as i64), work);
        } else {
            model.paths.insert(PathId(at as i64), work);
        }
    }
}

fn schedule(model: &mut Model, sessions: &[(Index, bool, bool, Vec<Index>, Index, Vec<Index>)]) {
    let people = living(model);
    let paths: Vec<PathId> = model.paths.keys().copied().collect();
    for (at, (path, dynamic, ended, groups, main, others)) in sessions.iter().enumerate() {
        let main = pick(&people, main);
        let session = Course {
            path: pick(&paths, path),
            audience: if *dynamic { AudienceKind::Dynamic } else { AudienceKind::Static },
            ended: *ended,
            groups: groups.iter().map(|group| pick(&model.groups, group).0).collect(),
            main,
            others: ranked(&people, main, others),
        };
        model.sessions.insert(SessionId(at as i64), session);
    }
}

/// Enrolments, captures, exclusions, and seats of whoever takes part.
fn attach(model: &mut Model, attached: &[(Index, Index, u8)]) {
    let sessions: Vec<SessionId> = model.sessions.keys().copied().collect();
    let people = living(model);
    if sessions.is_empty() {
        return;
    }
    for (session, user, what) in attached {
        let (session, user) = (pick(&sessions, session), pick(&people, user));
        let captures =
            model.sessions[&session].ended || model.sessions[&session].audience == AudienceKind::Static;
        match what {
            0 => drop(model.enrolments.insert((session, user))),
            1 if captures => drop(model.captures.insert((session, user))),
            2 if !model.captures.contains(&(session, user)) => drop(model.exclusions.insert((session, user))),
            _ => {}
        }
    }
    // Whoever takes part and is present has a seat, but every fifth of them.
    for (at, (session, user)) in
        sessions.iter().flat_map(|id| people.iter().map(move |user| (*id, *user))).enumerate()
    {
        let slot = SlotId(session.0 * 100 + (at % 3) as i64);
        if at % 5 != 0 && model.users[&user].is_present() && model.takes_part(user, session) {
            model.seats.insert((slot, session, user, SeatKind::Attendee));
        }
    }
    for (session, user, what) in attached {
        let (session, user) = (pick(&sessions, session), pick(&people, user));
        if *what == 4 {
            model.seats.insert((SlotId(session.0 * 100), session, user, SeatKind::Trainer));
        }
    }
}

fn removal(model: &Model) -> impl Strategy<Value = Removal> + use<> {
    let people: Vec<UserId> = model.users.keys().copied().collect();
    let groups: Vec<GroupId> = model.groups.iter().map(|(group, ..)| *group).collect();
    let callers = living(model);
    let scope = prop_oneof![
        3 => Just(Scope::Platform),
        3 => select(groups.clone()).prop_map(|group| Scope::Group(group).normalized(ROOT)),
        1 => (select(groups), select(Role::ALL)).prop_map(|(group, role)| Scope::Role(group, role)),
    ];
    let caller = prop_oneof![4 => Just(OWNER), 1 => select(callers)];
    let answer = prop_oneof![Just(PrivateSubgroups::Keep), Just(PrivateSubgroups::Remove)];
    let list = Just(people.clone()).prop_shuffle().prop_flat_map(|people| {
        let length = 1..=people.len();
        (Just(people), length).prop_map(|(people, length)| people[..length].to_vec())
    });
    (scope, caller, answer, list, any::<bool>()).prop_map(|(scope, caller, answer, list, confirm)| Removal {
        list,
        request: Request {
            scope,
            options: Options {
                private_subgroups: Some(answer),
                confirm_account_deletion: confirm,
                posts: Posts::Keep,
            },
            cause: Cause::Requested,
        },
        answer,
        caller,
    })
}

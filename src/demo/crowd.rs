//! The crowd: people by the thousand, in the proportions of a large platform.
//!
//! | per person                          |    | per 100,000 people                         |        |
//! |-------------------------------------|----|--------------------------------------------|--------|
//! | memberships                         |  6 | groups, five deep, 30 % of them private    |  2,000 |
//! | participations, dynamic or captured | 10 | courses, with two co-authors               |  5,000 |
//! | places in slots                     |  3 | paths, with two co-authors                 |  1,000 |
//! | courses begun                       |  3 | sessions, half dynamic, two co-instructors |  3,000 |
//! |                                     |    | slots, half of them upcoming               | 20,000 |
//!
//! The rules hold for all of it: learners rise, attendees of what is upcoming take part. Nothing is kept of a person
//! once they are written, so that a million fit.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CourseId, GroupId, SlotId, UserId};
use entity::kind::{Carrier, Role, SeatKind, Status};
use entity::{membership, progress, session_capture, slot_registration, user};

use super::frame::Frame;
use super::names::{self, Names};
use super::random::Random;
use crate::organisation::{Organisation, Tables, next_id, person};
use crate::people::Entry;

/// People written at once.
const AT_ONCE: usize = 10_000;
/// What each person has.
const MEMBERSHIPS: usize = 6;
const PARTICIPATIONS: i64 = 10;
const PLACES: usize = 3;
const BEGUN: usize = 3;
/// How often something that fits is looked for before it is left.
const TRIES: usize = 20;

/// A crowd that joins an organisation.
#[derive(Clone, Debug)]
pub struct Crowd {
    people: Vec<UserId>,
    owner: UserId,
    now: DateTime<Utc>,
    seed: u64,
    names: Names,
    frame: Frame,
    courses: Vec<CourseId>,
    /// Participations that others had too many or too few.
    owed: i64,
}

impl Crowd {
    /// `count` people who join `organisation`; at least three.
    pub fn new(organisation: &Organisation, count: usize, seed: u64) -> Crowd {
        let first = next_id(&organisation.tables.users);
        let people: Vec<UserId> = (first..).take(count.max(3)).map(UserId).collect();
        let frame = Frame::new(organisation, &people, seed);
        Crowd {
            courses: frame.tables.courses.iter().map(|row| row.id).collect(),
            names: Names::new(&mut Random::new(seed)),
            owner: UserId(1),
            now: organisation.now,
            people,
            seed,
            frame,
            owed: 0,
        }
    }

    /// The people, some thousands at a time.
    pub fn people(&self) -> impl Iterator<Item = Tables> + '_ {
        self.people.chunks(AT_ONCE).enumerate().map(|(chunk, people)| {
            let numbered = (chunk * AT_ONCE..).zip(people);
            Tables {
                users: numbered.map(|(number, id)| self.person(number, *id)).collect(),
                ..Tables::default()
            }
        })
    }

    /// What they live in: to be written after all people, and before their lives.
    pub fn frame(&self) -> &Tables {
        &self.frame.tables
    }

    /// Their lives, some thousands at a time.
    pub fn lives(&mut self) -> impl Iterator<Item = Tables> + '_ {
        let chunks = self.people.len().div_ceil(AT_ONCE);
        (0..chunks).map(|chunk| {
            let mut tables = Tables::default();
            for number in chunk * AT_ONCE..((chunk + 1) * AT_ONCE).min(self.people.len()) {
                self.live(number, &mut tables);
            }
            tables
        })
    }

    fn person(&self, number: usize, id: UserId) -> user::Model {
        let mut random = Random::of(self.seed, number as u64 * 2);
        let name = self.names.person(number);
        let created_at = self.ago(&mut random, 200, 400);
        let entry = Entry {
            first_name: Some(name.first),
            last_name: Some(name.last),
            email: Some(name.email),
            job_title: Some(names::job(&mut random).to_owned()),
            language: Some(names::language(&mut random).to_owned()),
            ..Entry::default()
        };
        let mut person = person::active(id, entry, created_at);
        if random.happens(2, 100) {
            person.status = Status::Suspended;
            person.status_before = Some(Status::Active);
            person.status_since = self.ago(&mut random, 1, 100);
        }
        if random.happens(9, 10) {
            person.last_sign_in_at = Some(self.ago(&mut random, 0, 190));
        }
        person
    }

    fn live(&mut self, number: usize, tables: &mut Tables) {
        let mut random = Random::of(self.seed, number as u64 * 2 + 1);
        let user = self.people[number];
        let roles = self.join(user, &mut random, tables);
        let sessions = self.take_part(user, &roles, &mut random, tables);
        self.register(user, &sessions, &mut random, tables);
        self.begin(user, &mut random, tables);
    }

    /// Memberships: what the person looks after, and groups to learn in, with those that this makes them rise into.
    fn join(&self, user_id: UserId, random: &mut Random, tables: &mut Tables) -> Vec<(GroupId, Role)> {
        let mut roles = self.frame.staff.get(&user_id).cloned().unwrap_or_default();
        for attempt in 0..TRIES * 2 {
            // A private group adds one membership: it fills what is left.
            let group = if attempt < TRIES || self.frame.private.is_empty() {
                random.below(self.frame.risen.len())
            } else {
                random.one_of(&self.frame.private)
            };
            let joined = self.frame.risen[group].iter().map(|group| (*group, Role::Learner));
            let new: Vec<_> = joined.filter(|role| !roles.contains(role)).collect();
            if roles.len() + new.len() <= MEMBERSHIPS {
                roles.extend(new);
            }
            if roles.len() == MEMBERSHIPS {
                break;
            }
        }
        let granted_at = self.ago(random, 1, 200);
        tables.memberships.extend(roles.iter().map(|(group_id, role)| membership::Model {
            user_id,
            group_id: *group_id,
            role: *role,
            granted_by: Some(self.owner),
            granted_at,
        }));
        roles
    }

    /// Participations: the dynamic sessions that the person's groups carry them into, and static ones up to the
    /// number wanted. Where the groups give too many, the next person gets fewer.
    fn take_part(
        &mut self,
        user_id: UserId,
        roles: &[(GroupId, Role)],
        random: &mut Random,
        tables: &mut Tables,
    ) -> BTreeSet<usize> {
        let learning = roles.iter().filter(|(_, role)| *role == Role::Learner);
        let carried = learning.filter_map(|(group, _)| self.frame.carried.get(group));
        let mut sessions: BTreeSet<usize> = carried.flatten().copied().collect();
        let wanted = PARTICIPATIONS + self.owed;
        for _ in 0..TRIES {
            if sessions.len() as i64 >= wanted {
                break;
            }
            let at = random.one_of(&self.frame.captured);
            if sessions.insert(at) {
                let session = &self.frame.sessions[at];
                tables.session_captures.push(session_capture::Model {
                    session_id: session.id,
                    user_id,
                    carried_by: Carrier::Group,
                    since: session.created_at,
                    captured_at: session.created_at,
                });
            }
        }
        // A small crowd has too few sessions to owe any.
        self.owed = (wanted - sessions.len() as i64).clamp(-PARTICIPATIONS, PARTICIPATIONS);
        sessions
    }

    /// Places in slots of the person's sessions; one in fifteen trains.
    fn register(
        &mut self,
        user_id: UserId,
        sessions: &BTreeSet<usize>,
        random: &mut Random,
        tables: &mut Tables,
    ) {
        let sessions: Vec<usize> =
            sessions.iter().copied().filter(|at| !self.frame.sessions[*at].slots.is_empty()).collect();
        if sessions.is_empty() {
            return;
        }
        let mut places: Vec<SlotId> = Vec::with_capacity(PLACES);
        for _ in 0..TRIES {
            if places.len() == PLACES {
                break;
            }
            let slots = &mut self.frame.sessions[random.one_of(&sessions)].slots;
            let at = random.below(slots.len());
            let (slot_id, seats) = &mut slots[at];
            let kind = if random.happens(1, 15) { SeatKind::Trainer } else { SeatKind::Attendee };
            if places.contains(slot_id) || (kind == SeatKind::Attendee && *seats == 0) {
                continue;
            }
            if kind == SeatKind::Attendee {
                *seats -= 1;
            }
            places.push(*slot_id);
            tables.slot_registrations.push(slot_registration::Model {
                slot_id: *slot_id,
                user_id,
                kind,
                registered_by: Some(self.owner),
                registered_at: self.now - TimeDelta::minutes(random.below(50 * 1440) as i64),
            });
        }
    }

    fn begin(&self, user_id: UserId, random: &mut Random, tables: &mut Tables) {
        let mut begun: Vec<CourseId> = Vec::with_capacity(BEGUN);
        while begun.len() < BEGUN.min(self.courses.len()) {
            let course_id = random.one_of(&self.courses);
            if begun.contains(&course_id) {
                continue;
            }
            begun.push(course_id);
            let percent = (random.below(125) as i32).min(100);
            let (started_at, updated_at) = (self.ago(random, 100, 190), self.ago(random, 0, 100));
            let completed_at = (percent == 100).then_some(updated_at);
            let row = progress::Model { user_id, course_id, percent, started_at, updated_at, completed_at };
            tables.progress.push(row);
        }
    }

    /// A time between so many days ago.
    fn ago(&self, random: &mut Random, from: usize, to: usize) -> DateTime<Utc> {
        self.now - TimeDelta::minutes((from * 1440 + random.below((to - from) * 1440)) as i64)
    }
}

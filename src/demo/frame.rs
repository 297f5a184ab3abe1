//! What the crowd lives in: groups, courses, paths, sessions, slots, and who looks after them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CourseId, GroupId, PathId, SessionId, SlotId, UserId};
use entity::kind::{AudienceKind, Privacy, Role};
use entity::{
    course, course_co_author, group, path, path_co_author, path_course, session, session_co_instructor,
    session_group, slot,
};

use super::names;
use super::random::Random;
use crate::keys::{search_key, sort_key};
use crate::organisation::{Organisation, Tables, next_id};
use crate::tree::Tree;

/// Of a hundred groups, how many stand how deep below the platform group.
const LEVELS: [usize; 5] = [2, 8, 20, 30, 40];
/// The level from which groups are small enough for the audience of a session.
const AUDIENCE_LEVEL: usize = 3;
/// Attendees of a slot that counts its seats.
const SEATS: i32 = 40;
/// Roles that one person may have to look after groups and works.
const BUSY: usize = 3;

/// The frame, and what of it people need to find their places in it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its rows.
    pub tables: Tables,
    /// For each group: itself, and the groups into which its learners rise.
    pub risen: Vec<Vec<GroupId>>,
    /// Which of them are private, by their place in `risen`.
    pub private: Vec<usize>,
    /// What sessions a learner of a group takes part in, by their place in `sessions`.
    pub carried: BTreeMap<GroupId, Vec<usize>>,
    /// The sessions.
    pub sessions: Vec<Class>,
    /// Those that capture their people, by their place in `sessions`.
    pub captured: Vec<usize>,
    /// What people do for groups and works.
    pub staff: BTreeMap<UserId, Vec<(GroupId, Role)>>,
}

/// A session, as people find their places in it.
#[derive(Clone, Debug)]
pub struct Class {
    /// The session.
    pub id: SessionId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its slots, and how many may still attend.
    pub slots: Vec<(SlotId, i32)>,
}

/// What the frame is made for, while it is made.
struct Making<'a> {
    organisation: &'a Organisation,
    people: &'a [UserId],
    random: Random,
    frame: Frame,
}

impl Frame {
    /// A frame for `people`, added to `organisation`.
    pub fn new(organisation: &Organisation, people: &[UserId], seed: u64) -> Frame {
        let frame = Frame {
            tables: Tables::default(),
            risen: Vec::new(),
            private: Vec::new(),
            carried: BTreeMap::new(),
            sessions: Vec::new(),
            captured: Vec::new(),
            staff: BTreeMap::new(),
        };
        let mut making = Making { organisation, people, random: Random::new(seed), frame };
        let per_100_000 = |count: usize, least: usize| (people.len() * count / 100_000).max(least);
        making.groups(per_100_000(2_000, LEVELS.len()));
        making.courses(per_100_000(5_000, 5));
        making.paths(per_100_000(1_000, 1));
        making.sessions(per_100_000(3_000, 2));
        making.slots(per_100_000(20_000, 2));
        making.frame
    }
}

impl Making<'_> {
    fn groups(&mut self, count: usize) {
        let before = &self.organisation.tables.groups;
        let root = self.organisation.tree().root();
        let first = next_id(before);
        let mut above = vec![root];
        let mut number = 0;
        for (level, share) in (1..).zip(LEVELS) {
            // The last level takes what rounding left.
            let size = if level == LEVELS.len() { count - number } else { (count * share / 100).max(1) };
            let mut here = Vec::with_capacity(size);
            for _ in 0..size {
                let id = GroupId(first + number as i64);
                let name = names::group(number);
                let privacy = if number % 10 < 3 { Privacy::Private } else { Privacy::Public };
                if privacy == Privacy::Private {
                    self.frame.private.push(number);
                }
                if level >= AUDIENCE_LEVEL {
                    self.frame.carried.insert(id, Vec::new());
                }
                let (parent_id, created_at) = (Some(self.random.one_of(&above)), self.ago(390, 400));
                self.frame.tables.groups.push(group::Model {
                    id,
                    parent_id,
                    name_key: sort_key(&name),
                    search_key: search_key(&name),
                    name,
                    privacy,
                    created_at,
                });
                self.appoint(id, Role::Administrator);
                if number.is_multiple_of(5) {
                    self.appoint(id, Role::UserAdministrator);
                }
                here.push(id);
                number += 1;
            }
            above = here;
        }
        let rows = before.iter().chain(&self.frame.tables.groups);
        let Some(tree) = Tree::new(rows.map(|row| (row.id, row.parent_id, row.privacy))) else { return };
        let risen = |row: &group::Model| [vec![row.id], tree.risen_into(row.id)].concat();
        self.frame.risen = self.frame.tables.groups.iter().map(risen).collect();
    }

    fn courses(&mut self, count: usize) {
        let first = next_id(&self.organisation.tables.courses);
        for number in 0..count {
            let (id, title) = (CourseId(first + number as i64), names::course(number));
            let (group_id, created_at) = (self.a_group(), self.ago(200, 390));
            let [main_author_id, one, other] = self.three_people();
            self.work_for(main_author_id, group_id, Role::Author);
            let (title_key, search_key) = (sort_key(&title), search_key(&title));
            let row =
                course::Model { id, title, title_key, search_key, group_id, main_author_id, created_at };
            self.frame.tables.courses.push(row);
            for (user_id, rank) in [one, other].into_iter().zip(1..) {
                let row = course_co_author::Model { course_id: id, user_id, rank };
                self.frame.tables.course_co_authors.push(row);
            }
        }
    }

    fn paths(&mut self, count: usize) {
        let first = next_id(&self.organisation.tables.paths);
        let courses: Vec<CourseId> = self.frame.tables.courses.iter().map(|row| row.id).collect();
        let each = courses.len() / count;
        for (number, parts) in (0..count).zip(courses.chunks(each.max(1))) {
            let (id, title) = (PathId(first + number as i64), names::path(number));
            let (group_id, created_at) = (self.a_group(), self.ago(200, 300));
            let [main_author_id, one, other] = self.three_people();
            self.work_for(main_author_id, group_id, Role::Author);
            let (title_key, search_key) = (sort_key(&title), search_key(&title));
            let row = path::Model { id, title, title_key, search_key, group_id, main_author_id, created_at };
            self.frame.tables.paths.push(row);
            for (user_id, rank) in [one, other].into_iter().zip(1..) {
                self.frame.tables.path_co_authors.push(path_co_author::Model { path_id: id, user_id, rank });
            }
            for (course_id, position) in parts.iter().copied().zip(1..) {
                let row = path_course::Model { path_id: id, course_id, position };
                self.frame.tables.path_courses.push(row);
            }
        }
    }

    fn sessions(&mut self, count: usize) {
        let first = next_id(&self.organisation.tables.sessions);
        let groups: Vec<GroupId> = self.frame.carried.keys().copied().collect();
        for number in 0..count {
            let path = self.frame.tables.paths[number % self.frame.tables.paths.len()].clone();
            let id = SessionId(first + number as i64);
            let title = names::session(number / self.frame.tables.paths.len(), &path.title);
            let audience_kind = if number % 2 == 0 { AudienceKind::Dynamic } else { AudienceKind::Static };
            // One in ten has ended, and was captured then.
            let ended = number % 10 == 9;
            let (starts_at, ends_at) = if ended {
                (self.ago(180, 199), self.ago(10, 40))
            } else {
                (self.ago(60, 90), self.organisation.now + TimeDelta::minutes(self.minutes(40, 120)))
            };
            let [one, other, third] = self.three_people();
            // Whoever wrote a path often teaches it.
            let main_instructor_id = if number % 4 == 0 { path.main_author_id } else { third };
            self.work_for(main_instructor_id, path.group_id, Role::Coach);
            let created_at = self.ago(199, 200);
            self.frame.tables.sessions.push(session::Model {
                id,
                path_id: path.id,
                title_key: sort_key(&title),
                search_key: search_key(&title),
                title,
                group_id: path.group_id,
                main_instructor_id,
                audience_kind,
                starts_at,
                ends_at,
                captured_at: ended.then_some(ends_at),
                created_at,
            });
            let beside = [one, other].into_iter().filter(|user_id| *user_id != main_instructor_id);
            for (user_id, rank) in beside.zip(1..) {
                let row = session_co_instructor::Model { session_id: id, user_id, rank };
                self.frame.tables.session_co_instructors.push(row);
            }
            let mut audience = vec![self.random.one_of(&groups), self.random.one_of(&groups)];
            audience.truncate(1 + self.random.below(2));
            audience.dedup();
            for group_id in audience {
                self.frame.tables.session_groups.push(session_group::Model { session_id: id, group_id });
                if audience_kind == AudienceKind::Dynamic {
                    self.frame.carried.entry(group_id).or_default().push(number);
                }
            }
            if audience_kind == AudienceKind::Static {
                self.frame.captured.push(number);
            }
            self.frame.sessions.push(Class { id, created_at, slots: Vec::new() });
        }
    }

    fn slots(&mut self, count: usize) {
        let first = next_id(&self.organisation.tables.slots);
        let mut upcoming = 0;
        for number in 0..count {
            let at = number % self.frame.sessions.len();
            let ended = self.frame.tables.sessions[at].captured_at.is_some();
            let starts_at = if ended {
                self.ago(60, 170)
            } else if upcoming * 2 <= number {
                upcoming += 1;
                self.organisation.now + TimeDelta::minutes(self.minutes(1, 30))
            } else {
                self.ago(1, 50)
            };
            let id = SlotId(first + number as i64);
            let capacity = (number % 3 == 0).then_some(SEATS);
            let (place, created_at) = (names::place(&mut self.random), self.ago(180, 199));
            self.frame.tables.slots.push(slot::Model {
                id,
                session_id: self.frame.sessions[at].id,
                place,
                starts_at,
                ends_at: starts_at + TimeDelta::hours(2),
                capacity,
                created_at,
            });
            self.frame.sessions[at].slots.push((id, capacity.unwrap_or(i32::MAX)));
        }
    }

    fn a_group(&mut self) -> GroupId {
        let at = self.random.below(self.frame.tables.groups.len());
        self.frame.tables.groups[at].id
    }

    fn three_people(&mut self) -> [UserId; 3] {
        let first = self.random.below(self.people.len());
        // Two more, counted on from the first, are never the same.
        let step = 1 + self.random.below((self.people.len() - 1) / 2);
        [0, 1, 2].map(|turn| self.people[(first + turn * step) % self.people.len()])
    }

    /// Gives somebody who is not busy a role in a group.
    fn appoint(&mut self, group: GroupId, role: Role) {
        let user = self.random.one_of(self.people);
        self.work_for(user, group, role);
    }

    /// Gives somebody a role in a group, unless they are busy.
    fn work_for(&mut self, user: UserId, group: GroupId, role: Role) {
        let roles = self.frame.staff.entry(user).or_default();
        if roles.len() < BUSY && !roles.contains(&(group, role)) {
            roles.push((group, role));
        }
    }

    /// A time between so many days ago.
    fn ago(&mut self, from: usize, to: usize) -> DateTime<Utc> {
        self.organisation.now - TimeDelta::minutes(self.minutes(from, to))
    }

    /// A number of minutes between these days.
    fn minutes(&mut self, from: usize, to: usize) -> i64 {
        ((from * 1440) + self.random.below((to - from) * 1440)) as i64
    }
}

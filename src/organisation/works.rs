//! What is taught: courses, paths, sessions, slots, and who takes part in them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CourseId, PathId, SessionId, SlotId, UserId};
use entity::kind::{AudienceKind, Carrier, SeatKind};
use entity::{
    course, course_co_author, path, path_co_author, path_course, session, session_capture,
    session_co_instructor, session_enrolment, session_exclusion, session_group, slot, slot_registration,
};

use super::promises::{followers, participants};
use super::{Organisation, next_id};
use crate::keys::{search_key, sort_key};

/// People, what carries each into a session, and since when.
type People = BTreeMap<UserId, (Carrier, DateTime<Utc>)>;

impl Organisation {
    /// A course of a group.
    #[must_use]
    pub fn course(mut self, title: &str, group: &str, main_author: &str) -> Organisation {
        let (id, created_at) = (CourseId(next_id(&self.tables.courses)), self.next_moment());
        let (group_id, main_author_id) = (self.a_group(group), self.a_user(main_author));
        let row = course::Model {
            id,
            title: title.to_owned(),
            title_key: sort_key(title),
            search_key: search_key(title),
            group_id,
            main_author_id,
            created_at,
        };
        self.tables.courses.push(row);
        self.call("course", title, id, |names| &mut names.courses);
        self
    }

    /// The co-authors of a course, in their order.
    #[must_use]
    pub fn course_co_authors(mut self, course: &str, users: &[&str]) -> Organisation {
        let course_id = self.a_course(course);
        for (user, rank) in users.iter().zip(1..) {
            let user_id = self.a_user(user);
            self.tables.course_co_authors.push(course_co_author::Model { course_id, user_id, rank });
        }
        self
    }

    /// A path of a group, made of courses.
    #[must_use]
    pub fn path(mut self, title: &str, group: &str, main_author: &str, courses: &[&str]) -> Organisation {
        let (id, created_at) = (PathId(next_id(&self.tables.paths)), self.next_moment());
        let (group_id, main_author_id) = (self.a_group(group), self.a_user(main_author));
        let row = path::Model {
            id,
            title: title.to_owned(),
            title_key: sort_key(title),
            search_key: search_key(title),
            group_id,
            main_author_id,
            created_at,
        };
        self.tables.paths.push(row);
        self.call("path", title, id, |names| &mut names.paths);
        for (course, position) in courses.iter().zip(1..) {
            let course_id = self.a_course(course);
            self.tables.path_courses.push(path_course::Model { path_id: id, course_id, position });
        }
        self
    }

    /// The co-authors of a path, in their order.
    #[must_use]
    pub fn path_co_authors(mut self, path: &str, users: &[&str]) -> Organisation {
        let path_id = self.a_path(path);
        for (user, rank) in users.iter().zip(1..) {
            let user_id = self.a_user(user);
            self.tables.path_co_authors.push(path_co_author::Model { path_id, user_id, rank });
        }
        self
    }

    /// A session of a path, begun a month ago and two months to go, without anybody in it yet.
    #[must_use]
    pub fn session(
        mut self,
        title: &str,
        path: &str,
        group: &str,
        main_instructor: &str,
        audience_kind: AudienceKind,
    ) -> Organisation {
        let (id, created_at) = (SessionId(next_id(&self.tables.sessions)), self.next_moment());
        let path_id = self.a_path(path);
        let (group_id, main_instructor_id) = (self.a_group(group), self.a_user(main_instructor));
        self.tables.sessions.push(session::Model {
            id,
            path_id,
            title: title.to_owned(),
            title_key: sort_key(title),
            search_key: search_key(title),
            group_id,
            main_instructor_id,
            audience_kind,
            starts_at: self.now - TimeDelta::days(30),
            ends_at: self.now + TimeDelta::days(60),
            captured_at: None,
            created_at,
        });
        self.call("session", title, id, |names| &mut names.sessions);
        self
    }

    /// The co-instructors of a session, in their order.
    #[must_use]
    pub fn co_instructors(mut self, session: &str, users: &[&str]) -> Organisation {
        let session_id = self.a_session(session);
        for (user, rank) in users.iter().zip(1..) {
            let user_id = self.a_user(user);
            self.tables.session_co_instructors.push(session_co_instructor::Model {
                session_id,
                user_id,
                rank,
            });
        }
        self
    }

    /// Saves the audience of a session. Where it is static, whoever it has now is captured (R8).
    #[must_use]
    pub fn audience(mut self, session: &str, groups: &[&str]) -> Organisation {
        let session_id = self.a_session(session);
        for group in groups {
            let group_id = self.a_group(group);
            self.tables.session_groups.push(session_group::Model { session_id, group_id });
        }
        let at = self.next_moment();
        if self.kind(session_id) == Some(AudienceKind::Static) {
            let followers = followers(&self.tables, session_id);
            let people = followers.into_iter().map(|(user, since)| (user, (Carrier::Group, since))).collect();
            self.capture(session_id, people, at);
        }
        self
    }

    /// Enrols people in a session individually.
    #[must_use]
    pub fn enrol(mut self, session: &str, users: &[&str]) -> Organisation {
        let (session_id, granted_by) = (self.a_session(session), Some(UserId(1)));
        for user in users {
            let (user_id, enrolled_at) = (self.a_user(user), self.next_moment());
            let row = session_enrolment::Model { session_id, user_id, granted_by, enrolled_at };
            self.tables.session_enrolments.push(row);
        }
        self
    }

    /// Excludes people from a session.
    #[must_use]
    pub fn exclude(mut self, session: &str, users: &[&str]) -> Organisation {
        let (session_id, excluded_by) = (self.a_session(session), Some(UserId(1)));
        for user in users {
            let (user_id, excluded_at) = (self.a_user(user), self.next_moment());
            let row = session_exclusion::Model { session_id, user_id, excluded_by, excluded_at };
            self.tables.session_exclusions.push(row);
        }
        self
    }

    /// Says when a session lasts, in days from now.
    #[must_use]
    pub fn lasting(mut self, session: &str, from_day: i64, to_day: i64) -> Organisation {
        let (session, now) = (self.a_session(session), self.now);
        for row in self.tables.sessions.iter_mut().filter(|row| row.id == session) {
            row.starts_at = now + TimeDelta::days(from_day);
            row.ends_at = now + TimeDelta::days(to_day);
        }
        self
    }

    /// The session ended ten days ago; nobody captured its people yet.
    #[must_use]
    pub fn ended(self, session: &str) -> Organisation {
        self.lasting(session, -100, -10)
    }

    /// The session ended ten days ago, and its people were captured.
    #[must_use]
    pub fn ended_and_captured(self, session: &str) -> Organisation {
        let mut organisation = self.ended(session);
        let id = organisation.a_session(session);
        let at = organisation.now - TimeDelta::days(10);
        let people = participants(&organisation.tables, id);
        organisation.capture(id, people, at);
        for row in organisation.tables.sessions.iter_mut().filter(|row| row.id == id) {
            row.captured_at = Some(at);
        }
        organisation
    }

    /// A slot of an hour in a session, so many hours from now, with so many seats if they are counted. Its place is
    /// its name.
    #[must_use]
    pub fn slot(mut self, name: &str, session: &str, in_hours: i64, capacity: Option<i32>) -> Organisation {
        let (id, created_at) = (SlotId(next_id(&self.tables.slots)), self.next_moment());
        let session_id = self.a_session(session);
        let starts_at = self.now + TimeDelta::hours(in_hours);
        let ends_at = starts_at + TimeDelta::hours(1);
        let place = name.to_owned();
        self.tables.slots.push(slot::Model {
            id,
            session_id,
            place,
            starts_at,
            ends_at,
            capacity,
            created_at,
        });
        self.call("slot", name, id, |names| &mut names.slots);
        self
    }

    /// People who attend a slot.
    #[must_use]
    pub fn attend(self, slot: &str, users: &[&str]) -> Organisation {
        self.register(slot, users, SeatKind::Attendee)
    }

    /// People who train in a slot.
    #[must_use]
    pub fn train(self, slot: &str, users: &[&str]) -> Organisation {
        self.register(slot, users, SeatKind::Trainer)
    }

    fn register(mut self, slot: &str, users: &[&str], kind: SeatKind) -> Organisation {
        let (slot_id, registered_by) = (self.a_slot(slot), Some(UserId(1)));
        for user in users {
            let (user_id, registered_at) = (self.a_user(user), self.next_moment());
            let row = slot_registration::Model { slot_id, user_id, kind, registered_by, registered_at };
            self.tables.slot_registrations.push(row);
        }
        self
    }

    fn kind(&self, session: SessionId) -> Option<AudienceKind> {
        self.tables.sessions.iter().find(|row| row.id == session).map(|row| row.audience_kind)
    }

    /// Captures these people in a session, those who are not captured yet.
    fn capture(&mut self, session_id: SessionId, people: People, captured_at: DateTime<Utc>) {
        let captures = &mut self.tables.session_captures;
        let already: BTreeSet<UserId> =
            captures.iter().filter(|row| row.session_id == session_id).map(|row| row.user_id).collect();
        for (user_id, (carried_by, since)) in people.into_iter().filter(|(user, _)| !already.contains(user)) {
            captures.push(session_capture::Model { session_id, user_id, carried_by, since, captured_at });
        }
    }
}

//! What an organisation is like at one moment, by names.

use std::collections::{BTreeMap, BTreeSet};

use entity::id::UserId;
use entity::kind::SeatKind;
use entity::user;
use roster::organisation::{Tables, promises};

use crate::common::World;

/// An organisation at one moment.
pub struct Now<'a> {
    world: &'a World,
    pub tables: Tables,
}

impl World {
    /// What the organisation is like now.
    pub async fn now(&self) -> Now<'_> {
        Now { world: self, tables: self.tables().await }
    }
}

impl Now<'_> {
    fn user(&self, id: UserId) -> String {
        let made = self.world.made.tables.users.iter().find(|row| row.id == id);
        made.map(|row| row.name_key.clone()).expect("a user")
    }

    /// What somebody is where, as "LEARNER of Sales", in alphabetical order.
    pub fn roles(&self, user: &str) -> Vec<String> {
        let id = self.world.user_id(user);
        let mut roles: Vec<String> = self
            .tables
            .memberships
            .iter()
            .filter(|row| row.user_id == id)
            .map(|row| {
                let group = self.tables.groups.iter().find(|group| group.id == row.group_id);
                format!("{} of {}", row.role.as_str(), group.expect("a group").name)
            })
            .collect();
        roles.sort();
        roles
    }

    /// Somebody's account.
    pub fn account(&self, user: &str) -> &user::Model {
        let id = self.world.user_id(user);
        self.tables.users.iter().find(|row| row.id == id).expect("an account")
    }

    /// The state of somebody's account.
    pub fn status(&self, user: &str) -> &'static str {
        self.account(user).status.as_str()
    }

    /// Who takes part in a session (R8), whatever the state of the account.
    pub fn participants(&self, session: &str) -> BTreeSet<String> {
        let found = promises::participants(&self.tables, self.world.session_id(session));
        found.into_keys().map(|user| self.user(user)).collect()
    }

    /// Who was captured in a session.
    pub fn captured(&self, session: &str) -> BTreeSet<String> {
        let id = self.world.session_id(session);
        let rows = self.tables.session_captures.iter().filter(|row| row.session_id == id);
        rows.map(|row| self.user(row.user_id)).collect()
    }

    /// Who is enrolled in a session individually.
    pub fn enrolled(&self, session: &str) -> BTreeSet<String> {
        let id = self.world.session_id(session);
        let rows = self.tables.session_enrolments.iter().filter(|row| row.session_id == id);
        rows.map(|row| self.user(row.user_id)).collect()
    }

    /// Who attends a slot.
    pub fn attendees(&self, slot: &str) -> BTreeSet<String> {
        self.registered(slot, SeatKind::Attendee)
    }

    /// Who trains in a slot.
    pub fn trainers(&self, slot: &str) -> BTreeSet<String> {
        self.registered(slot, SeatKind::Trainer)
    }

    fn registered(&self, slot: &str, kind: SeatKind) -> BTreeSet<String> {
        let id = self.world.slot_id(slot);
        let rows = self.tables.slot_registrations.iter().filter(|row| row.slot_id == id && row.kind == kind);
        rows.map(|row| self.user(row.user_id)).collect()
    }

    /// The main author of a course or path, or the main instructor of a session.
    pub fn head(&self, title: &str) -> String {
        let made = &self.world.made;
        let tables = &self.tables;
        let course = made.course_id(title).and_then(|id| tables.courses.iter().find(|row| row.id == id));
        let path = made.path_id(title).and_then(|id| tables.paths.iter().find(|row| row.id == id));
        let session = made.session_id(title).and_then(|id| tables.sessions.iter().find(|row| row.id == id));
        let head = course
            .map(|row| row.main_author_id)
            .or(path.map(|row| row.main_author_id))
            .or(session.map(|row| row.main_instructor_id));
        self.user(head.expect("a course, path or session"))
    }

    /// The co-authors of a course or path, or the co-instructors of a session, with their ranks.
    pub fn places(&self, title: &str) -> Vec<(i32, String)> {
        let made = &self.world.made;
        let tables = &self.tables;
        let mut places: Vec<(i32, String)> = Vec::new();
        if let Some(id) = made.course_id(title) {
            let rows = tables.course_co_authors.iter().filter(|row| row.course_id == id);
            places.extend(rows.map(|row| (row.rank, self.user(row.user_id))));
        }
        if let Some(id) = made.path_id(title) {
            let rows = tables.path_co_authors.iter().filter(|row| row.path_id == id);
            places.extend(rows.map(|row| (row.rank, self.user(row.user_id))));
        }
        if let Some(id) = made.session_id(title) {
            let rows = tables.session_co_instructors.iter().filter(|row| row.session_id == id);
            places.extend(rows.map(|row| (row.rank, self.user(row.user_id))));
        }
        places.sort();
        places
    }

    /// Everything that removals decide about, without times: equal exactly where two organisations are alike.
    pub fn in_short(&self) -> BTreeMap<&'static str, BTreeSet<String>> {
        let tables = &self.tables;
        BTreeMap::from([
            ("accounts", tables.users.iter().map(|row| format!("{:?} {:?}", row.id, row.status)).collect()),
            (
                "memberships",
                tables
                    .memberships
                    .iter()
                    .map(|row| format!("{:?} {:?} {:?}", row.user_id, row.group_id, row.role))
                    .collect(),
            ),
            (
                "enrolments",
                tables
                    .session_enrolments
                    .iter()
                    .map(|row| format!("{:?} {:?}", row.session_id, row.user_id))
                    .collect(),
            ),
            (
                "seats",
                tables
                    .slot_registrations
                    .iter()
                    .map(|row| format!("{:?} {:?} {:?}", row.slot_id, row.user_id, row.kind))
                    .collect(),
            ),
            (
                "courses",
                tables.courses.iter().map(|row| format!("{:?} {:?}", row.id, row.main_author_id)).collect(),
            ),
            (
                "paths",
                tables.paths.iter().map(|row| format!("{:?} {:?}", row.id, row.main_author_id)).collect(),
            ),
            (
                "sessions",
                tables
                    .sessions
                    .iter()
                    .map(|row| format!("{:?} {:?}", row.id, row.main_instructor_id))
                    .collect(),
            ),
            (
                "co-authors of courses",
                tables.course_co_authors.iter().map(|row| format!("{row:?}")).collect(),
            ),
            ("co-authors of paths", tables.path_co_authors.iter().map(|row| format!("{row:?}")).collect()),
            ("co-instructors", tables.session_co_instructors.iter().map(|row| format!("{row:?}")).collect()),
        ])
    }
}

/// A set of names.
pub fn people<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// Ranked names.
pub fn ranked<const N: usize>(places: [(i32, &str); N]) -> Vec<(i32, String)> {
    places.into_iter().map(|(rank, name)| (rank, name.to_owned())).collect()
}

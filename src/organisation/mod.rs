//! An organisation written down by names, in the words of the rules:
//!
//! ```text
//! Organisation::new(now)
//!     .group("Sales", "platform", Public)
//!     .user("ann").member("ann", "Sales", &[Learner])
//!     .course("Negotiation", "Sales", "ann")
//! ```
//!
//! It is how a new platform begins ([`Organisation::first_day`]), what the sample organisation is written in, and what tests are written in. What
//! the rules derive is derived: learners rise (R3), a static session captures its audience when that is written
//! (R8). Everything written is a minute younger than what was written before it, so that "who was appointed first"
//! is the order of the text. A name that stands for nothing, or for two things, is kept as a mistake and refused
//! when the organisation is loaded.

mod history;
mod people;
pub mod person;
pub mod promises;
pub mod tables;
mod works;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ActivityId, CourseId, GroupId, PathId, SessionId, SlotId, UserId};
use entity::kind::{Privacy, Role};
use entity::{group, platform};
pub use tables::Tables;

use crate::error::{Error, Failure};
use crate::keys::{search_key, sort_key};
use crate::transaction::Tx;
use crate::tree::Tree;

/// The name of the platform group, whatever the platform is called.
pub const PLATFORM: &str = "platform";

/// How long ago the first thing was written, in days.
const AGE: i64 = 400;

/// An organisation being written down.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// The time around which it is written: what is upcoming lies after it.
    pub now: DateTime<Utc>,
    /// Its rows so far.
    pub tables: Tables,
    names: Names,
    tree: Tree,
    held: BTreeSet<(UserId, GroupId, Role)>,
    moment: DateTime<Utc>,
    pace: TimeDelta,
    mistakes: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Names {
    users: BTreeMap<String, UserId>,
    groups: BTreeMap<String, GroupId>,
    courses: BTreeMap<String, CourseId>,
    paths: BTreeMap<String, PathId>,
    sessions: BTreeMap<String, SessionId>,
    slots: BTreeMap<String, SlotId>,
    activities: BTreeMap<String, ActivityId>,
}

impl Organisation {
    /// A platform called "Platform", owned by "owner", more than a year old.
    pub fn new(now: DateTime<Utc>) -> Organisation {
        Organisation::named("Platform", "owner", now)
    }

    /// A platform of that name and owner, more than a year old.
    pub fn named(name: &str, owner: &str, now: DateTime<Utc>) -> Organisation {
        Organisation::founded(name, owner, now, now - TimeDelta::days(AGE), TimeDelta::minutes(1))
    }

    /// A platform as it is on its first day: the platform group, and its owner, administrator and learner of it.
    pub fn first_day(name: &str, owner: &str, now: DateTime<Utc>) -> Organisation {
        Organisation::founded(name, owner, now, now, TimeDelta::zero())
    }

    fn founded(
        name: &str,
        owner: &str,
        now: DateTime<Utc>,
        founded: DateTime<Utc>,
        pace: TimeDelta,
    ) -> Organisation {
        let (root, first) = (GroupId(1), UserId(1));
        let tables = Tables {
            groups: vec![group::Model {
                id: root,
                parent_id: None,
                name: name.to_owned(),
                name_key: sort_key(name),
                search_key: search_key(name),
                privacy: Privacy::Public,
                created_at: founded,
            }],
            platforms: vec![platform::Model {
                id: 1,
                name: name.to_owned(),
                root_group_id: root,
                owner_id: first,
                time_zone: "UTC".to_owned(),
                seat_limit: None,
                safety_share: 10,
                tree_revision: 1,
                sign_up_group_id: None,
            }],
            ..Tables::default()
        };
        let organisation = Organisation {
            now,
            tables,
            names: Names { groups: BTreeMap::from([(PLATFORM.to_owned(), root)]), ..Names::default() },
            tree: Tree::of_root(root),
            held: BTreeSet::new(),
            moment: founded,
            pace,
            mistakes: Vec::new(),
        };
        organisation.user(owner).member(owner, PLATFORM, &[Role::Administrator, Role::Learner])
    }

    /// Sets the time zone of the platform, by its IANA name.
    #[must_use]
    pub fn time_zone(mut self, name: &str) -> Organisation {
        for platform in &mut self.tables.platforms {
            name.clone_into(&mut platform.time_zone);
        }
        self
    }

    /// Sets how many seats there are (R22).
    #[must_use]
    pub fn seats(mut self, limit: i64) -> Organisation {
        for platform in &mut self.tables.platforms {
            platform.seat_limit = Some(limit);
        }
        self
    }

    /// Writes the organisation into the empty database of this transaction.
    ///
    /// # Errors
    /// When a name stood for nothing or for two things, when the organisation is not as the rules promise
    /// ([`promises::broken`]), or when the database refuses it, as it does where it is not empty.
    pub async fn load(&self, tx: &Tx) -> Result<(), Failure> {
        let wrong: Vec<String> =
            self.mistakes.iter().cloned().chain(promises::broken(&self.tables, self.now)).collect();
        if !wrong.is_empty() {
            tracing::error!(?wrong, "the organisation is not well written");
            return Err(Error::Broken("a well written organisation").into());
        }
        self.tables.insert(&tx.conn).await?;
        Ok(tables::number_on(&tx.conn).await?)
    }

    /// The names that stood for nothing, or for two things.
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }

    /// The tree as written so far.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The person of that name.
    pub fn user_id(&self, name: &str) -> Option<UserId> {
        self.names.users.get(name).copied()
    }

    /// The group of that name.
    pub fn group_id(&self, name: &str) -> Option<GroupId> {
        self.names.groups.get(name).copied()
    }

    /// The course of that title.
    pub fn course_id(&self, title: &str) -> Option<CourseId> {
        self.names.courses.get(title).copied()
    }

    /// The path of that title.
    pub fn path_id(&self, title: &str) -> Option<PathId> {
        self.names.paths.get(title).copied()
    }

    /// The session of that title.
    pub fn session_id(&self, title: &str) -> Option<SessionId> {
        self.names.sessions.get(title).copied()
    }

    /// The slot of that name.
    pub fn slot_id(&self, name: &str) -> Option<SlotId> {
        self.names.slots.get(name).copied()
    }

    /// The activity of that title.
    pub fn activity_id(&self, title: &str) -> Option<ActivityId> {
        self.names.activities.get(title).copied()
    }

    /// When the next thing is written.
    fn next_moment(&mut self) -> DateTime<Utc> {
        self.moment += self.pace;
        self.moment
    }

    /// What `name` stands for; else a mistake, and an id that nothing has.
    fn find<T: Copy>(
        &mut self,
        what: &str,
        name: &str,
        nothing: T,
        of: impl Fn(&Names) -> &BTreeMap<String, T>,
    ) -> T {
        if let Some(id) = of(&self.names).get(name) {
            return *id;
        }
        self.mistakes.push(format!("no {what} is called {name}"));
        nothing
    }

    /// Lets `name` stand for `id`.
    fn call<T>(
        &mut self,
        what: &str,
        name: &str,
        id: T,
        of: impl Fn(&mut Names) -> &mut BTreeMap<String, T>,
    ) {
        if of(&mut self.names).insert(name.to_owned(), id).is_some() {
            self.mistakes.push(format!("two {what}s are called {name}"));
        }
    }

    fn a_user(&mut self, name: &str) -> UserId {
        self.find("user", name, UserId(0), |names| &names.users)
    }

    fn a_group(&mut self, name: &str) -> GroupId {
        self.find("group", name, GroupId(0), |names| &names.groups)
    }

    fn a_course(&mut self, title: &str) -> CourseId {
        self.find("course", title, CourseId(0), |names| &names.courses)
    }

    fn a_path(&mut self, title: &str) -> PathId {
        self.find("path", title, PathId(0), |names| &names.paths)
    }

    fn a_session(&mut self, title: &str) -> SessionId {
        self.find("session", title, SessionId(0), |names| &names.sessions)
    }

    fn a_slot(&mut self, name: &str) -> SlotId {
        self.find("slot", name, SlotId(0), |names| &names.slots)
    }

    fn an_activity(&mut self, title: &str) -> ActivityId {
        self.find("activity", title, ActivityId(0), |names| &names.activities)
    }
}

/// The id that follows those of `rows`, which are numbered from 1.
pub fn next_id<T>(rows: &[T]) -> i64 {
    rows.len() as i64 + 1
}

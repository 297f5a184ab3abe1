//! People, groups, and who is what where.

use chrono::TimeDelta;
use entity::id::{GroupId, UserId};
use entity::kind::{Cause, DateKind, Privacy, Role, Status};
use entity::{custom_field, date, external_id, group, group_external_id, membership, user};

use super::{Organisation, next_id, person};
use crate::keys::{ExternalId, fold, search_key, sort_key};
use crate::people::Entry;
use crate::tree::Tree;

/// Where the people of an organisation have their mail.
const MAIL: &str = "example.org";

impl Organisation {
    /// A person of that name, `ACTIVE`, whose email is made of it: "Maya Okafor" is maya.okafor@example.org.
    #[must_use]
    pub fn user(mut self, name: &str) -> Organisation {
        let id = UserId(next_id(&self.tables.users));
        let at = self.next_moment();
        let (first, last) = match name.split_once(' ') {
            Some((first, last)) => (first, Some(last)),
            None => (name, None),
        };
        let entry = Entry {
            first_name: Some(first.to_owned()),
            last_name: last.map(str::to_owned),
            email: Some(format!("{}@{MAIL}", fold(name).replace(' ', "."))),
            language: Some("en".to_owned()),
            ..Entry::default()
        };
        self.tables.users.push(person::active(id, entry, at));
        self.call("user", name, id, |names| &mut names.users);
        self
    }

    /// Several people.
    #[must_use]
    pub fn users(self, names: &[&str]) -> Organisation {
        names.iter().fold(self, |organisation, name| organisation.user(name))
    }

    /// Gives somebody another email.
    #[must_use]
    pub fn email(self, user: &str, email: &str) -> Organisation {
        self.edit(user, |row| row.email = Some(email.to_owned()))
    }

    /// Gives somebody a username beside their email.
    #[must_use]
    pub fn username(self, user: &str, username: &str) -> Organisation {
        self.edit(user, |row| row.username = Some(username.to_owned()))
    }

    /// Takes somebody's email, and gives them a username made of their name.
    #[must_use]
    pub fn username_alone(self, user: &str) -> Organisation {
        self.edit(user, |row| {
            row.username = Some(row.name_key.replace(' ', "."));
            row.email = None;
        })
    }

    /// Says what somebody does.
    #[must_use]
    pub fn job(self, user: &str, title: &str) -> Organisation {
        self.edit(user, |row| row.job_title = Some(title.to_owned()))
    }

    /// Somebody signed in so many hours ago.
    #[must_use]
    pub fn signed_in(mut self, user: &str, hours_ago: i64) -> Organisation {
        let (user, at) = (self.a_user(user), self.now - TimeDelta::hours(hours_ago));
        if let Some(row) = self.row(user) {
            row.last_sign_in_at = Some(at);
        }
        self
    }

    /// Puts somebody into another state than `ACTIVE`, as of an hour ago. Whoever is deleted or erased loses their
    /// memberships, whoever is anonymized or erased their data.
    #[must_use]
    pub fn status(mut self, user: &str, status: Status) -> Organisation {
        let (user, at) = (self.a_user(user), self.now - TimeDelta::hours(1));
        if !status.is_living() {
            self.tables.memberships.retain(|membership| membership.user_id != user);
            self.held.retain(|(holder, ..)| *holder != user);
        }
        let Some(row) = self.row(user) else { return self };
        row.status_before = match status {
            Status::Anonymized | Status::Erased | Status::Active => None,
            Status::Suspended | Status::Deactivated | Status::Deleted => Some(row.status),
        };
        row.status = status;
        row.status_since = at;
        let reserved = status.reserves_email();
        if !status.is_living() {
            row.deleted_at = Some(at);
            row.deletion_cause = Some(Cause::Requested);
            row.deleted_by = Some(UserId(1));
        }
        if matches!(status, Status::Anonymized | Status::Erased) {
            person::blank(row);
        }
        for id in self.tables.external_ids.iter_mut().filter(|id| id.user_id == user) {
            id.reserved = reserved;
        }
        self
    }

    /// Why somebody was deleted, and how many days ago.
    #[must_use]
    pub fn deleted(self, user: &str, cause: Cause, days_ago: i64) -> Organisation {
        let mut organisation = self.status(user, Status::Deleted);
        let (user, at) = (organisation.a_user(user), organisation.now - TimeDelta::days(days_ago));
        if let Some(row) = organisation.row(user) {
            row.deletion_cause = Some(cause);
            row.deleted_at = Some(at);
            row.status_since = at;
            row.deleted_by =
                matches!(cause, Cause::Requested | Cause::LastGroup | Cause::Imported).then_some(UserId(1));
        }
        organisation
    }

    /// An id that somebody has in another system.
    #[must_use]
    pub fn external_id(mut self, user: &str, system: &str, value: &str) -> Organisation {
        let user_id = self.a_user(user);
        let reserved = self.row(user_id).is_some_and(|row| row.status.reserves_email());
        let (system, value) = (system.to_owned(), value.to_owned());
        self.tables.external_ids.push(external_id::Model { system, value, user_id, reserved });
        self.edit(user, |_| {})
    }

    /// Something else that is known of somebody.
    #[must_use]
    pub fn custom_field(mut self, user: &str, name: &str, value: &str) -> Organisation {
        let user_id = self.a_user(user);
        let (name, value) = (name.to_owned(), value.to_owned());
        self.tables.custom_fields.push(custom_field::Model { user_id, name, value });
        self
    }

    /// A date set for somebody by the owner, so many days from now (R25).
    #[must_use]
    pub fn date(mut self, user: &str, kind: DateKind, in_days: i64) -> Organisation {
        let (user_id, set_at) = (self.a_user(user), self.next_moment());
        let due_at = self.now + TimeDelta::days(in_days);
        self.tables.dates.push(date::Model { user_id, kind, due_at, set_by: Some(UserId(1)), set_at });
        self
    }

    /// A group below `parent`.
    #[must_use]
    pub fn group(mut self, name: &str, parent: &str, privacy: Privacy) -> Organisation {
        let (id, created_at) = (GroupId(next_id(&self.tables.groups)), self.next_moment());
        let parent_id = Some(self.a_group(parent));
        self.tables.groups.push(group::Model {
            id,
            parent_id,
            name: name.to_owned(),
            name_key: sort_key(name),
            search_key: search_key(name),
            privacy,
            created_at,
        });
        self.call("group", name, id, |names| &mut names.groups);
        if let Some(tree) =
            Tree::new(self.tables.groups.iter().map(|row| (row.id, row.parent_id, row.privacy)))
        {
            self.tree = tree;
        }
        self
    }

    /// An id that a group has in another system.
    #[must_use]
    pub fn group_external_id(mut self, group: &str, system: &str, value: &str) -> Organisation {
        let group_id = self.a_group(group);
        let (system, value) = (system.to_owned(), value.to_owned());
        self.tables.group_external_ids.push(group_external_id::Model { system, value, group_id });
        self
    }

    /// Grants somebody roles in a group. Learners rise (R3).
    #[must_use]
    pub fn member(mut self, user: &str, group: &str, roles: &[Role]) -> Organisation {
        let (user, group) = (self.a_user(user), self.a_group(group));
        for role in roles {
            self.hold(user, group, *role);
            if *role == Role::Learner {
                for above in self.tree.risen_into(group) {
                    self.hold(user, above, Role::Learner);
                }
            }
        }
        self
    }

    /// Makes several people learners of a group.
    #[must_use]
    pub fn learners(self, group: &str, users: &[&str]) -> Organisation {
        users.iter().fold(self, |organisation, user| organisation.member(user, group, &[Role::Learner]))
    }

    fn hold(&mut self, user_id: UserId, group_id: GroupId, role: Role) {
        if self.held.insert((user_id, group_id, role)) {
            let (granted_by, granted_at) = (Some(UserId(1)), self.next_moment());
            self.tables.memberships.push(membership::Model {
                user_id,
                group_id,
                role,
                granted_by,
                granted_at,
            });
        }
    }

    /// Changes somebody's entry, and their keys with it.
    fn edit(mut self, user: &str, change: impl FnOnce(&mut user::Model)) -> Organisation {
        let user = self.a_user(user);
        let own = self.tables.external_ids.iter().filter(|row| row.user_id == user);
        let ids: Vec<ExternalId> =
            own.map(|row| ExternalId { system: row.system.clone(), value: row.value.clone() }).collect();
        if let Some(row) = self.row(user) {
            change(row);
            person::key(row, &ids);
        }
        self
    }

    fn row(&mut self, user: UserId) -> Option<&mut user::Model> {
        self.tables.users.iter_mut().find(|row| row.id == user)
    }
}

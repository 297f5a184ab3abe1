//! What a removal is asked to do: to whom comes separately.

use entity::id::{GroupId, UserId};
use entity::kind::{Cause, Posts, PrivateSubgroups, Role};
use serde::{Deserialize, Serialize};

use crate::queries::users::UserFilter;

/// What is taken from each person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Everything: a deletion from the platform, which is also any removal from the platform group.
    Platform,
    /// Every role in this ordinary group, and what R5 reaches below.
    Group(GroupId),
    /// One role in this group; for a learner with the reach of R5.
    Role(GroupId, Role),
    /// As [`Scope::Group`], for everybody of another group, which is named with them ([`Part`]).
    Each,
}

/// One thing that is asked for: somebody, and the group that they are taken out of where one is named for them alone.
/// Several of the same person are done one after the other, from the deepest group up: what each does is as if it had been
/// asked for by itself after those before it.
pub type Part = (UserId, Option<GroupId>);

/// How it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// The answer to R6; none while it is not given.
    pub private_subgroups: Option<PrivateSubgroups>,
    /// R7: the caller knows that it may take somebody's last membership.
    pub confirm_account_deletion: bool,
    /// R9.6.
    pub posts: Posts,
}

/// A removal, of whomever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What is taken.
    pub scope: Scope,
    /// How.
    pub options: Options,
    /// Why (R9.1).
    pub cause: Cause,
}

/// Whom a request is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum People {
    /// These, one entry each.
    Named(Vec<Entry>),
    /// These, one entry each, out of the group that stands with it.
    Pairs(Vec<(Entry, GroupId)>),
    /// Whoever meets this when the request is accepted, and still does when their turn comes (R16).
    Matching(Box<Matching>),
}

/// Everybody who meets a filter, except those who are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    /// The conditions.
    pub filter: UserFilter,
    /// People who are left out; the caller sees each of them.
    pub except: Vec<UserId>,
}

impl People {
    /// Number of entries of the list, or of people that a filter leaves out; whom a filter finds is not known yet.
    pub fn entries(&self) -> usize {
        match self {
            People::Named(entries) => entries.len(),
            People::Pairs(pairs) => pairs.len(),
            People::Matching(matching) => matching.except.len(),
        }
    }

    /// Whether the list names `user` by id, and nobody else.
    pub fn are_only(&self, user: UserId) -> bool {
        let is_own = |entry: &Entry| entry.named == Named::Id(user);
        match self {
            People::Named(entries) => entries.iter().all(is_own),
            People::Pairs(pairs) => pairs.iter().all(|(entry, _)| is_own(entry)),
            People::Matching(_) => false,
        }
    }
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whom it names.
    pub named: Named,
    /// What the caller wrote.
    pub typed: String,
}

/// One person named by a request, however they were named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Named {
    /// By id.
    Id(UserId),
    /// By email.
    Email(String),
    /// By external id.
    ExternalId {
        /// The system that gave it.
        system: String,
        /// What it gave.
        value: String,
    },
}

impl Request {
    /// What is asked for somebody with whom this group is named.
    #[must_use]
    pub fn of(self, group: Option<GroupId>) -> Request {
        match (self.scope, group) {
            (Scope::Each, Some(group)) => Request { scope: Scope::Group(group), ..self },
            _ => self,
        }
    }

    /// The same request, with this answer to R6.
    #[must_use]
    pub fn answered(self, private_subgroups: PrivateSubgroups) -> Request {
        let options = Options { private_subgroups: Some(private_subgroups), ..self.options };
        Request { options, ..self }
    }

    /// The same request, with the platform group seen for what it is.
    #[must_use]
    pub fn normalized(self, root: GroupId) -> Request {
        Request { scope: self.scope.normalized(root), ..self }
    }
}

/// Most bytes of an email (RFC 5321, as corrected).
const EMAIL_BYTES: usize = 254;
/// Most characters of an external id: of its system, of its value.
const EXTERNAL_ID_LENGTHS: (usize, usize) = (100, 200);

impl Entry {
    /// Whether what was typed may be kept while it means nobody: an external id, or what can be an email. Nothing else
    /// is, since a list may hold anything (a column of passwords, say).
    pub fn may_be_kept(&self) -> bool {
        match &self.named {
            Named::Id(_) => false,
            Named::Email(typed) => typed.len() <= EMAIL_BYTES && typed.contains('@'),
            Named::ExternalId { system, value } => {
                let (system_length, value_length) = EXTERNAL_ID_LENGTHS;
                system.chars().count() <= system_length && value.chars().count() <= value_length
            }
        }
    }
}

impl From<Named> for Entry {
    /// Somebody named by a program, which typed nothing.
    fn from(named: Named) -> Entry {
        Entry { named, typed: String::new() }
    }
}

impl Scope {
    /// The group that is named; the platform group for a deletion, and where each has one of their own.
    pub fn group(self, root: GroupId) -> GroupId {
        match self {
            Scope::Platform | Scope::Each => root,
            Scope::Group(group) | Scope::Role(group, _) => group,
        }
    }

    /// The same scope, with the platform group seen for what it is: taking somebody out of it deletes them (R15).
    #[must_use]
    pub fn normalized(self, root: GroupId) -> Scope {
        match self {
            Scope::Group(group) if group == root => Scope::Platform,
            scope => scope,
        }
    }
}

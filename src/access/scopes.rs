//! What a token may be used for (the matrix of trust): every operation of the API, and every thing that is read
//! through it, with the scope that a token needs. A sign-in needs none; nobody's rights ever grow by a scope.

use std::collections::{BTreeMap, BTreeSet};

use entity::id::GroupId;
use entity::kind::Role;
use serde::{Deserialize, Serialize};

use crate::error::Refusal;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// Something that a token may be used for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Scope {
            $($(#[$doc])* #[serde(rename = $text)] $name),+
        }

        impl Scope {
            /// Every scope, in order.
            pub const ALL: &[Scope] = &[$(Scope::$name),+];

            /// The scope as it stands in the database and in answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(Scope::$name => $text),+ }
            }

            fn of(text: &str) -> Option<Scope> {
                match text { $($text => Some(Scope::$name),)+ _ => None }
            }
        }
    };
}

scopes! {
    /// See people: names and states.
    UsersRead = "users:read",
    /// See emails, phone numbers and when somebody last signed in.
    UsersPii = "users:pii",
    /// See groups.
    GroupsRead = "groups:read",
    /// Make and change groups.
    GroupsWrite = "groups:write",
    /// Create people; grant learner, coach, author.
    MembersWrite = "members:write",
    /// Grant administrator and user administrator; change what somebody signs in with.
    MembersAdmin = "members:admin",
    /// Take people and their roles out of groups.
    UsersRemove = "users:remove",
    /// Delete people from the platform.
    UsersDelete = "users:delete",
    /// Suspend and deactivate people, and back.
    UsersState = "users:state",
    /// Anonymize and erase people.
    UsersErase = "users:erase",
    /// Follow jobs, read records and hear what happened.
    Jobs = "jobs",
    /// Read reports.
    ReportsRead = "reports:read",
    /// Make and change courses, paths, sessions and what people achieve in them.
    ContentWrite = "content:write",
    /// See courses, paths, sessions.
    ContentRead = "content:read",
}

/// What a token may be used for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// These.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Scopes {
        Scopes(scopes.into_iter().collect())
    }

    /// Those that were written as `text`; what is unknown by now allows nothing.
    pub fn read(text: &str) -> Scopes {
        Scopes(text.split(' ').filter_map(Scope::of).collect())
    }

    /// As they are kept.
    pub fn text(&self) -> String {
        self.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ")
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Passes where `scope` is among them.
    ///
    /// # Errors
    /// `FORBIDDEN`, naming the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Refusal> {
        if self.0.contains(&scope) { Ok(()) } else { Err(Refusal::MissingScope { scope: scope.as_str() }) }
    }
}

/// What an operation asks of whoever calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Anybody may, also who is not known.
    Open,
    /// Any token will do: what is asked through it has scopes of its own.
    Any,
    /// A token needs this scope.
    Needs(Scope),
    /// A token needs a scope that depends on the input; the operation asks for it.
    ByInput,
    /// No token will do: one signs in for this.
    Never,
}

use Rule::{Any, ByInput, Needs, Never, Open};
use Scope::{
    ContentRead, ContentWrite, GroupsRead, GroupsWrite, Jobs, MembersAdmin, UsersDelete, UsersPii, UsersRead,
};

/// Every field of the root types, in order of type and name.
pub const OPERATIONS: &[(&str, &str, Rule)] = &[
    ("Mutation", "cancelRemovalJob", Needs(Jobs)),
    ("Mutation", "changePassword", Never),
    ("Mutation", "confirmEmail", Open),
    ("Mutation", "copyActivity", Needs(ContentWrite)),
    ("Mutation", "createActivity", Needs(ContentWrite)),
    ("Mutation", "createCourse", Needs(ContentWrite)),
    ("Mutation", "createGroup", Needs(GroupsWrite)),
    ("Mutation", "createPath", Needs(ContentWrite)),
    ("Mutation", "createServiceToken", Never),
    ("Mutation", "createSession", Needs(ContentWrite)),
    ("Mutation", "createSlot", Needs(ContentWrite)),
    ("Mutation", "createToken", Never),
    ("Mutation", "createUser", ByInput),
    ("Mutation", "createUsers", ByInput),
    ("Mutation", "createWebhook", Never),
    ("Mutation", "deleteGroup", Needs(GroupsWrite)),
    ("Mutation", "deleteSlot", Needs(ContentWrite)),
    ("Mutation", "deleteUser", Needs(UsersDelete)),
    ("Mutation", "deleteUsers", Needs(UsersDelete)),
    ("Mutation", "deleteWebhook", Never),
    ("Mutation", "enrolInCourse", Needs(ContentWrite)),
    ("Mutation", "enrolInSession", Needs(ContentWrite)),
    ("Mutation", "excludeFromSession", Needs(ContentWrite)),
    ("Mutation", "grantRole", ByInput),
    ("Mutation", "grantRoles", ByInput),
    ("Mutation", "includeInSession", Needs(ContentWrite)),
    ("Mutation", "issueCertificate", Needs(ContentWrite)),
    ("Mutation", "moveGroup", Needs(GroupsWrite)),
    ("Mutation", "prepareRemoval", ByInput),
    ("Mutation", "recordProgress", Needs(ContentWrite)),
    ("Mutation", "recordResult", Needs(ContentWrite)),
    ("Mutation", "registerForSlot", Needs(ContentWrite)),
    ("Mutation", "removeUserFromGroup", ByInput),
    ("Mutation", "removeUsersFromGroup", ByInput),
    ("Mutation", "requestPasswordReset", Open),
    ("Mutation", "resendEmailConfirmation", Never),
    ("Mutation", "resetPassword", Open),
    ("Mutation", "retryDelivery", Never),
    ("Mutation", "retryRemovalJob", ByInput),
    ("Mutation", "revokeAllSignIns", Never),
    ("Mutation", "revokeRole", ByInput),
    ("Mutation", "revokeSignIn", Never),
    ("Mutation", "revokeToken", Never),
    ("Mutation", "rotateWebhookSecret", Never),
    ("Mutation", "setGroupPrivacy", Needs(GroupsWrite)),
    ("Mutation", "setPassword", Never),
    ("Mutation", "setSessionAudience", Needs(ContentWrite)),
    ("Mutation", "setSessionInstructors", Needs(ContentWrite)),
    ("Mutation", "signIn", Open),
    ("Mutation", "signOut", Never),
    ("Mutation", "signUp", Open),
    ("Mutation", "startRemovalJob", ByInput),
    ("Mutation", "testWebhook", Never),
    ("Mutation", "unenrolFromCourse", Needs(ContentWrite)),
    ("Mutation", "unenrolFromSession", Needs(ContentWrite)),
    ("Mutation", "unregisterFromSlot", Needs(ContentWrite)),
    ("Mutation", "updateActivity", Needs(ContentWrite)),
    ("Mutation", "updateCourse", Needs(ContentWrite)),
    ("Mutation", "updateGroup", Needs(GroupsWrite)),
    ("Mutation", "updatePath", Needs(ContentWrite)),
    ("Mutation", "updatePlatform", Never),
    ("Mutation", "updateSession", Needs(ContentWrite)),
    ("Mutation", "updateSlot", Needs(ContentWrite)),
    ("Mutation", "updateUser", Needs(MembersAdmin)),
    ("Mutation", "updateWebhook", Never),
    ("Query", "activities", Needs(ContentRead)),
    ("Query", "activity", Needs(ContentRead)),
    ("Query", "changes", Needs(Jobs)),
    ("Query", "course", Needs(ContentRead)),
    ("Query", "courses", Needs(ContentRead)),
    ("Query", "group", Needs(GroupsRead)),
    ("Query", "groupTree", Needs(GroupsRead)),
    ("Query", "groups", Needs(GroupsRead)),
    ("Query", "node", Any),
    ("Query", "nodes", Any),
    ("Query", "path", Needs(ContentRead)),
    ("Query", "paths", Needs(ContentRead)),
    ("Query", "platform", Any),
    ("Query", "removal", Needs(Jobs)),
    ("Query", "removalJob", Needs(Jobs)),
    ("Query", "removalJobs", Needs(Jobs)),
    ("Query", "removalPlan", Needs(UsersRead)),
    ("Query", "removals", Needs(Jobs)),
    ("Query", "serviceTokens", Never),
    ("Query", "session", Needs(ContentRead)),
    ("Query", "sessions", Needs(ContentRead)),
    ("Query", "signIns", Never),
    ("Query", "slot", Needs(ContentRead)),
    ("Query", "slots", Needs(ContentRead)),
    ("Query", "tokens", Never),
    ("Query", "user", Needs(UsersRead)),
    ("Query", "users", Needs(UsersRead)),
    ("Query", "viewer", Any),
    ("Query", "viewerAccess", Any),
    ("Query", "webhook", Needs(Jobs)),
    ("Query", "webhooks", Needs(Jobs)),
    ("Subscription", "removalJobProgress", Needs(Jobs)),
    ("Subscription", "removalJobsChanged", Needs(Jobs)),
];

/// What a token needs to read the fields of a thing, whichever way it came to it; but for `id`.
pub const THINGS: &[(&str, Scope)] = &[
    ("Activity", ContentRead),
    ("Certificate", ContentRead),
    ("Course", ContentRead),
    ("Group", GroupsRead),
    ("Path", ContentRead),
    ("Post", GroupsRead),
    ("Removal", Jobs),
    ("RemovalJob", Jobs),
    ("Result", ContentRead),
    ("Sale", ContentRead),
    ("Session", ContentRead),
    ("Slot", ContentRead),
    ("User", UsersRead),
];

/// Fields that a token needs a scope of their own for.
pub const FIELDS: &[(&str, &str, Scope)] = &[
    ("User", "email", UsersPii),
    ("User", "emailVerified", UsersPii),
    ("User", "lastSignInAt", UsersPii),
    ("User", "pendingEmail", UsersPii),
    ("User", "phone", UsersPii),
];

/// The scopes of all that somebody with this role may do in its group by operations that tokens are good for too. A token
/// that lacks one of them would get more by such an account than it has itself.
pub const fn of_role(role: Role) -> &'static [Scope] {
    match role {
        Role::Learner | Role::Coach => &[Scope::UsersRead, UsersPii, GroupsRead, ContentRead],
        Role::Author => &[Scope::UsersRead, UsersPii, GroupsRead, ContentRead, ContentWrite],
        Role::UserAdministrator => &[
            Scope::UsersRead,
            UsersPii,
            GroupsRead,
            ContentRead,
            Scope::MembersWrite,
            MembersAdmin,
            Scope::UsersRemove,
            UsersDelete,
            Scope::UsersState,
            Jobs,
        ],
        Role::Administrator => &[
            Scope::UsersRead,
            UsersPii,
            GroupsRead,
            ContentRead,
            Scope::MembersWrite,
            MembersAdmin,
            Scope::UsersRemove,
            UsersDelete,
            Scope::UsersState,
            Jobs,
            GroupsWrite,
            ContentWrite,
            Scope::ReportsRead,
        ],
    }
}

/// Whether a token that is good for `held` (none: for every scope) may give `role` in `group`, to somebody who is there or
/// by making an account. A learner is let in by any token that lets people in; whatever holds more takes the scopes of all
/// that it holds, so that no token makes an account that may do more than the token. A platform administrator may do what
/// no token may (tokens, webhooks, settings), and so is made by none.
///
/// # Errors
/// `FORBIDDEN`, naming the scope that is missing, if a token can have it.
pub fn may_give(held: Option<&Scopes>, root: GroupId, group: GroupId, role: Role) -> Result<(), Refusal> {
    match role {
        Role::Learner => Ok(()),
        Role::Administrator if group == root => Err(Refusal::NotByToken),
        Role::Coach | Role::Author | Role::UserAdministrator | Role::Administrator => {
            require_all(held, of_role(role))
        }
    }
}

/// Whether a token that is good for `held` (none: for every scope) may change what an account with these memberships signs
/// in with (R24): only if the account holds no more than the token is good for. Whoever decides the address decides who
/// signs in, since a link to choose a password by is sent there.
///
/// # Errors
/// As [`may_give`], for each of the roles.
pub fn may_rename(
    held: Option<&Scopes>,
    root: GroupId,
    memberships: &BTreeMap<GroupId, BTreeSet<Role>>,
) -> Result<(), Refusal> {
    // What everybody has who signs in.
    require_all(held, of_role(Role::Learner))?;
    for (group, roles) in memberships {
        for role in roles {
            may_give(held, root, *group, *role)?;
        }
    }
    Ok(())
}

fn require_all(held: Option<&Scopes>, needed: &[Scope]) -> Result<(), Refusal> {
    held.map_or(Ok(()), |held| needed.iter().try_for_each(|scope| held.require(*scope)))
}

/// The rule of a field of a root type. What has none is for nobody but who signs in; a test finds it.
pub fn of_operation(kind: &str, field: &str) -> Rule {
    let found = OPERATIONS.binary_search_by(|(of, name, _)| (*of, *name).cmp(&(kind, field)));
    found.map_or(Never, |at| OPERATIONS[at].2)
}

/// What a token needs to read a field of anything else.
pub fn of_field(kind: &str, field: &str) -> Option<Scope> {
    if field == "id" {
        return None;
    }
    let own = FIELDS.iter().find(|(of, name, _)| (*of, *name) == (kind, field)).map(|(.., scope)| *scope);
    own.or_else(|| THINGS.iter().find(|(of, _)| *of == kind).map(|(_, scope)| *scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_were_written() {
        let some = Scopes::new([Scope::Jobs, Scope::UsersRead, Scope::Jobs]);
        assert_eq!(some.text(), "users:read jobs");
        assert_eq!(Scopes::read(&some.text()), some);
        assert_eq!(Scopes::read(&Scopes::default().text()), Scopes::default());
        assert_eq!(Scopes::read("users:read no:such jobs"), some);
        for scope in Scope::ALL {
            assert_eq!(Scopes::read(scope.as_str()), Scopes::new([*scope]));
            assert_eq!(some.require(*scope).is_ok(), [Scope::Jobs, Scope::UsersRead].contains(scope));
        }
    }

    #[test]
    fn lines_stand_in_order_and_none_twice() {
        let lines: Vec<_> = OPERATIONS.iter().map(|(kind, field, _)| (*kind, *field)).collect();
        assert!(lines.is_sorted_by(|one, next| one < next), "by type and name");
    }

    #[test]
    fn no_token_makes_or_renames_an_account_that_may_do_more() {
        const ROOT: GroupId = GroupId(1);
        const SCHOOL: GroupId = GroupId(2);
        let some = Scopes::new([Scope::MembersWrite, MembersAdmin, Scope::UsersRead]);
        let readers =
            [Scope::UsersRead, UsersPii, GroupsRead, ContentRead, MembersAdmin, Scope::MembersWrite];
        let readers = Scopes::new(readers);
        let all = Scopes::new(Scope::ALL.iter().copied());
        let code = |held: Option<&Scopes>, group, role| match may_give(held, ROOT, group, role) {
            Ok(()) => "given",
            Err(Refusal::NotByToken) => "never",
            Err(Refusal::MissingScope { scope }) => scope,
            Err(other) => panic!("{other}"),
        };
        assert_eq!(code(Some(&some), ROOT, Role::Learner), "given");
        assert_eq!(code(Some(&some), SCHOOL, Role::Coach), "users:pii");
        assert_eq!(code(Some(&readers), SCHOOL, Role::Coach), "given");
        assert_eq!(code(Some(&readers), SCHOOL, Role::Author), "content:write");
        assert_eq!(code(Some(&readers), SCHOOL, Role::UserAdministrator), "users:remove");
        assert_eq!(code(Some(&readers), SCHOOL, Role::Administrator), "users:remove");
        for held in [Some(&all), None] {
            assert_eq!(code(held, SCHOOL, Role::Administrator), "given");
            assert_eq!(code(held, ROOT, Role::UserAdministrator), "given");
            assert_eq!(code(held, ROOT, Role::Administrator), "never");
        }
        let renamed = |held: &Scopes, roles: &[(GroupId, Role)]| {
            let of = roles.iter().map(|(group, role)| (*group, BTreeSet::from([*role]))).collect();
            may_rename(Some(held), ROOT, &of).is_ok()
        };
        assert!(!renamed(&some, &[(SCHOOL, Role::Learner)]), "who signs in reads");
        assert!(renamed(&readers, &[(SCHOOL, Role::Learner), (ROOT, Role::Coach)]));
        assert!(!renamed(&readers, &[(SCHOOL, Role::Author)]));
        assert!(renamed(&all, &[(SCHOOL, Role::Administrator)]));
        assert!(!renamed(&all, &[(ROOT, Role::Administrator), (SCHOOL, Role::Learner)]));
    }

    #[test]
    fn what_has_no_line_is_for_no_token() {
        assert_eq!(of_operation("Mutation", "noSuchThing"), Never);
        assert_eq!(of_operation("Mutation", "signIn"), Open);
        assert_eq!(of_field("User", "email"), Some(UsersPii));
        assert_eq!(of_field("User", "firstName"), Some(UsersRead));
        assert_eq!(of_field("User", "id"), None);
        assert_eq!(of_field("Seats", "used"), None);
    }
}

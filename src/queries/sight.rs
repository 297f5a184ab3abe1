//! What the caller may see (R1, R26, the matrix of trust), in one place: every list and every read by id names what it
//! tells of ([`Seen`]), and the conditions that this puts on it are added where the statement is made. So what somebody
//! may not see is neither listed, nor counted, nor found by its id, and looks like what does not exist.
//!
//! | who                               | people                                  | works                     | private groups |
//! |-----------------------------------|-----------------------------------------|---------------------------|----------------|
//! | the platform, its administrators  | all                                     | all                       | all            |
//! | its user administrators           | all, the deleted as everybody else      | all                       | their own      |
//! | everybody else                    | themselves; of their groups and sessions; | of their groups, their own | their own      |
//! |                                   | whom they removed; who was deleted      |                           |                |
//! |                                   | while in a group they administer        |                           |                |
//!
//! What is seen for several reasons is put together by `union`, so that a database begins with what is seen, which is
//! little for most; where each reason is a condition of its own, it looks at everything there is.
//!
//! Their groups are those they hold a role in, and those below a group they administer (R4). As learners of a public
//! group rise up to the platform group (R3), being a learner *there* makes nobody the company of everybody: it opens
//! the platform's works, not its people.

use std::collections::BTreeSet;

use entity::id::{GroupId, SessionId, UserId};
use entity::kind::Role;
use sea_orm::ConnectionTrait;

use super::Filter;
use crate::access::{Authority, Caller};
use crate::db::Tx;
use crate::db::sql::sql;
use crate::error::{Error, Failure, Groups, Refusal};
use crate::platform;
use crate::sessions::store::{Of, participations};
use crate::tree::{Tree, TreeCache};

/// What somebody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Everything: the platform itself and its administrators.
    Everything,
    /// A part of it.
    Part(Box<Part>),
    /// That, but nothing personal of anybody: through a token that is not good for it.
    Impersonal(Box<Sight>),
}

/// A part of everything, by ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    me: UserId,
    /// Whether everybody but the deleted is seen: a user administrator of the platform group.
    everybody: bool,
    /// Groups that are not seen.
    hidden: BTreeSet<GroupId>,
    /// Groups with a role of mine, and those below what I administer.
    own: BTreeSet<GroupId>,
    /// Groups whose people I see.
    company: BTreeSet<GroupId>,
    /// Groups whose people's learning and whose courses' people I see: I administer, coach or write there.
    taught: BTreeSet<GroupId>,
    /// Groups whose people's email, phone and last sign-in I see: I administer them or their people.
    administered: BTreeSet<GroupId>,
    /// Sessions whose people I see: I take part in them, instruct them, or administer their group.
    sessions: BTreeSet<SessionId>,
}

/// What a statement tells of, by what the statement calls it. A row is seen where all that is named is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A person: a table `users`.
    Person(&'static str),
    /// What others may not know of a person although they see them: a column with the person.
    Personal(&'static str),
    /// That the person's `search_key` has `{text}` in it, which others may find in `name_search` alone: a table `users`.
    Text(&'static str),
    /// What a person does in a course.
    Learning {
        /// A column with the person.
        user: &'static str,
        /// A column with the course.
        course: &'static str,
    },
    /// A group: a column with it.
    Group(&'static str),
    /// A course: a table `courses`.
    Course(&'static str),
    /// A path: a table `paths`.
    Path(&'static str),
    /// A session: a table `sessions`.
    Session(&'static str),
    /// What belongs to a session: a column with it.
    OfSession(&'static str),
    /// An activity: a table `activities`.
    Activity(&'static str),
    /// A post: a table `posts`.
    Post(&'static str),
    /// A record of a removal: a table `records`.
    Record(&'static str),
    /// A job: a table `jobs`.
    Job(&'static str),
}

impl Sight {
    /// What `caller` sees now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of(db: &impl ConnectionTrait, trees: &TreeCache, caller: &Caller) -> Result<Sight, Error> {
        let Caller::User(me) = caller else { return Ok(Sight::Everything) };
        let roles: Vec<(GroupId, Role, GroupId)> = sql(
            "sight.roles",
            "select m.group_id, m.role, p.root_group_id
             from users u join memberships m on m.user_id = u.id cross join platform p
             where u.id = {me} and u.status = 'ACTIVE'",
        )
        .bind("me", *me)
        .all(db)
        .await?;
        if roles.iter().any(|(group, role, root)| group == root && *role == Role::Administrator) {
            return Ok(Sight::Everything);
        }
        let (_, tree) = platform::current(db, trees).await?;
        let roles: Vec<(GroupId, Role)> = roles.into_iter().map(|(group, role, _)| (group, role)).collect();
        let mut part = Part::of(*me, &roles, &tree);
        part.sessions = part.sessions(db).await?;
        Ok(Sight::Part(Box::new(part)))
    }

    /// What whoever writes sees, in their transaction.
    ///
    /// # Errors
    /// `FORBIDDEN` for somebody who is in no group any more: their account has gone meanwhile.
    pub async fn in_write(tx: &Tx) -> Result<Sight, Failure> {
        match Sight::of(&tx.conn, &tx.trees, &tx.caller).await? {
            Sight::Part(part) if part.own.is_empty() => {
                Err(Refusal::Forbidden { groups: Groups::default() }.into())
            }
            sight => Ok(sight),
        }
    }

    /// The same, but nothing personal of anybody.
    #[must_use]
    pub fn impersonal(self) -> Sight {
        Sight::Impersonal(Box::new(self))
    }

    /// Whether the group is seen.
    pub fn sees_group(&self, group: GroupId) -> bool {
        match self {
            Sight::Impersonal(sight) => sight.sees_group(group),
            Sight::Everything => true,
            Sight::Part(part) => !part.hidden.contains(&group),
        }
    }

    /// Whether nothing is hidden, whatever it is and whether or not it still exists.
    pub fn sees_everything(&self) -> bool {
        match self {
            Sight::Impersonal(sight) => sight.sees_everything(),
            Sight::Everything => true,
            Sight::Part(_) => false,
        }
    }

    /// Whether every account is seen that takes a seat.
    pub fn sees_everybody(&self) -> bool {
        match self {
            Sight::Impersonal(sight) => sight.sees_everybody(),
            Sight::Everything => true,
            Sight::Part(part) => part.everybody,
        }
    }

    /// Whether all that is personal is seen of whoever is seen.
    pub fn sees_personal(&self, person: UserId) -> Option<bool> {
        match self {
            Sight::Impersonal(_) => Some(false),
            Sight::Everything => Some(true),
            Sight::Part(part) if part.everybody || part.me == person => Some(true),
            Sight::Part(part) if part.administered.is_empty() => Some(false),
            Sight::Part(_) => None,
        }
    }

    /// The conditions that a row must meet to be seen.
    pub fn filter(&self, seen: &[Seen]) -> Filter {
        match self {
            Sight::Everything => Filter::new(),
            Sight::Impersonal(sight) => seen.iter().fold(sight.filter(seen), |filter, seen| match seen {
                Seen::Personal(_) => filter.and("1 = 0"),
                Seen::Text(u) => filter.and(format!("{u}.name_search like {{text}} escape '\\'")),
                _ => filter,
            }),
            Sight::Part(part) => {
                seen.iter().fold(Filter::new(), |filter, seen| filter.merge(part.filter(*seen)))
            }
        }
    }
}

impl Part {
    /// What a user with these roles sees of the tree, sessions left aside.
    fn of(me: UserId, roles: &[(GroupId, Role)], tree: &Tree) -> Part {
        let authority = Authority::of_user(me, roles.iter().copied());
        let held = |wanted: fn(Role) -> bool| -> BTreeSet<GroupId> {
            roles.iter().filter(|(_, role)| wanted(*role)).map(|(group, _)| *group).collect()
        };
        let mut branches = held(|role| role == Role::Administrator);
        let below: Vec<GroupId> = branches.iter().flat_map(|group| tree.below(*group)).collect();
        branches.extend(below);
        let root = tree.root();
        let groups = tree.below(root);
        let company = roles.iter().filter(|(group, role)| *group != root || *role != Role::Learner);
        let administered = &held(|role| role == Role::UserAdministrator) | &branches;
        Part {
            me,
            everybody: administered.contains(&root),
            hidden: groups.into_iter().filter(|group| !authority.sees(tree, *group)).collect(),
            own: &held(|_| true) | &branches,
            company: company.map(|(group, _)| *group).chain(branches.iter().copied()).collect(),
            taught: &held(|role| matches!(role, Role::Author | Role::Coach)) | &administered,
            administered,
            sessions: BTreeSet::new(),
        }
    }

    /// The sessions that I take part in or instruct, and those of groups that I administer.
    async fn sessions(&self, db: &impl ConnectionTrait) -> Result<BTreeSet<SessionId>, Error> {
        let text = format!(
            "select mine.session_id from ({}) mine
             union select s.id from sessions s where s.main_instructor_id = {{me}}
             union select i.session_id from session_co_instructors i where i.user_id = {{me}}
             union select s.id from sessions s where s.group_id in {{administered}}",
            participations(Of::Users("= {me}"))
        );
        let statement = sql("sight.sessions", text).bind("me", self.me);
        let rows: Vec<(SessionId,)> =
            statement.ids("administered", self.administered.iter().copied()).all(db).await?;
        Ok(rows.into_iter().map(|(session,)| session).collect())
    }

    fn filter(&self, seen: Seen) -> Filter {
        let condition = match seen {
            Seen::Personal(_)
            | Seen::Text(_)
            | Seen::Learning { .. }
            | Seen::Course(_)
            | Seen::Path(_)
            | Seen::Session(_)
            | Seen::OfSession(_)
            | Seen::Activity(_)
                if self.everybody =>
            {
                return Filter::new();
            }
            Seen::Person(u) if self.everybody => {
                format!("({u}.status <> 'DELETED' or {u}.id in ({}))", removed())
            }
            Seen::Person(u) => format!(
                "{u}.id in (select sv.id from users sv where sv.id = {{me}}
                    union {removed}
                    union select sm.user_id from memberships sm where sm.group_id in {{company}}
                    union select si.main_instructor_id from sessions si where si.id in {{my_sessions}}
                    union select sc.user_id from session_co_instructors sc where sc.session_id in {{my_sessions}}
                    union select sp.user_id from ({present}) sp join users su on su.id = sp.user_id
                          where su.status not in ('DELETED', 'ERASED'))",
                removed = removed(),
                present = participations(Of::Sessions("in {my_sessions}"))
            ),
            Seen::Personal(user) => of_groups(user, "administered"),
            Seen::Text(u) => format!(
                "({u}.name_search like {{text}} escape '\\' or {})",
                of_groups(&format!("{u}.id"), "administered")
            ),
            Seen::Learning { user, course } => format!(
                "({} or {user} in ({}) or {course} in (select lc.id from courses lc
                                     where lc.group_id in {{taught}} or lc.main_author_id = {{me}}))",
                of_groups(user, "taught"),
                deleted()
            ),
            Seen::Group(group) => format!("{group} not in {{hidden}}"),
            Seen::Course(c) => format!("{c}.id in ({})", courses()),
            Seen::Path(p) => format!(
                "{p}.id in (select so.id from paths so where so.group_id in {{own}}
                    union select sm.id from paths sm where sm.main_author_id = {{me}}
                    union select sa.path_id from path_co_authors sa where sa.user_id = {{me}}
                    union select ss.path_id from sessions ss where ss.id in {{my_sessions}})"
            ),
            Seen::Session(s) => session(&format!("{s}.id")),
            Seen::OfSession(column) => session(column),
            Seen::Activity(a) => format!("({a}.owner_id = {{me}} or {a}.course_id in ({}))", courses()),
            Seen::Post(p) => format!("({p}.author_id = {{me}} or {p}.group_id in {{own}})"),
            Seen::Record(r) => format!(
                "{r}.id in (select sa.id from records sa where sa.actor_id = {{me}}
                    union select su.id from records su where su.user_id in (
                        select sv.id from users sv where sv.id = {{me}}
                        union select sm.user_id from memberships sm where sm.group_id in {{administered}}
                        union {}))",
                deleted()
            ),
            Seen::Job(j) => format!("({j}.actor_id = {{me}} or {j}.prepared_by = {{me}})"),
        };
        self.bound(condition)
    }

    /// The condition, with those of my ids bound that it names.
    fn bound(&self, condition: String) -> Filter {
        let names = |name: &str| condition.contains(&format!("{{{name}}}"));
        let mut filter = Filter::new();
        if names("me") {
            filter = filter.also("me", self.me);
        }
        for (name, groups) in [
            ("hidden", &self.hidden),
            ("own", &self.own),
            ("company", &self.company),
            ("taught", &self.taught),
            ("administered", &self.administered),
        ] {
            if names(name) {
                filter = filter.set(name, groups.iter().copied());
            }
        }
        if names("my_sessions") {
            filter = filter.set("my_sessions", self.sessions.iter().copied());
        }
        filter.and(condition)
    }
}

/// That the person in `user` is me, or a member of one of those groups.
fn of_groups(user: &str, groups: &str) -> String {
    format!(
        "({user} = {{me}} or {user} in (select sm.user_id from memberships sm where sm.group_id in {{{groups}}}))"
    )
}

/// Whom I removed, and who was deleted while in a group that I administer.
fn removed() -> String {
    format!("select sr.user_id from records sr where sr.actor_id = {{me}} union {}", deleted())
}

/// Who was deleted while in a group that I administer.
fn deleted() -> &'static str {
    "select sf.user_id from former_memberships sf where sf.group_id in {administered}"
}

/// The courses of my groups, mine, and those that I take part in.
fn courses() -> &'static str {
    "select so.id from courses so where so.group_id in {own}
     union select sm.id from courses sm where sm.main_author_id = {me}
     union select sa.course_id from course_co_authors sa where sa.user_id = {me}
     union select se.course_id from course_enrolments se where se.user_id = {me}
     union select sk.course_id from path_courses sk join sessions ss on ss.path_id = sk.path_id
           where ss.id in {my_sessions}"
}

/// A session of one of my groups, for a group that I administer, or one that I take part in or instruct.
fn session(id: &str) -> String {
    format!(
        "{id} in (select st.id from sessions st where st.id in {{my_sessions}}
            union select so.id from sessions so where so.group_id in {{own}}
            union select sg.session_id from session_groups sg where sg.group_id in {{administered}})"
    )
}

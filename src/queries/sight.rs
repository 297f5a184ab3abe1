//! What the caller may see (R1, R26, the matrix of trust), in one place: every list and every read by id names what it
//! tells of ([`Seen`]), and the conditions that this puts on it are added where the statement is made. So what somebody
//! may not see is neither listed, nor counted, nor found by its id, and looks like what does not exist.
//!
//! | who                               | people                                    | works                     | private groups |
//! |-----------------------------------|-------------------------------------------|---------------------------|----------------|
//! | the platform, its administrators  | all                                       | all                       | all            |
//! | its user administrators           | all, the deleted as everybody else        | all                       | their own      |
//! | everybody else                    | themselves; of their groups and sessions; | of their groups, their own | their own      |
//! |                                   | as administrators of groups or people,    |                           |                |
//! |                                   | who was deleted while in their groups, or |                           |                |
//! |                                   | by them                                   |                           |                |
//!
//! Their groups are those they hold a role in, and those below a group they administer (R4). As learners of a public
//! group rise up to the platform group (R3), being a learner *there* makes nobody the company of everybody: it opens
//! the platform's works, not its people.
//!
//! Each reason to see something is declared once ([`Reason`]) and asked in the way that suits the statement: as a
//! *probe* of one row that is at hand, as the set of *all* that is seen, where that is counted, or as the *few* that
//! are seen, where a page can be made of them. A page asks the last two ways at once ([`Few`]): whoever sees few people
//! is answered by looking those up, whoever sees many by probing people in the order of the page, which soon is full.

use std::collections::BTreeSet;

use entity::id::{GroupId, UserId};
use entity::kind::{Role, Status};
use sea_orm::ConnectionTrait;

use super::Filter;
use crate::access::{Authority, Caller};
use crate::db::sql::sql;
use crate::error::{Error, Failure, Groups, Refusal};
use crate::platform;
use crate::sessions::store::{Of, Participants, audience_groups, participants, participations};
use crate::transaction::Tx;
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
}

/// A reason to see something: rows, and the column of them that names what is seen, some of it perhaps more than once.
#[derive(Clone, Debug)]
struct Reason {
    column: &'static str,
    /// What follows `from` where all are wanted, with conditions, to which another can be added by `and`.
    rows: String,
    /// The same where one is asked about, and rows are found by its id.
    probed: String,
    /// A further condition where the rows are asked for by themselves, which need not be asked of a person at hand.
    alone: String,
}

/// The column of the reason that somebody is me, for which no row needs to be looked up.
const ME: &str = "sv.id";

/// Stands ahead of a column that rows are looked up by, unless they are by the id of what is asked about: then it becomes
/// the plus that keeps both databases from looking up each of a set for each id.
const LOOKED_UP: &str = "{+}";

/// In which form the conditions of a statement are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Of each row by itself.
    Probe,
    /// Of all rows at once.
    All,
}

/// How a page is made of few things that are seen, instead of probing many.
#[derive(Clone, Debug)]
pub struct Few {
    /// The id of what is seen, as the statement calls it.
    pub of: String,
    /// A select of what is seen, as `id`, some of it more than once.
    pub among: String,
    /// The conditions besides, and what `among` binds.
    pub rest: Filter,
}

/// How many are few: of so many a page is made by looking all of them up.
pub const FEW: usize = 1_000;

/// What a statement tells of, by what the statement calls it. A row is seen where all that is named is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A person: a table `users`.
    Person(&'static str),
    /// A person who is named, by their id.
    Named(&'static str),
    /// What others may not know of a person although they see them: the person's id.
    Personal(&'static str),
    /// A person whose email, username or external id is what they are found by: a table `users`.
    Found(&'static str),
    /// That the person's `search_key` has `{text}` in it, which others may find in `name_search` alone: a table `users`.
    Text(&'static str),
    /// What a person does in a course.
    Learning {
        /// The person's id.
        user: &'static str,
        /// The course's id.
        course: &'static str,
    },
    /// A group, by its id.
    Group(&'static str),
    /// A course, by its id.
    Course(&'static str),
    /// A path, by its id.
    Path(&'static str),
    /// A session, or what belongs to it, by the session's id.
    Session(&'static str),
    /// An activity, by its id.
    Activity(&'static str),
    /// A post: a table `posts`.
    Post(&'static str),
    /// A record of a removal, by its id.
    Record(&'static str),
    /// A job, by whoever asked for it or prepared it: a table `jobs`.
    Job(&'static str),
    /// What belongs to a job: the id of that.
    OfJob(&'static str),
}

impl Sight {
    /// What `caller` sees now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of(db: &impl ConnectionTrait, trees: &TreeCache, caller: &Caller) -> Result<Sight, Error> {
        let Caller::User(me) = caller else { return Ok(Sight::Everything) };
        let roles: Vec<(GroupId, Role, GroupId, i64)> = sql(
            "sight.roles",
            "select m.group_id, m.role, p.root_group_id, p.tree_revision
             from users u join memberships m on m.user_id = u.id cross join platform p
             where u.id = {me} and u.status = 'ACTIVE'",
        )
        .bind("me", *me)
        .all(db)
        .await?;
        if roles.iter().any(|(group, role, root, _)| group == root && *role == Role::Administrator) {
            return Ok(Sight::Everything);
        }
        let kept = roles.first().and_then(|(.., revision)| trees.get(*revision));
        let tree = match kept {
            Some(tree) => tree,
            None => platform::current(db, trees).await?.1,
        };
        let roles: Vec<(GroupId, Role)> = roles.into_iter().map(|(group, role, ..)| (group, role)).collect();
        Ok(Sight::Part(Box::new(Part::of(*me, &roles, &tree))))
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

    /// The conditions that a row at hand must meet to be seen.
    pub fn filter(&self, seen: &[Seen]) -> Filter {
        self.conditions(seen, Form::Probe)
    }

    /// The same conditions for a statement that looks at all there is.
    pub fn filter_all(&self, seen: &[Seen]) -> Filter {
        self.conditions(seen, Form::All)
    }

    /// How a page can be made of few; none where that is never better.
    pub fn few(&self, seen: &[Seen]) -> Option<Few> {
        match self {
            Sight::Everything => None,
            Sight::Impersonal(sight) => {
                let impersonal: Vec<Seen> = seen
                    .iter()
                    .copied()
                    .filter(|seen| !matches!(seen, Seen::Personal(_) | Seen::Found(_)))
                    .collect();
                let few = sight.few(&impersonal)?;
                Some(Few { rest: few.rest.merge(impersonal_alone(seen)), ..few })
            }
            Sight::Part(part) => part.few(seen),
        }
    }

    fn conditions(&self, seen: &[Seen], form: Form) -> Filter {
        match self {
            Sight::Everything => Filter::new(),
            Sight::Impersonal(sight) => sight.conditions(seen, form).merge(impersonal_alone(seen)),
            Sight::Part(part) => part.conditions(seen, form),
        }
    }
}

/// What nobody sees through a token that is not good for it.
fn impersonal_alone(seen: &[Seen]) -> Filter {
    seen.iter().fold(Filter::new(), |filter, seen| match seen {
        Seen::Personal(_) | Seen::Found(_) => filter.and("1 = 0"),
        Seen::Text(u) => filter.and(format!("{u}.name_search like {{text}} escape '\\'")),
        _ => filter,
    })
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
        }
    }

    fn conditions(&self, seen: &[Seen], form: Form) -> Filter {
        let asked = seen.iter().filter(|one| !self.implies(**one, seen));
        asked.fold(Filter::new(), |filter, one| filter.merge(self.condition(*one, form)))
    }

    /// Whether `one` of what is `seen` need not be asked: of whom something personal is seen, they are seen. Whoever sees what
    /// is personal of everybody does not see everybody: not the deleted.
    fn implies(&self, one: Seen, seen: &[Seen]) -> bool {
        let Seen::Person(u) = one else { return false };
        let is_of_them =
            |other: &Seen| matches!(other, Seen::Personal(user) if user.strip_suffix(".id") == Some(u));
        !self.everybody && seen.iter().any(is_of_them)
    }

    fn few(&self, seen: &[Seen]) -> Option<Few> {
        let asked = || seen.iter().copied().filter(|one| !self.implies(*one, seen));
        let (main, of, reasons) = asked().find_map(|one| {
            let (of, reasons) = self.reasons(one)?;
            Some((one, of, reasons))
        })?;
        let among = all_of(&reasons, "union all");
        let others = asked().filter(|one| *one != main);
        let rest = others.fold(self.bound(Filter::new(), &among), |filter, one| {
            filter.merge(self.condition(one, Form::Probe))
        });
        Some(Few { of, among, rest })
    }

    /// The condition under which a row is seen.
    fn condition(&self, seen: Seen, form: Form) -> Filter {
        let condition = match seen {
            Seen::Person(u) if self.everybody => {
                self.unless_deleted(&format!("{u}.id"), &format!("{u}.status"), form)
            }
            Seen::Named(id) if self.everybody => self.unless_deleted(id, &status_of(id), Form::Probe),
            Seen::Person(u) if form == Form::Probe => self.person(&format!("{u}.id"), &format!("{u}.status")),
            // One person, whatever else is looked at.
            Seen::Named(id) => self.person(id, &status_of(id)),
            Seen::Text(u) => match self.reasons(Seen::Personal("")) {
                Some((_, reasons)) => format!(
                    "({u}.name_search like {{text}} escape '\\' or {})",
                    any_of(&format!("{u}.id"), &reasons, form)
                ),
                None => return Filter::new(),
            },
            Seen::Learning { .. } if self.everybody => return Filter::new(),
            Seen::Learning { user, course } => {
                let mut learners = vec![Reason::me(), self.members_of("taught")];
                learners.extend(self.former_members());
                let taught = Reason::new(
                    "lc.id",
                    "courses lc where ({+}lc.group_id in {taught} or lc.main_author_id = {me})",
                );
                format!("({} or {})", any_of(user, &learners, form), any_of(course, &[taught], form))
            }
            Seen::Group(group) => format!("{group} not in {{hidden}}"),
            Seen::Job(j) => format!("({j}.actor_id = {{me}} or {j}.prepared_by = {{me}})"),
            Seen::OfJob(job) => format!(
                "exists (select 1 from jobs sj where sj.id = {job} and (sj.actor_id = {{me}} or sj.prepared_by = {{me}}))"
            ),
            Seen::Post(p) => format!("({p}.author_id = {{me}} or {p}.group_id in {{own}})"),
            Seen::Person(_)
            | Seen::Personal(_)
            | Seen::Found(_)
            | Seen::Course(_)
            | Seen::Path(_)
            | Seen::Session(_)
            | Seen::Activity(_)
            | Seen::Record(_) => match self.reasons(seen) {
                Some((of, reasons)) => any_of(&of, &reasons, form),
                None => return Filter::new(),
            },
        };
        let filter = Filter::new().and(condition.as_str());
        self.bound(filter, &condition)
    }

    /// The id of what is asked about, and every reason to see it; none where it is seen anyway, or no rows tell.
    fn reasons(&self, seen: Seen) -> Option<(String, Vec<Reason>)> {
        let (of, reasons) = match seen {
            Seen::Person(_) | Seen::Named(_) if self.everybody => return None,
            Seen::Person(u) => (format!("{u}.id"), self.people()),
            Seen::Named(id) => (id.to_owned(), self.people()),
            Seen::Record(r) => (r.to_owned(), self.records()),
            _ if self.everybody => return None,
            Seen::Personal(user) => (user.to_owned(), self.personal()),
            Seen::Found(u) => {
                let reasons = self.personal().into_iter().chain(self.deleted_by_me()).collect();
                (format!("{u}.id"), reasons)
            }
            Seen::Course(c) => (c.to_owned(), courses()),
            Seen::Path(p) => (p.to_owned(), paths()),
            Seen::Session(s) => (s.to_owned(), self.seen_sessions()),
            Seen::Activity(a) => (a.to_owned(), activities()),
            Seen::Text(_)
            | Seen::Learning { .. }
            | Seen::Group(_)
            | Seen::Post(_)
            | Seen::Job(_)
            | Seen::OfJob(_) => {
                return None;
            }
        };
        Some((of, reasons))
    }

    /// Why a person is seen.
    fn people(&self) -> Vec<Reason> {
        [vec![Reason::me()], self.living(), self.deleted()].concat()
    }

    /// Why somebody living is seen: in my company, or in a session of mine.
    fn living(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if !self.company.is_empty() {
            reasons.push(self.members_of("company"));
        }
        for Participants { column, all, one } in participants("in {my_sessions}", "in {my_audiences}") {
            let alone = format!(
                " and exists (select 1 from users su where su.id = {column} and su.status in {})",
                Status::listed(Status::is_living)
            );
            reasons.push(Reason { column, rows: all, probed: one, alone });
        }
        reasons.push(Reason::new("si.main_instructor_id", "sessions si where {+}si.id in {my_sessions}"));
        reasons.push(Reason::new(
            "sc.user_id",
            "session_co_instructors sc where {+}sc.session_id in {my_sessions}",
        ));
        reasons
    }

    /// Why somebody deleted is seen, by who administers people: they were in a group of mine, or I deleted them.
    fn deleted(&self) -> Vec<Reason> {
        self.former_members().into_iter().chain(self.deleted_by_me()).collect()
    }

    fn former_members(&self) -> Option<Reason> {
        let rows = "former_memberships sf where sf.group_id in {administered}";
        (!self.administered.is_empty()).then(|| Reason::new("sf.user_id", rows))
    }

    fn deleted_by_me(&self) -> Option<Reason> {
        let rows = "records sr join users sd on sd.id = sr.user_id
                    where {+}sr.actor_id = {me} and sr.outcome = 'DELETED' and sd.status = 'DELETED' and sd.deleted_by = {me}";
        (!self.administered.is_empty()).then(|| Reason::new("sr.user_id", rows))
    }

    /// Why what is personal is seen.
    fn personal(&self) -> Vec<Reason> {
        let mut reasons = vec![Reason::me()];
        if !self.administered.is_empty() {
            reasons.push(self.members_of("administered"));
        }
        reasons
    }

    fn members_of(&self, groups: &str) -> Reason {
        Reason::new("sm.user_id", format!("memberships sm where {{+}}sm.group_id in {{{groups}}}"))
    }

    /// Why a record is seen: I did it, or it was done to me or to somebody of a group that I administer.
    fn records(&self) -> Vec<Reason> {
        let mut reasons = vec![
            Reason::new("sa.id", "records sa where sa.actor_id = {me}"),
            Reason::new("su.id", "records su where su.user_id = {me}"),
        ];
        if !self.administered.is_empty() {
            // Former memberships are found by their group alone.
            for (table, looked_up) in [("memberships", LOOKED_UP), ("former_memberships", "")] {
                reasons.push(Reason::new(
                    "su.id",
                    format!(
                        "{table} sm join records su on su.user_id = sm.user_id
                         where {looked_up}sm.group_id in {{administered}}"
                    ),
                ));
            }
        }
        reasons
    }

    /// Why a session is seen: I take part in it or instruct it, it is of one of my groups, or for one that I administer.
    fn seen_sessions(&self) -> Vec<Reason> {
        let mut reasons = vec![
            Reason::new("st.id", "sessions st where {+}st.id in {my_sessions}"),
            Reason::new("so.id", "sessions so where {+}so.group_id in {own}"),
        ];
        if !self.administered.is_empty() {
            reasons.push(Reason::new(
                "sg.session_id",
                "session_groups sg where {+}sg.group_id in {administered}",
            ));
        }
        reasons
    }

    /// Whether the person of this id and status is seen. Of the living and the deleted different reasons can hold.
    fn person(&self, id: &str, status: &str) -> String {
        // Not by `case`: SQLite looks at all that is joined by `or` where its value is needed.
        let living = Status::listed(Status::is_living);
        format!(
            "({id} = {{me}} or {status} in {living} and {} or {status} not in {living} and {})",
            any_of(id, &self.living(), Form::Probe),
            any_of(id, &self.deleted(), Form::Probe)
        )
    }

    /// Whether the person of this id and status is living, or one of those whom I see nevertheless.
    fn unless_deleted(&self, id: &str, status: &str, form: Form) -> String {
        format!("({status} <> 'DELETED' or {})", any_of(id, &self.deleted(), form))
    }

    /// `filter`, with those of my ids bound that stand in `text`.
    fn bound(&self, mut filter: Filter, text: &str) -> Filter {
        let mut text = text.to_owned();
        if text.contains("{my_audiences}") {
            let groups = audience_groups("in {my_sessions}");
            filter = filter.select("my_sessions", self.sessions()).select("my_audiences", groups);
            text += &self.sessions();
        } else if text.contains("{my_sessions}") {
            filter = filter.select("my_sessions", self.sessions());
            text += &self.sessions();
        }
        let names = |name: &str| text.contains(&format!("{{{name}}}"));
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
        filter
    }

    /// A select of the sessions whose people I see: I take part in them, instruct them, or administer their group.
    fn sessions(&self) -> String {
        let mut text = format!(
            "select mine.session_id as id from ({}) mine
             union select s.id from sessions s where s.main_instructor_id = {{me}}
             union select i.session_id from session_co_instructors i where i.user_id = {{me}}",
            participations(Of::Users("= {me}"))
        );
        if !self.administered.is_empty() {
            text += " union select s.id from sessions s where s.group_id in {administered}";
        }
        text
    }
}

impl Reason {
    fn new(column: &'static str, rows: impl Into<String>) -> Reason {
        let rows = rows.into();
        let (probed, rows) = (rows.replace(LOOKED_UP, "+"), rows.replace(LOOKED_UP, ""));
        Reason { column, rows, probed, alone: String::new() }
    }

    /// The person is me.
    fn me() -> Reason {
        Reason::new(ME, "users sv where sv.id = {me}")
    }

    /// Whether it holds for the one of this id. The limit keeps PostgreSQL from looking for all of whom it holds.
    fn probe(&self, id: &str) -> String {
        if self.column == ME {
            return format!("{id} = {{me}}");
        }
        let Reason { column, probed, .. } = self;
        format!("(select {column} from {probed} and {column} = {id} limit 1) is not null")
    }

    /// Everybody and everything for which it holds.
    fn all(&self) -> String {
        let Reason { column, rows, alone, .. } = self;
        format!("select {column} as id from {rows}{alone}")
    }
}

/// That one of the reasons holds for `id`.
fn any_of(id: &str, reasons: &[Reason], form: Form) -> String {
    match (reasons, form) {
        ([], _) => "1 = 0".to_owned(),
        (_, Form::All) => format!("{id} in ({})", all_of(reasons, "union")),
        (_, Form::Probe) => {
            format!("({})", reasons.iter().map(|reason| reason.probe(id)).collect::<Vec<_>>().join(" or "))
        }
    }
}

/// All for which one of the reasons holds.
fn all_of(reasons: &[Reason], together: &str) -> String {
    reasons.iter().map(Reason::all).collect::<Vec<_>>().join(&format!(" {together} "))
}

/// The status of the person of this id, whom no table of the statement has.
fn status_of(id: &str) -> String {
    format!("(select st.status from users st where st.id = {id})")
}

/// Why a course is seen: it is of one of my groups, I write it or an activity of it, or I take part in it or have learnt in
/// it.
fn courses() -> Vec<Reason> {
    [
        ("so.id", "courses so where {+}so.group_id in {own}"),
        ("sm.id", "courses sm where sm.main_author_id = {me}"),
        ("sa.course_id", "course_co_authors sa where sa.user_id = {me}"),
        ("se.course_id", "course_enrolments se where se.user_id = {me}"),
        (
            "sk.course_id",
            "path_courses sk join sessions ss on ss.path_id = sk.path_id where {+}ss.id in {my_sessions}",
        ),
        ("sp.course_id", "progress sp where sp.user_id = {me}"),
        ("sc.course_id", "certificates sc where sc.user_id = {me}"),
        ("sl.course_id", "sales sl where sl.user_id = {me}"),
        ("sb.course_id", "subscriptions sb where sb.user_id = {me}"),
        ("sw.course_id", "activities sw where sw.owner_id = {me}"),
        ("sq.course_id", "results sr join activities sq on sq.id = sr.activity_id where sr.user_id = {me}"),
    ]
    .map(|(column, rows)| Reason::new(column, rows))
    .to_vec()
}

/// Why a path is seen: it is of one of my groups, I write it, or a session of it is seen.
fn paths() -> Vec<Reason> {
    [
        ("so.id", "paths so where {+}so.group_id in {own}"),
        ("sm.id", "paths sm where sm.main_author_id = {me}"),
        ("sa.path_id", "path_co_authors sa where sa.user_id = {me}"),
        ("ss.path_id", "sessions ss where {+}ss.id in {my_sessions}"),
        ("sn.path_id", "sessions sn where {+}sn.group_id in {own}"),
        (
            "sd.path_id",
            "session_groups sg join sessions sd on sd.id = sg.session_id where {+}sg.group_id in {administered}",
        ),
    ]
    .map(|(column, rows)| Reason::new(column, rows))
    .to_vec()
}

/// Why an activity is seen: it is mine, or its course is seen.
fn activities() -> Vec<Reason> {
    let of_courses = courses().into_iter().map(|Reason { column, rows, .. }| {
        Reason::new(
            "sy.id",
            format!("activities sy where {LOOKED_UP}sy.course_id in (select {column} from {rows})"),
        )
    });
    std::iter::once(Reason::new("sx.id", "activities sx where sx.owner_id = {me}"))
        .chain(of_courses)
        .collect()
}

//! A whole organisation in memory: what the rules are asked about, and what carrying out a plan does to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CourseId, GroupId, PathId, SessionId, SlotId, UserId, WorkId};
use entity::kind::{AudienceKind, Outcome, Privacy, PrivateSubgroups, Role, SeatKind, Status};
use roster::access::Authority;
use roster::ownership::{self, Administrator, Candidates, Leaving};
use roster::removal::facts::{Enrolment, Facts, Membership, Person, Seat, Session, Setting, Standing};
use roster::removal::plan::{Effect, Plan};
use roster::removal::request::Request;
use roster::removal::rules::{Verdict, decide, settle, verdict};
use roster::tree::Tree;

/// An organisation. The first user owns the platform, the first group is the platform group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub groups: Vec<(GroupId, Option<GroupId>, Privacy)>,
    pub users: BTreeMap<UserId, Status>,
    pub memberships: BTreeMap<(UserId, GroupId, Role), DateTime<Utc>>,
    pub courses: BTreeMap<CourseId, Work>,
    pub paths: BTreeMap<PathId, Work>,
    pub sessions: BTreeMap<SessionId, Course>,
    pub enrolments: BTreeSet<(SessionId, UserId)>,
    pub captures: BTreeSet<(SessionId, UserId)>,
    pub exclusions: BTreeSet<(SessionId, UserId)>,
    pub seats: BTreeSet<(SlotId, SessionId, UserId, SeatKind)>,
}

/// Something with a main owner and ranked others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    pub group: GroupId,
    pub main: UserId,
    pub others: BTreeMap<i32, UserId>,
}

/// A session of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    pub path: PathId,
    pub audience: AudienceKind,
    pub ended: bool,
    pub groups: BTreeSet<GroupId>,
    pub main: UserId,
    pub others: BTreeMap<i32, UserId>,
}

pub const OWNER: UserId = UserId(1);
pub const ROOT: GroupId = GroupId(1);

/// Day `n` of the model's calendar.
pub fn day(n: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(n)
}

impl Model {
    pub fn setting(&self, authority: Authority) -> Setting {
        let tree = Tree::new(self.groups.iter().copied()).expect("the model's groups form a tree");
        Setting { tree: Arc::new(tree), owner: OWNER, authority, most_rows: None }
    }

    pub fn authority_of(&self, user: UserId) -> Authority {
        let roles = self.memberships.keys().filter(|(member, ..)| *member == user);
        Authority::of_user(user, roles.map(|(_, group, role)| (*group, *role)))
    }

    pub fn standings(&self, users: &[UserId]) -> Vec<Standing> {
        users
            .iter()
            .map(|user| Standing {
                user: *user,
                status: self.users[user],
                named: None,
                memberships: self
                    .memberships
                    .range((*user, GroupId(0), Role::Learner)..)
                    .take_while(|((member, ..), _)| member == user)
                    .map(|((_, group, role), at)| Membership {
                        group: *group,
                        role: *role,
                        granted_by: None,
                        granted_at: *at,
                    })
                    .collect(),
            })
            .collect()
    }

    /// Removes `list` in chunks of `size`, the way a job does; the plans in the order in which they ran.
    pub fn remove(
        &mut self,
        list: &[UserId],
        request: &Request,
        answer: PrivateSubgroups,
        caller: UserId,
        size: usize,
    ) -> Vec<Plan> {
        let setting = self.setting(self.authority_of(caller));
        let everybody = verdicts(&self.standings(list), request, answer, &setting);
        let mut leaving = Leaving::default();
        settle(&mut leaving, &everybody);
        let mut plans = Vec::new();
        for chunk in list.chunks(size) {
            let plan = self.plan(chunk, request, answer, &leaving, &setting);
            self.apply(&plan);
            plans.push(plan);
        }
        plans
    }

    pub fn plan(
        &self,
        users: &[UserId],
        request: &Request,
        answer: PrivateSubgroups,
        leaving: &Leaving,
        setting: &Setting,
    ) -> Plan {
        let people = self.standings(users);
        let verdicts = verdicts(&people, request, answer, setting);
        let facts = self.facts();
        let people = people
            .iter()
            .zip(verdicts)
            .map(|(person, (user, verdict))| {
                decide(user, person.status, verdict, request, &facts, leaving, setting)
            })
            .collect();
        Plan { people }
    }

    fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        let mut of = |user: &UserId, add: &dyn Fn(&mut Person)| add(facts.people.entry(*user).or_default());
        for (session, user) in &self.enrolments {
            let enrolment = Enrolment { session: *session, granted_by: None, enrolled_at: day(0) };
            of(user, &|person| person.enrolments.push(enrolment));
        }
        for (session, user) in &self.captures {
            of(user, &|person| {
                person.captures.insert(*session);
            });
        }
        for (session, user) in &self.exclusions {
            of(user, &|person| {
                person.exclusions.insert(*session);
            });
        }
        for (slot, session, user, kind) in &self.seats {
            let seat = Seat { slot: *slot, session: *session, kind: *kind };
            of(user, &|person| person.seats.push(seat));
        }
        for (id, course) in &self.courses {
            of(&course.main, &|person| person.courses.push(*id));
            for (rank, user) in &course.others {
                of(user, &|person| person.places.push((WorkId::Course(*id), *rank)));
            }
        }
        for (id, path) in &self.paths {
            of(&path.main, &|person| person.paths.push(*id));
            for (rank, user) in &path.others {
                of(user, &|person| person.places.push((WorkId::Path(*id), *rank)));
            }
        }
        for (id, session) in &self.sessions {
            of(&session.main, &|person| person.instructs.push(*id));
            for (rank, user) in &session.others {
                of(user, &|person| person.places.push((WorkId::Session(*id), *rank)));
            }
        }
        for (id, session) in &self.sessions {
            facts
                .sessions
                .insert(*id, Session { audience: session.audience, ended: session.ended, captured: false });
            for group in &session.groups {
                facts.audiences.entry(*group).or_default().push(*id);
            }
        }
        facts.candidates = self.candidates();
        facts
    }

    fn candidates(&self) -> Candidates {
        let ranked =
            |others: &BTreeMap<i32, UserId>| others.iter().map(|(rank, user)| (*rank, *user)).collect();
        let mut administrators: BTreeMap<GroupId, Vec<Administrator>> = BTreeMap::new();
        for ((user, group, role), at) in &self.memberships {
            if *role == Role::Administrator {
                administrators
                    .entry(*group)
                    .or_default()
                    .push(Administrator { granted_at: *at, user: *user });
            }
        }
        administrators.values_mut().for_each(|appointed| appointed.sort());
        Candidates {
            courses: self
                .courses
                .iter()
                .map(|(id, course)| {
                    (*id, ownership::Course { group: course.group, co_authors: ranked(&course.others) })
                })
                .collect(),
            paths: self
                .paths
                .iter()
                .map(|(id, path)| {
                    let (group, main_author) = (path.group, path.main);
                    (*id, ownership::Path { group, main_author, co_authors: ranked(&path.others) })
                })
                .collect(),
            sessions: self
                .sessions
                .iter()
                .map(|(id, session)| {
                    let co_instructors = ranked(&session.others);
                    (*id, ownership::Session { path: session.path, co_instructors })
                })
                .collect(),
            administrators,
            status: self.users.clone(),
        }
    }

    fn apply(&mut self, plan: &Plan) {
        for person in &plan.people {
            let user = person.user;
            for effect in &person.effects {
                match effect {
                    Effect::MembershipRemoved { group, role, .. } => {
                        assert!(self.memberships.remove(&(user, *group, *role)).is_some(), "{effect:?}");
                    }
                    Effect::SeatReleased { slot, kind, .. } => {
                        self.seats.retain(|seat| (seat.0, seat.2, seat.3) != (*slot, user, *kind));
                    }
                    Effect::EnrolmentRemoved { session, .. } => {
                        assert!(self.enrolments.remove(&(*session, user)), "{effect:?}");
                    }
                    Effect::PlaceRemoved { work, rank, .. } => {
                        assert_eq!(self.others(*work).remove(rank), Some(user), "{effect:?}");
                    }
                    Effect::HandedOver { work, to, former_rank, .. } => {
                        if let Some(rank) = former_rank {
                            assert_eq!(self.others(*work).remove(rank), Some(*to), "{effect:?}");
                        }
                        let main = self.main(*work);
                        assert_eq!(*main, user, "{effect:?}");
                        *main = *to;
                    }
                    Effect::AccountDeleted { .. } => {
                        self.users.insert(user, Status::Deleted);
                    }
                    Effect::MembershipKept { .. }
                    | Effect::SessionLeft { .. }
                    | Effect::SessionKept { .. }
                    | Effect::SeatKept { .. }
                    | Effect::PostsAnonymized { .. } => {}
                }
            }
        }
    }

    fn others(&mut self, work: WorkId) -> &mut BTreeMap<i32, UserId> {
        match work {
            WorkId::Course(id) => &mut self.courses.get_mut(&id).expect("a course").others,
            WorkId::Path(id) => &mut self.paths.get_mut(&id).expect("a path").others,
            WorkId::Session(id) => &mut self.sessions.get_mut(&id).expect("a session").others,
        }
    }

    fn main(&mut self, work: WorkId) -> &mut UserId {
        match work {
            WorkId::Course(id) => &mut self.courses.get_mut(&id).expect("a course").main,
            WorkId::Path(id) => &mut self.paths.get_mut(&id).expect("a path").main,
            WorkId::Session(id) => &mut self.sessions.get_mut(&id).expect("a session").main,
        }
    }

    /// R8, from the definition and not from the rules under test.
    pub fn takes_part(&self, user: UserId, id: SessionId) -> bool {
        let session = &self.sessions[&id];
        if self.exclusions.contains(&(id, user)) {
            return false;
        }
        let by_group = session.audience == AudienceKind::Dynamic
            && !session.ended
            && session
                .groups
                .iter()
                .any(|group| self.memberships.contains_key(&(user, *group, Role::Learner)));
        by_group || self.captures.contains(&(id, user)) || self.enrolments.contains(&(id, user))
    }

    /// The invariants of R2, R3 and R8; what is broken, in words.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (user, status) in &self.users {
            let member = self.memberships.keys().any(|(member, ..)| member == user);
            if status.is_living() && !member {
                broken.push(format!("R2: {user:?} lives without a membership"));
            }
            if !status.is_living() && member {
                broken.push(format!("R2: {user:?} is {status:?} and a member"));
            }
        }
        for (user, group, role) in self.memberships.keys() {
            let (_, parent, privacy) = self.groups.iter().find(|(id, ..)| id == group).expect("a group");
            if let (Role::Learner, Privacy::Public, Some(parent)) = (role, privacy, parent)
                && !self.memberships.contains_key(&(*user, *parent, Role::Learner))
            {
                broken.push(format!("R3: {user:?} learns in public {group:?}, not in {parent:?}"));
            }
        }
        for (slot, session, user, kind) in &self.seats {
            let present = self.users[user].is_present() && self.takes_part(*user, *session);
            if *kind == SeatKind::Attendee && !present {
                broken.push(format!("R8: {user:?} attends {slot:?} of {session:?} without taking part"));
            }
        }
        broken
    }
}

pub fn verdicts(
    people: &[Standing],
    request: &Request,
    answer: PrivateSubgroups,
    setting: &Setting,
) -> Vec<(UserId, Verdict)> {
    let request = &request.answered(answer);
    people.iter().map(|person| (person.user, verdict(person, request, setting))).collect()
}

/// Everybody whose account ended in `plans`.
pub fn deleted(plans: &[Plan]) -> BTreeSet<UserId> {
    plans
        .iter()
        .flat_map(|plan| &plan.people)
        .filter(|person| person.outcome == Outcome::Deleted)
        .map(|person| person.user)
        .collect()
}

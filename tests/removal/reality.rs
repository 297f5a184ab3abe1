//! Preview against reality: what a plan says is exactly the difference between the database before and after.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::id::{CourseId, GroupId, PathId, RecordId, SessionId, SlotId, UserId};
use entity::kind::{Cause, Role, SeatKind, Status, Step, Work};
use entity::{
    course_co_author, former_membership, hand_over, path_co_author, record, session_co_instructor, token,
};
use roster::organisation::{Organisation, Tables};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::asking::{Asked, EFFECTS, Plan, Planned, named, number};
use super::chance::{self, Cast, Chance};
use crate::common::{Change, Start, World, each_database};

/// A database before a removal.
struct Before {
    tables: Tables,
    tokens: Vec<token::Model>,
    records: BTreeSet<RecordId>,
}

/// Rows by table, as text.
#[derive(Default)]
struct Rows {
    lost: BTreeMap<&'static str, BTreeSet<String>>,
    gained: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Rows {
    fn lose<T: std::fmt::Debug>(&mut self, table: &'static str, row: Option<&T>) {
        let row = row.unwrap_or_else(|| panic!("a row of {table} to be lost"));
        assert!(
            self.lost.entry(table).or_default().insert(format!("{row:?}")),
            "{table} loses it once: {row:?}"
        );
    }

    fn gain<T: std::fmt::Debug>(&mut self, table: &'static str, row: &T) {
        assert!(
            self.gained.entry(table).or_default().insert(format!("{row:?}")),
            "{table} gains it once: {row:?}"
        );
    }

    fn change<T: std::fmt::Debug + Clone>(
        &mut self,
        table: &'static str,
        row: Option<&T>,
        change: impl FnOnce(&mut T),
    ) {
        self.lose(table, row);
        let mut row = row.cloned().expect("a row to be changed");
        change(&mut row);
        self.gain(table, &row);
    }

    fn changes(mut self) -> BTreeMap<String, Change> {
        let tables: BTreeSet<_> = self.lost.keys().chain(self.gained.keys()).copied().collect();
        tables
            .into_iter()
            .map(|table| {
                let lost = self.lost.remove(table).unwrap_or_default().into_iter().collect();
                let gained = self.gained.remove(table).unwrap_or_default().into_iter().collect();
                (table.to_owned(), Change { lost, gained })
            })
            .collect()
    }
}

impl Before {
    async fn of(world: &World) -> Before {
        let records = records(world).await.into_iter().map(|row| row.id).collect();
        let tokens = token::Entity::find().all(&world.db.read).await.expect("tokens");
        Before { tables: world.tables().await, tokens, records }
    }

    /// What the plan says will become of the tables, once it is known when it happened to whom.
    fn expect(
        &self,
        plan: &Plan,
        done: &BTreeMap<UserId, &record::Model>,
        caller: UserId,
    ) -> BTreeMap<String, Change> {
        let mut rows = Rows::default();
        for person in plan.people() {
            let user = UserId(number(&person.value["userId"]));
            for effect in &person.effects {
                self.expect_effect(user, effect, &mut rows);
            }
            if person.outcome == "DELETED" {
                let at = done[&user].at;
                self.expect_deletion(user, at, &mut rows);
                let going = |effect: &&Value| effect["__typename"] == "MembershipRemoved";
                for effect in person.effects.iter().filter(going) {
                    let (group_id, role) = (GroupId(number(&effect["groupId"])), read(&effect["role"]));
                    let former = former_membership::Model { group_id, user_id: user, role };
                    rows.gain("former_memberships", &former);
                }
                rows.change("users", self.tables.users.iter().find(|row| row.id == user), |row| {
                    row.status = Status::Deleted;
                    row.status_since = at;
                    row.deleted_at = Some(at);
                    row.deletion_cause =
                        Some(if ends_by_last_group(person) { Cause::LastGroup } else { Cause::Requested });
                    row.deleted_by = Some(caller);
                });
            }
            if person.effects.iter().any(|effect| effect["__typename"] == "PostsAnonymized") {
                let at = done[&user].at;
                let posts = self.tables.posts.iter();
                for post in posts.filter(|row| row.author_id == Some(user) && row.anonymized_at.is_none()) {
                    rows.change("posts", Some(post), |row| row.anonymized_at = Some(at));
                }
            }
        }
        rows.changes()
    }

    fn expect_effect(&self, user: UserId, effect: &Value, rows: &mut Rows) {
        let tables = &self.tables;
        let work = || named(&effect["workId"]);
        match effect["__typename"].as_str() {
            Some("MembershipRemoved") => {
                let (group, role) = (GroupId(number(&effect["groupId"])), read::<Role>(&effect["role"]));
                let granted_at = read::<DateTime<Utc>>(&effect["grantedAt"]);
                let found = tables.memberships.iter().find(|row| {
                    (row.user_id, row.group_id, row.role, row.granted_at) == (user, group, role, granted_at)
                });
                rows.lose("memberships", found);
            }
            Some("SeatReleased") => {
                let (slot, kind) = (SlotId(number(&effect["slotId"])), read::<SeatKind>(&effect["kind"]));
                let all = &tables.slot_registrations;
                let found = all.iter().find(|row| (row.slot_id, row.user_id, row.kind) == (slot, user, kind));
                rows.lose("slot_registrations", found);
            }
            Some("EnrolmentRemoved") => {
                let (session, at) = (SessionId(number(&effect["sessionId"])), read(&effect["enrolledAt"]));
                let all = &tables.session_enrolments;
                let found = all
                    .iter()
                    .find(|row| (row.session_id, row.user_id, row.enrolled_at) == (session, user, at));
                rows.lose("session_enrolments", found);
            }
            Some("PlaceRemoved") => self.expect_place(work(), user, &effect["rank"], rows),
            Some("HandedOver") => {
                let to = UserId(number(&effect["toId"]));
                if effect["formerRank"].is_number() {
                    self.expect_place(work(), to, &effect["formerRank"], rows);
                }
                let (kind, id) = work();
                match kind.as_str() {
                    "Course" => {
                        let all = &tables.courses;
                        let found = all.iter().find(|row| (row.id.0, row.main_author_id) == (id, user));
                        rows.change("courses", found, |row| row.main_author_id = to);
                    }
                    "Path" => {
                        let all = &tables.paths;
                        let found = all.iter().find(|row| (row.id.0, row.main_author_id) == (id, user));
                        rows.change("paths", found, |row| row.main_author_id = to);
                    }
                    _ => {
                        let all = &tables.sessions;
                        let found = all.iter().find(|row| (row.id.0, row.main_instructor_id) == (id, user));
                        rows.change("sessions", found, |row| row.main_instructor_id = to);
                    }
                }
            }
            _ => {}
        }
    }

    /// A place as co-author or co-instructor that goes.
    fn expect_place(&self, (kind, id): (String, i64), user_id: UserId, rank: &Value, rows: &mut Rows) {
        let (tables, rank) = (&self.tables, read(rank));
        match kind.as_str() {
            "Course" => {
                let row = course_co_author::Model { course_id: CourseId(id), user_id, rank };
                rows.lose("course_co_authors", tables.course_co_authors.iter().find(|found| **found == row));
            }
            "Path" => {
                let row = path_co_author::Model { path_id: PathId(id), user_id, rank };
                rows.lose("path_co_authors", tables.path_co_authors.iter().find(|found| **found == row));
            }
            _ => {
                let row = session_co_instructor::Model { session_id: SessionId(id), user_id, rank };
                rows.lose(
                    "session_co_instructors",
                    tables.session_co_instructors.iter().find(|found| **found == row),
                );
            }
        }
    }

    /// R9.2, R9.7: what is swept with an account.
    fn expect_deletion(&self, user: UserId, at: DateTime<Utc>, rows: &mut Rows) {
        for token in self.tokens.iter().filter(|row| row.user_id == user) {
            rows.lose("tokens", Some(token));
        }
        for date in self.tables.dates.iter().filter(|row| row.user_id == user) {
            rows.lose("dates", Some(date));
        }
        let subscriptions = self.tables.subscriptions.iter();
        for running in subscriptions.filter(|row| row.user_id == user && row.cancelled_at.is_none()) {
            rows.change("subscriptions", Some(running), |row| row.cancelled_at = Some(at));
        }
    }
}

fn ends_by_last_group(person: &Planned) -> bool {
    !person.about("LAST_MEMBERSHIP").is_empty()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("a value")
}

async fn records(world: &World) -> Vec<record::Model> {
    record::Entity::find().all(&world.db.read).await.expect("records")
}

fn is_done(person: &Planned) -> bool {
    ["DELETED", "REMOVED", "REMOVED_NOT_DELETED"].contains(&person.outcome.as_str())
}

/// Whether there is more to somebody's plan than the caller may see.
fn hides_something(person: &Planned) -> bool {
    let hides = |effect: &Value| {
        effect["__typename"] == "HandedOver"
            && (effect["toId"].is_null() || effect["passedOverHiddenCount"] != 0)
    };
    person.value["hiddenCount"] != 0 || person.effects.iter().any(hides)
}

/// Plans what is asked, carries it out with the digest of the plan, and holds the one against the other. How many
/// people something was done to.
async fn hold_against_reality(world: &World, asked: Asked<'_>, caller: &str, many: bool) -> usize {
    let plan = asked.plan().await;
    if plan.value["digest"].is_null() {
        assert_eq!(asked.refused().await.code, "PRIVATE_SUBGROUPS_UNDECIDED");
        return 0;
    }
    let roles = world.now().await.roles(caller);
    if many && !roles.iter().any(|role| role.contains("ADMINISTRATOR")) {
        // Nothing is accepted of somebody who could remove nobody (R29), but a list of oneself.
        let answer = asked.answered().await["data"]["answer"].clone();
        let alone = plan.people().iter().all(|person| person.name == caller);
        assert!(alone || answer["userErrors"][0]["code"] == "FORBIDDEN", "{answer:#}");
        return 0;
    }
    if plan.people().iter().any(hides_something) {
        // What the caller does not see is in no plan of theirs to be held against anything.
        return 0;
    }
    let unresolved = plan.value["unresolved"].as_array().map_or(0, Vec::len);
    let (before, dump) = (Before::of(world).await, world.dump().await);
    let asked = asked.shown(plan.digest());
    if many {
        let job = asked.job().await;
        // Whom the caller does not see is not found, in the plan as in the job.
        let (unseen, outcomes): (BTreeSet<_>, BTreeSet<_>) =
            job.outcomes().into_iter().partition(|(_, outcome)| *outcome == "NOT_FOUND");
        assert_eq!(outcomes, plan.outcomes().into_iter().collect());
        assert_eq!(unseen.len(), unresolved);
    } else if plan.people().is_empty() {
        assert_eq!(asked.refused().await.code, "NOT_FOUND");
    } else if is_done(&plan.people()[0]) {
        asked.done().await;
    } else {
        let answer = asked.answered().await;
        assert!(answer["errors"].is_null(), "{answer:#}");
    }
    let mut changes = dump.changes_until(&world.dump().await);
    let done: Vec<&Planned> = plan.people().iter().filter(|person| is_done(person)).collect();

    let gained =
        |change: Option<Change>| change.map_or(0, |change| (change.gained.len()) - change.lost.len());
    assert_eq!(gained(changes.remove("jobs")), usize::from(many));
    assert_eq!(gained(changes.remove("job_items")), if many { plan.people().len() + unresolved } else { 0 });
    // Accepted, taken, and once a chunk.
    let at_once = changes.remove("job_chunks").map_or(0, |change| change.gained.len());
    assert_eq!(gained(changes.remove("job_events")), if many { 2 + at_once.max(1) } else { 0 });
    assert_eq!(gained(changes.remove("records")), done.len(), "one record each for whom something is done");
    let mut written = records(world).await;
    written.retain(|row| !before.records.contains(&row.id));
    let written: BTreeMap<UserId, &record::Model> = written.iter().map(|row| (row.user_id, row)).collect();
    let handed_over = changes.remove("hand_overs").map_or(Vec::new(), |change| change.gained);
    let told = done.len() + handed_over.len() + usize::from(many);
    assert_eq!(
        gained(changes.remove("events")),
        told,
        "each removal and each hand-over is told, and the job"
    );
    assert_eq!(handed_over, expected_hand_overs(&done, &written));
    for person in &done {
        says_what_was_planned(world, person, &written).await;
    }
    assert_eq!(changes, before.expect(&plan, &written, world.user_id(caller)), "and nothing else");
    done.len()
}

/// The record of somebody tells the outcome, the digest and every effect of the plan, in the same words.
async fn says_what_was_planned(world: &World, person: &Planned, written: &BTreeMap<UserId, &record::Model>) {
    use roster::graphql::id::GlobalId;
    let row = written[&UserId(number(&person.value["userId"]))];
    let query = format!("query($id: ID!) {{ removal(id: $id) {{ outcome digest {EFFECTS} }} }}");
    let read = world.read("owner", &query, json!({ "id": row.id.global().as_str() })).await;
    assert_eq!(read["removal"]["outcome"], person.outcome);
    assert_eq!(read["removal"]["digest"], person.digest());
    assert_eq!(read["removal"]["effects"]["nodes"], json!(person.effects));
}

/// Hand-overs besides as rows.
fn expected_hand_overs(done: &[&Planned], written: &BTreeMap<UserId, &record::Model>) -> Vec<String> {
    let mut rows = BTreeSet::new();
    for person in done {
        let from_user_id = UserId(number(&person.value["userId"]));
        for effect in person.effects.iter().filter(|effect| effect["__typename"] == "HandedOver") {
            let (kind, work_id) = named(&effect["workId"]);
            let row = hand_over::Model {
                record_id: written[&from_user_id].id,
                kind: match kind.as_str() {
                    "Course" => Work::Course,
                    "Path" => Work::Path,
                    _ => Work::Session,
                },
                work_id,
                from_user_id,
                to_user_id: UserId(number(&effect["toId"])),
                step: read::<Step>(&effect["step"]),
                former_rank: read(&effect["formerRank"]),
            };
            rows.insert(format!("{row:?}"));
        }
    }
    rows.into_iter().collect()
}

/// Something to be removed, with whatever options; who asks, and whether it is a list.
fn anything<'a>(world: &'a World, cast: &Cast, chance: &mut Chance) -> (Asked<'a>, String, bool) {
    let most = 12;
    let mut list = chance.some(&cast.people, most);
    list.push(chance.one(&cast.people));
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let group = chance.one(&cast.groups);
    let (mut asked, many) = match chance.below(8) {
        0 => (world.delete(list[0]), false),
        1 => (world.remove(list[0], &group), false),
        2 => (world.revoke(list[0], chance.one(Role::ALL), &group), false),
        3 | 4 => (world.remove_all(&list, &group), true),
        _ => (world.delete_all(&list), true),
    };
    asked = match chance.below(5) {
        0 => asked,
        1 | 2 => asked.keeping(),
        _ => asked.removing(),
    };
    if asked.may_be_confirmed() && !chance.once_in(3) {
        asked = asked.confirmed();
    }
    if asked.treats_posts() && chance.once_in(2) {
        asked = asked.anonymizing_posts();
    }
    let caller = if chance.once_in(6) { chance.one(&cast.people) } else { "owner".to_owned() };
    (asked.by(&caller), caller, many)
}

/// Several removals from one random organisation; how many people something was done to.
async fn try_seed(start: Start, seed: u64) -> usize {
    let mut chance = Chance::new(seed);
    let mut cast = Cast::default();
    let made = |it: Organisation| {
        let (it, of_it) = chance::organisation(it, &mut chance);
        cast = of_it;
        it
    };
    let world = start.with(made).await;
    for person in chance.some(&cast.people, 8) {
        world.give_token(&person, &person).await;
    }
    let size = 1 + chance.below(6);
    let world = world.in_chunks_of(size);
    let mut done = 0;
    for _ in 0..4 {
        let (asked, caller, many) = anything(&world, &cast, &mut chance);
        // What a person in another state asks never gets here.
        if world.now().await.status(&caller) == "ACTIVE" {
            done += hold_against_reality(&world, asked, &caller, many).await;
        }
    }
    done
}

each_database! {
    async fn r18_what_the_plan_says_is_the_difference_between_before_and_after(start: Start) {
        let mut done = 0;
        for seed in 0..12 {
            done += try_seed(start.another().await, seed).await;
        }
        assert!(done > 60, "the organisations give removals something to do: {done}");
    }
}

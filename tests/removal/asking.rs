//! The words in which these tests ask for removals: one request, which can be planned, carried out, or refused.

use std::collections::BTreeMap;

use entity::kind::Role;
use roster::graphql::id::GlobalId;
use roster::organisation::promises;
use serde_json::{Map, Value, json};

use crate::common::{Answer, World};

/// A removal, asked by the owner unless somebody else is named.
#[derive(Clone)]
pub struct Asked<'a> {
    world: &'a World,
    kind: Kind,
    by: String,
    input: Map<String, Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    DeleteUser,
    DeleteUsers,
    RemoveUserFromGroup,
    RemoveUsersFromGroup,
    RevokeRole,
}

/// What was done to one person.
pub struct Done {
    pub outcome: String,
    /// The record, as the API shows it.
    pub removal: Value,
    /// What went, stayed and moved, a line each.
    pub lines: Vec<String>,
}

/// Why nothing was done.
pub struct Refused {
    pub code: String,
    pub message: String,
    pub path: Vec<String>,
    /// The groups it names.
    pub about: Vec<String>,
    /// How many more there are.
    pub hidden: i64,
}

/// What became of a list.
pub struct Job {
    pub value: Value,
    items: Vec<(String, String)>,
}

/// What a removal would do.
pub struct Plan {
    pub value: Value,
    people: Vec<Planned>,
}

/// What it would do to one person.
#[derive(Clone)]
pub struct Planned {
    pub name: String,
    pub value: Value,
    pub outcome: String,
    /// What would go, stay and move, as the API shows it.
    pub effects: Vec<Value>,
    /// The same, a line each.
    pub lines: Vec<String>,
}

const ERRORS: &str =
    "userErrors { code message path hiddenCount nodes { __typename id ... on Group { name } } }";

/// Everything that an effect tells. The alias keeps two enums apart.
pub const EFFECTS: &str = "effects(first: 100) { pageInfo { hasNextPage } nodes { __typename
    ... on MembershipRemoved { groupId role grantedBy { id } grantedAt reason { code rule text } }
    ... on MembershipKept { groupId role reason { code rule text } }
    ... on SessionLeft { sessionId reason { code rule text } }
    ... on SessionKept { sessionId reason { code rule text } }
    ... on SeatReleased { slotId kind reason { code rule text } }
    ... on SeatKept { slotId kind reason { code rule text } }
    ... on EnrolmentRemoved { sessionId grantedBy { id } enrolledAt reason { code rule text } }
    ... on PlaceRemoved { workId rank reason { code rule text } }
    ... on HandedOver { workId toId to { id } step formerRank passedOver { userId why } passedOverHiddenCount reason { code rule text } }
    ... on AccountDeleted { from reason { code rule text } }
    ... on PostsAnonymized { reason { code rule text } }
} }";

/// Everything that a record tells besides.
pub const RECORD: &str =
    "id userId user { id } outcome cause actor { id } onBehalfOf { id } at groupId role privateSubgroups
    job { id } digest";

impl World {
    /// Delete one person from the platform.
    pub fn delete(&self, user: &str) -> Asked<'_> {
        self.asked(Kind::DeleteUser).with("userId", self.user(user))
    }

    /// Delete a list from the platform.
    pub fn delete_all(&self, users: &[&str]) -> Asked<'_> {
        self.delete_whoever(json!({ "ids": self.users(users) }))
    }

    /// Delete people named in any way from the platform.
    pub fn delete_whoever(&self, people: Value) -> Asked<'_> {
        self.asked(Kind::DeleteUsers).with("people", people).with("wait", json!(30))
    }

    /// Take one person out of a group.
    pub fn remove(&self, user: &str, group: &str) -> Asked<'_> {
        self.asked(Kind::RemoveUserFromGroup)
            .with("userId", self.user(user))
            .with("groupId", self.group(group))
    }

    /// Take a list out of a group.
    pub fn remove_all(&self, users: &[&str], group: &str) -> Asked<'_> {
        self.remove_whoever(json!({ "ids": self.users(users) }), group)
    }

    /// Take people named in any way out of a group.
    pub fn remove_whoever(&self, people: Value, group: &str) -> Asked<'_> {
        self.asked(Kind::RemoveUsersFromGroup)
            .with("people", people)
            .with("groupId", self.group(group))
            .with("wait", json!(30))
    }

    /// Take one role from one person.
    pub fn revoke(&self, user: &str, role: Role, group: &str) -> Asked<'_> {
        self.asked(Kind::RevokeRole)
            .with("userId", self.user(user))
            .with("groupId", self.group(group))
            .with("role", json!(role.as_str()))
    }

    fn asked(&self, kind: Kind) -> Asked<'_> {
        Asked { world: self, kind, by: "owner".to_owned(), input: Map::new() }
    }

    /// The name of whatever has this global id.
    pub fn name(&self, id: &Value) -> String {
        let tables = &self.made.tables;
        let users = tables.users.iter().map(|row| (row.id.global(), &row.name_key));
        let groups = tables.groups.iter().map(|row| (row.id.global(), &row.name));
        let courses = tables.courses.iter().map(|row| (row.id.global(), &row.title));
        let paths = tables.paths.iter().map(|row| (row.id.global(), &row.title));
        let sessions = tables.sessions.iter().map(|row| (row.id.global(), &row.title));
        let slots = tables.slots.iter().map(|row| (row.id.global(), &row.place));
        users
            .chain(groups)
            .chain(courses)
            .chain(paths)
            .chain(sessions)
            .chain(slots)
            .find(|(known, _)| known.as_str() == id)
            .map_or_else(|| panic!("{id} has a name"), |(_, name)| name.clone())
    }

    /// An effect in words.
    pub fn line(&self, effect: &Value) -> String {
        let name = |field: &str| self.name(&effect[field]);
        let text = |field: &str| effect[field].as_str().unwrap_or("?").to_owned();
        let what = match effect["__typename"].as_str() {
            Some("MembershipRemoved") => format!("{} of {} goes", text("role"), name("groupId")),
            Some("MembershipKept") => format!("{} of {} stays", text("role"), name("groupId")),
            Some("SessionLeft") => format!("{} is left", name("sessionId")),
            Some("SessionKept") => format!("{} is kept", name("sessionId")),
            Some("SeatReleased") => format!("{} at {} is released", text("kind"), name("slotId")),
            Some("SeatKept") => format!("{} at {} is kept", text("kind"), name("slotId")),
            Some("EnrolmentRemoved") => format!("enrolment in {} goes", name("sessionId")),
            Some("PlaceRemoved") => format!("place {} at {} goes", effect["rank"], name("workId")),
            Some("HandedOver") => {
                let mut line =
                    format!("{} to {}, {}", name("workId"), self.name(&effect["toId"]), text("step"));
                if let Some(rank) = effect["formerRank"].as_i64() {
                    line.push_str(&format!(" {rank}"));
                }
                for passed in effect["passedOver"].as_array().expect("a list") {
                    let why = passed["why"].as_str().expect("why");
                    line.push_str(&format!(", not {} ({why})", self.name(&passed["userId"])));
                }
                line
            }
            Some("AccountDeleted") => format!("{} account ends", text("from")),
            Some("PostsAnonymized") => "posts are anonymized".to_owned(),
            other => panic!("an effect: {other:?}"),
        };
        format!("{what}: {}", effect["reason"]["code"].as_str().expect("a code"))
    }

    /// The effects of a plan or record, of which there are no more than a page.
    pub fn effects(&self, of: &Value) -> (Vec<Value>, Vec<String>) {
        assert_eq!(of["effects"]["pageInfo"]["hasNextPage"], false, "more effects than a page");
        let effects = of["effects"]["nodes"].as_array().expect("effects").clone();
        let lines = effects.iter().map(|effect| self.line(effect)).collect();
        (effects, lines)
    }

    /// Whatever the rules promise of every organisation holds.
    pub async fn keeps_its_promises(&self) {
        let now = self.db.clock.now(&self.db.read).await.expect("the time");
        assert_eq!(promises::broken(&self.tables().await, now), Vec::<String>::new());
    }
}

impl Asked<'_> {
    /// Asked by somebody else than the owner.
    pub fn by(self, who: &str) -> Self {
        Asked { by: who.to_owned(), ..self }
    }

    /// Private subgroups are kept (R6).
    pub fn keeping(self) -> Self {
        self.with("privateSubgroups", json!("KEEP"))
    }

    /// Private subgroups are removed as well (R6).
    pub fn removing(self) -> Self {
        self.with("privateSubgroups", json!("REMOVE"))
    }

    /// Knowing that it may take the account (R7).
    pub fn confirmed(self) -> Self {
        self.with("confirmAccountDeletion", json!(true))
    }

    /// Posts are anonymized (R9).
    pub fn anonymizing_posts(self) -> Self {
        self.with("posts", json!("ANONYMIZE"))
    }

    /// After a plan with this digest was shown (R18).
    pub fn shown(self, digest: &str) -> Self {
        self.with("planDigest", json!(digest))
    }

    /// Having typed how many accounts go (R29).
    pub fn counted(self, count: usize) -> Self {
        self.with("confirmCount", json!(count))
    }

    /// With an idempotency key.
    pub fn keyed(self, key: &str) -> Self {
        self.with("idempotencyKey", json!(key))
    }

    /// Whether it could take an account that nobody asked to be deleted.
    pub fn may_be_confirmed(&self) -> bool {
        !matches!(self.kind, Kind::DeleteUser | Kind::DeleteUsers)
    }

    /// Whether it says what happens to posts.
    pub fn treats_posts(&self) -> bool {
        self.kind != Kind::RevokeRole
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.input.insert(field.to_owned(), value);
        self
    }

    fn mutation(&self) -> &'static str {
        match self.kind {
            Kind::DeleteUser => "deleteUser",
            Kind::DeleteUsers => "deleteUsers",
            Kind::RemoveUserFromGroup => "removeUserFromGroup",
            Kind::RemoveUsersFromGroup => "removeUsersFromGroup",
            Kind::RevokeRole => "revokeRole",
        }
    }

    fn is_of_many(&self) -> bool {
        matches!(self.kind, Kind::DeleteUsers | Kind::RemoveUsersFromGroup)
    }

    /// What the API answers with, whole: for what never reaches the domain, and for what breaks.
    pub async fn answered(&self) -> Value {
        let mutation = self.mutation();
        let input = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let fields = if self.is_of_many() {
            "job { id status total duplicates done planDigest countsByOutcome { outcome count }
               items(first: 100) { pageInfo { hasNextPage }
                 nodes { position userId user { id } typed outcome removal { id userId outcome } } } }"
                .to_owned()
        } else {
            format!("outcome removal {{ {RECORD} {EFFECTS} }}")
        };
        let query = format!(
            "mutation($input: {input}!) {{ answer: {mutation}(input: $input) {{ {fields} {ERRORS} }} }}"
        );
        self.world.ask(&self.by, &query, json!({ "input": self.input })).await
    }

    async fn answer(&self) -> Answer {
        let whole = self.answered().await;
        assert!(whole["errors"].is_null(), "{whole:#}");
        Answer(whole["data"]["answer"].clone())
    }

    /// Carried out on one person; whatever is promised of every organisation holds afterwards.
    pub async fn done(&self) -> Done {
        let answer = self.answer().await;
        let answer = answer.done();
        self.world.keeps_its_promises().await;
        let removal = answer["removal"].clone();
        assert!(removal.is_object(), "{answer:#}");
        let (_, lines) = self.world.effects(&removal);
        Done { outcome: answer["outcome"].as_str().expect("an outcome").to_owned(), removal, lines }
    }

    /// Refused; nothing whatsoever was changed.
    pub async fn refused(&self) -> Refused {
        let before = self.world.dump().await;
        let answer = self.answer().await;
        let code = answer.refused().to_owned();
        assert_eq!(before.changes_until(&self.world.dump().await), BTreeMap::new(), "{code} changes nothing");
        let thing = if self.is_of_many() { "job" } else { "removal" };
        assert!(answer.0[thing].is_null(), "{:#}", answer.0);
        let error = &answer.0["userErrors"][0];
        Refused {
            code,
            message: error["message"].as_str().expect("a message").to_owned(),
            path: serde_json::from_value(error["path"].clone()).expect("a path"),
            about: answer.about().into_iter().map(str::to_owned).collect(),
            hidden: error["hiddenCount"].as_i64().expect("a count"),
        }
    }

    /// Carried out on a list of at most a hundred; whatever is promised of every organisation holds afterwards.
    pub async fn job(&self) -> Job {
        let answer = self.answer().await;
        let value = answer.done()["job"].clone();
        self.world.keeps_its_promises().await;
        let items = value["items"]["nodes"].as_array().expect("items").iter().map(|item| {
            let who = match item["userId"].as_str() {
                Some(_) => self.world.name(&item["userId"]),
                // Of what was never kept there is its place in the list.
                None => item["typed"]
                    .as_str()
                    .map_or_else(|| format!("entry {}", item["position"]), str::to_owned),
            };
            (who, item["outcome"].as_str().unwrap_or("none").to_owned())
        });
        let job = Job { items: items.collect(), value };
        assert_eq!(job.value["done"], job.value["total"], "everybody has an outcome");
        job
    }

    /// A list that is carried out and does nothing to anybody: but for the job itself, nothing was changed.
    pub async fn job_that_does_nothing(&self) -> Job {
        let before = self.world.dump().await;
        let job = self.job().await;
        let changes = before.changes_until(&self.world.dump().await);
        let tables: Vec<&String> = changes.keys().collect();
        let nobody_was_tried = ["events", "job_events", "job_items", "jobs"];
        let tried = ["events", "job_chunks", "job_events", "job_items", "jobs"];
        assert!(tables == nobody_was_tried || tables == tried, "{changes:#?}");
        job
    }

    /// The same input, to be planned.
    fn to_plan(&self) -> Value {
        let mut input = self.input.clone();
        input.remove("planDigest");
        input.remove("idempotencyKey");
        input.remove("wait");
        input.remove("confirmCount");
        if let Some(user) = input.remove("userId") {
            input.insert("people".to_owned(), json!({ "ids": [user] }));
        }
        let field = match self.kind {
            Kind::DeleteUser | Kind::DeleteUsers => "deleteUsers",
            Kind::RemoveUserFromGroup | Kind::RemoveUsersFromGroup => "removeUsersFromGroup",
            Kind::RevokeRole => "revokeRole",
        };
        json!({ field: input })
    }

    /// What is answered to the plan, whole.
    pub async fn plan_answered(&self, fields: &str) -> Value {
        let query =
            format!("query($input: RemovalPlanInput!) {{ plan: removalPlan(input: $input) {{ {fields} }} }}");
        self.world.ask(&self.by, &query, json!({ "input": self.to_plan() })).await
    }

    /// Planned: nothing whatsoever is changed by that.
    pub async fn plan(&self) -> Plan {
        self.plan_of("").await
    }

    /// Planned, with private subgroups kept, while the question is open.
    pub async fn plan_if_kept(&self) -> Plan {
        self.plan_of("ifKept").await
    }

    /// Planned, with private subgroups removed, while the question is open.
    pub async fn plan_if_removed(&self) -> Plan {
        self.plan_of("ifRemoved").await
    }

    async fn plan_of(&self, part: &str) -> Plan {
        let before = self.world.dump().await;
        let inside = |fields: &str| match part {
            "" => fields.to_owned(),
            part => format!("{part} {{ {fields} }}"),
        };
        let of = |answer: &Value| {
            assert!(answer["errors"].is_null(), "{answer:#}");
            let plan = answer["data"]["plan"].clone();
            if part.is_empty() { plan } else { plan[part].clone() }
        };
        let value = of(&self
            .plan_answered(&inside(
                "digest privateSubgroups undecidedGroups { name } undecidedHiddenCount duplicates
                 unresolved { typed outcome }
                 totals { people outcomes { outcome count } membershipsRemoved membershipsKept sessionsLeft
                   seatsReleased enrolmentsRemoved placesRemoved coursesHandedOver pathsHandedOver
                   sessionsHandedOver accountsDeleted confirmCount }",
            ))
            .await);
        let mut people: Vec<Planned> = Vec::new();
        let mut after = Value::Null;
        // Ten at once: a page of effects each is what a query may cost.
        while value["digest"].is_string() {
            let page = of(&self
                .plan_answered(&inside(&format!(
                    "people(first: 10, after: {after}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ userId
                       outcome digest hiddenCount missingRights {{ name }} keptIn {{ name }} {EFFECTS} }} }}"
                )))
                .await)["people"]
                .clone();
            for person in page["nodes"].as_array().expect("people") {
                let (effects, lines) = self.world.effects(person);
                people.push(Planned {
                    name: self.world.name(&person["userId"]),
                    outcome: person["outcome"].as_str().expect("an outcome").to_owned(),
                    value: person.clone(),
                    effects,
                    lines,
                });
            }
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(
            before.changes_until(&self.world.dump().await),
            BTreeMap::new(),
            "planning writes nothing"
        );
        Plan { value, people }
    }
}

impl Done {
    /// The lines in which this word stands.
    pub fn about(&self, word: &str) -> Vec<&str> {
        about(&self.lines, word)
    }
}

impl Plan {
    pub fn digest(&self) -> &str {
        self.value["digest"].as_str().expect("a digest")
    }

    pub fn people(&self) -> &[Planned] {
        &self.people
    }

    /// What it would do to one person.
    pub fn of(&self, name: &str) -> &Planned {
        self.people.iter().find(|person| person.name == name).unwrap_or_else(|| panic!("a plan for {name}"))
    }

    /// Everybody's outcome.
    pub fn outcomes(&self) -> Vec<(&str, &str)> {
        self.people.iter().map(|person| (person.name.as_str(), person.outcome.as_str())).collect()
    }
}

impl Planned {
    /// The lines in which this word stands.
    pub fn about(&self, word: &str) -> Vec<&str> {
        about(&self.lines, word)
    }

    pub fn digest(&self) -> &str {
        self.value["digest"].as_str().expect("a digest")
    }

    /// The names of the groups in this field.
    pub fn groups(&self, field: &str) -> Vec<&str> {
        names(&self.value[field])
    }
}

impl Job {
    /// Everybody's outcome, in the order of the list.
    pub fn outcomes(&self) -> Vec<(&str, &str)> {
        self.items.iter().map(|(who, outcome)| (who.as_str(), outcome.as_str())).collect()
    }

    /// Whom something was done to, in the order in which the records were written.
    pub fn order(&self, world: &World) -> Vec<String> {
        let mut records: Vec<(i64, String)> = self.value["items"]["nodes"]
            .as_array()
            .expect("items")
            .iter()
            .filter(|item| item["removal"].is_object())
            .map(|item| (number(&item["removal"]["id"]), world.name(&item["removal"]["userId"])))
            .collect();
        records.sort();
        records.into_iter().map(|(_, name)| name).collect()
    }
}

/// What a global id says: the kind of thing, and its number.
pub fn named(id: &Value) -> (String, i64) {
    use base64::Engine;
    let text = id.as_str().expect("an id");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let text = String::from_utf8(bytes).expect("a text");
    let (kind, number) = text.split_once(':').expect("a kind and a number");
    (kind.to_owned(), number.parse().expect("a number"))
}

/// The number behind a global id.
pub fn number(id: &Value) -> i64 {
    named(id).1
}

/// The names of a list of things that have one.
pub fn names(things: &Value) -> Vec<&str> {
    things.as_array().expect("a list").iter().map(|thing| thing["name"].as_str().expect("a name")).collect()
}

fn about<'a>(lines: &'a [String], word: &str) -> Vec<&'a str> {
    lines.iter().map(String::as_str).filter(|line| line.contains(word)).collect()
}

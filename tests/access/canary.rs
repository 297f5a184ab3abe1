//! What is hidden appears in no answer. An organisation is full of things whose names say that they are hidden from everybody who
//! asks; whatever the schema offers is asked, and neither such a name nor such an id may be found in an answer. What is
//! asked is made of the schema itself, so that a new field, filter or order is asked for too.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::kind::AudienceKind::{Dynamic, Static};
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, UserAdministrator};
use futures::future::{Either, join_all, select};
use roster::organisation::Organisation;
use roster::server::Doors;
use roster::setup;
use serde_json::{Value, json};

use crate::common::types::named;
use crate::common::{World, each_database};
use crate::server::listening::{Listening, listening};
use crate::server::outcomes::sheet;
use crate::server::socket::{Heard, Socket};

/// Who asks.
const CALLERS: [&str; 5] = ["learner", "coach", "author", "clerk", "head"];
/// An id of nobody and nothing, by type.
const NOBODY: i64 = 987_654_321;

/// ```text
/// platform ─┬─ school ─── class
///           ├─ annex
///           └─ canary office (private) ── canary cellar
/// ```
///
/// The callers are in school and class, and the canaries everywhere else; annex is seen, its people are not. pat, of class,
/// and lou, who is deleted before anybody asks, have been among the canaries too, and the works of school are bound to theirs.
fn aviary(it: Organisation) -> Organisation {
    let it = it
        .group("school", "platform", Public)
        .group("class", "school", Public)
        .group("annex", "platform", Public)
        .group("canary office", "platform", Private)
        .group("canary cellar", "canary office", Public)
        .group_external_id("canary office", "sis", "canary 1")
        .users(&["chief", "learner", "coach", "author", "clerk", "head", "pat", "lou"])
        .users(&["canary-boss", "canary-guest", "canary-clerk"])
        .external_id("canary-boss", "sis", "canary 2")
        .custom_field("canary-boss", "badge", "canary 3")
        .job("canary-boss", "canary keeper")
        .signed_in("canary-boss", 5)
        .member("chief", "platform", &[Administrator])
        .learners("class", &["learner", "pat", "lou"])
        .member("coach", "school", &[Coach])
        .member("author", "school", &[Author])
        .member("clerk", "school", &[UserAdministrator])
        .member("head", "school", &[Administrator])
        .learners("annex", &["canary-guest"])
        .member("canary-boss", "canary office", &[Administrator])
        .member("canary-clerk", "canary office", &[UserAdministrator])
        .learners("canary office", &["pat", "lou", "canary-guest"])
        .member("pat", "canary cellar", &[Coach])
        .member("lou", "canary cellar", &[Author]);
    works(it)
}

fn works(it: Organisation) -> Organisation {
    let it = it
        .course("canary course", "canary office", "pat")
        .course("canary lesson", "canary office", "lou")
        .course("Plain", "school", "canary-boss")
        .course_co_authors("Plain", &["canary-guest", "author"])
        .path("canary path", "canary office", "pat", &["canary course", "canary lesson"])
        .path("Way", "school", "canary-boss", &["Plain"])
        .path_co_authors("Way", &["canary-clerk"])
        .session("Term", "Way", "school", "author", Dynamic)
        .audience("Term", &["class"])
        .exclude("Term", &["canary-guest"])
        .slot("Hall", "Term", 24, Some(5))
        .attend("Hall", &["pat"])
        .session("canary session", "canary path", "canary office", "pat", Static)
        .audience("canary session", &["canary office"])
        .co_instructors("canary session", &["lou"])
        .enrol("canary session", &["pat"])
        .slot("canary room", "canary session", 24, None)
        .attend("canary room", &["pat", "lou"])
        .train("canary room", &["pat"]);
    it.activity("canary quiz", "canary course", "pat")
        .activity("canary test", "canary lesson", "lou")
        .activity_copy("Quiz", "Plain", "author", "canary quiz")
        .enrol_in_course("canary course", &["pat", "lou"])
        .enrol_in_course("Plain", &["pat", "canary-guest"])
        .progress("pat", "canary course", 50)
        .progress("canary-guest", "Plain", 50)
        .result("pat", "canary quiz", 70)
        .certificate("pat", "canary lesson")
        .sale("pat", "canary course", 100)
        .subscription("pat", "canary course")
        .post("pat", "canary office", "canary words")
        .post("canary-guest", "annex", "canary song")
        .post("learner", "class", "Hello")
}

/// The types of removals, and what their effects are.
fn is_of_removals_or_effects(kind: &str) -> bool {
    const EFFECTS: [&str; 11] = [
        "MembershipRemoved",
        "MembershipKept",
        "SessionLeft",
        "SessionKept",
        "SeatReleased",
        "SeatKept",
        "EnrolmentRemoved",
        "PlaceRemoved",
        "HandedOver",
        "AccountDeleted",
        "PostsAnonymized",
    ];
    is_of_removals(kind) || kind == "Deletion" || EFFECTS.contains(&kind)
}

/// The kinds of removals: what is planned, what was done, and how it comes further.
fn is_of_removals(kind: &str) -> bool {
    kind.starts_with("Removal")
}

/// Everything that is asked, and by whom.
struct Sweep<'a> {
    world: &'a World,
    types: Vec<Value>,
    /// The ids of what is hidden, and of what is not, as clients have them.
    canaries: BTreeSet<String>,
    others: BTreeSet<String>,
    /// Which types of the schema are looked at.
    wanted: fn(&str) -> bool,
    found: Vec<String>,
}

impl Sweep<'_> {
    async fn new(world: &World, wanted: fn(&str) -> bool) -> Sweep<'_> {
        let kind = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
        let query = format!(
            "{{ __schema {{ types {{ name kind enumValues {{ name }} possibleTypes {{ name }}
                inputFields {{ name defaultValue type {{ {kind} }} }}
                fields {{ name type {{ {kind} }} args {{ name defaultValue type {{ {kind} }} }} }} }} }} }}"
        );
        let schema = world.read("owner", &query, json!({})).await;
        let types = schema["__schema"]["types"].as_array().expect("types").clone();
        let (mut canaries, mut others) = (BTreeSet::new(), BTreeSet::new());
        for (kind, field, name) in [
            ("users", "users(first: 100, filter: { status: [ACTIVE, DELETED] })", "displayName"),
            ("groups", "groups(first: 100)", "name"),
            ("courses", "courses(first: 100)", "title"),
            ("paths", "paths(first: 100)", "title"),
            ("sessions", "sessions(first: 100)", "title"),
            ("slots", "slots(first: 100)", "place"),
            ("activities", "activities(first: 100)", "title"),
        ] {
            let found = world
                .read("owner", &format!("{{ {field} {{ nodes {{ id name: {name} }} }} }}"), json!({}))
                .await;
            for node in found[kind].as_object().and_then(|list| list["nodes"].as_array()).expect("a list") {
                let id = node["id"].as_str().expect("an id").to_owned();
                let hidden = node["name"].as_str().is_some_and(|name| name.contains("canary"));
                if hidden {
                    canaries.insert(id)
                } else {
                    others.insert(id)
                };
            }
        }
        let learnt = world
            .read(
                "owner",
                "query($id: ID!) { node(id: $id) { ... on User { posts(first: 9) { nodes { id } } } } }",
                json!({ "id": world.user("pat") }),
            )
            .await;
        canaries.extend(
            learnt["node"]["posts"]["nodes"]
                .as_array()
                .expect("posts")
                .iter()
                .filter_map(|node| node["id"].as_str().map(str::to_owned)),
        );
        assert!(canaries.len() > 10 && others.len() > 10, "{canaries:?} {others:?}");
        Sweep { world, types, canaries, others, wanted, found: Vec::new() }
    }

    fn kind(&self, name: &str) -> &Value {
        self.types.iter().find(|kind| kind["name"] == name).expect("a type")
    }

    /// The arguments that a field must have, as far as an enum can fill them; none where it cannot be asked for so.
    fn filled(&self, field: &Value) -> Option<String> {
        let mut filled = Vec::new();
        for argument in field["args"].as_array().into_iter().flatten() {
            if argument["type"]["kind"] != "NON_NULL" || !argument["defaultValue"].is_null() {
                continue;
            }
            let (of, kind) = named(&argument["type"]);
            let value = (kind == "ENUM").then(|| self.kind(of)["enumValues"][0]["name"].clone())?;
            filled.push(format!("{}: {}", argument["name"].as_str()?, value.as_str()?));
        }
        Some(filled.join(", "))
    }

    /// Every field of a type, what hangs on it so many levels deep.
    fn selection(&self, of: &str, depth: usize) -> String {
        let kind = self.kind(of);
        let mut text = String::from("__typename ");
        if let Some(possible) = kind["possibleTypes"].as_array() {
            for one in possible.iter().filter_map(|one| one["name"].as_str()) {
                // A field may have another type on each.
                text += &format!(
                    "... on {one} {{ __typename {} }} ",
                    self.fields(one, depth, &format!("{one}_"))
                );
            }
            return text;
        }
        text + &self.fields(of, depth, "")
    }

    fn fields(&self, of: &str, depth: usize, alias: &str) -> String {
        let mut text = String::new();
        for field in self.kind(of)["fields"].as_array().into_iter().flatten() {
            let (kind, how) = named(&field["type"]);
            let name = field["name"].as_str().expect("a name");
            let Some(filled) = self.filled(field) else { continue };
            let called = if alias.is_empty() { name.to_owned() } else { format!("{alias}{name}: {name}") };
            let arguments = |more: &str| match (filled.as_str(), more) {
                ("", "") => String::new(),
                (one, "") | ("", one) => format!("({one})"),
                (one, other) => format!("({one}, {other})"),
            };
            match how {
                "SCALAR" | "ENUM" => text += &format!("{called}{} ", arguments("")),
                _ if depth == 0 || !(self.wanted)(kind) => {}
                _ => match kind.strip_suffix("Connection") {
                    Some(node) => {
                        let inner = self.selection(node, depth - 1);
                        let page = arguments("first: 4");
                        text += &format!(
                            "{called}{page} {{ totalCount edges {{ cursor node {{ {inner} }} }} }} "
                        );
                    }
                    None => {
                        text +=
                            &format!("{called}{} {{ {} }} ", arguments(""), self.selection(kind, depth - 1))
                    }
                },
            }
        }
        text
    }

    /// Asks, and looks for canaries.
    async fn ask(&mut self, who: &str, query: &str, variables: Value) -> Value {
        let answer = self.world.ask(who, query, variables.clone()).await;
        let mut sung = Vec::new();
        self.listen(&answer, "", &mut sung);
        // What was not answered was not looked at.
        for error in answer["errors"].as_array().into_iter().flatten() {
            let code = error["extensions"]["code"].as_str().unwrap_or("none");
            let is_of_the_filter = code == "BAD_INPUT" && query.contains("$filter");
            if !["FORBIDDEN", "NOT_FOUND", "UNAUTHENTICATED"].contains(&code) && !is_of_the_filter {
                sung.push(format!("{code} {}", error["message"]));
            }
        }
        self.found
            .extend(sung.into_iter().map(|sung| format!("{who}: {sung} ({variables}) in {}", head(query))));
        answer
    }

    fn listen(&self, answer: &Value, at: &str, sung: &mut Vec<String>) {
        match answer {
            Value::String(text) => {
                let bytes = URL_SAFE_NO_PAD.decode(text).ok();
                let decoded = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
                let sings = [text, &decoded].iter().any(|text| text.to_lowercase().contains("canary"));
                if sings || self.canaries.iter().any(|id| words(text).any(|word| word == id)) {
                    sung.push(format!("{at}: {text} {decoded}"));
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.listen(item, at, sung)),
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| self.listen(value, &format!("{at}.{name}"), sung));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// What is told of a job, event by event and in its tables.
    async fn told_of_job(&mut self, who: &str, server: &Listening, token: &str, job: &str) -> Vec<Value> {
        let event = self.selection("RemovalJobEvent", 3);
        let progress =
            format!("subscription {{ removalJobProgress(id: \"{job}\", after: 0) {{ {event} }} }}");
        let mut told = heard(&mut Socket::of(server, token).await, &progress).await;
        for table in ["csv", "xlsx"] {
            let request =
                server.client.get(server.at(&format!("/jobs/{job}/outcomes.{table}"))).bearer_auth(token);
            let answer = request.send().await.expect("an answer");
            let status = answer.status().as_u16();
            let body = answer.bytes().await.expect("a body");
            let is_workbook = table == "xlsx" && status == 200;
            let text = if is_workbook { json!(sheet(&body)) } else { json!(String::from_utf8_lossy(&body)) };
            told.push(json!({ "status": status, "text": text }));
        }
        self.heard(who, &progress, &told);
        told
    }

    /// Looks for canaries in what was heard.
    fn heard(&mut self, who: &str, query: &str, told: &[Value]) {
        let mut sung = Vec::new();
        told.iter().for_each(|message| self.listen(message, "", &mut sung));
        self.found.extend(sung.into_iter().map(|sung| format!("{who}: {sung} in {}", head(query))));
    }

    fn fails_where_found(self) {
        let found: BTreeSet<String> = self.found.into_iter().collect();
        let shown: Vec<&str> = found.iter().take(40).map(String::as_str).collect();
        assert!(found.is_empty(), "{} canaries:\n{}", found.len(), shown.join("\n"));
    }

    /// The same question about what is hidden and about what does not exist has the same answer.
    async fn same(&mut self, who: &str, query: &str, hidden: Value, nobody: Value) {
        let one = self.ask(who, query, hidden.clone()).await;
        let other = self.ask(who, query, nobody).await;
        if one != other {
            self.found
                .push(format!("{who}: {hidden} is told from nothing in {}: {one} {other}", head(query)));
        }
    }

    /// What can be asked of the root without naming anything.
    async fn everything(&mut self, who: &str) {
        for field in self.kind("Query")["fields"].as_array().expect("fields").clone() {
            let name = field["name"].as_str().expect("a name");
            let (of, how) = named(&field["type"]);
            if how == "SCALAR" || self.filled(&field).as_deref() != Some("") || !(self.wanted)(of) {
                continue;
            }
            match of.strip_suffix("Connection") {
                Some(node) => {
                    let inner = self.selection(node, 2);
                    let all = format!(
                        "{{ {name}(first: 10) {{ totalCount edges {{ cursor node {{ {inner} }} }} }} }}"
                    );
                    self.ask(who, &all, json!({})).await;
                    self.orders(who, &field, name).await;
                    self.filters(who, &field, name).await;
                }
                None => {
                    self.ask(who, &format!("{{ {name} {{ {} }} }}", self.selection(of, 2)), json!({})).await;
                }
            }
        }
    }

    async fn orders(&mut self, who: &str, field: &Value, name: &str) {
        let arguments = field["args"].as_array().expect("arguments");
        let Some(order) = arguments.iter().find(|argument| argument["name"] == "orderBy") else { return };
        let (of, how) = named(&order["type"]);
        let values = |kind: &Value| -> Vec<String> {
            let values = kind["enumValues"].as_array().into_iter().flatten();
            values.filter_map(|value| value["name"].as_str().map(str::to_owned)).collect()
        };
        let orders: Vec<String> = if how == "ENUM" {
            values(self.kind(of))
        } else {
            let (by, _) = named(&self.kind(of)["inputFields"][0]["type"]);
            let by = values(self.kind(by)).into_iter();
            by.flat_map(|by| ["ASC", "DESC"].map(|way| format!("{{ field: {by}, direction: {way} }}")))
                .collect()
        };
        for order in orders {
            let query = format!(
                "{{ {name}(first: 40, orderBy: {order}) {{ totalCount edges {{ cursor node {{ id }} }} }} }}"
            );
            self.ask(who, &query, json!({})).await;
        }
    }

    /// Every condition of a filter, with what is hidden and with what does not exist.
    async fn filters(&mut self, who: &str, field: &Value, name: &str) {
        let arguments = field["args"].as_array().expect("arguments");
        let Some(filter) = arguments.iter().find(|argument| argument["name"] == "filter") else { return };
        let (of, _) = named(&filter["type"]);
        let query = format!(
            "query($filter: {of}) {{ {name}(first: 40, filter: $filter) {{ totalCount nodes {{ id }} }} }}"
        );
        for condition in self.kind(of)["inputFields"].as_array().expect("fields").clone() {
            let field = condition["name"].as_str().expect("a name");
            let (kind, how) = named(&condition["type"]);
            let is_list = condition["type"].to_string().contains("\"LIST\"");
            let pairs: Vec<(Value, Value)> = match kind {
                "ID" => self.canaries.iter().map(|id| (json!(id), json!(like(id)))).collect(),
                "GroupScope" => {
                    let groups = self.canaries.iter().filter(|id| type_of(id) == "Group");
                    groups.map(|id| (json!({ "id": id }), json!({ "id": like(id) }))).collect()
                }
                "String" => TEXTS.iter().map(|(hidden, nobody)| (json!(hidden), json!(nobody))).collect(),
                "ExternalIdInput" => {
                    let of = |value| json!({ "system": "sis", "value": value });
                    vec![(of("canary 2"), of("nothing"))]
                }
                "CustomFieldFilter" => {
                    let of = |value| json!({ "name": "badge", "value": value });
                    vec![(of("canary 3"), of("nothing"))]
                }
                _ => Vec::new(),
            };
            for (hidden, nobody) in pairs {
                self.same(
                    who,
                    &query,
                    json!({ "filter": { field: hidden } }),
                    json!({ "filter": { field: nobody } }),
                )
                .await;
            }
            // A word or a switch names nothing; who is found by it must be seen.
            let words: Vec<Value> = match how {
                "ENUM" => {
                    let values = self.kind(kind)["enumValues"].as_array().expect("values");
                    values
                        .iter()
                        .map(|value| if is_list { json!([value["name"]]) } else { value["name"].clone() })
                        .collect()
                }
                _ if kind == "Boolean" => vec![json!(true), json!(false)],
                _ if kind == "DateTime" => vec![json!("2020-01-01T00:00:00Z"), json!("2099-01-01T00:00:00Z")],
                _ if kind == "TimeRange" => vec![json!({ "from": "2020-01-01T00:00:00Z" })],
                _ => Vec::new(),
            };
            for word in words {
                self.ask(who, &query, json!({ "filter": { field: word } })).await;
            }
        }
    }

    /// Everything that has an id, and everybody by all that they are found by.
    async fn by_id(&mut self, who: &str) {
        let node = format!("query($id: ID!) {{ node(id: $id) {{ {} }} }}", self.selection("Node", 1));
        let nodes = "query($id: ID!) { nodes(ids: [$id]) { id __typename } }";
        for id in self.canaries.clone() {
            for query in [node.as_str(), nodes] {
                self.same(who, query, json!({ "id": id }), json!({ "id": like(&id) })).await;
            }
            for (kind, field) in ONE {
                if type_of(&id) == kind {
                    let query = format!("query($id: ID!) {{ {field} {{ id }} }}");
                    self.same(who, &query, json!({ "id": id }), json!({ "id": like(&id) })).await;
                }
            }
        }
        for id in self.others.clone() {
            self.ask(who, &node, json!({ "id": id })).await;
        }
        for (query, hidden, nobody) in [
            (
                "query($by: UserBy!) { user(by: $by) { id displayName } }",
                json!({ "email": "canary-boss@example.org" }),
                json!({ "email": "nobody@example.org" }),
            ),
            (
                "query($by: UserBy!) { user(by: $by) { id displayName } }",
                json!({ "username": "canary-boss" }),
                json!({ "username": "nobody" }),
            ),
            (
                "query($by: UserBy!) { user(by: $by) { id displayName } }",
                json!({ "externalId": { "system": "sis", "value": "canary 2" } }),
                json!({ "externalId": { "system": "sis", "value": "none" } }),
            ),
            (
                "query($by: GroupBy!) { group(by: $by) { id name } }",
                json!({ "externalId": { "system": "sis", "value": "canary 1" } }),
                json!({ "externalId": { "system": "sis", "value": "none" } }),
            ),
        ] {
            self.same(who, query, json!({ "by": hidden }), json!({ "by": nobody })).await;
        }
    }
}

/// Texts that stand in what is hidden, and texts of the same kind that stand nowhere.
const TEXTS: [(&str, &str); 4] = [
    ("canary", "condor"),
    ("canary-boss@example.org", "nobody@example.org"),
    ("canary keeper", "condor keeper"),
    ("canary-boss", "nobody-at-all"),
];

/// How one of a type is asked for by its id.
const ONE: [(&str, &str); 7] = [
    ("User", "user(by: { id: $id })"),
    ("Group", "group(by: { id: $id })"),
    ("Course", "course(id: $id)"),
    ("Path", "path(id: $id)"),
    ("Session", "session(id: $id)"),
    ("Slot", "slot(id: $id)"),
    ("Activity", "activity(id: $id)"),
];

/// What may be an id in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && !"-_".contains(character))
}

fn decoded(id: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(id).expect("an id")).expect("an id")
}

/// The type in an id.
fn type_of(id: &str) -> String {
    decoded(id).split(':').next().expect("a type").to_owned()
}

/// An id of the same type that is nobody's.
fn like(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{NOBODY}", type_of(id)))
}

/// All that is answered to `query` over a socket.
async fn heard(socket: &mut Socket, query: &str) -> Vec<Value> {
    socket.subscribe("q", query).await;
    let mut messages = Vec::new();
    loop {
        let message = match socket.hear().await {
            Heard::Said(message) => message,
            Heard::Closed(code) => panic!("the socket is closed with {code} after {messages:?}"),
        };
        let is_the_last = message["id"] == "q" && message["type"] != "next";
        messages.push(message);
        if is_the_last {
            return messages;
        }
    }
}

fn head(query: &str) -> String {
    query.chars().take(90).collect()
}

/// The organisation, as it is asked: what was granted and done was done by a canary, and lou has gone.
async fn told(world: &World) {
    let boss = world.user_id("canary-boss").0;
    for (table, column) in [
        ("memberships", "granted_by"),
        ("session_enrolments", "granted_by"),
        ("session_exclusions", "excluded_by"),
        ("course_enrolments", "granted_by"),
        ("slot_registrations", "registered_by"),
    ] {
        world.sql(&format!("update {table} set {column} = {boss}")).await;
    }
    let input = json!({ "userId": world.user("lou"), "privateSubgroups": "REMOVE" });
    let done = world.done("chief", "deleteUser", input, "outcome").await;
    assert_eq!(done["outcome"], "DELETED");
}

each_database! {
    async fn no_canary_is_in_any_answer(start: Start) {
        let world = start.with(aviary).await;
        told(&world).await;
        let mut sweep = Sweep::new(&world, |kind| !is_of_removals(kind)).await;
        for who in CALLERS {
            sweep.everything(who).await;
            sweep.by_id(who).await;
        }
        sweep.fails_where_found();
    }

    async fn no_canary_is_in_what_removals_tell(start: Start) {
        let world = start.with(aviary).await;
        told(&world).await;
        let mut sweep = Sweep::new(&world, is_of_removals_or_effects).await;
        let plan = format!("query($input: RemovalPlanInput!) {{ removalPlan(input: $input) {{ {} }} }}", sweep.selection("RemovalPlan", 5));
        let people = json!({ "ids": [world.user("pat"), world.user("learner"), world.user("lou")] });
        for who in CALLERS {
            for answer in [json!(null), json!("KEEP"), json!("REMOVE")] {
                for input in [
                    json!({ "deleteUsers": { "people": people, "privateSubgroups": answer } }),
                    json!({ "removeUsersFromGroup": { "people": people, "groupId": world.group("school"), "privateSubgroups": answer } }),
                    json!({ "revokeRole": { "people": people, "groupId": world.group("class"), "role": "LEARNER", "privateSubgroups": answer } }),
                ] {
                    sweep.ask(who, &plan, json!({ "input": input })).await;
                }
            }
        }
        // A job of their own, its items and its records; and what they may see of what others did.
        let input = json!({ "people": people, "groupId": world.group("class"), "privateSubgroups": "REMOVE", "wait": 30 });
        let job = world.done("head", "removeUsersFromGroup", input, "job { id status }").await["job"].clone();
        let user = format!("query($id: ID!) {{ user(by: {{ id: $id }}) {{ {} }} }}", sweep.selection("User", 3));
        let one = format!("query($id: ID!) {{ removalJob(id: $id) {{ {} }} }}", sweep.selection("RemovalJob", 4));
        for who in CALLERS {
            sweep.everything(who).await;
            for person in ["pat", "lou", "learner"] {
                sweep.ask(who, &user, json!({ "id": world.user(person) })).await;
            }
            sweep.ask(who, &one, json!({ "id": job["id"] })).await;
        }
        sweep.fails_where_found();
    }

    async fn no_canary_is_in_what_is_told_of_jobs(start: Start) {
        let world = start.with(aviary).await;
        told(&world).await;
        let mut sweep = Sweep::new(&world, is_of_removals_or_effects).await;
        let server = listening(&world.db, Doors::default()).await;
        let mut tokens = Vec::new();
        for who in CALLERS {
            let token = setup::token_for(&world.db, &format!("{who}@example.org")).await.expect("a token");
            tokens.push((who, token.as_str().to_owned()));
        }
        // Whoever follows all jobs hears of those of head, and then of nothing more.
        let changed = format!("subscription {{ removalJobsChanged {{ {} }} }}", sweep.selection("RemovalJob", 3));
        let mut sockets = Vec::new();
        for (who, token) in &tokens {
            let mut socket = Socket::of(&server, token).await;
            socket.subscribe("changed", &changed).await;
            sockets.push((*who, socket));
        }
        let remove = json!({ "people": { "ids": [world.user("pat"), world.user("lou"), world.user("canary-guest")] },
            "groupId": world.group("school"), "privateSubgroups": "REMOVE", "wait": 30 });
        let again = async {
            loop {
                world.done("head", "removeUsersFromGroup", remove.clone(), "job { id }").await;
            }
        };
        let (_, of_head) = sockets.iter_mut().find(|(who, _)| *who == "head").expect("head");
        let Either::Right((first, _)) = select(Box::pin(again), Box::pin(of_head.hear())).await;
        let Heard::Said(first) = first else { panic!("head is sent away") };
        let data = &first["payload"]["data"]["removalJobsChanged"];
        let job = data["id"].as_str().unwrap_or_else(|| panic!("{first}")).to_owned();
        sweep.heard("head", &changed, std::slice::from_ref(&first));
        let people = json!({ "ids": [world.user("pat"), world.user("canary-guest")] });
        let input = json!({ "people": people, "privateSubgroups": "REMOVE", "confirmCount": 2, "wait": 30 });
        let theirs = world.done("chief", "deleteUsers", input, "job { id status }").await["job"]["id"].clone();
        let theirs = theirs.as_str().expect("an id");
        let until_now = sockets.iter_mut().map(|(who, socket)| async {
            (*who, heard(socket, "{ platform { name } }").await)
        });
        for (who, messages) in join_all(until_now).await {
            sweep.heard(who, &changed, &messages);
            let others = messages.iter().filter(|message| message["id"] == "changed");
            let of_others = others.filter(|message| who != "head" || message.to_string().contains(theirs));
            assert_eq!(of_others.count(), 0, "{who}: {messages:?}");
        }
        for (who, token) in &tokens {
            let own = sweep.told_of_job(who, &server, token, &job).await;
            let is_followed = own[0]["type"] == "next" && own.iter().filter(|told| told["status"] == 200).count() == 2;
            assert_eq!(is_followed, *who == "head", "{who}: {own:?}");
            let (hidden, nobody) = (
                sweep.told_of_job(who, &server, token, theirs).await,
                sweep.told_of_job(who, &server, token, &like(theirs)).await,
            );
            assert_eq!(hidden, nobody, "{who}");
        }
        server.stop().await;
        sweep.fails_where_found();
    }
}

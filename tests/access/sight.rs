//! Privacy holds on every way to an object: everything that the schema offers is read by one of each role, and what they
//! find is exactly what they may see.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::kind::AudienceKind::{Dynamic, Static};
use entity::kind::Cause;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, UserAdministrator};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::types::{Types, named};
use crate::common::{World, each_database};

/// ```text
/// platform ─┬─ g-school ─┬─ g-class
///           │            └─ g-vault (private) ── g-cellar
///           ├─ g-annex
///           └─ g-office (private)
/// ```
///
/// p-chief administers the platform, p-clerk is its user administrator. p-head administers g-school, p-registrar is its
/// user administrator, p-writer its author, p-coach its coach. Learners: p-pupil in g-class, p-monk in g-vault,
/// p-cook in g-cellar, p-guest in g-annex, p-agent in g-office. p-gone came as a deleted one. Pupil and guest meet in
/// s-fair. Before anybody looks, p-chief deletes p-left of g-class, p-hid of g-vault, p-out of g-annex, p-spy of g-office,
/// and p-past, whom they have taken out of g-school before.
fn school(it: Organisation) -> Organisation {
    it.group("g-school", "platform", Public)
        .group("g-class", "g-school", Public)
        .group("g-vault", "g-school", Private)
        .group("g-cellar", "g-vault", Public)
        .group("g-annex", "platform", Public)
        .group("g-office", "platform", Private)
        .users(&["p-chief", "p-clerk", "p-head", "p-registrar", "p-writer", "p-coach", "p-boss"])
        .users(&["p-pupil", "p-monk", "p-cook", "p-guest", "p-agent", "p-gone"])
        .users(&LEAVING)
        .member("p-chief", "platform", &[Administrator])
        .member("p-clerk", "platform", &[UserAdministrator])
        .member("p-head", "g-school", &[Administrator])
        .member("p-registrar", "g-school", &[UserAdministrator])
        .member("p-writer", "g-school", &[Author])
        .member("p-coach", "g-school", &[Coach])
        .member("p-boss", "g-office", &[Administrator])
        .learners("g-class", &["p-pupil", "p-left", "p-past"])
        .learners("g-vault", &["p-monk", "p-hid"])
        .learners("g-cellar", &["p-cook"])
        .learners("g-annex", &["p-guest", "p-out"])
        .learners("g-office", &["p-agent", "p-spy"])
        .deleted("p-gone", Cause::Requested, 3)
        .course("c-school", "g-school", "p-writer")
        .course("c-annex", "g-annex", "owner")
        .course("c-office", "g-office", "p-boss")
        .path("t-school", "g-school", "p-writer", &["c-school"])
        .path("t-office", "g-office", "p-boss", &["c-office"])
        .session("s-fair", "t-school", "g-school", "p-writer", Dynamic)
        .audience("s-fair", &["g-class", "g-annex"])
        .session("s-deal", "t-office", "g-office", "p-boss", Static)
        .audience("s-deal", &["g-office"])
        .activity("a-school", "c-school", "p-writer")
        .activity("a-office", "c-office", "p-boss")
        .progress("p-pupil", "c-school", 50)
        .progress("p-agent", "c-office", 50)
        .progress("p-left", "c-annex", 70)
        .post("p-pupil", "g-class", "w-class")
        .post("p-agent", "g-office", "w-office")
}

const LEAVING: [&str; 5] = ["p-left", "p-hid", "p-out", "p-spy", "p-past"];

const PEOPLE: [&str; 18] = [
    "p-left",
    "p-hid",
    "p-out",
    "p-spy",
    "p-past",
    "p-chief",
    "p-clerk",
    "p-head",
    "p-registrar",
    "p-writer",
    "p-coach",
    "p-boss",
    "p-pupil",
    "p-monk",
    "p-cook",
    "p-guest",
    "p-agent",
    "p-gone",
];

/// Everything of that organisation that has a name of its own, as it is found in answers: `p-monk` for the name of a
/// person, `p-monk@` for their email.
fn found_in(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let is_part = |c: char| c.is_ascii_lowercase() || c == '-' || c == '@';
    for word in text.split(|c| !is_part(c)) {
        let name = word.strip_suffix("@example").unwrap_or(word);
        let is_one = name.as_bytes().get(1) == Some(&b'-') && name.len() > 3;
        if is_one && "pgctsaw".contains(&name[..1]) {
            found.insert(if name == word { name.to_owned() } else { format!("{name}@") });
        }
    }
    found
}

/// The texts of an answer, cursors read.
fn texts(answer: &Value, into: &mut String) {
    match answer {
        Value::String(text) => {
            *into += text;
            *into += "\n";
            if let Some(decoded) =
                URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok())
            {
                *into += &decoded;
                *into += "\n";
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Everything that `who` finds by reading all there is to read, and by asking for everybody by name.
async fn found_by(world: &World, types: &Types, who: &str) -> BTreeSet<String> {
    let mut text = String::new();
    for field in types.fields("Query") {
        let name = field["name"].as_str().expect("a name");
        let (of, _) = named(&field["type"]);
        let queries = match of.strip_suffix("Connection") {
            Some(node) => {
                let inner = types.selection(node, 2, "first: 6");
                vec![format!(
                    "query($after: String) {{ {name}(first: 4, after: $after) {{
                        totalCount pageInfo {{ hasNextPage endCursor }} edges {{ cursor }} nodes {{ {inner} }} }} }}"
                )]
            }
            None if ["platform", "viewer", "viewerAccess", "groupTree"].contains(&name) => {
                // All at once would be too much to ask for, and so would all of every group.
                let depth = if name == "groupTree" { 2 } else { 3 };
                let fields = types.selections(of, depth, "first: 6");
                fields.into_iter().map(|field| format!("{{ {name} {{ {field} }} }}")).collect()
            }
            None => continue,
        };
        for query in queries {
            let mut after = Value::Null;
            loop {
                let answer = world.ask(who, &query, json!({ "after": after })).await;
                let is_answered = !answer.to_string().contains("QUERY_TOO_COMPLEX");
                assert!(is_answered, "{name} is asked for too much at once: {query}");
                texts(&answer, &mut text);
                let page = &answer["data"][name]["pageInfo"];
                if page["hasNextPage"] != true {
                    break;
                }
                after = page["endCursor"].clone();
            }
        }
    }
    // What is found by an email is found again; what is not, is not told by the question.
    for person in PEOPLE {
        let by_email = "query($email: String!) { user(by: { email: $email }) { displayName } }";
        texts(
            &world.ask(who, by_email, json!({ "email": format!("{person}@example.org") })).await,
            &mut text,
        );
        let plan =
            "query($input: RemovalPlanInput!) { removalPlan(input: $input) { people(first: 20) { nodes {
            user { displayName email } missingRights { name }
            effects(first: 50) { nodes { __typename } } } } } }";
        let input = json!({ "deleteUsers": { "people": { "ids": [world.user(person)] }, "privateSubgroups": "REMOVE" } });
        texts(&world.ask(who, plan, json!({ "input": input })).await, &mut text);
        let node = "query($id: ID!) { node(id: $id) { ... on User { displayName email } } }";
        texts(&world.ask(who, node, json!({ "id": world.user(person) })).await, &mut text);
    }
    found_in(&text)
}

/// Deletes those who leave.
async fn leave(world: &World) {
    let past = json!({ "userId": world.user("p-past"), "groupId": world.group("g-school"), "privateSubgroups": "REMOVE" });
    world.done("p-chief", "removeUserFromGroup", past, "outcome").await;
    for person in LEAVING {
        let input = json!({ "userId": world.user(person), "privateSubgroups": "REMOVE" });
        let done = world.done("p-chief", "deleteUser", input, "outcome").await;
        assert_eq!(done["outcome"], "DELETED", "{person}");
    }
}

each_database! {
    async fn who_was_deleted_is_seen_with_what_they_learnt_by_those_who_administered_them(start: Start) {
        let world = start.with(school).await;
        leave(&world).await;
        let query = "query($id: ID!) { node(id: $id) { ... on User {
            status displayName email progress(first: 5) { nodes { percent } }
            memberships(first: 5) { totalCount } deletion { cause groups { name } by { displayName } removal { outcome } }
        } } }";
        let asked = json!({ "id": world.user("p-left") });
        for (who, personal) in [("p-chief", true), ("p-head", false), ("p-registrar", false)] {
            let found = world.read(who, query, asked.clone()).await["node"].clone();
            assert_eq!([&found["status"], &found["displayName"]], ["DELETED", "p-left"], "{who}");
            assert_eq!(found["progress"]["nodes"], json!([{ "percent": 70 }]), "{who}");
            assert_eq!(found["memberships"]["totalCount"], 0);
            assert_eq!(found["email"].is_string(), personal, "{who}: an email is seen by who may bring them back");
            let groups = found["deletion"]["groups"].as_array().expect("groups");
            let names: BTreeSet<&str> = groups.iter().filter_map(|group| group["name"].as_str()).collect();
            assert_eq!(names, BTreeSet::from(["Platform", "g-class", "g-school"]), "{who}");
            assert_eq!(found["deletion"]["removal"]["outcome"], "DELETED", "{who}");
        }
        for who in ["p-writer", "p-coach", "p-pupil", "p-guest", "p-boss"] {
            assert_eq!(world.read(who, query, asked.clone()).await["node"], Value::Null, "{who}");
        }
        // Lists and counts say the same, in whichever order.
        let list = "{ users(first: 20, filter: { status: [DELETED] }) { totalCount nodes { displayName } }
            byEmail: users(first: 20, filter: { status: [DELETED] }, orderBy: { field: EMAIL }) { totalCount }
            neverHere: users(first: 20, filter: { status: [DELETED], neverSignedIn: true }) { totalCount }
            platform { usersByStatus { status count } } }";
        for (who, names) in [
            ("p-head", vec!["p-hid", "p-left"]),
            ("p-registrar", vec!["p-left"]),
            ("p-boss", vec!["p-spy"]),
            ("p-clerk", vec!["p-left", "p-out", "p-past"]),
            ("p-coach", vec![]),
        ] {
            let found = world.read(who, list, json!({})).await;
            let listed = found["users"]["nodes"].as_array().expect("people");
            let listed: Vec<&str> = listed.iter().filter_map(|node| node["displayName"].as_str()).collect();
            assert_eq!(listed, names, "{who}");
            assert_eq!(found["users"]["totalCount"], names.len());
            for others in ["byEmail", "neverHere"] {
                let count = found[others]["totalCount"].as_u64().expect("a count");
                assert!(count <= names.len() as u64, "{who}, {others}: {count}");
            }
            let counts = found["platform"]["usersByStatus"].as_array().expect("counts");
            let deleted = counts.iter().find(|count| count["status"] == "DELETED").expect("all states");
            assert_eq!(deleted["count"], names.len(), "{who}");
        }
    }

    async fn everybody_finds_what_they_may_see_and_nothing_else(start: Start) {
        let world = start.with(school).await;
        leave(&world).await;
        let types = Types::read(&world).await;
        let mut table = String::new();
        for who in [
            "p-chief", "p-clerk", "p-head", "p-registrar", "p-writer", "p-coach", "p-pupil", "p-monk", "p-cook", "p-guest",
            "p-agent",
        ] {
            let found = found_by(&world, &types, who).await;
            table += &format!("{who}\n");
            for (kind, of) in [("people", "p-"), ("groups", "g-"), ("works", "ctsa"), ("posts", "w-")] {
                let names: Vec<&str> = found
                    .iter()
                    .map(String::as_str)
                    .filter(|name| if of == "ctsa" { of.contains(&name[..1]) } else { name.starts_with(of) })
                    .filter(|name| !name.ends_with('@'))
                    .collect();
                table += &format!("  {kind:<7} {}\n", names.join(" "));
            }
            let emails: Vec<&str> = found.iter().filter_map(|name| name.strip_suffix('@')).collect();
            table += &format!("  emails  {}\n", emails.join(" "));
        }
        let reviewed = include_str!("sight.txt");
        assert!(table == reviewed, "who finds what has changed; review it:\n{table}");
    }
}

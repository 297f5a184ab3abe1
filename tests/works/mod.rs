//! Writing what is taught, and who takes part in it: R4, R8, R10 to R13, R32.

mod activities;
mod audiences;
mod courses;
mod ends;
mod enrolments;
mod every_write;
mod instructors;
mod participants;
mod paths;
mod progress;
mod results;
mod seats;
mod sessions;
mod slots;
mod writes;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use entity::kind::AudienceKind::Dynamic;
use entity::kind::Cause::Requested;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, UserAdministrator};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::World;

/// Science has a public group, Physics, and a private one, the Lab; Arts is beside it. In Physics the writer wrote the
/// course Mechanics and the path Basics and teaches its session Spring; the colleague writes for Physics too. From the
/// Choir the writer knows Lea, who learns in the Lab.
fn campus(it: Organisation) -> Organisation {
    it.group("Science", "platform", Public)
        .group("Physics", "Science", Public)
        .group("Lab", "Science", Private)
        .group("Arts", "platform", Public)
        .users(&["deputy", "head", "dean", "registrar", "writer", "colleague", "coach"])
        .users(&["ann", "bob", "lea", "del"])
        .member("deputy", "platform", &[Administrator])
        .member("head", "Science", &[Administrator])
        .member("dean", "Arts", &[Administrator])
        .member("registrar", "Physics", &[UserAdministrator])
        .member("writer", "Physics", &[Author])
        .member("colleague", "Physics", &[Author])
        .member("coach", "Physics", &[Coach])
        .learners("Physics", &["ann", "bob"])
        .learners("Lab", &["lea"])
        .group("Choir", "platform", Public)
        .learners("Choir", &["writer", "lea"])
        .course("Mechanics", "Physics", "writer")
        .course("Optics", "Physics", "head")
        .course("Lasers", "Lab", "head")
        .path("Basics", "Physics", "writer", &["Mechanics", "Optics"])
        .path("Secrets", "Lab", "head", &["Lasers"])
        .session("Spring", "Basics", "Physics", "writer", Dynamic)
        .audience("Spring", &["Physics"])
        .slot("Monday", "Spring", 24, Some(2))
        .activity("Quiz", "Mechanics", "writer")
        .activity("Test", "Lasers", "head")
        .deleted("del", Requested, 2)
}

/// `input` with the fields of `change` in place of its own.
fn with(input: &Value, change: Value) -> Value {
    let mut input = input.clone();
    for (field, value) in change.as_object().into_iter().flatten() {
        input[field] = value.clone();
    }
    input
}

/// A time so many hours from when the organisation was written.
fn in_hours(world: &World, hours: i64) -> Value {
    at(world.made.now + TimeDelta::hours(hours))
}

/// A time as the API writes it.
fn at(time: DateTime<Utc>) -> Value {
    json!(time.to_rfc3339_opts(SecondsFormat::AutoSi, false))
}

/// The names in a list of `{ user { displayName } }`, or in a connection of them, in its order.
fn names(list: &Value) -> Vec<String> {
    let entries = list["nodes"].as_array().or(list.as_array()).expect("a list of people");
    entries.iter().map(|entry| entry["user"]["displayName"].as_str().expect("a name").to_owned()).collect()
}

/// Those in a list of `{ rank user { displayName } }`, as `1 ann`, in its order.
fn ranked(list: &Value) -> Vec<String> {
    let ranks = list.as_array().expect("a list of people").iter().map(|entry| entry["rank"].to_string());
    ranks.zip(names(list)).map(|(rank, name)| format!("{rank} {name}")).collect()
}

/// Each outcome of an answer, as `ann ENROLLED`, in its order; whoever cannot be read is a question mark.
fn outcomes(answer: &Value) -> Vec<String> {
    let outcomes = answer["outcomes"].as_array().expect("outcomes").iter();
    let told = |one: &Value| {
        let name = one["user"]["displayName"].as_str().unwrap_or("?").to_owned();
        format!("{name} {}", one["outcome"].as_str().expect("an outcome"))
    };
    outcomes.map(told).collect()
}

/// Who takes part in a session and how, as `ann GROUP`, by name.
async fn participants(world: &World, session: &str) -> Vec<String> {
    participants_of(world, &world.session(session)).await
}

/// As [`participants`], of a session by its id.
async fn participants_of(world: &World, session: &Value) -> Vec<String> {
    let query = "query($id: ID!) { session(id: $id) { participants(first: 100) {
        nodes { how user { displayName } } } } }";
    let answer = world.read("owner", query, json!({ "id": session })).await;
    let participants = &answer["session"]["participants"];
    let how = participants["nodes"].as_array().expect("participants").iter();
    let how = how.map(|one| one["how"].as_str().expect("how").to_owned());
    names(participants).into_iter().zip(how).map(|(name, how)| format!("{name} {how}")).collect()
}

/// Who attends a slot, by name.
async fn attendees(world: &World, slot: &str) -> Vec<String> {
    places(world, slot, "attendees").await
}

/// Who trains in a slot, by name.
async fn trainers(world: &World, slot: &str) -> Vec<String> {
    places(world, slot, "trainers").await
}

async fn places(world: &World, slot: &str, which: &str) -> Vec<String> {
    let query =
        format!("query($id: ID!) {{ slot(id: $id) {{ {which} {{ nodes {{ user {{ displayName }} }} }} }} }}");
    let answer = world.read("owner", &query, json!({ "id": world.slot(slot) })).await;
    names(&answer["slot"][which])
}

/// Titles that are refused, whatever they are the title of.
fn bad_titles() -> Vec<String> {
    let nul = "Me\0chanics";
    let two_lines = "Mechanics\r\nX-Role: owner";
    let turned = "Mechanics \u{202e}scinahceM";
    let heap = format!("e{}", "\u{301}".repeat(10_000));
    let mut titles: Vec<String> = ["", "  ", nul, two_lines, turned, &heap].map(str::to_owned).to_vec();
    titles.extend(["x".repeat(201), "x".repeat(1_000_000)]);
    titles
}

//! R8: who takes part in a session, how, and since when; read from either end.

use entity::kind::AudienceKind::{Dynamic, Static};
use entity::kind::Privacy::Public;
use entity::kind::Status;
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{World, each_database};

fn training(it: Organisation) -> Organisation {
    it.group("Sales", "platform", Public)
        .users(&["ann", "bob", "cas", "dan", "eve"])
        .learners("Sales", &["ann", "bob", "dan"])
        .learners("platform", &["cas", "eve"])
        .course("Talking", "Sales", "owner")
        .path("Onboarding", "Sales", "owner", &["Talking"])
        .session("Now", "Onboarding", "Sales", "owner", Dynamic)
        .audience("Now", &["Sales"])
        .enrol("Now", &["ann", "cas"])
        .exclude("Now", &["bob"])
        .session("Kept", "Onboarding", "Sales", "owner", Static)
        .audience("Kept", &["Sales"])
        .session("Over", "Onboarding", "Sales", "owner", Dynamic)
        .audience("Over", &["Sales"])
        .ended_and_captured("Over")
        .slot("Room", "Now", 24, Some(2))
        .attend("Room", &["ann"])
        .train("Room", &["eve"])
        .status("dan", Status::Deactivated)
}

/// How each person takes part in a session, and whether they are present.
async fn participants(world: &World, session: &str) -> Vec<(String, String, bool)> {
    let query = "query($id: ID!) { session(id: $id) {
        participants { totalCount nodes { user { displayName } how present since } } } }";
    use roster::graphql::id::GlobalId;
    let id = world.session_id(session).global().as_str().to_owned();
    let answer = world.read("owner", query, json!({ "id": id })).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    answer["session"]["participants"]["nodes"]
        .as_array()
        .expect("participants")
        .iter()
        .map(|one| (text(&one["user"]["displayName"]), text(&one["how"]), one["present"] == true))
        .collect()
}

fn told(rows: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    rows.iter().map(|(who, how, present)| ((*who).to_owned(), (*how).to_owned(), *present)).collect()
}

each_database! {
    async fn r8_participants_are_told_with_how(start: Start) {
        let world = start.with(training).await;
        assert_eq!(
            participants(&world, "Now").await,
            told(&[("ann", "INDIVIDUAL", true), ("cas", "INDIVIDUAL", true), ("dan", "GROUP", false)])
        );
        assert_eq!(
            participants(&world, "Kept").await,
            told(&[("ann", "CAPTURED", true), ("bob", "CAPTURED", true), ("dan", "CAPTURED", false)])
        );
    }

    async fn r8_a_person_reads_the_same_sessions(start: Start) {
        let world = start.with(training).await;
        let query = "query($by: UserBy!) { user(by: $by) {
            all: participations { nodes { how session { title } } }
            ended: participations(ended: true) { nodes { session { title } } }
            running: participations(ended: false) { totalCount nodes { session { title } } }
            registrations { nodes { kind slot { place freeSeats session { title } } } } } }";
        let answer = world.read("owner", query, json!({ "by": { "id": world.user("ann") } })).await;
        let user = &answer["user"];
        let titles = |list: &str| -> Vec<&str> {
            let nodes = user[list]["nodes"].as_array().expect("nodes");
            nodes.iter().map(|node| node["session"]["title"].as_str().expect("a title")).collect()
        };
        let mut all = titles("all");
        all.sort_unstable();
        assert_eq!(all, ["Kept", "Now", "Over"]);
        assert_eq!(titles("ended"), ["Over"]);
        assert_eq!(user["running"]["totalCount"], 2);
        assert_eq!(user["registrations"]["nodes"][0]["kind"], "ATTENDEE");
        assert_eq!(user["registrations"]["nodes"][0]["slot"]["freeSeats"], 1);
    }

    async fn r8_the_audience_is_told(start: Start) {
        let world = start.with(training).await;
        let query = "{ sessions(filter: {text: \"now\"}) { nodes { audienceKind audienceGroups { name } ended
            enrolments { nodes { user { displayName } } } exclusions { nodes { user { displayName } } }
            slots { nodes { capacity freeSeats attendees { nodes { user { displayName } } }
                trainers { nodes { user { displayName } } } } } } } }";
        let answer = world.read("owner", query, json!({})).await;
        let people = |names: &[&str]| -> Value {
            json!({ "nodes": names.iter().map(|name| json!({ "user": { "displayName": name } })).collect::<Vec<_>>() })
        };
        assert_eq!(
            answer["sessions"]["nodes"],
            json!([{
                "audienceKind": "DYNAMIC", "audienceGroups": [{ "name": "Sales" }], "ended": false,
                "enrolments": people(&["ann", "cas"]), "exclusions": people(&["bob"]),
                "slots": { "nodes": [{ "capacity": 2, "freeSeats": 1,
                    "attendees": people(&["ann"]), "trainers": people(&["eve"]) }] }
            }])
        );
    }
}

//! Answers that become too large: they are given up, whatever asks for them.

use roster::server::Doors;
use serde_json::{Value, json};

use super::listening::{answered, code, listening, owners_token};
use super::socket::{Heard, Socket};
use crate::common::{Start, World, each_database};

/// Bytes of the largest answer.
const LARGEST: usize = 16 << 20;

/// A hundred people with the longest names that there may be.
async fn people(start: Start) -> World {
    let names: Vec<String> = (0..100).map(|at| format!("p{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = start.with(|it| it.users(&names).learners("platform", &names)).await;
    let name = "x".repeat(100);
    world.sql(&format!("update users set first_name = '{name}', last_name = '{name}'")).await;
    world
}

/// A person's name so many times.
fn names(times: usize) -> String {
    (0..times).map(|at| format!("a{at}: displayName ")).collect()
}

fn too_large(answer: &Value, limit: usize, unit: &str) {
    assert_eq!(answer["data"], Value::Null);
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"], json!({ "code": "ANSWER_TOO_LARGE", "limit": limit, "unit": unit }));
    assert!(error["message"].as_str().is_some_and(|message| message.contains(&limit.to_string())), "{error}");
}

each_database! {
    async fn a_query_whose_answer_is_too_large_is_given_up(start: Start) {
        let world = people(start).await;
        let token = owners_token(&world).await;
        let server = listening(&world.db, Doors::default()).await;
        let users = |times: usize, page: &str| format!("{{ users(first: 100) {{ {page} }} }}").replace('#', &names(times));
        // Read quickly, in whichever form, and field by field.
        for page in ["nodes { # }", "nodes { ... { # } }", "edges { node { # } }"] {
            let (few, many) = (users(300, page), users(900, page));
            let answer = server.ask(Some(&token), &few, Value::Null).await;
            assert!(answer["data"]["users"].is_object(), "{page} {answer:.300}");
            let answer = server.ask(Some(&token), &many, Value::Null).await;
            too_large(&answer, LARGEST, "BYTES");
            let media_type = ("accept", "application/graphql-response+json");
            let bearer = format!("Bearer {token}");
            let headers = [("content-type", "application/json"), media_type, ("authorization", bearer.as_str())];
            let (status, ..) = answered(server.post(&headers, json!({ "query": many }).to_string())).await;
            assert_eq!(status, 200, "it was begun");
        }
        let field_by_field = world.ask_field_by_field("owner", &users(900, "nodes { # }")).await;
        assert_eq!((&field_by_field["data"], code(&field_by_field).as_str()), (&Value::Null, "ANSWER_TOO_LARGE"));
        let mut socket = Socket::of(&server, &token).await;
        socket.subscribe("1", &users(900, "nodes { # }")).await;
        let Heard::Said(next) = socket.hear().await else { panic!("closed") };
        assert_eq!(next["type"], "next");
        too_large(&next["payload"], LARGEST, "BYTES");
        server.stop().await;
    }

    async fn a_mutation_whose_answer_is_too_large_is_done_all_the_same(start: Start) {
        let world = people(start).await;
        let token = owners_token(&world).await;
        let server = listening(&world.db, Doors::default()).await;
        let grant = format!(
            "mutation($input: UpdateUserInput!) {{ updateUser(input: $input) {{ user {{ memberships(first: 1) {{ nodes {{ group {{
                members(first: 100) {{ nodes {{ user {{ {} }} }} }} }} }} }} }} userErrors {{ code }} }} }}",
            names(900)
        );
        let input = json!({ "userId": world.user("p1"), "jobTitle": "Porter" });
        let answer = server.ask(Some(&token), &grant, json!({ "input": input })).await;
        too_large(&answer, LARGEST, "BYTES");
        assert!(answer["errors"][0]["message"].as_str().is_some_and(|said| said.contains("has been carried out")), "{answer}");
        let title = world.read("owner", "query($id: ID!) { user(by: { id: $id }) { jobTitle } }", json!({ "id": world.user("p1") })).await;
        assert_eq!(title["user"]["jobTitle"], "Porter");
        server.stop().await;
    }

    async fn a_list_of_unknown_length_is_given_up_when_it_is_too_long(start: Start) {
        let groups: Vec<String> = (0..600).map(|at| format!("g{at}")).collect();
        let world = start.with(|it| groups.iter().fold(it, |it, name| it.group(name, "platform", entity::kind::Privacy::Public))).await;
        let token = owners_token(&world).await;
        let server = listening(&world.db, Doors::default()).await;
        let tree = |times: usize| {
            let depths: String = (0..times).map(|at| format!("a{at}: depth ")).collect();
            format!("{{ groupTree {{ {depths} }} }}")
        };
        let answer = server.ask(Some(&token), &tree(100), Value::Null).await;
        assert_eq!(answer["data"]["groupTree"].as_array().map(Vec::len), Some(601));
        too_large(&server.ask(Some(&token), &tree(600), Value::Null).await, 250_000, "VALUES");
        server.stop().await;
    }
}

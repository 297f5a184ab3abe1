//! Introspection: what tools ask for is told to everybody, and what would multiply is refused before it is begun.
//!
//! The queries beside this file are what the tools sent: GraphiQL 5.4.0, graphql-js 16.15.0 with every option,
//! apollo-language-server 1.26 (Apollo's code generation), rover 0.41, @graphql-codegen/cli 7.4, and get-graphql-schema 2.1,
//! which writes the schema that relay-compiler reads.

use std::num::NonZeroU32;

use roster::server::Doors;
use serde_json::{Value, json};

use super::listening::{answered, code, listening, owners_token};
use super::socket::{Heard, Socket};
use crate::common::each_database;

const JSON: (&str, &str) = ("content-type", "application/json");

/// What tools ask for at their start.
const TOOLS: [(&str, &str); 6] = [
    ("GraphiQL", include_str!("introspection/graphiql.graphql")),
    ("graphql-js", include_str!("introspection/graphql-js.graphql")),
    ("Apollo", include_str!("introspection/apollo-codegen.graphql")),
    ("rover", include_str!("introspection/rover.graphql")),
    ("graphql-codegen", include_str!("introspection/graphql-codegen.graphql")),
    ("relay", include_str!("introspection/relay.graphql")),
];

/// `inner` at the end of a way that leads round and round.
fn round(way: &[&str], times: usize, inner: &str) -> String {
    let open: String = way.iter().map(|step| format!("{step} {{ ")).collect();
    let close = "} ".repeat(way.len());
    format!("{}{inner} {}", open.repeat(times), close.repeat(times))
}

/// Queries that have some types told once for each way that leads to them.
fn multiplying() -> Vec<String> {
    let of = |name: &str, selection: String| format!("{{ __type(name: \"{name}\") {{ {selection} }} }}");
    let all = |selection: String| format!("{{ __schema {{ types {{ {selection} }} }} }}");
    let there_and_back = ["possibleTypes", "interfaces"];
    let aliases = |field: &str| (0..160).map(|at| format!("a{at}: {field} ")).collect::<String>();
    let (everything, fragments) = TOOLS[1].1.split_once("fragment").expect("fragments");
    let everything =
        everything[everything.find("__schema").expect("a schema")..].trim_end().trim_end_matches('}');
    let eight_times: String = (0..8).map(|at| format!("a{at}: {everything} ")).collect();
    vec![
        of("Node", round(&there_and_back, 5, "name")),
        of("Node", round(&there_and_back, 8, "name")),
        of("User", round(&["interfaces", "possibleTypes"], 5, "name")),
        all(round(&there_and_back, 5, "name")),
        all(round(&["fields", "args"], 1, &aliases("type { ofType { name } }"))),
        all(aliases("fields { name }")),
        of("Mutation", round(&["fields", "args", "type", "ofType"], 1, &aliases("inputFields { type { kind ofType { name } } }"))),
        // By fragments, in place and by name, with the type in a variable, and all there is many times.
        format!(
            "{{ ...Q }} fragment Q on Query {{ __type(name: \"Node\") {{ ...A }} }} fragment A on __Type {{ {} }}
             fragment B on __Type {{ ... {{ ... on __Type {{ {} }} }} }}",
            round(&there_and_back, 3, "...B"),
            round(&there_and_back, 3, "name")
        ),
        format!("query($name: String! = \"Node\") {{ __type(name: $name) {{ {} }} }}", round(&there_and_back, 5, "name")),
        format!("{{ {eight_times} }} fragment{fragments}"),
    ]
}

/// How many values an answer has.
fn values(answer: &Value) -> u64 {
    match answer {
        Value::Object(fields) => fields.values().map(|value| 1 + values(value)).sum(),
        Value::Array(items) => items.iter().map(values).sum(),
        _ => 0,
    }
}

each_database! {
    async fn what_tools_ask_for_is_told_to_everybody(start: Start) {
        let world = start.with(|it| it).await;
        let token = owners_token(&world).await;
        let server = listening(&world.db, Doors::default()).await;
        let mut socket = Socket::of(&server, &token).await;
        for (tool, query) in TOOLS {
            for who in [None, Some(token.as_str())] {
                let answer = server.ask(who, query, Value::Null).await;
                assert_eq!(answer.get("errors"), None, "{tool}");
                let types = answer["data"]["__schema"]["types"].as_array().expect("types");
                assert!(types.iter().any(|kind| kind["name"] == "User" && kind["fields"].is_array()), "{tool}");
            }
            socket.subscribe(tool, query).await;
            let Heard::Said(next) = socket.hear().await else { panic!("{tool}: closed") };
            assert!(next["payload"]["data"]["__schema"]["types"].is_array(), "{tool}");
            assert!(matches!(socket.hear().await, Heard::Said(end) if end["type"] == "complete"), "{tool}");
        }
        server.stop().await;
    }

    async fn what_multiplies_is_refused_before_it_is_begun(start: Start) {
        let world = start.with(|it| it).await;
        let token = owners_token(&world).await;
        let server = listening(&world.db, Doors::default()).await;
        let bearer = format!("Bearer {token}");
        let mut socket = Socket::of(&server, &token).await;
        for query in multiplying() {
            for headers in [vec![JSON], vec![JSON, ("authorization", bearer.as_str())]] {
                let (status, _, answer) = answered(server.post(&headers, json!({ "query": query }).to_string())).await;
                assert_eq!((status, code(&answer).as_str()), (200, "QUERY_TOO_COMPLEX"), "{query} {answer}");
                assert_eq!(answer.get("data"), None);
            }
            if query.len() < 4_000 {
                let asked = server.client.get(server.at("/graphql")).query(&[("query", &query)]);
                assert_eq!(code(&answered(asked).await.2), "QUERY_TOO_COMPLEX", "{query}");
            }
            socket.subscribe("1", &query).await;
            let Heard::Said(error) = socket.hear().await else { panic!("closed") };
            let errors = json!({ "errors": error["payload"] });
            assert_eq!((&error["type"], code(&errors).as_str()), (&json!("error"), "QUERY_TOO_COMPLEX"), "{query}");
        }
        server.stop().await;
    }

    async fn introspection_is_paid_for_value_by_value(start: Start) {
        let world = start.with(|it| it).await;
        let doors = Doors { points: NonZeroU32::new(1_000_000), ..Doors::default() };
        let server = listening(&world.db, doors).await;
        let some = [
            "{ __type(name: \"User\") { name fields { name type { kind ofType { name } } } } }",
            "{ a: __type(name: \"Nothing\") { name } __schema { queryType { fields { args { name } } } } }",
        ];
        for query in TOOLS.into_iter().map(|(_, query)| query).chain(some) {
            let answer = server.ask(None, query, Value::Null).await;
            let (values, paid) = (values(&answer["data"]), answer["extensions"]["cost"]["requested"].as_u64());
            let paid = paid.expect("a cost");
            assert!((values..values * 5 / 4 + 1_000).contains(&paid), "{values} values for {paid} points: {query}");
        }
        server.stop().await;
    }
}

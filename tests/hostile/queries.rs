//! Queries that are too deep, too wide, too many, or none.

use futures::future::join_all;
use serde_json::{Value, json};

use super::attacked;
use crate::common::each_database;
use crate::server::listening::{ask, code};

/// `inner` inside so many brackets.
fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

/// `count` times what `write` makes of a number.
fn times(count: usize, write: impl Fn(usize) -> String) -> String {
    (0..count).map(write).collect::<Vec<_>>().join(" ")
}

each_database! {
    async fn literals_nested_deep(start: Start) {
        let attacked = attacked(start).await;
        for depth in [1_540, 5_000, 100_000] {
            let (list, object) = (nested("[", "1", "]", depth), nested("{a:", "1", "}", depth));
            for query in [
                format!("{{ nodes(ids: {list}) {{ id }} }}"),
                format!("{{ users(filter: {object}) {{ totalCount }} }}"),
                format!("query($a: [ID!] = {list}) {{ __typename }}"),
                format!("{{ __typename @include(if: {list}) }}"),
            ] {
                assert_eq!(attacked.code_of(&query).await, "QUERY_TOO_DEEP", "{depth}: {query:.50}");
            }
        }
        attacked.unharmed().await;
    }

    async fn selections_nested_deep(start: Start) {
        let attacked = attacked(start).await;
        for depth in [100, 20_000] {
            let query = nested("{a", "", "}", depth);
            assert_eq!(attacked.code_of(&query).await, "QUERY_TOO_DEEP", "{depth}");
        }
        // What the text may nest, the schema may still find too deep.
        let query = format!("{{ viewer {} }}", nested("{ removals(first: 1) { nodes { user", " { id }", " } } }", 8));
        assert_eq!(attacked.code_of(&query).await, "QUERY_TOO_DEEP");
        attacked.unharmed().await;
    }

    async fn fragments_that_double(start: Start) {
        let attacked = attacked(start).await;
        for levels in [26, 31] {
            let each = |at: usize| format!("fragment F{at} on Query {{ ...F{0} ...F{0} }}", at + 1);
            let query = format!("{{ ...F0 }} {} fragment F{levels} on Query {{ __typename }}", times(levels, each));
            assert_eq!(attacked.code_of(&query).await, "QUERY_TOO_COMPLEX", "{levels}");
        }
        attacked.unharmed().await;
    }

    async fn fragments_that_spread_themselves_or_nowhere(start: Start) {
        let attacked = attacked(start).await;
        for cycle in [
            "{ ...A } fragment A on Query { ...A }",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A }",
        ] {
            assert_eq!(attacked.code_of(cycle).await, "FRAGMENT_CYCLE", "{cycle}");
        }
        let unused = format!("{{ __typename }} {}", times(1_000, |at| format!("fragment F{at} on Query {{ a }}")));
        assert_eq!(attacked.code_of(&unused).await, "TOO_MANY_DEFINITIONS");
        attacked.unharmed().await;
    }

    async fn directives_in_numbers(start: Start) {
        let attacked = attacked(start).await;
        let many = "@a ".repeat(50_000);
        for query in [
            format!("{{ __typename {many} }}"),
            format!("{{ ... {many} {{ __typename }} }}"),
            format!("query {many} {{ __typename }}"),
            format!("query($a: Int {many}) {{ __typename }}"),
        ] {
            assert_eq!(attacked.code_of(&query).await, "TOO_MANY_DIRECTIVES", "{query:.30}");
        }
        attacked.unharmed().await;
    }

    async fn one_mutation_nine_hundred_times(start: Start) {
        let attacked = attacked(start).await;
        let ann = attacked.world.user("ann");
        let delete = |at: usize| format!("a{at}: deleteUser(input: {{ userId: {ann} }}) {{ outcome }}");
        let query = format!("mutation {{ {} }}", times(900, delete));
        assert_eq!(attacked.code_of(&query).await, "TOO_MANY_ROOT_FIELDS");
        attacked.unharmed().await;
    }

    async fn fields_that_do_not_exist(start: Start) {
        let attacked = attacked(start).await;
        for query in ["{ nothing }", "{ viewr { id } }", "{ viewer { emial } }"] {
            let known = attacked.ask(query, Value::Null).await;
            assert_eq!(code(&known), "BAD_INPUT", "{query}");
            let anonymous = ask(&attacked.url, None, query, Value::Null).await;
            assert_eq!(code(&anonymous), "BAD_INPUT", "{query}");
            let message = anonymous["errors"][0]["message"].as_str().unwrap();
            assert!(message.starts_with("Unknown field ") && !message.contains("Did you mean"), "{message}");
        }
        // Somebody we know is told what they may have meant.
        let known = attacked.ask("{ viewr { id } }", Value::Null).await;
        let message = known["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("Did you mean \"viewer\""), "{message}");
        attacked.unharmed().await;
    }

    async fn the_schema_alone_is_told_to_everybody(start: Start) {
        let attacked = attacked(start).await;
        let query = "{ __schema { types { name } } viewer { id } }";
        let answer = ask(&attacked.url, None, query, Value::Null).await;
        assert_eq!(code(&answer), "UNAUTHENTICATED");
        let answer = ask(&attacked.url, None, "{ __schema { types { name } } }", Value::Null).await;
        assert!(answer["data"]["__schema"]["types"].as_array().is_some_and(|types| types.len() > 100), "{answer:.300}");
        attacked.unharmed().await;
    }

    async fn introspection_that_multiplies(start: Start) {
        let attacked = attacked(start).await;
        let there_and_back = |times: usize| {
            format!("{{ __type(name: \"Node\") {{ {} }} }}", nested("possibleTypes { interfaces {", " name", "} }", times))
        };
        for times in [5, 6, 9] {
            let query = there_and_back(times);
            assert_eq!(attacked.code_of(&query).await, "QUERY_TOO_COMPLEX", "{times}");
            let anonymous = (0..16).map(|_| ask(&attacked.url, None, &query, Value::Null));
            for answer in join_all(anonymous).await {
                assert_eq!(code(&answer), "QUERY_TOO_COMPLEX", "{times}");
            }
        }
        // All there is, asked for by several at once.
        let everything = include_str!("../server/introspection/graphql-js.graphql");
        let anonymous = (0..8).map(|_| ask(&attacked.url, None, everything, Value::Null));
        assert!(join_all(anonymous).await.iter().all(|answer| answer["data"]["__schema"]["types"].is_array()));
        attacked.unharmed().await;
    }

    async fn operations_that_are_not_named(start: Start) {
        let attacked = attacked(start).await;
        let two = "query A { __typename } query B { __typename }";
        for request in [
            json!({ "query": two }),
            json!({ "query": two, "operationName": "C" }),
            json!({ "query": two, "operationName": "" }),
            json!({ "query": "{ __typename }", "operationName": "A" }),
            json!({ "query": "{ __typename }", "variables": [] }),
            json!({ "query": "{ __typename }", "variables": "{}" }),
            json!({ "query": "{ __typename }", "operationName": 7 }),
            json!({ "query": "fragment A on Query { __typename }" }),
            json!({ "query": "" }),
        ] {
            assert_eq!(attacked.post(&request).await.1, "BAD_INPUT", "{request}");
        }
        attacked.unharmed().await;
    }

    async fn numbers_that_are_none(start: Start) {
        let attacked = attacked(start).await;
        for number in ["99999999999", "NaN", "1e400", "1.5", "-1", "100000", "101", "\"1\"", "true", "[1]", "2147483648"] {
            let literal = format!("{{ users(first: {number}) {{ totalCount }} }}");
            assert_eq!(attacked.code_of(&literal).await, "BAD_INPUT", "{literal}");
            let query = "query($first: Int) { users(first: $first) { totalCount } }";
            let variable = format!(r#"{{ "query": "{query}", "variables": {{ "first": {number} }} }}"#);
            let (_, code) = attacked.send(&[("content-type", "application/json")], variable.clone()).await;
            assert_eq!(code, "BAD_INPUT", "{variable}");
        }
        attacked.unharmed().await;
    }
}

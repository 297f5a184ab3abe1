//! Pages of every list, either way, are the list; cursors fit their own list alone.

use serde_json::{Value, json};

use crate::common::{World, each_database};

/// The ids of a list, read by pages of `size`; each page must say truly whether there is more.
async fn walk(world: &World, list: &str, size: usize, backward: bool) -> Vec<Value> {
    let (count, from, more, end) = if backward {
        ("last", "before", "hasPreviousPage", "startCursor")
    } else {
        ("first", "after", "hasNextPage", "endCursor")
    };
    let (name, arguments) = list.split_once('(').unwrap_or((list, ")"));
    let arguments = arguments.trim_end_matches(')');
    let query = format!(
        "query($at: String) {{ {name}({arguments} {count}: {size}, {from}: $at) {{ totalCount nodes {{ id }}
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let (mut found, mut at) = (Vec::new(), Value::Null);
    loop {
        let page = world.read("owner", &query, json!({ "at": at })).await[name].clone();
        let nodes = page["nodes"].as_array().expect("nodes").clone();
        found = if backward { [nodes, found].concat() } else { [found, nodes].concat() };
        if page["pageInfo"][more] == false {
            assert_eq!(page["totalCount"], found.len(), "{list}");
            return found;
        }
        at = page["pageInfo"][end].clone();
        assert!(at.is_string(), "{list}: {page}");
    }
}

each_database! {
    async fn pages_either_way_are_the_list(start: Start) {
        let world = start.sample(300).await;
        let everybody = "filter: {status: [ACTIVE SUSPENDED DEACTIVATED ANONYMIZED DELETED ERASED]}";
        let mut lists = vec!["groups".to_owned(), "removals".to_owned(), "slots".to_owned()];
        for field in ["NAME", "EMAIL", "LAST_SIGN_IN", "DELETED_AT", "CREATED_AT"] {
            for direction in ["ASC", "DESC"] {
                lists.push(format!("users({everybody}, orderBy: {{field: {field}, direction: {direction}}})"));
            }
        }
        for list in ["courses", "paths", "activities"] {
            for (field, direction) in [("TITLE", "ASC"), ("TITLE", "DESC"), ("CREATED", "DESC")] {
                lists.push(format!("{list}(orderBy: {{field: {field}, direction: {direction}}})"));
            }
        }
        for (field, direction) in [("START", "ASC"), ("START", "DESC"), ("TITLE", "ASC"), ("CREATED", "DESC")] {
            lists.push(format!("sessions(orderBy: {{field: {field}, direction: {direction}}})"));
        }
        for list in lists {
            let whole = walk(&world, &list, 100, false).await;
            assert!(!whole.is_empty(), "{list}");
            for (size, backward) in [(7, false), (7, true), (100, true)] {
                assert_eq!(walk(&world, &list, size, backward).await, whole, "{list} by {size}, backward: {backward}");
            }
        }
    }

    async fn one_direction_is_the_other_reversed_but_for_nulls(start: Start) {
        let world = start.sample(300).await;
        for field in ["NAME", "CREATED_AT"] {
            let order = |way: &str| format!("users(orderBy: {{field: {field}, direction: {way}}})");
            let mut there = walk(&world, &order("ASC"), 50, false).await;
            there.reverse();
            assert_eq!(walk(&world, &order("DESC"), 50, false).await, there);
        }
        for (field, value) in [("LAST_SIGN_IN", "lastSignInAt"), ("EMAIL", "email")] {
            for way in ["ASC", "DESC"] {
                let query = format!(
                    "{{ users(filter: {{status: [ACTIVE ANONYMIZED SUSPENDED]}}, last: 100,
                        orderBy: {{field: {field}, direction: {way}}}) {{ nodes {{ {value} }} }} }}"
                );
                let answer = world.read("owner", &query, json!({})).await;
                let values: Vec<&Value> =
                    answer["users"]["nodes"].as_array().expect("nodes").iter().map(|node| &node[value]).collect();
                let known = values.iter().filter(|value| !value.is_null()).count();
                assert!(known > 0 && values.iter().skip(known).all(|value| value.is_null()), "{field} {way}");
            }
        }
    }

    async fn many_parents_have_the_pages_that_one_has(start: Start) {
        let world = start.sample(300).await;
        let inner = "id members(first: 3) { totalCount nodes { user { id } roles } pageInfo { hasNextPage endCursor } }
            subgroups(last: 2) { totalCount nodes { id } pageInfo { hasPreviousPage } }";
        let many = world.read("owner", &format!("{{ groups(first: 30) {{ nodes {{ {inner} }} }} }}"), json!({})).await;
        let query = format!("query($id: ID!) {{ group(by: {{id: $id}}) {{ {inner} }} }}");
        for group in many["groups"]["nodes"].as_array().expect("groups") {
            let alone = world.read("owner", &query, json!({ "id": group["id"] })).await;
            assert_eq!(&alone["group"], group);
        }
    }

    async fn a_cursor_fits_its_own_list_alone(start: Start) {
        let world = start.sample(0).await;
        let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
        let query = "{ users(first: 1) { pageInfo { endCursor } } }";
        let cursor = world.read("owner", query, json!({})).await["users"]["pageInfo"]["endCursor"].clone();
        for list in ["groups", "users(orderBy: {field: EMAIL})", "users(orderBy: {direction: DESC})", "courses"] {
            let (name, arguments) = list.split_once('(').unwrap_or((list, ")"));
            let query = format!("query($at: String) {{ {name}(after: $at, {} {{ nodes {{ id }} }} }}", arguments);
            let answer = world.ask("owner", &query, json!({ "at": cursor })).await;
            assert_eq!(code(&answer), "INVALID_CURSOR", "{list}");
        }
        for forged in ["", "x", "'; drop table users", "WyJ1c2VycyJd", &"a".repeat(10_000)] {
            let query = "query($at: String) { users(after: $at) { nodes { id } } }";
            assert_eq!(code(&world.ask("owner", query, json!({ "at": forged })).await), "INVALID_CURSOR");
        }
        for wrong in ["first: -1", "first: 101", "last: 1000", "first: 1, last: 1", "first: 1, before: \"x\"", "last: 1, after: \"x\""] {
            let answer = world.ask("owner", &format!("{{ users({wrong}) {{ nodes {{ id }} }} }}"), json!({})).await;
            assert_eq!(code(&answer), "BAD_INPUT", "{wrong}");
        }
    }
}

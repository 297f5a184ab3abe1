//! How many statements a read takes depends on its shape, never on how many rows it finds.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::common::each_database;

/// Three levels, each with relations of its own.
const NESTED: &str = "query($first: Int!) {
    users(first: $first, orderBy: {field: CREATED_AT}) { totalCount nodes {
        displayName externalIds { value } customFields { value }
        memberships { nodes { role group { name parent { name } counts { members } } grantedBy { displayName } } }
        participations { nodes { how since session { title path { title } mainInstructor { displayName }
            audienceGroups { name } slots(first: 5) { nodes { freeSeats } } } } }
        authoredCourses { totalCount nodes { title coAuthors { rank user { displayName } } } }
        courseEnrolments { nodes { course { title } } }
        progress { nodes { percent course { title group { name } } } }
    } } }";

/// Different statements that it takes, one of them for what the caller sees.
const STATEMENTS: usize = 18;
/// Fields that read something, and those that read two things: rows between people and something else, and that. Where several ask the same question, of other keys (people by id), they share its
/// statement if they come at the same time, so that it may take fewer statements than this, never more.
const PLACES: usize = 26;
/// How many ask at the same time.
const CALLERS: usize = 32;

each_database! {
    async fn statements_do_not_grow_with_rows(start: Start) {
        let world = start.sample(400).await;
        // The tree is read once and kept.
        world.read("owner", NESTED, json!({ "first": 3 })).await;
        let world = Arc::new(world);
        for first in [5, 25, 100] {
            // In a task of its own, as a server runs it.
            let (asked, arguments) = (world.clone(), json!({ "first": first }));
            let read = tokio::spawn(async move { asked.read("owner", NESTED, arguments).await });
            let (answer, statements) = world.statements(read).await;
            assert_eq!(answer.expect("an answer")["users"]["nodes"].as_array().map(Vec::len), Some(first));
            let names: BTreeSet<&str> = statements.iter().filter_map(|text| text.split(' ').nth(1)).collect();
            assert!(names.len() <= STATEMENTS && statements.len() <= PLACES, "{first}: {statements:#?}");
        }
    }

    async fn statements_do_not_grow_with_callers(start: Start) {
        let world = start.sample(400).await;
        world.read("owner", NESTED, json!({ "first": 3 })).await;
        let world = Arc::new(world);
        let read = || {
            let asked = world.clone();
            tokio::spawn(async move { asked.read("owner", NESTED, json!({ "first": 10 })).await })
        };
        let (answers, statements) = world.statements(join_all((0..CALLERS).map(|_| read()))).await;
        assert!(answers.windows(2).all(|two| two[0].as_ref().ok() == two[1].as_ref().ok()), "all read the same");
        assert!(statements.len() <= CALLERS * PLACES, "{} statements", statements.len());
    }

    async fn what_is_not_asked_for_is_not_read(start: Start) {
        let world = start.sample(0).await;
        for (query, most) in [
            ("{ __typename }", 0),
            ("{ users { totalCount } }", 2),
            ("{ users { nodes { displayName } } }", 2),
            ("{ users { edges { cursor } nodes { id } pageInfo { endCursor } } }", 2),
            ("{ viewer { id } }", 2),
            ("{ groupTree { name depth } }", 2),
            ("{ groupTree { name memberCount } }", 3),
            ("{ sessions { nodes { title participants { totalCount } } } }", 3),
        ] {
            let (_, statements) = world.statements(world.read("owner", query, json!({}))).await;
            assert!(statements.len() <= most, "{query}: {statements:#?}");
        }
    }

    async fn no_more_columns_are_read_than_are_asked_for(start: Start) {
        let world = start.sample(0).await;
        for (query, columns, are_read) in [
            ("{ users { nodes { displayName } } }", "u.email", false),
            ("{ users { edges { node { id ... on User { email } } } } }", "u.email", true),
            ("{ users { nodes { memberships { nodes { group { name } } } } } }", ".privacy", false),
            ("{ users { nodes { memberships { nodes { group { privacy } } } } } }", ".privacy", true),
            ("{ groups { nodes { members { nodes { user { displayName } } } } } }", "u.email", false),
            ("query { sessions { ...page } } fragment page on SessionConnection { nodes { endsAt } }", "s.ends_at", true),
            ("{ sessions { nodes { title path { title } } } }", "s.ends_at", false),
        ] {
            let (answer, statements) = world.statements(world.read("owner", query, json!({}))).await;
            assert!(answer.is_object(), "{query}");
            let read = statements.iter().any(|text| text.contains(columns));
            assert_eq!(read, are_read, "{query}: {statements:#?}");
        }
    }

    async fn what_a_list_left_unread_is_read_with_it_where_it_is_asked_for(start: Start) {
        let world = start.sample(0).await;
        for (list, noun) in
            [("users", "User"), ("groups", "Group"), ("courses", "Course"), ("paths", "Path"), ("sessions", "Session")]
        {
            let fields = "query($name: String!) { __type(name: $name) { fields { name type { kind name ofType { kind name } } } } }";
            let fields = world.read("owner", fields, json!({ "name": noun })).await;
            for field in fields["__type"]["fields"].as_array().expect("fields") {
                let kind = if field["type"]["ofType"].is_object() { &field["type"]["ofType"] } else { &field["type"] };
                let selection = match (kind["kind"].as_str(), kind["name"].as_str()) {
                    (Some("SCALAR" | "ENUM"), _) => "",
                    (Some("OBJECT"), Some(name)) if name != noun && !name.ends_with("Connection") => "{ __typename }",
                    _ => continue,
                };
                let query = format!("{{ {list} {{ nodes {{ {} {selection} }} }} }}", field["name"].as_str().expect("a name"));
                let (_, statements) = world.statements(world.read("owner", &query, json!({}))).await;
                let again = format!("/* {list}.by_id */");
                assert!(!statements.iter().any(|text| text.starts_with(&again)), "{query}: {statements:#?}");
            }
        }
    }

    async fn a_request_that_costs_too_much_is_refused(start: Start) {
        let world = start.sample(0).await;
        let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
        let wide = "{ groups(first: 100) { nodes { members(first: 100) { nodes { user {
            memberships(first: 100) { nodes { role } } } } } } } }";
        assert_eq!(code(&world.ask("owner", wide, json!({})).await), "QUERY_TOO_COMPLEX");
        let deep = format!("{{ viewer {{ id }} groups {{ nodes {{ {} id {} }} }} }}", "parent { ".repeat(20), "}".repeat(20));
        assert_eq!(code(&world.ask("owner", &deep, json!({})).await), "QUERY_TOO_DEEP");
    }
}

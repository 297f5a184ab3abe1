//! What is answered at once is what is answered field by field.

use serde_json::json;

use crate::common::each_database;

/// Whatever a selection can be made of.
const SELECTIONS: &[&str] = &[
    "id displayName",
    "__typename id kind: __typename called: displayName again: displayName",
    "id id displayName id",
    "memberships(first: 3) { totalCount } memberships(first: 3) { nodes { role } nodes { group { id } } }",
    "some: memberships(first: 1) { nodes { role } } more: memberships(first: 5) { edges { cursor node { __typename role } } }",
    "... on User { id } ...called memberships(first: 2) { ... { nodes { ...held } } }",
    "id @skip(if: true) displayName @include(if: true) email @include(if: false)",
    "memberships(first: 5) { nodes { role @skip(if: true) group @include(if: true) { id @skip(if: false) name } } }",
    "memberships(first: 5) { nodes { group { id privacy parent { name parent { id } } } user { id status email } } }",
    "participations(first: 5) { nodes { how since present session { title path { title mainAuthor { id } } ended } } }",
    "participations(first: 0) { nodes { how } pageInfo { hasNextPage endCursor } totalCount }",
    "authoredCourses(last: 2) { nodes { __typename title } edges { node { title group { name } } } }",
    "removals(first: 2) { nodes { __typename id } } externalIds { system value } deletion { at }",
];

const FRAGMENTS: &str = "fragment called on User { displayName again: id }
    fragment held on Membership { __typename role group { ...group } group { privacy } }
    fragment group on Group { id name }";

each_database! {
    async fn as_field_by_field(start: Start) {
        let world = start.sample(300).await;
        for selection in SELECTIONS {
            let fragments = if selection.contains("...called") { FRAGMENTS } else { "" };
            let everybody = "first: 60, filter: {status: [ACTIVE SUSPENDED DEACTIVATED ANONYMIZED DELETED ERASED]}";
            let query = format!(
                "{{ users({everybody}) {{ totalCount nodes {{ {selection} }} edges {{ node {{ {selection} }} cursor }} }}
                    viewer {{ {selection} }} }} {fragments}"
            );
            let at_once = world.ask("owner", &query, json!({})).await;
            assert!(at_once["errors"].is_null(), "{selection}: {:#}", at_once["errors"]);
            let field_by_field = world.ask_field_by_field("owner", &query).await;
            assert_eq!(at_once, field_by_field, "{selection}");
        }
    }

    async fn where_a_field_fails_it_alone_is_null(start: Start) {
        let world = start.sample(300).await;
        let query = "{ users(first: 3) { nodes { id memberships(first: 1, after: \"no cursor\") { nodes { role } } } } }";
        let answer = world.ask("owner", query, json!({})).await;
        let field_by_field = world.ask_field_by_field("owner", query).await;
        assert_eq!(answer, field_by_field);
        assert!(answer["errors"].as_array().is_some_and(|errors| !errors.is_empty()), "{answer:#}");
    }
}

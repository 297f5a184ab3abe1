//! What is asked by those who see a part of the platform: an administrator of a group, an author, a learner. What they may
//! see is part of every statement.

use entity::id::UserId;
use serde_json::{Value, json};

use super::{ask, list, relation};
use crate::proofs::explain::large::{Large, OWNER};

/// Who asks: the first who meets this, of the active who administer nothing else.
const WHO: [&str; 3] = [
    "select min(m.user_id) from memberships m join users u on u.id = m.user_id
     where m.role = 'ADMINISTRATOR' and m.group_id <> 1 and u.status = 'ACTIVE'
       and not exists (select 1 from memberships r where r.user_id = m.user_id and r.group_id = 1 and r.role <> 'LEARNER')",
    "select min(c.main_author_id) from courses c join users u on u.id = c.main_author_id
     where u.status = 'ACTIVE'
       and not exists (select 1 from memberships r where r.user_id = u.id and r.role like '%ADMINISTRATOR')",
    "select max(m.user_id) from memberships m join users u on u.id = m.user_id
     where u.status = 'ACTIVE' and not exists (select 1 from memberships r where r.user_id = u.id and r.role <> 'LEARNER')
       and not exists (select 1 from courses c where c.main_author_id = u.id)",
];

/// Lists at the root: the field, the orders, the filters.
const LISTS: &[(&str, &[&str], &[&str])] = &[
    (
        "users",
        &["NAME", "EMAIL"],
        &[
            "",
            "status: [DELETED]",
            "group: { id: $group }",
            "role: [COACH]",
            "email: \"nobody@example.org\"",
            "text: \"ann\"",
        ],
    ),
    ("groups", &["NAME"], &["", "text: \"a\""]),
    ("courses", &["TITLE"], &["", "group: { id: $group }"]),
    ("paths", &["TITLE"], &[""]),
    ("sessions", &["START"], &["", "audienceKind: STATIC"]),
    ("slots", &["START"], &[""]),
    ("activities", &["TITLE"], &[""]),
];

/// Lists that hang on something.
const RELATIONS: &[(&str, &[&str])] = &[
    ("users", &["memberships", "participations", "progress", "authoredCourses", "removals"]),
    ("groups", &["subgroups", "members", "memberships", "courses", "sessions"]),
    ("courses", &["enrolments", "progress"]),
    ("sessions", &["participants", "slots"]),
];

/// What is asked of everything, besides.
const FIELDS: &[(&str, &str)] = &[
    ("users", "email externalIds { value } viewerCan { delete { allowed } update { allowed } }"),
    ("groups", "counts { members subgroups courses } viewerCan { delete { code } } parent { id }"),
    ("courses", "mainAuthor { id }"),
];

/// Runs every read for each of them.
pub async fn everything(large: &Large) {
    for who in WHO {
        large.asked_by(UserId(large.number(who).await));
        // One that they see.
        let group = large.ask("{ groups(first: 1) { nodes { id } } }", Value::Null).await;
        let variables = &json!({ "group": group["groups"]["nodes"][0]["id"] });
        for (field, orders, filters) in LISTS {
            for filter in *filters {
                let orders = orders.iter().map(|order| format!("{{ field: {order}, direction: ASC }}"));
                list(large, field, orders, filter, variables).await;
            }
        }
        list(large, "removals", ["NEWEST_FIRST".to_owned()], "", variables).await;
        for (field, lists) in RELATIONS {
            for list in *lists {
                relation(large, field, list).await;
            }
        }
        for (field, fields) in FIELDS {
            ask(large, field, "first: 20", &format!("nodes {{ id {fields} }}"), variables).await;
        }
        let deleted = "nodes { id deletion { by { id } removal { id } groups { id } } }";
        ask(large, "users", "filter: { status: [DELETED] }, first: 20", deleted, variables).await;
        large.ask("{ platform { usersByStatus { count } } viewerAccess { administered(first: 5) { totalCount } } }", Value::Null).await;
    }
    large.asked_by(OWNER);
}

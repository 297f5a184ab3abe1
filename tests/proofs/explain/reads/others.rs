//! What is asked by those who see a part of the platform: administrators of a group and of a large branch, an author, a learner.
//! What they may see is part of every statement; one that makes a page has a half for who sees few and one for who sees many, and
//! is explained with both.

use entity::id::{CourseId, JobId, PathId, SessionId, UserId};
use roster::graphql::id::GlobalId;
use serde_json::{Value, json};

use super::{ask, list, relation};
use crate::proofs::explain::large::{Large, OWNER};

/// Who asks: the first who meets this, of the active who administer nothing else.
const WHO: [&str; 4] = [
    "select min(m.user_id) from memberships m join users u on u.id = m.user_id
     where m.role = 'ADMINISTRATOR' and m.group_id <> 1 and u.status = 'ACTIVE'
       and not exists (select 1 from memberships r where r.user_id = m.user_id and r.group_id = 1 and r.role <> 'LEARNER')",
    "select m.user_id from memberships m join users u on u.id = m.user_id
     where m.role = 'ADMINISTRATOR' and m.group_id <> 1 and u.status = 'ACTIVE'
       and not exists (select 1 from memberships r where r.user_id = m.user_id and r.group_id = 1 and r.role <> 'LEARNER')
     order by (select count(*) from memberships l where l.group_id = m.group_id) desc, m.user_id limit 1",
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
            "status: [DELETED], group: { id: $group }",
            "status: [DELETED], role: [COACH]",
            "group: { id: $group }",
            "role: [COACH]",
            "role: [LEARNER]",
            "email: \"nobody@example.org\"",
            "text: \"ann\"",
        ],
    ),
    ("groups", &["NAME"], &["", "text: \"a\""]),
    ("courses", &["TITLE"], &["", "group: { id: $group }", "authorId: $author"]),
    ("paths", &["TITLE"], &["", "authorId: $author", "courseId: $course"]),
    ("sessions", &["START"], &["", "audienceKind: STATIC", "instructorId: $author", "pathId: $path"]),
    ("slots", &["START"], &["", "sessionId: $session"]),
    ("activities", &["TITLE"], &["", "ownerId: $author", "courseId: $course"]),
];

/// What removals are asked by.
const REMOVALS: [&str; 5] = ["", "userId: $author", "actorId: $author", "groupId: $group", "jobId: $job"];

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
        let variables = &json!({
            "group": group["groups"]["nodes"][0]["id"],
            "author": OWNER.global(),
            "course": CourseId(1).global(),
            "path": PathId(1).global(),
            "session": SessionId(1).global(),
            "job": JobId(1).global(),
        });
        for (field, orders, filters) in LISTS {
            for filter in *filters {
                let orders = orders.iter().map(|order| format!("{{ field: {order}, direction: ASC }}"));
                list(large, field, orders, filter, variables).await;
            }
        }
        for filter in REMOVALS {
            list(large, "removals", ["NEWEST_FIRST".to_owned()], filter, variables).await;
        }
        list(large, "removalJobs", ["NEWEST_FIRST".to_owned()], "retryOf: $job", variables).await;
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

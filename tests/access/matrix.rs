//! The matrix of trust as one table: every mutation of people and groups, tried by one of each role in each kind of place.
//! What is taught has its own such test (`works::every_write`), and so has signing in.

use std::collections::BTreeSet;

use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, UserAdministrator};
use roster::access::scopes::{self, Rule};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::types::Types;
use crate::common::{World, each_database};

/// Where: the group in which the roles below stand, one below it, a private one below it, one beside it, a private one
/// beside it; and the platform owner, who is a learner of the first.
const PLACES: [&str; 6] = ["own", "lower", "private", "sibling", "foreign", "owner"];

/// Who, each with the roles they hold in "own".
const CALLERS: [&str; 9] =
    ["owner", "chief", "clerk", "administrator", "registrar", "author", "coach", "learner", "nobody"];

/// The mutations, as they are tried on a person in a place.
const OPERATIONS: [&str; 19] = [
    "grantRole LEARNER",
    "grantRole COACH",
    "grantRole ADMINISTRATOR",
    "grantRoles LEARNER",
    "revokeRole LEARNER",
    "removeUserFromGroup",
    "removeUsersFromGroup",
    "deleteUser",
    "deleteUsers",
    "prepareRemoval",
    "updateUser",
    "createUser",
    "createUsers",
    "createGroup",
    "updateGroup",
    "moveGroup",
    "setGroupPrivacy",
    "deleteGroup",
    "updatePlatform",
];

/// Mutations of what somebody began: `removal::control` and `removal::prepared` show who may.
const ELSEWHERE: [&str; 3] = ["cancelRemovalJob", "retryRemovalJob", "startRemovalJob"];

fn school(mut it: Organisation) -> Organisation {
    it = it
        .group("own", "platform", Public)
        .group("lower", "own", Public)
        .group("private", "own", Private)
        .group("sibling", "platform", Public)
        .group("foreign", "platform", Private)
        .users(&CALLERS[1..8])
        .member("chief", "platform", &[Administrator])
        .member("clerk", "platform", &[UserAdministrator])
        .member("administrator", "own", &[Administrator])
        .member("registrar", "own", &[UserAdministrator])
        .member("author", "own", &[Author])
        .member("coach", "own", &[Coach])
        .learners("own", &["learner", "owner"]);
    for (name, place) in targets() {
        it = it.user(&name).learners(place, &[&name]).learners("platform", &[&name]);
    }
    it
}

/// A person of their own for every attempt, who learns in its place.
fn targets() -> impl Iterator<Item = (String, &'static str)> {
    let attempts =
        (0..OPERATIONS.len()).flat_map(|operation| (0..CALLERS.len()).map(move |who| (operation, who)));
    attempts.flat_map(|(operation, who)| {
        PLACES[..5].iter().map(move |place| (format!("{operation} {who} {place}"), *place))
    })
}

/// The input of an operation on `target`, who learns in `place`.
fn input(world: &World, operation: &str, target: &str, place: &str) -> Value {
    let (user, group) = (world.user(target), world.group(place));
    let people = json!({ "ids": [user] });
    let role = operation.split_once(' ').map_or("LEARNER", |(_, role)| role);
    let membership = json!([{ "groupId": group, "role": "LEARNER" }]);
    match operation.split(' ').next().unwrap_or_default() {
        "grantRole" => json!({ "userId": user, "groupId": group, "role": role }),
        "grantRoles" => json!({ "grants": [{ "userId": user, "groupId": group, "role": role }] }),
        "revokeRole" => {
            json!({ "userId": user, "groupId": group, "role": role, "privateSubgroups": "KEEP" })
        }
        "removeUserFromGroup" => json!({ "userId": user, "groupId": group, "privateSubgroups": "KEEP" }),
        "removeUsersFromGroup" => json!({ "people": people, "groupId": group, "privateSubgroups": "KEEP" }),
        "deleteUser" => json!({ "userId": user, "privateSubgroups": "REMOVE" }),
        "deleteUsers" => json!({ "people": people, "privateSubgroups": "REMOVE" }),
        "prepareRemoval" => {
            json!({ "removal": { "removeUsersFromGroup": { "people": people, "groupId": group } } })
        }
        "updateUser" => json!({ "userId": user, "phone": "1" }),
        "createUser" => {
            json!({ "firstName": "New", "username": format!("new.{}", target.replace(' ', ".")), "memberships": membership })
        }
        "createUsers" => {
            json!({ "people": [{ "firstName": "New", "username": format!("newer.{}", target.replace(' ', ".")), "memberships": membership }] })
        }
        "createGroup" => json!({ "parentId": group, "name": target, "privacy": "PRIVATE" }),
        "updateGroup" => json!({ "groupId": group, "name": place }),
        "moveGroup" => json!({ "groupId": group, "parentId": group }),
        "setGroupPrivacy" => {
            let is_private = ["private", "foreign"].contains(&place);
            json!({ "groupId": group, "privacy": if is_private { "PRIVATE" } else { "PUBLIC" } })
        }
        "deleteGroup" => json!({ "groupId": group }),
        "updatePlatform" => json!({ "timeZone": "Europe/Paris" }),
        other => panic!("no input of {other}"),
    }
}

/// What became of an attempt: `y` done, or refused for what has nothing to do with who asks; `-` forbidden; `?` not found;
/// `!` not known; `P` the owner is protected.
async fn attempt(world: &World, who: &str, operation: &str, target: &str, place: &str) -> char {
    let name = operation.split(' ').next().unwrap_or_default();
    let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let job = if ["removeUsersFromGroup", "deleteUsers", "prepareRemoval"].contains(&name) {
        "job { id items(first: 1) { nodes { outcome } } }"
    } else {
        ""
    };
    let query = format!(
        "mutation($input: {kind}!) {{ done: {name}(input: $input) {{ {job} userErrors {{ code }} }} }}"
    );
    let answer = world.ask(who, &query, json!({ "input": input(world, operation, target, place) })).await;
    if answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED" {
        return '!';
    }
    assert!(answer["errors"].is_null(), "{who} {operation} {place}: {answer:#}");
    let done = &answer["data"]["done"];
    if name == "prepareRemoval" && done["job"].is_object() {
        // Nobody has many open at once.
        world.done(who, "cancelRemovalJob", json!({ "jobId": done["job"]["id"] }), "").await;
    }
    let code =
        done["userErrors"][0]["code"].as_str().or(done["job"]["items"]["nodes"][0]["outcome"].as_str());
    match code {
        Some("FORBIDDEN") => '-',
        Some("NOT_FOUND") => '?',
        Some("OWNER_PROTECTED") => 'P',
        Some("CONFIRM_COUNT_REQUIRED") => panic!("too many are deleted for this test: {operation}"),
        _ => 'y',
    }
}

each_database! {
    async fn who_may_do_what_where(start: Start) {
        let world = start.with(school).await;
        let back = format!(
            "insert into memberships (user_id, group_id, role, granted_by, granted_at)
             select user_id, {}, 'LEARNER', user_id, granted_at from memberships
             where user_id = {} and role = 'ADMINISTRATOR' and group_id = {} on conflict do nothing",
            world.group_id("own").0,
            world.user_id("owner").0,
            world.group_id("platform").0,
        );
        let mut table = format!("{:24}{}\n", "", CALLERS.map(|who| format!("{who:14}")).join("").trim_end());
        for (number, operation) in OPERATIONS.iter().enumerate() {
            let mut line = format!("{operation:24}");
            for (caller, who) in CALLERS.iter().enumerate() {
                let mut cells = String::new();
                for place in PLACES {
                    let (target, group) = match place {
                        "owner" => {
                            // Whom those before have taken out of it again.
                            world.sql(&back).await;
                            ("owner".to_owned(), "own")
                        }
                        _ => (format!("{number} {caller} {place}"), place),
                    };
                    cells.push(attempt(&world, who, operation, &target, group).await);
                }
                line += &format!("{cells:14}");
            }
            table += &format!("{}\n", line.trim_end());
        }
        assert!(table == include_str!("matrix.txt"), "who may do what has changed; review it:\n{table}");
    }

    async fn no_mutation_is_forgotten(start: Start) {
        let world = start.with(|it| it).await;
        let types = Types::read(&world).await;
        let words = ["Course", "Path", "Session", "Slot", "Activity", "Progress", "Result", "Certificate"];
        // Of what is taught, `works::every_write` has the same table; what no token may do is shown with signing in.
        let is_elsewhere = |name: &str| {
            words.iter().any(|word| name.contains(word))
                || ELSEWHERE.contains(&name)
                // The settings of the platform are no token's, and stand here beside what else administrators do.
                || (matches!(scopes::of_operation("Mutation", name), Rule::Open | Rule::Never)
                    && name != "updatePlatform")
        };
        let fields = types.fields("Mutation").iter().filter_map(|field| field["name"].as_str());
        let here: BTreeSet<&str> = fields.filter(|name| !is_elsewhere(name)).collect();
        let tried: BTreeSet<&str> = OPERATIONS
            .iter()
            .filter_map(|operation| operation.split(' ').next())
            .collect();
        assert_eq!(tried, here);
    }
}

//! What `viewerCan` tells is what the operation answers: asked of everybody, of every kind of place and person, and then
//! tried. A refusal says the same in both: its code, its words, the groups it names and how many it hides.

use std::sync::atomic::{AtomicUsize, Ordering};

use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, UserAdministrator};
use roster::access::{Caller, Pass, Scope, Scopes};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{Start, World, each_database};

/// Who, each with their roles; the last two are known of below "own" alone.
const CALLERS: [&str; 10] = [
    "owner",
    "chief",
    "clerk",
    "administrator",
    "registrar",
    "author",
    "coach",
    "learner",
    "warden",
    "deputy",
];

/// Where: the platform group, the group in which most callers have their roles, one below it, a private one below it
/// with a public one of its own, one beside it and a private one beside it.
const PLACES: [&str; 7] = ["platform", "own", "lower", "private", "cellar", "sibling", "foreign"];

/// What is asked of a group, and the mutation.
const GROUP: [(&str, &str); 16] = [
    ("update", "updateGroup"),
    ("move", "moveGroup"),
    ("move(parentId: $id)", "moveGroup"),
    ("changePrivacy", "setGroupPrivacy"),
    ("delete", "deleteGroup"),
    ("createSubgroup", "createGroup"),
    ("createContent", "createCourse"),
    ("createUser", "createUser"),
    ("createUser(role: COACH)", "createUser"),
    ("createUser(role: USER_ADMINISTRATOR)", "createUser"),
    ("createUser(role: ADMINISTRATOR)", "createUser"),
    ("grantRole(role: LEARNER)", "grantRole"),
    ("grantRole(role: COACH)", "grantRole"),
    ("grantRole(role: AUTHOR)", "grantRole"),
    ("grantRole(role: USER_ADMINISTRATOR)", "grantRole"),
    ("grantRole(role: ADMINISTRATOR)", "grantRole"),
];

/// What is asked of a person who stays as they are.
const LASTING: [(&str, &str); 4] = [
    ("update", "updateUser"),
    ("updateSignIn", "updateUser"),
    ("updateExternalIds", "updateUser"),
    ("setPassword", "setPassword"),
];

/// What is asked of a person and ends something: each has a person of its own, with this role in the place.
const ENDING: [(&str, &str, &str); 8] = [
    ("delete", "deleteUser", "LEARNER"),
    ("delete(privateSubgroups: KEEP)", "deleteUser", "LEARNER"),
    ("delete(privateSubgroups: null)", "deleteUser", "LEARNER"),
    ("remove", "removeUserFromGroup", "LEARNER"),
    ("revokeRole", "revokeRole", "LEARNER"),
    ("delete", "deleteUser", "COACH"),
    ("remove", "removeUserFromGroup", "COACH"),
    ("revokeRole", "revokeRole", "COACH"),
];

fn school(mut it: Organisation) -> Organisation {
    it = it
        .group("own", "platform", Public)
        .group("lower", "own", Public)
        .group("private", "own", Private)
        .group("cellar", "private", Public)
        .group("sibling", "platform", Public)
        .group("foreign", "platform", Private)
        .users(&CALLERS[1..])
        .user("leaver")
        .learners("platform", &["leaver"])
        .member("chief", "platform", &[Administrator])
        .member("clerk", "platform", &[UserAdministrator])
        .member("administrator", "own", &[Administrator])
        .member("registrar", "own", &[UserAdministrator])
        .member("author", "own", &[Author])
        .member("coach", "own", &[Coach])
        .learners("own", &["learner", "owner"])
        .member("warden", "private", &[Administrator])
        .member("deputy", "cellar", &[UserAdministrator]);
    for who in CALLERS {
        for place in PLACES {
            let lasting = lasting(who, place);
            it = it.user(&lasting).learners(place, &[&lasting]);
            for (number, (.., role)) in ENDING.iter().enumerate() {
                let name = ending(number, who, place);
                it = it.user(&name);
                it = if *role == "COACH" {
                    it.member(&name, place, &[Coach])
                } else {
                    it.learners(place, &[&name])
                };
            }
        }
    }
    it
}

/// The school, in which as many may be deleted as are.
async fn world(start: Start) -> World {
    let world = start.with(school).await;
    world.sql("update platform set safety_share = 100").await;
    world
}

fn lasting(who: &str, place: &str) -> String {
    format!("lasting {who} {place}")
}

fn ending(number: usize, who: &str, place: &str) -> String {
    format!("ending {number} {who} {place}")
}

/// Somebody who asks, by a token with these scopes if any are named.
struct Asking<'a> {
    world: &'a World,
    who: &'a str,
    scopes: Option<&'a [Scope]>,
}

impl Asking<'_> {
    async fn ask(&self, query: &str, variables: Value) -> Value {
        let pass = self.scopes.map(|scopes| Pass::Token(Some(Scopes::new(scopes.iter().copied()))));
        self.world.ask_by(Some(Caller::User(self.world.user_id(self.who))), pass, query, variables).await
    }

    /// What is told of each field of `viewerCan` of a thing, in order; none where the thing is not seen.
    async fn told(&self, on: &str, id: &Value, fields: &[&str]) -> Option<Vec<Value>> {
        let asked: Vec<String> =
            fields.iter().enumerate().map(|(at, field)| format!("f{at}: {field} {{ ...told }}")).collect();
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on {on} {{ viewerCan {{ {} }} }} }} }} {TOLD}",
            asked.join(" ")
        );
        let answer = self.ask(&query, json!({ "id": id })).await;
        assert!(answer["errors"].is_null(), "{answer:#}");
        let told = &answer["data"]["node"]["viewerCan"];
        (!told.is_null()).then(|| (0..fields.len()).map(|at| told[format!("f{at}")].clone()).collect())
    }

    /// What is told of somebody's role in a group; none where it is not seen.
    async fn told_of_role(&self, user: &Value, group: &Value, role: &str, field: &str) -> Option<Value> {
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on User {{ memberships(first: 20) {{ nodes {{
                group {{ id }} role viewerCan {{ {field} {{ ...told }} }} }} }} }} }} }} {TOLD}"
        );
        let answer = self.ask(&query, json!({ "id": user })).await;
        assert!(answer["errors"].is_null(), "{answer:#}");
        let memberships = answer["data"]["node"]["memberships"]["nodes"].as_array()?.clone();
        let found = memberships.into_iter().find(|row| row["group"]["id"] == *group && row["role"] == role);
        found.map(|row| row["viewerCan"][field].clone())
    }

    /// The refusal that a mutation is answered with; null where it was done.
    async fn tried(&self, mutation: &str, input: &Value) -> Value {
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!(
            "mutation($input: {kind}!) {{ answer: {mutation}(input: $input) {{
                userErrors {{ code message hiddenCount nodes {{ ... on Group {{ id }} }} }} }} }}"
        );
        let answer = self.ask(&query, json!({ "input": input })).await;
        if let Some(error) = answer["errors"].get(0) {
            let code = &error["extensions"]["code"];
            return json!({ "code": code, "message": error["message"], "hiddenCount": 0, "nodes": [] });
        }
        answer["data"]["answer"]["userErrors"].get(0).cloned().unwrap_or_default()
    }

    /// That what was told is what the mutation answers.
    async fn same(&self, what: &str, told: Option<Value>, mutation: &str, mut input: Value) {
        let mut tried = self.tried(mutation, &input).await;
        // A page confirms where it is asked to.
        if tried["code"] == "WOULD_DELETE_ACCOUNT" {
            input["confirmAccountDeletion"] = json!(true);
            tried = self.tried(mutation, &input).await;
        }
        let who = self.who;
        let Some(told) = told else {
            return assert_eq!(tried["code"], "NOT_FOUND", "{who} does not see it: {what} {tried:#}");
        };
        assert_eq!(told["allowed"], tried.is_null(), "{who} {what}: {told:#} {tried:#}");
        assert_eq!(
            [&told["code"], &told["message"]],
            [&tried["code"], &tried["message"]],
            "{who} {what}: {told:#} {tried:#}"
        );
        if tried["code"] == "FORBIDDEN" {
            assert_eq!(
                [&told["missingGroups"], &told["hiddenCount"]],
                [&tried["nodes"], &tried["hiddenCount"]],
                "{who} {what}"
            );
        }
    }
}

/// The password of everybody who asks.
const PASSWORD: &str = "correct horse battery";

const TOLD: &str = "fragment told on Permission { allowed code message hiddenCount missingGroups { id } }";

/// The input of a mutation of a group, as `field` asks it.
fn of_group(world: &World, who: &str, place: &str, field: &str, mutation: &str) -> Value {
    let group = world.group(place);
    let role = field.split_once("role: ").map_or("LEARNER", |(_, role)| role.trim_end_matches(')'));
    let unique = roster::keys::fold(&format!("{who}.{place}.{role}"));
    match mutation {
        "updateGroup" => json!({ "groupId": group, "name": place }),
        "createGroup" => json!({ "parentId": group, "name": "New", "privacy": "PRIVATE" }),
        "moveGroup" if field == "move" => {
            let tree = world.made.tree();
            let above = tree.parent(world.group_id(place)).unwrap_or(tree.root());
            json!({ "groupId": group, "parentId": roster::graphql::id::GlobalId::global(above).as_str() })
        }
        "moveGroup" => json!({ "groupId": group, "parentId": group }),
        "setGroupPrivacy" => {
            let is_private = ["private", "foreign"].contains(&place);
            json!({ "groupId": group, "privacy": if is_private { "PRIVATE" } else { "PUBLIC" } })
        }
        "deleteGroup" => json!({ "groupId": group }),
        "createCourse" => json!({ "groupId": group, "title": "New" }),
        "createUser" => {
            json!({ "username": unique, "memberships": [{ "groupId": group, "role": role }] })
        }
        // To themselves, whom everybody sees.
        "grantRole" => json!({ "userId": world.user(who), "groupId": group, "role": role }),
        other => panic!("no input of {other}"),
    }
}

/// The input of a mutation of a person, as `field` asks it.
fn of_person(world: &World, person: &str, place: &str, role: &str, field: &str, mutation: &str) -> Value {
    let (user, group) = (world.user(person), world.group(place));
    match mutation {
        "updateUser" => match field {
            "update" => json!({ "userId": user, "phone": "1" }),
            "updateSignIn" => {
                // Another one each time: what is so already is no change. The password is asked of whoever changes their
                // own, and of nobody else.
                static CHANGES: AtomicUsize = AtomicUsize::new(0);
                let number = CHANGES.fetch_add(1, Ordering::Relaxed);
                let username = format!("new.{number}.{}", person.replace(' ', "."));
                json!({ "userId": user, "username": username, "currentPassword": PASSWORD })
            }
            _ => json!({ "userId": user, "externalIds": [] }),
        },
        "setPassword" => json!({ "userId": user, "password": PASSWORD }),
        "deleteUser" => match field {
            "delete(privateSubgroups: KEEP)" => json!({ "userId": user, "privateSubgroups": "KEEP" }),
            "delete(privateSubgroups: null)" => json!({ "userId": user }),
            _ => json!({ "userId": user, "privateSubgroups": "REMOVE" }),
        },
        "removeUserFromGroup" => json!({
            "userId": user, "groupId": group, "privateSubgroups": "REMOVE"
        }),
        "revokeRole" => json!({
            "userId": user, "groupId": group, "role": role, "privateSubgroups": "REMOVE"
        }),
        other => panic!("no input of {other}"),
    }
}

async fn groups(asking: &Asking<'_>, place: &str) {
    let Asking { world, who, .. } = *asking;
    let fields = GROUP.map(|(field, _)| field);
    let told = asking.told("Group", &world.group(place), &fields).await;
    for (at, (field, mutation)) in GROUP.iter().enumerate() {
        let told = told.as_ref().map(|told| told[at].clone());
        if (*field, who, place) == ("move", "deputy", "cellar") {
            // The group above is nothing that they could name.
            assert_eq!(told.expect("the group is seen")["code"], "FORBIDDEN");
            continue;
        }
        let input = of_group(world, who, place, field, mutation);
        asking.same(&format!("{field} in {place}"), told, mutation, input).await;
    }
}

async fn person(asking: &Asking<'_>, name: &str, place: &str) {
    let world = asking.world;
    let fields = LASTING.map(|(field, _)| field);
    let told = asking.told("User", &world.user(name), &fields).await;
    for (at, (field, mutation)) in LASTING.iter().enumerate() {
        let told = told.as_ref().map(|told| told[at].clone());
        let input = of_person(world, name, place, "LEARNER", field, mutation);
        asking.same(&format!("{field} of {name}"), told, mutation, input).await;
    }
}

async fn end(asking: &Asking<'_>, name: &str, place: &str, (field, mutation, role): (&str, &str, &str)) {
    let world = asking.world;
    let (user, group) = (world.user(name), world.group(place));
    let input = of_person(world, name, place, role, field, mutation);
    let told = if mutation == "deleteUser" {
        asking.told("User", &user, &[field]).await.map(|told| told[0].clone())
    } else {
        asking.told_of_role(&user, &group, role, field).await
    };
    if mutation == "removeUserFromGroup" && told.is_some() {
        let of_anybody = format!("removeMember(role: {role})");
        let of_anybody = asking.told("Group", &group, &[&of_anybody]).await.expect("the group is seen");
        // Which groups are below for this one depends on where else they are.
        assert_eq!(told.as_ref().map(|told| &told["code"]), Some(&of_anybody[0]["code"]), "{name}");
    }
    asking.same(&format!("{field} of {role} {name} in {place}"), told, mutation, input).await;
}

each_database! {
    async fn what_is_told_is_what_is_answered(start: Start) {
        let world = world(start).await;
        for who in CALLERS {
            let asking = Asking { world: &world, who, scopes: None };
            for place in PLACES {
                groups(&asking, place).await;
                person(&asking, &lasting(who, place), place).await;
                for (number, kind) in ENDING.into_iter().enumerate() {
                    end(&asking, &ending(number, who, place), place, kind).await;
                }
            }
        }
    }

    async fn the_owner_oneself_and_the_deleted(start: Start) {
        let world = world(start).await;
        for who in CALLERS {
            world.give_password(who, PASSWORD).await;
        }
        for who in CALLERS {
            let asking = Asking { world: &world, who, scopes: None };
            for kind in [("delete", "deleteUser", "LEARNER"), ("revokeRole", "revokeRole", "ADMINISTRATOR")] {
                end(&asking, "owner", "platform", kind).await;
            }
            person(&asking, "owner", "platform").await;
            person(&asking, who, "own").await;
            if who != "owner" {
                end(&asking, who, "platform", ("delete", "deleteUser", "LEARNER")).await;
            }
        }
        // Of whom was deleted it is told, where the operation answers with what was done then.
        let asking = Asking { world: &world, who: "chief", scopes: None };
        world.done("chief", "deleteUser", json!({ "userId": world.user("leaver") }), "outcome").await;
        person(&asking, "leaver", "platform").await;
        let told = asking.told("User", &world.user("leaver"), &["delete"]).await.expect("they are seen");
        assert_eq!([&told[0]["allowed"], &told[0]["code"]], [&json!(false), &json!("ALREADY_DELETED")]);
    }

    async fn a_token_is_told_what_it_is_not_good_for(start: Start) {
        let world = world(start).await;
        let seeing = [Scope::UsersRead, Scope::GroupsRead];
        let more = [
            None,
            Some(Scope::GroupsWrite),
            Some(Scope::MembersWrite),
            Some(Scope::MembersAdmin),
            Some(Scope::UsersRemove),
            Some(Scope::UsersDelete),
            Some(Scope::ContentWrite),
        ];
        for (number, more) in more.into_iter().enumerate() {
            let scopes: Vec<Scope> = seeing.into_iter().chain(more).collect();
            let asking = Asking { world: &world, who: "chief", scopes: Some(&scopes) };
            let place = PLACES[number];
            for (at, (field, mutation)) in GROUP.iter().enumerate() {
                let told = asking.told("Group", &world.group(place), &[field]).await;
                let input = of_group(&world, CALLERS[at % 10], place, field, mutation);
                asking.same(field, told.map(|told| told[0].clone()), mutation, input).await;
            }
            person(&asking, &lasting("chief", place), place).await;
            for (number, kind) in ENDING.into_iter().enumerate() {
                let name = ending(number, "chief", place);
                let (field, mutation, role) = kind;
                let told = match mutation {
                    "deleteUser" => {
                        asking.told("User", &world.user(&name), &[field]).await.map(|told| told[0].clone())
                    }
                    _ => asking.told_of_role(&world.user(&name), &world.group(place), role, field).await,
                };
                let input = of_person(&world, &name, place, role, field, mutation);
                asking.same(&format!("{field} {more:?}"), told, mutation, input).await;
            }
        }
    }

    async fn a_member_is_told_of_as_their_roles_are(start: Start) {
        let world = start.with(|it| {
            it.group("team", "platform", Private)
                .users(&["head", "ann", "bob"])
                .member("head", "team", &[UserAdministrator])
                .member("ann", "team", &[Coach])
                .learners("team", &["ann", "bob"])
        }).await;
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on Group {{ members(first: 5) {{ nodes {{
                user {{ displayName memberships(first: 5) {{ nodes {{ viewerCan {{ remove {{ ...told }} }} }} }} }}
                viewerCan {{ remove {{ ...told }} }} }} }} }} }} }} {TOLD}"
        );
        let read = world.read("head", &query, json!({ "id": world.group("team") })).await;
        let members = read["node"]["members"]["nodes"].as_array().expect("members");
        let mut told = Vec::new();
        for member in members {
            let can = &member["viewerCan"]["remove"];
            for role in member["user"]["memberships"]["nodes"].as_array().expect("roles") {
                assert_eq!(role["viewerCan"]["remove"], *can);
            }
            told.push((member["user"]["displayName"].clone(), can["code"].clone()));
        }
        // Their only group: whoever may remove them there may delete them. Nobody takes their own account.
        let expected =
            [("ann", json!("FORBIDDEN")), ("bob", Value::Null), ("head", json!("SELF_REMOVAL"))];
        assert_eq!(told, expected.map(|(name, code)| (json!(name), code)));
    }
}

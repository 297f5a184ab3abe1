//! Tokens for programs: their scopes, their owner's rights, and that none makes another.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use roster::access::scopes::{FIELDS, OPERATIONS, Rule, THINGS};
use serde_json::{Value, json};

use super::front::{Front, bearer, code, front, password};
use crate::common::each_database;

/// A token of whoever has `by`, with these scopes.
async fn token(front: &Front, by: &str, scopes: &[&str]) -> String {
    made(front, by, "createToken", scopes).await
}

/// A token of the platform, with these scopes.
async fn service(front: &Front, by: &str, scopes: &[&str]) -> String {
    made(front, by, "createServiceToken", scopes).await
}

async fn made(front: &Front, by: &str, mutation: &str, scopes: &[&str]) -> String {
    let query = format!(
        "mutation($input: CreateTokenInput!) {{ answer: {mutation}(input: $input) {{ secret userErrors {{ code }} }} }}"
    );
    let input = json!({ "name": "Sync", "scopes": scopes });
    let (answer, _) = front.ask(&[bearer(by)], &query, json!({ "input": input })).await;
    answer["data"]["answer"]["secret"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned()
}

/// What a token is refused by: the code, and the scope that is missing.
fn refusal(answer: &Value) -> (String, Option<&str>) {
    (code(answer), answer["errors"][0]["extensions"]["scope"].as_str())
}

each_database! {
    async fn a_token_is_shown_once_and_known_by_how_it_begins(start: Start) {
        let front = front(start).await;
        let ann = front.sign_in("ann").await;
        let input = json!({ "name": " Sync ", "scopes": ["JOBS", "USERS_READ", "JOBS"] });
        let fields = "secret token { id name hint scopes createdAt expiresAt lastUsedAt }";
        let made = front.done(&[bearer(&ann)], "createToken", input, fields).await;
        let secret = made["secret"].as_str().unwrap();
        let hint = made["token"]["hint"].as_str().unwrap();
        assert!(secret.starts_with("roster_") && secret.starts_with(hint) && hint.len() == 12, "{made:#}");
        assert_eq!((&made["token"]["name"], &made["token"]["scopes"]), (&json!("Sync"), &json!(["USERS_READ", "JOBS"])));
        assert_eq!(front.viewer_of(secret).await, "ann");
        let (read, _) = front.ask(&[bearer(&ann)], "{ tokens { id hint lastUsedAt } }", Value::Null).await;
        assert_eq!(read["data"]["tokens"][0]["id"], made["token"]["id"]);
        let revoking = json!({ "tokenId": made["token"]["id"] });
        let bob = front.sign_in("bob").await;
        assert_eq!(front.refused(&[bearer(&bob)], "revokeToken", revoking.clone()).await, "NOT_FOUND");
        front.done(&[bearer(&ann)], "revokeToken", revoking.clone(), "revokedTokenId").await;
        assert_eq!(front.viewer_of(secret).await, "UNAUTHENTICATED");
        assert_eq!(front.refused(&[bearer(&ann)], "revokeToken", revoking).await, "NOT_FOUND");
    }

    async fn the_viewer_is_told_their_scopes_and_what_they_administer(start: Start) {
        let front = front(start).await;
        let world = &front.world;
        let query = "{ viewerAccess { user { displayName } isByToken scopes administersPlatform
            administered(first: 5) { totalCount nodes { role groupsBelow group { name } } } } }";
        let ann = front.sign_in("ann").await;
        let (mine, _) = front.ask(&[bearer(&ann)], query, Value::Null).await;
        let mine = &mine["data"]["viewerAccess"];
        assert_eq!([&mine["isByToken"], &mine["scopes"]], [&json!(false), &Value::Null]);
        assert_eq!([&mine["user"]["displayName"], &mine["administersPlatform"]], [&json!("ann"), &json!(false)]);
        assert_eq!(mine["administered"], json!({ "totalCount": 0, "nodes": [] }));
        let limited = token(&front, &ann, &["GROUPS_READ", "JOBS"]).await;
        let without = query.replace("user { displayName }", "user { id }");
        let (by_token, _) = front.ask(&[bearer(&limited)], &without, Value::Null).await;
        let by_token = &by_token["data"]["viewerAccess"];
        assert_eq!([&by_token["isByToken"], &by_token["scopes"]], [&json!(true), &json!(["GROUPS_READ", "JOBS"])]);
        let owner = front.sign_in("owner").await;
        let nobodys = service(&front, &owner, &["USERS_READ"]).await;
        let (service, _) = front.ask(&[bearer(&nobodys)], &without, Value::Null).await;
        let service = &service["data"]["viewerAccess"];
        assert_eq!([&service["user"], &service["administersPlatform"]], [&Value::Null, &json!(true)]);
        assert_eq!(service["administered"]["totalCount"], 0);
        let (platform, _) = front.ask(&[bearer(&owner)], query, Value::Null).await;
        let platform = &platform["data"]["viewerAccess"];
        assert_eq!(platform["administersPlatform"], true);
        let below = world.made.tree().below(world.group_id("platform")).len();
        let group = json!({ "role": "ADMINISTRATOR", "groupsBelow": below, "group": { "name": "Platform" } });
        assert_eq!(platform["administered"]["nodes"], json!([group]));
    }

    async fn the_same_key_makes_one_token_and_shows_it_once(start: Start) {
        let front = front(start).await;
        let ann = front.sign_in("ann").await;
        let input = json!({ "name": "Sync", "scopes": ["JOBS"], "idempotencyKey": "one token" });
        let first = front.done(&[bearer(&ann)], "createToken", input.clone(), "secret token { id }").await;
        let before = front.world.dump().await;
        let again = front.done(&[bearer(&ann)], "createToken", input.clone(), "secret token { id }").await;
        assert_eq!((&again["token"], &again["secret"]), (&first["token"], &Value::Null));
        assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
        let other = json!({ "name": "Sync", "scopes": ["USERS_READ"], "idempotencyKey": "one token" });
        assert_eq!(front.refused(&[bearer(&ann)], "createToken", other).await, "IDEMPOTENCY_MISMATCH");
    }

    async fn what_can_be_no_token_is_refused(start: Start) {
        let front = front(start).await;
        let ann = front.sign_in("ann").await;
        let now = front.world.db.clock.now(&front.world.db.read).await.unwrap();
        let at = |by: TimeDelta| (now + by).to_rfc3339();
        for input in [
            json!({ "name": "", "scopes": ["JOBS"] }),
            json!({ "name": "a".repeat(101), "scopes": ["JOBS"] }),
            json!({ "name": "nul\0", "scopes": ["JOBS"] }),
            json!({ "name": "Sync", "scopes": [] }),
            json!({ "name": "Sync", "scopes": ["EVERYTHING"] }),
            json!({ "name": "Sync", "scopes": ["JOBS"], "expiresAt": at(-TimeDelta::minutes(1)) }),
            json!({ "name": "Sync", "scopes": ["JOBS"], "expiresAt": at(TimeDelta::days(4_000)) }),
        ] {
            assert_eq!(front.refused(&[bearer(&ann)], "createToken", input.clone()).await, "BAD_INPUT", "{input}");
        }
        let input = json!({ "name": "Sync", "scopes": ["JOBS"] });
        assert_eq!(front.refused(&[], "createToken", input.clone()).await, "UNAUTHENTICATED");
        for number in 0..100 {
            front.world.give_token("ann", &format!("hash {number}")).await;
        }
        assert_eq!(front.refused(&[bearer(&ann)], "createToken", input).await, "BAD_INPUT");
    }

    async fn a_token_that_ends_or_whose_owner_goes_lets_nobody_in(start: Start) {
        let front = front(start).await;
        let ann = front.sign_in("ann").await;
        let now = front.world.db.clock.now(&front.world.db.read).await.unwrap();
        let input = json!({ "name": "Sync", "scopes": ["USERS_READ"], "expiresAt": (now + TimeDelta::days(1)).to_rfc3339() });
        let made = front.done(&[bearer(&ann)], "createToken", input, "secret").await;
        let (short, long) = (made["secret"].as_str().unwrap(), token(&front, &ann, &["USERS_READ"]).await);
        assert_eq!(front.viewer_of(short).await, "ann");
        front.world.db.clock.advance(TimeDelta::hours(25));
        assert_eq!(front.viewer_of(short).await, "UNAUTHENTICATED");
        assert_eq!(front.viewer_of(&long).await, "ann");
        front.becomes("ann", "SUSPENDED").await;
        assert_eq!(front.viewer_of(&long).await, "UNAUTHENTICATED");
        // What worked before has ended for good.
        front.becomes("ann", "ACTIVE").await;
        assert_eq!(front.viewer_of(&long).await, "UNAUTHENTICATED");
    }

    async fn what_is_no_token_lets_nobody_in(start: Start) {
        let front = front(start).await;
        let ann = front.sign_in("ann").await;
        let good = token(&front, &ann, &["USERS_READ"]).await;
        let cut = &good[..good.len() - 1];
        let more = format!("{good}A");
        let as_service = good.replacen("roster_", "roster_service_", 1);
        for bad in ["roster_", "nonsense", cut, &more, &as_service, &good.to_uppercase(), &"a".repeat(10_000), "' or 1=1 --"] {
            assert_eq!(front.viewer_of(bad).await, "UNAUTHENTICATED", "{bad:.60}");
        }
        // A head so large is read by nobody.
        let headers = [("content-type", "application/json"), ("authorization", &*format!("Bearer {}", "a".repeat(1 << 20)))];
        match front.server.post(&headers, r#"{ "query": "{ viewer { id } }" }"#).send().await {
            Ok(answer) => assert_eq!(answer.status().as_u16(), 431),
            // Or it is closed before all of it was sent.
            Err(error) => assert!(error.is_request(), "{error}"),
        }
    }

    async fn a_token_is_good_for_its_scopes_alone(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let reader = [bearer(&token(&front, &owner, &["USERS_READ"]).await)];
        let (answer, _) = front.ask(&reader, "{ users(first: 2) { nodes { id firstName } } }", Value::Null).await;
        assert_eq!(answer["errors"], Value::Null, "{answer:#}");
        for (query, scope) in [
            ("{ groups { totalCount } }", "groups:read"),
            ("{ courses { totalCount } }", "content:read"),
            ("{ removals { totalCount } }", "jobs"),
            // Whichever way it comes to them.
            ("{ viewer { email } }", "users:pii"),
            ("{ users(first: 1) { nodes { lastSignInAt } } }", "users:pii"),
            ("{ platform { group { name } } }", "groups:read"),
            ("{ viewer { memberships { nodes { group { name } } } } }", "groups:read"),
        ] {
            let (answer, _) = front.ask(&reader, query, Value::Null).await;
            assert_eq!(refusal(&answer), ("FORBIDDEN".to_owned(), Some(scope)), "{query}");
        }
        let school = front.world.group("School");
        let node = "query($id: ID!) { node(id: $id) { id ... on Group { name } } }";
        let (answer, _) = front.ask(&reader, node, json!({ "id": school })).await;
        assert_eq!((&answer["data"]["node"]["id"], refusal(&answer).1), (&Value::Null, Some("groups:read")), "{answer:#}");
        let both = [bearer(&token(&front, &owner, &["USERS_READ", "USERS_PII", "GROUPS_READ"]).await)];
        // What cannot be read cannot be asked for either.
        for (filter, found) in [("email: \"ann@example.org\"", 0), ("text: \"ann@example.org\"", 0), ("text: \"ann\"", 1)] {
            let query = format!("{{ users(filter: {{ {filter} }}) {{ totalCount }} }}");
            for (token, count) in [(&reader, found), (&both, 1)] {
                let (answer, _) = front.ask(token, &query, Value::Null).await;
                assert_eq!(answer["data"]["users"]["totalCount"], json!(count), "{query}");
            }
        }
        let (answer, _) = front.ask(&both, "{ viewer { email memberships { nodes { group { name } } } } }", Value::Null).await;
        assert_eq!((&answer["errors"], &answer["data"]["viewer"]["email"]), (&Value::Null, &json!("owner@example.org")));
    }

    async fn what_a_token_may_change_is_said_by_its_scopes(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let before = front.world.dump().await.0["users"].clone();
        let (ann, root, school) = (front.world.user("ann"), front.world.group("platform"), front.world.group("School"));
        for (scopes, name, input, missing) in [
            (&["USERS_READ"] as &[_], "deleteUser", json!({ "userId": ann }), "users:delete"),
            (&["USERS_REMOVE"], "deleteUser", json!({ "userId": ann }), "users:delete"),
            // Out of the platform group is a deletion, and so is taking a last membership.
            (&["USERS_REMOVE"], "removeUserFromGroup", json!({ "userId": ann, "groupId": root }), "users:delete"),
            (
                &["USERS_REMOVE"],
                "removeUserFromGroup",
                json!({ "userId": front.world.user("lea"), "groupId": school, "confirmAccountDeletion": true }),
                "users:delete",
            ),
            (&["USERS_DELETE"], "removeUserFromGroup", json!({ "userId": ann, "groupId": school }), "users:remove"),
            (&["MEMBERS_WRITE"], "grantRole", json!({ "userId": ann, "groupId": school, "role": "ADMINISTRATOR" }), "members:admin"),
            (&["USERS_REMOVE"], "revokeRole", json!({ "userId": ann, "groupId": school, "role": "COACH" }), "members:write"),
            (&["MEMBERS_WRITE"], "revokeRole", json!({ "userId": ann, "groupId": school, "role": "USER_ADMINISTRATOR" }), "members:admin"),
            (
                &["MEMBERS_WRITE"],
                "createUser",
                json!({ "email": "new@example.org", "memberships": [{ "groupId": school, "role": "ADMINISTRATOR" }] }),
                "members:admin",
            ),
            (&["MEMBERS_WRITE"], "updateUser", json!({ "userId": ann, "firstName": "Anna" }), "members:admin"),
            (&["MEMBERS_WRITE"], "createGroup", json!({ "name": "New", "parentId": school, "privacy": "PUBLIC" }), "groups:write"),
            (&["CONTENT_READ"], "createCourse", json!({ "title": "New", "groupId": school }), "content:write"),
        ] {
            let token = [bearer(&token(&front, &owner, scopes).await)];
            let (answer, _) = front.mutate(&token, name, input, "").await;
            assert_eq!(refusal(&answer), ("FORBIDDEN".to_owned(), Some(missing)), "{name} {answer:#}");
        }
        assert_eq!(front.world.dump().await.0["users"], before);
        let writer = [bearer(&token(&front, &owner, &["MEMBERS_WRITE"]).await)];
        front.done(&writer, "grantRole", json!({ "userId": ann, "groupId": school, "role": "LEARNER" }), "user { id }").await;
        let remover = [bearer(&token(&front, &owner, &["USERS_REMOVE"]).await)];
        front.done(&remover, "removeUserFromGroup", json!({ "userId": ann, "groupId": school }), "outcome").await;
    }

    async fn a_token_never_has_a_right_that_its_owner_has_not(start: Start) {
        let front = front(start).await;
        let all: Vec<&str> = vec!["USERS_READ", "USERS_DELETE", "MEMBERS_ADMIN", "MEMBERS_WRITE", "GROUPS_WRITE"];
        let ann = front.sign_in("ann").await;
        let token = [bearer(&token(&front, &ann, &all).await)];
        for (name, input) in [
            ("deleteUser", json!({ "userId": front.world.user("bob") })),
            ("createGroup", json!({ "name": "New", "parentId": front.world.group("platform"), "privacy": "PUBLIC" })),
        ] {
            let refused = front.refused(&token, name, input).await;
            assert!(["FORBIDDEN", "NOT_FOUND"].contains(&refused.as_str()), "{name}: {refused}");
        }
    }

    async fn no_token_makes_another_or_touches_a_password(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let all = ["USERS_READ", "USERS_PII", "MEMBERS_ADMIN", "USERS_DELETE", "JOBS"];
        let by_operator = crate::server::listening::owners_token(&front.world).await;
        let (own, platforms) = (token(&front, &owner, &all).await, service(&front, &owner, &all).await);
        for (token, whose) in [(&own, "own"), (&platforms, "the platform's"), (&by_operator, "by the operator")] {
            let token = [bearer(token)];
            for (name, input) in [
                ("createToken", json!({ "name": "More", "scopes": ["JOBS"] })),
                ("revokeToken", json!({ "tokenId": "VG9rZW46MQ" })),
                ("changePassword", json!({ "currentPassword": password("owner"), "newPassword": "a new password" })),
                ("setPassword", json!({ "userId": front.world.user("ann"), "password": "a new password" })),
                ("revokeAllSignIns", json!({})),
            ] {
                assert_eq!(front.refused(&token, name, input).await, "FORBIDDEN", "{name} by {whose}");
            }
            for query in [
                "mutation { createServiceToken(input: { name: \"More\", scopes: [JOBS] }) { secret } }",
                "mutation { signOut { signedOut } }",
                "{ tokens { id } }",
                "{ serviceTokens { id } }",
                "{ signIns { id } }",
            ] {
                let (answer, _) = front.ask(&token, query, Value::Null).await;
                assert_eq!(refusal(&answer), ("FORBIDDEN".to_owned(), None), "{query} by {whose}");
            }
        }
    }

    async fn a_token_of_the_platform_acts_for_it(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let gus = front.sign_in("gus").await;
        let create = "mutation { createServiceToken(input: { name: \"Sync\", scopes: [JOBS] }) { userErrors { code } } }";
        let (answer, _) = front.ask(&[bearer(&gus)], create, Value::Null).await;
        assert_eq!(code(&answer["data"]["createServiceToken"]), "FORBIDDEN");
        let (answer, _) = front.ask(&[bearer(&gus)], "{ serviceTokens { id } }", Value::Null).await;
        assert_eq!(code(&answer), "FORBIDDEN");
        let sync = service(&front, &owner, &["USERS_DELETE", "USERS_READ", "JOBS"]).await;
        assert!(sync.starts_with("roster_service_"), "{sync}");
        let sync = [bearer(&sync)];
        let input = json!({ "userId": front.world.user("ann"), "idempotencyKey": "ann has left" });
        let first = front.done(&sync, "deleteUser", input.clone(), "outcome removal { id actor { id } }").await;
        assert_eq!((&first["outcome"], &first["removal"]["actor"]), (&json!("DELETED"), &Value::Null));
        assert_eq!(front.done(&sync, "deleteUser", input, "outcome removal { id actor { id } }").await, first);
        // R14 holds for it too.
        let refused = front.refused(&sync, "deleteUser", json!({ "userId": front.world.user("owner") })).await;
        assert_eq!(refused, "OWNER_PROTECTED");
        assert_eq!(front.viewer(&sync).await, "UNAUTHENTICATED", "it is nobody");
        // It outlives whoever made it, until it is revoked.
        let (answer, _) = front.ask(&[bearer(&owner)], "{ serviceTokens { id name scopes } }", Value::Null).await;
        let tokens = answer["data"]["serviceTokens"].as_array().unwrap();
        assert_eq!((tokens.len(), &tokens[0]["name"]), (1, &json!("Sync")));
        let revoking = json!({ "tokenId": tokens[0]["id"] });
        assert_eq!(front.refused(&[bearer(&gus)], "revokeToken", revoking.clone()).await, "FORBIDDEN");
        front.done(&[bearer(&owner)], "revokeToken", revoking, "revokedTokenId").await;
        assert_eq!(front.refused(&sync, "deleteUser", json!({ "userId": front.world.user("bob") })).await, "UNAUTHENTICATED");
    }

    async fn every_operation_has_a_line_and_every_line_an_operation(start: Start) {
        let front = front(start).await;
        let query = "{ __schema { types { name kind fields { name } } } }";
        let (answer, _) = front.ask(&[], query, Value::Null).await;
        let types = answer["data"]["__schema"]["types"].as_array().unwrap();
        let fields = |name: &str| {
            let found = types.iter().find(|kind| kind["name"] == name).unwrap_or_else(|| panic!("{name} is a type"));
            let fields = found["fields"].as_array().unwrap().iter();
            fields.map(|field| field["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut there = BTreeSet::new();
        for root in ["Query", "Mutation", "Subscription"] {
            there.extend(fields(root).into_iter().map(|field| (root.to_owned(), field)));
        }
        let lines = OPERATIONS.iter().map(|(kind, field, _)| ((*kind).to_owned(), (*field).to_owned())).collect();
        assert_eq!(there, lines);
        for (kind, field, _) in FIELDS {
            assert!(fields(kind).contains(&(*field).to_owned()), "{kind}.{field}");
        }
        for (kind, _) in THINGS {
            assert!(fields(kind).contains(&"id".to_owned()), "{kind}");
        }
        let nodes: BTreeSet<&str> = THINGS.iter().map(|(kind, _)| *kind).collect();
        let possible = "{ __type(name: \"Node\") { possibleTypes { name } } }";
        let (answer, _) = front.ask(&[], possible, Value::Null).await;
        let possible = answer["data"]["__type"]["possibleTypes"].as_array().unwrap().iter();
        assert_eq!(nodes, possible.map(|kind| kind["name"].as_str().unwrap()).collect());
        let open: Vec<&str> =
            OPERATIONS.iter().filter(|(.., rule)| *rule == Rule::Open).map(|(_, field, _)| *field).collect();
        assert_eq!(open, ["confirmEmail", "requestPasswordReset", "resetPassword", "signIn", "signUp"]);
    }
}

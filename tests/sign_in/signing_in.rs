//! Signing in with a password, and what it lets in for how long.

use chrono::TimeDelta;
use entity::kind::{Cause, Status};
use roster::sign_in::Lifetimes;
use serde_json::{Value, json};

use super::front::{Front, allowed, bearer, front, front_with, password};
use crate::common::each_database;
use roster::server::Proxies;

const WRONG: &str = "nobody has this";

each_database! {
    async fn somebody_signs_in_by_email_or_username_in_whatever_case(start: Start) {
        let front = front_with(
            start,
            |it| it.user("Uma").username_alone("Uma").learners("platform", &["Uma"]),
            allowed(1_000, 1_000),
            Proxies::default(),
        )
        .await;
        front.world.give_password("Uma", &password("Uma")).await;
        for login in ["ann@example.org", " ANN@Example.ORG "] {
            let token = front.sign_in_with(login, &password("ann")).await;
            assert!(token.starts_with("roster_signin_"), "{token}");
            assert_eq!(front.viewer_of(&token).await, "ann");
        }
        let uma = front.world.tables().await.users.into_iter().find(|user| user.email.is_none()).unwrap();
        let token = front.sign_in_with(&uma.username.unwrap().to_uppercase(), &password("Uma")).await;
        let (answer, _) = front.ask(&[bearer(&token)], "{ viewer { id } }", Value::Null).await;
        assert_eq!(answer["data"]["viewer"]["id"], front.world.user("Uma"));
    }

    async fn nothing_tells_who_has_an_account(start: Start) {
        let front = front_with(
            start,
            |it| {
                it.users(&["sue", "dan", "ada", "del"])
                    .learners("platform", &["sue", "dan", "ada", "del"])
                    .status("sue", Status::Suspended)
                    .status("dan", Status::Deactivated)
                    .status("ada", Status::Anonymized)
                    .deleted("del", Cause::Requested, 3)
            },
            allowed(1_000, 1_000),
            Proxies::default(),
        )
        .await;
        for name in ["sue", "dan", "ada", "del"] {
            front.world.give_password(name, &password(name)).await;
        }
        let before = front.world.dump().await;
        let mut answers = Vec::new();
        for (login, password) in [
            ("ann@example.org", WRONG.to_owned()),
            ("nobody@example.org", password("ann")),
            ("no address at all", password("ann")),
            ("sue@example.org", password("sue")),
            ("dan@example.org", password("dan")),
            ("ada@example.org", password("ada")),
            ("del@example.org", password("del")),
            ("lea@example.org", password("ann")),
        ] {
            let input = json!({ "input": Front::entry(login, &password) });
            let query = "mutation($input: SignInInput!) { signIn(input: $input) { token signIn { id } userErrors { code message path } } }";
            // Asked without a server in between, to see what it takes.
            let (answer, statements) = front.world.statements(front.world.ask("nobody", query, input)).await;
            assert_eq!(answer["data"]["signIn"]["userErrors"][0]["code"], "INVALID_CREDENTIALS", "{login}");
            answers.push((answer, statements));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "the same answer, after the same statements: {answers:#?}");
        assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
    }

    async fn what_can_be_no_password_is_refused_before_it_is_compared(start: Start) {
        let front = front(start).await;
        for bad in ["", "seven77", &"a".repeat(129), &"a".repeat(1 << 20), "nul\0nul\0nul"] {
            let input = Front::entry("ann@example.org", bad);
            let (answer, statements) = front.world.statements(front.mutate(&[], "signIn", input, "")).await;
            assert_eq!(answer.0["userErrors"], json!([{ "code": "BAD_INPUT", "path": ["password"] }]));
            assert_eq!(statements, Vec::<String>::new());
        }
        let long = Front::entry(&"a".repeat(1 << 20), &password("ann"));
        assert_eq!(front.refused(&[], "signIn", long).await, "BAD_INPUT");
    }

    async fn a_sign_in_is_told_of_to_whoever_has_it(start: Start) {
        let front = front(start).await;
        let read = "{ signIns { id userAgent isCurrent createdAt lastUsedAt expiresAt } viewer { lastSignInAt } }";
        let first = front.sign_in("ann").await;
        let agent = [("user-agent".to_owned(), format!("Phone{}", "!".repeat(500)))];
        let (second, _) =
            front.mutate(&agent, "signIn", Front::entry("ann@example.org", &password("ann")), "token signIn { id isCurrent userAgent }").await;
        let (answer, _) = front.ask(&[bearer(&first)], read, Value::Null).await;
        let sign_ins = answer["data"]["signIns"].as_array().unwrap();
        assert_eq!(sign_ins.len(), 2, "{answer:#}");
        assert_eq!(sign_ins[0]["id"], second["signIn"]["id"], "the one used last comes first");
        assert_eq!([&sign_ins[0]["isCurrent"], &sign_ins[1]["isCurrent"]], [false, true]);
        assert_eq!(sign_ins[0]["userAgent"], format!("Phone{}", "!".repeat(115)));
        assert_eq!(answer["data"]["viewer"]["lastSignInAt"], sign_ins[0]["createdAt"]);
        // Nobody else sees them, or ends them.
        let bob = front.sign_in("bob").await;
        let (others, _) = front.ask(&[bearer(&bob)], read, Value::Null).await;
        assert_eq!(others["data"]["signIns"].as_array().unwrap().len(), 1);
        let ending = json!({ "signInId": sign_ins[0]["id"] });
        assert_eq!(front.refused(&[bearer(&bob)], "revokeSignIn", ending.clone()).await, "NOT_FOUND");
        assert_eq!(front.refused(&[], "revokeSignIn", ending.clone()).await, "UNAUTHENTICATED");
        let done = front.done(&[bearer(&first)], "revokeSignIn", ending, "revokedSignInId").await;
        assert_eq!(done["revokedSignInId"], second["signIn"]["id"]);
        assert_eq!(front.viewer_of(second["token"].as_str().unwrap()).await, "UNAUTHENTICATED");
        assert_eq!(front.viewer_of(&first).await, "ann");
    }

    async fn signing_out_ends_the_sign_in_and_no_other(start: Start) {
        let front = front(start).await;
        let (first, second, third) =
            (front.sign_in("ann").await, front.sign_in("ann").await, front.sign_in("ann").await);
        let (answer, _) = front.ask(&[bearer(&first)], "mutation { signOut { signedOut userErrors { code } } }", Value::Null).await;
        assert_eq!(answer["data"]["signOut"]["signedOut"], true, "{answer:#}");
        assert_eq!(front.viewer_of(&first).await, "UNAUTHENTICATED");
        assert_eq!(front.viewer_of(&second).await, "ann");
        let done = front.done(&[bearer(&second)], "revokeAllSignIns", json!({}), "revoked").await;
        assert_eq!((&done["revoked"], front.viewer_of(&third).await.as_str()), (&json!(1), "UNAUTHENTICATED"));
        assert_eq!(front.viewer_of(&second).await, "ann");
        let done = front.done(&[bearer(&second)], "revokeAllSignIns", json!({ "keepCurrent": false }), "revoked").await;
        assert_eq!((&done["revoked"], front.viewer_of(&second).await.as_str()), (&json!(1), "UNAUTHENTICATED"));
    }

    async fn a_sign_in_ends_when_it_is_not_used_and_some_day_in_any_case(start: Start) {
        let front = front(start).await;
        let Lifetimes { absolute, idle } = Lifetimes::default();
        let (used, unused) = (front.sign_in("ann").await, front.sign_in("ann").await);
        let noted = async |token: &str| {
            assert_eq!(front.viewer_of(token).await, "ann");
            // That it was used is noted by a task that nobody waits for.
            let now = front.world.db.clock.now(&front.world.db.read).await.unwrap();
            let mine = async || {
                let (answer, _) = front.ask(&[bearer(token)], "{ signIns { isCurrent lastUsedAt } }", Value::Null).await;
                let sign_ins = answer["data"]["signIns"].as_array().unwrap().clone();
                let mine = sign_ins.iter().find(|sign_in| sign_in["isCurrent"] == true).unwrap();
                mine["lastUsedAt"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap()
            };
            while mine().await < now - TimeDelta::minutes(1) {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        front.world.db.clock.advance(idle - TimeDelta::hours(1));
        noted(&used).await;
        front.world.db.clock.advance(TimeDelta::hours(2));
        assert_eq!(front.viewer_of(&unused).await, "UNAUTHENTICATED");
        noted(&used).await;
        front.world.db.clock.advance(idle - TimeDelta::hours(1));
        noted(&used).await;
        front.world.db.clock.advance(absolute - idle - idle);
        assert_eq!(front.viewer_of(&used).await, "UNAUTHENTICATED");
    }

    async fn whoever_may_no_longer_sign_in_is_out_at_once_and_stays_out(start: Start) {
        let front = front(start).await;
        for status in ["SUSPENDED", "DEACTIVATED"] {
            let token = front.sign_in("ann").await;
            front.becomes("ann", status).await;
            assert_eq!(front.viewer_of(&token).await, "UNAUTHENTICATED", "{status}");
            front.becomes("ann", "ACTIVE").await;
            assert_eq!(front.viewer_of(&token).await, "UNAUTHENTICATED", "after {status}");
        }
        let token = front.sign_in("ann").await;
        let owner = front.sign_in("owner").await;
        front.done(&[bearer(&owner)], "deleteUser", json!({ "userId": front.world.user("ann") }), "outcome").await;
        assert_eq!(front.viewer_of(&token).await, "UNAUTHENTICATED");
        let dump = front.world.dump().await;
        let ann = format!("user_id: {:?}", front.world.user_id("ann"));
        assert!(!dump.0["sign_ins"].iter().any(|row| row.contains(&ann)), "{:?}", dump.0["sign_ins"]);
        // R20: the password would return with the account.
        assert!(dump.0["passwords"].iter().any(|row| row.contains(&ann)));
    }

    async fn the_fifty_first_sign_in_ends_the_one_used_longest_ago(start: Start) {
        let front = front(start).await;
        let now = front.world.db.clock.now(&front.world.db.read).await.unwrap();
        let first = front.sign_in("ann").await;
        for number in 0..50 {
            let text = "insert into sign_ins (user_id, sha256, created_at, last_used_at, expires_at)
                values ({user}, {sha256}, {now}, {now}, {later})";
            roster::db::sql::sql("tests.sign_in", text)
                .bind("user", front.world.user_id("ann"))
                .bind("sha256", format!("hash {number}"))
                .bind("now", now + TimeDelta::minutes(1))
                .bind("later", now + TimeDelta::days(1))
                .execute(&front.world.db.read)
                .await
                .unwrap();
        }
        front.sign_in("ann").await;
        assert_eq!(front.world.dump().await.0["sign_ins"].len(), 50);
        assert_eq!(front.viewer_of(&first).await, "UNAUTHENTICATED");
    }
}

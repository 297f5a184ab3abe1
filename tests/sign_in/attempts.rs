//! How often somebody may try.

use roster::server::Proxies;
use serde_json::{Value, json};

use super::front::{Front, allowed, bearer, code, front_with, password};
use crate::common::each_database;

const WRONG: &str = "nobody has this";

/// Signs in as `login` from `address`, which a proxy names; the code of the refusal, and how long to wait.
async fn attempt(front: &Front, address: &str, login: &str, password: &str) -> (String, Option<u64>) {
    let from = [("x-forwarded-for".to_owned(), address.to_owned())];
    let (answer, headers) = front.mutate(&from, "signIn", Front::entry(login, password), "token").await;
    if answer["token"].is_string() {
        return ("DONE".to_owned(), None);
    }
    let wait = answer["errors"][0]["extensions"]["retryAfter"].as_u64();
    let header = headers.get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    assert_eq!(wait, header);
    (code(&answer), wait)
}

fn behind_a_proxy() -> Proxies {
    Proxies::new(["127.0.0.0/8".parse().unwrap()])
}

each_database! {
    async fn an_account_is_tried_a_few_times_from_wherever(start: Start) {
        let front = front_with(start, |it| it, allowed(1_000, 3), behind_a_proxy()).await;
        for number in 0..3 {
            let address = format!("203.0.113.{number}");
            assert_eq!(attempt(&front, &address, "ann@example.org", WRONG).await.0, "INVALID_CREDENTIALS");
        }
        let before = front.world.dump().await;
        for number in 3..40 {
            let (refusal, wait) = attempt(&front, &format!("203.0.113.{number}"), " ANN@example.org", &password("ann")).await;
            assert_eq!(refusal, "RATE_LIMITED");
            assert!(wait.is_some_and(|seconds| (1..=60).contains(&seconds)), "{wait:?}");
        }
        assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
        assert_eq!(attempt(&front, "203.0.113.1", "bob@example.org", &password("bob")).await.0, "DONE");
        // Of an account that is not there nothing else is told.
        for number in 0..4 {
            let refusal = attempt(&front, "203.0.113.2", "nobody@example.org", WRONG).await.0;
            assert_eq!(refusal, if number < 3 { "INVALID_CREDENTIALS" } else { "RATE_LIMITED" });
        }
    }

    async fn an_address_tries_a_few_times_whatever_account(start: Start) {
        let front = front_with(start, |it| it, allowed(3, 1_000), behind_a_proxy()).await;
        let mut refusals = Vec::new();
        for number in 0..40 {
            refusals.push(attempt(&front, "203.0.113.1", &format!("nobody{number}@example.org"), WRONG).await.0);
        }
        assert_eq!(refusals.iter().filter(|refusal| *refusal == "INVALID_CREDENTIALS").count(), 3);
        assert_eq!(refusals.iter().filter(|refusal| *refusal == "RATE_LIMITED").count(), 37);
        assert_eq!(attempt(&front, "203.0.113.2", "ann@example.org", &password("ann")).await.0, "DONE");
        // What stands before what the proxy has added is what the client says of itself.
        let forged = attempt(&front, "203.0.113.77, 203.0.113.1", "ann@example.org", &password("ann")).await;
        assert_eq!(forged.0, "RATE_LIMITED");
    }

    async fn nobody_believes_a_client_that_is_no_proxy(start: Start) {
        let front = front_with(start, |it| it, allowed(3, 1_000), Proxies::default()).await;
        for number in 0..6 {
            let refusal = attempt(&front, &format!("203.0.113.{number}"), "nobody@example.org", WRONG).await.0;
            assert_eq!(refusal, if number < 3 { "INVALID_CREDENTIALS" } else { "RATE_LIMITED" });
        }
    }

    async fn attempts_in_one_request_are_counted_one_by_one(start: Start) {
        let front = front_with(start, |it| it, allowed(1_000, 5), Proxies::default()).await;
        let many = |count: usize| {
            let one = |number| {
                format!(
                    "a{number}: signIn(input: {{ login: \"ann@example.org\", password: \"{WRONG}\", transport: BEARER }}) {{ userErrors {{ code }} }}"
                )
            };
            format!("mutation {{ {} }}", (0..count).map(one).collect::<Vec<_>>().join(" "))
        };
        let (answer, _) = front.ask(&[], &many(900), Value::Null).await;
        assert_eq!(code(&answer), "TOO_MANY_ROOT_FIELDS");
        let (answer, _) = front.ask(&[], &many(4), Value::Null).await;
        let tried = answer["data"].as_object().unwrap().values();
        let tried: Vec<_> = tried.map(|field| field["userErrors"][0]["code"].as_str().unwrap()).collect();
        assert_eq!(tried, ["INVALID_CREDENTIALS"; 4]);
        // One is left, so that of two more none is answered.
        let (answer, headers) = front.ask(&[], &many(2), Value::Null).await;
        assert_eq!((code(&answer).as_str(), &answer["data"]), ("RATE_LIMITED", &Value::Null));
        assert!(headers.contains_key("retry-after"));
        assert_eq!(code(&front.ask(&[], &many(1), Value::Null).await.0), "RATE_LIMITED");
    }

    async fn ones_own_password_is_not_guessed_by_whoever_has_ones_token(start: Start) {
        let front = front_with(start, |it| it, allowed(1_000, 3), Proxies::default()).await;
        let ann = [bearer(&front.sign_in("ann").await)];
        let mut refusals = Vec::new();
        for _ in 0..6 {
            let input = json!({ "currentPassword": WRONG, "newPassword": "a new password" });
            refusals.push(code(&front.mutate(&ann, "changePassword", input, "").await.0));
        }
        refusals.dedup();
        assert_eq!(refusals, ["INVALID_CREDENTIALS", "RATE_LIMITED"]);
    }

    async fn letters_are_few(start: Start) {
        let front = front_with(start, |it| it, allowed(10_000, 10_000), Proxies::default()).await;
        let before = front.world.dump().await;
        let mut answers = Vec::new();
        for _ in 0..1_000 {
            let input = json!({ "email": "nobody@example.org" });
            let (answer, _) = front.mutate(&[], "requestPasswordReset", input, "accepted").await;
            answers.push(if answer["accepted"] == true { "DONE".to_owned() } else { code(&answer) });
        }
        assert_eq!(answers.iter().filter(|answer| *answer == "DONE").count(), 5);
        assert_eq!(answers.iter().filter(|answer| *answer == "RATE_LIMITED").count(), 995);
        assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
    }
}

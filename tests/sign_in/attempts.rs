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
    async fn wrong_passwords_keep_nobody_out_who_comes_from_elsewhere(start: Start) {
        let front = front_with(start, |it| it, allowed(1_000, 3), behind_a_proxy()).await;
        for _ in 0..3 {
            assert_eq!(attempt(&front, "203.0.113.1", "ann@example.org", WRONG).await.0, "INVALID_CREDENTIALS");
        }
        let before = front.world.dump().await;
        for _ in 0..40 {
            let (refusal, wait) = attempt(&front, "203.0.113.1", " ANN@example.org", &password("ann")).await;
            assert_eq!(refusal, "RATE_LIMITED");
            assert!(wait.is_some_and(|seconds| (1..=60).contains(&seconds)), "{wait:?}");
        }
        assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
        assert_eq!(attempt(&front, "203.0.113.1", "bob@example.org", &password("bob")).await.0, "DONE");
        assert_eq!(attempt(&front, "203.0.113.3", "ann@example.org", &password("ann")).await.0, "DONE");
        // Of an account that is not there nothing else is told.
        for number in 0..4 {
            let refusal = attempt(&front, "203.0.113.2", "nobody@example.org", WRONG).await.0;
            assert_eq!(refusal, if number < 3 { "INVALID_CREDENTIALS" } else { "RATE_LIMITED" });
        }
    }

    async fn right_passwords_are_not_counted(start: Start) {
        let front = front_with(start, |it| it, allowed(1_000, 1), behind_a_proxy()).await;
        for _ in 0..8 {
            assert_eq!(attempt(&front, "203.0.113.1", "ann@example.org", &password("ann")).await.0, "DONE");
        }
        assert_eq!(attempt(&front, "203.0.113.1", "ann@example.org", WRONG).await.0, "INVALID_CREDENTIALS");
        assert_eq!(attempt(&front, "203.0.113.1", "ann@example.org", WRONG).await.0, "RATE_LIMITED");
    }

    async fn a_known_device_is_counted_for_itself(start: Start) {
        let front = front_with(start, |it| it, allowed(1_000, 1), behind_a_proxy()).await;
        let from = [("x-forwarded-for".to_owned(), "203.0.113.1".to_owned())];
        let sign_in = async |name: &str, password: &str, mark: &Value| {
            let mut input = Front::entry(&format!("{name}@example.org"), password);
            input["deviceToken"] = mark.clone();
            front.mutate(&from, "signIn", input, "deviceToken").await.0
        };
        let mark = async |name: &str| sign_in(name, &password(name), &Value::Null).await["deviceToken"].clone();
        let (anns, other, bobs) = (mark("ann").await, mark("ann").await, mark("bob").await);
        for mark in [&anns, &bobs] {
            assert!(mark.as_str().unwrap().starts_with("roster_device_"), "{mark}");
        }
        assert_eq!(code(&sign_in("ann", WRONG, &Value::Null).await), "INVALID_CREDENTIALS");
        // From the same network: nobody but a device on which Ann has signed in.
        for nothing in [&Value::Null, &bobs, &json!("roster_device_nonsense"), &json!("")] {
            assert_eq!(code(&sign_in("ann", &password("ann"), nothing).await), "RATE_LIMITED", "{nothing}");
        }
        assert!(sign_in("ann", &password("ann"), &anns).await["deviceToken"].is_string());
        assert_eq!(code(&sign_in("ann", WRONG, &anns).await), "INVALID_CREDENTIALS");
        assert_eq!(code(&sign_in("ann", WRONG, &anns).await), "RATE_LIMITED");
        assert!(sign_in("ann", &password("ann"), &other).await["deviceToken"].is_string(), "another of hers");
        // It lets nobody in, and ends with its time and with the password.
        assert_eq!(front.viewer_of(other.as_str().unwrap()).await, "UNAUTHENTICATED");
        front.world.db.clock.advance(chrono::TimeDelta::days(181));
        assert_eq!(code(&sign_in("ann", &password("ann"), &other).await), "RATE_LIMITED");
        assert_eq!(front.world.dump().await.0.values().flatten().find(|row| row.contains("roster_device_")), None);
    }

    async fn a_new_password_makes_every_device_a_stranger(start: Start) {
        let front = front_with(start, |it| it, allowed(1_000, 1), Proxies::default()).await;
        let done = front.done(&[], "signIn", Front::entry("ann@example.org", &password("ann")), "token deviceToken").await;
        let change = json!({ "currentPassword": password("ann"), "newPassword": "a new password" });
        front.done(&[bearer(done["token"].as_str().unwrap())], "changePassword", change, "changed").await;
        assert_eq!(front.refused(&[], "signIn", Front::entry("ann@example.org", WRONG)).await, "INVALID_CREDENTIALS");
        let mut input = Front::entry("ann@example.org", "a new password");
        input["deviceToken"] = done["deviceToken"].clone();
        assert_eq!(code(&front.mutate(&[], "signIn", input, "").await.0), "RATE_LIMITED");
    }

    async fn a_browser_keeps_the_mark_of_its_device_as_a_cookie(start: Start) {
        let front = front_with(start, |it| it, allowed(1_000, 1), Proxies::default()).await;
        let entry = |password: &str| {
            json!({ "login": "ann@example.org", "password": password, "transport": "COOKIE" })
        };
        let (answer, headers) = front.mutate(&[], "signIn", entry(&password("ann")), "deviceToken").await;
        assert_eq!(answer["deviceToken"], Value::Null, "{answer:#}");
        let mut set = headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let mark = set.find(|cookie| cookie.starts_with("roster-device=")).expect("a mark");
        assert!(mark.ends_with("; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax"), "{mark}");
        let kept = [("cookie".to_owned(), mark.split(';').next().unwrap().to_owned())];
        assert_eq!(front.refused(&[], "signIn", entry(WRONG)).await, "INVALID_CREDENTIALS");
        assert_eq!(front.refused(&[], "signIn", entry(&password("ann"))).await, "RATE_LIMITED");
        front.done(&kept, "signIn", entry(&password("ann")), "").await;
        assert_eq!(front.viewer(&kept).await, "UNAUTHENTICATED");
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
        let front = front_with(start, |it| it, allowed(10_000, 10_000), behind_a_proxy()).await;
        let ask = async |address: &str, name: &str| {
            let from = [("x-forwarded-for".to_owned(), address.to_owned())];
            let input = json!({ "email": format!("{name}@example.org") });
            let (answer, _) = front.mutate(&from, "requestPasswordReset", input, "accepted").await;
            if answer["accepted"] == true { "DONE".to_owned() } else { code(&answer) }
        };
        let before = front.world.dump().await;
        let mut answers = Vec::new();
        for _ in 0..1_000 {
            answers.push(ask("203.0.113.1", "nobody").await);
        }
        assert_eq!(answers.iter().filter(|answer| *answer == "DONE").count(), 60);
        assert_eq!(answers.iter().filter(|answer| *answer == "RATE_LIMITED").count(), 940);
        assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
    }

    async fn a_strangers_letters_do_not_keep_the_link_from_its_owner(start: Start) {
        let front = front_with(start, |it| it, allowed(10_000, 10_000), behind_a_proxy()).await;
        let accepted = json!({ "accepted": true, "userErrors": [] });
        let ask = async |address: &str, name: &str| {
            let from = [("x-forwarded-for".to_owned(), address.to_owned())];
            let input = json!({ "email": format!("{name}@example.org") });
            front.mutate(&from, "requestPasswordReset", input, "accepted").await.0
        };
        assert_eq!(ask("203.0.113.1", "ann").await, accepted);
        let link = front.link_to("ann").await;
        for number in 0..8 {
            assert_eq!(ask(&format!("203.0.113.{number}"), "ann").await, accepted);
        }
        // Whatever was to be sent to Ann would have been before this.
        assert_eq!(ask("203.0.113.9", "bob").await, accepted);
        front.link_to("bob").await;
        let choosing = json!({ "token": link, "newPassword": "a new password" });
        front.done(&[], "resetPassword", choosing, "changed").await;
        // The one that was under way was used; and after an hour there is a new one in any case.
        assert_eq!(ask("203.0.113.1", "ann").await, accepted);
        front.link_to("ann").await;
        front.world.db.clock.advance(chrono::TimeDelta::minutes(61));
        assert_eq!(ask("203.0.113.1", "ann").await, accepted);
        front.link_to("ann").await;
    }

    async fn whoever_has_an_account_is_told_of_sign_ups_once_an_hour(start: Start) {
        let front = front_with(start, |it| it, allowed(10_000, 10_000), Proxies::default()).await;
        let owner = front.sign_in("owner").await;
        let open = json!({ "signUpGroupId": front.world.group("School") });
        front.done(&[bearer(&owner)], "updatePlatform", open, "platform { name }").await;
        for _ in 0..8 {
            front.done(&[], "signUp", json!({ "email": "ann@example.org" }), "accepted").await;
        }
        front.done(&[], "signUp", json!({ "email": "nina@example.org" }), "accepted").await;
        let letters = front.letters(2).await;
        assert_eq!(letters.iter().filter(|letter| letter.starts_with("To: ann@")).count(), 1);
    }
}

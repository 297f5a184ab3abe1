//! Five hundred who sign in at once.

use std::time::Duration;

use serde_json::{Value, json};

use super::attacked_with;
use crate::common::{each_database, memory};
use crate::server::listening::{ask, client, code};

const SIGN_IN: &str =
    "mutation($input: SignInInput!) { signIn(input: $input) { token userErrors { code } } }";
/// How many come at once.
const CROWD: usize = 500;
/// How much the program may grow by the crowd itself, in MiB.
const CROWDED: usize = 64;
/// What a hash takes, in MiB; there is one a core.
const HASH: usize = 19;

fn entry(login: &str) -> Value {
    json!({ "input": { "login": login, "password": "a good password", "transport": "BEARER" } })
}

each_database! {
    async fn five_hundred_at_once_are_answered_and_so_is_everybody_else(start: Start) {
        let attacked = attacked_with(start, &["--attempts-by-address", "100000"]).await;
        attacked.world.give_password("ann", "a good password").await;
        attacked.ask("{ viewer { email } }", Value::Null).await;
        let before = memory::peak(attacked.id());
        let crowd: Vec<_> = (0..CROWD)
            .map(|number| {
                let (url, ann) = (attacked.url.clone(), number % 50 == 0);
                let login = if ann { "ann@example.org".to_owned() } else { format!("nobody{number}@example.org") };
                tokio::spawn(async move { (ann, ask(&url, None, SIGN_IN, entry(&login)).await) })
            })
            .collect();
        // Meanwhile others ask and are answered, long before the crowd is through.
        let mut asked = 0;
        while crowd.iter().any(|one| !one.is_finished()) {
            let answer = attacked.ask("{ viewer { email } }", Value::Null).await;
            assert_eq!(answer["data"]["viewer"]["email"], "owner@example.org", "{answer:#}");
            asked += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(asked > 5, "nobody else was answered until the crowd was through");
        for one in crowd {
            let (ann, answer) = one.await.unwrap();
            let payload = &answer["data"]["signIn"];
            if ann {
                assert!(payload["token"].is_string(), "{answer:#}");
            } else {
                assert_eq!(payload["userErrors"][0]["code"], "INVALID_CREDENTIALS", "{answer:#}");
            }
        }
        // Each was compared with something, whoever it was.
        let figures = client().get(format!("{}/metrics", attacked.url)).send().await.unwrap().text().await.unwrap();
        assert!(figures.contains(&format!("roster_passwords_tried_total {CROWD}")), "{figures}");
        let cores = std::thread::available_parallelism().unwrap().get();
        let most = before + CROWDED + HASH * cores;
        let peak = memory::peak(attacked.id());
        assert!(peak < most, "{peak} MiB of {most}");
        attacked.stop();
    }

    async fn two_thousand_from_one_address_are_turned_away(start: Start) {
        let attacked = attacked_with(start, &["--attempts-by-address", "20"]).await;
        for number in 0..100 {
            // Twenty in a request, on as many accounts.
            let one = |at: usize| {
                format!(
                    "a{at}: signIn(input: {{ login: \"nobody{number}.{at}@example.org\", password: \"nobody has this\", transport: BEARER }}) {{ userErrors {{ code }} }}"
                )
            };
            let query = format!("mutation {{ {} }}", (0..20).map(one).collect::<Vec<_>>().join(" "));
            let answer = ask(&attacked.url, None, &query, Value::Null).await;
            if number == 0 {
                assert_eq!(answer["data"]["a19"]["userErrors"][0]["code"], "INVALID_CREDENTIALS", "{answer:#}");
            } else {
                assert_eq!(code(&answer), "RATE_LIMITED", "{number}: {answer:#}");
            }
        }
        attacked.unharmed().await;
    }
}

//! A server at which people sign in, and the letters that it sends.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use entity::kind::{Privacy, Role};
use reqwest::header::HeaderMap;
use roster::db::sql::sql;
use roster::mail::Mailer;
use roster::organisation::Organisation;
use roster::server::{Doors, Proxies};
use roster::sign_in::cookie::Cookie;
use roster::sign_in::limits::{Allowed, Attempts};
use roster::sign_in::{Desk, Lifetimes};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{Start, World};
use crate::server::listening::{Listening, listening};

/// A server in front of an organisation.
pub struct Front {
    pub world: World,
    pub server: Listening,
    letters: TempDir,
}

/// So many attempts by an address, and on an account.
pub fn allowed(by_address: u32, by_account: u32) -> Allowed {
    let many = |count| NonZeroU32::new(count).unwrap();
    Allowed { by_address: many(by_address), by_account: many(by_account) }
}

/// Ann and Bob learn on the platform, Gus administers "School", where Lea learns; everybody's password is their name
/// eight times.
pub async fn front(start: Start) -> Front {
    front_with(start, |it| it, allowed(100_000, 100_000), Proxies::default()).await
}

/// As [`front`], with more in the organisation, other bounds, and proxies.
pub async fn front_with(
    start: Start,
    more: impl FnOnce(Organisation) -> Organisation,
    allowed: Allowed,
    proxies: Proxies,
) -> Front {
    let world = start
        .with(|it| {
            let it = it
                .group("School", "platform", Privacy::Private)
                .users(&["ann", "bob", "gus", "lea"])
                .learners("platform", &["ann", "bob"])
                .member("gus", "School", &[Role::Administrator])
                .member("lea", "School", &[Role::Learner]);
            more(it)
        })
        .await;
    for name in ["owner", "ann", "bob", "gus", "lea"] {
        world.give_password(name, &password(name)).await;
    }
    let letters = TempDir::new().unwrap();
    let desk = Desk {
        attempts: Attempts::new(allowed),
        lifetimes: Lifetimes::default(),
        mailer: Mailer::folder(letters.path().to_owned()),
        page: "https://app.example.org/".to_owned(),
    };
    let doors = Doors { desk: Arc::new(desk), cookie: Cookie::Plain, proxies, ..Doors::default() };
    let server = listening(&world.db, doors).await;
    Front { world, server, letters }
}

/// The password of somebody at first.
pub fn password(name: &str) -> String {
    name.repeat(8)
}

/// A header with a bearer token.
pub fn bearer(token: &str) -> (String, String) {
    ("authorization".to_owned(), format!("Bearer {token}"))
}

impl Front {
    /// The answer to a query, and its headers.
    pub async fn ask(
        &self,
        headers: &[(String, String)],
        query: &str,
        variables: Value,
    ) -> (Value, HeaderMap) {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let answer = self.server.post(&all, body).send().await.unwrap();
        let heard = answer.headers().clone();
        (answer.json().await.unwrap(), heard)
    }

    /// What the mutation `name` answers with, asked for `fields` besides its errors; the errors of the whole where it
    /// was not carried out.
    pub async fn mutate(
        &self,
        headers: &[(String, String)],
        name: &str,
        input: Value,
        fields: &str,
    ) -> (Value, HeaderMap) {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation($input: {kind}!) {{ answer: {name}(input: $input) {{ {fields} userErrors {{ code path }} }} }}"
        );
        let (answer, heard) = self.ask(headers, &query, json!({ "input": input })).await;
        let done = answer["data"]["answer"].clone();
        (if done.is_null() { answer } else { done }, heard)
    }

    /// The code with which a mutation is refused, having changed nothing.
    pub async fn refused(&self, headers: &[(String, String)], name: &str, input: Value) -> String {
        let before = self.world.dump().await;
        let (answer, _) = self.mutate(headers, name, input, "").await;
        let changes = before.changes_until(&self.world.dump().await);
        assert_eq!(changes, Default::default(), "{name}: {answer:#}");
        code(&answer)
    }

    /// What a mutation answers with that was done.
    pub async fn done(&self, headers: &[(String, String)], name: &str, input: Value, fields: &str) -> Value {
        let (answer, _) = self.mutate(headers, name, input, fields).await;
        assert_eq!(answer["userErrors"], json!([]), "{name}: {answer:#}");
        answer
    }

    /// The input of a sign-in by a bearer token.
    pub fn entry(login: &str, password: &str) -> Value {
        json!({ "login": login, "password": password, "transport": "BEARER" })
    }

    /// The bearer token of somebody who signs in with this password.
    pub async fn sign_in_with(&self, login: &str, password: &str) -> String {
        let done = self.done(&[], "signIn", Front::entry(login, password), "token").await;
        done["token"].as_str().unwrap().to_owned()
    }

    /// The bearer token of somebody who signs in with their first password.
    pub async fn sign_in(&self, name: &str) -> String {
        self.sign_in_with(&format!("{name}@example.org"), &password(name)).await
    }

    /// Who asks with this token: a first name, or the code of the refusal.
    pub async fn viewer(&self, headers: &[(String, String)]) -> String {
        let (answer, _) = self.ask(headers, "{ viewer { firstName } }", Value::Null).await;
        let name = answer["data"]["viewer"]["firstName"].as_str().map(str::to_owned);
        name.unwrap_or_else(|| code(&answer))
    }

    /// Who asks with this bearer token.
    pub async fn viewer_of(&self, token: &str) -> String {
        self.viewer(&[bearer(token)]).await
    }

    /// Puts an account into another state, as of now.
    pub async fn becomes(&self, name: &str, status: &str) {
        let now = self.world.db.clock.now(&self.world.db.read).await.unwrap();
        sql("tests.becomes", "update users set status = {status}, status_since = {now} where id = {user}")
            .bind("status", status)
            .bind("now", now)
            .bind("user", self.world.user_id(name))
            .exactly(&self.world.db.read, 1)
            .await
            .unwrap();
    }

    /// The letters that were sent, once there are so many.
    pub async fn letters(&self, count: usize) -> Vec<String> {
        loop {
            let files = std::fs::read_dir(self.letters.path()).unwrap().map(|file| file.unwrap().path());
            let letters: Vec<_> =
                files.filter(|file| file.extension().is_some_and(|kind| kind == "eml")).collect();
            assert!(letters.len() <= count, "{} letters", letters.len());
            if letters.len() == count {
                return letters.into_iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Throws the letters away.
    pub fn no_letters(&self) {
        for file in std::fs::read_dir(self.letters.path()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }

    /// The secret in the link by which `address` is confirmed, in one of so many letters; and to whom the others go.
    pub async fn confirmation_of(&self, address: &str, count: usize) -> (String, Vec<String>) {
        let letters = self.letters(count).await;
        self.no_letters();
        let to = |letter: &String| letter.split("\r\n").next().unwrap().trim_start_matches("To: ").to_owned();
        let (ours, others): (Vec<_>, Vec<_>) = letters.into_iter().partition(|letter| to(letter) == address);
        let (_, link) = ours[0].split_once("https://app.example.org/#email=").expect("a link");
        assert!(others.iter().all(|letter| !letter.contains("#email=")), "{others:?}");
        (link.split_whitespace().next().unwrap().to_owned(), others.iter().map(to).collect())
    }

    /// The secret in the link of the one letter, which goes to `name`.
    pub async fn link_to(&self, name: &str) -> String {
        let letter = self.letters(1).await.remove(0);
        assert!(letter.starts_with(&format!("To: {name}@example.org\r\n")), "{letter}");
        let (_, link) = letter.split_once("https://app.example.org/#password=").expect("a link");
        self.no_letters();
        link.split_whitespace().next().unwrap().to_owned()
    }
}

/// The code of the one error of an answer or of a payload.
pub fn code(answer: &Value) -> String {
    let of_all = &answer["errors"][0]["extensions"]["code"];
    let of_payload = &answer["userErrors"][0]["code"];
    of_all.as_str().or(of_payload.as_str()).unwrap_or_else(|| panic!("no error: {answer:#}")).to_owned()
}

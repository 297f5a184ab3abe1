//! Sending what happened to webhooks: all of it, signed, again where it failed, and nowhere but where it may go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::Privacy::Public;
use entity::kind::Role::{Administrator, Author, Learner, UserAdministrator};
use roster::db::Database;
use roster::organisation::Organisation;
use roster::server::Doors;
use roster::webhooks::{self, Claim, Reach};
use sea_orm::{ConnectionTrait, DbBackend, TransactionTrait};
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{count, heard, names, until};
use crate::common::{World, each_database};
use crate::server::listening::{Listening, listening};
use crate::sign_in::front::{bearer, code, front};

const WEBHOOK: &str = "webhook { id url kinds description status formerSecretUntil disabledAt } secret";

fn near() -> Arc<Reach> {
    Arc::new(Reach::with(["127.0.0.0/8", "::1"].map(|network| network.parse().expect("a network"))))
}

/// A server of `db` that sends to this machine.
async fn sending(db: &Database) -> Listening {
    listening(db, Doors { reach: near(), ..Doors::default() }).await
}

fn class(it: Organisation) -> Organisation {
    it.group("Class", "platform", Public).users(&["ann", "bob"]).learners("Class", &["ann", "bob"])
}

/// A webhook for these kinds at a receiver: its id and secret.
async fn hooked(world: &World, receiver: &Receiver, kinds: Value) -> (Value, String) {
    let input = json!({ "url": receiver.url(), "kinds": kinds });
    let made = world.done("owner", "createWebhook", input, WEBHOOK).await;
    (made["webhook"]["id"].clone(), made["secret"].as_str().expect("a secret").to_owned())
}

async fn webhook(world: &World, id: &Value) -> Value {
    let query = "query($id: ID!) { webhook(id: $id) { status disabledAt formerSecretUntil
        deliveries(first: 100) { totalCount nodes { id status attempts statusCode failure nextAttemptAt createdAt endedAt
            event { id name } } } } }";
    world.read("owner", query, json!({ "id": id })).await["webhook"].clone()
}

/// The deliveries of a webhook, once they are as they should be.
async fn deliveries(world: &World, id: &Value, are: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    until(|| async {
        let found = webhook(world, id).await["deliveries"]["nodes"].as_array().expect("deliveries").clone();
        Some(found).filter(|found| are(found))
    })
    .await
}

fn all(deliveries: &[Value], status: &str) -> bool {
    !deliveries.is_empty() && deliveries.iter().all(|delivery| delivery["status"] == status)
}

/// Whether the attempt of this number has come back. While it is on its way, it is put off by half a minute.
fn rests(delivery: &Value, attempt: i64, now: DateTime<Utc>) -> bool {
    let next =
        delivery["nextAttemptAt"].as_str().map(|next| next.parse::<DateTime<Utc>>().expect("a time") - now);
    let came_back = match next {
        Some(wait) if attempt == 1 => wait < TimeDelta::seconds(10),
        Some(wait) => wait > TimeDelta::minutes(1),
        None => delivery["status"] == "FAILED",
    };
    delivery["attempts"] == attempt && came_back
}

async fn newcomer(world: &World, name: &str) {
    world.done("owner", "createUser", json!({ "username": name }), "").await;
}

async fn now(world: &World) -> DateTime<Utc> {
    world.db.clock.now(&world.db.read).await.expect("the time")
}

#[test]
fn the_receiver_that_the_readme_shows_knows_what_is_ours() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    let (_, shown) = readme.split_once("```python\n").expect("a receiver");
    let (shown, _) = shown.split_once("```").expect("its end");
    let (secret, id, body) =
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "RXZlbnQ6NDI", r#"{"type":"user.deleted"}"#);
    let now = std::time::UNIX_EPOCH.elapsed().expect("a time").as_secs() as i64;
    for (second, sent, expected) in [(now, body, "True"), (now - 400, body, "False"), (now, "{}", "False")] {
        let others = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let signature = webhooks::rules::signatures([others, secret], id, second, body);
        let headers = json!({ "webhook-id": id, "webhook-timestamp": second.to_string(), "webhook-signature": signature });
        let script = format!("{shown}\nprint(is_ours({secret:?}, {headers}, {sent:?}))");
        let said = std::process::Command::new("python3").args(["-c", &script]).output().expect("Python");
        assert_eq!(
            String::from_utf8_lossy(&said.stdout).trim(),
            expected,
            "{}",
            String::from_utf8_lossy(&said.stderr)
        );
    }
}

each_database! {
    async fn what_happens_arrives_signed(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        newcomer(&world, "before").await;
        let (id, secret) = hooked(&world, &receiver, Value::Null).await;
        assert!(secret.starts_with("whsec_"), "{secret}");
        newcomer(&world, "eve").await;
        let came = receiver.hears(2).await;
        assert_eq!(receiver.types(), ["membership.granted", "user.created"], "nothing from before");
        let events = heard(&world).await;
        for one in &came {
            assert_eq!(one.signed_by(&[&secret, "whsec_AAAA"]), [secret.as_str()]);
            assert_eq!(one.header("content-type"), "application/json");
            let body = one.json();
            let event = events.iter().find(|event| event["id"] == one.header("webhook-id")).expect("an event");
            assert_eq!((&body["type"], &body["data"]), (&event["name"], &event["data"]));
            let at = |value: &Value| value.as_str().expect("a time").parse::<DateTime<Utc>>().expect("a time");
            assert_eq!(at(&body["timestamp"]), at(&event["at"]));
            let second: i64 = one.header("webhook-timestamp").parse().expect("seconds");
            assert!((now(&world).await.timestamp() - second).abs() < 600);
        }
        let sent = deliveries(&world, &id, |sent| sent.len() == 2 && all(sent, "DELIVERED")).await;
        for delivery in &sent {
            assert_eq!((&delivery["attempts"], &delivery["statusCode"]), (&json!(1), &json!(200)));
            assert_eq!((&delivery["failure"], &delivery["nextAttemptAt"]), (&Value::Null, &Value::Null));
            assert!(delivery["endedAt"].is_string());
        }
        server.stop().await;
    }

    async fn what_was_committed_before_is_not_sent_whatever_ran_beside_it(start: Start) {
        let world = start.with(class).await.reaching(near());
        let receiver = Receiver::new().await;
        // Where several write at once, the place of a new webhook is before all that wait for this one.
        let beside = match world.db.read.get_database_backend() {
            DbBackend::Postgres => {
                let other = sea_orm::Database::connect(&world.url).await.expect("a connection");
                let beside = other.begin().await.expect("a transaction");
                beside.execute_unprepared("select pg_current_xact_id()").await.expect("it has a number");
                Some(beside)
            }
            _ => None,
        };
        newcomer(&world, "before").await;
        let (id, _) = hooked(&world, &receiver, Value::Null).await;
        let eve = world.done("owner", "createUser", json!({ "username": "eve" }), "user { id }").await;
        if let Some(beside) = beside {
            beside.commit().await.expect("committed");
        }
        let server = sending(&world.db).await;
        for one in receiver.hears(2).await {
            assert_eq!(one.json()["data"]["userId"], eve["user"]["id"], "nothing from before");
        }
        deliveries(&world, &id, |sent| sent.len() == 2 && all(sent, "DELIVERED")).await;
        server.stop().await;
    }

    async fn only_the_kinds_that_are_asked_for_are_sent(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        let (id, _) = hooked(&world, &receiver, json!(["USER_CREATED", "USER_DELETED"])).await;
        newcomer(&world, "eve").await;
        world.done("owner", "deleteUser", json!({ "userId": world.user("ann") }), "").await;
        receiver.hears(2).await;
        assert_eq!(receiver.types(), ["user.created", "user.deleted"]);
        let input = json!({ "webhookId": id, "kinds": Value::Null, "description": "Payroll" });
        let changed = world.done("owner", "updateWebhook", input, "webhook { kinds description }").await;
        assert_eq!(changed["webhook"], json!({ "kinds": Value::Null, "description": "Payroll" }));
        newcomer(&world, "eva").await;
        receiver.hears(4).await;
        assert_eq!(receiver.types(), ["membership.granted", "user.created", "user.created", "user.deleted"]);
        server.stop().await;
    }

    async fn what_fails_is_sent_again_and_no_redirect_is_followed(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        let (id, secret) = hooked(&world, &receiver, json!(["USER_CREATED"])).await;
        receiver.answers_first([500, 302]);
        newcomer(&world, "eve").await;
        for (attempt, status, least) in [(1, 500, 5), (2, 302, 300)] {
            let failed = deliveries(&world, &id, |sent| {
                sent.len() == 1 && sent[0]["attempts"] == attempt && sent[0]["statusCode"] == status
            });
            let failed = failed.await.remove(0);
            assert_eq!((&failed["status"], &failed["failure"]), (&json!("PENDING"), &json!("REFUSED")));
            let next: DateTime<Utc> = failed["nextAttemptAt"].as_str().expect("a time").parse().expect("a time");
            let wait = next - now(&world).await;
            assert!(wait <= TimeDelta::seconds(least) * 11 / 10, "{wait}");
            world.db.clock.advance(TimeDelta::seconds(least) * 11 / 10);
        }
        let came = receiver.hears(3).await;
        let ids: BTreeSet<String> = came.iter().map(|one| one.header("webhook-id")).collect();
        assert_eq!(ids.len(), 1, "the same every time");
        assert!(came.iter().all(|one| one.signed_by(&[&secret]).len() == 1));
        let sent = deliveries(&world, &id, |sent| all(sent, "DELIVERED")).await;
        assert_eq!((&sent[0]["attempts"], &sent[0]["statusCode"]), (&json!(3), &json!(200)));
        server.stop().await;
    }

    async fn what_was_on_its_way_when_a_server_stops_arrives_by_the_next(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        let (id, _) = hooked(&world, &receiver, json!(["USER_CREATED"])).await;
        receiver.answers(503);
        for number in 0..5 {
            newcomer(&world, &format!("newcomer{number}")).await;
        }
        deliveries(&world, &id, |sent| sent.len() == 5 && sent.iter().all(|one| one["statusCode"] == 503)).await;
        server.stop().await;
        // While nobody sends, more happens.
        newcomer(&world, "late").await;
        receiver.answers(200);
        let other = Database::open(&world.url).await.expect("another instance");
        other.clock.advance(TimeDelta::seconds(10));
        let server = sending(&other).await;
        deliveries(&world, &id, |sent| sent.len() == 6 && all(sent, "DELIVERED")).await;
        assert_eq!(receiver.different(), 6);
        server.stop().await;
        other.close().await;
    }

    async fn what_somebody_took_and_never_sent_is_sent_by_another(start: Start) {
        let world = start.with(class).await.reaching(near());
        let receiver = Receiver::new().await;
        let (id, _) = hooked(&world, &receiver, json!(["USER_CREATED"])).await;
        newcomer(&world, "eve").await;
        until(|| async {
            webhooks::hand_out(&world.db).await.expect("handed out");
            (webhook(&world, &id).await["deliveries"]["totalCount"] == 1).then_some(())
        })
        .await;
        let claim = || Claim { most: 9, busy: Vec::new(), lasting: 30_000 };
        let taken = webhooks::claim(&world.db, claim()).await.expect("a look");
        assert_eq!(taken.len(), 1);
        assert!(webhooks::claim(&world.db, claim()).await.expect("a look").is_empty(), "nobody else takes it");
        // Whoever took it is never heard of again.
        world.db.clock.advance(TimeDelta::seconds(31));
        let server = sending(&world.db).await;
        let sent = deliveries(&world, &id, |sent| all(sent, "DELIVERED")).await;
        assert_eq!((sent.len(), &sent[0]["attempts"]), (1, &json!(2)));
        server.stop().await;
    }

    async fn addresses_that_are_not_public_are_refused_when_a_webhook_is_made(start: Start) {
        let world = start.with(class).await;
        for url in [
            "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1:8443/hook", "https://169.254.169.254/latest",
            "https://[::ffff:192.168.1.1]/", "https://2130706433/", "https://localhost/", "https://0x7f.0.0.1/",
            "http://93.184.216.34/", "https://93.184.216.34:25/", "https://user:secret@93.184.216.34/", "ftp://93.184.216.34/",
            "nonsense", "",
        ] {
            let refused = world.refused("owner", "createWebhook", json!({ "url": url })).await;
            assert_eq!((refused.refused(), refused.path()), ("BAD_INPUT", "url".to_owned()), "{url}");
        }
        let made = world.done("owner", "createWebhook", json!({ "url": "https://93.184.216.34/hook" }), WEBHOOK).await;
        assert_eq!(made["webhook"]["status"], "ACTIVE");
        let id = &made["webhook"]["id"];
        let moved = json!({ "webhookId": id, "url": "https://192.168.0.1/" });
        assert_eq!(world.refused("owner", "updateWebhook", moved).await.refused(), "BAD_INPUT");
        for (input, path) in [
            (json!({ "url": "https://93.184.216.34/", "kinds": [] }), "kinds"),
            (json!({ "url": "https://93.184.216.34/", "description": "a".repeat(201) }), "description"),
            (json!({ "url": "https://93.184.216.34/", "idempotencyKey": "short" }), "idempotencyKey"),
        ] {
            let refused = world.refused("owner", "createWebhook", input).await;
            assert_eq!((refused.refused(), refused.path()), ("BAD_INPUT", path.to_owned()));
        }
        for number in 0..19 {
            world.done("owner", "createWebhook", json!({ "url": format!("https://93.184.216.34/{number}") }), "").await;
        }
        assert_eq!(world.refused("owner", "createWebhook", json!({ "url": "https://93.184.216.34/" })).await.refused(), "BAD_INPUT");
    }

    async fn a_name_that_leads_to_a_private_address_is_refused_when_it_is_sent_to(start: Start) {
        // It led elsewhere when the webhook was made.
        let world = start.with(class).await.reaching(near());
        let server = listening(&world.db, Doors::default()).await;
        let receiver = Receiver::new().await;
        let mut ids = Vec::new();
        for url in [
            format!("https://localhost:{}/hook", receiver.port),
            format!("http://localhost:{}/hook", receiver.port),
            receiver.url(),
        ] {
            let made = world.done("owner", "createWebhook", json!({ "url": url, "kinds": ["USER_CREATED"] }), WEBHOOK).await;
            ids.push(made["webhook"]["id"].clone());
        }
        newcomer(&world, "eve").await;
        for id in ids {
            let refused = deliveries(&world, &id, |sent| sent.len() == 1 && sent[0]["failure"].is_string()).await;
            assert_eq!((&refused[0]["failure"], &refused[0]["statusCode"]), (&json!("ADDRESS_REFUSED"), &Value::Null));
        }
        assert!(receiver.heard().is_empty());
        server.stop().await;
    }

    async fn a_former_secret_signs_beside_the_new_one_for_a_day(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        let input = json!({ "url": receiver.url(), "kinds": ["USER_CREATED"], "idempotencyKey": "a webhook" });
        let made = world.done("owner", "createWebhook", input.clone(), WEBHOOK).await;
        let again = world.done("owner", "createWebhook", input, WEBHOOK).await;
        assert_eq!((&again["webhook"], &again["secret"]), (&made["webhook"], &Value::Null), "it is shown once");
        let (id, first) = (made["webhook"]["id"].clone(), made["secret"].as_str().expect("a secret"));
        let rotated = world.done("owner", "rotateWebhookSecret", json!({ "webhookId": id }), WEBHOOK).await;
        let second = rotated["secret"].as_str().expect("a secret");
        assert!(first != second && rotated["webhook"]["formerSecretUntil"].is_string());
        newcomer(&world, "eve").await;
        assert_eq!(receiver.hears(1).await[0].signed_by(&[first, second]), [first, second]);
        world.db.clock.advance(TimeDelta::hours(25));
        newcomer(&world, "eva").await;
        assert_eq!(receiver.hears(2).await[1].signed_by(&[first, second]), [second]);
        // Whoever reads the API, or the database anywhere else, has neither.
        let read = world.read("owner", "{ webhooks { id url description kinds status } }", json!({})).await.to_string();
        let dump = world.dump().await;
        for secret in [first, second] {
            assert!(!read.contains(secret));
            let tables: Vec<&String> = dump.0.iter().filter(|(_, rows)| rows.iter().any(|row| row.contains(secret))).map(|(table, _)| table).collect();
            assert_eq!(tables, ["webhooks"]);
        }
        server.stop().await;
    }

    async fn what_happens_while_a_webhook_is_stopped_is_sent_when_it_goes_on(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        let (id, _) = hooked(&world, &receiver, json!(["USER_CREATED"])).await;
        receiver.answers(500);
        newcomer(&world, "eve").await;
        deliveries(&world, &id, |sent| sent.len() == 1 && sent[0]["statusCode"] == 500).await;
        receiver.answers(200);
        world.done("owner", "updateWebhook", json!({ "webhookId": id, "status": "PAUSED" }), "").await;
        newcomer(&world, "eva").await;
        world.db.clock.advance(TimeDelta::hours(1));
        // A trial is sent all the same, and nothing else.
        world.done("owner", "testWebhook", json!({ "webhookId": id }), "delivery { status }").await;
        receiver.hears(2).await;
        assert_eq!(receiver.types(), ["user.created", "webhook.test"]);
        let stopped = webhook(&world, &id).await;
        assert_eq!((&stopped["status"], &stopped["deliveries"]["nodes"][0]["nextAttemptAt"]), (&json!("PAUSED"), &Value::Null));
        world.done("owner", "updateWebhook", json!({ "webhookId": id, "status": "ACTIVE" }), "").await;
        receiver.hears(4).await;
        assert_eq!((receiver.different(), receiver.types().len()), (3, 4));
        assert_eq!(names(&heard(&world).await).iter().filter(|name| name.starts_with("webhook")).count(), 0);
        server.stop().await;
    }

    async fn a_receiver_that_is_busy_is_left_alone_for_as_long_as_it_asks(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        for (name, status, asks, waits) in [
            ("ada", 429, "600", 600..=600),
            ("bea", 503, "Fri, 01 Jan 2100 00:00:00 GMT", 86_400..=86_400),
            ("cia", 503, "1", 5..=6),
            ("dea", 500, "600", 5..=6),
        ] {
            let receiver = Receiver::new().await;
            let (id, _) = hooked(&world, &receiver, json!(["USER_CREATED"])).await;
            receiver.is_busy(status, asks);
            let before = now(&world).await;
            newcomer(&world, name).await;
            let sent = deliveries(&world, &id, |sent| sent.len() == 1 && sent[0]["statusCode"] == status).await;
            let next = sent[0]["nextAttemptAt"].as_str().expect("a time");
            let (next, after) = (next.parse::<DateTime<Utc>>().expect("a time"), now(&world).await);
            let (least, most) = (next - after, next - before);
            assert!(least.num_seconds() <= *waits.end() && most.num_seconds() >= *waits.start(), "{asks}: {least} to {most}");
            world.done("owner", "deleteWebhook", json!({ "webhookId": id }), "").await;
        }
        server.stop().await;
    }

    async fn times_have_whole_microseconds_on_both_databases(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        let (id, _) = hooked(&world, &receiver, json!(["USER_CREATED"])).await;
        receiver.answers_first([500; 8]);
        for name in ["ada", "bea", "cia", "dea", "eve", "fay", "gia", "hal"] {
            newcomer(&world, name).await;
        }
        let sent = deliveries(&world, &id, |sent| sent.len() == 8 && sent.iter().all(|one| one["statusCode"] == 500)).await;
        for one in sent {
            for time in ["nextAttemptAt", "createdAt"] {
                let text = one[time].as_str().expect("a time");
                let decimals = text.split_once('.').map_or(0, |(_, rest)| rest.chars().take_while(char::is_ascii_digit).count());
                assert!(decimals <= 6, "{time} {text}");
            }
        }
        server.stop().await;
    }

    async fn a_webhook_at_which_nothing_arrives_is_given_up_until_somebody_lets_it_go_on(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        let (id, _) = hooked(&world, &receiver, json!(["USER_CREATED"])).await;
        receiver.answers(500);
        newcomer(&world, "eve").await;
        for attempt in 1..=10 {
            let start = now(&world).await;
            deliveries(&world, &id, |sent| !sent.is_empty() && rests(&sent[0], attempt, start)).await;
            if attempt == 9 {
                newcomer(&world, "eva").await;
                deliveries(&world, &id, |sent| sent.len() == 2 && sent[1]["statusCode"] == 500).await;
                world.sql("update webhook_deliveries set next_attempt_at = null where attempts = 1").await;
            }
            world.db.clock.advance(TimeDelta::hours(27));
        }
        let given_up = deliveries(&world, &id, |sent| sent[0]["status"] == "FAILED").await;
        assert!(given_up[0]["endedAt"].is_string());
        let disabled = webhook(&world, &id).await;
        assert_eq!(disabled["status"], "DISABLED");
        assert!(disabled["disabledAt"].is_string());
        assert_eq!(disabled["deliveries"]["nodes"][1]["nextAttemptAt"], Value::Null, "what waits is held");
        let told = heard(&world).await;
        let told: Vec<&Value> = told.iter().filter(|event| event["name"] == "webhook.disabled").collect();
        assert_eq!((told.len(), &told[0]["data"]["webhookId"]), (1, &id));
        receiver.answers(200);
        world.done("owner", "updateWebhook", json!({ "webhookId": id, "status": "ACTIVE" }), "").await;
        deliveries(&world, &id, |sent| sent[1]["status"] == "DELIVERED").await;
        let failed = webhook(&world, &id).await["deliveries"]["nodes"][0].clone();
        assert_eq!(failed["status"], "FAILED", "what was given up stays so");
        world.done("owner", "retryDelivery", json!({ "deliveryId": failed["id"] }), "delivery { status attempts }").await;
        deliveries(&world, &id, |sent| all(sent, "DELIVERED")).await;
        server.stop().await;
    }

    async fn one_event_that_is_never_taken_stops_nothing_else(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        let (id, _) = hooked(&world, &receiver, json!(["USER_DELETED", "USER_CREATED"])).await;
        receiver.never_takes("user.deleted");
        world.done("owner", "deleteUser", json!({ "userId": world.user("ann") }), "").await;
        for attempt in 1..=10 {
            let start = now(&world).await;
            deliveries(&world, &id, |sent| !sent.is_empty() && rests(&sent[0], attempt, start)).await;
            if attempt == 5 {
                newcomer(&world, "eve").await;
                deliveries(&world, &id, |sent| sent.len() == 2 && sent[1]["status"] == "DELIVERED").await;
            }
            world.db.clock.advance(TimeDelta::hours(27));
        }
        deliveries(&world, &id, |sent| sent[0]["status"] == "FAILED").await;
        assert_eq!(webhook(&world, &id).await["status"], "ACTIVE");
        server.stop().await;
    }

    async fn who_is_gone_is_sent_nothing_more_and_an_endless_answer_is_not_read(start: Start) {
        let world = start.with(class).await.reaching(near());
        let server = sending(&world.db).await;
        let (gone, endless) = (Receiver::new().await, Receiver::new().await);
        gone.answers(410);
        endless.has_no_end();
        let (first, _) = hooked(&world, &gone, json!(["USER_CREATED"])).await;
        let (second, _) = hooked(&world, &endless, json!(["USER_CREATED"])).await;
        newcomer(&world, "eve").await;
        let sent = deliveries(&world, &first, |sent| all(sent, "FAILED")).await;
        assert_eq!((sent.len(), &sent[0]["attempts"]), (1, &json!(1)));
        assert_eq!(webhook(&world, &first).await["status"], "DISABLED");
        deliveries(&world, &second, |sent| all(sent, "DELIVERED")).await;
        world.done("owner", "deleteWebhook", json!({ "webhookId": first }), "deletedWebhookId").await;
        assert_eq!(webhook(&world, &first).await, Value::Null);
        server.stop().await;
    }

    async fn three_thousand_deletions_are_all_heard(start: Start) {
        let people: Vec<String> = (0..3_000).map(|number| format!("pupil{number}")).collect();
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        let world = start.with(|it| it.users(&people).learners("platform", &people)).await.reaching(near());
        let server = sending(&world.db).await;
        let receiver = Receiver::new().await;
        let (id, _) = hooked(&world, &receiver, json!(["USER_DELETED", "JOB_FINISHED"])).await;
        // Some of it has to be sent twice.
        receiver.answers_first([500; 20]);
        let input = json!({ "people": { "ids": world.users(&people) }, "wait": 30, "confirmCount": 3_000 });
        world.mutate("owner", "deleteUsers", input, "job { id }").await.done();
        until(|| async { (count(&world).await == 3_001).then_some(()) }).await;
        until(|| async { (receiver.heard().len() >= 3_001).then_some(()) }).await;
        world.db.clock.advance(TimeDelta::seconds(6));
        until(|| async { (receiver.different() == 3_001 && receiver.heard().len() >= 3_021).then_some(()) }).await;
        let told: BTreeSet<String> = receiver
            .heard()
            .iter()
            .filter_map(|one| one.json()["data"]["userId"].as_str().map(str::to_owned))
            .collect();
        let all: BTreeSet<String> = people.iter().filter_map(|name| world.user(name).as_str().map(str::to_owned)).collect();
        assert_eq!(told, all);
        let query = "query($id: ID!) { webhook(id: $id) { deliveries(status: DELIVERED) { totalCount } } }";
        until(|| async {
            let read = world.read("owner", query, json!({ "id": id })).await;
            (read["webhook"]["deliveries"]["totalCount"] == 3_001).then_some(())
        })
        .await;
        server.stop().await;
    }

    async fn what_is_too_old_is_forgotten_with_how_it_was_sent(start: Start) {
        let world = start.with(class).await.reaching(near());
        let receiver = Receiver::new().await;
        let (id, _) = hooked(&world, &receiver, json!(["USER_CREATED"])).await;
        let server = sending(&world.db).await;
        newcomer(&world, "eve").await;
        world.done("owner", "testWebhook", json!({ "webhookId": id }), "").await;
        deliveries(&world, &id, |sent| sent.len() == 2 && all(sent, "DELIVERED")).await;
        server.stop().await;
        world.db.clock.advance(TimeDelta::days(31));
        newcomer(&world, "eva").await;
        webhooks::tidy(&world.db, TimeDelta::days(30)).await.expect("tidied");
        // The last that was old is kept for whoever had heard all.
        assert_eq!((count(&world).await, &webhook(&world, &id).await["deliveries"]["totalCount"]), (3, &json!(0)));
    }

    async fn webhooks_are_for_platform_administrators_and_no_token(start: Start) {
        let world = start
            .with(|it| {
                class(it)
                    .users(&["chief", "clerk", "head", "writer"])
                    .member("chief", "platform", &[Administrator])
                    .member("clerk", "platform", &[UserAdministrator])
                    .member("head", "Class", &[Administrator])
                    .member("writer", "platform", &[Author, Learner])
            })
            .await;
        let url = "https://93.184.216.34/hook";
        let id = world.done("owner", "createWebhook", json!({ "url": url }), WEBHOOK).await["webhook"]["id"].clone();
        let delivery = world.done("owner", "testWebhook", json!({ "webhookId": id }), "delivery { id }").await["delivery"]["id"].clone();
        let mutations = || {
            [
                ("createWebhook", json!({ "url": url })),
                // Nobody learns from here what a name leads to.
                ("createWebhook", json!({ "url": "https://localhost/" })),
                ("updateWebhook", json!({ "webhookId": id, "status": "PAUSED" })),
                ("rotateWebhookSecret", json!({ "webhookId": id })),
                ("testWebhook", json!({ "webhookId": id })),
                ("retryDelivery", json!({ "deliveryId": delivery })),
                ("deleteWebhook", json!({ "webhookId": id })),
            ]
        };
        for who in ["clerk", "head", "writer", "ann"] {
            for (name, input) in mutations() {
                assert_eq!(world.refused(who, name, input).await.refused(), "FORBIDDEN", "{who} {name}");
            }
            for query in ["{ webhooks { id } }", "query($id: ID!) { webhook(id: $id) { id } }"] {
                let answer = world.ask(who, query, json!({ "id": id })).await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{who} {query}");
            }
        }
        let unknown = BTreeMap::from([("webhookId", json!("V2ViaG9vazo5OTk")), ("deliveryId", json!("V2ViaG9va0RlbGl2ZXJ5Ojk5OQ"))]);
        for (name, field) in [
            ("updateWebhook", "webhookId"), ("rotateWebhookSecret", "webhookId"), ("testWebhook", "webhookId"),
            ("deleteWebhook", "webhookId"), ("retryDelivery", "deliveryId"),
        ] {
            let refused = world.refused("chief", name, json!({ field: unknown[field] })).await;
            assert_eq!((refused.refused(), refused.path()), ("NOT_FOUND", field.to_owned()), "{name}");
        }
        for (name, input) in mutations().into_iter().filter(|(_, input)| input["url"] != "https://localhost/") {
            let key = json!({ "idempotencyKey": format!("{name} once") });
            let mut input = input;
            input.as_object_mut().expect("an input").extend(key.as_object().expect("a key").clone());
            world.done("chief", name, input.clone(), "").await;
            let before = world.dump().await;
            world.done("chief", name, input, "").await;
            assert_eq!(before.changes_until(&world.dump().await), BTreeMap::new(), "{name}, sent again");
        }
    }

    async fn no_token_changes_a_webhook(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        for mutation in ["createToken", "createServiceToken"] {
            let query = format!("mutation {{ made: {mutation}(input: {{ name: \"Sync\", scopes: [JOBS, MEMBERS_ADMIN] }}) {{ secret }} }}");
            let (answer, _) = front.ask(&[bearer(&owner)], &query, Value::Null).await;
            let token = [bearer(answer["data"]["made"]["secret"].as_str().expect("a token"))];
            let (read, _) = front.ask(&token, "{ webhooks { id } }", Value::Null).await;
            assert_eq!(read["data"]["webhooks"], json!([]), "{read:#}");
            let create = "mutation { createWebhook(input: { url: \"https://93.184.216.34/\" }) { secret } }";
            let (refused, _) = front.ask(&token, create, Value::Null).await;
            assert_eq!(code(&refused), "FORBIDDEN");
        }
    }
}

//! Reading what happened: page by page, nothing missed and nothing twice, by whoever may.

use chrono::{DateTime, TimeDelta, Utc};
use entity::kind::Privacy::Public;
use entity::kind::Role::Administrator;
use roster::access::Caller;
use roster::events::{self, Event, Kind};
use roster::organisation::Organisation;
use roster::transaction::write;
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use serde_json::{Value, json};

use super::{CHANGES, heard, names, page, until};
use crate::common::{self, Start, World, each_database};
use crate::sign_in::front::{bearer, code, front};

fn class(it: Organisation) -> Organisation {
    it.group("Class", "platform", Public)
        .users(&["ann", "bob", "boss"])
        .learners("Class", &["ann", "bob"])
        .member("boss", "Class", &[Administrator])
}

/// Makes `many` people, each in a write of their own.
async fn newcomers(world: &World, from: usize, many: usize) {
    for number in from..from + many {
        let input = json!({ "username": format!("newcomer{number}"), "memberships": [] });
        world.done("owner", "createUser", input, "").await;
    }
}

/// An event that says that this person was changed.
fn of(user: i64) -> Event {
    Event::new(Kind::UserUpdated, json!({ "userId": user }))
}

async fn add(db: &impl ConnectionTrait, user: i64, now: DateTime<Utc>) {
    events::store::add(db, &[of(user)], now).await.expect("an event");
}

/// Whom the events are about that come after a place.
async fn after(world: &World, place: &Value) -> (Vec<i64>, Value) {
    let page = page(world, json!({ "first": 100, "after": place })).await;
    let nodes = page["nodes"].as_array().expect("events");
    let people = nodes.iter().map(|event| crate::removal::asking::number(&event["data"]["userId"])).collect();
    (people, page["pageInfo"]["endCursor"].clone())
}

/// Whom events are about once there are so many after a place.
async fn settled(world: &World, place: &Value, count: usize) -> (Vec<i64>, Value) {
    until(|| async { Some(after(world, place).await).filter(|(people, _)| people.len() >= count) }).await
}

/// On PostgreSQL numbers are given out before transactions commit, and those commit in any order.
#[test]
fn nothing_that_commits_late_is_missed() {
    common::run(common::Kind::Postgres, |start: Start| {
        Box::pin(async move {
            let world = start.with(|it| it).await;
            let db = Database::connect(&world.url).await.expect("a database");
            let now = world.made.now;
            add(&db, 1, now).await;
            let (people, place) = settled(&world, &Value::Null, 1).await;
            assert_eq!(people, [1]);

            // The first writes first, and commits last.
            let (slow, quick) = (db.begin().await.expect("slow"), db.begin().await.expect("quick"));
            add(&slow, 2, now).await;
            add(&quick, 3, now).await;
            quick.commit().await.expect("committed");
            assert_eq!(
                after(&world, &place).await.0,
                Vec::<i64>::new(),
                "what may yet come before it holds it back"
            );
            slow.commit().await.expect("committed");
            let (people, place) = settled(&world, &place, 2).await;
            assert_eq!(people, [2, 3]);

            // One that began to write first has the later number: whoever has heard of it hears of the other, too.
            let (first, second) = (db.begin().await.expect("first"), db.begin().await.expect("second"));
            first.execute_unprepared("select pg_current_xact_id()").await.expect("it has a number");
            add(&second, 5, now).await;
            add(&first, 4, now).await;
            first.commit().await.expect("committed");
            let (people, place) = settled(&world, &place, 1).await;
            assert_eq!(people, [4], "the other comes after it");
            second.commit().await.expect("committed");
            let (people, place) = settled(&world, &place, 1).await;
            assert_eq!(people, [5]);

            // What is taken back holds nothing back.
            let undone = db.begin().await.expect("undone");
            add(&undone, 6, now).await;
            undone.rollback().await.expect("rolled back");
            add(&db, 7, now).await;
            assert_eq!(settled(&world, &place, 1).await.0, [7]);
            db.close().await.expect("closed");
        })
    });
}

/// The numbers of transactions begin anew on the server that a database is restored to.
#[test]
fn what_was_restored_from_another_server_comes_before_all_that_happens_then() {
    common::run(common::Kind::Postgres, |start: Start| {
        Box::pin(async move {
            let world = start.with(class).await;
            newcomers(&world, 0, 1).await;
            heard(&world).await;
            world.sql("update events set transaction_id = transaction_id + 1000000000").await;
            newcomers(&world, 1, 1).await;
            let platform = Caller::System { on_behalf_of: None };
            let tidied = write(&world.db, platform, None, (), |tx, ()| {
                Box::pin(async { Ok(events::forget(&tx.conn, tx.now, TimeDelta::days(30)).await?) })
            });
            tidied.await.expect("tidied");
            let all = heard(&world).await;
            assert_eq!(names(&all), ["user.created", "membership.granted"].repeat(2));
            let people: Vec<i64> =
                all.iter().map(|event| crate::removal::asking::number(&event["data"]["userId"])).collect();
            assert!(people.is_sorted(), "{people:?}");
        })
    });
}

each_database! {
    async fn pages_go_on_where_the_last_ended(start: Start) {
        let world = start.with(class).await;
        newcomers(&world, 0, 3).await;
        let all = heard(&world).await;
        assert_eq!(names(&all), ["user.created", "membership.granted"].repeat(3));
        let (mut read, mut place) = (Vec::new(), Value::Null);
        loop {
            let page = page(&world, json!({ "first": 2, "after": place })).await;
            read.extend(page["nodes"].as_array().expect("events").clone());
            place = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(read, all);
        let nothing = page(&world, json!({ "after": place })).await;
        assert_eq!((&nothing["nodes"], &nothing["pageInfo"]["endCursor"]), (&json!([]), &Value::Null));
        newcomers(&world, 3, 1).await;
        let more = until(|| async {
            let page = page(&world, json!({ "after": place })).await;
            Some(page["nodes"].as_array()?.clone()).filter(|nodes| nodes.len() == 2)
        });
        assert_eq!(names(&more.await), ["user.created", "membership.granted"]);
        let last = page(&world, json!({ "last": 1 })).await;
        assert_eq!(last["nodes"][0], heard(&world).await[7]);
        let back = page(&world, json!({ "last": 1, "before": last["pageInfo"]["startCursor"] })).await;
        assert_eq!(back["nodes"][0], heard(&world).await[6]);
    }

    async fn only_the_kinds_that_are_asked_for(start: Start) {
        let world = start.with(class).await;
        newcomers(&world, 0, 2).await;
        heard(&world).await;
        let created = page(&world, json!({ "kinds": ["USER_CREATED", "GROUP_MOVED"] })).await;
        assert_eq!((names(created["nodes"].as_array().expect("events")).len(), &created["totalCount"]), (2, &json!(2)));
        assert_eq!(page(&world, json!({ "kinds": [] })).await["totalCount"], 0);
        assert_eq!(page(&world, json!({ "kinds": ["GROUP_DELETED"] })).await["nodes"], json!([]));
    }

    async fn a_place_that_is_none_is_refused(start: Start) {
        let world = start.with(class).await;
        newcomers(&world, 0, 1).await;
        heard(&world).await;
        let of_users = world.read("owner", "{ users { pageInfo { endCursor } } }", json!({})).await;
        let here = page(&world, json!({})).await["pageInfo"]["endCursor"].clone();
        let cut = here.as_str().expect("a place")[1..].to_owned();
        for place in [of_users["users"]["pageInfo"]["endCursor"].clone(), json!("nonsense"), json!(cut), json!("")] {
            for variables in [json!({ "after": place }), json!({ "last": 2, "before": place })] {
                let answer = world.ask("owner", CHANGES, variables).await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_CURSOR", "{place}");
            }
        }
    }

    async fn what_is_too_old_is_forgotten_and_said_to_be(start: Start) {
        let world = start.with(class).await;
        newcomers(&world, 0, 2).await;
        let old = heard(&world).await;
        let early = page(&world, json!({ "first": 1 })).await["pageInfo"]["endCursor"].clone();
        let late = page(&world, json!({})).await["pageInfo"]["endCursor"].clone();
        let forget = async |kept: TimeDelta| {
            let platform = Caller::System { on_behalf_of: None };
            write(&world.db, platform, None, (), |tx, ()| Box::pin(async move { Ok(events::forget(&tx.conn, tx.now, kept).await?) })).await.expect("forgotten");
        };
        forget(TimeDelta::days(30)).await;
        assert_eq!(heard(&world).await, old, "nothing is thirty days old");
        world.db.clock.advance(TimeDelta::days(31));
        newcomers(&world, 2, 1).await;
        forget(TimeDelta::days(30)).await;
        // The last that was old is kept for whoever had heard all.
        assert_eq!(
            names(&heard(&world).await),
            ["membership.granted", "user.created", "membership.granted"]
        );
        assert!(page(&world, json!({ "after": late })).await["nodes"].is_array());
        let answer = world.ask("owner", CHANGES, json!({ "after": early })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_CURSOR");
        // Whoever has heard all goes on, however long nothing has happened.
        let place = page(&world, json!({})).await["pageInfo"]["endCursor"].clone();
        world.db.clock.advance(TimeDelta::days(31));
        forget(TimeDelta::days(30)).await;
        newcomers(&world, 3, 1).await;
        let more = until(|| async {
            let page = page(&world, json!({ "after": place })).await;
            Some(page["nodes"].as_array()?.clone()).filter(|nodes| nodes.len() == 2)
        });
        assert_eq!(names(&more.await), ["user.created", "membership.granted"]);
    }

    async fn platform_administrators_hear_and_tokens_that_are_good_for_it(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let changes = async |token: &str| {
            let headers: Vec<_> = (!token.is_empty()).then(|| bearer(token)).into_iter().collect();
            let (answer, _) = front.ask(&headers, "{ changes { totalCount } }", Value::Null).await;
            if answer["data"]["changes"].is_object() { "OK".to_owned() } else { code(&answer) }
        };
        assert_eq!(changes(&owner).await, "OK");
        assert_eq!(changes("").await, "UNAUTHENTICATED");
        for who in ["ann", "gus"] {
            assert_eq!(changes(&front.sign_in(who).await).await, "FORBIDDEN", "{who}");
        }
        let gus = front.sign_in("gus").await;
        for (mutation, by, scope, expected) in [
            ("createToken", &owner, "JOBS", "OK"),
            ("createToken", &owner, "REPORTS_READ", "FORBIDDEN"),
            ("createServiceToken", &owner, "JOBS", "OK"),
            ("createServiceToken", &owner, "USERS_READ", "FORBIDDEN"),
            // A token has no right that its owner has not.
            ("createToken", &gus, "JOBS", "FORBIDDEN"),
        ] {
            let query = format!("mutation {{ made: {mutation}(input: {{ name: \"Sync\", scopes: [{scope}] }}) {{ secret }} }}");
            let (answer, _) = front.ask(&[bearer(by)], &query, Value::Null).await;
            let token = answer["data"]["made"]["secret"].as_str().expect("a token").to_owned();
            assert_eq!(changes(&token).await, expected, "{mutation} {scope}");
        }
    }
}

//! A request sent again gets its first answer and does nothing.

use entity::kind::Privacy::Public;
use entity::kind::Role::{Administrator, Learner};
use roster::organisation::Organisation;

use crate::common::{World, each_database};

const KEY: &str = "a key of mine";

fn class(it: Organisation) -> Organisation {
    it.group("Class", "platform", Public)
        .users(&["ann", "bob", "boss"])
        .learners("Class", &["ann", "bob"])
        .member("boss", "platform", &[Administrator])
}

async fn records(world: &World) -> usize {
    world.dump().await.0["records"].len()
}

each_database! {
    async fn the_same_key_and_input_give_the_first_answer(start: Start) {
        let world = start.with(class).await;
        for asked in [
            world.remove("ann", "Class").keyed("remove ann"),
            world.revoke("bob", Learner, "Class").keyed("revoke bob"),
            world.delete("ann").keyed("delete ann"),
        ] {
            let first = asked.done().await;
            let after = world.dump().await;
            let second = asked.done().await;
            assert_eq!((second.outcome, second.removal), (first.outcome, first.removal));
            assert_eq!(after, world.dump().await);
        }
        assert_eq!(records(&world).await, 3);
    }

    async fn a_list_sent_again_is_the_same_job(start: Start) {
        let world = start.with(class).await.in_chunks_of(1);
        for asked in [
            world.remove_all(&["ann", "bob"], "Class").keyed("remove them"),
            world.delete_all(&["ann", "bob"]).keyed("delete them"),
        ] {
            let first = asked.job().await;
            let after = world.dump().await;
            let second = asked.job().await;
            assert_eq!(second.value, first.value);
            assert_eq!(after, world.dump().await);
        }
        assert_eq!(records(&world).await, 4);
    }

    async fn two_requests_of_one_key_at_once_are_one(start: Start) {
        let world = start.with(class).await;
        let asked = world.delete("ann").keyed(KEY);
        let (first, second) = tokio::join!(asked.done(), asked.done());
        assert_eq!((&first.outcome, &first.removal), (&second.outcome, &second.removal));
        assert_eq!(first.outcome, "DELETED");
        assert_eq!(records(&world).await, 1);
    }

    async fn two_lists_of_one_key_at_once_are_one_job(start: Start) {
        let world = start.with(class).await.in_chunks_of(1);
        let asked = world.delete_all(&["ann", "bob"]).keyed(KEY);
        let (first, second) = tokio::join!(asked.answered(), asked.answered());
        for answer in [&first, &second] {
            assert!(answer["errors"].is_null(), "{answer:#}");
        }
        assert_eq!(first["data"]["answer"]["job"]["id"], second["data"]["answer"]["job"]["id"]);
        assert_eq!(records(&world).await, 2);
        let job = asked.job().await;
        assert_eq!(job.outcomes(), [("ann", "DELETED"), ("bob", "DELETED")]);
        assert_eq!(job.value["status"], "SUCCEEDED");
    }

    async fn a_request_whose_first_is_under_way_for_too_long_is_refused(start: Start) {
        use sea_orm::{ConnectionTrait, TransactionTrait};
        let world = start.with(class).await;
        // A file has one writer, for whom everybody waits alike.
        if world.url.starts_with("postgres") {
            // One that is at work for longer than it is waited for, not one that was left.
            let other = sea_orm::Database::connect(&world.url).await.expect("a connection");
            let first = other.begin().await.expect("a transaction");
            let owner = world.user_id("owner").0;
            let taken = format!(
                "insert into idempotency_keys (actor_id, key, input_sha256, answer, created_at)
                 values ({owner}, '{KEY}', '', '', now())"
            );
            first.execute_unprepared(&taken).await.expect("the key");
            assert_eq!(world.delete("ann").keyed(KEY).refused().await.code, "IDEMPOTENCY_IN_PROGRESS");
            first.rollback().await.expect("the first fails");
        }
        assert_eq!(world.delete("ann").keyed(KEY).done().await.outcome, "DELETED");
    }

    async fn another_input_under_the_same_key_is_refused(start: Start) {
        let world = start.with(class).await;
        world.delete("ann").keyed(KEY).done().await;
        for other in [
            world.delete("bob"),
            world.delete("ann").removing(),
            world.delete("ann").anonymizing_posts(),
            world.remove("ann", "platform"),
            world.delete_all(&["ann"]),
            world.revoke("bob", Learner, "Class"),
        ] {
            let refused = other.keyed(KEY).refused().await;
            assert_eq!((refused.code.as_str(), refused.path), ("IDEMPOTENCY_MISMATCH", vec!["idempotencyKey".to_owned()]));
        }
    }

    async fn a_key_belongs_to_who_sent_it(start: Start) {
        let world = start.with(class).await;
        assert_eq!(world.delete("ann").keyed(KEY).done().await.outcome, "DELETED");
        assert_eq!(world.delete("bob").keyed(KEY).by("boss").done().await.outcome, "DELETED");
        assert_eq!(world.delete("bob").keyed(KEY).refused().await.code, "IDEMPOTENCY_MISMATCH");
    }

    async fn without_a_key_everything_is_asked_anew(start: Start) {
        let world = start.with(class).await;
        assert_eq!(world.remove("ann", "Class").done().await.outcome, "REMOVED");
        assert_eq!(world.remove("ann", "Class").refused().await.code, "NOT_A_MEMBER");
    }

    async fn what_was_refused_may_be_asked_again_under_its_key(start: Start) {
        let world = start.with(class).await;
        assert_eq!(world.delete("ann").by("bob").keyed(KEY).refused().await.code, "FORBIDDEN");
        let bob = world.user_id("bob").0;
        let platform = world.group_id("platform").0;
        world
            .sql(&format!(
                "insert into memberships (user_id, group_id, role, granted_at)
                 select {bob}, {platform}, 'ADMINISTRATOR', created_at from groups where id = {platform}"
            ))
            .await;
        assert_eq!(world.delete("ann").by("bob").keyed(KEY).done().await.outcome, "DELETED");
    }

    async fn a_bad_key_is_refused(start: Start) {
        let world = start.with(class).await;
        let long = "k".repeat(10_240);
        let just_too_long = "k".repeat(201);
        for key in ["", "k", "seven..", "a key\nof two lines", &just_too_long, &long] {
            for asked in [world.delete("ann"), world.delete_all(&["ann"]), world.remove("ann", "Class")] {
                let refused = asked.keyed(key).refused().await;
                assert_eq!((refused.code.as_str(), refused.path), ("BAD_INPUT", vec!["idempotencyKey".to_owned()]));
            }
        }
        let just_right = "k".repeat(200);
        assert_eq!(world.remove("ann", "Class").keyed(&just_right).done().await.outcome, "REMOVED");
        assert_eq!(world.remove("bob", "Class").keyed("eight...").done().await.outcome, "REMOVED");
    }
}

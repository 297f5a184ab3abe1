//! R29: when many accounts would go within a day, somebody has to say how many.

use chrono::TimeDelta;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::Administrator;
use entity::kind::Status::Anonymized;
use roster::organisation::Organisation;
use serde_json::json;

use super::jobs::accepted;
use super::prepared::prepared;
use crate::common::each_database;
use roster::workers::KINDS;

fn name(number: usize) -> String {
    format!("pupil {number}")
}

/// So many pupils in a school, one of them in a club besides, and somebody else who administers the platform.
fn school(it: Organisation, pupils: usize) -> Organisation {
    let names: Vec<String> = (0..pupils).map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    it.group("School", "platform", Public)
        .group("Club", "platform", Private)
        .users(&names)
        .learners("School", &names)
        .user("boss")
        .member("boss", "platform", &[Administrator])
}

fn names(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(name).collect()
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

each_database! {
    async fn r29_more_than_fifty_need_their_number_typed(start: Start) {
        let world = start.with(|it| school(it, 60)).await;
        let all = names(0, 51);
        let refused = world.delete_all(&refs(&all)).refused().await;
        assert_eq!((refused.code.as_str(), refused.path), ("CONFIRM_COUNT_REQUIRED", vec!["confirmCount".to_owned()]));
        assert_eq!(world.delete_all(&refs(&all)).counted(50).refused().await.code, "COUNT_MISMATCH");
        let job = world.delete_all(&refs(&all)).counted(51).job().await;
        assert_eq!(job.value["status"], "SUCCEEDED");
        assert_eq!(world.delete(&name(55)).refused().await.code, "CONFIRM_COUNT_REQUIRED");
    }

    async fn r29_of_one_person_over_the_share_the_number_of_the_day_is_typed(start: Start) {
        let world = start.with(|it| school(it, 60)).await;
        // Below the share the number of the request itself is true, and none is asked for.
        assert_eq!(world.delete(&name(58)).counted(1).done().await.outcome, "DELETED");
        world.delete_all(&refs(&names(0, 49))).job().await;
        for asked in [
            world.delete(&name(55)),
            world.delete_all(&[&name(55)]),
            world.remove(&name(55), "platform"),
        ] {
            let refused = asked.refused().await;
            assert_eq!(refused.code, "CONFIRM_COUNT_REQUIRED");
            assert!(refused.message.contains("51, the accounts of the last 24 hours with this one"), "{}", refused.message);
            for wrong in [1, 50, 52] {
                assert_eq!(asked.clone().counted(wrong).refused().await.code, "COUNT_MISMATCH");
            }
            assert_eq!(asked.plan().await.value["totals"]["confirmCount"], 51, "the plan says it");
        }
        // So does the plan of a job that is prepared.
        let (_, prepared) = prepared(&world, "owner", &json!({ "ids": [world.user(&name(55))] })).await;
        assert_eq!(prepared["plan"]["totals"]["confirmCount"], 51);
        assert_eq!(world.delete(&name(55)).counted(51).done().await.outcome, "DELETED");
        // A list is confirmed by its own number.
        assert_eq!(world.delete_all(&refs(&names(56, 2))).counted(53).refused().await.code, "COUNT_MISMATCH");
        assert_eq!(world.delete_all(&refs(&names(56, 2))).counted(2).job().await.value["status"], "SUCCEEDED");
    }

    async fn r29_every_way_to_a_deletion_counts_and_every_caller(start: Start) {
        let world = start
            .with(|it| {
                let club: Vec<String> = names(54, 6);
                let it = school(it, 54);
                let club = refs(&club);
                it.users(&club).learners("Club", &club)
            })
            .await;
        world.delete_all(&refs(&names(0, 20))).job().await;
        world.delete_all(&refs(&names(20, 28))).by("boss").job().await;
        world.remove(&name(54), "Club").confirmed().done().await;
        world.delete(&name(50)).by("boss").done().await;
        // That were fifty.
        for asked in [
            world.delete(&name(51)),
            world.delete(&name(51)).by("boss"),
            world.delete_all(&[&name(51)]),
            world.remove(&name(55), "Club").confirmed(),
            world.remove_all(&[&name(55)], "Club").confirmed(),
            world.revoke(&name(55), entity::kind::Role::Learner, "Club").confirmed(),
        ] {
            assert_eq!(asked.refused().await.code, "CONFIRM_COUNT_REQUIRED");
        }
        // Whoever stays is not counted.
        world.remove(&name(51), "School").done().await;
        // A day later those no longer count.
        world.db.clock.advance(TimeDelta::hours(25));
        world.delete(&name(51)).done().await;
    }

    async fn r29_what_accepted_jobs_will_yet_take_counts(start: Start) {
        let world = start.with(|it| school(it, 60)).await;
        let first = names(0, 40);
        let (db, _) = accepted(&world, &refs(&first), 3_000).await;
        assert_eq!(world.delete_all(&refs(&names(40, 11))).refused().await.code, "CONFIRM_COUNT_REQUIRED");
        roster::jobs::work_off(&db, KINDS).await.expect("the job");
        assert_eq!(world.delete_all(&refs(&names(40, 11))).refused().await.code, "CONFIRM_COUNT_REQUIRED");
        world.delete_all(&refs(&names(40, 10))).job().await;
        db.close().await;
    }

    async fn r29_only_accounts_count_that_have_somebody_in_them(start: Start) {
        let world = start.with(|it| (0..10).fold(school(it, 60), |it, n| it.status(&name(n), Anonymized))).await;
        let job = world.delete_all(&refs(&names(0, 60))).counted(50).job().await;
        assert_eq!(job.outcomes().len(), 60);
    }

    async fn r29_the_share_is_set_on_the_platform(start: Start) {
        let world = start.with(|it| school(it, 60)).await;
        let set = async |share: i64| world.mutate("owner", "updatePlatform", json!({ "safetyShare": share }), "platform { safetyShare }").await;
        for wrong in [-1, 101] {
            let refused = world.refused("owner", "updatePlatform", json!({ "safetyShare": wrong })).await;
            assert_eq!((refused.refused(), refused.path()), ("BAD_INPUT", "safetyShare".to_owned()));
        }
        assert_eq!(set(100).await.done()["platform"]["safetyShare"], 100);
        world.delete_all(&refs(&names(0, 55))).job().await;
        set(10).await.done();
        assert_eq!(world.delete(&name(55)).refused().await.code, "CONFIRM_COUNT_REQUIRED");
    }
}

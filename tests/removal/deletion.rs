//! R9: everything that deleting an account does, and everything that it leaves alone.

use entity::kind::AudienceKind::{Dynamic, Static};
use entity::kind::Privacy::Public;
use entity::kind::Role::{Author, Learner};
use entity::kind::Status::{Anonymized, Deactivated, Suspended};
use entity::kind::{Cause, DateKind, Status};
use roster::organisation::Organisation;
use serde_json::json;

use super::looking::people;
use crate::common::{World, each_database};

/// Ann learns, teaches, writes and pays; Tom teaches beside her.
fn ann_at_work(it: Organisation) -> Organisation {
    it.group("Class", "platform", Public)
        .users(&["ann", "tom"])
        .member("ann", "Class", &[Learner, Author])
        .member("tom", "platform", &[Learner, Author])
        .course("Spanish", "Class", "tom")
        .path("Iberia", "Class", "tom", &["Spanish"])
        .session("Spring", "Iberia", "Class", "tom", Dynamic)
        .audience("Spring", &["Class"])
}

/// Deletes Ann; which tables changed.
async fn tables_changed_by_deleting_ann(world: &World) -> Vec<String> {
    let before = world.dump().await;
    world.delete("ann").done().await;
    before.changes_until(&world.dump().await).into_keys().collect()
}

each_database! {
    async fn r9_1_the_account_says_when_why_and_by_whom(start: Start) {
        let world = start.with(ann_at_work).await;
        let done = world.delete("ann").done().await;
        let now = world.now().await;
        let (account, before) = (now.account("ann"), &world.made.tables.users[world.user_id("ann").0 as usize - 1]);
        assert_eq!(account.status, Status::Deleted);
        assert_eq!(account.deletion_cause, Some(Cause::Requested));
        assert_eq!(account.deleted_by, Some(world.user_id("owner")));
        assert_eq!(account.deleted_at, Some(account.status_since));
        let at = account.deleted_at.expect("a time");
        let at_in_record: chrono::DateTime<chrono::Utc> =
            serde_json::from_value(done.removal["at"].clone()).expect("a time");
        assert_eq!(at, at_in_record);
        assert!(at >= world.made.now);
        // The entry stays for a reinstatement (R20).
        assert_eq!(
            (&account.first_name, &account.email, &account.email_key),
            (&before.first_name, &before.email, &before.email_key)
        );
    }

    async fn r9_2_every_token_is_gone_at_once(start: Start) {
        let world = start.with(ann_at_work).await;
        world.give_token("ann", "one").await;
        world.give_token("ann", "another").await;
        world.give_token("tom", "his").await;
        let before = world.dump().await;
        world.delete("ann").done().await;
        let changes = before.changes_until(&world.dump().await);
        assert_eq!((changes["tokens"].lost.len(), changes["tokens"].gained.len()), (2, 0));
    }

    async fn r9_3_the_seat_is_freed(start: Start) {
        let world = start.with(|it| ann_at_work(it).seats(3)).await;
        let seats = "{ platform { seats { used free } } }";
        let read = world.read("owner", seats, json!({})).await;
        assert_eq!(read["platform"]["seats"], json!({ "used": 3, "free": 0 }));
        world.delete("ann").done().await;
        let read = world.read("owner", seats, json!({})).await;
        assert_eq!(read["platform"]["seats"], json!({ "used": 2, "free": 1 }));
    }

    async fn r9_4_upcoming_registrations_go_as_attendee_and_as_trainer(start: Start) {
        let world = start
            .with(|it| {
                ann_at_work(it)
                    .slot("Yesterday", "Spring", -24, None)
                    .slot("Just begun", "Spring", 0, None)
                    .slot("Tomorrow", "Spring", 24, None)
                    .attend("Yesterday", &["ann"])
                    .train("Yesterday", &["ann"])
                    .attend("Just begun", &["ann"])
                    .attend("Tomorrow", &["ann"])
                    .train("Tomorrow", &["ann", "tom"])
            })
            .await;
        let done = world.delete("ann").done().await;
        assert_eq!(
            done.about("Tomorrow"),
            [
                "ATTENDEE at Tomorrow is released: ACCOUNT_DELETED",
                "TRAINER at Tomorrow is released: ACCOUNT_DELETED"
            ]
        );
        let now = world.now().await;
        assert_eq!((now.attendees("Yesterday"), now.trainers("Yesterday")), (people(["ann"]), people(["ann"])));
        assert_eq!(now.attendees("Just begun"), people(["ann"]));
        assert_eq!((now.attendees("Tomorrow"), now.trainers("Tomorrow")), (people([]), people(["tom"])));
    }

    async fn r9_5_individual_enrolments_go_where_the_session_has_not_ended(start: Start) {
        let world = start
            .with(|it| {
                ann_at_work(it)
                    .session("To come", "Iberia", "Class", "tom", Static)
                    .lasting("To come", 5, 30)
                    .session("Over", "Iberia", "Class", "tom", Static)
                    .enrol("Spring", &["ann", "tom"])
                    .enrol("To come", &["ann"])
                    .enrol("Over", &["ann"])
                    .ended_and_captured("Over")
            })
            .await;
        let done = world.delete("ann").done().await;
        assert_eq!(
            done.about("enrolment"),
            ["enrolment in Spring goes: ACCOUNT_DELETED", "enrolment in To come goes: ACCOUNT_DELETED"]
        );
        let now = world.now().await;
        assert_eq!(now.enrolled("Spring"), people(["tom"]));
        assert_eq!(now.enrolled("To come"), people([]));
        assert_eq!(now.enrolled("Over"), people(["ann"]));
    }

    async fn r9_6_history_is_kept(start: Start) {
        let world = start
            .with(|it| {
                ann_at_work(it)
                    .session("Fixed", "Iberia", "Class", "tom", Static)
                    .audience("Fixed", &["Class"])
                    .enrol_in_course("Spanish", &["ann"])
                    .progress("ann", "Spanish", 100)
                    .activity("Quiz", "Spanish", "ann")
                    .result("ann", "Quiz", 90)
                    .certificate("ann", "Spanish")
                    .sale("ann", "Spanish", 4_900)
                    .post("ann", "Class", "Hola")
                    .message("ann", "Class", "Buenos días")
                    .external_id("ann", "hr", "7")
                    .custom_field("ann", "shoe size", "38")
                    .exclude("Fixed", &["ann"])
            })
            .await;
        assert_eq!(tables_changed_by_deleting_ann(&world).await, ["events", "external_ids", "former_memberships", "memberships", "records", "users"]);
        // It stays with the account, and keeps nobody else from having it (R24).
        let ids = world.tables().await.external_ids;
        assert_eq!(ids.iter().map(|id| (id.user_id, id.reserved)).collect::<Vec<_>>(), [(world.user_id("ann"), false)]);
    }

    async fn r9_6_posts_are_anonymized_when_asked(start: Start) {
        let world = start
            .with(|it| {
                ann_at_work(it)
                    .post("ann", "Class", "Hola")
                    .message("ann", "Class", "Buenos días")
                    .post("tom", "Class", "¿Qué tal?")
            })
            .await;
        let done = world.delete("ann").anonymizing_posts().done().await;
        assert_eq!(done.about("posts"), ["posts are anonymized: POSTS_ANONYMIZED_ON_REQUEST"]);
        let now = world.now().await;
        let anonymized = |user| {
            let id = Some(world.user_id(user));
            let posts = now.tables.posts.iter().filter(move |row| row.author_id == id);
            posts.map(|row| row.anonymized_at.is_some()).collect::<Vec<_>>()
        };
        assert_eq!((anonymized("ann"), anonymized("tom")), (vec![true, true], vec![false]));
    }

    async fn r9_6_posts_of_somebody_whose_account_lives_stay_as_they_are(start: Start) {
        let world = start.with(|it| ann_at_work(it).post("ann", "Class", "Hola")).await;
        let done = world.remove("ann", "Class").anonymizing_posts().done().await;
        assert_eq!(done.about("posts"), Vec::<&str>::new());
        assert_eq!(world.now().await.tables.posts, world.made.tables.posts);
    }

    async fn r9_7_dates_are_cleared_and_subscriptions_cancelled(start: Start) {
        let world = start
            .with(|it| {
                ann_at_work(it)
                    .date("ann", DateKind::Deletion, 30)
                    .date("ann", DateKind::Deactivation, 10)
                    .date("tom", DateKind::Deletion, 30)
                    .subscription("ann", "Spanish")
                    .subscription("tom", "Spanish")
            })
            .await;
        world.delete("ann").done().await;
        let now = world.now().await;
        let dates: Vec<_> = now.tables.dates.iter().map(|row| row.user_id).collect();
        assert_eq!(dates, [world.user_id("tom")]);
        let at = now.account("ann").deleted_at;
        let cancelled = |user| {
            let mut rows = now.tables.subscriptions.iter().filter(|row| row.user_id == world.user_id(user));
            rows.next().expect("a subscription").cancelled_at
        };
        assert_eq!((cancelled("ann"), cancelled("tom")), (at, None));
    }

    async fn r9_7_a_subscription_that_was_cancelled_before_keeps_its_date(start: Start) {
        let world = start
            .with(|it| {
                let mut it = ann_at_work(it).subscription("ann", "Spanish");
                let last_year = it.now - chrono::TimeDelta::days(365);
                it.tables.subscriptions.iter_mut().for_each(|row| row.cancelled_at = Some(last_year));
                it
            })
            .await;
        assert_eq!(tables_changed_by_deleting_ann(&world).await, ["events", "former_memberships", "memberships", "records", "users"]);
    }

    async fn r9_8_it_is_written_to_the_record(start: Start) {
        let world = start.with(ann_at_work).await;
        let done = world.delete("ann").done().await;
        assert_eq!(done.removal["outcome"], "DELETED");
        assert_eq!(done.about("account"), ["ACTIVE account ends: DELETION_REQUESTED"]);
    }

    async fn r9_a_removal_that_takes_no_account_does_none_of_it(start: Start) {
        let world = start
            .with(|it| {
                ann_at_work(it)
                    .course("Latin", "Class", "ann")
                    .course_co_authors("Spanish", &["ann"])
                    .enrol("Spring", &["ann"])
                    .slot("Tomorrow", "Spring", 24, None)
                    .train("Tomorrow", &["ann"])
                    .date("ann", DateKind::Deletion, 30)
                    .subscription("ann", "Spanish")
            })
            .await;
        world.give_token("ann", "one").await;
        let before = world.dump().await;
        world.remove("ann", "Class").done().await;
        let changed = before.changes_until(&world.dump().await);
        assert_eq!(changed.keys().collect::<Vec<_>>(), ["events", "memberships", "records"]);
    }

    async fn r9_all_of_it_or_nothing(start: Start) {
        let world = start
            .with(|it| ann_at_work(it).course("Latin", "Class", "ann").subscription("ann", "Spanish"))
            .await;
        world.give_token("ann", "one").await;
        world.break_hand_overs().await;
        let before = world.dump().await;
        let answer = world.delete("ann").answered().await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL", "{answer:#}");
        assert!(!answer.to_string().contains("planted"), "what broke is not told: {answer:#}");
        assert_eq!(before.changes_until(&world.dump().await).into_keys().collect::<Vec<_>>(), Vec::<String>::new());
    }

    async fn r30_every_living_account_can_be_deleted(start: Start) {
        let world = start
            .with(|it| {
                it.users(&["active", "suspended", "deactivated", "nameless"])
                    .learners("platform", &["active", "suspended", "deactivated", "nameless"])
                    .status("suspended", Suspended)
                    .status("deactivated", Deactivated)
                    .status("nameless", Anonymized)
            })
            .await;
        for (who, ends) in [
            ("active", "ACTIVE account ends: DELETION_REQUESTED"),
            ("suspended", "SUSPENDED account ends: DELETION_REQUESTED"),
            ("deactivated", "DEACTIVATED account ends: DELETION_REQUESTED"),
        ] {
            let done = world.delete(who).done().await;
            assert_eq!((done.outcome.as_str(), done.about("account")), ("DELETED", vec![ends]));
        }
        let done = world.delete("nameless").done().await;
        assert_eq!(done.about("account"), ["ANONYMIZED account ends: DELETION_REQUESTED"]);
    }

    async fn r30_an_erased_account_is_gone_for_good(start: Start) {
        let world = start
            .with(|it| it.user("gone").learners("platform", &["gone"]).status("gone", Status::Erased))
            .await;
        assert_eq!(world.delete("gone").refused().await.code, "ALREADY_ERASED");
        let job = world.delete_all(&["gone"]).job_that_does_nothing().await;
        assert_eq!(job.outcomes().iter().map(|(_, outcome)| *outcome).collect::<Vec<_>>(), ["ALREADY_ERASED"]);
    }
}

impl World {
    /// From now on no hand-over can be written.
    async fn break_hand_overs(&self) {
        self.break_when("hand_overs", "insert", "1 = 1").await;
    }
}

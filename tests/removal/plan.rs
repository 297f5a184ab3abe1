//! R18: what is shown is what is done, and a digest holds a request to it.

use entity::kind::AudienceKind::Dynamic;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, Learner};
use roster::organisation::Organisation;
use serde_json::json;

use super::asking::names;
use super::looking::ranked;
use crate::common::{World, each_database};

/// Ann teaches and learns, Bob stands ready to succeed her, Carl learns; Ann is in a private group too.
fn school(it: Organisation) -> Organisation {
    it.group("Class", "platform", Public)
        .group("Secret", "Class", Private)
        .users(&["ann", "bob", "carl"])
        .learners("Class", &["ann", "bob", "carl"])
        .learners("Secret", &["ann"])
        .member("ann", "Class", &[Author])
        .course("Latin", "Class", "ann")
        .course_co_authors("Latin", &["bob", "carl"])
        .path("Antiquity", "Class", "ann", &["Latin"])
        .session("Spring", "Antiquity", "Class", "ann", Dynamic)
        .audience("Spring", &["Class"])
        .enrol("Spring", &["carl"])
        .slot("Monday", "Spring", 24, None)
        .attend("Monday", &["ann", "carl"])
}

/// Makes somebody a learner of a group.
fn join(world: &World, user: &str, group: &str) -> String {
    format!(
        "insert into memberships (user_id, group_id, role, granted_at)
         select {}, {}, 'LEARNER', max(created_at) from users",
        world.user_id(user).0,
        world.group_id(group).0
    )
}

/// Takes Carl's seat: from now on a removal of Carl releases none.
const SEAT: &str =
    "delete from slot_registrations where user_id = (select id from users where name_key = 'carl')";

each_database! {
    async fn r18_the_plan_is_the_removal(start: Start) {
        let world = start.with(school).await;
        let plan = world.delete("ann").removing().plan().await;
        let done = world.delete("ann").removing().shown(plan.digest()).done().await;
        assert_eq!((&plan.of("ann").outcome, &plan.of("ann").lines), (&done.outcome, &done.lines));
        assert_eq!(plan.of("ann").digest(), done.removal["digest"]);
    }

    async fn r18_the_plan_of_a_list_is_its_removal(start: Start) {
        let world = start.with(school).await.in_chunks_of(1);
        let plan = world.delete_all(&["bob", "ann"]).removing().plan().await;
        assert_eq!(plan.of("ann").about("Latin to"), ["Latin to carl, CO_AUTHOR 2, not bob (LEAVING): OWNER_DELETED"]);
        let job = world.delete_all(&["bob", "ann"]).removing().shown(plan.digest()).job().await;
        assert_eq!(job.outcomes(), [("bob", "DELETED"), ("ann", "DELETED")]);
        assert_eq!(job.value["planDigest"], plan.digest());
        assert_eq!(world.now().await.head("Latin"), "carl");
    }

    async fn r18_what_would_be_refused_is_shown_with_the_reason(start: Start) {
        let world = start
            .with(|it| school(it).user("boss").member("boss", "Class", &[Administrator]).learners("platform", &["boss"]).learners("Class", &["owner"]))
            .await;
        let everybody = ["ann", "bob", "owner", "boss"];
        let plan = world.delete_all(&everybody).keeping().by("boss").plan().await;
        assert_eq!(
            plan.outcomes(),
            [("owner", "OWNER_PROTECTED"), ("ann", "FORBIDDEN"), ("bob", "FORBIDDEN"), ("boss", "SELF_REMOVAL")]
        );
        assert_eq!(plan.of("ann").groups("missingRights"), ["Platform"]);
        assert!(plan.people().iter().all(|person| person.lines.is_empty()), "nothing would happen to them");
    }

    async fn r18_entries_that_mean_nobody_are_shown(start: Start) {
        let world = start.with(school).await;
        let pasted = "carl@example.org, nobody@example.org, Carl, CARL@example.org";
        let plan = world.delete_whoever(json!({ "emails": [pasted] })).plan().await;
        assert_eq!(plan.outcomes(), [("carl", "DELETED")]);
        assert_eq!(
            plan.value["unresolved"],
            json!([
                { "typed": "nobody@example.org", "outcome": "NOT_FOUND" },
                { "typed": "Carl", "outcome": "INVALID_EMAIL" }
            ])
        );
        assert_eq!(plan.value["duplicates"], 1);
        assert_eq!(plan.value["totals"]["people"], 3);
    }

    async fn r18_the_totals_count_what_the_people_say(start: Start) {
        let world = start.with(school).await;
        let plan = world.delete_all(&["ann", "carl"]).removing().plan().await;
        let counted = |word: &str| {
            plan.people().iter().flat_map(|person| &person.effects).filter(|effect| effect["__typename"] == word).count()
        };
        let totals = &plan.value["totals"];
        assert_eq!(totals["outcomes"], json!([{ "outcome": "DELETED", "count": 2 }]));
        for (total, word) in [
            ("membershipsRemoved", "MembershipRemoved"),
            ("membershipsKept", "MembershipKept"),
            ("sessionsLeft", "SessionLeft"),
            ("seatsReleased", "SeatReleased"),
            ("enrolmentsRemoved", "EnrolmentRemoved"),
            ("placesRemoved", "PlaceRemoved"),
            ("accountsDeleted", "AccountDeleted"),
        ] {
            assert_eq!(totals[total], counted(word), "{total}");
        }
        let handed_over = ["coursesHandedOver", "pathsHandedOver", "sessionsHandedOver"].map(|total| &totals[total]);
        assert_eq!(handed_over, [&json!(1), &json!(1), &json!(1)]);
        assert_eq!((counted("SeatReleased"), counted("EnrolmentRemoved"), counted("PlaceRemoved")), (2, 1, 1));
    }

    async fn r18_while_the_question_is_open_both_answers_are_shown(start: Start) {
        let world = start.with(school).await;
        let open = world.delete("ann").plan().await;
        assert!(open.value["digest"].is_null() && open.value["privateSubgroups"].is_null());
        assert!(open.value["totals"].is_null());
        assert_eq!(names(&open.value["undecidedGroups"]), ["Secret"]);
        let (kept, removed) = (world.delete("ann").plan_if_kept().await, world.delete("ann").plan_if_removed().await);
        assert_eq!((kept.outcomes(), removed.outcomes()), (vec![("ann", "REMOVED_NOT_DELETED")], vec![("ann", "DELETED")]));
        assert_eq!(kept.digest(), world.delete("ann").keeping().plan().await.digest());
        assert_eq!(removed.digest(), world.delete("ann").removing().plan().await.digest());
        let done = world.delete("ann").removing().shown(removed.digest()).done().await;
        assert_eq!(done.lines, removed.of("ann").lines);
    }

    async fn r18_a_question_that_makes_no_difference_is_answered(start: Start) {
        let world = start.with(school).await;
        let plan = world.delete("carl").plan().await;
        assert_eq!(plan.value["undecidedGroups"], json!([]));
        assert!(plan.value["privateSubgroups"].is_string());
        assert_eq!(world.delete("carl").shown(plan.digest()).done().await.outcome, "DELETED");
    }

    async fn r18_revoking_a_role_is_planned_alike(start: Start) {
        let world = start.with(|it| school(it).member("carl", "Class", &[Coach])).await;
        let plan = world.revoke("carl", Learner, "Class").plan().await;
        let done = world.revoke("carl", Learner, "Class").shown(plan.digest()).done().await;
        assert_eq!(done.lines, plan.of("carl").lines);
        assert_eq!(done.about("COACH"), ["COACH of Class stays: OTHER_ROLE"]);
    }

    async fn r18_planning_twice_says_the_same(start: Start) {
        let world = start.with(school).await;
        let asked = world.delete_all(&["ann", "carl"]).removing();
        let (first, second) = (asked.plan().await, asked.plan().await);
        assert_eq!(first.value, second.value);
        let turned = world.delete_all(&["carl", "ann", "carl"]).removing().plan().await;
        assert_eq!(first.digest(), turned.digest(), "whatever the order of the list");
    }

    async fn r18_a_wrong_digest_does_nothing(start: Start) {
        let world = start.with(school).await;
        let refused = world.delete("carl").shown("not a digest").refused().await;
        assert_eq!((refused.code.as_str(), refused.path), ("PLAN_CHANGED", vec!["planDigest".to_owned()]));
        assert_eq!(world.delete_all(&["carl"]).shown("").refused().await.code, "PLAN_CHANGED");
        assert_eq!(world.remove("carl", "Class").shown("0").refused().await.code, "PLAN_CHANGED");
        assert_eq!(world.revoke("carl", Learner, "Class").shown("0").refused().await.code, "PLAN_CHANGED");
    }

    async fn r18_the_digest_of_another_list_or_of_other_options_does_nothing(start: Start) {
        let world = start.with(school).await;
        let plan = world.delete_all(&["ann", "carl"]).keeping().plan().await;
        for other in [
            world.delete_all(&["ann"]).keeping(),
            world.delete_all(&["ann", "bob", "carl"]).keeping(),
            world.delete_all(&["ann", "carl"]).removing(),
            world.delete_all(&["ann", "carl"]).keeping().anonymizing_posts(),
            world.remove_all(&["ann", "carl"], "Class").keeping(),
        ] {
            assert_eq!(other.shown(plan.digest()).refused().await.code, "PLAN_CHANGED");
        }
        let turned = world.delete_all(&["carl", "ann"]).keeping().shown(plan.digest()).job().await;
        assert_eq!(turned.outcomes(), [("carl", "DELETED"), ("ann", "REMOVED_NOT_DELETED")]);
    }

    async fn r18_an_answer_left_out_and_one_given_have_one_digest_where_they_do_the_same(start: Start) {
        let world = start.with(school).await;
        let open = world.delete_all(&["bob", "carl"]).plan().await;
        let (kept, removed) = (world.delete_all(&["bob", "carl"]).keeping(), world.delete_all(&["bob", "carl"]).removing());
        assert_eq!(kept.plan().await.digest(), open.digest());
        assert_eq!(removed.plan().await.digest(), open.digest());
        // What a plan says of the answer can be sent back with its digest.
        let plan = world.delete("carl").plan().await;
        assert_eq!(plan.value["privateSubgroups"], "KEEP");
        assert_eq!(world.delete("carl").keeping().shown(plan.digest()).done().await.outcome, "DELETED");
        let plan = world.delete_all(&["bob"]).plan().await;
        let job = world.delete_all(&["bob"]).removing().shown(plan.digest()).job().await;
        assert_eq!(job.outcomes(), [("bob", "DELETED")]);
        // A confirmation is in a digest through what it changes: nothing, where the account stays.
        let plan = world.remove("ann", "Secret").plan().await;
        assert_eq!(world.remove("ann", "Secret").confirmed().shown(plan.digest()).done().await.outcome, "REMOVED");
    }

    async fn r18_a_question_that_has_come_up_since_is_asked_before_the_digest_is_compared(start: Start) {
        let world = start.with(school).await;
        let one = world.delete("carl").plan().await;
        let many = world.delete_all(&["bob", "carl"]).plan().await;
        world.sql(&join(&world, "carl", "Secret")).await;
        let refused = world.delete("carl").shown(one.digest()).refused().await;
        assert_eq!((refused.code.as_str(), refused.about), ("PRIVATE_SUBGROUPS_UNDECIDED", vec!["Secret".to_owned()]));
        let refused = world.delete_all(&["bob", "carl"]).shown(many.digest()).refused().await;
        assert_eq!(refused.code, "PRIVATE_SUBGROUPS_UNDECIDED");
        assert_eq!(world.delete("carl").removing().shown(one.digest()).refused().await.code, "PLAN_CHANGED");
    }

    async fn r6_whoever_the_question_comes_to_concern_before_their_turn_is_left_alone(start: Start) {
        for with_digest in [false, true] {
            let world = start.another().await.with(school).await.in_chunks_of(1);
            let asked = world.delete_all(&["bob", "carl"]);
            let plan = asked.plan().await;
            let asked = if with_digest { asked.shown(plan.digest()) } else { asked };
            world.meanwhile("jobs.standing", &join(&world, "carl", "Secret"));
            let job = asked.job().await;
            assert!(world.has_happened());
            assert_eq!(job.outcomes(), [("bob", "DELETED"), ("carl", "PRIVATE_SUBGROUPS_UNDECIDED")]);
            assert_eq!(job.value["status"], "FINISHED_WITH_FAILURES");
            let now = world.now().await;
            assert_eq!(now.roles("carl"), ["LEARNER of Class", "LEARNER of Platform", "LEARNER of Secret"]);
        }
    }

    async fn r18_what_does_nothing_any_more_is_told_as_it_is(start: Start) {
        let cases: [(&str, fn(&World) -> String); 3] = [
            ("NOT_A_MEMBER", |world| {
                let (carl, secret) = (world.user_id("carl").0, world.group_id("Secret").0);
                format!("delete from memberships where group_id = {secret} and user_id = {carl}")
            }),
            ("FORBIDDEN", |world| {
                format!("delete from memberships where user_id = {} and role = 'ADMINISTRATOR'", world.user_id("boss").0)
            }),
            ("NO_LONGER_MATCHES", |world| {
                format!("update users set job_title = 'Consul' where id = {}", world.user_id("carl").0)
            }),
        ];
        for (outcome, drift) in cases {
            let made = |it| school(it).user("boss").member("boss", "Class", &[Administrator]).learners("platform", &["boss"]).learners("Secret", &["bob", "carl"]);
            let world = start.another().await.with(made).await.in_chunks_of(1);
            world.sql(&format!("update users set job_title = 'Praetor' where id in ({}, {})", world.user_id("bob").0, world.user_id("carl").0)).await;
            let people = match outcome {
                "NO_LONGER_MATCHES" => json!({ "filter": { "jobTitle": "Praetor" } }),
                _ => json!({ "ids": world.users(&["bob", "carl"]) }),
            };
            let asked = world.remove_whoever(people, "Secret").by("boss");
            let plan = asked.plan().await;
            world.meanwhile("jobs.standing", &drift(&world));
            let job = asked.shown(plan.digest()).job().await;
            assert!(world.has_happened());
            let carl = job.outcomes().into_iter().find(|(name, _)| *name == "carl").expect("an item");
            assert_eq!(carl.1, outcome);
        }
    }

    async fn r18_a_plan_that_drifted_since_it_was_shown_does_nothing_to_anybody(start: Start) {
        let world = start.with(school).await.in_chunks_of(1);
        let asked = world.delete_all(&["bob", "carl"]);
        let plan = asked.plan().await;
        world.sql(SEAT).await;
        assert_eq!(asked.clone().shown(plan.digest()).refused().await.code, "PLAN_CHANGED");
        let plan = world.delete("carl").plan().await;
        world.sql("delete from session_enrolments").await;
        assert_eq!(world.delete("carl").shown(plan.digest()).refused().await.code, "PLAN_CHANGED");
    }

    async fn r18_whoever_drifts_before_their_turn_is_left_alone(start: Start) {
        for size in [1, 3_000] {
            let world = start.another().await.with(school).await.in_chunks_of(size);
            let asked = world.delete_all(&["bob", "carl"]);
            let plan = asked.plan().await;
            world.meanwhile("jobs.standing", SEAT);
            let job = asked.shown(plan.digest()).job().await;
            assert!(world.has_happened());
            assert_eq!(job.outcomes(), [("bob", "DELETED"), ("carl", "PLAN_CHANGED")]);
            assert_eq!(job.value["status"], "FINISHED_WITH_FAILURES");
            let now = world.now().await;
            assert_eq!(now.status("carl"), "ACTIVE");
            assert_eq!(now.roles("carl"), ["LEARNER of Class", "LEARNER of Platform"]);
            assert_eq!(now.places("Latin"), ranked([(2, "carl")]));
        }
    }

    async fn r18_without_a_digest_what_holds_at_the_time_is_done(start: Start) {
        let world = start.with(school).await;
        world.meanwhile("jobs.standing", SEAT);
        let job = world.delete_all(&["bob", "carl"]).job().await;
        assert!(world.has_happened());
        assert_eq!(job.outcomes(), [("bob", "DELETED"), ("carl", "DELETED")]);
    }

    async fn r18_a_digest_is_over_what_is_written_and_taken_away(start: Start) {
        let world = start.with(school).await;
        let digest = async || world.delete("ann").removing().plan().await.of("ann").digest().to_owned();
        let before = digest().await;
        // Nothing of this is decided: texts, times, swept tables, progress, what is kept.
        for quiet in [
            "update courses set title = 'Latin for all'",
            "update memberships set granted_at = (select max(created_at) from users)",
            "update users set job_title = 'Consul'",
        ] {
            world.sql(quiet).await;
            assert_eq!(digest().await, before, "{quiet}");
        }
        world.give_token("ann", "one").await;
        assert_eq!(digest().await, before, "a token is swept");
        let carl = world.user_id("carl").0;
        let ann = world.user_id("ann").0;
        for loud in [
            // The successor is another.
            format!("delete from course_co_authors where user_id <> {carl}"),
            // Another seat is to be released.
            format!("update slot_registrations set kind = 'TRAINER' where user_id = {ann}"),
            // A role less to be taken.
            format!("delete from memberships where user_id = {ann} and role = 'AUTHOR'"),
        ] {
            let before = digest().await;
            world.sql(&loud).await;
            assert_ne!(digest().await, before, "{loud}");
        }
    }

    async fn r18_more_people_than_a_plan_can_show_are_refused(start: Start) {
        let world = start.with(school).await;
        let pasted: String = (0..3_001).map(|number| format!("nobody{number}@example.org,")).collect();
        let answer = world.delete_whoever(json!({ "emails": [pasted] })).plan_answered("digest").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BATCH_TOO_LARGE");
    }
}

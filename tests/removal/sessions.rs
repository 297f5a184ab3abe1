//! R8: who still takes part in which session after a removal, and who keeps a seat in a classroom.

use entity::kind::AudienceKind::{Dynamic, Static};
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Author, Coach, Learner};
use entity::kind::Status::{Deactivated, Suspended};
use roster::organisation::Organisation;

use super::looking::people;
use crate::common::each_database;

/// Tom teaches the path Iberia. Ann and Bob learn in the Class; there is a Club beside it.
fn class(it: Organisation) -> Organisation {
    it.group("Class", "platform", Public)
        .group("Club", "platform", Public)
        .users(&["tom", "ann", "bob"])
        .member("tom", "platform", &[Learner, Author])
        .learners("Class", &["ann", "bob"])
        .course("Spanish", "platform", "tom")
        .path("Iberia", "platform", "tom", &["Spanish"])
}

/// A session of the Class that follows its memberships.
fn spring(it: Organisation) -> Organisation {
    class(it).session("Spring", "Iberia", "platform", "tom", Dynamic).audience("Spring", &["Class"])
}

each_database! {
    async fn r8_losing_the_only_audience_group_ends_the_participation(start: Start) {
        let world = start.with(spring).await;
        assert_eq!(world.now().await.participants("Spring"), people(["ann", "bob"]));
        let done = world.remove("ann", "Class").done().await;
        assert_eq!(done.about("Spring"), ["Spring is left: LAST_AUDIENCE_GROUP"]);
        assert_eq!(world.now().await.participants("Spring"), people(["bob"]));
    }

    async fn r8_a_session_that_another_group_carries_is_kept(start: Start) {
        let world = start
            .with(|it| {
                spring(it)
                    .session("Summer", "Iberia", "platform", "tom", Dynamic)
                    .audience("Summer", &["Class", "Club"])
                    .learners("Club", &["ann"])
                    .slot("Monday", "Summer", 24, None)
                    .attend("Monday", &["ann"])
            })
            .await;
        let done = world.remove("ann", "Class").done().await;
        assert_eq!(done.about("Summer"), ["Summer is kept: OTHER_AUDIENCE_GROUP"]);
        assert_eq!(done.about("Monday"), ["ATTENDEE at Monday is kept: STILL_PARTICIPANT"]);
        let now = world.now().await;
        assert_eq!(now.participants("Summer"), people(["ann", "bob"]));
        assert_eq!(now.attendees("Monday"), people(["ann"]));
    }

    async fn r8_a_group_above_carries_who_is_taken_out_below_it(start: Start) {
        let world = start
            .with(|it| {
                class(it)
                    .group("Corner", "Class", Public)
                    .learners("Corner", &["ann"])
                    .session("Spring", "Iberia", "platform", "tom", Dynamic)
                    .audience("Spring", &["Class", "Corner"])
            })
            .await;
        let done = world.remove("ann", "Corner").done().await;
        assert_eq!(done.about("Spring"), ["Spring is kept: OTHER_AUDIENCE_GROUP"]);
        assert_eq!(world.now().await.participants("Spring"), people(["ann", "bob"]));
    }

    async fn r8_a_session_of_a_group_below_is_left_with_it(start: Start) {
        let world = start
            .with(|it| {
                class(it)
                    .group("Corner", "Class", Public)
                    .learners("Corner", &["ann"])
                    .session("Spring", "Iberia", "platform", "tom", Dynamic)
                    .audience("Spring", &["Corner"])
            })
            .await;
        let done = world.remove("ann", "Class").done().await;
        assert_eq!(done.about("Spring"), ["Spring is left: LAST_AUDIENCE_GROUP"]);
        assert_eq!(world.now().await.participants("Spring"), people([]));
    }

    async fn r8_a_private_subgroup_that_is_kept_still_carries(start: Start) {
        let world = start
            .with(|it| {
                class(it)
                    .group("Corner", "Class", Private)
                    .learners("Corner", &["ann"])
                    .session("Spring", "Iberia", "platform", "tom", Dynamic)
                    .audience("Spring", &["Class", "Corner"])
            })
            .await;
        let done = world.remove("ann", "Class").keeping().done().await;
        assert_eq!(done.about("Spring"), ["Spring is kept: OTHER_AUDIENCE_GROUP"]);
        assert_eq!(world.now().await.participants("Spring"), people(["ann", "bob"]));
    }

    async fn r8_an_individual_enrolment_carries(start: Start) {
        let world = start
            .with(|it| {
                spring(it)
                    .enrol("Spring", &["ann"])
                    .slot("Monday", "Spring", 24, None)
                    .attend("Monday", &["ann"])
            })
            .await;
        let done = world.remove("ann", "Class").done().await;
        assert_eq!(done.about("Spring"), ["Spring is kept: INDIVIDUAL_ENROLMENT"]);
        assert_eq!(done.about("Monday"), ["ATTENDEE at Monday is kept: STILL_PARTICIPANT"]);
        let now = world.now().await;
        assert_eq!(now.participants("Spring"), people(["ann", "bob"]));
        assert_eq!((now.enrolled("Spring"), now.attendees("Monday")), (people(["ann"]), people(["ann"])));
    }

    async fn r8_who_is_excluded_took_no_part_and_leaves_nothing(start: Start) {
        let world = start.with(|it| spring(it).exclude("Spring", &["ann"])).await;
        let done = world.remove("ann", "Class").done().await;
        assert_eq!(done.about("Spring"), Vec::<&str>::new());
    }

    async fn r8_a_static_audience_does_not_follow_memberships(start: Start) {
        let world = start
            .with(|it| {
                class(it)
                    .session("Spring", "Iberia", "platform", "tom", Static)
                    .audience("Spring", &["Class"])
                    .slot("Monday", "Spring", 24, None)
                    .attend("Monday", &["ann"])
                    .user("late")
                    .learners("Class", &["late"])
            })
            .await;
        let done = world.remove("ann", "Class").done().await;
        assert_eq!(done.about("Spring"), ["Spring is kept: STATIC_AUDIENCE"]);
        assert_eq!(done.about("Monday"), ["ATTENDEE at Monday is kept: STILL_PARTICIPANT"]);
        let done = world.remove("late", "Class").done().await;
        assert_eq!(done.about("Spring"), Vec::<&str>::new(), "who came later was never captured");
        let now = world.now().await;
        assert_eq!(now.participants("Spring"), people(["ann", "bob"]));
        assert_eq!(now.attendees("Monday"), people(["ann"]));
    }

    async fn r8_revoking_the_coach_role_leaves_no_session(start: Start) {
        let world = start.with(|it| spring(it).member("ann", "Class", &[Coach])).await;
        let done = world.revoke("ann", Coach, "Class").done().await;
        assert_eq!(done.about("Spring"), Vec::<&str>::new());
        assert_eq!(world.now().await.participants("Spring"), people(["ann", "bob"]));
    }

    async fn r8_revoking_the_learner_role_leaves_the_session(start: Start) {
        let world = start.with(|it| spring(it).member("ann", "Class", &[Coach])).await;
        let done = world.revoke("ann", Learner, "Class").done().await;
        assert_eq!(done.about("Spring"), ["Spring is left: LAST_AUDIENCE_GROUP"]);
        assert_eq!(world.now().await.participants("Spring"), people(["bob"]));
    }

    async fn r8_leaving_a_session_releases_its_upcoming_seats_alone(start: Start) {
        let world = start
            .with(|it| {
                spring(it)
                    .slot("Yesterday", "Spring", -24, None)
                    .slot("Just begun", "Spring", 0, None)
                    .slot("Tomorrow", "Spring", 24, Some(2))
                    .attend("Yesterday", &["ann", "bob"])
                    .attend("Just begun", &["ann"])
                    .attend("Tomorrow", &["ann", "bob"])
                    .train("Tomorrow", &["tom", "ann"])
            })
            .await;
        let done = world.remove("ann", "Class").done().await;
        assert_eq!(
            done.about("Tomorrow"),
            ["ATTENDEE at Tomorrow is released: SESSION_LEFT", "TRAINER at Tomorrow is kept: TRAINER_STAYS"]
        );
        assert_eq!((done.about("Yesterday").len(), done.about("Just begun").len()), (0, 0));
        let now = world.now().await;
        assert_eq!(now.attendees("Yesterday"), people(["ann", "bob"]));
        assert_eq!(now.attendees("Just begun"), people(["ann"]));
        assert_eq!(now.attendees("Tomorrow"), people(["bob"]));
        assert_eq!(now.trainers("Tomorrow"), people(["ann", "tom"]));
    }

    async fn r8_seats_in_other_sessions_stay(start: Start) {
        let world = start
            .with(|it| {
                spring(it)
                    .session("Chess", "Iberia", "platform", "tom", Dynamic)
                    .audience("Chess", &["Club"])
                    .learners("Club", &["ann"])
                    .slot("Board", "Chess", 24, None)
                    .attend("Board", &["ann"])
            })
            .await;
        let done = world.remove("ann", "Class").done().await;
        assert_eq!((done.about("Chess").len(), done.about("Board").len()), (0, 0));
        assert_eq!(world.now().await.attendees("Board"), people(["ann"]));
    }

    async fn r8_a_suspended_person_leaves_like_any_other(start: Start) {
        let world = start
            .with(|it| {
                spring(it)
                    .slot("Monday", "Spring", 24, None)
                    .attend("Monday", &["ann"])
                    .status("ann", Suspended)
                    .status("bob", Deactivated)
            })
            .await;
        let job = world.remove_all(&["ann", "bob"], "Class").job().await;
        assert_eq!(job.outcomes(), [("ann", "REMOVED"), ("bob", "REMOVED")]);
        let now = world.now().await;
        assert_eq!((now.participants("Spring"), now.attendees("Monday")), (people([]), people([])));
        assert_eq!((now.status("ann"), now.status("bob")), ("SUSPENDED", "DEACTIVATED"));
    }

    async fn r8_progress_is_kept_and_coming_back_resumes_it(start: Start) {
        let world = start.with(|it| spring(it).progress("ann", "Spanish", 60)).await;
        let before = world.dump().await;
        world.remove("ann", "Class").done().await;
        let changed = before.changes_until(&world.dump().await);
        assert_eq!(changed.keys().collect::<Vec<_>>(), ["events", "memberships", "records"]);
        // Back in the group, whoever lets her in.
        world
            .sql(&format!(
                "insert into memberships (user_id, group_id, role, granted_at)
                 select {}, {}, 'LEARNER', created_at from groups where id = 1",
                world.user_id("ann").0,
                world.group_id("Class").0
            ))
            .await;
        let now = world.now().await;
        assert_eq!(now.participants("Spring"), people(["ann", "bob"]));
        assert_eq!(now.tables.progress, world.made.tables.progress);
    }

    async fn r8_a_session_that_has_ended_follows_nobody(start: Start) {
        let world = start.with(|it| spring(it).enrol("Spring", &["tom"]).ended_and_captured("Spring")).await;
        let job = world.remove_all(&["ann"], "Class").job().await;
        assert_eq!(job.outcomes(), [("ann", "REMOVED")]);
        let done = world.remove("bob", "Class").done().await;
        assert_eq!(done.about("Spring"), ["Spring is kept: SESSION_ENDED"]);
        let done = world.delete("bob").done().await;
        assert_eq!(done.about("Spring"), ["Spring is kept: SESSION_ENDED"]);
        assert_eq!(world.now().await.participants("Spring"), people(["ann", "bob", "tom"]));
    }

    async fn r8_who_came_after_the_end_of_a_session_took_no_part_in_it(start: Start) {
        let world = start
            .with(|it| spring(it).ended_and_captured("Spring").user("late").learners("Class", &["late"]))
            .await;
        let done = world.remove("late", "Class").done().await;
        assert_eq!(done.about("Spring"), Vec::<&str>::new());
        let done = world.delete("late").done().await;
        assert_eq!(done.about("Spring"), Vec::<&str>::new());
    }

    async fn r8_ended_sessions_that_still_wait_are_captured_before_anybody_goes(start: Start) {
        let world = start
            .with(|it| {
                spring(it)
                    .session("Fixed", "Iberia", "platform", "tom", Static)
                    .audience("Fixed", &["Class"])
                    .enrol("Fixed", &["tom"])
                    .enrol("Spring", &["tom"])
                    .ended("Spring")
                    .ended("Fixed")
            })
            .await;
        let plan = world.remove("ann", "Class").plan().await;
        let done = world.remove("ann", "Class").done().await;
        assert_eq!(done.lines, plan.of("ann").lines, "the plan knows of it");
        assert_eq!(done.about("is kept"), ["Spring is kept: SESSION_ENDED", "Fixed is kept: SESSION_ENDED"]);
        let now = world.now().await;
        for session in ["Spring", "Fixed"] {
            assert_eq!(now.captured(session), people(["ann", "bob", "tom"]), "{session}");
            assert_eq!(now.participants(session), people(["ann", "bob", "tom"]), "{session}");
        }
        let waiting = now.tables.sessions.iter().filter(|row| row.captured_at.is_none()).count();
        assert_eq!(waiting, 0);
        assert_eq!(now.roles("ann"), ["LEARNER of Platform"]);
    }

    async fn r8_deleting_ends_every_live_participation_and_keeps_the_captured(start: Start) {
        let world = start
            .with(|it| {
                spring(it)
                    .session("Fixed", "Iberia", "platform", "tom", Static)
                    .audience("Fixed", &["Class"])
                    .session("Chosen", "Iberia", "platform", "tom", Dynamic)
                    .enrol("Chosen", &["ann"])
                    .slot("Tomorrow", "Fixed", 24, None)
                    .attend("Tomorrow", &["ann", "bob"])
            })
            .await;
        let done = world.delete("ann").done().await;
        assert_eq!(done.about("Spring"), ["Spring is left: ACCOUNT_DELETED"]);
        assert_eq!(done.about("Fixed"), ["Fixed is kept: STATIC_AUDIENCE"]);
        assert_eq!(
            done.about("Chosen"),
            ["Chosen is left: ACCOUNT_DELETED", "enrolment in Chosen goes: ACCOUNT_DELETED"]
        );
        assert_eq!(done.about("Tomorrow"), ["ATTENDEE at Tomorrow is released: ACCOUNT_DELETED"]);
        let now = world.now().await;
        assert_eq!(now.participants("Spring"), people(["bob"]));
        assert_eq!(now.participants("Chosen"), people([]));
        assert_eq!(now.participants("Fixed"), people(["ann", "bob"]), "listed, by her state");
        assert_eq!(now.attendees("Tomorrow"), people(["bob"]));
    }

    async fn r8_a_deletion_that_keeps_the_account_is_a_removal_for_sessions(start: Start) {
        let world = start
            .with(|it| {
                spring(it)
                    .group("Secret", "platform", Private)
                    .learners("Secret", &["ann"])
                    .session("Hidden", "Iberia", "platform", "tom", Dynamic)
                    .audience("Hidden", &["Secret"])
                    .enrol("Hidden", &["ann"])
                    .slot("Cellar", "Hidden", 24, None)
                    .attend("Cellar", &["ann"])
            })
            .await;
        let done = world.delete("ann").keeping().done().await;
        assert_eq!(done.outcome, "REMOVED_NOT_DELETED");
        assert_eq!(done.about("Spring"), ["Spring is left: LAST_AUDIENCE_GROUP"]);
        assert_eq!((done.about("Hidden").len(), done.about("Cellar").len()), (0, 0));
        let now = world.now().await;
        assert_eq!(now.enrolled("Hidden"), people(["ann"]));
        assert_eq!(now.attendees("Cellar"), people(["ann"]));
    }
}

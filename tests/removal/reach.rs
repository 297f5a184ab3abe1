//! R5 to R7: how far a removal reaches, what must be answered, and when the account goes.

use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, Learner, UserAdministrator};
use roster::organisation::Organisation;

use super::asking::names;
use crate::common::each_database;

/// ```text
/// platform ─┬─ Sales ── North ─┬─ Deep
///           │                  └─ (Secret) ── Below Secret
///           └─ Marketing
/// ```
/// A group in brackets is private.
fn branches(it: Organisation) -> Organisation {
    it.group("Sales", "platform", Public)
        .group("North", "Sales", Public)
        .group("Deep", "North", Public)
        .group("Secret", "North", Private)
        .group("Below Secret", "Secret", Public)
        .group("Marketing", "platform", Public)
}

/// The branches, and Ann, a learner at the end of each.
fn ann_everywhere(it: Organisation) -> Organisation {
    branches(it)
        .user("ann")
        .learners("Deep", &["ann"])
        .learners("Below Secret", &["ann"])
        .learners("Marketing", &["ann"])
}

/// A private group below the platform group, with another in it; Ann is a learner of both and of nothing else.
fn club(it: Organisation) -> Organisation {
    it.group("Club", "platform", Private)
        .group("Inner", "Club", Private)
        .user("ann")
        .learners("Club", &["ann"])
        .learners("Inner", &["ann"])
}

each_database! {
    async fn r5_kept_private_subgroups_and_what_is_below_them_are_not_reached(start: Start) {
        let world = start.with(ann_everywhere).await;
        let done = world.remove("ann", "Sales").keeping().done().await;
        assert_eq!(done.outcome, "REMOVED");
        assert_eq!(
            done.lines,
            [
                "LEARNER of Sales goes: NAMED_GROUP",
                "LEARNER of North goes: PUBLIC_SUBGROUP",
                "LEARNER of Deep goes: PUBLIC_SUBGROUP",
                "LEARNER of Platform stays: OUTSIDE_REACH",
                "LEARNER of Secret stays: PRIVATE_SUBGROUP_KEPT",
                "LEARNER of Below Secret stays: PRIVATE_SUBGROUP_KEPT",
                "LEARNER of Marketing stays: OUTSIDE_REACH",
            ]
        );
        assert_eq!(
            world.now().await.roles("ann"),
            ["LEARNER of Below Secret", "LEARNER of Marketing", "LEARNER of Platform", "LEARNER of Secret"]
        );
    }

    async fn r5_removed_private_subgroups_are_reached_with_everything_below(start: Start) {
        let world = start.with(ann_everywhere).await;
        let done = world.remove("ann", "Sales").removing().done().await;
        assert_eq!(done.outcome, "REMOVED");
        assert_eq!(
            done.about("Secret"),
            ["LEARNER of Secret goes: PRIVATE_SUBGROUP", "LEARNER of Below Secret goes: PRIVATE_SUBGROUP"]
        );
        assert_eq!(world.now().await.roles("ann"), ["LEARNER of Marketing", "LEARNER of Platform"]);
    }

    async fn r5_groups_above_and_beside_are_untouched(start: Start) {
        let world = start
            .with(|it| ann_everywhere(it).group("South", "Sales", Public).learners("South", &["ann"]))
            .await;
        world.remove("ann", "North").removing().done().await;
        assert_eq!(
            world.now().await.roles("ann"),
            ["LEARNER of Marketing", "LEARNER of Platform", "LEARNER of Sales", "LEARNER of South"]
        );
    }

    async fn r5_in_the_group_itself_every_role_goes(start: Start) {
        let all = [Learner, Coach, Author, UserAdministrator, Administrator];
        let world = start.with(|it| branches(it).user("ann").member("ann", "Sales", &all)).await;
        world.remove("ann", "Sales").done().await;
        assert_eq!(world.now().await.roles("ann"), ["LEARNER of Platform"]);
    }

    async fn r5_below_the_group_only_the_learner_role_goes(start: Start) {
        let all = [Learner, Coach, Author, UserAdministrator, Administrator];
        let world = start.with(|it| branches(it).user("ann").member("ann", "North", &all)).await;
        let done = world.remove("ann", "Sales").done().await;
        assert_eq!(
            done.about("North"),
            [
                "LEARNER of North goes: PUBLIC_SUBGROUP",
                "COACH of North stays: OTHER_ROLE_BELOW",
                "AUTHOR of North stays: OTHER_ROLE_BELOW",
                "USER_ADMINISTRATOR of North stays: OTHER_ROLE_BELOW",
                "ADMINISTRATOR of North stays: OTHER_ROLE_BELOW",
            ]
        );
        assert_eq!(
            world.now().await.roles("ann"),
            [
                "ADMINISTRATOR of North",
                "AUTHOR of North",
                "COACH of North",
                "LEARNER of Platform",
                "USER_ADMINISTRATOR of North"
            ]
        );
    }

    async fn r5_from_the_platform_every_role_goes_wherever_it_reaches(start: Start) {
        let world = start
            .with(|it| {
                ann_everywhere(it)
                    .member("ann", "North", &[Coach, Administrator])
                    .member("ann", "Below Secret", &[Author])
            })
            .await;
        let done = world.delete("ann").removing().done().await;
        assert_eq!(done.outcome, "DELETED");
        assert_eq!(
            done.about("North"),
            [
                "LEARNER of North goes: PUBLIC_SUBGROUP",
                "COACH of North goes: PUBLIC_SUBGROUP",
                "ADMINISTRATOR of North goes: PUBLIC_SUBGROUP"
            ]
        );
        assert_eq!(world.now().await.roles("ann"), Vec::<String>::new());
    }

    async fn r5_a_deletion_that_keeps_private_groups_leaves_every_role_in_them(start: Start) {
        let world = start
            .with(|it| {
                ann_everywhere(it)
                    .member("ann", "North", &[Coach])
                    .member("ann", "Below Secret", &[Author])
            })
            .await;
        world.delete("ann").keeping().done().await;
        assert_eq!(
            world.now().await.roles("ann"),
            ["AUTHOR of Below Secret", "LEARNER of Below Secret", "LEARNER of Secret"]
        );
    }

    async fn r5_taking_somebody_out_of_the_platform_group_is_deleting_them(start: Start) {
        let ann = |it| ann_everywhere(it).member("ann", "North", &[Coach]);
        let world = start.with(ann).await;
        let plan = world.remove("ann", "platform").removing().plan().await;
        assert_eq!(plan.of("ann").lines, world.delete("ann").removing().plan().await.of("ann").lines);
        let done = world.remove("ann", "platform").removing().done().await;
        assert_eq!(done.outcome, "DELETED");
        assert_eq!(done.removal["cause"], "REQUESTED");
        assert_eq!(done.about("account"), ["ACTIVE account ends: DELETION_REQUESTED"]);
        assert_eq!(world.now().await.roles("ann"), Vec::<String>::new());
    }

    async fn r5_a_list_taken_out_of_the_platform_group_is_deleted(start: Start) {
        let world = start
            .with(|it| branches(it).users(&["ann", "bob"]).member("ann", "North", &[Coach]).learners("Deep", &["bob"]))
            .await;
        let job = world.remove_all(&["ann", "bob"], "platform").job().await;
        assert_eq!(job.outcomes(), [("ann", "DELETED"), ("bob", "DELETED")]);
    }

    async fn r5_revoking_the_learner_role_reaches_as_far_for_that_role_alone(start: Start) {
        let world = start.with(|it| ann_everywhere(it).member("ann", "Sales", &[Coach])).await;
        let done = world.revoke("ann", Learner, "Sales").keeping().done().await;
        assert_eq!(done.outcome, "REMOVED");
        assert_eq!(done.removal["role"], "LEARNER");
        assert_eq!(
            done.about("Sales"),
            ["LEARNER of Sales goes: NAMED_ROLE", "COACH of Sales stays: OTHER_ROLE"]
        );
        assert_eq!(
            world.now().await.roles("ann"),
            [
                "COACH of Sales",
                "LEARNER of Below Secret",
                "LEARNER of Marketing",
                "LEARNER of Platform",
                "LEARNER of Secret"
            ]
        );
    }

    async fn r5_revoking_any_other_role_reaches_nothing_below(start: Start) {
        let world = start
            .with(|it| ann_everywhere(it).member("ann", "Sales", &[Coach]).member("ann", "North", &[Coach]))
            .await;
        let before = world.now().await.roles("ann").len();
        let done = world.revoke("ann", Coach, "Sales").done().await;
        assert_eq!(done.about("goes"), ["COACH of Sales goes: NAMED_ROLE"]);
        assert_eq!(done.about("of North"), ["LEARNER of North stays: ROLE_REACHES_NONE_BELOW", "COACH of North stays: ROLE_REACHES_NONE_BELOW"]);
        assert_eq!(world.now().await.roles("ann").len(), before - 1);
    }

    async fn r6_left_out_where_it_matters_it_is_asked(start: Start) {
        let world = start.with(ann_everywhere).await;
        let refused = world.remove("ann", "Sales").refused().await;
        assert_eq!(refused.code, "PRIVATE_SUBGROUPS_UNDECIDED");
        assert_eq!(refused.path, ["privateSubgroups"]);
        assert_eq!((refused.about, refused.hidden), (vec!["Secret".to_owned(), "Below Secret".to_owned()], 0));
        assert_eq!(world.delete("ann").refused().await.code, "PRIVATE_SUBGROUPS_UNDECIDED");
        assert_eq!(world.revoke("ann", Learner, "Sales").refused().await.code, "PRIVATE_SUBGROUPS_UNDECIDED");
    }

    async fn r6_left_out_where_both_answers_come_to_the_same_it_goes_on(start: Start) {
        let world = start.with(|it| branches(it).user("ann").learners("Deep", &["ann"])).await;
        assert_eq!(world.remove("ann", "Sales").done().await.outcome, "REMOVED");
    }

    async fn r6_a_coach_of_a_private_subgroup_stays_either_way_and_is_not_asked_about(start: Start) {
        let world = start
            .with(|it| branches(it).user("ann").learners("Deep", &["ann"]).member("ann", "Secret", &[Coach]))
            .await;
        world.remove("ann", "Sales").done().await;
        assert_eq!(world.now().await.roles("ann"), ["COACH of Secret", "LEARNER of Platform"]);
    }

    async fn r6_a_coach_of_a_private_group_is_asked_about_when_deleted(start: Start) {
        let world = start
            .with(|it| branches(it).user("ann").learners("Deep", &["ann"]).member("ann", "Secret", &[Coach]))
            .await;
        let refused = world.delete("ann").refused().await;
        assert_eq!((refused.code.as_str(), refused.about), ("PRIVATE_SUBGROUPS_UNDECIDED", vec!["Secret".to_owned()]));
    }

    async fn r6_revoking_another_role_than_learner_is_not_asked_about(start: Start) {
        let world = start.with(|it| ann_everywhere(it).member("ann", "Sales", &[Coach])).await;
        assert_eq!(world.revoke("ann", Coach, "Sales").done().await.outcome, "REMOVED");
    }

    async fn r6_groups_that_the_caller_may_not_see_are_counted(start: Start) {
        let world = start
            .with(|it| {
                it.group("Sales", "platform", Public)
                    .group("Known", "Sales", Private)
                    .group("Unknown", "Sales", Private)
                    .group("Below Unknown", "Unknown", Public)
                    .users(&["ann", "uma"])
                    .learners("Known", &["ann", "uma"])
                    .learners("Sales", &["ann"])
                    .learners("Below Unknown", &["ann"])
                    .member("uma", "Sales", &[UserAdministrator])
            })
            .await;
        let refused = world.remove("ann", "Sales").by("uma").refused().await;
        assert_eq!(refused.code, "PRIVATE_SUBGROUPS_UNDECIDED");
        assert_eq!((refused.about, refused.hidden), (vec!["Known".to_owned()], 2));
        assert!(!refused.message.contains("Unknown"), "{}", refused.message);

        let plan = world.remove("ann", "Sales").by("uma").plan().await;
        assert_eq!(names(&plan.value["undecidedGroups"]), ["Known"]);
        assert_eq!(plan.value["undecidedHiddenCount"], 2);
    }

    async fn r6_a_list_is_asked_once_before_anybody_is_removed(start: Start) {
        let world = start
            .with(|it| {
                branches(it)
                    .users(&["first", "second", "third"])
                    .learners("Deep", &["first", "second", "third"])
                    .learners("Secret", &["second"])
                    .learners("Below Secret", &["third"])
            })
            .await
            .in_chunks_of(1);
        let everybody = ["first", "second", "third"];
        let refused = world.remove_all(&everybody, "Sales").refused().await;
        assert_eq!(refused.code, "PRIVATE_SUBGROUPS_UNDECIDED");
        assert_eq!(refused.about, ["Secret", "Below Secret"]);

        let job = world.remove_all(&everybody, "Sales").keeping().job().await;
        assert_eq!(job.outcomes(), [("first", "REMOVED"), ("second", "REMOVED"), ("third", "REMOVED")]);
        assert_eq!(world.now().await.roles("second"), ["LEARNER of Platform", "LEARNER of Secret"]);
    }

    async fn r6_nobody_is_asked_about_people_who_are_not_removed_either_way(start: Start) {
        let world = start
            .with(|it| ann_everywhere(it).user("uma").member("uma", "Sales", &[UserAdministrator]).member("ann", "Sales", &[Coach]))
            .await;
        assert_eq!(world.remove("ann", "Sales").by("uma").refused().await.code, "FORBIDDEN");
    }

    async fn r7_taking_the_last_group_needs_to_be_confirmed(start: Start) {
        let world = start.with(club).await;
        let refused = world.remove("ann", "Club").removing().refused().await;
        assert_eq!((refused.code.as_str(), refused.path), ("WOULD_DELETE_ACCOUNT", vec!["confirmAccountDeletion".to_owned()]));
    }

    async fn r7_the_last_group_takes_the_account(start: Start) {
        let world = start.with(club).await;
        let done = world.remove("ann", "Club").removing().confirmed().done().await;
        assert_eq!(done.outcome, "DELETED");
        assert_eq!(done.about("account"), ["ACTIVE account ends: LAST_MEMBERSHIP"]);
        assert_eq!(done.removal["cause"], "LAST_GROUP");
        let now = world.now().await;
        assert_eq!((now.status("ann"), now.roles("ann").len()), ("DELETED", 0));
    }

    async fn r7_a_private_subgroup_that_is_kept_keeps_the_account(start: Start) {
        let world = start.with(club).await;
        assert_eq!(world.remove("ann", "Club").keeping().done().await.outcome, "REMOVED");
        assert_eq!(world.now().await.roles("ann"), ["LEARNER of Inner"]);
    }

    async fn r7_revoking_the_last_role_takes_the_account(start: Start) {
        let world = start
            .with(|it| it.group("Club", "platform", Private).user("ann").member("ann", "Club", &[Coach]))
            .await;
        assert_eq!(world.revoke("ann", Coach, "Club").refused().await.code, "WOULD_DELETE_ACCOUNT");
        let done = world.revoke("ann", Coach, "Club").confirmed().done().await;
        assert_eq!((done.outcome.as_str(), done.removal["cause"].as_str()), ("DELETED", Some("LAST_GROUP")));
        assert_eq!(world.now().await.status("ann"), "DELETED");
    }

    async fn r7_taking_the_account_needs_the_right_to_delete_as_well(start: Start) {
        let world = start
            .with(|it| club(it).user("uma").member("uma", "Club", &[UserAdministrator]))
            .await;
        let refused = world.remove("ann", "Club").removing().confirmed().by("uma").refused().await;
        assert_eq!((refused.code.as_str(), refused.about.len(), refused.hidden), ("FORBIDDEN", 0, 1));
    }

    async fn r7_in_a_list_who_would_lose_the_account_unconfirmed_keeps_everything(start: Start) {
        let world = start
            .with(|it| {
                it.group("Club", "platform", Private)
                    .users(&["ann", "bob"])
                    .learners("Club", &["ann", "bob"])
                    .learners("platform", &["bob"])
            })
            .await;
        let job = world.remove_all(&["ann", "bob"], "Club").job().await;
        assert_eq!(job.outcomes(), [("ann", "WOULD_DELETE_ACCOUNT"), ("bob", "REMOVED")]);
        assert_eq!(world.now().await.roles("ann"), ["LEARNER of Club"]);
    }

    async fn r7_a_deletion_that_keeps_somebody_in_private_groups_names_them(start: Start) {
        let world = start.with(ann_everywhere).await;
        let plan = world.delete("ann").keeping().plan().await;
        assert_eq!(plan.of("ann").groups("keptIn"), ["Secret", "Below Secret"]);
        let done = world.delete("ann").keeping().done().await;
        assert_eq!(done.outcome, "REMOVED_NOT_DELETED");
        assert_eq!(
            done.about("stays"),
            [
                "LEARNER of Secret stays: PRIVATE_SUBGROUP_KEPT",
                "LEARNER of Below Secret stays: PRIVATE_SUBGROUP_KEPT"
            ]
        );
        let now = world.now().await;
        assert_eq!(now.status("ann"), "ACTIVE");
        assert_eq!(now.roles("ann"), ["LEARNER of Below Secret", "LEARNER of Secret"]);
    }

    async fn r7_a_deletion_reaches_nothing_of_somebody_who_lives_in_private_groups_alone(start: Start) {
        let world = start.with(club).await;
        let refused = world.delete("ann").keeping().refused().await;
        assert_eq!(refused.code, "NOTHING_REACHED");
        assert_eq!(refused.about, ["Club", "Inner"]);
        let job = world.delete_all(&["ann"]).keeping().job_that_does_nothing().await;
        assert_eq!(job.outcomes(), [("ann", "NOTHING_REACHED")]);
        assert_eq!(world.delete("ann").refused().await.code, "PRIVATE_SUBGROUPS_UNDECIDED");
        assert_eq!(world.delete("ann").removing().done().await.outcome, "DELETED");
    }

    async fn r7_a_deletion_reaches_who_is_not_in_the_platform_group_itself(start: Start) {
        let world = start.with(|it| branches(it).user("ann").member("ann", "Deep", &[Coach])).await;
        assert_eq!(world.delete("ann").done().await.outcome, "DELETED");
    }

    async fn r7_who_is_not_in_the_group_loses_nothing_also_below(start: Start) {
        let world = start
            .with(|it| {
                branches(it)
                    .user("ann")
                    .learners("Marketing", &["ann"])
                    .member("ann", "North", &[Coach])
                    .learners("Below Secret", &["ann"])
            })
            .await;
        assert_eq!(world.remove("ann", "Sales").removing().refused().await.code, "NOT_A_MEMBER");
        assert_eq!(world.remove("ann", "Sales").refused().await.code, "NOT_A_MEMBER", "nor is R6 asked");
        let job = world.remove_all(&["ann"], "Sales").removing().job_that_does_nothing().await;
        assert_eq!(job.outcomes(), [("ann", "NOT_A_MEMBER")]);
    }

    async fn r7_who_does_not_hold_the_role_loses_nothing(start: Start) {
        let world = start.with(|it| ann_everywhere(it).member("ann", "North", &[Coach])).await;
        assert_eq!(world.revoke("ann", Coach, "Sales").refused().await.code, "NOT_A_MEMBER");
        assert_eq!(world.revoke("ann", Author, "Sales").confirmed().refused().await.code, "NOT_A_MEMBER");
    }
}

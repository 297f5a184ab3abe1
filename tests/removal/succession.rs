//! R10 to R13: who succeeds the main author of a course or path and the main instructor of a session.

use entity::kind::AudienceKind::Dynamic;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Learner, UserAdministrator};
use entity::kind::Status::{Anonymized, Deactivated, Suspended};
use roster::organisation::Organisation;

use super::looking::ranked;
use crate::common::each_database;

/// Lea is author in the Lab, a group of the Faculty; the others are on the platform and nothing more yet.
fn lab(it: Organisation) -> Organisation {
    let others = ["first", "second", "third", "admin", "dean"];
    it.group("Faculty", "platform", Public)
        .group("Lab", "Faculty", Public)
        .user("lea")
        .users(&others)
        .learners("platform", &others)
        .member("lea", "Lab", &[Author])
}

/// A course of the Lab, by Lea.
fn course(it: Organisation) -> Organisation {
    lab(it).course("Optics", "Lab", "lea")
}

/// A path of the Lab by Lea, and a session of it that she instructs.
fn session(it: Organisation) -> Organisation {
    course(it).path("Physics", "Lab", "lea", &["Optics"]).session("Spring", "Physics", "Lab", "lea", Dynamic)
}

each_database! {
    async fn r10_the_first_co_author_succeeds_and_gives_up_the_place(start: Start) {
        let world = start
            .with(|it| course(it).course_co_authors("Optics", &["second", "first"]).member("admin", "Lab", &[Administrator]))
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Optics"), ["Optics to second, CO_AUTHOR 1: OWNER_DELETED"]);
        let now = world.now().await;
        assert_eq!((now.head("Optics"), now.places("Optics")), ("second".to_owned(), ranked([(2, "first")])));
    }

    async fn r10_a_suspended_co_author_is_passed_over_and_keeps_the_place(start: Start) {
        let world = start
            .with(|it| {
                course(it)
                    .course_co_authors("Optics", &["first", "second", "third"])
                    .status("first", Suspended)
                    .status("second", Deactivated)
            })
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(
            done.about("Optics"),
            ["Optics to third, CO_AUTHOR 3, not first (NOT_ACTIVE), not second (NOT_ACTIVE): OWNER_DELETED"]
        );
        let now = world.now().await;
        assert_eq!(now.head("Optics"), "third");
        assert_eq!(now.places("Optics"), ranked([(1, "first"), (2, "second")]));
    }

    async fn r10_then_the_administrator_appointed_first_in_the_owner_group(start: Start) {
        let world = start
            .with(|it| {
                course(it)
                    .course_co_authors("Optics", &["first"])
                    .status("first", Anonymized)
                    .member("dean", "Faculty", &[Administrator])
                    .member("third", "Lab", &[Administrator])
                    .member("admin", "Lab", &[Administrator])
            })
            .await;
        let done = world.delete("lea").done().await;
        let line = done.about("Optics").concat();
        assert!(line.starts_with("Optics to third, GROUP_ADMINISTRATOR, not anonymous"), "{line}");
        assert_eq!(world.now().await.head("Optics"), "third");
    }

    async fn r10_of_administrators_appointed_at_once_the_lowest_id(start: Start) {
        let world = start
            .with(|it| {
                let mut it = course(it).member("admin", "Lab", &[Administrator]).member("third", "Lab", &[Administrator]);
                let at = it.now;
                it.tables.memberships.iter_mut().for_each(|row| row.granted_at = at);
                it
            })
            .await;
        world.delete("lea").done().await;
        assert_eq!(world.now().await.head("Optics"), "third");
    }

    async fn r10_then_the_administrator_of_the_groups_parent(start: Start) {
        let world = start
            .with(|it| course(it).member("dean", "Faculty", &[Administrator]).member("admin", "Lab", &[UserAdministrator]))
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Optics"), ["Optics to dean, PARENT_ADMINISTRATOR: OWNER_DELETED"]);
        assert_eq!(world.now().await.head("Optics"), "dean");
    }

    async fn r10_only_one_level_above_then_the_platform_owner(start: Start) {
        let world = start
            .with(|it| {
                it.group("University", "platform", Public)
                    .group("Faculty", "University", Public)
                    .group("Lab", "Faculty", Public)
                    .users(&["lea", "rector"])
                    .member("lea", "Lab", &[Author])
                    .member("rector", "University", &[Administrator])
                    .course("Optics", "Lab", "lea")
            })
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Optics"), ["Optics to owner, PLATFORM_OWNER: OWNER_DELETED"]);
        assert_eq!(world.now().await.head("Optics"), "owner");
    }

    async fn r10_a_course_of_the_platform_group_has_no_parent_to_ask(start: Start) {
        let world = start
            .with(|it| {
                it.users(&["lea", "admin"])
                    .learners("platform", &["lea"])
                    .member("admin", "platform", &[Administrator])
                    .course("Optics", "platform", "lea")
            })
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Optics"), ["Optics to owner, GROUP_ADMINISTRATOR: OWNER_DELETED"], "appointed first");
    }

    async fn r10_the_only_administrator_of_the_owner_group_leaves_it_to_the_parents(start: Start) {
        let world = start
            .with(|it| course(it).member("lea", "Lab", &[Administrator]).member("dean", "Faculty", &[Administrator]))
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Optics"), ["Optics to dean, PARENT_ADMINISTRATOR: OWNER_DELETED"], "nobody is passed over for their own work");
        assert_eq!(world.now().await.head("Optics"), "dean");
    }

    async fn r11_a_path_goes_the_same_four_steps(start: Start) {
        let world = start
            .with(|it| {
                it.group("Faculty", "platform", Public)
                    .group("Lab", "Faculty", Public)
                    .users(&["lea", "first", "admin", "dean"])
                    .member("lea", "Lab", &[Author])
                    .learners("platform", &["first"])
                    .member("admin", "Lab", &[Administrator])
                    .member("dean", "Faculty", &[Administrator])
                    .path("Co-written", "Lab", "lea", &[])
                    .path_co_authors("Co-written", &["first"])
                    .path("Administered", "Lab", "lea", &[])
                    .path("Higher", "Faculty", "lea", &[])
                    .group("Elsewhere", "platform", Public)
                    .group("Further", "Elsewhere", Public)
                    .path("Far", "Further", "lea", &[])
            })
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(
            done.about("OWNER_DELETED"),
            [
                "Co-written to first, CO_AUTHOR 1: OWNER_DELETED",
                "Administered to admin, GROUP_ADMINISTRATOR: OWNER_DELETED",
                "Higher to dean, GROUP_ADMINISTRATOR: OWNER_DELETED",
                "Far to owner, PLATFORM_OWNER: OWNER_DELETED",
            ]
        );
        let now = world.now().await;
        assert_eq!((now.head("Co-written"), now.places("Co-written")), ("first".to_owned(), ranked([])));
        assert_eq!((now.head("Administered"), now.head("Far")), ("admin".to_owned(), "owner".to_owned()));
    }

    async fn r11_the_parents_administrator_comes_before_the_owner(start: Start) {
        let world = start
            .with(|it| lab(it).member("dean", "Faculty", &[Administrator]).path("Physics", "Lab", "lea", &[]))
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Physics"), ["Physics to dean, PARENT_ADMINISTRATOR: OWNER_DELETED"]);
    }

    async fn r12_the_first_co_instructor_succeeds_and_gives_up_the_place(start: Start) {
        let world = start
            .with(|it| session(it).co_instructors("Spring", &["first", "second"]).path_co_authors("Physics", &["third"]))
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Spring"), ["Spring to first, CO_INSTRUCTOR 1: OWNER_DELETED"]);
        let now = world.now().await;
        assert_eq!((now.head("Spring"), now.places("Spring")), ("first".to_owned(), ranked([(2, "second")])));
        assert_eq!(now.head("Physics"), "third");
    }

    async fn r12_then_the_main_author_of_the_path(start: Start) {
        let world = start
            .with(|it| {
                lab(it)
                    .path("Physics", "Lab", "second", &[])
                    .session("Spring", "Physics", "Lab", "lea", Dynamic)
                    .co_instructors("Spring", &["first"])
                    .status("first", Suspended)
            })
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Spring"), ["Spring to second, PATH_AUTHOR, not first (NOT_ACTIVE): OWNER_DELETED"]);
        assert_eq!(world.now().await.head("Spring"), "second");
    }

    async fn r12_who_leads_session_and_path_is_succeeded_in_the_path_first(start: Start) {
        let world = start.with(|it| session(it).path_co_authors("Physics", &["first", "second"])).await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Physics"), ["Physics to first, CO_AUTHOR 1: OWNER_DELETED"]);
        assert_eq!(done.about("Spring"), ["Spring to first, PATH_AUTHOR: OWNER_DELETED"]);
        let now = world.now().await;
        assert_eq!((now.head("Physics"), now.head("Spring")), ("first".to_owned(), "first".to_owned()));
        assert_eq!(now.places("Physics"), ranked([(2, "second")]));
    }

    async fn r12_where_the_paths_author_cannot_succeed_it_goes_on_through_the_steps_of_the_path(start: Start) {
        let world = start
            .with(|it| {
                lab(it)
                    .path("Physics", "Lab", "second", &[])
                    .path_co_authors("Physics", &["first"])
                    .session("Spring", "Physics", "Faculty", "lea", Dynamic)
                    .status("second", Suspended)
            })
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(done.about("Spring"), ["Spring to first, CO_AUTHOR, not second (NOT_ACTIVE): OWNER_DELETED"]);
        let now = world.now().await;
        assert_eq!(now.head("Spring"), "first");
        assert_eq!(now.head("Physics"), "second", "the path keeps its author");
        assert_eq!(now.places("Physics"), ranked([(1, "first")]), "and its co-author the place");
    }

    async fn r12_the_owner_group_that_counts_is_that_of_the_path(start: Start) {
        let world = start
            .with(|it| {
                lab(it)
                    .path("Physics", "Lab", "second", &[])
                    .session("Spring", "Physics", "Faculty", "lea", Dynamic)
                    .member("admin", "Lab", &[Administrator])
                    .member("dean", "Faculty", &[Administrator])
                    .status("second", Suspended)
            })
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(
            done.about("Spring"),
            ["Spring to admin, GROUP_ADMINISTRATOR, not second (NOT_ACTIVE): OWNER_DELETED"]
        );
    }

    async fn r13_nothing_is_handed_to_somebody_leaving_in_the_same_list_across_chunks(start: Start) {
        for size in [1, 2, 4] {
            let world = start
                .another()
                .await
                .with(|it| {
                    session(it)
                        .course_co_authors("Optics", &["first", "second"])
                        .path_co_authors("Physics", &["first", "second"])
                        .co_instructors("Spring", &["first", "second"])
                        .member("admin", "Lab", &[Administrator])
                        .member("dean", "Faculty", &[Administrator])
                })
                .await
                .in_chunks_of(size);
            let job = world.delete_all(&["lea", "first", "second", "admin"]).job().await;
            assert!(job.outcomes().iter().all(|(_, outcome)| *outcome == "DELETED"), "{:?}", job.outcomes());
            let now = world.now().await;
            for work in ["Optics", "Physics", "Spring"] {
                assert_eq!(now.head(work), "dean", "{work} in chunks of {size}");
                assert_eq!(now.places(work), ranked([]), "{work} in chunks of {size}");
            }
        }
    }

    async fn r13_everybody_but_the_owner_leaves(start: Start) {
        let world = start
            .with(|it| {
                session(it)
                    .course_co_authors("Optics", &["first"])
                    .member("admin", "Lab", &[Administrator])
                    .member("dean", "Faculty", &[Administrator])
            })
            .await
            .in_chunks_of(2);
        let job = world.delete_all(&["owner", "dean", "lea", "admin", "first", "second", "third"]).job().await;
        assert_eq!(job.outcomes()[0], ("owner", "OWNER_PROTECTED"));
        assert!(job.outcomes()[1..].iter().all(|(_, outcome)| *outcome == "DELETED"));
        let now = world.now().await;
        for work in ["Optics", "Physics", "Spring"] {
            assert_eq!(now.head(work), "owner");
        }
    }

    async fn r13_the_owner_is_eligible_as_co_author_also_when_listed(start: Start) {
        let world = start.with(|it| course(it).course_co_authors("Optics", &["owner", "first"])).await;
        let job = world.delete_all(&["lea", "owner"]).job().await;
        assert_eq!(job.outcomes(), [("lea", "DELETED"), ("owner", "OWNER_PROTECTED")]);
        let now = world.now().await;
        assert_eq!((now.head("Optics"), now.places("Optics")), ("owner".to_owned(), ranked([(2, "first")])));
    }

    async fn r13_a_listed_co_author_whose_account_stays_is_eligible(start: Start) {
        let world = start
            .with(|it| {
                course(it)
                    .group("Secret", "platform", Private)
                    .learners("Secret", &["first"])
                    .course_co_authors("Optics", &["first", "second"])
            })
            .await
            .in_chunks_of(1);
        let job = world.delete_all(&["first", "lea"]).keeping().job().await;
        assert_eq!(job.outcomes(), [("first", "REMOVED_NOT_DELETED"), ("lea", "DELETED")]);
        assert_eq!(world.now().await.head("Optics"), "first");
    }

    async fn r13_a_listed_co_author_who_cannot_be_removed_is_eligible(start: Start) {
        let world = start
            .with(|it| {
                it.group("Club", "platform", Private)
                    .group("Other", "platform", Private)
                    .users(&["lea", "first", "admin"])
                    .member("lea", "Club", &[Author])
                    .learners("Club", &["first"])
                    .learners("Other", &["first"])
                    .member("admin", "Club", &[Administrator])
                    .course("Optics", "Club", "lea")
                    .course_co_authors("Optics", &["first"])
            })
            .await;
        let job = world.delete_all(&["first", "lea"]).removing().by("admin").job().await;
        assert_eq!(job.outcomes(), [("first", "FORBIDDEN"), ("lea", "DELETED")]);
        assert_eq!(world.now().await.head("Optics"), "first");
    }

    async fn r13_an_administrator_who_loses_the_role_in_the_same_request_is_passed_over(start: Start) {
        for list in [["lea", "admin"], ["admin", "lea"]] {
            let world = start
                .another()
                .await
                .with(|it| {
                    it.group("Club", "platform", Private)
                        .users(&["lea", "admin"])
                        .member("lea", "Club", &[Author])
                        .member("admin", "Club", &[Administrator])
                        .learners("platform", &["admin"])
                        .course("Optics", "Club", "lea")
                })
                .await
                .in_chunks_of(1);
            let plan = world.remove_all(&list, "Club").confirmed().plan().await;
            assert_eq!(
                plan.of("lea").about("Optics"),
                ["Optics to owner, PARENT_ADMINISTRATOR, not admin (LOSES_ROLE): OWNER_DELETED"]
            );
            let job = world.remove_all(&list, "Club").confirmed().job().await;
            assert!(job.outcomes().contains(&("lea", "DELETED")), "{:?}", job.outcomes());
            assert!(job.outcomes().contains(&("admin", "REMOVED")), "{:?}", job.outcomes());
            assert_eq!(world.now().await.head("Optics"), "owner");
        }
    }

    async fn r13_the_leavers_own_places_go_and_nobody_is_renumbered(start: Start) {
        let world = start
            .with(|it| {
                lab(it)
                    .course("Optics", "Lab", "third")
                    .course_co_authors("Optics", &["first", "lea", "second"])
                    .path("Physics", "Lab", "third", &["Optics"])
                    .path_co_authors("Physics", &["lea", "first"])
                    .session("Spring", "Physics", "Lab", "third", Dynamic)
                    .co_instructors("Spring", &["first", "second", "lea"])
            })
            .await;
        let done = world.delete("lea").done().await;
        assert_eq!(
            done.about("place"),
            [
                "place 2 at Optics goes: ACCOUNT_DELETED",
                "place 1 at Physics goes: ACCOUNT_DELETED",
                "place 3 at Spring goes: ACCOUNT_DELETED"
            ]
        );
        let now = world.now().await;
        assert_eq!(now.places("Optics"), ranked([(1, "first"), (3, "second")]));
        assert_eq!(now.places("Physics"), ranked([(2, "first")]));
        assert_eq!(now.places("Spring"), ranked([(1, "first"), (2, "second")]));
    }

    async fn r13_activities_are_not_handed_over(start: Start) {
        let world = start.with(|it| course(it).activity("Prism", "Optics", "lea")).await;
        world.delete("lea").done().await;
        assert_eq!(world.now().await.tables.activities, world.made.tables.activities);
    }

    async fn r13_whose_account_stays_hands_nothing_over(start: Start) {
        let world = start
            .with(|it| session(it).learners("Lab", &["lea"]).course_co_authors("Optics", &["first"]))
            .await;
        let done = world.remove("lea", "Lab").done().await;
        assert_eq!((done.outcome.as_str(), done.about("OWNER_DELETED").len()), ("REMOVED", 0));
        let now = world.now().await;
        assert_eq!((now.head("Optics"), now.head("Spring")), ("lea".to_owned(), "lea".to_owned()));
    }

    async fn r13_the_last_group_hands_over_like_any_deletion(start: Start) {
        let world = start
            .with(|it| {
                it.group("Club", "platform", Private)
                    .users(&["lea", "first"])
                    .learners("platform", &["first"])
                    .member("lea", "Club", &[Author, Learner])
                    .course("Optics", "Club", "lea")
                    .course_co_authors("Optics", &["first"])
            })
            .await;
        let done = world.remove("lea", "Club").confirmed().done().await;
        assert_eq!(done.about("Optics"), ["Optics to first, CO_AUTHOR 1: OWNER_DELETED"]);
        assert_eq!(world.now().await.head("Optics"), "first");
    }
}

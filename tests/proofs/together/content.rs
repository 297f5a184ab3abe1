//! Writes over what people own and take part in.

use entity::id::GroupId;
use entity::kind::AudienceKind::{Dynamic, Static};
use entity::kind::Privacy::Public;
use entity::kind::Role::{Administrator, Learner};
use entity::kind::SeatKind;
use roster::courses::{self, CourseEdit, NewCourse};
use roster::organisation::Organisation;
use roster::paths::{self, PathEdit};
use roster::sessions::audience::{self, Audience, People};
use roster::sessions::{self, Instructors, SessionEdit};
use roster::slots::{self, Deletion, Registration};

use super::people::on_postgres;
use super::race::{Race, Write, door};
use crate::common::{Kind, Start, run};

/// Works of `ann` that `ben` has a place in, owned by a group that `cem` administers; and a session in it.
fn works(it: Organisation, n: usize) -> Organisation {
    let [ann, ben, cem, dee] = ["ann", "ben", "cem", "dee"].map(|name| format!("{name} {n}"));
    let [sales, course, path, session, slot] =
        ["Sales", "Basics", "Onboarding", "Live", "Room"].map(|name| format!("{name} {n}"));
    it.group(&sales, "platform", Public)
        .users(&[&ann, &ben, &cem, &dee])
        .learners(&sales, &[&ann, &ben, &dee])
        .member(&cem, &sales, &[Administrator])
        .course(&course, &sales, &ann)
        .course_co_authors(&course, &[&ben])
        .path(&path, &sales, &ann, &[&course])
        .session(&session, &path, &sales, &ben, Dynamic)
        .audience(&session, &[&sales])
        .slot(&slot, &session, 48, Some(1))
}

fn course(race: &Race, n: usize) -> CourseEdit {
    let course = race.world.course_id(&format!("Basics {n}"));
    CourseEdit { course, title: None, group: None, main_author: None, co_authors: None }
}

fn register(race: &Race, n: usize, user: &str, kind: SeatKind) -> Write {
    let slot = race.world.slot_id(&format!("Room {n}"));
    let registration = Registration { slot, user: race.world.user_id(&format!("{user} {n}")), kind };
    door!(race, "owner", slots::register, registration)
}

fn people(race: &Race, n: usize, user: &str) -> People {
    let session = race.world.session_id(&format!("Live {n}"));
    People { session, users: vec![race.world.user_id(&format!("{user} {n}"))] }
}

fn audience(race: &Race, n: usize, groups: Vec<GroupId>) -> Audience {
    let session = race.world.session_id(&format!("Live {n}"));
    Audience { session, kind: None, groups: Some(groups), recapture: false }
}

on_postgres! {
    async fn an_author_and_the_only_co_author(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            (race.delete("owner", &format!("ann {n}")), race.delete("owner", &format!("ben {n}")))
        })
        .await;
    }

    async fn an_author_and_the_administrator_who_would_succeed(start: Start) {
        let race = Race::new(start, |it, n| {
            works(it, n).path_co_authors(&format!("Onboarding {n}"), &[&format!("cem {n}")])
        })
        .await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            (race.delete("owner", &format!("ann {n}")), race.delete("owner", &format!("cem {n}")))
        })
        .await;
    }

    async fn an_author_and_the_role_of_who_would_succeed(start: Start) {
        let race = Race::new(start, |it, n| works(it, n).member(&format!("cem {n}"), "platform", &[Learner])).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let revoked = race.revoke(&format!("cem {n}"), &format!("Sales {n}"), Administrator);
            (race.delete("owner", &format!("ann {n}")), revoked)
        })
        .await;
    }

    async fn an_instructor_and_the_author_of_the_path(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            (race.delete("owner", &format!("ben {n}")), race.delete("owner", &format!("ann {n}")))
        })
        .await;
    }

    async fn somebody_deleted_and_made_main_author(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE"), ("DONE", "USER_DELETED")], 2, async |race, n| {
            let dee = format!("dee {n}");
            let edit = CourseEdit { main_author: Some(race.world.user_id(&dee)), ..course(race, n) };
            (race.delete("owner", &dee), door!(race, "owner", courses::update, edit))
        })
        .await;
    }

    async fn somebody_deleted_and_made_co_author(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE"), ("DONE", "USER_DELETED")], 2, async |race, n| {
            let dee = format!("dee {n}");
            let edit = CourseEdit { co_authors: Some(vec![race.world.user_id(&dee)]), ..course(race, n) };
            (race.delete("owner", &dee), door!(race, "owner", courses::update, edit))
        })
        .await;
    }

    async fn somebody_deleted_and_author_of_something_new(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE"), ("DONE", "USER_DELETED")], 2, async |race, n| {
            let dee = format!("dee {n}");
            let new = NewCourse {
                title: format!("New {n}"),
                group: race.world.group_id(&format!("Sales {n}")),
                main_author: Some(race.world.user_id(&dee)),
                co_authors: Vec::new(),
            };
            (race.delete("owner", &dee), door!(race, "owner", courses::create, new))
        })
        .await;
    }

    async fn somebody_deleted_and_made_main_instructor(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE"), ("DONE", "USER_DELETED")], 2, async |race, n| {
            let dee = format!("dee {n}");
            let edit = Instructors {
                session: race.world.session_id(&format!("Live {n}")),
                main_instructor: Some(race.world.user_id(&dee)),
                co_instructors: None,
            };
            (race.delete("owner", &dee), door!(race, "owner", sessions::set_instructors, edit))
        })
        .await;
    }

    async fn an_author_deleted_and_the_work_handed_on(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let edit = PathEdit {
                path: race.world.path_id(&format!("Onboarding {n}")),
                title: None,
                group: None,
                main_author: Some(race.world.user_id(&format!("dee {n}"))),
                co_authors: None,
                courses: None,
            };
            (race.delete("owner", &format!("ann {n}")), door!(race, "owner", paths::update, edit))
        })
        .await;
    }

    async fn a_deletion_and_a_seat(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE"), ("DONE", "USER_DELETED")], 2, async |race, n| {
            (race.delete("owner", &format!("dee {n}")), register(race, n, "dee", SeatKind::Attendee))
        })
        .await;
    }

    async fn a_deletion_and_a_place_as_trainer(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE"), ("DONE", "USER_DELETED")], 2, async |race, n| {
            (race.delete("owner", &format!("dee {n}")), register(race, n, "dee", SeatKind::Trainer))
        })
        .await;
    }

    async fn a_removal_from_the_audience_and_a_seat(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE"), ("DONE", "NOT_A_PARTICIPANT")], 2, async |race, n| {
            let leave = race.leave(&format!("dee {n}"), &format!("Sales {n}"), false);
            (leave, register(race, n, "dee", SeatKind::Attendee))
        })
        .await;
    }

    async fn the_last_seat_of_a_slot(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "SLOT_FULL"), ("SLOT_FULL", "DONE")], 2, async |race, n| {
            (register(race, n, "ann", SeatKind::Attendee), register(race, n, "dee", SeatKind::Attendee))
        })
        .await;
    }

    async fn a_slot_deleted_and_a_seat(start: Start) {
        let race = Race::new(start, works).await;
        // Whoever registers while the slot is looked at is locked when it is looked at again.
        race.run(&[("DONE", "DONE"), ("DONE", "NOT_FOUND")], 3, async |race, n| {
            let slot = Deletion { slot: race.world.slot_id(&format!("Room {n}")) };
            (door!(race, "owner", slots::delete, slot), register(race, n, "dee", SeatKind::Attendee))
        })
        .await;
    }

    async fn a_slot_deleted_and_who_sits_in_it(start: Start) {
        let race = Race::new(start, |it, n| works(it, n).attend(&format!("Room {n}"), &[&format!("dee {n}")])).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let slot = Deletion { slot: race.world.slot_id(&format!("Room {n}")) };
            (door!(race, "owner", slots::delete, slot), race.delete("owner", &format!("dee {n}")))
        })
        .await;
    }

    async fn an_exclusion_and_a_seat(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE"), ("DONE", "NOT_A_PARTICIPANT")], 2, async |race, n| {
            let exclude = door!(race, "owner", audience::exclude, people(race, n, "dee"));
            (exclude, register(race, n, "dee", SeatKind::Attendee))
        })
        .await;
    }

    async fn another_audience_and_a_seat(start: Start) {
        let race = Race::new(start, works).await;
        // Whoever registers while the audience is looked at is locked when it is looked at again.
        race.run(&[("DONE", "DONE"), ("DONE", "NOT_A_PARTICIPANT")], 3, async |race, n| {
            let set = door!(race, "owner", audience::set, audience(race, n, Vec::new()));
            (set, register(race, n, "dee", SeatKind::Attendee))
        })
        .await;
    }

    async fn a_deletion_and_an_enrolment(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let enrol = door!(race, "owner", audience::enrol, people(race, n, "dee"));
            (race.delete("owner", &format!("dee {n}")), enrol)
        })
        .await;
    }

    async fn a_deletion_and_an_audience_that_captures(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let groups = vec![race.world.group_id(&format!("Sales {n}"))];
            let captured = Audience { kind: Some(Static), ..audience(race, n, groups) };
            (race.delete("owner", &format!("dee {n}")), door!(race, "owner", audience::set, captured))
        })
        .await;
    }

    async fn a_deletion_and_an_end_that_captures(start: Start) {
        let race = Race::new(start, works).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let now = race.world.made.now;
            let end = SessionEdit {
                session: race.world.session_id(&format!("Live {n}")),
                title: None,
                starts_at: None,
                ends_at: Some(now - chrono::TimeDelta::hours(1)),
                group: None,
            };
            (race.delete("owner", &format!("dee {n}")), door!(race, "owner", sessions::update, end))
        })
        .await;
    }

    async fn two_writes_that_find_sessions_to_capture(start: Start) {
        let race = Race::new(start, |it, n| works(it, n).ended(&format!("Live {n}"))).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            (race.delete("owner", &format!("dee {n}")), race.leave(&format!("ann {n}"), &format!("Sales {n}"), true))
        })
        .await;
    }
}

//! Writes over people and their memberships.

use std::time::Duration;

use entity::id::UserId;
use entity::job_item::{Column, Entity as JobItems};
use entity::kind::Privacy::{self, Private, Public};
use entity::kind::Role::{Administrator, Coach, Learner};
use entity::kind::{Outcome, Role};
use roster::change::Change;
use roster::error::Failure;
use roster::groups::{self, GroupDeletion, GroupMove, PrivacyChange};
use roster::jobs;
use roster::memberships::{self, Grant};
use roster::organisation::Organisation;
use roster::people::email::{Asked, By, Presence};
use roster::people::{self, Entry, EntryChange, NewPerson, PersonChange};
use roster::removal::batch::{self, Batch, Bounds};
use roster::removal::request::Scope;
use roster::settings::{self, Settings};
use roster::transaction::Tx;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::race::{Race, Write, door, named, request};
use crate::common::{Kind, Start, run};

macro_rules! on_postgres {
    ($($(#[$meta:meta])* async fn $name:ident($start:ident: Start) $body:block)+) => {$(
        $(#[$meta])*
        #[test]
        fn $name() {
            run(Kind::Postgres, |$start: Start| Box::pin(async move { $body }));
        }
    )+};
}
pub(super) use on_postgres;

fn grant(race: &Race, user: &str, group: &str, role: Role) -> Write {
    let grant = Grant { user: race.world.user_id(user), group: race.world.group_id(group), role };
    door!(race, "owner", memberships::grant, grant)
}

on_postgres! {
    async fn a_deletion_and_a_membership_for_the_same_person(start: Start) {
        let race = Race::new(start, |it, n| {
            it.group(&format!("Sales {n}"), "platform", Public)
                .user(&format!("ann {n}"))
                .member(&format!("ann {n}"), "platform", &[Learner])
        })
        .await;
        // Where the membership comes first, the deletion takes it too.
        race.run(&[("DONE", "USER_DELETED"), ("DONE", "DONE")], 2, async |race, n| {
            let (ann, sales) = (format!("ann {n}"), format!("Sales {n}"));
            (race.delete("owner", &ann), grant(race, &ann, &sales, Coach))
        })
        .await;
    }

    async fn the_last_group_and_a_new_one(start: Start) {
        let race = Race::new(start, |it, n| {
            it.group(&format!("Sales {n}"), "platform", Private)
                .group(&format!("North {n}"), "platform", Private)
                .user(&format!("ann {n}"))
                .member(&format!("ann {n}"), &format!("Sales {n}"), &[Learner])
        })
        .await;
        race.run(&[("WOULD_DELETE_ACCOUNT", "DONE"), ("DONE", "DONE")], 2, async |race, n| {
            let ann = format!("ann {n}");
            (race.leave(&ann, &format!("Sales {n}"), false), grant(race, &ann, &format!("North {n}"), Learner))
        })
        .await;
    }

    async fn both_of_the_last_two_groups(start: Start) {
        let race = Race::new(start, in_two_groups).await;
        race.run(&[("DONE", "WOULD_DELETE_ACCOUNT"), ("WOULD_DELETE_ACCOUNT", "DONE")], 2, async |race, n| {
            let ann = format!("ann {n}");
            (race.leave(&ann, &format!("Sales {n}"), false), race.leave(&ann, &format!("North {n}"), false))
        })
        .await;
    }

    async fn both_of_the_last_two_groups_and_the_account_with_them(start: Start) {
        let race = Race::new(start, in_two_groups).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let ann = format!("ann {n}");
            (race.leave(&ann, &format!("Sales {n}"), true), race.leave(&ann, &format!("North {n}"), true))
        })
        .await;
    }

    async fn the_same_deletion_twice(start: Start) {
        let race = Race::new(start, in_two_groups).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let ann = format!("ann {n}");
            (race.delete("owner", &ann), race.delete("owner", &ann))
        })
        .await;
    }

    async fn two_administrators_delete_each_other(start: Start) {
        let race = Race::new(start, |it, n| {
            it.user(&format!("ann {n}"))
                .user(&format!("ben {n}"))
                .member(&format!("ann {n}"), "platform", &[Administrator])
                .member(&format!("ben {n}"), "platform", &[Administrator])
        })
        .await;
        race.run(&[("DONE", "FORBIDDEN"), ("FORBIDDEN", "DONE")], 2, async |race, n| {
            let (ann, ben) = (format!("ann {n}"), format!("ben {n}"));
            (race.delete(&ann, &ben), race.delete(&ben, &ann))
        })
        .await;
    }

    async fn lists_in_opposite_orders(start: Start) {
        let race = Race::new(start, |it, n| (0..6).fold(it, |it, i| {
            let name = format!("person {n} {i}");
            it.user(&name).member(&name, "platform", &[Learner, Coach])
        }))
        .await;
        // Each accepts a job, takes it, and begins and carries out three chunks. Whoever works looks for jobs when one is
        // accepted and when one was taken.
        race.run(&[("DONE", "DONE")], 16 + 6, async |race, n| {
            let people: Vec<UserId> = (0..6).map(|i| race.world.user_id(&format!("person {n} {i}"))).collect();
            let turned = people.iter().rev().copied().collect();
            (list(race, people), list(race, turned))
        })
        .await;
    }

    async fn a_removal_and_a_group_that_closes(start: Start) {
        let race = Race::new(start, below_sales).await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let ann = format!("ann {n}");
            (race.leave(&ann, &format!("Sales {n}"), true), privacy(race, &format!("North {n}"), Private))
        })
        .await;
    }

    async fn a_removal_and_a_group_that_opens(start: Start) {
        let race = Race::new(start, |it, n| {
            it.group(&format!("Sales {n}"), "platform", Public)
                .group(&format!("North {n}"), &format!("Sales {n}"), Private)
                .user(&format!("ann {n}"))
                .member(&format!("ann {n}"), &format!("Sales {n}"), &[Learner])
                .member(&format!("ann {n}"), &format!("North {n}"), &[Learner])
        })
        .await;
        race.run(&[("DONE", "DONE")], 2, async |race, n| {
            let ann = format!("ann {n}");
            (race.leave(&ann, &format!("Sales {n}"), true), privacy(race, &format!("North {n}"), Public))
        })
        .await;
    }

    async fn a_removal_and_a_group_that_moves_away(start: Start) {
        let race = Race::new(start, |it, n| below_sales(it.group(&format!("South {n}"), "platform", Public), n)).await;
        // Where the group moves first, its learners would rise into another group.
        race.run(&[("DONE", "DONE"), ("DONE", "LEARNERS_WOULD_RISE")], 2, async |race, n| {
            let id = |name: &str| race.world.group_id(&format!("{name} {n}"));
            let change = GroupMove { group: id("North"), parent: id("South"), rise_digest: None };
            (race.leave(&format!("ann {n}"), &format!("Sales {n}"), true), door!(race, "owner", groups::move_to, change))
        })
        .await;
    }

    async fn a_membership_and_a_group_that_moves(start: Start) {
        let race = Race::new(start, |it, n| {
            it.group(&format!("Sales {n}"), "platform", Public)
                .group(&format!("North {n}"), "platform", Public)
                .user(&format!("ann {n}"))
                .member(&format!("ann {n}"), "platform", &[Learner])
        })
        .await;
        race.run(&[("DONE", "DONE"), ("DONE", "LEARNERS_WOULD_RISE")], 2, async |race, n| {
            let id = |name: &str| race.world.group_id(&format!("{name} {n}"));
            let change = GroupMove { group: id("North"), parent: id("Sales"), rise_digest: None };
            let grant = grant(race, &format!("ann {n}"), &format!("North {n}"), Learner);
            (grant, door!(race, "owner", groups::move_to, change))
        })
        .await;
    }

    async fn a_membership_in_a_group_that_goes(start: Start) {
        let race = Race::new(start, |it, n| {
            it.group(&format!("Sales {n}"), "platform", Public)
                .user(&format!("ann {n}"))
                .member(&format!("ann {n}"), "platform", &[Learner])
        })
        .await;
        race.run(&[("DONE", "GROUP_NOT_EMPTY"), ("NOT_FOUND", "DONE")], 2, async |race, n| {
            let deletion = GroupDeletion { group: race.world.group_id(&format!("Sales {n}")), content_to: None };
            let grant = grant(race, &format!("ann {n}"), &format!("Sales {n}"), Learner);
            (grant, door!(race, "owner", groups::delete, deletion))
        })
        .await;
    }

    async fn a_deletion_and_a_new_email(start: Start) {
        let race = Race::new(start, in_two_groups).await;
        race.run(&[("DONE", "DONE"), ("DONE", "USER_DELETED")], 2, async |race, n| {
            let ann = format!("ann {n}");
            let change = email(race.world.user_id(&ann), &format!("new.{n}@example.org"));
            (race.delete("owner", &ann), door!(race, "owner", update, change))
        })
        .await;
    }

    async fn one_email_for_two(start: Start) {
        let race = Race::new(start, in_two_groups).await;
        // Whoever waits for the other at the unique key looks again.
        race.run(&[("DONE", "EMAIL_TAKEN"), ("EMAIL_TAKEN", "DONE")], 3, async |race, n| {
            let wanted = format!("wanted.{n}@example.org");
            let entry = Entry { email: Some(wanted.clone()), ..Entry::default() };
            let new = NewPerson { entry, ..NewPerson::default() };
            let change = email(race.world.user_id(&format!("ann {n}")), &wanted);
            (door!(race, "owner", people::create, new), door!(race, "owner", update, change))
        })
        .await;
    }

    async fn the_last_seat(start: Start) {
        let race = Race::new(start, |it, _| it).await;
        race.run(&[("DONE", "NO_SEAT_AVAILABLE"), ("NO_SEAT_AVAILABLE", "DONE")], 2, async |race, n| {
            // The owner, one person of each round before, and one seat more.
            let settings = Settings { seat_limit: Change::Set(n as i64 + 2), ..Settings::default() };
            door!(race, "owner", settings::update, settings).work.await.expect("a seat more");
            let new = |which: &str| {
                let entry = Entry { email: Some(format!("{which}.{n}@example.org")), ..Entry::default() };
                door!(race, "owner", people::create, NewPerson { entry, ..NewPerson::default() })
            };
            (new("one"), new("other"))
        })
        .await;
    }
}

fn in_two_groups(it: Organisation, n: usize) -> Organisation {
    let [ann, sales, north] = ["ann", "Sales", "North"].map(|name| format!("{name} {n}"));
    it.group(&sales, "platform", Private)
        .group(&north, "platform", Private)
        .user(&ann)
        .member(&ann, &sales, &[Learner])
        .member(&ann, &north, &[Learner, Coach])
}

fn below_sales(it: Organisation, n: usize) -> Organisation {
    let [ann, sales, north] = ["ann", "Sales", "North"].map(|name| format!("{name} {n}"));
    it.group(&sales, "platform", Public).group(&north, &sales, Public).user(&ann).member(
        &ann,
        &north,
        &[Learner],
    )
}

fn privacy(race: &Race, group: &str, privacy: Privacy) -> Write {
    let change = PrivacyChange { group: race.world.group_id(group), privacy, rise_digest: None };
    door!(race, "owner", groups::set_privacy, change)
}

/// A person's entry is changed by somebody who is there, where letters are sent.
async fn update(tx: &Tx, change: &PersonChange) -> Result<(), Failure> {
    // Of each address another link.
    let link = format!("link to {:?}", change.entry.email);
    let asked = Asked { by: By::Person(Presence::Password), link: Some(&link) };
    people::update(tx, change, asked).await.map(|_| ())
}

fn email(user: UserId, email: &str) -> PersonChange {
    let entry = EntryChange { email: Change::Set(email.to_owned()), ..EntryChange::from(&Entry::default()) };
    PersonChange { user, entry, custom_fields: Change::Keep, external_ids: Change::Keep }
}

/// Deletes a list in chunks of two; nobody of it fails.
fn list(race: &Race, people: Vec<UserId>) -> Write {
    let (db, owner) = (race.world.db.clone(), race.caller("owner"));
    let bounds = Bounds { people: 2, ..Bounds::default() };
    let request = request(Scope::Platform, true);
    let batch = Batch { people: named(people), request, plan_digest: None, confirm_count: None, bounds };
    let work = async move {
        let job = batch::remove_many(&db, owner, None, batch).await?;
        jobs::wait(&db, job, Duration::from_secs(60), Box::pin(std::future::pending())).await?;
        let items = JobItems::find().filter(Column::JobId.eq(job)).all(&db.read).await?;
        for item in items {
            assert!(matches!(item.outcome, Some(Outcome::Deleted | Outcome::AlreadyDeleted)), "{item:?}");
        }
        Ok(())
    };
    Write { work: Box::pin(work) }
}

//! Signing up (R24, R34).

use entity::kind::{Cause, Status};
use roster::server::Proxies;
use serde_json::{Value, json};

use super::front::{Front, allowed, bearer, code, front, front_with};
use crate::common::each_database;

async fn open(front: &Front, group: &str) {
    let owner = front.sign_in("owner").await;
    let input = json!({ "signUpGroupId": front.world.group(group) });
    front.done(&[bearer(&owner)], "updatePlatform", input, "platform { signUpGroup { name } }").await;
}

fn newcomer(name: &str) -> Value {
    json!({ "email": format!("{name}@example.org"), "firstName": name, "lastName": "New", "language": "fr" })
}

each_database! {
    async fn r34_a_newcomer_becomes_a_learner_of_the_group_that_the_platform_names(start: Start) {
        let front = front(start).await;
        open(&front, "School").await;
        let done = front.done(&[], "signUp", newcomer("nina"), "accepted").await;
        assert_eq!(done["accepted"], true);
        assert!(front.world.members("School").await.contains(&"nina LEARNER".to_owned()));
        let link = front.link_to("nina").await;
        let refused = front.refused(&[], "signIn", Front::entry("nina@example.org", "a password")).await;
        assert_eq!(refused, "INVALID_CREDENTIALS");
        front.done(&[], "resetPassword", json!({ "token": link, "newPassword": "a password" }), "changed").await;
        let token = front.sign_in_with("nina@example.org", "a password").await;
        assert_eq!(front.viewer_of(&token).await, "nina");
    }

    async fn r34_nobody_signs_up_unless_the_platform_wants_it(start: Start) {
        let front = front(start).await;
        assert_eq!(front.refused(&[], "signUp", newcomer("nina")).await, "SIGN_UP_CLOSED");
        open(&front, "School").await;
        let gus = front.sign_in("gus").await;
        let closing = json!({ "signUpGroupId": null });
        assert_eq!(front.refused(&[bearer(&gus)], "updatePlatform", closing.clone()).await, "FORBIDDEN");
        let owner = front.sign_in("owner").await;
        let nothing = json!({ "signUpGroupId": front.world.user("ann") });
        assert_eq!(front.refused(&[bearer(&owner)], "updatePlatform", nothing).await, "NOT_FOUND");
        front.done(&[bearer(&owner)], "updatePlatform", closing, "platform { signUpGroup { id } }").await;
        assert_eq!(front.refused(&[], "signUp", newcomer("nina")).await, "SIGN_UP_CLOSED");
        for bad in [json!({ "email": "no address" }), json!({ "email": "nina@example.org", "language": "!" })] {
            open(&front, "School").await;
            let before = front.world.dump().await;
            assert_eq!(code(&front.mutate(&[], "signUp", bad, "").await.0), "BAD_INPUT");
            assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
        }
        assert_eq!(front.letters(0).await, Vec::<String>::new());
    }

    async fn a_group_that_people_signed_up_for_may_go(start: Start) {
        let front = front_with(
            start,
            |it| it.group("Hall", "platform", entity::kind::Privacy::Public),
            allowed(1_000, 1_000),
            Proxies::default(),
        )
        .await;
        open(&front, "Hall").await;
        let owner = front.sign_in("owner").await;
        let deletion = json!({ "groupId": front.world.group("Hall") });
        front.done(&[bearer(&owner)], "deleteGroup", deletion, "deletedGroupId").await;
        assert_eq!(front.refused(&[], "signUp", newcomer("nina")).await, "SIGN_UP_CLOSED");
    }

    async fn r24_an_address_that_somebody_has_is_answered_like_any_other(start: Start) {
        let front = front_with(
            start,
            |it| {
                it.users(&["sue", "dan"])
                    .learners("platform", &["sue", "dan"])
                    .status("sue", Status::Suspended)
                    .status("dan", Status::Deactivated)
            },
            allowed(1_000, 1_000),
            Proxies::default(),
        )
        .await;
        open(&front, "School").await;
        let before = front.world.dump().await;
        let accepted = json!({ "accepted": true, "userErrors": [] });
        for name in ["SUE", "dan", "ann"] {
            assert_eq!(front.mutate(&[], "signUp", newcomer(name), "accepted").await.0, accepted, "{name}");
        }
        assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
        // Whoever signs in already is told so; nobody else is.
        let letter = front.letters(1).await.remove(0);
        assert!(letter.starts_with("To: ann@example.org\r\n") && !letter.contains("#password="), "{letter}");
    }

    async fn r24_an_address_that_is_free_again_makes_a_new_account(start: Start) {
        let front = front_with(
            start,
            |it| {
                it.users(&["del", "ada"])
                    .learners("platform", &["del", "ada"])
                    .deleted("del", Cause::Requested, 3)
                    .status("ada", Status::Anonymized)
            },
            allowed(1_000, 1_000),
            Proxies::default(),
        )
        .await;
        open(&front, "School").await;
        for name in ["del", "ada"] {
            front.done(&[], "signUp", newcomer(name), "accepted").await;
            front.link_to(name).await;
            let same: Vec<_> = front.world.tables().await.users;
            let new = same.iter().find(|user| {
                user.status == Status::Active && user.email.as_deref() == Some(&format!("{name}@example.org"))
            });
            let new = new.expect("a new account");
            assert!(new.id.0 > front.world.user_id(name).0, "unlinked to the one before");
            assert!(front.world.members("School").await.contains(&format!("{name} LEARNER")));
        }
        let old = front.world.tables().await.users;
        let old = old.iter().find(|user| user.id == front.world.user_id("del")).unwrap();
        assert_eq!(old.status, Status::Deleted);
    }

    async fn r22_seats_are_looked_at_first(start: Start) {
        let front = front_with(start, |it| it.seats(5), allowed(1_000, 1_000), Proxies::default()).await;
        open(&front, "School").await;
        for name in ["nina", "ann"] {
            assert_eq!(front.refused(&[], "signUp", newcomer(name)).await, "NO_SEAT_AVAILABLE", "{name}");
        }
        assert_eq!(front.letters(0).await, Vec::<String>::new());
    }
}

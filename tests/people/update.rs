//! R24, R34: an entry is changed field by field, by whoever may.

use entity::kind::Privacy::Private;
use entity::kind::Role::{Administrator, Coach, UserAdministrator};
use entity::kind::{Cause, Status};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::each_database;

const PASSWORD: &str = "a good password";

fn two_schools(it: Organisation) -> Organisation {
    it.group("North", "platform", Private)
        .group("South", "platform", Private)
        .users(&["north registrar", "deputy", "pupil", "both", "coach"])
        .member("north registrar", "North", &[UserAdministrator])
        .member("deputy", "platform", &[Administrator])
        .learners("North", &["pupil", "both"])
        .learners("South", &["both"])
        .member("coach", "North", &[Coach])
}

each_database! {
    async fn r34_absent_keeps_and_null_clears(start: Start) {
        let world = start
            .with(|it| two_schools(it).job("pupil", "Prefect").external_id("pupil", "SIS", "1")
                .external_id("pupil", "HR", "2").custom_field("pupil", "House", "Red"))
            .await;
        let pupil = world.user_id("pupil");
        let name = json!({ "userId": world.user("pupil"), "firstName": "Piet", "lastName": "Mondriaan" });
        world.done("owner", "updateUser", name, "user { id }").await;
        let tables = world.tables().await;
        let row = tables.users.iter().find(|row| row.id == pupil).expect("the pupil");
        assert_eq!((row.name_key.as_str(), row.job_title.as_deref()), ("piet mondriaan", Some("Prefect")));
        assert_eq!(tables.external_ids.iter().filter(|id| id.user_id == pupil).count(), 2);

        let clear = json!({
            "userId": world.user("pupil"), "jobTitle": null, "customFields": null,
            "externalIds": [{ "system": "SIS", "value": "9" }],
        });
        world.done("owner", "updateUser", clear, "user { id }").await;
        let tables = world.tables().await;
        let row = tables.users.iter().find(|row| row.id == pupil).expect("the pupil");
        assert_eq!((row.job_title.as_deref(), row.first_name.as_deref()), (None, Some("Piet")));
        assert!(!row.search_key.contains("prefect") && row.search_key.contains('9'), "{}", row.search_key);
        let ids: Vec<&str> =
            tables.external_ids.iter().filter(|id| id.user_id == pupil).map(|id| id.value.as_str()).collect();
        assert_eq!((ids, tables.custom_fields.len()), (vec!["9"], 0));

        let nothing_left = json!({ "userId": world.user("pupil"), "email": null });
        let answer = world.refused("owner", "updateUser", nothing_left).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "email"));
        let username = json!({ "userId": world.user("pupil"), "email": null, "username": "piet" });
        world.done("owner", "updateUser", username, "user { id }").await;
    }

    async fn r34_who_may_change_an_entry(start: Start) {
        let world = start.with(two_schools).await;
        let phone = |who: &str| json!({ "userId": world.user(who), "phone": "1" });
        let email = |who: &str| json!({ "userId": world.user(who), "email": "new@example.org" });
        let house = |who: &str| {
            json!({ "userId": world.user(who), "customFields": [{ "name": "House", "value": "Red" }] })
        };
        let refused: [(&str, Value, &str); 9] = [
            ("pupil", phone("both"), "FORBIDDEN"),
            ("both", phone("pupil"), "FORBIDDEN"),
            ("north registrar", phone("both"), "FORBIDDEN"),
            ("north registrar", phone("coach"), "FORBIDDEN"),
            ("coach", phone("pupil"), "FORBIDDEN"),
            ("pupil", house("pupil"), "FORBIDDEN"),
            ("north registrar", phone("deputy"), "NOT_FOUND"),
            ("deputy", email("owner"), "FORBIDDEN"),
            ("pupil", json!({ "userId": world.group("North"), "phone": "1" }), "NOT_FOUND"),
        ];
        for (who, input, code) in refused {
            assert_eq!(world.refused(who, "updateUser", input.clone()).await.refused(), code, "{who} {input}");
        }
        // Their own email takes the password, as `sign_in::emails` shows.
        for who in ["pupil", "owner"] {
            assert_eq!(world.refused(who, "updateUser", email(who)).await.path(), "currentPassword");
        }
        world.give_password("owner", PASSWORD).await;
        world.give_password("pupil", PASSWORD).await;
        for (who, input) in [
            ("pupil", phone("pupil")),
            ("pupil", json!({ "userId": world.user("pupil"), "email": "new@example.org", "currentPassword": PASSWORD })),
            ("north registrar", house("pupil")),
            ("deputy", phone("both")),
            ("deputy", phone("owner")),
            ("owner", phone("deputy")),
            ("owner", json!({ "userId": world.user("owner"), "email": "me@example.org", "currentPassword": PASSWORD })),
        ] {
            world.done(who, "updateUser", input, "user { id }").await;
        }
        // A group of which the caller may not know is counted, not named.
        let answer = world.refused("north registrar", "updateUser", phone("both")).await;
        assert_eq!((answer.about(), &answer.0["userErrors"][0]["hiddenCount"]), (vec![], &json!(1)));
    }

    async fn r24_an_email_that_somebody_reserves_is_taken(start: Start) {
        let world = start
            .with(|it| {
                two_schools(it).user("del").deleted("del", Cause::Requested, 2).external_id("both", "SIS", "1")
            })
            .await;
        let change = |field: &str, value: Value| json!({ "userId": world.user("pupil"), field: value });
        let taken = world.refused("owner", "updateUser", change("email", json!("BOTH@example.org"))).await;
        assert_eq!((taken.refused(), taken.path().as_str()), ("EMAIL_TAKEN", "email"));
        let ids = json!([{ "system": "SIS", "value": "1" }]);
        let taken = world.refused("owner", "updateUser", change("externalIds", ids)).await;
        assert_eq!(taken.refused(), "EXTERNAL_ID_TAKEN");
        world.done("owner", "updateUser", change("username", json!("ada")), "user { id }").await;
        let other = json!({ "userId": world.user("both"), "username": "ADA" });
        assert_eq!(world.refused("owner", "updateUser", other).await.refused(), "USERNAME_TAKEN");
        // One's own, written otherwise, and a deleted person's.
        world.done("owner", "updateUser", change("email", json!("Pupil@Example.org")), "user { id }").await;
        world.done("owner", "updateUser", change("email", json!("del@example.org")), "user { id }").await;
    }

    async fn what_is_gone_is_not_changed(start: Start) {
        let world = start
            .with(|it| {
                two_schools(it)
                    .users(&["del", "ano"])
                    .learners("North", &["ano"])
                    .status("ano", Status::Anonymized)
                    .deleted("del", Cause::Requested, 2)
            })
            .await;
        for (who, code) in [("del", "USER_DELETED"), ("ano", "INVALID_TRANSITION")] {
            let input = json!({ "userId": world.user(who), "firstName": "Ada" });
            assert_eq!(world.refused("owner", "updateUser", input).await.refused(), code);
        }
    }
}

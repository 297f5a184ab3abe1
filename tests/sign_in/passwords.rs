//! Passwords: changing one's own, setting somebody else's (R34), choosing one by a link.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::front::{Front, bearer, code, front, password};
use crate::common::each_database;

const NEW: &str = "a new password";
const OTHER: &str = "yet another one";

/// A link that was asked for.
async fn asked_for(front: &Front, name: &str) -> String {
    let input = json!({ "email": format!(" {}@Example.ORG", name.to_uppercase()) });
    let done = front.done(&[], "requestPasswordReset", input, "accepted").await;
    assert_eq!(done["accepted"], true);
    front.link_to(name).await
}

fn choosing(link: &str) -> Value {
    json!({ "token": link, "newPassword": NEW })
}

async fn is_refused(front: &Front, name: &str, password: &str) -> String {
    front.refused(&[], "signIn", Front::entry(&format!("{name}@example.org"), password)).await
}

each_database! {
    async fn ones_own_password_is_changed_with_the_one_before(start: Start) {
        let front = front(start).await;
        let (here, elsewhere) = (front.sign_in("ann").await, front.sign_in("ann").await);
        let change = |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new });
        for (input, refusal) in [
            (change("nobody has this", NEW), "INVALID_CREDENTIALS"),
            (change(&password("ann"), "seven77"), "BAD_INPUT"),
            (change(&password("ann"), &"a".repeat(129)), "BAD_INPUT"),
            (change(&password("ann"), &password("ann")), "BAD_INPUT"),
        ] {
            assert_eq!(front.refused(&[bearer(&here)], "changePassword", input.clone()).await, refusal, "{input}");
        }
        assert_eq!(front.refused(&[], "changePassword", change(&password("ann"), NEW)).await, "UNAUTHENTICATED");
        front.done(&[bearer(&here)], "changePassword", change(&password("ann"), NEW), "changed").await;
        assert_eq!(front.viewer_of(&here).await, "ann");
        assert_eq!(front.viewer_of(&elsewhere).await, "UNAUTHENTICATED");
        assert_eq!(is_refused(&front, "ann", &password("ann")).await, "INVALID_CREDENTIALS");
        front.sign_in_with("ann@example.org", NEW).await;
    }

    async fn r34_a_password_that_somebody_else_set_is_changed_at_the_next_sign_in(start: Start) {
        let front = front(start).await;
        let (owner, lea) = (front.sign_in("owner").await, front.sign_in("lea").await);
        let input = json!({ "userId": front.world.user("lea"), "password": NEW });
        front.done(&[bearer(&owner)], "setPassword", input, "user { id }").await;
        let letter = front.letters(1).await.remove(0);
        assert!(letter.starts_with("To: lea@example.org\r\n") && !letter.contains(NEW), "{letter}");
        assert_eq!(front.viewer_of(&lea).await, "UNAUTHENTICATED");
        assert_eq!(is_refused(&front, "lea", &password("lea")).await, "INVALID_CREDENTIALS");
        let entry = |new: Value| {
            json!({ "login": "lea@example.org", "password": NEW, "transport": "BEARER", "newPassword": new })
        };
        for (new, refusal) in
            [(Value::Null, "PASSWORD_MUST_CHANGE"), (json!(NEW), "BAD_INPUT"), (json!("short"), "BAD_INPUT")]
        {
            assert_eq!(front.refused(&[], "signIn", entry(new.clone())).await, refusal, "{new}");
        }
        let done = front.done(&[], "signIn", entry(json!(OTHER)), "token").await;
        assert_eq!(front.viewer_of(done["token"].as_str().unwrap()).await, "lea");
        front.sign_in_with("lea@example.org", OTHER).await;
        // Whose password is their own changes it where they are asked for the one before.
        let input = json!({ "login": "lea@example.org", "password": OTHER, "transport": "BEARER", "newPassword": NEW });
        assert_eq!(front.refused(&[], "signIn", input).await, "BAD_INPUT");
    }

    async fn nobody_sets_a_password_without_the_right_over_the_person(start: Start) {
        let front = front(start).await;
        let (owner, gus, ann) =
            (front.sign_in("owner").await, front.sign_in("gus").await, front.sign_in("ann").await);
        let input = |name: &str| json!({ "userId": front.world.user(name), "password": NEW });
        for (who, whose, refusal) in [
            (&ann, "bob", "NOT_FOUND"),
            (&ann, "owner", "NOT_FOUND"),
            (&gus, "owner", "NOT_FOUND"),
            (&gus, "ann", "NOT_FOUND"),
            (&owner, "owner", "BAD_INPUT"),
            (&ann, "ann", "BAD_INPUT"),
        ] {
            let refused = front.refused(&[bearer(who)], "setPassword", input(whose)).await;
            assert_eq!(refused, refusal, "{whose}");
        }
        assert_eq!(front.refused(&[], "setPassword", input("lea")).await, "UNAUTHENTICATED");
        front.done(&[bearer(&gus)], "setPassword", input("lea"), "user { id }").await;
        front.becomes("bob", "ANONYMIZED").await;
        assert_eq!(front.refused(&[bearer(&owner)], "setPassword", input("bob")).await, "INVALID_TRANSITION");
        front.done(&[bearer(&owner)], "deleteUser", json!({ "userId": front.world.user("ann") }), "outcome").await;
        assert_eq!(front.refused(&[bearer(&owner)], "setPassword", input("ann")).await, "USER_DELETED");
    }

    async fn a_link_chooses_a_password_once(start: Start) {
        let front = front(start).await;
        let signed_in = front.sign_in("ann").await;
        let link = asked_for(&front, "ann").await;
        assert!(link.starts_with("roster_link_"), "{link}");
        // By a link a password is chosen, and nothing else done.
        assert_eq!(front.viewer_of(&link).await, "UNAUTHENTICATED");
        for bad in ["seven77", "nul\0nul\0nul"] {
            let input = json!({ "token": link, "newPassword": bad });
            assert_eq!(front.refused(&[], "resetPassword", input).await, "BAD_INPUT");
        }
        front.done(&[], "resetPassword", choosing(&link), "changed").await;
        assert_eq!(front.viewer_of(&signed_in).await, "UNAUTHENTICATED");
        front.sign_in_with("ann@example.org", NEW).await;
        assert_eq!(is_refused(&front, "ann", &password("ann")).await, "INVALID_CREDENTIALS");
        assert_eq!(front.refused(&[], "resetPassword", choosing(&link)).await, "INVALID_TOKEN");
    }

    async fn a_link_no_longer_works_when_something_has_changed(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let refused = async |link: &str| front.refused(&[], "resetPassword", choosing(link)).await;
        for nothing in ["", "roster_link_nonsense", &"a".repeat(100_000)] {
            assert_eq!(refused(nothing).await, "INVALID_TOKEN");
        }
        // Another one was asked for, after an hour: until then there is but the first.
        let first = asked_for(&front, "ann").await;
        front.world.db.clock.advance(TimeDelta::minutes(61));
        let second = asked_for(&front, "ann").await;
        assert_eq!(refused(&first).await, "INVALID_TOKEN");
        front.done(&[], "resetPassword", choosing(&second), "changed").await;
        // The address is another one by now.
        let link = asked_for(&front, "ann").await;
        let input = json!({ "userId": front.world.user("ann"), "email": "ann@elsewhere.org" });
        front.done(&[bearer(&owner)], "updateUser", input, "user { id }").await;
        front.letters(2).await;
        front.no_letters();
        assert_eq!(refused(&link).await, "INVALID_TOKEN");
        // The password was changed meanwhile.
        let link = asked_for(&front, "bob").await;
        let bob = front.sign_in("bob").await;
        let change = json!({ "currentPassword": password("bob"), "newPassword": OTHER });
        front.done(&[bearer(&bob)], "changePassword", change, "changed").await;
        assert_eq!(refused(&link).await, "INVALID_TOKEN");
        // The account has changed its state, and be it for a while.
        let link = asked_for(&front, "bob").await;
        front.becomes("bob", "SUSPENDED").await;
        assert_eq!(refused(&link).await, "INVALID_TOKEN");
        front.becomes("bob", "ACTIVE").await;
        assert_eq!(refused(&link).await, "INVALID_TOKEN");
        // An hour has passed.
        let link = asked_for(&front, "bob").await;
        front.world.db.clock.advance(TimeDelta::minutes(61));
        assert_eq!(refused(&link).await, "INVALID_TOKEN");
        let link = asked_for(&front, "lea").await;
        front.done(&[bearer(&owner)], "deleteUser", json!({ "userId": front.world.user("lea"), "privateSubgroups": "REMOVE" }), "outcome").await;
        assert_eq!(refused(&link).await, "INVALID_TOKEN");
        let lea = format!("user_id: {:?}", front.world.user_id("lea"));
        let left = &front.world.dump().await.0["password_links"];
        assert!(!left.iter().any(|row| row.contains(&lea)), "swept with the account (R9.2): {left:?}");
    }

    async fn an_address_that_is_nobodys_is_answered_the_same_and_gets_no_letter(start: Start) {
        let front = front(start).await;
        front.becomes("bob", "SUSPENDED").await;
        let mut answers = Vec::new();
        for name in ["nobody", "bob", "ann"] {
            let input = json!({ "email": format!("{name}@example.org") });
            answers.push(front.mutate(&[], "requestPasswordReset", input, "accepted").await.0);
        }
        answers.dedup();
        assert_eq!(answers, [json!({ "accepted": true, "userErrors": [] })]);
        // The only letter goes to the only one who signs in.
        front.link_to("ann").await;
        assert_eq!(front.refused(&[], "requestPasswordReset", json!({ "email": "no address" })).await, "BAD_INPUT");
        assert_eq!(front.letters(0).await, Vec::<String>::new());
        let (answer, _) = front.mutate(&[], "resetPassword", json!({ "token": "", "newPassword": "" }), "").await;
        assert_eq!(code(&answer), "BAD_INPUT");
    }
}

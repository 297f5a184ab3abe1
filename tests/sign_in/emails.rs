//! R24: another email or username, by whom, and from when on an address counts.

use chrono::TimeDelta;
use entity::kind::Role;
use roster::access::scopes::of_role;
use roster::server::Proxies;
use roster::setup;
use roster::sign_in::Desk;
use roster::sign_in::passwords;
use serde_json::{Value, json};

use super::front::{Front, allowed, bearer, code, front, front_with, password};
use crate::common::each_database;
use crate::server::listening::owners_token;

const NEW: &str = "ann@elsewhere.org";

fn email(front: &Front, name: &str, address: Value) -> Value {
    json!({ "userId": front.world.user(name), "email": address })
}

/// A token made by `by`, for `scopes`.
async fn token(front: &Front, by: &str, mutation: &str, scopes: &[String]) -> String {
    let query = format!(
        "mutation($input: CreateTokenInput!) {{ answer: {mutation}(input: $input) {{ secret userErrors {{ code }} }} }}"
    );
    let input = json!({ "name": "Sync", "scopes": scopes });
    let (answer, _) = front.ask(&[bearer(by)], &query, json!({ "input": input })).await;
    answer["data"]["answer"]["secret"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned()
}

/// The scopes that a role makes use of, as the API has them, and `more`.
fn scopes(role: Role, more: &[&str]) -> Vec<String> {
    let scopes = of_role(role).iter().map(|scope| scope.as_str().replace(':', "_").to_uppercase());
    let mut scopes: Vec<String> = scopes.chain(more.iter().map(|scope| (*scope).to_owned())).collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

/// What `name`'s email is, as the owner sees it: the one that counts, whether it is verified, the one that waits.
async fn emails(front: &Front, by: &str, name: &str) -> [Value; 3] {
    let query = "query($id: ID!) { node(id: $id) { ... on User { email emailVerified pendingEmail } } }";
    let (answer, _) = front.ask(&[bearer(by)], query, json!({ "id": front.world.user(name) })).await;
    let user = &answer["data"]["node"];
    [user["email"].clone(), user["emailVerified"].clone(), user["pendingEmail"].clone()]
}

/// Ann's new email, which waits for this link.
async fn waiting(front: &Front, by: &str) -> String {
    front.done(&[bearer(by)], "updateUser", email(front, "ann", json!(NEW)), "user { id }").await;
    front.confirmation_of(NEW, 2).await.0
}

async fn confirmed(front: &Front, link: &str) -> String {
    front.refused(&[], "confirmEmail", json!({ "token": link })).await
}

each_database! {
    async fn r24_a_token_becomes_no_sign_in_by_another_email(start: Start) {
        let front = front(start).await;
        let (owner, ann) = (front.sign_in("owner").await, front.sign_in("ann").await);
        let few = owned(&["MEMBERS_ADMIN", "USERS_READ"]);
        let all = scopes(Role::Administrator, &["USERS_ERASE"]);
        let world = &front.world;
        for (token, name) in [
            (token(&front, &ann, "createToken", &few).await, "ann"),
            (token(&front, &ann, "createToken", &all).await, "ann"),
            (token(&front, &owner, "createToken", &all).await, "owner"),
            (token(&front, &owner, "createToken", &few).await, "gus"),
            (token(&front, &owner, "createToken", &few).await, "lea"),
            (token(&front, &owner, "createServiceToken", &few).await, "owner"),
            (token(&front, &owner, "createServiceToken", &all).await, "owner"),
            (token(&front, &owner, "createServiceToken", &few).await, "gus"),
            (owners_token(world).await, "owner"),
        ] {
            for input in [
                email(&front, name, json!("evil@example.org")),
                json!({ "userId": world.user(name), "username": "evil" }),
                json!({ "userId": world.user(name), "email": null, "username": "evil" }),
                // A password does not help: whoever knows it can sign in.
                json!({ "userId": world.user(name), "email": "evil@example.org", "currentPassword": password(name) }),
            ] {
                assert_eq!(front.refused(&[bearer(&token)], "updateUser", input.clone()).await, "FORBIDDEN", "{input}");
            }
            // What they are called it changes, and sends along what is so already.
            let input = json!({ "userId": world.user(name), "phone": "1", "email": format!("{name}@example.org") });
            front.done(&[bearer(&token)], "updateUser", input, "user { id }").await;
        }
        assert_eq!(front.letters(0).await, Vec::<String>::new());
    }

    async fn r24_a_token_changes_the_email_of_whoever_holds_no_more(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let sync = token(&front, &owner, "createServiceToken", &scopes(Role::Learner, &["MEMBERS_ADMIN"])).await;
        let input = email(&front, "lea", json!("lea@elsewhere.org"));
        front.done(&[bearer(&sync)], "updateUser", input.clone(), "user { id }").await;
        let (link, others) = front.confirmation_of("lea@elsewhere.org", 2).await;
        assert_eq!(others, ["lea@example.org"]);
        // Sent again it changes nothing, and nobody is written to.
        front.done(&[bearer(&sync)], "updateUser", input, "user { id }").await;
        front.done(&[bearer(&sync)], "updateUser", email(&front, "lea", json!("lea@example.org")), "user { id }").await;
        front.done(&[], "confirmEmail", json!({ "token": link }), "confirmed").await;
        assert_eq!(emails(&front, &owner, "lea").await, [json!("lea@elsewhere.org"), json!(true), Value::Null]);
        let input = email(&front, "gus", json!("gus@elsewhere.org"));
        assert_eq!(front.refused(&[bearer(&sync)], "updateUser", input.clone()).await, "FORBIDDEN");
        let full = token(&front, &owner, "createServiceToken", &scopes(Role::Administrator, &[])).await;
        front.done(&[bearer(&full)], "updateUser", input, "user { id }").await;
        front.confirmation_of("gus@elsewhere.org", 2).await;
    }

    async fn r24_no_token_makes_an_account_that_holds_more(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let world = &front.world;
        let some = token(&front, &owner, "createServiceToken", &owned(&["MEMBERS_ADMIN", "MEMBERS_WRITE", "USERS_READ"])).await;
        let all = token(&front, &owner, "createServiceToken", &scopes(Role::Administrator, &["USERS_ERASE"])).await;
        let (school, root) = (world.group("School"), world.group("platform"));
        let membership = |group: &Value, role: &str| json!([{ "groupId": group, "role": role }]);
        let before = world.dump().await.0["memberships"].clone();
        for (token, group, roles) in [
            (&some, &school, &["COACH", "AUTHOR", "USER_ADMINISTRATOR", "ADMINISTRATOR"][..]),
            (&some, &root, &["USER_ADMINISTRATOR", "ADMINISTRATOR"]),
            (&all, &root, &["ADMINISTRATOR"]),
        ] {
            for role in roles {
                let person = json!({ "email": "evil@example.org", "memberships": membership(group, role) });
                let grant = json!({ "userId": world.user("ann"), "groupId": group, "role": role });
                for (mutation, input) in [
                    ("createUser", person.clone()),
                    ("createUsers", json!({ "people": [person] })),
                    ("grantRole", grant.clone()),
                    ("grantRoles", json!({ "grants": [grant] })),
                ] {
                    let (answer, _) = front.mutate(&[bearer(token)], mutation, input, "").await;
                    assert_eq!(code(&answer), "FORBIDDEN", "{mutation} {role}: {answer:#}");
                }
            }
        }
        assert_eq!(world.dump().await.0["memberships"], before);
        let person = json!({ "email": "head@example.org", "memberships": membership(&school, "ADMINISTRATOR") });
        front.done(&[bearer(&all)], "createUser", person, "user { id }").await;
        let person = json!({ "email": "pupil@example.org", "memberships": membership(&school, "LEARNER") });
        front.done(&[bearer(&some)], "createUser", person, "user { id }").await;
    }

    async fn no_token_changes_the_settings_by_which_people_come_in(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let all = scopes(Role::Administrator, &["USERS_ERASE"]);
        let input = json!({ "signUpGroupId": front.world.group("School") });
        for token in [
            token(&front, &owner, "createToken", &all).await,
            token(&front, &owner, "createServiceToken", &all).await,
            owners_token(&front.world).await,
        ] {
            assert_eq!(front.refused(&[bearer(&token)], "updatePlatform", input.clone()).await, "FORBIDDEN");
        }
    }

    async fn r24_a_new_email_counts_once_its_link_was_opened(start: Start) {
        let front = front(start).await;
        let (owner, ann) = (front.sign_in("owner").await, front.sign_in("ann").await);
        let open = json!({ "signUpGroupId": front.world.group("School") });
        front.done(&[bearer(&owner)], "updatePlatform", open, "platform { name }").await;
        front.done(&[bearer(&ann)], "updateUser", email(&front, "ann", json!(NEW)), "user { id }").await;
        let (link, others) = front.confirmation_of(NEW, 2).await;
        assert_eq!(others, ["ann@example.org"]);
        assert_eq!(emails(&front, &ann, "ann").await, [json!("ann@example.org"), json!(true), json!(NEW)]);
        // Until then the one before counts, alone.
        front.sign_in("ann").await;
        assert_eq!(front.refused(&[], "signIn", Front::entry(NEW, &password("ann"))).await, "INVALID_CREDENTIALS");
        front.done(&[], "requestPasswordReset", json!({ "email": NEW }), "accepted").await;
        // Nobody else gets it, or hears of it.
        for (mutation, input) in [
            ("createUser", json!({ "email": "ANN@elsewhere.org" })),
            ("createUsers", json!({ "people": [{ "email": "other@example.org" }, { "email": NEW }] })),
            ("updateUser", email(&front, "bob", json!(NEW))),
        ] {
            assert_eq!(front.refused(&[bearer(&owner)], mutation, input).await, "EMAIL_TAKEN", "{mutation}");
        }
        let before = front.world.dump().await;
        front.done(&[], "signUp", json!({ "email": NEW }), "accepted").await;
        assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
        front.done(&[], "requestPasswordReset", json!({ "email": "ann@example.org" }), "accepted").await;
        let reset = front.link_to("ann").await;
        assert_eq!(front.viewer_of(&link).await, "UNAUTHENTICATED", "it lets nobody in");
        front.done(&[], "confirmEmail", json!({ "token": link }), "confirmed").await;
        assert_eq!(emails(&front, &ann, "ann").await, [json!(NEW), json!(true), Value::Null]);
        assert_eq!(front.viewer_of(&ann).await, "ann");
        front.sign_in_with(NEW, &password("ann")).await;
        assert_eq!(
            front.refused(&[], "signIn", Front::entry("ann@example.org", &password("ann"))).await,
            "INVALID_CREDENTIALS"
        );
        let choosing = json!({ "token": reset, "newPassword": "a new password" });
        assert_eq!(front.refused(&[], "resetPassword", choosing).await, "INVALID_TOKEN");
        assert_eq!(confirmed(&front, &link).await, "INVALID_TOKEN", "once");
        // The one before is free again.
        front.done(&[bearer(&owner)], "createUser", json!({ "email": "ann@example.org" }), "user { id }").await;
        assert_eq!(front.letters(0).await, Vec::<String>::new());
    }

    async fn r24_ones_own_takes_the_password_or_a_sign_in_of_just_now(start: Start) {
        let front = front(start).await;
        let ann = front.sign_in("ann").await;
        let username = |name: &str| json!({ "userId": front.world.user("ann"), "username": name });
        front.done(&[bearer(&ann)], "updateUser", username("ann.one"), "user { id }").await;
        front.world.db.clock.advance(TimeDelta::minutes(11));
        for input in [username("ann.two"), email(&front, "ann", json!(NEW)), email(&front, "ann", Value::Null)] {
            let before = front.world.dump().await;
            let (answer, _) = front.mutate(&[bearer(&ann)], "updateUser", input.clone(), "").await;
            assert_eq!(answer["userErrors"], json!([{ "code": "BAD_INPUT", "path": ["currentPassword"] }]), "{input}");
            assert_eq!(before.changes_until(&front.world.dump().await), Default::default());
        }
        let with = |mut input: Value, password: &str| {
            input["currentPassword"] = json!(password);
            input
        };
        let wrong = with(username("ann.two"), &password("bob"));
        assert_eq!(front.refused(&[bearer(&ann)], "updateUser", wrong).await, "INVALID_CREDENTIALS");
        let right = with(username("ann.two"), &password("ann"));
        front.done(&[bearer(&ann)], "updateUser", right, "user { username }").await;
        let right = with(email(&front, "ann", json!(NEW)), &password("ann"));
        front.done(&[bearer(&ann)], "updateUser", right, "user { id }").await;
        front.confirmation_of(NEW, 2).await;
        // What is no change takes none, and neither does what they do not sign in with.
        let same = json!({ "userId": front.world.user("ann"), "email": NEW, "username": "ann.two", "phone": "1" });
        front.done(&[bearer(&ann)], "updateUser", same, "user { id }").await;
        assert_eq!(front.letters(0).await, Vec::<String>::new());
    }

    async fn r24_a_link_ends_with_what_it_is_for(start: Start) {
        let front = front(start).await;
        let (owner, ann) = (front.sign_in("owner").await, front.sign_in("ann").await);
        for nothing in ["", "roster_email_nonsense", &"a".repeat(100_000)] {
            assert_eq!(confirmed(&front, nothing).await, "INVALID_TOKEN");
        }
        // Another address after it.
        let first = waiting(&front, &ann).await;
        front.done(&[bearer(&ann)], "updateUser", email(&front, "ann", json!("third@example.org")), "user { id }").await;
        front.confirmation_of("third@example.org", 2).await;
        assert_eq!(confirmed(&front, &first).await, "INVALID_TOKEN");
        // Another link to the same one.
        let first = waiting(&front, &ann).await;
        let whose = json!({ "userId": front.world.user("ann") });
        for by in [&ann, &owner] {
            front.done(&[bearer(by)], "resendEmailConfirmation", whose.clone(), "user { id }").await;
            let (second, others) = front.confirmation_of(NEW, 1).await;
            assert_eq!((confirmed(&front, &first).await, others), ("INVALID_TOKEN".to_owned(), vec![]));
            assert_ne!(second, first);
        }
        let bob = front.sign_in("bob").await;
        assert_eq!(front.refused(&[bearer(&bob)], "resendEmailConfirmation", whose.clone()).await, "NOT_FOUND");
        // It is taken back.
        let link = {
            front.done(&[bearer(&ann)], "resendEmailConfirmation", whose.clone(), "user { id }").await;
            front.confirmation_of(NEW, 1).await.0
        };
        front.done(&[bearer(&ann)], "updateUser", email(&front, "ann", json!("ann@example.org")), "user { id }").await;
        assert_eq!(front.letters(1).await.len(), 1);
        front.no_letters();
        assert_eq!(confirmed(&front, &link).await, "INVALID_TOKEN");
        assert_eq!(front.refused(&[bearer(&ann)], "resendEmailConfirmation", whose).await, "NOT_FOUND");
        // The account has changed its state, and be it for a while.
        let link = waiting(&front, &ann).await;
        front.becomes("ann", "SUSPENDED").await;
        assert_eq!(confirmed(&front, &link).await, "INVALID_TOKEN");
        front.becomes("ann", "ACTIVE").await;
        assert_eq!(confirmed(&front, &link).await, "INVALID_TOKEN");
        // A week has passed: nobody need wait any longer for an address that nobody confirms.
        let ann = front.sign_in("ann").await;
        front.done(&[bearer(&ann)], "updateUser", email(&front, "ann", json!("late@example.org")), "user { id }").await;
        let (link, _) = front.confirmation_of("late@example.org", 2).await;
        front.world.db.clock.advance(TimeDelta::days(7));
        assert_eq!(confirmed(&front, &link).await, "INVALID_TOKEN");
        assert_eq!(emails(&front, &owner, "ann").await, [json!("ann@example.org"), json!(true), Value::Null]);
        front.done(&[bearer(&owner)], "updateUser", email(&front, "bob", json!("late@example.org")), "user { id }").await;
        front.confirmation_of("late@example.org", 2).await;
        // The account is gone, and with it the address that waited.
        front.done(&[bearer(&owner)], "updateUser", email(&front, "ann", json!(NEW)), "user { id }").await;
        let (link, _) = front.confirmation_of(NEW, 2).await;
        front.done(&[bearer(&owner)], "deleteUser", json!({ "userId": front.world.user("ann") }), "outcome").await;
        assert_eq!(confirmed(&front, &link).await, "INVALID_TOKEN");
        front.done(&[bearer(&owner)], "createUser", json!({ "email": NEW }), "user { id }").await;
    }

    async fn r24_administrators_change_an_email_and_both_addresses_are_told(start: Start) {
        let front = front_with(
            start,
            |it| it.user("lou").member("lou", "School", &[Role::Learner]),
            allowed(1_000, 1_000),
            Proxies::default(),
        )
        .await;
        front.world.give_password("lou", &password("lou")).await;
        let gus = front.sign_in("gus").await;
        front.world.db.clock.advance(TimeDelta::hours(1));
        let input = json!({ "userId": front.world.user("lea"), "email": "lea@elsewhere.org", "idempotencyKey": "another email" });
        front.done(&[bearer(&gus)], "updateUser", input.clone(), "user { id }").await;
        let (link, others) = front.confirmation_of("lea@elsewhere.org", 2).await;
        assert_eq!(others, ["lea@example.org"]);
        // The same request again sends nothing.
        front.done(&[bearer(&gus)], "updateUser", input, "user { id }").await;
        // Whoever sees the email sees the one that waits.
        let (lea, lou) = (front.sign_in("lea").await, front.sign_in("lou").await);
        let seen = [json!("lea@example.org"), json!(true), json!("lea@elsewhere.org")];
        for by in [&gus, &lea] {
            assert_eq!(emails(&front, by, "lea").await, seen);
        }
        assert_eq!(emails(&front, &lou, "lea").await, [Value::Null, Value::Null, Value::Null]);
        front.done(&[], "confirmEmail", json!({ "token": link }), "confirmed").await;
        // An email that is taken away is told of where it was.
        let input = json!({ "userId": front.world.user("lea"), "email": null, "username": "lea" });
        front.done(&[bearer(&gus)], "updateUser", input, "user { id }").await;
        assert!(front.letters(1).await[0].starts_with("To: lea@elsewhere.org\r\n"));
        front.no_letters();
        // With none left, the new one cannot be all there is while it waits.
        let input = json!({ "userId": front.world.user("lea"), "email": "lea@elsewhere.org", "username": null });
        let refused = front.refused(&[bearer(&gus)], "updateUser", input).await;
        assert_eq!(refused, "BAD_INPUT");
        front.done(&[bearer(&gus)], "updateUser", email(&front, "lea", json!("lea@elsewhere.org")), "user { id }").await;
        assert_eq!(front.confirmation_of("lea@elsewhere.org", 1).await.1, Vec::<String>::new());
    }

    async fn r24_without_letters_an_address_counts_at_once(start: Start) {
        let world = start.with(|it| it.user("ann").learners("platform", &["ann"])).await;
        world.give_password("ann", &password("ann")).await;
        let change = |by: Option<&str>| json!({ "userId": world.user("ann"), "email": NEW, "currentPassword": by });
        assert_eq!(world.refused("ann", "updateUser", change(None)).await.path(), "currentPassword");
        let fields = "user { email emailVerified pendingEmail }";
        let done = world.done("ann", "updateUser", change(Some(&password("ann"))), fields).await;
        assert_eq!(done["user"], json!({ "email": NEW, "emailVerified": false, "pendingEmail": null }));
        // Whoever opens a link that was sent there has it.
        let link = setup::password_link(&world.db, NEW).await.unwrap();
        let chosen = (link.as_str().to_owned(), "a new password".to_owned());
        let here = std::net::IpAddr::from([127, 0, 0, 1]);
        passwords::reset(&world.db, &Desk::default(), here, chosen).await.unwrap();
        let read = world.read("ann", "{ viewer { emailVerified } }", Value::Null).await;
        assert_eq!(read["viewer"]["emailVerified"], true);
    }

    async fn which_addresses_are_taken_is_not_found_out_by_trying(start: Start) {
        let front = front(start).await;
        let ann = front.sign_in("ann").await;
        let mut refusals = Vec::new();
        for _ in 0..12 {
            let (answer, _) = front.mutate(&[bearer(&ann)], "updateUser", email(&front, "ann", json!("bob@example.org")), "").await;
            refusals.push(code(&answer));
        }
        refusals.dedup();
        assert_eq!(refusals, ["EMAIL_TAKEN", "RATE_LIMITED"]);
    }
}

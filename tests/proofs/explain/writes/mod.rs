//! Every write, through its door: small ones first, then the removals, with as many people as one chunk takes.

/// Runs a door for the owner.
macro_rules! run {
    ($large:expr, $door:path, $input:expr) => {
        roster::transaction::write(&$large.db, Caller::User(OWNER), None, $input, |tx, input| {
            Box::pin($door(tx, input))
        })
        .await
        .unwrap_or_else(|failure| panic!("{}: {failure}", stringify!($door)))
    };
}

mod people;
mod removals;
mod sign_in;
mod webhooks;
mod works;

use entity::id::UserId;
use roster::access::Caller;
use roster::change::Change;
use roster::db::sql::sql;
use roster::settings::{self, Settings};
use roster::setup;
use roster::transaction::{Key, write};

use super::large::{Large, OWNER};

/// Runs every write.
pub async fn everything(large: &Large) {
    platform_itself(large).await;
    let person = people::somebody(large).await;
    people::tree(large, person).await;
    works::everything(large, person).await;
    sign_in::everything(large, person).await;
    removals::everything(large, person).await;
    removals::controlled(large).await;
    removals::workers(large).await;
    webhooks::everything(large).await;
    keyed(large).await;
}

async fn platform_itself(large: &Large) {
    let settings = Settings { seat_limit: Change::Set(200_000), ..Settings::default() };
    run!(large, settings::update, settings);
    setup::token_for(&large.db, &email(large, OWNER).await).await.expect("a token");
    let first_day = setup::FirstDay {
        name: "Platform".to_owned(),
        owner_email: "first@example.org".to_owned(),
        time_zone: "UTC".to_owned(),
    };
    assert!(
        setup::first_start(&large.db, first_day).await.expect("a look").is_none(),
        "there is a platform already"
    );
    assert!(large.db.is_migrated().await.expect("a look"));
    let next = UserId(large.number("select max(id) from users where status = 'ACTIVE'").await);
    setup::hand_over(&large.db, &email(large, next).await).await.expect("another owner");
    setup::hand_over(&large.db, &email(large, OWNER).await).await.expect("the owner");
}

async fn email(large: &Large, user: UserId) -> String {
    let text = "select email from users where id = {user}";
    let row = sql("proofs.email", text).bind("user", user).only(&large.db.read).await;
    let (email,): (String,) = row.expect("an email");
    email
}

/// The same request twice.
async fn keyed(large: &Large) {
    for _ in 0..2 {
        let key = Key::parse("updatePlatform", Some("the same key".to_owned())).expect("a key");
        let settings = Settings { seat_limit: Change::Clear, ..Settings::default() };
        write(&large.db, Caller::User(OWNER), key, settings, |tx, settings| {
            Box::pin(settings::update(tx, settings))
        })
        .await
        .expect("a change");
    }
}

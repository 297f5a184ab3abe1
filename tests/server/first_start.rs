//! The first start, and what only the operator does.

use entity::kind::{Role, Status};
use roster::organisation::{PLATFORM, Tables};
use roster::server::Doors;
use roster::setup::{self, FirstDay};
use serde_json::{Value, json};

use super::listening::{code, listening};
use crate::common::each_database;

fn first_day() -> FirstDay {
    FirstDay {
        name: "Fjord School".to_owned(),
        owner_email: "Olga@Example.org".to_owned(),
        time_zone: "Europe/Oslo".to_owned(),
    }
}

each_database! {
    async fn the_first_start_makes_the_platform_once(start: Start) {
        let token = setup::first_start(&start.db, first_day()).await.unwrap();
        assert!(token.is_some_and(|token| token.as_str().starts_with("roster_")));
        assert_eq!(setup::first_start(&start.db, first_day()).await.unwrap(), None);
        let tables = Tables::read(&start.db.read).await.unwrap();
        assert_eq!((tables.users.len(), tables.groups.len(), tables.memberships.len()), (1, 1, 2));
        assert_eq!(tables.users[0].email_key.as_deref(), Some("olga@example.org"));
        assert_eq!(tables.platforms[0].time_zone, "Europe/Oslo");
    }

    async fn instances_that_start_together_make_one_platform(start: Start) {
        let starts = (0..4).map(|_| setup::first_start(&start.db, first_day()));
        let tokens = futures::future::join_all(starts).await;
        assert_eq!(tokens.into_iter().filter(|token| token.as_ref().unwrap().is_some()).count(), 1);
    }

    async fn an_owner_without_an_address_is_refused(start: Start) {
        let nobody = FirstDay { owner_email: "nobody".to_owned(), ..first_day() };
        setup::first_start(&start.db, nobody).await.unwrap_err();
        assert_eq!(Tables::read(&start.db.read).await.unwrap(), Tables::default());
    }

    async fn the_platform_is_handed_over_to_somebody_active(start: Start) {
        let world = start
            .with(|it| {
                it.users(&["ann", "sue"])
                    .learners(PLATFORM, &["ann", "sue"])
                    .date("ann", entity::kind::DateKind::Deletion, 3)
                    .status("sue", Status::Suspended)
            })
            .await;
        setup::hand_over(&world.db, "sue@example.org").await.unwrap_err();
        setup::hand_over(&world.db, "nobody@example.org").await.unwrap_err();
        assert_eq!(setup::hand_over(&world.db, " ANN@example.org").await.unwrap(), world.user_id("ann"));
        let tables = Tables::read(&world.db.read).await.unwrap();
        assert_eq!(tables.platforms[0].owner_id, world.user_id("ann"));
        assert_eq!(tables.dates, []);
        for name in ["ann", "owner"] {
            let administers = tables
                .memberships
                .iter()
                .any(|row| (row.user_id, row.role) == (world.user_id(name), Role::Administrator));
            assert!(administers, "{name}");
        }
    }

    async fn a_token_says_who_asks(start: Start) {
        let world = start.with(|it| it.user("ann").learners(PLATFORM, &["ann"])).await;
        let server = listening(&world.db, Doors::default()).await;
        let viewer = async |token| server.ask(token, "{ viewer { id } }", Value::Null).await;
        let token = setup::token_for(&world.db, "ann@example.org").await.unwrap();
        let answer = viewer(Some(token.as_str())).await;
        assert_eq!(answer, json!({ "data": { "viewer": { "id": world.user("ann") } } }));
        assert_eq!(code(&viewer(Some("roster_nonsense")).await), "UNAUTHENTICATED");
        assert_eq!(code(&viewer(None).await), "UNAUTHENTICATED");
    }
}

//! R2, R3, R4: who may grant what, and how learners rise.

use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Learner, UserAdministrator};
use entity::kind::{AudienceKind, Cause};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{World, each_database};

fn school(it: Organisation) -> Organisation {
    it.group("School", "platform", Public)
        .group("Class", "School", Public)
        .group("Lab", "School", Private)
        .group("Team", "Lab", Public)
        .users(&["ann", "bob", "head", "registrar", "helper"])
        .learners("School", &["ann", "bob", "registrar", "helper"])
        .member("head", "School", &[Administrator])
        .member("registrar", "Class", &[UserAdministrator])
        .member("helper", "Team", &[UserAdministrator])
}

fn role(world: &World, user: &str, group: &str, role: &str) -> Value {
    json!({ "userId": world.user(user), "groupId": world.group(group), "role": role })
}

each_database! {
    async fn r3_learners_rise_up_to_the_first_private_group(start: Start) {
        let world = start.with(|it| school(it).user("new").member("new", "Lab", &[Administrator])).await;
        world.done("owner", "grantRole", role(&world, "new", "Team", "LEARNER"), "user { id }").await;
        assert!(world.members("Lab").await.contains(&"new LEARNER".to_owned()));
        assert!(!world.members("School").await.contains(&"new LEARNER".to_owned()));
        world.done("owner", "grantRole", role(&world, "new", "Class", "LEARNER"), "user { id }").await;
        assert!(world.members("School").await.contains(&"new LEARNER".to_owned()));
        assert!(world.members("platform").await.contains(&"new LEARNER".to_owned()));
    }

    async fn r3_no_other_role_rises(start: Start) {
        let world = start.with(school).await;
        for (given, group) in [
            ("COACH", "Class"),
            ("AUTHOR", "Class"),
            ("USER_ADMINISTRATOR", "Class"),
            ("ADMINISTRATOR", "Class"),
        ] {
            let before = world.tables().await.memberships.len();
            world.done("owner", "grantRole", role(&world, "ann", group, given), "user { id }").await;
            assert_eq!(world.tables().await.memberships.len(), before + 1, "{given}");
        }
    }

    async fn r3_rising_into_a_private_group_takes_a_right_there(start: Start) {
        let world = start.with(school).await;
        let answer = world.refused("helper", "grantRole", role(&world, "ann", "Team", "LEARNER")).await;
        assert_eq!(answer.refused(), "FORBIDDEN");
        // Once a learner of the lab, nothing but the team itself is granted.
        world.done("head", "grantRole", role(&world, "ann", "Lab", "LEARNER"), "user { id }").await;
        world.done("helper", "grantRole", role(&world, "ann", "Team", "LEARNER"), "user { id }").await;
    }

    async fn r4_who_may_grant_what(start: Start) {
        let world = start.with(school).await;
        for (who, given, group, code) in [
            ("ann", "LEARNER", "Class", "FORBIDDEN"),
            ("registrar", "COACH", "Class", "FORBIDDEN"),
            ("registrar", "ADMINISTRATOR", "Class", "FORBIDDEN"),
            ("registrar", "LEARNER", "School", "FORBIDDEN"),
            ("registrar", "LEARNER", "Lab", "NOT_FOUND"),
            ("head", "ADMINISTRATOR", "platform", "FORBIDDEN"),
        ] {
            let answer = world.refused(who, "grantRole", role(&world, "bob", group, given)).await;
            assert_eq!(answer.refused(), code, "{who} {given} {group}");
        }
        for (who, given, group) in [
            ("registrar", "LEARNER", "Class"),
            ("head", "ADMINISTRATOR", "Team"),
            ("owner", "USER_ADMINISTRATOR", "platform"),
        ] {
            world.done(who, "grantRole", role(&world, "bob", group, given), "user { id }").await;
        }
    }

    async fn r13_a_role_held_already_keeps_its_date(start: Start) {
        let world = start.with(school).await;
        let before = world.dump().await;
        world.done("owner", "grantRole", role(&world, "head", "School", "ADMINISTRATOR"), "user { id }").await;
        assert_eq!(before, world.dump().await);
    }

    async fn nothing_is_granted_to_who_is_deleted_or_unknown(start: Start) {
        let world = start.with(|it| school(it).user("del").deleted("del", Cause::Requested, 1)).await;
        let answer = world.refused("owner", "grantRole", role(&world, "del", "Class", "LEARNER")).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("USER_DELETED", "userId"));
        let group = json!({ "userId": world.group("Class"), "groupId": world.group("Class"), "role": "COACH" });
        let answer = world.refused("owner", "grantRole", group).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", "userId"));
    }

    async fn a_list_is_granted_whole_or_not_at_all(start: Start) {
        let world = start.with(|it| school(it).user("del").deleted("del", Cause::Requested, 1)).await;
        let [ann, bob, del] = ["ann", "bob", "del"].map(|who| role(&world, who, "Class", "LEARNER"));
        let answer = world.refused("owner", "grantRoles", json!({ "grants": [ann, bob, del] })).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("USER_DELETED", "grants.2.userId"));
        let both = json!({ "grants": [ann, bob, ann, role(&world, "bob", "School", "LEARNER")] });
        assert_eq!(world.done("owner", "grantRoles", both, "added").await["added"], 2);
        assert_eq!(world.refused("owner", "grantRoles", json!({ "grants": [] })).await.refused(), "BAD_INPUT");
        let many = json!({ "grants": vec![ann; 10_001] });
        assert_eq!(world.refused("owner", "grantRoles", many).await.refused(), "BATCH_TOO_LARGE");
    }

    async fn r8_an_ended_session_is_captured_before_somebody_joins(start: Start) {
        let world = start
            .with(|it| {
                school(it)
                    .course("Maths", "School", "head")
                    .path("Numbers", "School", "head", &["Maths"])
                    .session("Spring", "Numbers", "School", "head", AudienceKind::Dynamic)
                    .audience("Spring", &["Class"])
                    .member("ann", "Class", &[Learner])
                    .ended("Spring")
            })
            .await;
        world.done("owner", "grantRole", role(&world, "bob", "Class", "LEARNER"), "user { id }").await;
        let captured: Vec<_> = world.tables().await.session_captures.iter().map(|row| row.user_id).collect();
        assert_eq!(captured, [world.user_id("ann")]);
    }
}

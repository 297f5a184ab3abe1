//! Making, renaming, moving, opening and closing groups.

use entity::kind::AudienceKind;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::Administrator;
use serde_json::{Value, json};

use super::branches;
use crate::common::{World, each_database};

fn moved(world: &World, group: &str, parent: &str) -> Value {
    json!({ "groupId": world.group(group), "parentId": world.group(parent) })
}

fn made(world: &World, group: &str, privacy: &str) -> Value {
    json!({ "groupId": world.group(group), "privacy": privacy })
}

const GROUP: &str = "group { id name parent { name } }";

each_database! {
    async fn r1_a_group_hangs_below_another(start: Start) {
        let world = start.with(branches).await;
        let input = json!({ "parentId": world.group("Lab"), "name": " Club ", "privacy": "PRIVATE",
            "externalIds": [{ "system": "SIS", "value": "C" }] });
        let answer = world.done("north head", "createGroup", input, GROUP).await;
        assert_eq!((&answer["group"]["name"], &answer["group"]["parent"]["name"]), (&json!("Club"), &json!("Lab")));

        let again = json!({ "parentId": world.group("South"), "name": "Other", "privacy": "PUBLIC",
            "externalIds": [{ "system": "SIS", "value": "C" }] });
        assert_eq!(world.refused("owner", "createGroup", again).await.refused(), "EXTERNAL_ID_TAKEN");
        for (who, parent, name, code) in [
            ("clerk", "North", "Club", "FORBIDDEN"),
            ("north head", "platform", "Club", "FORBIDDEN"),
            ("south head", "Lab", "Club", "NOT_FOUND"),
            ("owner", "North", "  ", "BAD_INPUT"),
            ("owner", "North", "A\u{7}", "BAD_INPUT"),
        ] {
            let input = json!({ "parentId": world.group(parent), "name": name, "privacy": "PUBLIC" });
            assert_eq!(world.refused(who, "createGroup", input).await.refused(), code, "{who} {parent} {name:?}");
        }
    }

    async fn r1_fifty_levels_and_no_more(start: Start) {
        let world = start
            .with(|it| {
                (1..50).fold(it.group("Level 1", "platform", Public), |it, level| {
                    it.group(&format!("Level {}", level + 1), &format!("Level {level}"), Public)
                })
                .group("Top", "platform", Public)
                .group("Below", "Top", Public)
            })
            .await;
        let below = |parent: &str| json!({ "parentId": world.group(parent), "name": "New", "privacy": "PUBLIC" });
        assert_eq!(world.refused("owner", "createGroup", below("Level 50")).await.refused(), "GROUP_TOO_DEEP");
        let deep = moved(&world, "Top", "Level 49");
        assert_eq!(world.refused("owner", "moveGroup", deep).await.refused(), "GROUP_TOO_DEEP");
        world.done("owner", "moveGroup", moved(&world, "Top", "Level 48"), GROUP).await;
    }

    async fn r1_the_platform_group_stays_what_it_is(start: Start) {
        let world = start.with(branches).await;
        for (mutation, input) in [
            ("moveGroup", moved(&world, "platform", "North")),
            ("setGroupPrivacy", made(&world, "platform", "PRIVATE")),
            ("deleteGroup", json!({ "groupId": world.group("platform") })),
        ] {
            assert_eq!(world.refused("owner", mutation, input).await.refused(), "PLATFORM_GROUP", "{mutation}");
        }
        let named = json!({ "groupId": world.group("platform"), "name": "Everybody" });
        world.done("owner", "updateGroup", named, GROUP).await;
    }

    async fn r1_no_group_is_below_itself(start: Start) {
        let world = start.with(branches).await;
        for parent in ["North", "Lab", "Team"] {
            let answer = world.refused("owner", "moveGroup", moved(&world, "North", parent)).await;
            assert_eq!(answer.refused(), "CYCLE", "{parent}");
        }
    }

    async fn a_group_is_renamed_by_its_administrators(start: Start) {
        let world = start.with(|it| branches(it).group_external_id("Lab", "SIS", "L")).await;
        let name = |group: &str| json!({ "groupId": world.group(group), "name": "Élan" });
        world.done("north head", "updateGroup", name("Lab"), GROUP).await;
        let tables = world.tables().await;
        let lab = tables.groups.iter().find(|row| row.id == world.group_id("Lab")).expect("the lab");
        assert_eq!((lab.name.as_str(), lab.name_key.as_str()), ("Élan", "élan"));
        assert_eq!(tables.group_external_ids.len(), 1, "what is not named stays");
        for (who, input, code) in [
            ("clerk", name("North"), "FORBIDDEN"),
            ("south head", name("Lab"), "NOT_FOUND"),
            ("owner", json!({ "groupId": world.group("Lab"), "name": null }), "BAD_INPUT"),
        ] {
            assert_eq!(world.refused(who, "updateGroup", input).await.refused(), code, "{who}");
        }
        let cleared = json!({ "groupId": world.group("Lab"), "externalIds": null });
        world.done("owner", "updateGroup", cleared, GROUP).await;
        assert_eq!(world.tables().await.group_external_ids.len(), 0);
    }

    async fn r33_moving_takes_rights_on_all_three(start: Start) {
        let world = start.with(|it| branches(it).user("both").member("both", "South", &[Administrator])
            .member("both", "Lab", &[Administrator])).await;
        let choir = moved(&world, "Choir", "North");
        let answer = world.refused("south head", "moveGroup", choir.clone()).await;
        assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec!["North"]));
        let answer = world.refused("north head", "moveGroup", choir.clone()).await;
        assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec!["South", "Choir"]));
        let answer = world.refused("both", "moveGroup", moved(&world, "Lab", "South")).await;
        assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec!["North"]));
        world.done("both", "moveGroup", moved(&world, "Choir", "Lab"), GROUP).await;
    }

    async fn r33_nothing_is_taken_away_by_a_move_or_by_closing(start: Start) {
        let world = start.with(branches).await;
        let before = world.tables().await.memberships;
        world.done("owner", "moveGroup", moved(&world, "Lab", "South"), GROUP).await;
        world.done("owner", "setGroupPrivacy", made(&world, "Team", "PRIVATE"), GROUP).await;
        world.done("owner", "setGroupPrivacy", made(&world, "South", "PRIVATE"), GROUP).await;
        assert_eq!(world.tables().await.memberships, before);
        let unchanged = world.dump().await;
        world.done("owner", "moveGroup", moved(&world, "Lab", "South"), GROUP).await;
        world.done("owner", "setGroupPrivacy", made(&world, "South", "PRIVATE"), GROUP).await;
        assert_eq!(unchanged, world.dump().await, "where it already is so, nothing happens");
    }

    async fn r33_learners_who_would_rise_are_shown_first(start: Start) {
        let world = start
            .with(|it| {
                branches(it)
                    .course("Maths", "South", "south head")
                    .path("Numbers", "South", "south head", &["Maths"])
                    .session("Spring", "Numbers", "South", "south head", AudienceKind::Dynamic)
                    .audience("Spring", &["South"])
                    .session("Set", "Numbers", "South", "south head", AudienceKind::Static)
                    .audience("Set", &["South"])
                    .session("Past", "Numbers", "South", "south head", AudienceKind::Dynamic)
                    .audience("Past", &["South"])
                    .ended_and_captured("Past")
            })
            .await;
        let to_choir = moved(&world, "Team", "Choir");
        let answer = world.refused("owner", "moveGroup", to_choir.clone()).await;
        assert_eq!(answer.refused(), "LEARNERS_WOULD_RISE");
        // Ann becomes a learner of South and of the platform group, and both of Choir; Bob is one of South already.
        assert_eq!(answer.about(), ["Platform", "South", "Choir"]);
        let error = &answer.0["userErrors"][0];
        let sessions: Vec<&Value> = error["nodes"].as_array().expect("nodes").iter()
            .filter(|node| node["__typename"] == "Session").map(|node| &node["id"]).collect();
        assert_eq!(sessions.len(), 1, "only the dynamic one that has not ended");
        assert!(error["message"].as_str().expect("a message").contains("(2 in number)"));

        let with = |digest: &Value| {
            let mut input = to_choir.clone();
            input["riseDigest"] = digest.clone();
            input
        };
        let wrong = world.refused("owner", "moveGroup", with(&json!("0"))).await;
        assert_eq!(wrong.refused(), "LEARNERS_WOULD_RISE");
        world.done("owner", "moveGroup", with(&error["digest"]), GROUP).await;
        assert_eq!(world.members("Choir").await, ["ann LEARNER", "bob LEARNER"]);
        assert!(world.members("South").await.contains(&"ann LEARNER".to_owned()));
        assert!(world.members("Lab").await.contains(&"ann LEARNER".to_owned()), "nothing is taken away");
    }

    async fn r33_a_digest_is_of_what_would_happen_now(start: Start) {
        let world = start.with(|it| branches(it).user("new").learners("Choir", &["new"])).await;
        let open = |digest: Value| {
            json!({ "groupId": world.group("Lab"), "privacy": "PUBLIC", "riseDigest": digest })
        };
        let shown = world.refused("owner", "setGroupPrivacy", open(Value::Null)).await;
        assert_eq!((shown.refused(), shown.about()), ("LEARNERS_WOULD_RISE", vec!["Platform", "North"]));
        let digest = shown.0["userErrors"][0]["digest"].clone();
        let grant = json!({ "userId": world.user("new"), "groupId": world.group("Lab"), "role": "LEARNER" });
        world.done("owner", "grantRole", grant, "user { id }").await;
        let drifted = world.refused("owner", "setGroupPrivacy", open(digest)).await;
        assert_eq!(drifted.refused(), "LEARNERS_WOULD_RISE");
        let digest = drifted.0["userErrors"][0]["digest"].clone();
        world.done("owner", "setGroupPrivacy", open(digest), GROUP).await;
        assert_eq!(
            world.members("North").await,
            ["ann LEARNER", "bob LEARNER", "clerk USER_ADMINISTRATOR", "new LEARNER", "north ADMINISTRATOR"]
        );
    }

    async fn r3_learners_rise_only_where_the_mover_may_add_them(start: Start) {
        // A public room below a private vault: whoever administers the room alone may not add learners to the vault.
        let world = start
            .with(|it| {
                branches(it)
                    .group("Vault", "North", Private)
                    .group("Room", "Vault", Public)
                    .group("Quiet", "South", Public)
                    .learners("Choir", &["bob"])
                    .user("mover")
                    .member("mover", "Room", &[Administrator])
                    .member("mover", "South", &[Administrator])
            })
            .await;
        let answer = world.refused("mover", "moveGroup", moved(&world, "Choir", "Room")).await;
        assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec![]));
        world.done("mover", "moveGroup", moved(&world, "Quiet", "Room"), GROUP).await;
    }
}

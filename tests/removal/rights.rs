//! R14 and R15: who can never be removed, and who may remove whom; R1: what a refusal may tell.

use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, Learner, UserAdministrator};
use roster::organisation::Organisation;
use serde_json::json;

use super::asking::{Asked, Refused};
use crate::common::{World, each_database};

/// ```text
/// platform ── Sales ── North          everybody whose name says so has that role in Sales; boss administers the
///                                     platform, manager is its user administrator; ann learns in North
/// ```
fn sales(it: Organisation) -> Organisation {
    let people = ["boss", "manager", "administrator", "helper", "author", "coach", "learner", "ann"];
    it.group("Sales", "platform", Public)
        .group("North", "Sales", Public)
        .users(&people)
        .member("boss", "platform", &[Administrator])
        .member("manager", "platform", &[UserAdministrator, Learner])
        .member("administrator", "Sales", &[Administrator])
        .member("helper", "Sales", &[UserAdministrator])
        .member("author", "Sales", &[Author])
        .member("coach", "Sales", &[Coach])
        .learners("Sales", &["learner"])
        .learners("North", &["ann"])
}

/// Two private clubs. Ann learns in both, Bob in the Chess club alone. Each club has its administrator and its user
/// administrator ("chess helper").
fn clubs(it: Organisation) -> Organisation {
    it.group("Chess", "platform", Private)
        .group("Go", "platform", Private)
        .users(&["ann", "bob", "chess", "go", "chess helper"])
        .learners("Chess", &["ann", "bob"])
        .learners("Go", &["ann"])
        .member("chess", "Chess", &[Administrator])
        .member("go", "Go", &[Administrator])
        .member("chess helper", "Chess", &[UserAdministrator])
}

async fn forbidden(asked: Asked<'_>) -> Refused {
    let refused = asked.refused().await;
    assert_eq!(refused.code, "FORBIDDEN");
    refused
}

/// A deletion by Chess's administrator.
fn by_chess<'a>(world: &'a World, who: &str) -> Asked<'a> {
    world.delete(who).removing().by("chess")
}

each_database! {
    async fn r18_what_somebody_may_not_see_is_left_out_of_plans_and_records_and_counted(start: Start) {
        let world = start
            .with(|it| {
                clubs(it)
                    .learners("Chess", &["go"])
                    .course("Gambits", "Go", "ann")
                    .path("Openings", "Go", "ann", &["Gambits"])
                    .session("Endings", "Openings", "Go", "ann", entity::kind::AudienceKind::Dynamic)
                    .audience("Endings", &["Go"])
            })
            .await;
        let effects = "hiddenCount effects(first: 100) { totalCount nodes { __typename
            ... on MembershipRemoved { groupId group { name } } ... on MembershipKept { groupId group { name } }
            ... on SessionLeft { sessionId } ... on HandedOver { workId toId to { id } passedOver { userId } passedOverHiddenCount } } }";
        let query = format!(
            "query($input: RemovalPlanInput!) {{ removalPlan(input: $input) {{ people {{ nodes {{ groupId outcome {effects} }} }} }} }}"
        );
        let input = json!({ "removeUsersFromGroup": { "people": { "ids": world.users(&["ann"]) }, "groupId": world.group("Chess") } });
        let plan = async |who: &str| {
            let plan = world.read(who, &query, json!({ "input": input })).await;
            plan["removalPlan"]["people"]["nodes"][0].clone()
        };
        let hidden = [world.group("Go"), world.course("Gambits"), world.path("Openings"), world.session("Endings")];
        let names_hidden = |answer: &serde_json::Value| {
            let text = answer.to_string();
            hidden.iter().filter(|id| text.contains(id.as_str().expect("an id"))).count()
        };
        let (all, seen) = (plan("owner").await, plan("chess").await);
        assert_eq!(all["hiddenCount"], 0);
        assert!(names_hidden(&all) > 0, "{all:#}");
        assert_eq!(names_hidden(&seen), 0, "{seen:#}");
        let count = |plan: &serde_json::Value| plan["effects"]["totalCount"].as_i64().expect("a count");
        assert_eq!(seen["hiddenCount"], count(&all) - count(&seen), "what is left out is counted");
        assert!(seen["hiddenCount"].as_i64() > Some(0));

        let done = world.done("chess", "removeUserFromGroup", json!({ "userId": world.user("ann"), "groupId": world.group("Chess") }),
            &format!("removal {{ id groupId {effects} }}")).await;
        assert_eq!(done["removal"]["hiddenCount"], seen["hiddenCount"], "a record as its plan");
        assert_eq!(done["removal"]["effects"], seen["effects"]);
        // Ann's account, which the owner deletes, goes by groups and works that Chess's administrator does not see.
        let deleted = world.delete("ann").removing().done().await;
        let record = world.read("owner", &format!("query($id: ID!) {{ removal(id: $id) {{ groupId {effects} }} }}"), json!({ "id": deleted.removal["id"] })).await;
        assert_eq!(record["removal"]["hiddenCount"], 0);
        let own = world.read("chess", &format!("{{ removals {{ nodes {{ id groupId {effects} }} }} }}"), json!({})).await;
        assert_eq!(names_hidden(&own), 0, "{own:#}");
    }

    async fn r14_the_owner_is_protected_from_every_end(start: Start) {
        let world = start.with(|it| sales(it).learners("North", &["owner"])).await;
        for asked in [
            world.delete("owner").by("boss"),
            world.delete("owner"),
            world.remove("owner", "platform").by("boss"),
            world.revoke("owner", Administrator, "platform").by("boss"),
            world.revoke("owner", Administrator, "platform"),
            world.delete("owner").removing().by("learner"),
        ] {
            assert_eq!(asked.refused().await.code, "OWNER_PROTECTED");
        }
    }

    async fn r14_the_owner_may_be_taken_out_of_an_ordinary_group(start: Start) {
        let world = start.with(|it| sales(it).learners("North", &["owner"])).await;
        assert_eq!(world.remove("owner", "North").by("boss").done().await.outcome, "REMOVED");
        assert_eq!(world.remove("owner", "Sales").done().await.outcome, "REMOVED");
        assert_eq!(world.revoke("owner", Learner, "platform").done().await.outcome, "REMOVED");
        assert_eq!(world.now().await.roles("owner"), ["ADMINISTRATOR of Platform"]);
    }

    async fn r14_the_owner_in_a_list_stops_nobody_else(start: Start) {
        let world = start.with(sales).await;
        let job = world.delete_all(&["ann", "owner", "learner"]).by("boss").job().await;
        assert_eq!(job.outcomes(), [("ann", "DELETED"), ("owner", "OWNER_PROTECTED"), ("learner", "DELETED")]);
        assert_eq!(world.now().await.status("owner"), "ACTIVE");
    }

    async fn r14_nobody_deletes_themselves(start: Start) {
        let world = start.with(sales).await;
        assert_eq!(world.delete("boss").by("boss").refused().await.code, "SELF_REMOVAL");
        assert_eq!(world.remove("boss", "platform").by("boss").refused().await.code, "SELF_REMOVAL");
        assert_eq!(world.delete("learner").by("learner").refused().await.code, "SELF_REMOVAL");
        let job = world.delete_all(&["boss", "ann"]).by("boss").job().await;
        assert_eq!(job.outcomes(), [("boss", "SELF_REMOVAL"), ("ann", "DELETED")]);
        assert_eq!(world.now().await.status("boss"), "ACTIVE");
    }

    async fn r14_leaving_an_ordinary_group_oneself_is_allowed(start: Start) {
        let world = start.with(|it| sales(it).member("ann", "North", &[Coach])).await;
        assert_eq!(world.remove("ann", "North").by("ann").done().await.outcome, "REMOVED");
        assert_eq!(world.revoke("learner", Learner, "Sales").by("learner").done().await.outcome, "REMOVED");
        let now = world.now().await;
        assert_eq!(now.roles("ann"), ["LEARNER of Platform", "LEARNER of Sales"]);
        assert_eq!(now.roles("learner"), ["LEARNER of Platform"]);
    }

    async fn r14_leaving_ones_last_group_would_take_the_account(start: Start) {
        let world = start.with(clubs).await;
        for asked in [world.remove("bob", "Chess"), world.revoke("bob", Learner, "Chess")] {
            assert_eq!(asked.clone().by("bob").refused().await.code, "SELF_REMOVAL");
            assert_eq!(asked.confirmed().by("bob").refused().await.code, "SELF_REMOVAL");
        }
        assert_eq!(world.remove("ann", "Chess").by("ann").done().await.outcome, "REMOVED");
    }

    async fn r15_who_may_take_a_learner_out_of_a_group(start: Start) {
        for (who, may) in [
            ("owner", true),
            ("boss", true),
            ("administrator", true),
            ("helper", true),
            ("manager", false),
            ("author", false),
            ("coach", false),
            ("learner", false),
        ] {
            let world = start.another().await.with(sales).await;
            if may {
                assert_eq!(world.remove("ann", "Sales").by(who).done().await.outcome, "REMOVED", "{who}");
            } else {
                assert_eq!(forbidden(world.remove("ann", "Sales").by(who)).await.about, ["Sales"], "{who}");
            }
        }
    }

    async fn r15_an_administrator_has_the_rights_below_and_a_user_administrator_has_not(start: Start) {
        let world = start.with(sales).await;
        assert_eq!(forbidden(world.remove("ann", "North").by("helper")).await.about, ["North"]);
        assert_eq!(forbidden(world.remove("learner", "platform").by("administrator")).await.about, ["Platform"]);
        assert_eq!(world.remove("ann", "North").by("administrator").done().await.outcome, "REMOVED");
    }

    async fn r15_a_user_administrator_removes_nobody_with_another_role_there(start: Start) {
        for role in [Coach, Author, UserAdministrator, Administrator] {
            let world = start.another().await.with(|it| sales(it).member("ann", "Sales", &[role])).await;
            assert_eq!(forbidden(world.remove("ann", "Sales").by("helper")).await.about, ["Sales"]);
            assert_eq!(forbidden(world.revoke("ann", Learner, "Sales").by("helper")).await.about, ["Sales"]);
            assert_eq!(world.remove("ann", "Sales").by("administrator").done().await.outcome, "REMOVED");
        }
    }

    async fn r15_what_is_reached_below_needs_no_role_there(start: Start) {
        let world = start.with(|it| sales(it).member("ann", "North", &[Coach])).await;
        assert_eq!(world.remove("ann", "Sales").by("helper").done().await.outcome, "REMOVED");
        assert_eq!(world.now().await.roles("ann"), ["COACH of North", "LEARNER of Platform"]);
    }

    async fn r15_who_may_revoke_a_role(start: Start) {
        let world = start.with(|it| sales(it).member("ann", "Sales", &[Coach, Administrator])).await;
        for who in ["helper", "coach", "manager", "learner"] {
            assert_eq!(forbidden(world.revoke("ann", Coach, "Sales").by(who)).await.about, ["Sales"], "{who}");
        }
        world.revoke("ann", Coach, "Sales").by("administrator").done().await;
        world.revoke("ann", Administrator, "Sales").by("administrator").done().await;
        world.revoke("ann", Learner, "Sales").by("helper").done().await;
        assert_eq!(world.now().await.roles("ann"), ["LEARNER of Platform"]);
    }

    async fn r15_platform_administrators_delete_anybody(start: Start) {
        let world = start.with(|it| clubs(it).user("boss").member("boss", "platform", &[Administrator])).await;
        let job = world.delete_all(&["chess", "ann"]).by("boss").removing().job().await;
        assert_eq!(job.outcomes(), [("chess", "DELETED"), ("ann", "DELETED")]);
    }

    async fn r15_whoever_has_the_right_in_every_group_reached_may_delete(start: Start) {
        let world = start.with(|it| clubs(it).user("carl").learners("Chess", &["carl"])).await;
        assert_eq!(by_chess(&world, "bob").done().await.outcome, "DELETED");
        assert_eq!(world.delete("carl").removing().by("chess helper").done().await.outcome, "DELETED");
    }

    async fn r15_one_foreign_group_is_enough_to_forbid_and_is_told_where_it_is_seen(start: Start) {
        let world = start.another().await.with(clubs).await;
        let refused = forbidden(by_chess(&world, "ann")).await;
        assert_eq!((refused.about.len(), refused.hidden), (0, 1), "Go is hidden from Chess");
        assert!(!refused.message.contains("Go"), "{}", refused.message);

        let world = start.with(|it| clubs(it).learners("Go", &["chess"])).await;
        let refused = forbidden(by_chess(&world, "ann")).await;
        assert_eq!((refused.about, refused.hidden), (vec!["Go".to_owned()], 0));
    }

    async fn r15_a_plan_tells_no_more_of_foreign_groups_than_the_refusal(start: Start) {
        let world = start.with(clubs).await;
        let plan = by_chess(&world, "ann").plan().await;
        assert_eq!(plan.outcomes(), [("ann", "FORBIDDEN")]);
        assert_eq!(plan.of("ann").groups("missingRights"), Vec::<&str>::new());
        let plan = world.remove("ann", "platform").removing().by("bob").plan().await;
        assert_eq!(plan.of("ann").groups("missingRights"), ["Chess"], "Bob sees Chess, and not Go");
    }

    async fn r15_a_user_administrator_deletes_only_who_is_a_learner_there(start: Start) {
        let world = start
            .with(|it| it.group("Chess", "platform", Private).users(&["helper", "bob"]).member("bob", "Chess", &[Learner, Coach]).member("helper", "Chess", &[UserAdministrator]))
            .await;
        assert_eq!(forbidden(world.delete("bob").removing().by("helper")).await.about, ["Chess"]);
    }

    async fn r15_a_platform_user_administrator_has_no_rights_below(start: Start) {
        let world = start.with(sales).await;
        let refused = forbidden(world.delete("administrator").by("manager")).await;
        assert_eq!(refused.about, ["Sales"], "somebody who administers a subgroup");
        let refused = forbidden(world.delete("ann").by("manager")).await;
        assert_eq!(refused.about, ["Sales", "North"], "and a learner of subgroups alike");
    }

    async fn r15_a_platform_user_administrator_deletes_who_is_a_learner_of_the_platform_alone(start: Start) {
        let world = start.with(|it| sales(it).user("guest").learners("platform", &["guest"])).await;
        assert_eq!(world.delete("guest").by("manager").done().await.outcome, "DELETED");
    }

    async fn r15_administrators_of_a_public_group_remove_and_do_not_delete(start: Start) {
        let world = start.with(sales).await;
        assert_eq!(forbidden(world.delete("ann").by("administrator")).await.about, ["Platform"]);
    }

    async fn r15_a_deletion_that_reaches_nothing_is_for_platform_administrators(start: Start) {
        let world = start.with(clubs).await;
        assert_eq!(forbidden(world.delete("bob").keeping().by("chess")).await.about, ["Platform"]);
        assert_eq!(world.delete("bob").keeping().refused().await.code, "NOTHING_REACHED");
    }

    async fn r15_a_deletion_is_measured_by_what_it_reaches(start: Start) {
        let world = start
            .with(|it| {
                it.group("Chess", "platform", Private)
                    .group("Cellar", "Chess", Private)
                    .users(&["bob", "chess"])
                    .learners("Chess", &["bob"])
                    .learners("Cellar", &["bob"])
                    .member("chess", "Chess", &[UserAdministrator])
            })
            .await;
        let refused = forbidden(world.delete("bob").removing().by("chess")).await;
        assert_eq!((refused.about.len(), refused.hidden), (0, 1));
        assert_eq!(world.remove("bob", "Chess").keeping().by("chess").done().await.outcome, "REMOVED");
    }

    async fn r15_in_a_list_who_may_not_be_removed_stops_nobody_else(start: Start) {
        let world = start.with(clubs).await.in_chunks_of(1);
        let job = world.delete_all(&["ann", "bob"]).removing().by("chess").job().await;
        assert_eq!(job.outcomes(), [("ann", "FORBIDDEN"), ("bob", "DELETED")]);
        assert_eq!(job.value["status"], "FINISHED_WITH_FAILURES");
    }

    async fn r1_an_invisible_group_and_an_unknown_one_are_refused_alike(start: Start) {
        let world = start.with(clubs).await;
        let unknown = json!("R3JvdXA6OTk5OTk");
        let mut said = Vec::new();
        for group in [world.group("Go"), unknown] {
            let input = json!({ "groupId": group, "userId": world.user("ann") });
            let before = world.dump().await;
            let answer = world.mutate("bob", "removeUserFromGroup", input, "removal { id }").await;
            assert_eq!(answer.refused(), "NOT_FOUND");
            assert_eq!(before, world.dump().await);
            said.push(answer.0.to_string());
        }
        assert_eq!(said[0], said[1]);
        for asked in [world.remove_all(&["ann"], "Go"), world.revoke("ann", Learner, "Go")] {
            let refused = asked.by("bob").refused().await;
            assert_eq!((refused.code.as_str(), refused.path), ("NOT_FOUND", vec!["groupId".to_owned()]));
        }
        let answer = world.remove("ann", "Go").by("bob").plan_answered("digest").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
    }

    async fn r1_a_public_group_below_a_private_one_is_as_invisible(start: Start) {
        let world = start.with(|it| clubs(it).group("Board", "Go", Public).learners("Board", &["ann"])).await;
        assert_eq!(world.remove("ann", "Board").by("bob").refused().await.code, "NOT_FOUND");
        assert_eq!(forbidden(world.remove("ann", "Chess").by("bob")).await.about, ["Chess"], "Bob is in it");
    }

    async fn an_unknown_person_is_not_found(start: Start) {
        let world = start.with(sales).await;
        let before = world.dump().await;
        let input = json!({ "userId": "VXNlcjo5OTk5OQ" });
        let answer = world.mutate("owner", "deleteUser", input, "removal { id }").await;
        assert_eq!((answer.refused(), &answer.0["userErrors"][0]["path"]), ("NOT_FOUND", &json!(["userId"])));
        let input = json!({ "userId": "nobody" });
        let answer = world.mutate("owner", "deleteUser", input, "removal { id }").await;
        assert_eq!((answer.refused(), &answer.0["userErrors"][0]["path"]), ("BAD_INPUT", &json!(["userId"])));
        let input = json!({ "userId": world.group("Sales") });
        let answer = world.mutate("owner", "deleteUser", input, "removal { id }").await;
        assert_eq!(answer.refused(), "NOT_FOUND", "the id of something else");
        assert_eq!(before, world.dump().await);
    }

    async fn who_is_not_signed_in_is_told_nothing(start: Start) {
        let world = start.with(sales).await;
        let before = world.dump().await;
        for answer in [
            world.delete("ann").by("nobody").answered().await,
            world.delete_all(&["ann"]).by("nobody").answered().await,
            world.remove("ann", "Sales").by("nobody").plan_answered("digest").await,
        ] {
            assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer:#}");
        }
        assert_eq!(before, world.dump().await);
    }
}

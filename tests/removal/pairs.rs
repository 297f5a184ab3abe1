//! Taking people out of several groups in one job: each pair of somebody and a group is a removal of its own (R5, R7, R16).

use std::collections::BTreeMap;

use entity::id::JobId;
use entity::kind::AudienceKind::Dynamic;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, UserAdministrator};
use futures::future::pending;
use roster::graphql::id::GlobalId;
use roster::jobs;
use roster::organisation::Organisation;
use serde_json::{Value, json};

use super::asking::number;
use super::jobs::PATIENCE;
use crate::common::{Answer, World, each_database};

/// Two private branches, in which Ann and Bob are all there is to them, and a public one.
fn school(it: Organisation) -> Organisation {
    it.group("Art", "platform", Private)
        .group("Drawing", "Art", Public)
        .group("Secret", "Art", Private)
        .group("Music", "platform", Private)
        .group("Sport", "platform", Public)
        .users(&["ann", "bob", "carl", "heir", "head", "clerk"])
        .learners("Drawing", &["ann", "bob"])
        .learners("Secret", &["ann"])
        .learners("Music", &["ann", "bob"])
        .learners("Sport", &["bob", "carl"])
        .member("bob", "Drawing", &[Coach])
        .member("heir", "Music", &[Author])
        .member("head", "Art", &[Administrator])
        .member("clerk", "Sport", &[UserAdministrator])
        .course("Harmony", "Music", "ann")
        .course_co_authors("Harmony", &["heir"])
        .path("Basics", "Music", "ann", &["Harmony"])
        .session("Spring", "Basics", "Music", "heir", Dynamic)
        .audience("Spring", &["Music", "Drawing"])
        .slot("Monday", "Spring", 24, None)
        .attend("Monday", &["ann"])
}

fn pairs(world: &World, pairs: &[(&str, &str)]) -> Value {
    let pair = |(who, group): &(&str, &str)| json!({ "member": { "userId": world.user(who) }, "groupId": world.group(group) });
    pairs.iter().map(pair).collect()
}

fn removal(memberships: &Value, confirmed: bool) -> Value {
    json!({ "removeMemberships": {
        "memberships": memberships, "privateSubgroups": "REMOVE", "confirmAccountDeletion": confirmed } })
}

/// What a plan shows: who, out of which group, what.
async fn shown(world: &World, who: &str, input: &Value) -> (Value, Vec<String>) {
    let query = "query($input: RemovalPlanInput!) { removalPlan(input: $input) { digest duplicates
        unresolved { typed outcome } totals { people accountsDeleted membershipsRemoved seatsReleased }
        people(first: 100) { nodes { user { displayName } group { name } outcome digest } } } }";
    let plan = world.read(who, query, json!({ "input": input })).await["removalPlan"].clone();
    let lines = lines(&plan["people"]["nodes"], "outcome");
    (plan, lines)
}

fn lines(nodes: &Value, outcome: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let line = |node: &Value| {
        format!(
            "{} {} {}",
            text(&node["user"]["displayName"]),
            text(&node["group"]["name"]),
            text(&node[outcome])
        )
    };
    nodes.as_array().expect("entries").iter().map(line).collect()
}

async fn job(world: &World, who: &str, id: &Value) -> Value {
    let query = "query($id: ID!) { removalJob(id: $id) { status total duplicates plan { digest totals { accountsDeleted } }
        items(first: 100) { nodes { user { displayName } group { name } typed outcome plannedOutcome digest
            removal { group { name } outcome effects(first: 100) { nodes { __typename } } } plan { outcome } } } } }";
    world.read(who, query, json!({ "id": id })).await["removalJob"].clone()
}

/// Prepares and starts it; the job when it has ended.
async fn carried_out(world: &World, who: &str, input: &Value) -> Value {
    let answer = world.mutate(who, "prepareRemoval", json!({ "removal": input }), "job { id }").await;
    let id = answer.done()["job"]["id"].clone();
    ended(world, &id).await;
    let prepared = job(world, who, &id).await;
    let (plan, planned) = shown(world, who, input).await;
    assert_eq!(prepared["plan"]["digest"], plan["digest"], "the same as is shown at once");
    let mut entries: Vec<String> = lines(&prepared["items"]["nodes"], "plannedOutcome");
    entries.retain(|line| !line.ends_with(" ?"));
    entries.sort();
    let mut planned = planned;
    planned.sort();
    assert_eq!(entries, planned);
    let going = &prepared["plan"]["totals"]["accountsDeleted"];
    let start = json!({ "jobId": id, "planDigest": plan["digest"], "confirmCount": going, "wait": 30 });
    world.done(who, "startRemovalJob", start, "job { status }").await;
    let done = job(world, who, &id).await;
    assert_eq!(
        lines(&done["items"]["nodes"], "outcome").len(),
        done["total"].as_u64().expect("a count") as usize
    );
    for item in done["items"]["nodes"].as_array().expect("entries") {
        assert!(item["plannedOutcome"].is_null() || item["plannedOutcome"] == item["outcome"], "{item:#}");
    }
    done
}

async fn ended(world: &World, id: &Value) {
    jobs::wait(&world.db, JobId(number(id)), PATIENCE, Box::pin(pending())).await.expect("it ends");
}

/// As one asks for each by itself, from the deepest group up.
async fn one_after_the_other(world: &World, who: &str, pairs: &[(&str, &str)], confirmed: bool) {
    let mut pairs = pairs.to_vec();
    let is_above = |group: &str| !["Drawing", "Secret"].contains(&group);
    pairs.sort_by_key(|(who, group)| (world.user_id(who), is_above(group), world.group_id(group)));
    for (user, group) in pairs {
        let asked = world.remove(user, group).by(who).removing();
        let asked = if confirmed { asked.confirmed() } else { asked };
        asked.answered().await;
    }
}

each_database! {
    async fn r16_several_groups_of_one_person_come_to_the_same_as_one_after_the_other(start: Start) {
        let everything = [("ann", "Music"), ("ann", "Art"), ("ann", "Drawing"), ("ann", "Secret")];
        for (asked, confirmed) in [
            (&everything[..], true),
            (&everything[..], false),
            (&[("ann", "Drawing"), ("ann", "Music")], true),
            (&[("bob", "Drawing"), ("bob", "Sport"), ("bob", "Music")], true),
            (&[("bob", "Art"), ("bob", "Drawing")], false),
            (&[("carl", "Sport"), ("carl", "Art")], true),
        ] {
            let one = start.another().await.with(school).await;
            one_after_the_other(&one, "owner", asked, confirmed).await;
            let expected = one.now().await.in_short();
            for size in [1, 2, 3_000] {
                let world = start.another().await.with(school).await.in_chunks_of(size);
                let mut asked = asked.to_vec();
                if size == 2 {
                    asked.reverse();
                }
                carried_out(&world, "owner", &removal(&pairs(&world, &asked), confirmed)).await;
                assert_eq!(world.now().await.in_short(), expected, "{asked:?} {confirmed} in chunks of {size}");
            }
        }
    }

    async fn r7_the_last_of_them_takes_the_account_where_that_is_confirmed(start: Start) {
        let world = start.with(school).await;
        let all = pairs(&world, &[("ann", "Music"), ("ann", "Art")]);
        let (plan, lines) = shown(&world, "owner", &removal(&all, false)).await;
        assert_eq!(lines, ["ann Art REMOVED", "ann Music WOULD_DELETE_ACCOUNT"]);
        assert_eq!((&plan["totals"]["people"], &plan["totals"]["accountsDeleted"]), (&json!(2), &json!(0)));
        let (plan, lines) = shown(&world, "owner", &removal(&all, true)).await;
        assert_eq!(lines, ["ann Art REMOVED", "ann Music DELETED"]);
        assert_eq!(plan["totals"], json!({ "people": 2, "accountsDeleted": 1, "membershipsRemoved": 4, "seatsReleased": 1 }));
        let done = carried_out(&world, "owner", &removal(&all, true)).await;
        let items = done["items"]["nodes"].as_array().expect("entries");
        let of = |group: &str| items.iter().find(|item| item["group"]["name"] == group).expect("an entry");
        assert_eq!(of("Art")["removal"]["group"]["name"], "Art");
        assert_eq!((&of("Music")["removal"]["group"]["name"], &of("Music")["removal"]["outcome"]), (&json!("Music"), &json!("DELETED")));
        let now = world.now().await;
        assert_eq!((now.status("ann"), now.head("Harmony")), ("DELETED", "heir".to_owned()));
        let told = crate::events::heard(&world).await;
        let told: Vec<(&str, &Value)> = told
            .iter()
            .filter(|event| event["data"]["userId"] == world.user("ann"))
            .map(|event| (event["name"].as_str().expect("a name"), &event["data"]["groupId"]))
            .collect();
        assert_eq!(told, [("user.removed_from_group", &world.group("Art")), ("user.deleted", &Value::Null)]);
    }

    async fn r16_each_pair_has_an_outcome_and_stops_no_other(start: Start) {
        let world = start.with(school).await;
        let mut list = pairs(&world, &[("carl", "Sport"), ("bob", "Sport"), ("carl", "Music"), ("carl", "Sport")]);
        list.as_array_mut().expect("a list").extend([
            json!({ "member": { "email": " BOB@example.org " }, "groupId": world.group("Drawing") }),
            json!({ "member": { "email": "nobody@example.org" }, "groupId": world.group("Drawing") }),
            json!({ "member": { "email": "nobody@example.org" }, "groupId": world.group("Music") }),
            json!({ "member": { "externalId": { "system": "hr", "value": "7" } }, "groupId": world.group("Sport") }),
            json!({ "member": { "userId": world.user("carl") }, "groupId": "R3JvdXA6OTk5OQ" }),
        ]);
        let done = carried_out(&world, "owner", &removal(&list, false)).await;
        assert_eq!(
            lines(&done["items"]["nodes"], "outcome"),
            [
                "carl Sport REMOVED",
                "bob Sport REMOVED",
                "carl Music NOT_A_MEMBER",
                "bob Drawing REMOVED",
                "? Drawing NOT_FOUND",
                "? Music NOT_FOUND",
                "? Sport NOT_FOUND",
                "? ? NOT_FOUND",
            ]
        );
        assert_eq!((&done["duplicates"], &done["status"]), (&json!(1), &json!("FINISHED_WITH_FAILURES")));
    }

    async fn r16_an_entry_that_cannot_be_carried_out_has_an_outcome_of_its_own(start: Start) {
        let world = start.with(school).await;
        let mut list = pairs(&world, &[("bob", "Sport"), ("bob", "platform"), ("carl", "Sport")]);
        let unknown = json!({ "member": { "userId": world.user("carl") }, "groupId": "R3JvdXA6OTk5OQ" });
        list.as_array_mut().expect("a list").push(unknown);
        let (plan, people) = shown(&world, "owner", &removal(&list, false)).await;
        assert_eq!(people, ["bob Sport REMOVED", "carl Sport REMOVED"]);
        let outcomes: Vec<&Value> = plan["unresolved"].as_array().expect("entries").iter().map(|entry| &entry["outcome"]).collect();
        assert_eq!(outcomes, ["PLATFORM_GROUP", "NOT_FOUND"]);
        let done = carried_out(&world, "owner", &removal(&list, false)).await;
        assert_eq!(
            lines(&done["items"]["nodes"], "outcome"),
            ["bob Sport REMOVED", "? Platform PLATFORM_GROUP", "carl Sport REMOVED", "? ? NOT_FOUND"]
        );
        assert_eq!(world.now().await.status("bob"), "ACTIVE");
    }

    async fn r16_whoever_is_taken_out_of_a_group_was_taken_out_of_those_below_before(start: Start) {
        let world = start.with(school).await;
        let list = pairs(&world, &[("ann", "Art"), ("ann", "Drawing"), ("ann", "Secret")]);
        let done = carried_out(&world, "owner", &removal(&list, false)).await;
        assert_eq!(
            lines(&done["items"]["nodes"], "outcome"),
            ["ann Art REMOVED", "ann Drawing REMOVED", "ann Secret REMOVED"],
            "nobody is told that they are no member of what this very job took them out of"
        );
    }

    async fn r8_a_plan_knows_who_is_captured_in_a_session_that_has_ended_and_waits(start: Start) {
        // Ann took part as a learner of Drawing, which she leaves before the last membership takes the account.
        let made = |it| school(it).path("Past", "Art", "head", &["Harmony"]).session("Autumn", "Past", "Art", "head", Dynamic).audience("Autumn", &["Drawing"]).ended("Autumn");
        let world = start.with(made).await;
        let list = pairs(&world, &[("ann", "Music"), ("ann", "Drawing"), ("ann", "Secret"), ("ann", "Art")]);
        let query = "query($input: RemovalPlanInput!) { removalPlan(input: $input) { people(first: 100) { nodes { group { name } outcome
            effects(first: 100) { nodes { __typename ... on SessionKept { session { title } reason { code } } } } } } } }";
        let input = removal(&list, true);
        let plan = world.read("owner", query, json!({ "input": input })).await["removalPlan"]["people"]["nodes"].clone();
        let last = plan.as_array().expect("people").iter().find(|person| person["outcome"] == "DELETED").expect("a deletion");
        let kept = json!({ "__typename": "SessionKept", "session": { "title": "Autumn" }, "reason": { "code": "SESSION_ENDED" } });
        assert!(last["effects"]["nodes"].as_array().expect("effects").contains(&kept), "{last:#}");
        let done = carried_out(&world, "owner", &input).await;
        let of_group = |nodes: &Value, effects: &dyn Fn(&Value) -> Value| -> BTreeMap<String, Vec<String>> {
            let kinds = |node: &Value| effects(node).as_array().expect("effects").iter().map(|effect| effect["__typename"].to_string()).collect();
            nodes.as_array().expect("nodes").iter().map(|node| (node["group"]["name"].to_string(), kinds(node))).collect()
        };
        assert_eq!(
            of_group(&plan, &|node| node["effects"]["nodes"].clone()),
            of_group(&done["items"]["nodes"], &|node| node["removal"]["effects"]["nodes"].clone())
        );
    }

    async fn r15_rights_are_asked_pair_by_pair_and_what_is_not_seen_is_not_found(start: Start) {
        let world = start.with(school).await;
        let list = pairs(&world, &[("bob", "Drawing"), ("bob", "Sport"), ("bob", "Music"), ("carl", "Sport")]);
        let (_, by_clerk) = shown(&world, "clerk", &removal(&list, false)).await;
        assert_eq!(by_clerk, ["bob Sport REMOVED", "carl Sport REMOVED"], "of private groups the clerk knows nothing");
        let (plan, by_head) = shown(&world, "head", &removal(&list, false)).await;
        assert!(by_head.contains(&"bob Drawing REMOVED".to_owned()), "{by_head:?}");
        assert!(!by_head.iter().any(|line| line.ends_with("Music REMOVED")), "{by_head:?} {plan:#}");
        assert!(!by_head.contains(&"bob Sport REMOVED".to_owned()), "{by_head:?}");
        let done = carried_out(&world, "clerk", &removal(&list, false)).await;
        let removed = lines(&done["items"]["nodes"], "outcome");
        assert_eq!(removed.iter().filter(|line| line.ends_with(" REMOVED")).count(), 2, "{removed:?}");
        assert_eq!(world.now().await.roles("bob").len(), 6 - 1);
    }

    async fn what_is_no_list_of_pairs_is_refused(start: Start) {
        let world = start.with(school).await;
        let refused = async |list: Value| {
            let answer = world.refused("owner", "prepareRemoval", json!({ "removal": removal(&list, false) })).await;
            (answer.refused().to_owned(), answer.path())
        };
        assert_eq!(refused(json!([])).await.0, "BAD_INPUT");
        let malformed = json!([{ "member": { "userId": "bob" }, "groupId": world.group("Sport") }]);
        assert_eq!(refused(malformed).await, ("BAD_INPUT".to_owned(), "memberships.0.member".to_owned()));
        let malformed = json!([{ "member": { "userId": world.user("bob") }, "groupId": world.user("bob") }]);
        assert_eq!(refused(malformed).await, ("NOT_FOUND".to_owned(), "memberships.0.groupId".to_owned()));
        let undecided = json!({ "removeMemberships": { "memberships": pairs(&world, &[("ann", "Art")]) } });
        let answer: Answer = world.refused("owner", "prepareRemoval", json!({ "removal": undecided })).await;
        assert_eq!((answer.refused(), answer.about()), ("PRIVATE_SUBGROUPS_UNDECIDED", vec!["Secret"]));
    }

    async fn r18_a_plan_of_pairs_that_drifted_is_refused(start: Start) {
        let world = start.with(school).await;
        let input = removal(&pairs(&world, &[("bob", "Drawing"), ("bob", "Sport"), ("carl", "Sport")]), false);
        let answer = world.mutate("owner", "prepareRemoval", json!({ "removal": input }), "job { id }").await;
        let id = answer.done()["job"]["id"].clone();
        ended(&world, &id).await;
        let digest = job(&world, "owner", &id).await["plan"]["digest"].clone();
        let wrong = json!({ "jobId": id, "planDigest": "0123456789abcdef0123456789abcdef" });
        assert_eq!(world.refused("owner", "startRemovalJob", wrong).await.refused(), "PLAN_CHANGED");
        let (bob, drawing) = (world.user_id("bob").0, world.group_id("Drawing").0);
        world.sql(&format!("delete from memberships where user_id = {bob} and group_id = {drawing} and role = 'COACH'")).await;
        let start = json!({ "jobId": id, "planDigest": digest, "wait": 30 });
        assert_eq!(world.refused("owner", "startRemovalJob", start).await.refused(), "PLAN_CHANGED");
    }

    async fn r29_what_failed_is_tried_again_pair_by_pair(start: Start) {
        let world = start.with(school).await;
        let mut list = pairs(&world, &[("carl", "Sport"), ("bob", "Sport")]);
        let later = json!({ "member": { "email": "late@example.org" }, "groupId": world.group("Sport") });
        list.as_array_mut().expect("a list").push(later);
        let input = removal(&list, false);
        let answer = world.mutate("owner", "prepareRemoval", json!({ "removal": input }), "job { id }").await;
        let id = answer.done()["job"]["id"].clone();
        ended(&world, &id).await;
        let digest = job(&world, "owner", &id).await["plan"]["digest"].clone();
        world.done("owner", "startRemovalJob", json!({ "jobId": id, "planDigest": digest, "wait": 30 }), "").await;
        let member = json!([{ "groupId": world.group("Sport"), "role": "LEARNER" }]);
        world.done("owner", "createUser", json!({ "firstName": "late", "email": "late@example.org", "memberships": member }), "").await;
        let again = world.done("owner", "retryRemovalJob", json!({ "jobId": id, "wait": 30 }), "job { id }").await["job"]["id"].clone();
        let again = job(&world, "owner", &again).await;
        assert_eq!(lines(&again["items"]["nodes"], "outcome"), ["late Sport REMOVED"]);
        assert_eq!(again["total"], 1);
    }

    async fn r14_ones_own_come_last_and_many_people_share_chunks(start: Start) {
        let world = start.with(|it| school(it).learners("Drawing", &["head"])).await.in_chunks_of(2);
        let list = pairs(&world, &[("head", "Drawing"), ("bob", "Drawing"), ("ann", "Drawing"), ("bob", "Art"), ("head", "Art")]);
        let answer = world.mutate("head", "prepareRemoval", json!({ "removal": removal(&list, false) }), "job { id }").await;
        let id = JobId(number(&answer.done()["job"]["id"]));
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
        let items = entity::job_item::Entity::find().filter(entity::job_item::Column::JobId.eq(id));
        let items = items.all(&world.db.read).await.expect("items");
        let chunk: BTreeMap<(i64, i64), i64> = items
            .iter()
            .map(|item| ((item.user_id.expect("somebody").0, item.group_id.expect("a group").0), item.chunk.expect("a chunk")))
            .collect();
        let of = |who: &str, group: &str| chunk[&(world.user_id(who).0, world.group_id(group).0)];
        // From the deepest group up: Drawing comes before Art.
        assert_eq!((of("bob", "Drawing"), of("ann", "Drawing"), of("bob", "Art")), (1, 1, 2));
        assert_eq!((of("head", "Drawing"), of("head", "Art")), (3, 4));
        assert_eq!(id.global().as_str(), answer.done()["job"]["id"]);
    }
}

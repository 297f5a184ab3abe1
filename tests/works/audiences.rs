//! R8: the groups of a session's audience, which a dynamic session follows and a static one captures.

use entity::kind::AudienceKind::Static;
use entity::kind::Role::{Author, Coach, UserAdministrator};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use super::{attendees, campus, in_hours, participants, trainers, with};
use crate::common::{World, each_database};

const AUDIENCE: &str = "session { audienceKind audienceGroups { name } }";

/// The campus with a static session of Physics, saved before Eve came to Physics, and to Arts, where the writer is coach.
fn fixed(it: Organisation) -> Organisation {
    campus(it)
        .member("writer", "Arts", &[Coach])
        .session("Fixed", "Basics", "Physics", "writer", Static)
        .audience("Fixed", &["Physics"])
        .slot("Tuesday", "Fixed", 48, None)
        .slot("Last week", "Fixed", -168, None)
        .user("eve")
        .learners("Physics", &["eve"])
        .learners("Arts", &["eve"])
}

fn audience(world: &World, session: &str, change: Value) -> Value {
    with(&json!({ "sessionId": world.session(session) }), change)
}

async fn leave_physics(world: &World, user: &str) {
    let input = json!({ "userId": world.user(user), "groupId": world.group("Physics") });
    world.done("owner", "removeUserFromGroup", input, "outcome").await;
}

each_database! {
    async fn r8_a_dynamic_session_follows_its_groups(start: Start) {
        let world = start.with(fixed).await;
        let arts = audience(&world, "Spring", json!({ "audienceGroupIds": [world.group("Arts")] }));
        let set = world.done("writer", "setSessionAudience", arts, AUDIENCE).await;
        assert_eq!(set["session"], json!({ "audienceKind": "DYNAMIC", "audienceGroups": [{ "name": "Arts" }] }));
        assert_eq!(participants(&world, "Spring").await, ["eve GROUP"]);
        let grant = json!({ "userId": world.user("coach"), "groupId": world.group("Arts"), "role": "LEARNER" });
        world.done("owner", "grantRole", grant, "user { id }").await;
        assert_eq!(participants(&world, "Spring").await, ["coach GROUP", "eve GROUP"]);
    }

    async fn r8_absent_keeps_and_null_clears(start: Start) {
        let world = start.with(fixed).await;
        let before = world.dump().await;
        let kept = world.done("writer", "setSessionAudience", audience(&world, "Spring", json!({})), AUDIENCE).await;
        assert_eq!(kept["session"]["audienceGroups"], json!([{ "name": "Physics" }]));
        assert_eq!(before, world.dump().await);
        let answer = world.refused("writer", "setSessionAudience", audience(&world, "Spring", json!({ "audienceKind": null }))).await;
        assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "audienceKind"));
        let cleared = audience(&world, "Spring", json!({ "audienceGroupIds": null }));
        let cleared = world.done("writer", "setSessionAudience", cleared, AUDIENCE).await;
        assert_eq!(cleared["session"]["audienceGroups"], json!([]));
        assert_eq!(participants(&world, "Spring").await, Vec::<String>::new());
    }

    async fn r8_leaving_by_another_audience_releases_upcoming_seats_alone(start: Start) {
        let world = start
            .with(|it| {
                fixed(it)
                    .slot("Sunday", "Spring", -24, None)
                    .attend("Monday", &["ann", "eve"])
                    .attend("Sunday", &["ann"])
                    .train("Monday", &["ann"])
                    .attend("Tuesday", &["ann"])
                    .progress("ann", "Mechanics", 40)
            })
            .await;
        let arts = audience(&world, "Spring", json!({ "audienceGroupIds": [world.group("Arts")] }));
        let before = world.dump().await;
        world.done("writer", "setSessionAudience", arts, AUDIENCE).await;
        assert_eq!(attendees(&world, "Monday").await, ["eve"], "Arts carries her");
        assert_eq!(trainers(&world, "Monday").await, ["ann"], "who trains need not take part");
        assert_eq!(attendees(&world, "Sunday").await, ["ann"], "it has begun");
        assert_eq!(attendees(&world, "Tuesday").await, ["ann"], "another session");
        let changed = before.changes_until(&world.dump().await);
        assert_eq!(changed.keys().collect::<Vec<_>>(), ["session_groups", "slot_registrations"], "progress is kept");
    }

    async fn r8_another_group_and_an_individual_enrolment_still_carry(start: Start) {
        let world = start.with(|it| fixed(it).enrol("Spring", &["bob"]).attend("Monday", &["bob", "eve"])).await;
        let both = audience(&world, "Spring", json!({ "audienceGroupIds": [world.group("Arts"), world.group("Physics")] }));
        world.done("writer", "setSessionAudience", both, AUDIENCE).await;
        assert_eq!(participants(&world, "Spring").await, ["ann GROUP", "bob INDIVIDUAL", "eve GROUP"]);
        leave_physics(&world, "eve").await;
        let arts = audience(&world, "Spring", json!({ "audienceGroupIds": [world.group("Arts")] }));
        world.done("writer", "setSessionAudience", arts, AUDIENCE).await;
        assert_eq!(participants(&world, "Spring").await, ["bob INDIVIDUAL", "eve GROUP"]);
        assert_eq!(attendees(&world, "Monday").await, ["bob", "eve"]);
    }

    async fn r8_later_changes_of_membership_do_not_touch_a_static_session(start: Start) {
        let world = start.with(|it| fixed(it).attend("Tuesday", &["ann"])).await;
        assert_eq!(participants(&world, "Fixed").await, ["ann CAPTURED", "bob CAPTURED"], "eve came later");
        leave_physics(&world, "ann").await;
        assert_eq!(participants(&world, "Fixed").await, ["ann CAPTURED", "bob CAPTURED"]);
        assert_eq!(attendees(&world, "Tuesday").await, ["ann"]);
    }

    async fn r8_saving_a_static_audience_again_adds(start: Start) {
        let world = start.with(fixed).await;
        leave_physics(&world, "ann").await;
        world.done("writer", "setSessionAudience", audience(&world, "Fixed", json!({})), AUDIENCE).await;
        assert_eq!(participants(&world, "Fixed").await, ["ann CAPTURED", "bob CAPTURED", "eve CAPTURED"]);
        let lab = audience(&world, "Fixed", json!({ "audienceGroupIds": [world.group("Lab")] }));
        let set = world.done("head", "setSessionAudience", lab, AUDIENCE).await;
        assert_eq!(set["session"]["audienceGroups"], json!([{ "name": "Lab" }]));
        assert_eq!(
            participants(&world, "Fixed").await,
            ["ann CAPTURED", "bob CAPTURED", "eve CAPTURED", "lea CAPTURED"],
            "a group taken out takes nobody with it"
        );
    }

    async fn r8_recapturing_drops_who_left(start: Start) {
        let world = start
            .with(|it| fixed(it).attend("Tuesday", &["ann", "bob"]).attend("Last week", &["ann"])).await;
        leave_physics(&world, "ann").await;
        let again = audience(&world, "Fixed", json!({ "recapture": true }));
        world.done("writer", "setSessionAudience", again, AUDIENCE).await;
        assert_eq!(participants(&world, "Fixed").await, ["bob CAPTURED", "eve CAPTURED"]);
        assert_eq!(attendees(&world, "Tuesday").await, ["bob"]);
        assert_eq!(attendees(&world, "Last week").await, ["ann"]);
    }

    async fn r8_recapturing_keeps_the_individually_enrolled(start: Start) {
        let world = start.with(|it| fixed(it).enrol("Fixed", &["ann"]).attend("Tuesday", &["ann"])).await;
        leave_physics(&world, "ann").await;
        let again = audience(&world, "Fixed", json!({ "recapture": true }));
        world.done("writer", "setSessionAudience", again, AUDIENCE).await;
        assert_eq!(participants(&world, "Fixed").await, ["ann INDIVIDUAL", "bob CAPTURED", "eve CAPTURED"]);
        assert_eq!(attendees(&world, "Tuesday").await, ["ann"]);
    }

    async fn r8_saving_a_static_audience_captures_nobody_excluded(start: Start) {
        let world = start.with(|it| fixed(it).exclude("Fixed", &["bob", "eve"])).await;
        world.done("writer", "setSessionAudience", audience(&world, "Fixed", json!({})), AUDIENCE).await;
        let include = json!({ "sessionId": world.session("Fixed"), "userIds": world.users(&["bob", "eve"]) });
        world.done("writer", "includeInSession", include, "outcomes { outcome }").await;
        assert_eq!(participants(&world, "Fixed").await, ["ann CAPTURED"], "bob was dropped when it was saved");
        world.done("writer", "setSessionAudience", audience(&world, "Fixed", json!({})), AUDIENCE).await;
        assert_eq!(participants(&world, "Fixed").await, ["ann CAPTURED", "bob CAPTURED", "eve CAPTURED"]);
    }

    async fn r8_from_dynamic_to_static_whoever_takes_part_is_captured(start: Start) {
        let world = start.with(|it| fixed(it).enrol("Spring", &["coach"]).exclude("Spring", &["bob"])
            .attend("Monday", &["ann", "coach"])).await;
        let fix = audience(&world, "Spring", json!({ "audienceKind": "STATIC" }));
        world.done("writer", "setSessionAudience", fix, AUDIENCE).await;
        leave_physics(&world, "ann").await;
        assert_eq!(participants(&world, "Spring").await, ["ann CAPTURED", "coach INDIVIDUAL", "eve CAPTURED"]);
        assert_eq!(attendees(&world, "Monday").await, ["ann", "coach"]);
    }

    async fn r8_from_static_to_dynamic_the_captured_are_forgotten(start: Start) {
        let world = start.with(|it| fixed(it).attend("Tuesday", &["ann", "bob"])).await;
        leave_physics(&world, "ann").await;
        let follow = audience(&world, "Fixed", json!({ "audienceKind": "DYNAMIC" }));
        let set = world.done("writer", "setSessionAudience", follow, AUDIENCE).await;
        assert_eq!(set["session"]["audienceKind"], "DYNAMIC");
        assert_eq!(participants(&world, "Fixed").await, ["bob GROUP", "eve GROUP"]);
        assert_eq!(attendees(&world, "Tuesday").await, ["bob"]);
    }

    async fn r8_an_audience_is_made_of_groups_that_one_sees(start: Start) {
        let world = start.with(fixed).await;
        for (groups, code, path) in [
            (json!([world.group("Arts"), world.group("Lab")]), "NOT_FOUND", "audienceGroupIds.1"),
            (json!(vec![world.group("Arts"); 1_001]), "BAD_INPUT", "audienceGroupIds"),
        ] {
            for session in ["Spring", "Fixed"] {
                let input = audience(&world, session, json!({ "audienceGroupIds": groups }));
                let answer = world.refused("writer", "setSessionAudience", input).await;
                assert_eq!((answer.refused(), answer.path().as_str()), (code, path), "{session}");
            }
        }
    }

    async fn r8_adding_a_group_to_an_audience_takes_a_right_in_it(start: Start) {
        let world = start.with(campus).await;
        let spring = |groups: &[&str]| {
            let groups: Vec<Value> = groups.iter().map(|group| world.group(group)).collect();
            audience(&world, "Spring", json!({ "audienceGroupIds": groups }))
        };
        for groups in [vec!["platform"], vec!["Physics", "Choir", "Arts"]] {
            let answer = world.refused("writer", "setSessionAudience", spring(&groups)).await;
            assert_eq!(answer.refused(), "FORBIDDEN", "{groups:?}");
            let named: Vec<&str> = groups.iter().map(|group| if *group == "platform" { "Platform" } else { *group }).collect();
            let missing: Vec<&str> = named.into_iter().filter(|group| *group != "Physics").collect();
            let mut about = answer.about();
            about.sort_unstable();
            let mut expected = missing;
            expected.sort_unstable();
            assert_eq!(about, expected);
        }
        let created = json!({ "pathId": world.path("Basics"), "title": "Summer", "audienceKind": "DYNAMIC", "startsAt": in_hours(&world, 1),
            "endsAt": in_hours(&world, 48), "groupId": world.group("Physics"), "audienceGroupIds": [world.group("platform")] });
        let answer = world.refused("writer", "createSession", created).await;
        assert_eq!((answer.refused(), answer.about()), ("FORBIDDEN", vec!["Platform"]));
        let seen = world.read("writer", "{ users(first: 100) { nodes { displayName } } }", json!({})).await;
        assert!(!seen.to_string().contains("dean"), "setting an audience shows nobody");
    }

    async fn r8_who_teaches_or_administers_a_group_or_one_above_may_add_it(start: Start) {
        for (group, role) in [("Arts", Coach), ("Arts", Author), ("Arts", UserAdministrator), ("platform", Coach)] {
            let world = start.another().await.with(|it| campus(it).member("writer", group, &[role])).await;
            let both = json!({ "audienceGroupIds": [world.group("Physics"), world.group("Arts")] });
            world.done("writer", "setSessionAudience", audience(&world, "Spring", both), AUDIENCE).await;
        }
    }

    async fn r8_taking_a_group_out_of_an_audience_takes_the_session_alone(start: Start) {
        let world = start.with(|it| campus(it).audience("Spring", &["Arts", "Choir"])).await;
        let fewer = json!({ "audienceGroupIds": [world.group("Physics"), world.group("Choir")] });
        let set = world.done("writer", "setSessionAudience", audience(&world, "Spring", fewer), AUDIENCE).await;
        assert_eq!(set["session"]["audienceGroups"], json!([{ "name": "Choir" }, { "name": "Physics" }]));
    }

    async fn r8_instructors_and_administrators_of_the_owner_group_see_who_takes_part(start: Start) {
        let world = start.with(|it| campus(it).audience("Spring", &["Arts"]).user("eve").learners("Arts", &["eve"])
            .co_instructors("Spring", &["colleague"])).await;
        let asked = json!({ "id": world.user("eve"), "session": world.session("Spring") });
        let query = "query($id: ID!, $session: ID!) { node(id: $id) { ... on User { displayName email } }
            session(id: $session) { participants(first: 10) { nodes { user { displayName } } } } }";
        for who in ["writer", "colleague", "head"] {
            let found = world.read(who, query, asked.clone()).await;
            assert_eq!(found["node"], json!({ "displayName": "eve", "email": null }), "{who}");
            assert!(found["session"]["participants"].to_string().contains("eve"), "{who}");
        }
        assert_eq!(world.read("coach", query, asked.clone()).await["node"], Value::Null, "only looks after the owner group");
    }
}

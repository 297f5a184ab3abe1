//! The order in which a request is checked, the same everywhere: what it names is looked for first, then the right to do
//! it, and last whether it can be done at all. So nobody learns from a refusal of what they may not see.

use entity::kind::AudienceKind::Dynamic;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{World, each_database};

/// Ann learns in Open and sees it, Sub and Wide; she sees neither Hidden nor the mole who is in it, and writes nothing.
fn campus(it: Organisation) -> Organisation {
    it.group("Open", "platform", Public)
        .group("Sub", "Open", Public)
        .group("Wide", "platform", Public)
        .group("Hidden", "platform", Private)
        .users(&["head", "ann", "bob", "mole"])
        .member("head", "Open", &[Administrator, Author])
        .learners("Open", &["ann", "bob"])
        .learners("Hidden", &["mole"])
        .course("Course", "Open", "head")
        .course("Next", "Open", "head")
        .course("Secret", "Hidden", "owner")
        .path("Path", "Open", "head", &["Course"])
        .path("Secret path", "Hidden", "owner", &[])
        .session("Session", "Path", "Open", "head", Dynamic)
        .audience("Session", &["Open"])
        .session("Secret session", "Secret path", "Hidden", "owner", Dynamic)
        .session("Over", "Path", "Open", "head", Dynamic)
        .audience("Over", &["Open"])
        .ended("Over")
        .slot("Slot", "Session", 24, Some(2))
        .slot("Secret slot", "Secret session", 24, Some(2))
        .activity("Quiz", "Course", "head")
        .activity("Secret quiz", "Secret", "owner")
}

/// An operation that names several things.
struct Operation {
    name: &'static str,
    /// What is asked for, all of which ann sees.
    input: Value,
    /// What names something, in the order in which it is looked for, and what it is called where it is not seen.
    names: Vec<(&'static str, &'static str)>,
    /// What is changed of the input so that nobody could do it, and what whoever has the right hears.
    shape: Option<(Value, &'static str)>,
}

fn operations(world: &World) -> Vec<Operation> {
    let (open, sub, wide) = (world.group("Open"), world.group("Sub"), world.group("Wide"));
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let (course, path, session) = (world.course("Course"), world.path("Path"), world.session("Session"));
    let of = |name, input, names: &[_], shape| Operation { name, input, names: names.to_vec(), shape };
    let people = [("mainAuthorId", "User"), ("coAuthorIds", "User")];
    let [main, others] = people;
    let instructors = [("mainInstructorId", "User"), ("coInstructorIds", "User")];
    let [instructor, beside] = instructors;
    let twice = |main: &str, others: &str| json!({ main: bob, others: [bob] });
    let times = |starts: i64, ends: i64| {
        let at = |hours| (world.made.now + chrono::TimeDelta::hours(hours)).to_rfc3339();
        json!({ "startsAt": at(starts), "endsAt": at(ends) })
    };
    let mut new_session = json!({ "title": "New", "pathId": path, "groupId": open, "audienceKind": "DYNAMIC",
        "audienceGroupIds": [open], "mainInstructorId": ann, "coInstructorIds": [bob] });
    new_session.as_object_mut().expect("an input").extend(times(1, 2).as_object().expect("times").clone());
    vec![
        of(
            "moveGroup",
            json!({ "groupId": sub, "parentId": wide }),
            &[("groupId", "Group"), ("parentId", "Group")],
            Some((json!({ "groupId": open, "parentId": sub }), "CYCLE")),
        ),
        of(
            "deleteGroup",
            json!({ "groupId": sub, "contentTo": wide }),
            &[("groupId", "Group"), ("contentTo", "Group")],
            Some((json!({ "contentTo": sub }), "BAD_INPUT")),
        ),
        of(
            "setGroupPrivacy",
            json!({ "groupId": sub, "privacy": "PRIVATE" }),
            &[("groupId", "Group")],
            Some((json!({ "groupId": world.group("platform") }), "PLATFORM_GROUP")),
        ),
        of(
            "grantRole",
            json!({ "userId": bob, "groupId": wide, "role": "COACH" }),
            &[("userId", "User"), ("groupId", "Group")],
            None,
        ),
        of(
            "revokeRole",
            json!({ "userId": bob, "groupId": wide, "role": "COACH" }),
            &[("userId", "User"), ("groupId", "Group")],
            Some((json!({}), "NOT_A_MEMBER")),
        ),
        of(
            "removeUserFromGroup",
            json!({ "userId": bob, "groupId": wide }),
            &[("userId", "User"), ("groupId", "Group")],
            Some((json!({}), "NOT_A_MEMBER")),
        ),
        of(
            "createCourse",
            json!({ "title": "New", "groupId": open, "mainAuthorId": ann, "coAuthorIds": [bob] }),
            &[("groupId", "Group"), main, others],
            Some((twice("mainAuthorId", "coAuthorIds"), "BAD_INPUT")),
        ),
        of(
            "updateCourse",
            json!({ "courseId": course, "groupId": sub, "mainAuthorId": ann, "coAuthorIds": [bob] }),
            &[("courseId", "Course"), ("groupId", "Group"), main, others],
            Some((twice("mainAuthorId", "coAuthorIds"), "BAD_INPUT")),
        ),
        of(
            "createPath",
            json!({ "title": "New", "groupId": open, "mainAuthorId": ann, "coAuthorIds": [bob], "courseIds": [course] }),
            &[("groupId", "Group"), main, others, ("courseIds", "Course")],
            Some((twice("mainAuthorId", "coAuthorIds"), "BAD_INPUT")),
        ),
        of(
            "updatePath",
            json!({ "pathId": path, "groupId": sub, "mainAuthorId": ann, "coAuthorIds": [bob], "courseIds": [course] }),
            &[("pathId", "Path"), ("groupId", "Group"), main, others, ("courseIds", "Course")],
            Some((twice("mainAuthorId", "coAuthorIds"), "BAD_INPUT")),
        ),
        of(
            "createSession",
            new_session,
            &[("pathId", "Path"), ("groupId", "Group"), instructor, beside, ("audienceGroupIds", "Group")],
            Some((twice("mainInstructorId", "coInstructorIds"), "BAD_INPUT")),
        ),
        of(
            "updateSession",
            json!({ "sessionId": session, "groupId": sub }),
            &[("sessionId", "Session"), ("groupId", "Group")],
            Some((times(2, 1), "BAD_INPUT")),
        ),
        of(
            "setSessionInstructors",
            json!({ "sessionId": session, "mainInstructorId": ann, "coInstructorIds": [bob] }),
            &[("sessionId", "Session"), instructor, beside],
            Some((twice("mainInstructorId", "coInstructorIds"), "BAD_INPUT")),
        ),
        of(
            "setSessionAudience",
            json!({ "sessionId": session, "audienceGroupIds": [open] }),
            &[("sessionId", "Session"), ("audienceGroupIds", "Group")],
            Some((json!({ "sessionId": world.session("Over") }), "SESSION_ENDED")),
        ),
        of(
            "registerForSlot",
            json!({ "slotId": world.slot("Slot"), "userId": bob, "kind": "ATTENDEE" }),
            &[("slotId", "Slot"), ("userId", "User")],
            None,
        ),
        of(
            "unregisterFromSlot",
            json!({ "slotId": world.slot("Slot"), "userId": bob, "kind": "ATTENDEE" }),
            &[("slotId", "Slot"), ("userId", "User")],
            None,
        ),
        of(
            "issueCertificate",
            json!({ "courseId": course, "userId": bob }),
            &[("courseId", "Course"), ("userId", "User")],
            None,
        ),
        of(
            "recordProgress",
            json!({ "courseId": course, "userId": bob, "percent": 10 }),
            &[("courseId", "Course"), ("userId", "User")],
            None,
        ),
        of(
            "recordResult",
            json!({ "activityId": world.activity("Quiz"), "userId": bob, "score": 10 }),
            &[("activityId", "Activity"), ("userId", "User")],
            None,
        ),
        of(
            "copyActivity",
            json!({ "activityId": world.activity("Quiz"), "courseId": world.course("Next") }),
            &[("activityId", "Activity"), ("courseId", "Course")],
            None,
        ),
    ]
}

/// What ann does not see, as it stands in a field.
fn unseen(world: &World, (field, what): (&str, &str)) -> Value {
    let id = match what {
        "Group" => world.group("Hidden"),
        "User" => world.user("mole"),
        "Course" => world.course("Secret"),
        "Path" => world.path("Secret path"),
        "Session" => world.session("Secret session"),
        "Slot" => world.slot("Secret slot"),
        "Activity" => world.activity("Secret quiz"),
        other => panic!("{other}"),
    };
    if field.ends_with("Ids") { json!([id]) } else { id }
}

/// `input` with the fields of `change` in place of its own.
fn with(input: &Value, change: &Value) -> Value {
    let mut input = input.clone();
    input.as_object_mut().expect("an input").extend(change.as_object().expect("a change").clone());
    input
}

each_database! {
    async fn what_is_named_is_looked_for_first_then_the_right_then_the_shape(start: Start) {
        let world = start.with(campus).await;
        for Operation { name, input, names, shape } in operations(&world) {
            let not_found = async |input: Value, (field, what): (&str, &str)| {
                let refused = world.refused("ann", name, input).await;
                let path = refused.path();
                let message = refused.0["userErrors"][0]["message"].clone();
                let expected = ("NOT_FOUND", Some(field), json!(format!("{what} not found.")));
                assert_eq!((refused.refused(), path.split('.').next(), message), expected, "{name} {field}");
            };
            let all = names.iter().fold(input.clone(), |input, named| with(&input, &json!({ named.0: unseen(&world, *named) })));
            not_found(all, names[0]).await;
            for named in &names {
                not_found(with(&input, &json!({ named.0: unseen(&world, *named) })), *named).await;
            }
            let (impossible, code) = shape.unwrap_or((json!({}), ""));
            let impossible = with(&input, &impossible);
            assert_eq!(world.refused("ann", name, impossible.clone()).await.refused(), "FORBIDDEN", "{name}");
            if !code.is_empty() {
                assert_eq!(world.refused("owner", name, impossible).await.refused(), code, "{name}");
            }
        }
    }
}

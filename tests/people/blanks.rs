//! What a blank text is answered with: advice that can be followed.

use entity::kind::Privacy::Public;
use serde_json::{Value, json};

use crate::common::{World, each_database};

/// Every text of an input: the mutation, an input that is good, and where the text stands in it.
fn texts(world: &World) -> Vec<(&'static str, Value, &'static str)> {
    let group = world.group("School");
    let course = world.course("Latin");
    let path = world.path("Antiquity");
    let session = world.session("Spring");
    let person = || {
        json!({
            "firstName": "Ada", "lastName": "Lovelace", "username": "ada", "email": "ada@example.org", "phone": "1",
            "jobTitle": "Countess", "language": "en", "photoUrl": "https://example.org/a.png",
            "customFields": [{ "name": "House", "value": "Blue" }],
            "externalIds": [{ "system": "hr", "value": "1" }],
        })
    };
    let of_ann = || {
        let mut change = person();
        change["userId"] = world.user("ann");
        change
    };
    let fields = [
        "/firstName",
        "/lastName",
        "/username",
        "/email",
        "/phone",
        "/jobTitle",
        "/language",
        "/photoUrl",
        "/customFields/0/name",
        "/customFields/0/value",
        "/externalIds/0/system",
        "/externalIds/0/value",
    ];
    let mut texts: Vec<_> = fields
        .iter()
        .flat_map(|field| [("createUser", person(), *field), ("updateUser", of_ann(), *field)])
        .collect();
    texts.extend([
        ("updatePlatform", json!({ "name": "Platform" }), "/name"),
        ("createGroup", json!({ "parentId": group, "name": "Class", "privacy": "PUBLIC" }), "/name"),
        ("updateGroup", json!({ "groupId": group, "name": "Class" }), "/name"),
        ("createCourse", json!({ "groupId": group, "title": "Greek" }), "/title"),
        ("updateCourse", json!({ "courseId": course, "title": "Greek" }), "/title"),
        ("createPath", json!({ "groupId": group, "title": "Rome" }), "/title"),
        ("updatePath", json!({ "pathId": path, "title": "Rome" }), "/title"),
        ("updateSession", json!({ "sessionId": session, "title": "Autumn" }), "/title"),
        ("createActivity", json!({ "courseId": course, "title": "Quiz" }), "/title"),
        ("createToken", json!({ "name": "Sync", "scopes": ["USERS_READ"] }), "/name"),
        ("createWebhook", json!({ "url": "https://example.org/", "description": "HR" }), "/description"),
    ]);
    texts
}

each_database! {
    async fn the_advice_for_a_blank_text_is_true_for_its_field(start: Start) {
        let world = start
            .with(|it| {
                it.group("School", "platform", Public)
                    .user("ann")
                    .learners("School", &["ann"])
                    .course("Latin", "School", "ann")
                    .path("Antiquity", "School", "ann", &["Latin"])
                    .session("Spring", "Antiquity", "School", "ann", entity::kind::AudienceKind::Dynamic)
            })
            .await;
        for (mutation, input, place) in texts(&world) {
            let at = |text: Value| {
                let mut input = input.clone();
                *input.pointer_mut(place).expect(place) = text;
                input
            };
            let answer = world.refused("owner", mutation, at(json!(" "))).await;
            let path = place[1..].replace('/', ".");
            assert_eq!((answer.refused(), answer.path()), ("BAD_INPUT", path.clone()), "{mutation}");
            let message = answer.0["userErrors"][0]["message"].as_str().expect("a message");
            if message.contains("null") {
                world.done("owner", mutation, at(Value::Null), "").await;
                world.sql("delete from external_ids").await;
                world.sql("update users set username = null, username_key = null, email = 'n' || id, email_key = 'n' || id
                    where email_key = 'ada@example.org'").await;
            } else {
                assert!(!message.contains("leave it out"), "{mutation} {place}: {message}");
            }
        }
    }
}

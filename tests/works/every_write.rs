//! What holds of every write here: who may, what is no input, and that a request sent again does nothing.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::kind::Status::{Deactivated, Suspended};
use serde_json::{Value, json};

use super::writes::{is_of_many, other, with_id, writes};
use super::{campus, with};
use crate::common::{World, each_database};

/// What is answered to the mutation `name` with `input`, when nothing is asked for but whether it was done.
async fn ask(world: &World, who: &str, name: &str, input: Value) -> Value {
    let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query = format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}");
    world.ask(who, &query, json!({ "input": input })).await
}

each_database! {
    async fn no_write_is_forgotten_here(start: Start) {
        let world = start.with(campus).await;
        let query = "{ __schema { mutationType { fields { name } } } }";
        let schema = world.read("owner", query, json!({})).await;
        let fields = schema["__schema"]["mutationType"]["fields"].as_array().expect("mutations").iter();
        let words = ["Course", "Path", "Session", "Slot", "Activity", "Progress", "Result", "Certificate"];
        let named: BTreeSet<&str> = fields
            .filter_map(|field| field["name"].as_str())
            .filter(|name| words.iter().any(|word| name.contains(word)))
            .collect();
        assert_eq!(named, writes(&world).iter().map(|(name, ..)| *name).collect());
    }

    async fn r4_who_may_write(start: Start) {
        let world = start.with(campus).await;
        let everybody =
            ["owner", "deputy", "head", "writer", "colleague", "dean", "registrar", "coach", "bob", "lea"];
        for (name, input, who_may) in writes(&world) {
            // Bob may do for himself what needs no more right than taking part.
            let input = if name.starts_with("record") { with(&input, json!({ "userId": world.user("ann") })) } else { input };
            for who in everybody.iter().filter(|who| !who_may.may(who)) {
                let answer = world.refused(who, name, input.clone()).await;
                // Physics is public; what it owns, and who writes for it, is known to those in it.
                let knows = !["dean", "lea"].contains(who);
                let expected = if knows { ("FORBIDDEN", vec!["Physics"]) } else { ("NOT_FOUND", vec![]) };
                assert_eq!((answer.refused(), answer.about()), expected, "{who} {name}");
            }
            let once = name == "deleteSlot";
            for who in everybody.iter().filter(|who| who_may.may(who)).take(if once { 1 } else { 99 }) {
                world.done(who, name, input.clone(), "").await;
            }
        }
    }

    async fn r1_what_is_in_a_group_out_of_sight_is_not_there(start: Start) {
        use entity::kind::Privacy::Private;
        // Physics, closed, below a closed Science: only its own people and those above know of it.
        let world = start
            .with(|it| {
                let mut it = campus(it);
                for row in &mut it.tables.groups {
                    if row.name == "Physics" {
                        row.privacy = Private;
                    }
                }
                it
            })
            .await;
        for (name, input, _) in writes(&world) {
            let place = match name {
                "createCourse" | "createPath" => "groupId",
                "createSession" | "updatePath" => "pathId",
                "updateCourse" | "createActivity" | "enrolInCourse" | "unenrolFromCourse" | "recordProgress" | "issueCertificate" => "courseId",
                "updateSlot" | "deleteSlot" | "registerForSlot" | "unregisterFromSlot" => "slotId",
                "updateActivity" | "copyActivity" | "recordResult" => "activityId",
                _ => "sessionId",
            };
            for who in ["dean", "lea"] {
                let answer = world.refused(who, name, input.clone()).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("NOT_FOUND", place), "{who} {name}");
                assert_eq!((answer.about(), &answer.0["userErrors"][0]["hiddenCount"]), (vec![], &json!(0)));
            }
        }
    }

    async fn whoever_cannot_sign_in_writes_nothing(start: Start) {
        let world = start
            .with(|it| {
                campus(it)
                    .users(&["sue", "dan"])
                    .member("sue", "platform", &[entity::kind::Role::Administrator])
                    .member("dan", "platform", &[entity::kind::Role::Administrator])
                    .status("sue", Suspended)
                    .status("dan", Deactivated)
            })
            .await;
        let before = world.dump().await;
        for (name, input, _) in writes(&world) {
            for who in ["nobody", "sue", "dan", "del"] {
                let answer = ask(&world, who, name, input.clone()).await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{who} {name}");
            }
        }
        assert_eq!(before, world.dump().await);
    }

    async fn an_id_of_nothing_or_of_something_else_is_refused(start: Start) {
        let world = start.with(campus).await;
        let record = json!(URL_SAFE_NO_PAD.encode("Removal:1"));
        for (name, input, _) in writes(&world) {
            for (path, input) in with_id(&input, &record) {
                let answer = world.refused("owner", name, input).await;
                assert_eq!((answer.refused(), answer.path()), ("NOT_FOUND", path), "{name}");
            }
            for bad in ["", "42", "0b2f7c1e-2f5c-4a55-8f3a-0f4f3f8b7b10", "' or 1=1 --", &"x".repeat(10_000)] {
                for (path, input) in with_id(&input, &json!(bad)) {
                    let answer = world.refused("owner", name, input).await;
                    assert_eq!((answer.refused(), answer.path()), ("BAD_INPUT", path), "{name}");
                }
            }
        }
    }

    async fn an_id_that_nothing_has_is_not_found(start: Start) {
        let world = start.with(campus).await;
        for (name, input, _) in writes(&world) {
            for (path, _) in with_id(&input, &Value::Null) {
                if is_of_many(name, &path) {
                    continue;
                }
                let field = path.trim_end_matches(".1");
                let given = input[field].as_str().or(input[field][0].as_str()).expect("an id");
                let text = URL_SAFE_NO_PAD.decode(given).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                let kind = text.as_deref().and_then(|text| text.split(':').next()).expect("a type").to_owned();
                let unknown = json!(URL_SAFE_NO_PAD.encode(format!("{kind}:999999")));
                let (_, input) =
                    with_id(&input, &unknown).into_iter().find(|(of, _)| *of == path).expect("the field");
                let answer = world.refused("owner", name, input).await;
                assert_eq!((answer.refused(), answer.path()), ("NOT_FOUND", path), "{name}");
            }
        }
    }

    async fn what_is_no_input_never_reaches_the_domain(start: Start) {
        let world = start.with(campus).await;
        let before = world.dump().await;
        for (name, input, _) in writes(&world) {
            let kinds = [("audienceKind", "STATIONARY"), ("kind", "GUEST")];
            let mut wrong: Vec<Value> =
                vec![with(&input, json!({ "admin": true })), with(&input, json!({ "__proto__": {} })), json!({}), json!([])];
            wrong.extend(kinds.iter().filter(|(field, _)| input.get(field).is_some()).map(|(field, kind)| with(&input, json!({ *field: kind }))));
            for input in wrong {
                let answer = ask(&world, "owner", name, input.clone()).await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT", "{name} {input}");
            }
        }
        assert_eq!(before, world.dump().await);
    }

    async fn the_same_key_writes_once(start: Start) {
        let world = start.with(|it| campus(it).slot("Tuesday", "Spring", 48, None)).await;
        for (name, input, _) in writes(&world) {
            let input = with(&input, json!({ "idempotencyKey": format!("once and no more, {name}") }));
            let fields = match name {
                "deleteSlot" => "deletedSlotId",
                name if is_of_many(name, "userIds.1") => "outcomes { userId outcome }",
                name if name.contains("Slot") => "slot { id }",
                name if name.contains("Activity") => "activity { id }",
                name if name.contains("Path") => "path { id }",
                name if name.contains("Session") => "session { id }",
                name if name.contains("Course") => "course { id }",
                "recordResult" => "result { id }",
                "issueCertificate" => "certificate { id }",
                _ => "progress { percent updatedAt }",
            };
            let first = world.done("writer", name, input.clone(), fields).await;
            let before = world.dump().await;
            assert_eq!(world.done("writer", name, input.clone(), fields).await, first, "{name}");
            assert_eq!(before.changes_until(&world.dump().await), Default::default(), "{name}");
            let other = other(&world, &input);
            let answer = world.refused("writer", name, other).await;
            assert_eq!((answer.refused(), answer.path().as_str()), ("IDEMPOTENCY_MISMATCH", "idempotencyKey"), "{name}");
        }
        // Leaving with the very input with which one came is another write.
        let came = writes(&world).into_iter().find(|(name, ..)| *name == "enrolInSession").expect("the write").1;
        let left = with(&came, json!({ "idempotencyKey": "once and no more, enrolInSession" }));
        assert_eq!(world.refused("writer", "unenrolFromSession", left).await.refused(), "IDEMPOTENCY_MISMATCH");
        for key in ["", "seven..", "a key\nof two lines", &"k".repeat(201)] {
            for (name, input, _) in writes(&world) {
                let answer = world.refused("writer", name, with(&input, json!({ "idempotencyKey": key }))).await;
                assert_eq!((answer.refused(), answer.path().as_str()), ("BAD_INPUT", "idempotencyKey"), "{name}");
            }
        }
    }
}

//! Every write there is, with an input for each, so that what holds of all of them is asked of all.

use serde_json::{Value, json};

use super::{in_hours, with};
use crate::common::World;

/// Every write: its name, an input that the writer may send any number of times, and who else may.
pub fn writes(world: &World) -> Vec<(&'static str, Value, Who)> {
    let (mechanics, basics, spring) =
        (world.course("Mechanics"), world.path("Basics"), world.session("Spring"));
    let (physics, ann) = (world.group("Physics"), world.user("ann"));
    let dates = json!({ "startsAt": in_hours(world, 24), "endsAt": in_hours(world, 26) });
    let people = json!({ "sessionId": spring, "userIds": [ann, world.user("bob")] });
    let students = json!({ "courseId": mechanics, "userIds": [ann, world.user("bob")] });
    let seat = json!({ "slotId": world.slot("Monday"), "userId": ann, "kind": "ATTENDEE" });
    let session = json!({ "pathId": basics, "title": "Summer", "groupId": physics, "audienceKind": "STATIC",
        "audienceGroupIds": [physics], "mainInstructorId": world.user("writer"), "coInstructorIds": [ann] });
    let authors = json!({ "mainAuthorId": world.user("writer"), "coAuthorIds": [world.user("bob")] });
    vec![
        ("createCourse", with(&authors, json!({ "title": "Heat", "groupId": physics })), Own),
        ("updateCourse", with(&authors, json!({ "courseId": mechanics, "groupId": physics })), Own),
        (
            "createPath",
            with(&authors, json!({ "title": "All", "groupId": physics, "courseIds": [mechanics] })),
            Own,
        ),
        (
            "updatePath",
            with(&authors, json!({ "pathId": basics, "groupId": physics, "courseIds": [mechanics] })),
            Own,
        ),
        ("createSession", with(&session, dates.clone()), Own),
        ("updateSession", json!({ "sessionId": spring, "title": "Spring", "groupId": physics }), Own),
        (
            "setSessionInstructors",
            json!({ "sessionId": spring, "mainInstructorId": world.user("writer"), "coInstructorIds": [ann] }),
            Own,
        ),
        ("setSessionAudience", json!({ "sessionId": spring, "audienceGroupIds": [physics] }), Own),
        ("enrolInSession", people.clone(), Own),
        ("unenrolFromSession", people.clone(), Own),
        ("excludeFromSession", people.clone(), Own),
        ("includeInSession", people, Own),
        ("createSlot", with(&dates, json!({ "sessionId": spring, "place": "Room" })), Own),
        ("updateSlot", json!({ "slotId": world.slot("Monday"), "place": "Hall" }), Own),
        ("registerForSlot", seat.clone(), Own),
        ("unregisterFromSlot", seat, Own),
        ("createActivity", json!({ "courseId": mechanics, "title": "Exam" }), Own),
        ("updateActivity", json!({ "activityId": world.activity("Quiz"), "title": "Exam" }), Own),
        ("copyActivity", json!({ "activityId": world.activity("Quiz"), "courseId": mechanics }), Everybody),
        ("enrolInCourse", students.clone(), Colleagues),
        ("unenrolFromCourse", students, Colleagues),
        (
            "recordProgress",
            json!({ "courseId": mechanics, "userId": world.user("bob"), "percent": 5 }),
            Colleagues,
        ),
        (
            "recordResult",
            json!({ "activityId": world.activity("Quiz"), "userId": world.user("bob"), "score": 5 }),
            Colleagues,
        ),
        ("issueCertificate", json!({ "courseId": mechanics, "userId": world.user("bob") }), Colleagues),
        // Last, since nothing can be done with the slot afterwards.
        ("deleteSlot", json!({ "slotId": world.slot("Monday") }), Own),
    ]
}

/// Who may write, besides the owner, platform administrators and the administrators of the group and those above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The group's authors, of their own.
    Own,
    /// All of the group's authors.
    Colleagues,
    /// Whoever sees it.
    Everybody,
}
use Who::{Colleagues, Everybody, Own};

impl Who {
    pub fn may(self, who: &str) -> bool {
        match who {
            "owner" | "deputy" | "head" | "writer" => true,
            "colleague" => self != Own,
            // They are not in Physics.
            "dean" | "lea" => false,
            _ => self == Everybody,
        }
    }
}

/// The fields of `input` that hold one id, or a list of ids: with the path that an error in them has, and what each is
/// with `id` in it.
pub fn with_id(input: &Value, id: &Value) -> Vec<(String, Value)> {
    let fields = input.as_object().expect("an input").keys();
    let one = |field: &String| (field.clone(), with(input, json!({ field: id })));
    let list = |field: &String| {
        let first = &input[field][0];
        (format!("{field}.1"), with(input, json!({ field: [first, id] })))
    };
    fields
        .filter_map(|field| match field {
            field if field.ends_with("Ids") => Some(list(field)),
            field if field.ends_with("Id") => Some(one(field)),
            _ => None,
        })
        .collect()
}

/// Those who are named in a list of people, where an unknown one is an outcome.
pub fn is_of_many(mutation: &str, path: &str) -> bool {
    path == "userIds.1" && (mutation.contains("nrol") || mutation.contains("clude"))
}

/// The same input but for one thing.
pub fn other(world: &World, input: &Value) -> Value {
    for (field, value) in [
        ("title", json!("Another")),
        ("place", json!("Another")),
        ("percent", json!(6)),
        ("score", json!(6)),
        ("userIds", world.users(&["lea"])),
        ("userId", world.user("lea")),
        ("courseIds", json!([])),
        ("coAuthorIds", json!([])),
        ("coInstructorIds", json!([])),
        ("audienceGroupIds", json!([])),
        ("courseId", world.course("Optics")),
        ("slotId", world.slot("Tuesday")),
    ] {
        if input.get(field).is_some() {
            return with(input, json!({ field: value }));
        }
    }
    panic!("nothing to change in {input}")
}

//! A real district, as its student information system exports it, brought over by a client; then its twelfth grade
//! leaves, and the teacher with the most sections. What the API says is compared with what the files say.
//!
//! The files are not part of the product: they are found in the folder that `ROSTER_DISTRICT` names.

mod client;
mod files;
mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use client::Ids;
use files::District;
use plan::Place;
use serde_json::{Value, json};

use crate::common::{World, each_database};

each_database! {
    async fn the_twelfth_grade_and_the_busiest_teacher_leave(start: Start) {
        let Ok(folder) = std::env::var("ROSTER_DISTRICT") else {
            return eprintln!("the district is not here: ROSTER_DISTRICT names the folder of its files");
        };
        let district = District::read(Path::new(&folder));
        let world = start.with(|it| it).await;
        // The terms of the files are of the school year 2015: the trial takes place in its middle.
        let then: DateTime<Utc> = "2016-03-01T12:00:00Z".parse().expect("a time");
        let now = world.db.clock.now(&world.db.read).await.expect("the time");
        world.db.clock.advance(then - now);

        let ids = client::load(&world, &district).await;
        memberships_are_those_of_the_files(&world, &district, &ids).await;
        let leavers: BTreeSet<String> = district
            .students
            .iter()
            .filter(|(_, student)| student.grade == "12")
            .map(|(id, _)| id.clone())
            .collect();
        the_plan_says_what_the_files_say(&world, &district, &leavers).await;
        the_twelfth_grade_leaves(&world, &district, &ids, &leavers).await;
        the_busiest_teacher_leaves(&world, &district, &ids).await;
    }
}

/// How many people each group has.
async fn members(world: &World) -> BTreeMap<String, i64> {
    let tree = world.read("owner", "{ groupTree { id memberCount } }", json!({})).await;
    tree["groupTree"]
        .as_array()
        .expect("a tree")
        .iter()
        .map(|group| (text(&group["id"]), group["memberCount"].as_i64().expect("a count")))
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

/// How many members the files give each group: students, and whoever else is in it.
fn expected_members(
    district: &District,
    ids: &Ids,
    students: impl Fn(&str) -> bool,
) -> BTreeMap<String, i64> {
    let mut members: BTreeMap<String, BTreeSet<String>> =
        ids.groups.values().map(|id| (id.clone(), BTreeSet::new())).collect();
    let mut add = |place: Place, who: &str| {
        members.get_mut(&ids.groups[&place]).expect("a group").insert(who.to_owned());
    };
    add(Place::Platform, "owner");
    for school in district.schools.keys() {
        add(Place::School(school.clone()), &format!("principal of {school}"));
    }
    for (id, teacher) in &district.teachers {
        add(Place::School(teacher.school.clone()), id);
    }
    for (id, section) in &district.sections {
        for teacher in &section.teachers {
            add(Place::Section(id.clone()), teacher);
        }
    }
    for id in district.students.keys().filter(|id| students(id)) {
        for place in district.places_of(id) {
            add(place, id);
        }
    }
    members.into_iter().map(|(group, people)| (group, people.len() as i64)).collect()
}

async fn memberships_are_those_of_the_files(world: &World, district: &District, ids: &Ids) {
    assert_eq!(members(world).await, expected_members(district, ids, |_| true));
}

fn by_sis(students: &BTreeSet<String>) -> Value {
    students.iter().map(|id| json!({ "system": "sis", "value": id })).collect()
}

/// Grade twelve is private: the question of R6 is open, and each answer says what the files say.
async fn the_plan_says_what_the_files_say(world: &World, district: &District, leavers: &BTreeSet<String>) {
    let query = "query($people: [ExternalIdInput!]!) {
        removalPlan(input: { deleteUsers: { people: { externalIds: $people } } }) {
            digest undecidedGroups { name }
            ifKept { totals { people accountsDeleted membershipsRemoved membershipsKept } }
            ifRemoved { digest totals { people accountsDeleted membershipsRemoved membershipsKept sessionsLeft } }
        }
    }";
    let plan = world.read("owner", query, json!({ "people": by_sis(leavers) })).await["removalPlan"].clone();
    let everywhere: i64 = leavers.iter().map(|id| district.places_of(id).len() as i64).sum();
    let public = |place: &Place| {
        let mut above = Some(place.clone());
        while let Some(at) = above {
            if district.is_private(&at) {
                return false;
            }
            above = district.parent(&at);
        }
        true
    };
    let in_public: i64 = leavers
        .iter()
        .map(|id| district.places_of(id).iter().filter(|place| public(place)).count() as i64)
        .sum();
    let dynamic: i64 = leavers
        .iter()
        .map(|id| district.students[id].sections.iter().filter(|id| !District::is_static(id)).count() as i64)
        .sum();
    assert!(plan["digest"].is_null(), "the question of private subgroups is open");
    assert!(plan["undecidedGroups"].as_array().is_some_and(|groups| !groups.is_empty()));
    assert_eq!(
        plan["ifKept"]["totals"],
        json!({
            "people": leavers.len(),
            "accountsDeleted": 0,
            "membershipsRemoved": in_public,
            "membershipsKept": everywhere - in_public,
        })
    );
    assert_eq!(
        plan["ifRemoved"]["totals"],
        json!({
            "people": leavers.len(),
            "accountsDeleted": leavers.len(),
            "membershipsRemoved": everywhere,
            "membershipsKept": 0,
            "sessionsLeft": dynamic,
        })
    );
}

async fn the_twelfth_grade_leaves(world: &World, district: &District, ids: &Ids, leavers: &BTreeSet<String>) {
    let people = json!({ "externalIds": by_sis(leavers) });
    let undecided = json!({ "people": people });
    let before = world.dump().await;
    let answer = world.mutate("owner", "deleteUsers", undecided, "job { id }").await;
    assert_eq!(answer.refused(), "PRIVATE_SUBGROUPS_UNDECIDED");
    assert!(before == world.dump().await, "a refusal changes nothing");

    let input = json!({
        "people": people,
        "privateSubgroups": "REMOVE",
        "confirmCount": leavers.len(),
        "wait": 30,
    });
    let fields = "job { status total duplicates done countsByOutcome { outcome count } }";
    let answer = world.mutate("owner", "deleteUsers", input, fields).await;
    assert_eq!(
        answer.done()["job"],
        json!({
            "status": "SUCCEEDED",
            "total": leavers.len(),
            "duplicates": 0,
            "done": leavers.len(),
            "countsByOutcome": [{ "outcome": "DELETED", "count": leavers.len() }],
        })
    );
    assert_eq!(members(world).await, expected_members(district, ids, |id| !leavers.contains(id)));
    for (section, session) in &ids.sessions {
        let mut expected = district.students_of(section);
        if !District::is_static(section) {
            expected.retain(|id| !leavers.contains(id));
        }
        assert_eq!(participants(world, session).await, expected, "section {section}");
    }
}

/// Everybody who takes part in a session, by the id of the student information system.
async fn participants(world: &World, session: &str) -> BTreeSet<String> {
    let query = "query($id: ID!) { session(id: $id) {
        participants(first: 100) { totalCount nodes { user { externalIds { value } } } }
    } }";
    let answer = world.read("owner", query, json!({ "id": session })).await;
    let page = &answer["session"]["participants"];
    let nodes = page["nodes"].as_array().expect("participants");
    assert_eq!(page["totalCount"], json!(nodes.len()), "a section fits on a page");
    nodes.iter().map(|node| text(&node["user"]["externalIds"][0]["value"])).collect()
}

/// R10 to R12, worked out from the files: co-instructors, else the path's authors, else the principal.
async fn the_busiest_teacher_leaves(world: &World, district: &District, ids: &Ids) {
    let leaver = district.busiest_teacher();
    let input = json!({ "userId": ids.people[&leaver], "privateSubgroups": "REMOVE" });
    let answer =
        world.mutate("owner", "deleteUser", input, "outcome removal { cause user { status } }").await;
    let done = json!({ "cause": "REQUESTED", "user": { "status": "DELETED" } });
    assert_eq!((&answer.done()["outcome"], &answer.0["removal"]), (&json!("DELETED"), &done));

    let authors = district.authors();
    let next_author = |course: &plan::CourseKey| {
        let stays = authors[course].iter().find(|teacher| **teacher != leaver);
        ids.people[stays.unwrap_or(&course.0)].clone()
    };
    let mut handed_over = 0;
    for (course, teachers) in &authors {
        let expected =
            if teachers[0] == leaver { next_author(course) } else { ids.people[&teachers[0]].clone() };
        handed_over += 2 * usize::from(teachers[0] == leaver);
        let query = "query($course: ID!, $path: ID!) {
            course(id: $course) { mainAuthor { id } coAuthors { user { id } } }
            path(id: $path) { mainAuthor { id } coAuthors { user { id } } }
        }";
        let variables = json!({ "course": ids.courses[course], "path": ids.paths[course] });
        let answer = world.read("owner", query, variables).await;
        for work in [&answer["course"], &answer["path"]] {
            assert_eq!(work["mainAuthor"]["id"], json!(expected), "{course:?}");
            let others: Vec<String> = teachers
                .iter()
                .map(|teacher| ids.people[teacher].clone())
                .filter(|id| *id != expected && *id != ids.people[&leaver])
                .collect();
            let co_authors = work["coAuthors"].as_array().expect("co-authors");
            let listed: Vec<String> = co_authors.iter().map(|place| text(&place["user"]["id"])).collect();
            assert_eq!(listed, others, "{course:?}");
        }
    }
    for (id, section) in &district.sections {
        let expected = if section.teachers[0] == leaver {
            handed_over += 1;
            section
                .teachers
                .get(1)
                .map_or_else(|| next_author(&section.course()), |next| ids.people[next].clone())
        } else {
            ids.people[&section.teachers[0]].clone()
        };
        let query = "query($id: ID!) { session(id: $id) { mainInstructor { id } } }";
        let answer = world.read("owner", query, json!({ "id": ids.sessions[id] })).await;
        assert_eq!(answer["session"]["mainInstructor"]["id"], json!(expected), "section {id}");
    }
    let query = "query($id: ID!) { user(by: { id: $id }) { removals(first: 1) { nodes {
        effects(first: 100) { nodes { __typename } } } } } }";
    let answer = world.read("owner", query, json!({ "id": ids.people[&leaver] })).await;
    let effects = &answer["user"]["removals"]["nodes"][0]["effects"]["nodes"];
    let told = effects.as_array().expect("effects").iter().filter(|node| node["__typename"] == "HandedOver");
    assert_eq!(told.count(), handed_over, "the record names every hand-over");
    assert!(handed_over > 10, "the busiest teacher had much to hand over");
}

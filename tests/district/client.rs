//! A small client that brings a district to Roster over GraphQL.

use std::collections::BTreeMap;

use roster::graphql::id::GlobalId;
use serde_json::{Value, json};

use super::files::{District, Person};
use super::plan::{CourseKey, Place};
use crate::common::World;

/// What the API called everything.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    pub groups: BTreeMap<Place, String>,
    /// By the system's id, principals by that of their school.
    pub people: BTreeMap<String, String>,
    pub courses: BTreeMap<CourseKey, String>,
    pub paths: BTreeMap<CourseKey, String>,
    pub sessions: BTreeMap<String, String>,
}

/// The people that one request creates.
const AT_ONCE: usize = 500;

/// Brings all of it over.
pub async fn load(world: &World, district: &District) -> Ids {
    let mut ids = Ids::default();
    groups(world, district, &mut ids).await;
    staff(world, district, &mut ids).await;
    students(world, district, &mut ids).await;
    works(world, district, &mut ids).await;
    ids
}

async fn create(world: &World, name: &str, input: Value, thing: &str) -> String {
    let answer = world.mutate("owner", name, input, &format!("{thing} {{ id }}")).await;
    answer.done()[thing]["id"].as_str().expect("an id").to_owned()
}

async fn groups(world: &World, district: &District, ids: &mut Ids) {
    let root = world.group_id("platform").global();
    ids.groups.insert(Place::Platform, root.as_str().to_owned());
    let mut places: Vec<(Place, String)> = Vec::new();
    for (school, of) in &district.schools {
        places.push((Place::School(school.clone()), of.name.clone()));
    }
    let mut grades: Vec<(String, String)> =
        district.sections.values().map(|section| (section.school.clone(), section.grade.clone())).collect();
    grades.sort();
    grades.dedup();
    for (school, grade) in grades {
        places.push((Place::Grade(school, grade.clone()), format!("Grade {grade}")));
    }
    for (id, section) in &district.sections {
        places.push((Place::Section(id.clone()), section.name.clone()));
    }
    for (place, name) in places {
        let parent = district.parent(&place).expect("only the platform has no parent");
        let privacy = if district.is_private(&place) { "PRIVATE" } else { "PUBLIC" };
        let input = json!({ "parentId": ids.groups[&parent], "name": name, "privacy": privacy });
        let id = create(world, "createGroup", input, "group").await;
        ids.groups.insert(place, id);
    }
}

fn entry(id: &str, system: &str, person: &Person, memberships: Vec<Value>) -> Value {
    json!({
        "firstName": person.first_name,
        "lastName": person.last_name,
        "email": person.email,
        "username": person.username,
        "jobTitle": person.title,
        "externalIds": [{ "system": system, "value": id }],
        "memberships": memberships,
    })
}

async fn people(world: &World, ids: &mut Ids, people: Vec<(String, Value)>) {
    for some in people.chunks(AT_ONCE) {
        let entries: Vec<&Value> = some.iter().map(|(_, entry)| entry).collect();
        let input = json!({ "people": entries });
        let answer = world.mutate("owner", "createUsers", input, "users { id }").await;
        let created = answer.done()["users"].as_array().expect("users").clone();
        assert_eq!(created.len(), some.len());
        for ((id, _), user) in some.iter().zip(created) {
            ids.people.insert(id.clone(), user["id"].as_str().expect("an id").to_owned());
        }
    }
}

/// Principals administer their school; teachers are authors in it and coaches of their sections.
async fn staff(world: &World, district: &District, ids: &mut Ids) {
    let mut staff = Vec::new();
    for (id, school) in &district.schools {
        let group = &ids.groups[&Place::School(id.clone())];
        let memberships = vec![json!({ "groupId": group, "role": "ADMINISTRATOR" })];
        staff.push((id.clone(), entry(id, "sis-principal", &school.principal, memberships)));
    }
    for (id, teacher) in &district.teachers {
        let school = &ids.groups[&Place::School(teacher.school.clone())];
        let mut memberships = vec![json!({ "groupId": school, "role": "AUTHOR" })];
        for (section, of) in &district.sections {
            if of.teachers.contains(id) {
                let group = &ids.groups[&Place::Section(section.clone())];
                memberships.push(json!({ "groupId": group, "role": "COACH" }));
            }
        }
        staff.push((id.clone(), entry(id, "sis-teacher", teacher, memberships)));
    }
    people(world, ids, staff).await;
}

async fn students(world: &World, district: &District, ids: &mut Ids) {
    let mut students = Vec::new();
    for (id, student) in &district.students {
        let school = student.person.school.clone();
        let mut places = vec![Place::School(school.clone()), Place::Grade(school, student.grade.clone())];
        places.extend(student.sections.iter().cloned().map(Place::Section));
        let learner = |place| json!({ "groupId": ids.groups[place], "role": "LEARNER" });
        let memberships = places.iter().map(learner).collect();
        students.push((id.clone(), entry(id, "sis", &student.person, memberships)));
    }
    people(world, ids, students).await;
}

/// A course and a path a course number, by its teachers; a session a section.
async fn works(world: &World, district: &District, ids: &mut Ids) {
    for (key, authors) in district.authors() {
        let title = district.sections.values().find(|section| section.course() == key).expect("a section");
        let teachers: Vec<&String> = authors.iter().map(|teacher| &ids.people[teacher]).collect();
        let mut input = json!({
            "title": title.course_name,
            "groupId": ids.groups[&Place::School(key.0.clone())],
            "mainAuthorId": teachers[0],
            "coAuthorIds": teachers[1..],
        });
        let course = create(world, "createCourse", input.clone(), "course").await;
        input["courseIds"] = json!([course]);
        let path = create(world, "createPath", input, "path").await;
        ids.courses.insert(key.clone(), course);
        ids.paths.insert(key, path);
    }
    for (id, section) in &district.sections {
        let teachers: Vec<&String> = section.teachers.iter().map(|teacher| &ids.people[teacher]).collect();
        let input = json!({
            "pathId": ids.paths[&section.course()],
            "title": section.name,
            "startsAt": "2015-08-01T00:00:00Z",
            "endsAt": "2016-06-01T00:00:00Z",
            "groupId": ids.groups[&Place::School(section.school.clone())],
            "audienceKind": if District::is_static(id) { "STATIC" } else { "DYNAMIC" },
            "audienceGroupIds": [ids.groups[&Place::Section(id.clone())]],
            "mainInstructorId": teachers[0],
            "coInstructorIds": teachers[1..],
        });
        let session = create(world, "createSession", input, "session").await;
        ids.sessions.insert(id.clone(), session);
    }
}

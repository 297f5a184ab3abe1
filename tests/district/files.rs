//! A district as its student information system exports it: CSV with whatever line endings, values and gaps the export
//! has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the files say, keyed by the system's own ids.
#[derive(Clone, Debug, Default)]
pub struct District {
    pub schools: BTreeMap<String, School>,
    pub teachers: BTreeMap<String, Person>,
    pub students: BTreeMap<String, Student>,
    pub sections: BTreeMap<String, Section>,
}

#[derive(Clone, Debug)]
pub struct School {
    pub name: String,
    pub principal: Person,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub school: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub username: Option<String>,
    pub title: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Student {
    pub person: Person,
    pub grade: String,
    pub sections: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub struct Section {
    pub school: String,
    pub grade: String,
    pub name: String,
    pub course_number: String,
    pub course_name: String,
    pub homeroom: bool,
    /// The main teacher first.
    pub teachers: Vec<String>,
}

type Row = BTreeMap<String, String>;

/// The rows of one file. Lines may end with CR, LF or both.
fn rows(folder: &Path, file: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join(file)).expect(file);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect(file)).collect()
}

impl District {
    /// Reads the five files of `folder`.
    pub fn read(folder: &Path) -> District {
        let mut district = District::default();
        for row in rows(folder, "schools.csv") {
            let (first_name, last_name) = row["Principal"].split_once(' ').expect("a first and a last name");
            let principal = Person {
                school: row["School_id"].clone(),
                first_name: first_name.to_owned(),
                last_name: last_name.to_owned(),
                email: row["Principal_email"].clone(),
                username: None,
                title: Some("Principal".to_owned()),
            };
            district
                .schools
                .insert(row["School_id"].clone(), School { name: row["School_name"].clone(), principal });
        }
        // The export gives some usernames twice; who comes second signs in by email.
        let mut taken = BTreeSet::new();
        let mut person = |row: &Row, email: &str, title: Option<String>| Person {
            school: row["School_id"].clone(),
            first_name: row["First_name"].clone(),
            last_name: row["Last_name"].clone(),
            email: row[email].clone(),
            username: Some(row["Username"].clone()).filter(|name| taken.insert(roster::keys::fold(name))),
            title,
        };
        for row in rows(folder, "teachers.csv") {
            let teacher = person(&row, "Teacher_email", Some(row["Title"].clone()));
            district.teachers.insert(row["Teacher_id"].clone(), teacher);
        }
        for row in rows(folder, "students.csv") {
            let person = person(&row, "Student_email", None);
            let student = Student { person, grade: row["Grade"].clone(), sections: BTreeSet::new() };
            district.students.insert(row["Student_id"].clone(), student);
        }
        for row in rows(folder, "sections.csv") {
            // Some columns are empty, and some name a teacher again.
            let mut teachers: Vec<String> = Vec::new();
            for column in ["Teacher_id", "Teacher_2_id", "Teacher_3_id", "Teacher_4_id"] {
                let teacher = row[column].clone();
                if !teacher.is_empty() && !teachers.contains(&teacher) {
                    teachers.push(teacher);
                }
            }
            district.sections.insert(
                row["Section_id"].clone(),
                Section {
                    school: row["School_id"].clone(),
                    grade: row["Grade"].clone(),
                    name: row["Name"].clone(),
                    course_number: row["Course_number"].clone(),
                    course_name: row["Course_name"].clone(),
                    homeroom: row["Period"] == "0",
                    teachers,
                },
            );
        }
        for row in rows(folder, "enrollments.csv") {
            let student = district.students.get_mut(&row["Student_id"]).expect("a student of the file");
            student.sections.insert(row["Section_id"].clone());
        }
        district
    }
}

//! How a district becomes an organisation, and what follows from it: worked out from the files alone, to be compared
//! with what the API says.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{District, Section};

/// A group, by what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Platform,
    School(String),
    Grade(String, String),
    Section(String),
}

/// A course, and the path made of it: one a school and course number.
pub type CourseKey = (String, String);

impl District {
    /// Grade twelve keeps to itself, and so do homerooms.
    pub fn is_private(&self, place: &Place) -> bool {
        match place {
            Place::Platform | Place::School(_) => false,
            Place::Grade(_, grade) => grade == "12",
            Place::Section(section) => self.sections[section].homeroom,
        }
    }

    pub fn parent(&self, place: &Place) -> Option<Place> {
        match place {
            Place::Platform => None,
            Place::School(_) => Some(Place::Platform),
            Place::Grade(school, _) => Some(Place::School(school.clone())),
            Place::Section(section) => {
                let Section { school, grade, .. } = &self.sections[section];
                Some(Place::Grade(school.clone(), grade.clone()))
            }
        }
    }

    /// Where a student is a learner: in the school, the grade and every section, and wherever those rise to.
    pub fn places_of(&self, student: &str) -> BTreeSet<Place> {
        let student = &self.students[student];
        let school = &student.person.school;
        let mut open =
            vec![Place::School(school.clone()), Place::Grade(school.clone(), student.grade.clone())];
        open.extend(student.sections.iter().cloned().map(Place::Section));
        let mut places = BTreeSet::new();
        while let Some(place) = open.pop() {
            if !self.is_private(&place) {
                open.extend(self.parent(&place));
            }
            places.insert(place);
        }
        places
    }

    /// Every other section keeps the people it began with.
    pub fn is_static(section: &str) -> bool {
        section.parse::<u32>().expect("a number") % 2 == 1
    }

    pub fn students_of(&self, section: &str) -> BTreeSet<String> {
        let of = |(id, student): (&String, &super::files::Student)| {
            student.sections.contains(section).then(|| id.clone())
        };
        self.students.iter().filter_map(of).collect()
    }

    /// The authors of each course: its teachers, in the order in which the sections name them.
    pub fn authors(&self) -> BTreeMap<CourseKey, Vec<String>> {
        let mut authors: BTreeMap<CourseKey, Vec<String>> = BTreeMap::new();
        for section in self.sections.values() {
            let of_course = authors.entry(section.course()).or_default();
            for teacher in &section.teachers {
                if !of_course.contains(teacher) {
                    of_course.push(teacher.clone());
                }
            }
        }
        authors
    }

    /// Who has the most sections; the first of several.
    pub fn busiest_teacher(&self) -> String {
        let mut sections: BTreeMap<&String, usize> = BTreeMap::new();
        for section in self.sections.values() {
            *sections.entry(&section.teachers[0]).or_default() += 1;
        }
        let most = sections.values().max().copied();
        let (teacher, _) = sections.iter().find(|(_, count)| Some(**count) == most).expect("a teacher");
        (*teacher).clone()
    }
}

impl Section {
    pub fn course(&self) -> CourseKey {
        (self.school.clone(), self.course_number.clone())
    }
}

//! What people do in courses: enrolments (R32), progress, certificates, sales, subscriptions, results.

use std::collections::HashMap;
use std::sync::Arc;

use entity::id::{ActivityId, CertificateId, CourseId, ResultId, SaleId, UserId};
use entity::{certificate, course_enrolment, progress, result, sale, subscription};

use super::activities::{Activities, Activity};
use super::courses::{Course, Courses};
use super::links::{FromOther, FromUser, Link, Linked, Rows};
use super::{Batch, By, Noun, Reader, Seen, Selected, all, select};
use crate::error::Error;

/// Individual enrolments in courses (R32), by the course's age.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CourseEnrolments;

impl Link for CourseEnrolments {
    type Row = course_enrolment::Model;
    type Other = Course;
    type OtherId = CourseId;
    const ROWS: Rows = Rows::Table("course_enrolments");
    const COLUMN: &'static str = "l.course_id";
}

impl FromUser for CourseEnrolments {
    type Others = Courses;
    const OF_USER: &'static str = "course_enrolments.of_user";
    // Not by its title, which a place in the list would tell.
    const ORDER: &'static [By] = &[By::number("l.course_id")];
    const SEEN: &'static [Seen] = &[Seen::Learning { user: "l.user_id", course: "l.course_id" }];
    const TELLS_OTHER: bool = false;

    fn other(row: &course_enrolment::Model) -> CourseId {
        row.course_id
    }
}

impl FromOther for CourseEnrolments {
    const OF_OTHER: &'static str = "course_enrolments.of_course";
    const SEEN: &'static [Seen] =
        &[Seen::Person("u"), Seen::Learning { user: "l.user_id", course: "l.course_id" }];
}

/// How far people are in courses, by the course's age.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Progress;

impl Link for Progress {
    type Row = progress::Model;
    type Other = Course;
    type OtherId = CourseId;
    const ROWS: Rows = Rows::Table("progress");
    const COLUMN: &'static str = "l.course_id";
}

impl FromUser for Progress {
    type Others = Courses;
    const OF_USER: &'static str = "progress.of_user";
    // Not by its title, which a place in the list would tell.
    const ORDER: &'static [By] = &[By::number("l.course_id")];
    const SEEN: &'static [Seen] = &[Seen::Learning { user: "l.user_id", course: "l.course_id" }];
    const TELLS_OTHER: bool = false;

    fn other(row: &progress::Model) -> CourseId {
        row.course_id
    }
}

impl FromOther for Progress {
    const OF_OTHER: &'static str = "progress.of_course";
    const SEEN: &'static [Seen] =
        &[Seen::Person("u"), Seen::Learning { user: "l.user_id", course: "l.course_id" }];
}

/// Certificates of courses, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certificates;

impl Link for Certificates {
    type Row = certificate::Model;
    type Other = Course;
    type OtherId = CourseId;
    const ROWS: Rows = Rows::Table("certificates");
    const COLUMN: &'static str = "l.course_id";
}

impl FromUser for Certificates {
    type Others = Courses;
    const OF_USER: &'static str = "certificates.of_user";
    const ORDER: &'static [By] = &[By::number("l.id")];
    const SEEN: &'static [Seen] = &[Seen::Learning { user: "l.user_id", course: "l.course_id" }];
    const TELLS_OTHER: bool = false;

    fn other(row: &certificate::Model) -> CourseId {
        row.course_id
    }
}

impl FromOther for Certificates {
    const OF_OTHER: &'static str = "certificates.of_course";
    const SEEN: &'static [Seen] =
        &[Seen::Person("u"), Seen::Learning { user: "l.user_id", course: "l.course_id" }];
}

/// Sales of courses, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sales;

impl Link for Sales {
    type Row = sale::Model;
    type Other = Course;
    type OtherId = CourseId;
    const ROWS: Rows = Rows::Table("sales");
    const COLUMN: &'static str = "l.course_id";
}

impl FromUser for Sales {
    type Others = Courses;
    const OF_USER: &'static str = "sales.of_user";
    const ORDER: &'static [By] = &[By::number("l.id")];
    const SEEN: &'static [Seen] = &[Seen::Personal("l.user_id")];
    const TELLS_OTHER: bool = false;

    fn other(row: &sale::Model) -> CourseId {
        row.course_id
    }
}

impl FromOther for Sales {
    const OF_OTHER: &'static str = "sales.of_course";
    const PEOPLE: &'static [By] = &[By::text("u.name_key"), By::number("l.id")];
    const SEEN: &'static [Seen] = &[Seen::Person("u"), Seen::Personal("l.user_id")];
}

/// Payment subscriptions to courses, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subscriptions;

impl Link for Subscriptions {
    type Row = subscription::Model;
    type Other = Course;
    type OtherId = CourseId;
    const ROWS: Rows = Rows::Table("subscriptions");
    const COLUMN: &'static str = "l.course_id";
}

impl FromUser for Subscriptions {
    type Others = Courses;
    const OF_USER: &'static str = "subscriptions.of_user";
    const ORDER: &'static [By] = &[By::number("l.id")];
    const SEEN: &'static [Seen] = &[Seen::Personal("l.user_id")];
    const TELLS_OTHER: bool = false;

    fn other(row: &subscription::Model) -> CourseId {
        row.course_id
    }
}

/// Results of activities, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Results;

impl Link for Results {
    type Row = result::Model;
    type Other = Activity;
    type OtherId = ActivityId;
    const ROWS: Rows = Rows::Table("results");
    const COLUMN: &'static str = "l.activity_id";
}

impl FromUser for Results {
    type Others = Activities;
    const OF_USER: &'static str = "results.of_user";
    const ORDER: &'static [By] = &[By::number("l.id")];
    const SEEN: &'static [Seen] = &[Seen::Learning {
        user: "l.user_id",
        course: "(select x.course_id from activities x where x.id = l.activity_id)",
    }];
    const TELLS_OTHER: bool = false;

    fn other(row: &result::Model) -> ActivityId {
        row.activity_id
    }
}

impl FromOther for Results {
    const OF_OTHER: &'static str = "results.of_activity";
    const PEOPLE: &'static [By] = &[By::text("u.name_key"), By::number("l.id")];
    const SEEN: &'static [Seen] = &[
        Seen::Person("u"),
        Seen::Learning {
            user: "l.user_id",
            course: "(select x.course_id from activities x where x.id = l.activity_id)",
        },
    ];
}

/// How far people are in courses, by person and course.
#[derive(Debug)]
pub struct ProgressOf;

impl Batch for ProgressOf {
    type Key = (UserId, CourseId);
    type Value = Arc<Linked<Progress>>;

    async fn load(
        reader: &Reader,
        keys: Vec<(UserId, CourseId)>,
    ) -> Result<HashMap<(UserId, CourseId), Arc<Linked<Progress>>>, Error> {
        let asked = crate::db::sql::Rows::new()
            .numbers("user_id", keys.iter().map(|(user, _)| *user))
            .numbers("course_id", keys.iter().map(|(_, course)| *course));
        let filter =
            reader.sight().await?.filter(&[Seen::Learning { user: "l.user_id", course: "l.course_id" }]);
        let rest = format!(
            "from {{asked}} join progress l on l.user_id = asked.user_id and l.course_id = asked.course_id
             where {}",
            filter.text()
        );
        let statement = filter.bind(select("progress.of", &Linked::<Progress>::alone("l"), &rest));
        let found: Vec<Arc<Linked<Progress>>> = all(statement.rows("asked", asked), reader).await?;
        Ok(found.into_iter().map(|linked| ((linked.row.user_id, linked.row.course_id), linked)).collect())
    }
}

/// Certificates by id.
#[derive(Debug)]
pub struct CertificatesById;

impl Noun for CertificatesById {
    type Id = CertificateId;
    type Thing = Linked<Certificates>;
    const NAME: &'static str = "certificates.by_id";
    const TABLE: &'static str = "certificates";
    const SEEN: &'static [Seen] =
        &[Seen::Person("u"), Seen::Learning { user: "r.user_id", course: "r.course_id" }];

    fn joined(table: &str) -> String {
        format!(" join users u on u.id = {table}.user_id")
    }

    fn selected(table: &str) -> Selected<Linked<Certificates>> {
        Linked::alone(table)
    }

    fn id(linked: &Linked<Certificates>) -> CertificateId {
        linked.row.id
    }
}

/// Sales by id.
#[derive(Debug)]
pub struct SalesById;

impl Noun for SalesById {
    type Id = SaleId;
    type Thing = Linked<Sales>;
    const NAME: &'static str = "sales.by_id";
    const TABLE: &'static str = "sales";
    const SEEN: &'static [Seen] = &[Seen::Person("u"), Seen::Personal("r.user_id")];

    fn joined(table: &str) -> String {
        format!(" left join users u on u.id = {table}.user_id")
    }

    fn selected(table: &str) -> Selected<Linked<Sales>> {
        Linked::alone(table)
    }

    fn id(linked: &Linked<Sales>) -> SaleId {
        linked.row.id
    }
}

/// Results by id.
#[derive(Debug)]
pub struct ResultsById;

impl Noun for ResultsById {
    type Id = ResultId;
    type Thing = Linked<Results>;
    const NAME: &'static str = "results.by_id";
    const TABLE: &'static str = "results";
    const SEEN: &'static [Seen] = &[
        Seen::Person("u"),
        Seen::Learning {
            user: "r.user_id",
            course: "(select x.course_id from activities x where x.id = r.activity_id)",
        },
    ];

    fn joined(table: &str) -> String {
        format!(" join users u on u.id = {table}.user_id")
    }

    fn selected(table: &str) -> Selected<Linked<Results>> {
        Linked::alone(table)
    }

    fn id(linked: &Linked<Results>) -> ResultId {
        linked.row.id
    }
}

//! The rows of an organisation, table by table, and how they get into a database: one statement for some thousands
//! of rows, whatever the table.

use chrono::{DateTime, Utc};
use entity::{
    activity, certificate, course, course_co_author, course_enrolment, custom_field, date, external_id,
    former_membership, group, group_external_id, membership, path, path_co_author, path_course, platform,
    post, progress, result, sale, session, session_capture, session_co_instructor, session_enrolment,
    session_exclusion, session_group, slot, slot_registration, subscription, user,
};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, IdenStatic, Iterable, ModelTrait, Value};

use crate::db::sql::{Rows, sql};
use crate::error::Error;

/// Rows written by one statement: enough that the statement itself costs nothing, few enough for its text.
const AT_ONCE: usize = 10_000;

macro_rules! tables {
    ($($(#[$doc:meta])* $field:ident: $table:ident),+ $(,)?) => {
        /// Rows of every table that an organisation is made of, each list in the order in which it was written.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Tables {
            $($(#[$doc])* pub $field: Vec<$table::Model>),+
        }

        impl Tables {
            /// Writes all rows, those that others refer to first.
            ///
            /// # Errors
            /// When the database refuses a row.
            pub async fn insert(&self, db: &impl ConnectionTrait) -> Result<(), Error> {
                $(insert::<$table::Entity>(db, &self.$field).await?;)+
                Ok(())
            }

            /// Every row of these tables that a database has.
            ///
            /// # Errors
            /// When the database cannot be read.
            pub async fn read(db: &impl ConnectionTrait) -> Result<Tables, Error> {
                Ok(Tables { $($field: $table::Entity::find().all(db).await?),+ })
            }
        }
    };
}

// In the order in which rows refer to each other.
tables! {
    /// People.
    users: user,
    /// Their ids elsewhere (R34).
    external_ids: external_id,
    /// What else is known of them (R34).
    custom_fields: custom_field,
    /// The tree, parents before their subgroups (R1).
    groups: group,
    /// The ids of groups elsewhere (R34).
    group_external_ids: group_external_id,
    /// The platform itself: one row.
    platforms: platform,
    /// Who is what in which group (R2).
    memberships: membership,
    /// What the deleted were in which group (R26).
    former_memberships: former_membership,
    /// Courses.
    courses: course,
    /// Their co-authors (R10).
    course_co_authors: course_co_author,
    /// Paths.
    paths: path,
    /// Their co-authors (R11).
    path_co_authors: path_co_author,
    /// Which courses a path is made of.
    path_courses: path_course,
    /// Who is enrolled in which course (R32).
    course_enrolments: course_enrolment,
    /// Activities of courses.
    activities: activity,
    /// Sessions of paths (R8).
    sessions: session,
    /// Their co-instructors (R12).
    session_co_instructors: session_co_instructor,
    /// The groups of their audience.
    session_groups: session_group,
    /// Who is enrolled individually.
    session_enrolments: session_enrolment,
    /// Who is excluded.
    session_exclusions: session_exclusion,
    /// Who was captured.
    session_captures: session_capture,
    /// Classroom slots of sessions.
    slots: slot,
    /// Who attends and who trains in them.
    slot_registrations: slot_registration,
    /// Posts and messages.
    posts: post,
    /// How far people are in courses.
    progress: progress,
    /// Results of activities.
    results: result,
    /// Certificates.
    certificates: certificate,
    /// Sales.
    sales: sale,
    /// Payment subscriptions.
    subscriptions: subscription,
    /// Dates set for people (R25).
    dates: date,
}

/// Writes `models` into their table, ids included.
async fn insert<E: EntityTrait>(db: &impl ConnectionTrait, models: &[E::Model]) -> Result<(), Error> {
    let names: Vec<&'static str> = E::Column::iter().map(|column| column.as_str()).collect();
    let names = names.join(", ");
    let table = E::default();
    for some in models.chunks(AT_ONCE) {
        let mut rows = Rows::new();
        for column in E::Column::iter() {
            rows = with(rows, column.as_str(), some.iter().map(|model| model.get(column)))?;
        }
        sql(
            "organisation.insert",
            format!("insert into {} ({names}) select {names} from {{given}}", table.table_name()),
        )
        .rows("given", rows)
        .exactly(db, some.len())
        .await?;
    }
    Ok(())
}

/// `rows` with a column of these cells, which are all of one kind.
fn with(rows: Rows, name: &'static str, cells: impl Iterator<Item = Value>) -> Result<Rows, Error> {
    let mut cells = cells.peekable();
    Ok(match cells.peek() {
        Some(Value::BigInt(_) | Value::Int(_)) => rows.numbers_or_null(name, cells.map(number)),
        Some(Value::String(_)) => rows.texts_or_null(name, cells.map(text)),
        Some(Value::ChronoDateTimeUtc(_)) => rows.times(name, cells.map(time)),
        Some(Value::Bool(_)) => rows.flags(name, cells.map(|cell| cell == Value::Bool(Some(true)))),
        _ => return Err(Error::Broken("a column of an organisation is a number, a text, a time or a flag")),
    })
}

fn number(cell: Value) -> Option<i64> {
    match cell {
        Value::BigInt(number) => number,
        Value::Int(number) => number.map(i64::from),
        _ => None,
    }
}

fn text(cell: Value) -> Option<String> {
    match cell {
        Value::String(text) => text,
        _ => None,
    }
}

fn time(cell: Value) -> Option<DateTime<Utc>> {
    match cell {
        Value::ChronoDateTimeUtc(time) => time,
        _ => None,
    }
}

/// Lets the database go on numbering after the ids that were written: to be done once an organisation is in. SQLite
/// does so by itself.
///
/// # Errors
/// When the database refuses.
pub async fn number_on(db: &impl ConnectionTrait) -> Result<(), Error> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in NUMBERED {
        let sequence = format!("pg_get_serial_sequence('{table}', 'id')");
        let text = format!("select setval({sequence}, max(id)) from {table} having count(*) > 0");
        sql("organisation.number_on", text).execute(db).await?;
    }
    Ok(())
}

/// Counts what the database now has, so that it finds its ways through it.
///
/// # Errors
/// When the database refuses.
pub async fn analyze(db: &impl ConnectionTrait) -> Result<(), Error> {
    sql("organisation.analyze", "analyze").execute(db).await?;
    Ok(())
}

/// The tables whose rows the database numbers.
const NUMBERED: [&str; 12] = [
    "users",
    "groups",
    "courses",
    "paths",
    "activities",
    "sessions",
    "slots",
    "posts",
    "results",
    "certificates",
    "sales",
    "subscriptions",
];

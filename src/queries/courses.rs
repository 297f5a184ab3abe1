//! Courses and their authors (R10).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::id::{CourseId, GroupId, PathId, UserId};

use super::ranks::Ranks;
use super::users::search_text;
use super::{By, Direction, Filter, List, Order, Parted, Relation, Seen, noun, row};
use crate::error::Refusal;

row! {
    /// What a course is called.
    pub struct Head {
        /// Its id.
        id: CourseId,
        /// Its title.
        title: String,
    }
}

row! {
    /// What else there is to a course or a path.
    pub struct Rest {
        /// The group that owns it.
        group_id: GroupId,
        /// Who owns it.
        main_author_id: UserId,
        /// When it was made.
        created_at: DateTime<Utc>,
    }
}

/// A course.
pub type Course = Parted<Head, Rest>;

noun! {
    /// Courses by id.
    Courses: "courses.by_id", "courses", Course = Course::selected, CourseId, [Seen::Course("r.id")]
}

/// The co-authors.
#[derive(Debug)]
pub struct CoAuthors;

impl Ranks for CoAuthors {
    type Work = CourseId;
    const NAME: &'static str = "courses.co_authors";
    const TABLE: &'static str = "course_co_authors";
    const WORK: &'static str = "course_id";
}

/// What works are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkOrder {
    /// By title.
    #[default]
    Title,
    /// By when they were made.
    Created,
}

/// By title.
const BY_TITLE: Order = Order::new("TITLE", &[By::text("c.title_key"), By::number("c.id")]);
/// Oldest first.
const BY_AGE: Order = Order::new("CREATED", &[By::number("c.id")]);

/// Which courses are meant: those that meet all of it.
#[derive(Clone, Debug, Default)]
pub struct CourseFilter {
    /// Owned by one of these groups.
    pub groups: Option<Vec<GroupId>>,
    /// With this person as main author or co-author.
    pub author: Option<UserId>,
    /// With this text somewhere in the title.
    pub text: Option<String>,
}

/// Every course that meets `filter`.
///
/// # Errors
/// `BAD_INPUT` for a text that cannot be looked for.
pub fn list(
    filter: &CourseFilter,
    order: WorkOrder,
    direction: Direction,
) -> Result<List<Arc<Course>>, Refusal> {
    let mut conditions = Filter::new().maybe(
        "c.id in (select w.id from courses w where w.main_author_id = {author}
                  union all select a.course_id from course_co_authors a where a.user_id = {author})",
        "author",
        filter.author,
    );
    if let Some(groups) = &filter.groups {
        conditions = conditions.within("c.group_id in {groups}", "groups", groups.iter().copied());
    }
    if let Some(text) = &filter.text {
        conditions = conditions.contains("c.search_key", "text", &search_text(text)?);
    }
    let order = match order {
        WorkOrder::Title => BY_TITLE,
        WorkOrder::Created => BY_AGE,
    };
    let mut list =
        List { order: order.towards(direction), ..listed("courses.list", "courses c", conditions) };
    list.seen.extend(filter.author.map(|_| Seen::Named("{author}")));
    Ok(list)
}

fn listed(name: &'static str, from: &str, filter: Filter) -> List<Arc<Course>> {
    List {
        name,
        selected: Course::selected("c").shared(),
        from: from.to_owned(),
        seen: vec![Seen::Course("c.id")],
        filter,
        order: BY_TITLE,
    }
}

/// The courses that a group owns, by title.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedCourses;

impl Relation for OwnedCourses {
    type Parent = GroupId;
    type Item = Arc<Course>;
    const PARENT: &'static str = "c.group_id";

    fn list(&self) -> List<Arc<Course>> {
        listed("courses.of_group", "courses c", Filter::new())
    }
}

/// The courses of which somebody is main author or co-author, by title.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AuthoredCourses;

impl Relation for AuthoredCourses {
    type Parent = UserId;
    type Item = Arc<Course>;
    const PARENT: &'static str = "mine.user_id";

    fn list(&self) -> List<Arc<Course>> {
        listed("courses.of_author", "(select w.id as work_id, w.main_author_id as user_id from courses w where w.main_author_id in {parents}
              union all
              select a.course_id, a.user_id from course_co_authors a where a.user_id in {parents}) mine
             join courses c on c.id = mine.work_id", Filter::new())
    }
}

/// The courses of a path, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CoursesOfPath;

impl Relation for CoursesOfPath {
    type Parent = PathId;
    type Item = Arc<Course>;
    const PARENT: &'static str = "p.path_id";

    fn list(&self) -> List<Arc<Course>> {
        List {
            // The cast makes one type of what is an integer on one database and a bigint on the other.
            order: Order::new(
                "POSITION",
                const { &[By::number("cast(p.position as bigint)"), By::number("c.id")] },
            ),
            ..listed("courses.of_path", "path_courses p join courses c on c.id = p.course_id", Filter::new())
        }
    }
}

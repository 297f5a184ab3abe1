//! Paths: ordered lists of courses (R11).

use std::sync::Arc;

use entity::id::{CourseId, GroupId, PathId, UserId};

pub use super::courses::Rest;
use super::courses::WorkOrder;
use super::ranks::Ranks;
use super::users::search_text;
use super::{By, Direction, Filter, List, Order, Parted, Relation, Seen, noun, row};
use crate::error::Refusal;

row! {
    /// What a path is called.
    pub struct Head {
        /// Its id.
        id: PathId,
        /// Its title.
        title: String,
    }
}

/// A path.
pub type Path = Parted<Head, Rest>;

noun! {
    /// Paths by id.
    Paths: "paths.by_id", "paths", Path = Path::selected, PathId, [Seen::Path("r.id")]
}

/// The co-authors.
#[derive(Debug)]
pub struct CoAuthors;

impl Ranks for CoAuthors {
    type Work = PathId;
    const NAME: &'static str = "paths.co_authors";
    const TABLE: &'static str = "path_co_authors";
    const WORK: &'static str = "path_id";
}

/// By title.
const BY_TITLE: Order = Order::new("TITLE", &[By::text("p.title_key"), By::number("p.id")]);
/// Oldest first.
const BY_AGE: Order = Order::new("CREATED", &[By::number("p.id")]);

/// Which paths are meant: those that meet all of it.
#[derive(Clone, Debug, Default)]
pub struct PathFilter {
    /// Owned by one of these groups.
    pub groups: Option<Vec<GroupId>>,
    /// With this person as main author or co-author.
    pub author: Option<UserId>,
    /// With this course among theirs.
    pub course: Option<CourseId>,
    /// With this text somewhere in the title.
    pub text: Option<String>,
}

/// Every path that meets `filter`.
///
/// # Errors
/// `BAD_INPUT` for a text that cannot be looked for.
pub fn list(filter: &PathFilter, order: WorkOrder, direction: Direction) -> Result<List<Arc<Path>>, Refusal> {
    let mut conditions = Filter::new()
        .maybe(
            "p.id in (select w.id from paths w where w.main_author_id = {author}
                      union all select a.path_id from path_co_authors a where a.user_id = {author})",
            "author",
            filter.author,
        )
        .maybe(
            "p.id in (select k.path_id from path_courses k where k.course_id = {course})",
            "course",
            filter.course,
        );
    if let Some(groups) = &filter.groups {
        conditions = conditions.within("p.group_id in {groups}", "groups", groups.iter().copied());
    }
    if let Some(text) = &filter.text {
        conditions = conditions.contains("p.search_key", "text", &search_text(text)?);
    }
    let order = match order {
        WorkOrder::Title => BY_TITLE,
        WorkOrder::Created => BY_AGE,
    };
    let mut list = List { order: order.towards(direction), ..listed("paths.list", "paths p", conditions) };
    list.seen.extend(filter.author.map(|_| Seen::Named("{author}")));
    list.seen.extend(filter.course.map(|_| Seen::Course("{course}")));
    Ok(list)
}

fn listed(name: &'static str, from: &str, filter: Filter) -> List<Arc<Path>> {
    List {
        name,
        selected: Path::selected("p").shared(),
        from: from.to_owned(),
        seen: vec![Seen::Path("p.id")],
        filter,
        order: BY_TITLE,
    }
}

/// The paths that a group owns, by title.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedPaths;

impl Relation for OwnedPaths {
    type Parent = GroupId;
    type Item = Arc<Path>;
    const PARENT: &'static str = "p.group_id";

    fn list(&self) -> List<Arc<Path>> {
        listed("paths.of_group", "paths p", Filter::new())
    }
}

/// The paths of which somebody is main author or co-author, by title.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AuthoredPaths;

impl Relation for AuthoredPaths {
    type Parent = UserId;
    type Item = Arc<Path>;
    const PARENT: &'static str = "mine.user_id";

    fn list(&self) -> List<Arc<Path>> {
        listed("paths.of_author", "(select w.id as work_id, w.main_author_id as user_id from paths w where w.main_author_id in {parents}
              union all
              select a.path_id, a.user_id from path_co_authors a where a.user_id in {parents}) mine
             join paths p on p.id = mine.work_id", Filter::new())
    }
}

/// The paths that a course stands in, by title.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathsWithCourse;

impl Relation for PathsWithCourse {
    type Parent = CourseId;
    type Item = Arc<Path>;
    const PARENT: &'static str = "k.course_id";

    fn list(&self) -> List<Arc<Path>> {
        listed("paths.with_course", "path_courses k join paths p on p.id = k.path_id", Filter::new())
    }
}

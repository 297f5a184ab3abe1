//! Activities of a course, and their copies (R13).

use std::sync::Arc;

pub use entity::activity::Model as Activity;
use entity::id::{ActivityId, CourseId, UserId};

use super::courses::WorkOrder;
use super::users::search_text;
use super::{By, Direction, Filter, List, Order, Relation, Seen, columns, noun};
use crate::error::Refusal;

noun! {
    /// Activities by id.
    Activities: "activities.by_id", "activities", Activity = columns, ActivityId, [Seen::Activity("r.id")]
}

/// By title.
const BY_TITLE: Order = Order::new("TITLE", &[By::text("a.title_key"), By::number("a.id")]);
/// Oldest first.
const BY_AGE: Order = Order::new("CREATED", &[By::number("a.id")]);

/// Which activities are meant: those that meet all of it.
#[derive(Clone, Debug, Default)]
pub struct ActivityFilter {
    /// Of this course.
    pub course: Option<CourseId>,
    /// Owned by this person.
    pub owner: Option<UserId>,
    /// With this text somewhere in the title.
    pub text: Option<String>,
}

/// Every activity that meets `filter`.
///
/// # Errors
/// `BAD_INPUT` for a text that cannot be looked for.
pub fn list(
    filter: &ActivityFilter,
    order: WorkOrder,
    direction: Direction,
) -> Result<List<Arc<Activity>>, Refusal> {
    let mut conditions = Filter::new().maybe("a.course_id = {course}", "course", filter.course).maybe(
        "a.owner_id = {owner}",
        "owner",
        filter.owner,
    );
    if let Some(text) = &filter.text {
        conditions = conditions.contains("a.search_key", "text", &search_text(text)?);
    }
    let order = match order {
        WorkOrder::Title => BY_TITLE,
        WorkOrder::Created => BY_AGE,
    };
    let mut list = List { order: order.towards(direction), ..listed("activities.list", conditions) };
    list.seen.extend(filter.course.map(|_| Seen::Course("{course}")));
    list.seen.extend(filter.owner.map(|_| Seen::Named("{owner}")));
    Ok(list)
}

fn listed(name: &'static str, filter: Filter) -> List<Arc<Activity>> {
    List {
        name,
        selected: columns::<Activity>("a").shared(),
        from: "activities a".to_owned(),
        seen: vec![Seen::Activity("a.id")],
        filter,
        order: BY_AGE,
    }
}

/// The activities of a course, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActivitiesOfCourse;

impl Relation for ActivitiesOfCourse {
    type Parent = CourseId;
    type Item = Arc<Activity>;
    const PARENT: &'static str = "a.course_id";

    fn list(&self) -> List<Arc<Activity>> {
        listed("activities.of_course", Filter::new())
    }
}

/// The activities that somebody owns, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedActivities;

impl Relation for OwnedActivities {
    type Parent = UserId;
    type Item = Arc<Activity>;
    const PARENT: &'static str = "a.owner_id";

    fn list(&self) -> List<Arc<Activity>> {
        listed("activities.of_owner", Filter::new())
    }
}

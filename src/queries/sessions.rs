//! Sessions of a path, and their instructors (R12).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::id::{GroupId, PathId, SessionId, UserId};
use entity::kind::AudienceKind;
use serde::Deserialize;

use super::paths;
use super::ranks::Ranks;
use super::users::{Span, search_text};
use super::{By, Direction, Filter, List, Noun, Order, Parted, Relation, Row, Seen, Selected, row};
use crate::error::Refusal;

/// What a session is called, and what the path is that it goes through: hundreds of sessions have few paths, but each
/// would ask for its own.
#[derive(Clone, Debug, Deserialize)]
pub struct Head {
    /// Its id.
    pub id: SessionId,
    /// Its title.
    pub title: String,
    /// When it starts.
    #[serde(deserialize_with = "entity::instant::read")]
    pub starts_at: DateTime<Utc>,
    path_id: PathId,
    path_title: String,
}

impl Head {
    /// What the path is called.
    pub fn path(&self) -> paths::Head {
        paths::Head { id: self.path_id, title: self.path_title.clone() }
    }
}

impl Row for Head {
    /// Those of the session itself.
    fn names() -> Vec<&'static str> {
        vec!["id", "title", "starts_at", "path_id"]
    }
}

row! {
    /// What else there is to a session.
    pub struct Rest {
        /// The group that owns it.
        group_id: GroupId,
        /// Who runs it.
        main_instructor_id: UserId,
        /// How it finds its people.
        audience_kind: AudienceKind,
        /// When it ends.
        ends_at: DateTime<Utc>,
        /// When its people were captured at its end.
        captured_at: Option<DateTime<Utc>>,
        /// When it was made.
        created_at: DateTime<Utc>,
    }
}

/// A session.
pub type Session = Parted<Head, Rest>;

fn selected(table: &str) -> Selected<Session> {
    Session::beside(table, &[format!("{table}_path.title")])
}

/// What joins the path. Every session has one; `left` lets a count leave it out.
fn joined(table: &str) -> String {
    format!(" left join paths {table}_path on {table}_path.id = {table}.path_id")
}

/// Sessions by id.
#[derive(Debug)]
pub struct Sessions;

impl Noun for Sessions {
    type Id = SessionId;
    type Thing = Session;
    const NAME: &'static str = "sessions.by_id";
    const TABLE: &'static str = "sessions";
    const SEEN: &'static [Seen] = &[Seen::Session("r.id")];

    fn joined(table: &str) -> String {
        joined(table)
    }

    fn selected(table: &str) -> Selected<Session> {
        selected(table)
    }

    fn id(session: &Session) -> SessionId {
        session.id
    }
}

/// The co-instructors.
#[derive(Debug)]
pub struct CoInstructors;

impl Ranks for CoInstructors {
    type Work = SessionId;
    const NAME: &'static str = "sessions.co_instructors";
    const TABLE: &'static str = "session_co_instructors";
    const WORK: &'static str = "session_id";
}

/// What sessions are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionOrder {
    /// By when they start.
    #[default]
    Start,
    /// By title.
    Title,
    /// By when they were made.
    Created,
}

/// By when they start.
const BY_START: Order = Order::new("START", &[By::time("s.starts_at"), By::number("s.id")]);

/// By title.
const BY_TITLE: Order = Order::new("TITLE", &[By::text("s.title_key"), By::number("s.id")]);
/// Oldest first.
const BY_AGE: Order = Order::new("CREATED", &[By::number("s.id")]);

/// Which sessions are meant: those that meet all of it.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Of this path.
    pub path: Option<PathId>,
    /// Owned by one of these groups.
    pub groups: Option<Vec<GroupId>>,
    /// With one of these groups in their audience.
    pub audience: Option<Vec<GroupId>>,
    /// With this person as main instructor or co-instructor.
    pub instructor: Option<UserId>,
    /// Dynamic or static.
    pub audience_kind: Option<AudienceKind>,
    /// Which start then.
    pub starts: Span,
    /// Which end then.
    pub ends: Span,
    /// With this text somewhere in the title.
    pub text: Option<String>,
}

/// Every session that meets `filter`.
///
/// # Errors
/// `BAD_INPUT` for a text that cannot be looked for.
pub fn list(
    filter: &SessionFilter,
    order: SessionOrder,
    direction: Direction,
) -> Result<List<Arc<Session>>, Refusal> {
    let mut conditions = Filter::new()
        .maybe("s.path_id = {path}", "path", filter.path)
        .maybe(
            "s.id in (select w.id from sessions w where w.main_instructor_id = {instructor}
                      union all select a.session_id from session_co_instructors a where a.user_id = {instructor})",
            "instructor",
            filter.instructor,
        )
        .maybe("s.audience_kind = {audience_kind}", "audience_kind", filter.audience_kind)
        .maybe("s.starts_at >= {starts_from}", "starts_from", filter.starts.from)
        .maybe("s.starts_at < {starts_until}", "starts_until", filter.starts.until)
        .maybe("s.ends_at >= {ends_from}", "ends_from", filter.ends.from)
        .maybe("s.ends_at < {ends_until}", "ends_until", filter.ends.until);
    if let Some(groups) = &filter.groups {
        conditions = conditions.within("s.group_id in {groups}", "groups", groups.iter().copied());
    }
    if let Some(groups) = &filter.audience {
        conditions = conditions.within(
            "s.id in (select sg.session_id from session_groups sg where sg.group_id in {audience})",
            "audience",
            groups.iter().copied(),
        );
    }
    if let Some(text) = &filter.text {
        conditions = conditions.contains("s.search_key", "text", &search_text(text)?);
    }
    let order = match order {
        SessionOrder::Start => BY_START,
        SessionOrder::Title => BY_TITLE,
        SessionOrder::Created => BY_AGE,
    };
    let mut list =
        List { order: order.towards(direction), ..listed("sessions.list", "sessions s", conditions) };
    list.seen.extend(filter.path.map(|_| Seen::Path("{path}")));
    list.seen.extend(filter.instructor.map(|_| Seen::Named("{instructor}")));
    Ok(list)
}

fn listed(name: &'static str, from: &str, filter: Filter) -> List<Arc<Session>> {
    List {
        name,
        selected: selected("s").shared(),
        from: format!("{from}{}", joined("s")),
        seen: vec![Seen::Session("s.id")],
        filter,
        order: BY_START,
    }
}

/// The sessions that a group owns, by start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedSessions;

impl Relation for OwnedSessions {
    type Parent = GroupId;
    type Item = Arc<Session>;
    const PARENT: &'static str = "s.group_id";

    fn list(&self) -> List<Arc<Session>> {
        listed("sessions.of_group", "sessions s", Filter::new())
    }
}

/// The sessions of a path, by start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionsOfPath;

impl Relation for SessionsOfPath {
    type Parent = PathId;
    type Item = Arc<Session>;
    const PARENT: &'static str = "s.path_id";

    fn list(&self) -> List<Arc<Session>> {
        listed("sessions.of_path", "sessions s", Filter::new())
    }
}

/// The sessions of which somebody is main instructor or co-instructor, by start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstructedSessions;

impl Relation for InstructedSessions {
    type Parent = UserId;
    type Item = Arc<Session>;
    const PARENT: &'static str = "mine.user_id";

    fn list(&self) -> List<Arc<Session>> {
        listed("sessions.of_instructor", "(select w.id as work_id, w.main_instructor_id as user_id from sessions w where w.main_instructor_id in {parents}
              union all
              select a.session_id, a.user_id from session_co_instructors a where a.user_id in {parents}) mine
             join sessions s on s.id = mine.work_id", Filter::new())
    }
}

/// The sessions in whose audience a group stands, by start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionsForGroup;

impl Relation for SessionsForGroup {
    type Parent = GroupId;
    type Item = Arc<Session>;
    const PARENT: &'static str = "sg.group_id";

    fn list(&self) -> List<Arc<Session>> {
        listed(
            "sessions.for_group",
            "session_groups sg join sessions s on s.id = sg.session_id",
            Filter::new(),
        )
    }
}

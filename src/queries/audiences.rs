//! Who a session is for, and who takes part in it (R8).

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::id::{SessionId, UserId};
use entity::{session_capture, session_enrolment, session_exclusion};
use serde::Deserialize;

use super::groups::Group;
use super::links::{FromOther, FromUser, Link, Rows};
use super::sessions::{Session, Sessions};
use super::{Batch, By, Filter, Reader, Row, Seen, Selected, all, grouped, select};
use crate::error::Error;
use crate::sessions::store::{Of, participations};

/// The groups in the audience of a session, by name.
#[derive(Debug)]
pub struct AudienceGroups;

impl Batch for AudienceGroups {
    type Key = SessionId;
    type Value = Arc<Vec<Arc<Group>>>;

    async fn load(
        reader: &Reader,
        ids: Vec<SessionId>,
    ) -> Result<HashMap<SessionId, Arc<Vec<Arc<Group>>>>, Error> {
        let seen = reader.sight().await?.filter(&[Seen::Group("g.id")]);
        let filter = seen.within("sg.session_id in {sessions}", "sessions", ids);
        let group = Group::selected("g").any();
        let value = Selected::<(SessionId, Arc<Group>)>::several([Selected::value("sg.session_id"), group]);
        let rest = format!(
            "from session_groups sg join groups g on g.id = sg.group_id where {} order by g.name_key, g.id",
            filter.text()
        );
        Ok(grouped(all(filter.bind(select("audiences.groups", &value, &rest)), reader).await?))
    }
}

/// Individual enrolments in sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionEnrolments;

impl Link for SessionEnrolments {
    type Row = session_enrolment::Model;
    type Other = Session;
    type OtherId = SessionId;
    const ROWS: Rows = Rows::Table("session_enrolments");
    const COLUMN: &'static str = "l.session_id";
}

impl FromOther for SessionEnrolments {
    const OF_OTHER: &'static str = "session_enrolments.of_session";
}

/// People excluded from sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionExclusions;

impl Link for SessionExclusions {
    type Row = session_exclusion::Model;
    type Other = Session;
    type OtherId = SessionId;
    const ROWS: Rows = Rows::Table("session_exclusions");
    const COLUMN: &'static str = "l.session_id";
}

impl FromOther for SessionExclusions {
    const OF_OTHER: &'static str = "session_exclusions.of_session";
}

/// People captured for sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionCaptures;

impl Link for SessionCaptures {
    type Row = session_capture::Model;
    type Other = Session;
    type OtherId = SessionId;
    const ROWS: Rows = Rows::Table("session_captures");
    const COLUMN: &'static str = "l.session_id";
}

impl FromOther for SessionCaptures {
    const OF_OTHER: &'static str = "session_captures.of_session";
}

/// Who takes part in which session, whatever the state of the account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Participations {
    /// Only in sessions that end after this.
    pub ending_after: Option<DateTime<Utc>>,
    /// Only in sessions that end by this.
    pub ended_by: Option<DateTime<Utc>>,
}

/// By what somebody takes part in a session (R8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum How {
    /// By an individual enrolment.
    Individual,
    /// As a learner of an audience group.
    Group,
    /// Captured, when a static audience was saved or when the session ended.
    Captured,
}

/// That somebody takes part in a session.
#[derive(Clone, Debug, Deserialize)]
pub struct Participation {
    /// In this session.
    pub session_id: SessionId,
    /// Who.
    pub user_id: UserId,
    /// By what; of several, the first in the order of [`How`].
    pub how: How,
    /// Since when.
    #[serde(deserialize_with = "entity::instant::read")]
    pub since: DateTime<Utc>,
}

impl Row for Participation {
    fn names() -> Vec<&'static str> {
        vec!["session_id", "user_id", "how", "since"]
    }
}

impl Link for Participations {
    type Row = Participation;
    type Other = Session;
    type OtherId = SessionId;
    const ROWS: Rows = Rows::Select {
        of_users: || participations(Of::Users("in {parents}")),
        of_others: || participations(Of::Sessions("in {parents}")),
    };
    const COLUMN: &'static str = "l.session_id";

    fn filter(&self) -> Filter {
        Filter::new().maybe("o.ends_at > {after}", "after", self.ending_after).maybe(
            "o.ends_at <= {by}",
            "by",
            self.ended_by,
        )
    }
}

impl FromUser for Participations {
    type Others = Sessions;
    const OF_USER: &'static str = "participations.of_user";
    const ORDER: &'static [By] = &[By::time("o.starts_at"), By::number("o.id")];
    const SEEN: &'static [Seen] = &[Seen::Session("o.id")];

    fn other(row: &Participation) -> SessionId {
        row.session_id
    }
}

impl FromOther for Participations {
    const OF_OTHER: &'static str = "participations.of_session";
}

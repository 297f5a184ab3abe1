//! Who takes part in a session, in one place, and the capture of its people (R8).

use chrono::{DateTime, Utc};
use entity::id::SessionId;
use entity::kind::Status;
use sea_orm::ConnectionTrait;

use crate::db::sql::sql;
use crate::error::Error;

/// Whose participations are asked for: a condition that follows a column, `in {sessions}` or `= {user}` over binds of
/// the statement it stands in, or `= r.user_id` over a table of it, where it is an `exists`.
#[derive(Clone, Copy, Debug)]
pub enum Of<'a> {
    /// Everybody in these sessions.
    Sessions(&'a str),
    /// These users, in every session.
    Users(&'a str),
    /// These users in these sessions: for one of each, or few; every pair may be looked at.
    Both {
        /// The sessions.
        sessions: &'a str,
        /// The users.
        users: &'a str,
    },
}

/// The text of R8's question: a select, to be put in parentheses, of one row for each session and user who takes
/// part in it, whatever the state of the account (present are those whose status says so).
///
/// | column       | what it says                                                                                   |
/// |--------------|------------------------------------------------------------------------------------------------|
/// | `session_id` | the session                                                                                    |
/// | `user_id`    | the person                                                                                     |
/// | `how`        | `INDIVIDUAL`, `GROUP` or `CAPTURED`; of several, the first in this order; `CAPTURED` at the end |
/// | `carried_by` | `INDIVIDUAL` or `GROUP`: as `how`, but for the captured what carried them when it was done     |
/// | `since`      | the earliest of: learner of an audience group, enrolled, captured as taking part since         |
///
/// A session that was captured at its end is read from its captured rows alone. The condition stands inside, where
/// each database uses an index for it; a condition put around the select would be applied to all sessions there are.
pub fn participations(of: Of<'_>) -> String {
    let only = |way: &Way| match of {
        Of::Sessions(sessions) => format!("{} {sessions}", way.session),
        Of::Users(users) => format!("{} {users}", way.user),
        Of::Both { sessions, users } => format!("{} {sessions} and {} {users}", way.session, way.user),
    };
    let ways = WAYS.map(|way| {
        format!(
            "select {} as session_id, {} as user_id, {} as how, {} as carried_by, {} as since from {} where {}{}",
            way.session,
            way.user,
            way.how,
            way.carried_by,
            way.since,
            way.rows,
            only(&way),
            way.holds
        )
    });
    // A session is captured without the excluded, who therefore have no captured row after its end. The kinds sort
    // in the order of the table above, so that the greatest of several is the first.
    format!(
        "select part.session_id, part.user_id, max(part.how) as how, max(part.carried_by) as carried_by,
                min(part.since) as since
         from ({}) part
         where {}
         group by part.session_id, part.user_id",
        ways.join(" union all "),
        not_excluded("part.session_id", "part.user_id"),
    )
}

/// A way to take part in a session: rows, and what each says.
struct Way {
    session: &'static str,
    user: &'static str,
    how: &'static str,
    carried_by: &'static str,
    since: &'static str,
    rows: &'static str,
    /// What must hold of a row besides.
    holds: &'static str,
}

const CAPTURED: Way = Way {
    session: "c.session_id",
    user: "c.user_id",
    how: "'CAPTURED'",
    carried_by: "c.carried_by",
    since: "c.since",
    rows: "session_captures c",
    holds: "",
};
const ENROLLED: Way = Way {
    session: "e.session_id",
    user: "e.user_id",
    how: "'INDIVIDUAL'",
    carried_by: "'INDIVIDUAL'",
    since: "e.enrolled_at",
    rows: "session_enrolments e join sessions s on s.id = e.session_id",
    holds: " and s.captured_at is null",
};
const LEARNING: Way = Way {
    session: "sg.session_id",
    user: "m.user_id",
    how: "'GROUP'",
    carried_by: "'GROUP'",
    since: "m.granted_at",
    rows: "session_groups sg
           join sessions s on s.id = sg.session_id
           join memberships m on m.group_id = sg.group_id and m.role = 'LEARNER'",
    holds: " and s.audience_kind = 'DYNAMIC' and s.captured_at is null",
};
const WAYS: [Way; 3] = [CAPTURED, ENROLLED, LEARNING];

fn not_excluded(session: &str, user: &str) -> String {
    format!(
        "not exists (select 1 from session_exclusions x where x.session_id = {session} and x.user_id = {user})"
    )
}

/// A way to take part in a session, as a question about people.
#[derive(Clone, Debug)]
pub struct Participants {
    /// The column that names them.
    pub column: &'static str,
    /// The rows in which it names everybody who takes part in one of the sessions, some of them more than once.
    pub all: String,
    /// The rows in which it names one of them, where a condition on it is added.
    pub one: String,
}

/// The people of [`participations`] without what else it says, way by way. `in {sessions}` and `in {groups}` stand in the
/// text as `sessions` and `groups`, the latter for [`audience_groups`] of these sessions: found once, they keep the
/// question about one person as short as their memberships. A plus keeps both databases from looking up each of a set
/// for each person.
pub fn participants(sessions: &str, groups: &str) -> [Participants; 3] {
    let direct = |way: &Way, looked_up: &str| {
        let Way { session, user, rows, holds, .. } = way;
        format!("{rows} where {looked_up}{session} {sessions}{holds} and {}", not_excluded(session, user))
    };
    let both = |way: Way| Participants { column: way.user, all: direct(&way, ""), one: direct(&way, "+") };
    let Way { session, user, holds, .. } = LEARNING;
    let learning = format!(
        "memberships m where m.role = 'LEARNER' and +m.group_id {groups} and exists (
            select 1 from session_groups sg join sessions s on s.id = sg.session_id
            where sg.group_id = m.group_id and +{session} {sessions}{holds} and {})",
        not_excluded(session, user)
    );
    [both(CAPTURED), both(ENROLLED), Participants { one: learning, ..both(LEARNING) }]
}

/// The groups in the audiences of these sessions, as a select.
pub fn audience_groups(sessions: &str) -> String {
    format!("select ag.group_id as id from session_groups ag where ag.session_id {sessions}")
}

/// The sessions that have ended and were not captured, in the order in which they ended: the order of the index.
pub async fn waiting(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<SessionId>, Error> {
    let rows: Vec<(SessionId,)> = sql(
        "sessions.waiting",
        "select id from sessions where captured_at is null and ends_at <= {now} order by ends_at, id",
    )
    .bind("now", now)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(session,)| session).collect())
}

/// Drops those excluded since they were captured.
pub(in crate::sessions) async fn drop_excluded_captures(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
) -> Result<u64, Error> {
    sql(
        "sessions.drop_excluded_captures",
        "delete from session_captures where session_id in {sessions} and exists
            (select 1 from session_exclusions x
             where x.session_id = session_captures.session_id and x.user_id = session_captures.user_id)",
    )
    .ids("sessions", sessions.iter().copied())
    .execute(db)
    .await
}

/// Captures everybody who takes part in these sessions. Who was captured before and is individually enrolled too is
/// from now on carried by the enrolment.
pub(in crate::sessions) async fn capture(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    sql(
        "sessions.capture",
        format!(
            "insert into session_captures (session_id, user_id, carried_by, since, captured_at)
             select p.session_id, p.user_id, p.carried_by, p.since, {{now}} from ({people}) p where true
             on conflict (session_id, user_id) do update
             set carried_by = excluded.carried_by, since = excluded.since
             where session_captures.carried_by <> excluded.carried_by",
            people = participations(Of::Sessions("in {sessions}"))
        ),
    )
    .ids("sessions", sessions.iter().copied())
    .bind("now", now)
    .execute(db)
    .await
}

/// Marks these sessions as captured at their end.
pub(in crate::sessions) async fn close(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    sql(
        "sessions.close",
        "update sessions set captured_at = {now} where id in {sessions} and captured_at is null",
    )
    .ids("sessions", sessions.iter().copied())
    .bind("now", now)
    .execute(db)
    .await
}

/// Releases the seats of those who attend an upcoming slot (start > now) of these sessions and are no present
/// participants of them (R8); how many. Trainers and slots that have started stay.
///
/// To be called by whatever ends a participation or a presence, after it has written, with the people concerned
/// locked.
///
/// # Errors
/// When the database refuses.
pub async fn release_seats_of_absent(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    if sessions.is_empty() {
        return Ok(0);
    }
    sql(
        "sessions.release_seats_of_absent",
        format!(
            "delete from slot_registrations where kind = 'ATTENDEE' and (slot_id, user_id) in
                (select r.slot_id, r.user_id
                 from slots t
                 join slot_registrations r on r.slot_id = t.id and r.kind = 'ATTENDEE'
                 join users u on u.id = r.user_id
                 where t.session_id in {{sessions}} and t.starts_at > {{now}}
                   and (u.status not in {{present}} or not exists ({person})))",
            person = participations(Of::Both { sessions: "= t.session_id", users: "= r.user_id" })
        ),
    )
    .kinds("present", Status::listed(Status::is_present))
    .ids("sessions", sessions.iter().copied())
    .bind("now", now)
    .execute(db)
    .await
}

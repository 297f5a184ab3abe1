//! What somebody would write by hand for exactly these two questions: an axum handler for each, flat queries, structs
//! that become JSON. It looks the token up as ours does, and answers with the same JSON.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sea_orm::sqlx::postgres::PgPoolOptions;
use sea_orm::sqlx::sqlite::SqlitePoolOptions;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// As many as ours has for reading from PostgreSQL, and no fewer than it has for SQLite.
const CONNECTIONS: u32 = 8;

const TOKEN: &str = "select u.id from tokens t join users u on u.id = t.user_id
                     where t.sha256 = $1 and u.status = 'ACTIVE'";
const PERSON: &str = "select id, first_name, last_name, status, email, created_at from users where id = $1";
const PEOPLE: &str = "select id, first_name, last_name from users
                      where status not in ('DELETED', 'ERASED') order by name_key, id limit 50";

fn memberships(these: &str) -> String {
    format!(
        "select m.user_id, m.role, g.id, g.name from memberships m join groups g on g.id = m.group_id
         where m.user_id {these} order by m.user_id, g.name_key, g.id, m.role"
    )
}

fn participations(these: &str) -> String {
    format!(
        "select p.user_id, p.how, s.id, s.title, s.starts_at, w.title
         from (select user_id, session_id, max(how) as how
               from (select c.user_id, c.session_id, 'CAPTURED' as how from session_captures c
                     where c.user_id {these}
                     union all
                     select e.user_id, e.session_id, 'INDIVIDUAL'
                     from session_enrolments e join sessions o on o.id = e.session_id
                     where e.user_id {these} and o.captured_at is null
                     union all
                     select m.user_id, a.session_id, 'GROUP'
                     from memberships m join session_groups a on a.group_id = m.group_id
                     join sessions o on o.id = a.session_id
                     where m.user_id {these} and m.role = 'LEARNER' and o.audience_kind = 'DYNAMIC'
                       and o.captured_at is null) part
               where not exists (select 1 from session_exclusions x
                                 where x.session_id = part.session_id and x.user_id = part.user_id)
               group by user_id, session_id) p
         join sessions s on s.id = p.session_id join paths w on w.id = s.path_id
         order by p.user_id, s.starts_at, s.id"
    )
}

type PersonRow = (i64, Option<String>, Option<String>, String, Option<String>, DateTime<Utc>);
type PeopleRow = (i64, Option<String>, Option<String>);
type MembershipRow = (i64, String, i64, String);
type ParticipationRow = (i64, String, i64, String, DateTime<Utc>, String);

/// What is read for fifty people: a query each.
struct Found {
    people: Vec<PeopleRow>,
    memberships: Vec<MembershipRow>,
    participations: Vec<ParticipationRow>,
}

/// The same three handlers for either driver, which have no type in common.
macro_rules! handlers {
    ($pool:ty, $these:literal, $ids:expr) => {
        async fn signed_in(pool: &$pool, sha256: String) -> bool {
            let found: Option<(i64,)> =
                sea_orm::sqlx::query_as(TOKEN).bind(sha256).fetch_optional(pool).await.expect(TOKEN);
            found.is_some()
        }

        pub async fn person(
            State(state): State<Arc<Pool>>,
            headers: HeaderMap,
            Path(id): Path<String>,
        ) -> Response {
            if !signed_in(&state.0, sha256_of(&headers)).await {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            let query = sea_orm::sqlx::query_as(PERSON).bind(number(&id));
            let found: Option<PersonRow> = query.fetch_optional(&state.0).await.expect(PERSON);
            Json(Answer { data: One { user: found.map(super::Person::of) } }).into_response()
        }

        pub async fn people(State(state): State<Arc<Pool>>, headers: HeaderMap) -> Response {
            if !signed_in(&state.0, sha256_of(&headers)).await {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            let people: Vec<PeopleRow> =
                sea_orm::sqlx::query_as(PEOPLE).fetch_all(&state.0).await.expect(PEOPLE);
            let ids = || $ids(people.iter().map(|person| person.0).collect::<Vec<i64>>());
            let memberships = sea_orm::sqlx::query_as(state.1).bind(ids()).fetch_all(&state.0);
            let participations = sea_orm::sqlx::query_as(state.2).bind(ids()).fetch_all(&state.0);
            let (memberships, participations) = tokio::join!(memberships, participations);
            let found = Found {
                memberships: memberships.expect("memberships"),
                participations: participations.expect("participations"),
                people,
            };
            Json(answer(found)).into_response()
        }

        /// Connections, and the two queries of lists.
        pub struct Pool($pool, &'static str, &'static str);

        impl Pool {
            pub fn new(pool: $pool) -> Arc<Pool> {
                Arc::new(Pool(pool, memberships($these).leak(), participations($these).leak()))
            }
        }
    };
}

mod postgres {
    use super::*;
    handlers!(sea_orm::sqlx::PgPool, "= any($1)", |ids: Vec<i64>| ids);
}

mod sqlite {
    use super::*;
    handlers!(sea_orm::sqlx::SqlitePool, "in (select value from json_each($1))", |ids: Vec<i64>| {
        serde_json::to_string(&ids).expect("json")
    });
}

/// Answers on `listener` until it is killed.
pub async fn serve(listener: TcpListener, url: &str) {
    let router = if url.starts_with("sqlite:") {
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
        let pool = sqlite::Pool::new(pool.connect(url).await.expect("a database"));
        Router::new()
            .route("/people", get(sqlite::people))
            .route("/people/{id}", get(sqlite::person))
            .with_state(pool)
    } else {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
        let pool = postgres::Pool::new(pool.connect(url).await.expect("a database"));
        Router::new()
            .route("/people", get(postgres::people))
            .route("/people/{id}", get(postgres::person))
            .with_state(pool)
    };
    axum::serve(listener, router).await.expect("it serves");
}

fn sha256_of(headers: &HeaderMap) -> String {
    let token = headers["authorization"].to_str().expect("a token").trim_start_matches("Bearer ");
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn id(kind: &str, number: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{number}"))
}

fn number(id: &str) -> i64 {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).expect("an id")).expect("an id");
    text.split_once(':').expect("an id").1.parse().expect("an id")
}

fn display_name(first: Option<String>, last: Option<String>) -> String {
    [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[derive(Serialize)]
struct Answer<T> {
    data: T,
}

#[derive(Serialize)]
struct One {
    user: Option<Person>,
}

#[derive(Serialize)]
struct Many {
    users: Nodes<PersonWithAll>,
}

#[derive(Serialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    id: String,
    display_name: String,
    status: String,
    email: Option<String>,
    created_at: DateTime<Utc>,
}

impl Person {
    fn of((number, first, last, status, email, created_at): PersonRow) -> Person {
        Person { id: id("User", number), display_name: display_name(first, last), status, email, created_at }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PersonWithAll {
    id: String,
    display_name: String,
    memberships: Nodes<Membership>,
    participations: Nodes<Participation>,
}

#[derive(Serialize)]
struct Membership {
    role: String,
    group: Named,
}

#[derive(Serialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Serialize)]
struct Titled {
    title: String,
}

#[derive(Serialize)]
struct Participation {
    how: String,
    session: Session,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: String,
    title: String,
    starts_at: DateTime<Utc>,
    path: Titled,
}

fn answer(found: Found) -> Answer<Many> {
    let mut groups: HashMap<i64, Vec<Membership>> = HashMap::new();
    for (user, role, group, name) in found.memberships {
        let group = Named { id: id("Group", group), name };
        groups.entry(user).or_default().push(Membership { role, group });
    }
    let mut sessions: HashMap<i64, Vec<Participation>> = HashMap::new();
    for (user, how, session, title, starts_at, path) in found.participations {
        let session = Session { id: id("Session", session), title, starts_at, path: Titled { title: path } };
        sessions.entry(user).or_default().push(Participation { how, session });
    }
    let people = found.people.into_iter().map(|(user, first, last)| PersonWithAll {
        id: id("User", user),
        display_name: display_name(first, last),
        memberships: Nodes { nodes: groups.remove(&user).unwrap_or_default() },
        participations: Nodes { nodes: sessions.remove(&user).unwrap_or_default() },
    });
    Answer { data: Many { users: Nodes { nodes: people.collect() } } }
}

//! Who asks: the owner, who sees everything, and people of the crowd who see a part, which has to be found out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Variables};
use entity::id::{GroupId, UserId};
use roster::access;
use roster::db::Database;
use roster::db::sql::sql;
use roster::graphql::RequestContext;
use roster::graphql::api::Api;
use roster::platform;
use roster::token::Token;
use roster::tokens::store::add_by_operator;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use serde_json::Value;

/// The groups that two administrators have, about so many.
const ADMINISTERED: [usize; 2] = [26, 132];
/// How often each statement is run to see whether it is planned anew: more often than a server tries before it decides.
const RUNS: usize = 8;

/// Somebody who asks.
pub struct Caller {
    pub name: String,
    pub user: UserId,
    pub token: Token,
}

/// What one request takes of the database, that which finds out whose token it is left aside.
pub struct Taken {
    pub statements: usize,
    /// How long planning all of them once takes, and how many of `RUNS` runs of each were planned anew; none on SQLite, where a
    /// connection plans a statement once.
    planning: Option<(Duration, usize)>,
}

/// Those who ask of a crowd of so many; the owner has `token`.
pub async fn callers(db: &Database, people: usize, token: Token) -> Vec<Caller> {
    let mut callers = vec![Caller { name: "the owner".to_owned(), user: UserId(1), token }];
    let now = db.clock.now(&db.read).await.expect("the time");
    let text = "select max(m.user_id) from memberships m join users u on u.id = m.user_id
        where u.status = 'ACTIVE' and not exists (select 1 from memberships r where r.user_id = u.id and r.role <> 'LEARNER')
          and not exists (select 1 from sessions s where s.main_instructor_id = u.id)
          and not exists (select 1 from session_co_instructors i where i.user_id = u.id)";
    let (learner,): (UserId,) = sql("reading.learner", text).only(&db.read).await.expect("a learner");
    let mut chosen = vec![("a learner".to_owned(), learner)];
    for (number, wanted) in (1..).zip(ADMINISTERED) {
        let user = UserId(people as i64 / 2 + number);
        let groups = branch_of(db, wanted).await;
        for group in &groups {
            let text = "insert into memberships (user_id, group_id, role, granted_by, granted_at)
                        values ({user}, {group}, 'ADMINISTRATOR', 1, {now}) on conflict do nothing";
            let granted =
                sql("reading.grant", text).bind("user", user).bind("group", *group).bind("now", now);
            granted.execute(&db.read).await.expect("a role");
        }
        let (_, tree) = platform::current(&db.read, &db.trees).await.expect("the tree");
        let below: usize = groups.iter().map(|group| tree.below(*group).len() + 1).sum();
        chosen.push((format!("an administrator of {below} groups"), user));
    }
    for (name, user) in chosen {
        let token = Token::draw().expect("randomness");
        add_by_operator(&db.read, user, &token.sha256(), now).await.expect("a token");
        callers.push(Caller { name, user, token });
    }
    callers
}

/// Groups that are in no branch of each other and have about so many with what is below them.
async fn branch_of(db: &Database, wanted: usize) -> Vec<GroupId> {
    let (_, tree) = platform::current(&db.read, &db.trees).await.expect("the tree");
    let (mut left, mut chosen, mut open) = (wanted, Vec::new(), vec![tree.root()]);
    while let Some(group) = open.pop() {
        let size = tree.below(group).len() + 1;
        if group != tree.root() && size <= left {
            left -= size;
            chosen.push(group);
        } else {
            open.extend_from_slice(tree.children(group));
        }
    }
    chosen
}

/// What the query takes when `user` asks it.
pub async fn taken(url: &str, user: UserId, query: &str, variables: Value) -> Taken {
    let seen: Arc<Mutex<Vec<Statement>>> = Arc::default();
    let seeing = seen.clone();
    let db = Database::open(url).await.expect("a database");
    let watched =
        db.clone().observed(move |statement, _| seeing.lock().expect("a lock").push(statement.clone()));
    // The tree is kept by a server that has been asked before.
    let (platform, tree) = platform::current(&db.read, &db.trees).await.expect("the tree");
    watched.trees.put(platform.tree_revision, tree);
    let context = RequestContext::new(watched, Some(access::Caller::User(user)), "bench".to_owned());
    let context =
        if user == UserId(1) { context.with_pass(access::Pass::Token(None), true) } else { context };
    let request = Request::new(query).variables(Variables::from_json(variables));
    let answer = Api::new().execute(request, Some(OperationType::Query), context).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    let statements = std::mem::take(&mut *seen.lock().expect("a lock"));
    let planning = match db.backend() {
        DbBackend::Postgres => {
            // One of the connections that read, with its settings.
            let connection = db.read.begin().await.expect("a connection");
            let planning = planned(&connection, &statements).await;
            connection.rollback().await.expect("nothing was done");
            Some(planning)
        }
        _ => None,
    };
    db.close().await;
    Taken { statements: statements.len(), planning }
}

async fn planned(connection: &impl ConnectionTrait, statements: &[Statement]) -> (Duration, usize) {
    let mut once = 0.0;
    for statement in statements {
        let values = statement.values.clone().map(|values| values.0).unwrap_or_default();
        let explain = format!("explain (summary, format json) {}", statement.sql);
        let explain = Statement::from_sql_and_values(DbBackend::Postgres, explain, values);
        let row = connection.query_one_raw(explain).await.expect("a plan").expect("a plan");
        let plan: Value = row.try_get_by_index(0).expect("JSON");
        once += plan[0]["Planning Time"].as_f64().expect("a time");
        for _ in 0..RUNS {
            connection.query_all_raw(statement.clone()).await.expect("rows");
        }
    }
    let text = "select coalesce(sum(custom_plans), 0)::bigint from pg_prepared_statements
                where statement like '/* %' and statement not like 'explain %'";
    let counted = Statement::from_string(DbBackend::Postgres, text);
    let row = connection.query_one_raw(counted).await.expect("a count").expect("a count");
    let anew: i64 = row.try_get_by_index(0).expect("a number");
    (Duration::from_secs_f64(once / 1e3), anew as usize)
}

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} statements, ", self.statements)?;
        match self.planning {
            Some((once, anew)) => write!(
                f,
                "planning them once {:.1} ms, planned anew in {anew} of {} runs",
                once.as_secs_f64() * 1e3,
                self.statements * RUNS
            ),
            None => write!(f, "planned once a connection"),
        }
    }
}

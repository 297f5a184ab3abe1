//! An organisation in a database, and the API in front of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Variables};
use entity::id::{CourseId, GroupId, PathId, SessionId, SlotId, UserId};
use roster::access::{Caller, Pass};
use roster::background::Background;
use roster::db::Database;
use roster::demo;
use roster::graphql::api::Api;
use roster::graphql::id::GlobalId;
use roster::graphql::{RequestContext, schema};
use roster::jobs::{Pace, start_workers};
use roster::organisation::{Organisation, Tables, promises};
use roster::removal::batch::ROWS;
use roster::sign_in::{self, hashing};
use roster::tokens;
use roster::transaction::write;
use roster::webhooks::Reach;
use roster::workers::KINDS;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::databases::{Fresh, Kind};
use super::dump::{self, Dump};

/// A migrated database with nothing in it.
pub struct Start {
    /// The database.
    pub db: Database,
    /// Its address, for another program.
    pub url: String,
    /// Databases that were made beside it, and end with it.
    pub(super) others: Others,
}

/// Workers that do nothing of their own accord: what is counted does not depend on how long it takes.
const UNHURRIED: Pace = Pace { look: DAY, lease: DAY, keep: DAY, tidy: DAY };
const DAY: Duration = Duration::from_secs(86_400);

/// Databases that a test made for itself.
pub(super) type Others = Arc<Mutex<Vec<(Database, Fresh)>>>;

/// An organisation, and the API to it.
pub struct World {
    /// Its database.
    pub db: Database,
    /// Its address, for another program.
    pub url: String,
    /// What it was made of, by name.
    pub made: Organisation,
    api: Api,
    statements: Arc<Mutex<Vec<sea_orm::Statement>>>,
    meanwhile: Arc<Mutex<Option<Meanwhile>>>,
    chunk: usize,
    rows: i64,
    reach: Arc<Reach>,
    /// Carries out the jobs of this database, as soon as they are accepted and not of its own accord.
    _workers: Background,
}

/// What somebody else does once a statement has run, and in which database.
struct Meanwhile {
    after: String,
    sql: String,
    url: String,
}

/// What a mutation answered with.
#[derive(Clone, Debug)]
pub struct Answer(pub Value);

impl Start {
    /// The empty database at `url`, which whoever made it forgets.
    pub async fn at(url: &str) -> Start {
        let db = Database::open(url).await.expect("a database");
        db.migrate().await.expect("migrations");
        Start { db, url: url.to_owned(), others: Arc::default() }
    }

    /// A second database of the same kind.
    pub async fn another(&self) -> Start {
        let kind = if self.url.starts_with("sqlite:") { Kind::Sqlite } else { Kind::Postgres };
        let fresh = Fresh::new(kind).await;
        let url = fresh.url();
        let db = Database::open(&url).await.expect("a database");
        self.others.lock().expect("a lock").push((db.clone(), fresh));
        Start { db, url, others: self.others.clone() }
    }

    /// The organisation that `write` makes of a platform called "platform" with the user "owner".
    pub async fn with(self, made: impl FnOnce(Organisation) -> Organisation) -> World {
        let now = self.db.clock.now(&self.db.read).await.expect("the time");
        let made = made(Organisation::new(now));
        assert_eq!(made.mistakes(), Vec::<String>::new().as_slice());
        self.load(made).await
    }

    /// The sample organisation with so many people, at least those with names of their own; only "owner" can ask.
    pub async fn sample(self, people: usize) -> World {
        let now = self.db.clock.now(&self.db.read).await.expect("the time");
        demo::load(&self.db, &demo::Sample { people, seed: 7, now }).await.expect("the sample organisation");
        self.observed(Organisation::new(now))
    }

    /// The organisation that was made elsewhere.
    pub async fn load(self, made: Organisation) -> World {
        let operator = Caller::System { on_behalf_of: None };
        let loading = made.clone();
        write(&self.db, operator, None, (), |tx, ()| {
            let loading = loading.clone();
            Box::pin(async move { loading.load(tx).await })
        })
        .await
        .expect("the organisation");
        self.observed(made)
    }

    fn observed(self, made: Organisation) -> World {
        let statements: Arc<Mutex<Vec<sea_orm::Statement>>> = Arc::default();
        let meanwhile: Arc<Mutex<Option<Meanwhile>>> = Arc::default();
        let (seen, waiting) = (statements.clone(), meanwhile.clone());
        let db = self.db.observed(move |statement, _| {
            seen.lock().expect("a lock").push(statement.clone());
            let due = waiting.lock().expect("a lock").take_if(|it| statement.sql.contains(&it.after));
            if let Some(Meanwhile { sql, url, .. }) = due {
                elsewhere(url, sql);
            }
        });
        let _workers = start_workers(&db, KINDS, UNHURRIED);
        let (chunk, rows) = (3_000, ROWS);
        let (url, api, reach) = (self.url, Api::new(), Arc::default());
        World { db, url, made, api, statements, meanwhile, chunk, rows, reach, _workers }
    }
}

impl World {
    /// The same, removing at most `chunk` people in one transaction.
    pub fn in_chunks_of(self, chunk: usize) -> World {
        World { chunk, ..self }
    }

    /// The same, removing people in one transaction who bring at most so many rows together.
    pub fn in_chunks_of_rows(self, rows: i64) -> World {
        World { rows, ..self }
    }

    /// The same, with webhooks that may reach this.
    pub fn reaching(self, reach: Arc<Reach>) -> World {
        World { reach, ..self }
    }

    /// What the API answers `who` with, whole.
    pub async fn ask(&self, who: &str, query: &str, variables: Value) -> Value {
        let caller = (who != "nobody").then(|| Caller::User(self.user_id(who)));
        self.ask_by(caller, None, query, variables).await
    }

    /// The same, of a caller who is known by `pass`.
    pub async fn ask_by(
        &self,
        caller: Option<Caller>,
        pass: Option<Pass>,
        query: &str,
        variables: Value,
    ) -> Value {
        let context = self.context(caller);
        let context = match pass {
            Some(pass) => context.with_pass(pass, false),
            None => context,
        };
        let request = Request::new(query).variables(Variables::from_json(variables));
        let kind = kind(query);
        serde_json::to_value(self.api.execute(request, kind, context).await).expect("an answer is JSON")
    }

    /// What the API answers `who` with where an extension stands around every field, as it does where one fails.
    pub async fn ask_field_by_field(&self, who: &str, query: &str) -> Value {
        let context = self.context(Some(Caller::User(self.user_id(who))));
        serde_json::to_value(schema().execute(Request::new(query).data(context)).await)
            .expect("an answer is JSON")
    }

    fn context(&self, caller: Option<Caller>) -> RequestContext {
        RequestContext::new(self.db.clone(), caller, "test".to_owned())
            .with_chunk(self.chunk)
            .with_reach(self.reach.clone())
            .with_rows(self.rows)
    }

    /// The data of an answer without errors.
    pub async fn read(&self, who: &str, query: &str, variables: Value) -> Value {
        let answer = self.ask(who, query, variables).await;
        assert!(answer["errors"].is_null(), "{query}\n{answer:#}");
        answer["data"].clone()
    }

    /// What the mutation `name` answers with, asked for `fields` besides its errors.
    pub async fn mutate(&self, who: &str, name: &str, input: Value, fields: &str) -> Answer {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation($input: {kind}!) {{ answer: {name}(input: $input) {{ {fields}
                userErrors {{ code message path hiddenCount digest nodes {{ __typename id ... on Group {{ name }} }} }} }} }}"
        );
        Answer(self.read(who, &query, json!({ "input": input })).await["answer"].clone())
    }

    /// The one error that the mutation `name` is refused with, having changed nothing at all.
    pub async fn refused(&self, who: &str, name: &str, input: Value) -> Answer {
        let before = self.dump().await;
        let answer = self.mutate(who, name, input, "").await;
        answer.refused();
        assert_eq!(before.changes_until(&self.dump().await), BTreeMap::new(), "{:#}", answer.0);
        answer
    }

    /// As [`World::mutate`], done; and afterwards the organisation is as the rules promise.
    pub async fn done(&self, who: &str, name: &str, input: Value, fields: &str) -> Value {
        let answer = self.mutate(who, name, input, fields).await;
        let now = self.db.clock.now(&self.db.read).await.expect("the time");
        assert_eq!(promises::broken(&self.tables().await, now), Vec::<String>::new());
        answer.done().clone()
    }

    /// Who is what in a group, as `ann LEARNER`, in order.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let group = self.group_id(group);
        let tables = self.tables().await;
        let name = |user: UserId| {
            let row = tables.users.iter().find(|row| row.id == user).expect("a member is a user");
            row.first_name.clone().or(row.username.clone()).unwrap_or_default()
        };
        let rows = tables.memberships.iter().filter(|row| row.group_id == group);
        let mut members: Vec<String> =
            rows.map(|row| format!("{} {}", name(row.user_id), row.role.as_str())).collect();
        members.sort();
        members
    }

    pub fn user_id(&self, name: &str) -> UserId {
        self.made.user_id(name).unwrap_or_else(|| panic!("a user called {name}"))
    }

    pub fn group_id(&self, name: &str) -> GroupId {
        self.made.group_id(name).unwrap_or_else(|| panic!("a group called {name}"))
    }

    pub fn course_id(&self, name: &str) -> CourseId {
        self.made.course_id(name).unwrap_or_else(|| panic!("a course called {name}"))
    }

    pub fn path_id(&self, name: &str) -> PathId {
        self.made.path_id(name).unwrap_or_else(|| panic!("a path called {name}"))
    }

    pub fn session_id(&self, name: &str) -> SessionId {
        self.made.session_id(name).unwrap_or_else(|| panic!("a session called {name}"))
    }

    pub fn slot_id(&self, name: &str) -> SlotId {
        self.made.slot_id(name).unwrap_or_else(|| panic!("a slot called {name}"))
    }

    /// The id of a user as the API has it.
    pub fn user(&self, name: &str) -> Value {
        json!(self.user_id(name).global().as_str())
    }

    /// The ids of users as the API has them.
    pub fn users(&self, names: &[&str]) -> Value {
        names.iter().map(|name| self.user(name)).collect()
    }

    /// The id of a group as the API has it.
    pub fn group(&self, name: &str) -> Value {
        json!(self.group_id(name).global().as_str())
    }

    /// The id of a course as the API has it.
    pub fn course(&self, name: &str) -> Value {
        json!(self.course_id(name).global().as_str())
    }

    /// The id of a path as the API has it.
    pub fn path(&self, name: &str) -> Value {
        json!(self.path_id(name).global().as_str())
    }

    /// The id of a session as the API has it.
    pub fn session(&self, name: &str) -> Value {
        json!(self.session_id(name).global().as_str())
    }

    /// The id of a slot as the API has it.
    pub fn slot(&self, name: &str) -> Value {
        json!(self.slot_id(name).global().as_str())
    }

    /// The id of an activity as the API has it.
    pub fn activity(&self, name: &str) -> Value {
        let id = self.made.activity_id(name).unwrap_or_else(|| panic!("an activity called {name}"));
        json!(id.global().as_str())
    }

    /// Every row of the organisation.
    pub async fn tables(&self) -> Tables {
        Tables::read(&self.db.read).await.expect("the tables")
    }

    /// Every row of every table as text, to be compared with another dump.
    pub async fn dump(&self) -> Dump {
        dump::of(&self.db).await
    }

    /// Runs a statement behind the program's back.
    pub async fn sql(&self, text: &str) {
        self.db.read.execute_unprepared(text).await.expect(text);
    }

    /// From now on, doing this (`insert`, `update`) to rows of a table for which `condition` holds of `new` breaks.
    pub async fn break_when(&self, table: &str, what: &str, condition: &str) {
        if self.url.starts_with("postgres") {
            self.sql("create function planted() returns trigger language plpgsql as $$ begin raise 'planted'; end $$")
                .await;
            self.sql(&format!(
                "create trigger planted before {what} on {table} for each row when ({condition}) execute function planted()"
            ))
            .await;
        } else {
            self.sql(&format!(
                "create trigger planted before {what} on {table} when {condition}
                 begin select raise(abort, 'planted'); end"
            ))
            .await;
        }
    }

    /// Lets somebody else run `sql` on a connection of their own as soon as the program has run a statement in which
    /// `after` stands. It must be one outside a transaction that writes: SQLite has one writer.
    pub fn meanwhile(&self, after: &str, sql: &str) {
        let url = self.url.clone();
        let due = Meanwhile { after: after.to_owned(), sql: sql.to_owned(), url };
        *self.meanwhile.lock().expect("a lock") = Some(due);
    }

    /// Whether what was to happen meanwhile has happened.
    pub fn has_happened(&self) -> bool {
        self.meanwhile.lock().expect("a lock").is_none()
    }

    /// Gives somebody a token.
    pub async fn give_token(&self, name: &str, sha256: &str) {
        let now = self.made.now;
        tokens::store::add_by_operator(&self.db.read, self.user_id(name), sha256, now)
            .await
            .expect("a token");
    }

    /// Gives somebody a password.
    pub async fn give_password(&self, name: &str, password: &str) {
        let hash = hashing::hash(password).await.expect("a hash");
        let now = self.made.now;
        let set = sign_in::store::set_password(&self.db.read, self.user_id(name), &hash, false, now);
        set.await.expect("a password");
    }

    /// How many statements `work` takes.
    pub async fn statements<T>(&self, work: impl Future<Output = T>) -> (T, Vec<String>) {
        self.statements.lock().expect("a lock").clear();
        let done = work.await;
        let seen = std::mem::take(&mut *self.statements.lock().expect("a lock"));
        // Whoever works on jobs, waits for one, captures sessions that end, or carries what happened to others looks now and
        // then, whatever is asked
        // meanwhile.
        let looks = [
            "/* clock.now */",
            "/* events.forget */",
            "/* events.is_restored */",
            "/* jobs.waits */",
            "/* sessions.waiting */",
            "/* jobs.status */",
            "/* webhooks.",
        ];
        let asked = |text: &String| !looks.iter().any(|look| text.starts_with(look));
        (done, seen.into_iter().map(|statement| statement.sql).filter(asked).collect())
    }
}

/// Runs a statement on a connection of its own, and waits for it.
fn elsewhere(url: String, sql: String) {
    let run = async move {
        let db = sea_orm::Database::connect(url).await.expect("a connection");
        db.execute_unprepared(&sql).await.expect(&sql);
        db.close().await.expect("closed");
    };
    let runtime = || tokio::runtime::Runtime::new().expect("a runtime").block_on(run);
    std::thread::spawn(runtime).join().expect("it was done");
}

impl Answer {
    /// The code of the one error.
    pub fn refused(&self) -> &str {
        let errors = self.0["userErrors"].as_array().expect("userErrors");
        assert_eq!(errors.len(), 1, "{:#}", self.0);
        errors[0]["code"].as_str().expect("a code")
    }

    /// The groups that the one error names.
    pub fn about(&self) -> Vec<&str> {
        let nodes = self.0["userErrors"][0]["nodes"].as_array().expect("nodes");
        nodes.iter().filter_map(|node| node["name"].as_str()).collect()
    }

    /// The path of the one error, joined by dots.
    pub fn path(&self) -> String {
        let path = self.0["userErrors"][0]["path"].as_array().expect("a path");
        path.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(".")
    }

    /// The answer, which has no error.
    pub fn done(&self) -> &Value {
        assert_eq!(self.0["userErrors"], json!([]), "{:#}", self.0);
        &self.0
    }
}

/// The kind of the one operation of a document; none where there is none to tell.
fn kind(query: &str) -> Option<OperationType> {
    let document = parse_query(query).ok()?;
    let (_, operation) = document.operations.iter().next()?;
    Some(operation.node.ty)
}

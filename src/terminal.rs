//! `roster delete`: a list of people deleted from the terminal, as the API does it: planned, shown, asked, carried out.
//!
//! It speaks GraphQL either way: to a server, or to a database that it opens itself and carries the job out in.

mod file;

use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use async_graphql::{Request, Variables};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::access::Caller;
use crate::accounts::{self, Name};
use crate::config::{Delete, Private};
use crate::db::{Alone, Database, READ_LIMIT};
use crate::error::{Failure, Refusal};
use crate::graphql::{RequestContext, RosterSchema, schema};
use crate::jobs::{self, Pace};
use crate::platform;
use crate::setup;
use crate::table::cell;
use crate::workers::KINDS;

/// How often a job is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Items of a page of outcomes.
const PAGE: usize = 100;
/// People of a plan that are shown by name.
const SHOWN: usize = 20;
/// Things that a refusal is about that are named.
const NAMED: usize = 10;

/// Why it stopped, in a sentence for whoever started it.
pub(crate) type Stopped = String;

/// Who answers.
enum Door {
    /// A server.
    Server {
        /// Its address.
        url: String,
        /// Whose token it is asked with.
        token: String,
        /// What asks.
        client: reqwest::Client,
    },
    /// A database of our own.
    Own {
        /// What is asked.
        schema: Box<RosterSchema>,
        /// The database.
        database: Database,
        /// Who asks.
        caller: Caller,
    },
}

/// Deletes the people of a list, once somebody has seen what that does and said so.
///
/// # Errors
/// A sentence that says why nothing more was done.
pub async fn delete(options: &Delete) -> Result<(), Stopped> {
    let emails = file::emails(&options.emails, options.column.as_deref())?;
    let Some(server) = &options.server else {
        let alone = Alone::with(&options.place.database_url).map_err(why)?;
        let database = setup::open(&options.place, READ_LIMIT).await?;
        if alone.is_some() {
            jobs::take_over(&database).await.map_err(failed)?;
        }
        let caller = somebody(&database, options.caller.as_deref()).await?;
        let workers = jobs::start_workers(&database, KINDS, Pace::default());
        let door = Door::Own { schema: Box::new(schema()), database: database.clone(), caller };
        let done = through(&door, options, &emails).await;
        workers.stop().await;
        database.close().await;
        return done;
    };
    let token =
        std::env::var("ROSTER_TOKEN").map_err(|_| "ROSTER_TOKEN has no token for the server".to_owned())?;
    let url = format!("{}/graphql", server.trim_end_matches('/'));
    through(&Door::Server { url, token, client: reqwest::Client::new() }, options, &emails).await
}

/// Who asks, where nobody has a token: the person named, else the platform owner.
async fn somebody(database: &Database, email: Option<&str>) -> Result<Caller, Stopped> {
    let Some(email) = email else {
        return Ok(Caller::User(platform::store::platform(&database.read).await.map_err(why)?.owner));
    };
    let name = Name::email(email).map_err(|refusal| format!("{email}: {}", failed(refusal.into())))?;
    let found = accounts::reserving(&database.read, &name).await.map_err(why)?;
    let unknown = || format!("{email}: {}", failed(Refusal::not_found(&["actor"], "User").into()));
    found.map(|holder| Caller::User(holder.user)).ok_or_else(unknown)
}

async fn through(door: &Door, options: &Delete, emails: &str) -> Result<(), Stopped> {
    let private = options.private_subgroups.map(|answer| match answer {
        Private::Keep => "KEEP",
        Private::Remove => "REMOVE",
    });
    let input = json!({ "removal": { "deleteUsers": {
        "people": { "emails": [emails] }, "privateSubgroups": private } } });
    let job = door.mutate("prepareRemoval", "PrepareRemovalInput", input).await?;
    let started = tokio::select! {
        started = start(door, options, &job) => started,
        _ = tokio::signal::ctrl_c() => Err("interrupted; nothing was done".to_owned()),
    };
    if let Err(why) = started {
        // Turned down: nothing is kept of the list. If that cannot be said either, the plan expires within a day.
        let _ = door.mutate("cancelRemovalJob", "CancelRemovalJobInput", json!({ "jobId": job })).await;
        return Err(why);
    }
    let goes_on =
        |job: &Value| ["QUEUED", "RUNNING", "CANCELLING"].iter().any(|status| job["status"] == *status);
    let ended = tokio::select! {
        ended = until(door, &job, "deleting", goes_on) => ended?,
        _ = tokio::signal::ctrl_c() => {
            return Err(format!(
                "interrupted; job {} was started: a server of this database carries it on, unless it is cancelled there \
                 (cancelRemovalJob)",
                job.as_str().unwrap_or_default()
            ));
        }
    };
    let table = outcomes(door, &job).await?;
    match &options.outcomes {
        Some(file) => write(file, &table)?,
        None => {
            let _ = std::io::stdout().write_all(table.as_bytes());
        }
    }
    tell(&counts(&ended["countsByOutcome"]));
    if ended["status"] == "SUCCEEDED" {
        Ok(())
    } else {
        Err("some could not be deleted; the outcomes say why".to_owned())
    }
}

/// Lets a prepared job run, once its plan was shown and somebody has said how many accounts go.
async fn start(door: &Door, options: &Delete, job: &Value) -> Result<(), Stopped> {
    let plan = until(door, job, "planning", |job| job["status"] == "PREPARING").await?;
    if plan["status"] != "PREPARED" {
        return Err(format!("the plan is {}", plan["status"]));
    }
    tell(&preview(&plan));
    tell(&first_people(door, job, &plan).await?);
    if let Some(file) = &options.plan {
        write(file, &planned(door, job).await?)?;
    }
    let going = plan["plan"]["totals"]["confirmCount"].as_i64().unwrap_or(0);
    let confirmed = confirmed(options, going).await?;
    let digest = &plan["plan"]["digest"];
    let start = json!({ "jobId": job, "planDigest": digest, "confirmCount": confirmed, "wait": 0 });
    door.mutate("startRemovalJob", "StartRemovalJobInput", start).await?;
    Ok(())
}

fn write(file: &Path, table: &str) -> Result<(), Stopped> {
    std::fs::write(file, table).map_err(|error| format!("{}: {error}", file.display()))
}

/// The first people of the plan by name, a line each with what would become of them.
async fn first_people(door: &Door, job: &Value, plan: &Value) -> Result<String, Stopped> {
    const QUERY: &str = "query($id: ID!, $first: Int!) { removalJob(id: $id) { items(first: $first) {
        nodes { position outcome plannedOutcome typed user { displayName email } } } } }";
    let found = door.ask(QUERY, json!({ "id": job, "first": SHOWN })).await?;
    let mut text = String::new();
    for item in found["removalJob"]["items"]["nodes"].as_array().into_iter().flatten() {
        let who = match (item["user"]["displayName"].as_str(), item["user"]["email"].as_str()) {
            (Some(name), Some(email)) => format!("{name} <{email}>"),
            (Some(name), None) => name.to_owned(),
            (None, _) => {
                item["typed"].as_str().map_or_else(|| format!("entry {}", item["position"]), str::to_owned)
            }
        };
        let _ = writeln!(text, "  {who}: {}", what_becomes(item));
    }
    let more = plan["total"].as_u64().unwrap_or(0).saturating_sub(SHOWN as u64);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more; --plan FILE writes all of them");
    }
    Ok(text)
}

/// What would become of an entry, or became of it already.
fn what_becomes(item: &Value) -> &str {
    item["plannedOutcome"].as_str().or(item["outcome"].as_str()).unwrap_or_default()
}

/// The plan as a table.
async fn planned(door: &Door, job: &Value) -> Result<String, Stopped> {
    const QUERY: &str = "query($id: ID!, $first: Int!, $after: String) { removalJob(id: $id) {
        items(first: $first, after: $after) { pageInfo { hasNextPage endCursor }
            nodes { position outcome plannedOutcome typed user { id displayName email } plan { effectCounts {
                membershipsRemoved membershipsKept sessionsLeft seatsReleased enrolmentsRemoved placesRemoved
                coursesHandedOver pathsHandedOver sessionsHandedOver } } } } } }";
    const COUNTS: [&str; 9] = [
        "membershipsRemoved",
        "membershipsKept",
        "sessionsLeft",
        "seatsReleased",
        "enrolmentsRemoved",
        "placesRemoved",
        "coursesHandedOver",
        "pathsHandedOver",
        "sessionsHandedOver",
    ];
    let head = format!("position,outcome,typed,userId,name,email,{}", COUNTS.join(","));
    pages(door, job, QUERY, head, |item| {
        let user = &item["user"];
        let texts = [&item["typed"], &user["id"], &user["displayName"], &user["email"]];
        let texts = texts.map(|value| cell(value.as_str().unwrap_or_default()));
        let counts = &item["plan"]["effectCounts"];
        let counts =
            COUNTS.map(|count| counts[count].as_i64().map_or_else(String::new, |count| count.to_string()));
        format!("{},{},{},{}", item["position"], what_becomes(item), texts.join(","), counts.join(","))
    })
    .await
}

/// What the plan would do, a line each.
fn preview(job: &Value) -> String {
    let totals = &job["plan"]["totals"];
    let mut text = format!("{} people are named.\n{}", totals["people"], counts(&totals["outcomes"]));
    for (field, what) in [
        ("accountsDeleted", "accounts end"),
        ("confirmCount", "is the number that confirms it"),
        ("membershipsRemoved", "memberships go"),
        ("membershipsKept", "memberships stay"),
        ("sessionsLeft", "participations in sessions end"),
        ("seatsReleased", "seats in upcoming slots are released"),
        ("coursesHandedOver", "courses get another main author"),
        ("pathsHandedOver", "paths get another main author"),
        ("sessionsHandedOver", "sessions get another main instructor"),
    ] {
        if totals[field].as_i64().unwrap_or(0) > 0 {
            let _ = writeln!(text, "  {} {what}", totals[field]);
        }
    }
    for warning in job["plan"]["warnings"].as_array().into_iter().flatten() {
        let _ = writeln!(text, "  {}", warning["message"].as_str().unwrap_or_default());
        for name in warning["nodes"].as_array().into_iter().flatten().filter_map(|node| node["name"].as_str())
        {
            let _ = writeln!(text, "    {name}");
        }
        if let Some(more) = warning["hiddenCount"].as_u64().filter(|more| *more > 0) {
            let _ = writeln!(text, "    and {more} more");
        }
    }
    text
}

fn counts(counts: &Value) -> String {
    let mut text = String::new();
    for count in counts.as_array().into_iter().flatten() {
        let _ = writeln!(
            text,
            "  {:>7} {}",
            count["count"].to_string(),
            count["outcome"].as_str().unwrap_or_default()
        );
    }
    text
}

/// The number by which somebody confirms a plan that `going` confirms; whether it is right is for the server to say.
async fn confirmed(options: &Delete, going: i64) -> Result<i64, Stopped> {
    if let Some(count) = options.confirm_count {
        return Ok(count);
    }
    if options.emails == Path::new("-") || !std::io::stdin().is_terminal() {
        return Err(format!("nobody is there to confirm the plan: say --confirm-count {going}"));
    }
    let _ = write!(std::io::stderr(), "Type the number that confirms it: ");
    let (say, said) = oneshot::channel();
    // A thread of its own, which the program does not wait for when it is interrupted.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        // Whoever no longer listens was interrupted.
        let _ = say.send(read.map(|_| line));
    });
    let line = said.await.map_err(why)?.map_err(why)?;
    line.trim().parse().map_err(|_| "nothing was done".to_owned())
}

/// The job once it no longer `goes_on`, with a bar that shows how far it is.
async fn until(
    door: &Door,
    job: &Value,
    what: &'static str,
    goes_on: impl Fn(&Value) -> bool,
) -> Result<Value, Stopped> {
    const QUERY: &str =
        "query($id: ID!) { removalJob(id: $id) { status done total countsByOutcome { outcome count }
        plan { digest warnings { message hiddenCount nodes { ... on Group { name } ... on User { name: displayName } } } totals { people outcomes { outcome count }
            accountsDeleted confirmCount membershipsRemoved membershipsKept sessionsLeft seatsReleased coursesHandedOver
            pathsHandedOver sessionsHandedOver } } } }";
    let bar = ProgressBar::new(0).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    loop {
        let found = door.ask(QUERY, json!({ "id": job })).await?["removalJob"].clone();
        if found.is_null() {
            return Err("the job is gone".to_owned());
        }
        bar.set_length(found["total"].as_u64().unwrap_or(0));
        bar.set_position(found["done"].as_u64().unwrap_or(0));
        if !goes_on(&found) {
            bar.finish_and_clear();
            return Ok(found);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The outcomes as a table.
async fn outcomes(door: &Door, job: &Value) -> Result<String, Stopped> {
    const QUERY: &str = "query($id: ID!, $first: Int!, $after: String) { removalJob(id: $id) {
        items(first: $first, after: $after) { pageInfo { hasNextPage endCursor }
            nodes { position outcome failure typed user { id displayName email } } } } }";
    let head = "position,outcome,failure,typed,userId,name,email".to_owned();
    pages(door, job, QUERY, head, |item| {
        let user = &item["user"];
        let cells = [
            &item["outcome"],
            &item["failure"],
            &item["typed"],
            &user["id"],
            &user["displayName"],
            &user["email"],
        ];
        let cells = cells.map(|value| cell(value.as_str().unwrap_or_default()));
        format!("{},{}", item["position"], cells.join(","))
    })
    .await
}

/// A table of the items of a job, read page by page.
async fn pages(
    door: &Door,
    job: &Value,
    query: &str,
    head: String,
    line: impl Fn(&Value) -> String,
) -> Result<String, Stopped> {
    let mut table = head + "\r\n";
    let mut after = Value::Null;
    loop {
        let found = door.ask(query, json!({ "id": job, "first": PAGE, "after": after })).await?;
        let items = &found["removalJob"]["items"];
        for item in items["nodes"].as_array().into_iter().flatten() {
            table += &line(item);
            table += "\r\n";
        }
        if items["pageInfo"]["hasNextPage"] != true {
            return Ok(table);
        }
        after = items["pageInfo"]["endCursor"].clone();
    }
}

impl Door {
    /// The data that a query is answered with.
    async fn ask(&self, query: &str, variables: Value) -> Result<Value, Stopped> {
        let answer: Value = match self {
            Door::Server { url, token, client } => {
                let request = client.post(url).bearer_auth(token);
                let request = request.json(&json!({ "query": query, "variables": variables }));
                request.send().await.map_err(why)?.json().await.map_err(why)?
            }
            Door::Own { schema, database, caller } => {
                let context =
                    RequestContext::new(database.clone(), Some(caller.clone()), "roster delete".to_owned());
                let request = Request::new(query).variables(Variables::from_json(variables)).data(context);
                serde_json::to_value(schema.execute(request).await).map_err(why)?
            }
        };
        match answer["errors"][0]["message"].as_str() {
            Some(message) => Err(message.to_owned()),
            None => Ok(answer["data"].clone()),
        }
    }

    /// The id of the job that a mutation answers with.
    async fn mutate(&self, name: &str, input_type: &str, input: Value) -> Result<Value, Stopped> {
        let query = format!(
            "mutation($input: {input_type}!) {{ answer: {name}(input: $input) {{ job {{ id }}
                userErrors {{ code message hiddenCount nodes {{ ... on Group {{ name }} }} }} }} }}"
        );
        let answer = self.ask(&query, json!({ "input": input })).await?["answer"].clone();
        match &answer["userErrors"][0] {
            Value::Null => Ok(answer["job"]["id"].clone()),
            error => Err(said(&refused(error), error["code"].as_str().unwrap_or_default())),
        }
    }
}

/// Why something was refused, and the first of what it is about by name.
fn refused(error: &Value) -> Stopped {
    let mut text = error["message"].as_str().unwrap_or_default().to_owned();
    let names: Vec<&str> =
        error["nodes"].as_array().into_iter().flatten().filter_map(|node| node["name"].as_str()).collect();
    if !names.is_empty() {
        text.truncate(text.trim_end_matches('.').len());
        let _ = write!(text, ": {}", names[..names.len().min(NAMED)].join(", "));
        let hidden = error["hiddenCount"].as_u64().unwrap_or(0) as usize;
        let more = names.len().saturating_sub(NAMED) + hidden;
        let _ = if more > 0 { write!(text, ", and {more} more") } else { Ok(()) };
    }
    text
}

/// Tells whoever sits at the terminal, not whoever reads the outcomes.
fn tell(text: &str) {
    let _ = write!(std::io::stderr(), "{text}");
}

pub(crate) fn why(why: impl std::fmt::Display) -> Stopped {
    why.to_string()
}

/// What is printed of a failure: of a refusal what it says and its code.
pub fn failed(failure: Failure) -> Stopped {
    match failure {
        Failure::Refused(refusal) => said(&refusal.to_string(), refusal.code()),
        Failure::Broken(error) => error.to_string(),
    }
}

fn said(message: &str, code: &str) -> Stopped {
    format!("{message} ({code})")
}

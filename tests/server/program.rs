//! The program as its command line has it.

use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::listening::ask;
use crate::common::each_database;

/// The program in `folder`, with these arguments.
pub fn roster(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roster"));
    command.args(arguments).current_dir(folder).env_remove("DATABASE_URL").env_remove("RUST_LOG");
    command
}

/// What a command that ends prints, and what it says when it fails.
fn ran(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let ran = roster(folder, arguments).output().unwrap();
    let printed = String::from_utf8(ran.stdout).unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    if ran.status.success() { Ok(printed) } else { Err(said) }
}

/// The one line with which a command fails.
fn fails(folder: &Path, arguments: &[&str]) -> String {
    let said = ran(folder, arguments).expect_err("it fails");
    assert_eq!(said.lines().count(), 1, "{said}");
    said.trim_end().strip_prefix("roster: ").expect("it says who says so").to_owned()
}

/// A server that was started, and what it printed before it listened.
pub struct Running {
    child: std::process::Child,
    lines: Vec<String>,
}

/// A server started in `folder` with these arguments, once it listens.
pub fn started(folder: &Path, arguments: &[&str]) -> Running {
    started_with(folder, arguments, &[])
}

/// As [`started`], with these variables besides.
pub fn started_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
    let mut command = roster(folder, arguments);
    command.envs(variables.iter().copied());
    started_by(command)
}

/// A server started by `command`, once it says that it listens.
pub fn started_by(mut command: Command) -> Running {
    // A pipe that nobody reads from would stop a program that has much to say.
    let mut log = tempfile::tempfile().unwrap();
    command.stdout(Stdio::piped()).stderr(log.try_clone().unwrap());
    let mut child = command.spawn().unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let listens = line.contains("listening");
        lines.push(line);
        if listens {
            return Running { child, lines };
        }
    }
    child.wait().unwrap();
    let mut said = String::new();
    log.rewind().unwrap();
    log.read_to_string(&mut said).unwrap();
    panic!("it does not listen: {lines:?} {said}");
}

impl Running {
    /// What is printed after this word.
    pub fn printed(&self, word: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '))
    }

    /// What the server answers `query` with.
    pub fn ask(&self, url: &str, token: &str, query: &str) -> Value {
        let request = ask(url, Some(token), query, Value::Null);
        tokio::runtime::Runtime::new().unwrap().block_on(request)
    }

    /// What the server answers `query` with whoever asks.
    pub fn ask_anybody(&self, url: &str, query: &str) -> Value {
        tokio::runtime::Runtime::new().unwrap().block_on(ask(url, None, query, Value::Null))
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended of its own accord.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Stops it as an operator does.
    pub fn stop(mut self) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success(), "it ends well");
    }
}

impl Drop for Running {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serving_makes_a_file_and_prints_a_token_once() {
    let folder = tempfile::tempdir().unwrap();
    let first =
        started(folder.path(), &["serve", "--bind", "127.0.0.1:0", "--owner-email", "olga@example.org"]);
    let (token, url) = (first.printed("token").unwrap(), first.printed("listening on").unwrap());
    let answer = first.ask(url, token, "{ viewer { email } }");
    assert_eq!(answer, json!({ "data": { "viewer": { "email": "olga@example.org" } } }));
    let again = fails(folder.path(), &["serve", "--bind", url.strip_prefix("http://").unwrap()]);
    assert!(again.contains("Address already in use"), "{again}");
    first.stop();
    let second = started(folder.path(), &["serve", "--bind", "127.0.0.1:0", "--json"]);
    assert_eq!(second.lines.len(), 1, "the token is printed once");
    let line: Value = serde_json::from_str(&second.lines[0]).unwrap();
    let printed = ran(folder.path(), &["token", "--as", "OLGA@example.org", "--json"]).unwrap();
    let token: Value = serde_json::from_str(&printed).unwrap();
    let url = line["listening"].as_str().unwrap();
    let answer = second.ask(url, token["token"].as_str().unwrap(), "{ platform { name } }");
    assert_eq!(answer, json!({ "data": { "platform": { "name": "Roster" } } }));
    second.stop();
    let files: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["roster.db"], "one file is left");
}

const SIGN_IN: &str = "mutation { signIn(input: { login: \"olga@example.org\", password: \"chosen by olga\", transport: BEARER }) { token } }";

#[test]
fn the_owner_chooses_a_password_by_a_link_that_is_printed_once() {
    let folder = tempfile::tempdir().unwrap();
    let serve = ["serve", "--bind", "127.0.0.1:0", "--owner-email", "olga@example.org"];
    let first = started(folder.path(), &serve);
    let url = first.printed("listening on").unwrap();
    let link = first.printed("password-link").unwrap().strip_prefix(&format!("{url}/#password=")).unwrap();
    let choose = |link: &str| {
        let query = format!(
            "mutation {{ resetPassword(input: {{ token: \"{link}\", newPassword: \"chosen by olga\" }}) {{ userErrors {{ code }} }} }}"
        );
        first.ask_anybody(url, &query)["data"]["resetPassword"]["userErrors"].clone()
    };
    assert_eq!(choose(link), json!([]));
    assert_eq!(choose(link), json!([{ "code": "INVALID_TOKEN" }]));
    assert!(first.ask_anybody(url, SIGN_IN)["data"]["signIn"]["token"].is_string());
    // The operator makes another one for whoever is locked out.
    let arguments = ["password-link", "--as", "olga@example.org", "--public-url", "https://app.example.org/"];
    let printed = ran(folder.path(), &arguments).unwrap();
    let link = printed.trim_end().strip_prefix("password-link https://app.example.org/#password=").unwrap();
    assert_eq!(choose(link), json!([]));
    assert_eq!(
        fails(folder.path(), &["password-link", "--as", "nobody@example.org"]),
        "nobody@example.org: User not found. (NOT_FOUND)"
    );
    first.stop();
    let second = started(folder.path(), &serve);
    assert_eq!(second.lines.len(), 1, "nothing is printed twice");
    second.stop();
}

#[test]
fn the_owner_has_the_password_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let serve = ["serve", "--bind", "127.0.0.1:0", "--owner-email", "olga@example.org"];
    let mut command = roster(folder.path(), &serve);
    let short = command.env("ROSTER_OWNER_PASSWORD", "seven77").output().unwrap();
    assert!(!short.status.success());
    assert_eq!(String::from_utf8(short.stderr).unwrap(), "roster: A password has 8 to 128 bytes.\n");
    let first = started_with(folder.path(), &serve, &[("ROSTER_OWNER_PASSWORD", "chosen by olga")]);
    assert_eq!(first.printed("password-link"), None);
    let url = first.printed("listening on").unwrap();
    assert!(first.ask_anybody(url, SIGN_IN)["data"]["signIn"]["token"].is_string());
    first.stop();
}

#[test]
fn a_file_is_served_by_one_program_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = started(folder.path(), &["serve", "--bind", "127.0.0.1:0"]);
    let refused = fails(folder.path(), &["serve", "--bind", "127.0.0.1:0"]);
    assert_eq!(refused, "another roster serves this database file; stop it first, or ask it");
    let refused =
        fails(folder.path(), &["demo", "--bind", "127.0.0.1:0", "--database-url", "sqlite:roster.db"]);
    assert_eq!(refused, "another roster serves this database file; stop it first, or ask it");
    first.stop();
    // A lock file that was left behind keeps nobody out.
    std::fs::write(folder.path().join("roster.db-lock"), "").unwrap();
    started(folder.path(), &["serve", "--bind", "127.0.0.1:0"]).stop();
}

#[test]
fn the_demo_is_made_anew_each_time() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let demo = started(folder.path(), &["demo", "--bind", "127.0.0.1:0"]);
        let (token, url) = (demo.printed("token").unwrap(), demo.printed("listening on").unwrap());
        let answer = demo.ask(url, token, "{ viewer { displayName } }");
        assert_eq!(answer, json!({ "data": { "viewer": { "displayName": "Olive Hartmann" } } }));
        // And as others, each at an address of GraphiQL that is signed in.
        let mut guests = Vec::new();
        for line in demo.lines.iter().filter_map(|line| line.strip_prefix("as ")) {
            let (who, token) =
                line.split_once(&format!(" {url}/#token=")).unwrap_or_else(|| panic!("{line}"));
            let answer = demo.ask(url, token, "{ viewer { displayName } }");
            guests.push((who.to_owned(), answer["data"]["viewer"]["displayName"].clone()));
        }
        assert_eq!(
            guests,
            [
                ("owner (olive.hartmann@example.org)".to_owned(), json!("Olive Hartmann")),
                ("group administrator (sigrid.vang@example.org)".to_owned(), json!("Sigrid Vang")),
                ("learner (mona.bakke@example.org)".to_owned(), json!("Mona Bakke")),
            ]
        );
        demo.stop();
    }
    let refused = fails(folder.path(), &["demo", "--no-serve", "--database-url", "sqlite:roster-demo.db"]);
    assert_eq!(refused, "the database is not empty; the demo wants one of its own");
}

#[test]
fn a_list_is_deleted_from_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("list.txt"), "petra.lind@example.org; nobody@example.org\n").unwrap();
    let list = ["delete", "--emails", "list.txt", "--private-subgroups", "keep"];
    let with = |more: &[&'static str]| [&list[..], more].concat();
    ran(here, &["demo", "--no-serve", "--database-url", "sqlite:roster.db"]).unwrap();
    // Nobody sits at the terminal: the number has to be given.
    let said = ran(here, &with(&[])).expect_err("it asks");
    assert!(said.contains("2 people are named") && said.contains("1 DELETED"), "{said}");
    assert!(said.contains("  Petra Lind <petra.lind@example.org>: DELETED\n"), "{said}");
    assert!(said.contains("  nobody@example.org: NOT_FOUND\n"), "{said}");
    assert!(said.ends_with("roster: nobody is there to confirm the plan: say --confirm-count 1\n"), "{said}");
    let said = ran(here, &with(&["--confirm-count", "2"])).expect_err("it is another number");
    assert!(said.contains("COUNT_MISMATCH") && said.contains("`confirmCount` is 2"), "{said}");
    // One of the two could not be found, which is said.
    let said =
        ran(here, &with(&["--confirm-count", "1", "--outcomes", "out.csv"])).expect_err("one is unknown");
    assert!(said.ends_with("roster: some could not be deleted; the outcomes say why\n"), "{said}");
    let table = std::fs::read_to_string(here.join("out.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "position,outcome,failure,typed,userId,name,email");
    assert!(lines[1].starts_with("1,DELETED,,,") && lines[1].ends_with(",petra.lind@example.org"), "{table}");
    assert_eq!(lines[2], "2,NOT_FOUND,,nobody@example.org,,,");

    // A server that has the file is asked instead.
    std::fs::write(here.join("list.txt"), "tara.quist@example.org").unwrap();
    let server = started(here, &["serve", "--bind", "127.0.0.1:0"]);
    let refused = ran(here, &with(&["--confirm-count", "1"])).expect_err("the file is served");
    assert!(refused.contains("another roster serves this database file"), "{refused}");
    let token = ran(here, &["token", "--as", "olive.hartmann@example.org"]).unwrap();
    let url = server.printed("listening on").unwrap().to_owned();
    let mut command = roster(here, &with(&["--confirm-count", "1", "--server"]));
    let asked =
        command.arg(&url).env("ROSTER_TOKEN", token.trim().strip_prefix("token ").unwrap()).output().unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    assert!(String::from_utf8_lossy(&asked.stdout).contains("1,DELETED,"));
    server.stop();
}

#[test]
fn the_plan_of_a_list_can_be_read_and_turned_down() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    ran(here, &["demo", "--no-serve", "--people", "120", "--database-url", "sqlite:roster.db"]).unwrap();
    let list = "\u{feff}Name,E-Mail,Manager\r\nPetra,\"petra.lind@example.org\",tara.quist@example.org\r\nNobody,nobody@example.org,\r\nIda,hunter2,\r\n";
    std::fs::write(here.join("list.csv"), list).unwrap();
    let delete = |more: &[&'static str]| {
        ran(here, &[&["delete", "--emails", "list.csv", "--private-subgroups", "keep"], more].concat())
    };
    // A table is no list.
    let said = delete(&[]).expect_err("it is a table");
    assert!(said.contains("Name | E-Mail | Manager") && said.contains("--column"), "{said}");
    let said = delete(&["--column", "Mail"]).expect_err("there is no such column");
    assert!(said.contains("no column is called Mail"), "{said}");
    for column in ["e-mail", "2"] {
        let said = delete(&["--column", column, "--plan", "plan.csv"]).expect_err("it asks");
        assert!(said.contains("3 people are named"), "{said}");
        let table = std::fs::read_to_string(here.join("plan.csv")).unwrap();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let head: Vec<&str> = reader.headers().unwrap().iter().collect::<Vec<_>>();
        assert_eq!(
            head[..8],
            [
                "position",
                "outcome",
                "typed",
                "userId",
                "name",
                "email",
                "membershipsRemoved",
                "membershipsKept"
            ]
        );
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
        let cells = |row: usize| rows[row].iter().collect::<Vec<&str>>();
        assert_eq!((&cells(0)[..2], cells(0)[4]), (&["1", "DELETED"][..], "Petra Lind"));
        assert!(cells(0)[6].parse::<i64>().unwrap() > 0, "{table}");
        assert_eq!(cells(1)[..6], ["2", "NOT_FOUND", "nobody@example.org", "", "", ""]);
        assert_eq!(cells(2)[..6], ["3", "INVALID_EMAIL", "", "", "", ""]);
        assert_eq!(rows.len(), 3);
    }
    // As a spreadsheet's "Unicode text" has it.
    let utf16: Vec<u8> =
        "\u{feff}petra.lind@example.org\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(here.join("list.csv"), utf16).unwrap();
    let said = delete(&["--confirm-count", "2"]).expect_err("it is another number");
    assert!(said.contains("Petra Lind <petra.lind@example.org>: DELETED"), "{said}");
    std::fs::write(here.join("list.csv"), b"petra.lind@ex\xe5mple.org").unwrap();
    assert!(delete(&[]).expect_err("it is no text").contains("UTF-8"));
    // Where the answer matters, the first groups are named.
    std::fs::write(here.join("list.csv"), "ida.solberg@example.org").unwrap();
    let said = fails(here, &["delete", "--emails", "list.csv"]);
    assert!(
        said.ends_with("differ in 2 groups: Care at night, Night trainees (PRIVATE_SUBGROUPS_UNDECIDED)"),
        "{said}"
    );
    // Whatever was not confirmed was turned down, and nothing of the list is kept.
    let server = started(here, &["serve", "--bind", "127.0.0.1:0"]);
    let token = ran(here, &["token", "--as", "olive.hartmann@example.org"]).unwrap();
    let token = token.trim().strip_prefix("token ").unwrap();
    let url = server.printed("listening on").unwrap();
    let answer =
        server.ask(url, token, "{ removalJobs { nodes { status items { nodes { typed userId } } } } }");
    let jobs = answer["data"]["removalJobs"]["nodes"].as_array().unwrap();
    assert_eq!(jobs.len(), 3);
    for job in jobs {
        assert_eq!(job["status"], "CANCELLED", "{job:#}");
        for item in job["items"]["nodes"].as_array().unwrap() {
            assert_eq!(item, &json!({ "typed": null, "userId": null }));
        }
    }
    server.stop();
}

#[test]
fn what_cannot_be_done_is_said_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    assert!(
        fails(here, &["migrate", "--database-url", "sqlite:no/such/folder.db"]).contains("cannot be opened")
    );
    assert!(
        fails(here, &["migrate", "--database-url", "postgres://nobody@127.0.0.1:1/x"]).contains("refused")
    );
    assert!(fails(here, &["migrate", "--database-url", "mysql://x"]).contains("sqlite:"));
    std::fs::write(here.join("text.db"), "this is no database, but a text that is long enough to be one")
        .unwrap();
    assert!(fails(here, &["migrate", "--database-url", "sqlite:text.db"]).contains("not a database"));
    assert_eq!(ran(here, &["migrate"]), Ok(String::new()));
    assert_eq!(
        fails(here, &["token", "--as", "olga@example.org"]),
        "olga@example.org: User not found. (NOT_FOUND)"
    );
    assert!(fails(here, &["token", "--as", "olga"]).starts_with("olga: "));
    ran(here, &["demo", "--no-serve", "--database-url", "sqlite:roster.db"]).unwrap();
    let sune = fails(here, &["owner", "set", "sune.krog@example.org"]);
    assert_eq!(
        sune,
        "sune.krog@example.org: This cannot be done to an account that is SUSPENDED. (INVALID_TRANSITION)"
    );
    let nobody = fails(here, &["owner", "set", "nobody@example.org"]);
    assert_eq!(nobody, "nobody@example.org: User not found. (NOT_FOUND)");
    assert_eq!(
        ran(here, &["owner", "set", "Tara.Quist@example.org"]).unwrap(),
        "owner Tara.Quist@example.org\n"
    );
}

#[test]
fn the_schema_that_is_printed_is_the_one_committed() {
    let printed = ran(Path::new("."), &["schema"]).unwrap();
    assert_eq!(printed.trim_end(), roster::graphql::sdl().trim_end());
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql")).unwrap();
    assert!(printed == committed, "schema.graphql is stale: cargo run -- schema > schema.graphql");
}

each_database! {
    async fn a_database_newer_than_the_program_is_left_alone(start: Start) {
        let newer = "insert into seaql_migrations (version, applied_at) values ('m9999_later', 1)";
        roster::db::sql::sql("test.newer", newer).execute(&start.db.read).await.unwrap();
        let said = fails(Path::new("."), &["serve", "--bind", "127.0.0.1:0", "--database-url", &start.url]);
        assert!(said.contains("newer than this program") && said.contains("m9999_later"), "{said}");
    }

    async fn the_demo_fills_an_empty_database_that_is_named(start: Start) {
        let arguments = ["demo", "--no-serve", "--json", "--people", "400", "--database-url", &start.url];
        let printed = ran(Path::new("."), &arguments).unwrap();
        let token: Value = serde_json::from_str(&printed).unwrap();
        assert!(token["token"].as_str().unwrap().starts_with("roster_"));
        assert!(fails(Path::new("."), &arguments).contains("not empty"));
        let users: Vec<(i64,)> =
            roster::db::sql::sql("test.users", "select count(*) from users").all(&start.db.read).await.unwrap();
        assert_eq!(users, [(400,)]);
    }
}

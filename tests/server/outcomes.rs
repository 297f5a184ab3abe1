//! The outcomes of a job as a table for spreadsheets.

use std::io::Read;

use entity::kind::Privacy::Public;
use entity::kind::Role::{Administrator, Learner};
use roster::server::Doors;
use roster::setup;
use serde_json::{Value, json};

use super::listening::{Listening, listening, owners_token};
use crate::common::each_database;

const DELETE: &str = "mutation($input: DeleteUsersInput!) {
    deleteUsers(input: $input) { job { status outcomesLink outcomesWorkbookLink } userErrors { code } } }";

async fn table(server: &Listening, link: &str, token: Option<&str>) -> (u16, String) {
    let request = server.client.get(server.at(link));
    let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The cells of the one sheet of a workbook, line by line; all of them have to be texts.
pub fn sheet(workbook: &[u8]) -> Vec<Vec<String>> {
    let mut files = zip::ZipArchive::new(std::io::Cursor::new(workbook)).expect("a workbook");
    let mut text = String::new();
    files.by_name("xl/worksheets/sheet1.xml").expect("a sheet").read_to_string(&mut text).expect("text");
    assert!(!text.contains("<f>") && !text.contains("<f "), "a formula: {text}");
    let lines = text.split("<row ").skip(1);
    let read = |line: &str| {
        let mut cells = vec![String::new(); 9];
        for cell in line.split("<c r=\"").skip(1) {
            let column = (cell.as_bytes()[0] - b'A') as usize;
            assert!(cell.contains("t=\"inlineStr\""), "a text: {cell}");
            let (_, inner) = cell.split_once("<t").expect("a text");
            let (_, inner) = inner.split_once('>').expect("a text");
            cells[column] = inner.split_once("</t>").expect("its end").0.to_owned();
        }
        cells
    };
    lines.map(read).collect()
}

each_database! {
    async fn r29_the_outcomes_of_a_job_are_a_table(start: Start) {
        let world = start
            .with(|it| {
                it.group("Class", "platform", Public)
                    .users(&["ann", "boss"])
                    .member("ann", "Class", &[Learner])
                    .member("boss", "Class", &[Administrator])
            })
            .await;
        world.sql(&format!("update users set last_name = '=1+1' where id = {}", world.user_id("ann").0)).await;
        let server = listening(&world.db, Doors::default()).await;
        let owner = owners_token(&world).await;
        let boss = setup::token_for(&world.db, "boss@example.org").await.unwrap().as_str().to_owned();
        let input = json!({ "people": { "emails": ["ann@example.org; +evil@example.org"] }, "wait": 30 });
        let answer = server.ask(Some(&owner), DELETE, json!({ "input": input })).await;
        let job = &answer["data"]["deleteUsers"]["job"];
        assert_eq!(job["status"], "FINISHED_WITH_FAILURES", "{answer:#}");
        let link = job["outcomesLink"].as_str().unwrap();

        let (status, text) = table(&server, link, Some(&owner)).await;
        assert_eq!(status, 200);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(head, ["position", "outcome", "failure", "typed", "userId", "firstName", "lastName", "email", "groupId"]);
        let rows: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let ann = world.user("ann");
        assert_eq!(rows[0][..2], ["1", "DELETED"]);
        assert_eq!(rows[0][4], ann.as_str().unwrap());
        assert_eq!(rows[0][6..], ["'=1+1", "ann@example.org", ""]);
        assert_eq!(rows[1], ["2", "NOT_FOUND", "", "'+evil@example.org", "", "", "", "", ""]);
        assert_eq!(rows.len(), 2);

        // As a workbook it has the same, as texts: no cell is a formula.
        let workbook = job["outcomesWorkbookLink"].as_str().unwrap();
        assert_eq!(workbook, link.replace(".csv", ".xlsx"));
        let answer = server.client.get(server.at(workbook)).bearer_auth(&owner).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(kind, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
        assert_eq!(sheet(&answer.bytes().await.unwrap()), {
            let plain = |row: &Vec<String>| row.iter().map(|cell| cell.trim_start_matches('\'').to_owned()).collect();
            std::iter::once(head).chain(rows.clone()).map(|row| plain(&row)).collect::<Vec<Vec<String>>>()
        });

        // Nobody else's, and nobody unknown's.
        assert_eq!(table(&server, workbook, None).await.0, 401);
        assert_eq!(table(&server, workbook, Some(&boss)).await.0, 404);
        assert_eq!(table(&server, link, None).await.0, 401);
        assert_eq!(table(&server, link, Some("nonsense")).await.0, 401);
        for (link, token) in [(link, &boss), ("/jobs/nonsense/outcomes.csv", &owner), ("/jobs/VXNlcjox/outcomes.csv", &owner)] {
            let (status, text) = table(&server, link, Some(token)).await;
            let body: Value = serde_json::from_str(&text).unwrap();
            assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (404, &json!("NOT_FOUND")));
        }
        // Whoever administers a group is told the outcomes of their own jobs, and no names.
        let input = json!({ "groupId": world.group("Class"), "people": { "ids": [world.user("boss")] }, "wait": 30, "confirmAccountDeletion": false });
        let remove = "mutation($input: RemoveUsersFromGroupInput!) {
            removeUsersFromGroup(input: $input) { job { outcomesLink } userErrors { code } } }";
        let answer = server.ask(Some(&boss), remove, json!({ "input": input })).await;
        let link = answer["data"]["removeUsersFromGroup"]["job"]["outcomesLink"].as_str().unwrap_or_else(|| panic!("{answer:#}"));
        let (status, text) = table(&server, link, Some(&boss)).await;
        assert_eq!(status, 200);
        assert!(!text.contains("boss@example.org"), "{text}");
        server.stop().await;
    }
}

//! Somebody whose removal ends the program each time: they are given up, and everybody else of the list is removed.

use entity::kind::Outcome;

use super::invariants::Watch;
use super::servers::serve;
use super::steps::{self, Step};
use super::{LIST, List, PATIENCE, name, organisation, tokens};
use crate::common::each_database;
use crate::removal::asking::number;
use crate::server::listening::ask;
use entity::id::JobId;

/// Where the program ends, once the person is among those who are being removed.
const STEP: Step = ("before the plan", &["removal.concerns_succession"]);

each_database! {
    async fn r29_who_ends_the_program_each_time_stops_nobody_else(start: Start) {
        let world = start.with(|it| organisation(it, LIST)).await;
        let tokens = tokens(&world).await;
        let mut watch = Watch::new(&world.url).await;
        let list = List::apart(0);
        let poison = 4;
        let ending = || steps::ending(&world.url, STEP, Some(world.user_id(&name(poison))));
        let mut program = ending();
        let query = "mutation($input: DeleteUsersInput!) { deleteUsers(input: $input) { job { id } } }";
        let url = program.printed("listening on").expect("an address").to_owned();
        let answer = ask(&url, Some(&tokens[0]), query, list.input(&world)).await;
        let job = JobId(number(&answer["data"]["deleteUsers"]["job"]["id"]));
        let mut deaths = 0;
        let ended = async {
            while watch.open_jobs().await > 0 {
                if program.has_ended() {
                    deaths += 1;
                    watch.run_out().await;
                    watch.check(&format!("after death {deaths}")).await;
                    program = ending();
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("the job ends");
        watch.check("at the end").await;
        let expected: Vec<_> = (0..LIST)
            .map(|number| Some(if number == poison { Outcome::Failed } else { Outcome::Deleted }))
            .collect();
        assert_eq!(watch.outcomes(job).await, expected);
        // Twice as one of three and twice as one of two; the other of these two goes, and more are tried together again,
        // twice; then six times alone.
        assert_eq!(deaths, 12);
        program.stop();
        // Tried again where nothing ends the program, they are removed too.
        let program = serve(&world.url);
        let url = program.printed("listening on").expect("an address").to_owned();
        let query = "mutation($input: RetryRemovalJobInput!) { retryRemovalJob(input: $input) { job { total status } userErrors { code } } }";
        use roster::graphql::id::GlobalId;
        let input = serde_json::json!({ "input": { "jobId": job.global().as_str() } });
        let answer = ask(&url, Some(&tokens[0]), query, input).await;
        let again = serde_json::json!({ "job": { "total": 1, "status": "SUCCEEDED" }, "userErrors": [] });
        assert_eq!(answer["data"]["retryRemovalJob"], again, "{answer}");
        program.stop();
    }
}

//! Clients that hang up: what they asked for is done to its end or never begun, and nobody else loses anything.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Attacked, MEMORY, attacked};
use crate::common::each_database;

/// How many clients hang up.
const TIMES: usize = 1_000;
/// How many ask at the same time.
const CLIENTS: usize = 8;
/// Makes a group with a path's worth of rows behind it: a group, and its external id.
const CREATE: &str = "mutation($input: CreateGroupInput!) {
    createGroup(input: $input) { group { id name externalIds { value } } userErrors { code message } } }";

fn input(attacked: &Attacked, number: usize) -> Value {
    json!({
        "parentId": attacked.world.group("platform"),
        "name": format!("Group {number}"),
        "privacy": "PUBLIC",
        "externalIds": [{ "system": "hang-up", "value": number.to_string() }],
        "idempotencyKey": format!("hang-up-{number:08}"),
    })
}

/// A number that looks like chance, and is the same each time.
fn drawn(seed: usize, below: usize) -> usize {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33) as usize % below
}

/// Asks for a group and hangs up after some bytes of the request or, having sent all of it, of the answer.
async fn hang_up(attacked: &Attacked, number: usize) {
    let body = json!({ "query": CREATE, "variables": { "input": input(attacked, number) } }).to_string();
    let request = format!("{}{body}", attacked.head(&format!("content-length: {}\r\n", body.len())));
    let mut connection = attacked.connect().await;
    match number % 4 {
        0 => {
            let bytes = drawn(number, request.len());
            connection.write_all(&request.as_bytes()[..bytes]).await.unwrap();
        }
        1 => {
            connection.write_all(request.as_bytes()).await.unwrap();
            let mut answer = vec![0; drawn(number, 300)];
            let _ = connection.read_exact(&mut answer).await;
        }
        _ => {
            connection.write_all(request.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_micros(drawn(number, 20_000) as u64)).await;
        }
    }
    // Without waiting for what is still under way.
    let _ = connection.set_zero_linger();
}

each_database! {
    async fn a_thousand_clients_hang_up_in_the_middle(start: Start) {
        let attacked = Arc::new(attacked(start).await);
        let mut clients = Vec::new();
        for client in 0..CLIENTS {
            let attacked = attacked.clone();
            clients.push(tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in (client..TIMES).step_by(CLIENTS) {
                    hang_up(&attacked, number).await;
                    // In between somebody waits for the answer, and what they were told is to stay.
                    let kept = TIMES + number;
                    let answer = attacked.ask(CREATE, json!({ "input": input(&attacked, kept) })).await;
                    assert_eq!(answer["data"]["createGroup"]["group"]["name"], format!("Group {kept}"), "{answer}");
                    acknowledged.push(kept);
                }
                acknowledged
            }));
        }
        let mut acknowledged = BTreeSet::new();
        for client in clients {
            acknowledged.extend(client.await.unwrap());
        }
        assert_eq!(acknowledged.len(), TIMES);
        // Asked again with the same key, each is there once, whether or not it was before.
        for number in 0..TIMES {
            let answer = attacked.ask(CREATE, json!({ "input": input(&attacked, number) })).await;
            let group = &answer["data"]["createGroup"]["group"];
            assert_eq!(group["externalIds"], json!([{ "value": number.to_string() }]), "{answer}");
        }
        let tables = attacked.world.dump().await.0;
        let named = |number: usize| format!("name: \"Group {number}\",");
        for number in 0..2 * TIMES {
            let rows = tables["groups"].iter().filter(|row| row.contains(&named(number))).count();
            assert_eq!(rows, 1, "group {number}");
        }
        assert_eq!(tables["group_external_ids"].len(), 2 * TIMES);
        assert_eq!(tables["idempotency_keys"].len(), 2 * TIMES);
        assert!(attacked.memory() < MEMORY, "{} MiB", attacked.memory());
        Arc::into_inner(attacked).unwrap().stop();
    }
}

//! Every read of the API, each list in all its orders, from both ends and from the middle.

mod asked;
mod others;

use asked::{BY_TIME, FIELDS, LEARNING, LISTS, RELATIONS, SINGLE, VARIABLES};
use serde_json::{Value, json};

use super::large::Large;

/// Runs every read.
pub async fn everything(large: &Large) {
    let variables = variables(large).await;
    for (field, orders, filters) in LISTS {
        for filter in *filters {
            let ways = orders.iter().flat_map(|order| ["ASC", "DESC"].map(|way| (order, way)));
            let orders = ways.map(|(order, way)| format!("{{ field: {order}, direction: {way} }}"));
            list(large, field, orders, filter, &variables).await;
        }
    }
    for (field, filters) in BY_TIME {
        for filter in *filters {
            let orders = ["NEWEST_FIRST", "OLDEST_FIRST"].map(str::to_owned);
            list(large, field, orders, filter, &variables).await;
        }
    }
    for kinds in ["", "kinds: [USER_UPDATED, GROUP_MOVED]"] {
        ask(large, "changes", &format!("first: 1, {kinds}"), "totalCount", &variables).await;
        walk(large, "changes", kinds, &variables).await;
    }
    for deliveries in ["deliveries", "deliveries(status: DELIVERED)"] {
        hung_on_one(large, deliveries).await;
    }
    for (field, lists) in RELATIONS {
        for list in *lists {
            relation(large, field, list).await;
        }
    }
    for (field, filter, fields) in FIELDS {
        let arguments = format!("filter: {{ {filter} }}, first: 20");
        ask(large, field, &arguments, &format!("nodes {{ id {fields} }}"), &variables).await;
    }
    single(large, &variables).await;
    others::everything(large).await;
}

/// Counts a list, and reads it in each order.
async fn list(
    large: &Large,
    field: &str,
    orders: impl IntoIterator<Item = String>,
    filter: &str,
    variables: &Value,
) {
    let filter = format!("filter: {{ {filter} }}");
    ask(large, field, &filter, "totalCount", variables).await;
    for order in orders {
        walk(large, field, &format!("{filter}, orderBy: {order}"), variables).await;
    }
}

async fn variables(large: &Large) -> Value {
    let first = async |field: &str, more: &str| {
        let answer =
            large.ask(&format!("{{ {field}(first: 1) {{ nodes {{ id {more} }} }} }}"), json!({})).await;
        answer[field]["nodes"][0].clone()
    };
    let course = first("courses", "mainAuthor { id }").await;
    json!({
        "group": first("groups", "").await["id"],
        "author": course["mainAuthor"]["id"],
        "course": course["id"],
        "path": first("paths", "").await["id"],
        "session": first("sessions", "").await["id"],
        "slot": first("slots", "").await["id"],
        "job": first("removalJobs", "").await["id"],
        "removal": first("removals", "").await["id"],
        "now": large.now.to_rfc3339(),
        "past": (large.now - chrono::TimeDelta::days(1)).to_rfc3339(),
    })
}

/// Asks with the variables that the query names.
async fn ask(large: &Large, field: &str, arguments: &str, asked: &str, variables: &Value) -> Value {
    let named: Vec<String> = VARIABLES
        .iter()
        .filter(|(name, _)| arguments.contains(&format!("${name}")))
        .map(|(name, kind)| format!("${name}: {kind}"))
        .collect();
    let names = if named.is_empty() { String::new() } else { format!("query({}) ", named.join(", ")) };
    let answer =
        large.ask(&format!("{names}{{ {field}({arguments}) {{ {asked} }} }}"), variables.clone()).await;
    answer[field].clone()
}

/// Reads a list from its beginning and its end, and on from there in both directions.
async fn walk(large: &Large, field: &str, arguments: &str, variables: &Value) {
    let asked = "nodes { id } pageInfo { startCursor endCursor }";
    let page = async |part: String| {
        ask(large, field, &format!("{arguments}, {part}"), asked, variables).await["pageInfo"].clone()
    };
    let first = page("first: 2".to_owned()).await;
    let last = page("last: 2".to_owned()).await;
    if let (Some(end), Some(start)) = (first["endCursor"].as_str(), last["startCursor"].as_str()) {
        page(format!("first: 2, after: \"{end}\"")).await;
        page(format!("last: 2, before: \"{start}\"")).await;
        // From the end of a list by what may be missing, where it is missing.
        page(format!("first: 2, after: \"{start}\"")).await;
        page(format!("last: 2, before: \"{end}\"")).await;
    }
}

/// Reads a list that hangs on something, for one and for many.
async fn relation(large: &Large, field: &str, list: &str) {
    let (name, arguments) = list.split_once('(').unwrap_or((list, ")"));
    let arguments = arguments.trim_end_matches(')');
    let hung = async |parents: usize, part: &str| {
        let asked = format!("{name}({arguments} {part}) {{ totalCount edges {{ cursor }} }}");
        let query = format!("{{ {field}(first: {parents}) {{ nodes {{ id {asked} }} }} }}");
        let answer = large.ask(&query, json!({})).await;
        let nodes = answer[field]["nodes"].as_array().cloned().unwrap_or_default();
        nodes.iter().find_map(|node| node[name]["edges"][0]["cursor"].as_str().map(str::to_owned))
    };
    for parents in [1, 20] {
        let cursor = hung(parents, "first: 2").await;
        hung(parents, "last: 2").await;
        if let Some(cursor) = cursor {
            hung(parents, &format!("first: 2, after: \"{cursor}\"")).await;
            hung(parents, &format!("last: 2, before: \"{cursor}\"")).await;
        }
    }
}

/// Reads what is on its way to webhooks.
async fn hung_on_one(large: &Large, list: &str) {
    let (name, arguments) = list.split_once('(').unwrap_or((list, ")"));
    let arguments = arguments.trim_end_matches(')');
    let hung = async |part: &str| {
        let query = format!(
            "{{ webhooks {{ id {name}({arguments} {part}) {{ totalCount edges {{ cursor node {{ id event {{ id }} }} }} }} }} }}"
        );
        large.ask(&query, json!({})).await["webhooks"][0][name]["edges"][0]["cursor"].clone()
    };
    let first = hung("first: 2").await;
    hung("last: 2").await;
    hung(&format!("first: 2, after: {first}")).await;
    hung(&format!("last: 2, before: {first}")).await;
}

/// What is asked for one thing.
async fn single(large: &Large, variables: &Value) {
    for query in SINGLE {
        large.ask(query, json!({})).await;
    }
    let lists = LEARNING.map(|list| format!("{list}(first: 2) {{ nodes {{ id }} }}")).join(" ");
    let users = ask(large, "users", "first: 20", &format!("nodes {{ {lists} }}"), variables).await;
    let users = users["nodes"].as_array().into_iter().flatten();
    let nodes = users.flat_map(|user| LEARNING.map(|list| user[list]["nodes"].as_array().cloned()));
    let things = VARIABLES.iter().filter(|(_, kind)| *kind == "ID!").map(|(name, _)| variables[name].clone());
    let ids: Vec<Value> = things.chain(nodes.flatten().flatten().map(|node| node["id"].clone())).collect();
    large.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await;
}

//! Every field of the schema is read from the sample organisation, through every way of a connection: for one parent,
//! for many, forward and backward.

use serde_json::json;

use crate::common::each_database;
use crate::common::types::{Types, named};

each_database! {
    async fn every_field_answers(start: Start) {
        let world = start.sample(400).await;
        let types = Types::read(&world).await;
        for field in types.fields("Query") {
            let name = field["name"].as_str().expect("a name");
            let (of, _) = named(&field["type"]);
            let queries: Vec<String> = match of.strip_suffix("Connection") {
                Some(node) => ["first: 2", "last: 2"]
                    .iter()
                    .map(|page| {
                        let inner = types.selection(node, 2, page);
                        let size = if *page == "first: 2" { "first: 12" } else { "last: 1" };
                        format!("{{ {name}({size}) {{ totalCount nodes {{ {inner} }} }} }}")
                    })
                    .collect(),
                None if ["platform", "viewer", "groupTree"].contains(&name) => {
                    vec![format!("{{ {name} {{ {} }} }}", types.selection(of, 2, "first: 2"))]
                }
                None => Vec::new(),
            };
            for query in queries {
                let answer = world.ask("owner", &query, json!({})).await;
                assert!(answer["errors"].is_null(), "{name}: {:#}\n{query}", answer["errors"]);
            }
        }
    }
}

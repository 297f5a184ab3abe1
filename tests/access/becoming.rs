//! What somebody could become by each mutation who has less, and what stops them: one reviewed table. A new mutation has no
//! line, and so fails here until somebody has asked that of it; so does one whose scope has changed.

use std::collections::BTreeMap;

use roster::access::scopes;

use crate::common::each_database;
use crate::common::types::Types;

/// Columns of the name and of the rule.
const COLUMNS: (usize, usize) = (25, 20);

each_database! {
    async fn every_mutation_says_what_a_lesser_credential_could_become_by_it(start: Start) {
        let world = start.with(|it| it).await;
        let types = Types::read(&world).await;
        let sentences: BTreeMap<&str, &str> = include_str!("becoming.txt")
            .lines()
            .map(|line| {
                let (name, rest) = line.split_once(' ').expect("a name and what it says");
                (name, rest.trim_start().split_once(' ').map_or("", |(_, sentence)| sentence.trim_start()))
            })
            .collect();
        let mut fields: Vec<&str> =
            types.fields("Mutation").iter().filter_map(|field| field["name"].as_str()).collect();
        fields.sort_unstable();
        let mut table = String::new();
        for name in fields {
            let rule = format!("{:?}", scopes::of_operation("Mutation", name));
            let sentence = sentences.get(name).copied().unwrap_or("?");
            let (wide, wider) = COLUMNS;
            table += &format!("{name:wide$}{rule:wider$}{sentence}\n");
        }
        assert!(
            table == include_str!("becoming.txt") && !table.contains("?\n"),
            "a mutation is new, is gone, or has another scope; ask of it what its caller can become by it:\n{table}"
        );
    }
}

//! Every field of the schema is read from the sample organisation, through every way of a connection: for one parent,
//! for many, forward and backward.

use serde_json::{Value, json};

use crate::common::{World, each_database};

/// The types of the schema, by introspection.
struct Types(Vec<Value>);

impl Types {
    async fn read(world: &World) -> Types {
        let kind = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
        let query = format!(
            "{{ __schema {{ types {{ name kind fields {{ name type {{ {kind} }}
                args {{ name defaultValue type {{ {kind} }} }} }} }} }} }}"
        );
        let schema = world.read("owner", &query, json!({})).await;
        Types(schema["__schema"]["types"].as_array().expect("types").clone())
    }

    fn fields(&self, name: &str) -> &[Value] {
        let found = self.0.iter().find(|kind| kind["name"] == name).expect("a type");
        found["fields"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Every field of `kind`, objects `depth` levels deep, connections by `page`.
    fn selection(&self, kind: &str, depth: usize, page: &str) -> String {
        let mut text = String::from("__typename ");
        for field in self.fields(kind) {
            let required =
                field["args"].as_array().expect("arguments").iter().any(|argument| {
                    argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
                });
            let (of, of_kind) = named(&field["type"]);
            let name = field["name"].as_str().expect("a name");
            match of_kind {
                _ if required => {}
                "SCALAR" | "ENUM" => text += &format!("{name} "),
                "OBJECT" if depth == 0 => {}
                "OBJECT" if of.ends_with("Connection") => {
                    let node = of.trim_end_matches("Connection");
                    let inner = self.selection(node, depth - 1, page);
                    text += &format!(
                        "{name}({page}) {{ totalCount edges {{ cursor }} nodes {{ {inner} }}
                            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} "
                    );
                }
                "OBJECT" => text += &format!("{name} {{ {} }} ", self.selection(of, depth - 1, page)),
                _ => text += &format!("{name} {{ __typename }} "),
            }
        }
        text
    }
}

/// The name and the kind of a type without its wrappers.
fn named(kind: &Value) -> (&str, &str) {
    if kind["name"].is_null() {
        return named(&kind["ofType"]);
    }
    (kind["name"].as_str().expect("a name"), kind["kind"].as_str().expect("a kind"))
}

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

//! The schema's types, and queries made of them.

use serde_json::{Value, json};

use super::World;

/// The types of the schema, by introspection.
pub struct Types(Vec<Value>);

impl Types {
    /// As `world` tells them.
    pub async fn read(world: &World) -> Types {
        let kind = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
        let query = format!(
            "{{ __schema {{ types {{ name kind fields {{ name type {{ {kind} }}
                args {{ name defaultValue type {{ {kind} }} }} }} }} }} }}"
        );
        let schema = world.read("owner", &query, json!({})).await;
        Types(schema["__schema"]["types"].as_array().expect("types").clone())
    }

    /// The fields of a type.
    pub fn fields(&self, name: &str) -> &[Value] {
        let found = self.0.iter().find(|kind| kind["name"] == name).expect("a type");
        found["fields"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Every field of `kind`, objects `depth` levels deep, connections by `page`.
    pub fn selection(&self, kind: &str, depth: usize, page: &str) -> String {
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
pub fn named(kind: &Value) -> (&str, &str) {
    if kind["name"].is_null() {
        return named(&kind["ofType"]);
    }
    (kind["name"].as_str().expect("a name"), kind["kind"].as_str().expect("a kind"))
}

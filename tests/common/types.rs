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
        format!("__typename {}", self.selections(kind, depth, page).join(" "))
    }

    /// The same, field by field.
    pub fn selections(&self, kind: &str, depth: usize, page: &str) -> Vec<String> {
        self.fields(kind).iter().filter_map(|field| self.selected(field, depth, page)).collect()
    }

    /// A field; none where it needs arguments, or is an object too deep.
    fn selected(&self, field: &Value, depth: usize, page: &str) -> Option<String> {
        let required = field["args"]
            .as_array()
            .expect("arguments")
            .iter()
            .any(|argument| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null());
        let (of, of_kind) = named(&field["type"]);
        let name = field["name"].as_str().expect("a name");
        match of_kind {
            _ if required => None,
            "SCALAR" | "ENUM" => Some(name.to_owned()),
            "OBJECT" if depth == 0 => None,
            "OBJECT" if of.ends_with("Connection") => {
                let inner = self.selection(of.trim_end_matches("Connection"), depth - 1, page);
                Some(format!(
                    "{name}({page}) {{ totalCount edges {{ cursor }} nodes {{ {inner} }}
                        pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"
                ))
            }
            "OBJECT" => Some(format!("{name} {{ {} }}", self.selection(of, depth - 1, page))),
            _ => Some(format!("{name} {{ __typename }}")),
        }
    }
}

/// The name and the kind of a type without its wrappers.
pub fn named(kind: &Value) -> (&str, &str) {
    if kind["name"].is_null() {
        return named(&kind["ofType"]);
    }
    (kind["name"].as_str().expect("a name"), kind["kind"].as_str().expect("a kind"))
}

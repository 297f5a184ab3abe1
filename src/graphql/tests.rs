//! The schema as a whole.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{Request, ServerError, ValidationMode, ValidationResult, Value};

use super::{RosterSchema, schema};

#[tokio::test]
async fn everything_is_described() {
    let query = "{ __schema { types { name description
        fields(includeDeprecated: true) { name description args { name description } }
        inputFields { name description } enumValues(includeDeprecated: true) { name description } } } }";
    let answer = schema().execute(Request::new(query)).await.into_result().expect("introspection");
    let mut missing = Vec::new();
    let schema = answer.data.into_json().expect("json");
    for kind in schema["__schema"]["types"].as_array().expect("types") {
        let name = kind["name"].as_str().expect("a name");
        if !name.starts_with("__") {
            undescribed(name, kind, &mut missing);
        }
    }
    assert!(missing.is_empty(), "no description:\n{}", missing.join("\n"));
}

/// Adds to `missing` what has no description, in `thing` and in all it has.
fn undescribed(path: &str, thing: &serde_json::Value, missing: &mut Vec<String>) {
    if thing["description"].as_str().is_none_or(str::is_empty) {
        missing.push(path.to_owned());
    }
    for part in ["fields", "args", "inputFields", "enumValues"] {
        for inner in thing[part].as_array().into_iter().flatten() {
            undescribed(&format!("{path}.{}", inner["name"].as_str().unwrap_or("?")), inner, missing);
        }
    }
}

#[tokio::test]
async fn nobody_reads_without_being_known() {
    let answer = schema().execute("{ __typename node(id: \"VXNlcjox\") { id } }").await;
    assert_eq!(
        answer.data,
        Value::from_json(serde_json::json!({ "__typename": "Query", "node": null })).expect("json")
    );
    let error = &answer.errors[0];
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code").cloned());
    assert_eq!(code, Some(Value::from("UNAUTHENTICATED")));
}

/// A field whose answer may have any number of items costs more the more is asked of each.
#[tokio::test]
async fn no_answer_grows_faster_than_its_cost() {
    let schema = costing();
    let answer = schema.execute("{ __schema { types { kind name fields { name type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } args { name type { kind } } } } } }").await;
    let told = answer.into_result().expect("introspection").data.into_json().expect("json");
    let types = told["__schema"]["types"].as_array().expect("types");
    let kind_of =
        |name: &str| types.iter().find(|kind| kind["name"] == name).expect("a type")["kind"].clone();
    let (mut looked_at, mut growing, mut too_cheap) = (0, 0, Vec::new());
    for kind in types {
        let name = kind["name"].as_str().expect("a name");
        // What introspection costs is counted value by value; the items of a page are paid by the connection.
        if name.starts_with("__") || name.ends_with("Connection") {
            continue;
        }
        for field in kind["fields"].as_array().into_iter().flatten() {
            looked_at += 1;
            let (is_list, inner) = innermost(&field["type"]);
            let is_connection = inner.ends_with("Connection");
            if !is_list && !is_connection {
                continue;
            }
            growing += 1;
            let field = field["name"].as_str().expect("a name");
            let is_leaf = ["SCALAR", "ENUM"].iter().any(|leaf| kind_of(inner) == *leaf);
            let ask = |times: usize| {
                let each: String = (0..times).map(|at| format!("a{at}: anything ")).collect();
                match (is_leaf, is_connection) {
                    (true, _) => field.to_owned(),
                    (false, true) => format!("{field} {{ nodes {{ {each} }} }}"),
                    (false, false) => format!("{field} {{ {each} }}"),
                }
            };
            let cost = async |times| cost(&schema, name, &ask(times)).await;
            let (one, two) = (cost(1).await, cost(2).await);
            // Of a mutation's errors there is one, and of ids as many nodes as are named.
            let least = match (name, field) {
                (_, "userErrors") | ("Query", "nodes") => 1,
                _ => 10,
            };
            let grows = if is_leaf { one } else { two - one };
            if grows < least {
                too_cheap.push(format!("{name}.{field}: {grows} for each value of its items"));
            }
        }
    }
    println!("{looked_at} fields were looked at, of which {growing} have lists");
    assert!(looked_at > 500 && growing > 100, "{looked_at} {growing}");
    assert_eq!(too_cheap, Vec::<String>::new());
}

/// Whether a type is a list, and what it is one of.
fn innermost(kind: &serde_json::Value) -> (bool, &str) {
    let is_list = kind["kind"] == "LIST";
    match kind["name"].as_str() {
        Some(name) => (is_list, name),
        None => {
            let (is_list_inside, name) = innermost(&kind["ofType"]);
            (is_list || is_list_inside, name)
        }
    }
}

/// What this costs, selected of something of type `kind`.
async fn cost(schema: &RosterSchema, kind: &str, selection: &str) -> usize {
    let query = format!("{{ node(id: \"\") {{ ... on {kind} {{ {selection} }} }} }}");
    schema.execute(query).await;
    LAST_COST.with(std::cell::Cell::get)
}

thread_local! {
    /// What the last request of this thread cost.
    static LAST_COST: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The schema, which only counts what a request costs.
fn costing() -> RosterSchema {
    super::build().validation_mode(ValidationMode::Fast).extension(Costing).finish()
}

struct Costing;

impl ExtensionFactory for Costing {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Costing)
    }
}

#[async_trait]
impl Extension for Costing {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let found = next.run(ctx).await?;
        LAST_COST.with(|last| last.set(found.complexity));
        Ok(found)
    }
}

//! The schema as a whole.

use async_graphql::{Request, Value};

use super::schema;

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

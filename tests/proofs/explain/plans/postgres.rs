//! What PostgreSQL says.

use std::collections::{BTreeMap, BTreeSet};

use roster::db::Transaction;
use sea_orm::sea_query::{ArrayType, Values};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use serde_json::Value as Json;

/// What planning once more costs at most, in units of the planner, which the server adds to a plan for given values.
const PLANNING: f64 = 50.0;

/// Those of the `large` tables that the statement reads the whole of, and how: as it is planned for these values, and as
/// it is planned for any, where the server would take that plan: from the sixth time on, if it seems no dearer.
pub async fn steps(
    db: &Transaction,
    statement: &Statement,
    large: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let Values(values) = statement.values.clone().unwrap_or(Values(Vec::new()));
    let explain = format!("explain (format json) {}", statement.sql);
    let own = plan(db, Statement::from_sql_and_values(DbBackend::Postgres, explain, values.clone())).await;
    let mut found = BTreeMap::new();
    walk(&own, false, large, &mut found);
    if values.is_empty() {
        return found;
    }
    let types: Vec<&str> = values.iter().map(postgres_type).collect();
    let nulls = vec!["null"; types.len()].join(", ");
    let prepare = format!("prepare any_values ({}) as {}", types.join(", "), statement.sql);
    for text in ["set plan_cache_mode = force_generic_plan", &prepare] {
        db.execute_unprepared(text).await.expect(text);
    }
    let explain = format!("explain (format json) execute any_values ({nulls})");
    let any = plan(db, Statement::from_string(DbBackend::Postgres, explain)).await;
    for text in ["deallocate any_values", "reset plan_cache_mode"] {
        db.execute_unprepared(text).await.expect(text);
    }
    if cost(&any) < cost(&own) + PLANNING {
        walk(&any, false, large, &mut found);
    }
    found
}

async fn plan(db: &Transaction, explain: Statement) -> Json {
    let text = explain.sql.clone();
    let row = db.query_one_raw(explain).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let plan: Json = row.expect("a plan").try_get_by_index(0).expect("JSON");
    plan[0]["Plan"].clone()
}

fn cost(plan: &Json) -> f64 {
    plan["Total Cost"].as_f64().unwrap_or(0.0)
}

/// Finds scans of whole tables. Under a limit an index may be walked in its order, as long as nothing between has to
/// see all of it.
fn walk(plan: &Json, limited: bool, large: &BTreeSet<String>, found: &mut BTreeMap<String, String>) {
    let kind = plan["Node Type"].as_str().unwrap_or_default();
    let table = plan["Relation Name"].as_str().unwrap_or_default();
    let by_condition = !plan["Index Cond"].is_null();
    let whole = match kind {
        "Seq Scan" | "Sample Scan" => true,
        "Index Scan" | "Index Only Scan" => !by_condition && !limited,
        _ => false,
    };
    if whole && large.contains(table) {
        found.insert(table.to_owned(), kind.to_owned());
    }
    let limited = match kind {
        "Limit" => true,
        "Sort" | "Aggregate" | "Hash" | "HashAggregate" | "WindowAgg" | "Materialize" => false,
        _ => limited,
    };
    for below in plan["Plans"].as_array().into_iter().flatten() {
        // The sides of a merge are walked together; what else is inside is walked for each row, or at once.
        let walked = match below["Parent Relationship"].as_str() {
            Some("Inner") => kind == "Merge Join",
            Some("SubPlan" | "InitPlan") => false,
            _ => true,
        };
        walk(below, limited && walked, large, found);
    }
}

fn postgres_type(value: &Value) -> &'static str {
    match value {
        Value::BigInt(_) => "bigint",
        Value::Int(_) => "integer",
        Value::Double(_) => "double precision",
        Value::Bool(_) => "boolean",
        Value::String(_) => "text",
        Value::ChronoDateTimeUtc(_) => "timestamptz",
        Value::Array(ArrayType::BigInt, _) => "bigint[]",
        Value::Array(ArrayType::String, _) => "text[]",
        Value::Array(ArrayType::Bool, _) => "boolean[]",
        other => panic!("a value of a statement: {other:?}"),
    }
}

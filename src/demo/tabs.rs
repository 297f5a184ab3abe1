//! What GraphiQL opens with on the demo: the owner's token, and operations to try.

use chrono::DateTime;
use serde_json::{Value, json};

use super::cases;
use crate::graphql::id::GlobalId;
use crate::server::{Start, Tab};
use crate::token::Token;

/// What several operations spread.
const EFFECT: &str = include_str!("tabs/effect.graphql");

/// The token in the headers, and the operations in the tabs. Each answers on the demo as it stands; the two that
/// change something change different people.
pub fn start(token: &Token) -> Start {
    let petra = cases::northlight(DateTime::UNIX_EPOCH).user_id("Petra Lind");
    let delete = json!({ "input": { "userId": petra.map(|user| user.global().0) } });
    let tabs = vec![
        tab(include_str!("tabs/look-around.graphql"), None),
        tab(include_str!("tabs/person.graphql"), None),
        tab(include_str!("tabs/session.graphql"), None),
        tab(include_str!("tabs/plan.graphql"), None),
        tab(include_str!("tabs/question.graphql"), None),
        tab(include_str!("tabs/delete.graphql"), Some(&delete)),
        tab(include_str!("tabs/delete-many.graphql"), None),
        tab(include_str!("tabs/records.graphql"), None),
    ];
    let headers = json!({ "Authorization": format!("Bearer {}", token.as_str()) });
    Start { headers: format!("{headers:#}"), tabs }
}

fn tab(operation: &str, variables: Option<&Value>) -> Tab {
    let spread = if operation.contains("...Effect") { EFFECT } else { "" };
    Tab { query: format!("{operation}{spread}"), variables: variables.map(|value| format!("{value:#}")) }
}

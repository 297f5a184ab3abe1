//! What GraphiQL opens with on the demo.

use crate::server::Start;
use crate::token::Token;

/// The owner's token in the headers, and the operations in the tabs.
pub fn start(token: &Token) -> Start {
    let headers = serde_json::json!({ "Authorization": format!("Bearer {}", token.as_str()) });
    Start { headers: format!("{headers:#}"), tabs: Vec::new() }
}

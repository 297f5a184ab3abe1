//! The schema that is committed is the one that is served.

use std::path::Path;

#[test]
fn schema_graphql_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let committed = std::fs::read_to_string(file).expect("schema.graphql");
    let served = roster::graphql::sdl();
    assert!(committed.trim_end() == served.trim_end(), "write it anew: cargo run -- schema > schema.graphql");
}

//! What the README shows: each of its requests, asked of a fresh demo in their order, is answered as it says.

use serde_json::Value;

use super::program::started;

/// The requests of the README with the answers beneath them.
fn shown(text: &str) -> Vec<(Value, Value)> {
    text.split("```sh\ncurl")
        .skip(1)
        .map(|block| {
            let (_, body) = block.split_once("-d '").expect("a body");
            let (body, rest) = body.split_once("'\n```").expect("the end of a body");
            let (_, answer) = rest.split_once("```json\n").expect("an answer");
            let (answer, _) = answer.split_once("\n```").expect("the end of an answer");
            let json = |text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            (json(body), json(answer))
        })
        .collect()
}

#[test]
fn what_the_readme_shows_is_true() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let shown = shown(&readme);
    assert!(shown.len() > 4, "the README shows a removal step by step");
    let folder = tempfile::tempdir().unwrap();
    let demo = started(folder.path(), &["demo", "--bind", "127.0.0.1:0"]);
    let (token, url) = (demo.printed("token").unwrap(), demo.printed("listening on").unwrap());
    for (request, answer) in shown {
        let query = request["query"].as_str().expect("a query");
        assert_eq!(demo.ask(url, token, query), answer, "{query}");
    }
    demo.stop();
}

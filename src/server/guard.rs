//! What is looked at before a query is parsed.
//!
//! The parser of async-graphql 8.0.0-rc.5 calls itself for each level of nesting, and its validation visits a fragment
//! as often as it is spread: 3 KB can end the process, 1 KB can keep a processor busy for minutes, and the schema's
//! own limits are asked only afterwards. So one pass over the text counts what such a query needs much of. It is no
//! parser: what it lets pass may still be no GraphQL.

use std::collections::BTreeMap;

use super::answer::Problem;

/// Bytes of a query.
const BYTES: usize = 64 << 10;
/// Names, numbers, texts and marks of a query.
const TOKENS: usize = 4_000;
/// Brackets of any kind that may be open at once.
const NESTING: usize = 40;
/// Directives in a query.
const DIRECTIVES: usize = 50;
/// Operations and fragments in a query.
const DEFINITIONS: usize = 50;
/// Fields of one operation, each counted as often as the fragments around it are spread.
const FIELDS: usize = 2_000;
/// Of these, how many may stand at the root.
const ROOT_FIELDS: usize = 20;

/// Whether `query` is of a size that the parser and its checks can bear.
///
/// # Errors
/// Says which of the bounds it exceeds.
pub fn admit(query: &str) -> Result<(), Problem> {
    let tokens = tokens(query);
    // What it has too much of says more than that it is too long.
    let definitions = Scan::default().run(&tokens)?;
    if definitions.len() > DEFINITIONS {
        return Err(Problem::too_many_definitions());
    }
    let is_wide = |it: &Definition<'_>| it.name.is_none() && it.root.own > ROOT_FIELDS;
    if definitions.iter().any(is_wide) {
        return Err(Problem::too_many_root_fields());
    }
    if query.len() > BYTES {
        return Err(Problem::query_too_large());
    }
    if tokens.len() > TOKENS {
        return Err(Problem::query_too_complex());
    }
    let fragments: BTreeMap<&str, &Definition> =
        definitions.iter().filter_map(|definition| Some((definition.name?, definition))).collect();
    let mut counted = BTreeMap::new();
    for definition in &definitions {
        let (root, all) = expand(definition, &fragments, &mut counted)?;
        if all > FIELDS {
            return Err(Problem::query_too_complex());
        }
        if definition.name.is_none() && root > ROOT_FIELDS {
            return Err(Problem::too_many_root_fields());
        }
    }
    Ok(())
}

/// An operation, or a fragment, which has a name.
#[derive(Debug, Default)]
struct Definition<'a> {
    name: Option<&'a str>,
    fields: Count<'a>,
    /// Those of them at its root.
    root: Count<'a>,
}

/// Fields, and fragments that bring more.
#[derive(Debug, Default)]
struct Count<'a> {
    own: usize,
    spreads: Vec<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Mark(u8),
    Spread,
    /// A number or a text.
    Value,
}

/// The tokens of a query, one more than there may be at most. What is no token is left out.
fn tokens(query: &str) -> Vec<Token<'_>> {
    let bytes = query.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() && tokens.len() <= TOKENS {
        let from = at;
        let rest = &bytes[at..];
        match bytes[at] {
            b'#' => at += run(rest, |byte| !matches!(byte, b'\n' | b'\r')),
            b'"' if rest.starts_with(b"\"\"\"") => {
                at += text(rest, b"\"\"\"", b"\\\"\"\"");
                tokens.push(Token::Value);
            }
            b'"' => {
                at += text(rest, b"\"", b"\\\"");
                tokens.push(Token::Value);
            }
            b'_' | b'A'..=b'Z' | b'a'..=b'z' => {
                at += run(rest, |byte| byte == b'_' || byte.is_ascii_alphanumeric());
                tokens.push(Token::Name(&query[from..at]));
            }
            b'-' | b'0'..=b'9' => {
                at += 1 + run(&rest[1..], |byte| {
                    matches!(byte, b'.' | b'+' | b'-') || byte.is_ascii_alphanumeric()
                });
                tokens.push(Token::Value);
            }
            b'.' if rest.starts_with(b"...") => {
                at += 3;
                tokens.push(Token::Spread);
            }
            mark if mark.is_ascii_punctuation() && mark != b',' => {
                at += 1;
                tokens.push(Token::Mark(mark));
            }
            _ => at += 1,
        }
    }
    tokens
}

fn is_name(token: Option<&Token<'_>>) -> bool {
    matches!(token, Some(Token::Name(_)))
}

/// How many bytes at the beginning are of this kind.
fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !is(*byte)).unwrap_or(bytes.len())
}

/// How long the text is that begins here, between two `quote`s; `escaped` does not end it, nor does a backslash that
/// another one escapes.
fn text(bytes: &[u8], quote: &[u8], escaped: &[u8]) -> usize {
    let mut at = quote.len();
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(escaped) {
            at += escaped.len();
        } else if quote.len() == 1 && rest.starts_with(b"\\\\") {
            at += 2;
        } else if rest.starts_with(quote) {
            return at + quote.len();
        } else if quote.len() == 1 && matches!(rest[0], b'\n' | b'\r') {
            // A text of one line ends with it, closed or not.
            return at;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// Where the pass is.
#[derive(Debug, Default)]
struct Scan<'a> {
    done: Vec<Definition<'a>>,
    /// The definition being read, from its first word to its last bracket.
    open: Option<Definition<'a>>,
    /// Brackets that are open; for a selection, whether it belongs to the root of its definition.
    brackets: Vec<Bracket>,
    directives: usize,
    /// Whether the selection that opens next belongs to a fragment spread in place, not to a field.
    in_place: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    Selection { root: bool },
    Other,
}

impl<'a> Scan<'a> {
    fn run(mut self, tokens: &[Token<'a>]) -> Result<Vec<Definition<'a>>, Problem> {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1).copied();
            at += 1;
            match (*token, next) {
                (Token::Mark(b'@'), Some(Token::Name(_))) => {
                    self.directives += 1;
                    if self.directives > DIRECTIVES {
                        return Err(Problem::too_many_directives());
                    }
                    at += 1;
                }
                (Token::Mark(b'{' | b'[' | b'('), _) => self.opens(*token)?,
                (Token::Mark(b'}' | b']' | b')'), _) => self.closes(),
                (Token::Spread, Some(Token::Name("on"))) => {
                    self.in_place = true;
                    at += if is_name(tokens.get(at + 1)) { 2 } else { 1 };
                }
                (Token::Spread, Some(Token::Name(fragment))) => {
                    self.counts(|count| count.spreads.push(fragment));
                    at += 1;
                }
                (Token::Spread, _) => self.in_place = true,
                (Token::Name("fragment"), Some(Token::Name(name))) if self.brackets.is_empty() => {
                    self.open = Some(Definition { name: Some(name), ..Definition::default() });
                    at += 1;
                }
                (Token::Name(_), next) if matches!(self.brackets.last(), Some(Bracket::Selection { .. })) => {
                    self.in_place = false;
                    self.counts(|count| count.own += 1);
                    if next == Some(Token::Mark(b':')) {
                        // That was an alias; the field itself follows.
                        at += if is_name(tokens.get(at + 1)) { 2 } else { 1 };
                    }
                }
                _ => {}
            }
        }
        self.done.extend(self.open);
        Ok(self.done)
    }

    fn opens(&mut self, token: Token<'a>) -> Result<(), Problem> {
        if self.brackets.len() == NESTING {
            return Err(Problem::query_too_deep());
        }
        let bracket = match (token, self.brackets.last()) {
            (Token::Mark(b'{'), None) => {
                self.open.get_or_insert_default();
                Bracket::Selection { root: true }
            }
            (Token::Mark(b'{'), Some(Bracket::Selection { root })) => {
                Bracket::Selection { root: *root && self.in_place }
            }
            _ => Bracket::Other,
        };
        if bracket != Bracket::Other {
            self.in_place = false;
        }
        self.brackets.push(bracket);
        Ok(())
    }

    fn closes(&mut self) {
        let closed = self.brackets.pop();
        if self.brackets.is_empty() && matches!(closed, Some(Bracket::Selection { .. })) {
            self.done.extend(self.open.take());
        }
    }

    /// Counts something in the selection that is open.
    fn counts(&mut self, add: impl Fn(&mut Count<'a>)) {
        if let (Some(open), Some(Bracket::Selection { root })) = (&mut self.open, self.brackets.last()) {
            add(&mut open.fields);
            if *root {
                add(&mut open.root);
            }
        }
    }
}

/// How many fields a definition has, at its root and in all, with those of the fragments that it spreads. Fragments
/// are counted once; one that is being counted is none yet.
fn expand<'a>(
    definition: &Definition<'a>,
    fragments: &BTreeMap<&'a str, &Definition<'a>>,
    counted: &mut BTreeMap<&'a str, Option<(usize, usize)>>,
) -> Result<(usize, usize), Problem> {
    let mut sizes = (definition.root.own, definition.fields.own);
    for (spread, root) in definition
        .fields
        .spreads
        .iter()
        .map(|spread| (spread, false))
        .chain(definition.root.spreads.iter().map(|spread| (spread, true)))
    {
        let Some(fragment) = fragments.get(spread) else { continue };
        let (at_root, all) = match counted.get(spread) {
            Some(Some(sizes)) => *sizes,
            Some(None) => return Err(Problem::fragment_cycle()),
            None => {
                counted.insert(spread, None);
                let sizes = expand(fragment, fragments, counted)?;
                counted.insert(spread, Some(sizes));
                sizes
            }
        };
        if root {
            sizes.0 = sizes.0.saturating_add(at_root);
        } else {
            sizes.1 = sizes.1.saturating_add(all);
        }
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str) -> &'static str {
        admit(query).err().map_or("", |problem| problem.code())
    }

    #[test]
    fn what_people_write_passes() {
        for query in [
            "",
            "{ viewer { id } }",
            "query Q($a: [ID!]! = [\"x\"] @d, $b: X = { y: [1, -2.5e3] }) @e { a: node(id: $a) { ... on User { id } ... { b } ...F } }
             fragment F on User @include(if: true) { name }",
            "mutation { a(input: { text: \"\"\"{{{{ \\\"\"\" ((( \"\"\" t2: \"\\\\\" t3: \"\\\"{\" }) { userErrors { code } } } # {{{{{",
            "subscription { fragment on query { fragment } }",
            "}}}} ] ) { a",
        ] {
            assert_eq!(code(query), "", "{query}");
        }
    }

    #[test]
    fn nesting_of_any_kind_is_bounded() {
        for (open, close) in
            [("{a", "}"), ("[", "]"), ("{a(b:{c:", "})}"), ("{...{a", "}}"), ("{a:", "}"), ("{...on", "}")]
        {
            for times in [1_540, 5_000, 100_000] {
                let query = format!("query($a: A = {}1{}) {{ a }}", open.repeat(times), close.repeat(times));
                assert_eq!(code(&query), "QUERY_TOO_DEEP", "{times} times {open}");
            }
        }
        let deep = |levels: usize| format!("{}{}", "{a".repeat(levels), "}".repeat(levels));
        assert_eq!((code(&deep(NESTING)), code(&deep(NESTING + 1))), ("", "QUERY_TOO_DEEP"));
        // Brackets in texts and comments are none.
        assert_eq!(code(&format!("{{ a(b: \"{0}\") #{0}\n }}", "{".repeat(1_000))), "");
    }

    #[test]
    fn fragments_are_counted_as_often_as_they_are_spread() {
        let doubling = |levels: usize| {
            let fragments: Vec<String> =
                (1..levels).map(|at| format!("fragment F{at} on A {{ ...F{0} ...F{0} }}", at + 1)).collect();
            format!("{{ ...F1 }} {} fragment F{levels} on A {{ a }}", fragments.join(" "))
        };
        assert_eq!((code(&doubling(4)), code(&doubling(26))), ("", "QUERY_TOO_COMPLEX"));
        assert_eq!(code(&doubling(40)), "QUERY_TOO_COMPLEX");
        assert_eq!(code("{ ...A } fragment A on Q { ...A }"), "FRAGMENT_CYCLE");
        assert_eq!(
            code("{ ...A } fragment A on Q { a { ...B } } fragment B on Q { b { ...A } }"),
            "FRAGMENT_CYCLE"
        );
        assert_eq!(code("{ a { ...Unknown } }"), "");
        for times in [51, 1_000] {
            assert_eq!(code(&"fragment F on Q { a } ".repeat(times)), "TOO_MANY_DEFINITIONS");
        }
    }

    #[test]
    fn fields_at_the_root_are_bounded_however_they_stand_there() {
        let fields = |count: usize| (0..count).map(|at| format!("a{at}: signIn ")).collect::<String>();
        let (few, many) = (fields(ROOT_FIELDS), fields(ROOT_FIELDS + 1));
        for around in
            ["mutation { # }", "{ ... on Mutation { # } }", "{ ... { ... @include(if: true) { # } } }"]
        {
            assert_eq!(code(&around.replace('#', &few)), "", "{around}");
            assert_eq!(code(&around.replace('#', &many)), "TOO_MANY_ROOT_FIELDS", "{around}");
        }
        assert_eq!(code(&format!("{{ ...F }} fragment F on M {{ {many} }}")), "TOO_MANY_ROOT_FIELDS");
        assert_eq!(code(&format!("{{ a {{ {many} }} b {{ ...F }} }} fragment F on M {{ {many} }}")), "");
    }

    #[test]
    fn directives_and_size_are_bounded() {
        for around in ["query # { a }", "{ a # }", "{ ... # { a } }", "query($a: A #) { a }"] {
            for times in [DIRECTIVES + 1, 50_000] {
                let query = around.replace('#', &"@a ".repeat(times));
                assert_eq!(code(&query), "TOO_MANY_DIRECTIVES", "{times} times in {around}");
            }
        }
        assert_eq!(code(&format!("{{ a {{ {} }} }}", "a ".repeat(5_000))), "QUERY_TOO_COMPLEX");
        assert_eq!(code(&" ".repeat(BYTES + 1)), "PAYLOAD_TOO_LARGE");
    }
}

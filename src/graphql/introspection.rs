//! What introspection would answer, counted before anything is answered.
//!
//! The types of a schema refer to each other, so a query of a hundred letters can have every type told once for each
//! way that leads to it. What the schema tells is known, though, and never depends on who asks: it is kept here as a
//! graph, and a selection is counted by walking over it once, with how often each thing would be told. The count is
//! exact but for `@skip`, `@include` and `includeDeprecated`, which are counted as if they left nothing out.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use async_graphql::parser::types::{ExecutableDocument, Field, OperationType, Selection, SelectionSet};
use async_graphql::{Request, Variables};
use futures::FutureExt;
use serde_json::{Map, Value};

use super::quick_schema;

/// Most points that introspection in one request may cost: some two and a half times what tools ask for at their start.
pub const MOST: u64 = 60_000;
/// Bytes of text that cost as much as a value.
const TEXT: u64 = 64;
/// Points for `__schema` and `__type` themselves: for each the whole schema is walked to see what is visible.
const ROOT: u64 = 100;
/// How deep selections and fragments are followed, which is more than any request may nest.
const DEPTH: usize = 64;

/// Everything that introspection tells.
const EVERYTHING: &str = "{ __schema {
    description queryType { ...Ref } mutationType { ...Ref } subscriptionType { ...Ref }
    types {
        ...Ref description specifiedByURL isOneOf
        fields(includeDeprecated: true) {
            name description isDeprecated deprecationReason type { ...Ref }
            args(includeDeprecated: true) { ...Input }
        }
        inputFields(includeDeprecated: true) { ...Input }
        interfaces { ...Ref }
        possibleTypes { ...Ref }
        enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...Input } }
} }
fragment Input on __InputValue { name description defaultValue isDeprecated deprecationReason type { ...Ref } }
fragment Ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";

/// More would be told than is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

/// The introspection in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introspection {
    /// What it costs: a point for each value, and one for each 64 bytes of its text.
    pub points: usize,
    /// Whether nothing else is asked for.
    pub is_all: bool,
}

/// The introspection in the operation that is asked for. What is no document has none: it is refused elsewhere.
///
/// # Errors
/// When it costs more than [`MOST`] points.
pub fn of(request: &mut Request) -> Result<Introspection, TooMuch> {
    let (variables, name) = (request.variables.clone(), request.operation_name.clone());
    let Ok(document) = request.parsed_query() else { return Ok(Introspection { points: 0, is_all: false }) };
    let mut count = Count { document, variables: &variables, points: 0, steps: 0, is_all: true };
    for (known, operation) in document.operations.iter() {
        let is_asked = name.is_none() || known.is_some_and(|known| Some(known.as_str()) == name.as_deref());
        if is_asked && operation.node.ty == OperationType::Query {
            count.root(&operation.node.selection_set.node, 0)?;
        } else {
            count.is_all = false;
        }
    }
    // It is at most `MOST`.
    let points = usize::try_from(count.points).unwrap_or(usize::MAX);
    Ok(Introspection { points, is_all: count.is_all && points > 0 })
}

/// Things of the schema, by what they are found by, and how often each is told.
type Told = BTreeMap<usize, u64>;

struct Count<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    points: u64,
    /// Selections that were walked through.
    steps: u64,
    /// Whether nothing but introspection was found so far.
    is_all: bool,
}

impl Count<'_> {
    /// Counts what is introspection at the root of a query.
    fn root(&mut self, selection: &SelectionSet, depth: usize) -> Result<(), TooMuch> {
        self.step(depth)?;
        for selection in &selection.items {
            match &selection.node {
                Selection::Field(field) => {
                    let schema = &*SCHEMA;
                    let asked = match field.node.name.node.as_str() {
                        "__schema" => Some(schema.root),
                        "__type" => {
                            self.name_of(&field.node).and_then(|name| schema.types.get(&name).copied())
                        }
                        name => {
                            self.is_all &= name == "__typename";
                            continue;
                        }
                    };
                    self.add(ROOT)?;
                    let told = asked.into_iter().map(|thing| (thing, 1)).collect();
                    self.told(&field.node.selection_set.node, &told, depth + 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.root(&fragment.node.selection_set.node, depth + 1)?;
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.root(&fragment.node.selection_set.node, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// The type that a field `__type` asks for.
    fn name_of(&self, field: &Field) -> Option<String> {
        let argument = field.get_argument("name")?.node.clone();
        let operations = self.document.operations.iter();
        let defaults = operations.flat_map(|(_, operation)| &operation.node.variable_definitions);
        let defaults: HashMap<_, _> = defaults
            .filter_map(|it| Some((&it.node.name.node, &it.node.default_value.as_ref()?.node)))
            .collect();
        let value = argument.into_const_with(|name| {
            self.variables.get(&name).or_else(|| defaults.get(&name).copied()).cloned().ok_or(())
        });
        match value {
            Ok(async_graphql::Value::String(name)) => Some(name),
            _ => None,
        }
    }

    /// Counts what is selected of things that are told so often each.
    fn told(&mut self, selection: &SelectionSet, of: &Told, depth: usize) -> Result<(), TooMuch> {
        self.step(depth)?;
        if of.is_empty() {
            return Ok(());
        }
        for selection in &selection.items {
            match &selection.node {
                Selection::Field(field) => {
                    let name = SCHEMA.names.get(field.node.name.node.as_str()).copied();
                    let mut inner = Told::new();
                    for (thing, times) in of {
                        let told = name.and_then(|name| SCHEMA.things[*thing].fields.get(name));
                        let text = told.map_or(0, |told| told.bytes);
                        self.add(times.saturating_mul(1 + text / TEXT))?;
                        for named in told.into_iter().flat_map(|told| &told.things) {
                            let often = inner.entry(*named).or_default();
                            *often = times.saturating_add(*often);
                        }
                    }
                    self.told(&field.node.selection_set.node, &inner, depth + 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.told(&fragment.node.selection_set.node, of, depth + 1)?;
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.told(&fragment.node.selection_set.node, of, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// One more selection, so deep. What the guard of the server would not let pass comes to its end here as well.
    fn step(&mut self, depth: usize) -> Result<(), TooMuch> {
        self.steps += 1;
        if depth > DEPTH || self.steps > MOST { Err(TooMuch) } else { Ok(()) }
    }

    fn add(&mut self, points: u64) -> Result<(), TooMuch> {
        self.points = self.points.saturating_add(points);
        if self.points > MOST { Err(TooMuch) } else { Ok(()) }
    }
}

/// Finds out what there is to be told, which takes a moment, so that nobody who asks waits for it.
pub fn prepare() {
    LazyLock::force(&SCHEMA);
}

/// What there is to be told, of this schema.
static SCHEMA: LazyLock<Graph> = LazyLock::new(|| {
    // Nothing of it waits, and nobody has to be known for it.
    let answer = quick_schema().execute(EVERYTHING).now_or_never().unwrap_or_default();
    let told = answer.data.into_json().unwrap_or_default();
    Graph::of(&told["__schema"])
});

/// A schema, as introspection tells it.
#[derive(Debug, Default)]
struct Graph {
    things: Vec<Thing>,
    /// What `__schema` is.
    root: usize,
    /// Types, by how they are written: `User`, `[User!]!`.
    types: HashMap<String, usize>,
    /// Where each field stands among those of a thing, by its name.
    names: HashMap<String, usize>,
}

/// A type, a field, an argument, a value of an enum, a directive, or the schema: what its fields tell.
#[derive(Debug, Default)]
struct Thing {
    fields: Vec<FieldOf>,
}

/// What one field of a thing tells.
#[derive(Clone, Debug, Default)]
struct FieldOf {
    /// Bytes of the text that it is.
    bytes: u64,
    /// What it leads to.
    things: Vec<usize>,
}

impl Graph {
    fn of(schema: &Value) -> Graph {
        let mut graph = Graph::default();
        if let Some(schema) = schema.as_object() {
            graph.root = graph.thing(schema);
        }
        graph
    }

    /// The thing that is told by this object, which is added unless it is a type that is known by now.
    fn thing(&mut self, told: &Map<String, Value>) -> usize {
        let at = match written(told) {
            Some(name) => match self.types.get(&name) {
                Some(at) => *at,
                None => {
                    let at = self.add();
                    self.types.insert(name, at);
                    at
                }
            },
            None => self.add(),
        };
        for (name, value) in told {
            let bytes = value.as_str().map_or(0, str::len);
            let items = match value {
                Value::Array(items) => items.as_slice(),
                other => std::slice::from_ref(other),
            };
            let inner: Vec<usize> =
                items.iter().filter_map(Value::as_object).map(|told| self.thing(told)).collect();
            let next = self.names.len();
            let place = *self.names.entry(name.clone()).or_insert(next);
            let fields = &mut self.things[at].fields;
            fields.resize(fields.len().max(place + 1), FieldOf::default());
            // They are counted by the thousand, not by the exabyte.
            fields[place] = FieldOf { bytes: u64::try_from(bytes).unwrap_or(u64::MAX), things: inner };
        }
        at
    }

    fn add(&mut self) -> usize {
        self.things.push(Thing::default());
        self.things.len() - 1
    }
}

/// A type as it is written in a schema; none for what is no type.
fn written(told: &Map<String, Value>) -> Option<String> {
    let inner = || told.get("ofType")?.as_object().and_then(written);
    match told.get("kind")?.as_str()? {
        "NON_NULL" => Some(format!("{}!", inner()?)),
        "LIST" => Some(format!("[{}]", inner()?)),
        _ => Some(told.get("name")?.as_str()?.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(query: &str) -> Result<usize, TooMuch> {
        of(&mut Request::new(query)).map(|introspection| introspection.points)
    }

    #[test]
    fn what_asks_for_something_besides_is_not_all_introspection() {
        let is_all = |query: &str| of(&mut Request::new(query)).expect("little").is_all;
        let schema = "__schema { queryType { name } }";
        assert!(is_all(&format!("{{ __typename ...A }} fragment A on Query {{ {schema} }}")));
        for query in [
            "{ viewer { id } }".to_owned(),
            format!("{{ {schema} viewer {{ id }} }}"),
            format!("{{ {schema} ...A }} fragment A on Query {{ ... {{ viewer {{ id }} }} }}"),
            format!("query A {{ {schema} }} mutation B {{ signOut {{ signedOut }} }}"),
        ] {
            assert!(!is_all(&query), "{query}");
        }
    }

    #[test]
    fn what_is_no_introspection_costs_nothing() {
        for query in
            ["", "{", "{ viewer { id } }", "mutation { __schema { types { name } } }", "{ __typename }"]
        {
            assert_eq!(cost(query), Ok(0), "{query}");
        }
    }

    #[test]
    fn each_value_that_would_be_told_is_a_point() {
        let root = usize::try_from(ROOT).expect("a small number");
        assert_eq!(cost("{ __schema { queryType { name kind } } }"), Ok(root + 3));
        assert_eq!(cost("{ __type(name: \"Nothing\") { name } }"), Ok(root));
        // Its fields, and the name of each.
        let fields = cost("{ __type(name: \"PageInfo\") { fields { name } } }").expect("a cost") - root;
        assert_eq!(fields, 1 + 4);
        let of_type = "{ __type(name: \"PageInfo\") { fields { type { kind ofType { name kind } } } } }";
        assert_eq!(cost(of_type), Ok(root + 1 + 4 + 4 + 4 + 2 * 2), "two of the four are not nullable");
    }

    #[test]
    fn what_the_guard_would_refuse_comes_to_an_end() {
        let doubling = |root: &str| {
            let each = |at: usize| format!("fragment F{at} on A {{ ...F{0} ...F{0} }} ", at + 1);
            format!("{root} {} fragment F40 on A {{ name }}", (0..40).map(each).collect::<String>())
        };
        for query in [
            doubling("{ ...F0 }"),
            doubling("{ __schema { types { ...F0 } } }"),
            "{ ...A } fragment A on Query { ...A }".to_owned(),
            "{ __schema { types { ...A } } } fragment A on __Type { name ...A }".to_owned(),
        ] {
            assert_eq!(cost(&query), Err(TooMuch), "{query:.60}");
        }
    }
}

//! What lists cost that are no connections.
//!
//! A connection costs as many times what an item costs as items may come ([`super::connection`]). Other lists have no
//! arguments that would say how long they are: each costs as if it had [`USUAL`] items, and where there are more, they
//! are counted as they are answered ([`super::tally`]). A test walks the whole schema for a list that is left out.

use async_graphql::ID;
use async_graphql::registry::{MetaType, Registry};

/// Items that a list is taken to have.
const USUAL: usize = 10;

/// Writes into the schema what its lists cost. To be called when all its types are known.
pub(super) fn weigh(registry: &mut Registry) {
    for kind in registry.types.values_mut() {
        let MetaType::Object { name, fields, .. } = kind else { continue };
        // What introspection costs is counted exactly; the items of a connection are paid by the connection.
        if name.starts_with("__") || name.ends_with("Connection") {
            continue;
        }
        let is_query = name == "Query";
        for (name, field) in fields.iter_mut().filter(|(_, field)| field.ty.starts_with('[')) {
            field.compute_complexity = Some(match name.as_str() {
                "nodes" if is_query => |ctx, variables, field, each| {
                    let ids: Option<Vec<ID>> = ctx.param_value(variables, field, "ids", None).ok();
                    Ok(times(ids.map_or(1, |ids| ids.len()), each))
                },
                // There is one, if any.
                "userErrors" => |_, _, _, each| Ok(times(1, each)),
                _ => |_, _, _, each| Ok(times(USUAL, each)),
            });
        }
    }
}

/// What a list costs with so many items that cost so much `each`; a plain value costs one.
fn times(items: usize, each: usize) -> usize {
    items.max(1).saturating_mul(each.max(1)).saturating_add(1)
}

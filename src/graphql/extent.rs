//! How much is read of what a list finds: no more than is asked for.
//!
//! Of people, groups, courses, paths and sessions a list reads the head alone ([`Parted`]) where nothing else of them is
//! asked for. What is asked for is told by the fields below the list's; if that were told wrongly, what is missing would
//! be read when its field is reached ([`rest`]), in a statement more.

use std::sync::Arc;

use async_graphql::{Context, Lookahead, OutputType};

use super::context::load_known;
use super::course::Course;
use super::error::ApiError;
use super::group::Group;
use super::path::Path;
use super::session::Session;
use super::user::User;
use crate::error::Error;
use crate::queries::{Extent, Known, Noun, Parted, Slice};

/// The fields of an item, or of what it names by a field, that its head does not answer.
type Beyond = &'static [(Option<&'static str>, &'static [&'static str])];

/// The fields below the items of a list of `item`s that ask for more than heads.
fn beyond_heads(item: &str) -> Beyond {
    match item {
        "User" => &[(None, User::REST)],
        "Group" => &[(None, Group::REST)],
        "Course" => &[(None, Course::REST)],
        "Path" => &[(None, Path::REST)],
        "Session" => &[(None, Session::REST)],
        "AdministeredGroup" | "Member" | "Membership" => {
            &[(Some("user"), User::REST), (Some("group"), Group::REST)]
        }
        "Participation" | "SessionEnrolment" | "SessionExclusion" | "SessionCapture" => {
            &[(Some("user"), User::REST), (Some("session"), Session::REST)]
        }
        // The other end of what else stands between a person and something is a course, if it has a head.
        _ => &[(Some("user"), User::REST), (Some("course"), Course::REST)],
    }
}

/// The part of a list that `slice` is, with as much of it as the fields below this one ask for, if the list is what it
/// answers with.
pub(super) fn asked<N: OutputType>(ctx: &Context<'_>, slice: Slice) -> Slice {
    let list = ctx.look_ahead();
    let (edges, page) = (list.field("edges"), list.field("pageInfo"));
    let places = edges.field("cursor").exists() || asks(&page, &["startCursor", "endCursor"]);
    let items = [list.field("nodes"), edges.field("node")];
    let beyond = |(way, fields): &(Option<&str>, &[&str])| {
        items.iter().any(|item| match way {
            Some(way) => asks(&item.field(way), fields),
            None => asks(item, fields),
        })
    };
    let extent = if beyond_heads(&N::type_name()).iter().any(beyond) { Extent::Whole } else { Extent::Head };
    Slice { extent, places, ..slice }
}

fn asks(look: &Lookahead<'_>, fields: &[&str]) -> bool {
    look.exists() && fields.iter().any(|field| look.field(field).exists())
}

/// What else there is to something of which the head was read; read now, if it was not read with it.
///
/// # Errors
/// When the database cannot be read, or it is no more.
pub(super) async fn rest<N, H, R>(ctx: &Context<'_>, thing: &Parted<H, R>) -> Result<Arc<R>, ApiError>
where
    N: Noun<Thing = Parted<H, R>>,
    Parted<H, R>: Send + Sync,
{
    if let Some(rest) = thing.rest() {
        return Ok(rest.clone());
    }
    let whole = load_known::<Known<N>>(ctx, N::id(thing)).await?;
    Ok(whole.rest().cloned().ok_or(Error::Broken("what is read by id is read whole"))?)
}

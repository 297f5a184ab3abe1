//! Reads for the API, by noun, set-based: how many statements a request costs depends on its shape, never on how
//! many rows it finds.
//!
//! Everything here is asked through a [`Reader`], which knows who asks: what somebody may not see is left out here
//! and nowhere else. There are two kinds of question:
//!
//! - a [`Batch`]: many keys at once, one statement (people by id, external ids of people). [`crate::graphql`] asks
//!   them through a loader, so that the fields of one level share a statement;
//! - a [`List`]: an ordered selection that is read page by page ([`page`]) and counted. A list that hangs on
//!   something else (the members of a group) is a [`Relation`], and is read for many parents at once too.

mod filter;
mod order;
mod page;
mod reader;
mod relation;
mod rows;
mod selected;
mod sight;

pub mod activities;
pub mod audiences;
pub mod courses;
pub mod events;
pub mod groups;
pub mod learning;
pub mod links;
pub mod memberships;
pub mod paths;
pub mod permissions;
pub mod platform;
pub mod posts;
pub mod ranks;
pub mod removals;
pub mod sessions;
pub mod slots;
pub mod users;

pub use filter::Filter;
pub use order::{By, Cell, Cursor, Direction, Kind, Order};
pub use page::{Item, List, Page, Slice};
pub use reader::{Batch, Reader};
pub use relation::{Counts, Pages, Relation};
use rows::noun;
pub use rows::{Known, Noun, all, grouped, select};
use selected::row;
pub use selected::{Extent, Parted, Row, Selected, columns};
pub use sight::{Seen, Sight};

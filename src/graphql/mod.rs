//! The API: one file a noun, resolvers of a few lines, and the files that everything goes through.
//!
//! | file            | what it is                                                                           |
//! |-----------------|--------------------------------------------------------------------------------------|
//! | [`context`]     | what a request carries; `load` (batched reads)                                       |
//! | [`domain`]      | the ways into the domain: `write` (mutations), `snapshot`, `payload!`                |
//! | [`error`]       | the one place where a refusal, or what broke, becomes GraphQL                        |
//! | [`id`], [`node`]| opaque ids, and what they are the id of                                              |
//! | [`thing`]       | what stands for something with an id, and how one is come by                         |
//! | [`connection`]  | Cursor Connections over [`crate::queries`]                                           |
//! | [`extent`]      | no more is read of what a list finds than is asked for                               |
//! | [`loaders`]     | what the fields of one level ask for becomes one statement                           |
//! | [`prompt`]      | what is there is answered at once                                                    |
//! | [`api`]         | carries requests out, without the extension where it has nothing to do               |
//! | [`answers`]     | the one extension: sign-in, costs, null where a field failed, paths, codes           |
//! | [`cost`]        | what a request costs, and how much each caller may spend                             |
//! | [`introspection`]| what introspection would answer, counted before it is answered                      |
//! | [`lists`]       | what lists that are no connections cost                                              |
//! | [`tally`]       | values and bytes of an answer, counted while it is answered                          |
//!
//! Nothing here names a table, a statement or a transaction: reads are asked of [`crate::queries`], writes are doors
//! of the domain. Every type, field, argument and value has a doc comment (an argument: `#[graphql(desc = "…")]`),
//! which is its text in the schema; a test fails where one is missing. Rules are cited as `(R4)`.
//!
//! # How to add a field
//!
//! A method of the `#[Object]` in the noun's file, answering with a value or `Result<_, ApiError>`. What another table
//! holds is never read per object but through a loader:
//!
//! - one thing by its id: `Group::load(ctx, id)` ([`thing`]);
//! - anything else by a key: a type in `queries/` that implements [`crate::queries::Batch`] (one statement for all
//!   keys, joined rows as the value), and `context::load::<ThatType>(ctx, key)`. No registration.
//!
//! What a state or a right may hide is nullable. Enums of [`entity::kind`] are mirrored in [`kinds`].
//!
//! # How to add a connection
//!
//! In `queries/`: a function that makes a [`crate::queries::List`] (columns, `from`, filter, order), or, if it hangs on
//! an object, a type that implements [`crate::queries::Relation`] (see `Subgroups` in `queries/groups.rs`); rows between
//! a person and something else implement [`crate::queries::links::Link`] instead, and `FromUser` or `FromOther` or both,
//! by the end that they are read from. Here: a method with the arguments `first, after, last, before` and the result `Result<Connection<Group>, ApiError>`,
//! which calls `connection::of_list` or `connection::of_relation`. The node type needs `From<Item>`. Paging, totals,
//! cursors, costs and the descriptions of the four arguments come with it. A field that a node's head does not answer
//! is named in the node's `REST` ([`extent`]): a test counts the statements of a list for each field.
//!
//! # How to add a mutation
//!
//! As [`platform`] has it, from top to bottom:
//!
//! 1. The **door**, in the domain: [`crate::settings::update`] takes `(&Tx, &Settings)`; `Settings` derives
//!    `Clone, Debug, Serialize` and has ids and `Change<T>`, nothing of GraphQL.
//! 2. The **input** `UpdatePlatformInput`: ids are `ID`; what may be left out is `MaybeUndefined<T>` where null means
//!    to clear or is refused, `Option<T>` where null is the same as left out; `idempotency_key: Option<String>` last.
//!    A method turns it into the door's input, `Result<Settings, Refusal>`: `id::parse(&self.group_id,
//!    &["groupId"])?`, `change(self.seat_limit)` for a field that can be cleared, `set(self.name, &["name"])?` for one
//!    that cannot. Texts are checked by the door, with the same paths.
//! 3. The **payload**, by `payload!`: the thing, nullable, and `userErrors`.
//! 4. The **resolver**, in a struct of its own (`PlatformMutation`) that is added to [`Mutation`] below: it calls
//!    `domain::write(ctx, "updatePlatform", key, input, |tx, input| Box::pin(door(tx, input)))`, which runs the door
//!    in one transaction, in a task that no hang-up ends, and turns a refusal into a `userErrors` entry. Then
//!    `UpdatePlatformPayload::of(done, |id| Group::load(ctx, id))` reads the thing as it is now: `write` has thrown
//!    the loaders away.
//! 5. What a token needs to be used for it: a line in [`crate::access::scopes`]. A test fails where one is missing.
//! 6. A new way to be refused is a variant of [`crate::error::Refusal`], and a line in [`error`], which does not
//!    compile without.
//!
//! If pages draw a button for it, [`permission`] tells who may: a field of a few lines.
//!
//! # How to add a noun
//!
//! `queries/rooms.rs` with a `Noun`; `graphql/room.rs` with `pub struct Room(Arc<rooms::Room>)`, its `Thing`, its
//! `#[Object]`, and `RoomQuery` with the reads that start at it, added to [`Query`] below. If it has an
//! id: a line in [`id`] and one in [`node`], and its `id` method is `pub(super)`.

mod activity;
mod answers;
pub mod api;
pub mod connection;
pub mod context;
pub mod cost;
mod course;
mod domain;
mod entry;
pub mod error;
pub mod events;
mod extent;
mod grant;
mod group;
mod groups;
pub mod id;
pub mod input;
pub mod introspection;
mod kinds;
mod learning;
mod lists;
mod loaders;
mod membership;
mod node;
mod participation;
mod path;
mod people;
mod permission;
mod platform;
mod post;
mod prompt;
mod removal;
mod session;
mod sign_in;
mod slot;
mod tally;
#[cfg(test)]
mod tests;
mod thing;
mod tokens;
mod user;
mod users;
mod viewer;
mod webhooks;
mod works;

use async_graphql::{ID, MergedObject, MergedSubscription, Schema, SchemaBuilder};
use chrono::{DateTime, Utc};
pub use context::RequestContext;

/// Deepest selection: introspection as tools ask for it needs 15.
const DEPTH: usize = 20;
/// Most fields that a request may cost, each counted as often as the connections around it may have items.
const COMPLEXITY: usize = 250_000;

/// Everything that can be read.
#[derive(Debug, Default, MergedObject)]
pub struct Query(
    node::NodeQuery,
    platform::PlatformQuery,
    users::UserQuery,
    viewer::ViewerQuery,
    groups::GroupQuery,
    course::CourseQuery,
    path::PathQuery,
    session::SessionQuery,
    slot::SlotQuery,
    activity::ActivityQuery,
    removal::RemovalQuery,
    sign_in::SignInQuery,
    tokens::TokenQuery,
    events::EventQuery,
    webhooks::WebhookQuery,
);

/// Everything that can be changed.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    platform::PlatformMutation,
    people::PeopleMutation,
    groups::GroupMutation,
    grant::GrantMutation,
    works::WorksMutation,
    removal::RemovalMutation,
    sign_in::SignInMutation,
    tokens::TokenMutation,
    webhooks::WebhookMutation,
);

/// Everything that can be followed.
#[derive(Debug, Default, MergedSubscription)]
pub struct Subscription(removal::RemovalSubscription);

/// The API of one database.
pub type RosterSchema = Schema<Query, Mutation, Subscription>;

/// The API. Each request brings its [`RequestContext`].
pub fn schema() -> RosterSchema {
    build().extension(answers::Factory).finish()
}

/// The API without its extension: right as long as no field fails ([`api`]).
fn quick_schema() -> RosterSchema {
    build().finish()
}

fn build() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<node::Node>()
        .register_output_type::<connection::Arguments>()
        .override_output_type_description::<ID>(
            "An opaque text that names one thing, and says which kind of thing.",
        )
        .override_output_type_description::<DateTime<Utc>>(
            "An instant, in UTC, as RFC 3339 writes it: 2026-01-31T08:00:00+00:00.",
        )
        .limit_depth(DEPTH)
        .limit_complexity(COMPLEXITY)
}

/// The schema in its own language, as it is committed in `schema.graphql`.
pub fn sdl() -> String {
    schema().sdl()
}

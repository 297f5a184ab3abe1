//! Posts and messages (R9.6).

use std::sync::Arc;

use entity::id::{GroupId, PostId, UserId};
pub use entity::post::Model as Post;

use super::{By, Filter, List, Order, Relation, Seen, columns, noun};

noun! {
    /// Posts by id.
    Posts: "posts.by_id", "posts", Post = columns, PostId, [Seen::Post("r")]
}

fn listed(name: &'static str, filter: Filter) -> List<Arc<Post>> {
    List {
        name,
        selected: columns::<Post>("p").shared(),
        from: "posts p".to_owned(),
        seen: vec![Seen::Post("p")],
        filter,
        order: Order::new("CREATED", const { &[By::number("p.id")] }),
    }
}

/// The posts and messages of a group, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PostsInGroup;

impl Relation for PostsInGroup {
    type Parent = GroupId;
    type Item = Arc<Post>;
    const PARENT: &'static str = "p.group_id";

    fn list(&self) -> List<Arc<Post>> {
        listed("posts.of_group", Filter::new())
    }
}

/// What somebody wrote under their name, oldest first: not what was anonymized.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PostsBy;

impl Relation for PostsBy {
    type Parent = UserId;
    type Item = Arc<Post>;
    const PARENT: &'static str = "p.author_id";

    fn list(&self) -> List<Arc<Post>> {
        listed("posts.of_author", Filter::new().and("p.anonymized_at is null"))
    }
}

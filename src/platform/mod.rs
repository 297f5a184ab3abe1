//! The platform itself: its owner, its root group, its settings, and the tree of its groups (R2, R22).

pub mod store;

use std::sync::Arc;

use sea_orm::ConnectionTrait;
pub use store::Platform;

use crate::error::Error;
use crate::tree::{Tree, TreeCache};

/// The platform, and the tree of its groups as it stands now.
///
/// # Errors
/// When the database cannot be read.
pub async fn current(db: &impl ConnectionTrait, trees: &TreeCache) -> Result<(Platform, Arc<Tree>), Error> {
    let platform = store::platform(db).await?;
    if let Some(tree) = trees.get(platform.tree_revision) {
        return Ok((platform, tree));
    }
    let tree =
        Arc::new(Tree::new(store::groups(db).await?).ok_or(Error::Broken("the groups form one tree"))?);
    trees.put(platform.tree_revision, tree.clone());
    Ok((platform, tree))
}

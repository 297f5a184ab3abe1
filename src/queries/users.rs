//! People.

use std::collections::HashMap;
use std::sync::Arc;

use entity::id::UserId;
pub use entity::user::Model as User;

use super::{Batch, Reader, by_id};
use crate::error::Error;

/// Accounts by id, in whatever state.
#[derive(Debug)]
pub struct Users;

impl Batch for Users {
    type Key = UserId;
    type Value = Arc<User>;

    async fn load(reader: &Reader, ids: Vec<UserId>) -> Result<HashMap<UserId, Arc<User>>, Error> {
        by_id("users.by_id", "users", ids, reader.db(), |user: &User| user.id).await
    }
}

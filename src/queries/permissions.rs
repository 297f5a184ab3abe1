//! What must be known to say what the caller may do before they try it. The rules are those of the doors.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use entity::id::{GroupId, UserId};

use super::users::visible;
use super::{Batch, Reader, Seen};
use crate::error::Error;
use crate::groups::rules::Contents;
use crate::removal::facts::{Setting, Standing};
use crate::removal::request::Part;
use crate::{groups, removal};

/// The tree, the owner, and what the caller is where: the same for everything that is asked.
#[derive(Debug)]
pub struct Callers;

impl Batch for Callers {
    type Key = ();
    type Value = Arc<Setting>;

    async fn load(reader: &Reader, _: Vec<()>) -> Result<HashMap<(), Arc<Setting>>, Error> {
        let setting = removal::setting(reader.db(), &reader.database().trees, reader.caller()).await?;
        Ok(HashMap::from([((), Arc::new(setting))]))
    }
}

/// People's states and memberships; of nobody whom the reader does not see.
#[derive(Debug)]
pub struct Standings;

impl Batch for Standings {
    type Key = UserId;
    type Value = Arc<Standing>;

    async fn load(reader: &Reader, users: Vec<UserId>) -> Result<HashMap<UserId, Arc<Standing>>, Error> {
        let users = users.into_iter().collect();
        let seen = visible(reader.db(), reader.sight().await?, &[Seen::Person("u")], users).await?;
        let parts: Vec<Part> = seen.into_iter().map(|user| (user, None)).collect();
        let standings = removal::standings(reader.db(), &parts, None).await?;
        Ok(standings.into_iter().map(|standing| (standing.user, Arc::new(standing))).collect())
    }
}

/// What groups still have, whether or not the reader sees it: for whoever may delete them.
#[derive(Debug)]
pub struct GroupContents;

impl Batch for GroupContents {
    type Key = GroupId;
    type Value = Contents;

    async fn load(reader: &Reader, ids: Vec<GroupId>) -> Result<HashMap<GroupId, Contents>, Error> {
        let found: BTreeMap<GroupId, Contents> =
            groups::store::contents(reader.db(), &ids, reader.now().await?).await?;
        Ok(found.into_iter().collect())
    }
}

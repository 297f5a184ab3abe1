//! What to know of a removal before it is started.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use futures::future::try_join_all;

use crate::access::Scope;
use crate::graphql::context::require_scope;
use crate::graphql::error::ApiError;
use crate::graphql::group::Group;
use crate::graphql::node::Node;
use crate::graphql::prompt::Prompts;
use crate::graphql::thing::Thing;
use crate::graphql::user::User;
use crate::removal::warning::Warning;

/// Most people that a warning names.
const NAMED: usize = 100;

/// What a warning is about. New ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RemovalWarningCode {
    /// Groups, in `nodes`, would be left without an administrator of their own. Those of the groups above administer
    /// them too (R4).
    GroupsWithoutAdministrator,
    /// People, in `nodes`, whose accounts would end own API tokens that work: the programs that use them would be let in
    /// no more.
    TokensInUse,
}

/// Something to know of a removal before it is started. Nothing is refused for it.
#[derive(Clone, Debug)]
pub struct RemovalWarning(Warning);

impl From<Warning> for RemovalWarning {
    fn from(warning: Warning) -> RemovalWarning {
        RemovalWarning(warning)
    }
}

impl RemovalWarning {
    /// How many things it is about.
    fn about(&self) -> usize {
        match &self.0 {
            Warning::GroupsWithoutAdministrator { groups } => groups.len(),
            Warning::TokensInUse { people, .. } => people.len(),
        }
    }

    async fn seen(&self, ctx: &Context<'_>) -> Result<Vec<Node>, ApiError> {
        Ok(match &self.0 {
            Warning::GroupsWithoutAdministrator { groups } => {
                let groups = groups.iter().take(NAMED).map(|group| Group::load(ctx, *group));
                try_join_all(groups).await?.into_iter().flatten().map(Node::Group).collect()
            }
            Warning::TokensInUse { people, .. } => {
                let people = people.iter().take(NAMED).map(|user| User::load(ctx, *user));
                try_join_all(people).await?.into_iter().flatten().map(Node::User).collect()
            }
        })
    }
}

/// Something to know of a removal before it is started. Nothing is refused for it.
#[Object]
impl RemovalWarning {
    /// What kind of warning it is, for programs.
    async fn code(&self) -> RemovalWarningCode {
        match &self.0 {
            Warning::GroupsWithoutAdministrator { .. } => RemovalWarningCode::GroupsWithoutAdministrator,
            Warning::TokensInUse { .. } => RemovalWarningCode::TokensInUse,
        }
    }

    /// The same for people, in English.
    async fn message(&self) -> String {
        let count = |number: i64, one: &str, many: &str| {
            if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
        };
        let about = self.about() as i64;
        match &self.0 {
            Warning::GroupsWithoutAdministrator { .. } => {
                format!(
                    "{} left without an administrator of their own.",
                    count(about, "group is", "groups are")
                )
            }
            Warning::TokensInUse { tokens, .. } => {
                format!(
                    "{} in use by programs would stop working, of {}.",
                    count(*tokens, "API token", "API tokens"),
                    count(about, "person", "people"),
                )
            }
        }
    }

    /// The groups or people that it is about, the first hundred of them, of those you may see.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Prompts<Node>, ApiError> {
        Ok(Prompts(self.seen(ctx).await?))
    }

    /// How many more it is about than `nodes` names.
    async fn hidden_count(&self, ctx: &Context<'_>) -> Result<usize, ApiError> {
        Ok(self.about() - self.seen(ctx).await?.len())
    }

    /// With `TOKENS_IN_USE`: how many tokens. Else null.
    async fn tokens(&self) -> Option<i64> {
        match &self.0 {
            Warning::TokensInUse { tokens, .. } => Some(*tokens),
            Warning::GroupsWithoutAdministrator { .. } => None,
        }
    }

    /// With `TOKENS_IN_USE`: when one of them was last used, give or take a minute; null if none ever was, or if your own
    /// token may not see what is personal. Else null.
    async fn last_used_at(&self, ctx: &Context<'_>) -> Option<DateTime<Utc>> {
        let is_seen = require_scope(ctx, Scope::UsersPii).is_ok();
        match &self.0 {
            Warning::TokensInUse { last_used_at, .. } => last_used_at.filter(|_| is_seen),
            Warning::GroupsWithoutAdministrator { .. } => None,
        }
    }
}

//! Types of the schema that stand for something with an id, and how one is come by.

use std::sync::Arc;

use async_graphql::Context;

use super::context::{load, load_known};
use super::error::ApiError;
use super::prompt::Prompt;
use crate::queries::{Known, Noun};

/// A type of the schema that stands for things of a kind.
pub trait Thing: From<Arc<<Self::Noun as Noun>::Thing>> + Send {
    /// The kind.
    type Noun: Noun;

    /// The one of this id; none where there is none, or where whoever asks does not see it.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn load(
        ctx: &Context<'_>,
        id: <Self::Noun as Noun>::Id,
    ) -> impl Future<Output = Result<Option<Self>, ApiError>> + Send {
        async move { Ok(load::<Self::Noun>(ctx, id).await?.map(Self::from)) }
    }

    /// As [`Thing::load`], where a foreign key promises that there is one: seen by whoever sees what refers to it.
    ///
    /// # Errors
    /// As [`Thing::load`], and when there is none.
    fn known(
        ctx: &Context<'_>,
        id: <Self::Noun as Noun>::Id,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send {
        async move { Ok(load_known::<Known<Self::Noun>>(ctx, id).await?.into()) }
    }

    /// As [`Thing::known`], where it may have been read already.
    ///
    /// # Errors
    /// As [`Thing::known`].
    fn linked(
        ctx: &Context<'_>,
        read: Option<&Arc<<Self::Noun as Noun>::Thing>>,
        id: <Self::Noun as Noun>::Id,
    ) -> impl Future<Output = Result<Prompt<Self>, ApiError>> + Send {
        async move {
            match read {
                Some(thing) => Ok(Prompt(thing.clone().into())),
                None => Ok(Prompt(Self::known(ctx, id).await?)),
            }
        }
    }

    /// As [`Thing::load`], where it may have been read already for who sees it.
    ///
    /// # Errors
    /// As [`Thing::load`].
    fn linked_if_seen(
        ctx: &Context<'_>,
        read: Option<&Arc<<Self::Noun as Noun>::Thing>>,
        id: <Self::Noun as Noun>::Id,
    ) -> impl Future<Output = Result<Option<Prompt<Self>>, ApiError>> + Send {
        async move {
            match read {
                Some(thing) => Ok(Some(Prompt(thing.clone().into()))),
                None => Ok(Self::load(ctx, id).await?.map(Prompt)),
            }
        }
    }
}

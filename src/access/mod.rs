//! Who asks, and what they may do (R4, R14, R15).
//!
//! A [`Caller`] is who asks; an [`Authority`] is what they are in which groups, read inside the transaction that
//! relies on it. The rules themselves are pure questions to an authority. What somebody is known by is a [`Pass`];
//! one that is a token is good for its [`scopes`] alone.

mod rules;
pub mod scopes;
pub mod store;

use chrono::{DateTime, Utc};
use entity::id::{ServiceTokenId, SignInId, UserId};
pub use rules::Authority;
pub use scopes::{Scope, Scopes};
use serde::{Deserialize, Serialize};

use crate::error::{Failure, Refusal};

/// Who asks for something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Caller {
    /// Somebody who has signed in, or has a valid token.
    User(UserId),
    /// A program of the platform's own, which has what a platform administrator has. What it does the platform has done.
    Service(ServiceTokenId),
    /// The platform itself, for what was set or asked before by somebody.
    System {
        /// Who set it, where somebody did.
        on_behalf_of: Option<UserId>,
    },
}

impl Caller {
    /// The user who asks; none for the platform itself.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Caller::User(user) => Some(*user),
            Caller::Service(_) | Caller::System { .. } => None,
        }
    }

    /// The number by which a request that is sent again is known as the same caller's: no two callers have the same.
    /// None for the platform itself, which never asks twice.
    pub fn number(&self) -> Option<i64> {
        match self {
            Caller::User(user) => Some(user.0),
            Caller::Service(token) => Some(-token.0),
            Caller::System { .. } => None,
        }
    }

    /// The service token; none where a person or the platform asks.
    pub fn service(&self) -> Option<ServiceTokenId> {
        match self {
            Caller::Service(token) => Some(*token),
            Caller::User(_) | Caller::System { .. } => None,
        }
    }

    /// On whose behalf the platform acts.
    pub fn on_behalf_of(&self) -> Option<UserId> {
        match self {
            Caller::User(_) | Caller::Service(_) => None,
            Caller::System { on_behalf_of } => *on_behalf_of,
        }
    }
}

/// What a caller is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pass {
    /// They signed in here.
    SignIn(SignInId),
    /// They signed in where the organisation's people do, at that time as far as the provider says.
    Provider(DateTime<Utc>),
    /// A token; none of its scopes named, it is good for all of them.
    Token(Option<Scopes>),
}

impl Pass {
    /// The sign-in, where it is one.
    pub fn sign_in(&self) -> Option<SignInId> {
        match self {
            Pass::SignIn(id) => Some(*id),
            Pass::Provider(_) | Pass::Token(_) => None,
        }
    }

    /// Passes what is good for `scope`: everything but a token without it.
    ///
    /// # Errors
    /// As [`Scopes::require`].
    pub fn require(&self, scope: Scope) -> Result<(), Refusal> {
        match self {
            Pass::Token(Some(scopes)) => scopes.require(scope),
            Pass::SignIn(_) | Pass::Provider(_) | Pass::Token(None) => Ok(()),
        }
    }
}

/// A caller, and what they are known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Who it is.
    pub caller: Caller,
    /// By what.
    pub pass: Pass,
    /// Whether they administer the platform, and so see everything, as far as was known when they showed it.
    pub sees_everything: bool,
}

/// What a caller may do, as it stands now.
///
/// # Errors
/// `UNAUTHENTICATED` when the caller's account no longer signs in.
pub async fn of(db: &impl sea_orm::ConnectionTrait, caller: &Caller) -> Result<Authority, Failure> {
    match caller {
        Caller::System { .. } => Ok(Authority::of_the_platform()),
        Caller::Service(token) if store::service_lives(db, *token).await? => Ok(Authority::of_the_platform()),
        Caller::Service(_) => Err(Refusal::Unauthenticated.into()),
        Caller::User(user) => {
            let (signs_in, memberships) = store::standing(db, *user).await?;
            if !signs_in {
                return Err(Refusal::Unauthenticated.into());
            }
            Ok(Authority::of_user(*user, memberships))
        }
    }
}

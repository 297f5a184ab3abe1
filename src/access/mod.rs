//! Who asks, and what they may do (R4, R14, R15).
//!
//! A [`Caller`] is who asks; an [`Authority`] is what they are in which groups, read inside the transaction that
//! relies on it. The rules themselves are pure questions to an authority.

mod rules;
pub mod store;

use entity::id::UserId;
pub use rules::Authority;
use serde::{Deserialize, Serialize};

use crate::db::Tx;
use crate::error::{Failure, Refusal};

/// Who asks for something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Caller {
    /// Somebody with a valid token.
    User(UserId),
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
            Caller::System { .. } => None,
        }
    }

    /// On whose behalf the platform acts.
    pub fn on_behalf_of(&self) -> Option<UserId> {
        match self {
            Caller::User(_) => None,
            Caller::System { on_behalf_of } => *on_behalf_of,
        }
    }
}

/// What the caller of this transaction may do, as it stands now: to be asked for after the last lock.
///
/// # Errors
/// `UNAUTHENTICATED` when the caller's account no longer signs in.
pub async fn authority(tx: &Tx) -> Result<Authority, Failure> {
    of(&tx.conn, &tx.caller).await
}

/// As [`authority`], outside a write.
///
/// # Errors
/// As [`authority`].
pub async fn of(db: &impl sea_orm::ConnectionTrait, caller: &Caller) -> Result<Authority, Failure> {
    match caller {
        Caller::System { .. } => Ok(Authority::of_the_platform()),
        Caller::User(user) => {
            let (signs_in, memberships) = store::standing(db, *user).await?;
            if !signs_in {
                return Err(Refusal::Unauthenticated.into());
            }
            Ok(Authority::of_user(*user, memberships))
        }
    }
}

//! The kinds of things as GraphQL names them.

use async_graphql::Enum;
use entity::kind;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $of:literal { $($(#[$value_doc:meta])* $value:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
        #[graphql(remote = $of)]
        pub enum $name {
            $($(#[$value_doc])* $value),+
        }
    )+};
}

kinds! {
    /// The state of an account.
    UserStatus = "kind::Status" {
        /// Signs in, takes a seat.
        Active,
        /// Cannot sign in; keeps its seat and its email.
        Suspended,
        /// Cannot sign in; its seat is free, its email stays reserved.
        Deactivated,
        /// Its personal data are gone for good; only a number is left.
        Anonymized,
        /// Deleted; can be reinstated.
        Deleted,
        /// Erased for good; only the record is left.
        Erased,
    }
}

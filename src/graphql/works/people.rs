//! Many people named at once, each with an outcome of their own.

use async_graphql::{Context, Enum, ID, Object};

use crate::graphql::error::ApiError;
use crate::graphql::id::GlobalId;
use crate::graphql::thing::Thing;
use crate::graphql::user::User;
use crate::works::people::{Became, Person};

/// What became of one person of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Became")]
pub enum PersonOutcomeCode {
    /// Enrolled from now on.
    Enrolled,
    /// Enrolled before; nothing changed, date and granter stay the first.
    AlreadyEnrolled,
    /// No longer enrolled. Progress stays.
    Unenrolled,
    /// Not enrolled before; nothing changed.
    NotEnrolled,
    /// Excluded from now on. As the answer to an enrolment: the person is excluded and has to be included first;
    /// nothing changed.
    Excluded,
    /// Excluded before; nothing changed.
    AlreadyExcluded,
    /// No longer excluded.
    Included,
    /// Not excluded before; nothing changed.
    NotExcluded,
    /// Nobody has this id; nothing changed.
    NotFound,
    /// The person is deleted or erased; nothing changed.
    UserDeleted,
}

/// One person of a list, and what became of them. One person's outcome stops nobody else.
#[derive(Clone, Copy, Debug)]
pub struct PersonOutcome(Person);

impl From<Person> for PersonOutcome {
    fn from(person: Person) -> PersonOutcome {
        PersonOutcome(person)
    }
}

/// One person of a list, and what became of them. One person's outcome stops nobody else.
#[Object]
impl PersonOutcome {
    /// The id that was named.
    async fn user_id(&self) -> ID {
        self.0.user.global()
    }

    /// Who that is; null where nobody has this id, or you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, ApiError> {
        User::load(ctx, self.0.user).await
    }

    /// What became of them.
    async fn outcome(&self) -> PersonOutcomeCode {
        self.0.became.into()
    }
}

/// Declares the payload of a mutation on many people: the thing they were named for, an outcome each, and why nothing
/// was done.
macro_rules! people_payload {
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $thing:ty $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$field_doc])*
            $field: Option<$thing>,
            /// What became of each person, once each, in the order in which they were named; empty if nothing was done.
            outcomes: Vec<$crate::graphql::works::people::PersonOutcome>,
            /// Why nothing was done; empty when it was.
            user_errors: Vec<$crate::graphql::error::UserError>,
        }

        impl $name {
            /// What the door answered with; `load` reads the thing as it is now.
            async fn of<T, F>(
                done: Result<(T, Vec<$crate::works::people::Person>), $crate::graphql::error::UserError>,
                load: impl FnOnce(T) -> F,
            ) -> Result<$name, $crate::graphql::error::ApiError>
            where
                F: Future<Output = Result<Option<$thing>, $crate::graphql::error::ApiError>>,
            {
                Ok(match done {
                    Ok((thing, people)) => $name {
                        $field: load(thing).await?,
                        outcomes: people.into_iter().map(Into::into).collect(),
                        user_errors: Vec::new(),
                    },
                    Err(error) => $name { $field: None, outcomes: Vec::new(), user_errors: vec![error] },
                })
            }
        }
    };
}
pub(super) use people_payload;

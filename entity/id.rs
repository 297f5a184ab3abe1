//! One id type a table, so that a course is never looked up by a person's number.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

use crate::kind::Work;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }
    )+};
}

ids! {
    /// A person's account.
    UserId,
    /// A group of the tree.
    GroupId,
    /// A course.
    CourseId,
    /// A path: an ordered list of courses.
    PathId,
    /// A session of a path.
    SessionId,
    /// A classroom slot of a session.
    SlotId,
    /// An activity of a course.
    ActivityId,
    /// A post or a message.
    PostId,
    /// A result of an activity.
    ResultId,
    /// A certificate.
    CertificateId,
    /// A sale.
    SaleId,
    /// A payment subscription.
    SubscriptionId,
    /// A bearer token of somebody.
    TokenId,
    /// A bearer token of the platform itself.
    ServiceTokenId,
    /// A sign-in: what somebody is signed in by.
    SignInId,
    /// A record of what was done (R17).
    RecordId,
    /// A job (R16).
    JobId,
    /// Something that happened.
    EventId,
    /// Where events are sent.
    WebhookId,
    /// An event on its way to a webhook.
    DeliveryId,
}

impl UserId {
    /// Nobody: ids begin at 1.
    pub const NOBODY: UserId = UserId(0);
}

/// Something that has an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkId {
    /// A course.
    Course(CourseId),
    /// A path.
    Path(PathId),
    /// A session.
    Session(SessionId),
}

impl WorkId {
    /// Which kind of work it is.
    pub fn kind(self) -> Work {
        match self {
            WorkId::Course(_) => Work::Course,
            WorkId::Path(_) => Work::Path,
            WorkId::Session(_) => Work::Session,
        }
    }

    /// Its number among works of its kind.
    pub fn number(self) -> i64 {
        match self {
            WorkId::Course(id) => id.0,
            WorkId::Path(id) => id.0,
            WorkId::Session(id) => id.0,
        }
    }
}

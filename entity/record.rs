//! The record of what was done to one person (R17). It survives them: ids and kinds, never names, emails or
//! text.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{GroupId, JobId, RecordId, UserId};
use crate::kind::{Cause, Outcome, PrivateSubgroups, Role};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "records")]
pub struct Model {
    /// Never given to another record.
    #[sea_orm(primary_key)]
    pub id: RecordId,
    /// What was done: `REMOVAL`.
    pub kind: String,
    /// To whom.
    pub user_id: UserId,
    /// By whom. Null: by the system.
    pub actor_id: Option<UserId>,
    /// For whom the actor, or the system, acted. Null: for nobody else.
    pub on_behalf_of: Option<UserId>,
    /// Why (R9.1).
    pub cause: Cause,
    /// What came of it: `Deleted`, `Removed` or `RemovedNotDeleted`.
    pub outcome: Outcome,
    /// The group removed from, which may be gone since.
    pub group_id: GroupId,
    /// The role, where one was revoked. Null: it was a removal, whose reach decides about roles (R5).
    pub role: Option<Role>,
    /// The answer to R6. Null: none was given.
    pub private_subgroups: Option<PrivateSubgroups>,
    /// The job it was part of. Null: none.
    pub job_id: Option<JobId>,
    /// When it was due (R25). Null: no date was set.
    pub due_at: Option<DateTimeUtc>,
    /// When it was really done.
    pub at: DateTimeUtc,
    /// The digest of the person's plan (R18).
    pub digest: String,
    /// The version of the shape of `effects`.
    pub version: i32,
    /// Every effect with its reason, as JSON: enough to put everything back (R20).
    pub effects: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::job::Entity", from = "Column::JobId", to = "super::job::Column::Id")]
    Job,
}

impl Related<super::job::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Job.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

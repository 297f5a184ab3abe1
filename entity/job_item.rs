//! An entry of a job's list, and what became of it (R16).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{GroupId, JobId, RecordId, UserId};
use crate::kind::Outcome;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "job_items")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: JobId,
    /// Its place in the list as given, from 1: places of duplicates are left out.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// The person, once in a job at most, or once with each group. Null: nobody was found.
    pub user_id: Option<UserId>,
    /// The entry as typed, kept only while nobody was found, 30 days at most, and only if it is an external id or can be
    /// an email. Null otherwise, and of a job that was turned down.
    pub typed: Option<String>,
    /// The chunk it is carried out in. Null: none.
    pub chunk: Option<i64>,
    /// Whether its outcome ends the account: the person is leaving (R13).
    #[serde(deserialize_with = "crate::flag::read")]
    pub ends_account: bool,
    /// The digest of the person's plan (R18). Null: there is none.
    pub digest: Option<String>,
    /// What became of the person. Null: not settled yet.
    pub outcome: Option<Outcome>,
    /// Why, where the outcome does not say it. Null: it does.
    pub reason: Option<String>,
    /// The record of what was done. Null: nothing was done.
    pub record_id: Option<RecordId>,
    /// What would become of the person by the plan that was prepared. Null: not planned.
    pub planned: Option<Outcome>,
    /// The group that is named for this person. Null: the job names one for all, or none.
    pub group_id: Option<GroupId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::job::Entity", from = "Column::JobId", to = "super::job::Column::Id")]
    Job,
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
}

impl Related<super::job::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Job.def()
    }
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

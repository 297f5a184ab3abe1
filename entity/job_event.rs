//! How a job came further: numbered from 1 without a gap, so that whoever follows it can go on where they stopped.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::JobId;
use crate::kind::JobStatus;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "job_events")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: JobId,
    /// Its place among the events of the job, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// When.
    pub at: DateTimeUtc,
    /// Where the job stood then.
    pub status: JobStatus,
    /// How many items had an outcome then, 0 or more; never falling.
    pub done: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! How a chunk of a job fared so far: kept so that one that keeps ending the process is made smaller (R29).

use sea_orm::entity::prelude::*;

use crate::id::JobId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_chunks")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: JobId,
    /// The chunk, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chunk: i64,
    /// How many of its people are taken at once, 1 or more.
    pub size: i64,
    /// How often that was begun and not brought to an end, 0 or more.
    pub attempts: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

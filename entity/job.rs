//! A job: a list of people, and what is to happen to each (R16), so that it outlives a crash (R29).

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::{JobId, UserId};
use crate::kind::{Cause, Expiry, JobStatus};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    /// Never given to another job.
    #[sea_orm(primary_key)]
    pub id: JobId,
    /// What is to happen: `REMOVAL`.
    pub kind: String,
    /// Where it stands.
    pub status: JobStatus,
    /// Who asked for it or started it, whose rights count at every chunk. Null: the system.
    pub actor_id: Option<UserId>,
    /// For whom the actor, or the system, acts. Null: for nobody else.
    pub on_behalf_of: Option<UserId>,
    /// Why, for the records of everybody in it (R9.1).
    pub cause: Cause,
    /// What was asked, as JSON.
    pub options: String,
    /// The digest of the whole plan (R18). Null: there is none.
    pub plan_digest: Option<String>,
    /// How many items it has, 0 or more, duplicates not counted.
    pub total: i64,
    /// How many entries of the list named somebody again, 0 or more.
    pub duplicates: i64,
    /// The job whose failed items it tries again. Null: none.
    pub retry_of: Option<JobId>,
    /// Rises whenever a worker takes it, so that one that lost it cannot write.
    pub epoch: i64,
    /// The instance that works on it. Null: none.
    pub leased_by: Option<String>,
    /// Until when the lease holds. Null: it is not leased.
    pub leased_until: Option<DateTimeUtc>,
    /// When it was asked for.
    pub created_at: DateTimeUtc,
    /// When it began to run. Null: not yet, or never.
    pub started_at: Option<DateTimeUtc>,
    /// When it came to a final status. Null: not yet.
    pub finished_at: Option<DateTimeUtc>,
    /// How much its plan would do in all, as JSON. Null: it was not prepared.
    pub totals: Option<String>,
    /// Until when a prepared plan can be started. Null: it was not prepared.
    pub keep_until: Option<DateTimeUtc>,
    /// Who prepared it, if somebody else started it. Null: whoever asked for it did.
    pub prepared_by: Option<UserId>,
    /// Who let it run although the system would do much (R29). Null: nobody had to.
    pub confirmed_by: Option<UserId>,
    /// The form in which its plan was computed. Null: none was, or in the first form.
    pub plan_form: Option<i32>,
    /// Why its plan can no longer be started. Null: it can, or was, or never was prepared.
    pub expired_because: Option<Expiry>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

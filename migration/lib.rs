//! The steps that make Roster's database, one file each, up and down, for SQLite and PostgreSQL alike.
//!
//! Columns follow a few conventions, so that one text serves both databases: ids are `{id}`, instants
//! `{time}` and always bound by the program (no defaults), kinds are text with a check, and foreign keys are
//! `NO ACTION`: whatever goes with a person is decided by the rules, never by the database.

pub use sea_orm_migration::prelude::{MigrationName, MigratorTrait, SchemaManager};
use sea_orm_migration::{MigrationTrait, async_trait};

mod ddl;
mod m0001_people;
mod m0002_groups;
mod m0003_catalogue;
mod m0004_sessions;
mod m0005_history;
mod m0006_records;
mod m0007_jobs;
mod m0008_sign_in;
mod m0009_events;
mod m0010_webhooks;
mod m0011_pairs;
mod m0012_former_memberships;
mod m0013_webhook_beginnings;
mod m0014_covering;
mod m0015_email_changes;
pub mod m0016_keys;
mod m0017_starters;

/// Every step, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Step),
            Box::new(m0002_groups::Step),
            Box::new(m0003_catalogue::Step),
            Box::new(m0004_sessions::Step),
            Box::new(m0005_history::Step),
            Box::new(m0006_records::Step),
            Box::new(m0007_jobs::Step),
            Box::new(m0008_sign_in::Step),
            Box::new(m0009_events::Step),
            Box::new(m0010_webhooks::Step),
            Box::new(m0011_pairs::Step),
            Box::new(m0012_former_memberships::Step),
            Box::new(m0013_webhook_beginnings::Step),
            Box::new(m0014_covering::Step),
            Box::new(m0015_email_changes::Step),
            Box::new(m0016_keys::Step),
            Box::new(m0017_starters::Step),
        ]
    }
}

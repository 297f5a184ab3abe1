//! A person's account: its state (section 3), its entry (R34), and what it is found by (R26). A row is never
//! deleted: erasing empties it (R23), so that whatever refers to it holds.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

use crate::id::UserId;
use crate::kind::{Cause, Status};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Never given to anybody else.
    #[sea_orm(primary_key)]
    pub id: UserId,
    /// The state, which decides about sign-in, seat and email.
    pub status: Status,
    /// The state before this one, where there is a way back to it (R20, R30); never `Deleted` nor `Erased`.
    pub status_before: Option<Status>,
    /// When `status` was last changed.
    pub status_since: DateTimeUtc,
    /// As typed. Null: none given, or its data are gone (R21, R23).
    pub first_name: Option<String>,
    /// As typed. Null: none given, or its data are gone.
    pub last_name: Option<String>,
    /// As typed. Null: none given (then there is an email), or its data are gone.
    pub username: Option<String>,
    /// `username` folded, unique among the states that reserve it. Null exactly where `username` is.
    pub username_key: Option<String>,
    /// As typed. Null: none given (then there is a username), or its data are gone.
    pub email: Option<String>,
    /// `email` folded, unique among the states that reserve it (R24). Null exactly where `email` is.
    pub email_key: Option<String>,
    /// Since when `email` counts although nobody has confirmed it: it was changed where no letters are sent (R24). Null:
    /// confirmed, or given when the account was made.
    pub email_unconfirmed_since: Option<DateTimeUtc>,
    /// As typed. Null: none given, or its data are gone.
    pub phone: Option<String>,
    /// As typed. Null: none given, or its data are gone.
    pub job_title: Option<String>,
    /// The language the person is spoken to in. Null: none given, or its data are gone.
    pub language: Option<String>,
    /// Where the photo is. Null: none given, or its data are gone.
    pub photo_url: Option<String>,
    /// What sorting by name compares: the name folded, by code point.
    pub name_key: String,
    /// What is searched by whoever may find the person by name alone: first and last name folded, without accents; empty
    /// where there is none.
    pub name_search: String,
    /// What text search looks into (R26): everything the person is known by, folded, without accents.
    pub search_key: String,
    /// The number shown instead of a name (R21). Null: never anonymized.
    pub anonymous_number: Option<i64>,
    /// When the account was made.
    pub created_at: DateTimeUtc,
    /// When the person was invited. Null: never.
    pub invited_at: Option<DateTimeUtc>,
    /// When the person last signed in. Null: never.
    pub last_sign_in_at: Option<DateTimeUtc>,
    /// When the account was deleted. Set exactly while it is `Deleted` or `Erased`.
    pub deleted_at: Option<DateTimeUtc>,
    /// Why the account was deleted (R9.1). Set exactly where `deleted_at` is.
    pub deletion_cause: Option<Cause>,
    /// Who deleted it. Null: not deleted, or by the system.
    pub deleted_by: Option<UserId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::membership::Entity")]
    Memberships,
    #[sea_orm(has_many = "super::external_id::Entity")]
    ExternalIds,
    #[sea_orm(has_many = "super::custom_field::Entity")]
    CustomFields,
}

impl Related<super::membership::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Memberships.def()
    }
}

impl Related<super::external_id::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::ExternalIds.def()
    }
}

impl Related<super::custom_field::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::CustomFields.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

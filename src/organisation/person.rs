//! The row of a person, whose keys are made as those of a person created over the API.

use chrono::{DateTime, Utc};
use entity::id::UserId;
use entity::kind::Status;
use entity::user;

use crate::keys::{ExternalId, email_key, username_key};
use crate::people::Entry;
use crate::people::rules::Known;

/// An `ACTIVE` person who was invited and made at `at`.
pub fn active(id: UserId, entry: Entry, at: DateTime<Utc>) -> user::Model {
    let mut person = user::Model {
        id,
        status: Status::Active,
        status_before: None,
        status_since: at,
        first_name: entry.first_name,
        last_name: entry.last_name,
        username: entry.username,
        username_key: None,
        email: entry.email,
        email_key: None,
        email_unconfirmed_since: None,
        phone: entry.phone,
        job_title: entry.job_title,
        language: entry.language,
        photo_url: entry.photo_url,
        name_key: String::new(),
        name_search: String::new(),
        search_key: String::new(),
        anonymous_number: None,
        created_at: at,
        invited_at: Some(at),
        last_sign_in_at: None,
        deleted_at: None,
        deletion_cause: None,
        deleted_by: None,
    };
    key(&mut person, &[]);
    person
}

/// Makes the keys of a person again, after the entry or the external ids have changed. What is no email or username
/// has no key, which the database refuses.
pub fn key(person: &mut user::Model, external_ids: &[ExternalId]) {
    let entry = Entry {
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        username: person.username.clone(),
        email: person.email.clone(),
        job_title: person.job_title.clone(),
        ..Entry::default()
    };
    person.email_key = entry.email.as_deref().and_then(|typed| email_key(typed).ok());
    person.username_key = entry.username.as_deref().and_then(|typed| username_key(typed).ok());
    let known = Known { entry, ..Known::default() };
    person.name_key = known.name_key();
    person.name_search = known.name_search();
    person.search_key = known.search_key(external_ids);
}

/// Takes everything personal from a row (R21).
pub fn blank(person: &mut user::Model) {
    let number = person.id.0;
    person.anonymous_number = Some(number);
    for field in [
        &mut person.first_name,
        &mut person.last_name,
        &mut person.username,
        &mut person.username_key,
        &mut person.email,
        &mut person.email_key,
        &mut person.phone,
        &mut person.job_title,
        &mut person.language,
        &mut person.photo_url,
    ] {
        *field = None;
    }
    person.name_key = format!("anonymous {number}");
    person.name_search = person.name_key.clone();
    person.search_key = person.name_key.clone();
}

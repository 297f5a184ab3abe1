//! What a person's entry is made of (R34).

use async_graphql::SimpleObject;
use entity::kind::Status;

use crate::queries::users;

/// What some other system calls a person or a group.
#[derive(Clone, Debug, SimpleObject)]
pub struct ExternalId {
    /// The system that gave it, as `SIS`.
    system: String,
    /// What it gave.
    value: String,
}

/// A field of a person's entry that the platform has added.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustomField {
    /// What it is called.
    name: String,
    /// What it holds.
    value: String,
}

impl ExternalId {
    /// What `system` calls somebody or something.
    pub(super) fn new(system: &str, value: &str) -> ExternalId {
        ExternalId { system: system.to_owned(), value: value.to_owned() }
    }
}

impl CustomField {
    /// A field and what it holds.
    pub(super) fn new(name: &str, value: &str) -> CustomField {
        CustomField { name: name.to_owned(), value: value.to_owned() }
    }
}

/// The name of somebody who has one.
pub(super) fn full_name(user: &users::Head) -> Option<String> {
    let names: Vec<&str> =
        [&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// What to call somebody without a name, whatever is left of them.
pub(super) fn nameless(user: &users::Head) -> String {
    match (user.status, user.anonymous_number) {
        (Status::Erased, _) => "Erased".to_owned(),
        (_, Some(number)) => format!("Anonymous {number}"),
        // Somebody who has an email alone, which not everybody may see.
        (_, None) => format!("User {}", user.id.0),
    }
}

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

/// What to call somebody, whatever is left of them.
pub(super) fn display_name(user: &users::User) -> String {
    if user.status == Status::Erased {
        return "Erased".to_owned();
    }
    let names: Vec<&str> =
        [&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str).collect();
    match (names.is_empty(), &user.username, user.anonymous_number) {
        (false, ..) => names.join(" "),
        (true, Some(username), _) => username.clone(),
        (true, None, Some(number)) => format!("Anonymous {number}"),
        // Somebody who has an email alone, which not everybody may see.
        (true, None, None) => format!("User {}", user.id.0),
    }
}

//! What people are created and updated with.

use async_graphql::{ID, InputObject, MaybeUndefined};
use entity::id::GroupId;
use entity::kind;

use crate::change::Change;
use crate::error::Refusal;
use crate::graphql::id;
use crate::graphql::input::{ExternalIdInput, change};
use crate::graphql::kinds::Role;
use crate::keys::ExternalId;
use crate::people::{CustomField, Entry, EntryChange, NewPerson, PersonChange};

/// A field of the organisation's own, beside those that everybody has.
#[derive(Clone, Debug, InputObject)]
pub struct CustomFieldInput {
    /// The field, 1 to 100 characters; a person has it once at most.
    name: String,
    /// What stands in it, 1 to 500 characters.
    value: String,
}

/// A role in a group, for somebody new.
#[derive(Clone, Debug, InputObject)]
pub struct NewMembershipInput {
    /// The group.
    group_id: ID,
    /// What the person is there. A learner of a public group becomes a learner of the groups above it as well (R3).
    role: Role,
}

/// A person to be created. An email or a username, or both, must be given (R34).
#[derive(Clone, Debug, InputObject)]
pub struct NewPersonInput {
    /// At most 100 characters.
    first_name: Option<String>,
    /// At most 100 characters.
    last_name: Option<String>,
    /// At most 100 characters, without spaces; nobody else whose account is not deleted has it, in whatever case.
    username: Option<String>,
    /// An address like `ada@example.org`; nobody else whose account is not deleted has it, in whatever case (R24).
    email: Option<String>,
    /// At most 50 characters.
    phone: Option<String>,
    /// At most 200 characters.
    job_title: Option<String>,
    /// The language the person is spoken to in, as a tag: `en`, `pt-BR`.
    language: Option<String>,
    /// The web address of a photo, at most 2,000 characters.
    photo_url: Option<String>,
    /// Fields of the organisation's own, at most 50.
    custom_fields: Option<Vec<CustomFieldInput>>,
    /// What other systems call the person, at most 20. Of the people whose accounts are neither deleted nor anonymized,
    /// one at most has an id in its system (R24).
    external_ids: Option<Vec<ExternalIdInput>>,
    /// What the person is in which groups, at most 100; none means learner of the platform group.
    memberships: Option<Vec<NewMembershipInput>>,
    /// Make a new account, even where a deleted person had the email, the username or an external id (R24). What a
    /// deactivated person has stays taken.
    #[graphql(default)]
    create_anyway: bool,
}

/// The person to create.
#[derive(Clone, Debug, InputObject)]
pub struct CreateUserInput {
    #[graphql(flatten)]
    person: NewPersonInput,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

/// The people to create.
#[derive(Clone, Debug, InputObject)]
pub struct CreateUsersInput {
    /// The people, 1 to 1,000.
    people: Vec<NewPersonInput>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

/// What to change of somebody's entry. What is left out stays as it is, null clears; an email or a username must be
/// left (R34).
#[derive(Clone, InputObject)]
pub struct UpdateUserInput {
    /// Whom.
    user_id: ID,
    /// At most 100 characters.
    first_name: MaybeUndefined<String>,
    /// At most 100 characters.
    last_name: MaybeUndefined<String>,
    /// At most 100 characters, without spaces; nobody else whose account is not deleted has it, in whatever case.
    username: MaybeUndefined<String>,
    /// An address like `ada@example.org`; nobody else whose account is not deleted has it, in whatever case (R24). If the
    /// server sends letters, a new address waits as `pendingEmail` until a link that is sent to it is opened within a week;
    /// until then the one before counts. The address before is told by letter. The present address withdraws one that waits.
    email: MaybeUndefined<String>,
    /// Your current password, to change your own email or username; not needed within ten minutes of signing in, if the
    /// server sends letters. Ignored for anything else.
    pub(super) current_password: Option<String>,
    /// At most 50 characters.
    phone: MaybeUndefined<String>,
    /// At most 200 characters.
    job_title: MaybeUndefined<String>,
    /// The language the person is spoken to in, as a tag: `en`, `pt-BR`.
    language: MaybeUndefined<String>,
    /// The web address of a photo, at most 2,000 characters.
    photo_url: MaybeUndefined<String>,
    /// Fields of the organisation's own, at most 50, in place of all that the person had.
    custom_fields: MaybeUndefined<Vec<CustomFieldInput>>,
    /// What other systems call the person, at most 20, in place of all that they had.
    external_ids: MaybeUndefined<Vec<ExternalIdInput>>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

impl NewPersonInput {
    fn read(self) -> Result<NewPerson, Refusal> {
        Ok(NewPerson {
            entry: Entry {
                first_name: self.first_name,
                last_name: self.last_name,
                username: self.username,
                email: self.email,
                phone: self.phone,
                job_title: self.job_title,
                language: self.language,
                photo_url: self.photo_url,
            },
            custom_fields: custom_fields(self.custom_fields.unwrap_or_default()),
            external_ids: external_ids(self.external_ids.unwrap_or_default()),
            memberships: memberships(&self.memberships.unwrap_or_default())?,
            create_anyway: self.create_anyway,
        })
    }
}

impl NewPersonInput {
    fn roles(&self) -> impl Iterator<Item = Role> {
        self.memberships.iter().flatten().map(|membership| membership.role)
    }
}

impl CreateUserInput {
    /// The roles that are granted with it.
    pub(super) fn roles(&self) -> impl Iterator<Item = Role> {
        self.person.roles()
    }

    /// The door's input.
    ///
    /// # Errors
    /// When an id is none.
    pub(super) fn read(self) -> Result<NewPerson, Refusal> {
        self.person.read()
    }
}

impl CreateUsersInput {
    /// The roles that are granted with it.
    pub(super) fn roles(&self) -> impl Iterator<Item = Role> {
        self.people.iter().flat_map(NewPersonInput::roles)
    }

    /// The door's input.
    ///
    /// # Errors
    /// When an id is none.
    pub(super) fn read(self) -> Result<Vec<NewPerson>, Refusal> {
        let people = self.people.into_iter().enumerate();
        let at = |entry: usize| ["people".to_owned(), entry.to_string()];
        people.map(|(entry, person)| person.read().map_err(|refusal| refusal.at(&at(entry)))).collect()
    }
}

impl UpdateUserInput {
    /// The door's input.
    ///
    /// # Errors
    /// When the id is none.
    pub(super) fn read(self) -> Result<PersonChange, Refusal> {
        Ok(PersonChange {
            user: id::parse(&self.user_id, &["userId"])?,
            entry: EntryChange {
                first_name: change(self.first_name),
                last_name: change(self.last_name),
                username: change(self.username),
                email: change(self.email),
                phone: change(self.phone),
                job_title: change(self.job_title),
                language: change(self.language),
                photo_url: change(self.photo_url),
            },
            custom_fields: all(self.custom_fields, custom_fields),
            external_ids: all(self.external_ids, external_ids),
        })
    }
}

/// A list that takes the place of another.
fn all<T, U>(list: MaybeUndefined<Vec<T>>, read: fn(Vec<T>) -> Vec<U>) -> Change<Vec<U>> {
    match change(list) {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(list) => Change::Set(read(list)),
    }
}

fn custom_fields(fields: Vec<CustomFieldInput>) -> Vec<CustomField> {
    fields.into_iter().map(|CustomFieldInput { name, value }| CustomField { name, value }).collect()
}

fn external_ids(ids: Vec<ExternalIdInput>) -> Vec<ExternalId> {
    ids.into_iter().map(ExternalId::from).collect()
}

fn memberships(given: &[NewMembershipInput]) -> Result<Vec<(GroupId, kind::Role)>, Refusal> {
    let given = given.iter().enumerate();
    given
        .map(|(entry, membership)| {
            let group = id::parse(&membership.group_id, &["memberships", &entry.to_string(), "groupId"])?;
            Ok((group, membership.role.into()))
        })
        .collect()
}

//! What a person's entry may be, and who may change it (R34).

use std::collections::{BTreeMap, BTreeSet};

use entity::id::{GroupId, UserId};
use entity::kind::{Role, Status};

use super::{CustomField, Entry, EntryChange, NewPerson};
use crate::access::Authority;
use crate::accounts::{Holder, Name};
use crate::change::Change;
use crate::error::{Refusal, Shares};
use crate::keys::{self, ExternalId};
use crate::memberships;
use crate::tree::Tree;

/// Custom fields that one person may have.
const CUSTOM_FIELDS: usize = 50;
/// Memberships that a person may be created with.
const MEMBERSHIPS: usize = 100;

/// An entry and the keys it is reserved by; the keys of what did not change are those stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// As typed.
    pub entry: Entry,
    /// Set exactly where there is an email.
    pub email_key: Option<String>,
    /// Set exactly where there is a username.
    pub username_key: Option<String>,
}

/// A person to be created, every field checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The entry.
    pub known: Known,
    /// What other systems call the person.
    pub external_ids: Vec<ExternalId>,
    /// Fields of the organisation's own.
    pub custom_fields: Vec<CustomField>,
}

impl Checked {
    /// What the person will be found by, and reserves.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        self.known.names().chain(self.external_ids.iter().cloned().map(Name::ExternalId))
    }
}

impl Known {
    /// The email and the username as names.
    pub fn names(&self) -> impl Iterator<Item = Name> + use<> {
        let email = self.email_key.clone().map(Name::Email);
        email.into_iter().chain(self.username_key.clone().map(Name::Username))
    }

    /// What sorting by name compares: the name, or what else the person is known by.
    pub fn name_key(&self) -> String {
        let name = self.name();
        let known_by = [Some(&name), self.entry.username.as_ref(), self.entry.email.as_ref()];
        keys::sort_key(
            known_by.into_iter().flatten().find(|text| !text.is_empty()).map_or("", String::as_str),
        )
    }

    /// What is searched by whoever may find the person by name alone; empty where there is no name.
    pub fn name_search(&self) -> String {
        keys::search_key(&self.name())
    }

    /// What text search looks into (R26): name, email, username, external ids, job title, each on a line of its own.
    pub fn search_key(&self, external_ids: &[ExternalId]) -> String {
        let name = self.name();
        let texts = [&self.entry.email, &self.entry.username].into_iter().flatten().map(String::as_str);
        let ids = external_ids.iter().map(|id| id.value.as_str());
        std::iter::once(name.as_str())
            .chain(texts)
            .chain(ids)
            .chain(self.entry.job_title.as_deref())
            .filter(|text| !text.is_empty())
            .map(keys::search_key)
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn name(&self) -> String {
        let parts = [&self.entry.first_name, &self.entry.last_name];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// The entry after `change`.
///
/// # Errors
/// `BAD_INPUT` naming the field: too long, blank, no email address, no language tag, no web address; or neither a
/// username nor an email is left.
pub fn changed(before: Known, change: &EntryChange) -> Result<Known, Refusal> {
    let line = |field: &str, limit, change: &Change<String>, before| {
        let change = change.as_ref().try_map(|typed| keys::clearable_text(&[field], typed, limit))?;
        Ok::<_, Refusal>(change.after(before))
    };
    let was = before.entry;
    let email_key = change.email.as_ref().try_map(|typed| keys::email_key(typed))?;
    let username_key = change.username.as_ref().try_map(|typed| keys::username_key(typed))?;
    let language = change.language.as_ref().try_map(|typed| language(typed))?;
    let photo_url = change.photo_url.as_ref().try_map(|typed| web_address(typed))?;
    let after = Known {
        entry: Entry {
            first_name: line("firstName", 100, &change.first_name, was.first_name)?,
            last_name: line("lastName", 100, &change.last_name, was.last_name)?,
            username: trimmed(&change.username).after(was.username),
            email: trimmed(&change.email).after(was.email),
            phone: line("phone", 50, &change.phone, was.phone)?,
            job_title: line("jobTitle", 200, &change.job_title, was.job_title)?,
            language: language.after(was.language),
            photo_url: photo_url.after(was.photo_url),
        },
        email_key: email_key.after(before.email_key),
        username_key: username_key.after(before.username_key),
    };
    if after.email_key.is_none() && after.username_key.is_none() {
        return Err(Refusal::bad_input(&["email"], "A person has an email or a username, or both."));
    }
    Ok(after)
}

/// A person to be created.
///
/// # Errors
/// `BAD_INPUT` naming the field.
pub fn checked(person: &NewPerson) -> Result<Checked, Refusal> {
    if person.memberships.len() > MEMBERSHIPS {
        let message =
            format!("A person is created with at most {MEMBERSHIPS} memberships; grant the others.");
        return Err(Refusal::bad_input(&["memberships"], message));
    }
    Ok(Checked {
        known: changed(Known::default(), &EntryChange::from(&person.entry))?,
        external_ids: keys::external_ids(&person.external_ids)?,
        custom_fields: custom_fields(&person.custom_fields)?,
    })
}

/// R24: why a name is not free that this account reserves. Whoever may reactivate the account is told that they can.
pub fn reserved(name: &Name, holder: Holder, may_reactivate: bool) -> Refusal {
    match name {
        _ if may_reactivate => Refusal::ReactivateAvailable { user: holder.user, shares: shares(name) },
        Name::Email(_) => Refusal::EmailTaken,
        Name::Username(_) => Refusal::UsernameTaken,
        Name::ExternalId(_) | Name::Id(_) => Refusal::ExternalIdTaken,
    }
}

/// What two accounts share that have the same name.
pub fn shares(name: &Name) -> Shares {
    match name {
        Name::Email(_) => Shares::Email,
        Name::Username(_) => Shares::Username,
        Name::ExternalId(_) | Name::Id(_) => Shares::ExternalId,
    }
}

/// Custom fields as typed, trimmed.
///
/// # Errors
/// `BAD_INPUT` below `customFields`: more than 50, a blank or too long part, or one name twice.
pub fn custom_fields(typed: &[CustomField]) -> Result<Vec<CustomField>, Refusal> {
    if typed.len() > CUSTOM_FIELDS {
        let message = format!("A person has at most {CUSTOM_FIELDS} custom fields.");
        return Err(Refusal::bad_input(&["customFields"], message));
    }
    let mut names = BTreeSet::new();
    let mut checked = Vec::with_capacity(typed.len());
    for (entry, field) in typed.iter().enumerate() {
        let entry = entry.to_string();
        let field = CustomField {
            name: keys::text(&["customFields", &entry, "name"], &field.name, 100)?,
            value: keys::text(&["customFields", &entry, "value"], &field.value, 500)?,
        };
        if !names.insert(field.name.clone()) {
            return Err(Refusal::bad_input(&["customFields", &entry, "name"], "This field is there twice."));
        }
        checked.push(field);
    }
    Ok(checked)
}

/// The first of `people` who has the email, username or an external id of one before in the same list.
///
/// # Errors
/// The entry, with `EMAIL_TAKEN`, `USERNAME_TAKEN` or `EXTERNAL_ID_TAKEN`.
pub fn distinct(people: &[Checked]) -> Result<(), (usize, Refusal)> {
    let (mut emails, mut usernames, mut ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (entry, person) in people.iter().enumerate() {
        if person.known.email_key.as_ref().is_some_and(|key| !emails.insert(key)) {
            return Err((entry, Refusal::EmailTaken));
        }
        if person.known.username_key.as_ref().is_some_and(|key| !usernames.insert(key)) {
            return Err((entry, Refusal::UsernameTaken));
        }
        if !person.external_ids.iter().all(|id| ids.insert(id)) {
            return Err((entry, Refusal::ExternalIdTaken));
        }
    }
    Ok(())
}

/// Who changes somebody's entry.
///
/// Everybody may change their own, but for external ids and custom fields, which belong to the organisation: by them
/// other systems find the person. Besides, whoever has the right over the person in every group of theirs (the same as
/// for suspending them), and so nobody but a platform administrator over a platform administrator. What the platform
/// owner signs in with is the owner's alone to change: it would be a way to take the platform over (R14).
///
/// # Errors
/// `FORBIDDEN` naming the groups in which the right is missing.
pub fn may_update(
    authority: &Authority,
    tree: &Tree,
    person: UserId,
    is_owner: bool,
    memberships: &BTreeMap<GroupId, BTreeSet<Role>>,
    touches: Touches,
) -> Result<(), Refusal> {
    if authority.is(person) && !touches.organisation {
        return Ok(());
    }
    let missing = authority.missing_to_delete(tree, memberships);
    if !missing.is_empty() {
        return Err(authority.forbidden(tree, missing));
    }
    if is_owner && touches.sign_in && !authority.is(person) {
        return Err(authority.forbidden(tree, []));
    }
    Ok(())
}

/// Whether the entry of an account in this state may change.
///
/// # Errors
/// `INVALID_TRANSITION` for an anonymized account, whose data are gone for good (R21); `USER_DELETED`.
pub fn may_change(user: UserId, status: Status) -> Result<(), Refusal> {
    match status {
        Status::Active | Status::Suspended | Status::Deactivated => Ok(()),
        Status::Anonymized => Err(Refusal::InvalidTransition { status }),
        Status::Deleted | Status::Erased => Err(Refusal::user_deleted(user, &["userId"])),
    }
}

/// The memberships of a new person, those included into which they rise (R3, R34).
///
/// # Errors
/// `NOT_FOUND` of a group that is not seen; `FORBIDDEN` naming the groups in which one of them may not be granted.
pub fn rows(
    person: &NewPerson,
    authority: &Authority,
    tree: &Tree,
) -> Result<BTreeSet<(GroupId, Role)>, Refusal> {
    let asked: BTreeSet<(GroupId, Role)> = if person.memberships.is_empty() {
        BTreeSet::from([(tree.root(), Role::Learner)])
    } else {
        person.memberships.iter().copied().collect()
    };
    for (entry, (group, _)) in person.memberships.iter().enumerate() {
        if !authority.sees(tree, *group) {
            return Err(Refusal::not_found(&["memberships", &entry.to_string(), "groupId"], "Group"));
        }
    }
    let grants = asked.iter().map(|(group, role)| ((), *group, *role));
    let rows =
        memberships::rules::rows(tree, grants).into_iter().map(|((), group, role)| (group, role)).collect();
    memberships::rules::require(authority, tree, &asked, &rows)?;
    Ok(rows)
}

/// What a change of somebody's entry touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touches {
    /// External ids or custom fields.
    pub organisation: bool,
    /// What the person signs in with: email or username.
    pub sign_in: bool,
}

fn trimmed(change: &Change<String>) -> Change<String> {
    match change {
        Change::Keep => Change::Keep,
        Change::Clear => Change::Clear,
        Change::Set(typed) => Change::Set(typed.trim().to_owned()),
    }
}

/// A language tag in the shape of BCP 47 (`en`, `pt-BR`).
fn language(typed: &str) -> Result<String, Refusal> {
    let tag = keys::clearable_text(&["language"], typed, 35)?;
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let is_tag = (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if is_tag {
        Ok(tag)
    } else {
        Err(Refusal::bad_input(&["language"], "This is no language tag: it looks like en or pt-BR."))
    }
}

/// An address that a browser may load a picture from.
fn web_address(typed: &str) -> Result<String, Refusal> {
    let address = keys::clearable_text(&["photoUrl"], typed, 2_000)?;
    let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let has_host = host.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    if has_host && !address.chars().any(|c| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\')) {
        Ok(address)
    } else {
        Err(Refusal::bad_input(
            &["photoUrl"],
            "A photo is at an address that starts with https:// or http://.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use entity::kind::Privacy;

    use super::*;

    fn ada() -> Known {
        let entry = Entry {
            first_name: Some("Ada".to_owned()),
            last_name: Some("Lovelace".to_owned()),
            email: Some("Ada@Example.org ".to_owned()),
            ..Entry::default()
        };
        changed(Known::default(), &EntryChange::from(&entry)).expect("a good entry")
    }

    #[test]
    fn a_person_is_found_by_what_they_are_known_by() {
        let ada = ada();
        assert_eq!(ada.entry.email.as_deref(), Some("Ada@Example.org"));
        assert_eq!(ada.email_key.as_deref(), Some("ada@example.org"));
        assert_eq!(ada.name_key(), "ada lovelace");
        let ids = [ExternalId { system: "sis".to_owned(), value: "A-17".to_owned() }];
        assert_eq!(ada.search_key(&ids), "ada lovelace\nada@example.org\na-17");

        let nameless = EntryChange {
            first_name: Change::Clear,
            last_name: Change::Clear,
            username: Change::Set("Countess".to_owned()),
            ..EntryChange::default()
        };
        let nameless = changed(ada, &nameless).expect("still an email");
        assert_eq!(nameless.name_key(), "countess");
        assert_eq!(nameless.name_search(), "", "a username is no name");
        assert_eq!(nameless.search_key(&[]), "ada@example.org\ncountess");
    }

    #[test]
    fn somebody_has_an_email_or_a_username() {
        let without = EntryChange { email: Change::Clear, ..EntryChange::default() };
        let refusal = changed(ada(), &without).expect_err("nothing left to sign in with");
        assert_eq!((refusal.code(), refusal.path()), ("BAD_INPUT", vec!["email".to_owned()]));
        let username = Change::Set("ada".to_owned());
        assert!(changed(ada(), &EntryChange { username, ..without }).is_ok());
    }

    #[test]
    fn fields_are_refused_by_name() {
        for (change, field) in [
            (EntryChange { first_name: Change::Set("a".repeat(101)), ..EntryChange::default() }, "firstName"),
            (EntryChange { last_name: Change::Set("A\0".to_owned()), ..EntryChange::default() }, "lastName"),
            (EntryChange { phone: Change::Set(" ".to_owned()), ..EntryChange::default() }, "phone"),
            (
                EntryChange { language: Change::Set("english!".to_owned()), ..EntryChange::default() },
                "language",
            ),
            (EntryChange { language: Change::Set("e".to_owned()), ..EntryChange::default() }, "language"),
            (
                EntryChange {
                    photo_url: Change::Set("javascript:alert(1)".to_owned()),
                    ..EntryChange::default()
                },
                "photoUrl",
            ),
            (
                EntryChange { photo_url: Change::Set("https://".to_owned()), ..EntryChange::default() },
                "photoUrl",
            ),
        ] {
            let refusal = changed(ada(), &change).expect_err(field);
            assert_eq!((refusal.code(), refusal.path()), ("BAD_INPUT", vec![field.to_owned()]));
        }
        let good = EntryChange {
            language: Change::Set("pt-BR".to_owned()),
            photo_url: Change::Set("https://example.org/ada.png".to_owned()),
            ..EntryChange::default()
        };
        assert!(changed(ada(), &good).is_ok());
    }

    #[test]
    fn nobody_changes_an_entry_without_the_right_in_every_group() {
        const PLATFORM: GroupId = GroupId(1);
        const SCHOOL: GroupId = GroupId(2);
        const OFFICE: GroupId = GroupId(3);
        let tree = Tree::new([
            (PLATFORM, None, Privacy::Public),
            (SCHOOL, Some(PLATFORM), Privacy::Private),
            (OFFICE, Some(PLATFORM), Privacy::Private),
        ])
        .expect("a tree");
        let (bo, cleo, owner) = (UserId(1), UserId(2), UserId(3));
        let memberships = |roles: &[(GroupId, Role)]| {
            let mut of: BTreeMap<GroupId, BTreeSet<Role>> = BTreeMap::new();
            for (group, role) in roles {
                of.entry(*group).or_default().insert(*role);
            }
            of
        };
        let name = Touches { organisation: false, sign_in: false };
        let ids = Touches { organisation: true, sign_in: false };
        let email = Touches { organisation: false, sign_in: true };
        let code = |authority: &Authority, person, is_owner, memberships: &_, touches| {
            may_update(authority, &tree, person, is_owner, memberships, touches).err().map(|no| no.code())
        };

        let pupil = memberships(&[(SCHOOL, Role::Learner)]);
        let both = memberships(&[(SCHOOL, Role::Learner), (OFFICE, Role::Learner)]);
        let coach = memberships(&[(SCHOOL, Role::Coach)]);
        let head = memberships(&[(PLATFORM, Role::Administrator)]);
        let registrar = Authority::of_user(cleo, [(SCHOOL, Role::UserAdministrator)]);
        let stranger = Authority::of_user(cleo, [(OFFICE, Role::Learner)]);
        let oneself = Authority::of_user(bo, [(SCHOOL, Role::Learner)]);
        let platform = Authority::of_user(cleo, [(PLATFORM, Role::Administrator)]);

        assert_eq!(code(&registrar, bo, false, &pupil, ids), None);
        assert_eq!(code(&registrar, bo, false, &both, name), Some("FORBIDDEN"));
        assert_eq!(code(&registrar, bo, false, &coach, name), Some("FORBIDDEN"));
        assert_eq!(code(&stranger, bo, false, &pupil, name), Some("FORBIDDEN"));
        assert_eq!(code(&oneself, bo, false, &pupil, email), None);
        assert_eq!(code(&oneself, bo, false, &pupil, ids), Some("FORBIDDEN"));
        assert_eq!(code(&platform, bo, false, &head, email), None);
        assert_eq!(code(&registrar, bo, false, &head, name), Some("FORBIDDEN"));
        assert_eq!(code(&platform, owner, true, &head, name), None);
        assert_eq!(code(&platform, owner, true, &head, email), Some("FORBIDDEN"));
        let the_owner = Authority::of_user(owner, [(PLATFORM, Role::Administrator)]);
        assert_eq!(code(&the_owner, owner, true, &head, email), None);
    }
}

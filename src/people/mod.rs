//! People: their entry (R34), the emails, usernames and external ids they reserve (R24), the seats they take (R22).
//!
//! A person is created with memberships, so that every living account has at least one (R2); who may grant each of
//! those may create the person. Many are created with as many statements as one. An entry is changed field by field:
//! what is not named stays, null clears. What the person is sorted and searched by is written with every change.

pub mod email;
pub mod rules;
pub mod store;

use std::collections::BTreeSet;

use entity::id::{GroupId, UserId};
use entity::kind::{Role, Status};
use serde::Serialize;
use serde_json::json;

use crate::access::Authority;
use crate::accounts::{Holders, Name};
use crate::change::Change;
use crate::db::locks;
use crate::error::{Failure, Refusal};
use crate::events::{Event, Kind};
use crate::keys::{self, ExternalId};
use crate::platform::Platform;
use crate::queries::Sight;
use crate::queries::users::require_seen;
use crate::transaction::Tx;
use crate::tree::Tree;
use crate::{memberships, platform, sessions};
use email::rules::EmailStep;
use rules::{Checked, Touches};

/// The most people that one request creates.
pub const MOST: usize = 1_000;

/// A person's entry, as typed; trimmed when written. A username or an email, or both, must be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// At most 100 characters.
    pub first_name: Option<String>,
    /// At most 100 characters.
    pub last_name: Option<String>,
    /// At most 100 characters, no spaces; unique without case among those who reserve theirs.
    pub username: Option<String>,
    /// At most 254 bytes; unique without case among those who reserve theirs (R24).
    pub email: Option<String>,
    /// At most 50 characters.
    pub phone: Option<String>,
    /// At most 200 characters.
    pub job_title: Option<String>,
    /// A language tag: `en`, `pt-BR`.
    pub language: Option<String>,
    /// Where the photo is, on the web; at most 2,000 characters.
    pub photo_url: Option<String>,
}

/// A field of the organisation's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomField {
    /// At most 100 characters; a person has it once at most.
    pub name: String,
    /// At most 500 characters.
    pub value: String,
}

/// A person to be created.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewPerson {
    /// The entry.
    pub entry: Entry,
    /// At most 50.
    pub custom_fields: Vec<CustomField>,
    /// At most 20; each unique among the people who reserve theirs.
    pub external_ids: Vec<ExternalId>,
    /// At most 100; none means `LEARNER` of the platform group (R34).
    pub memberships: Vec<(GroupId, Role)>,
    /// A new account, even where a deleted person had this email, username or external id (R24).
    pub create_anyway: bool,
}

/// What changes of an entry.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EntryChange {
    /// As in [`Entry`].
    pub first_name: Change<String>,
    /// As in [`Entry`].
    pub last_name: Change<String>,
    /// As in [`Entry`].
    pub username: Change<String>,
    /// As in [`Entry`].
    pub email: Change<String>,
    /// As in [`Entry`].
    pub phone: Change<String>,
    /// As in [`Entry`].
    pub job_title: Change<String>,
    /// As in [`Entry`].
    pub language: Change<String>,
    /// As in [`Entry`].
    pub photo_url: Change<String>,
}

/// What changes of a person.
#[derive(Clone, Debug, Serialize)]
pub struct PersonChange {
    /// Who.
    pub user: UserId,
    /// Their entry.
    pub entry: EntryChange,
    /// All of them: those given take the place of those there were.
    pub custom_fields: Change<Vec<CustomField>>,
    /// All of them: those given take the place of those there were.
    pub external_ids: Change<Vec<ExternalId>>,
}

impl From<&Entry> for EntryChange {
    fn from(entry: &Entry) -> EntryChange {
        let set = |field: &Option<String>| field.clone().map_or(Change::Keep, Change::Set);
        EntryChange {
            first_name: set(&entry.first_name),
            last_name: set(&entry.last_name),
            username: set(&entry.username),
            email: set(&entry.email),
            phone: set(&entry.phone),
            job_title: set(&entry.job_title),
            language: set(&entry.language),
            photo_url: set(&entry.photo_url),
        }
    }
}

/// Creates a person: an `ACTIVE` account with a membership.
///
/// # Errors
/// `BAD_INPUT` naming the field; `NOT_FOUND` of a group; `FORBIDDEN` naming the groups in which the caller may not grant
/// the membership, also one by which a learner rises into a private group (R3); `EMAIL_TAKEN`, `USERNAME_TAKEN`,
/// `EXTERNAL_ID_TAKEN`; `REINSTATE_AVAILABLE`, `REACTIVATE_AVAILABLE` (R24); `NO_SEAT_AVAILABLE` (R22).
pub async fn create(tx: &Tx, person: &NewPerson) -> Result<UserId, Failure> {
    let made = all(tx, std::slice::from_ref(person), |_| Vec::new()).await?;
    Ok(made.into_iter().next().ok_or(crate::error::Error::Broken("a person was made"))?)
}

/// Creates all of these people, or none; their ids, in the same order.
///
/// # Errors
/// As [`create`], of the first entry that is refused; `BAD_INPUT` for an empty list, `BATCH_TOO_LARGE` for more than
/// 1,000 people.
pub async fn create_many(tx: &Tx, people: &[NewPerson]) -> Result<Vec<UserId>, Failure> {
    if people.is_empty() {
        return Err(Refusal::bad_input(&["people"], "Name at least one person to create.").into());
    }
    if people.len() > MOST {
        return Err(Refusal::BatchTooLarge { limit: MOST }.into());
    }
    all(tx, people, |entry| vec!["people".to_owned(), entry.to_string()]).await
}

async fn all(
    tx: &Tx,
    people: &[NewPerson],
    place: impl Fn(usize) -> Vec<String>,
) -> Result<Vec<UserId>, Failure> {
    let db = &tx.conn;
    let at = |(entry, refusal): (usize, Refusal)| refusal.at(&place(entry));
    let checked: Vec<Checked> = people
        .iter()
        .enumerate()
        .map(|(entry, person)| rules::checked(person).map_err(|refusal| at((entry, refusal))))
        .collect::<Result<_, _>>()?;
    rules::distinct(&checked).map_err(at)?;

    locks::tree(db).await?;
    locks::seats(db).await?;
    let authority = tx.authority().await?;
    let (platform, tree) = platform::current(db, &tx.trees).await?;
    let mut places = BTreeSet::new();
    for (entry, person) in people.iter().enumerate() {
        let rows = rules::rows(person, &authority, &tree).map_err(|refusal| at((entry, refusal)))?;
        places.extend(rows.into_iter().map(|(group, role)| (entry, group, role)));
    }
    free(tx, &checked, people, &authority, &tree).await?.map_err(at)?;
    none_waits(tx, &checked).await?.map_err(at)?;
    require_seats(tx, &platform, people.len()).await?;

    sessions::capture_ended(db, tx.now).await?;
    let users = store::add(db, &checked, tx.now).await?;
    let rows: Vec<_> = places.into_iter().map(|(entry, group, role)| (users[entry], group, role)).collect();
    memberships::store::add(db, &rows, tx.caller.user(), tx.now).await?;
    tx.tell(users.iter().map(|user| Event::new(Kind::UserCreated, json!({ "userId": user }))));
    tx.tell(rows.into_iter().map(Event::granted));
    Ok(users)
}

/// Whether the emails, usernames and external ids of these people are free (R24); the first who is refused.
async fn free(
    tx: &Tx,
    checked: &[Checked],
    people: &[NewPerson],
    authority: &Authority,
    tree: &Tree,
) -> Result<Result<(), (usize, Refusal)>, Failure> {
    let holders = Holders::of(&tx.conn, checked.iter().flat_map(Checked::names)).await?;
    for (entry, (new, person)) in checked.iter().zip(people).enumerate() {
        let held = || new.names().filter_map(|name| holders.meant(&name).map(|holder| (name, holder)));
        if let Some((name, holder)) = held().find(|(_, holder)| holder.status.reserves_email()) {
            let may_reactivate = !person.create_anyway
                && holder.status == Status::Deactivated
                && may_change_state(tx, authority, tree, holder.user).await?;
            return Ok(Err((entry, rules::reserved(&name, holder, may_reactivate))));
        }
        // R20 also lets administrators of the groups that the person was in reinstate; until reinstating is there,
        // platform administrators are told, and to everybody else the name is free.
        if !person.create_anyway
            && authority.administers_platform(tree)
            && let Some((name, holder)) = held().find(|(_, holder)| holder.status == Status::Deleted)
        {
            let shares = rules::shares(&name);
            return Ok(Err((entry, Refusal::ReinstateAvailable { user: holder.user, shares })));
        }
    }
    Ok(Ok(()))
}

/// Whether none of these people's emails waits to be confirmed by somebody (R24); the first who is refused.
async fn none_waits(tx: &Tx, checked: &[Checked]) -> Result<Result<(), (usize, Refusal)>, Failure> {
    let emails: Vec<&str> = checked.iter().filter_map(|person| person.known.email_key.as_deref()).collect();
    let reserved = email::store::reserved(&tx.conn, &emails, tx.now).await?;
    let reserved: BTreeSet<&str> = reserved.iter().map(|(key, _)| key.as_str()).collect();
    let waits =
        |person: &Checked| person.known.email_key.as_deref().is_some_and(|key| reserved.contains(key));
    Ok(checked.iter().position(waits).map_or(Ok(()), |entry| Err((entry, Refusal::EmailTaken))))
}

/// Whether the caller may change the state of this account: who has the right in every group of the person.
async fn may_change_state(
    tx: &Tx,
    authority: &Authority,
    tree: &Tree,
    user: UserId,
) -> Result<bool, Failure> {
    let memberships = store::memberships(&tx.conn, user).await?;
    Ok(authority.missing_to_delete(tree, &memberships).is_empty())
}

/// R22: passes when `more` accounts still get a seat; all or none. To be asked for after the lock of seats.
///
/// # Errors
/// `NO_SEAT_AVAILABLE`, with the figures.
pub async fn require_seats(tx: &Tx, platform: &Platform, more: usize) -> Result<(), Failure> {
    let Some(limit) = platform.seat_limit else { return Ok(()) };
    let used = store::seats_taken(&tx.conn).await?;
    if used.saturating_add(more as i64) > limit {
        return Err(Refusal::NoSeatAvailable { used, limit }.into());
    }
    Ok(())
}

/// Changes somebody's entry. A new email waits until it is confirmed (R24), where letters are sent; whose addresses are to
/// be told of it is answered.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN` (see [`rules::may_update`] and [`email::rules::may_rename`]), `USER_DELETED`,
/// `INVALID_TRANSITION` for an anonymized account, whose data are gone for good (R21); `BAD_INPUT` naming the field;
/// `EMAIL_TAKEN`, `USERNAME_TAKEN`, `EXTERNAL_ID_TAKEN`. What a deleted person had may be taken freely (R24).
pub async fn update(tx: &Tx, change: &PersonChange, asked: email::Asked<'_>) -> Result<email::Told, Failure> {
    let db = &tx.conn;
    let user = change.user;
    let external_ids = change.external_ids.as_ref().try_map(|typed| keys::external_ids(typed))?;
    let custom_fields = change.custom_fields.as_ref().try_map(|typed| rules::custom_fields(typed))?;

    locks::tree(db).await?;
    locks::users_exclusively(db, &[user]).await?;
    if matches!(change.entry.email, Change::Set(_)) {
        // Whoever takes an address holds it, so that nobody reserves what waits for somebody else.
        locks::seats(db).await?;
    }
    let authority = tx.authority().await?;
    let (platform, tree) = platform::current(db, &tx.trees).await?;
    require_seen(db, &Sight::in_write(tx).await?, user).await?;
    let (status, before) =
        store::known(db, user).await?.ok_or_else(|| Refusal::not_found(&["userId"], "User"))?;
    let memberships = store::memberships(db, user).await?;
    let step = email_step(tx, change, &before, asked).await?;
    let touches = Touches {
        organisation: !external_ids.is_keep() || !custom_fields.is_keep(),
        sign_in: step != EmailStep::Same || email::rules::renames(&before.entry, &change.entry.username),
    };
    rules::may_update(&authority, &tree, user, user == platform.owner, &memberships, touches)?;
    rules::may_change(user, status)?;
    if touches.sign_in {
        let (is_oneself, has_letters) = (authority.is(user), asked.link.is_some());
        email::rules::may_rename(asked.by, is_oneself, tree.root(), &memberships, has_letters)?;
    }

    let wanted = rules::changed(before.clone(), &change.entry)?;
    let had = store::external_ids(db, user).await?;
    let ids = external_ids.clone().after(Some(had)).unwrap_or_default();
    free_for(tx, user, &wanted, &ids).await?;
    let (known, told) = email::take(tx, (user, step), (before, wanted), asked.link).await?;
    store::update(db, user, &known, &ids).await?;
    if !external_ids.is_keep() {
        store::replace_external_ids(db, user, &ids).await?;
    }
    if !custom_fields.is_keep() {
        store::replace_custom_fields(db, user, &custom_fields.after(None).unwrap_or_default()).await?;
    }
    tx.tell([Event::new(Kind::UserUpdated, json!({ "userId": user }))]);
    Ok(told)
}

/// What a change comes to for the email of somebody who is known as `before`.
async fn email_step(
    tx: &Tx,
    change: &PersonChange,
    before: &rules::Known,
    asked: email::Asked<'_>,
) -> Result<EmailStep, Failure> {
    if change.entry.email.is_keep() {
        return Ok(EmailStep::Same);
    }
    let pending = email::store::pending(&tx.conn, change.user, tx.now).await?.map(|pending| pending.email);
    let by_token = matches!(asked.by, email::By::Token(_));
    let (email, has_letters) = (before.entry.email.as_deref(), asked.link.is_some());
    Ok(email::rules::step(email, pending.as_deref(), &change.entry.email, has_letters, by_token))
}

/// Passes when nobody but `user` reserves the email, the username or an external id.
async fn free_for(tx: &Tx, user: UserId, known: &rules::Known, ids: &[ExternalId]) -> Result<(), Failure> {
    let names: Vec<Name> = known.names().chain(ids.iter().cloned().map(Name::ExternalId)).collect();
    let holders = Holders::of(&tx.conn, names.iter().cloned()).await?;
    for name in &names {
        let holder = holders.meant(name).filter(|holder| holder.user != user);
        if let Some(holder) = holder.filter(|holder| holder.status.reserves_email()) {
            return Err(rules::reserved(name, holder, false).into());
        }
    }
    Ok(())
}

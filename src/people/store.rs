//! What creating and updating people reads and writes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::id::{GroupId, UserId};
use entity::kind::{Role, Status};
use sea_orm::ConnectionTrait;

use super::rules::{Checked, Known};
use super::{CustomField, Entry};
use crate::db::sql::{Rows, sql};
use crate::error::Error;
use crate::keys::ExternalId;

/// How many seats are taken (R22).
pub async fn seats_taken(db: &impl ConnectionTrait) -> Result<i64, Error> {
    let (taken,) = sql("people.seats_taken", "select count(*) from users where status in {seated}")
        .kinds("seated", Status::listed(Status::takes_seat))
        .only(db)
        .await?;
    Ok(taken)
}

/// Makes an `ACTIVE` account of each of `people`; their ids, in the same order. Statements: three.
pub async fn add(
    db: &impl ConnectionTrait,
    people: &[Checked],
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, Error> {
    let text =
        |read: fn(&Known) -> &Option<String>| people.iter().map(move |person| read(&person.known).clone());
    let entry = |read: fn(&Entry) -> &Option<String>| {
        people.iter().map(move |person| read(&person.known.entry).clone())
    };
    let rows = Rows::new()
        .numbers("position", 0..people.len() as i64)
        .texts_or_null("first_name", entry(|entry| &entry.first_name))
        .texts_or_null("last_name", entry(|entry| &entry.last_name))
        .texts_or_null("username", entry(|entry| &entry.username))
        .texts_or_null("username_key", text(|known| &known.username_key))
        .texts_or_null("email", entry(|entry| &entry.email))
        .texts_or_null("email_key", text(|known| &known.email_key))
        .texts_or_null("phone", entry(|entry| &entry.phone))
        .texts_or_null("job_title", entry(|entry| &entry.job_title))
        .texts_or_null("language", entry(|entry| &entry.language))
        .texts_or_null("photo_url", entry(|entry| &entry.photo_url))
        .texts("name_key", people.iter().map(|person| person.known.name_key()))
        .texts("name_search", people.iter().map(|person| person.known.name_search()))
        .texts("search_key", people.iter().map(|person| person.known.search_key(&person.external_ids)));
    let made: Vec<(UserId, Option<String>, Option<String>)> = sql(
        "people.add",
        "insert into users (status, status_since, first_name, last_name, username, username_key, email, email_key,
            phone, job_title, language, photo_url, name_key, name_search, search_key, created_at)
         select 'ACTIVE', {now}, first_name, last_name, username, username_key, email, email_key,
            phone, job_title, language, photo_url, name_key, name_search, search_key, {now}
         from {people} order by position
         returning id, email_key, username_key",
    )
    .rows("people", rows)
    .bind("now", now)
    .all(db)
    .await?;
    // The order of what is returned is nobody's promise; emails and usernames of living accounts are unique.
    let (mut by_email, mut by_username) = (BTreeMap::new(), BTreeMap::new());
    for (user, email_key, username_key) in made {
        by_email.extend(email_key.map(|key| (key, user)));
        by_username.extend(username_key.map(|key| (key, user)));
    }
    let ids: Vec<UserId> = people
        .iter()
        .map(|Checked { known, .. }| {
            let found = known.email_key.as_ref().and_then(|key| by_email.get(key));
            found.or_else(|| by_username.get(known.username_key.as_ref()?)).copied()
        })
        .collect::<Option<_>>()
        .ok_or(Error::Broken("an account was made of everybody"))?;
    let (mut external_ids, mut custom_fields) = (Vec::new(), Vec::new());
    for (user, person) in ids.iter().zip(people) {
        external_ids.extend(person.external_ids.iter().map(|id| (*user, id)));
        custom_fields.extend(person.custom_fields.iter().map(|field| (*user, field)));
    }
    add_external_ids(db, &external_ids).await?;
    add_custom_fields(db, &custom_fields).await?;
    Ok(ids)
}

/// The person's state and entry; none for an unknown person.
pub async fn known(db: &impl ConnectionTrait, user: UserId) -> Result<Option<(Status, Known)>, Error> {
    type Row = (
        Status,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
    );
    let row: Option<Row> = sql(
        "people.known",
        "select status, first_name, last_name, username, username_key, email, email_key, phone, job_title,
            language, photo_url
         from users where id = {user}",
    )
    .bind("user", user)
    .one(db)
    .await?;
    let Some((status, first, last, username, username_key, email, email_key, phone, job, language, photo)) =
        row
    else {
        return Ok(None);
    };
    let entry = Entry {
        first_name: first,
        last_name: last,
        username,
        email,
        phone,
        job_title: job,
        language,
        photo_url: photo,
    };
    Ok(Some((status, Known { entry, email_key, username_key })))
}

/// What the person is where.
pub async fn memberships(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<BTreeMap<GroupId, BTreeSet<Role>>, Error> {
    let rows: Vec<(GroupId, Role)> =
        sql("people.memberships", "select group_id, role from memberships where user_id = {user}")
            .bind("user", user)
            .all(db)
            .await?;
    let mut memberships: BTreeMap<GroupId, BTreeSet<Role>> = BTreeMap::new();
    for (group, role) in rows {
        memberships.entry(group).or_default().insert(role);
    }
    Ok(memberships)
}

/// What other systems call the person, in order.
pub async fn external_ids(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<ExternalId>, Error> {
    let rows: Vec<(String, String)> = sql(
        "people.external_ids",
        "select system, value from external_ids where user_id = {user} order by system, value",
    )
    .bind("user", user)
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(system, value)| ExternalId { system, value }).collect())
}

/// Writes the person's entry.
pub async fn update(
    db: &impl ConnectionTrait,
    user: UserId,
    known: &Known,
    external_ids: &[ExternalId],
) -> Result<(), Error> {
    let entry = &known.entry;
    sql(
        "people.update",
        "update users set first_name = {first_name}, last_name = {last_name}, username = {username},
            username_key = {username_key}, email = {email}, email_key = {email_key}, phone = {phone},
            job_title = {job_title}, language = {language}, photo_url = {photo_url}, name_key = {name_key},
            name_search = {name_search}, search_key = {search_key}
         where id = {user}",
    )
    .bind("first_name", entry.first_name.clone())
    .bind("last_name", entry.last_name.clone())
    .bind("username", entry.username.clone())
    .bind("username_key", known.username_key.clone())
    .bind("email", entry.email.clone())
    .bind("email_key", known.email_key.clone())
    .bind("phone", entry.phone.clone())
    .bind("job_title", entry.job_title.clone())
    .bind("language", entry.language.clone())
    .bind("photo_url", entry.photo_url.clone())
    .bind("name_key", known.name_key())
    .bind("name_search", known.name_search())
    .bind("search_key", known.search_key(external_ids))
    .bind("user", user)
    .exactly(db, 1)
    .await
}

/// Gives the person, whose account reserves them, these external ids in place of those they had.
pub async fn replace_external_ids(
    db: &impl ConnectionTrait,
    user: UserId,
    ids: &[ExternalId],
) -> Result<(), Error> {
    sql("people.drop_external_ids", "delete from external_ids where user_id = {user}")
        .bind("user", user)
        .execute(db)
        .await?;
    add_external_ids(db, &ids.iter().map(|id| (user, id)).collect::<Vec<_>>()).await
}

/// Gives the person these custom fields in place of those they had.
pub async fn replace_custom_fields(
    db: &impl ConnectionTrait,
    user: UserId,
    fields: &[CustomField],
) -> Result<(), Error> {
    sql("people.drop_custom_fields", "delete from custom_fields where user_id = {user}")
        .bind("user", user)
        .execute(db)
        .await?;
    add_custom_fields(db, &fields.iter().map(|field| (user, field)).collect::<Vec<_>>()).await
}

async fn add_external_ids(db: &impl ConnectionTrait, ids: &[(UserId, &ExternalId)]) -> Result<(), Error> {
    let rows = Rows::new()
        .texts("system", ids.iter().map(|(_, id)| id.system.as_str()))
        .texts("value", ids.iter().map(|(_, id)| id.value.as_str()))
        .numbers("user_id", ids.iter().map(|(user, _)| *user));
    sql(
        "people.add_external_ids",
        "insert into external_ids (system, value, user_id, reserved)
         select system, value, user_id, true from {ids} where true",
    )
    .rows("ids", rows)
    .exactly(db, ids.len())
    .await
}

async fn add_custom_fields(
    db: &impl ConnectionTrait,
    fields: &[(UserId, &CustomField)],
) -> Result<(), Error> {
    let rows = Rows::new()
        .numbers("user_id", fields.iter().map(|(user, _)| *user))
        .texts("name", fields.iter().map(|(_, field)| field.name.as_str()))
        .texts("value", fields.iter().map(|(_, field)| field.value.as_str()));
    sql(
        "people.add_custom_fields",
        "insert into custom_fields (user_id, name, value) select user_id, name, value from {fields}",
    )
    .rows("fields", rows)
    .exactly(db, fields.len())
    .await
}

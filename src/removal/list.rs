//! Who is meant: a list of ids, emails or external ids becomes items, in a step of its own (R16).

use std::collections::{BTreeMap, BTreeSet};

use entity::id::{GroupId, UserId};
use entity::kind::{Outcome, Status};
use sea_orm::ConnectionTrait;
use serde_json::Value as Json;

use super::request::{Entry, Named, Part, People};
use super::store;
use crate::error::{Error, Failure, Refusal};
use crate::keys;
use crate::queries::users::{matching, visible};
use crate::queries::{Seen, Sight};

/// How many people one request may name.
pub const LONGEST: usize = 100_000;

/// A list as it was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// One an entry, in the order of the list; nobody twice.
    pub items: Vec<Item>,
    /// Entries left out because they name somebody who is named before.
    pub duplicates: usize,
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Whom it means; none where that is nobody.
    pub user: Option<UserId>,
    /// The group that is named for this entry alone.
    pub group: Option<GroupId>,
    /// The entry as typed, where it means nobody, or may yet.
    pub typed: Option<String>,
    /// Why it means nobody.
    pub outcome: Option<Outcome>,
}

impl List {
    /// Everybody who is meant, in order of id.
    pub fn users(&self) -> Vec<UserId> {
        let users: BTreeSet<UserId> = self.items.iter().filter_map(|item| item.user).collect();
        users.into_iter().collect()
    }

    /// All that is asked, in order of id and group.
    pub fn parts(&self) -> Vec<Part> {
        let parts: BTreeSet<Part> =
            self.items.iter().filter_map(|item| Some((item.user?, item.group))).collect();
        parts.into_iter().collect()
    }

    /// Entries whose group `is_seen` does not pass are not found.
    pub fn without_unseen(&mut self, is_seen: impl Fn(GroupId) -> bool) {
        for item in self.items.iter_mut().filter(|item| item.user.is_some()) {
            if item.group.is_some_and(|group| !is_seen(group)) {
                item.user = None;
                item.outcome = Some(Outcome::NotFound);
            } else {
                item.typed = None;
            }
        }
    }

    /// The list of these people.
    pub fn of(users: Vec<UserId>) -> List {
        let items = users
            .into_iter()
            .map(|user| Item { user: Some(user), group: None, typed: None, outcome: None })
            .collect();
        List { items, duplicates: 0 }
    }
}

/// Splits what somebody typed or pasted into emails: commas, semicolons and line breaks all separate, blanks count for
/// nothing.
pub fn split_emails(text: &str) -> Vec<Entry> {
    text.split([',', ';', '\n', '\r'])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| Entry { named: Named::Email(entry.to_owned()), typed: entry.to_owned() })
        .collect()
}

/// An external id as text: `system:value`. Where that could be read in another way the system stands in quotation marks,
/// as JSON writes it.
pub fn typed_external(system: &str, value: &str) -> String {
    if system.starts_with('"') || system.contains(':') || system.contains('@') || value.contains('@') {
        format!("{}:{value}", Json::from(system))
    } else {
        format!("{system}:{value}")
    }
}

/// What was typed and meant nobody, read again; none where it can mean nobody at all.
pub fn read_again(typed: &str) -> Option<Entry> {
    let external = |system: &str, value: &str| Entry {
        named: Named::ExternalId { system: system.to_owned(), value: value.to_owned() },
        typed: typed.to_owned(),
    };
    if typed.starts_with('"') {
        let mut parts = serde_json::Deserializer::from_str(typed).into_iter::<String>();
        if let Some(Ok(system)) = parts.next()
            && let Some(value) = typed[parts.byte_offset()..].strip_prefix(':')
        {
            return Some(external(&system, value));
        }
    }
    if typed.contains('@') {
        return split_emails(typed).into_iter().next();
    }
    let (system, value) = typed.split_once(':')?;
    Some(external(system, value))
}

/// Finds out who is meant. Whoever `sight` does not see is not found.
///
/// # Errors
/// `BAD_INPUT` for an empty list or a wrong filter, `BATCH_TOO_LARGE` for more than [`LONGEST`] people.
pub async fn resolve(db: &impl ConnectionTrait, sight: &Sight, people: &People) -> Result<List, Failure> {
    match people {
        People::Named(named) => of_named(db, sight, named.iter().map(|entry| (entry, None)).collect()).await,
        People::Pairs(pairs) => {
            of_named(db, sight, pairs.iter().map(|(entry, group)| (entry, Some(*group))).collect()).await
        }
        People::Matching(filter) => {
            let users = matching(db, sight, filter, None, LONGEST + 1).await?;
            if users.len() > LONGEST {
                return Err(Refusal::BatchTooLarge { limit: LONGEST }.into());
            }
            Ok(List::of(users))
        }
    }
}

async fn of_named(
    db: &impl ConnectionTrait,
    sight: &Sight,
    named: Vec<(&Entry, Option<GroupId>)>,
) -> Result<List, Failure> {
    if named.is_empty() {
        return Err(Refusal::bad_input(&["people"], "The list names nobody.").into());
    }
    if named.len() > LONGEST {
        return Err(Refusal::BatchTooLarge { limit: LONGEST }.into());
    }
    let entries = named.iter().map(|(entry, _)| *entry);
    let found = Found::read(db, entries).await?.seen(db, sight).await?;
    let mut list = List::default();
    let mut seen = BTreeSet::new();
    for (entry, group) in named {
        let mut item = Item { group, ..found.item(entry) };
        if group.is_some() {
            // Whether it means anybody depends on the group as well.
            item.typed = Some(entry.typed.clone());
        }
        let mark = match (&item.user, &item.typed) {
            (Some(user), _) => format!("{}", user.0),
            (None, typed) => format!("? {}", typed.as_deref().unwrap_or_default().to_lowercase()),
        };
        if seen.insert((mark, group)) { list.items.push(item) } else { list.duplicates += 1 }
    }
    Ok(list)
}

/// Everybody that a list may mean.
struct Found {
    ids: BTreeSet<UserId>,
    emails: BTreeMap<String, UserId>,
    external_ids: BTreeMap<(String, String), UserId>,
}

impl Found {
    async fn read<'a>(
        db: &impl ConnectionTrait,
        named: impl Iterator<Item = &'a Entry>,
    ) -> Result<Found, Error> {
        let (mut ids, mut emails, mut external_ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for entry in named {
            match &entry.named {
                Named::Id(id) => {
                    ids.insert(*id);
                }
                Named::Email(typed) => emails.extend(keys::email_key(typed)),
                Named::ExternalId { system, value } => {
                    external_ids.insert((system.clone(), value.clone()));
                }
            }
        }
        Ok(Found {
            ids: if ids.is_empty() { ids } else { store::existing(db, &ids).await? },
            emails: if emails.is_empty() {
                BTreeMap::new()
            } else {
                by_email(store::with_emails(db, &emails).await?)
            },
            external_ids: if external_ids.is_empty() {
                BTreeMap::new()
            } else {
                store::with_external_ids(db, &external_ids).await?
            },
        })
    }

    /// Those whom `sight` sees; by an email or an external id, those of whom it sees that, or whom its person deleted.
    async fn seen(mut self, db: &impl ConnectionTrait, sight: &Sight) -> Result<Found, Error> {
        self.ids = visible(db, sight, &[Seen::Person("u")], self.ids).await?;
        let by_texts = self.emails.values().chain(self.external_ids.values()).copied().collect();
        let seen = visible(db, sight, &[Seen::Person("u"), Seen::Found("u")], by_texts).await?;
        self.emails.retain(|_, user| seen.contains(user));
        self.external_ids.retain(|_, user| seen.contains(user));
        Ok(self)
    }

    fn item(&self, entry: &Entry) -> Item {
        let user = match &entry.named {
            Named::Id(id) => Ok(self.ids.get(id).copied()),
            Named::Email(email) => keys::email_key(email).map(|key| self.emails.get(&key).copied()),
            Named::ExternalId { system, value } => {
                Ok(self.external_ids.get(&(system.clone(), value.clone())).copied())
            }
        };
        let outcome = match user {
            Ok(Some(_)) => None,
            Ok(None) => Some(Outcome::NotFound),
            Err(_) => Some(Outcome::InvalidEmail),
        };
        // What was typed is kept only where it means nobody.
        Item { user: user.unwrap_or(None), group: None, typed: outcome.map(|_| entry.typed.clone()), outcome }
    }
}

/// An email means the account that reserves it, else the one deleted last. Rows come latest deletion first.
fn by_email(rows: Vec<(String, UserId, Status)>) -> BTreeMap<String, UserId> {
    let mut found: BTreeMap<String, (UserId, Status)> = BTreeMap::new();
    for (email, user, status) in rows {
        let better =
            found.get(&email).is_none_or(|(_, kept)| !kept.reserves_email() && status.reserves_email());
        if better {
            found.insert(email, (user, status));
        }
    }
    found.into_iter().map(|(email, (user, _))| (email, user)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_as_text_is_read_as_it_was_meant() {
        for (system, value) in [
            ("hr", "17"),
            ("hr", "a:b:c"),
            ("urn:hr", "17"),
            ("urn:hr:de", "a:b"),
            ("ldap", "ann@corp.example"),
            ("a@b", "17"),
            ("\"hr\"", "17"),
            ("\"urn:hr", "\":17"),
        ] {
            let named = Named::ExternalId { system: system.to_owned(), value: value.to_owned() };
            let typed = typed_external(system, value);
            let read = read_again(&typed).map(|entry| (entry.named, entry.typed));
            assert_eq!(read, Some((named, typed)));
        }
    }

    #[test]
    fn an_email_as_text_is_read_as_an_email() {
        for typed in ["ann@example.org", "\"ann: at home\"@example.org", "to:ann@example.org"] {
            let read = read_again(typed).map(|entry| entry.named);
            assert_eq!(read, Some(Named::Email(typed.to_owned())));
        }
        assert!(read_again("neither").is_none());
    }
}

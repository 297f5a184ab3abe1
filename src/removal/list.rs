//! Who is meant: a list of ids, emails or external ids becomes items, in a step of its own (R16).

use std::borrow::Cow;
use std::collections::BTreeSet;

use entity::id::{GroupId, UserId};
use entity::kind::Outcome;
use sea_orm::ConnectionTrait;
use serde_json::Value as Json;

use super::request::{Entry, Matching, Named, Part, People};
use crate::accounts::{Holders, Name};
use crate::error::{Error, Failure, Refusal};
use crate::keys::{self, ExternalId};
use crate::queries::users::{matching, visible};
use crate::queries::{Seen, Sight};

/// How many people one request may name.
pub const LONGEST: usize = 100_000;
/// How many entries are looked up at once: in between others have their turn.
const AT_ONCE: usize = 3_000;

/// A list as it was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// One an entry, in the order of the list; nobody twice.
    pub items: Vec<Item>,
    /// Entries left out because they name somebody who is named before.
    pub duplicates: usize,
}

/// One entry of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Its place in the list as given, from 1. Blank entries are not counted, duplicates are.
    pub position: usize,
    /// Whom it means; none where that is nobody.
    pub user: Option<UserId>,
    /// The group that is named for this entry alone.
    pub group: Option<GroupId>,
    /// The entry as typed, where it means nobody, or may yet.
    pub typed: Option<String>,
    /// Whether what was typed may be kept ([`Entry::may_be_kept`]).
    pub may_be_kept: bool,
    /// Why it means nobody.
    pub outcome: Option<Outcome>,
}

impl List {
    /// Everybody who is meant, in order of id.
    pub fn users(&self) -> Vec<UserId> {
        let users: BTreeSet<UserId> = self.items.iter().filter_map(|item| item.user).collect();
        users.into_iter().collect()
    }

    /// All that is asked, each part once, in order of id and group.
    pub(super) fn parts(&self) -> Vec<Part> {
        let parts: BTreeSet<Part> =
            self.items.iter().filter_map(|item| Some((item.user?, item.group))).collect();
        parts.into_iter().collect()
    }

    /// Entries whose group has an outcome by itself mean nobody, and have that.
    pub(super) fn refuse_groups(&mut self, outcome_of: impl Fn(GroupId) -> Option<Outcome>) {
        for item in self.items.iter_mut().filter(|item| item.user.is_some()) {
            match item.group.and_then(&outcome_of) {
                Some(outcome) => (item.user, item.outcome) = (None, Some(outcome)),
                None => item.typed = None,
            }
        }
    }

    /// The list of these people.
    pub fn of(users: Vec<UserId>) -> List {
        let item = |(place, user)| Item { position: place + 1, user: Some(user), ..Item::default() };
        let items = users.into_iter().enumerate().map(item).collect();
        List { items, duplicates: 0 }
    }
}

/// Splits what somebody typed or pasted into emails at commas, semicolons and line breaks, but not within the quotation
/// marks of a cell. Blank entries are left out.
pub fn split_emails(text: &str) -> impl Iterator<Item = Entry> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(|c| separates(c) || is_blank(c));
            if rest.is_empty() {
                return None;
            }
            // An opening mark that is never closed is a letter like any other: it does not swallow the rest of the list.
            let quoted = end_of_quotation(rest).unwrap_or(0);
            let end = rest[quoted..].find(separates).map_or(rest.len(), |end| quoted + end);
            let email = bare(&rest[..end]);
            rest = &rest[end..];
            if !email.is_empty() {
                return Some(of_email(email.into_owned()));
            }
        }
    })
}

/// The entry of one email, as it was typed.
fn of_email(typed: String) -> Entry {
    Entry { named: Named::Email(typed.clone()), typed }
}

/// One email, which is not split: what was typed without what is around it ([`bare`]).
pub fn one_email(typed: &str) -> Entry {
    of_email(bare(typed).into_owned())
}

/// An entry without white space and invisible characters around it (a byte order mark is one), and without the quotation
/// marks that CSV puts around a cell.
fn bare(entry: &str) -> Cow<'_, str> {
    let entry = entry.trim_matches(is_blank);
    if end_of_quotation(entry) != Some(entry.len()) {
        return Cow::Borrowed(entry);
    }
    let inside = entry[1..entry.len() - 1].replace("\"\"", "\"");
    Cow::Owned(bare(&inside).into_owned())
}

/// Where the quotation ends with which `text` begins; none where it begins with none, or with one that is never closed. A
/// doubled mark is one of what is quoted.
fn end_of_quotation(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('"')?;
    let mut from = 0;
    loop {
        let mark = from + inside[from..].find('"')?;
        if !inside[mark + 1..].starts_with('"') {
            return Some(mark + 2);
        }
        from = mark + 2;
    }
}

/// Whether a character separates emails: a comma, a semicolon, any line break.
const fn separates(c: char) -> bool {
    matches!(c, ',' | ';' | '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character around an entry says nothing.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || keys::is_invisible(c)
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
        // An entry that has separators in it stood in quotation marks: it is one email still, and a wrong one.
        return Some(of_email(typed.to_owned()));
    }
    let (system, value) = typed.split_once(':')?;
    Some(external(system, value))
}

/// Finds out who is meant. Whoever `sight` does not see is not found.
///
/// # Errors
/// `BAD_INPUT` for an empty list or a wrong filter, `NOT_FOUND` for somebody left out who is not seen, `BATCH_TOO_LARGE`
/// for more than [`LONGEST`] people.
pub async fn resolve(db: &impl ConnectionTrait, sight: &Sight, people: &People) -> Result<List, Failure> {
    match people {
        People::Named(named) => of_named(db, sight, named.iter().map(|entry| (entry, None)).collect()).await,
        People::Pairs(pairs) => {
            of_named(db, sight, pairs.iter().map(|(entry, group)| (entry, Some(*group))).collect()).await
        }
        People::Matching(matching) => match everybody_but(db, sight, matching).await {
            Err(Failure::Refused(refusal)) => Err(refusal.at(&["people".to_owned()]).into()),
            found => found,
        },
    }
}

/// Whoever meets the filter and is not left out.
async fn everybody_but(
    db: &impl ConnectionTrait,
    sight: &Sight,
    Matching { filter, except }: &Matching,
) -> Result<List, Failure> {
    if except.len() > LONGEST {
        return Err(Refusal::BatchTooLarge { limit: LONGEST }.into());
    }
    let left_out: Vec<Entry> = except.iter().map(|user| Named::Id(*user).into()).collect();
    let found: BTreeSet<UserId> =
        Found::read(db, left_out.iter()).await?.seen(db, sight).await?.users().collect();
    if let Some(place) = except.iter().position(|user| !found.contains(user)) {
        return Err(Refusal::not_found(&["filter", "except", &place.to_string()], "User").into());
    }
    let mut users = matching(db, sight, filter, None, LONGEST + found.len() + 1).await?;
    users.retain(|user| !found.contains(user));
    if users.len() > LONGEST {
        return Err(Refusal::BatchTooLarge { limit: LONGEST }.into());
    }
    Ok(List::of(users))
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
    let mut list = List::default();
    let mut seen = BTreeSet::new();
    let mut position = 0;
    for some in named.chunks(AT_ONCE) {
        let found = Found::read(db, some.iter().map(|(entry, _)| *entry)).await?.seen(db, sight).await?;
        for (entry, group) in some {
            position += 1;
            let may_be_kept = entry.may_be_kept();
            let mut item = Item { position, group: *group, may_be_kept, ..found.item(entry) };
            if group.is_some() {
                // Whether it means anybody depends on the group as well.
                item.typed = Some(entry.typed.clone());
            }
            let mark = match (&item.user, &item.typed) {
                (Some(user), _) => format!("{}", user.0),
                (None, typed) => match (&entry.named, typed.as_deref().unwrap_or_default()) {
                    (Named::Email(_), typed) => format!("@ {}", keys::fold(typed)),
                    // Ids are taken as given (R16).
                    (Named::Id(_) | Named::ExternalId { .. }, typed) => format!("? {typed}"),
                },
            };
            if seen.insert((mark, group)) { list.items.push(item) } else { list.duplicates += 1 }
        }
    }
    Ok(list)
}

/// Everybody that a list may mean.
struct Found(Holders);

impl Found {
    async fn read<'a>(
        db: &impl ConnectionTrait,
        named: impl Iterator<Item = &'a Entry>,
    ) -> Result<Found, Error> {
        Ok(Found(Holders::of(db, named.filter_map(|entry| name_of(&entry.named).ok())).await?))
    }

    /// Those whom `sight` sees; by an email or an external id, those of whom it sees that, or whom its person deleted.
    async fn seen(mut self, db: &impl ConnectionTrait, sight: &Sight) -> Result<Found, Error> {
        let (mut by_id, mut by_texts) = (BTreeSet::new(), BTreeSet::new());
        for (name, user) in self.0.users() {
            if matches!(name, Name::Id(_)) {
                by_id.insert(user)
            } else {
                by_texts.insert(user)
            };
        }
        let by_id = visible(db, sight, &[Seen::Person("u")], by_id).await?;
        let by_texts = visible(db, sight, &[Seen::Person("u"), Seen::Found("u")], by_texts).await?;
        self.0.retain(|name, user| {
            if matches!(name, Name::Id(_)) { by_id.contains(&user) } else { by_texts.contains(&user) }
        });
        Ok(self)
    }

    fn users(&self) -> impl Iterator<Item = UserId> {
        self.0.users().map(|(_, user)| user)
    }

    fn item(&self, entry: &Entry) -> Item {
        let user = name_of(&entry.named).map(|name| self.0.meant(&name).map(|holder| holder.user));
        let outcome = match user {
            Ok(Some(_)) => None,
            Ok(None) => Some(Outcome::NotFound),
            Err(_) => Some(Outcome::InvalidEmail),
        };
        // What was typed is kept only where it means nobody.
        let typed = outcome.map(|_| entry.typed.clone());
        Item { user: user.unwrap_or(None), typed, outcome, ..Item::default() }
    }
}

/// The name that an entry is.
fn name_of(named: &Named) -> Result<Name, Refusal> {
    Ok(match named {
        Named::Id(id) => Name::Id(*id),
        Named::Email(typed) => Name::email(typed)?,
        Named::ExternalId { system, value } => {
            Name::ExternalId(ExternalId { system: system.clone(), value: value.clone() })
        }
    })
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
        let two = "ann@example.org, bob@example.org";
        assert_eq!(read_again(two), Some(one_email(two)), "one entry as it was, and no address");
    }

    fn split(text: &str) -> Vec<String> {
        split_emails(text).map(|entry| entry.typed).collect()
    }

    #[test]
    fn r16_emails_are_split_outside_of_quotation_marks() {
        let separators = "a@x,b@x;c@x\nd@x\r\ne@x\u{2028}f@x\u{85}g@x";
        assert_eq!(split(separators), ["a@x", "b@x", "c@x", "d@x", "e@x", "f@x", "g@x"]);
        assert_eq!(split(" ,;\n\"\", \"  \"\r\n"), Vec::<String>::new());
        assert_eq!(split("\"a@x\";\"b@x\""), ["a@x", "b@x"]);
        assert_eq!(split("\"a@x, b@x\", c@x"), ["a@x, b@x", "c@x"], "a cell is one entry");
        assert_eq!(split("\"a@x\r\n\",b@x"), ["a@x", "b@x"]);
        assert_eq!(split("\"Lind, Petra\" <petra@x>; b@x"), ["\"Lind, Petra\" <petra@x>", "b@x"]);
        assert_eq!(split("\"\"\"Ann\"\" <a@x>\""), ["\"Ann\" <a@x>"], "doubled marks are one");
        assert_eq!(
            split("\"a@x, b@x\nc@x"),
            ["\"a@x", "b@x", "c@x"],
            "a mark that is never closed swallows nobody"
        );
        assert_eq!(split("o\"hara@x, b@x"), ["o\"hara@x", "b@x"]);
        assert_eq!(split(&"\"".repeat(7)), ["\"".repeat(7)]);
    }

    #[test]
    fn r16_an_entry_is_without_what_stands_around_it() {
        for around in [
            "\u{feff}ann@x",
            "\u{feff}\"ann@x\"",
            "\r\n\u{feff}ann@x\r\n\u{feff}",
            "\u{a0}ann@x\u{a0}\u{200b}",
            "\t\u{3000}ann@x\u{2060}",
            "\"\u{a0}ann@x \"",
            "\"\"\"ann@x\"\"\"",
            "\u{202a}ann@x\u{202c}",
        ] {
            assert_eq!(split(around), ["ann@x"], "{around:?}");
            assert_eq!(one_email(around).typed, "ann@x", "{around:?}");
        }
        assert_eq!(one_email("a@x, b@x").typed, "a@x, b@x");
    }
}

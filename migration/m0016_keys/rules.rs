//! How keys were made before this step, and how they are made since.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::properties::CanonicalCombiningClassMap;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use sea_orm_migration::prelude::DbErr;
use sea_orm_migration::sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

use super::rows;

/// Characters of a sort key.
const SORT_KEY_LENGTH: usize = 256;

/// A way to make keys.
pub struct Rule {
    /// The key of an email; none where it cannot be one.
    pub email: fn(&str) -> Option<String>,
    /// The key of a username, and of what is sorted before it is cut.
    pub fold: fn(&str) -> String,
    /// What a search looks into.
    pub search: fn(&str) -> String,
    /// Whether what a search for a name looks into is a column of its own.
    pub searches_names: bool,
}

/// Letter by letter, accents told apart.
pub const BEFORE: Rule = Rule {
    email: |text| email(text, |local| local.chars().flat_map(char::to_lowercase).collect()),
    fold: lower,
    search: lower,
    searches_names: false,
};

/// By Unicode's default caseless matching; searches forget accents.
pub const AFTER: Rule = Rule {
    email: |text| email(text, caseless),
    fold: |text| single_spaced(&caseless(text)),
    search: |text| single_spaced(&without_accents(&caseless(text))),
    searches_names: true,
};

impl Rule {
    /// What sorting compares.
    pub fn sort_key(&self, text: &str) -> String {
        (self.fold)(text).chars().take(SORT_KEY_LENGTH).collect()
    }
}

/// What the keys of a person are made of, and those they have.
pub struct Person {
    pub id: i64,
    first_name: Option<String>,
    last_name: Option<String>,
    username: Option<String>,
    email: Option<String>,
    job_title: Option<String>,
    email_key: Option<String>,
    name_key: String,
    search_key: String,
    pub external_ids: Vec<String>,
}

impl Person {
    /// At most `limit` people whose ids come after this one, in order of id.
    pub async fn read(db: &impl ConnectionTrait, after: i64, limit: usize) -> Result<Vec<Person>, DbErr> {
        type Row = (
            i64,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            String,
            String,
        );
        let found: Vec<Row> = rows(
            db,
            &format!(
                "select id, first_name, last_name, username, email, job_title, email_key, name_key, search_key
                 from users where id > {after} order by id limit {limit}"
            ),
        )
        .await?;
        let person =
            |(id, first_name, last_name, username, email, job_title, email_key, name_key, search_key)| {
                let external_ids = Vec::new();
                Person {
                    id,
                    first_name,
                    last_name,
                    username,
                    email,
                    job_title,
                    email_key,
                    name_key,
                    search_key,
                    external_ids,
                }
            };
        Ok(found.into_iter().map(person).collect())
    }

    /// The keys by `rule`. Those of somebody of whom nothing is known any more stay.
    pub fn keys(&self, rule: &Rule) -> Json {
        let names = [&self.first_name, &self.last_name];
        let name = names.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        let known_by = [Some(name.as_str()), self.username.as_deref(), self.email.as_deref()];
        let known_by = known_by.into_iter().flatten().find(|text| !text.is_empty());
        let ids = self.external_ids.iter().map(String::as_str);
        let texts = std::iter::once(name.as_str())
            .chain(self.email.as_deref())
            .chain(self.username.as_deref())
            .chain(ids)
            .chain(self.job_title.as_deref())
            .filter(|text| !text.is_empty())
            .map(|text| (rule.search)(text));
        let email = self.email.as_deref().map(|typed| (rule.email)(typed).or_else(|| self.email_key.clone()));
        json!({
            "id": self.id,
            "email_key": email,
            "username_key": self.username.as_deref().map(|typed| (rule.fold)(typed)),
            "name_key": known_by.map_or_else(|| self.name_key.clone(), |text| rule.sort_key(text)),
            "name_search": known_by.map_or_else(|| self.name_key.clone(), |_| (rule.search)(&name)),
            "search_key": match known_by {
                None => self.search_key.clone(),
                Some(_) => texts.collect::<Vec<_>>().join("\n"),
            },
        })
    }
}

fn email(text: &str, fold: impl Fn(&str) -> String) -> Option<String> {
    let (local, domain) = text.trim().rsplit_once('@')?;
    Some(format!("{}@{}", fold(local), idna::domain_to_ascii(domain).ok()?))
}

fn lower(text: &str) -> String {
    let lower: String = nfkc(text).chars().flat_map(char::to_lowercase).collect();
    single_spaced(&nfkc(&lower))
}

fn caseless(text: &str) -> String {
    let case = CaseMapper::new();
    let text = DecomposingNormalizer::new_nfd().normalize(text);
    let text = case.fold_string(&text);
    let text = DecomposingNormalizer::new_nfkd().normalize(&text);
    let text = case.fold_string(&text);
    nfkc(&text).into_owned()
}

fn without_accents(text: &str) -> String {
    let classes = CanonicalCombiningClassMap::new();
    let bare: String = DecomposingNormalizer::new_nfd()
        .normalize(text)
        .chars()
        .filter(|c| !matches!(classes.get_u8(*c), 1 | 10..=36 | 200..))
        .map(|c| match c {
            'đ' => 'd',
            'ħ' => 'h',
            'ı' => 'i',
            'ł' => 'l',
            'ø' => 'o',
            'ŧ' => 't',
            other => other,
        })
        .collect();
    ComposingNormalizer::new_nfc().normalize(&bare).into_owned()
}

fn nfkc(text: &str) -> Cow<'_, str> {
    ComposingNormalizer::new_nfkc().normalize(text)
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

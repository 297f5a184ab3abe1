//! How texts become keys: what is compared, sorted and searched is computed here, never by a database, so that both
//! agree on every letter.
//!
//! | key                            | by                | made so that                                           |
//! |--------------------------------|-------------------|--------------------------------------------------------|
//! | `search_key`, `name_search`    | [`search_key`]    | case, accents, width and spacing do not matter          |
//! | `name_key`, `title_key`        | [`sort_key`]      | an index can hold it, however long the text is          |
//! | `email_key`                    | [`email_key`]     | one mailbox has one key (R24)                           |
//! | `username_key`                 | [`username_key`]  | nobody signs in as somebody who looks the same          |
//!
//! Case is Unicode's default caseless matching ([`fold`]), everywhere. Accents tell accounts apart and are ignored by
//! searches alone. Keys are stored: whoever changes how one is made adds a migration that makes them again.
//!
//! Texts that people type pass [`text`] first.

mod fold;

use email_address::{EmailAddress, Options};
use icu_properties::props::{EnumeratedProperty, GeneralCategory, GeneralCategoryGroup};
use serde::{Deserialize, Serialize};

use crate::error::Refusal;

/// Bytes an email may have (RFC 5321, as corrected).
const EMAIL_BYTES: usize = 254;
/// Characters a username may have.
const USERNAME_LENGTH: usize = 100;
/// Characters of a sort key. NFKC can make a text eleven times longer, and an index of PostgreSQL holds 2,700 bytes.
const SORT_KEY_LENGTH: usize = 256;
/// External ids that one person or group may have.
const EXTERNAL_IDS: usize = 20;
/// Marks that may follow each other on one letter: more than any language needs.
const MARKS: usize = 10;

/// The text that all texts share which differ in nothing but case, width and spacing. Folding twice changes nothing.
pub fn fold(text: &str) -> String {
    single_spaced(&fold::caseless(text))
}

/// A text as searches see it (R26): folded, and without accents. It never decides who somebody is.
pub fn search_key(text: &str) -> String {
    single_spaced(&fold::searched(text))
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as sorting sees it: folded, and cut after 256 characters.
pub fn sort_key(text: &str) -> String {
    fold(text).chars().take(SORT_KEY_LENGTH).collect()
}

/// The key of an email (R24): trimmed, folded, its domain by UTS 46.
///
/// # Errors
/// `BAD_INPUT` on `email`: no address, one with a name around it, a quoted local part, invisible characters, more than
/// 254 bytes, or a spelling that NFKC would change (full-width letters, ligatures), since two such would be one mailbox.
pub fn email_key(text: &str) -> Result<String, Refusal> {
    let refused = |message: &str| Refusal::bad_input(&["email"], message);
    let text = text.trim();
    if text.len() > EMAIL_BYTES {
        return Err(refused("An email has at most 254 bytes."));
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(refused("An email has no control or invisible characters."));
    }
    if !fold::is_nfkc(text) {
        return Err(refused("This email is not written in its normal form (Unicode NFKC)."));
    }
    let no_address = || refused("This is no email address: it looks like name@example.org.");
    let (local, domain) = text.rsplit_once('@').ok_or_else(no_address)?;
    // A quoted local part names the same mailbox as the bare one.
    if local.starts_with('"') || local.chars().any(char::is_whitespace) {
        return Err(no_address());
    }
    let local = fold::caseless(local);
    let domain = idna::domain_to_ascii(domain).map_err(|_| no_address())?;
    let key = format!("{local}@{domain}");
    let options = Options::default().without_display_text().without_domain_literal();
    if key.len() > EMAIL_BYTES || EmailAddress::parse_with_options(&key, options).is_err() {
        return Err(no_address());
    }
    Ok(key)
}

/// The key of a username: what looks the same is the same.
///
/// # Errors
/// `BAD_INPUT` on `username`: blank, longer than 100 characters, or with spaces or invisible characters in it.
pub fn username_key(text: &str) -> Result<String, Refusal> {
    let path = &["username"];
    let checked = self::text(path, text, USERNAME_LENGTH)?;
    if checked.chars().any(|c| c.is_whitespace() || is_invisible(c)) {
        return Err(Refusal::bad_input(path, "A username has no spaces or invisible characters."));
    }
    let key = fold(&checked);
    if key.chars().any(char::is_whitespace) || key.chars().count() > USERNAME_LENGTH {
        return Err(Refusal::bad_input(
            path,
            "This username is not written in its normal form (Unicode NFKC).",
        ));
    }
    Ok(key)
}

/// What another system calls a person or a group (R34): compared letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExternalId {
    /// The other system, at most 100 characters.
    pub system: String,
    /// The id there, at most 200 characters; one person at most, and one group at most, has it per system.
    pub value: String,
}

/// External ids as typed, trimmed.
///
/// # Errors
/// `BAD_INPUT` below `externalIds`: more than 20, a blank or too long part, or the same twice.
pub fn external_ids(typed: &[ExternalId]) -> Result<Vec<ExternalId>, Refusal> {
    if typed.len() > EXTERNAL_IDS {
        return Err(Refusal::bad_input(&["externalIds"], format!("At most {EXTERNAL_IDS} external ids.")));
    }
    let mut checked: Vec<ExternalId> = Vec::with_capacity(typed.len());
    for (entry, id) in typed.iter().enumerate() {
        let entry = entry.to_string();
        let id = ExternalId {
            system: text(&["externalIds", &entry, "system"], &id.system, 100)?,
            value: text(&["externalIds", &entry, "value"], &id.value, 200)?,
        };
        if checked.contains(&id) {
            return Err(Refusal::bad_input(&["externalIds", &entry], "This external id is there twice."));
        }
        checked.push(id);
    }
    Ok(checked)
}

/// A text that somebody typed into the field at `path`, which always has one, trimmed.
///
/// # Errors
/// `BAD_INPUT` when nothing is left of it, when it has more than `limit` characters (or four times as many bytes),
/// control characters (a line break is one), characters that turn the direction of a line, or a heap of marks on one
/// letter.
pub fn text(path: &[&str], text: &str, limit: usize) -> Result<String, Refusal> {
    checked(path, text, limit, |c| c.is_control())?.ok_or_else(|| {
        Refusal::bad_input(path, format!("This cannot be blank: it has 1 to {limit} characters."))
    })
}

/// As [`text`], of a field in which null says that there is none.
///
/// # Errors
/// As [`text`].
pub fn clearable_text(path: &[&str], text: &str, limit: usize) -> Result<String, Refusal> {
    checked(path, text, limit, |c| c.is_control())?.ok_or_else(|| {
        Refusal::bad_input(path, "This is blank: send null if there is none, or leave it out.")
    })
}

/// As [`text`], for a text of several lines: line breaks and tabs may stand in it.
///
/// # Errors
/// As [`text`], but for line breaks and tabs.
pub fn long_text(path: &[&str], text: &str, limit: usize) -> Result<String, Refusal> {
    checked(path, text, limit, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))?.ok_or_else(|| {
        Refusal::bad_input(path, format!("This cannot be blank: it has 1 to {limit} characters."))
    })
}

/// The text, trimmed; none where nothing is left of it.
fn checked(
    path: &[&str],
    text: &str,
    limit: usize,
    is_forbidden: impl Fn(char) -> bool,
) -> Result<Option<String>, Refusal> {
    // Bytes first: a megabyte is refused without being read.
    if text.len() > limit.saturating_mul(4) || text.chars().count() > limit {
        return Err(Refusal::bad_input(path, format!("This has at most {limit} characters.")));
    }
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().any(|c| is_forbidden(c) || turns_direction(c)) {
        return Err(Refusal::bad_input(path, "This has control characters in it."));
    }
    let mut marks = 0;
    for c in text.chars() {
        marks = if GeneralCategoryGroup::Mark.contains(GeneralCategory::for_char(c)) { marks + 1 } else { 0 };
        if marks > MARKS {
            return Err(Refusal::bad_input(path, "This has too many marks on one letter."));
        }
    }
    Ok(Some(text.to_owned()))
}

/// Line and paragraph separators, and what overrides or isolates the direction of the text after it.
const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters that take no room. Names may need them (a zero-width non-joiner is Persian spelling); what somebody is
/// known by may not have them.
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folding_forgets_case_width_and_spaces() {
        assert_eq!(fold("  Éva\u{a0}\u{3000} MÜLLER "), "éva müller");
        assert_eq!(fold("E\u{301}va"), fold("éva"));
        assert_eq!(fold("ＡＤＡ"), "ada");
        assert_eq!(fold(" \t\n"), "");
    }

    #[test]
    fn a_sort_key_fits_an_index() {
        // One character that NFKC makes eighteen of.
        assert_eq!(sort_key(&"\u{FDFA}".repeat(100)).chars().count(), SORT_KEY_LENGTH);
    }

    #[test]
    fn one_mailbox_has_one_key() {
        for (typed, key) in [
            ("ada@example.org", "ada@example.org"),
            ("  Ada.Lovelace@Example.ORG\n", "ada.lovelace@example.org"),
            ("ÄDA@example.org", "äda@example.org"),
            ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
            ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
            ("o'hara+tag@example.org", "o'hara+tag@example.org"),
            ("ada@localhost", "ada@localhost"),
        ] {
            assert_eq!(email_key(typed).as_deref(), Ok(key), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(250));
        let long_domain = format!("ada@{}org", "abc.".repeat(62));
        for typed in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.org",
            "ada@@example.org",
            "ada@b@example.org",
            "Ada <ada@example.org>",
            "<ada@example.org>",
            "\"ada\"@example.org",
            "\"a@b\"@example.org",
            "ada lovelace@example.org",
            "ada@example.org.",
            "ada@.example.org",
            "ada@-example.org",
            "ada.@example.org",
            "a..da@example.org",
            "ada@[127.0.0.1]",
            "ada@exa mple.org",
            "ada@example.org, eve@example.org",
            "ａｄａ@example.org",
            "ﬁn@example.org",
            "e\u{301}va@example.org",
            "a\u{200b}da@example.org",
            "ada\0@example.org",
            "ada\r\n@example.org",
            "a\u{202e}da@example.org",
            long.as_str(),
            long_domain.as_str(),
        ] {
            let refusal = email_key(typed).expect_err(typed);
            assert_eq!((refusal.code(), refusal.path()), ("BAD_INPUT", vec!["email".to_owned()]), "{typed}");
        }
    }

    #[test]
    fn usernames_that_look_the_same_are_the_same() {
        assert_eq!(username_key(" Ada.L ").as_deref(), Ok("ada.l"));
        assert_eq!(username_key("ＡＤＡ").as_deref(), Ok("ada"));
        assert_eq!(username_key("ada@example.org").as_deref(), Ok("ada@example.org"));
        for typed in
            ["", " ", "ada l", "a\u{200d}da", "a\tda", "a\u{b4}da", &"a".repeat(101), &"\u{FDFB}".repeat(50)]
        {
            assert!(username_key(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn texts_are_bounded_and_have_no_controls() {
        let check = |typed: &str| text(&["firstName"], typed, 20);
        assert_eq!(check("  Ada \n").as_deref(), Ok("Ada"));
        assert_eq!(check("Nguyễn").as_deref(), Ok("Nguyễn"));
        assert_eq!(check("می\u{200c}خواهم").as_deref(), Ok("می\u{200c}خواهم"));
        assert_eq!(check("=HYPERLINK(1)").as_deref(), Ok("=HYPERLINK(1)"));
        for typed in [
            "",
            "  ",
            "A\0da",
            "A\r\nda",
            "A\tda",
            "A\u{202e}da",
            "A\u{2066}da",
            "A\u{85}da",
            &"a".repeat(21),
        ] {
            assert!(check(typed).is_err(), "{typed:?}");
        }
        assert!(check(&"x".repeat(1_000_000)).is_err());
        assert!(check(&format!("a{}", "\u{301}".repeat(15))).is_err());
        assert_eq!(long_text(&["body"], "One\n\tTwo", 20).as_deref(), Ok("One\n\tTwo"));
        assert!(long_text(&["body"], "One\0", 20).is_err());
    }

    proptest! {
        #[test]
        fn keys_of_keys_are_themselves(typed in "\\PC{0,30}") {
            prop_assert_eq!(fold(&fold(&typed)), fold(&typed));
            prop_assert!(sort_key(&typed).chars().count() <= SORT_KEY_LENGTH);
            if let Ok(key) = username_key(&typed) {
                prop_assert_eq!(username_key(&key), Ok(key.clone()));
            }
        }

        #[test]
        fn email_keys_of_email_keys_are_themselves(
            local in "[\\PC&&[^@]]{1,12}", domain in "[a-zA-Z0-9äßéÖ.-]{1,20}"
        ) {
            if let Ok(key) = email_key(&format!("{local}@{domain}")) {
                prop_assert_eq!(email_key(&key), Ok(key.clone()));
            }
        }
    }
}

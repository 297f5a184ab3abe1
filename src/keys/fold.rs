//! How a text is folded: Unicode's data, by ICU4X.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::properties::CanonicalCombiningClassMap;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};

/// The text that all texts share which differ in nothing but case and compatibility: Unicode's default caseless
/// matching (the standard, section 3.13, D146), composed. Folding twice changes nothing.
///
/// It tells apart what accents tell apart, and so decides who is the same account.
pub fn caseless(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let case = CaseMapper::new();
    let text = DecomposingNormalizer::new_nfd().normalize(text);
    let text = case.fold_string(&text);
    let text = DecomposingNormalizer::new_nfkd().normalize(&text);
    let text = case.fold_string(&text);
    nfkc(&text).into_owned()
}

/// A [`caseless`] text without accents, in which a search looks and by which it is asked for (R26). Two people may have
/// the same: it never decides who somebody is.
pub fn searched(text: &str) -> String {
    let text = caseless(text);
    if text.is_ascii() {
        return text;
    }
    let classes = CanonicalCombiningClassMap::new();
    let bare: String = DecomposingNormalizer::new_nfd()
        .normalize(&text)
        .chars()
        .filter(|c| !is_accent(classes.get_u8(*c)))
        .map(without_stroke)
        .collect();
    ComposingNormalizer::new_nfc().normalize(&bare).into_owned()
}

/// Whether NFKC leaves the text as it is.
pub fn is_nfkc(text: &str) -> bool {
    ComposingNormalizer::new_nfkc().is_normalized(text)
}

fn nfkc(text: &str) -> Cow<'_, str> {
    ComposingNormalizer::new_nfkc().normalize(text)
}

/// Whether a mark of this combining class is an accent: it stands across, above or below a letter, or is a point of
/// Hebrew or Arabic. Not so the vowels and tones of Thai, Devanagari and their like, nor what makes another consonant of
/// a kana: without them it is another word.
const fn is_accent(class: u8) -> bool {
    matches!(class, 1 | 10..=36 | 200..)
}

/// The letter without its stroke, which Unicode does not take apart as it does accents; and the Turkish i without its
/// dot, whose capital is everybody's I.
const fn without_stroke(letter: char) -> char {
    match letter {
        'đ' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        'ł' => 'l',
        'ø' => 'o',
        'ŧ' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_is_what_unicode_says_it_is() {
        for (one, other) in [
            ("ΝΊΚΟΣ", "νίκος"),
            ("νίκοσ", "νίκος"),
            ("GROSS", "Groß"),
            ("GROẞ", "Groß"),
            ("ÉVA", "e\u{301}va"),
            ("ＡＤＡ", "ada"),
            ("Ǆ", "ǆ"),
            ("ΑΙ", "ᾼ"),
            ("Ꭰ", "ꭰ"),
        ] {
            assert_eq!(caseless(one), caseless(other), "{one} {other}");
        }
        for (one, other) in [("ı", "i"), ("é", "e"), ("ø", "o"), ("и", "й"), ("か", "が")] {
            assert_ne!(caseless(one), caseless(other), "{one} {other}");
        }
    }

    #[test]
    fn a_search_forgets_accents_and_nothing_else() {
        for (one, other) in [
            ("Éva Łódź Øyvind", "eva lodz oyvind"),
            ("ΝΊΚΟΣ", "νικος"),
            ("IŞIK", "ışık"),
            ("İzmir", "izmir"),
            ("שָׁלוֹם", "שלום"),
            ("Nguyễn Đình", "nguyen dinh"),
        ] {
            assert_eq!(searched(one), searched(other), "{one} {other}");
        }
        for (one, other) in [("か", "が"), ("कुल", "कल"), ("นี", "นา")] {
            assert_ne!(searched(one), searched(other), "{one} {other}");
        }
    }

    #[test]
    fn every_character_is_folded_for_good() {
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            let (folded, bare) = (caseless(&text), searched(&text));
            assert_eq!(caseless(&folded), folded, "{c:?}");
            assert_eq!(searched(&bare), bare, "{c:?}");
            assert_eq!(searched(&folded), bare, "{c:?}");
            assert!(is_nfkc(&folded), "{c:?}");
            // A key made by lower-casing letter by letter names the same people.
            let lower: String = text.chars().flat_map(char::to_lowercase).collect();
            assert_eq!(caseless(&lower), folded, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_folded_is_folded_for_good(text in "[\\PC\\u{300}-\\u{345}]{0,12}") {
            let folded = caseless(&text);
            prop_assert_eq!(caseless(&folded), folded.clone());
            prop_assert_eq!(caseless(&text.to_uppercase()), caseless(&text.to_uppercase().to_lowercase()));
            let bare = searched(&text);
            prop_assert_eq!(searched(&bare), bare);
        }
    }
}

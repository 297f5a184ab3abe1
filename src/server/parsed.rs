//! What was asked lately is neither looked at nor parsed again: programs ask the same few documents all day.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Request;
use async_graphql::parser::types::ExecutableDocument;
use hashlink::LruCache;

use super::answer::Problem;
use super::guard;

/// Bytes of text that are kept. Parsed they take far more: a field, two letters of text, takes some hundred bytes.
const KEPT: usize = 64 << 10;
/// Bytes of one text that is kept.
const LONGEST: usize = 8 << 10;

/// Documents that the guard has let pass, by their text, the last to be asked.
#[derive(Clone)]
pub struct Parsed(Arc<Mutex<Kept>>);

struct Kept {
    documents: LruCache<String, Arc<ExecutableDocument>>,
    bytes: usize,
}

impl Parsed {
    /// Parses what is asked, once the guard has let it pass. What is no document is told when it is carried out.
    ///
    /// # Errors
    /// What the guard refuses.
    pub fn parse(&self, request: &mut Request) -> Result<(), Problem> {
        if let Some(document) = self.of(&request.query) {
            request.set_parsed_query(document);
            return Ok(());
        }
        guard::admit(&request.query)?;
        if let Ok(document) = request.parsed_query().cloned() {
            self.keep(&request.query, document);
        }
        Ok(())
    }

    fn of(&self, text: &str) -> Option<ExecutableDocument> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).documents.get(text).cloned();
        // Outside of the lock: it is no small thing.
        found.map(|document| ExecutableDocument::clone(&document))
    }

    /// Keeps the document of `text`, in place of those that were not asked for longest.
    fn keep(&self, text: &str, document: ExecutableDocument) {
        if text.len() > LONGEST {
            return;
        }
        let document = Arc::new(document);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.documents.insert(text.to_owned(), document).is_none() {
            kept.bytes += text.len();
        }
        while kept.bytes > KEPT
            && let Some((text, _)) = kept.documents.remove_lru()
        {
            kept.bytes -= text.len();
        }
    }
}

impl Default for Parsed {
    fn default() -> Parsed {
        Parsed(Arc::new(Mutex::new(Kept { documents: LruCache::new_unbounded(), bytes: 0 })))
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parsed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: usize) -> String {
        format!("{{ a{number} }}{}", " ".repeat(1_000))
    }

    fn ask(parsed: &Parsed, text: &str) -> Result<(), Problem> {
        parsed.parse(&mut Request::new(text))
    }

    #[test]
    fn the_last_to_be_asked_are_kept_and_no_more_than_fit() {
        let parsed = Parsed::default();
        for number in 0..100 {
            ask(&parsed, &text(number)).expect("a document");
            ask(&parsed, &text(0)).expect("it is asked all the time");
        }
        let is_kept = |number| parsed.of(&text(number)).is_some();
        assert_eq!([0, 1, 99].map(is_kept), [true, false, true]);
        let kept = parsed.0.lock().expect("nobody panicked");
        assert_eq!(kept.bytes, kept.documents.iter().map(|(text, _)| text.len()).sum::<usize>());
        assert!(kept.bytes <= KEPT);
    }

    #[test]
    fn what_is_very_long_or_no_document_is_not_kept() {
        let parsed = Parsed::default();
        let (long, broken) = (format!("{{ a }}{}", " ".repeat(LONGEST)), "{ a");
        for text in [&long, broken] {
            ask(&parsed, text).expect("the guard lets it pass");
            assert!(parsed.of(text).is_none());
        }
    }
}

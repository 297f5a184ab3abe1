//! Trusted documents: where a file of them is given, the server carries out these operations and no others.
//!
//! The file is what the tools of clients write when they build (graphql-codegen's client preset, relay-compiler): a JSON
//! object from the SHA-256 of a document, in hex, to its text. A client then sends `documentId` (`sha256:…`, or the
//! bare hash), or `extensions.persistedQuery.sha256Hash`, in place of the query, or the very text.

use std::collections::BTreeMap;
use std::path::Path;

use super::answer::Problem;
use super::guard;
use super::request::Asked;
use crate::token::sha256;

/// The operations that may be asked for, by the hash of their text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents(BTreeMap<String, String>);

/// Why a file of documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentsError {
    /// It cannot be read.
    #[error("the trusted documents cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is something else.
    #[error("the trusted documents are no JSON object from hash to text: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A text is not the one that was hashed.
    #[error("the trusted document {0} has another SHA-256")]
    Mismatch(String),
    /// The parser could not bear it.
    #[error("the trusted document {0} is refused: {1}")]
    Refused(String, &'static str),
}

impl Documents {
    /// The documents in `file`, each checked.
    ///
    /// # Errors
    /// When the file is none of documents, or one of them is not what its hash says.
    pub fn read(file: &Path) -> Result<Documents, DocumentsError> {
        let documents: BTreeMap<String, String> = serde_json::from_slice(&std::fs::read(file)?)?;
        for (hash, text) in &documents {
            if *hash != sha256(text) {
                return Err(DocumentsError::Mismatch(hash.clone()));
            }
            guard::admit(text).map_err(|problem| DocumentsError::Refused(hash.clone(), problem.code()))?;
        }
        Ok(Documents(documents))
    }

    /// The text of the document that is asked for.
    ///
    /// # Errors
    /// `UNTRUSTED_DOCUMENT` when it is none of them.
    pub fn text_of(&self, asked: &Asked) -> Result<String, Problem> {
        let hash = match (asked.document(), &asked.query) {
            (Some(id), _) => id.strip_prefix("sha256:").unwrap_or(id).to_ascii_lowercase(),
            (None, Some(text)) => sha256(text),
            (None, None) => return Err(Problem::no_request()),
        };
        self.0.get(&hash).cloned().ok_or_else(Problem::untrusted_document)
    }
}

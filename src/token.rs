//! Bearer tokens: drawn here, shown once, and kept only as a hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// What every token begins with, so that one left in a file is found.
const PREFIX: &str = "roster_";

/// A token drawn just now. Only whoever asked for it ever sees its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token that nobody can guess: 256 random bits.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn draw() -> Result<Token, Error> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).map_err(|_| Error::Broken("randomness"))?;
        Ok(Token(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random))))
    }

    /// The text to be sent as `Authorization: Bearer …`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn sha256(&self) -> String {
        sha256(&self.0)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 in lower-case hexadecimal: what is kept of a token, or of what somebody sent as one, and what a trusted
/// document goes by.
pub fn sha256(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

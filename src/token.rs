//! Secrets that are drawn here, shown once, and kept only as a hash: bearer tokens, sign-ins, links.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// Random characters of a token that may be kept, so that its owner knows it again. What is left cannot be guessed.
const HINT: usize = 5;

/// What a secret is good for. Each kind begins with a word of its own, so that one left in a file is found, and one
/// that is sent is looked for where it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A token of somebody.
    Token,
    /// A token of the platform itself.
    Service,
    /// A sign-in.
    SignIn,
    /// A link to choose a password by.
    Link,
    /// A link to confirm an address by.
    Email,
    /// The mark of a device that somebody signed in on.
    Device,
}

impl Kind {
    /// What every secret of this kind begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Kind::Token => "roster_",
            Kind::Service => "roster_service_",
            Kind::SignIn => "roster_signin_",
            Kind::Link => "roster_link_",
            Kind::Email => "roster_email_",
            Kind::Device => "roster_device_",
        }
    }

    /// The kind of what somebody sent.
    pub fn of(text: &str) -> Kind {
        let named = [Kind::Service, Kind::SignIn, Kind::Link, Kind::Email, Kind::Device];
        named.into_iter().find(|kind| text.starts_with(kind.prefix())).unwrap_or(Kind::Token)
    }
}

/// A secret drawn just now. Only whoever asked for it ever sees its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token that nobody can guess: 256 random bits.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn draw() -> Result<Token, Error> {
        Token::draw_of(Kind::Token)
    }

    /// As [`Token::draw`], of any kind.
    ///
    /// # Errors
    /// As [`Token::draw`].
    pub fn draw_of(kind: Kind) -> Result<Token, Error> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).map_err(|_| Error::Broken("randomness"))?;
        Ok(Token(format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(random))))
    }

    /// The text to be sent as `Authorization: Bearer …`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn sha256(&self) -> String {
        sha256(&self.0)
    }

    /// How it begins: enough to know it again, too little to guess the rest.
    pub fn hint(&self) -> &str {
        &self.0[..Kind::of(&self.0).prefix().len() + HINT]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_tells_its_kind_and_nothing_else() {
        for kind in [Kind::Token, Kind::Service, Kind::SignIn, Kind::Link, Kind::Email] {
            let secret = Token::draw_of(kind).expect("randomness");
            assert_eq!(Kind::of(secret.as_str()), kind);
            assert_ne!(Token::draw_of(kind).expect("randomness"), secret);
            assert_eq!(format!("{secret:?}"), "Token(…)");
        }
        assert_eq!(Kind::of("nonsense"), Kind::Token);
    }
}

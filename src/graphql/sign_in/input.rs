//! What signing in is done with. No input here has a key: a password is kept in no form but its hash, not even in the
//! one that tells a repeated request; and whoever is not known has no keys.

use async_graphql::{Enum, ID, InputObject};

use crate::people::Entry;

/// How the secret of a sign-in is kept by the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SignInTransport {
    /// For pages in a browser: a cookie that no script can read. Over HTTP alone.
    Cookie,
    /// For programs: the answer tells the secret, which is sent as `Authorization: Bearer …`.
    Bearer,
}

/// Who signs in.
#[derive(Clone, InputObject)]
pub struct SignInInput {
    /// The person's email or username, in whatever case.
    pub(super) login: String,
    /// The password.
    pub(super) password: String,
    /// Another password, 8 to 128 bytes, where the answer was `PASSWORD_MUST_CHANGE`; else to be left out.
    pub(super) new_password: Option<String>,
    /// How you keep what you are signed in by.
    pub(super) transport: SignInTransport,
    /// The `deviceToken` of an earlier sign-in on this device, if you keep one; a browser sends its own as a cookie. Wrong
    /// passwords are then counted for this device alone, so that strangers who guess cannot keep you out.
    pub(super) device_token: Option<String>,
}

/// Who signs up.
#[derive(Clone, InputObject)]
pub struct SignUpInput {
    /// Your address. A link to choose a password by is sent there.
    email: String,
    /// At most 100 characters.
    first_name: Option<String>,
    /// At most 100 characters.
    last_name: Option<String>,
    /// The language you want to be spoken to in, as a tag: `en`, `pt-BR`.
    language: Option<String>,
}

impl SignUpInput {
    /// The entry of the account.
    pub(super) fn entry(self) -> Entry {
        Entry {
            first_name: self.first_name,
            last_name: self.last_name,
            email: Some(self.email),
            language: self.language,
            ..Entry::default()
        }
    }
}

/// Who has forgotten their password.
#[derive(Clone, Debug, InputObject)]
pub struct RequestPasswordResetInput {
    /// The address of the account.
    pub(super) email: String,
}

/// A password to be chosen by a link.
#[derive(Clone, InputObject)]
pub struct ResetPasswordInput {
    /// What stands in the link after `#password=`.
    pub(super) token: String,
    /// The password, 8 to 128 bytes, none of them a control character.
    pub(super) new_password: String,
}

/// An email to be confirmed by a link.
#[derive(Clone, InputObject)]
pub struct ConfirmEmailInput {
    /// The token in the link: the text after `#email=`.
    pub(super) token: String,
}

/// The person whose pending email gets another link.
#[derive(Clone, Debug, InputObject)]
pub struct ResendEmailConfirmationInput {
    /// The id of the person, yourself included.
    pub(super) user_id: ID,
}

/// A new password of your own.
#[derive(Clone, InputObject)]
pub struct ChangePasswordInput {
    /// The one before.
    pub(super) current_password: String,
    /// The new one, 8 to 128 bytes, none of them a control character.
    pub(super) new_password: String,
}

/// A password for somebody else.
#[derive(Clone, InputObject)]
pub struct SetPasswordInput {
    /// Whose.
    pub(super) user_id: ID,
    /// The password, 8 to 128 bytes, none of them a control character.
    pub(super) password: String,
}

/// One of your sign-ins.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeSignInInput {
    /// Which.
    pub(super) sign_in_id: ID,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

/// Your sign-ins.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeAllSignInsInput {
    /// Whether the sign-in by which you ask goes on.
    #[graphql(default = true)]
    pub(super) keep_current: bool,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    pub(super) idempotency_key: Option<String>,
}

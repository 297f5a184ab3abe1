//! Signing in and out, and passwords.

mod input;

use async_graphql::{Context, ID, Object, SimpleObject};
use axum::http::header::SET_COOKIE;
use chrono::{DateTime, Utc};
use entity::id::{SignInId, UserId};
use input::{
    ChangePasswordInput, ConfirmEmailInput, RequestPasswordResetInput, ResendEmailConfirmationInput,
    ResetPasswordInput, RevokeAllSignInsInput, RevokeSignInInput, SetPasswordInput, SignInInput,
    SignInTransport, SignUpInput,
};

use super::context;
use super::domain::{self, payload};
use super::error::{ApiError, UserError};
use super::id::{self, GlobalId};
use super::user::User;
use crate::error::Refusal;
use crate::graphql::thing::Thing;
use crate::sign_in::passwords;
use crate::sign_in::sign_up::sign_up;
use crate::sign_in::{self, Asked, Ending, EndingAll, device, emails};

impl GlobalId for SignInId {
    const TYPE: &'static str = "SignIn";

    fn of(number: i64) -> SignInId {
        SignInId(number)
    }
}

/// A sign-in of yours: a browser or a program that is signed in as you.
#[derive(Clone, Debug)]
pub struct SignIn {
    row: sign_in::SignIn,
    is_current: bool,
}

/// A sign-in of yours: a browser or a program that is signed in as you.
#[Object]
impl SignIn {
    /// The id: opaque, never given to another sign-in.
    async fn id(&self) -> ID {
        self.row.id.global()
    }

    /// What the client said of itself, shortened; null if nothing.
    async fn user_agent(&self) -> Option<&str> {
        self.row.user_agent.as_deref()
    }

    /// When you signed in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it was last used, give or take a minute.
    async fn last_used_at(&self) -> DateTime<Utc> {
        self.row.last_used_at
    }

    /// When it ends, however much it is used. Unused, it ends sooner.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.row.expires_at
    }

    /// Whether it is the one by which you ask.
    async fn is_current(&self) -> bool {
        self.is_current
    }
}

/// What `signIn` answers with.
#[derive(SimpleObject)]
pub struct SignInPayload {
    /// What you are signed in by; null if you are not.
    sign_in: Option<SignIn>,
    /// With `BEARER`: the secret to send as `Authorization: Bearer …`. It is shown this once. Else null.
    token: Option<String>,
    /// With `BEARER`: the mark of this device, to be kept beside the token and sent as `deviceToken` with later sign-ins of
    /// this account. It lets nobody in, works for 180 days, and ends when the password changes. Else null.
    device_token: Option<String>,
    /// Why you are not signed in; empty when you are.
    user_errors: Vec<UserError>,
}

payload! {
    /// What `signOut` answers with.
    SignOutPayload {
        /// Whether a sign-in has ended; null if nothing was done.
        signed_out: bool
    }
}

payload! {
    /// What `signUp` answers with.
    SignUpPayload {
        /// Whether a letter is under way, which tells the rest; null if nothing was done.
        accepted: bool
    }
}

payload! {
    /// What `requestPasswordReset` answers with.
    RequestPasswordResetPayload {
        /// True for every address, also one that is nobody's; null if nothing was done.
        accepted: bool
    }
}

payload! {
    /// What `resetPassword` answers with.
    ResetPasswordPayload {
        /// Whether the password is now the new one; null if nothing was done.
        changed: bool
    }
}

payload! {
    /// What `confirmEmail` answers with.
    ConfirmEmailPayload {
        /// True if the address now counts as the email of its account; null if nothing was done.
        confirmed: bool
    }
}

payload! {
    /// What `resendEmailConfirmation` answers with.
    ResendEmailConfirmationPayload {
        /// The person, whose pending email was sent another link; null if nothing was done.
        user: User
    }
}

payload! {
    /// What `changePassword` answers with.
    ChangePasswordPayload {
        /// Whether the password is now the new one; null if nothing was done.
        changed: bool
    }
}

payload! {
    /// What `setPassword` answers with.
    SetPasswordPayload {
        /// The person; null if nothing was done.
        user: User
    }
}

payload! {
    /// What `revokeSignIn` answers with.
    RevokeSignInPayload {
        /// The sign-in that has ended; null if nothing was done.
        revoked_sign_in_id: ID
    }
}

payload! {
    /// What `revokeAllSignIns` answers with.
    RevokeAllSignInsPayload {
        /// How many sign-ins have ended; null if nothing was done.
        revoked: u64
    }
}

/// Reads of who is signed in.
#[derive(Debug, Default)]
pub struct SignInQuery;

/// Reads of who is signed in.
#[Object]
impl SignInQuery {
    /// Your own sign-ins, at most 50: browsers and programs that are signed in as you, the one used last first.
    async fn sign_ins(&self, ctx: &Context<'_>) -> Result<Vec<SignIn>, ApiError> {
        let (desk, current) = (context::desk(ctx)?, context::current_sign_in(ctx)?);
        let found = domain::asked_of(ctx, |db, caller| async move {
            let user = caller.user().ok_or(Refusal::Unauthenticated)?;
            sign_in::of_user(&db, &desk, user).await
        });
        let shown = |row: sign_in::SignIn| SignIn { is_current: current == Some(row.id), row };
        Ok(found.await?.into_iter().map(shown).collect())
    }
}

/// Signing in and out, and passwords.
#[derive(Debug, Default)]
pub struct SignInMutation;

/// Signing in and out, and passwords.
#[Object]
impl SignInMutation {
    /// Signs in. Anybody may try, but wrong passwords are counted: by account and network, or by device if it is known to
    /// be the account's. Beyond the limit, `RATE_LIMITED` says when to come back.
    ///
    /// A wrong password, an address that is nobody's and an account that may not sign in are all `INVALID_CREDENTIALS`.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in, and how.")] input: SignInInput,
    ) -> Result<SignInPayload, ApiError> {
        let cookie = context::visit(ctx)?.cookie;
        let transport = input.transport;
        let done = domain::at_the_desk(ctx, move |db, desk, visit| async move {
            if transport == SignInTransport::Cookie && cookie.is_none() {
                let message = "A cookie can be set neither over a socket nor for a page of another site.";
                return Err(Refusal::bad_input(&["transport"], message).into());
            }
            let asked = Asked {
                login: input.login,
                password: input.password,
                new_password: input.new_password,
                user_agent: visit.user_agent,
                device: input.device_token.or(visit.device),
            };
            sign_in::sign_in(&db, &desk, visit.address, asked).await
        });
        let signed_in = match done.await? {
            Ok(signed_in) => signed_in,
            Err(error) => {
                let user_errors = vec![error];
                return Ok(SignInPayload { sign_in: None, token: None, device_token: None, user_errors });
            }
        };
        let (row, secret, mark) = (signed_in.sign_in, signed_in.secret, signed_in.device);
        let (token, device_token) = match (transport, cookie) {
            (SignInTransport::Cookie, Some(cookie)) => {
                ctx.append_http_header(
                    SET_COOKIE,
                    cookie.set(secret.as_str(), row.expires_at - row.created_at),
                );
                ctx.append_http_header(SET_COOKIE, cookie.set_device(mark.as_str(), device::LASTS));
                (None, None)
            }
            _ => (Some(secret.as_str().to_owned()), Some(mark.as_str().to_owned())),
        };
        let sign_in = Some(SignIn { row, is_current: false });
        Ok(SignInPayload { sign_in, token, device_token, user_errors: Vec::new() })
    }

    /// Signs out: the sign-in by which you ask ends, and every socket that was opened by it is closed.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<SignOutPayload, ApiError> {
        let current = context::current_sign_in(ctx)?;
        let done = match current {
            None => Ok(false),
            Some(sign_in) => {
                let ending = Ok(Ending { sign_in });
                let door = domain::write(ctx, "signOut", None, ending, |tx, ending| {
                    Box::pin(sign_in::end(tx, ending))
                });
                door.await?.map(|_| true)
            }
        };
        if let Some(cookie) = context::visit(ctx)?.cookie {
            ctx.append_http_header(SET_COOKIE, cookie.clear());
        }
        SignOutPayload::of(done, |done| async move { Ok(Some(done)) }).await
    }

    /// Makes an account of your own, a learner of the group that the platform names for it (R34), and sends a link to
    /// choose its password by. Anybody may. With the address of an account that is there already the answer is the same,
    /// and no account is made (R24).
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs up.")] input: SignUpInput,
    ) -> Result<SignUpPayload, ApiError> {
        let done = domain::at_the_desk(ctx, |db, desk, visit| async move {
            sign_up(&db, &desk, visit.address, input.entry()).await
        });
        SignUpPayload::of(done.await?, |()| async { Ok(Some(true)) }).await
    }

    /// Sends a link to choose a new password by, which works once and for an hour. Anybody may ask; if the address belongs to
    /// nobody, or a link was sent within the last hour and still works, nothing is sent and the answer is the same.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose password.")] input: RequestPasswordResetInput,
    ) -> Result<RequestPasswordResetPayload, ApiError> {
        let done = domain::at_the_desk(ctx, |db, desk, visit| async move {
            passwords::request_reset(&db, &desk, visit.address, &input.email).await
        });
        RequestPasswordResetPayload::of(done.await?, |()| async { Ok(Some(true)) }).await
    }

    /// Chooses a password by a link. Every sign-in of the person ends. `INVALID_TOKEN` when the link was used before or
    /// is too old, or the address or the state of the account has changed since it was sent.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link, and the password.")] input: ResetPasswordInput,
    ) -> Result<ResetPasswordPayload, ApiError> {
        let done = domain::at_the_desk(ctx, |db, desk, visit| async move {
            passwords::reset(&db, &desk, visit.address, (input.token, input.new_password)).await
        });
        ResetPasswordPayload::of(done.await?, |()| async { Ok(Some(true)) }).await
    }

    /// Confirms an email by the link that was sent to it: from then on it is the email of the account, in place of the one
    /// before (R24). Anybody with the link may do this. `INVALID_TOKEN` if the link was used before, is older than a week,
    /// or was followed by another change, or if the state of the account has changed since it was sent.
    async fn confirm_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the link.")] input: ConfirmEmailInput,
    ) -> Result<ConfirmEmailPayload, ApiError> {
        let done = domain::at_the_desk(ctx, |db, desk, visit| async move {
            emails::confirm(&db, &desk, visit.address, &input.token).await
        });
        ConfirmEmailPayload::of(done.await?, |()| async { Ok(Some(true)) }).await
    }

    /// Sends another link to an email that waits to be confirmed; the link before stops working. You may do this for
    /// yourself and for everybody whose email you may change. `NOT_FOUND` if no email of the person waits.
    async fn resend_email_confirmation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person whose email waits.")] input: ResendEmailConfirmationInput,
    ) -> Result<ResendEmailConfirmationPayload, ApiError> {
        let (desk, pass, address) = (context::desk(ctx)?, context::pass(ctx)?, context::visit(ctx)?.address);
        let read = id::parse::<UserId>(&input.user_id, &["userId"]);
        let done = domain::perform(
            ctx,
            "resendEmailConfirmation",
            None,
            read,
            move |db, caller, _, user| async move {
                emails::resend(&db, &desk, emails::From { caller, pass, address }, user).await
            },
        );
        ResendEmailConfirmationPayload::of(done.await?, |user| User::load(ctx, user)).await
    }

    /// Changes your own password. Your other sign-ins end.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password before, and the new one.")] input: ChangePasswordInput,
    ) -> Result<ChangePasswordPayload, ApiError> {
        let (desk, by) = (context::desk(ctx)?, context::current_sign_in(ctx)?);
        let address = context::visit(ctx)?.address;
        let done =
            domain::perform(ctx, "changePassword", None, Ok(input), move |db, caller, _, input| async move {
                let passwords = (input.current_password, input.new_password);
                passwords::change(&db, &desk, (caller, address), by, passwords).await
            });
        ChangePasswordPayload::of(done.await?, |()| async { Ok(Some(true)) }).await
    }

    /// Sets somebody else's password; they are told, are signed out everywhere, and choose another one when they next
    /// sign in (R34). By whoever has the right over the person in every group of theirs; the platform owner's is the
    /// owner's alone.
    async fn set_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and the password.")] input: SetPasswordInput,
    ) -> Result<SetPasswordPayload, ApiError> {
        let desk = context::desk(ctx)?;
        let read = id::parse::<UserId>(&input.user_id, &["userId"]).map(|user| (user, input.password));
        let done = domain::perform(ctx, "setPassword", None, read, move |db, caller, _, input| async move {
            passwords::set(&db, &desk, caller, input).await
        });
        SetPasswordPayload::of(done.await?, |user| User::load(ctx, user)).await
    }

    /// Ends one of your own sign-ins at once, and closes every socket that was opened by it.
    async fn revoke_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sign-in.")] input: RevokeSignInInput,
    ) -> Result<RevokeSignInPayload, ApiError> {
        let ending = id::parse(&input.sign_in_id, &["signInId"]).map(|sign_in| Ending { sign_in });
        let done = domain::write(ctx, "revokeSignIn", input.idempotency_key, ending, |tx, ending| {
            Box::pin(sign_in::end(tx, ending))
        });
        RevokeSignInPayload::of(done.await?, |id| async move { Ok(Some(id.global())) }).await
    }

    /// Ends your own sign-ins at once, wherever they are.
    async fn revoke_all_sign_ins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sign-ins.")] input: RevokeAllSignInsInput,
    ) -> Result<RevokeAllSignInsPayload, ApiError> {
        let current = context::current_sign_in(ctx)?;
        let ending = Ok(EndingAll { kept: current.filter(|_| input.keep_current) });
        let done = domain::write(ctx, "revokeAllSignIns", input.idempotency_key, ending, |tx, ending| {
            Box::pin(sign_in::end_all(tx, ending))
        });
        RevokeAllSignInsPayload::of(done.await?, |revoked| async move { Ok(Some(revoked)) }).await
    }
}

//! Bearer tokens for programs.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::{ServiceTokenId, TokenId};

use super::domain::{self, payload};
use super::error::{ApiError, UserError};
use super::id::{self, GlobalId};
use super::input::instant;
use crate::access::Scope;
use crate::error::Refusal;
use crate::token::{Kind, Token};
use crate::tokens::{self, Made, NewToken, TokenRow, Which};

impl GlobalId for TokenId {
    const TYPE: &'static str = "Token";

    fn of(number: i64) -> TokenId {
        TokenId(number)
    }
}

impl GlobalId for ServiceTokenId {
    const TYPE: &'static str = "ServiceToken";

    fn of(number: i64) -> ServiceTokenId {
        ServiceTokenId(number)
    }
}

/// Something that a token may be used for. It never gives its owner a right that they have not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Scope")]
pub enum TokenScope {
    /// See people: names and states.
    UsersRead,
    /// See emails, phone numbers and when somebody last signed in.
    UsersPii,
    /// See groups, and the posts in them.
    GroupsRead,
    /// Make and change groups.
    GroupsWrite,
    /// Create people, who may then sign in; grant learner, coach and author, and take coach and author away. Granting a role
    /// other than learner needs every scope that the role makes use of.
    MembersWrite,
    /// Grant administrator and user administrator, together with every scope that they make use of, and take them away;
    /// change what somebody is known by, unless their account holds more than the token. No token makes a platform
    /// administrator.
    MembersAdmin,
    /// Take people out of groups.
    UsersRemove,
    /// Delete people from the platform.
    UsersDelete,
    /// Suspend and deactivate people, and back.
    UsersState,
    /// Anonymize and erase people.
    UsersErase,
    /// Follow jobs, read the record of removals, and hear what happened.
    Jobs,
    /// Read reports.
    ReportsRead,
    /// Make and change courses, paths, sessions and slots, and what people achieve in them.
    ContentWrite,
    /// See courses, paths, sessions and slots, and what people achieved in them.
    ContentRead,
}

/// A token by which a program asks: its owner's, or the platform's.
#[derive(Clone, Debug, SimpleObject)]
pub struct ApiToken {
    /// The id: opaque, never given to another token.
    id: ID,
    /// What it is called; null if the operator of the platform made it.
    name: Option<String>,
    /// How its text begins, by which you know it again; null if the operator made it.
    hint: Option<String>,
    /// What it may be used for; null if the operator made it: for everything that tokens may be used for.
    scopes: Option<Vec<TokenScope>>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it stops working; null: not by itself.
    expires_at: Option<DateTime<Utc>>,
    /// When it was last used, give or take a minute; null if never.
    last_used_at: Option<DateTime<Utc>>,
}

impl<T: GlobalId> From<TokenRow<T>> for ApiToken {
    fn from(row: TokenRow<T>) -> ApiToken {
        ApiToken {
            id: row.id.global(),
            name: row.name,
            hint: row.hint,
            scopes: row.scopes.map(|scopes| scopes.iter().map(TokenScope::from).collect()),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// The token to make.
#[derive(Clone, Debug, InputObject)]
pub struct CreateTokenInput {
    /// What it is called, 1 to 100 characters.
    name: String,
    /// What it may be used for, at least one.
    scopes: Vec<TokenScope>,
    /// When it stops working, within ten years; left out, it works until it is revoked.
    expires_at: Option<DateTime<Utc>>,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer, but for the secret, and
    /// does nothing.
    idempotency_key: Option<String>,
}

impl CreateTokenInput {
    /// The door's input, with a secret drawn for it.
    fn read(self, secret: &Token) -> Result<NewToken, Refusal> {
        Ok(NewToken {
            name: self.name,
            scopes: self.scopes.into_iter().map(Scope::from).collect(),
            expires_at: self.expires_at.map(|end| instant(end, &["expiresAt"])).transpose()?,
            drawn: (secret.hint().to_owned(), secret.sha256()),
        })
    }
}

/// The token to revoke.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeTokenInput {
    /// Which: one of yours, or one of the platform.
    token_id: ID,
    /// Your own word for this request, 8 to 200 characters: sent again, it gets the first answer and does nothing.
    idempotency_key: Option<String>,
}

impl RevokeTokenInput {
    fn read(&self) -> Result<Which, Refusal> {
        let path = &["tokenId"];
        match id::parse(&self.token_id, path) {
            Ok(token) => Ok(Which::Own(token)),
            Err(refusal) => id::parse(&self.token_id, path).map(Which::Service).map_err(|_| refusal),
        }
    }
}

/// What making a token answers with.
#[derive(Debug, SimpleObject)]
pub struct CreateTokenPayload {
    /// The token; null if nothing was done.
    token: Option<ApiToken>,
    /// Its text, to be sent as `Authorization: Bearer …`. It is shown this once; null if nothing was done, or the request
    /// had been sent before.
    secret: Option<String>,
    /// Why nothing was done; empty when it was.
    user_errors: Vec<UserError>,
}

impl CreateTokenPayload {
    async fn of<T: GlobalId + PartialEq, F>(
        done: Result<Made<T>, UserError>,
        drawn: &Token,
        load: impl FnOnce() -> F,
    ) -> Result<CreateTokenPayload, ApiError>
    where
        F: Future<Output = Result<Vec<TokenRow<T>>, ApiError>>,
    {
        let (id, sha256) = match done {
            Ok(made) => made,
            Err(error) => {
                return Ok(CreateTokenPayload { token: None, secret: None, user_errors: vec![error] });
            }
        };
        let token = load().await?.into_iter().find(|row| row.id == id).map(ApiToken::from);
        let secret = (drawn.sha256() == sha256).then(|| drawn.as_str().to_owned());
        Ok(CreateTokenPayload { token, secret, user_errors: Vec::new() })
    }
}

payload! {
    /// What `revokeToken` answers with.
    RevokeTokenPayload {
        /// The token that no longer works; null if nothing was done.
        revoked_token_id: ID
    }
}

async fn own(ctx: &Context<'_>) -> Result<Vec<TokenRow<TokenId>>, ApiError> {
    domain::asked_of(ctx, |db, caller| async move {
        tokens::of_user(&db, caller.user().ok_or(Refusal::Unauthenticated)?).await
    })
    .await
}

async fn of_platform(ctx: &Context<'_>) -> Result<Vec<TokenRow<ServiceTokenId>>, ApiError> {
    domain::asked_of(ctx, |db, caller| async move { tokens::of_platform(&db, &caller).await }).await
}

/// Reads of tokens.
#[derive(Debug, Default)]
pub struct TokenQuery;

/// Reads of tokens.
#[Object]
impl TokenQuery {
    /// Your own tokens, at most 100, the newest first.
    async fn tokens(&self, ctx: &Context<'_>) -> Result<Vec<ApiToken>, ApiError> {
        Ok(own(ctx).await?.into_iter().map(ApiToken::from).collect())
    }

    /// The platform's tokens, at most 100, the newest first. For platform administrators.
    async fn service_tokens(&self, ctx: &Context<'_>) -> Result<Vec<ApiToken>, ApiError> {
        Ok(of_platform(ctx).await?.into_iter().map(ApiToken::from).collect())
    }
}

/// Changes of tokens.
#[derive(Debug, Default)]
pub struct TokenMutation;

/// Changes of tokens.
#[Object]
impl TokenMutation {
    /// Makes a token of yours, for a program that asks as you: with your rights, for what its scopes are good for. It
    /// ends with your account. No token makes another.
    async fn create_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the token is for.")] input: CreateTokenInput,
    ) -> Result<CreateTokenPayload, ApiError> {
        let (key, drawn) = (input.idempotency_key.clone(), Token::draw()?);
        let done = domain::write(ctx, "createToken", key, input.read(&drawn), |tx, new| {
            Box::pin(tokens::create(tx, new))
        });
        CreateTokenPayload::of(done.await?, &drawn, || own(ctx)).await
    }

    /// Makes a token of the platform, for a program that is nobody's: with the rights of a platform administrator, for
    /// what its scopes are good for. What it does, the platform has done. By platform administrators; it outlives their
    /// accounts.
    async fn create_service_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the token is for.")] input: CreateTokenInput,
    ) -> Result<CreateTokenPayload, ApiError> {
        let (key, drawn) = (input.idempotency_key.clone(), Token::draw_of(Kind::Service)?);
        let done = domain::write(ctx, "createServiceToken", key, input.read(&drawn), |tx, new| {
            Box::pin(tokens::create_service(tx, new))
        });
        CreateTokenPayload::of(done.await?, &drawn, || of_platform(ctx)).await
    }

    /// Revokes a token of yours; or one of the platform, by platform administrators. It stops working at once.
    async fn revoke_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which token.")] input: RevokeTokenInput,
    ) -> Result<RevokeTokenPayload, ApiError> {
        let done =
            domain::write(ctx, "revokeToken", input.idempotency_key.clone(), input.read(), |tx, which| {
                Box::pin(tokens::revoke(tx, which))
            });
        RevokeTokenPayload::of(done.await?, |()| async { Ok(Some(input.token_id)) }).await
    }
}

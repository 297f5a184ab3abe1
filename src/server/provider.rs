//! The organisation's own provider of identities, by OpenID Connect: whoever signed in there asks here with the token that
//! they were given, a JWT of it for this audience, and is the active account that has the address it vouches for.
//!
//! Its keys are found by discovery, kept for an hour, and asked for again when a token names one that is not among them,
//! but not often: anybody can send such a token. While the provider cannot be reached, the keys that were kept go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::{Client, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

/// How its tokens may be signed.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::RS256, Algorithm::ES256];
/// How long its keys are kept.
const FRESH: Duration = Duration::from_secs(3_600);
/// How long to wait before it is asked again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of an answer.
const LARGEST: usize = 1 << 20;
/// Bytes of a token.
const LONGEST: usize = 8 << 10;

/// A provider of identities.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    audience: String,
    client: Client,
    kept: Mutex<Kept>,
}

/// What is known of a provider.
#[derive(Debug, Default)]
struct Kept {
    keys: Option<Arc<JwkSet>>,
    /// When it was last asked for them, whether or not it answered.
    asked: Option<Instant>,
}

/// Whom a provider vouches for.
#[derive(Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The address, which the provider has made sure of.
    pub email: String,
    /// When it did so.
    pub at: DateTime<Utc>,
    /// When the person last signed in there (`auth_time`), which a token that was only renewed keeps; where the provider
    /// does not say, when it vouched.
    pub signed_in_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Claims {
    iat: i64,
    auth_time: Option<i64>,
    email: String,
    email_verified: bool,
}

impl Provider {
    /// The provider `issuer`, whose tokens for `audience` are good here.
    ///
    /// # Errors
    /// When the issuer is reached in a way that others can listen to, or requests cannot be made at all.
    pub fn new(issuer: &str, audience: &str) -> Result<Provider, String> {
        let near = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        if !issuer.starts_with("https://") && !near.iter().any(|near| issuer.starts_with(near)) {
            return Err(format!("{issuer} is no address that starts with https://"));
        }
        let client = Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none()).build();
        Ok(Provider {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            client: client.map_err(|error| error.to_string())?,
            kept: Mutex::default(),
        })
    }

    /// Whether this may be a token of a provider: none of ours is.
    pub fn may_be(token: &str) -> bool {
        token.len() <= LONGEST && token.matches('.').count() == 2
    }

    /// Whom `token` vouches for; nobody where it is not one of this provider, for this audience and this time.
    pub async fn vouched(&self, token: &str) -> Option<Vouched> {
        let header = decode_header(token).ok()?;
        if !ALGORITHMS.contains(&header.alg) {
            return None;
        }
        let key = DecodingKey::from_jwk(&self.key(header.kid.as_deref()).await?).ok()?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        let Claims { iat, auth_time, email, email_verified } = decode(token, &key, &validation).ok()?.claims;
        let at = DateTime::from_timestamp(iat, 0)?;
        let signed_in_at = DateTime::from_timestamp(auth_time.unwrap_or(iat), 0)?;
        email_verified.then_some(Vouched { email, at, signed_in_at })
    }

    /// The key of this name; the only one there is, where a token names none.
    async fn key(&self, name: Option<&str>) -> Option<Jwk> {
        let find = |keys: &JwkSet| match name {
            Some(name) => keys.find(name).cloned(),
            None => keys.keys.first().filter(|_| keys.keys.len() == 1).cloned(),
        };
        // Whoever comes while it is asked waits for the same answer.
        let mut kept = self.kept.lock().await;
        let known = kept.keys.as_deref().and_then(find);
        let since = kept.asked.map(|asked| asked.elapsed());
        let fresh = if known.is_some() { FRESH } else { AGAIN };
        if since.is_some_and(|since| since < fresh) {
            return known;
        }
        kept.asked = Some(Instant::now());
        match self.keys().await {
            Some(keys) => {
                let found = find(&keys);
                kept.keys = Some(Arc::new(keys));
                found
            }
            None => {
                tracing::warn!("the provider of identities does not tell its keys");
                known
            }
        }
    }

    async fn keys(&self) -> Option<JwkSet> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let discovered: Discovered = self.read(&address).await?;
        if discovered.issuer != self.issuer {
            return None;
        }
        self.read(&discovered.jwks_uri).await
    }

    async fn read<T: DeserializeOwned>(&self, address: &str) -> Option<T> {
        let mut answer = self.client.get(address).send().await.ok()?.error_for_status().ok()?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.ok()? {
            body.extend_from_slice(&part);
            if body.len() > LARGEST {
                return None;
            }
        }
        serde_json::from_slice(&body).ok()
    }
}

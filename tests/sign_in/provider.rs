//! Signing in where the organisation's people do: a provider of identities that is run here.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use entity::kind::Status;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use roster::access::Caller;
use roster::change::Change;
use roster::mail::Mailer;
use roster::people::email::{self, Asked, By, Presence};
use roster::people::{self, Entry, EntryChange, PersonChange};
use roster::server::{Doors, Provider};
use roster::sign_in::Desk;
use roster::transaction::write;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::front::code;
use crate::common::{Start, World, each_database};
use crate::server::listening::{Listening, answered, listening};
use crate::server::socket::{Heard, Socket};

/// Keys for these tests, and for nothing else.
const RSA: &str = "\
    MIIEpAIBAAKCAQEAxw9/VrClRItNcQ+gaDKh6WWsrsQldgimPBXid7TOj3GBPAgIGYukOF0j6KF7V8qWWkF01Dsx+mcTWVntJbWy\
    +JlQrqULI4IGDGOowWo6i9BeR643+JYtR0uOWnpgYW28ySfH5e3xIDtjDHTKzvScZyQgraKKwu4apsXnFH1xQ/SSDnwkgOCMxDRF\
    xJI5Yrt+5LHhdgJb4DuaQoRm/FTb4d86btEYUgTKRBd9IOjinsdq+RrORpNr0/Byh2xDuipGPS2BPQ24qhjGXMkefodSOO5epFOg\
    5k6+sFxvsyVHp8989eaT36Zq/FP+JYks3BbyRFl90xzRQt191jCU9csnwwIDAQABAoIBAC8jFVVS6R/NGN6AA80IyFx7biPIYNKN\
    g8fQqtsL3qoLB75ObJSYA6AxNhKdQpbsayQeQesLxW71P5i1+bknSKUjsP5aKMQUwxfl9Y0veYOoKNsyfyCHd1tdoez885u+n6jG\
    mchxytqGFZNaiLfvJqYp4O8dAVzdg0QgsvKgLdUYRmWha9YFK00Lx7x83W4Q9oXO9TNCi6HzJIFWCkyuiv1pPczyE1YHjsywddaM\
    yOJ7PBcbY2tn/6jyqUPVQrrvQ2lGOdp+etdarjB57SHtFZ4V5u9PUvOpmqkRnY2rpOa3xQ02afRPyJY/57GbPdIcXbY4ArH81a6j\
    OCYdE74WERkCgYEA/bKAIHZmM2sCTTOvaAchVCdovW5LWFNC1tF/uvC1pEuR1etCUeKeLtBkHWYNfPf33fAE38WEIU6i0YX/IuWG\
    Z7ON5Am7buJU5uS2qrW5pWYT7aXzw/DjxLQ8zX0nGzxiWbGbN16mcqGia7JTaMn+tP4J5XaEKUuvJROYsdIh8K8CgYEAyN4Kin3m\
    U3B4NtEtWQE7LH3iThuME6i0fvFMRTKv1XyZDk2ePmALfJWDVEPcnFCNOlo0ZBLo3vwZ+grWNuHnJoAYR47vKKSN46xDYraru+oj\
    Dlg5MUDDE2kTEeqeq1VLUzAL1TWAn5bYmjHWen49IIuuSHjYVfTjxbGQ2IvV9y0CgYEAiEbOVKHFHHGq9tWAr5zE5nOU68zHZFa1\
    XLeEqWKL8Ak3+XU6VsootnTykmgzbqG0398Cf0GWTF31UB9ugcxRensVCR3BNTsW6ECLbv/XDWXb5phybRqE/zDiSG+mBhdVrWCe\
    RAvv1TvGB5vu+icnTwn3Pu9+5r/lAUGZkEuUN7kCgYEAtl+bdHiw2ctA6oxrPud2QYQeJ8qtGOBQ2PzewekuaogRM0JXzcxIQZpC\
    PgzLTYV5ZKSn8sCUfHiqYTLbocLjqzocUUQ+cklNpowuNn8iV6BSqeCCNOzW8VWygc7ity7fEC2MYM2N9dfw27cqQ9dASr9nwtct\
    nIWXFFSO7X2xDBUCgYAomcUdFmHyJpPTSZfRG/ZfBCHVt8CvOg42fYi6qKIs4T3+PsML5ZvsNAfOrBW4PNjgt+QIo3rmYmuQwxiC\
    75+aJ4jPGl+VnIdSh1IzUX8WdNFQ4ga9sWFzmODSMJowP1OKyP8G2hJWyMLJCj8F3v1NCR1djkoD3esPzzOXWzf26g==";
const RSA_MODULUS: &str = "\
    xw9_VrClRItNcQ-gaDKh6WWsrsQldgimPBXid7TOj3GBPAgIGYukOF0j6KF7V8qWWkF01Dsx-mcTWVntJbWy-JlQrqULI4IGDGOo\
    wWo6i9BeR643-JYtR0uOWnpgYW28ySfH5e3xIDtjDHTKzvScZyQgraKKwu4apsXnFH1xQ_SSDnwkgOCMxDRFxJI5Yrt-5LHhdgJb\
    4DuaQoRm_FTb4d86btEYUgTKRBd9IOjinsdq-RrORpNr0_Byh2xDuipGPS2BPQ24qhjGXMkefodSOO5epFOg5k6-sFxvsyVHp898\
    9eaT36Zq_FP-JYks3BbyRFl90xzRQt191jCU9csnww";
const EC: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg94CZXyNolyHujFWo/hFKy7FIEw9/kAGn2CtX0ptr5CmhRANCAAR5\
    r4TZhNawEGoiXvCQ4SrNuJvthYn6cLdhJNIL4InuPK6QToYg9cdvtbO2z6p1OnKagjoo5hzVB5lART82j9eA";
const EC_POINT: (&str, &str) =
    ("ea-E2YTWsBBqIl7wkOEqzbib7YWJ-nC3YSTSC-CJ7jw", "rpBOhiD1x2-1s7bPqnU6cpqCOijmHNUHmUBFPzaP14A");

const AUDIENCE: &str = "roster";
const VIEWER: &str = "{ viewer { firstName } }";

/// What the provider tells of its keys, and how often it was asked.
#[derive(Clone, Default)]
struct Told {
    keys: Arc<Mutex<Value>>,
    asked: Arc<Mutex<usize>>,
}

/// A provider that runs here, and a server that takes its tokens.
struct Organisation {
    world: World,
    server: Listening,
    issuer: String,
    told: Told,
    _letters: tempfile::TempDir,
}

fn rsa(name: &str) -> Value {
    json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": name, "n": RSA_MODULUS, "e": "AQAB" })
}

fn ec(name: &str) -> Value {
    json!({ "kty": "EC", "use": "sig", "alg": "ES256", "kid": name, "crv": "P-256", "x": EC_POINT.0, "y": EC_POINT.1 })
}

async fn organisation(start: Start) -> Organisation {
    let world = start
        .with(|it| {
            it.users(&["ann", "sue"]).learners("platform", &["ann", "sue"]).status("sue", Status::Suspended)
        })
        .await;
    let told = Told { keys: Arc::new(Mutex::new(json!([rsa("one"), ec("two")]))), ..Told::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let discovery = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys") }).to_string();
    let keys = async |State(told): State<Told>| {
        *told.asked.lock().unwrap() += 1;
        json!({ "keys": *told.keys.lock().unwrap() }).to_string()
    };
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(async || discovery))
        .route("/keys", get(keys))
        .with_state(told.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let provider = Some(Arc::new(Provider::new(&issuer, AUDIENCE).unwrap()));
    let letters = tempfile::TempDir::new().unwrap();
    let desk = Desk { mailer: Mailer::folder(letters.path().to_owned()), ..Desk::default() };
    let server = listening(&world.db, Doors { provider, desk: Arc::new(desk), ..Doors::default() }).await;
    Organisation { world, server, issuer, told, _letters: letters }
}

impl Organisation {
    /// What a token of this provider says of `name`, for ten minutes.
    async fn claims(&self, name: &str) -> Value {
        let now = self.world.db.clock.now(&self.world.db.read).await.unwrap();
        json!({
            "iss": self.issuer,
            "aud": AUDIENCE,
            "iat": now.timestamp(),
            "exp": (now + TimeDelta::minutes(10)).timestamp(),
            "sub": "1234",
            "email": format!("{name}@example.org"),
            "email_verified": true,
        })
    }

    /// Who asks with this token: a first name, or the code of the refusal.
    async fn viewer(&self, token: &str) -> String {
        let answer = self.server.ask(Some(token), VIEWER, Value::Null).await;
        let name = answer["data"]["viewer"]["firstName"].as_str().map(str::to_owned);
        name.unwrap_or_else(|| code(&answer))
    }
}

/// A token that is signed with the key of this name.
fn signed(name: Option<&str>, algorithm: Algorithm, claims: &Value) -> String {
    let key = match algorithm {
        Algorithm::RS256 | Algorithm::RS512 => EncodingKey::from_rsa_der(&STANDARD.decode(RSA).unwrap()),
        Algorithm::ES256 => EncodingKey::from_ec_der(&STANDARD.decode(EC).unwrap()),
        _ => EncodingKey::from_secret(RSA_MODULUS.as_bytes()),
    };
    encode(&Header { kid: name.map(str::to_owned), ..Header::new(algorithm) }, claims, &key).unwrap()
}

/// The same claims with others in their place.
fn with(claims: &Value, others: Value) -> Value {
    let mut claims = claims.clone();
    for (name, value) in others.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

each_database! {
    async fn whoever_the_provider_vouches_for_is_known_here(start: Start) {
        let it = organisation(start).await;
        let claims = it.claims("ANN").await;
        assert_eq!(it.viewer(&signed(Some("one"), Algorithm::RS256, &claims)).await, "ann");
        assert_eq!(it.viewer(&signed(Some("two"), Algorithm::ES256, &claims)).await, "ann");
        let several = with(&claims, json!({ "aud": ["another", AUDIENCE] }));
        assert_eq!(it.viewer(&signed(Some("one"), Algorithm::RS256, &several)).await, "ann");
        assert_eq!(*it.told.asked.lock().unwrap(), 1, "its keys are kept");
        // They may do there what people do, and sign-ins of ours go on beside it.
        let token = signed(Some("one"), Algorithm::RS256, &claims);
        let input = json!({ "input": { "name": "Sync", "scopes": ["JOBS"] } });
        let create = "mutation($input: CreateTokenInput!) { createToken(input: $input) { secret } }";
        let made = it.server.ask(Some(&token), create, input).await;
        assert_eq!(it.viewer(made["data"]["createToken"]["secret"].as_str().unwrap()).await, "FORBIDDEN");
    }

    async fn whoever_the_provider_vouches_for_was_here_as_is_noted_once_an_hour(start: Start) {
        let it = organisation(start).await;
        let claims = it.claims("ann").await;
        let token = signed(Some("one"), Algorithm::RS256, &with(&claims, json!({ "exp": claims["iat"].as_i64().unwrap() + 86_400 })));
        let last = async || {
            let tables = it.world.tables().await;
            tables.users.iter().find(|row| row.id == it.world.user_id("ann")).unwrap().last_sign_in_at
        };
        // Noted by a task that nobody waits for.
        let visited = async |since| loop {
            assert_eq!(it.viewer(&token).await, "ann");
            match last().await {
                Some(at) if at >= since => break at,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let clock = &it.world.db.clock;
        let first = visited(it.world.made.now).await;
        clock.advance(TimeDelta::minutes(50));
        assert_eq!(it.viewer(&token).await, "ann");
        assert_eq!(last().await, Some(first));
        clock.advance(TimeDelta::minutes(11));
        let second = visited(first + TimeDelta::minutes(61)).await;
        assert!(second < first + TimeDelta::minutes(90), "the visit between was not noted");
    }

    async fn what_the_provider_does_not_vouch_for_lets_nobody_in(start: Start) {
        let it = organisation(start).await;
        let claims = it.claims("ann").await;
        let good = signed(Some("one"), Algorithm::RS256, &claims);
        assert_eq!(it.viewer(&good).await, "ann");
        let now = claims["iat"].as_i64().unwrap();
        for (others, what) in [
            (json!({ "iss": "https://evil.example.org" }), "another issuer"),
            (json!({ "aud": "another" }), "another audience"),
            (json!({ "exp": now - 600 }), "too old"),
            (json!({ "nbf": now + 600 }), "too young"),
            (json!({ "email_verified": false }), "an address that may be anybody's"),
            (json!({ "email_verified": null }), "an address of which nothing is said"),
            (json!({ "email": null }), "no address"),
            (json!({ "email": "nobody@example.org" }), "nobody's address"),
            (json!({ "email": "sue@example.org" }), "somebody who is suspended"),
            (json!({ "iat": now - 5 * 366 * 86_400 }), "from before the account was what it is"),
        ] {
            let token = signed(Some("one"), Algorithm::RS256, &with(&claims, others));
            assert_eq!(it.viewer(&token).await, "UNAUTHENTICATED", "{what}");
        }
        // Signed otherwise than the provider signs: with a secret that everybody knows, by nobody, with another key.
        let (head, signature) = (good.split('.').next().unwrap(), good.rsplit('.').next().unwrap());
        let forged = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode(with(&claims, json!({ "email": "owner@example.org" })).to_string());
        let nobody = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        for token in [
            signed(Some("one"), Algorithm::HS256, &claims),
            signed(Some("one"), Algorithm::RS512, &claims),
            signed(Some("two"), Algorithm::RS256, &claims),
            signed(Some("no such key"), Algorithm::RS256, &claims),
            signed(None, Algorithm::RS256, &claims),
            format!("{head}.{forged}.{signature}"),
            format!("{nobody}.{forged}."),
            format!("{head}.{forged}"),
            "a.b.c".to_owned(),
        ] {
            assert_eq!(it.viewer(&token).await, "UNAUTHENTICATED", "{token}");
        }
        let cookie = [("content-type", "application/json"), ("cookie", &*format!("__Host-roster={good}"))];
        let (_, _, answer) = answered(it.server.post(&cookie, json!({ "query": VIEWER }).to_string())).await;
        assert_eq!(code(&answer), "UNAUTHENTICATED", "no token is good as a cookie");
    }

    async fn r24_a_new_address_is_vouched_for_once_it_is_confirmed(start: Start) {
        let it = organisation(start).await;
        let claims = it.claims("ann").await;
        let token = |email: &str| signed(Some("one"), Algorithm::RS256, &with(&claims, json!({ "email": email })));
        let (old, new) = (token("ann@example.org"), token("ann@elsewhere.org"));
        let user = it.world.user_id("ann");
        let entry = EntryChange {
            email: Change::Set("ann@elsewhere.org".to_owned()),
            ..EntryChange::from(&Entry::default())
        };
        let change = PersonChange { user, entry, custom_fields: Change::Keep, external_ids: Change::Keep };
        write(&it.world.db, Caller::User(user), None, change, |tx, change| {
            Box::pin(async move {
                let asked = Asked { by: By::Person(Presence::Password), link: Some("the hash of a link") };
                people::update(tx, change, asked).await.map(|_| ())
            })
        })
        .await
        .unwrap();
        assert_eq!([it.viewer(&old).await, it.viewer(&new).await], ["ann", "UNAUTHENTICATED"]);
        let link = "the hash of a link".to_owned();
        write(&it.world.db, Caller::System { on_behalf_of: None }, None, link, |tx, link| {
            Box::pin(async move { email::confirm(tx, link).await.map(|_| ()) })
        })
        .await
        .unwrap();
        assert_eq!([it.viewer(&old).await, it.viewer(&new).await], ["UNAUTHENTICATED", "ann"]);
    }

    async fn r24_a_sign_in_of_just_now_at_the_provider_stands_for_the_password(start: Start) {
        let it = organisation(start).await;
        let claims = it.claims("ann").await;
        let now = claims["iat"].as_i64().unwrap();
        let mutation = "mutation($input: UpdateUserInput!) { updateUser(input: $input) { userErrors { code path } } }";
        for (others, number, refusal) in [
            (json!({ "auth_time": now - 660 }), 1, json!([{ "code": "BAD_INPUT", "path": ["currentPassword"] }])),
            (json!({ "iat": now - 660 }), 2, json!([{ "code": "BAD_INPUT", "path": ["currentPassword"] }])),
            (json!({ "iat": now - 660, "auth_time": now - 700 }), 3, json!([{ "code": "BAD_INPUT", "path": ["currentPassword"] }])),
            (json!({ "auth_time": now - 60 }), 4, json!([])),
            (json!({}), 5, json!([])),
        ] {
            let token = signed(Some("one"), Algorithm::RS256, &with(&claims, others));
            let input = json!({ "input": { "userId": it.world.user("ann"), "username": format!("ann.{number}") } });
            let answer = it.server.ask(Some(&token), mutation, input).await;
            assert_eq!(answer["data"]["updateUser"]["userErrors"], refusal, "{number}: {answer:#}");
        }
    }

    async fn keys_that_change_are_asked_for_again_but_not_often(start: Start) {
        let it = organisation(start).await;
        let claims = it.claims("ann").await;
        let token = |name| signed(Some(name), Algorithm::RS256, &claims);
        assert_eq!(it.viewer(&token("one")).await, "ann");
        *it.told.keys.lock().unwrap() = json!([rsa("three")]);
        let before = std::time::Instant::now();
        while it.viewer(&token("three")).await != "ann" {
            assert!(before.elapsed().as_secs() < 60, "the new key is found");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(*it.told.asked.lock().unwrap(), 2);
        assert_eq!(it.viewer(&token("one")).await, "UNAUTHENTICATED");
    }

    async fn a_socket_by_the_provider_closes_with_the_right_to_it(start: Start) {
        let it = organisation(start).await;
        let token = signed(Some("two"), Algorithm::ES256, &it.claims("ann").await);
        let mut socket = Socket::of(&it.server, &token).await;
        it.world.sql("update users set status = 'SUSPENDED' where first_name = 'ann'").await;
        assert_eq!(socket.hear().await, Heard::Closed(4403));
    }
}

#[test]
fn a_provider_is_asked_where_nobody_listens() {
    for bad in ["http://login.example.org", "login.example.org", "ftp://127.0.0.1", ""] {
        assert!(Provider::new(bad, AUDIENCE).is_err(), "{bad}");
    }
}

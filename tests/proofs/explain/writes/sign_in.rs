//! Signing in, passwords, tokens.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::TimeDelta;
use entity::id::{GroupId, SignInId, UserId};
use roster::access::{self, Caller, Pass, Scope};
use roster::change::Change;
use roster::mail::Mailer;
use roster::people::email::{self, Resending};
use roster::people::{Entry, EntryChange, PersonChange};
use roster::settings::{self, Settings};
use roster::sign_in::emails::{self, From};
use roster::sign_in::{self, Asked, Desk, Ending, EndingAll, Lifetimes, passwords, sign_up::sign_up, store};
use roster::token::sha256;
use roster::tokens::{self, NewToken, Which};
use roster::transaction::write;

use super::email;
use crate::proofs::explain::large::{Large, OWNER};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Runs every write, and every read that is none of the API's.
pub async fn everything(large: &Large, person: UserId) {
    let letters = tempfile::tempdir().expect("a folder");
    let desk = Arc::new(Desk { mailer: Mailer::folder(letters.path().to_owned()), ..Desk::default() });
    by_password(large, &desk, person).await;
    by_link(large, &desk).await;
    by_token(large).await;
    let owner = email(large, OWNER).await;
    let vouched = access::store::vouched(&large.db.read, &large.db.clock, &owner, large.now).await;
    assert_eq!(vouched.expect("a look").map(|(known, _)| known), Some((OWNER, true)));
}

async fn by_password(large: &Large, desk: &Arc<Desk>, person: UserId) {
    let db = &large.db;
    let password = "a good password".to_owned();
    let set = passwords::set(db, desk, Caller::User(OWNER), (person, password.clone())).await;
    assert_eq!(set.expect("a password"), person);
    let asked = Asked {
        login: email(large, person).await,
        password,
        new_password: Some("a better password".to_owned()),
        user_agent: None,
        device: None,
    };
    let signed_in = sign_in::sign_in(db, desk, HERE, asked).await.expect("a sign-in");
    let known = store::shown(&db.read, &db.clock, Lifetimes::default(), &signed_in.secret.sha256()).await;
    let ((user, id, _), _) = known.expect("a look").expect("a sign-in");
    assert_eq!((user, id), (person, signed_in.sign_in.id));
    assert_eq!(sign_in::of_user(db, desk, person).await.expect("sign-ins").len(), 1);
    sign_in::used(db, person, id).await.expect("it was used");
    sign_in::came(db, person).await.expect("they came");
    let new = ("a better password".to_owned(), "the best password".to_owned());
    let changed = passwords::change(db, desk, (Caller::User(person), HERE), Some(id), new).await;
    changed.expect("another password");
    another_email(large, desk, person, Pass::SignIn(id)).await;
    let ending = Ending { sign_in: id };
    write(db, Caller::User(person), None, ending, |tx, ending| Box::pin(sign_in::end(tx, ending)))
        .await
        .map(|SignInId(_)| ())
        .expect("signed out");
    let all = EndingAll { kept: None };
    run!(large, sign_in::end_all, all);
}

/// An email is changed by a sign-in of just now, its link sent again, and confirmed; then it is taken away.
async fn another_email(large: &Large, desk: &Arc<Desk>, person: UserId, pass: Pass) {
    let db = &large.db;
    let change = |email: Change<String>| {
        let entry = EntryChange { email, ..EntryChange::from(&Entry::default()) };
        PersonChange { user: person, entry, custom_fields: Change::Keep, external_ids: Change::Keep }
    };
    let from = || From { caller: Caller::User(person), pass: Some(pass.clone()), address: HERE };
    let another = Change::Set("another.address@example.org".to_owned());
    emails::update(db, desk, from(), None, (change(another), None)).await.expect("another email");
    emails::resend(db, desk, from(), person).await.expect("another link");
    let resending = Resending { user: person, sha256: sha256("a link") };
    run!(large, email::resend, resending);
    emails::confirm(db, desk, HERE, "a link").await.expect("it counts");
    let password = Some("the best password".to_owned());
    let none = (change(Change::Set("yet.another@example.org".to_owned())), password);
    let without_letters = Desk::default();
    emails::update(db, &without_letters, from(), None, none).await.expect("it counts at once");
}

async fn by_link(large: &Large, desk: &Arc<Desk>) {
    let db = &large.db;
    let group = GroupId(large.number("select root_group_id from platform").await);
    run!(large, settings::update, Settings { sign_up_group: Change::Set(group), ..Settings::default() });
    let entry = Entry { email: Some("newcomer@example.org".to_owned()), ..Entry::default() };
    sign_up(db, desk, HERE, entry).await.expect("a newcomer");
    let secret = roster::token::Token::draw_of(roster::token::Kind::Link).expect("a secret");
    let link = passwords::Link {
        email_key: "newcomer@example.org".to_owned(),
        sha256: secret.sha256(),
        lasts: TimeDelta::hours(1),
    };
    run!(large, passwords::begin_link_once, link);
    let chosen = (secret.as_str().to_owned(), "a good password".to_owned());
    passwords::reset(db, desk, HERE, chosen).await.expect("a password");
}

async fn by_token(large: &Large) {
    let db = &large.db;
    let new = |hash: &str| NewToken {
        name: "Sync".to_owned(),
        scopes: vec![Scope::Jobs],
        expires_at: None,
        drawn: ("roster_".to_owned(), hash.to_owned()),
    };
    let (own, _) = run!(large, tokens::create, new("one"));
    assert!(tokens::store::shown(&db.read, &db.clock, "one").await.expect("a look").is_some());
    tokens::used(db, Which::Own(own)).await.expect("it was used");
    run!(large, tokens::revoke, Which::Own(own));
    assert_eq!(tokens::of_platform(db, &Caller::User(OWNER)).await.expect("tokens").len(), tokens::MOST);
    // There are as many as may be.
    let (two, scopes) = (new("two"), Default::default());
    let service = tokens::store::add_service(&db.read, OWNER, "Sync", &scopes, &two, large.now);
    let service = service.await.expect("a token");
    let as_service = Caller::Service(service);
    access::of(&db.read, &as_service).await.expect("its rights");
    assert!(tokens::store::service_shown(&db.read, &db.clock, "two").await.expect("a look").is_some());
    tokens::used(db, Which::Service(service)).await.expect("it was used");
    run!(large, tokens::revoke, Which::Service(service));
}

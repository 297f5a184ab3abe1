//! People, and the tree of groups that they are in.

use entity::id::{GroupId, UserId};
use entity::kind::{Privacy, Role};
use roster::access::Caller;
use roster::change::Change;
use roster::error::{Failure, Refusal};
use roster::groups::{self, GroupChange, GroupDeletion, GroupMove, NewGroup, PrivacyChange};
use roster::keys::ExternalId;
use roster::memberships::{self, Grant};
use roster::people::email::{Asked, By, Presence};
use roster::people::{self, CustomField, Entry, EntryChange, NewPerson, PersonChange};
use roster::transaction::{Tx, write};

use crate::proofs::explain::large::{Large, OWNER};

/// Somebody new, by a username alone.
pub async fn somebody_named(large: &Large, username: &str) {
    let entry = Entry { username: Some(username.to_owned()), ..Entry::default() };
    run!(large, people::create, NewPerson { entry, ..NewPerson::default() });
}

/// Somebody new, with everything.
pub async fn somebody(large: &Large) -> UserId {
    let entry = Entry {
        first_name: Some("New".to_owned()),
        username: Some("new.person".to_owned()),
        email: Some("new.person@example.org".to_owned()),
        ..Entry::default()
    };
    let fields = vec![CustomField { name: "badge".to_owned(), value: "1".to_owned() }];
    let new = NewPerson {
        entry: entry.clone(),
        custom_fields: fields.clone(),
        external_ids: vec![external_id("1")],
        ..NewPerson::default()
    };
    let user = write(&large.db, Caller::User(OWNER), None, new, |tx, new| {
        Box::pin(async move { Ok(people::create_many(tx, std::slice::from_ref(new)).await?[0]) })
    })
    .await
    .expect("a person");
    let change = PersonChange {
        user,
        entry: EntryChange::from(&Entry { phone: Some("1".to_owned()), ..entry }),
        custom_fields: Change::Set(fields),
        external_ids: Change::Set(vec![external_id("2")]),
    };
    run!(large, update, change);
    user
}

/// A person's entry is changed by somebody who is there, where no letters are sent.
async fn update(tx: &Tx, change: &PersonChange) -> Result<(), Failure> {
    let asked = Asked { by: By::Person(Presence::Password), link: None };
    people::update(tx, change, asked).await.map(|_| ())
}

/// Groups that are made, renamed, moved, opened and deleted.
pub async fn tree(large: &Large, person: UserId) {
    let root = GroupId(large.number("select root_group_id from platform").await);
    let new = |name: &str, parent, privacy| NewGroup {
        parent,
        name: name.to_owned(),
        privacy,
        external_ids: vec![external_id(name)],
    };
    let outer = run!(large, groups::create, new("Outer", root, Privacy::Public));
    let inner = run!(large, groups::create, new("Inner", root, Privacy::Private));
    let change = GroupChange {
        group: outer,
        name: Some("Outside".to_owned()),
        external_ids: Change::Set(vec![external_id("Outside")]),
    };
    run!(large, groups::rename, change);
    run!(large, memberships::grant, Grant { user: person, group: inner, role: Role::Learner });
    run!(large, groups::move_to, GroupMove { group: inner, parent: outer, rise_digest: None });
    let open = PrivacyChange { group: inner, privacy: Privacy::Public, rise_digest: None };
    let asked = write(&large.db, Caller::User(OWNER), None, open.clone(), |tx, open| {
        Box::pin(groups::set_privacy(tx, open))
    });
    let Err(Failure::Refused(Refusal::LearnersWouldRise { digest, .. })) = asked.await else {
        panic!("learners would rise");
    };
    run!(large, groups::set_privacy, PrivacyChange { rise_digest: Some(digest), ..open });
    let empty = run!(large, groups::create, new("Empty", root, Privacy::Public));
    run!(large, groups::delete, GroupDeletion { group: empty, content_to: Some(outer) });
}

fn external_id(value: &str) -> ExternalId {
    ExternalId { system: "hr".to_owned(), value: value.to_owned() }
}

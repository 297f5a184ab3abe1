//! The tree and how it changes: R1, R33.

mod change;
mod delete;

use roster::organisation::Organisation;

/// Two branches, one of them with a private group in its middle.
fn branches(it: Organisation) -> Organisation {
    use entity::kind::Privacy::{Private, Public};
    use entity::kind::Role::{Administrator, Author, UserAdministrator};

    it.group("North", "platform", Public)
        .group("Lab", "North", Private)
        .group("Team", "Lab", Public)
        .group("South", "platform", Public)
        .group("Choir", "South", Public)
        .users(&["ann", "bob", "north head", "south head", "clerk", "writer"])
        .learners("Team", &["ann", "bob"])
        .learners("South", &["bob"])
        .member("north head", "North", &[Administrator])
        .member("south head", "South", &[Administrator])
        .member("clerk", "North", &[UserAdministrator])
        .member("writer", "South", &[Author])
}

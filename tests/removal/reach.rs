//! R5 to R7: how far a removal reaches, what must be answered, and when the account goes.

use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Coach, Learner};
use serde_json::json;

use crate::common::each_database;

each_database! {
    async fn r5_a_public_chain_with_a_private_group_in_its_middle(start: Start) {
        let world = start
            .with(|it| {
                it.group("Sales", "platform", Public)
                    .group("North", "Sales", Public)
                    .group("Secret", "North", Private)
                    .group("Below", "Secret", Public)
                    .user("ann")
                    .member("ann", "North", &[Learner, Coach])
                    .member("ann", "Below", &[Learner])
            })
            .await;
        let input = json!({ "groupId": world.group("Sales"), "userId": world.user("ann"), "privateSubgroups": "KEEP" });
        let answer = world.mutate("owner", "removeUserFromGroup", input, "outcome").await;
        assert_eq!(answer.done()["outcome"], "REMOVED");
    }
}

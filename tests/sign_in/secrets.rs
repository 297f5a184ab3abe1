//! No secret that was ever issued or typed is in the database.

use serde_json::{Value, json};

use super::front::{bearer, front, password};
use crate::common::each_database;

each_database! {
    async fn no_secret_is_kept(start: Start) {
        let front = front(start).await;
        let owner = front.sign_in("owner").await;
        let mut secrets = vec![owner.clone()];
        for name in ["owner", "ann", "bob", "gus", "lea"] {
            secrets.push(password(name));
        }
        let (_, headers) = front
            .mutate(
                &[],
                "signIn",
                json!({ "login": "ann@example.org", "password": password("ann"), "transport": "COOKIE" }),
                "",
            )
            .await;
        let cookie = headers["set-cookie"].to_str().unwrap();
        secrets.push(cookie.split(['=', ';']).nth(1).unwrap().to_owned());
        for (mutation, key) in [("createToken", "one token"), ("createServiceToken", "another token")] {
            let query = format!(
                "mutation {{ answer: {mutation}(input: {{ name: \"Sync\", scopes: [JOBS], idempotencyKey: \"{key}\" }}) {{ secret }} }}"
            );
            let (answer, _) = front.ask(&[bearer(&owner)], &query, Value::Null).await;
            secrets.push(answer["data"]["answer"]["secret"].as_str().unwrap().to_owned());
        }
        secrets.push(crate::server::listening::owners_token(&front.world).await);
        let setting = json!({ "userId": front.world.user("lea"), "password": "set by somebody" });
        front.done(&[bearer(&owner)], "setPassword", setting, "user { id }").await;
        front.letters(1).await;
        front.no_letters();
        front.done(&[], "requestPasswordReset", json!({ "email": "bob@example.org" }), "accepted").await;
        secrets.push(front.link_to("bob").await);
        let choosing = json!({ "token": secrets.last(), "newPassword": "chosen by a link" });
        front.done(&[], "resetPassword", choosing, "changed").await;
        front.done(&[], "requestPasswordReset", json!({ "email": "gus@example.org" }), "accepted").await;
        secrets.push(front.link_to("gus").await);
        let another = json!({ "userId": front.world.user("gus"), "email": "gus@elsewhere.org" });
        front.done(&[bearer(&owner)], "updateUser", another, "user { id }").await;
        secrets.push(front.confirmation_of("gus@elsewhere.org", 2).await.0);
        front.done(&[], "requestPasswordReset", json!({ "email": "gus@example.org" }), "accepted").await;
        secrets.push(front.link_to("gus").await);
        let changing = json!({ "currentPassword": password("owner"), "newPassword": "changed by oneself" });
        front.done(&[bearer(&owner)], "changePassword", changing, "changed").await;
        secrets.extend(["set by somebody", "chosen by a link", "changed by oneself"].map(str::to_owned));
        let dump = front.world.dump().await;
        assert!(dump.0["passwords"].len() == 5 && dump.0["password_links"].len() == 1, "{dump:#?}");
        for secret in &secrets {
            let found = dump.0.values().flatten().find(|row| row.contains(secret.as_str()));
            assert_eq!(found, None, "{secret}");
        }
    }
}

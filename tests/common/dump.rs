//! A whole database as text, to show what changed and that nothing did.

use std::collections::{BTreeMap, BTreeSet};

use roster::db::Database;
use sea_orm::{EntityName, EntityTrait};

/// Every row of every table, as text, by table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump(pub BTreeMap<String, BTreeSet<String>>);

/// What one table lost and gained between two dumps. A row that was changed is in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub lost: Vec<String>,
    pub gained: Vec<String>,
}

macro_rules! dump {
    ($db:expr, $($table:ident),+ $(,)?) => {{
        let mut tables = BTreeMap::new();
        $(
            let rows = entity::$table::Entity::find().all($db).await.expect(stringify!($table));
            let name = entity::$table::Entity.table_name().to_owned();
            tables.insert(name, rows.into_iter().map(|row| text(&format!("{row:?}"))).collect());
        )+
        Dump(tables)
    }};
}

/// A row as text. That something was used to come in, which is noted from time to time, is no change.
fn text(row: &str) -> String {
    let Some((before, after)) = row.split_once("last_used_at: ") else { return row.to_owned() };
    let end =
        if after.starts_with("Some") { after.find(')').map(|at| at + 1) } else { after.find([',', ' ']) };
    format!("{before}last_used_at: None{}", &after[end.expect("the end of a field")..])
}

/// Everything that `db` has now.
pub async fn of(db: &Database) -> Dump {
    dump!(
        &db.read,
        activity,
        certificate,
        course,
        course_co_author,
        course_enrolment,
        custom_field,
        date,
        email_change,
        event,
        external_id,
        former_membership,
        group,
        group_external_id,
        hand_over,
        idempotency_key,
        job,
        job_chunk,
        job_event,
        job_item,
        membership,
        password,
        password_link,
        path,
        path_co_author,
        path_course,
        platform,
        post,
        progress,
        record,
        result,
        sale,
        service_token,
        session,
        session_capture,
        session_co_instructor,
        session_enrolment,
        session_exclusion,
        session_group,
        sign_in,
        slot,
        slot_registration,
        subscription,
        token,
        user,
        webhook,
        webhook_delivery,
    )
}

impl Dump {
    /// What changed until `later`, by table; tables in which nothing did are left out.
    pub fn changes_until(&self, later: &Dump) -> BTreeMap<String, Change> {
        let mut changes = BTreeMap::new();
        for (table, before) in &self.0 {
            let after = &later.0[table];
            let lost: Vec<String> = before.difference(after).cloned().collect();
            let gained: Vec<String> = after.difference(before).cloned().collect();
            if !lost.is_empty() || !gained.is_empty() {
                changes.insert(table.clone(), Change { lost, gained });
            }
        }
        changes
    }
}

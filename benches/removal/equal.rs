//! Whether two databases hold the same, in every table that a deletion touches; but for times, which differ, and for
//! what only one of the two writes down (jobs, hand-overs and events of them, effects, what an event says).

use roster::db::Database;
use roster::db::sql::sql;

const TOUCHED: [(&str, &str); 15] = [
    ("memberships", "user_id || ' ' || group_id || ' ' || role"),
    ("slot_registrations", "slot_id || ' ' || user_id || ' ' || kind"),
    ("session_enrolments", "session_id || ' ' || user_id"),
    ("session_captures", "session_id || ' ' || user_id"),
    ("course_co_authors", "course_id || ' ' || user_id || ' ' || rank"),
    ("path_co_authors", "path_id || ' ' || user_id || ' ' || rank"),
    ("session_co_instructors", "session_id || ' ' || user_id || ' ' || rank"),
    ("courses", "id || ' ' || main_author_id"),
    ("paths", "id || ' ' || main_author_id"),
    ("sessions", "id || ' ' || main_instructor_id"),
    ("users", "id || ' ' || status || ' ' || coalesce(deletion_cause, '') || ' ' || coalesce(deleted_by, 0)"),
    ("subscriptions", "id || ' ' || case when cancelled_at is null then 'runs' else 'cancelled' end"),
    ("records", "user_id || ' ' || cause || ' ' || outcome"),
    ("former_memberships", "group_id || ' ' || user_id || ' ' || role"),
    ("events where kind = 'user.deleted'", "kind"),
];

/// Panics with the table in which the two differ.
pub async fn assert_equal(ours: &Database, theirs: &Database) {
    for (table, row) in TOUCHED {
        let rows = async |db: &Database| {
            let rows: Vec<(String,)> =
                sql("bench.rows", format!("select {row} from {table}")).all(&db.read).await.expect(table);
            let mut rows: Vec<String> = rows.into_iter().map(|(row,)| row).collect();
            rows.sort_unstable();
            rows
        };
        let (ours, theirs) = (rows(ours).await, rows(theirs).await);
        assert_eq!(ours.len(), theirs.len(), "{table}: rows");
        let differs = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
        assert_eq!(differs, None, "{table}");
    }
}

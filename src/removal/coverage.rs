//! What a deletion does with every column that refers to a user: a forgotten table fails a test, and so does a line
//! that no longer has its column.

/// What happens to the rows of a column that refers to somebody whose account is deleted (R9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Decided row by row, by this rule.
    Decided(&'static str),
    /// Done for all rows at once, by this rule.
    Swept(&'static str),
    /// Left as it is, for this reason.
    Kept(&'static str),
}

use Verdict::{Decided, Kept, Swept};

/// Every column that refers to a user: table, column, verdict; in order of table and column.
pub const COVERAGE: &[(&str, &str, Verdict)] = &[
    ("activities", "owner_id", Kept("R13: activities are not handed over; whoever sees one can copy it")),
    ("certificates", "user_id", Kept("R9.6: learning history stays with the deleted account")),
    ("course_co_authors", "user_id", Decided("R13: the leaver's own places go")),
    ("course_enrolments", "granted_by", Kept("R32: who granted it")),
    ("course_enrolments", "user_id", Kept("R9.6, R32: course enrolments are kept")),
    ("courses", "main_author_id", Decided("R10")),
    ("custom_fields", "user_id", Kept("R20: a deleted person can be reinstated with their entry")),
    ("dates", "set_by", Kept("R25: that person's leaving stops nothing")),
    ("dates", "user_id", Swept("R9.7: dates set for the person are cleared")),
    ("email_changes", "user_id", Swept("R24: the address that waited to be confirmed is free again")),
    ("external_ids", "user_id", Swept("R24: no longer reserved; R20: kept for reinstating the person")),
    (
        "former_memberships",
        "user_id",
        Decided("R26: the groups that a deleted person was in, written with the deletion"),
    ),
    ("hand_overs", "from_user_id", Kept("R17: the record survives the people in it")),
    ("hand_overs", "to_user_id", Kept("R17: the record survives the people in it")),
    ("idempotency_keys", "actor_id", Kept("R29: a request sent again gets its first answer")),
    ("job_items", "user_id", Kept("R17: the record survives the people in it")),
    ("jobs", "actor_id", Kept("R17: the record survives the people in it")),
    ("jobs", "confirmed_by", Kept("R17: the record survives the people in it")),
    ("jobs", "on_behalf_of", Kept("R17: the record survives the people in it")),
    ("jobs", "prepared_by", Kept("R17: the record survives the people in it")),
    ("memberships", "granted_by", Kept("R2: who granted it")),
    ("memberships", "user_id", Decided("R5")),
    ("password_links", "user_id", Swept("R9.2: no link sets a password any more")),
    ("passwords", "user_id", Kept("R20: the password returns with a reinstated account")),
    ("path_co_authors", "user_id", Decided("R13: the leaver's own places go")),
    ("paths", "main_author_id", Decided("R11")),
    ("platform", "owner_id", Kept("R14: the platform owner is never removed")),
    ("posts", "author_id", Kept("R9.6: posts are kept, and anonymized in place only when asked")),
    ("progress", "user_id", Kept("R9.6: learning history stays with the deleted account")),
    ("records", "actor_id", Kept("R17: the record survives the people in it")),
    ("records", "on_behalf_of", Kept("R17: the record survives the people in it")),
    ("records", "user_id", Kept("R17: the record survives the people in it")),
    ("results", "user_id", Kept("R9.6: learning history stays with the deleted account")),
    ("sales", "user_id", Kept("R9.6: sales records are kept")),
    ("service_tokens", "created_by", Kept("R25: what is the platform's outlives who set it up")),
    ("session_captures", "user_id", Kept("R9.6: static participation is kept")),
    ("session_co_instructors", "user_id", Decided("R13: the leaver's own places go")),
    ("session_enrolments", "granted_by", Kept("R8: who granted it")),
    ("session_enrolments", "user_id", Decided("R9.5: gone from sessions that have not ended")),
    ("session_exclusions", "excluded_by", Kept("R8: who excluded them")),
    ("session_exclusions", "user_id", Kept("R8: a returning person is still excluded")),
    ("sessions", "main_instructor_id", Decided("R12")),
    ("sign_ins", "user_id", Swept("R9.2: every sign-in stops working at once")),
    ("slot_registrations", "registered_by", Kept("R8: who registered them")),
    ("slot_registrations", "user_id", Decided("R9.4: gone from upcoming slots")),
    ("subscriptions", "user_id", Swept("R9.7: payment subscriptions are cancelled")),
    ("tokens", "user_id", Swept("R9.2: every token stops working at once")),
    ("users", "deleted_by", Kept("R9.1: who deleted them")),
    ("webhooks", "created_by", Kept("R25: what is the platform's outlives who set it up")),
];

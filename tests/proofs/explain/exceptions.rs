//! What may read a whole large table, and what is not explained.

use std::collections::BTreeSet;

use super::plans::Whole;
use crate::common::Kind;

/// What may read the whole of large tables.
struct Exception {
    /// The statements, and the table that each may read.
    reads: &'static [(&'static str, &'static str)],
    /// A part of the text, where other statements of the same name may not.
    part: &'static str,
    on: &'static [Kind],
    /// Why it may.
    because: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        reads: &[
            ("users.list", "users"),
            ("groups.list", "groups"),
            ("courses.list", "courses"),
            ("paths.list", "paths"),
            ("sessions.list", "sessions"),
            ("slots.list", "slots"),
            ("activities.list", "activities"),
            ("removals.list", "records"),
            ("removals.jobs", "jobs"),
            ("events.list", "events"),
        ],
        part: "select count(*) from ",
        on: EACH,
        because: "how many a list has is a field of its own, and asks for all of them",
    },
    Exception {
        reads: &[
            ("users.list", "users"),
            ("groups.list", "groups"),
            ("courses.list", "courses"),
            ("paths.list", "paths"),
            ("sessions.list", "sessions"),
            ("activities.list", "activities"),
        ],
        part: " like $",
        on: EACH,
        because: "a text may stand anywhere in a name, for which there is no index: the one filter that may scan",
    },
    Exception {
        reads: &[("users.list", "former_memberships")],
        part: "from former_memberships fm where ",
        on: &[Kind::Sqlite],
        because: "who had a role in any group when they were deleted: an index by the role would cost every deletion",
    },
    Exception {
        reads: &[("platform.groups", "groups"), ("groups.tree", "groups")],
        part: "",
        on: EACH,
        because: "the whole tree is what is asked for; the program keeps it until it changes",
    },
    Exception {
        reads: &[("platform.status_counts", "users")],
        part: " group by u.status",
        on: EACH,
        because: "counts everybody, in an index alone",
    },
    Exception {
        reads: &[
            ("jobs.end_leases", "jobs"),
            ("jobs.expire", "jobs"),
            ("jobs.overdue", "jobs"),
            ("jobs.waits", "jobs"),
            ("removal.gone_since", "jobs"),
            ("removal.take_charge", "jobs"),
        ],
        part: "",
        on: &[Kind::Postgres],
        because: "an index of the jobs that have not ended alone",
    },
    Exception {
        reads: &[("jobs.forget_typed", "job_items"), ("jobs.forget_typed", "jobs")],
        part: "",
        on: &[Kind::Postgres],
        because: "an index of the items alone of which it is kept what was typed; now and then",
    },
    Exception {
        reads: &[("events.forget", "events")],
        part: "order by e.transaction_id, e.id limit $1",
        on: EACH,
        because: "ten thousand are forgotten at once, now and then",
    },
    Exception {
        reads: &[("webhooks.hold", "webhook_deliveries")],
        part: "",
        on: &[Kind::Sqlite],
        because: "there are few webhooks: one that stops may have most of all that is to be sent",
    },
];

/// Statements that are not run, by what their names begin with, and why not.
const LEFT_OUT: &[(&str, &[Kind], &str)] = &[
    ("organisation.", EACH, "fills an empty database, once"),
    ("clock.now", &[Kind::Sqlite], "SQLite has no clock of its own"),
    ("locks.", &[Kind::Sqlite], "SQLite has one writer, who needs no locks"),
    ("events.is_restored", &[Kind::Sqlite], "SQLite does not number its transactions"),
    ("events.restored", EACH, "once, in a database that was restored from another server"),
];

const EACH: &[Kind] = &[Kind::Sqlite, Kind::Postgres];

/// Of the names in the sources, those that were not run, and what is left out and is run, or is not there.
pub fn unseen(kind: Kind, named: &BTreeSet<String>, seen: &BTreeSet<String>) -> Vec<String> {
    let left_out = LEFT_OUT.iter().filter(|(_, on, _)| on.contains(&kind));
    let starts: Vec<&str> = left_out.map(|(start, ..)| *start).collect();
    let is_left_out = |name: &&String| starts.iter().any(|start| name.starts_with(start));
    let missing =
        named.difference(seen).filter(|name| !is_left_out(name)).map(|name| format!("{name} was not run"));
    let needless = seen.iter().filter(is_left_out).map(|name| format!("{name} is left out and was run"));
    let unknown = starts.iter().filter(|start| !named.iter().any(|name| name.starts_with(**start)));
    let unknown = unknown.map(|start| format!("{start} is left out and stands nowhere"));
    missing.chain(needless).chain(unknown).collect()
}

/// What is no exception, and exceptions that nothing needs.
pub fn wrong(kind: Kind, found: &[Whole]) -> Vec<String> {
    let exceptions: Vec<&Exception> =
        EXCEPTIONS.iter().filter(|exception| exception.on.contains(&kind)).collect();
    let no_exception =
        found.iter().filter(|whole| !exceptions.iter().any(|exception| exception.allows(whole)));
    let stale = exceptions.iter().filter(|exception| !found.iter().any(|whole| exception.allows(whole)));
    let stale = stale.map(|exception| format!("nothing needs the exception: {}", exception.because));
    no_exception.map(ToString::to_string).chain(stale).collect()
}

impl Exception {
    fn allows(&self, whole: &Whole) -> bool {
        self.reads.contains(&(&*whole.name, &*whole.table)) && whole.text.contains(self.part)
    }
}

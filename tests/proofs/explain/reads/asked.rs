//! What the API is asked.

/// Every list at the root: its field, the orders and the filters that it is asked with; each filter with each order.
pub const LISTS: &[(&str, &[&str], &[&str])] = &[
    (
        "users",
        &["NAME", "EMAIL", "LAST_SIGN_IN", "DELETED_AT", "CREATED_AT"],
        &[
            "",
            "status: [DELETED]",
            "status: [DELETED], group: { id: $group }",
            "status: [DELETED, ACTIVE], group: { id: $group }, role: [LEARNER]",
            "deleted: { from: $past }",
            "status: [ACTIVE, SUSPENDED]",
            "group: { id: $group }",
            "group: { id: $group, below: true }",
            "group: { id: $group }, role: [LEARNER, COACH]",
            "role: [ADMINISTRATOR]",
            "inactiveSince: $now",
            "neverSignedIn: true",
            "neverSignedIn: false",
            "invitedAndNeverSeen: true",
            "invitedAndNeverSeen: false",
            "created: { from: $past, until: $now }",
            "status: [DELETED], deleted: { from: $past, until: $now }",
            "lastSignIn: { from: $past, until: $now }",
            "email: \"nobody@example.org\"",
            "username: \"nobody\"",
            "phone: \"+33 1\"",
            "jobTitle: \"Pilot\"",
            "language: \"xx\"",
            "externalId: { system: \"sis\", value: \"p2007\" }",
            "customField: { name: \"badge\", value: \"b2007\" }",
            "text: \"ann\"",
        ],
    ),
    ("groups", &["NAME"], &["", "within: { id: $group, below: true }", "privacy: PRIVATE", "text: \"a\""]),
    ("courses", &["TITLE", "CREATED"], &["", "group: { id: $group }", "authorId: $author", "text: \"a\""]),
    (
        "paths",
        &["TITLE", "CREATED"],
        &["", "group: { id: $group }", "authorId: $author", "courseId: $course", "text: \"a\""],
    ),
    (
        "sessions",
        &["START", "TITLE", "CREATED"],
        &[
            "",
            "pathId: $path",
            "group: { id: $group }",
            "audience: { id: $group, below: true }",
            "instructorId: $author",
            "audienceKind: STATIC",
            "starts: { from: $past, until: $now }",
            "ends: { from: $past, until: $now }",
            "text: \"a\"",
        ],
    ),
    ("slots", &["START"], &["", "sessionId: $session", "starts: { from: $past, until: $now }"]),
    ("activities", &["TITLE", "CREATED"], &["", "courseId: $course", "ownerId: $author", "text: \"a\""]),
];

/// Lists whose order is a word of its own.
pub const BY_TIME: &[(&str, &[&str])] = &[
    (
        "removals",
        &[
            "",
            "userId: $author",
            "actorId: $author",
            "groupId: $group",
            "jobId: $job",
            "cause: IMPORTED",
            "outcome: DELETED",
            "from: $past, until: $now",
        ],
    ),
    (
        "removalJobs",
        &["", "actorId: $author", "status: RUNNING", "retryOf: $job", "from: $past", "until: $now"],
    ),
];

/// Lists that hang on something: where they are found, and what they list.
pub const RELATIONS: &[(&str, &[&str])] = &[
    (
        "users",
        &[
            "memberships",
            "memberships(role: LEARNER)",
            "participations",
            "participations(ended: true)",
            "participations(ended: false)",
            "registrations",
            "registrations(kind: TRAINER)",
            "authoredCourses",
            "authoredPaths",
            "instructedSessions",
            "activities",
            "courseEnrolments",
            "progress",
            "results",
            "certificates",
            "sales",
            "paymentSubscriptions",
            "posts",
            "removals",
        ],
    ),
    (
        "groups",
        &[
            "subgroups",
            "members",
            "members(role: LEARNER)",
            "memberships",
            "memberships(role: LEARNER)",
            "courses",
            "paths",
            "sessions",
            "audienceOf",
            "posts",
        ],
    ),
    ("courses", &["activities", "paths", "enrolments", "progress", "certificates", "sales"]),
    ("paths", &["courses", "sessions"]),
    ("sessions", &["participants", "enrolments", "exclusions", "captures", "slots"]),
    ("slots", &["attendees", "trainers"]),
    ("activities", &["results"]),
    ("removalJobs", &["items", "items(outcome: DELETED)", "items(planned: DELETED)"]),
];

/// What is asked of every thing, besides its lists: where it is found, the filter, the fields.
pub const FIELDS: &[(&str, &str, &str)] = &[
    ("users", "status: [DELETED]", "deletion { by { id } removal { id } groups { id } }"),
    ("users", "", "emailVerified pendingEmail externalIds { value } customFields { value } viewerCan { delete { allowed } }"),
    (
        "groups",
        "",
        "viewerCan { delete { code } } externalIds { value } ancestors { id } path { id } counts { members courses } parent { id }
         members(first: 2) { nodes { roles since } }",
    ),
    ("courses", "", "group { id } mainAuthor { id } coAuthors { user { id } }"),
    ("paths", "", "group { id } mainAuthor { id } coAuthors { user { id } }"),
    ("sessions", "", "path { id } mainInstructor { id } coInstructors { user { id } } audienceGroups { id }"),
    ("slots", "", "session { id } freeSeats"),
    ("activities", "", "course { id } owner { id } copiedFrom { id }"),
    (
        "removals",
        "",
        "user { id } actor { id } group { id } job { id } effects(first: 5) { nodes { __typename } }",
    ),
    ("removalJobs", "", "actor { id } done countsByOutcome { count } plan { totals { people } }"),
];

/// The variables that all of these may name.
pub const VARIABLES: &[(&str, &str)] = &[
    ("group", "ID!"),
    ("author", "ID!"),
    ("course", "ID!"),
    ("path", "ID!"),
    ("session", "ID!"),
    ("slot", "ID!"),
    ("job", "ID!"),
    ("removal", "ID!"),
    ("now", "DateTime!"),
    ("past", "DateTime!"),
];

/// What is asked for one thing.
pub const SINGLE: [&str; 6] = [
    "{ platform { name seats { used } usersByStatus { count } } groupTree { memberCount } }",
    "{ viewerAccess { administersPlatform administered(first: 20) { totalCount nodes { groupsBelow group { id } } } } }",
    "{ user(by: { email: \"nobody@example.org\" }) { id } }",
    "{ user(by: { username: \"nobody\" }) { id } }",
    "{ user(by: { externalId: { system: \"sis\", value: \"p2007\" } }) { id } }",
    "{ group(by: { externalId: { system: \"sis\", value: \"g2007\" } }) { id } }",
];

/// What hangs on people and has an id of its own.
pub const LEARNING: [&str; 4] = ["results", "certificates", "sales", "posts"];

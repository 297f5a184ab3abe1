//! Northlight, the sample organisation: every case of the rules, with people who have names. Each part says what to
//! try on it.

use chrono::{DateTime, Utc};
use entity::kind::AudienceKind::{Dynamic, Static};
use entity::kind::Cause::{Inactivity, Scheduled};
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Author, Coach, Learner, UserAdministrator};
use entity::kind::{Cause, DateKind, Posts, PrivateSubgroups, Status};

use crate::organisation::{Organisation, PLATFORM};
use crate::removal::request::{Named, Options, Request, Scope};
use crate::removal::single::Single;

/// Who owns it.
pub const OWNER: &str = "Olive Hartmann";

/// The organisation as of `now`.
pub fn northlight(now: DateTime<Utc>) -> Organisation {
    let organisation = Organisation::named("Northlight", OWNER, now)
        .time_zone("Europe/Oslo")
        .job(OWNER, "Head of learning")
        .signed_in(OWNER, 2);
    let parts = [tree, administrators, learners, courses, onboarding, sessions, states, history];
    parts.into_iter().fold(organisation, |organisation, part| part(organisation))
}

/// The groups. Sales is a public chain three deep; Care is one with a private group in its middle (R3, R5).
fn tree(organisation: Organisation) -> Organisation {
    organisation
        .group("Sales", PLATFORM, Public)
        .group("Sales North", "Sales", Public)
        .group("Sales Bergen", "Sales North", Public)
        .group("Care", PLATFORM, Public)
        .group("Care at night", "Care", Private)
        .group("Night trainees", "Care at night", Public)
        .group("Engineering", PLATFORM, Public)
        .group("Workshop", "Engineering", Public)
        .group("Prototypes", "Engineering", Private)
        .group("Finance", PLATFORM, Public)
        .group("Invoices", "Finance", Public)
        .group("Board", PLATFORM, Private)
        .group("Partners", PLATFORM, Private)
        .group("Partners abroad", "Partners", Private)
        .group_external_id("Sales", "hr", "D-100")
        .group_external_id("Care", "hr", "D-200")
        .group_external_id("Engineering", "hr", "D-300")
}

/// Who looks after what. Dina and Didrik are all the administrators that Sales Bergen has, and leave together;
/// Frida is the only one of Finance; Ursa is user administrator of the platform and may not delete Dina, who
/// administers a subgroup (R4, R15).
fn administrators(organisation: Organisation) -> Organisation {
    organisation
        .users(&["Pauline Storm", "Nora Winter", "Dina Moe", "Didrik Lie", "Sigrid Vang", "Frida Gold"])
        .users(&["Ursa Wolff", "Ulla Falk", "Carl Nygaard", "Elin Vik"])
        .member("Pauline Storm", PLATFORM, &[Administrator, Learner])
        .member("Nora Winter", "Sales North", &[Administrator])
        .member("Dina Moe", "Sales Bergen", &[Administrator, Learner])
        .member("Didrik Lie", "Sales Bergen", &[Administrator])
        .member("Sigrid Vang", "Sales", &[Administrator])
        .member("Frida Gold", "Finance", &[Administrator, Learner])
        .member("Ursa Wolff", PLATFORM, &[UserAdministrator, Learner])
        .member("Ulla Falk", "Partners", &[UserAdministrator, Learner])
        .member("Carl Nygaard", "Care", &[Administrator])
        .member("Elin Vik", "Engineering", &[Administrator, Author])
        .job("Pauline Storm", "Head of people")
        .signed_in("Pauline Storm", 5)
        .signed_in("Nora Winter", 30)
}

/// Who is where. Nils keeps his role as coach when he is taken out of Sales (R5). Ida stays in Care at night after a
/// platform deletion that keeps private subgroups; Viktor lives in private groups alone, where it reaches nothing
/// (R7). Jonas is in one group only: taking him out of it takes his account (R7).
fn learners(organisation: Organisation) -> Organisation {
    let organisation = organisation
        .users(&[
            "Nils Brandt",
            "Ida Solberg",
            "Viktor Sand",
            "Jonas Vik",
            "Tara Quist",
            "Emil Roth",
            "Lena Holt",
        ])
        .users(&[
            "Mona Bakke",
            "Odd Strand",
            "Rita Lunde",
            "Sven Dahl",
            "Turid Aas",
            "Vidar Hauge",
            "Marit Foss",
        ])
        .user("Åse Ødegård")
        .email("Åse Ødegård", "ase.odegard@example.org")
        .user("Kiosk Seven")
        .username_alone("Kiosk Seven")
        .member("Nils Brandt", "Sales Bergen", &[Learner, Coach])
        .member("Nils Brandt", "Sales North", &[Coach])
        .member("Ida Solberg", "Care", &[Learner])
        .member("Ida Solberg", "Night trainees", &[Learner])
        .member("Viktor Sand", "Board", &[Learner])
        .member("Viktor Sand", "Partners abroad", &[Learner, Coach])
        .member("Jonas Vik", "Partners", &[Learner])
        .member("Kiosk Seven", "Care at night", &[Learner])
        .learners("Sales North", &["Tara Quist", "Mona Bakke"])
        .learners("Workshop", &["Tara Quist", "Sven Dahl", "Turid Aas"])
        .learners("Sales Bergen", &["Odd Strand", "Rita Lunde", "Åse Ødegård"])
        .learners("Care", &["Vidar Hauge", "Marit Foss"])
        .learners("Care at night", &["Vidar Hauge", "Lena Holt"])
        .learners("Prototypes", &["Sven Dahl"])
        .learners("Invoices", &["Emil Roth", "Marit Foss"])
        .learners("Partners", &["Odd Strand"]);
    organisation
        .external_id("Tara Quist", "hr", "4711")
        .external_id("Ida Solberg", "hr", "4712")
        .external_id("Ida Solberg", "payroll", "P-12")
        .custom_field("Ida Solberg", "Shift", "Night")
        .custom_field("Vidar Hauge", "Shift", "Night")
        .job("Tara Quist", "Account manager")
        .job("Ida Solberg", "Nurse")
        .signed_in("Tara Quist", 20)
        .signed_in("Ida Solberg", 200)
        .signed_in("Odd Strand", 4_000)
        .date("Emil Roth", DateKind::Deletion, 30)
        .date("Mona Bakke", DateKind::Deactivation, 14)
}

/// Courses, and who gets them (R10). "Cold calls" has two co-authors and its group two administrators: when Anton,
/// Britt, Casper, Dina and Didrik leave in one request it goes to Nora, one level up. "Warm calls" goes to Stella,
/// the listed co-author who stays. In "Complaints" Sune is suspended and passed over. "Invoices by hand" goes to the
/// owner when Felix and Frida leave.
fn courses(organisation: Organisation) -> Organisation {
    organisation
        .users(&[
            "Anton Berg",
            "Britt Ek",
            "Casper Holm",
            "Stella Nyman",
            "Sune Krog",
            "Felix Stone",
            "Harald Lind",
        ])
        .member("Anton Berg", "Sales Bergen", &[Author, Learner])
        .member("Britt Ek", "Sales Bergen", &[Author])
        .member("Casper Holm", "Sales Bergen", &[Author, Learner])
        .member("Stella Nyman", "Sales North", &[Author])
        .member("Sune Krog", "Care", &[Author, Learner])
        .member("Felix Stone", "Finance", &[Author])
        .member("Harald Lind", "Care", &[Author])
        .course("Cold calls", "Sales Bergen", "Anton Berg")
        .course_co_authors("Cold calls", &["Britt Ek", "Casper Holm"])
        .course("Warm calls", "Sales North", "Anton Berg")
        .course_co_authors("Warm calls", &["Britt Ek", "Stella Nyman"])
        .course("Complaints", "Care", "Harald Lind")
        .course_co_authors("Complaints", &["Sune Krog"])
        .course("Invoices by hand", "Finance", "Felix Stone")
        .course("Lifting people", "Care at night", "Harald Lind")
        .course("Reading plans", "Engineering", "Elin Vik")
        .status("Sune Krog", Status::Suspended)
}

/// Petra wrote the path "Onboarding" and teaches its sessions: path and session both pass to Yngve (R11, R12).
fn onboarding(organisation: Organisation) -> Organisation {
    organisation
        .users(&["Petra Lind", "Yngve Ross", "Wilma Berge"])
        .member("Petra Lind", "Engineering", &[Author, Coach])
        .member("Yngve Ross", "Engineering", &[Author])
        .member("Wilma Berge", "Engineering", &[Coach, Learner])
        .course("Welcome", "Engineering", "Petra Lind")
        .course_co_authors("Welcome", &["Wilma Berge"])
        .path("Onboarding", "Engineering", "Petra Lind", &["Welcome", "Reading plans"])
        .path_co_authors("Onboarding", &["Yngve Ross"])
        .path("Selling", "Sales North", "Stella Nyman", &["Cold calls", "Warm calls", "Complaints"])
        .path_co_authors("Selling", &["Anton Berg"])
        .path("Caring", "Care", "Harald Lind", &["Complaints", "Lifting people"])
}

/// Sessions (R8). "Onboarding, spring" is dynamic and carried by two groups: Tara stays in it when she leaves one;
/// Emil is enrolled individually, Sven is excluded. "Selling, spring" is static. "Caring, winter" has ended and was
/// captured; "Caring, autumn" has ended and waits for it.
fn sessions(organisation: Organisation) -> Organisation {
    organisation
        .session("Onboarding, spring", "Onboarding", "Engineering", "Petra Lind", Dynamic)
        .audience("Onboarding, spring", &["Sales North", "Engineering"])
        .enrol("Onboarding, spring", &["Emil Roth"])
        .exclude("Onboarding, spring", &["Sven Dahl"])
        .session("Onboarding, summer", "Onboarding", "Engineering", "Petra Lind", Dynamic)
        .co_instructors("Onboarding, summer", &["Wilma Berge"])
        .audience("Onboarding, summer", &["Workshop"])
        .lasting("Onboarding, summer", 45, 120)
        .session("Selling, spring", "Selling", "Sales North", "Nils Brandt", Static)
        .co_instructors("Selling, spring", &["Nora Winter", "Anton Berg"])
        .audience("Selling, spring", &["Sales"])
        .session("Caring, winter", "Caring", "Care", "Harald Lind", Dynamic)
        .audience("Caring, winter", &["Care"])
        .enrol("Caring, winter", &["Jonas Vik"])
        .slot("Harbour house", "Caring, winter", -1_200, Some(8))
        .attend("Harbour house", &["Ida Solberg", "Vidar Hauge", "Jonas Vik"])
        .train("Harbour house", &["Harald Lind"])
        .ended_and_captured("Caring, winter")
        .session("Caring, autumn", "Caring", "Care", "Harald Lind", Dynamic)
        .audience("Caring, autumn", &["Care at night"])
        .enrol("Caring, autumn", &["Marit Foss"])
        .ended("Caring, autumn")
        .slot("Room Aurora", "Onboarding, spring", 30, Some(12))
        .attend("Room Aurora", &["Tara Quist", "Emil Roth", "Odd Strand"])
        .train("Room Aurora", &["Petra Lind"])
        .slot("Room Borealis", "Onboarding, spring", -80, Some(12))
        .attend("Room Borealis", &["Tara Quist", "Turid Aas"])
        .train("Room Borealis", &["Petra Lind", "Wilma Berge"])
        .slot("Fish market", "Selling, spring", 100, Some(2))
        .attend("Fish market", &["Rita Lunde", "Odd Strand"])
        .train("Fish market", &["Nils Brandt"])
        .slot("Pier", "Selling, spring", -200, None)
        .attend("Pier", &["Rita Lunde", "Tara Quist", "Mona Bakke"])
}

/// Accounts in every state of section 3.
fn states(organisation: Organisation) -> Organisation {
    organisation
        .users(&["Dagny Hope", "Asta Blank", "Erik Gone", "Inga Idle", "Sverre Due"])
        .member("Dagny Hope", "Sales", &[Learner])
        .member("Asta Blank", "Workshop", &[Learner])
        .progress("Asta Blank", "Welcome", 100)
        .status("Dagny Hope", Status::Deactivated)
        .status("Asta Blank", Status::Anonymized)
        .status("Erik Gone", Status::Erased)
        .deleted("Inga Idle", Inactivity, 60)
        .deleted("Sverre Due", Scheduled, 20)
}

/// What people leave behind. Gustav and Greta are here to be removed before the demo begins ([`past`]).
fn history(organisation: Organisation) -> Organisation {
    organisation
        .users(&["Gustav Ek", "Greta Moen", "Henrik Aune"])
        .learners("Sales Bergen", &["Gustav Ek", "Henrik Aune"])
        .learners("Care at night", &["Greta Moen"])
        .member("Gustav Ek", "Sales North", &[Author])
        .course("Trade fairs", "Sales North", "Gustav Ek")
        .course_co_authors("Trade fairs", &["Stella Nyman"])
        .enrol_in_course("Cold calls", &["Tara Quist", "Rita Lunde", "Gustav Ek"])
        .enrol_in_course("Complaints", &["Ida Solberg", "Vidar Hauge"])
        .enrol_in_course("Lifting people", &["Ida Solberg"])
        .progress("Tara Quist", "Cold calls", 60)
        .progress("Tara Quist", "Welcome", 100)
        .progress("Rita Lunde", "Cold calls", 100)
        .progress("Ida Solberg", "Complaints", 35)
        .progress("Ida Solberg", "Lifting people", 100)
        .progress("Gustav Ek", "Cold calls", 100)
        .activity("First call", "Cold calls", "Anton Berg")
        .activity("Role play", "Complaints", "Harald Lind")
        .activity_copy("First call, in English", "Warm calls", "Stella Nyman", "First call")
        .result("Tara Quist", "First call", 72)
        .result("Rita Lunde", "First call", 95)
        .result("Gustav Ek", "First call", 88)
        .result("Ida Solberg", "Role play", 64)
        .certificate("Tara Quist", "Welcome")
        .certificate("Rita Lunde", "Cold calls")
        .certificate("Ida Solberg", "Lifting people")
        .certificate("Gustav Ek", "Cold calls")
        .sale("Jonas Vik", "Complaints", 4_900)
        .sale("Viktor Sand", "Reading plans", 12_000)
        .sale("Gustav Ek", "Cold calls", 7_500)
        .subscription("Jonas Vik", "Complaints")
        .subscription("Viktor Sand", "Reading plans")
        .post("Tara Quist", "Sales North", "Who brings the coffee to the fish market?")
        .post("Gustav Ek", "Sales North", "I do, as always.")
        .post("Ida Solberg", "Care at night", "The lift on floor two works again.")
        .message("Rita Lunde", "Sales Bergen", "Can you look at my first call?")
}

/// Removals that the owner asked for before the demo begins, so that there are records to read.
pub fn past(organisation: &Organisation) -> Vec<Single> {
    let removal = |name: &str, scope: Scope| {
        let options = Options {
            private_subgroups: Some(PrivateSubgroups::Remove),
            confirm_account_deletion: false,
            posts: Posts::Keep,
        };
        let request = Request { scope, options, cause: Cause::Requested };
        let user = organisation.user_id(name)?;
        Some(Single { user: Named::Id(user), request, plan_digest: None, confirm_count: None })
    };
    let bergen = organisation.group_id("Sales Bergen");
    [
        removal("Gustav Ek", Scope::Platform),
        removal("Greta Moen", Scope::Platform),
        bergen.and_then(|group| removal("Henrik Aune", Scope::Group(group))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

//! How many statements something takes does not depend on how many people it concerns.

use entity::kind::AudienceKind::{Dynamic, Static};
use entity::kind::DateKind;
use entity::kind::Privacy::{Private, Public};
use entity::kind::Role::{Administrator, Coach, Learner};
use roster::organisation::Organisation;
use serde_json::{Value, json};

use crate::common::{World, each_database};

/// As many as one chunk takes.
const MANY: usize = 3_000;
const FEW: usize = 10;

fn name(number: usize) -> String {
    format!("person {number}")
}

/// The ids of the people from `first` on.
fn people(world: &World, first: usize, count: usize) -> Value {
    (first..first + count).map(|number| world.user(&name(number))).collect()
}

/// Enough people for a few and for many. Of every ten one owns and looks after something of each kind, one is captured,
/// one enrolled, one attends and one trains; so that ten already need every statement there is.
fn organisation(it: Organisation) -> Organisation {
    let it = it
        .group("Sales", "platform", Public)
        .group("North", "Sales", Public)
        .group("Secret", "Sales", Private)
        .group("Elsewhere", "platform", Private)
        .user("heir")
        .member("heir", "Sales", &[Learner])
        .course("Basics", "Sales", "heir")
        .path("Onboarding", "Sales", "heir", &["Basics"])
        .session("Live", "Onboarding", "Sales", "heir", Dynamic)
        .session("Recorded", "Onboarding", "Sales", "heir", Static)
        .session("Invited", "Onboarding", "Sales", "heir", Dynamic)
        .audience("Live", &["North"])
        .slot("Room", "Live", 48, None);
    let it = (0..MANY + FEW).fold(it, |it, number| {
        let name = &*name(number);
        let it = it.user(name).learners("North", &[name]).learners("Elsewhere", &[name]);
        match number % FEW {
            0 => owner_of_everything(it, name),
            1 => it.member(name, "Secret", &[Learner, Coach]).date(name, DateKind::Deletion, 30),
            2 => it.enrol("Invited", &[name]).subscription(name, "Basics"),
            3 => it.attend("Room", &[name]).post(name, "Sales", "Hello"),
            4 => it.train("Room", &[name]).exclude("Invited", &[name]),
            _ => it,
        }
    });
    it.audience("Recorded", &["North"])
}

fn owner_of_everything(it: Organisation, name: &str) -> Organisation {
    let [course, path, session] = ["course", "path", "session"].map(|kind| format!("{kind} of {name}"));
    it.course(&course, "Sales", name)
        .course_co_authors(&course, &["heir"])
        .path(&path, "Sales", name, &[&course])
        .path_co_authors(&path, &["heir"])
        .session(&session, &path, "Sales", name, Dynamic)
        .co_instructors(&session, &["heir"])
        .member(name, "Sales", &[Administrator])
}

/// The names of the statements that `work` takes, in order.
async fn names<T>(world: &World, work: impl Future<Output = T>) -> (T, Vec<String>) {
    let (done, statements) = world.statements(work).await;
    let name = |text: String| text.split_once(" */").map_or(text.clone(), |(name, _)| name.to_owned());
    let mut names: Vec<String> = statements.into_iter().map(name).collect();
    // What is read side by side comes in any order; how often the time is asked for depends on who looks for jobs.
    names.retain(|name| name != "/* clock.now");
    names.sort();
    (done, names)
}

each_database! {
    async fn r16_a_deletion(start: Start) {
        let world = start.with(organisation).await;
        let delete = async |first, count| {
            let input = json!({
                "people": { "ids": people(&world, first, count) },
                "privateSubgroups": "REMOVE",
                "wait": 30,
                "posts": "ANONYMIZE",
                "confirmCount": count,
            });
            let fields = "job { total done countsByOutcome { outcome count } }";
            let (answer, names) = names(&world, world.mutate("owner", "deleteUsers", input, fields)).await;
            let counts = json!([{ "outcome": "DELETED", "count": count }]);
            assert_eq!(answer.done()["job"]["countsByOutcome"], counts);
            names
        };
        world.read("owner", "{ platform { name } }", json!({})).await;
        let few = delete(0, FEW).await;
        assert_eq!(few, delete(FEW, MANY).await);
    }

    async fn r16_a_removal_from_a_group(start: Start) {
        let world = start.with(organisation).await;
        let remove = async |first, count| {
            let input = json!({
                "groupId": world.group("Sales"),
                "people": { "ids": people(&world, first, count) },
                "privateSubgroups": "REMOVE",
                "wait": 30,
            });
            let fields = "job { total done countsByOutcome { outcome count } }";
            let (answer, names) = names(&world, world.mutate("owner", "removeUsersFromGroup", input, fields)).await;
            let counts = json!([{ "outcome": "REMOVED", "count": count }]);
            assert_eq!(answer.done()["job"]["countsByOutcome"], counts);
            names
        };
        world.read("owner", "{ platform { name } }", json!({})).await;
        let few = remove(0, FEW).await;
        assert_eq!(few, remove(FEW, MANY).await);
    }

    async fn r18_a_plan_and_everything_it_names(start: Start) {
        let world = start.with(organisation).await;
        let plan = async |first, count| {
            let query = "query($people: [ID!]!) {
                removalPlan(input: { deleteUsers: { people: { ids: $people } } }) {
                    undecidedGroups { name }
                    ifKept { totals { people } }
                    ifRemoved {
                        digest
                        totals { people accountsDeleted }
                        people(first: 50) { nodes { user { id } outcome effects(first: 20) { nodes {
                            __typename
                            ... on MembershipRemoved { group { name } grantedBy { id } }
                            ... on SessionLeft { session { id } }
                            ... on SeatReleased { slot { id } }
                            ... on HandedOver { work { __typename } to { id } }
                        } } } }
                    }
                }
            }";
            let variables = json!({ "people": people(&world, first, count) });
            let (answer, mut names) = names(&world, world.read("owner", query, variables)).await;
            assert_eq!(answer["removalPlan"]["ifRemoved"]["totals"]["accountsDeleted"], count);
            // Those of one level run side by side.
            names.sort();
            names
        };
        world.read("owner", "{ platform { name } }", json!({})).await;
        let few = plan(0, FEW).await;
        assert_eq!(few, plan(FEW, MANY).await);
    }

    async fn what_the_viewer_can(start: Start) {
        let world = start.with(|it| organisation(it).member("heir", "Sales", &[Administrator])).await;
        let can = "{ allowed code missingGroups { name } }";
        let page = async |who, first| {
            let query = format!(
                "query($first: Int!) {{ users(first: $first) {{ nodes {{
                    viewerCan {{ update {can} updateSignIn {can} updateExternalIds {can} setPassword {can} delete {can} }}
                    memberships(first: 5) {{ nodes {{
                        viewerCan {{ remove {can} revokeRole {can} }}
                        group {{ viewerCan {{
                            update {can} createSubgroup {can} move {can} changePrivacy {can} delete {can}
                            grantRole(role: LEARNER) {can} removeMember {can} createContent {can} createUser {can}
                        }} }}
                    }} }}
                }} }} }}"
            );
            let (answer, mut names) = names(&world, world.read(who, &query, json!({ "first": first }))).await;
            assert_eq!(answer["users"]["nodes"].as_array().map(Vec::len), Some(first));
            // What a list needs, what is known of the caller, and what of everybody and of every group. The groups that
            // are missing may be read together or not, as their levels happen to meet: once a permission at most.
            assert!(names.len() <= 32, "{names:?}");
            names.sort();
            names.dedup();
            names
        };
        world.read("owner", "{ platform { name } }", json!({})).await;
        for who in ["owner", "heir"] {
            let few = page(who, 10).await;
            assert_eq!(few, page(who, 50).await);
        }
    }

    async fn a_nested_read(start: Start) {
        let world = start.with(organisation).await;
        let page = async |first| {
            let query = "query($first: Int!) { users(first: $first) { totalCount nodes {
                displayName
                memberships(first: 5) { nodes { role grantedBy { id } group { name parent { name } } } }
                participations(first: 5) { totalCount nodes { session { title path { title mainAuthor { id } } } } }
                registrations(first: 5) { nodes { slot { place } } }
                authoredCourses(first: 2) { nodes { title coAuthors { user { id } } } }
            } } }";
            let (answer, mut names) = names(&world, world.read("owner", query, json!({ "first": first }))).await;
            assert_eq!(answer["users"]["nodes"].as_array().map(Vec::len), Some(first));
            // Two fields that ask for people may share a statement or not, as their levels happen to meet: never more
            // than one a field that reads, one more for each list between people and something else, and one for what
            // the caller sees.
            assert!(names.len() <= 24, "{names:?}");
            names.sort();
            names.dedup();
            names
        };
        world.read("owner", "{ platform { name } }", json!({})).await;
        let few = page(10).await;
        assert_eq!(few, page(50).await);
    }
}

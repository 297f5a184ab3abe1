//! What holds of the pure rules for every organisation and every removal.

mod generate;
mod model;

use std::collections::BTreeMap;

use entity::id::UserId;
use entity::kind::Outcome;
use model::{OWNER, deleted};
use proptest::prelude::*;
use roster::ownership::Leaving;
use roster::removal::plan::Effect;
use roster::removal::rules::settle;

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn r16_chunk_size_and_order_never_change_the_result(
        (model, removal) in generate::case(),
        size in 1..4usize,
        order in any::<proptest::sample::Index>(),
    ) {
        // The caller's own item is carried out last, whatever the order (R16).
        let others: Vec<UserId> = removal.list.iter().copied().filter(|user| *user != removal.caller).collect();
        let own = removal.list.iter().copied().filter(|user| *user == removal.caller);
        let whole: Vec<UserId> = others.iter().copied().chain(own.clone()).collect();
        let mut turned = others;
        if !turned.is_empty() {
            let by = order.index(turned.len());
            turned.rotate_left(by);
        }
        turned.extend(own);

        let (mut at_once, mut in_chunks) = (model.clone(), model);
        let outcomes = |plans: &[roster::removal::plan::Plan]| -> BTreeMap<UserId, (Outcome, String)> {
            plans
                .iter()
                .flat_map(|plan| &plan.people)
                .map(|person| (person.user, (person.outcome, person.digest.clone())))
                .collect()
        };
        let first = at_once.remove(&whole, &removal.request, removal.answer, removal.caller, whole.len());
        let second = in_chunks.remove(&turned, &removal.request, removal.answer, removal.caller, size);
        prop_assert_eq!(outcomes(&first), outcomes(&second));
        prop_assert_eq!(at_once, in_chunks);
    }

    #[test]
    fn r9_nobody_deleted_keeps_anything_that_was_decided_away((model, removal) in generate::case()) {
        let mut after = model;
        let plans = after.remove(&removal.list, &removal.request, removal.answer, removal.caller, 3);
        let gone = deleted(&plans);
        prop_assert!(!after.memberships.keys().any(|(user, ..)| gone.contains(user)));
        prop_assert!(!after.seats.iter().any(|(_, _, user, _)| gone.contains(user)));
        let live = |session| !after.sessions[session].ended;
        prop_assert!(!after.enrolments.iter().any(|(session, user)| gone.contains(user) && live(session)));
        let works = after.courses.values().chain(after.paths.values()).map(|work| (work.main, &work.others));
        let sessions = after.sessions.values().map(|session| (session.main, &session.others));
        for (main, others) in works.chain(sessions) {
            prop_assert!(!gone.contains(&main));
            prop_assert!(!others.values().any(|user| gone.contains(user)));
            prop_assert!(!others.values().any(|user| *user == main), "R10: the successor gives up the place");
        }
    }

    #[test]
    fn r13_nothing_is_handed_to_somebody_leaving_or_not_active((model, removal) in generate::case()) {
        let mut after = model;
        let plans = after.remove(&removal.list, &removal.request, removal.answer, removal.caller, 2);
        let gone = deleted(&plans);
        for effect in plans.iter().flat_map(|plan| &plan.people).flat_map(|person| &person.effects) {
            if let Effect::HandedOver { to, .. } = effect {
                prop_assert!(!gone.contains(to));
                prop_assert!(*to == OWNER || after.users[to].may_succeed());
            }
        }
    }

    #[test]
    fn r2_r3_r8_hold_after_every_removal((model, removal) in generate::case()) {
        let mut after = model;
        after.remove(&removal.list, &removal.request, removal.answer, removal.caller, 2);
        prop_assert_eq!(after.broken(), Vec::<String>::new());
    }

    #[test]
    fn r14_the_owner_stays_whoever_asks((model, removal) in generate::case()) {
        let mut after = model;
        let plans = after.remove(&removal.list, &removal.request, removal.answer, removal.caller, 5);
        prop_assert!(!deleted(&plans).contains(&OWNER));
        prop_assert!(!deleted(&plans).contains(&removal.caller), "R14: nobody deletes themselves");
        let administers = (OWNER, model::ROOT, entity::kind::Role::Administrator);
        prop_assert!(after.memberships.contains_key(&administers));
    }

    #[test]
    fn r18_planning_changes_nothing_and_says_the_same_twice((model, removal) in generate::case()) {
        let before = model.clone();
        let setting = model.setting(model.authority_of(removal.caller));
        let mut leaving = Leaving::default();
        let people = model.standings(&removal.list);
        settle(&mut leaving, &model::verdicts(&people, &removal.request, removal.answer, &setting));
        let plan = || model.plan(&removal.list, &removal.request, removal.answer, &leaving, &setting);
        let (first, second) = (plan(), plan());
        prop_assert_eq!(first.digest(&removal.request), second.digest(&removal.request));
        prop_assert_eq!(first, second);
        prop_assert_eq!(model, before);
    }

    #[test]
    fn r5_doing_it_again_reaches_nothing_more((model, removal) in generate::case()) {
        let mut after = model;
        after.remove(&removal.list, &removal.request, removal.answer, removal.caller, 3);
        let once = after.clone();
        after.remove(&removal.list, &removal.request, removal.answer, removal.caller, 3);
        prop_assert_eq!(once, after);
    }
}

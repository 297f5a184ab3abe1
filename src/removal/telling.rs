//! What other systems hear of a removal.

use entity::id::{GroupId, RecordId, UserId, WorkId};
use entity::kind::{Outcome, Role, Work};
use serde_json::json;

use super::plan::{Effect, PersonPlan};
use super::store::Context;
use crate::events::{Event, Kind};

/// What is told of somebody's removal, done as `context` says and recorded as `record`: one event for the person, and one
/// for each work that got a successor.
pub fn events(plan: &PersonPlan, record: RecordId, context: &Context) -> impl Iterator<Item = Event> {
    let mut memberships: Vec<(GroupId, Role)> = Vec::new();
    let mut moved: Vec<(WorkId, UserId)> = Vec::new();
    for effect in &plan.effects {
        match effect {
            Effect::MembershipRemoved { group, role, .. } => memberships.push((*group, *role)),
            Effect::HandedOver { work, to, .. } => moved.push((*work, *to)),
            _ => {}
        }
    }
    // In order already; several roles in a group are one.
    let mut groups: Vec<GroupId> = memberships.iter().map(|(group, _)| *group).collect();
    groups.dedup();
    let memberships: Vec<_> = memberships
        .into_iter()
        .map(|(group, role)| json!({ "groupId": group, "role": role.as_str() }))
        .collect();
    let (user, job, group) = (plan.user, context.job, plan.group.unwrap_or(context.group));
    let count = |kind: Work| moved.iter().filter(|(work, _)| work.kind() == kind).count();
    let person = match (plan.outcome, context.role) {
        (Outcome::Deleted, _) => Event::new(
            Kind::UserDeleted,
            json!({
                "userId": user, "removalId": record, "jobId": job, "cause": context.deletion_cause.as_str(),
                "coursesHandedOver": count(Work::Course),
                "pathsHandedOver": count(Work::Path),
                "sessionsHandedOver": count(Work::Session),
            }),
        ),
        (_, Some(role)) => Event::new(
            Kind::MembershipRevoked,
            json!({
                "userId": user, "groupId": group, "groupIds": groups, "role": role.as_str(),
                "removalId": record, "jobId": job, "cause": context.cause.as_str(),
            }),
        ),
        (_, None) => Event::new(
            Kind::UserRemovedFromGroup,
            json!({
                "userId": user, "groupId": group, "groupIds": groups, "memberships": memberships,
                "removalId": record, "jobId": job, "cause": context.cause.as_str(),
            }),
        ),
    };
    let handed = moved.into_iter().map(move |(work, to)| Event::handed_over(work, user, to, Some(record)));
    std::iter::once(person).chain(handed)
}

//! Showing a removal before it runs: the same plan, read in one snapshot, nothing written.

use entity::kind::PrivateSubgroups;

use super::facts::Standing;
use super::list::{self, List};
use super::plan::Plan;
use super::request::{People, Request};
use super::warning::{self, Warning};
use super::{batch, planning, safety, store};
use crate::access::Caller;
use crate::error::{Failure, Groups, Refusal};
use crate::queries::Sight;
use crate::transaction::Snapshot;

/// A removal to be shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Who asks.
    pub caller: Caller,
    /// Whom it concerns.
    pub people: People,
    /// What would be done.
    pub request: Request,
}

/// What a removal would do.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The list as it was understood.
    pub list: List,
    /// The request, for digests.
    pub request: Request,
    /// What would be done.
    pub answer: Answer,
    people: Vec<Standing>,
    /// What the safety share counts besides the accounts of this request.
    gone: i64,
}

impl Preview {
    /// The number that confirms `plan`, one of its own, where the safety share asks for it (R29); 0 where no account goes.
    pub fn confirm_count(&self, plan: &Plan) -> i64 {
        match safety::going(&self.people, plan.outcomes()) {
            0 => 0,
            going => going + self.gone,
        }
    }
}

/// R6: one plan, or one for each answer while the question is open.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The answer was given, or either comes to the same.
    Decided {
        /// The answer that holds.
        private_subgroups: PrivateSubgroups,
        /// What would be done.
        foreseen: Foreseen,
    },
    /// The answers differ.
    Undecided {
        /// Where.
        groups: Groups,
        /// If private subgroups are kept.
        kept: Foreseen,
        /// If they are removed.
        removed: Foreseen,
    },
}

/// A plan, and what to know before it is carried out.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// The plan.
    pub plan: Plan,
    /// What to know.
    pub warnings: Vec<Warning>,
}

/// What `shown` would do now. Of the groups in which a right is missing, those that the caller sees (R15).
///
/// # Errors
/// `BAD_INPUT`, `BATCH_TOO_LARGE` for more than 3,000 people, `NOT_FOUND` of the group, `UNAUTHENTICATED`.
pub async fn preview(snapshot: &Snapshot<'_>, shown: &Shown) -> Result<Preview, Failure> {
    let db = &snapshot.conn;
    let sight = Sight::of(db, snapshot.trees, &shown.caller).await?;
    let mut list = list::resolve(db, &sight, &shown.people).await?;
    if list.items.len() > batch::CHUNK {
        return Err(Refusal::BatchTooLarge { limit: batch::CHUNK }.into());
    }
    let setting = planning::setting(db, snapshot.trees, &shown.caller).await?;
    let request = shown.request.normalized(setting.tree.root());
    planning::check_group(&request, &setting)?;
    planning::check_groups(&mut list, &setting);
    let people: Vec<Standing> = store::standings(db, &planning::parts(&list, &setting), None).await?;
    let plan = |request: Request| {
        let (people, setting) = (&people, &setting);
        async move {
            let mut plan = planning::plan(db, snapshot.now, people, &request, None, setting).await?;
            for person in &mut plan.people {
                person.missing.retain(|group| setting.authority.sees(&setting.tree, *group));
            }
            let warnings = warning::of_plan(db, &plan, snapshot.now).await?;
            Ok::<Foreseen, Failure>(Foreseen { plan, warnings })
        }
    };
    let answer = match planning::answer(&people, &request, &setting) {
        Ok(private_subgroups) => Answer::Decided { private_subgroups, foreseen: plan(request).await? },
        Err(Refusal::PrivateSubgroupsUndecided { groups }) => Answer::Undecided {
            groups,
            kept: plan(request.answered(PrivateSubgroups::Keep)).await?,
            removed: plan(request.answered(PrivateSubgroups::Remove)).await?,
        },
        Err(refusal) => return Err(refusal.into()),
    };
    let gone = safety::gone_if_alone(db, snapshot.now, list.users().len()).await?;
    Ok(Preview { list, request, answer, people, gone })
}

//! The same deletion as it is commonly written with an ORM, here SeaORM: person after person, each in a transaction of its
//! own, everything found as an entity and saved as one. Successors are looked for as the rules say, who is on the list is
//! none; a record is written with counts, and an event. It gives no reasons, plans nothing, and survives nothing.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::id::{GroupId, PathId, UserId};
use entity::kind::{Cause, Outcome, PrivateSubgroups, Role, Status};
use entity::{
    course, course_co_author, date, event, former_membership, group, membership, password_link, path,
    path_co_author, platform, record, session, session_co_instructor, session_enrolment, sign_in, slot,
    slot_registration, subscription, token, user,
};
use roster::db::Database;
use roster::db::Transaction;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, QueryOrder,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use serde_json::json;

/// Deletes `leavers` as of `now`.
pub async fn remove(db: &Database, leavers: &[UserId], now: DateTime<Utc>) {
    let leaving: BTreeSet<UserId> = leavers.iter().copied().collect();
    for user in leavers {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = db.read.begin_with_options(options).await.expect("a transaction");
        let leave = Leave { tx: &tx, leaving: &leaving, now };
        leave.delete(*user).await.expect("deleted");
        tx.commit().await.expect("committed");
    }
}

struct Leave<'a> {
    tx: &'a Transaction,
    leaving: &'a BTreeSet<UserId>,
    now: DateTime<Utc>,
}

impl Leave<'_> {
    async fn delete(&self, id: UserId) -> Result<(), DbErr> {
        let tx = self.tx;
        let leaver = user::Entity::find_by_id(id).one(tx).await?.expect("somebody");
        let memberships =
            membership::Entity::find().filter(membership::Column::UserId.eq(id)).all(tx).await?;
        let counted = memberships.len();
        for row in memberships {
            let former = former_membership::ActiveModel {
                group_id: Set(row.group_id),
                user_id: Set(id),
                role: Set(row.role),
            };
            former.insert(tx).await?;
            row.delete(tx).await?;
        }
        let seats = slot_registration::Entity::find()
            .filter(slot_registration::Column::UserId.eq(id))
            .find_also_related(slot::Entity)
            .all(tx)
            .await?;
        for (seat, slot) in seats {
            if slot.is_some_and(|slot| slot.starts_at > self.now) {
                seat.delete(tx).await?;
            }
        }
        let enrolments = session_enrolment::Entity::find()
            .filter(session_enrolment::Column::UserId.eq(id))
            .all(tx)
            .await?;
        for row in enrolments {
            let session = session::Entity::find_by_id(row.session_id).one(tx).await?.expect("a session");
            if session.ends_at > self.now {
                row.delete(tx).await?;
            }
        }
        self.leave_places(id).await?;
        self.hand_over(id).await?;
        self.sweep(id).await?;
        let mut leaver = leaver.into_active_model();
        leaver.status = Set(Status::Deleted);
        leaver.status_since = Set(self.now);
        leaver.deleted_at = Set(Some(self.now));
        leaver.deletion_cause = Set(Some(Cause::Requested));
        leaver.deleted_by = Set(Some(UserId(1)));
        leaver.update(tx).await?;
        let record = record::ActiveModel {
            id: NotSet,
            kind: Set("REMOVAL".to_owned()),
            user_id: Set(id),
            actor_id: Set(Some(UserId(1))),
            on_behalf_of: Set(None),
            cause: Set(Cause::Requested),
            outcome: Set(Outcome::Deleted),
            group_id: Set(GroupId(1)),
            role: Set(None),
            private_subgroups: Set(Some(PrivateSubgroups::Remove)),
            job_id: Set(None),
            due_at: Set(None),
            at: Set(self.now),
            digest: Set(String::new()),
            version: Set(1),
            effects: Set(format!("memberships {counted}")),
        };
        let record = record.insert(tx).await?;
        let event = event::ActiveModel {
            id: NotSet,
            transaction_id: Set(0),
            kind: Set("user.deleted".to_owned()),
            at: Set(self.now),
            data: Set(json!({ "userId": id, "removalId": record.id, "cause": "REQUESTED" }).to_string()),
        };
        event.insert(tx).await?;
        Ok(())
    }

    async fn leave_places(&self, id: UserId) -> Result<(), DbErr> {
        let tx = self.tx;
        for row in
            course_co_author::Entity::find().filter(course_co_author::Column::UserId.eq(id)).all(tx).await?
        {
            row.delete(tx).await?;
        }
        for row in
            path_co_author::Entity::find().filter(path_co_author::Column::UserId.eq(id)).all(tx).await?
        {
            row.delete(tx).await?;
        }
        for row in session_co_instructor::Entity::find()
            .filter(session_co_instructor::Column::UserId.eq(id))
            .all(tx)
            .await?
        {
            row.delete(tx).await?;
        }
        Ok(())
    }

    async fn hand_over(&self, id: UserId) -> Result<(), DbErr> {
        let tx = self.tx;
        for course in course::Entity::find().filter(course::Column::MainAuthorId.eq(id)).all(tx).await? {
            let places = course_co_author::Entity::find()
                .filter(course_co_author::Column::CourseId.eq(course.id))
                .order_by_asc(course_co_author::Column::Rank)
                .all(tx)
                .await?;
            let mut successor = None;
            for place in places {
                if self.eligible(place.user_id).await? {
                    successor = Some(place.user_id);
                    place.delete(tx).await?;
                    break;
                }
            }
            let successor = match successor {
                Some(user) => user,
                None => self.administrator(course.group_id).await?,
            };
            let mut course = course.into_active_model();
            course.main_author_id = Set(successor);
            course.update(tx).await?;
        }
        for path in path::Entity::find().filter(path::Column::MainAuthorId.eq(id)).all(tx).await? {
            let successor = self.author_of(path.id, path.group_id).await?;
            if let Some(place) = path_co_author::Entity::find_by_id((path.id, successor)).one(tx).await? {
                place.delete(tx).await?;
            }
            let mut path = path.into_active_model();
            path.main_author_id = Set(successor);
            path.update(tx).await?;
        }
        for session in
            session::Entity::find().filter(session::Column::MainInstructorId.eq(id)).all(tx).await?
        {
            let places = session_co_instructor::Entity::find()
                .filter(session_co_instructor::Column::SessionId.eq(session.id))
                .order_by_asc(session_co_instructor::Column::Rank)
                .all(tx)
                .await?;
            let mut successor = None;
            for place in places {
                if self.eligible(place.user_id).await? {
                    successor = Some(place.user_id);
                    place.delete(tx).await?;
                    break;
                }
            }
            let successor = match successor {
                Some(user) => user,
                None => {
                    let path = path::Entity::find_by_id(session.path_id).one(tx).await?.expect("a path");
                    if self.eligible(path.main_author_id).await? {
                        path.main_author_id
                    } else {
                        self.author_of(path.id, path.group_id).await?
                    }
                }
            };
            let mut session = session.into_active_model();
            session.main_instructor_id = Set(successor);
            session.update(tx).await?;
        }
        Ok(())
    }

    /// The co-author of a path who comes first, else an administrator.
    async fn author_of(&self, path: PathId, group: GroupId) -> Result<UserId, DbErr> {
        let places = path_co_author::Entity::find()
            .filter(path_co_author::Column::PathId.eq(path))
            .order_by_asc(path_co_author::Column::Rank)
            .all(self.tx)
            .await?;
        for place in places {
            if self.eligible(place.user_id).await? {
                return Ok(place.user_id);
            }
        }
        self.administrator(group).await
    }

    /// An administrator of the group, of its parent, else the owner.
    async fn administrator(&self, group: GroupId) -> Result<UserId, DbErr> {
        let own = group::Entity::find_by_id(group).one(self.tx).await?.expect("a group");
        for group in [Some(own.id), own.parent_id].into_iter().flatten() {
            let administrators = membership::Entity::find()
                .filter(membership::Column::GroupId.eq(group))
                .filter(membership::Column::Role.eq(Role::Administrator))
                .order_by_asc(membership::Column::GrantedAt)
                .order_by_asc(membership::Column::UserId)
                .all(self.tx)
                .await?;
            for administrator in administrators {
                if self.eligible(administrator.user_id).await? {
                    return Ok(administrator.user_id);
                }
            }
        }
        self.owner().await
    }

    async fn owner(&self) -> Result<UserId, DbErr> {
        Ok(platform::Entity::find().one(self.tx).await?.expect("a platform").owner_id)
    }

    async fn eligible(&self, id: UserId) -> Result<bool, DbErr> {
        let found = user::Entity::find_by_id(id).one(self.tx).await?.expect("somebody");
        let active = found.status == Status::Active && !self.leaving.contains(&id);
        Ok(active || self.owner().await? == id)
    }

    async fn sweep(&self, id: UserId) -> Result<(), DbErr> {
        let tx = self.tx;
        token::Entity::delete_many().filter(token::Column::UserId.eq(id)).exec(tx).await?;
        sign_in::Entity::delete_many().filter(sign_in::Column::UserId.eq(id)).exec(tx).await?;
        password_link::Entity::delete_many().filter(password_link::Column::UserId.eq(id)).exec(tx).await?;
        date::Entity::delete_many().filter(date::Column::UserId.eq(id)).exec(tx).await?;
        let running = subscription::Entity::find()
            .filter(subscription::Column::UserId.eq(id))
            .filter(subscription::Column::CancelledAt.is_null())
            .all(tx)
            .await?;
        for row in running {
            let mut row = row.into_active_model();
            row.cancelled_at = Set(Some(self.now));
            row.update(tx).await?;
        }
        Ok(())
    }
}
